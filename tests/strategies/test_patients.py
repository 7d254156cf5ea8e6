"""Patients: what was asked for is what is drawn, and all of it is."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.strategies import DataObject

from crampsrules import PatientFacts, Triage, assess
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.strategies import InvalidStrategyError, patient_facts, rule_bases
from crampsrules.strategies.solving import solver_for
from crampsrules.strategies.values import Values
from tests.drawing import fact_mappings, fewer
from tests.processes import run_python
from tests.strategies.common import CAUSES, NUMBERS, SHIPPED, drawn, listed, triage
from tests.written_rules import rules_of, urgent

# --- What is asked for is drawn -----------------------------------------------------------------


@pytest.mark.parametrize("level", list(Triage))
def test_patients_have_the_triage_that_was_asked_for(level):
    """Exactly that level, by the assessment itself; the name of a level will do."""

    @given(patient_facts(triage=level), patient_facts(triage=level.id))
    @fewer(2)
    def check(facts, others):
        assert triage(facts) is level
        assert triage(others) is level

    check()


@given(st.data())
def test_the_suspected_cause_is_listed(data: DataObject):
    """Any cause, those that stand alone included."""
    cause = data.draw(st.sampled_from(CAUSES))

    facts = data.draw(patient_facts(suspected=cause))

    assert cause in listed(facts)


@given(st.data(), fact_mappings())
def test_what_is_known_stays_and_what_is_unknown_stays_unknown(data, mapping):
    """A value of None asks for a fact that is never known."""
    known = dict(list(mapping.items())[:5])
    unknown = data.draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=5))
    unknown = [name for name in unknown if name not in known]

    facts = data.draw(patient_facts(known={**known, **dict.fromkeys(unknown)}))

    assert {name: facts.known()[name] for name in known} == PatientFacts(**known).known()
    assert facts.known().keys().isdisjoint(unknown)


@given(st.data())
def test_a_number_lies_on_or_next_to_a_threshold(data):
    """On it, or so near that one more step reaches it."""
    name = data.draw(st.sampled_from(NUMBERS))

    value = getattr(data.draw(patient_facts(at_threshold=name)), name)

    assert min(abs(value - mark) for mark in Values.of(SHIPPED).thresholds[name]) <= 1


@given(st.data())
@fewer(2)
def test_wishes_are_met_together(data):
    """Whatever combination is asked for: either each part is so, or the error says what is not."""
    level = data.draw(st.sampled_from(Triage))
    cause = data.draw(st.sampled_from(CAUSES))
    wish = {"triage": level, "suspected": cause, "at_threshold": "episodes_per_week"}
    wished = data.draw(st.sets(st.sampled_from(sorted(wish)), min_size=2))

    try:
        facts = data.draw(patient_facts(**{name: wish[name] for name in wished}))
    except InvalidStrategyError as error:
        assert "no patient was found" in str(error)  # noqa: PT017 - only some wishes fail
        assert {"triage", "suspected"} <= wished
        return

    assert "triage" not in wished or triage(facts) is level
    assert "suspected" not in wished or cause in listed(facts)
    assert "at_threshold" not in wished or facts.episodes_per_week is not None


@given(rule_bases(), st.data())
@fewer(2)
def test_wishes_are_met_for_any_rule_base(rules, data):
    """Also for rules that nobody thought of when this was written."""
    level = data.draw(st.sampled_from(Triage))

    try:
        facts = data.draw(patient_facts(triage=level, rules=rules))
    except InvalidStrategyError:
        levels = {one.triage for one in rules.escalations}
        assert level not in levels or len(rules.escalations) > 1 or not _fires_alone(rules, level)
        return

    assert assess(facts, rules=rules, engine="compiled").triage is level


def _fires_alone(rules, level):
    """Whether some way to an escalation of a level leads to it, tried by another route."""
    solver = solver_for(rules)
    return any(
        assess(known, rules=rules, engine="compiled").triage is level
        for one in rules.escalations
        if one.triage is level
        for way in solver.ways(one.id)
        for known in solver.examples(way, 1)
    )


@given(st.data())
@fewer(2)
def test_patients_of_a_drawn_rule_base_make_its_rules_fire(data):
    """The values that its rules look at are drawn for it."""
    rules = data.draw(rule_bases())

    facts = data.draw(patient_facts(rules=rules))

    assert assess(facts, rules=rules, engine="compiled").rules_version == rules.version


# --- All of it is drawn -------------------------------------------------------------------------


def test_nearly_every_fact_is_drawn_and_most_rules_fire():
    """Among a thousand patients; and some of whom nothing or very much is known."""
    engine = engine_for(SHIPPED, "compiled")

    patients = drawn(patient_facts(), 1000)

    fired = frozenset().union(*map(engine.fire, patients))
    assert len({name for facts in patients for name in facts.known()}) > 0.97 * len(FACTS)
    assert len(fired & SHIPPED.rules.keys()) > 0.7 * len(SHIPPED.rules)
    assert any(not facts.known() for facts in patients)
    assert max(len(facts.known()) for facts in patients) > len(FACTS) / 3


@pytest.mark.parametrize(
    "wish",
    [
        {"known": {"weakness": True}},
        {"triage": "emergency"},
        {"suspected": "alcohol"},
        {"at_threshold": "egfr"},
    ],
    ids=lambda wish: next(iter(wish)),
)
def test_patients_have_more_than_was_asked_for(wish):
    """Whatever else leaves the wish fulfilled."""
    patients = drawn(patient_facts(**wish), 15)

    assert max(len(facts.known()) for facts in patients) >= 5
    assert len({frozenset(facts.known()) for facts in patients}) > 5


def test_what_was_asked_for_is_met_in_many_ways():
    """Not by one example for each rule: all values that meet it are drawn."""
    rules = rules_of(urgent("one", "age_years > 40"))

    ages = {facts.age_years for facts in drawn(patient_facts(triage="same_day", rules=rules), 25)}

    assert len(ages) > 3
    assert min(ages) > 40


def test_every_fallback_cause_is_drawn_as_suspected():
    """It stands alone, so that whatever else is known must suspect nothing else."""
    fallbacks = [cause.id for cause in SHIPPED.causes.values() if cause.fallback]

    assert fallbacks
    for cause in fallbacks:
        assert all(cause in listed(facts) for facts in drawn(patient_facts(suspected=cause), 15))


def test_a_known_number_may_lie_on_a_threshold_or_not():
    """Where it does, it stays; where it does not, nobody is both."""
    at, known = Values.of(SHIPPED).thresholds["egfr"][0], {"egfr": 77.7}

    on_it = drawn(patient_facts(known={"egfr": at}, at_threshold="egfr"), 5)

    assert {facts.egfr for facts in on_it} == {at}
    with pytest.raises(InvalidStrategyError, match="no patient was found"):
        drawn(patient_facts(known=known, at_threshold="egfr"), 1)


def test_a_wish_that_nobody_meets_is_repeated_in_full():
    """Each part of it, as it was asked."""
    wish = patient_facts(
        triage="self_care",
        suspected="alcohol",
        known={"saddle_numbness": True, "age_years": None},
        at_threshold="egfr",
    )

    with pytest.raises(InvalidStrategyError) as raised:
        drawn(wish, 1)

    assert str(raised.value) == (
        "no patient was found for known={'saddle_numbness': True}, unknown=['age_years'], "
        "triage='self_care', suspected='alcohol', at_threshold='egfr'"
    )


# --- Rules of our own ---------------------------------------------------------------------------


def test_patients_of_a_single_rule_make_it_fire():
    """Of one rule there is no other to pick."""
    rules = rules_of(urgent("one", "fever and thirst"))

    patients = drawn(patient_facts(rules=rules), 200)

    levels = [assess(facts, rules=rules, engine="compiled").triage for facts in patients]
    assert set(levels) == {Triage.SELF_CARE, Triage.SAME_DAY}


# --- What Hypothesis finds by itself ------------------------------------------------------------


def test_from_type_needs_no_import_of_ours_and_reads_no_rules_before():
    """The entry point is found by Hypothesis, and costs nothing until it is used."""
    printed = run_python(
        "import sys\n"
        "from hypothesis import find, strategies as st\n"
        "print('crampsrules.rulebase' in sys.modules, 'crampsrules.strategies' in sys.modules)\n"
        "from crampsrules import PatientFacts\n"
        "print(find(st.from_type(PatientFacts), lambda facts: facts.weakness))\n"
    )

    assert printed.splitlines() == ["False False", "PatientFacts(weakness=True)"]


@pytest.mark.parametrize("module", ["crampsrules.strategies", "crampsrules.testing"])
def test_without_hypothesis_the_error_names_the_extra(module):
    """And the rest of the library works."""
    printed = run_python(
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "import crampsrules\n"
        "print(crampsrules.assess(weakness=True).triage.name)\n"
        "try:\n"
        f"    import {module}\n"
        "except crampsrules.MissingExtraError as error:\n"
        "    print(error.extra, error)\n"
    )

    assert "hypothesis this needs the package hypothesis" in printed
    assert 'pip install "crampsrules[hypothesis]"' in printed
