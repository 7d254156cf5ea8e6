"""What takes away urgency or breaks a law is found."""

from __future__ import annotations

from types import MappingProxyType

import pytest
from attrs import evolve

from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.conditions import AllOf, Known
from crampsrules.laws import broken_laws
from crampsrules.prove import prove
from crampsrules.triage import Triage
from tests.prove.common import (
    SHIPPED,
    advice,
    altered,
    assessed,
    escalation,
    failing,
    law,
    raised,
    with_values,
    without_unless,
)
from tests.written_rules import rules_of, urgent

LUNGS = "circulation.breathlessness"


@pytest.mark.parametrize(
    "change", [{"triage": "routine"}, {"when": "breathlessness and age_years > 40"}]
)
def test_an_emergency_that_was_weakened_is_found(change):
    """By the law on the same warning sign, which is written apart from the rule."""
    rules = with_values("escalations", LUNGS, **change)

    claim = failing(rules, "red flag", about={"emergency-lungs"})["emergency-lungs"]

    assert assessed(rules, claim).triage < Triage.EMERGENCY
    assert "below emergency" in claim.found
    if "triage" in change:
        assert LUNGS in claim.found


def test_a_red_flag_that_no_law_states_is_found():
    """A new one, or one that fires for more patients than its law."""
    rules = escalation("bruising", "same_day")
    claim = failing(rules, "red flag", about={"planted"})["planted"]
    assert claim.patient == PatientFacts(bruising=True)
    assert "no law" in claim.found
    assert raised(rules, claim) == {"planted"}

    rules = with_values("escalations", "muscle.ck-raised", when="creatine_kinase_u_l >= 1000")
    claim = failing(rules, "red flag", about={"muscle.ck-raised"})["muscle.ck-raised"]
    assert claim.patient == PatientFacts(creatine_kinase_u_l=1000)


def test_a_dropped_unless_breaks_a_law():
    """Rubbing a red, warm leg."""
    rules = without_unless("rub", "C12-red-or-warm")

    claim = failing(rules, "law", about={"rub"})["C12"]

    assert "gives rub" in claim.found
    assert claim.patient is not None
    assert claim.patient.known()["skin_red_or_warm"] is True
    assert "C12" in {law.id for law in broken_laws(assessed(rules, claim))}


def test_a_dropped_caution_breaks_a_law():
    """A balm without the word about burns."""
    rules = altered("advice", "analgesic_balm", lambda row: row.pop("cautions"))
    assert "C30" in failing(rules, "law", about={"analgesic_balm"})


def test_advice_that_contradicts_other_advice_is_found():
    """Heat and cold together, once long-standing cramps no longer speak against warmth."""
    rules = without_unless("warmth", "cold-instead")

    claim = failing(rules, "contradiction")["heat-or-cold"]

    assert {"warmth", "cold_compress"} <= {one.id for one in assessed(rules, claim).advice}


def knowing_removes(rules: RuleBase, id_: str, fact: str) -> RuleBase:
    """The rules in which an escalation fires only while a fact is unknown.

    The language cannot say it: `known` may stand in an `unless` only, which names its facts, and
    what else a condition can say stays true when more is known. So it is put in behind its back.
    """
    condition = AllOf((rules.conditions[id_], Known(fact, wanted=False)))
    conditions = MappingProxyType({**rules.conditions, id_: condition})
    changed: RuleBase = object.__new__(RuleBase)
    object.__setattr__(changed, "_files", rules._files)
    object.__setattr__(changed, "_linked", evolve(rules._linked, conditions=conditions))
    object.__setattr__(changed, "version", "planted")
    object.__setattr__(changed, "_kept", {})
    return changed


def test_a_fact_that_lowers_triage_through_no_unless_is_found():
    """With the fact named, and a patient who would be seen sooner without it."""
    rules = knowing_removes(SHIPPED, LUNGS, "age_years")

    claim = failing(rules, "lowering", about={LUNGS})[LUNGS]

    assert "without age_years" in claim.found
    assert claim.patient is not None
    assert LUNGS not in raised(rules, claim)
    younger = claim.patient.replace(age_years=None)
    assert LUNGS in {one.id for one in assess(younger, rules=rules, engine="compiled").escalations}


def test_a_fact_that_an_unless_names_may_lower_triage():
    """Tetanus protection removes the dirty wound; that is what its `unless` is for."""
    assert not failing(SHIPPED, "lowering", about={"general.dirty-wound"})


def test_a_law_that_nothing_upholds_shows_that_nothing_was_raised():
    """Where no rule looks at what the law is about; and what was raised, where one does."""
    rules = rules_of(
        urgent("old", "weakness", "routine") + law("seen", "fever", at_least="same_day")
    )
    claim = failing(rules, "red flag")["seen"]
    assert claim.found == "the assessment is self_care, below same_day; raised: nothing"

    rules = rules_of(urgent("old", "fever", "routine") + law("seen", "fever", at_least="same_day"))
    claim = failing(rules, "red flag")["seen"]
    assert claim.found == "the assessment is routine, below same_day; raised: old (routine)"


def test_each_part_of_a_law_is_a_claim_of_its_own():
    """What it demands of urgency, of advice together, and the rest: each fails by itself."""
    rules = rules_of(
        advice("nap")
        + advice("walk", order=1)
        + law(
            "all",
            "fever",
            at_least="emergency",
            not_together=["nap", "walk"],
            forbids=["nap"],
        )
        + law("later", "fever", at_least="soon")
    )

    found = {
        (one.kind, one.id): one.found.partition("; ")[0].removeprefix("the assessment ")
        for one in prove(rules, kinds=("red flag", "contradiction", "law"))
    }

    assert found == {
        ("red flag", "all"): "is self_care, below emergency",
        ("contradiction", "all"): "gives nap and walk together",
        ("law", "all"): "gives nap",
        ("law", "later"): "is self_care, below soon",
    }
