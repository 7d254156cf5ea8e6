"""The SQL itself: it means what the formulas mean, and is no longer than need be."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cache
from itertools import product
from typing import Any

import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase
from crampsrules.conditions import COMPARE
from crampsrules.engines.columnar import (
    Compares,
    Every,
    Formula,
    HasBits,
    Holds,
    IsKnown,
    IsOneOf,
    Named,
    Not,
    Outside,
    Some,
)
from crampsrules.facts import FACTS
from crampsrules.frames import sql
from crampsrules.frames.dialect import Dialect
from crampsrules.frames.duckdb_frames import DuckDB
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.lazy import with_stage
from crampsrules.frames.outputs import Outputs
from crampsrules.frames.spark_frames import Spark
from tests.drawing import fewer
from tests.frames.common import in_polars
from tests.written_rules import rules_of, urgent


def script_of(rules: RuleBase, dialect: Dialect, frame: pl.DataFrame) -> sql.Script:
    """What turns these rules into SQL over the columns of a frame."""
    inputs = Inputs.of(dict(nw.from_native(frame).collect_schema()), rules)
    return sql.Script.of(rules, inputs, Outputs(weights=(), errors=False), dialect, "prefix:")


@cache
def shipped_for_spark() -> sql.Script:
    """The shipped rules, with all their stages written."""
    script = script_of(RuleBase.load(), Spark(), in_polars([{}]))
    assert list(script.stages())
    return script


def test_what_holds_advice_back_is_not_written_with_every_advice():
    """Where rows are copied it has a place of its own: an engine plans as long as a text is."""
    script = shipped_for_spark()

    for id_, advice in script.formulas.advice.items():
        assert len(script.expression(advice)) < sql._LONG, id_


# --- Formulas -----------------------------------------------------------------------------------

RULES_OF_FEW = rules_of(
    urgent("a", 'fever and (thirst or age_years > 50) and not (numbness and "night" in timing)'),
    urgent("b", 'fever and not (thirst or "night" in timing or "walking" in timing)'),
    urgent("c", 'age_years < 45 or ("night" in timing or ("walking" in timing or fever))'),
)
PEOPLE = in_polars(
    [
        {"fever": fever, "thirst": thirst, "age_years": age, "timing": timing}
        for fever, thirst, age, timing in product(
            (True, False, None),
            (True, False, None),
            (40.0, 60.0, None),
            ([], ["night"], ["night", "walking"], None),
        )
    ]
)


def holds(formula: Formula, row: Mapping[str, Any], named: Mapping[str, Formula]) -> bool:
    """Whether a formula is known to be true of a row, read off its meaning."""
    match formula:
        case Named(name):
            return holds(named[name], row, named)
        case Every(parts):
            return all(holds(part, row, named) for part in parts)
        case Some(parts):
            return any(holds(part, row, named) for part in parts)
        case Not(part):
            return not holds(part, row, named)
        case IsKnown(column, wanted):
            return (row[column] is not None) is wanted
        case Holds(column, wanted):
            return row[column] is wanted
        case Compares(column, sign, bound):
            return row[column] is not None and COMPARE[sign](row[column], bound)
        case HasBits(column, bits, wanted):
            stated = row[f"prefix:{column}"]
            return stated is not None and bool(stated & bits) is wanted
        case Outside() | IsOneOf():
            raise AssertionError(formula)  # no rule here asks so


NIGHT, WALKING = (1 << FACTS["timing"].members.index(one) for one in ("night", "walking"))
TESTS: Sequence[Formula] = [
    Holds("fever", wanted=False),
    IsKnown("age_years"),
    *(
        HasBits("timing:stated:0", bits, wanted)
        for bits in (NIGHT, WALKING)
        for wanted in (True, False)
    ),
]


def formulas(named: Sequence[Formula]) -> st.SearchStrategy[Formula]:
    """Some of these within each other, in every way."""
    return st.recursive(
        st.sampled_from(TESTS) | st.sampled_from(named),
        lambda inner: st.one_of(
            st.lists(inner, max_size=4).map(lambda parts: Every(tuple(parts))),
            st.lists(inner, max_size=4).map(lambda parts: Some(tuple(parts))),
            inner.map(Not),
        ),
        max_leaves=12,
    )


@cache
def few_in_duckdb(*, copies_rows: bool) -> tuple[sql.Script, Sequence[Mapping[str, str]]]:
    """The rules of few and their stages, in columns or in bits."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DuckDB, "copies_rows", copies_rows)
        patched.setattr(sql, "_WORTH_COPYING", 1)
        script = script_of(RULES_OF_FEW, DuckDB(), PEOPLE)
        return script, list(script.stages())


@pytest.mark.parametrize("copies_rows", [False, True])
@fewer(2)
@given(data=st.data())
def test_a_formula_is_true_of_those_it_is_true_of(copies_rows, data):
    """Taken apart and put together anew as it is, in columns or in bits, with nulls everywhere."""
    script, stages = few_in_duckdb(copies_rows=copies_rows)
    named = [Named(name) for name in script._formula]
    asked = data.draw(st.lists(formulas(named), min_size=9))
    written = {str(at): script.expression(one) for at, one in enumerate(asked)}

    with duckdb.connect() as connection:
        people = connection.from_arrow(PEOPLE.to_arrow())
        for stage in (*stages, written):
            people = with_stage(people, stage, DuckDB())
        found = people.pl().to_dicts()

    for row in found:
        for at, one in enumerate(asked):
            assert (row[str(at)] is True) is holds(one, row, script._formula), one


def test_brackets_stand_only_round_what_has_an_or():
    """Spark reads on to the end of each, to see what it means: they cost as much as they hold."""
    script = shipped_for_spark()
    innermost = re.compile(r"(\b(?:IN |(?!AND|OR|NOT|WHEN)\w+))?\(([^()]*)\)")

    for name in script._formula:
        written = script.expression(Named(name))
        while found := innermost.search(written):
            assert found[1] or " OR " in found[2], name
            written = written[: found.start()] + "it" + written[found.end() :]
