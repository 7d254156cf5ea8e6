"""No single further fact talks an emergency down: all facts, at all values that tell, not samples.

For each escalation a patient is built for every way in which it can fire, from the fewest facts.
To each of them every other fact is added, at each value that any rule could tell from another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from functools import cache
from typing import Any

import pytest
from attrs import frozen

from crampsrules import FactsError, PatientFacts, RuleBase, Triage
from crampsrules.conditions import Comparison, atoms
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS, Fact
from crampsrules.fold import active_escalations
from crampsrules.rules import Escalation, unless_id
from tests.satisfying import numbers_near, patients_making_true

RULES = RuleBase.load()
EMERGENCIES = [one for one in RULES.escalations if one.triage is Triage.EMERGENCY]
SAME_DAY = [one for one in RULES.escalations if one.triage is Triage.SAME_DAY]
LESSER = [one for one in RULES.escalations if one.triage in (Triage.SOON, Triage.ROUTINE)]


# --- What is added ------------------------------------------------------------------------------


@cache
def thresholds() -> Mapping[str, frozenset[float]]:
    """The numbers that any rule or law compares a fact with."""
    found: dict[str, set[float]] = {}
    for condition in (*RULES.conditions.values(), *RULES.law_conditions.values()):
        for atom in atoms(condition):
            if isinstance(atom, Comparison):
                found.setdefault(atom.fact, set()).add(atom.value)
    return {name: frozenset(values) for name, values in found.items()}


@cache
def decisive_values(fact: Fact) -> tuple[Any, ...]:
    """Every value of a fact that a rule could tell from another: each member, side and edge."""
    match fact.kind:
        case "flag":
            return (True, False)
        case "choice":
            return fact.members
        case "members":
            return (frozenset(), *(frozenset({one}) for one in fact.members))
        case "medicines":
            unheard = frozenset({"some unheard-of tonic"})
            return (frozenset(), unheard, *(frozenset({one}) for one in RULES.formulary.classes))
        case _:
            return tuple(numbers_near(fact, thresholds().get(fact.name, ())))


@frozen
class Added:
    """A patient and the one fact that was added."""

    facts: dict[str, Any]
    fact: str


def with_each_other_fact(patient: dict[str, Any]) -> Iterator[Added]:
    """The patient with every fact that is still unknown, at each of its decisive values."""
    for name, fact in FACTS.items():
        if name not in patient:
            for value in decisive_values(fact):
                yield Added({**patient, name: value}, name)


def with_each_further_member(patient: dict[str, Any]) -> Iterator[Added]:
    """The patient with one more member in each set that is known."""
    for name, known in patient.items():
        if isinstance(known, frozenset):
            for value in decisive_values(FACTS[name]):
                if not value <= known:
                    yield Added({**patient, name: known | value}, name)


def would_take_the_place_of(patient: Mapping[str, Any]) -> set[str | None]:
    """The measured values of what the patient was only told.

    One goes before the report, so the trigger is taken away rather than a fact added.
    """
    return {FACTS[name].measured_by for name in patient}


# --- What must not change -----------------------------------------------------------------------


def fired(patient: PatientFacts, rules: RuleBase = RULES) -> frozenset[str]:
    return engine_for(rules, "compiled").fire(patient)


def triage(ids: frozenset[str], rules: RuleBase = RULES) -> Triage:
    return max((one.triage for one in active_escalations(rules, ids)), default=Triage.SELF_CARE)


def read(facts: Mapping[str, Any]) -> PatientFacts | None:
    """The patient, or None where two facts contradict each other by definition."""
    try:
        return PatientFacts.from_mapping(facts)
    except FactsError:
        return None


def lowered(one: Escalation, patient: PatientFacts, rules: RuleBase = RULES) -> bool:
    """Whether triage is below the level of the escalation, and its own `unless` does not say so."""
    ids = fired(patient, rules)
    if one.id in ids or unless_id(one.id) in ids:
        return False
    return triage(ids, rules) < one.triage


@pytest.fixture(scope="module")
def tally(request) -> Iterator[Counter[str]]:
    """How many patients of each kind were judged; told at the end of the run."""
    counted: Counter[str] = Counter()
    yield counted
    told = "; ".join(f"{what}: {number:,}" for what, number in sorted(counted.items()))
    with request.config.pluginmanager.get_plugin("capturemanager").global_and_fixture_disabled():
        print(f"\n{told}")  # noqa: T201 - what was covered belongs in the report


def check(
    one: Escalation, patient: dict[str, Any], added: Iterator[Added], tally: Counter[str]
) -> None:
    judged = 0
    measured = would_take_the_place_of(patient)
    for further in added:
        if (read_as := read(further.facts)) is None:
            tally[f"{one.triage.id}, refused as contradictory"] += 1
        elif further.fact in measured:
            tally[f"{one.triage.id}, trigger replaced by a measured value"] += 1
        else:
            judged += 1
            assert not lowered(one, read_as), (one.id, further)
    tally[f"{one.triage.id}, patients judged"] += judged


def by_id(escalations: list[Escalation]):
    return pytest.mark.parametrize("one", escalations, ids=lambda one: one.id)


@by_id(EMERGENCIES)
def test_every_way_to_an_emergency_is_one_by_itself(one):
    """The fewest facts that fire it are enough, with nothing else known."""
    patients = list(patients_making_true(RULES, RULES.conditions[one.id]))

    assert patients
    assert {triage(fired(PatientFacts.from_mapping(facts))) for facts in patients} == {
        Triage.EMERGENCY
    }


@by_id(EMERGENCIES)
def test_no_single_further_fact_lowers_an_emergency(one, tally):
    """Every other fact at every value that tells, and every further member of a known set."""
    for patient in patients_making_true(RULES, RULES.conditions[one.id]):
        check(one, patient, with_each_other_fact(patient), tally)
        check(one, patient, with_each_further_member(patient), tally)


@by_id(SAME_DAY)
def test_no_single_further_fact_lowers_a_same_day_reason(one, tally):
    """Unless the rule's own `unless` names it and is true."""
    for patient in patients_making_true(RULES, RULES.conditions[one.id]):
        check(one, patient, with_each_other_fact(patient), tally)


@pytest.mark.deep
@by_id(LESSER)
def test_no_single_further_fact_lowers_a_lesser_reason(one, tally):
    """Unless the rule's own `unless` names it and is true."""
    for patient in patients_making_true(RULES, RULES.conditions[one.id]):
        check(one, patient, with_each_other_fact(patient), tally)


@by_id(EMERGENCIES)
def test_an_emergency_has_no_unless(one):
    """What must be seen now is never talked away by an exception."""
    assert one.unless is None
    assert one.holds


@pytest.mark.parametrize("one", [*EMERGENCIES, *SAME_DAY], ids=lambda one: one.id)
def test_whoever_must_be_seen_today_is_not_sent_to_exercise(one):
    """Every reason to be seen today or now holds back at least what is to prevent cramps."""
    assert "prevention" in one.holds


# --- The check itself ---------------------------------------------------------------------------


def test_every_fact_is_added():
    """At two values or more each, a number at all its thresholds and at both ends."""
    for fact in FACTS.values():
        values = decisive_values(fact)
        assert len(values) >= 2
        if fact.kind == "number":
            assert {fact.low, fact.high} <= set(values)
            assert thresholds().get(fact.name, frozenset()) <= set(values)


MISTAKEN = """
[[sources]]
id = "book"
title = "A book"

[[escalations]]
id = "mistaken"
when = '"calf" not in sites and fever'
triage = "emergency"
reason = "A rule that a further place of pain would silence."
source = "book"
"""


def test_the_check_finds_an_emergency_that_can_be_lowered():
    """In a rule base with such a mistake, the same check names the fact that does it."""
    rules = RuleBase.from_texts({"mistaken.toml": MISTAKEN})
    (one,) = rules.escalations
    (patient,) = patients_making_true(rules, rules.conditions[one.id])

    found = [
        added
        for added in with_each_further_member(patient)
        if lowered(one, PatientFacts.from_mapping(added.facts), rules)
    ]

    assert {added.fact for added in found} == {"sites"}
    assert {"calf"} in [added.facts["sites"] for added in found]
