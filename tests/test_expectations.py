"""What a worked example may expect of weights and cautions, and what is said when it is not so."""

from __future__ import annotations

import pytest

from crampsrules import RuleBase, RuleError
from crampsrules.examples import failures

EXAMPLE = """
[[examples]]
says = "A case"
facts = {{ {facts} }}
expect = {{ {expect} }}
"""


def messages(facts: str, expect: str) -> list[str]:
    text = EXAMPLE.format(facts=facts, expect=expect)
    rules = RuleBase.load().extended_with({"case.toml": text})
    mine = [one for one in rules.examples if one.file == "case.toml"]
    return [one.message for one in failures(rules, mine)]


def test_an_expected_weight_is_the_weight_of_a_listed_cause():
    """Prior and counted evidence together; a cause that is not listed has none."""
    facts = "potassium_mmol_l = 2.9"
    rules = RuleBase.load()
    weight = rules.causes["low_potassium"].prior + sum(
        rules.decibans[id_] for id_ in ("low_potassium.result", "low_potassium.result-below-3")
    )
    assert messages(facts, f"weights = {{ low_potassium = {weight} }}") == []
    assert messages(facts, f"weights = {{ low_potassium = {weight + 1} }}") == [
        f"low_potassium weighs {weight}, not {weight + 1}"
    ]
    assert messages(facts, "weights = { toxin = 0 }") == ["toxin weighs nothing, not 0"]


def test_an_expected_warning_stands_in_the_caution():
    """One phrase or several; advice without a caution, or not given, warns of nothing."""
    assert messages("", 'warns = { rub = "one leg is swollen" }') == []
    assert messages("", 'warns = { rub = ["one leg is swollen", "the moon is full"] }') == [
        "rub does not warn of 'the moon is full'"
    ]
    assert messages("injury = true", 'warns = { rub = "one leg is swollen" }') == [
        "rub does not warn of 'one leg is swollen'"
    ]


def test_an_expected_level_is_that_of_the_escalation_alone():
    """Not that of the whole assessment; what does not stand raises to nothing."""
    facts = "weakness = true, weakness_course = 'days'"
    assert messages(facts, 'levels = { "nerves.weakness" = "soon" }') == []
    assert messages(facts, 'levels = { "nerves.weakness" = "emergency" }') == [
        "nerves.weakness raises to soon, not emergency"
    ]
    assert messages("", 'levels = { "nerves.weakness" = "soon" }') == [
        "nerves.weakness raises to nothing, not soon"
    ]


@pytest.mark.parametrize(
    "expect",
    ["weights = { hunger = 3 }", 'warns = { sing = "x" }', 'levels = { "no.rule" = "soon" }'],
)
def test_what_is_expected_of_must_exist(expect):
    """A cause or a piece of advice that no rule knows is an error of the file."""
    with pytest.raises(RuleError, match=r"is no (cause|piece of advice|escalation)"):
        messages("", expect)
