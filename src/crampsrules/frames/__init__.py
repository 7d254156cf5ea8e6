"""Assess every row of a data frame, where the data lives: `assess_frame`.

It comes with the extra `frames`.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any, Literal, TypeVar

from crampsrules.errors import FactsError, MissingExtraError, did_you_mean, shorten

if TYPE_CHECKING:
    from crampsrules.rulebase import RuleBase

__all__ = ["assess_frame"]

_PACKAGES = ("narwhals", "numpy", "polars", "pyarrow")

Frame = TypeVar("Frame")
# Of frames of so many packages type checkers know nothing that would hold of all.
AnyFrame = Any
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

    Raises FactsError for a column of the wrong type, where two columns are about one fact, and
    where no column is about any; and MissingExtraError without the extra `frames`.
    Warns of a column that is not taken into account though its name is nearly that of a fact.

    >>> import polars as pl
    >>> cramps = pl.DataFrame({"episodes_per_week": [3.0, None], "episode_minutes": [5.0, 5.0]})
    >>> assess_frame(cramps)["triage"].to_list()
    ['routine', 'self_care']
    """
    _check_arguments(columns, on_error, weights)
    require_packages()
    from crampsrules.frames import routing

    named = dict(columns or {})
    assessed: Frame = routing.assessed(frame, rules, named, on_error, weights=weights)
    for told in routing.overlooked(frame, rules, named):
        warnings.warn(told, stacklevel=2)
    return assessed


def _check_arguments(columns: object, on_error: object, weights: object) -> None:
    if on_error not in ON_ERROR:
        hint = did_you_mean(on_error, ON_ERROR)
        message = f"takes {' or '.join(map(repr, ON_ERROR))}, got {shorten(on_error)}{hint}"
        raise FactsError.of(message, field="on_error", value=on_error)
    if columns is not None and not isinstance(columns, Mapping):
        message = f"takes a mapping of facts to names of columns, got {shorten(columns)}"
        raise FactsError.of(message, field="columns", value=columns)
    if not isinstance(weights, bool):
        message = f"takes true or false, got {shorten(weights)}"
        raise FactsError.of(message, field="weights", value=weights)


def require_packages() -> None:
    """Raise MissingExtraError where a package that frames need is not there."""
    for package in _PACKAGES:
        try:
            import_module(package)
        except ImportError:
            raise MissingExtraError.for_extra("frames", package) from None
