"""What the solver is told of the rules is what the engines do with them, id by id."""

from __future__ import annotations

import math
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.prove.translation import Scale, Translation
from tests.drawing import NUMBERS, medicine_names, patients, rule_bases, thresholds

RULES = RuleBase.load()
# Each example judges every id of a rule base twice.
FEWER = settings(max_examples=max(settings().max_examples // 5, 10))


class Solver:
    """A rule base's translation, with one patient after the other stated in it."""

    def __init__(self, rules: RuleBase) -> None:
        self.rules = rules
        self.translation = Translation(rules)
        self.z3 = self.translation.z3
        self.solver = self.z3.SolverFor("QF_FD")
        self.solver.add(*self.translation.realizable)
        self.meanings = {
            id_: (self.translation.true(condition), self.translation.false(condition))
            for id_, condition in rules.conditions.items()
        }

    def is_possible(self, patient: PatientFacts) -> bool:
        """Whether the solver takes this for a patient."""
        return bool(self.solver.check(*self.translation.stating(patient)) == self.z3.sat)

    def disagreements(self, patient: PatientFacts, verdicts: dict[str, bool | None]) -> list[str]:
        """The ids on which something other than these verdicts follows or could follow."""
        wrong = {
            id_: self._other_than(verdict, *self.meanings[id_]) for id_, verdict in verdicts.items()
        }
        self.solver.push()
        self.solver.add(*self.translation.stating(patient))
        self.solver.add(self.z3.Or(list(wrong.values())))
        found = self.solver.check() == self.z3.sat and self.solver.model()
        self.solver.pop()
        return [id_ for id_ in wrong if self.translation.is_so(found, wrong[id_])] if found else []

    def _other_than(self, verdict: bool | None, true: Any, false: Any) -> Any:
        return self.z3.Or(
            self.z3.Not(true) if verdict is True else true,
            self.z3.Not(false) if verdict is False else false,
        )

    def verdict(self, id_: str, patient: PatientFacts) -> bool | None:
        """What must be so of an id for a patient, by the solver alone."""
        true, false = self.meanings[id_]
        for verdict, meaning in ((True, true), (False, false)):
            self.solver.push()
            self.solver.add(*self.translation.stating(patient), self.z3.Not(meaning))
            must_be = self.solver.check() == self.z3.unsat
            self.solver.pop()
            if must_be:
                return verdict
        return None


@cache
def shipped() -> Solver:
    return Solver(RULES)


def verdicts(rules: RuleBase, patient: PatientFacts) -> dict[str, bool | None]:
    inference = Inference(rules, observe(patient, rules.formulary))
    return {id_: inference.verdict(id_) for id_ in rules.conditions}


@FEWER
@given(patients(RULES))
def test_the_solver_says_of_the_shipped_rules_what_inference_says(patient):
    """With the facts fixed nothing else can follow: true, false and undecided, for every id."""
    assert shipped().is_possible(patient)
    assert shipped().disagreements(patient, verdicts(RULES, patient)) == []


@FEWER
@given(rule_bases(), st.data())
def test_the_solver_says_of_any_rules_what_inference_says(rules, data):
    """Chained findings, causes, classes within classes, every form of condition."""
    solver = Solver(rules)
    patient = data.draw(patients(rules))
    assert solver.is_possible(patient)
    assert solver.disagreements(patient, verdicts(rules, patient)) == []


@FEWER
@given(st.data())
def test_a_solution_is_a_patient_whom_the_engines_judge_alike(data):
    """Whatever the solver is asked for, the patient that it gives back comes out so."""
    solver = shipped()
    id_ = data.draw(st.sampled_from(sorted(RULES.conditions)))
    wanted = data.draw(st.sampled_from((True, False)))
    meaning = solver.meanings[id_][0 if wanted else 1]
    if solver.solver.check(solver.z3.And(meaning)) == solver.z3.sat:
        patient = solver.translation.patient(solver.solver.model())
        assert verdicts(RULES, patient)[id_] is wanted
        assert (id_ in engine_for(RULES, "compiled").fire(patient)) is wanted
    else:
        # Every id can be true. What asks for a measured value or a reported one is never false:
        # where the one is known the other is not.
        assert not wanted


def test_a_disagreement_would_be_found():
    """Of a patient with a low potassium the solver does not accept that it is not low."""
    patient = PatientFacts(potassium_mmol_l=3.2)
    right = verdicts(RULES, patient)
    assert right["low_potassium.result"] is True
    for wrong in (False, None):
        changed = {**right, "low_potassium.result": wrong}
        assert shipped().disagreements(patient, changed) == ["low_potassium.result"]


RULES_OF_THEIR_OWN = """
[[sources]]
id = "book"
title = "A book"

[[classes]]
id = "loop_diuretic"
title = "Loop diuretic"
within = ["diuretic"]
names = ["furosemide"]

[[classes]]
id = "diuretic"
title = "Water tablet"
words = ["water tablet"]

[[findings]]
id = "loop"
concludes = "on_loop_diuretic"
when = '"loop_diuretic" in medications'
source = "book"

[[findings]]
id = "no-loop"
concludes = "on_no_loop_diuretic"
when = '"loop_diuretic" not in medications'
source = "book"

[[findings]]
id = "calf"
concludes = "in_the_calf"
when = '"calf" in sites'
source = "book"

[[findings]]
id = "leg"
concludes = "in_the_leg"
when = '"leg" in sites'
source = "book"

[[findings]]
id = "told"
concludes = "told_low"
when = 'potassium_reported == "low"'
source = "book"
"""


@pytest.mark.parametrize(
    ("facts", "id_", "expected"),
    [
        ({}, "loop", None),
        ({"medications": []}, "loop", False),
        ({"medications": ["furosemide"]}, "loop", True),
        ({"medications": ["furosemide"]}, "no-loop", False),
        ({"medications": ["water tablet"]}, "loop", None),
        ({"medications": ["water tablet"]}, "no-loop", None),
        ({"medications": ["water tablet", "furosemide"]}, "loop", True),
        ({"medications": ["an elixir of the moon"]}, "loop", None),
        ({"medications": ["an elixir of the moon", "furosemide"]}, "loop", True),
        ({"sites": ["calf"]}, "leg", True),
        ({"sites": ["leg"]}, "calf", None),
        ({"sites": ["leg", "thigh"]}, "calf", None),
        ({"sites": ["thigh"]}, "calf", False),
        ({"sites": ["arm"]}, "leg", False),
        ({"sites": ["whole_body"]}, "leg", None),
        ({"potassium_reported": "low"}, "told", True),
        ({"potassium_reported": "low", "potassium_mmol_l": 4.0}, "told", None),
    ],
)
def test_the_solver_knows_words_unknown_names_general_members_and_measurements(
    facts, id_, expected
):
    """What leaves open, implies and goes before what, by the solver alone."""
    rules = RuleBase.from_texts({"own.toml": RULES_OF_THEIR_OWN})
    patient = PatientFacts.from_mapping(facts)
    assert Solver(rules).verdict(id_, patient) is expected
    assert verdicts(rules, patient)[id_] is expected


def test_facts_that_contradict_each_other_are_no_patient():
    """Dialysis in someone without kidney disease cannot be a counter-example."""
    solver = shipped()
    translation, z3 = solver.translation, solver.z3
    both = [
        translation.is_known("dialysis"),
        translation.variables["dialysis is true"],
        translation.is_known("kidney_disease"),
        z3.Not(translation.variables["kidney_disease is true"]),
    ]
    assert solver.solver.check(*both[:3]) == z3.sat
    assert solver.solver.check(*both) == z3.unsat


# --- Numbers ------------------------------------------------------------------------------------


def met(value: float, marks: tuple[float, ...]) -> list[tuple[bool, bool]]:
    return [(value >= mark, value > mark) for mark in marks]


@given(st.data())
def test_the_value_of_a_band_meets_the_thresholds_that_any_other_value_in_it_meets(data):
    """So no two values of a number that a condition could tell apart are taken for one."""
    fact = data.draw(st.sampled_from(NUMBERS))
    assert fact.low is not None
    assert fact.high is not None
    anywhere = st.floats(fact.low, fact.high)
    marks = tuple(data.draw(st.lists(st.sampled_from(thresholds(fact)) | anywhere, max_size=4)))
    if fact.kind == "integer":
        anywhere = st.integers(int(fact.low), int(fact.high))
        beside = [f(mark) for mark in marks for f in (math.floor, math.ceil)]
    else:
        beside = [math.nextafter(m, to) for m in marks for to in (-math.inf, m, math.inf)]
    near = [value for value in beside if fact.low <= value <= fact.high]
    value = data.draw(st.sampled_from(near) | anywhere if near else anywhere)

    scale = Scale.of(fact, marks)
    stands_for = scale.values[scale.band(value)]

    assert stands_for is not None
    assert fact.low <= stands_for <= fact.high
    assert scale.band(stands_for) == scale.band(value)
    assert met(stands_for, marks) == met(value, marks)


def test_the_values_of_bands_are_plain():
    """A counter-example shows numbers that a person might have."""
    scale = Scale.of(FACTS["potassium_mmol_l"], [3.5, 3.0, 3.5])
    assert scale.values == (1.0, 3.0, 3.1, 3.5, 4.0)
    assert Scale.of(FACTS["pain_severity"], [3, 4]).values[2] is None


def test_every_class_of_medicine_can_be_implied_ruled_out_and_left_open():
    """By some list of names that the rules know: no class is closed to the solver."""
    solver = shipped()
    names = medicine_names(RULES)
    for class_ in RULES.formulary.classes:
        assert class_ in names
        variables = solver.translation.variables
        implied, ruled_out = (variables[f"{class_} is {what}"] for what in ("implied", "ruled out"))
        for wanted in (
            [implied, solver.z3.Not(ruled_out)],
            [solver.z3.Not(implied), ruled_out],
            [solver.z3.Not(implied), solver.z3.Not(ruled_out)],
        ):
            assert solver.solver.check(*wanted) == solver.z3.sat
        assert solver.solver.check(implied, ruled_out) == solver.z3.unsat


def test_whatever_can_be_said_can_be_left_out():
    """Each fact, then each member of a set, then each kind of medicine."""
    translation = Translation(RuleBase.load())
    sayings = [str(one) for one in translation.sayings()]
    members = [
        f"{fact.name} has {one}"
        for fact in FACTS.values()
        if fact.kind == "members"
        for one in fact.members
    ]

    assert sayings[: len(FACTS)] == [f"known {fact}" for fact in FACTS]
    assert sayings[len(FACTS) :][: len(members)] == members
    assert len(sayings) == len(FACTS) + len(members) + len(translation.kinds) + 1
