"""Counting what came out, batch by batch."""

from __future__ import annotations

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

    def with_(self, batch: Answered) -> Tally:
        """The same with a batch more."""
        answers = batch.answers
        return Tally(
            assessed=self.assessed + len(answers),
            unreadable=self.unreadable + batch.unreadable,
            bad_facts=self.bad_facts + len(batch.rejects) - batch.unreadable,
            triage=_added(self.triage, answers["triage"]),
            top_causes=_added(self.top_causes, answers["top_cause"]),
            causes=_added(self.causes, answers["causes"].explode(empty_as_null=True)),
        )


def _added(counts: Mapping[str, int], values: pl.Series) -> Mapping[str, int]:
    found = values.cast(pl.String).drop_nulls().value_counts(name="times")
    added = dict(counts)
    for value, times in found.iter_rows():
        added[value] = added.get(value, 0) + times
    return dict(sorted(added.items(), key=lambda one: (-one[1], one[0])))
