"""What readers hand on: a batch of rows, and the rows that are none."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, Protocol

import polars as pl
from attrs import frozen

Position = Mapping[str, int]
"""Where in the input the next batch begins."""


@frozen(kw_only=True)
class Reject:
    """A row that cannot be used: where it stands, why, and the row as it was read."""

    number: int
    reasons: tuple[str, ...]
    given: Any
    csv: str | None = None
    """The row as it can be put into a CSV file, if it came from one."""


@frozen(kw_only=True, eq=False)
class Batch:
    """Some rows that stand one after the other in the input."""

    facts: pl.DataFrame
    """A column for each fact, by the fact's name."""
    numbers: Sequence[int]
    """The line, or the row where there are no lines, of each of these."""
    faults: Mapping[int, tuple[str, ...]]
    """Which of these rows have values that could not be read, and why."""
    passed: Any
    """What goes from each row into the output: an Arrow table, or the texts of objects."""
    given: Callable[[int], Any]
    """One of these rows as it was read."""
    rejects: Sequence[Reject]
    """The rows between them that could not be read at all."""
    end: Position
    csv: Callable[[int], str] | None = None
    """The same as it can be put into a CSV file, if it came from one."""
    is_ragged: bool = False
    """Whether rows have names of their own: a set may be given as a whole here, by member there."""


class Source(Protocol):
    """A cohort that is read from somewhere."""

    names: Sequence[str]
    """The columns, as far as they are known before they are read."""
    facts: Mapping[str, str]
    """Which columns hold a fact, and which one."""
    passed: Sequence[str]
    """The columns that go into the output."""
    unit: str
    """What a row's number counts: lines or rows."""
    size: int | None
    """How much there is, in what `done` counts; None where nobody knows."""

    def batches(self, start: Position | None) -> Iterator[Batch]:
        """All batches from a position on."""

    def nobody(self) -> Batch:
        """A batch of no rows."""

    def done(self, position: Position) -> int:
        """How much of `size` lies before a position."""
