"""One line, one answer: what a person types is read as it is meant, or refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import CrampsRulesError, Triage
from crampsrules.cli.answers import AnswerError, read_answer
from crampsrules.facts import FACTS
from crampsrules.interview import HAS_TESTS, Interview
from crampsrules.questions import Question
from tests.cli.common import asking


@pytest.mark.parametrize(
    ("facts", "line", "answers"),
    [
        (("fever",), "yes", {"fever": True}),
        (("fever",), " N ", {"fever": False}),
        (("fever",), "?", {}),
        (("fever",), "", {}),
        (("fever",), "don't know", {}),
        (
            ("fever", "collapse", "seizure"),
            "1 3",
            {"fever": True, "collapse": False, "seizure": True},
        ),
        (("fever", "collapse"), "none", {"fever": False, "collapse": False}),
        (("fever", "collapse"), "0", {"fever": False, "collapse": False}),
        (("fever", "collapse"), "2?", {"fever": False, "collapse": None}),
        (("age_years",), "71", {"age_years": 71}),
        (("age_years",), "71.5", {"age_years": 71.5}),
        (("age_years",), "71 years", {"age_years": 71}),
        (("calcium_mmol_l",), "9.1 mg/dL", {"calcium_mmol_l": {"value": 9.1, "unit": "mg/dL"}}),
        (("calcium_mmol_l",), "9.1mg/dL", {"calcium_mmol_l": {"value": 9.1, "unit": "mg/dL"}}),
        (("hba1c_mmol_mol",), "6.5%", {"hba1c_mmol_mol": {"value": 6.5, "unit": "%"}}),
        (("medications",), "I take nothing", {"medications": []}),
        (("medications",), "no regular medicines", {"medications": []}),
        (("calcium_mmol_l",), "2.3 mmol/L", {"calcium_mmol_l": {"value": 2.3, "unit": "mmol/L"}}),
        (("urine",), "2", {"urine": "dark_yellow"}),
        (("urine",), "cola", {"urine": "cola"}),
        (("sites",), "2, 4", {"sites": ["calf", "foot"]}),
        (("sites",), "none", {"sites": []}),
        (("medications",), "furosemide, the pill", {"medications": ["furosemide", "the pill"]}),
        (("medications",), "none", {"medications": []}),
        (
            ("medications",),
            "warfarin, stopped; furosemide (40mg, once daily), aspirin, 75 mg, lasix (old",
            {
                "medications": [
                    "warfarin, stopped",
                    "furosemide (40mg, once daily)",
                    "aspirin, 75 mg",
                    "lasix (old",
                ]
            },
        ),
    ],
)
def test_a_line_is_read_as_the_answer_it_is(facts, line, answers):
    """By the kind of the fact, or as ticks on a list."""
    assert read_answer(asking(*facts), line) == answers


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (("fever",), "2"),
        (("fever", "collapse"), "3"),
        (("fever", "collapse"), "yes"),
        (("age_years",), "seventy"),
        (("age_years",), "1e3"),
        (("age_years",), "71 months"),
        (("ankle_brachial_index",), "0.9 mmHg"),
        (("urine",), "9"),
        (("urine",), "green"),
        (("sites",), "13"),
        (("sites",), "knee"),
    ],
)
def test_a_line_that_could_be_misread_is_no_answer(facts, line):
    """Nothing is guessed."""
    with pytest.raises(AnswerError):
        read_answer(asking(*facts), line)


@given(
    st.sampled_from(sorted(FACTS)).map(lambda name: (name,))
    | st.just(("fever", "collapse", "seizure")),
    st.text(max_size=40),
)
def test_any_line_is_an_answer_or_an_error_in_words(facts, line):
    """Whatever someone types, the interview goes on."""
    question = asking(*facts)
    try:
        answers = read_answer(question, line)
        answered = Interview().answer(question, answers)
    except CrampsRulesError as error:
        said = str(error)
    else:
        said = str(answered)
        assert set(answers) <= set(facts)
    assert said


def test_the_question_about_tests_is_a_yes_or_no_question():
    """It is the one question about no fact."""
    question = Question(HAS_TESTS, "?", (), "", "triage", Triage.SOON)

    assert read_answer(question, "yes") == {HAS_TESTS: True}
    assert read_answer(question, "?") == {}


@pytest.mark.parametrize(
    ("facts", "line", "message"),
    [
        (("fever",), "perhaps", "Please answer yes, no or ?"),
        (("age_years",), "old", "Please give a number, such as 3 or 1.5, or ?"),
        (("age_years",), "3 days", "Please give a number of years alone"),
        (("ankle_brachial_index",), "1 m", "No unit here"),
        (("urine",), "6", "Please give numbers from 1 to 5, none or ?"),
        (("urine",), "blue", "Please give one number from 1 to 5, or ?"),
        (("sites",), "1 elbow", "elbow is none of these: please give their numbers, none or ?"),
        (("fever", "thirst"), "3", "Please give numbers from 1 to 2, none or ?"),
        (("fever", "thirst"), "0 1", "Please give numbers from 1 to 2, none or ?"),
    ],
)
def test_a_line_that_is_no_answer_is_told_what_would_be(facts, line, message):
    """In a sentence."""
    with pytest.raises(AnswerError) as caught:
        read_answer(asking(*facts), line)
    assert str(caught.value) == message
