"""What must hold for every patient, whatever the rules say: C1 to C40 and the safety of advice.

The laws are written from their sources, apart from the rules that should make them so; here every
patient that the tests can think of is held to them, and rules are dropped to see a law break.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from itertools import product
from typing import Any

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import Assessment, PatientFacts, RuleBase, Triage, assess
from crampsrules.assessment import GivenAdvice
from crampsrules.conditions import ALWAYS, Comparison, Condition, atoms
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.fold import fold
from crampsrules.inference import Inference
from crampsrules.laws import binding_laws, breaches, broken_laws
from crampsrules.observations import observe
from crampsrules.rules import Advice, Law, caution_id, unless_id
from tests.drawing import fewer, patients
from tests.satisfying import (
    is_coherent,
    near_examples,
    numbers_near,
    patients_making_true,
    together,
)

RULES = RuleBase.load()
LAWS = {law.id: law for law in RULES.laws}
ADVICE = {one.id: one for one in RULES.advice}
HOLDING = frozenset(one.id for one in RULES.escalations if one.holds)


def told(assessment: Assessment) -> dict[str, list[str]]:
    """Every breach, by the law that is broken."""
    return {law.id: list(breaches(law, assessment)) for law in broken_laws(assessment)}


def patients_for(law: Law) -> Iterator[dict[str, Any]]:
    """The fewest facts for each way in which a law applies."""
    return patients_making_true(RULES, RULES.law_conditions[law.id])


each_law = pytest.mark.parametrize("law", RULES.laws, ids=lambda law: law.id)


# --- Which laws there are -----------------------------------------------------------------------


def test_every_contraindication_stands_as_a_law():
    """C1 to C40, each at least once."""
    numbers = {int(found[1]) for id_ in LAWS if (found := re.match(r"C(\d+)", id_))}

    assert numbers == set(range(1, 41))


@each_law
def test_a_law_is_stated_on_plain_facts(law):
    """Not on findings or suspicions: a mistake in those must not reach the law as well."""
    found = {type(atom).__name__ for atom in atoms(RULES.law_conditions[law.id])}

    assert found <= {"Flag", "Comparison", "OneOf", "Member"}


# --- Patients held to them ----------------------------------------------------------------------


@pytest.mark.parametrize("example", RULES.examples, ids=lambda one: one.says)
def test_no_worked_example_breaks_a_law(example):
    """Whatever an example expects, its advice is safe."""
    assert told(assess(example.facts, engine="compiled")) == {}


@given(patients() | near_examples(RULES))
def test_no_patient_breaks_a_law(patient):
    """Random patients, and worked examples with something more known about them."""
    assert told(assess(patient, engine="compiled")) == {}


@each_law
def test_a_law_holds_in_each_way_it_applies(law):
    """With nothing known but what makes it apply."""
    ways = list(patients_for(law))

    assert ways
    for facts in ways:
        assessment = assess(facts, engine="compiled")
        assert law in binding_laws(assessment)
        assert told(assessment) == {}


@fewer(2)
@given(st.data())
def test_laws_hold_together(data):
    """Patients to whom several laws apply at once."""
    facts: dict[str, Any] = {}
    for law in data.draw(st.lists(st.sampled_from(RULES.laws), min_size=2, max_size=5)):
        further = data.draw(st.sampled_from(list(patients_for(law))))
        facts = together(facts, further) or facts
    if is_coherent(facts):
        assert told(assess(facts, engine="compiled")) == {}


def lines(law: Law) -> Iterator[tuple[str, float]]:
    """Each number that a law compares a fact with, the numbers just beside it, and both ends."""
    for atom in atoms(RULES.law_conditions[law.id]):
        if isinstance(atom, Comparison):
            for value in numbers_near(FACTS[atom.fact], [atom.value]):
                yield atom.fact, value


@pytest.mark.parametrize(
    "law", [law for law in RULES.laws if list(lines(law))], ids=lambda law: law.id
)
def test_a_law_holds_on_both_sides_of_its_lines(law):
    """With what else makes it apply: just below its number, at it, and just above."""
    for facts in patients_for(law):
        for fact, value in lines(law):
            if is_coherent(further := {**facts, fact: value}):
                assert told(assess(further, engine="compiled")) == {}


# --- A breach is seen ---------------------------------------------------------------------------


def given_advice(id_: str) -> GivenAdvice:
    one = ADVICE[id_]
    return GivenAdvice(
        id=id_,
        kind=one.kind,
        title=one.title,
        text=one.text,
        caution=None,
        clinician=None,
        sources=one.source,
    )


def tampered(law: Law, sound: Assessment) -> Iterator[Assessment]:
    """A sound assessment, spoilt once for each thing that the law demands."""
    for id_ in (*law.forbids, *law.cautioned):
        yield evolve(sound, advice=(given_advice(id_),))
    for id_ in law.advised:
        yield evolve(sound, advice=tuple(one for one in sound.advice if one.id != id_))
    if law.not_together:
        yield evolve(sound, advice=tuple(map(given_advice, law.not_together)))
    if law.at_least:
        yield evolve(sound, triage=Triage(law.at_least - 1))


@each_law
def test_every_breach_of_a_law_is_seen(law):
    """Advice added, cautions or advice removed, a level lowered: the law says that it is broken."""
    sound = assess(next(patients_for(law)), engine="compiled")
    spoilt = list(tampered(law, sound))

    assert spoilt
    for one in spoilt:
        assert law in broken_laws(one)


def test_advice_that_may_not_come_together_may_come_alone():
    """Both are a breach, whatever else is advised."""
    law, sound = LAWS["heat-or-cold"], assess(engine="compiled")
    warm, cold = map(given_advice, law.not_together)
    other = given_advice("drink_fluids")

    def breach(*advice: GivenAdvice) -> list[str]:
        return list(breaches(law, evolve(sound, advice=advice)))

    assert (
        breach(warm, cold)
        == breach(warm, cold, other)
        == ["gives warmth and cold_compress together"]
    )
    assert breach(warm) == breach(cold, other) == breach(other) == breach() == []


@given(patients() | near_examples(RULES))
def test_a_law_binds_whom_its_condition_is_true_of(patient):
    """Those that are passed by for what is unknown would not have bound."""
    assessment = assess(patient, engine="compiled")
    judged = Inference(RULES, observe(assessment.facts, RULES.formulary))
    true = {id_ for id_ in LAWS if judged.judge(RULES.law_conditions[id_]) is True}

    assert {law.id for law in binding_laws(assessment)} == true


def test_a_law_does_not_bind_on_what_is_unknown():
    """An unknown condition is the business of cautions, not of laws."""
    binding = {law.id for law in binding_laws(assess(engine="compiled"))}

    assert binding == {law.id for law in RULES.laws if RULES.law_conditions[law.id] == ALWAYS}


# --- Rules dropped ------------------------------------------------------------------------------

# Each repeats, for the caution it carries while nobody has asked, part of what another entry of
# the same advice withholds it for: dropping it loses a caution and forbids as much.
CARRIES_A_CAUTION_ONLY = {
    "oral_rehydration/unless/C1-dialysis": "oral_rehydration/unless/C7-potassium",
    "oral_rehydration/unless/C1-kidney": "oral_rehydration/unless/C1-egfr",
    "oral_rehydration/unless/C1-egfr": "oral_rehydration/unless/C7-potassium",
    "drink_fluids/unless/C1-kidney": "drink_fluids/unless/C1-egfr",
    "balanced_diet/unless/C7-kidney": "balanced_diet/unless/C7-egfr",
}

ENTRIES = [(one, unless_id(one.id, entry.id)) for one in RULES.advice for entry in one.unless]
CAUTIONS = [
    (one, caution_id(one.id, entry.id))
    for one in RULES.advice
    for entry in one.cautions
    if entry.when is not None
]


def offered_and(one: Advice, fires: str) -> Iterator[tuple[PatientFacts, frozenset[str]]]:
    """Patients to whom a piece of advice is offered and for whom `fires` is true, and what fired.

    What escalations hold back is let through: a second guard must not hide that one is missing.
    """
    for facts in meeting(RULES.conditions[fires], RULES.conditions[one.id]):
        if is_coherent(facts):
            patient = PatientFacts.from_mapping(facts)
            fired = engine_for(RULES, "compiled").fire(patient)
            if {one.id, fires} <= fired:
                yield patient, fired - HOLDING


def meeting(first: Condition, second: Condition) -> Iterator[dict[str, Any]]:
    """Facts that make both conditions true."""
    ways = (patients_making_true(RULES, condition) for condition in (first, second))
    for one, other in product(*map(list, ways)):
        if (facts := together(one, other)) is not None:
            yield facts


def law_broken_without(one: Advice, dropped: str) -> str | None:
    """The law that some patient would have broken if an entry were dropped from the rules."""
    for patient, fired in offered_and(one, dropped):
        before = told(fold(RULES, patient, fired, engine="compiled"))
        after = told(fold(RULES, patient, fired - {dropped}, engine="compiled"))
        for law, found in after.items():
            if found != before.get(law):
                return law
    return None


@pytest.mark.parametrize(
    ("one", "entry"),
    [(one, id_) for one, id_ in ENTRIES if id_ not in CARRIES_A_CAUTION_ONLY],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_dropping_what_forbids_advice_breaks_a_law(one, entry):
    """Every `unless` of advice is there for a law, and the law would tell that it is gone."""
    assert law_broken_without(one, entry) is not None


@pytest.mark.parametrize(("entry", "stands_in"), CARRIES_A_CAUTION_ONLY.items())
def test_what_only_carries_a_caution_is_covered_by_another_entry(entry, stands_in):
    """Where the exception is true, the other entry withholds the advice too."""
    assert law_broken_without(ADVICE[entry.partition("/")[0]], entry) is None
    for facts in patients_making_true(RULES, RULES.conditions[entry]):
        fired = engine_for(RULES, "compiled").fire(PatientFacts.from_mapping(facts))
        assert {entry, stands_in} <= fired


@pytest.mark.parametrize(
    ("one", "entry"), CAUTIONS, ids=lambda value: value if isinstance(value, str) else ""
)
def test_every_conditional_caution_is_demanded_by_a_law(one, entry):
    """Wherever a rule says a word of care with advice, some law asks for one."""
    found = list(offered_and(one, entry))

    assert found
    for patient, fired in found:
        demanding = binding_laws(fold(RULES, patient, fired, engine="compiled"))
        assert any(one.id in law.cautioned for law in demanding)


def sentences(one: GivenAdvice) -> set[str]:
    return set(re.split(r"(?<=\.) ", one.caution or ""))


@pytest.mark.parametrize(
    ("law", "id_"),
    [
        (law, id_)
        for law in RULES.laws
        if RULES.law_conditions[law.id] != ALWAYS
        for id_ in law.cautioned
    ],
    ids=lambda value: value if isinstance(value, str) else value.id,
)
def test_a_caution_that_a_law_demands_is_about_the_law(law, id_):
    """It says something that is not said to everyone, wherever the advice is given at all."""
    said = 0
    for facts in patients_for(law):
        for offering in patients_making_true(RULES, RULES.conditions[id_]):
            known = together(facts, offering)
            if known is None or not is_coherent(known):
                continue
            ordinary = advised(offering, id_)
            if found := advised(known, id_):
                said += 1
                assert sentences(found) - (sentences(ordinary) if ordinary else set())
    assert said


def advised(facts: Mapping[str, Any], id_: str) -> GivenAdvice | None:
    found = assess(facts, engine="compiled").advice
    return next((one for one in found if one.id == id_), None)


# --- What nobody has asked yet ------------------------------------------------------------------


@pytest.mark.parametrize(
    ("id_", "asked"),
    [
        ("drink_fluids", "dialysis"),
        ("drink_fluids", "fluid_restricted"),
        ("drink_fluids", "heart_failure"),
        ("drink_fluids", "cirrhosis"),
        ("balanced_diet", "dialysis"),
        ("rub", "hard_sore_vein"),
        ("rub", "skin_red_or_warm"),
        ("cold_compress", "peripheral_artery_disease"),
        ("cold_compress", "raynaud"),
        ("cold_compress", "leg_cold_or_pale"),
        ("analgesic_balm", "salicylate_allergy"),
        ("analgesic_balm", "broken_skin"),
        ("analgesic_patch", "salicylate_allergy"),
        ("analgesic_patch", "broken_skin"),
    ],
)
def test_advice_is_never_bare_where_a_contraindication_is_unknown(id_, asked):
    """Unknown, it is named in a caution; known to be absent, it is not named any more."""
    offering = next(patients_making_true(RULES, RULES.conditions[id_]))
    phrase = next(
        entry.caution
        for entry in ADVICE[id_].unless
        if entry.caution and entry.when.split(" ")[0] == asked
    )

    unasked = advised(offering, id_)
    denied = advised({**offering, asked: False}, id_)

    assert unasked
    assert unasked.caution
    assert phrase in unasked.caution
    assert denied
    assert phrase not in (denied.caution or "")
