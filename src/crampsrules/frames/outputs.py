"""The columns that an assessment adds to a frame."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from attrs import frozen

from crampsrules.errors import FactProblem, FactsError
from crampsrules.rulebase import RuleBase

TRIAGE = "triage"
TOP_CAUSE = "top_cause"
CAUSES = "causes"
ADVICE = "advice"
FIRED = "fired"
ERRORS = "errors"
WEIGHT = "weight__"
"""Stands before the id of a cause in the name of the column of its weight."""


@frozen
class Outputs:
    """Which columns are added, in this order."""

    weights: tuple[str, ...]
    """The causes that have a column for their weight."""
    errors: bool

    @classmethod
    def of(cls, rules: RuleBase, *, weights: bool, errors: bool) -> Outputs:
        """All that there are for these rules."""
        return cls(tuple(sorted(rules.causes)) if weights else (), errors)

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns."""
        weights = (WEIGHT + cause for cause in self.weights)
        errors = [ERRORS] if self.errors else []
        return (TRIAGE, TOP_CAUSE, CAUSES, ADVICE, FIRED, *weights, *errors)

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


def told(problems: Sequence[FactProblem]) -> str:
    """The text for the column of errors: fact, value, and what is allowed."""
    return "; ".join(map(str, problems))
