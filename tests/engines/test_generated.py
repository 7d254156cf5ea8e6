"""The generated functions: names and integers, few rules and many, and what they remember."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.grown import grown
from crampsrules import PatientFacts, RuleBase
from crampsrules.engines import engine_for, generated
from crampsrules.engines.compiled import CompiledEngine
from crampsrules.engines.generated import Program, _Naming, _Writer
from crampsrules.ids import Ids
from tests.drawing import fewer, patients, rule_bases
from tests.engines.common import HERE, inferred


@pytest.mark.parametrize("many", [0, 10**6], ids=["ors apart", "ors together"])
@fewer(2)
@given(data=st.data())
def test_both_ways_of_writing_fire_what_the_oracle_fires(many, data):
    """By name and by number, whichever way the number of rules would choose."""
    rules = data.draw(rule_bases())
    facts = data.draw(patients(rules))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(generated, "MANY", many)
        engine = CompiledEngine(rules)
        fired, number = engine.fire(facts), engine.fire_number(facts)

    assert fired == inferred(rules, facts)
    assert Ids.of(rules).named(number) == tuple(sorted(fired))


@fewer(3)
@given(patients())
def test_every_engine_gives_the_number_of_what_it_fires(facts):
    """With the shipped rules."""
    rules = RuleBase.load()
    for name in HERE:
        engine = engine_for(rules, name)
        assert engine.fire_number(facts) == Ids.of(rules).number(engine.fire(facts)), name


@pytest.mark.parametrize("size", [600, 6000])
def test_many_rules_fire_what_the_oracle_fires(size):
    """On patients of whom little, half and everything is known."""
    from benchmarks.measuring import draw_patients

    rules = grown(size)
    engine = CompiledEngine(rules)
    ids = Ids.of(rules)
    for share in (0.05, 0.5, 1.0):
        for facts in draw_patients(rules, share)[:3]:
            fired = engine.fire(facts)
            assert fired == inferred(rules, facts)
            assert ids.named(engine.fire_number(facts)) == tuple(sorted(fired))


def test_ten_thousand_rules_are_generated_with_as_many_lines():
    """In a few lines for each, and not in their square."""
    few, many = (
        sum(1 for _ in _Writer(Program.of(grown(size)), _Naming()).lines())
        for size in (1000, 10_000)
    )

    assert many < 12 * few
    assert CompiledEngine(grown(10_000)).fire(PatientFacts()) == frozenset()
