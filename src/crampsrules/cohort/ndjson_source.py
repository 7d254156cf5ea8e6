"""A cohort in NDJSON: an object a line. A line that is none is put aside."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, BinaryIO

import polars as pl
from attrs import frozen

from crampsrules.cohort.arrow_columns import framed
from crampsrules.cohort.batches import Batch, Position, Reject
from crampsrules.cohort.columns import declared
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.lines import BEGINNING, Line, Lines, UnreadableLineError
from crampsrules.cohort.plan import BATCH_BYTES, Plan
from crampsrules.documents import repeated
from crampsrules.errors import FactProblem, shorten
from crampsrules.facts import FACTS, Kind
from crampsrules.frames.columns import BETWEEN, wrong_member
from crampsrules.readers import Reader, RefusedError, reader_of

_MOST_COLUMNS = 10_000
# Beyond these a number of JSON is not the same number in a column.
_INT64 = 2**63
_EXACT = 2**53

_FACT_TYPES: Mapping[Kind, pl.DataType] = {
    "flag": pl.Boolean(),
    "number": pl.Float64(),
    "integer": pl.Int64(),
    "choice": pl.String(),
    "members": pl.List(pl.String()),
    "medicines": pl.List(pl.String()),
}


class NotAnObjectError(Exception):
    """Its text says why a line holds no object of facts."""


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise NotAnObjectError(f"has {shorten(repeated(pairs)[0])} twice")
    return found


def _constant(name: str) -> None:
    raise NotAnObjectError(f"is not JSON: there is no {name} in it")


def _number(text: str) -> float:
    read = float(text)
    if not math.isfinite(read):
        raise NotAnObjectError("has a number that is too large")
    return read


_decode = json.JSONDecoder(
    object_pairs_hook=_pairs, parse_constant=_constant, parse_float=_number
).decode
_ARRAY_BEGINS = re.compile(rb"\s*\[\s*(\{|\Z)")
_HALF = re.compile(rb"\\u[dD][89a-fA-F]")
"""What half a character is escaped as; two of them may be a whole one."""


def parsed(line: Line) -> dict[str, Any]:
    """The object on a line. Raises NotAnObjectError."""
    try:
        found = _decode(line.decoded())
    except UnreadableLineError as error:
        raise NotAnObjectError(str(error)) from None
    except json.JSONDecodeError as error:
        raise NotAnObjectError(f"is not JSON: {error.msg} at {error.pos + 1}") from None
    except RecursionError:
        raise NotAnObjectError("is nested too deep") from None
    except ValueError:  # Python's own limit on the digits of a number
        raise NotAnObjectError("has a number that is too large") from None
    if not isinstance(found, dict):
        raise NotAnObjectError(f"must be an object of facts, got {shorten(found)}")
    return found


def _refuse_half_characters(line: Line, found: dict[str, Any]) -> None:
    if not _HALF.search(line.content):
        return
    try:
        json.dumps(found, ensure_ascii=False).encode()
    except UnicodeEncodeError:
        raise NotAnObjectError("has half a character, which no file can hold") from None


def _refuse_an_array(line: Line) -> None:
    """Refuse people in one array: each of its lines would be put aside. Raises CohortError."""
    if line.number == 1 and _ARRAY_BEGINS.match(line.content):
        raise CohortError(
            "begins an array of JSON, NDJSON an object a line: jq -c '.[]' FILE makes it so"
        )


def _refuse_what_was_put_aside(row: Mapping[str, Any]) -> None:
    """Refuse what a run has put aside: the row is within it. Raises CohortError."""
    if not {"reasons", "given"} <= row.keys() <= {"line", "row", "reasons", "given", "csv"}:
        return
    taken = (
        "jq -r .csv FILE gives them, to be put below the names of the columns in a file of CSV"
        if "csv" in row
        else "jq -rc .given FILE gives them as NDJSON"
    )
    raise CohortError(
        "holds rows that were put aside, with the reasons, and not people: take the rows out of "
        f"it, and mend them. {taken}"
    )


@frozen
class _Column:
    """What a name in an object stands for."""

    fact: str
    read: Reader
    fault: str | None = None
    """What is wrong with the name of a member that no set has."""
    set: tuple[str, str] | None = None
    """Of a member its set, and the name under which that would be given as a whole."""

    def fault_in(self, row: Mapping[str, Any], value: object) -> str | None:
        """What is wrong with it beside the others in an object."""
        if self.fault is not None or self.set is None or value is None:
            return self.fault
        name, whole = self.set
        is_whole = row.get(whole) is not None
        return f"{name} is given twice: as a set, and here by member" if is_whole else None


class NdjsonSource:
    """Reads NDJSON, from a file or a pipe.

    Only a look at every line tells which columns there are. Where the output needs to know, that
    is done first; `scan` is what it gave, for a run that goes on. The names in `reserved` are those
    of the answers.
    """

    unit = "line"

    def __init__(
        self,
        stream: BinaryIO,
        plan: Plan,
        size: int | None,
        *,
        scan: Mapping[str, str] | None,
        reserved: Collection[str],
    ) -> None:
        self.size = size
        self._plan = plan
        self._lines = Lines(stream)
        self.scan: Mapping[str, str] = {}
        self._reserved = frozenset(reserved)
        self.spliced = plan.target_format is Format.NDJSON
        self._as_it_stands = self.spliced and plan.keep is None
        if not self.spliced and size is None:
            raise CohortError(
                "which columns there are is known after the last line of NDJSON: read it from "
                "a file, or write NDJSON"
            )
        # Of what went on before, the run that began it has looked for a fact.
        self._has_facts = scan is not None
        self._others_seen: dict[str, None] = {}
        if not self.spliced or (size is not None and (plan.columns or plan.keep)):
            self.scan = self._scanned() if scan is None else scan
        elif size is not None and scan is None:
            self._look_for_a_fact()
        names = list(self.scan)
        facts, passed = (plan.facts_in(names), plan.kept(names)) if names else ({}, [])
        self.names: Sequence[str] = [] if self.spliced else names
        self.facts: Mapping[str, str] = {} if self.spliced else self._sound(facts)
        self.passed: Sequence[str] = [] if self.spliced else passed
        self._others: dict[str, None] = {}
        self._rows = plan.rows_at_a_time(len(self.names))

    def done(self, position: Position) -> int:
        """Bytes."""
        return position["offset"]

    def _sound(self, facts: Mapping[str, str]) -> Mapping[str, str]:
        """Those of these columns that can hold something; rows that have another are put aside."""
        columns = {name: self._column(name) for name in facts}
        return {name: facts[name] for name, one in columns.items() if one and one.fault is None}

    def _row(self, line: Line) -> dict[str, Any]:
        """What is on a line, if it can be written again. Raises NotAnObjectError."""
        _refuse_an_array(line)
        row = parsed(line)
        if not self._as_it_stands:
            _refuse_half_characters(line, row)
        return row

    # --- Which columns there are ----------------------------------------------------------------

    def _scanned(self) -> dict[str, str]:
        kinds: dict[str, str] = {}
        for row in self._sound_rows():
            self._look_at(row)
            for name, value in row.items():
                kinds[name] = _joint(kinds.get(name, "null"), _kind(value))
            if len(kinds) > _MOST_COLUMNS:
                raise CohortError(f"has more than {_MOST_COLUMNS} names of columns")
        self._lines.go_to(BEGINNING)
        return kinds

    def _sound_rows(self) -> Iterator[dict[str, Any]]:
        """What can be read from here on; the rest is put aside when its turn comes."""
        while line := self._lines.take():
            with suppress(NotAnObjectError):
                yield {} if line.is_blank else self._row(line)

    # --- Whether there is a fact ----------------------------------------------------------------

    def _look_for_a_fact(self) -> None:
        """Look at rows up to the first with a fact, which mostly is the first of all."""
        for row in self._sound_rows():
            self._look_at(row)
            if self._has_facts:
                break
        self._require_a_fact(are_all=True)
        self._lines.go_to(BEGINNING)

    def _look_at(self, row: Mapping[str, Any]) -> None:
        """Note whether a row has a fact, where none before it had."""
        if self._has_facts:
            return
        self._has_facts = any(map(self._plan.fact_in, row))
        if self._has_facts:
            return
        _refuse_what_was_put_aside(row)
        if len(self._others_seen) < _MOST_COLUMNS:
            self._others_seen.update(dict.fromkeys(row))

    def _require_a_fact(self, *, are_all: bool) -> None:
        if not self._has_facts:
            self._plan.require_a_fact(list(self._others_seen), are_all=are_all)

    # --- Rows -----------------------------------------------------------------------------------

    def batches(self, start: Position | None) -> Iterator[Batch]:
        """All batches from a position on."""
        if start is not None:
            self._lines.go_to(start)
        while batch := self._batch():
            yield batch

    def _batch(self) -> Batch | None:
        begun = self._lines.offset
        rows: list[dict[str, Any]] = []
        taken: list[Line] = []
        rejects: list[Reject] = []
        while len(rows) + len(rejects) < self._rows:
            if self._lines.offset - begun >= BATCH_BYTES or (line := self._lines.take()) is None:
                break
            if line.is_blank:
                continue
            try:
                rows.append(self._row(line))
                taken.append(line)
            except NotAnObjectError as error:
                rejects.append(Reject(number=line.number, reasons=(str(error),), given=line.text()))
        is_end = self._lines.offset == begun
        for row in rows:
            self._look_at(row)
        self._require_a_fact(are_all=is_end)
        return None if is_end else self._made(rows, taken, rejects)

    def nobody(self) -> Batch:
        """A batch of no rows."""
        return self._made([], [], [])

    def _made(self, rows: list[dict[str, Any]], taken: list[Line], rejects: list[Reject]) -> Batch:
        facts, faults = self._facts(rows)
        if self.spliced:
            self._note_reserved_names(rows, faults)
        return Batch(
            facts=facts,
            numbers=[line.number for line in taken],
            faults=faults,
            passed=self._texts(rows, taken) if self.spliced else self._table(rows, facts),
            given=rows.__getitem__,
            rejects=rejects,
            end=self._lines.position,
            is_ragged=True,
        )

    def _facts(self, rows: list[dict[str, Any]]) -> tuple[pl.DataFrame, dict[int, tuple[str, ...]]]:
        columns: dict[str, list[Any]] = {fact: [None] * len(rows) for fact in self.facts.values()}
        faults: dict[int, tuple[str, ...]] = {}
        named: dict[str, _Column | None] = {}
        for at, row in enumerate(rows):
            problems: list[FactProblem] = []
            for name, value in row.items():
                if name not in named:
                    named[name] = self._column(name)
                if (column := named[name]) is None:
                    continue
                if fault := column.fault_in(row, value):
                    problems.append(FactProblem(name, value, fault))
                    continue
                if value is None:
                    continue
                try:
                    read = column.read(value)
                except RefusedError as error:
                    problems.append(FactProblem(column.fact, value, str(error)))
                    continue
                kept = sorted(read) if isinstance(read, frozenset) else read
                if column.fact not in columns:
                    columns[column.fact] = [None] * len(rows)
                columns[column.fact][at] = kept
            if problems:
                faults[at] = tuple(map(str, problems))
        return _typed(columns, len(rows)), faults

    def _column(self, name: str) -> _Column | None:
        """What a name stands for; None where that is no fact."""
        found = self._plan.fact_in(name)
        if found is None:
            self._note(name)
            return None
        fact, between, member = found.name.partition(BETWEEN)
        if not between:
            return _Column(found.name, reader_of(found))
        fault = wrong_member(FACTS[fact], member, self._plan.rules.formulary)
        whole = self._plan.columns.get(fact, fact)
        return _Column(found.name, reader_of(found), fault, (fact, whole))

    def _note(self, name: str) -> None:
        """Remember a name that is no fact, for the end; elsewhere it is known from the start."""
        if self.spliced and len(self._others) < _MOST_COLUMNS:
            self._others[name] = None
            self.names = list(self._others)

    def _note_reserved_names(
        self, rows: list[dict[str, Any]], faults: dict[int, tuple[str, ...]]
    ) -> None:
        """Add a fault for each row with a name that is one of the answer's."""
        keep = self._reserved if self._plan.keep is None else self._reserved & {*self._plan.keep}
        for at, row in enumerate(rows):
            if not keep.isdisjoint(row):
                names = ", ".join(sorted(keep & row.keys()))
                faults[at] = (*faults.get(at, ()), f"has {names}, which the answer has too")

    # --- What goes into the output --------------------------------------------------------------

    def _texts(self, rows: list[dict[str, Any]], lines: list[Line]) -> list[str]:
        """The objects as they stand in the file, or what is kept of them."""
        keep = self._plan.keep
        if keep is None:
            return [line.content.decode().strip() for line in lines]
        return [
            json.dumps({name: row[name] for name in keep if name in row}, ensure_ascii=False)
            for row in rows
        ]

    def _table(self, rows: list[dict[str, Any]], facts: pl.DataFrame) -> Any:  # noqa: ANN401
        """The columns of the output, as an Arrow table."""
        columns = []
        for name in self.passed:
            if name in self.facts:
                columns.append(facts[self.facts[name]].alias(name))
                continue
            kind = self.scan[name]
            values = [row.get(name) for row in rows]
            if kind == "json":
                values = [
                    None if one is None else json.dumps(one, ensure_ascii=False) for one in values
                ]
            columns.append(pl.Series(name, values, dtype=_TYPES[kind]))
        return framed(columns).to_arrow()


def _typed(columns: Mapping[str, list[Any]], size: int) -> pl.DataFrame:
    """Columns of facts, so many rows long, in the types of their facts."""
    frame = {
        name: pl.Series(name, values, dtype=_FACT_TYPES[known.kind])
        for name, values in columns.items()
        if (known := declared(name)) is not None
    }
    if not frame:  # a frame of no columns would forget how many rows it has
        first = next(iter(FACTS.values()))
        frame[first.name] = pl.Series(first.name, [None] * size, dtype=_FACT_TYPES[first.kind])
    return pl.DataFrame(frame)


# What the values of a column are, over the whole file; what fits nothing else is kept as JSON.
_TYPES: Mapping[str, pl.DataType] = {
    "null": pl.String(),
    "flag": pl.Boolean(),
    "text": pl.String(),
    "whole": pl.Int64(),
    "small": pl.Int64(),
    "number": pl.Float64(),
    "json": pl.String(),
}


def _kind(value: object) -> str:
    match value:
        case None:
            return "null"
        case bool():
            return "flag"
        case str():
            return "text"
        case int() if abs(value) <= _EXACT:
            return "small"
        case int() if -_INT64 <= value < _INT64:
            return "whole"
        case float():
            return "number"
        case _:
            return "json"


def _joint(first: str, second: str) -> str:
    if second in (first, "null"):
        return first
    if first == "null":
        return second
    kinds = {first, second}
    if kinds == {"small", "whole"}:
        return "whole"
    return "number" if kinds == {"small", "number"} else "json"
