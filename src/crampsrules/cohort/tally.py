"""Counting what came out, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl
from attrs import field, frozen

from crampsrules.cohort.answers import Answered


@frozen
class Tally:
    """What has been counted so far. Levels and causes go by their ids."""

    assessed: int = 0
    unreadable: int = 0
    bad_facts: int = 0
    triage: Mapping[str, int] = field(factory=dict, hash=False)
    top_causes: Mapping[str, int] = field(factory=dict, hash=False)
    """For how many rows each cause came first."""
    causes: Mapping[str, int] = field(factory=dict, hash=False)
    """For how many rows each cause was listed."""

    @property
    def rejected(self) -> int:
        """How many rows were put aside."""
        return self.unreadable + self.bad_facts

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.assessed + self.rejected

    @classmethod
    def of(cls, batch: Answered) -> Tally:
        """What there is in one batch."""
        answers = batch.answers
        return cls(
            assessed=len(answers),
            unreadable=batch.unreadable,
            bad_facts=len(batch.rejects) - batch.unreadable,
            triage=_counts(answers["triage"]),
            top_causes=_counts(answers["top_cause"]),
            causes=_counts(answers["causes"].explode(empty_as_null=True)),
        )

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            assessed=self.assessed + other.assessed,
            unreadable=self.unreadable + other.unreadable,
            bad_facts=self.bad_facts + other.bad_facts,
            triage=_sum(self.triage, other.triage),
            top_causes=_sum(self.top_causes, other.top_causes),
            causes=_sum(self.causes, other.causes),
        )


def _counts(values: pl.Series) -> Mapping[str, int]:
    return dict(values.drop_nulls().value_counts(name="times").iter_rows())


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> Mapping[str, int]:
    """Both together, the most frequent first."""
    both = Counter(first) + Counter(second)
    return dict(sorted(both.items(), key=lambda one: (-one[1], one[0])))
