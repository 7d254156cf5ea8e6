"""Worked examples: what running them reports, and which patients must be among the shipped ones."""

from __future__ import annotations

from functools import cache

import pytest

from crampsrules import Assessment, FactsError, PatientFacts, RuleBase, RuleError, assess
from crampsrules.examples import check_examples, failures, untested_rules
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rules import Example

RULES = RuleBase.load()


@cache
def assessed() -> tuple[tuple[Example, Assessment], ...]:
    """Every shipped example with what comes out of it."""
    return tuple((one, assess(one.facts, engine="compiled")) for one in RULES.examples)


each_cause = pytest.mark.parametrize("cause", RULES.causes)


# --- For each cause, three cases ----------------------------------------------------------------


@each_cause
def test_each_cause_has_a_case_in_which_it_comes_first(cause):
    """Stated as such in the example, not only so by accident."""
    stated = [one for one in RULES.examples if one.expect.causes and one.expect.causes[0] == cause]

    assert stated


@each_cause
def test_each_cause_has_a_case_in_which_evidence_pushes_it_down(cause):
    """It is suspected, something speaks against it, and another cause comes first."""
    pushed_down = [
        example.says
        for example, assessment in assessed()
        for one in assessment.causes
        if one.id == cause and one.rank > 1 and any(reason.counted for reason in one.against)
    ]
    ruled_out = [
        example.says
        for example, assessment in assessed()
        if cause in example.expect.not_suspected and speaks_against(cause) & set(assessment.fired)
    ]

    assert pushed_down or ruled_out


def speaks_against(cause: str) -> set[str]:
    return {one.id for one in RULES.evidence[cause] if RULES.decibans[one.id] < 0}


@each_cause
def test_each_cause_has_a_case_in_which_it_is_left_open(cause):
    """What would make it suspected is unknown, and it is not listed."""
    left_open = [
        example.says
        for example, _ in assessed()
        if cause in example.expect.not_suspected and inference(example).suspected(cause) is None
    ]

    assert left_open


def inference(example: Example) -> Inference:
    facts = PatientFacts.from_mapping(example.facts)
    return Inference(RULES, observe(facts, RULES.formulary))


# --- Whole patients -----------------------------------------------------------------------------

WHOLE = [one for one in RULES.examples if one.file.endswith("worked_cases.toml")]


def test_the_whole_patients_are_all_there():
    """Nineteen patients, and one of them a second time with more frequent cramps."""
    assert len(WHOLE) == 20


@pytest.mark.parametrize("example", WHOLE, ids=lambda one: one.says)
def test_a_whole_patient_states_the_whole_answer(example):
    """How soon to be seen, what lies behind it or does not, and what is done or left out."""
    expect = example.expect

    assert expect.triage is not None
    assert expect.causes or expect.not_suspected
    assert expect.advice or expect.withheld or expect.causes


def test_a_potassium_without_a_unit_is_no_patient():
    """38 may be a slip for 3.8: nothing is guessed, and no rule sees it."""
    with pytest.raises(FactsError, match="potassium_mmol_l"):
        assess(potassium_mmol_l=38)


# --- What running them reports ------------------------------------------------------------------

PACK = """
id = "rain"
title = "Rain"
prior = 0
source = "book"

[[sources]]
id = "book"
title = "A book"

[[evidence]]
id = "rain.wet"
when = "fever"
weight = "large"
because = "is wet"
source = "book"

[[escalations]]
id = "see.someone"
when = "weakness"
triage = "soon"
reason = "You are weak."
source = "book"

[[advice]]
id = "umbrella"
kind = "prevention"
title = "Take an umbrella"
text = "It keeps the rain off."
source = "book"

[[advice.unless]]
id = "storm"
when = "confusion"
reason = "it is stormy"
source = "book"

[[advice.cautions]]
id = "mind"
text = "Mind the wind."
source = "book"

[[examples]]
says = "Wet"
facts = { fever = true, weakness = false }
expect = EXPECT
"""


def reported(expect: str) -> str:
    rules = RuleBase.from_texts({"rain.toml": PACK.replace("EXPECT", expect)})
    return "\n".join(map(str, check_examples(rules)))


@pytest.mark.parametrize(
    "expect",
    [
        '{ triage = "self_care", causes = ["rain"], advice = ["umbrella"] }',
        '{ fires = ["rain.wet"], silent = ["see.someone"], cautioned = ["umbrella"] }',
        '{ suspects = ["rain"], triage_at_least = "self_care" }',
    ],
)
def test_an_example_that_comes_out_as_stated_reports_nothing(expect):
    """Each kind of expectation, met."""
    assert reported(expect) == ""


@pytest.mark.parametrize(
    ("expect", "message"),
    [
        ('{ triage = "soon" }', "triage is self_care, not soon (nothing raised)"),
        ('{ triage_at_least = "soon" }', "triage is self_care, below soon"),
        ('{ not_suspected = ["rain"] }', "suspected though it should not be: rain"),
        ('{ fires = ["see.someone"] }', "not fired: see.someone"),
        ('{ silent = ["rain.wet"] }', "fired though it should not be: rain.wet"),
        ('{ escalations = ["see.someone"] }', "not raised: see.someone"),
        ('{ withheld = ["umbrella"] }', "not withheld: umbrella"),
        ('{ unrecognised = ["x"] }', "not reported as unrecognised: x"),
        ("{ causes = [], weights = { rain = 3 } }", "rain weighs 10, not 3"),
        ('{ warns = { umbrella = ["hail"] } }', "umbrella does not warn of 'hail'"),
    ],
)
def test_an_example_that_comes_out_otherwise_says_how(expect, message):
    """Which file, which example, what was expected, and what came instead."""
    assert reported(expect) == f"rain.toml: Wet: {message}"


def test_the_wrong_first_cause_is_shown_with_weights():
    """So that the reader sees how far off it is."""
    second = PACK.replace('"rain', '"snow').split("[[sources]]")[0] + (
        '[[evidence]]\nid = "snow.cold"\nwhen = "fever"\nweight = "small"\n'
        'because = "is cold"\nsource = "book"\n'
    )
    expecting = PACK.replace("EXPECT", '{ causes = ["snow"] }')
    rules = RuleBase.from_texts({"rain.toml": expecting, "snow.toml": second})

    (failure,) = check_examples(rules)

    assert failure.message == "causes are rain 10, snow 3, not snow"


def test_rules_without_examples_are_named():
    """Each that can fire wants an example of each kind in its own file."""
    rules = RuleBase.from_texts(
        {"rain.toml": PACK.replace("EXPECT", '{ fires = ["rain.wet"], silent = ["see.someone"] }')}
    )

    lacking = {str(one).removeprefix("rain.toml: ") for one in untested_rules(rules)}

    assert lacking == {
        "rain.wet: no worked example in its file names it in `silent`",
        "see.someone: no worked example in its file names it in `fires`",
        "umbrella: no worked example in its file names it in `fires`",
        "umbrella/unless/storm: no worked example in its file names it in `fires`",
        "umbrella/unless/storm: no worked example in its file names it in `silent`",
        "umbrella/caution/mind: no worked example in its file names it in `fires`",
    }


@pytest.mark.parametrize(
    ("expect", "named"),
    [
        ('{ escalations = ["see.someone"] }', "see.someone"),
        ('{ levels = { "see.someone" = "soon" } }', "see.someone"),
        ('{ advice = ["umbrella"] }', "umbrella"),
        ('{ cautioned = ["umbrella"] }', "umbrella"),
    ],
)
def test_what_is_raised_or_given_is_named_as_firing(expect, named):
    """It could not be raised or given without; what fires by accident is not counted."""
    pack = PACK.replace("weakness = false", "weakness = true").replace("EXPECT", expect)
    rules = RuleBase.from_texts({"rain.toml": pack})
    assert check_examples(rules) == ()

    lacking = {one.example for one in untested_rules(rules) if "`fires`" in one.message}

    assert named not in lacking
    assert "rain.wet" in lacking


def test_an_example_with_a_misspelt_medicine_says_so():
    """It is found when the example is run, since rules added later may know the name."""
    medicine = '\n[[classes]]\nid = "alpha"\ntitle = "Alpha"\nnames = ["alphamed"]\n'
    facts = 'facts = { medications = ["alphamet"] }'
    pack = PACK.replace("facts = { fever = true, weakness = false }", facts)
    rules = RuleBase.from_texts({"rain.toml": pack.replace("EXPECT", "{ causes = [] }") + medicine})

    (failure,) = check_examples(rules)

    assert "did you mean 'alphamed'" in failure.message


# --- What may be expected of weights, cautions and levels ----------------------------------------

CASE = """
[[examples]]
says = "A case"
facts = {{ {facts} }}
expect = {{ {expect} }}
"""


def messages(facts: str, expect: str) -> list[str]:
    text = CASE.format(facts=facts, expect=expect)
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
