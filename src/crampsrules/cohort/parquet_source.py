"""A cohort in Parquet, read a part of a row group at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from crampsrules.cohort.arrow_columns import in_polars, with_narrow_decimals
from crampsrules.cohort.batches import Batch, Position
from crampsrules.cohort.errors import CohortError, UnfinishedError
from crampsrules.cohort.plan import BATCH_BYTES, Plan

# Pages are read as they are needed, not a whole column of a row group; each column has a buffer.
_BUFFER = 2**16
# So that a batch can end at BATCH_BYTES, it is read in pieces far smaller.
_PIECE_BYTES, _PIECE_ROWS = 4 * 2**20, 2048


class ParquetSource:
    """Reads a Parquet file."""

    unit = "row"

    def __init__(self, path: Path, plan: Plan) -> None:
        try:
            self._file = pq.ParquetFile(
                path, buffer_size=_BUFFER, pre_buffer=False, page_checksum_verification=True
            )
        except pa.ArrowInvalid as error:
            raise CohortError(f"is not a Parquet file: {error}") from None
        self._path = path
        self.size: int | None = self._file.metadata.num_rows
        self.names: Sequence[str] = list(self._file.schema_arrow.names)
        self.facts: Mapping[str, str] = plan.facts_in(self.names)
        self.passed: Sequence[str] = plan.kept(self.names)
        self._rows = plan.rows_at_a_time(len(self.names))

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def done(self, position: Position) -> int:
        """Rows."""
        return position["row"]

    def batches(self, start: Position | None) -> Iterator[Batch]:
        """All batches from a position on. Raises UnfinishedError where the file is damaged."""
        row = 0 if start is None else start["row"]
        for rows in self._gathered(self._pieces(row)):
            yield self._made(rows, row)
            row += rows.num_rows

    def _gathered(self, pieces: Iterator[pa.RecordBatch]) -> Iterator[pa.Table]:
        """Pieces as tables of the size of a batch."""
        waiting: list[pa.RecordBatch] = []
        held = size = 0
        for piece in pieces:
            if waiting and size + piece.nbytes > BATCH_BYTES:
                yield pa.Table.from_batches(waiting)
                waiting, held, size = [], 0, 0
            fitting = self._rows - held
            waiting.append(piece.slice(0, fitting))
            held, size = held + piece.num_rows, size + piece.nbytes
            if held >= self._rows:
                yield pa.Table.from_batches(waiting)
                rest = piece.slice(fitting)
                waiting = [rest] if rest.num_rows else []
                held, size = rest.num_rows, rest.nbytes
        if waiting:
            yield pa.Table.from_batches(waiting)

    def nobody(self) -> Batch:
        """A batch of no rows."""
        return self._made(self._file.schema_arrow.empty_table(), 0)

    def _pieces(self, start: int) -> Iterator[pa.RecordBatch]:
        """Everything from a row on, in pieces far smaller than a batch may be."""
        groups = [
            self._file.metadata.row_group(i).num_rows for i in range(self._file.num_row_groups)
        ]
        for group, end in enumerate(accumulate(groups)):
            first = end - groups[group]
            if end <= start:
                continue
            skip = max(0, start - first)
            try:
                for piece in self._file.iter_batches(self._piece(group), row_groups=[group]):
                    if skip < piece.num_rows:
                        yield piece.slice(skip)
                    skip = max(0, skip - piece.num_rows)
            except (OSError, pa.ArrowException) as error:
                raise UnfinishedError(
                    f"{self._path}: row group {group} (rows {first + 1} to {end}) cannot be read: "
                    f"{error}"
                ) from None

    def _piece(self, group: int) -> int:
        """How many rows of a row group to read at once, by what a row of it takes on average."""
        described = self._file.metadata.row_group(group)
        fitting: int = _PIECE_BYTES * described.num_rows // max(1, described.total_byte_size)
        return max(1, min(self._rows, _PIECE_ROWS, fitting))

    def _made(self, rows: pa.Table, start: int) -> Batch:
        given = with_narrow_decimals(rows.select(list(self.facts)), pa.float64())
        facts = [in_polars(name, given.column(name), "read as a fact") for name in self.facts]
        return Batch(
            facts=pl.DataFrame(facts).rename(self.facts),
            numbers=range(start + 1, start + 1 + rows.num_rows),
            faults={},
            passed=rows.select(self.passed),
            given=lambda row: _told(rows.slice(row, 1)),
            rejects=(),
            end={"row": start + rows.num_rows},
        )


def _told(row: pa.Table) -> dict[str, Any]:
    """A row as Python's values; a date of the year 10,000, which it has not, as a text."""
    told = {}
    for name, column in zip(row.column_names, row.columns, strict=True):
        try:
            told[name] = column[0].as_py()
        except (ValueError, OverflowError):
            told[name] = column.cast(pa.string())[0].as_py()
    return told
