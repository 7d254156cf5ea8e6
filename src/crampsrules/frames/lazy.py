"""Frames that are not read before the user asks: nothing is collected here."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import polars as pl

from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import Outputs
from crampsrules.frames.polars_frames import Assessor, schema_of
from crampsrules.rulebase import RuleBase


def assessed(
    frame: Any,  # noqa: ANN401
    rules: RuleBase,
    columns: Mapping[str, str],
    *,
    weights: bool,
) -> Any:  # noqa: ANN401
    """The frame with the columns added, still to be worked out."""
    outputs = Outputs.of(rules, weights=weights, errors=True)
    if isinstance(frame, pl.LazyFrame):
        schema = frame.collect_schema()
        outputs.refuse_clashes(schema)
        inputs = Inputs.of(schema_of(frame), rules, columns)
        return Assessor.of(rules, inputs, outputs).assessed(frame)
    raise NotImplementedError
