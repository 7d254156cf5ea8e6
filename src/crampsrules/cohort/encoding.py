"""Rows and their answers as bytes, in the format of the output."""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO
from typing import Any

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq

from crampsrules.cohort.answers import Answered
from crampsrules.cohort.batches import Reject
from crampsrules.cohort.cells import NONE_OF_THESE, SEPARATOR
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan

_GROUP = 50_000
"""The rows of a row group of Parquet."""


def encoded(batch: Answered, plan: Plan, *, facts: Collection[str], header: bool) -> bytes:
    """The rows of a batch; those of all batches, one behind the other, are the output.

    `facts` are the columns that hold one. With `header` what stands before the first row is there
    too. Parquet needs a footer at the end: see `parquet_footer`.
    """
    match plan.target_format:
        case Format.CSV:
            return _csv(batch, plan.target_delimiter, facts, header=header)
        case Format.NDJSON:
            return _ndjson(batch)
        case Format.PARQUET:
            return _parquet(batch)


def rejects_encoded(rejects: Sequence[Reject], unit: str) -> bytes:
    """The rows that were put aside, as NDJSON."""
    return "".join(
        json.dumps(
            {unit: one.number, "reasons": one.reasons, "given": one.given},
            ensure_ascii=False,
            default=str,  # a date, or whatever else Parquet may hold
        )
        + "\n"
        for one in rejects
    ).encode("utf-8", "backslashreplace")


# --- Parquet ------------------------------------------------------------------------------------


def _parquet(batch: Answered) -> bytes:
    """A file of its own, of row groups that are small enough to be made in little memory."""
    nobody = _table(batch, 0, 0)
    buffer = pa.BufferOutputStream()
    with pq.ParquetWriter(
        buffer,
        nobody.schema,
        compression="zstd",
        # The least and the greatest member of all lists tell nothing, and take long to find.
        write_statistics=[one.name for one in nobody.schema if not pa.types.is_nested(one.type)],
        write_page_checksum=True,
    ) as writer:
        for start in range(0, len(batch.answers), _GROUP):
            writer.write_table(_table(batch, start, _GROUP))
    return buffer.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _table(batch: Answered, start: int, size: int) -> Any:  # noqa: ANN401
    """Some rows of a batch with their answers, as an Arrow table."""
    answers = batch.answers.slice(start, size).to_arrow(compat_level=pl.CompatLevel.oldest())
    passed = batch.passed.slice(start, size)
    schema = pa.schema([*passed.schema, *answers.schema], _described(passed))
    return pa.table([*passed.columns, *answers.columns], schema=schema)


def _described(table: Any) -> Mapping[bytes, bytes]:  # noqa: ANN401
    """What a file says of itself, without pandas' notes: they are of other rows and columns."""
    return {name: text for name, text in (table.schema.metadata or {}).items() if name != b"pandas"}


# --- NDJSON -------------------------------------------------------------------------------------


def _ndjson(batch: Answered) -> bytes:
    if not isinstance(batch.passed, list):
        return _written(pl.DataFrame([*_frame(batch.passed), *batch.answers]))
    answers = _written(batch.answers).decode().removesuffix("\n").split("\n")
    if not batch.passed:
        return b""
    joined = (_joined(*both) for both in zip(batch.passed, answers, strict=True))
    return "".join(joined).encode()


def _written(frame: pl.DataFrame) -> bytes:
    buffer = BytesIO()
    frame.write_ndjson(buffer)
    return buffer.getvalue()


def _joined(given: str, answer: str) -> str:
    """Put the members of two objects into one, the first as they were written."""
    inner = given[:-1].rstrip()
    return f"{inner}{'' if inner == '{' else ','}{answer[1:]}\n"


# --- CSV ----------------------------------------------------------------------------------------


def _csv(batch: Answered, delimiter: str, facts: Collection[str], *, header: bool) -> bytes:
    frame = _frame(batch.passed)
    given = [
        _parted(frame[name], empty=NONE_OF_THESE) if name in facts else _plain(frame[name])
        for name in frame.columns
    ]
    answers = [_parted(column, empty="") for column in batch.answers]
    text = pl.DataFrame([*given, *answers]).write_csv(include_header=header, separator=delimiter)
    return text.encode()


def _parted(column: pl.Series, *, empty: str) -> pl.Series:
    """A column of sets with a separator between the members; any other as it is."""
    if not isinstance(column.dtype, pl.List | pl.Array):
        return column
    members = column.cast(pl.List(pl.String))
    if members.explode(empty_as_null=True).str.contains(SEPARATOR, literal=True).any():
        raise CohortError(
            f"a member in the column {column.name!r} has a {SEPARATOR} in it, which in CSV parts "
            "members: write Parquet or NDJSON"
        )
    return members.list.join(SEPARATOR).set(members.list.len() == 0, empty)


def _plain(column: pl.Series) -> pl.Series:
    """Any column as CSV can hold it: what is nested becomes JSON."""
    if not column.dtype.is_nested():
        return column
    texts = [
        None if one is None else json.dumps(one, ensure_ascii=False, default=str)
        for one in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String)


def _frame(passed: Any) -> pl.DataFrame:  # noqa: ANN401
    frame = pl.from_arrow(passed)
    assert isinstance(frame, pl.DataFrame)
    return frame
