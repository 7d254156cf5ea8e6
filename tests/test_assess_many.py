"""One patient after another: the same answers, as they are asked for, and which one was wrong."""

from __future__ import annotations

import pickle
from itertools import count, islice

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import EngineError, FactsError, PatientFacts, assess, assess_many
from crampsrules.strategies.junk import junk_mappings
from tests.drawing import fact_mappings, fewer
from tests.engines.common import each_engine


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
