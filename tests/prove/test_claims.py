"""Each thing that can fail is claimed, and the claims that are asked for are decided."""

from __future__ import annotations

import re
import sys
from typing import Any

import pytest

from crampsrules.errors import CrampsRulesError, MissingExtraError
from crampsrules.prove import KINDS, Claim, prove
from tests.prove.common import SHIPPED, advice, law
from tests.written_rules import Written, rules_of, urgent


def test_the_shipped_rules_are_proved():
    """Every claim of every kind, for every patient."""
    told: list[Claim] = []
    claims = prove(SHIPPED, told=told.append)

    assert [str(claim) for claim in claims if not claim.holds] == []
    assert {claim.kind for claim in claims} == set(KINDS)
    assert tuple(told) == claims
    # Each thing that fires, each law and each red flag is the subject of some claim.
    ids = {claim.id for claim in claims}
    assert ids >= set(SHIPPED.conditions) - {
        f"{one.id}/caution/{caution.id}"
        for one in SHIPPED.advice
        for caution in one.cautions
        if caution.when is None
    }
    assert ids >= {law.id for law in SHIPPED.laws}


def test_each_thing_that_can_fail_is_claimed_in_words():
    """Every claim that there is about a little of everything."""
    rules = rules_of(
        urgent("flag", "fever", "same_day", unless="thirst")
        + urgent("old", "age_years > 60 and weakness", "soon")
        + advice("nap", Written("unless", {"id": "no", "when": "injury", "reason": "it hurts"}))
        + law("seen", "fever and not thirst", at_least="same_day", forbids=["nap"])
    )

    told = sorted((one.kind, one.id, one.says) for one in prove(rules))

    assert told == sorted(
        [
            ("can fire", "flag", "some patient makes it fire and stand"),
            ("can fire", "flag/unless", "it removes the rule for some patient"),
            ("can fire", "old", "some patient makes it fire and stand"),
            ("can fire", "nap", "some patient is given it"),
            ("can fire", "nap/unless/no", "it withholds the advice from some patient"),
            ("can fire", "seen", "some patient is bound by this law"),
            ("bands", "age_years", "urgency leaves no gap between its bands"),
            ("bands", "age_years", "no two bands of urgency overlap"),
            ("lowering", "flag", "no fact removes it but one that its `unless` names"),
            ("lowering", "old", "no fact removes it but one that its `unless` names"),
            ("red flag", "flag", "a law demands same_day wherever this surely calls for it"),
            ("red flag", "seen", "So it is."),
            ("law", "seen", "So it is."),
        ]
    )


def test_claims_about_a_rule_are_those_that_depend_on_it():
    """A law depends on the advice that it names and on what is as urgent as it demands."""
    rules = rules_of(
        urgent("flag", "fever", "same_day", holds="all")
        + urgent("later", "injury", "soon")
        + advice("nap")
        + advice("walk", order=1)
        + law("seen", "fever", at_least="same_day")
        + law("awake", "fever", forbids=["nap"])
    )

    def about(id_: str) -> set[tuple[str, str]]:
        claims = prove(rules, about={id_})
        assert all(one.holds for one in claims)
        return {(one.kind, one.id) for one in claims}

    own = {("can fire", "flag"), ("lowering", "flag"), ("red flag", "flag")}
    held = {("can fire", "nap"), ("can fire", "walk"), ("law", "awake")}
    assert about("flag") == {*own, *held, ("red flag", "seen")}
    assert about("later") == {("can fire", "later"), ("lowering", "later")}
    assert about("nap") == {("can fire", "nap"), ("law", "awake")}
    assert about("walk") == {("can fire", "walk")}


def test_only_what_is_asked_for_is_decided():
    """`kinds` and `about` choose; together they narrow."""
    claims = prove(SHIPPED, kinds=("can fire", "law"), about={"rub"})
    assert {claim.kind for claim in claims} == {"can fire", "law"}
    assert "C12" in {claim.id for claim in claims}
    assert "toxin.exposed" not in {claim.id for claim in claims}


def test_what_can_be_gone_through_once_chooses_as_a_list_does():
    """An iterator that is used up by a check would choose nothing, and all would seem proved."""
    once: dict[str, Any] = {"kinds": iter(["law"]), "about": iter(["C12"])}
    assert prove(SHIPPED, **once)


def test_without_the_solver_the_missing_extra_is_named(monkeypatch):
    """As for the other extras."""
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(MissingExtraError, match=r"crampsrules\[prove\]"):
        prove(SHIPPED)


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"kinds": ["laws"]}, "there is no kind of claim 'laws'; did you mean 'law'?"),
        ({"kinds": "law"}, "takes a list of ids, each of a kind of claim; got 'law'"),
        ({"about": ["rubb"]}, "there is no rule or law 'rubb'; did you mean 'rub'?"),
        ({"about": [["rub"]]}, "there is no rule or law ['rub']"),
        ({"about": 5}, "takes a list of ids, each of a rule or law; got 5"),
        ({"rules": 5}, "rules takes a RuleBase, got 5"),
    ],
)
def test_what_would_prove_nothing_is_refused(options, told):
    """Nothing proved looks as if all were."""
    with pytest.raises(CrampsRulesError, match=re.escape(told)):
        prove(**{"rules": SHIPPED, **options})


def test_a_law_is_proved_by_its_id():
    assert [(one.kind, one.holds) for one in prove(SHIPPED, kinds=["law"], about=["C12"])] == [
        ("law", True)
    ]
