"""What is no patient: of every kind, and refused or assessed, never an error of another kind."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from typing import Any

from hypothesis import given

from crampsrules import FactsError, PatientFacts, Triage
from crampsrules.facts import FACTS
from crampsrules.strategies import junk, junk_mappings
from tests.strategies.common import drawn, triage


def leaves(value: object) -> list[object]:
    """What a value is made of, lists and mappings taken apart."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def parts(value: object) -> list[object]:
    """A value and all that is in it."""
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = (*value.keys(), *value.values())
    elif isinstance(value, list | tuple):
        inner = value
    return [value, *(part for one in inner for part in parts(one))]


def test_junk_is_of_every_kind():
    """All that JSON, TOML or a caller might hand over, numbers too large for a float among them."""
    values = drawn(junk(), 500)
    inner = [part for value in values for part in parts(value)]
    kinds = {type(part) for part in inner}

    assert {type(None), bool, int, float, str, bytes, date, list, tuple, dict} <= kinds
    assert {10**400, -(10**400)} & {one for one in inner if type(one) is int}
    assert {"nan", "\x00", "\ud800"} & {one for one in inner if isinstance(one, str)}


def test_junk_stays_small():
    """So that many pieces of it can be tried: short texts, and few things in each other."""
    values = drawn(junk(), 500)
    inner = [part for value in values for part in parts(value)]

    for kind, most in ((str, 20), (bytes, 5), (list, 3), (dict, 3)):
        assert 2 <= max(len(part) for part in inner if isinstance(part, kind)) <= most
    assert 2 <= max(len(leaves(value)) for value in values) <= 5


def test_junk_mappings_have_names_right_and_wrong():
    """Keys of any kind, the names of facts among them, and here and there a value that is right."""
    mappings: list[dict[Any, Any]] = drawn(junk_mappings(), 250)
    keys = {key for mapping in mappings for key in mapping}

    assert {type(key) for key in keys} == {str, int, type(None)}
    assert len(keys & set(FACTS)) > 50
    assert {"night", "low", "both", "calf"} <= {
        value for mapping in mappings for value in mapping.values() if isinstance(value, str)
    }
    assert max(map(len, mappings)) <= 8


@given(junk_mappings() | junk())
def test_junk_is_refused_or_assessed(value):
    """Nothing but our own error, whatever is handed over."""
    try:
        facts = PatientFacts.from_mapping(value)
    except FactsError:
        return
    assert isinstance(triage(facts), Triage)
