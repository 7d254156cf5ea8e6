"""What one person can hardly have together."""

from __future__ import annotations

import pytest
from hypothesis import find, given

from crampsrules import PatientFacts
from crampsrules.strategies import patient_facts
from crampsrules.strategies.plausible import made_coherent
from tests.strategies.common import SEARCH


@given(patient_facts())
def test_people_are_plausible(facts):
    """No facts that one person can hardly have together, unless they are asked for."""
    assert not (facts.pregnant and facts.sex == "male")
    assert made_coherent(facts.known(), plausible=True) == facts.known()


def test_the_implausible_is_drawn_when_it_is_asked_for():
    """What PatientFacts takes can be drawn."""
    pregnant_man = find(
        patient_facts(plausible=False, known={"sex": "male"}),
        lambda facts: facts.pregnant is True,
        settings=SEARCH,
    )

    assert pregnant_man == PatientFacts(sex="male", pregnant=True)


@pytest.mark.parametrize(
    ("stays", "goes", "goes_with"),
    [
        ({"kidney_disease": False}, {"dialysis": True}, {"kidney_disease": True}),
        ({"weakness": False}, {"both_legs_weak": True}, {"weakness": True}),
        ({"weakness": False}, {"weakness_course": "stable"}, {"weakness": True}),
        ({"sex": "male"}, {"pregnant": True}, {"sex": "female"}),
        ({"sex": "male"}, {"postpartum": True}, {"sex": "female"}),
        ({"age_years": 9}, {"pregnant": True}, {"age_years": 10}),
        ({"age_years": 61}, {"postpartum": True}, {"age_years": 60}),
        ({"pregnant": True}, {"postpartum": True}, {"pregnant": False}),
        ({"endurance_event": True}, {"sedentary": True}, {"endurance_event": False}),
        ({"endurance_event": True}, {"immobilised": True}, {"endurance_event": False}),
        ({"fluid_restricted": True}, {"plain_water_excess": True}, {"fluid_restricted": False}),
        ({"age_years": 2}, {"months_since_first": 25}, {"age_years": 3}),
        ({"episodes_per_week": 100}, {"episode_minutes": 101}, {"episodes_per_week": 99}),
        ({"timing": {"day"}}, {"wakes_from_sleep": True}, {"timing": {"day", "night"}}),
        ({"dialysis": False}, {"timing": {"during_dialysis"}}, {"dialysis": True}),
        ({"timing": {"day"}}, {"walking_distance_m": 50}, {"timing": {"walking"}}),
    ],
    ids=" ".join,
)
def test_of_two_facts_that_do_not_go_together_one_goes(stays, goes, goes_with):
    """What is settled stays; with another value both stay."""
    assert made_coherent({**stays, **goes}, stays, plausible=True) == stays
    assert made_coherent({**stays, **goes}, goes, plausible=True) == goes
    assert made_coherent({**stays, **goes}, {*stays, *goes}, plausible=True) == {**stays, **goes}
    assert made_coherent({**goes_with, **goes}, plausible=True) == {**goes_with, **goes}
    assert made_coherent(stays, plausible=True) == stays
    assert made_coherent(goes, plausible=True) == goes
