"""The values of facts: all of them, and those next to a threshold often."""

from __future__ import annotations

import pytest

from crampsrules.conditions import Comparison
from crampsrules.facts import FACTS
from crampsrules.strategies import fact_values
from crampsrules.strategies.values import Values
from tests.strategies.common import NUMBERS, SHIPPED, drawn


@pytest.mark.parametrize("name", NUMBERS)
def test_thresholds_are_drawn_often_and_from_both_sides(name):
    """On each, below it and above it, wherever the fact goes that far."""
    fact, telling = FACTS[name], Values.of(SHIPPED).telling(name)

    for mark in Values.of(SHIPPED).thresholds[name]:
        assert mark in telling
        assert mark == fact.low or any(mark - 1 <= value < mark for value in telling)
        assert mark == fact.high or any(mark < value <= mark + 1 for value in telling)
    values = drawn(fact_values(fact=name), 300)
    assert len(set(telling).intersection(values)) > len(telling) / 2


@pytest.mark.parametrize("name", [one for one in NUMBERS if FACTS[one].kind == "number"])
def test_values_well_beyond_the_last_threshold_are_drawn(name):
    """However many thresholds there are, and not the end of the scale alone."""
    fact, last = FACTS[name], max(Values.of(SHIPPED).thresholds[name])
    assert fact.high is not None

    beyond = [value for value in drawn(fact_values(fact=name), 100) if value > last + 1]

    assert len(beyond) >= 8 or fact.high <= last + 1
    assert len(set(beyond)) >= 3 or fact.high <= last + 4


def test_every_member_of_a_choice_is_drawn():
    """None is left out."""
    for fact in FACTS.values():
        if fact.kind == "choice":
            assert set(drawn(fact_values(fact=fact.name), 100)) == set(fact.members)


def test_any_number_on_the_right_side_is_drawn():
    """Not only those next to a threshold, also where most of the scale lies on the other side."""
    fact = FACTS["sodium_mmol_l"]
    assert fact.low is not None
    assert fact.high is not None
    low, high = fact.low + 0.5, fact.high - 0.5
    atoms_of_two_ends = [
        *(Comparison(fact.name, operator, low) for operator in ("<", "<=")),
        *(Comparison(fact.name, operator, high) for operator in (">", ">=")),
    ]
    for atom in atoms_of_two_ends:
        suitable = Values.of(SHIPPED).suiting(fact.name, frozenset({atom}))
        assert suitable is not None

        values = set(drawn(suitable.strategy, 60))

        below, reached = atom.operator.startswith("<"), atom.operator.endswith("=")
        assert all(value == atom.value or (value < atom.value) is below for value in values)
        assert reached or atom.value not in values
        assert len(values) > 12


def test_lists_of_medicines_are_also_as_long_as_older_people_have_them():
    """Else an app that keeps the first few of them would pass every law."""
    sizes = {len(members) for members in drawn(fact_values(fact="medications"), 100)}

    assert {0, 1, 2} <= sizes <= set(range(13))
    assert max(sizes) > 6


@pytest.mark.parametrize("name", ["sites", "timing"])
def test_sets_have_none_to_three_members(name):
    """Each number of them is drawn, and no more."""
    sizes = {len(members) for members in drawn(fact_values(fact=name), 60)}

    assert {0, 1, 2} <= sizes <= {0, 1, 2, 3}
