"""The front door: how facts come in, and what is refused."""

from __future__ import annotations

import pickle
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import (
    Assessment,
    CrampsRulesError,
    EngineError,
    FactsError,
    PatientFacts,
    RuleBase,
    Triage,
    assess,
    assess_many,
    graph,
    next_questions,
    what_would_change,
)
from crampsrules.facts import FACTS
from crampsrules.strategies.junk import junk, junk_mappings
from tests.drawing import fact_mappings, fewer, patients
from tests.engines.common import each_engine

RULES = RuleBase.load()


# --- Ways in ------------------------------------------------------------------------------------


@fewer(2)
@given(fact_mappings())
def test_facts_may_come_in_any_form(known):
    """A mapping, keywords, `PatientFacts`, or a mapping and keywords that share it out."""
    half = len(known) // 2
    some, others = dict(list(known.items())[:half]), dict(list(known.items())[half:])
    expected = assess(PatientFacts.from_mapping(known), engine="compiled")

    assert assess(known, engine="compiled") == expected
    assert assess(engine="compiled", **known) == expected
    assert assess(others, engine="compiled", **some) == expected


@fewer(2)
@given(patients())
def test_the_same_facts_give_the_same_assessment(patient):
    """Twice over, on whichever engine is the default here."""
    assert assess(patient) == assess(patient)
    assert assess(patient).facts == patient


def test_nothing_known_is_a_patient_too():
    """No facts in any form: self-care, with what to check first."""
    empty = assess()

    assert empty.triage is Triage.SELF_CARE
    assert empty == assess(None) == assess({}) == assess(PatientFacts())
    assert empty == assess({"fever": None}) == assess(fever=None)


@pytest.mark.parametrize("ask", [next_questions, what_would_change, graph])
def test_whatever_takes_facts_takes_them_as_keywords(ask):
    """Alone, added to a mapping or to `PatientFacts`; and a wrong one is told as `assess` does."""
    whole = ask({"timing": ["night"], "cirrhosis": True})

    assert ask(timing=["night"], cirrhosis=True) == whole
    assert ask({"cirrhosis": True}, timing=["night"]) == whole
    assert ask(PatientFacts(cirrhosis=True), timing=["night"]) == whole
    with pytest.raises(FactsError, match="timings: is not a fact; did you mean 'timing'"):
        ask(timings=["night"])


def test_keywords_add_to_patient_facts():
    """And a keyword goes before what they say."""
    patient = PatientFacts(fever=True, age_years=40)

    assert assess(patient, thirst=True) == assess(fever=True, age_years=40, thirst=True)
    assert assess(patient, fever=None) == assess(age_years=40)


def test_a_fact_given_twice_is_refused():
    """In the mapping and by keyword, even with one value: one of them is a mistake."""
    with pytest.raises(FactsError, match=r"fever: is given twice") as caught:
        assess({"fever": True, "thirst": True}, fever=True)

    assert [problem.field for problem in caught.value.problems] == ["fever"]


def test_every_bad_fact_is_named_at_once():
    """With the nearest right name for a wrong one."""
    with pytest.raises(FactsError) as caught:
        assess({"fevr": True}, age_years=-1, urine="purple")

    assert {problem.field for problem in caught.value.problems} == {"fevr", "age_years", "urine"}
    assert "did you mean 'fever'" in str(caught.value)


def test_a_laboratory_value_may_bring_its_unit():
    """What is read is what the rules see."""
    assessment = assess(calcium_mmol_l={"value": 7.2, "unit": "mg/dL"})

    assert assessment.facts.calcium_mmol_l == pytest.approx(7.2 / 4.008, abs=0.01)
    assert assessment.triage is Triage.EMERGENCY


def test_a_misspelt_medicine_is_refused_by_name():
    """One slip away from a known one is an error, not an unknown medicine."""
    with pytest.raises(FactsError, match="furosemide"):
        assess(medications=["furosemid"])


# --- Junk ---------------------------------------------------------------------------------------


def outcome(facts, **known) -> Assessment | FactsError:
    """The assessment, or the error that refuses the facts; any other error is a failure."""
    try:
        return assess(facts, engine="compiled", **known)
    except FactsError as error:
        assert str(error)  # noqa: PT017 - it must be possible to show every one of them
        return error


@fewer(2)
@given(junk_mappings())
def test_any_mapping_gives_an_assessment_or_a_facts_error(mapping):
    """Whatever the keys and values are; never another exception."""
    assert isinstance(outcome(mapping), Assessment | FactsError)


@fewer(2)
@given(st.dictionaries(st.sampled_from(list(FACTS)), junk(), min_size=1, max_size=4))
def test_any_keywords_give_an_assessment_or_a_facts_error(keywords):
    """The names right, the values anything."""
    found = outcome({}, **keywords)

    assert isinstance(found, Assessment) or {one.field for one in found.problems} <= set(keywords)


@fewer(2)
@given(junk().filter(lambda value: value is not None and not isinstance(value, dict)))
def test_what_is_no_mapping_is_refused(value):
    """A list of pairs, a text, a number: facts need names."""
    with pytest.raises(FactsError, match=r"^facts: takes PatientFacts or a mapping"):
        assess(value)


@pytest.mark.parametrize(
    "mapping",
    [
        {f"nobody_asked_{i}": True for i in range(50_000)},
        {"x" * 1_000_000: True},
        {"medications": ["x" * 1_000_000]},
        {"medications": [f"unheard of {i}" for i in range(100_000)]},
        {"sites": ["calf"] * 100_000},
        {"age_years": 10**5_000},
        {"age_years": "7" * 100_000},
        {None: True, 3: 4, ("a",): "b", b"fever": True},
        {"fever": float("nan"), "age_years": float("nan"), "episode_minutes": float("inf")},
    ],
    ids=["names", "name", "medicine", "medicines", "set", "number", "digits", "keys", "nan"],
)
def test_what_is_huge_or_odd_is_refused_or_read(mapping):
    """In reasonable time and with a message of a reasonable length."""
    found = outcome(mapping)

    if isinstance(found, Assessment):
        assert found.facts.known() == {"sites": {"calf"}}
    else:
        assert found.problems
        assert len(str(found)) < 100_000


def test_a_value_that_misbehaves_is_refused():
    """One that cannot be shown, compared or hashed."""

    class Hostile:
        __hash__ = None  # type: ignore[assignment]

        def __repr__(self) -> str:
            raise RuntimeError("no")

        def __eq__(self, other: object) -> bool:
            raise RuntimeError("no")

    with pytest.raises(FactsError, match="fever"):
        assess(fever=Hostile(), sites=[Hostile()], medications={"a": Hostile()})


# --- Engines and rules --------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["compild", "", "DURABLE", "rete", 0, ["compiled"]])
def test_an_engine_that_does_not_exist_is_refused(name):
    """With the names of those that do."""
    with pytest.raises(EngineError, match="durable, compiled"):
        assess(engine=name)


def test_an_assessment_names_its_engine_and_rules():
    """So that an answer can be made again."""
    assessment = assess(engine="compiled")

    assert assessment.engine == "compiled"
    assert assessment.rules_version == RULES.version
    assert assessment.rules is RULES


def test_other_rules_may_be_given():
    """They alone decide."""
    rules = RuleBase.from_texts(
        {
            "one.toml": """
            [[sources]]
            id = "book"
            title = "A book"

            [[escalations]]
            id = "thirsty"
            when = "thirst"
            triage = "soon"
            reason = "You are thirsty."
            source = "book"
            """
        }
    )
    assessment = assess(thirst=True, breathlessness=True, rules=rules, engine="compiled")

    assert assessment.triage is Triage.SOON
    assert assessment.causes == ()
    assert assessment.advice == ()
    assert assessment.rules is rules


@pytest.mark.parametrize(
    "wrong", [lambda: assess(fever=3), lambda: assess(engine="rete"), lambda: assess({"fever": 3})]
)
def test_errors_of_this_library_have_one_base(wrong):
    """One `except` clause is enough for all that goes wrong."""
    with pytest.raises(CrampsRulesError):
        wrong()


# --- One patient after another ------------------------------------------------------------------


@fewer(6)
@given(st.lists(fact_mappings(), max_size=4))
def test_many_are_assessed_as_each_would_be(many):
    """In the order in which they came, in whatever form."""
    forms = (dict, PatientFacts.from_mapping)
    patients = [forms[n % 2](known) for n, known in enumerate(many)]

    assert list(assess_many(patients, engine="compiled")) == [
        assess(one, engine="compiled") for one in patients
    ]


@each_engine
def test_the_engine_asked_for_assesses_them(engine):
    """All of them."""
    assert [one.engine for one in assess_many([{}, None], engine=engine)] == [engine] * 2


def test_no_patient_is_fetched_before_it_is_needed():
    """So a stream without an end is no trouble."""
    fetched = []

    def stream():
        for number in count():
            fetched.append(number)
            yield {"age_years": number % 100}

    answers = assess_many(stream())
    assert fetched == []
    assert [one.facts.age_years for one in islice(answers, 3)] == [0, 1, 2]
    assert fetched == [0, 1, 2]


def test_a_bad_patient_ends_it_with_the_patients_place():
    """Those before have been given; the error says where it stopped."""
    answers = assess_many([{}, {"fever": True}, {"fevr": True}, {}])
    assert [next(answers).facts for _ in range(2)] == [PatientFacts(), PatientFacts(fever=True)]
    with pytest.raises(FactsError, match=r"^patient 2, counted from 0: fevr: is not a fact") as bad:
        next(answers)
    assert bad.value.position == 2
    assert pickle.loads(pickle.dumps(bad.value)).position == 2  # noqa: S301 - our own
    assert list(answers) == []


@fewer(4)
@given(st.lists(junk_mappings() | st.just({"fever": True}) | st.integers(), max_size=5))
def test_bad_patients_may_be_given_in_place_of_their_assessment(many):
    """Every patient has an answer in its place, and nothing else is raised."""
    answers = list(assess_many(many, on_error="yield", engine="compiled"))

    assert len(answers) == len(many)
    for position, (patient, answer) in enumerate(zip(many, answers, strict=True)):
        try:
            expected = assess(patient, engine="compiled")
        except FactsError as error:
            refused = error.problems
            assert isinstance(answer, FactsError)
            assert (answer.position, answer.problems) == (position, refused)
        else:
            assert answer == expected


def test_one_patient_has_no_place():
    """What `assess` raises says no more than it did."""
    with pytest.raises(FactsError, match=r"^fevr: ") as bad:
        assess(fevr=True)
    assert bad.value.position is None


@pytest.mark.parametrize("one", [{"fever": True}, PatientFacts(), "fever", b"fever", 5])
def test_one_patient_is_not_many(one):
    """Its names would be taken for patients."""
    with pytest.raises(FactsError, match=r"takes an iterable of patients"):
        assess_many(one)


def test_what_cannot_run_is_said_at_once():
    """Before the first patient."""
    with pytest.raises(EngineError, match="there is no engine 'rete'"):
        assess_many([], engine="rete")
    with pytest.raises(ValueError, match="on_error"):
        assess_many([], on_error="skip")  # type: ignore[call-overload]


def test_what_is_neither_raised_nor_given_is_refused():
    """At once, as every other fault."""
    with pytest.raises(FactsError, match="on_error: takes 'raise' or 'yield', got 'skip'"):
        assess_many([], on_error="skip")  # type: ignore[call-overload]
