"""Which facts columns hold, by their names."""

import pytest

from crampsrules.cohort.columns import declared
from crampsrules.facts import FACTS


@pytest.mark.parametrize("fact", FACTS.values(), ids=str)
def test_the_name_of_a_fact_is_that_fact(fact):
    """Whatever its kind."""
    assert declared(fact.name) is fact


@pytest.mark.parametrize("name", ["timing__night", "medications__statin", "medications__a__b"])
def test_a_member_of_a_set_is_yes_or_no(name):
    """Also one of a class whose own name has two such lines in it."""
    found = declared(name)

    assert found is not None
    assert found.kind == "flag"
    assert found.name == name
    set_, _, member = name.partition("__")
    assert found.label == f"{FACTS[set_].label}: {FACTS[set_].labels.get(member, member)}"


@pytest.mark.parametrize(
    "name", ["", "AGE", "fever__yes", "age_years__71", "unknown__night", "timing_"]
)
def test_any_other_name_is_no_fact(name):
    """A flag or a number has no members."""
    assert declared(name) is None
