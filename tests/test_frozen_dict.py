"""A dict that everybody shares."""

import copy
import json
import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase, assess, graph, what_would_change
from crampsrules.frozen_dict import FrozenDict

CHANGES = (
    lambda one: one.__setitem__("a", 1),
    lambda one: one.__delitem__("a"),
    lambda one: one.__ior__({"a": 1}),
    lambda one: one.update(a=1),
    lambda one: one.setdefault("a", 1),
    lambda one: one.pop("a"),
    lambda one: one.popitem(),
    lambda one: one.clear(),
)


@given(st.dictionaries(st.text(), st.integers()))
def test_it_is_a_dict_of_its_items_and_stays_so(items):
    frozen = FrozenDict(items)

    for change in CHANGES:
        with pytest.raises(TypeError, match="cannot be changed"):
            change(frozen)
    assert frozen == items
    assert list(frozen) == list(items)
    for again in (pickle.loads(pickle.dumps(frozen)), copy.deepcopy(frozen), copy.copy(frozen)):  # noqa: S301 - our own
        assert (again, type(again)) == (frozen, FrozenDict)
    assert json.dumps(frozen) == json.dumps(items)


RULES = RuleBase.load()
ASSESSED = assess(fluid_litres_per_day=0.5)


@pytest.mark.parametrize(
    "shared",
    [
        ASSESSED.causes[0].codes,
        type(ASSESSED).from_dict(ASSESSED.to_dict()).causes[0].codes,
        RULES.causes["cold"].codes,
        RULES.wording.weights,
        RULES.wording.triage,
        RULES.wording.leaflet,
        RULES.examples[0].facts,
        RULES.examples[0].expect.weights,
        RULES.formulary.classes,
        RULES.formulary.ancestors,
        RULES.causes,
        RULES.conditions,
        what_would_change({"weakness": True})[0].facts,
        graph().nodes,
    ],
)
def test_what_is_shared_cannot_be_changed(shared):
    """One who could would change the answers of all others."""
    with pytest.raises(TypeError):
        shared["x"] = "y"


def test_nor_can_what_is_in_it():
    facts = next(one.facts for one in RULES.examples if "medications" in one.facts)

    assert isinstance(facts["medications"], tuple)
