"""What is to be done with a cohort: from where, to where, and how."""

from __future__ import annotations

import os
import stat
import sys
from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TextIO

from attrs import field, frozen

from crampsrules.cohort.columns import declared
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.errors import did_you_mean, shorten
from crampsrules.facts import FACTS, Fact
from crampsrules.frames.slips import nearly_a_fact
from crampsrules.rulebase import RuleBase

# Enough to be quick: to assess costs some time for each batch, however few its rows. And few
# enough that four batches, one read, one assessed and two written, stay below 1 GB: a row of text,
# in which every rule that fired is spelled out, takes some kilobytes, and so does a wide row.
BATCH_ROWS, BATCH_CELLS = 100_000, 3_000_000
BATCH_ROWS_OF_TEXT, BATCH_CELLS_OF_TEXT = 25_000, 1_500_000
LEAST_BATCH_ROWS = 5_000
# Cells may be long: a batch ends at so many bytes of input, however few its rows.
BATCH_BYTES = 32 * 2**20

# What may part the columns, and how the option says it.
_BETWEEN_COLUMNS = {
    ";": ("';'", "';'"),
    "\t": ("a tab", "tab"),
    ",": ("','", ","),
    "|": ("'|'", "'|'"),
}


def refuse_same_file(source: Path | None, target: Path | None, *others: Path | None) -> None:
    """Refuse to read and write one file, or to write it twice. Raises CohortError.

    A source or target of None is standard input or output, behind which a shell may put a file.
    """
    ends = [
        (source or "standard input", _identity(source) if source else _behind(sys.stdin)),
        (target or "standard output", _identity(target) if target else _behind(sys.stdout)),
        *((other, _identity(other)) for other in others if other is not None),
    ]
    seen = set()
    for end, identity in ends:
        if identity in seen:
            raise CohortError(f"{end} cannot be both read and written, nor written twice")
        if identity is not None:
            seen.add(identity)


def _identity(path: Path) -> object:
    """The same for all names of a file, and for one that is not there by all ways to it."""
    return _of_file(path.stat()) if path.exists() else os.path.realpath(path)


def _behind(stream: TextIO | None) -> object:
    """The same for a standard stream, where it is an ordinary file; None where it is not."""
    try:
        status = os.fstat(stream.fileno()) if stream else None
    except OSError:  # what a program has put in its place
        return None
    return _of_file(status) if status and stat.S_ISREG(status.st_mode) else None


def _of_file(status: os.stat_result) -> object:
    return status.st_dev, status.st_ino


def beside(target: Path) -> Path:
    """Where rows are put aside unless somebody names a file for them."""
    return target.with_name(f"{target.name}.rejects.ndjson")


@frozen(kw_only=True)
class Plan:
    """A run over one cohort. A source or target of None is standard input or output."""

    source: Path | None
    target: Path | None
    source_format: Format
    target_format: Format
    rules: RuleBase
    columns: Mapping[str, str] = field(factory=dict, hash=False)
    """Facts that stand in columns of other names."""
    keep: tuple[str, ...] | None = None
    """The columns of the input that go into the output; None for all."""
    weights: bool = False
    source_delimiter: str = ","
    target_delimiter: str = ","
    unknown: frozenset[str] = frozenset()
    """Texts in a CSV file that stand for what is not known, besides the empty one."""
    rejects: Path | None = None
    """Where rows that cannot be used are put; None for standard error."""
    batch_rows: int | None = None
    """How many rows are read, assessed and written at a time; None for what suits the columns."""

    def __attrs_post_init__(self) -> None:
        """Refuse what no file could make right. Raises CohortError."""
        for fact in self.columns:
            if declared(fact) is None:
                raise CohortError(f"{fact!r} is not a fact{did_you_mean(fact, FACTS)}")
        columns = list(self.columns.values())
        if twice := {one for one in columns if columns.count(one) > 1}:
            raise CohortError(f"the column {min(twice)!r} is given for two facts")
        for end, form in ((self.source, self.source_format), (self.target, self.target_format)):
            if end is None and not form.is_text:
                raise CohortError("Parquet is read and written in files, not through a pipe")
        if self.rejects is None and self.target is not None:
            raise CohortError("beside an output that is a file, rows are put aside in a file too")
        if self.rejects is not None and str(self.rejects) == "-":
            raise CohortError("rows that are put aside go to a file, which --rejects names")
        self._refuse_named_pipe()
        refuse_same_file(self.source, self.target, self.rejects)

    def _refuse_named_pipe(self) -> None:
        """Refuse one where its beginning is read more than once. Raises CohortError."""
        is_read_once = self.target is None and self.source_format is Format.CSV
        if self.source is None or is_read_once or not self.source.exists():
            return
        if not self.source.is_file():
            raise CohortError(
                f"{self.source} is no ordinary file, and cannot be read again from its beginning: "
                "send it to standard input, and read from -"
            )

    @property
    def names_rejects(self) -> bool:
        """Whether somebody named the file for the rows that are put aside."""
        if self.rejects is None:
            return False
        return self.target is None or self.rejects != beside(self.target)

    def rows_at_a_time(self, columns: int) -> int:
        """How many rows of so many columns are read, assessed and written at a time."""
        if self.batch_rows is not None:
            return self.batch_rows
        rows, cells = BATCH_ROWS, BATCH_CELLS
        if self.target_format.is_text:
            rows, cells = BATCH_ROWS_OF_TEXT, BATCH_CELLS_OF_TEXT
        return min(rows, max(LEAST_BATCH_ROWS, cells // max(1, columns)))

    def facts_in(self, names: Sequence[str]) -> dict[str, str]:
        """Which of the columns of a file hold a fact, and which one.

        Raises CohortError for a column that was named and is not there, for two of one name, and
        where none holds a fact.
        """
        if twice := [name for name, times in Counter(names).items() if times > 1]:
            raise CohortError(
                f"two columns have the name {twice[0]!r}: give one of them another in the "
                "file, also where neither is kept"
            )
        for fact, column in self.columns.items():
            if column not in names:
                raise CohortError(
                    f"there is no column {column!r} for {fact}{did_you_mean(column, names)}"
                )
        found = {name: held.name for name in names if (held := self.fact_in(name)) is not None}
        if not found:
            self.require_a_fact(names)
        return found

    def fact_in(self, name: str) -> Fact | None:
        """What a column of this name holds; None if that is no fact."""
        for fact, column in self.columns.items():
            if column == name:
                return declared(fact)
        # A column that is called like a fact which another was said to hold is not that fact.
        return None if name in self.columns else declared(name)

    def nearly_a_fact(self, name: str) -> str | None:
        """The fact that the name of a column may be a slip from."""
        return nearly_a_fact(name, self.rules.formulary)

    def require_a_fact(self, names: Sequence[str], *, are_all: bool = True) -> None:
        """Refuse names of which none is a fact. Raises CohortError.

        Where others may follow, it takes a name that is nearly one. Where there is no name at all,
        nothing is known of anybody, and nothing was meant to be.
        """
        if not names or not (are_all or any(map(self.nearly_a_fact, names))):
            return
        shown = ", ".join(shorten(name) for name in names[:5])
        near = {self.nearly_a_fact(name) for name in names[:5]} - {None}
        hint = f"; did you mean {min(map(str, near))!r}?" if near else "."
        raise CohortError(
            f"no column has the name of a fact; the first are {shown}{hint} "
            f"{self._as_one_column(names)}"
            "Say which column holds which fact, as in --columns age_years=AGE"
        )

    def _as_one_column(self, names: Sequence[str]) -> str:
        """A hint at the delimiter, where all names of a CSV file are taken for one."""
        if self.source_format is not Format.CSV or len(names) > 1:
            return ""
        found = next((sign for sign in _BETWEEN_COLUMNS if sign in names[0]), None)
        if found is None:
            return ""
        sign, option = _BETWEEN_COLUMNS[found]
        return f"If {sign} stands between the columns, --delimiter {option} says so. "

    def kept(self, names: Sequence[str]) -> Sequence[str]:
        """Which of the columns of a file go into the output. Raises CohortError."""
        if self.keep is None:
            return names
        for name in self.keep:
            if name not in names:
                raise CohortError(f"there is no column {name!r} to keep{did_you_mean(name, names)}")
        return [name for name in names if name in self.keep]
