"""The columns that an assessment adds to a frame."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import polars as pl
from attrs import field, frozen

from crampsrules.errors import FactProblem, FactsError
from crampsrules.rulebase import RuleBase

TRIAGE = "triage"
TOP_CAUSE = "top_cause"
CAUSES = "causes"
ADVICE = "advice"
FIRED = "fired"
ERRORS = "errors"
UNRECOGNISED = "unrecognised"
WEIGHT = "weight__"
"""Stands before the id of a cause in the name of the column of its weight."""


@frozen
class Outputs:
    """Which columns are added, in this order."""

    weights: tuple[str, ...]
    """The causes that have a column for their weight."""
    errors: bool
    numbers: Mapping[str, int] | None = field(default=None, hash=False)
    """The numbers that stand for ids in `fired`; None where the ids stand there themselves."""
    unrecognised: bool = False
    """Whether the names of medicines that are not known have a column; in SQL they never have."""

    @classmethod
    def of(
        cls,
        rules: RuleBase,
        *,
        weights: bool,
        errors: bool,
        numbered: bool = False,
        unrecognised: bool = False,
    ) -> Outputs:
        """All that there are for these rules.

        `fired` is by far the largest. With `numbered` it has the places of ids in their order, for
        whoever writes them where each text stands once: to look them all up again takes long.
        """
        numbers = {id_: at for at, id_ in enumerate(sorted(rules.conditions))}
        causes = tuple(sorted(rules.causes)) if weights else ()
        return cls(causes, errors, numbers if numbered else None, unrecognised)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        weights = (WEIGHT + cause for cause in self.weights)
        asked = [(ERRORS, self.errors), (UNRECOGNISED, self.unrecognised)]
        others = (name for name, is_asked in asked if is_asked)
        return (TRIAGE, TOP_CAUSE, CAUSES, ADVICE, FIRED, *weights, *others)

    def fired(self, ids: Iterable[str]) -> pl.Series:
        """What stands for these ids in `fired`."""
        if self.numbers is None:
            return pl.Series(list(ids), dtype=pl.String)
        return pl.Series([self.numbers[id_] for id_ in ids], dtype=pl.UInt32)

    def refuse_clashes(self, columns: Iterable[object], *, capitals: bool = True) -> None:
        """Raise FactsError where a frame has a column of the name of one that is added.

        Not all engines tell names apart by `capitals` alone.
        """
        added = set(self.names)
        taken = [
            name
            for name in columns
            if isinstance(name, str) and (name if capitals else name.lower()) in added
        ]
        if taken:
            raise FactsError(
                FactProblem(name, None, "the frame has a column of this name, which is added here")
                for name in taken
            )


def error_text(problems: Sequence[FactProblem]) -> str:
    """The text for the column of errors: fact, value, and what is allowed."""
    return "; ".join(map(str, problems))


def free_prefix(names: Iterable[str]) -> str:
    """What no column's name begins with, for columns that are added on the way.

    Some engines see no capitals in names.
    """
    taken = [name.lower() for name in names]
    prefix = "crampsrules:"
    while any(name.startswith(prefix) for name in taken):
        prefix = f"_{prefix}"
    return prefix
