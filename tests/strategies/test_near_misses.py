"""Pairs of patients on two sides of a threshold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.strategies import InvalidStrategyError, near_misses, rule_bases
from crampsrules.strategies.near_misses import edges_for
from crampsrules.strategies.values import Values
from tests.drawing import fewer
from tests.strategies.common import SHIPPED, drawn
from tests.written_rules import rules_of, urgent


@given(near_misses())
def test_a_near_miss_differs_in_one_number_and_in_what_fires(pair):
    """The lower one first; some rule fires for exactly one of them."""
    below, above = pair
    engine = engine_for(SHIPPED, "compiled")

    differing = [name for name in FACTS if getattr(below, name) != getattr(above, name)]

    assert len(differing) == 1
    assert getattr(below, differing[0]) < getattr(above, differing[0])
    assert engine.fire(below) != engine.fire(above)


@given(st.data())
def test_a_near_miss_is_about_the_fact_that_was_asked_for(data):
    """And its two values stand on two sides of one of the thresholds of that fact."""
    name = data.draw(st.sampled_from(sorted({fact for fact, _ in edges_for(SHIPPED).by_threshold})))

    below, above = data.draw(near_misses(fact=name))

    marks = Values.of(SHIPPED).thresholds[name]
    assert any(getattr(below, name) <= mark <= getattr(above, name) for mark in marks)


def test_nearly_every_threshold_of_the_shipped_rules_has_near_misses():
    """The few without are those that no single rule turns on, such as an end of the scale."""
    every = {
        (fact, mark) for fact, marks in Values.of(SHIPPED).thresholds.items() for mark in marks
    }

    assert len(edges_for(SHIPPED).by_threshold) > 0.85 * len(every)


def test_the_widest_pair_of_a_threshold_reaches_to_the_end_of_the_scale():
    """Where the rule goes so far; some rule fires for exactly one of the two."""
    rules = rules_of(urgent("high", "egfr > 90"), urgent("middle", "100 <= sodium_mmol_l < 140"))
    fire = engine_for(rules, "compiled").fire

    pairs = [*edges_for(rules).widest()]

    assert all(fire(below) != fire(above) for below, above in pairs)
    assert [above.egfr for _, above in pairs if above.egfr] == [FACTS["egfr"].high]
    ends = {(below.sodium_mmol_l, above.sodium_mmol_l) for below, above in pairs}
    assert (139.0, 140.0) in ends


def test_the_narrowest_pair_of_a_threshold_is_lost_to_whoever_rounds():
    """A hundredth apart, or one where there are whole numbers; never two floats side by side."""
    rules = rules_of(urgent("high", "egfr > 90"), urgent("pain", "pain_severity >= 7"))
    fire = engine_for(rules, "compiled").fire

    pairs = [*edges_for(rules).narrowest()]

    assert all(fire(below) != fire(above) for below, above in pairs)
    assert [(below.egfr, above.egfr) for below, above in pairs if above.egfr] == [(90.0, 90.01)]
    severities = [(below.pain_severity, above.pain_severity) for below, above in pairs]
    assert (6, 7) in severities


def test_a_threshold_short_of_another_is_passed_as_far_as_it_takes():
    """What lies just beyond it does not fire the rule yet."""
    rules = rules_of(urgent("both", "0.8 < ankle_brachial_index >= 1.4"))
    fire = engine_for(rules, "compiled").fire

    pairs = drawn(near_misses(rules=rules), 60)

    assert {below.ankle_brachial_index for below, _ in pairs} > {0.8}
    assert all(fire(below) != fire(above) for below, above in pairs)


@given(rule_bases(), st.data())
@fewer(2)
def test_near_misses_of_any_rule_base_turn(rules, data):
    """Where a rule base has no threshold that decides anything, the error says so."""
    try:
        below, above = data.draw(near_misses(rules=rules))
    except InvalidStrategyError as error:
        assert "no rule has a threshold" in str(error)  # noqa: PT017 - some rule bases have one
        return

    engine = engine_for(rules, "compiled")
    assert engine.fire(below) != engine.fire(above)


def test_a_near_miss_decides_though_more_is_known():
    """What else is drawn with it must leave the rule to the number."""
    rules = rules_of(urgent("one", "(egfr < 30 and age_years > 50) or age_years > 80"))
    fire = engine_for(rules, "compiled").fire

    pairs = drawn(near_misses(fact="egfr", rules=rules), 200)

    assert all(fire(below) == {"one"} and not fire(above) for below, above in pairs)
    assert len({below.age_years for below, _ in pairs}) > 5
    assert max(len(below.known()) for below, _ in pairs) > 4


def test_a_rule_for_nobody_has_no_near_misses():
    """Facts that contradict each other stand on no side of a threshold."""
    rules = rules_of(urgent("one", "dialysis and not kidney_disease and age_years > 50"))

    with pytest.raises(InvalidStrategyError, match="no rule has a threshold"):
        drawn(near_misses(rules=rules), 1)
