"""What patients have besides what was asked for: facts that go together, and many or few."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crampsrules import PatientFacts
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.strategies.noise import _retold, _rule_story, few_facts, most_kept, names_of, noise
from crampsrules.strategies.plausible import made_coherent
from tests.strategies.common import SHIPPED, drawn
from tests.written_rules import law, rules_of, urgent


def test_patients_have_what_several_rules_ask_for():
    """One story can tell of two rules at once, and of any of them."""
    first, second = "fever and thirst", "dialysis and bruising"
    rules = rules_of(urgent("a", first), urgent("b", second))
    fire = engine_for(rules, "compiled").fire

    stories = _retold(rules, _rule_story)
    patients = [made_coherent(known, plausible=True) for known in drawn(stories, 150)]

    fired = {fire(PatientFacts.from_mapping(known)) for known in patients}
    assert {frozenset("a"), frozenset("b"), frozenset("ab")} <= fired


def test_what_the_rules_ask_about_is_drawn_most():
    """Also what only a law asks about, and a fact that none asks about now and then."""
    rules = rules_of(urgent("a", "fever and egfr < 30"), law("thirst"))

    names = drawn(names_of(rules), 300)

    asked = {"thirst", "fever", "egfr"}
    assert asked <= set(names)
    assert 0.5 < sum(name in asked for name in names) / len(names) < 0.9
    assert len(set(names)) > 20


def test_patients_have_what_a_law_asks_for():
    """Facts go together for its sake as they do for a rule's."""
    rules = rules_of(urgent("a", "fever"), law("thirst and injury and bruising"))
    stories = _retold(rules, _rule_story)

    told = [{"thirst", "injury", "bruising"} <= known.keys() for known in drawn(stories, 100)]

    assert sum(told) > 10


def test_a_few_facts_are_eight_at_most():
    """From none on."""
    sizes = {len(known) for known in drawn(few_facts(SHIPPED), 100)}

    assert min(sizes) == 0
    assert 5 <= max(sizes) <= 8


def test_of_some_patients_nothing_is_known_and_of_others_very_much():
    """Facts by the hundred are left to chance, not to what some rule asks for."""
    sizes = [len(known) for known in drawn(noise(SHIPPED), 400)]

    assert min(sizes) == 0
    assert max(sizes) > len(FACTS) / 3


@given(
    st.dictionaries(st.integers(0, 40), st.none()),
    st.lists(st.frozensets(st.integers(0, 40), min_size=1, max_size=3), max_size=6),
)
def test_as_many_facts_as_can_be_are_kept(more, clashes):
    """What is kept holds, and nothing that was left out could have been added to it."""

    def holds(known):
        return not any(clash <= known.keys() for clash in clashes)

    kept = most_kept({}, more, holds)

    assert holds(kept)
    assert all(not holds({**kept, one: None}) for one in more.keys() - kept.keys())
