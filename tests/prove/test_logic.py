"""Counter-examples are small, and the engine bears them out."""

from __future__ import annotations

from typing import Any

import pytest
from attrs import evolve

from crampsrules import PatientFacts
from crampsrules.errors import EngineError
from crampsrules.prove import prove
from crampsrules.prove.logic import Logic
from crampsrules.prove.translation import Translation
from tests.prove.common import SHIPPED, failing, without_unless
from tests.written_rules import rules_of, urgent


def test_a_counter_example_that_the_engine_does_not_bear_out_is_an_error(monkeypatch):
    """A translation that mistakes a condition is found out where it matters most."""
    right = Translation._compared

    def mistaken(self: Translation, atom: Any) -> Any:
        return right(self, evolve(atom, operator="<" if atom.operator == ">" else atom.operator))

    monkeypatch.setattr(Translation, "_compared", mistaken)
    with pytest.raises(EngineError, match="the engine does not"):
        prove(SHIPPED, kinds=("red flag", "law", "contradiction"))


def test_counter_examples_hold_few_facts():
    """What does not matter is left out."""
    rules = without_unless("rub", "C12-red-or-warm")
    claim = failing(rules, "law", about={"rub"})["C12"]
    assert claim.patient is not None
    assert len(claim.patient.known()) <= 2


def test_a_patient_who_shows_something_has_few_members_and_medicines():
    """None that could be left out, and no fact with an empty set."""
    rules = rules_of(urgent("sites", '"calf" in sites and "foot" in sites', "same_day"))

    claim = failing(rules, "red flag")["sites"]

    assert claim.patient == PatientFacts(sites={"calf", "foot"})


def test_what_the_solver_cannot_say_is_never_taken_for_a_no():
    """It may have run out of time or memory, or been interrupted: nothing is proved by that."""
    logic = Logic(SHIPPED)
    anyone = logic.all_of()
    assert logic.possible(anyone)

    logic.solver.set("rlimit", 1)
    with pytest.raises(EngineError, match="the solver gave up"):
        logic.possible(anyone)
    with pytest.raises(EngineError, match="the solver gave up"):
        logic.example(anyone)
    logic.solver.set("rlimit", 0)

    assert logic.possible(anyone)
