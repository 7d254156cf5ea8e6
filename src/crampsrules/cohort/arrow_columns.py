"""Columns of Arrow that become columns of Polars, on the way in and on the way out."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import polars as pl
import pyarrow as pa

from crampsrules.cohort.errors import CohortError


def in_polars(name: str, column: pa.ChunkedArray, purpose: str) -> pl.Series:
    """A column of Arrow as one of Polars. Raises CohortError, with what cannot be done for it."""
    _refuse_bad_utf8(name, column, purpose)
    # Polars would panic, and write pages about that, before anyone could tell it in words.
    if not holds(column.type, pa.types.is_decimal256):
        try:
            return pl.Series(name, pl.from_arrow(column))
        except (pl.exceptions.PolarsError, pl.exceptions.PanicException, pa.ArrowException):
            pass
    raise CohortError(f"the column {name!r} has the type {column.type}, which cannot be {purpose}")


def framed(columns: Iterable[pl.Series]) -> pl.DataFrame:
    """Columns as a frame. Polars alone would give one without a name a name."""
    return pl.DataFrame({one.name: one for one in columns})


def _refuse_bad_utf8(name: str, column: pa.ChunkedArray, purpose: str) -> None:
    """Find what is no UTF-8, which Polars takes for granted."""
    if not holds(column.type, _is_text):
        return
    try:
        column.validate(full=True)
    except pa.ArrowInvalid:
        raise CohortError(
            f"the column {name!r} has texts that are not UTF-8, which cannot be {purpose}"
        ) from None


def _is_text(dtype: pa.DataType) -> bool:
    kinds = pa.types
    return bool(
        kinds.is_string(dtype) or kinds.is_large_string(dtype) or kinds.is_string_view(dtype)
    )


def holds(dtype: pa.DataType, is_such: Callable[[pa.DataType], bool]) -> bool:
    """Whether a type of Arrow is such a one, or holds values of one."""
    if is_such(dtype):
        return True
    if isinstance(dtype, pa.BaseExtensionType):
        return holds(dtype.storage_type, is_such)
    if pa.types.is_dictionary(dtype):
        return holds(dtype.value_type, is_such)
    return any(holds(dtype.field(at).type, is_such) for at in range(dtype.num_fields))


def with_narrow_decimals(table: pa.Table, dtype: pa.DataType) -> pa.Table:
    """The same, where decimals that Polars cannot take have another type."""
    for at, field in enumerate(table.schema):
        if pa.types.is_decimal256(field.type):
            # By way of a text: what Arrow makes of a decimal may be off in the last digit.
            exact = table.column(at).cast(pa.string()).cast(dtype)
            table = table.set_column(at, field.name, exact)
    return table
