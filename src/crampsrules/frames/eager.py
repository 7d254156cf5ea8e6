"""Frames that are in memory: through Polars, and back into the kind that they came as."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.compute as pc
from attrs import evolve

from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.frames import AnyFrame
from crampsrules.frames.columns import columns_asked
from crampsrules.frames.encoding import IDS
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import (
    ADVICE,
    CAUSES,
    ERRORS,
    FIRED,
    TOP_CAUSE,
    TRIAGE,
    UNRECOGNISED,
    WEIGHT,
    Outputs,
    error_text,
)
from crampsrules.frames.polars_frames import Assessor, as_written, exact, schema_of
from crampsrules.frames.rows import Answer, answers, problems_of
from crampsrules.rulebase import RuleBase

_UNREADABLE = (pa.ArrowException, TypeError, ValueError, OverflowError, pl.exceptions.PolarsError)

FEW = 300
"""So many rows are quicker assessed one by one."""


def assessed(
    frame: AnyFrame, rules: RuleBase, columns: Mapping[str, str], outputs: Outputs
) -> AnyFrame:
    """The frame with the columns added. Raises FactsError."""
    known = nw.from_native(frame, eager_only=True)
    outputs.refuse_clashes(known.columns)
    if known.implementation.is_pandas():
        _refuse_facts_in_index(frame, known.columns, columns)
    facts = _in_polars(frame, columns_asked(known.columns, columns))
    inputs = Inputs.of(schema_of(facts), rules, columns, known.columns)
    answered = answered_by(facts, rules, inputs, evolve(outputs, errors=True))
    if not outputs.errors:
        _raise_if_wrong(answered[ERRORS], facts, inputs)
        answered = answered.drop(ERRORS)
    return _with(frame, answered)


def _refuse_facts_in_index(
    frame: AnyFrame, names: Sequence[str], columns: Mapping[str, str]
) -> None:
    """Refuse a frame of pandas with a fact in its index, which is no column."""
    levels = [level for level in frame.index.names if level is not None and level not in names]
    if facts := columns_asked(levels, columns):
        message = (
            f"{shorten(facts[0])} is in the index, which is not read: "
            "frame.reset_index() makes it a column"
        )
        raise FactsError.of(message, field="frame")


def answered_by(
    facts: pl.DataFrame, rules: RuleBase, inputs: Inputs, outputs: Outputs
) -> pl.DataFrame:
    """The columns to add, by the way that is quicker."""
    if len(facts) <= FEW and not inputs.by_member:
        return by_row(facts, rules, inputs, outputs)
    return by_column(facts, rules, inputs, outputs)


def by_column(
    facts: pl.DataFrame, rules: RuleBase, inputs: Inputs, outputs: Outputs
) -> pl.DataFrame:
    """The columns to add, worked out for all rows at once."""
    assessor = Assessor.of(rules, inputs, outputs)
    return assessor.assessed(facts.lazy()).select(outputs.names).collect()


def by_row(facts: pl.DataFrame, rules: RuleBase, inputs: Inputs, outputs: Outputs) -> pl.DataFrame:
    """The columns to add, worked out row by row."""
    found = list(answers(rules, _rows(facts, inputs)))
    fine = [one if isinstance(one, Answer) else None for one in found]
    fired = pl.List(outputs.fired(()).dtype)
    columns = [
        _column(TRIAGE, pl.String, fine, lambda one: one.triage),
        _column(TOP_CAUSE, pl.String, fine, lambda one: next(iter(one.causes), None)),
        _column(CAUSES, IDS, fine, lambda one: one.causes),
        _column(ADVICE, IDS, fine, lambda one: one.advice),
        _column(FIRED, fired, fine, lambda one: outputs.fired(one.fired)),
    ]
    for cause in outputs.weights:
        weights = [None if one is None else one.weights.get(cause) for one in fine]
        columns.append(pl.Series(WEIGHT + cause, weights, dtype=pl.Int32))
    if outputs.errors:
        errors = [None if isinstance(one, Answer) else error_text(one) for one in found]
        columns.append(pl.Series(ERRORS, errors, dtype=pl.String))
    if outputs.unrecognised:
        columns.append(_column(UNRECOGNISED, IDS, fine, lambda one: one.unrecognised or None))
    return pl.DataFrame(columns)


def _column(
    name: str,
    dtype: pl.DataType | type[pl.DataType],
    answers: Iterable[Answer | None],
    of: Callable[[Answer], object],
) -> pl.Series:
    return pl.Series(name, [None if one is None else of(one) for one in answers], dtype=dtype)


def _rows(facts: pl.DataFrame, inputs: Inputs) -> Iterable[Mapping[str, object]]:
    held = inputs.columns
    if not held:
        return [{}] * len(facts)
    # Decimals become floats, and floats doubles; nothing else changes.
    decimals = pl.selectors.decimal().cast(pl.Float64)
    values = facts.with_columns(decimals).select(map(as_written, held.values()))
    return (dict(zip(held, row, strict=True)) for row in values.iter_rows())


def _raise_if_wrong(errors: pl.Series, facts: pl.DataFrame, inputs: Inputs) -> None:
    wrong = errors.is_not_null().arg_true()
    if len(wrong):
        rows = list(_rows(facts[wrong], inputs))
        raise FactsError(
            FactProblem(one.field, one.value, f"{one.message} (row {at}, counted from 0)")
            for at, row in zip(wrong, rows, strict=True)
            for one in problems_of(row, inputs)
        )


# --- To Polars and back -------------------------------------------------------------------------


def _in_polars(frame: AnyFrame, names: Sequence[str]) -> pl.DataFrame:
    """The columns of a frame that matter here."""
    if not names:
        # A frame without columns would have no rows either.
        return pl.DataFrame({"row": range(len(frame))})
    if isinstance(frame, pl.DataFrame):
        return frame.select(map(exact, names))
    return pl.DataFrame([_polars_column(frame, name) for name in names])


def _polars_column(frame: AnyFrame, name: str) -> pl.Series:
    column = frame[name]
    try:
        array = _from_arrow(column) if isinstance(frame, pa.Table) else _from_pandas(column)
    except _UNREADABLE as error:
        message = f"the column mixes types, or holds what no fact is: {shorten(str(error))}"
        raise FactsError.of(message, field=name) from None
    try:
        return pl.Series(name, pl.from_arrow(array))
    except (*_UNREADABLE, pl.exceptions.PanicException):
        dtype = shorten(str(array.type)).strip("'")
        message = (
            f"the column has the type {dtype}, which cannot be read here: "
            "cast it to true and false, numbers, texts or lists of texts"
        )
        raise FactsError.of(message, field=name) from None


def _from_arrow(column: pa.ChunkedArray | pa.Array) -> pa.ChunkedArray | pa.Array:
    """A column of Arrow as Polars can take it; what is no UTF-8 is found here and not there."""
    column.validate(full=True)
    return column.cast(pa.float64()) if pa.types.is_decimal256(column.type) else column


def _from_pandas(column: Any) -> Any:  # noqa: ANN401
    """A column of pandas as one of Arrow, with NaN as null: pandas knows no other unknown."""
    import pandas as pd

    if isinstance(column.dtype, pd.SparseDtype):
        column = column.sparse.to_dense()
    if column.dtype == object:
        column = list(map(_plain, column))
    array = _from_arrow(pa.array(column, from_pandas=True))
    if pa.types.is_floating(array.type):
        array = pc.if_else(pc.is_nan(array), None, array)
    # What pandas never knew anything of it gives a type that says as little.
    nothing = len(array) > 0 and array.null_count == len(array)
    return pa.nulls(len(array)) if nothing else array


def _plain(value: object) -> object:
    """What Arrow knows, of what Python and NumPy have."""
    if isinstance(value, set | frozenset | np.ndarray):
        return list(value)
    # Beside a double it would become one, which is not what it is written as.
    return float(str(value)) if isinstance(value, np.float16 | np.float32) else value


def _with(frame: AnyFrame, answered: pl.DataFrame) -> AnyFrame:
    """The frame with the answers as columns of its own kind."""
    if isinstance(frame, pl.DataFrame):
        return frame.with_columns(answered.get_columns())
    table = answered.to_arrow(compat_level=pl.CompatLevel.oldest())
    if isinstance(frame, pa.Table):
        for name in table.column_names:
            frame = frame.append_column(name, table[name])
        return frame
    return frame.assign(**_pandas_columns(table, frame.index))


def _pandas_columns(table: pa.Table, index: Any) -> Mapping[str, Any]:  # noqa: ANN401
    import pandas as pd

    return {
        name: pd.Series(pd.arrays.ArrowExtensionArray(table[name]), index=index, name=name)
        for name in table.column_names
    }
