"""Frames that are not read before the user asks: nothing is collected here."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

import narwhals as nw
import polars as pl
from narwhals.dependencies import is_dask_dataframe

from crampsrules.errors import FactsError
from crampsrules.frames import AnyFrame, eager
from crampsrules.frames.dialect import Dialect, Stage
from crampsrules.frames.duckdb_frames import DuckDB
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import Outputs, free_prefix
from crampsrules.frames.polars_frames import Assessor, schema_of
from crampsrules.frames.spark_frames import Spark
from crampsrules.frames.sql import Script
from crampsrules.rulebase import RuleBase


def assessed(
    frame: AnyFrame, rules: RuleBase, columns: Mapping[str, str], outputs: Outputs
) -> AnyFrame:
    """The frame with the columns added, still to be worked out. Raises FactsError."""
    if isinstance(frame, pl.LazyFrame):
        outputs.refuse_clashes(frame.collect_schema())
        inputs = Inputs.of(schema_of(frame), rules, columns, frame.collect_schema())
        return Assessor.of(rules, inputs, outputs).assessed(frame)
    if is_dask_dataframe(frame):
        return _by_partition(frame, rules, columns, outputs)
    known = nw.from_native(frame)
    if known.implementation.is_duckdb():
        _refuse_old_version()
        return _in_sql(frame, known, rules, columns, outputs, DuckDB())
    if known.implementation.is_pyspark() or known.implementation.is_pyspark_connect():
        return _in_sql(frame, known, rules, columns, outputs, Spark())
    raise not_taken(frame)


def _by_partition(
    frame: AnyFrame, rules: RuleBase, columns: Mapping[str, str], outputs: Outputs
) -> AnyFrame:
    """A Dask frame, whose partitions are frames of pandas."""
    assess_one = partial(eager.assessed, rules=rules, columns=columns, outputs=outputs)
    # The frame without rows tells Dask the types of the columns, and finds what is wrong with them.
    meta = eager.assessed(frame._meta, rules, columns, outputs)  # noqa: SLF001 - what Dask calls so
    return frame.map_partitions(assess_one, meta=meta)


def _in_sql(  # noqa: PLR0913 - each a part of the question
    frame: AnyFrame,
    known: nw.LazyFrame[Any],
    rules: RuleBase,
    columns: Mapping[str, str],
    outputs: Outputs,
    dialect: Dialect,
) -> AnyFrame:
    schema = dict(known.collect_schema())
    outputs.refuse_clashes(schema, capitals=False)
    inputs = Inputs.of(_known(frame, schema), rules, columns, schema)
    for column in inputs.columns.values():
        dialect.check_name(column.name)
    prefix = free_prefix(schema)
    script = Script.of(rules, inputs, outputs, dialect, prefix)
    for stage in script.stages():
        frame = with_stage(frame, stage, dialect)
    return _only(frame, map(dialect.name, (*schema, *outputs.names)))


def is_of_spark(frame: AnyFrame) -> bool:
    """Whether it is a frame of Spark, and not one that has a column called like its methods."""
    return hasattr(type(frame), "selectExpr")


def with_stage(frame: AnyFrame, stage: Stage, dialect: Dialect) -> AnyFrame:
    """The frame with the columns of a stage added."""
    added = (f"{sql} AS {dialect.name(name)}" for name, sql in stage.items())
    return _projected(frame, ["*", *added])


def _only(frame: AnyFrame, columns: Iterable[str]) -> AnyFrame:
    """Those columns of the frame, also where Spark would read a variable in an expression."""
    if is_of_spark(frame):
        return frame.select(*columns)
    return _projected(frame, columns)


def _projected(frame: AnyFrame, expressions: Iterable[str]) -> AnyFrame:
    if is_of_spark(frame):
        return frame.selectExpr(*expressions)
    return frame.project(", ".join(expressions))


def _known(frame: AnyFrame, schema: Mapping[str, nw.dtypes.DType]) -> Mapping[str, nw.dtypes.DType]:
    """The types of the columns but for those in which nothing is known."""
    nothing = {'"NULL"', "NULL", "void"}
    types = (
        dict(frame.dtypes)
        if is_of_spark(frame)
        else dict(zip(frame.columns, frame.types, strict=True))
    )
    return {name: dtype for name, dtype in schema.items() if str(types[name]) not in nothing}


def _refuse_old_version() -> None:
    """Refuse a DuckDB that has no lambdas as they are written here."""
    import duckdb

    figures = re.match(r"(\d+)\.(\d+)", duckdb.__version__)
    if figures and tuple(map(int, figures.groups())) < _OLDEST_DUCKDB:
        oldest = ".".join(map(str, _OLDEST_DUCKDB))
        message = f"takes relations of DuckDB {oldest} or later, and this is {duckdb.__version__}"
        raise FactsError.of(message, field="frame", value=duckdb.__version__)


_OLDEST_DUCKDB = 1, 3


def not_taken(frame: object) -> FactsError:
    """The error for what is no frame that can be assessed."""
    message = (
        "takes a Polars, pandas, PyArrow, DuckDB, PySpark or Dask frame, "
        f"got a {type(frame).__module__.partition('.')[0]} {type(frame).__name__}"
    )
    return FactsError.of(message, field="frame", value=frame)
