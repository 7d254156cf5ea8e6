"""Which way a frame goes: what it is, and what is done with frames of its kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

import narwhals as nw
import polars as pl
from narwhals.dependencies import is_dask_dataframe

from crampsrules.errors import FactsError, shorten
from crampsrules.frames import AnyFrame, OnError, eager, lazy
from crampsrules.frames.outputs import Outputs
from crampsrules.frames.slips import nearly_facts
from crampsrules.rulebase import RuleBase, rules_or_shipped


def overlooked(
    frame: AnyFrame, rules: RuleBase | None, columns: Mapping[str, str]
) -> Iterator[str]:
    """For each column whose name is nearly that of a fact, that it was not taken into account."""
    # An answer of before is no slip: a cause may be called like a fact.
    base = rules_or_shipped(rules)
    added = set(Outputs.of(base, weights=True, errors=True).names)
    names = [name for name in _names_of(frame) if name not in added]
    for name, meant in nearly_facts(names, columns, base.formulary):
        yield (
            f"the column {shorten(name)} was not taken into account: it is no fact, but nearly "
            f"{meant!r}; if it holds that, say so with columns={{{meant!r}: {shorten(name)}}}"
        )


def _names_of(frame: AnyFrame) -> list[Any]:
    if isinstance(frame, nw.DataFrame | nw.LazyFrame):
        frame = frame.to_native()
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return frame.collect_schema().names()
    # Asked of the class: a column may be called like any of these.
    names = "column_names" if hasattr(type(frame), "column_names") else "columns"
    return list(getattr(frame, names, ()))


def _refuse_twins(frame: AnyFrame) -> None:
    """Refuse two columns of one name, which only some kinds of frames can have."""
    if isinstance(frame, pl.DataFrame | pl.LazyFrame):
        return
    names = _names_of(frame)
    if lazy.is_of_spark(frame) and not _is_case_sensitive(frame):
        names = [name.lower() for name in names]
    if twice := [name for name, times in Counter(names).items() if times > 1]:
        raise FactsError.of(f"two columns have the name {shorten(twice[0])}", field="frame")


def _is_case_sensitive(frame: AnyFrame) -> bool:
    return str(frame.sparkSession.conf.get("spark.sql.caseSensitive")).lower() == "true"


def assessed(
    frame: AnyFrame,
    rules: RuleBase | None,
    columns: Mapping[str, str],
    on_error: OnError,
    *,
    weights: bool,
) -> AnyFrame:
    """The frame with the columns of an assessment. Raises FactsError."""
    base = rules_or_shipped(rules)
    if isinstance(frame, nw.DataFrame | nw.LazyFrame):
        native = assessed(frame.to_native(), base, columns, on_error, weights=weights)
        return nw.from_native(native)
    _refuse_twins(frame)
    outputs = Outputs.of(base, weights=weights, errors=on_error == "column")
    if not is_dask_dataframe(frame):  # of which Narwhals warns
        known = nw.from_native(frame, pass_through=True)
        if isinstance(known, nw.DataFrame):
            return eager.assessed(frame, base, columns, outputs)
        if not isinstance(known, nw.LazyFrame):
            raise lazy.not_taken(frame)
    if on_error == "raise":
        message = (
            "'raise' means to look at every row, and a lazy frame is not read before it is "
            "collected: take 'column', and look at the column `errors` then"
        )
        raise FactsError.of(message, field="on_error", value=on_error)
    return lazy.assessed(frame, base, columns, outputs)
