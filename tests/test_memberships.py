"""What a stated set says about members that were not stated."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.facts import FACTS
from crampsrules.memberships import UNKNOWN, membership
from tests.drawing import SETS


@st.composite
def stated_sets(draw):
    """A set fact and a complete list for it."""
    fact = draw(st.sampled_from(SETS))
    return fact, draw(st.frozensets(st.sampled_from(fact.members)))


@given(stated_sets())
def test_a_member_is_in_a_set_or_not_in_it_or_unknown(drawn):
    """No member is both present and absent, and what is neither stands under a general one."""
    fact, stated = drawn
    said = membership(fact.name, stated)
    open_ = set(fact.members) - said.present - said.absent

    assert not said.present & said.absent
    assert stated <= said.present
    assert open_ <= {
        special for general in stated & fact.general.keys() for special in fact.general[general]
    }


@given(stated_sets())
def test_nothing_is_present_that_was_neither_stated_nor_implied(drawn):
    """What is present beyond the stated members is a general one over one of them."""
    fact, stated = drawn
    implied = membership(fact.name, stated).present - stated

    assert all(stated.intersection(fact.general[general]) for general in implied)


@given(stated_sets(), st.data())
def test_naming_another_member_never_makes_one_absent_that_was_present(drawn, data):
    """A longer list holds all that the shorter one held."""
    fact, stated = drawn
    more = stated | {data.draw(st.sampled_from(fact.members))}

    assert membership(fact.name, stated).present <= membership(fact.name, more).present
    assert membership(fact.name, more).absent <= membership(fact.name, stated).absent


@pytest.mark.parametrize("fact", SETS, ids=lambda fact: fact.name)
def test_an_empty_list_means_none_of_these(fact):
    """A set that is given is complete: given empty, every member is known to be absent."""
    assert membership(fact.name, frozenset()).absent == frozenset(fact.members)


def test_of_an_unknown_set_nothing_is_known():
    """No member of a set that was not given is present or absent."""
    assert [UNKNOWN.holds(member) for member in FACTS["sites"].members] == [None] * 12


LEG = ("calf", "thigh", "foot", "shin", "buttock")
OTHER_SITES = ("hand", "arm", "abdomen", "back", "jaw")


@pytest.mark.parametrize(
    ("fact", "stated", "present", "unknown"),
    [
        # leg over calf, thigh, foot, shin and buttock
        ("sites", {"leg"}, {"leg"}, set(LEG)),
        ("sites", {"calf"}, {"calf", "leg"}, set()),
        ("sites", {"leg", "calf"}, {"leg", "calf"}, set(LEG) - {"calf"}),
        ("sites", {"hand"}, {"hand"}, set()),
        # whole_body over all sites; the sites do not imply it
        ("sites", {"whole_body"}, {"whole_body"}, {"leg", *LEG, *OTHER_SITES}),
        (
            "sites",
            {"whole_body", "jaw"},
            {"whole_body", "jaw"},
            {"leg", *LEG, *OTHER_SITES} - {"jaw"},
        ),
        ("sites", {"leg", *LEG, *OTHER_SITES}, {"leg", *LEG, *OTHER_SITES}, set()),
        # pain over cramp, ache and burning, and over nothing else
        ("symptoms", {"pain"}, {"pain"}, {"cramp", "ache", "burning"}),
        ("symptoms", {"cramp"}, {"cramp", "pain"}, set()),
        ("symptoms", {"tingling"}, {"tingling"}, set()),
        # rest over standing still and sitting, in what eases only
        ("eased_by", {"rest"}, {"rest"}, {"standing_still", "sitting"}),
        ("eased_by", {"sitting"}, {"sitting", "rest"}, set()),
        ("timing", {"rest"}, {"rest"}, set()),
        ("timing", {"sitting"}, {"sitting"}, set()),
    ],
)
def test_the_general_leaves_the_special_open_and_the_special_implies_the_general(
    fact, stated, present, unknown
):
    """Every general member there is, with what it leaves open and what implies it."""
    said = membership(fact, frozenset(stated))

    assert said.present == present
    assert set(FACTS[fact].members) - said.present - said.absent == unknown
