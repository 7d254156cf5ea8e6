"""The testing kit: laws that hold for the library, and that find what is planted in an app."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, cast
from unittest import SkipTest

import pytest
from hypothesis import HealthCheck, Phase, given, seed, settings
from hypothesis import strategies as st
from hypothesis.errors import DeadlineExceeded
from hypothesis.stateful import run_state_machine_as_test

from crampsrules import (
    Assessment,
    CrampsRulesError,
    FactsError,
    PatientFacts,
    RuleBase,
    Triage,
    assess,
)
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.laws import binding_laws
from crampsrules.strategies import near_misses, patient_facts, rule_bases
from crampsrules.testing import (
    Answer,
    App,
    BrokenLawError,
    PlainInterview,
    deterministic,
    engine_independent,
    interview_machine,
    law_tests,
    monotone_in_red_flags,
    no_forbidden_advice,
    order_free,
    red_flags,
    round_trip,
    running_engines,
    threshold_law,
    undecided,
    unknown_is_not_safe,
)
from crampsrules.testing.boundaries import MOST_PATIENTS, boundary_patients
from crampsrules.testing.flags import yes_or_no_flags
from crampsrules.testing.laws import reassurances
from crampsrules.testing.undecided import ANSWERED_NO, undecided_patients
from examples.tested_app.app import Chat, reply
from examples.tested_app.bugs import BUGS, AddsCorrections
from examples.tested_app.test_app import TestChat as TestPharmacyChat
from examples.tested_app.test_app import TestLaws as TestPharmacyLaws
from examples.tested_app.test_app import pharmacy
from examples.tested_app.test_app import test_a_clot_is_urgent as test_the_plain_example_holds
from tests.drawing import fewer
from tests.written_rules import evidence, rules_of, urgent

__all__ = ["TestPharmacyChat", "TestPharmacyLaws", "test_the_plain_example_holds"]

SHIPPED = RuleBase.load()
SEEDS = range(5)

# What a user has who never heard of settings, but for the search for a smaller example: that a
# mistake is found is what counts here.
DEFAULT = settings(
    max_examples=100,
    database=None,
    deadline=None,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)


# --- The laws hold for the library itself -------------------------------------------------------

TestLibrary = law_tests(assess)
TestPlainInterview = interview_machine(lambda: PlainInterview(assess)).TestCase
# Each step assesses twice; a hundred conversations of fifty steps are for the deep run.
TestPlainInterview.settings = fewer(4)
TestPharmacyChat.settings = fewer(4)


@given(rule_bases(), st.data())
@fewer(2)
def test_the_laws_hold_for_any_rule_base(rules, data):
    """Those that do not depend on what its rules say."""
    facts, between = (data.draw(patient_facts(rules=rules)) for _ in range(2))

    deterministic(rules, facts, between=between)
    order_free(rules, facts)
    engine_independent(rules, facts)
    unknown_is_not_safe(rules, facts)


@given(red_flags())
def test_a_red_flag_is_one_fact_that_means_today(flag):
    """By itself."""
    assert len(flag) == 1
    assert assess(flag).triage.is_urgent


def test_rules_with_one_red_flag_have_it_drawn():
    """Not what something may excuse, what needs two facts, or what can wait."""
    rules = RuleBase.from_texts(
        {
            "own.toml": """
            sources = [{ id = "book", title = "A book" }]
            [[escalations]]
            id = "flag"
            when = "age_years > 90"
            triage = "same_day"
            reason = "A reason."
            source = "book"
            [[escalations]]
            id = "excused"
            when = "fever"
            unless = "thirst"
            triage = "same_day"
            reason = "A reason."
            source = "book"
            [[escalations]]
            id = "two"
            when = "injury and bruising"
            triage = "emergency"
            reason = "A reason."
            source = "book"
            [[escalations]]
            id = "later"
            when = "weakness"
            triage = "soon"
            reason = "A reason."
            source = "book"
            """
        }
    )
    ages: set[object] = set()

    @settings(DEFAULT, max_examples=30, derandomize=True)
    @given(red_flags(rules=rules))
    def note(flag):
        assert list(flag) == ["age_years"]
        assert flag["age_years"] > 90
        ages.add(flag["age_years"])

    note()
    assert len(ages) > 3


# --- The laws find what is planted --------------------------------------------------------------


def law_test(app, law):
    return getattr(law_tests(app), f"test_{law}")


@pytest.mark.parametrize("number", SEEDS)
@pytest.mark.parametrize("law", sorted(BUGS))
def test_each_law_finds_its_bug_within_a_hundred_examples(law, number):
    """Whatever the seed."""
    test = seed(number)(DEFAULT(law_test(pharmacy(BUGS[law]), law)))

    with pytest.raises(BrokenLawError) as raised:
        test()

    assert raised.value.law == law
    assert repr(raised.value.facts) in str(raised.value)


@pytest.mark.parametrize(
    "flag", [*yes_or_no_flags(RuleBase.load())], ids=lambda one: next(iter(one))
)
def test_an_app_that_drops_a_red_flag_is_found_before_anything_is_drawn(flag):
    """Each of them: among so many facts, chance meets one too seldom."""
    (name,) = flag
    app = App(call=lambda facts: assess(facts.replace(**{name: None}), engine="compiled"))
    test = settings(DEFAULT, phases=[Phase.explicit])(law_test(app, "monotone_in_red_flags"))

    with pytest.raises(BrokenLawError) as raised:
        test()

    assert raised.value.facts == PatientFacts.from_mapping(flag)


LARGE = {
    "potassium_mmol_l": 6.2,
    "calcium_mmol_l": 4.5,
    "magnesium_mmol_l": 3.5,
    "sodium_mmol_l": 160,
    "creatine_kinase_u_l": 20_000,
    "tsh_miu_l": 100,
    "alcohol_units_per_week": 200,
}


@pytest.mark.parametrize("fact", LARGE)
def test_an_app_that_drops_large_numbers_is_found_before_anything_is_drawn(fact):
    """Wherever they begin, also beyond the last threshold."""

    def app(facts):
        value = getattr(facts, fact)
        is_large = value is not None and value > LARGE[fact]
        return assess(facts.replace(**{fact: None}) if is_large else facts, engine="compiled")

    test = settings(DEFAULT, phases=[Phase.explicit])(law_test(app, "threshold_law"))

    with pytest.raises(BrokenLawError, match=r"^threshold_law"):
        test()


# Those by which the shipped rules can be reassured: in the triage, and in the advice alone.
DECIDING = [
    "bleeding_disorder", "both_legs_weak", "dizziness", "fatigue", "heavy_sweating", "medications",
    "persists_between_episodes", "pregnant", "sites", "skin_red_or_warm", "symptoms", "thirst",
    "timing", "vigorous_exercise", "weakness", "worsening",
]  # fmt: skip
DECIDING_IN_ADVICE = [
    "broken_skin", "cirrhosis", "dialysis", "eased_by", "fluid_restricted", "hard_sore_vein",
    "heart_failure", "kidney_disease", "leg_cold_or_pale", "peripheral_artery_disease", "raynaud",
    "salicylate_allergy",
]  # fmt: skip


def taking_for_no(fact):
    """An app in which whoever says nothing of one fact has said no."""
    no = () if FACTS[fact].is_set else False

    def app(facts):
        denied = {fact: no} if getattr(facts, fact) is None else {}
        return assess(facts.replace(**denied), engine="compiled")

    return app


@pytest.mark.parametrize("fact", [*DECIDING, *DECIDING_IN_ADVICE])
def test_an_app_that_takes_one_unknown_fact_for_no_is_found_before_anything_is_drawn(fact):
    """Each that matters: for few people does it matter, and chance hardly meets one of them."""
    test = law_test(taking_for_no(fact), "unknown_is_not_safe")

    with pytest.raises(BrokenLawError, match=r"^unknown_is_not_safe"):
        settings(DEFAULT, phases=[Phase.explicit])(test)()


@pytest.mark.parametrize("fact", DECIDING)
def test_an_app_that_shows_the_triage_alone_is_held_to_each_unknown_fact_too(fact):
    """Though it has no cautions that would be lost."""
    app = App(call=taking_for_no(fact), causes=None, advice=None, cautions=None)
    test = settings(DEFAULT, phases=[Phase.explicit])(law_test(app, "unknown_is_not_safe"))

    with pytest.raises(
        BrokenLawError, match=r"^unknown_is_not_safe: \w+ where the rules say \w+\s"
    ):
        test()


@pytest.mark.parametrize("number", SEEDS)
def test_an_unknown_fact_taken_for_no_is_found_as_a_user_would_run_it(number):
    """With what Hypothesis does by default, whatever the seed."""
    test = law_test(taking_for_no("persists_between_episodes"), "unknown_is_not_safe")

    with pytest.raises(BrokenLawError, match=r"^unknown_is_not_safe: soon where .* say same_day"):
        seed(number)(settings(database=None)(test))()


@given(rule_bases())
@fewer(4)
def test_who_is_undecided_would_be_reassured_by_a_no(rules):
    """Of each there is a fact that is unknown, and that decides."""
    for patient in undecided_patients(rules):
        wanted = App.of(rules).reference(patient)
        denied = [
            App.of(rules).reference(patient.replace(**{name: no}))
            for name, no in ANSWERED_NO.items()
            if getattr(patient, name) is None and not contradicts(patient, name, no)
        ]
        assert any(any(reassurances(found, wanted)) for found in denied)


def contradicts(patient, name, value):
    """Whether a fact cannot be so for this patient."""
    try:
        patient.replace(**{name: value})
    except FactsError:
        return True
    return False


def test_the_search_for_the_undecided_has_an_end(monkeypatch):
    """Rules may be many, and have many ways to be excused."""
    rules = rules_of(urgent("u", "fever", unless="not thirst"))
    assert undecided_patients(rules) == [PatientFacts(fever=True)]

    monkeypatch.setattr(undecided, "MOST_TRIES", 0)
    assert undecided_patients(rules_of(urgent("u", "fever", unless="not thirst"))) == []


# No shipped rule asks about the portions.
ROUNDED = [
    fact.name
    for fact in FACTS.values()
    if fact.kind == "number" and fact.name != "fruit_and_vegetable_portions_per_day"
]


@pytest.mark.parametrize("fact", ROUNDED)
def test_an_app_that_rounds_a_number_is_found_before_anything_is_drawn(fact):
    """One number alone: to whole numbers, or to tenths where the scale is short."""
    digits = 1 if (FACTS[fact].high or 0) <= 15 else 0

    def app(facts):
        value = getattr(facts, fact)
        rounded = None if value is None else round(value, digits)
        return assess(facts.replace(**{fact: rounded}), engine="compiled")

    test = settings(DEFAULT, phases=[Phase.explicit])(law_test(app, "threshold_law"))

    with pytest.raises(BrokenLawError, match=r"^threshold_law"):
        test()


OWN = """
sources = [{ id = "book", title = "A book" }]

[[escalations]]
id = "potassium"
when = "potassium_mmol_l < 3.0"
triage = "same_day"
reason = "A reason."
source = "book"

[[escalations]]
id = "heart"
when = "chest_pain"
triage = "emergency"
reason = "A reason."
holds = "all"
source = "book"

[[escalations]]
id = "often"
when = "episodes_per_week >= 7"
unless = "pregnant"
triage = "soon"
reason = "A reason."
source = "book"

[[advice]]
id = "stretch"
kind = "relief"
title = "Stretch"
text = "Stretch it."
source = "book"

[[laws]]
id = "low"
says = "A low potassium is seen the same day."
when = "potassium_mmol_l < 3.0"
at_least = "same_day"
source = "book"

[[laws]]
id = "chest"
says = "With chest pain nobody is told to stretch."
when = "chest_pain"
forbids = ["stretch"]
source = "book"

[[laws]]
id = "daily"
says = "Whoever cramps every day is seen soon."
when = "episodes_per_week >= 7 and not pregnant"
at_least = "soon"
source = "book"
"""


@pytest.mark.parametrize(
    ("right", "wrong", "law"),
    [
        ("potassium_mmol_l < 3.0", "potassium_mmol_l < 2.999", "low"),
        ("potassium_mmol_l < 3.0", "2.5 <= potassium_mmol_l < 3.0", "low"),
        ('holds = "all"\n', "", "chest"),
        ('"pregnant"', '"pregnant or episode_minutes > 15"', "daily"),
        ("_week >= 7", "_week > 7", "daily"),
        ("_week >= 7", "_week >= 7 and episodes_per_week < 900", "daily"),
    ],
)
def test_a_rule_that_falls_short_of_a_law_is_found_before_anything_is_drawn(right, wrong, law):
    """On the boundary of the law, far within, and where an exception is too wide."""
    rules = RuleBase.from_texts({"own.toml": OWN.replace(right, wrong, 1)})
    test = law_test(rules, "no_forbidden_advice")

    with pytest.raises(BrokenLawError, match=rf"no_forbidden_advice: {law} ") as raised:
        test()

    assert raised.value.facts in boundary_patients(rules)


def test_rules_that_keep_their_laws_are_not_blamed():
    """The same laws, and rules without a fault."""
    law_test(RuleBase.from_texts({"own.toml": OWN}), "no_forbidden_advice")()


def test_each_shipped_law_has_patients_who_are_tried_first():
    """No more than it takes, and none to whom no law applies."""
    patients = boundary_patients(SHIPPED)

    bound = [{law.id for law in binding_laws(assess(facts))} for facts in patients]

    assert all(bound)
    assert set().union(*bound) == {law.id for law in SHIPPED.laws}
    assert len(SHIPPED.laws) <= len(patients) <= max(MOST_PATIENTS, len(SHIPPED.laws))


@pytest.mark.parametrize("number", SEEDS)
def test_the_machine_finds_the_bug_in_the_conversation(number):
    """Within a hundred conversations, whatever the seed."""
    machine = seed(number)(interview_machine(AddsCorrections, app=pharmacy()))

    with pytest.raises(BrokenLawError) as raised:
        run_state_machine_as_test(machine, settings=DEFAULT)

    assert raised.value.law == "interview"


class MovesOn(PlainInterview):
    """Once it knows where it hurts, it forgets the medicines that it was told before."""

    def __init__(self) -> None:
        super().__init__(assess)

    def tell(self, fact: str, value: object) -> None:
        """Take one fact."""
        super().tell(fact, value)
        if fact == "sites":
            super().tell("medications", None)


def test_the_machine_finds_one_fact_that_drives_out_another():
    """Which is seen only of someone of whom both are known, and for whom both matter.

    A hundred conversations are mostly enough; what is drawn differs with what else is imported.
    """
    machine = seed(0)(interview_machine(MovesOn))

    with pytest.raises(BrokenLawError) as raised:
        run_state_machine_as_test(machine, settings=settings(DEFAULT, max_examples=1000))

    assert raised.value.facts.medications is not None


def test_what_is_told_is_named_in_the_report():
    """Each value with its fact, whether it is told or corrected."""

    class Gruff(PlainInterview):
        def __init__(self) -> None:
            super().__init__(assess)
            self.heard: dict[str, object] = {}

        def tell(self, fact: str, value: object) -> None:
            assert fact not in self.heard
            self.heard[fact] = value
            super().tell(fact, value)

    machine = seed(0)(interview_machine(Gruff))
    with pytest.raises(AssertionError) as raised:
        run_state_machine_as_test(machine, settings=settings(DEFAULT, derandomize=True))

    report = "\n".join(raised.value.__notes__)
    corrected = re.search(r"Draw \d+ \(corrected\): '(\w+)'\nDraw \d+ \((\w+)\): ", report)
    told = re.search(r"Draw \d+ \((\w+)\): .*\nstate.is_told\(.*fact='(\w+)'\)", report)
    assert corrected is not None
    assert corrected[1] == corrected[2]
    assert told is not None
    assert told[1] == told[2]


def test_there_is_a_bug_for_each_law():
    """So that a law that is added gets one too."""
    laws = {name for name in dir(law_tests(assess)) if name.startswith("test_")}

    assert laws == {f"test_{law}" for law in BUGS}


# --- However slow the machine is ----------------------------------------------------------------


@contextmanager
def profile(name: str) -> Iterator[None]:
    before = settings.get_current_profile_name()
    settings.load_profile(name)
    try:
        yield
    finally:
        settings.load_profile(before)


def test_a_slow_first_answer_breaks_no_law():
    """By Hypothesis's own settings, which allow a fifth of a second for each patient."""
    pauses = [0.3]

    def app(facts):
        time.sleep(pauses.pop() if pauses else 0)
        return assess(facts, engine="compiled")

    with profile("default"):
        test = law_test(app, "round_trip")

    test()


def test_a_deadline_of_the_users_own_is_kept():
    """Of a test, or of the profile."""
    settings.register_profile("hurried", deadline=1, database=None)

    def app(facts):
        time.sleep(0.01)
        return assess(facts, engine="compiled")

    with profile("hurried"):
        of_the_profile = law_test(app, "round_trip")
    of_the_test = settings(deadline=1, database=None)(law_test(app, "round_trip"))

    for test in (of_the_profile, of_the_test):
        with pytest.raises(DeadlineExceeded):
            test()


# --- Each law by a plain example ----------------------------------------------------------------

CLOT = PatientFacts(leg_swelling="one", weakness=True)


def answering(*answers):
    """An app that gives these answers one after the other, and the last one for ever."""
    waiting = list(answers)
    return lambda _, engine=None: waiting.pop(0) if len(waiting) > 1 else waiting[0]


def test_an_answer_that_changes_is_not_deterministic():
    """The report shows the patient as Python, and what differs line by line."""
    app = answering(assess(), assess(), assess(fever=True, weakness=True))

    with pytest.raises(BrokenLawError) as raised:
        deterministic(app, CLOT)

    report = str(raised.value)
    assert report.startswith(
        "deterministic: the same facts got another answer the second time\n"
        "--- the first time\n+++ after PatientFacts()\n"
    )
    assert "- triage: self_care\n" in report
    assert "+ triage: same_day\n" in report
    assert report.endswith("PatientFacts(leg_swelling='one', weakness=True)")


def test_an_app_that_ignores_a_red_flag_is_not_monotone():
    """Nor one that is less urgent than the red flag by itself."""
    with pytest.raises(BrokenLawError, match="which is at least emergency") as raised:
        monotone_in_red_flags(answering(assess()), CLOT, {"saddle_numbness": True})

    assert "\n--- without the red flag\n+++ with it\n  triage: self_care\n" in str(raised.value)


def test_a_red_flag_takes_the_place_of_what_was_known_of_it():
    """And of a reported value, where it is the measured one."""
    facts = PatientFacts(saddle_numbness=False, potassium_reported="high", kidney_disease=False)

    monotone_in_red_flags(assess, facts, {"saddle_numbness": True})
    monotone_in_red_flags(assess, facts, {"potassium_mmol_l": 2.0})
    # Of what contradicts it, where rules have one that does.
    monotone_in_red_flags(rules_of(urgent("d", "dialysis")), facts, {"dialysis": True})


def test_an_app_that_takes_no_engine_is_told_which_law_to_leave_out():
    """Which is the first thing that goes wrong with a plain function."""
    with pytest.raises(CrampsRulesError, match=r'leave_out=\["engine_independent"\]'):
        engine_independent(lambda one: assess(one, engine=None), PatientFacts())
    engine_independent(lambda one, **more: assess(one.to_dict(), **more), PatientFacts())


@pytest.mark.parametrize(
    ("app", "told"),
    [
        (App(call=lambda _: {"urgency": "now"}), "no attribute 'triage'"),
        (App(call=assess, triage=lambda _: "urgent"), "urgent"),
        (App(call=assess, advice=lambda _: cast("Any", None)), "not iterable"),
        (App(call=lambda _: {"error": "down"}, triage=lambda one: one["level"]), "'level'"),
        (App(call=assess, causes=lambda one: [one.causes[99].id]), "out of range"),
        (
            App(call=assess, advice=lambda _: "rub"),
            "advice gives ids, as in ['rub', 'stretch'], got 'rub'",
        ),
        (App(call=assess, causes=lambda one: one.causes), "causes gives ids, as in"),
        (App(call=assess, cautions=lambda _: "rub"), "cautions gives ids, as in"),
    ],
)
def test_an_answer_that_cannot_be_read_is_told_of_with_how_to(app, told):
    """What the app gave, what went wrong, and where to say how it is read."""
    with pytest.raises(CrampsRulesError) as refused:
        unknown_is_not_safe(app, PatientFacts())

    assert str(refused.value).startswith("an answer of the app cannot be read, ")
    assert told in str(refused.value)
    assert "App(triage=..., causes=..., advice=..., cautions=...)" in str(refused.value)


def test_an_app_that_is_async_is_told_how_to_give_it():
    """And none is left waiting, of which Python would warn."""

    async def app(facts):
        return assess(facts)

    with pytest.raises(CrampsRulesError, match=r"async.*asyncio\.run\(app\(facts\)\)"):
        unknown_is_not_safe(app, PatientFacts())
    unknown_is_not_safe(lambda facts: asyncio.run(app(facts)), PatientFacts())


def test_a_red_flag_that_is_none_is_refused_in_words():
    """As facts are: with the name that was meant."""
    with pytest.raises(FactsError, match="feverr: is not a fact; did you mean 'fever'"):
        monotone_in_red_flags(assess, PatientFacts(), {"feverr": True})
    with pytest.raises(FactsError, match="takes a mapping of facts to values, got 'fever'"):
        monotone_in_red_flags(assess, PatientFacts(), cast("Any", "fever"))


@pytest.mark.parametrize("flag", [{}, {"thirst": True}, {"chest_pain": None}])
def test_what_is_no_red_flag_is_refused(flag):
    """With it the law would say nothing."""
    told = re.escape(f"as red_flags() draws them, got {flag!r}, which is self_care")

    with pytest.raises(CrampsRulesError, match=f"^red_flag takes a fact that by itself .*{told}$"):
        monotone_in_red_flags(assess, PatientFacts(), flag)


NOBODY = PatientFacts()
LAWS_OF_ONE = {
    "deterministic": deterministic,
    "order_free": order_free,
    "engine_independent": engine_independent,
    "monotone_in_red_flags": lambda app, facts: monotone_in_red_flags(
        app, facts, {"chest_pain": True}
    ),
    "unknown_is_not_safe": unknown_is_not_safe,
    "no_forbidden_advice": no_forbidden_advice,
    "round_trip": round_trip,
}


def is_never_asked(facts):
    """An app that should not come to be called."""
    raise AssertionError(facts)


@pytest.mark.parametrize("law", sorted(LAWS_OF_ONE))
@pytest.mark.parametrize("facts", [{"weakness": True}, None, (NOBODY, NOBODY), "weakness"])
def test_a_law_takes_the_facts_of_one_patient(law, facts):
    """A mapping would be given to the app as it is, and might be read as nobody's facts."""
    told = re.escape(f"got {facts!r}: PatientFacts.from_mapping() makes them of a mapping")

    with pytest.raises(CrampsRulesError, match=f"^facts takes PatientFacts, {told}$"):
        LAWS_OF_ONE[law](is_never_asked, facts)


def test_whoever_comes_between_is_a_patient_too():
    """And nobody, where nobody was given."""
    deterministic(assess, NOBODY, between=None)
    with pytest.raises(
        CrampsRulesError, match=r"^between takes PatientFacts, got .'fever': True.:"
    ):
        deterministic(assess, NOBODY, between=cast("Any", {"fever": True}))


@pytest.mark.parametrize(
    ("pair", "told"),
    [
        ((NOBODY, NOBODY), "got two who differ in nothing"),
        (NOBODY, "got PatientFacts()"),
        ((NOBODY,), "got (PatientFacts(),)"),
        ((NOBODY, PatientFacts(fever=True)), "got two who differ in fever"),
        ((NOBODY, PatientFacts(age_years=60)), "got two who differ in age_years"),
        (
            (PatientFacts(age_years=60, fever=True), PatientFacts(age_years=61)),
            "got two who differ in age_years, fever",
        ),
    ],
)
def test_what_is_no_near_miss_is_refused(pair, told):
    """Between two who are the same, or of whom more is different, no threshold is tried."""
    takes = "near_miss takes two PatientFacts who differ in one number, as near_misses() draws them"

    with pytest.raises(CrampsRulesError) as refused:
        threshold_law(is_never_asked, pair)

    assert str(refused.value) == f"{takes}, {told}"


def test_each_side_of_a_near_miss_is_a_patient():
    """As for the other laws."""
    pair = cast("Any", [PatientFacts(age_years=60), {"age_years": 61}])

    with pytest.raises(CrampsRulesError, match=r"^near_miss takes PatientFacts, got .'age_years'"):
        threshold_law(is_never_asked, pair)


@given(near_misses())
@fewer(4)
def test_near_misses_are_what_the_threshold_law_takes(pair):
    """Each of them, as a pair or as a list."""
    threshold_law(assess, pair)
    threshold_law(assess, cast("Any", list(pair)))


@pytest.mark.parametrize(
    ("engines", "told"),
    [
        ([], 'engines takes a list of engines, such as ["compiled"], got []'),
        ("compiled", "engines takes a list of engines, such as [\"compiled\"], got 'compiled'"),
        (5, 'engines takes a list of engines, such as ["compiled"], got 5'),
        (["compild"], "engines: 'compild' is no engine; did you mean 'compiled'?"),
        ([5], "engines: 5 is no engine; there are durable, compiled"),
    ],
)
def test_engines_that_are_none_are_refused(engines, told):
    """With no engine there would be nothing to compare."""
    with pytest.raises(CrampsRulesError) as refused:
        engine_independent(assess, NOBODY, engines=engines)

    assert str(refused.value) == told


@pytest.mark.parametrize("how", ["backwards", "by name"])
def test_an_order_that_matters_is_named(how):
    """Turned round, or by name: whichever gets another answer."""
    facts = PatientFacts(sex="male", age_years=71, fever=True, weakness=True)
    names = list(facts.to_dict())
    order = names[::-1] if how == "backwards" else sorted(names)
    assert order != names

    def app(message):
        return assess(fever=True, weakness=True) if list(message) == order else assess()

    with pytest.raises(BrokenLawError) as raised:
        order_free(App(call=app, takes="mapping"), facts)

    assert f"\n--- as they come\n+++ {how}\n" in str(raised.value)


def test_an_engine_that_differs_is_found():
    """The app's choice of engine is compared with each that is named."""

    def app(facts, *, engine=None):
        return assess(facts if engine is None else PatientFacts())

    with pytest.raises(BrokenLawError, match="depends on the engine"):
        engine_independent(app, CLOT)
    with pytest.raises(BrokenLawError, match="engine='compiled'"):
        engine_independent(app, CLOT, engines=("compiled",))


def test_both_engines_run_here_or_the_compiled_one_does():
    """Those that are compared."""
    assert "compiled" in running_engines()
    for engine in running_engines():
        assert engine_for(SHIPPED, engine).name == engine


def test_less_urgent_than_the_rules_is_not_safe():
    """Each way of reassuring is named."""
    with pytest.raises(BrokenLawError) as raised:
        unknown_is_not_safe(answering(assess()), CLOT)

    assert "self_care where the rules say same_day" in str(raised.value)
    assert "advises rub, which the rules do not" in str(raised.value)


def test_a_lost_or_shortened_caution_is_not_safe():
    """Also where the advice itself is right; an app with words of its own shows ids alone."""

    def cautions_of(assessment):
        return {one.id: one.caution for one in assessment.advice if one.caution}

    def without(assessment):
        return {id_: text for id_, text in cautions_of(assessment).items() if id_ != "rub"}

    def shortened(assessment):
        return {id_: text[:10] for id_, text in cautions_of(assessment).items()}

    nobody = PatientFacts()
    with pytest.raises(BrokenLawError, match="advises rub without its caution"):
        unknown_is_not_safe(App(call=assess, cautions=without), nobody)
    with pytest.raises(BrokenLawError, match="with another caution"):
        unknown_is_not_safe(App(call=assess, cautions=shortened), nobody)
    unknown_is_not_safe(App(call=assess, cautions=lambda one: list(cautions_of(one))), nobody)


def test_advice_may_have_none_for_its_caution():
    """As an answer has it that lists all advice; where every caution is lost, that is seen."""

    def words(assessment):
        return {one.id: one.caution for one in assessment.advice}

    right, wrong = App(call=assess, cautions=words), App(call=assess, cautions=nothing_to_mind)

    unknown_is_not_safe(right, PatientFacts())
    no_forbidden_advice(right, PatientFacts(neuropathy=True))
    with pytest.raises(BrokenLawError, match="advises rub without its caution"):
        unknown_is_not_safe(wrong, PatientFacts())
    with pytest.raises(BrokenLawError, match="without a caution"):
        no_forbidden_advice(wrong, PatientFacts(neuropathy=True))


def nothing_to_mind(assessment: Assessment) -> dict[str, str | None]:
    """All advice, and of none what to mind."""
    return dict.fromkeys(one.id for one in assessment.advice)


def test_none_means_unknown_to_an_app_that_takes_a_mapping():
    """Unlike False."""

    def app(message):
        return assess(
            {name: bool(value) if value is None else value for name, value in told(message)}
        )

    def told(message):
        return ((name, one) for name, one in message.items() if FACTS[name].kind == "flag")

    with pytest.raises(BrokenLawError, match="sent as None"):
        unknown_is_not_safe(App(call=app, takes="mapping"), PatientFacts())


def test_a_law_of_the_rules_own_is_kept_too():
    """What a rule pack states in `[[laws]]` holds for the answers of an app."""
    rules = SHIPPED.extended_with(
        {
            "house.toml": """
            [[laws]]
            id = "house"
            says = "With weakness nobody is told to stretch."
            when = "weakness"
            forbids = ["stretch"]
            at_least = "soon"
            source = "editorial"
            """
        }
    )

    with pytest.raises(BrokenLawError) as raised:
        no_forbidden_advice(rules, PatientFacts(weakness=True, weakness_course="stable"))

    assert "house (With weakness nobody is told to stretch.): gives stretch" in str(raised.value)
    no_forbidden_advice(rules, PatientFacts(weakness=False))


def test_an_app_that_shows_no_advice_is_held_to_urgency_all_the_same():
    """A level that a law forbids, in an answer of nothing but a level."""

    def shows(level):
        return App(call=lambda _: level, triage=str, causes=None, advice=None, cautions=None)

    no_forbidden_advice(shows("emergency"), PatientFacts(saddle_numbness=True))
    with pytest.raises(BrokenLawError, match="is self_care, below emergency"):
        no_forbidden_advice(shows("self_care"), PatientFacts(saddle_numbness=True))


def test_an_app_that_turns_elsewhere_breaks_the_threshold_law():
    """Both what the app says and what the rules say are shown."""
    pair = PatientFacts(potassium_mmol_l=6.4), PatientFacts(potassium_mmol_l=6.5)

    threshold_law(assess, pair)
    with pytest.raises(BrokenLawError, match=r"do not turn alike in .*triage") as raised:
        threshold_law(answering(assess()), pair)

    report = str(raised.value)
    assert f"\nbelow: {pair[0]!r}\n--- below, the app\n+++ above, the app\n" in report
    ours = report.partition("\n--- below, the rules\n+++ above, the rules\n")[2]
    assert "\n+ triage: " in f"\n{ours}"
    assert report.endswith(f"\n\n{pair[1]!r}")


def test_everything_in_which_an_app_turns_alone_is_named():
    """In the order of the alphabet."""
    pair = PatientFacts(potassium_mmol_l=6.4), PatientFacts(potassium_mmol_l=6.5)

    def app(facts):
        return assess() if facts == pair[0] else assess(medications={"furosemide"}, chest_pain=True)

    with pytest.raises(BrokenLawError) as raised:
        threshold_law(app, pair)

    assert "do not turn alike in advice, causes, cautions\n" in str(raised.value)


def test_what_json_changes_does_not_come_back():
    """Keys that are numbers, and what is no JSON at all."""

    def shows_triage_only(call):
        return App(
            call=call,
            triage=lambda answer: answer["triage"],
            causes=None,
            advice=None,
            cautions=None,
        )

    round_trip(shows_triage_only(lambda _: {"triage": "soon"}), CLOT)
    with pytest.raises(BrokenLawError, match="came back changed"):
        round_trip(shows_triage_only(lambda _: {"triage": "soon", 1: "one"}), CLOT)
    with pytest.raises(BrokenLawError, match="is no JSON"):
        round_trip(shows_triage_only(lambda _: {"triage": {"soon"}}), CLOT)


def test_an_assessment_that_is_sent_as_data_comes_back_as_data():
    """With more in it too, and as an app on the web answers."""

    def answer(facts):
        return {**assess(facts).to_dict(unknowns=False), "by": "us"}

    app = App(
        call=answer,
        triage=lambda one: one["triage"],
        causes=lambda one: [each["id"] for each in one["causes"]],
        advice=lambda one: [each["id"] for each in one["advice"]],
        cautions=lambda one: {each["id"]: each["caution"] for each in one["advice"]},
    )

    round_trip(app, CLOT)
    unknown_is_not_safe(app, CLOT)
    no_forbidden_advice(app, CLOT)


def test_a_reader_of_facts_that_loses_something_is_found(monkeypatch):
    """The facts themselves go there and back as well."""
    monkeypatch.setattr(PatientFacts, "to_dict", lambda _: {"weakness": True})

    with pytest.raises(BrokenLawError, match="the facts came back as"):
        round_trip(assess, CLOT)


# --- Apps of other shapes -----------------------------------------------------------------------


@given(patient_facts(), st.data())
@fewer(4)
def test_an_app_may_show_the_triage_alone(facts, data):
    """No law asks for what its answers do not show."""
    app = App(
        call=lambda one, engine=None: int(assess(one, engine=engine).triage),
        triage=Triage,
        causes=None,
        advice=None,
        cautions=None,
    )

    assert app.answer(facts) == Answer(assess(facts).triage, None, None, None)
    deterministic(app, facts)
    order_free(app, facts)
    engine_independent(app, facts)
    monotone_in_red_flags(app, facts, data.draw(red_flags()))
    unknown_is_not_safe(app, facts)
    no_forbidden_advice(app, facts)
    round_trip(app, facts)


EVERY_LAW = [one for one in vars(law_tests(assess)) if one.startswith("test_")]


@pytest.mark.parametrize(
    ("make", "says"),
    [
        (lambda: App(call=assess, takes=cast("Any", "json")), '"facts" or "mapping", not .json.'),
        (
            lambda: App(call=assess, rules=cast("Any", "rules")),
            "^rules takes a RuleBase, got 'rules'; ",
        ),
        (lambda: App(call=cast("Any", 5)), "^call takes a callable, got 5$"),
        (lambda: App(call=assess, advice=cast("Any", 5)), "^advice takes a callable, got 5$"),
        (lambda: law_tests(cast("Any", 5)), "^app takes an App, a RuleBase or a callable, got 5$"),
        (lambda: interview_machine(cast("Any", 5)), "^start takes a callable, got 5$"),
        (
            lambda: interview_machine(Chat, app=cast("Any", 5)),
            "^app takes an App, a RuleBase or a callable, got 5$",
        ),
        (
            lambda: law_tests(assess, leave_out="round_trip"),
            r"^leave_out takes a list of laws, such as \[\"round_trip\"\], got 'round_trip'$",
        ),
        (lambda: law_tests(assess, leave_out=cast("Any", 5)), "^leave_out takes a list .* got 5$"),
        (
            lambda: law_tests(assess, leave_out=cast("Any", [["x"]])),
            r"^leave_out: \['x'\] is no law; these are: deterministic, order_free, ",
        ),
        (lambda: law_tests(assess, leave_out=["determinist"]), "did you mean 'deterministic'"),
        (
            lambda: law_tests(assess, leave_out={one.removeprefix("test_") for one in EVERY_LAW}),
            "^leave_out takes some of the laws, got all: nothing would be tested$",
        ),
    ],
)
def test_a_wrong_argument_says_what_would_be_right(make, says):
    """When the test is written, not when it runs."""
    with pytest.raises(CrampsRulesError, match=says):
        make()


@pytest.mark.parametrize(
    ("law", "reason"),
    [
        ("monotone_in_red_flags", "no single fact is a red flag for these rules"),
        ("threshold_law", "no rule has a threshold that decides anything"),
    ],
)
def test_a_law_about_what_rules_do_not_have_is_skipped(law, reason):
    """Of a small rule base of one's own; all others hold."""
    rules = rules_of(evidence("exposure", "heat", "heat_exposure", weight="large"), causes=["heat"])
    tests = {name: one for name, one in vars(law_tests(rules)).items() if name[:5] == "test_"}

    with pytest.raises(SkipTest, match=f"^{reason}$"):
        tests.pop(f"test_{law}").__func__()
    tests["test_no_forbidden_advice"].__func__()


def test_a_law_can_be_left_out():
    """For an app that does not let the engine be chosen, say."""
    tests = law_tests(assess, leave_out=["engine_independent"])

    assert not hasattr(tests, "test_engine_independent")
    assert hasattr(tests, "test_deterministic")


def test_a_conversation_can_be_corrected():
    """The last value goes, and None takes a fact back."""
    chat = Chat()
    chat.tell("sites", ["hand"])
    chat.tell("sites", ["calf"])
    chat.tell("fever", value=True)
    chat.tell("fever", value=None)

    assert chat.answer() == reply({"sites": ["calf"]})
