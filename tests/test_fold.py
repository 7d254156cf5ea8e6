"""From what fired to the answer: weighing, ranking, urgency, and what is advised or left out."""

from __future__ import annotations

import pytest
from attrs import fields, frozen
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import Assessment, FactsError, PatientFacts, RuleBase, Triage, assess, fold
from crampsrules.assessment import Reason, SuspectedCause
from crampsrules.conditions import ALWAYS, Flag
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.fold import Folding, likelihood
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.phrases import joined
from crampsrules.rules import SERIOUSNESS, Unless, caution_id, unless_id
from tests.drawing import fewer, patients, rule_bases
from tests.satisfying import near_examples, patients_making_true

RULES = RuleBase.load()
ADVICE = {one.id: one for one in RULES.advice}


@frozen
class Case:
    """A patient and rules: what is shown when a test fails, rather than the whole answer."""

    patient: PatientFacts
    rules: RuleBase = RULES

    def assessed(self) -> Assessment:
        return assess(self.patient, rules=self.rules, engine="compiled")


of_our_rules = (patients() | near_examples(RULES)).map(Case)


@st.composite
def of_any_rules(draw) -> Case:
    """Rules that nobody has written yet, and patients with what they ask about."""
    rules = draw(rule_bases())
    return Case(draw(patients(rules)), rules)


# --- Causes -------------------------------------------------------------------------------------


def key(assessment: Assessment, one: SuspectedCause) -> tuple[bool, int, int, str]:
    """What the ranking goes by: fallback last, then weight, seriousness and name."""
    serious = SERIOUSNESS.index(one.seriousness)
    return (assessment.rules.causes[one.id].fallback, -one.weight, -serious, one.id)


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_causes_are_ranked(case):
    """1 to n without a gap, best first, a fallback after every other."""
    assessment = case.assessed()
    causes = assessment.causes

    assert [one.rank for one in causes] == list(range(1, len(causes) + 1))
    assert [one.id for one in causes] == [
        one.id for one in sorted(causes, key=lambda one: key(assessment, one))
    ]


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_a_weight_is_the_prior_and_what_counts(case):
    """In whole decibans, and the word for it follows from the weight alone."""
    assessment = case.assessed()
    for one in assessment.causes:
        counted = [reason.weight for reason in (*one.because, *one.against) if reason.counted]
        assert isinstance(one.weight, int)
        assert one.weight == one.prior + sum(counted)
        assert one.likelihood == likelihood(assessment.rules.wording, one.weight)


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_every_piece_of_evidence_that_fired_is_shown(case):
    """What weighs for a cause under because, what weighs against it under against."""
    assessment = case.assessed()
    rules, fired = assessment.rules, set(assessment.fired)
    for one in assessment.causes:
        weighing = {e.id for e in rules.evidence[one.id] if rules.decibans[e.id]} & fired
        assert {reason.id for reason in (*one.because, *one.against)} == weighing
        assert all(reason.weight > 0 for reason in one.because)
        assert all(reason.weight < 0 for reason in one.against)


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_in_a_group_only_the_strongest_counts(case):
    """One for and one against; what belongs to no group always counts."""
    assessment = case.assessed()
    groups = {e.id: e.group for evidence in assessment.rules.evidence.values() for e in evidence}
    for one in assessment.causes:
        for reasons in (one.because, one.against):
            for group in {groups[reason.id] for reason in reasons}:
                of_group = [reason for reason in reasons if groups[reason.id] == group]
                assert counted_as_stated(group, of_group)


def counted_as_stated(group: str | None, reasons: list[Reason]) -> bool:
    counted = [reason for reason in reasons if reason.counted]
    if group is None:
        return counted == reasons
    strongest = max(abs(reason.weight) for reason in reasons)
    return [abs(reason.weight) for reason in counted] == [strongest]


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_a_cause_is_listed_when_something_suspects_it(case):
    """Evidence for it fired that is more than a risk; only a fallback may be listed without."""
    assessment = case.assessed()
    rules, fired = assessment.rules, set(assessment.fired)
    for id_, cause in rules.causes.items():
        suspected = bool(fired & set(rules.suspecting[id_]))
        listed = id_ in {one.id for one in assessment.causes}
        if not cause.fallback:
            assert listed is suspected
        elif listed and not suspected:
            assert all(rules.causes[one.id].fallback for one in assessment.causes)


@pytest.mark.parametrize(
    "one",
    [e for evidence in RULES.evidence.values() for e in evidence if e.role == "risk"],
    ids=lambda one: one.id,
)
def test_a_risk_alone_suspects_nothing(one):
    """It fires and weighs, and its cause is not listed for it."""
    assert one.id not in RULES.suspecting[one.cause]
    for facts in patients_making_true(RULES, RULES.conditions[one.id]):
        assessment = assess(facts, engine="compiled")
        suspecting = set(assessment.fired) & set(RULES.suspecting[one.cause])
        listed = {cause.id for cause in assessment.causes}

        assert one.id in assessment.fired
        assert bool(suspecting) is (one.cause in listed) or RULES.causes[one.cause].fallback


@pytest.mark.parametrize("fact", ["smoker", "high_cholesterol", "sedentary", "hypertension"])
def test_being_at_risk_is_no_cause(fact):
    """A known risk by itself leaves the cramps without a cause but the ordinary one."""
    listed = [one.id for one in assess({fact: True}, engine="compiled").causes]

    assert set(listed) <= {"idiopathic_nocturnal_cramps"}


def test_what_is_counted_once_is_counted_once():
    """Two drugs of one group: the stronger counts, the other is shown without counting."""
    cause = next(
        one
        for one in assess(medications=["laba", "thiazide_like"]).causes
        if one.id == "medications"
    )
    weights = {reason.id: (reason.weight, reason.counted) for reason in cause.because}

    assert weights["medications.laba"] == (4, True)
    assert weights["medications.thiazide"] == (2, False)
    assert cause.weight == cause.prior + 4


def test_a_fallback_is_last_even_when_it_weighs_more():
    """Night cramps of an older person with a slight reason of another kind."""
    assessment = assess(
        age_years=70,
        timing=["night"],
        wakes_from_sleep=True,
        episode_minutes=3,
        medications=["ppi"],
    )
    *others, last = assessment.causes

    assert last.id == "idiopathic_nocturnal_cramps"
    assert others
    assert all(last.weight > one.weight for one in others)


def test_nothing_suspected_is_nothing_listed():
    """Where something speaks against the ordinary cramp too, the list is empty."""
    assert assess(muscle_wasting=False, weakness=True, weakness_course="stable").causes == ()


# --- Urgency ------------------------------------------------------------------------------------


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_triage_is_the_most_urgent_reason(case):
    """Of what is raised, and self-care where nothing is; the most urgent comes first."""
    assessment = case.assessed()
    levels = [one.triage for one in assessment.escalations]

    assert assessment.triage == max(levels, default=Triage.SELF_CARE)
    assert levels == sorted(levels, reverse=True)
    assert assessment.triage_wording == assessment.rules.wording.triage[assessment.triage.id]


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_a_reason_is_raised_unless_its_exception_fired(case):
    """Everything that fired, without what its own `unless` removes."""
    assessment = case.assessed()
    fired = set(assessment.fired)
    standing = {
        one.id
        for one in assessment.rules.escalations
        if one.id in fired and unless_id(one.id) not in fired
    }

    assert {one.id for one in assessment.escalations} == standing


EMERGENCIES = [one for one in RULES.escalations if one.triage is Triage.EMERGENCY]


@fewer(3)
@given(near_examples(RULES) | patients(), st.data())
def test_a_red_flag_is_an_emergency_whatever_else_is_known(patient, data):
    """However many benign facts there are, and in every way in which it can be raised."""
    one = data.draw(st.sampled_from(EMERGENCIES))
    flag = data.draw(st.sampled_from(list(patients_making_true(RULES, RULES.conditions[one.id]))))
    measured = {FACTS[name].measured_by for name in flag}
    known = {name: value for name, value in patient.known().items() if name not in measured}
    try:
        assessment = assess({**known, **flag}, engine="compiled")
    except FactsError:
        return  # dialysis without kidney disease

    assert one.id in {raised.id for raised in assessment.escalations}
    assert assessment.triage is Triage.EMERGENCY


# --- What is shown of a rule --------------------------------------------------------------------


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_an_answer_says_what_its_rules_say(case):
    """Titles, words, codes, sources and statements stand in it as they stand in the rules."""
    assessment = case.assessed()
    rules = assessment.rules
    said = ("title", "seriousness", "mimic", "codes", "patient", "clinician")

    for cause in assessment.causes:
        rule = rules.causes[cause.id]
        assert all(getattr(cause, name) == getattr(rule, name) for name in said)
        assert (cause.prior, cause.sources, cause.statements) == (
            rule.prior,
            rule.source,
            rule.statement,
        )
        for reason in (*cause.because, *cause.against):
            (evidence,) = (one for one in rules.evidence[cause.id] if one.id == reason.id)
            assert (reason.text, reason.weight) == (evidence.because, rules.decibans[evidence.id])
            assert (reason.sources, reason.statements) == (evidence.source, evidence.statement)
    for raised in assessment.escalations:
        (escalation,) = (one for one in rules.escalations if one.id == raised.id)
        assert raised.reason == (escalation.patient or escalation.reason)
        assert (raised.triage, raised.clinician) == (escalation.triage, escalation.clinician)
        assert (raised.sources, raised.statements) == (escalation.source, escalation.statement)
    for one in assessment.advice:
        (advice,) = (each for each in rules.advice if each.id == one.id)
        assert (one.kind, one.title, one.text) == (
            advice.kind,
            advice.title,
            advice.patient or advice.text,
        )
        assert one.clinician == (advice.clinician or advice.evidence_note or advice.note)
        assert (one.sources, one.statements) == (advice.source, advice.statement)


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_reasons_are_shown_heaviest_first(case):
    """For a cause and against it; of equal weight by name."""
    for cause in case.assessed().causes:
        for reasons in (cause.because, cause.against):
            assert list(reasons) == sorted(reasons, key=lambda one: (-abs(one.weight), one.id))


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_what_is_withheld_names_every_reason_once(case):
    """Unless all of its kind is held back: then that is the reason, and nothing is put instead."""
    assessment = case.assessed()
    rules, fired = assessment.rules, set(assessment.fired)
    raised = {one.id for one in assessment.escalations}
    held = {kind for one in rules.escalations if one.id in raised for kind in one.holds}
    for one in assessment.withheld:
        (advice,) = (each for each in rules.advice if each.id == one.id)
        forbidding = [e for e in advice.unless if unless_id(advice.id, e.id) in fired]
        sources = dict.fromkeys(id_ for entry in forbidding for id_ in entry.source)
        assert one.title == advice.title
        assert one.sources == tuple(sources)
        if advice.kind in held:
            assert (one.reason, one.instead) == (rules.wording.leaflet["held"], None)
        else:
            reasons = dict.fromkeys(e.reason for e in forbidding if e.reason)
            instead = dict.fromkeys(e.instead for e in forbidding if e.instead)
            assert one.reason == joined(reasons, "and")
            assert one.instead == (" ".join(instead) or None)


# --- Advice -------------------------------------------------------------------------------------


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_advice_is_given_or_withheld(case):
    """All that is for this patient, each in one place only, and in the order to act."""
    assessment = case.assessed()
    given_ids = [one.id for one in assessment.advice]
    withheld = [one.id for one in assessment.withheld]
    fired = set(assessment.fired)
    offered = [one.id for one in assessment.rules.advice if one.id in fired]

    assert sorted(given_ids + withheld) == sorted(offered)
    assert set(given_ids).isdisjoint(withheld)
    assert given_ids == [id_ for id_ in offered if id_ in given_ids]


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_what_is_held_back_is_not_advised(case):
    """While a reason to be seen stands that holds a kind of advice, none of it is given."""
    assessment = case.assessed()
    raised = {one.id for one in assessment.escalations}
    held = {kind for one in assessment.rules.escalations if one.id in raised for kind in one.holds}

    assert not [one.id for one in assessment.advice if one.kind in held]


@fewer(3)
@given(of_any_rules() | of_our_rules)
def test_what_is_forbidden_is_not_advised(case):
    """An `unless` that is true withholds, and everything withheld has a reason."""
    assessment = case.assessed()
    fired = set(assessment.fired)
    for one in assessment.rules.advice:
        if any(unless_id(one.id, entry.id) in fired for entry in one.unless):
            assert one.id not in {given_one.id for given_one in assessment.advice}
    assert all(one.reason for one in assessment.withheld)


@fewer(3)
@given(of_any_rules())
def test_a_caution_names_what_is_undecided_and_nothing_else(case):
    """What is known to be false is not named; what always holds is always said."""
    assessment = case.assessed()
    rules = assessment.rules
    inference = Inference(rules, observe(assessment.facts, rules.formulary))
    for one in assessment.advice:
        advice = next(each for each in rules.advice if each.id == one.id)
        undecided = {
            e.caution for e in advice.unless if e.caution and is_open(inference, one.id, e)
        }
        conditions = joined(
            dict.fromkeys(e.caution for e in advice.unless if e.caution in undecided), "or"
        )
        said = (
            [rules.wording.leaflet["caution"].replace("{conditions}", conditions)]
            if undecided
            else []
        )
        said += [c.text for c in advice.cautions if caution_id(one.id, c.id) in assessment.fired]
        assert (one.caution or "") == " ".join(dict.fromkeys(said))


def is_open(inference: Inference, advice: str, entry: Unless) -> bool:
    return inference.verdict(unless_id(advice, entry.id)) is None


FLAGS = [
    (one.id, entry, entry.caution, condition.fact)
    for one in RULES.advice
    for entry in one.unless
    for condition in [RULES.conditions[unless_id(one.id, entry.id)]]
    if entry.caution and isinstance(condition, Flag)
]


@pytest.mark.parametrize(
    ("id_", "caution", "fact"),
    [
        pytest.param(id_, caution, fact, id=f"{id_}-{entry.id}")
        for id_, entry, caution, fact in FLAGS
    ],
)
def test_a_question_that_was_answered_is_not_asked_again(id_, caution, fact):
    """Unknown: named. No: not named. Yes: the advice is left out, with the reason."""
    offering = next(patients_making_true(RULES, RULES.conditions[id_]))

    def cautions(answer: bool | None) -> str:
        assessment = assess({**offering, fact: answer}, engine="compiled")
        return next((one.caution or "" for one in assessment.advice if one.id == id_), "")

    unasked, denied = cautions(None), cautions(answer=False)
    confirmed = assess({**offering, fact: True}, engine="compiled")

    assert caution not in denied
    assert caution in unasked or id_ not in given_to(offering)
    assert id_ in {one.id for one in confirmed.withheld}


def given_to(facts: dict[str, object]) -> set[str]:
    return {one.id for one in assess(facts, engine="compiled").advice}


def test_the_caution_lists_what_to_check_once():
    """In one sentence, with what is already known to be absent left out."""
    (drink,) = (
        one
        for one in assess(dialysis=False, kidney_disease=False, cirrhosis=False).advice
        if one.id == "drink_fluids"
    )

    assert drink.caution == (
        "Check first if you have been told to limit what you drink, you have heart failure "
        "or a blood test has shown low sodium."
    )


def test_what_is_held_has_no_substitute():
    """Until someone has been seen, nothing takes the place of the advice."""
    held = {one.id: one for one in assess(leg_swelling="one", injury=True).withheld}

    assert held["rub"].reason == RULES.wording.leaflet["held"]
    assert held["rub"].instead is None


def test_advice_that_is_always_offered_is_offered_to_everyone():
    """With nothing known it stands, with what to check first."""
    always = [one.id for one in RULES.advice if RULES.conditions[one.id] == ALWAYS]

    assert always
    assert set(always) == {one.id for one in assess().advice}


# --- Medicines that nobody knows ----------------------------------------------------------------


def test_an_unknown_medicine_is_reported_and_leaves_classes_open():
    """It may be of any class: what only its absence could decide stays undecided."""
    known = assess(medications=["amlodipine"])
    unknown = assess(medications=["amlodipine", "wonder drops"])

    def knows_warfarin(assessment: Assessment) -> bool | None:
        observed = observe(assessment.facts, RULES.formulary)
        return observed.member("medications", "warfarin")

    assert known.unrecognised == ()
    assert knows_warfarin(known) is False
    assert unknown.unrecognised == ("wonder drops",)
    assert knows_warfarin(unknown) is None
    assert knows_warfarin(assess(medications=["warfarin", "wonder drops"])) is True


@fewer(3)
@given(st.lists(st.sampled_from(["zzyzx drops", "qqq syrup", "old remedy 7"]), unique=True))
def test_every_unknown_medicine_is_reported(names):
    """As it was written, and with nothing concluded from it."""
    assessment = assess(medications=names)

    assert set(assessment.unrecognised) == set(names)
    assert isinstance(assessment.facts, PatientFacts)
    assert assessment.facts.medications == frozenset(names)


# --- What is remembered -------------------------------------------------------------------------


@fewer(3)
@given(of_any_rules(), st.data())
def test_an_answer_is_the_same_whoever_came_before(case, data):
    """Also where little is remembered, and whichever part of an answer is looked at first."""
    several = data.draw(st.lists(patients(case.rules), max_size=3)) + [case.patient] * 2
    engine = engine_for(case.rules, "compiled")
    parts = data.draw(st.permutations([one.name for one in fields(Assessment)]))

    def folded(folding: Folding, one: PatientFacts) -> Assessment:
        made = folding.fold(case.rules, one, engine.fire_number(one), "compiled")
        for part in parts:
            getattr(made, part)
        return made

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fold, "_REMEMBERED", 2)
        patch.setattr(fold, "_REMEMBERED_RAISED", 2)
        patch.setattr(fold, "_REMEMBERED_WEIGHED", 2)
        patch.setattr(fold, "_REMEMBERED_OF_EACH", 2)
        patch.setattr(fold, "_FEW", 2)
        shared = Folding(case.rules)
        for one in several:
            expected = folded(Folding(case.rules), one)
            assert repr(folded(shared, one)) == repr(expected)
            assert folded(shared, one) == expected
