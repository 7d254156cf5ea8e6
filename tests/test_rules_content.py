"""What the shipped rules must say: the article, whole; sources; worked examples; plain words."""

import re
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import EngineError, PatientFacts, RuleBase, Triage, assess
from crampsrules.conditions import Concluded, atoms
from crampsrules.engines import ENGINES, engine_for
from crampsrules.examples import check_examples, untested_rules
from crampsrules.facts import FACTS
from crampsrules.fold import rank_causes
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rules import Caution, Expectation, Unless
from tests.drawing import ROOT, fact_mappings, fact_values, medicine_names, shipped_texts
from tools.statements import PAGE, STATEMENTS, carriers, page

RULES = RuleBase.load()

ARTICLE_CAUSES = (
    "dehydration", "strenuous_exercise", "muscle_trauma", "prolonged_posture", "medications",
    "cold", "low_potassium", "low_calcium", "low_magnesium", "kidney_disease",
    "inadequate_blood_supply", "nerve_compression",
)  # fmt: skip
OTHER_CAUSES = (
    "idiopathic_nocturnal_cramps", "pregnancy", "heat_cramps", "hyponatraemia",
    "deep_vein_thrombosis", "rhabdomyolysis", "acute_limb_ischaemia", "cauda_equina_syndrome",
    "compartment_syndrome", "tetanus", "hypothyroidism", "peripheral_neuropathy",
    "venous_insufficiency", "cirrhosis", "motor_neurone_disease", "alcohol", "toxin",
    "restless_legs", "dystonia",
)  # fmt: skip
ARTICLE_ADVICE = (
    "move", "shake", "rub", "cold_compress", "regular_exercise", "drink_fluids", "balanced_diet",
    "analgesic_balm", "analgesic_patch",
)  # fmt: skip

# --- The article --------------------------------------------------------------------------------


@pytest.mark.parametrize("statement", STATEMENTS)
def test_each_statement_of_the_article_stands_on_a_rule(statement):
    """Nothing that the article says was left out."""
    assert carriers(RULES, statement)


def test_rules_name_only_statements_that_the_article_has():
    """A slip in a `statement` would count for nothing."""
    named = {
        id_ for one in (*RULES.rules.values(), *RULES.causes.values()) for id_ in one.statement
    }

    assert named == set(STATEMENTS)
    assert list(STATEMENTS) == [f"S{number}" for number in range(1, 33)]


def test_the_page_of_statements_is_current():
    """docs/statements.md says what the rules say: `python tools/statements.py` writes it."""
    assert PAGE.read_text(encoding="utf-8") == page(RULES)


def test_the_names_of_the_contract_are_there():
    """Other software asks for these causes and this advice by name."""
    assert set(RULES.causes) == {*ARTICLE_CAUSES, *OTHER_CAUSES}
    assert {one.id for one in RULES.advice} >= set(ARTICLE_ADVICE)


@pytest.mark.parametrize("cause", [*ARTICLE_CAUSES, *OTHER_CAUSES])
def test_for_each_cause_there_are_facts_for_which_it_ranks_first(cause):
    """And those facts are a worked example, so that anyone can read what they are."""
    first = [one for one in RULES.examples if one.expect.causes and one.expect.causes[0] == cause]

    assert first
    assert [assess(one.facts).causes[0].id for one in first] == [cause] * len(first)


# What speaks against these cannot be true beside what speaks for them.
EITHER_OR = {"alcohol", "heat_cramps", "toxin"}


def against(cause: str) -> set[str]:
    return {one.id for one in RULES.evidence[cause] if RULES.decibans[one.id] < 0}


def place(cause: str, fired: frozenset[str]) -> int | None:
    return next((one.rank for one in rank_causes(RULES, fired) if one.id == cause), None)


@pytest.mark.parametrize("cause", sorted({*ARTICLE_CAUSES, *OTHER_CAUSES} - EITHER_OR))
def test_for_each_cause_there_is_a_patient_in_whom_evidence_against_it_puts_it_later(cause):
    """Behind another cause that it would otherwise come before; for the fallback, off the list."""
    engine = engine_for(RULES, "compiled")
    moved = []
    for one in RULES.examples:
        fired = engine.fire(PatientFacts.from_mapping(one.facts))
        without, with_it = place(cause, fired - against(cause)), place(cause, fired)
        if without and (RULES.causes[cause].fallback or with_it) and with_it != without:
            moved.append((without, with_it))

    assert moved
    assert all(now is None or now > before for before, now in moved)


@pytest.mark.parametrize("cause", sorted(EITHER_OR))
def test_what_is_ruled_out_by_the_evidence_against_it_is_not_listed(cause):
    """There are three causes of which one fact says yes or no."""
    engine = engine_for(RULES, "compiled")
    fired = [engine.fire(PatientFacts.from_mapping(one.facts)) for one in RULES.examples]
    ruled_out = [ids for ids in fired if ids & against(cause)]

    assert ruled_out
    assert not any(place(cause, ids) for ids in ruled_out)


@pytest.mark.parametrize("cause", sorted({*ARTICLE_CAUSES, *OTHER_CAUSES}))
def test_for_each_cause_there_is_a_patient_in_whom_it_is_unknown(cause):
    """Neither suspected nor ruled out: not every patient has been asked everything."""
    seen = (
        observe(PatientFacts.from_mapping(one.facts), RULES.formulary) for one in RULES.examples
    )

    assert any(Inference(RULES, one).suspected(cause) is None for one in seen)


@pytest.mark.parametrize("advice", ARTICLE_ADVICE)
def test_for_each_advice_of_the_article_there_are_facts_for_which_it_is_given(advice):
    """And those facts are a worked example."""
    given_in = [one for one in RULES.examples if advice in one.expect.advice]

    assert given_in
    for one in given_in:
        assert advice in {got.id for got in assess(one.facts).advice}


def test_the_serious_causes_of_the_article_are_marked_as_serious():
    """The article sets blood supply, nerves and minerals apart as more serious."""
    serious = ("inadequate_blood_supply", "nerve_compression", "low_potassium", "low_magnesium")

    assert {RULES.causes[cause].seriousness for cause in serious} == {"serious"}


# --- Worked examples ----------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
def test_every_worked_example_comes_out_as_stated(engine):
    """On every engine that runs here."""
    try:
        engine_for(RULES, engine)
    except EngineError as error:
        pytest.skip(str(error))

    assert [str(failure) for failure in check_examples(RULES, engine=engine)] == []


def test_every_rule_has_an_example_where_it_fires_and_one_where_it_does_not():
    """In its own file, where whoever changes the rule sees them."""
    assert [str(failure) for failure in untested_rules(RULES)] == []


def test_every_example_is_a_sentence_of_its_own():
    """Examples are named by what they say, and no two say the same."""
    said = [one.says for one in RULES.examples]

    assert len(set(said)) == len(said)
    assert all(one[0].isupper() and len(one.split()) >= 3 for one in said)


def test_every_example_states_something():
    """An example that expects nothing would pass whatever the rules say."""
    assert [one.says for one in RULES.examples if one.expect == Expectation()] == []


def test_every_finding_is_built_on():
    """A finding that nothing asks for is a rule without effect."""
    asked = {
        atom.finding
        for condition in (*RULES.conditions.values(), *RULES.law_conditions.values())
        for atom in atoms(condition)
        if isinstance(atom, Concluded)
    }

    assert set(RULES.concluding) - asked == set()


# --- Sources ------------------------------------------------------------------------------------


def cited() -> Iterator[str]:
    citing: list[Any] = [*RULES.rules.values(), *RULES.causes.values(), *RULES.laws]
    for one in citing:
        yield from one.source
    for _, entry in advice_entries():
        yield from entry.source


def test_every_source_cited_exists_and_every_source_is_cited():
    """No rule without a source, and no source that nothing rests on."""
    assert set(cited()) == set(RULES.sources)
    assert all(one.source for one in RULES.causes.values())


@pytest.mark.parametrize("name", sorted(shipped_texts()))
def test_rules_name_works_and_no_addresses(name):
    """A source is named by who wrote it; an address would be of one copy of it, today."""
    address = r"https?:|www\.|\b[\w-]+\.(com|org|net|io|gov|edu|co\.uk|nhs\.uk)\b|\bmirror"

    assert re.search(address, shipped_texts()[name], re.IGNORECASE) is None


@pytest.mark.parametrize("source", RULES.sources.values(), ids=lambda one: one.id)
def test_every_source_names_who_stands_behind_it(source):
    """An authority or authors, and a word on what kind of work it is."""
    assert source.title.strip()
    assert source.authority or source.authors
    assert source.kind


# --- Words --------------------------------------------------------------------------------------


def phrases() -> Iterator[tuple[str, str]]:
    """What stands within a sentence: each begins in the middle and has no full stop."""
    for finding in RULES.findings:
        yield finding.id, finding.because
    for ones in RULES.evidence.values():
        yield from ((one.id, one.because) for one in ones)
    for id_, entry in advice_entries():
        if isinstance(entry, Unless):
            yield id_, entry.reason
            if entry.caution is not None:
                yield id_, entry.caution


def sentences() -> Iterator[tuple[str, str]]:
    """What a person reads as a sentence."""
    yield from ((one.id, one.reason) for one in RULES.escalations)
    yield from ((one.id, one.text) for one in RULES.advice)
    yield from ((one.id, one.patient or "") for one in RULES.causes.values())
    yield from ((one.id, one.says) for one in RULES.laws)
    for id_, entry in advice_entries():
        if isinstance(entry, Caution):
            yield id_, entry.text
        elif entry.instead is not None:
            yield id_, entry.instead


def advice_entries() -> Iterator[tuple[str, Unless | Caution]]:
    for one in RULES.advice:
        yield from ((f"{one.id}/{entry.id}", entry) for entry in one.unless)
        yield from ((f"{one.id}/{entry.id}", entry) for entry in one.cautions)


def test_reasons_are_phrases_that_fit_into_a_sentence():
    """Because "the leg was cold", "you are on dialysis": no capital, no full stop, no markup."""
    wrong = [
        id_
        for id_, phrase in phrases()
        if not phrase.strip() or phrase.endswith(".") or not plain(phrase)
        or (phrase[0].isupper() and phrase.split()[0] in ("The", "A", "You", "Is", "Has", "It"))
    ]  # fmt: skip

    assert wrong == []


def test_what_is_said_to_people_is_whole_sentences():
    """A capital, an end, and no markup."""
    wrong = [
        id_
        for id_, text in sentences()
        if not text or not text[0].isupper() or text[-1] not in ".?!" or not plain(text)
    ]

    assert wrong == []


def plain(text: str) -> bool:
    markup = re.search(r"[<>{}*_`\\#]|\[|\]|  |\n", text)
    return text == text.strip() and markup is None


# --- Medicine stands in the rules, not in the code ----------------------------------------------

# Words that are names of medicines or causes and are plain words, or names of facts, as well.
ORDINARY = {
    "medicines": "what the facts and the formulary are about",
    "calcium": "a blood test: units.py converts it",
    "potassium": "a blood test",
    "magnesium": "a blood test",
    "cold": "a member of a fact: what makes it worse",
    "pregnancy": "what the fact `pregnant` is about",
    "alcohol": "what a fact counts in units",
}


def source_files() -> list[str]:
    package = ROOT / "src" / "crampsrules"
    files = (str(file.relative_to(package)) for file in package.rglob("*.py"))
    # facts.py holds the questions, which must name conditions to ask about them.
    return sorted(set(files) - {"facts.py"})


@pytest.mark.parametrize("file", source_files())
def test_no_medicine_and_no_cause_is_named_in_the_code(file):
    """A new drug or cause is a change of rules only."""
    text = (ROOT / "src" / "crampsrules" / file).read_text(encoding="utf-8").casefold()
    words = {name.casefold() for name in medicine_names(RULES) if len(name) >= 5}
    words |= {name for one in RULES.causes.values() for name in (one.id, one.title.casefold())}
    named = {
        word
        for word in words - FACTS.keys() - ORDINARY.keys()
        if word in text and re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", text)
    }

    assert named == set()


# --- The article's sentence on when to see a doctor -----------------------------------------------


@pytest.mark.parametrize(
    ("facts", "triage", "raised", "cites"),
    [
        ({"episodes_per_week": 2, "episode_minutes": 4}, Triage.SELF_CARE, None, False),
        (
            {"episodes_per_week": 2, "episode_minutes": 7},
            Triage.SELF_CARE,
            "long-but-seldom",
            False,
        ),
        (
            {"episodes_per_week": 2.9, "episode_minutes": 10},
            Triage.SELF_CARE,
            "long-but-seldom",
            False,
        ),
        (
            {"episodes_per_week": 3, "episode_minutes": 4.9},
            Triage.ROUTINE,
            "frequent-but-short",
            False,
        ),
        ({"episodes_per_week": 3, "episode_minutes": 5}, Triage.ROUTINE, "long-and-frequent", True),
        (
            {"episodes_per_week": 4, "episode_minutes": 10},
            Triage.ROUTINE,
            "long-and-frequent",
            True,
        ),
        (
            {"episodes_per_week": 4, "episode_minutes": 10.5, "eased_by": ["stretching"]},
            Triage.SOON,
            "over-ten-minutes-easing",
            True,
        ),
        (
            {"episodes_per_week": 4, "episode_minutes": 12},
            Triage.SAME_DAY,
            "over-ten-minutes",
            True,
        ),
        (
            {"episodes_per_week": 4, "episode_minutes": 12, "eased_by": []},
            Triage.SAME_DAY,
            "over-ten-minutes",
            True,
        ),
        (
            {"episodes_per_week": 1, "episode_minutes": 15},
            Triage.SAME_DAY,
            "over-ten-minutes",
            False,
        ),
        ({"episodes_per_week": 5}, Triage.ROUTINE, "frequent-length-unknown", True),
        ({"episodes_per_week": 2.9}, Triage.SELF_CARE, None, False),
        ({"episode_minutes": 8}, Triage.SELF_CARE, None, False),
    ],
)
def test_how_often_and_how_long(facts, triage, raised, cites):
    """Each reading of the sentence at its boundary: `cites` where S31 is named as the reason."""
    assessment = assess(facts)

    assert assessment.triage is triage
    if raised is not None:
        assert f"article.{raised}" in {one.id for one in assessment.escalations}
    assert any("S31" in one.statements for one in assessment.escalations) is cites


def excused(facts: dict[str, Any]) -> bool:
    """Whether what lasts over ten minutes is known to be something other than a long cramp."""
    other = {"ache", "burning", "tingling", "heaviness", "stiffness", "urge_to_move", "twisting"}
    symptoms = facts.get("symptoms", frozenset())
    unlike = bool(symptoms & other) and not symptoms & {"cramp", "pain"}
    upright = bool(facts.get("timing", frozenset()) & {"walking", "standing"})
    return unlike or (upright and facts.get("eases_within_minutes", 1440) <= 10)


long_ones = st.sampled_from((10.000001, 10.1, 12, 15, 60, 10_080)) | st.floats(10.001, 10_080)


# What decides between a long cramp and something else: drawn alone, as among all the facts of a
# random patient something more urgent would nearly always hide it.
about_the_cramp = st.fixed_dictionaries(
    {},
    optional={
        name: fact_values(FACTS[name])
        for name in ("symptoms", "sites", "timing", "eased_by", "eases_within_minutes", "onset")
    },
)


@given(fact_mappings() | about_the_cramp, long_ones)
def test_a_cramp_of_more_than_ten_minutes_escapes_nothing(facts, minutes):
    """Whatever else is known, it is seen soon, unless it is known to be something else."""
    facts = {**facts, "episode_minutes": minutes}
    assessment = assess(facts)

    assert assessment.triage >= Triage.SOON or excused(facts)


@given(fact_mappings(), st.sampled_from((3.0, 3.5, 7.0, 1000.0)), st.floats(5, 10_080) | long_ones)
def test_cramps_both_long_and_frequent_are_always_for_a_doctor(facts, a_week, minutes):
    """Whatever else is known, the article's own sentence stands and is cited."""
    assessment = assess({**facts, "episodes_per_week": a_week, "episode_minutes": minutes})

    assert assessment.triage >= Triage.ROUTINE
    assert any("S31" in one.statements for one in assessment.escalations)


@given(fact_mappings(), st.sampled_from((3.0, 7.0, 1000.0)))
def test_frequent_cramps_are_always_for_a_doctor(facts, a_week):
    """Whatever the minutes of the sentence mean, three a week or more is not left to self-care."""
    assert assess({**facts, "episodes_per_week": a_week}).triage >= Triage.ROUTINE


def test_a_source_is_cited_in_one_line():
    """Who, what and when."""
    for source in RULES.sources.values():
        assert source.title in str(source)
        assert "None" not in str(source)
