"""The interview: it asks what matters, and comes to what knowing everything comes to."""

import json
import statistics
from functools import cache
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts, RuleBase, Triage, assess
from crampsrules.facts import FACTS
from crampsrules.interview import HAS_TESTS, Interview, _whether_tested
from crampsrules.questions import FOUND_BY_TESTS, Question
from tests.drawing import fewer, patients

SHIPPED = RuleBase.load()

WORKED_CASES: dict[str, dict[str, Any]] = {
    "a runner's calf cramp on a hot day": {
        "age_years": 30,
        "symptoms": ["cramp"],
        "sites": ["calf"],
        "timing": ["during_exercise"],
        "vigorous_exercise": True,
        "heat_exposure": True,
        "urine": "dark_yellow",
        "episode_minutes": 3,
    },
    "night cramps three weeks after starting furosemide": {
        "age_years": 72,
        "medications": ["furosemide"],
        "weeks_since_medication_change": 3,
        "symptoms": ["cramp"],
        "timing": ["night"],
        "episodes_per_week": 4,
        "episode_minutes": 6,
    },
    "calf pain at 200 metres, gone on standing still": {
        "age_years": 68,
        "smoker": True,
        "symptoms": ["pain"],
        "sites": ["calf"],
        "timing": ["walking"],
        "walking_distance_m": 200,
        "eased_by": ["standing_still"],
        "eases_within_minutes": 3,
    },
    "both thighs, better on a trolley and on sitting": {
        "age_years": 74,
        "symptoms": ["pain"],
        "sites": ["thigh"],
        "sides": "both",
        "timing": ["standing"],
        "worsened_by": ["standing"],
        "eased_by": ["bending_forward", "sitting"],
    },
    "cramps during haemodialysis": {
        "age_years": 60,
        "dialysis": True,
        "kidney_disease": True,
        "symptoms": ["cramp"],
        "timing": ["during_dialysis"],
        "episodes_per_week": 3,
        "episode_minutes": 8,
    },
    "one swollen, warm calf on the combined pill": {
        "age_years": 35,
        "sex": "female",
        "medications": ["combined_pill"],
        "symptoms": ["pain"],
        "sites": ["calf"],
        "sides": "one",
        "leg_swelling": "one",
        "skin_red_or_warm": True,
    },
    "the same, and short of breath": {
        "age_years": 35,
        "sex": "female",
        "medications": ["combined_pill"],
        "symptoms": ["pain"],
        "sites": ["calf"],
        "sides": "one",
        "leg_swelling": "one",
        "skin_red_or_warm": True,
        "breathlessness": True,
    },
    "a sudden cold, pale, numb leg with atrial fibrillation": {
        "age_years": 70,
        "atrial_fibrillation": True,
        "onset": "sudden",
        "sides": "one",
        "sites": ["leg"],
        "leg_cold_or_pale": True,
        "numbness": True,
    },
    "cola-coloured urine after a hard class": {
        "age_years": 25,
        "vigorous_exercise": True,
        "unaccustomed_exercise": True,
        "urine": "cola",
        "sites": ["thigh"],
        "symptoms": ["ache"],
        "pain_severity": 8,
    },
    "a potassium of 2.8 on a thiazide": {
        "age_years": 55,
        "potassium_mmol_l": 2.8,
        "medications": ["bendroflumethiazide"],
    },
    "one cramp of twelve minutes that nothing eased": {
        "age_years": 66,
        "symptoms": ["cramp"],
        "episode_minutes": 12,
        "eased_by": [],
        "episodes_per_week": 0.2,
    },
    "two short cramps a week, sleeping well": {
        "age_years": 45,
        "symptoms": ["cramp"],
        "episodes_per_week": 2,
        "episode_minutes": 2,
        "wakes_from_sleep": False,
    },
    "an evening urge to move the legs": {
        "age_years": 40,
        "symptoms": ["urge_to_move"],
        "timing": ["evening"],
        "eased_by": ["moving"],
    },
    "thighs weaker over two months on prednisolone": {
        "age_years": 58,
        "medications": ["prednisolone"],
        "weeks_since_medication_change": 26,
        "symptoms": ["cramp"],
        "sites": ["thigh"],
        "weakness": True,
        "weakness_course": "weeks_to_months",
    },
    "night cramps in late pregnancy, now left, now right": {
        "pregnant": True,
        "symptoms": ["cramp"],
        "sites": ["calf"],
        "timing": ["night"],
        "sides": "alternating",
        "episodes_per_week": 2,
        "episode_minutes": 2,
    },
    "heat cramps with heart failure on furosemide": {
        "age_years": 50,
        "heart_failure": True,
        "medications": ["furosemide"],
        "heat_exposure": True,
        "heavy_sweating": True,
        "symptoms": ["cramp"],
    },
    "diabetes, feet long numb, night cramps": {
        "age_years": 64,
        "diabetes": True,
        "numbness": True,
        "weakness_course": "stable",
        "timing": ["night"],
        "symptoms": ["cramp"],
    },
    "a calcium of 2.05 with tingling lips after a neck operation": {
        "calcium_mmol_l": 2.05,
        "mouth_or_finger_tingling": True,
        "neck_surgery": True,
    },
    "cramps, and a potassium without a unit that cannot be read": {"symptoms": ["cramp"]},
    "back pain, both legs weak, no passing of urine": {
        "age_years": 61,
        "back_pain": True,
        "both_legs_weak": True,
        "bladder_or_bowel_change": True,
    },
}


def known_to(facts, question):
    """What someone who knows these facts, and no more, answers."""
    if question.id == HAS_TESTS:
        return {HAS_TESTS: not FOUND_BY_TESTS.isdisjoint(facts)}
    return {fact: facts[fact] for fact in question.facts if fact in facts}


def ticking(facts, question):
    """The same from someone who leaves open on a list whatever is not so."""
    flags = {fact: False for fact in question.facts if FACTS[fact].kind == "flag"}
    return {**flags, **known_to(facts, question)}


def next_of(interview):
    """The next question, where there is sure to be one."""
    question = interview.next()
    assert question is not None
    return question


def steps(facts, answering=known_to):
    """The interview with someone, as it stands after each answer."""
    interview = Interview()
    yield interview
    while (question := interview.next()) is not None:
        interview = interview.answer(question, answering(facts, question))
        yield interview


@cache
def worked(case, answering=known_to):
    """The steps of the interview with the person of a worked case."""
    return tuple(steps(WORKED_CASES[case], answering))


def reached_after(taken, triage):
    """How many questions it took until the triage was this one and stayed so."""
    levels = [one.assessment(engine="compiled").triage for one in taken]
    wrong = [at for at, level in enumerate(levels) if level is not triage]
    return wrong[-1] + 1 if wrong else 0


@pytest.mark.parametrize("case", WORKED_CASES)
def test_a_worked_case_comes_to_the_triage_of_knowing_everything(case):
    """Whoever answers what the case states, and nothing else, ends at the case's triage."""
    facts = WORKED_CASES[case]
    last = worked(case)[-1]

    assert last.assessment().triage is assess(facts).triage
    assert last.facts.known().items() <= PatientFacts.from_mapping(facts).known().items()


@pytest.mark.parametrize("answering", [known_to, ticking])
def test_half_the_worked_cases_reach_their_triage_within_twelve_questions(answering):
    """The median number of questions after which the triage is that of knowing everything."""
    counts = []
    for case, facts in WORKED_CASES.items():
        counts.append(reached_after(worked(case, answering), assess(facts).triage))

    assert max(counts) < 60
    assert statistics.median(counts) <= 12


def whole_patients():
    """Someone who can answer everything, tests included."""
    return patients(SHIPPED).map(lambda facts: {**_plain(), **facts.to_dict()})


def _plain():
    values: dict[str, Any] = {}
    for fact in FACTS.values():
        match fact.kind:
            case "flag":
                values[fact.name] = False
            case "members" | "medicines":
                values[fact.name] = []
    return values


@settings(fewer(10))
@given(whole_patients())
def test_stopping_loses_nothing_of_the_triage(facts):
    """When nothing is left to ask, the triage is that of everything the person could have said."""
    try:
        everything = assess(facts)
    except FactsError:  # a patient on dialysis who has no kidney disease
        everything = assess(facts := {**facts, "kidney_disease": True})

    *_, last = steps(facts)

    assert last.assessment().triage is everything.triage


@settings(fewer(10))
@given(patients(SHIPPED), st.booleans())
def test_no_fact_is_asked_twice_and_every_interview_ends(facts, ticks):
    """Each question asks for something new, whether or not the answer was known."""
    interview = Interview()
    asked: list[str] = []
    while (question := interview.next()) is not None:
        asked += question.facts or [question.id]
        answering = ticking if ticks else known_to
        interview = interview.answer(question, _coherent(answering(facts.known(), question)))

    assert len(asked) == len(set(asked))
    assert not set(asked) & {"sex", "fall_risk"}  # they change advice at most


def _coherent(answers):
    return {**answers, "kidney_disease": True} if answers.get("dialysis") else answers


def test_an_emergency_ends_the_interview_at_once():
    """Nothing is asked before getting help."""
    interview = Interview()
    question = next_of(interview)

    after = interview.answer(question, {"chest_pain": True})

    assert "chest_pain" in question.facts
    assert after.is_emergency
    assert after.next() is None


def test_what_is_left_out_of_an_answer_stays_unknown_and_is_not_asked_again():
    """Nothing is taken for no because it was not said."""
    interview = Interview()
    question = next_of(interview)

    after = interview.answer(question, {question.facts[0]: False})

    assert after.facts == PatientFacts.from_mapping({question.facts[0]: False})
    assert after.in_vain == set(question.facts[1:])
    assert not set(next_of(after).facts) & set(question.facts)


@pytest.mark.parametrize(
    ("fact", "value"), [("age_years", 300), ("medications", ["furosemid"]), ("urine", "green")]
)
def test_an_answer_that_cannot_be_is_refused_and_the_question_stays_open(fact, value):
    """A wrong answer is an error, never a guess; the interview is as it was."""
    question = Question(fact, FACTS[fact].question, (fact,), "", "triage", Triage.SOON)
    interview = Interview()

    with pytest.raises(FactsError):
        interview.answer(question, {fact: value})
    assert interview == Interview()


def test_results_of_tests_are_asked_for_last_and_only_of_those_who_have_some():
    """One question settles whether there are any; "no" and "not known" ask for none."""
    asked = [question.id for question, _ in _all_unknown(tested=True)]
    untested = [question.facts for question, _ in _all_unknown(tested=False)]
    gate = asked.index(HAS_TESTS)

    assert not FOUND_BY_TESTS & set(asked[:gate])
    assert FOUND_BY_TESTS & set(asked[gate + 1 :])
    assert not FOUND_BY_TESTS & {fact for facts in untested for fact in facts}


def test_the_question_about_tests_names_them():
    """All that is found by tests: blood, heart and the blood flow in the legs."""
    (question,) = (one for one, _ in _all_unknown(tested=True) if one.id == HAS_TESTS)

    assert question.text.startswith("Do you have results at hand from the last three months: of a ")
    assert "of a blood test, of a heart tracing (ECG), or of someone" in question.text
    assert question.text.endswith(" checking the blood flow in your legs?")


def _all_unknown(*, tested):
    interview = Interview()
    while (question := interview.next()) is not None:
        answers = {HAS_TESTS: tested} if question.id == HAS_TESTS else {}
        interview = interview.answer(question, answers)
        yield question, interview


def test_whether_there_are_tests_can_be_said_beforehand():
    """Then it is not asked."""
    asked = _asked(Interview().without_tests())

    assert HAS_TESTS not in asked
    assert not FOUND_BY_TESTS & set(asked)
    assert HAS_TESTS not in _asked(Interview().with_tests())


def _asked(interview):
    asked: list[str] = []
    while (question := interview.next()) is not None:
        asked += question.facts or [question.id]
        interview = interview.answer(question, {})
    return asked


@pytest.mark.parametrize(
    ("known", "has_tests"), [({"potassium_mmol_l": 4.0}, True), ({"fever": False}, False)]
)
def test_whoever_told_a_result_before_has_tests(known, has_tests):
    """And need not be asked whether there are any."""
    assert Interview.resumed(known).has_tests is has_tests


@settings(fewer(10))
@given(patients(SHIPPED), st.integers(0, 6))
def test_saved_answers_go_on_where_they_stopped(facts, stop):
    """What was answered, and what was asked in vain, comes back as it was."""
    interview = Interview()
    for _ in range(stop):
        question = interview.next()
        if question is None:
            break
        answers = _coherent(known_to(facts.known(), question))
        interview = interview.answer(question, answers)

    resumed = Interview.resumed(interview.to_dict())

    assert resumed.facts == interview.facts
    assert resumed.in_vain == interview.in_vain
    assert resumed.next() == interview.next()
    assert assess(interview.to_dict()) == interview.assessment()


@settings(fewer(10))
@given(patients(SHIPPED), st.booleans())
def test_an_interview_kept_as_data_between_two_answers_is_the_same_interview(facts, tested):
    """As on a page that keeps nothing: it ends, and after as many questions."""
    held = sent = Interview()
    while (question := sent.next()) is not None:
        answers = _coherent(known_to(facts.known(), question))
        if question.id == HAS_TESTS:
            answers = {HAS_TESTS: tested}
        held = held.answer(question, answers)
        kept = json.dumps(sent.answer(question, answers).to_state())
        sent = Interview.from_state(json.loads(kept))
        assert sent == held

    assert held.next() is None


@given(patients(SHIPPED), st.sampled_from([None, "with_tests", "without_tests"]))
@settings(fewer(3))
def test_an_interview_that_began_with_facts_is_kept_as_it_is(facts, about_tests):
    """Results of tests among them too, of which nobody said whether there are more."""
    interview = Interview(facts)
    if about_tests:
        interview = getattr(interview, about_tests)()

    again = Interview.from_state(json.loads(json.dumps(interview.to_state())))

    assert again == interview
    assert again.next() == interview.next()


def test_an_interview_by_other_rules_does_not_go_on_by_these():
    """What would be lost are reasons to be seen."""
    mine = SHIPPED.extended_with(
        {
            "mine.toml": '[[sources]]\nid = "s"\ntitle = "S"\n'
            '[[escalations]]\nid = "mine.scarf"\nwhen = "fever"\ntriage = "emergency"\n'
            'reason = "R."\nclinician = "C."\nsource = "s"\n'
        }
    )
    begun = Interview({"fever": True}, rules=mine)
    kept = json.loads(json.dumps(begun.to_state()))

    with pytest.raises(FactsError) as refused:
        Interview.from_state(kept)

    assert str(refused.value) == (
        f"rules_version: this interview was begun by the rules {mine.version[:12]}, and the "
        f"shipped ones are {SHIPPED.version[:12]}: give from_state() the rules that it was begun "
        'with, or go on by other rules with Interview.resumed(state["answers"])'
    )
    assert Interview.from_state(kept, rules=mine) == begun
    with pytest.raises(FactsError, match="and these are"):
        Interview.from_state(SENT, rules=mine)


def test_a_state_of_before_rules_were_named_in_it_is_read():
    """It was sent along by the version before."""
    kept = {name: value for name, value in SENT.items() if name != "rules_version"}

    assert Interview.from_state(kept) == Interview()


def test_what_is_no_fact_is_refused_with_none_too():
    """A slip in the name of a fact stays one where its value is not known."""
    interview = Interview()
    question = interview.next()
    assert question is not None
    with pytest.raises(FactsError, match="fevr: is not a fact; did you mean 'fever'"):
        interview.answer(question, {"fevr": None})


SENT = Interview().to_state()


@pytest.mark.parametrize(
    ("state", "told"),
    [
        (None, "state: takes what to_state() gave, got None"),
        ({"answers": {}}, "state: takes what to_state() gave, got {'answers': {}}"),
        ({**SENT, "answers": []}, "answers: takes a mapping of facts to values, got []"),
        ({**SENT, "answers": {"fevr": 1}}, "fevr: is not a fact; did you mean 'fever'?"),
        ({**SENT, "has_tests": "yes"}, "has_tests: takes true or false, got 'yes'"),
        ({**SENT, "length": -1}, "length: takes a whole number from 0 on, got -1"),
        ({**SENT, "length": True}, "length: takes a whole number from 0 on, got True"),
    ],
)
def test_a_state_that_is_none_is_refused(state, told):
    """It comes back from a browser."""
    with pytest.raises(FactsError) as refused:
        Interview.from_state(state)

    assert str(refused.value) == told


@pytest.mark.parametrize(
    ("begun", "told"),
    [
        ({"has_tests": "no"}, "has_tests: takes true or false, got 'no'"),
        ({"length": "no"}, "length: takes a whole number from 0 on, got 'no'"),
        ({"length": -1}, "length: takes a whole number from 0 on, got -1"),
    ],
)
def test_an_interview_cannot_begin_as_none_can_be(begun, told):
    """Its own state would be refused later."""
    with pytest.raises(FactsError) as refused:
        Interview(**begun)

    assert str(refused.value) == told


def test_a_question_that_is_answered_twice_leaves_nothing_in_vain():
    """As with a button for going back, or one that was pressed twice; what is known is known."""
    question = Interview().next()
    assert question is not None
    fact = question.facts[0]
    once = Interview().answer(question, {fact: False})
    twice = once.answer(question, {})

    assert fact not in twice.in_vain
    assert Interview.from_state(twice.to_state()) == twice


@pytest.mark.parametrize(
    ("in_vain", "told"),
    [
        ("fever", "in_vain: takes a list of names of facts, got 'fever'"),
        (None, "in_vain: takes a list of names of facts, got None"),
        (["fevr"], "in_vain: 'fevr' is not a fact; did you mean 'fever'?"),
        ([[3]], "in_vain: [3] is not a fact"),
    ],
)
def test_what_was_asked_in_vain_is_facts(in_vain, told):
    """A text would be its letters."""
    with pytest.raises(FactsError) as refused:
        Interview(in_vain=in_vain)

    assert told in str(refused.value)


def test_none_takes_back_nothing():
    """It says what an answer that is left out says."""
    interview = Interview(PatientFacts(fever=True))

    assert interview.answer(next_of(interview), {"fever": None}).facts == interview.facts


def test_a_name_that_is_no_fact_is_refused_and_the_question_stays_open():
    """It would be an answer lost, and perhaps a red flag."""
    interview = Interview()

    with pytest.raises(FactsError, match=r"chest_pian: is not a fact; did you mean 'chest_pain'\?"):
        interview.answer(next_of(interview), {"chest_pian": True})


def test_what_is_told_besides_is_kept():
    """It is known from then on, and not asked for."""
    interview = Interview(in_vain={"age_years"})
    question = next_of(interview)
    assert "weakness" not in question.facts

    told = interview.answer(question, {"weakness": True, "age_years": 50})

    assert told.facts == PatientFacts(weakness=True, age_years=50)
    assert "age_years" not in told.in_vain


@pytest.mark.parametrize("answer", ["yes", 1, "true", [True]])
def test_whether_there_are_tests_takes_yes_or_no_alone(answer):
    """Whatever else it is, it is not taken for no."""
    question = _about_tests()

    with pytest.raises(FactsError, match="has_tests: takes true or false, got"):
        Interview().answer(question, {HAS_TESTS: answer})


def test_without_a_word_about_tests_they_stay_unknown():
    """They are not asked for, and none of them is taken for a no."""
    left = Interview(PatientFacts(foot_pulse="weak")).answer(_about_tests(), {})

    assert left.facts == PatientFacts(foot_pulse="weak")
    assert left.in_vain == FOUND_BY_TESTS - {"foot_pulse"}


def _about_tests():
    (question,) = (one for one, _ in _all_unknown(tested=False) if one.id == HAS_TESTS)
    return question


def test_what_is_no_question_and_no_answer_is_refused():
    """In words that say what was meant to be there."""
    interview = Interview()

    not_a_question: Any = "danger-signs"
    no_answers: Any = None

    with pytest.raises(FactsError, match=r"takes a question that next\(\) gave"):
        interview.answer(not_a_question, {"fever": True})
    with pytest.raises(FactsError, match="takes a mapping of facts to values"):
        interview.answer(next_of(interview), no_answers)


@pytest.mark.parametrize(
    ("reported", "value"),
    [
        (name, value)
        for name, fact in FACTS.items()
        if fact.measured_by is not None
        for value in fact.members
    ],
)
def test_a_measured_value_is_asked_for_once(reported, value):
    """Where it stays unknown, the reported one stands; without tests it is not asked for at all."""
    measured = FACTS[reported].measured_by
    asked = _asked(Interview({reported: value}).with_tests())
    untested = _asked(Interview({reported: value}).without_tests())

    assert len(set(asked)) == len(asked)
    assert len(set(untested)) == len(untested)
    assert measured not in FOUND_BY_TESTS & set(untested)


def test_the_question_for_tests_in_full():
    """It stands for the first of what tests would tell."""
    first = Question(
        id="egfr",
        text="A question?",
        facts=("egfr",),
        why="",
        could_change="triage",
        could_reach=Triage.ROUTINE,
    )

    asked = _whether_tested(first, SHIPPED)

    assert (asked.id, asked.facts, asked.could_change) == (HAS_TESTS, (), "triage")
    assert asked.text == (
        "Do you have results at hand from the last three months: of a blood test, of a heart "
        "tracing (ECG), or of someone checking the blood flow in your legs?"
    )
