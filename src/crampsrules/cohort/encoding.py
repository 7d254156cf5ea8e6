"""Rows and their answers as bytes, in the format of the output."""

from __future__ import annotations

import json
import math
from base64 import b64encode
from collections.abc import Collection, Mapping, Sequence
from io import BytesIO

import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from attrs import frozen

from crampsrules.cohort.answers import Answered
from crampsrules.cohort.arrow_columns import framed, holds, in_polars, with_narrow_decimals
from crampsrules.cohort.batches import Position, Reject, Source
from crampsrules.cohort.errors import LEAVE_OUT, CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.tally import Tally
from crampsrules.frames.columns import NONE, SEPARATOR
from crampsrules.frames.outputs import FIRED

_GROUP = 50_000
"""The rows of a row group of Parquet."""
_IN_NO_FIGURE = ",;\t|"
"""Delimiters that stand in no date and no figure."""


@frozen(kw_only=True, eq=False)
class Encoded:
    """A batch as it is put behind those before it, and what is to be noted then."""

    output: bytes
    rejects: bytes
    tally: Tally
    """Of this batch alone."""
    end: Position


def encoded(batch: Answered, plan: Plan, source: Source, *, header: bool) -> Encoded:
    """A batch as bytes; those of all batches, one behind the other, are the output.

    With `header` what stands before the first row is there too. Parquet needs a footer at the end:
    see `parquet_footer`. Raises CohortError for columns of types that the format has not.
    """
    try:
        output = _output(batch, plan, source.facts, header=header)
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException) as error:
        reason = str(error).partition("\n")[0]
        raise CohortError(
            f"a column cannot be written as {plan.target_format.value}: {reason}: {LEAVE_OUT}"
        ) from None
    return Encoded(
        output=output,
        rejects=_rejects(batch.rejects, source.unit),
        tally=Tally.of(batch),
        end=batch.end,
    )


def _output(batch: Answered, plan: Plan, facts: Collection[str], *, header: bool) -> bytes:
    match plan.target_format:
        case Format.CSV:
            return _csv(batch, plan.target_delimiter, facts, header=header)
        case Format.NDJSON:
            return _ndjson(batch, facts)
        case Format.PARQUET:
            return _parquet(batch, sorted(plan.rules.conditions))


def _rejects(rejects: Sequence[Reject], unit: str) -> bytes:
    """The rows that were put aside, as NDJSON."""
    return "".join(
        json.dumps(
            {
                unit: one.number,
                "reasons": one.reasons,
                "given": _finite(one.given),
                **({} if one.csv is None else {"csv": one.csv}),
            },
            ensure_ascii=False,
            allow_nan=False,
            default=str,  # a date, or whatever else Parquet may hold
        )
        + "\n"
        for one in rejects
    ).encode("utf-8", "backslashreplace")


def _finite(value: object) -> object:
    """The same, with texts for the numbers that JSON has not."""
    match value:
        case float() if not math.isfinite(value):
            return str(value)
        case list() | tuple():  # a map of Arrow's is a list of pairs
            return [_finite(one) for one in value]
        case dict():
            return {name: _finite(one) for name, one in value.items()}
    return value


# --- Parquet ------------------------------------------------------------------------------------


def _parquet(batch: Answered, ids: Sequence[str]) -> bytes:
    """A file of its own, of row groups that are small enough to be made in little memory."""
    schema = _table(batch, 0, 0, ids).schema
    buffer = pa.BufferOutputStream()
    with pq.ParquetWriter(
        buffer,
        schema,
        store_schema=False,
        compression="zstd",
        # The least and the greatest member of all lists tell nothing, and take long to find.
        write_statistics=[one.name for one in schema if not pa.types.is_nested(one.type)],
        write_page_checksum=True,
    ) as writer:
        writer.add_key_value_metadata(_told(schema))
        for start in range(0, len(batch.answers), _GROUP):
            writer.write_table(_table(batch, start, _GROUP, ids))
    return buffer.getvalue().to_pybytes()  # type: ignore[no-any-return]


def _table(batch: Answered, start: int, size: int, ids: Sequence[str]) -> pa.Table:
    """Some rows of a batch with their answers, as an Arrow table."""
    answers = batch.answers.slice(start, size).rechunk()
    table = answers.to_arrow(compat_level=pl.CompatLevel.oldest())
    place = answers.get_column_index(FIRED)
    table = table.set_column(place, FIRED, _texts(table.column(place).combine_chunks(), ids))
    passed = batch.passed.slice(start, size)
    schema = pa.schema([*passed.schema, *table.schema], _described(passed))
    return pa.table([*passed.columns, *table.columns], schema=schema)


def _texts(numbers: pa.LargeListArray, ids: Sequence[str]) -> pa.LargeListArray:
    """Lists of numbers as lists of the ids that they stand for, each of which is there once."""
    words = pa.array(ids, pa.large_string())
    return pa.LargeListArray.from_arrays(
        numbers.offsets, pa.DictionaryArray.from_arrays(numbers.values, words)
    )


def _told(schema: pa.Schema) -> Mapping[bytes, bytes]:
    """The types that readers are to make of the columns, texts and not numbers of texts.

    Under this name pyarrow would tell the types that it was given.
    """
    texts = pa.field(FIRED, pa.large_list(pa.large_string()))
    plain = schema.set(schema.get_field_index(FIRED), texts)
    return {b"ARROW:schema": b64encode(plain.serialize())}


def _described(table: pa.Table) -> Mapping[bytes, bytes]:
    """What a file says of itself, without pandas' notes: they are of other rows and columns."""
    return {name: text for name, text in (table.schema.metadata or {}).items() if name != b"pandas"}


# --- NDJSON -------------------------------------------------------------------------------------


def _ndjson(batch: Answered, facts: Collection[str]) -> bytes:
    if not isinstance(batch.passed, list):
        _refuse_infinite(batch.passed)
        given = _with_figures(_frame(batch.passed, Format.NDJSON), batch.passed.schema, facts)
        return _written(framed([*given, *batch.answers]))
    answers = _written(batch.answers).decode().removesuffix("\n").split("\n")
    if not batch.passed:
        return b""
    joined = (_joined(*both) for both in zip(batch.passed, answers, strict=True))
    return "".join(joined).encode()


def _refuse_infinite(passed: pa.Table) -> None:
    """Refuse what JSON has no figure for, and Polars writes as null. NaN is null there."""
    for field in passed.schema:
        if not holds(field.type, pa.types.is_floating):
            continue
        column = passed[field.name]
        if pa.types.is_floating(field.type):
            infinite = pc.any(pc.is_inf(column)).as_py()
        else:
            infinite = any(map(_has_infinite, column.to_pylist()))
        if infinite:
            raise CohortError(
                f"the column {field.name!r} has an infinite number in it, and NDJSON has none: "
                f"{LEAVE_OUT}, or write Parquet"
            )


def _has_infinite(value: object) -> bool:
    if isinstance(value, Mapping):
        return any(map(_has_infinite, value.values()))
    if isinstance(value, list | tuple):  # a map is a list of pairs
        return any(map(_has_infinite, value))
    return isinstance(value, float) and math.isinf(value)


def _with_figures(frame: pl.DataFrame, schema: pa.Schema, facts: Collection[str]) -> pl.DataFrame:
    """The same with numbers for the decimals of facts: of a text, no figure is read again.

    Any other decimal is a text in NDJSON, in which no digit is lost.
    """
    figures = [one.name for one in schema if one.name in facts and pa.types.is_decimal(one.type)]
    return frame.with_columns(frame[name].cast(pl.Float64) for name in figures)


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
    frame = _frame(batch.passed, Format.CSV)
    given = [
        _parted(frame[name], empty=NONE) if name in facts else _plain(frame[name])
        for name in frame.columns
    ]
    answers = [_parted(column, empty="") for column in batch.answers]
    text = framed([*given, *answers]).write_csv(
        include_header=header,
        separator=delimiter,
        # Polars looks for the delimiter in texts alone, and not in dates and figures.
        quote_style="necessary" if delimiter in _IN_NO_FIGURE else "always",
    )
    return text.encode()


def _parted(column: pl.Series, *, empty: str) -> pl.Series:
    """A column of sets with a separator between the members; any other as it is.

    Rows with a separator in a member have been put aside.
    """
    if not isinstance(column.dtype, pl.List | pl.Array):
        return column
    members = column.cast(pl.List(pl.String))
    return members.list.join(SEPARATOR).set(members.list.len() == 0, empty)


def _plain(column: pl.Series) -> pl.Series:
    """Any column as CSV can hold it: what is nested becomes JSON, and a span of time ISO 8601."""
    if column.dtype == pl.Duration:
        return column.dt.to_string("iso")
    if not column.dtype.is_nested():
        return column
    texts = [
        None if one is None else json.dumps(one, ensure_ascii=False, default=str)
        for one in column.to_list()
    ]
    return pl.Series(column.name, texts, dtype=pl.String)


def _frame(passed: pa.Table, form: Format) -> pl.DataFrame:
    """What is passed on, in Polars. Raises CohortError for a type that the format has not."""
    table = with_narrow_decimals(passed, pa.string())
    purpose = f"written as {form.value}: {LEAVE_OUT}"
    for field in table.schema:
        if holds(field.type, _is_binary):
            raise CohortError(
                f"the column {field.name!r} has the type {field.type}, which cannot be {purpose}"
            )
    return framed(in_polars(name, table[name], purpose) for name in table.column_names)


def _is_binary(dtype: pa.DataType) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_binary(dtype)
        or kinds.is_large_binary(dtype)
        or kinds.is_binary_view(dtype)
        or kinds.is_fixed_size_binary(dtype)
    )
