"""What each helper declares, key by key: everything else about a fact is read from there."""

from __future__ import annotations

import pickle
from typing import Any

import pytest

from crampsrules.declarations import (
    choice,
    flag,
    integer,
    laboratory,
    medicines,
    members,
    number,
    reported,
)
from crampsrules.facts import FACTS

ASKED = {"group": "a group", "label": "a label", "question": "A question?"}
TIMELY = "in a test of the last three months and since your medicines last changed?"


def declared(field: Any) -> dict[str, Any]:
    """What stands in the metadata of a field that is unknown when it is left out."""
    assert field._default is None
    return dict(field.metadata)


def test_a_flag_takes_yes_or_no_and_nothing_more_is_said():
    """Its kind, its group, its label, its question."""
    assert declared(flag(*ASKED.values())) == {"kind": "flag", "to_tell": "easy", **ASKED}


def test_a_number_has_its_ends_and_perhaps_a_unit():
    """The ends as floats, whatever they were written as."""
    found = declared(number(1, 2, "cm", *ASKED.values()))

    ends = {"unit": "cm", "low": 1.0, "high": 2.0}
    assert found == {"kind": "number", "to_tell": "easy", **ends, **ASKED}
    assert (type(found["low"]), type(found["high"])) == (float, float)


def test_a_whole_number_keeps_its_ends_whole():
    """Without a unit."""
    found = declared(integer(1, 2, *ASKED.values()))

    assert found == {"kind": "integer", "low": 1, "high": 2, **ASKED}
    assert (type(found["low"]), type(found["high"])) == (int, int)


def test_a_laboratory_value_is_asked_for_with_its_unit():
    """It is kept in the first of its units, and only a recent test counts."""
    found = declared(laboratory("calcium_mmol_l", 1, 5, "a label", "the calcium"))

    assert found == {
        "kind": "number",
        "group": "laboratory",
        "label": "a label",
        "question": f"What was the calcium, {TIMELY} Give the unit too.",
        "unit": "mmol/L",
        "low": 1.0,
        "high": 5.0,
        "units": ("mmol/L", "mg/dL", "mEq/L"),
        "to_tell": "tested",
    }
    assert (type(found["low"]), type(found["high"])) == (float, float)


@pytest.mark.parametrize("measured_by", [None, "calcium_mmol_l"])
def test_a_choice_has_its_members_in_order_and_words_for_them(measured_by):
    """And perhaps the fact that goes before it."""
    labels = {"b": "Bee", "a": "Ay"}
    found = declared(choice(labels, *ASKED.values(), measured_by=measured_by))

    assert found == {
        "kind": "choice",
        "members": ("b", "a"),
        "labels": labels,
        "measured_by": measured_by,
        "to_tell": "easy",
        **ASKED,
    }


def test_what_was_told_of_a_result_is_a_choice_below_the_figure():
    """Low, normal or high, in the same time as the figure itself."""
    assert declared(reported("salt", "sodium_mmol_l")) == {
        "kind": "choice",
        "group": "laboratory",
        "label": "salt in the blood, as you were told",
        "question": (
            "If you were told about your blood salt without the figure: was it low, normal or "
            "high? Only a test of the last three months counts, and since your medicines last "
            "changed."
        ),
        "members": ("low", "normal", "high"),
        "labels": {"low": "too low", "normal": "normal", "high": "too high"},
        "measured_by": "sodium_mmol_l",
        "to_tell": "tested",
    }


@pytest.mark.parametrize("general", [{}, {"b": ("a",)}])
def test_a_set_has_members_words_and_what_is_general(general):
    """A general member leaves its special ones unknown."""
    labels = {"b": "Bee", "a": "Ay"}
    found = declared(members(labels, *ASKED.values(), general=general))

    assert found == {
        "kind": "members",
        "members": ("b", "a"),
        "labels": labels,
        "general": general,
        **ASKED,
    }
    assert declared(members(labels, *ASKED.values()))["general"] == {}


def test_medicines_are_free_text():
    """No members: the rules know which there are."""
    assert declared(medicines(*ASKED.values())) == {"kind": "medicines", **ASKED}


def test_how_a_person_can_tell_stands_with_what_is_declared():
    """Of the kinds of which some facts are hard to tell, or found by an examination."""
    found = [
        flag(*ASKED.values(), to_tell="tested"),
        number(1, 2, "cm", *ASKED.values(), to_tell="hard"),
        choice({"a": "Ay"}, *ASKED.values(), to_tell="hard"),
    ]

    assert [declared(one)["to_tell"] for one in found] == ["tested", "hard", "hard"]


def test_what_a_laboratory_finds_is_known_by_tests_alone():
    """And so is what a doctor or nurse finds."""
    tested = {one.name for one in FACTS.values() if one.to_tell == "tested"}
    laboratory = {one.name for one in FACTS.values() if one.group == "laboratory"}

    assert tested - laboratory == {"ankle_brachial_index", "bruit", "foot_pulse"}
    assert laboratory <= tested


@pytest.mark.parametrize(
    ("name", "value", "phrases"),
    [
        ("fever", True, ("yes",)),
        ("fever", False, ("no",)),
        ("age_years", 71.0, ("71 years",)),
        ("pain_severity", 7, ("7",)),
        ("ankle_brachial_index", 0.9, ("0.9",)),
        ("sides", "one", ("always the same side",)),
        ("sites", frozenset({"foot", "calf"}), ("the calf", "the foot or toes")),
        ("sites", ["foot", "calf"], ("the foot or toes", "the calf")),
        ("sites", frozenset(), ("none",)),
        ("medications", [], ("none",)),
        ("medications", frozenset({"Moonroot"}), ("Moonroot",)),
    ],
)
def test_a_value_is_told_in_words(name, value, phrases):
    """A member by its label, a list in its order, a set by the order of its ids."""
    assert FACTS[name].phrases(value) == phrases
    assert FACTS[name].in_words(value) == ", ".join(phrases)


def test_what_is_unknown_has_no_words():
    """Whoever shows facts shows those that are known."""
    with pytest.raises(TypeError, match="no value of a fact: None"):
        FACTS["sites"].phrases(None)


@pytest.mark.parametrize("fact", FACTS.values(), ids=lambda fact: fact.name)
def test_a_fact_that_is_pickled_comes_back_as_itself(fact):
    """There is one of each in a process."""
    assert pickle.loads(pickle.dumps(fact)) is fact  # noqa: S301 - our own
