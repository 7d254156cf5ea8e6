"""The tool that changes the rules to see whether anything notices: its mutants and its verdicts."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest

from crampsrules import RuleBase
from crampsrules.errors import RuleError
from crampsrules.parsing import ConditionError
from tests.tools import load_tool

TOOL = load_tool("mutate_rules")


def mutant(id_: str, what: str) -> Any:
    (found,) = (one for one in TOOL.mutants() if str(one) == f"{id_}: {what}")
    return found


@pytest.mark.parametrize(
    ("text", "changed"),
    [
        ("a_fact < 3", {"a_fact <= 3", "a_fact >= 3", "a_fact < 2", "a_fact < 4"}),
        ("1.50 >= a_fact", {"1.5 > a_fact", "1.5 < a_fact", "1.49 >= a_fact", "1.51 >= a_fact"}),
        ('a_fact == "x"', {"a_fact != 'x'"}),
        ('"x" not in a_fact', {"'x' in a_fact"}),
        ("fever and a_finding", {"not fever and a_finding"}),
        ("known(fever)", {"not known(fever)"}),
        ("not fever", {"not not fever"}),
        ("suspected(cold)", set()),
    ],
)
def test_each_comparison_is_flipped_and_each_threshold_moved_by_a_step(text, changed):
    """To the other side of its threshold, the other way round, one up and one down."""
    found = {text[:start] + new + text[end:] for _, (start, end), new in TOOL._changes(text)}
    assert found == changed


def test_every_rule_has_its_mutants():
    """Each rule is dropped, each weight changes its sign, each level moves, and so on."""
    rules = RuleBase.load()
    kinds = Counter(one.kind for one in TOOL.mutants())
    evidence = [one for some in rules.evidence.values() for one in some]
    dropped = {one.id for one in TOOL.mutants() if one.kind == "rule dropped"}

    assert dropped == set(rules.rules)
    assert kinds["sign of a weight"] == len(evidence)
    assert kinds["holds dropped"] == sum(bool(one.holds) for one in rules.escalations)
    assert kinds["unless dropped"] == sum(len(one.unless) for one in rules.advice) + sum(
        one.unless is not None for one in rules.escalations
    )
    assert kinds["comparison flipped"] > len(rules.rules)
    assert kinds["threshold moved"]
    assert kinds["triage moved"] > len(rules.escalations)


def test_a_condition_is_changed_as_if_all_rules_were_read_anew():
    """The short cut comes to the same rule base."""
    some = [one for one in TOOL.mutants() if one.about and one.path[-1] in TOOL.CONDITIONS]
    for one in some[:: len(some) // 10]:
        try:
            quick = one.rules()
        except (RuleError, ConditionError):
            with pytest.raises(RuleError):
                RuleBase(tuple(one._changed(file) for file in TOOL.shipped()))
        else:
            slow = RuleBase(tuple(one._changed(file) for file in TOOL.shipped()))
            assert dict(quick.conditions) == dict(slow.conditions)


@pytest.mark.parametrize(
    ("id_", "what", "caught_by"),
    [
        ("low_potassium.result-below-3", "dropped", "worked example"),
        ("low_potassium.result-below-3", "moderate becomes large", "worked example"),
        ("circulation.breathlessness", "emergency becomes same_day", "worked example"),
        ("muscle.ck-with-sign", "`1000` becomes `999`", "proof"),
        ("alcohol.none", "against-large becomes against-moderate", "equivalent"),
        ("circulation.cold-leg-staying", "holds nothing", "equivalent"),
    ],
)
def test_mutants_are_judged(id_, what, caught_by):
    """By the cheapest check that notices; or shown to make no difference."""
    assert TOOL.judge(mutant(id_, what)).caught_by == caught_by


def test_a_mutant_that_survives_is_told_and_is_not_counted_as_caught(capsys):
    """And is explained only where the documentation names it."""
    one = mutant("low_potassium.result-below-3", "moderate becomes large")
    report = TOOL.Report([TOOL.Verdict(one, "nothing"), TOOL.Verdict(one, "proof")])
    assert [verdict.mutant for verdict in report.unexplained()] == [one]
    report.tell()
    out = capsys.readouterr().out
    assert f"UNEXPLAINED: rules/causes/low_potassium.toml: {one}" in out
    assert "1 of 2 mutants caught" in out
