"""The SQL itself: what is long and used again is written once, whoever runs it."""

from __future__ import annotations

import narwhals as nw

from crampsrules import RuleBase
from crampsrules.frames import sql
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import Outputs
from crampsrules.frames.spark_frames import Spark
from tests.frames.common import in_polars


def test_what_holds_advice_back_is_not_written_with_every_advice():
    """Where rows are copied it has a place of its own: an engine plans as long as a text is."""
    rules = RuleBase.load()
    schema = dict(nw.from_native(in_polars([{}])).collect_schema())
    outputs = Outputs(weights=(), errors=False)
    script = sql.Script.of(rules, Inputs.of(schema, rules), outputs, Spark(), "prefix:")
    stages = list(script.stages())

    assert stages
    for id_, advice in script.formulas.advice.items():
        assert len(script.expression(advice)) < sql._LONG, id_
