"""From tables to records: what a table may hold, and each fault of it in words."""

import pytest

from crampsrules.records import structure
from crampsrules.rules import Advice, Cause, Evidence, Example, Source, TriageWording, Wording


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        ({"id": "x"}, Source, "lacks the key 'title'"),
        ({"id": "x", "title": 3}, Source, "takes text, got 3"),
        ({"id": "x", "title": "X", "year": "1999"}, Source, "takes a whole number, got '1999'"),
        ({"id": "x", "title": "X", "year": True}, Source, "takes a whole number, got True"),
        ({"id": "x", "title": "X", "yaer": 1}, Source, "has no key 'yaer'; did you mean 'year'?"),
        ({"title": "X", "patient": "X", "clinician": 1.5}, TriageWording, "takes text, got 1.5"),
    ],
)
def test_a_table_is_checked_key_by_key(row, kind, message):
    """Unknown keys, missing ones and values of the wrong kind are errors in words."""
    with pytest.raises(ValueError) as refused:
        structure(row, kind)

    assert message in str(refused.value)


def test_every_fault_of_a_table_is_told_in_one_line():
    """With a semicolon between them."""
    with pytest.raises(ValueError) as refused:
        structure({"id": 3, "title": 4}, Source)

    assert str(refused.value) == "id: takes text, got 3; title: takes text, got 4"


@pytest.mark.parametrize("lr", [10**400, -(10**400), "3", True])
def test_a_number_is_a_number_that_can_be_met(lr):
    """Text, true and numbers beyond measure are no likelihood ratio."""
    row = {"id": "x", "cause": "y", "when": "fever", "because": "b", "source": "s", "lr": lr}

    with pytest.raises(ValueError, match="takes a number"):
        structure(row, Evidence)


@pytest.mark.parametrize(
    ("row", "kind", "message"),
    [
        ({"unless": 3}, Advice, "unless: takes a list of tables, got 3"),
        ({"unless": ["fever"]}, Advice, "unless[0]: takes a table, got 'fever'"),
        ({"cautions": {"id": "x"}}, Advice, "cautions: takes a list of tables, got {'id': 'x'}"),
        ({"codes": ["a"]}, Cause, "codes: takes a table, got ['a']"),
        ({"expect": "soon"}, Example, "expect: takes a table, got 'soon'"),
        ({"expect": {"weights": 3}}, Example, "expect.weights: takes a table, got 3"),
        ({"triage": {"soon": "x"}}, Wording, "triage['soon']: takes a table, got 'x'"),
    ],
)
def test_what_stands_in_the_place_of_a_table_is_told(row, kind, message):
    """And not which attribute a number has not."""
    with pytest.raises(ValueError) as refused:
        structure(row, kind)

    assert message in str(refused.value).split("; ")


def test_one_name_is_a_list_of_one():
    """Where names are listed a single one may stand alone, and nothing else may."""
    row = {"id": "x", "cause": "y", "when": "fever", "because": "b", "lr": 2}

    assert structure({**row, "source": "book"}, Evidence).source == ("book",)
    for bad in (3, [3], {"a": "b"}):
        with pytest.raises(ValueError, match="takes a name or a list of names"):
            structure({**row, "source": bad}, Evidence)


def test_a_word_that_is_none_of_those_allowed_is_told_which_are():
    """With the key that it stands under."""
    head = {"id": "x", "title": "X", "prior": 0, "seriousness": "ordinry"}

    with pytest.raises(ValueError) as refused:
        structure(head, Cause)

    assert str(refused.value) == (
        "seriousness: takes one of ordinary, serious, emergency, got 'ordinry'; did you mean "
        "'ordinary'?"
    )
