"""Assess every row of a data frame, where the data lives: `assess_frame`.

It comes with the extra `frames`.
"""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any, Literal, TypeVar

from crampsrules.errors import FactProblem, FactsError, MissingExtraError, did_you_mean, shorten
from crampsrules.rulebase import RuleBase, rules_or_shipped

_PACKAGES = ("narwhals", "numpy", "polars", "pyarrow")
try:
    import narwhals as nw
    import numpy as np  # noqa: F401 - looked for here, so that its lack is told with the extra
    import polars as pl
    import pyarrow as pa  # noqa: F401
    from narwhals.dependencies import is_dask_dataframe
except ImportError as error:
    raise MissingExtraError.for_extra("frames", error.name or _PACKAGES[0]) from None

__all__ = ["assess_frame"]

Frame = TypeVar("Frame")
OnError = Literal["column", "raise"]
ON_ERROR = ("column", "raise")


def assess_frame(
    frame: Frame,
    /,
    *,
    rules: RuleBase | None = None,
    columns: Mapping[str, str] | None = None,
    on_error: OnError = "column",
    weights: bool = False,
) -> Frame:
    """Assess every row of a data frame; give a frame of the same kind with columns added.

    Takes a Polars DataFrame or LazyFrame, pandas, PyArrow, DuckDB, PySpark and Dask. The columns
    added are `triage`, `top_cause`, `causes` (best first), `advice` (in the order to act), `fired`
    and `errors`, all of ids, and each is what `assess` says of the row. What is lazy stays lazy.

    A column is called like its fact; `columns` names those that are not: `{"age_years": "AGE"}`.
    A set is a column of lists, of texts with `;` between the members, or a yes-or-no column for
    each member: `timing__night`. A missing column is unknown, and so is null.

    Args:
        frame: The patients, one a row.
        rules: The rule base; the shipped one unless another is given.
        columns: For facts that are not called so in the frame, the names of their columns.
        on_error: What becomes of a value that no patient can have. "column" tells it in
            `errors`, and that row has no answer; "raise" raises FactsError with every such row.
        weights: Add a column `weight__CAUSE` for each cause, null where it is not listed.

    Raises FactsError for a column of the wrong type, and where two columns are about one fact.
    Warns of a column that is not taken into account though its name is nearly that of a fact.

    >>> import polars as pl
    >>> cramps = pl.DataFrame({"episodes_per_week": [3.0, None], "episode_minutes": [5.0, 5.0]})
    >>> assess_frame(cramps)["triage"].to_list()
    ['routine', 'self_care']
    """
    if on_error not in ON_ERROR:
        hint = did_you_mean(str(on_error), ON_ERROR)
        message = f"takes {' or '.join(map(repr, ON_ERROR))}, got {shorten(on_error)}{hint}"
        raise FactsError([FactProblem("on_error", on_error, message)])
    base = rules_or_shipped(rules)
    named = {} if columns is None else columns
    if not isinstance(named, Mapping):
        message = f"takes a mapping of facts to names of columns, got {shorten(named)}"
        raise FactsError.of(message, field="columns", value=named)
    assessed: Frame = _assess_native(frame, base, dict(named), on_error, weights=weights)
    for told in _overlooked(frame, base, named):
        warnings.warn(told, stacklevel=2)
    return assessed


def _overlooked(
    frame: Any,  # noqa: ANN401
    rules: RuleBase,
    columns: Mapping[str, str],
) -> Iterator[str]:
    from crampsrules.frames.inputs import overlooked
    from crampsrules.frames.outputs import Outputs

    # An answer of before is no slip: a cause may be called like a fact.
    added = set(Outputs.of(rules, weights=True, errors=True).names)
    names = [name for name in _names_of(frame) if name not in added]
    for name, meant in overlooked(names, columns):
        yield (
            f"the column {shorten(name)} was not taken into account: it is no fact, but nearly "
            f"{meant!r}; if it holds that, say so with columns={{{meant!r}: {shorten(name)}}}"
        )


def _names_of(frame: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(frame, nw.DataFrame | nw.LazyFrame):
        frame = frame.to_native()
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame.collect_schema().names()
    return list(getattr(frame, "column_names", getattr(frame, "columns", ())))


def _mind_twins(frame: Any) -> None:  # noqa: ANN401
    """Refuse two columns of one name, which only some kinds of frames can have."""
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return
    names = _names_of(frame)
    if hasattr(frame, "sparkSession") and not _minds_capitals(frame):
        names = [name.lower() for name in names]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise FactsError.of(f"two columns have the name {shorten(twice[0])}", field="frame")


def _minds_capitals(frame: Any) -> bool:  # noqa: ANN401
    return str(frame.sparkSession.conf.get("spark.sql.caseSensitive")).lower() == "true"


def _assess_native(
    frame: Any,  # noqa: ANN401
    rules: RuleBase,
    columns: Mapping[str, str],
    on_error: OnError,
    *,
    weights: bool,
) -> Any:  # noqa: ANN401
    from crampsrules.frames import eager, lazy
    from crampsrules.frames.outputs import Outputs

    if isinstance(frame, nw.DataFrame | nw.LazyFrame):
        native = _assess_native(frame.to_native(), rules, columns, on_error, weights=weights)
        return nw.from_native(native)
    _mind_twins(frame)
    outputs = Outputs.of(rules, weights=weights, errors=on_error == "column")
    if not is_dask_dataframe(frame):  # of which Narwhals warns
        known = nw.from_native(frame, pass_through=True)
        if isinstance(known, nw.DataFrame):
            return eager.assessed(frame, rules, columns, outputs)
        if not isinstance(known, nw.LazyFrame):
            raise lazy.not_taken(frame)
    if on_error == "raise":
        message = (
            "'raise' means to look at every row, and a lazy frame is not read before it is "
            "collected: take 'column', and look at the column `errors` then"
        )
        raise FactsError([FactProblem("on_error", on_error, message)])
    return lazy.assessed(frame, rules, columns, outputs)
