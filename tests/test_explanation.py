"""Why: every conclusion traced to rules, sources and the facts that carry it."""

from __future__ import annotations

import pytest
from hypothesis import given

from crampsrules import Assessment, CrampsRulesError, RuleBase, assess
from crampsrules.explanation import Explanation, Step
from crampsrules.rules import unless_id
from tests.drawing import fewer, patients
from tests.satisfying import near_examples

RULES = RuleBase.load()

of_our_rules = patients() | near_examples(RULES)


def ids(explanation: Explanation) -> set[str]:
    return {step.id for step in explanation.chain() if step.id}


def again(assessment: Assessment, explanation: Explanation) -> Assessment:
    """The assessment of the facts that an explanation names, and of nothing else."""
    known = assessment.facts.known()
    named = {name: known[name] for name in explanation.facts if name in known}
    return assess(named, engine="compiled")


# --- Whole --------------------------------------------------------------------------------------


@fewer(3)
@given(of_our_rules)
def test_everything_that_fired_for_or_against_a_cause_is_named(patient):
    """With its weight and its sources, whether the cause is listed or not."""
    assessment = assess(patient, engine="compiled")
    weighed = [step for step in assessment.explain().chain() if step.weight is not None]
    explained = {step.id: step for step in weighed}
    fired = set(assessment.fired)

    for evidence in RULES.evidence.values():
        for one in evidence:
            if one.id in fired and RULES.decibans[one.id]:
                step = explained[one.id]
                assert step.weight == RULES.decibans[one.id]
                assert step.verdict
                assert step.sources == tuple(str(RULES.sources[id_]) for id_ in one.source)
                assert step.steps


@fewer(3)
@given(of_our_rules)
def test_everything_told_is_named(patient):
    """Each cause, each reason to be seen, each piece of advice, given or left out."""
    assessment = assess(patient, engine="compiled")
    told = {
        *(one.id for one in assessment.causes),
        *(one.id for one in assessment.escalations),
        *(one.id for one in assessment.advice),
        *(one.id for one in assessment.withheld),
    }

    assert told <= ids(assessment.explain())


@fewer(3)
@given(of_our_rules)
def test_a_chain_ends_in_facts(patient):
    """Below each rule there are further rules or facts, down to what was told of the patient."""
    assessment = assess(patient, engine="compiled")
    known = set(assessment.facts.known())
    for cause in assessment.causes:
        for reason in assessment.explain(cause.id).steps[0].steps:
            leaves = [step for step in reason.chain() if not step.steps]
            assert all(step.fact in known for step in leaves)
            assert all(step.verdict for step in reason.chain())


@fewer(3)
@given(of_our_rules)
def test_what_is_left_out_says_through_which_rule(patient):
    """Its own exception, or the reason to be seen that holds it back."""
    assessment = assess(patient, engine="compiled")
    raised = {one.id for one in assessment.escalations}
    for top in assessment.explain().steps:
        if top.text == "Advice withheld":
            for step in top.steps:
                because = {inner.id for inner in step.steps}
                assert because
                assert because <= raised | set(assessment.fired)


# --- Enough -------------------------------------------------------------------------------------


@fewer(2)
@given(of_our_rules)
def test_the_facts_named_for_a_cause_are_enough_for_it(patient):
    """Told nothing else, the same rules fire and the cause weighs the same."""
    assessment = assess(patient, engine="compiled")
    for cause in assessment.causes:
        if not RULES.causes[cause.id].fallback:
            alone = again(assessment, assessment.explain(cause.id))
            found = {one.id: one for one in alone.causes}
            assert found[cause.id].weight == cause.weight
            assert found[cause.id].because == cause.because
            assert found[cause.id].against == cause.against


@fewer(3)
@given(of_our_rules)
def test_the_facts_named_for_the_triage_are_enough_for_it(patient):
    """Told nothing else, one is to be seen as soon, for the same reasons."""
    assessment = assess(patient, engine="compiled")
    seen, *_ = assessment.explain().steps
    alone = again(assessment, Explanation((seen,)))

    assert alone.triage is assessment.triage
    assert alone.escalations == assessment.escalations


# --- Causes -------------------------------------------------------------------------------------


@pytest.mark.parametrize("cause", [id_ for id_, one in RULES.causes.items() if not one.fallback])
def test_a_cause_that_is_not_listed_is_explained_too(cause):
    """All that could speak for it or against it, and how far each is decided."""
    explanation = assess(fever=False).explain(cause)

    assert str(explanation).startswith(f"no: {RULES.causes[cause].title}: not suspected")
    assert {one.id for one in RULES.evidence[cause]} <= ids(explanation)
    assert all(step.sources for step in explanation.steps[0].steps)


def test_what_is_unknown_is_told_from_what_is_not_so():
    """A question not asked and a question answered with no."""
    text = str(assess(cold_exposure=False).explain("cold"))

    assert "no: had the legs in the cold" in text or "no: fact cold_exposure = no" in text
    assert "unknown: " in text


@pytest.mark.parametrize(
    ("wrong", "meant"),
    [
        ("dehydratoin", "dehydration"),
        ("Low Potassium", "low_potassium"),
        ("kidney", "kidney_disease"),
    ],
)
def test_a_name_that_is_no_cause_is_refused_with_the_nearest(wrong, meant):
    """Whatever was meant is named."""
    with pytest.raises(CrampsRulesError, match=f"is no cause; did you mean '{meant}'"):
        assess().explain(wrong)


def test_a_name_that_is_like_no_cause_is_refused():
    """Without a guess."""
    with pytest.raises(CrampsRulesError, match=r"'qqq' is no cause$"):
        assess().explain("qqq")
    with pytest.raises(CrampsRulesError, match=r"\['cold'\] is no cause$"):
        assess().explain(["cold"])  # type: ignore[arg-type]


def test_nothing_suspected_is_said():
    """In the words of the leaflet."""
    assessment = assess(weakness=True, weakness_course="stable")

    assert assessment.causes == ()
    assert RULES.wording.leaflet["nothing_suspected"] in str(assessment.explain())


OF_ITS_OWN = {
    "feet.toml": 'id = "cold_feet"\ntitle = "Cold feet"\nprior = 0\nsource = "book"',
    "rules.toml": """
id = "cold"
title = "Cold"
prior = 0
source = "book"
[[sources]]
id = "book"
title = "The book"
[[evidence]]
id = "cold.night"
when = '"night" in timing and "calf" not in sites'
weight = "small"
because = "of the night"
source = "book"
[[evidence]]
id = "cold.chilled"
when = "chilled and suspected(cold_feet)"
weight = "large"
because = "of the cold"
source = "book"
[[evidence]]
id = "cold_feet.numb"
cause = "cold_feet"
when = "numbness"
weight = "small"
because = "of numb feet"
source = "book"
[[findings]]
id = "cold.chill"
concludes = "chilled"
when = "cold_exposure or heat_exposure"
source = "book"
[[findings]]
id = "cold.bath"
concludes = "chilled"
when = "egfr > 10"
source = "book"
[[advice]]
id = "rest"
kind = "relief"
title = "Rest"
text = "Rest."
source = "book"
[[advice.unless]]
id = "hot"
when = "fever"
reason = "of a fever"
[[advice.unless]]
id = "unmeasured"
when = "thirst and not known(egfr)"
reason = "nobody measured"
[[advice.unless]]
id = "measured"
when = "thirst and known(egfr)"
reason = "it was measured"
""",
}


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"fever": True, "thirst": True},
            [
                "    of a fever [rest/unless/hot]",
                "      fact fever = yes",
                "    nobody measured [rest/unless/unmeasured]",
                "      fact thirst = yes",
                "      egfr is not known",
            ],
        ),
        (
            {"fever": False, "thirst": True, "egfr": 50},
            [
                "    it was measured [rest/unless/measured]",
                "      fact thirst = yes",
                "      egfr is known",
            ],
        ),
    ],
)
def test_each_reason_to_leave_advice_out_is_told_down_to_the_facts(facts, told):
    """And no reason that does not hold."""
    rules = RuleBase.from_texts(OF_ITS_OWN)

    *_, withheld = assess(facts, rules=rules).explain().steps

    lines = str(Explanation((withheld,))).splitlines()
    assert lines[0] == "Advice withheld"
    assert lines[1].startswith("  no: Rest: ")
    assert [line for line in lines[2:] if "source:" not in line] == told


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {},
            ["    unknown: whether timing has night", "    unknown: whether sites has calf"],
        ),
        ({"timing": ["night"]}, ["    unknown: whether sites has calf"]),
        ({"timing": ["rest"]}, ["    no: fact timing: not night"]),
        ({"sites": ["calf"]}, ["    no: fact sites: calf"]),
    ],
)
def test_members_are_told_by_what_is_known_of_them(facts, told):
    """That one is in a set, that one is not, or that nobody knows."""
    rules = RuleBase.from_texts(OF_ITS_OWN)

    lines = str(assess(facts, rules=rules).explain("cold")).splitlines()

    assert [line for line in lines if "timing" in line or "sites" in line] == told


def test_a_step_about_a_member_says_which_fact_it_is_about():
    """Also where nobody knows whether the member is there."""
    rules = RuleBase.from_texts(OF_ITS_OWN)
    explained = assess({}, rules=rules).explain("cold").steps

    links = [link for step in explained for link in step.chain() if "whether" in link.text]
    assert {link.fact for link in links} == {"timing", "sites"}


def test_a_chain_goes_through_findings_and_suspicions():
    """Through those only that are so, each with what it rests on."""
    known = {"cold_exposure": True, "numbness": True, "heat_exposure": False}
    rules = RuleBase.from_texts(OF_ITS_OWN)

    told = str(assess(known, rules=rules).explain("cold")).splitlines()

    assert [line for line in told if "source:" not in line] == [
        "1. Cold: 10 decibans (prior 0) [cold]",
        "  for: of the cold [+10, cold.chilled]",
        "    finding chilled",
        "      cold.chill [cold.chill]",
        "        fact cold_exposure = yes",
        "    suspected cold_feet",
        "      of numb feet [cold_feet.numb]",
        "        fact numbness = yes",
    ]
    assert told[1] == "    source: " + str(rules.sources["book"])
    assert told[3] == "      source: " + str(rules.sources["book"])


def test_a_chain_tells_what_nobody_asked_and_what_is_not_so():
    """Down to the fact, each with its verdict."""
    known = {"cold_exposure": False, "heat_exposure": False, "numbness": False, "egfr": 5}
    rules = RuleBase.from_texts(OF_ITS_OWN)

    for facts, verdict, feet in (({}, "unknown: ", ""), (known, "no: ", " = no")):
        told = str(assess(facts, rules=rules).explain("cold")).splitlines()
        feet_at = told.index(f"    {verdict}suspected cold_feet")

        assert f"    {verdict}finding chilled" in told
        assert told[feet_at + 1] == f"      {verdict}of numb feet [cold_feet.numb]"
        assert told[feet_at + 3] == f"        {verdict}fact numbness{feet}"
        assert f"        {verdict}fact cold_exposure{feet}" in told


# --- As text ------------------------------------------------------------------------------------


def test_a_chain_reads_from_the_cause_to_the_fact():
    """Three steps deep: two findings between the evidence and the fact."""
    text = str(assess(vomiting_or_diarrhoea=True).explain("dehydration"))
    wanted = ["Dehydration: ", "source: ", "for: ", "finding ", "fact vomiting_or_diarrhoea = yes"]

    places = [text.find(part) for part in wanted]
    assert -1 not in places
    assert places == sorted(places)


def test_what_did_not_count_is_marked():
    """The weaker of two drugs in one group."""
    text = str(assess(medications=["laba", "thiazide_like"]).explain("medications"))

    assert "[+4, medications.laba]" in text.replace(", S6", "")
    assert "+2, not counted, medications.thiazide" in text


def test_what_speaks_against_is_shown_with_its_sign():
    """In decibans below zero."""
    text = str(assess(potassium_mmol_l=4.2, medications=["thiazide_like"]).explain("low_potassium"))

    assert "against: " in text
    assert "[-10, low_potassium." in text


def test_an_exception_that_removed_a_reason_is_told():
    """With what made it true."""
    assessment = assess(episodes_per_week=4, episode_minutes=6)
    removed = next(
        step
        for step in assessment.explain().chain()
        if step.id == "article.frequent-length-unknown"
    )

    assert unless_id("article.frequent-length-unknown") in assessment.fired
    assert removed.verdict is False
    assert [step.fact for step in removed.steps] == ["episode_minutes"]


def test_numbers_are_shown_with_their_units():
    """As a reader expects them, and members of sets by name."""
    text = str(assess(potassium_mmol_l=2.9, timing=["night"], months_since_first=24).explain())

    assert "fact potassium_mmol_l = 2.9 mmol/L" in text
    assert "fact timing: night" in text


def test_steps_are_indented_by_depth():
    """So that the tree can be seen."""
    tree = Explanation((Step("a", steps=(Step("b", steps=(Step("c", verdict=None),)),)),))

    assert str(tree) == "a\n  b\n    unknown: c"
