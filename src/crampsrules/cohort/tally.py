"""Counting what came out, batch by batch."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping

import polars as pl
from attrs import field, frozen

from crampsrules.cohort.answers import Answered

MOST_NAMES = 10_000
"""So many names of medicines that are not known are told apart, the first that come."""


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
    with_unrecognised: int = 0
    """How many rows have a medicine whose name is not known."""
    unrecognised: Mapping[str, int] = field(factory=dict, hash=False)
    """For how many rows each such name was given, in the order in which they first came."""
    unrecognised_beyond: int = 0
    """How often others were given, after so many names that these were not told apart."""

    @property
    def rejected(self) -> int:
        """How many rows were put aside."""
        return self.unreadable + self.bad_facts

    @property
    def rows(self) -> int:
        """How many rows were read."""
        return self.assessed + self.rejected

    @property
    def frequent_unrecognised(self) -> Mapping[str, int]:
        """The names that are not known but for those of one person, the most frequent first.

        What one person alone has may be no medicine, but a note about that person.
        """
        return _sorted({name: rows for name, rows in self.unrecognised.items() if rows > 1})

    @classmethod
    def of(cls, batch: Answered) -> Tally:
        """What there is in one batch."""
        answers = batch.answers
        names = batch.unrecognised.drop_nulls()
        return cls(
            assessed=len(answers),
            unreadable=batch.unreadable,
            bad_facts=len(batch.rejects) - batch.unreadable,
            triage=_counts(answers["triage"]),
            top_causes=_counts(answers["top_cause"]),
            causes=_counts(answers["causes"].explode(empty_as_null=True)),
            with_unrecognised=len(names),
            unrecognised=_counts_in_order(names.explode(empty_as_null=True)),
        )

    def __add__(self, other: Tally) -> Tally:
        """Both together; the other is of the rows that come after these."""
        names, beyond = _told_apart(self.unrecognised, other.unrecognised)
        return Tally(
            assessed=self.assessed + other.assessed,
            unreadable=self.unreadable + other.unreadable,
            bad_facts=self.bad_facts + other.bad_facts,
            triage=_sum(self.triage, other.triage),
            top_causes=_sum(self.top_causes, other.top_causes),
            causes=_sum(self.causes, other.causes),
            with_unrecognised=self.with_unrecognised + other.with_unrecognised,
            unrecognised=names,
            unrecognised_beyond=self.unrecognised_beyond + other.unrecognised_beyond + beyond,
        )


def _counts(values: pl.Series) -> Mapping[str, int]:
    return dict(values.drop_nulls().value_counts(name="times").iter_rows())


def _sum(first: Mapping[str, int], second: Mapping[str, int]) -> Mapping[str, int]:
    """Both together, the most frequent first."""
    return _sorted(Counter(first) + Counter(second))


def _sorted(counts: Mapping[str, int]) -> Mapping[str, int]:
    return dict(sorted(counts.items(), key=lambda one: (-one[1], one[0])))


def _counts_in_order(values: pl.Series) -> Mapping[str, int]:
    """The same in the order in which they first come."""
    frame = values.to_frame("value").drop_nulls()
    return dict(frame.group_by("value", maintain_order=True).len().iter_rows())


def _told_apart(
    known: Mapping[str, int], others: Mapping[str, int]
) -> tuple[Mapping[str, int], int]:
    """Both together, no more than memory and the record bear, and how often all others came."""
    both, beyond = dict(known), 0
    for name, times in others.items():
        if name in both or len(both) < MOST_NAMES:
            both[name] = both.get(name, 0) + times
        else:
            beyond += times
    return both, beyond
