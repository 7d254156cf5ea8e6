"""What can never fire, be given or bind is found."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from crampsrules.errors import EngineError
from crampsrules.prove import KINDS, prove
from crampsrules.prove.translation import Translation
from tests.prove.common import (
    advice,
    altered,
    assessed,
    escalation,
    escalations,
    failing,
    with_values,
)
from tests.written_rules import Written, rules_of, urgent


def test_a_rule_that_cannot_fire_is_found():
    """With the patient who comes closest, for whom it does not fire either."""
    never = [
        "potassium_mmol_l < 3 and potassium_mmol_l > 4",
        "low_potassium_result and potassium_mmol_l > 4",
        # A measured value takes the place of a reported one.
        'potassium_reported == "high" and potassium_mmol_l > 4',
        '"calf" in sites and "leg" not in sites',
        '"loop_diuretic" in medications and "diuretic" not in medications',
        "dialysis and not kidney_disease",
        "age_years < 0",
        "suspected(toxin) and not toxin_exposure",
        "(fever and not fever) or (injury and not injury)",
    ]
    planted = {f"planted-{at}": when for at, when in enumerate(never)}
    rules = escalations(planted)

    claims = failing(rules, "can fire", about=set(planted))

    assert claims.keys() == planted.keys()
    for id_, claim in claims.items():
        assert id_ not in assessed(rules, claim).fired, planted[id_]
        assert "comes to nothing" in claim.found


def test_the_nearest_patient_meets_what_can_be_met():
    """Of four things that cannot all be so, three are."""
    rules = escalation("fever and injury and age_years < 20 and age_years > 50")
    patient = failing(rules, "can fire", about={"planted"})["planted"].patient
    assert patient is not None
    assert patient.known().keys() == {"fever", "injury", "age_years"}


def test_an_exception_that_excuses_nobody_is_found():
    """An `unless` that is never true where its rule fires."""
    when = "toxin_exposure and not contaminated_wound"
    rules = with_values("escalations", "general.dirty-wound", unless=when)
    assert set(failing(rules, "can fire", about={"general.dirty-wound"})) == {
        "general.dirty-wound/unless"
    }


def test_advice_that_nobody_is_given_is_found():
    """Whoever it is for, something forbids it."""
    entry = {"id": "all", "when": "injury or not injury", "reason": "you may be hurt"}
    rules = altered(
        "advice",
        "protect_and_rest",
        lambda row: row.update(when="injury", unless=[entry]),
    )
    claim = failing(rules, "can fire", about={"protect_and_rest"})["protect_and_rest"]
    assert "protect_and_rest" not in {one.id for one in assessed(rules, claim).advice}


def test_a_law_that_binds_nobody_is_found():
    """It would be proved, and say nothing."""
    rules = with_values("laws", "C1", when="dialysis and not kidney_disease")
    assert set(failing(rules, "can fire")) == {"C1"}


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        # What stands is looked at, not only what fires.
        (urgent("old", "fever", "soon", unless="fever or injury"), {"old"}),
        # Advice that is held back by every escalation that could come with it.
        (urgent("hold", "fever", "soon", holds="all") + advice("nap", when="fever"), {"nap"}),
        (
            advice(
                "nap",
                Written("cautions", {"id": "k", "text": "Mind.", "when": "fever"}),
                when="injury",
            )
            + urgent("hold", "fever", "soon", holds="all"),
            {"nap/caution/k"},
        ),
    ],
    ids=["removed", "held", "unsaid"],
)
def test_what_fires_and_comes_to_nothing_is_found(text, fails):
    """Its condition can be true, and something always takes away what it would say."""
    assert set(failing(rules_of(text), "can fire")) == fails


def test_a_rule_that_the_solver_thinks_dead_and_the_engine_fires_is_an_error(monkeypatch):
    """As with every other claim."""
    right = Translation._compared

    def mistaken(self: Translation, atom: Any) -> Any:
        return right(self, evolve(atom, operator="<" if atom.operator == ">" else atom.operator))

    rules = rules_of(urgent("old", "age_years >= 60 and age_years > 50", "soon"))
    assert not failing(rules, "can fire")
    monkeypatch.setattr(Translation, "_compared", mistaken)
    with pytest.raises(EngineError, match="it comes to nothing for them; the engine does not"):
        prove(rules, kinds=tuple(KINDS)[:1])
