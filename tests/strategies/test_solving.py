"""The ways to fire a rule, read off its condition."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.strategies import rule_bases
from crampsrules.strategies.solving import solver_for, thinned
from tests.drawing import fewer
from tests.strategies.common import SHIPPED


def test_every_way_to_fire_a_rule_fires_it():
    """Ways are read off the conditions; the readable evaluator agrees with every one."""
    solver = solver_for(SHIPPED)
    for id_ in SHIPPED.conditions:
        ways = solver.ways(id_)
        assert ways, id_
        for way in ways:
            for known in solver.examples(way, 2):
                facts = PatientFacts.from_mapping(known)
                observed = observe(facts, SHIPPED.formulary)
                assert Inference(SHIPPED, observed).verdict(id_) is True, (id_, facts)


@given(rule_bases())
@fewer(2)
def test_every_way_to_fire_a_rule_of_any_rule_base_fires_it(rules):
    """Unless its facts contradict each other."""
    solver = solver_for(rules)
    for id_ in rules.conditions:
        for way in thinned(solver.ways(id_), 20):
            for known in solver.examples(way, 1):
                try:
                    facts = PatientFacts.from_mapping(known)
                except FactsError:
                    continue
                inference = Inference(rules, observe(facts, rules.formulary))
                assert inference.verdict(id_) is True, (id_, facts)


@given(st.lists(st.integers()), st.integers(1, 20))
def test_thinning_keeps_the_first_and_the_order(some, most):
    """At most so many, and all where they are few."""
    kept = thinned(some, most)

    assert len(kept) == min(len(some), most)
    assert kept[:1] == some[:1]
    places = iter(some)
    assert all(one in places for one in kept)
