"""The strategies that users draw from: what was asked for is what is drawn, and all of it is."""

from __future__ import annotations

import re
import tomllib
from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, find, given, settings
from hypothesis import strategies as st
from hypothesis.errors import InvalidArgument
from hypothesis.strategies import DataObject

from crampsrules import (
    CrampsRulesError,
    FactsError,
    PatientFacts,
    RuleBase,
    Triage,
    assess,
)
from crampsrules.conditions import (
    Atom,
    Comparison,
    Concluded,
    Known,
    Member,
    Suspected,
    Vocabulary,
    atoms,
    parse,
)
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.strategies import (
    InvalidStrategyError,
    conditions,
    fact_values,
    junk,
    junk_mappings,
    near_misses,
    patient_facts,
    rule_bases,
    rule_texts,
)
from crampsrules.strategies.conditions import (
    CHOICES,
    FLAGS,
    Names,
    choice_phrases,
    condition_texts,
    number_phrases,
    thresholds,
)
from crampsrules.strategies.conditions import NUMBERS as NUMBER_FACTS
from crampsrules.strategies.patients import (
    _retold,
    _rule_story,
    edges_for,
    few_facts,
    most_kept,
    noise,
)
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.rulebases import (
    CLASSES,
    advice_tables,
    escalation_tables,
    evidence_tables,
    finding_tables,
    plans,
)
from crampsrules.strategies.solving import solver_for, thinned
from crampsrules.strategies.values import Values
from tests.processes import run_python
from tests.strategies import fact_mappings, fewer
from tests.written_rules import rules_of, urgent

SHIPPED = RuleBase.load()
NUMBERS = sorted(Values.of(SHIPPED).thresholds)
CAUSES = sorted(SHIPPED.causes)
VOCABULARY = Vocabulary(
    findings=frozenset(SHIPPED.concluding),
    causes=frozenset(SHIPPED.causes),
    medicine_classes=frozenset(SHIPPED.formulary.classes),
)

# A search for the smallest example: enough tries to find one, nothing kept between runs, and no
# time spent on what Hypothesis could say of it besides.
SEARCH = settings(
    max_examples=2_000,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def listed(facts: PatientFacts) -> list[str]:
    return [cause.id for cause in assess(facts, engine="compiled").causes]


def triage(facts: PatientFacts) -> Triage:
    return assess(facts, engine="compiled").triage


def drawn(strategy: st.SearchStrategy[Any], times: int) -> list[Any]:
    """So many examples of a strategy.

    Which ones depends on what else is loaded, so what must be among them must be likely enough.
    """
    examples = []

    @settings(SEARCH, max_examples=times, phases=[Phase.generate], derandomize=True)
    @given(strategy)
    def collect(example):
        examples.append(example)

    collect()
    return examples


# --- Junk ---------------------------------------------------------------------------------------


def leaves(value: object) -> list[object]:
    """What a value is made of, lists and mappings taken apart."""
    if isinstance(value, dict):
        return [leaf for inner in value.values() for leaf in leaves(inner)]
    if isinstance(value, list | tuple):
        return [leaf for inner in value for leaf in leaves(inner)]
    return [value]


def parts(value: object) -> list[object]:
    """A value and all that is in it."""
    inner: Iterable[object] = ()
    if isinstance(value, dict):
        inner = (*value.keys(), *value.values())
    elif isinstance(value, list | tuple):
        inner = value
    return [value, *(part for one in inner for part in parts(one))]


def test_junk_is_of_every_kind():
    """All that JSON, TOML or a caller might hand over, numbers too large for a float among them."""
    values = drawn(junk(), 500)
    inner = [part for value in values for part in parts(value)]
    kinds = {type(part) for part in inner}

    assert {type(None), bool, int, float, str, bytes, date, list, tuple, dict} <= kinds
    assert {10**400, -(10**400)} & {one for one in inner if type(one) is int}
    assert {"nan", "\x00", "\ud800"} & {one for one in inner if isinstance(one, str)}


def test_junk_stays_small():
    """So that many pieces of it can be tried: short texts, and few things in each other."""
    values = drawn(junk(), 500)
    inner = [part for value in values for part in parts(value)]

    for kind, most in ((str, 20), (bytes, 5), (list, 3), (dict, 3)):
        assert 2 <= max(len(part) for part in inner if isinstance(part, kind)) <= most
    assert 2 <= max(len(leaves(value)) for value in values) <= 5


def test_junk_mappings_have_names_right_and_wrong():
    """Keys of any kind, the names of facts among them, and here and there a value that is right."""
    mappings: list[dict[Any, Any]] = drawn(junk_mappings(), 250)
    keys = {key for mapping in mappings for key in mapping}

    assert {type(key) for key in keys} == {str, int, type(None)}
    assert len(keys & set(FACTS)) > 50
    assert {"night", "low", "both", "calf"} <= {
        value for mapping in mappings for value in mapping.values() if isinstance(value, str)
    }
    assert max(map(len, mappings)) <= 8


# --- What is asked for is drawn -----------------------------------------------------------------


@pytest.mark.parametrize("level", list(Triage))
def test_patients_have_the_triage_that_was_asked_for(level):
    """Exactly that level, by the assessment itself; the name of a level will do."""

    @given(patient_facts(triage=level), patient_facts(triage=level.id))
    @fewer(2)
    def check(facts, others):
        assert triage(facts) is level
        assert triage(others) is level

    check()


@given(st.data())
def test_the_suspected_cause_is_listed(data: DataObject):
    """Any cause, those that stand alone included."""
    cause = data.draw(st.sampled_from(CAUSES))

    facts = data.draw(patient_facts(suspected=cause))

    assert cause in listed(facts)


@given(st.data(), fact_mappings())
def test_what_is_known_stays_and_what_is_unknown_stays_unknown(data, mapping):
    """A value of None asks for a fact that is never known."""
    known = dict(list(mapping.items())[:5])
    unknown = data.draw(st.lists(st.sampled_from(sorted(FACTS)), max_size=5))
    unknown = [name for name in unknown if name not in known]

    facts = data.draw(patient_facts(known={**known, **dict.fromkeys(unknown)}))

    assert {name: facts.known()[name] for name in known} == PatientFacts(**known).known()
    assert facts.known().keys().isdisjoint(unknown)


@given(st.data())
def test_a_number_lies_on_or_next_to_a_threshold(data):
    """On it, or so near that one more step reaches it."""
    name = data.draw(st.sampled_from(NUMBERS))

    value = getattr(data.draw(patient_facts(at_threshold=name)), name)

    assert min(abs(value - mark) for mark in Values.of(SHIPPED).thresholds[name]) <= 1


@given(st.data())
def test_wishes_are_met_together(data):
    """Whatever combination is asked for: either each part is so, or the error says what is not."""
    level = data.draw(st.sampled_from(Triage))
    cause = data.draw(st.sampled_from(CAUSES))
    wish = {"triage": level, "suspected": cause, "at_threshold": "episodes_per_week"}
    wished = data.draw(st.sets(st.sampled_from(sorted(wish)), min_size=2))

    try:
        facts = data.draw(patient_facts(**{name: wish[name] for name in wished}))
    except InvalidStrategyError as error:
        assert "no patient was found" in str(error)  # noqa: PT017 - only some wishes fail
        assert {"triage", "suspected"} <= wished
        return

    assert "triage" not in wished or triage(facts) is level
    assert "suspected" not in wished or cause in listed(facts)
    assert "at_threshold" not in wished or facts.episodes_per_week is not None


@given(rule_bases(), st.data())
@fewer(2)
def test_wishes_are_met_for_any_rule_base(rules, data):
    """Also for rules that nobody thought of when this was written."""
    level = data.draw(st.sampled_from(Triage))

    try:
        facts = data.draw(patient_facts(triage=level, rules=rules))
    except InvalidStrategyError:
        levels = {one.triage for one in rules.escalations}
        assert level not in levels or len(rules.escalations) > 1 or not _fires_alone(rules, level)
        return

    assert assess(facts, rules=rules, engine="compiled").triage is level


def _fires_alone(rules, level):
    """Whether some way to an escalation of a level leads to it, tried by another route."""
    solver = solver_for(rules)
    return any(
        assess(known, rules=rules, engine="compiled").triage is level
        for one in rules.escalations
        if one.triage is level
        for way in solver.ways(one.id)
        for known in solver.examples(way, 1)
    )


@given(patient_facts())
def test_people_are_plausible(facts):
    """No facts that one person can hardly have together, unless they are asked for."""
    assert not (facts.pregnant and facts.sex == "male")
    assert made_coherent(facts.known(), plausible=True) == facts.known()


def test_the_implausible_is_drawn_when_it_is_asked_for():
    """What PatientFacts takes can be drawn."""
    pregnant_man = find(
        patient_facts(plausible=False, known={"sex": "male"}),
        lambda facts: facts.pregnant is True,
        settings=SEARCH,
    )

    assert pregnant_man == PatientFacts(sex="male", pregnant=True)


# --- All of it is drawn -------------------------------------------------------------------------


def test_nearly_every_fact_is_drawn_and_most_rules_fire():
    """Among five hundred patients; and some of whom nothing or very much is known."""
    engine = engine_for(SHIPPED, "compiled")

    patients = drawn(patient_facts(), 500)

    fired = frozenset().union(*map(engine.fire, patients))
    assert len({name for facts in patients for name in facts.known()}) > 0.97 * len(FACTS)
    assert len(fired & SHIPPED.rules.keys()) > 0.7 * len(SHIPPED.rules)
    assert any(not facts.known() for facts in patients)
    assert max(len(facts.known()) for facts in patients) > len(FACTS) / 3


@pytest.mark.parametrize("name", NUMBERS)
def test_thresholds_are_drawn_often_and_from_both_sides(name):
    """On each, below it and above it, wherever the fact goes that far."""
    fact, telling = FACTS[name], Values.of(SHIPPED).telling(name)

    for mark in Values.of(SHIPPED).thresholds[name]:
        assert mark in telling
        assert mark == fact.low or any(mark - 1 <= value < mark for value in telling)
        assert mark == fact.high or any(mark < value <= mark + 1 for value in telling)
    values = drawn(fact_values(fact=name), 300)
    assert len(set(telling).intersection(values)) > len(telling) / 2


def test_every_member_of_a_choice_is_drawn():
    """None is left out."""
    for fact in FACTS.values():
        if fact.kind == "choice":
            assert set(drawn(fact_values(fact=fact.name), 100)) == set(fact.members)


# --- Examples shrink to what matters ------------------------------------------------------------


@pytest.mark.parametrize(
    ("wish", "most"),
    [
        ({}, 0),
        ({"triage": Triage.SELF_CARE}, 0),
        ({"triage": Triage.ROUTINE}, 1),
        ({"triage": Triage.SOON}, 1),
        ({"triage": Triage.SAME_DAY}, 1),
        ({"triage": Triage.EMERGENCY}, 1),
        ({"suspected": "alcohol"}, 1),
        ({"known": {"weakness": True}}, 1),
        ({"at_threshold": "egfr"}, 1),
        ({"triage": "soon", "suspected": "low_potassium"}, 1),
    ],
)
def test_a_wish_shrinks_to_the_fewest_facts(wish, most):
    """The smallest patient of each kind knows nothing that the wish does not need."""
    smallest = find(patient_facts(**wish), lambda _: True, settings=SEARCH)

    assert len(smallest.known()) == most


@pytest.mark.deep
@pytest.mark.parametrize(
    "fails",
    [
        pytest.param(lambda facts: (facts.egfr or 99) < 30, id="one number"),
        pytest.param(lambda facts: facts.weakness and facts.weakness_course, id="two facts"),
        pytest.param(lambda facts: triage(facts) is Triage.EMERGENCY, id="an emergency"),
        pytest.param(lambda facts: len(listed(facts)) >= 3, id="three causes"),
        pytest.param(lambda facts: "night" in (facts.timing or ()), id="a member"),
    ],
)
def test_no_fact_of_a_failing_example_can_be_left_out(fails):
    """Whatever fails, each fact that is shown is needed for it."""
    smallest = find(patient_facts(), lambda facts: bool(fails(facts)), settings=SEARCH)

    for name in smallest.known():
        assert not fails(smallest.replace(**{name: None})), name


def test_a_failing_example_prints_as_python():
    """The line in the report can be pasted, and names only what is known."""

    @settings(SEARCH)
    @given(patient_facts(known={"sites": {"calf", "foot"}, "age_years": 71}))
    def fails(facts):
        raise AssertionError

    with pytest.raises(AssertionError) as raised:
        fails()

    report = "\n".join(raised.value.__notes__)
    line = next(line for line in report.splitlines() if "PatientFacts(" in line)
    # Hypothesis may add a remark of its own behind the value.
    pasted = line.split("=", 1)[1].partition("  #")[0].strip().rstrip(",")
    assert eval(pasted) == PatientFacts(age_years=71, sites={"calf", "foot"})  # noqa: S307


# --- Pairs on two sides of a threshold ----------------------------------------------------------


@given(near_misses())
def test_a_near_miss_differs_in_one_number_and_in_what_fires(pair):
    """The lower one first; some rule fires for exactly one of them."""
    below, above = pair
    engine = engine_for(SHIPPED, "compiled")

    differing = [name for name in FACTS if getattr(below, name) != getattr(above, name)]

    assert len(differing) == 1
    assert getattr(below, differing[0]) < getattr(above, differing[0])
    assert engine.fire(below) != engine.fire(above)


@given(st.data())
def test_a_near_miss_is_about_the_fact_that_was_asked_for(data):
    """And its two values stand on two sides of one of the thresholds of that fact."""
    name = data.draw(st.sampled_from(sorted({fact for fact, _ in edges_for(SHIPPED).by_threshold})))

    below, above = data.draw(near_misses(fact=name))

    marks = Values.of(SHIPPED).thresholds[name]
    assert any(getattr(below, name) <= mark <= getattr(above, name) for mark in marks)


def test_nearly_every_threshold_of_the_shipped_rules_has_near_misses():
    """The few without are those that no single rule turns on, such as an end of the scale."""
    every = {
        (fact, mark) for fact, marks in Values.of(SHIPPED).thresholds.items() for mark in marks
    }

    assert len(edges_for(SHIPPED).by_threshold) > 0.85 * len(every)


@given(rule_bases(), st.data())
@fewer(2)
def test_near_misses_of_any_rule_base_turn(rules, data):
    """Where a rule base has no threshold that decides anything, the error says so."""
    try:
        below, above = data.draw(near_misses(rules=rules))
    except InvalidStrategyError as error:
        assert "no rule has a threshold" in str(error)  # noqa: PT017 - some rule bases have one
        return

    engine = engine_for(rules, "compiled")
    assert engine.fire(below) != engine.fire(above)


# --- How it is done -----------------------------------------------------------------------------


def test_every_way_to_fire_a_rule_fires_it():
    """Ways are read off the conditions; the readable evaluator agrees with every one."""
    solver = solver_for(SHIPPED)
    for id_ in SHIPPED.conditions:
        ways = solver.ways(id_)
        assert ways, id_
        for way in ways:
            for known in solver.examples(way, 2):
                facts = PatientFacts.from_mapping(known)
                observed = observe(facts, SHIPPED.formulary)
                assert Inference(SHIPPED, observed).verdict(id_) is True, (id_, facts)


@given(rule_bases())
@fewer(2)
def test_every_way_to_fire_a_rule_of_any_rule_base_fires_it(rules):
    """Unless its facts contradict each other."""
    solver = solver_for(rules)
    for id_ in rules.conditions:
        for way in thinned(solver.ways(id_), 20):
            for known in solver.examples(way, 1):
                try:
                    facts = PatientFacts.from_mapping(known)
                except FactsError:
                    continue
                inference = Inference(rules, observe(facts, rules.formulary))
                assert inference.verdict(id_) is True, (id_, facts)


@given(
    st.dictionaries(st.integers(0, 40), st.none()),
    st.lists(st.frozensets(st.integers(0, 40), min_size=1, max_size=3), max_size=6),
)
def test_as_many_facts_as_can_be_are_kept(more, clashes):
    """What is kept holds, and nothing that was left out could have been added to it."""

    def holds(known):
        return not any(clash <= known.keys() for clash in clashes)

    kept = most_kept({}, more, holds)

    assert holds(kept)
    assert all(not holds({**kept, one: None}) for one in more.keys() - kept.keys())


@given(st.lists(st.integers()), st.integers(1, 20))
def test_thinning_keeps_the_first_and_the_order(some, most):
    """At most so many, and all where they are few."""
    kept = thinned(some, most)

    assert len(kept) == min(len(some), most)
    assert kept[:1] == some[:1]
    places = iter(some)
    assert all(one in places for one in kept)


# --- Rules of our own ---------------------------------------------------------------------------


def test_patients_of_a_single_rule_make_it_fire():
    """Of one rule there is no other to pick."""
    rules = rules_of(urgent("one", "fever and thirst"))

    patients = drawn(patient_facts(rules=rules), 200)

    levels = [assess(facts, rules=rules, engine="compiled").triage for facts in patients]
    assert set(levels) == {Triage.SELF_CARE, Triage.SAME_DAY}


def test_patients_have_what_several_rules_ask_for():
    """One story can tell of two rules at once, and of any of them."""
    first, second = "fever and thirst", "dialysis and bruising"
    rules = rules_of(urgent("a", first), urgent("b", second))
    fire = engine_for(rules, "compiled").fire

    stories = _retold(rules, _rule_story)
    patients = [made_coherent(known, plausible=True) for known in drawn(stories, 150)]

    fired = {fire(PatientFacts.from_mapping(known)) for known in patients}
    assert {frozenset("a"), frozenset("b"), frozenset("ab")} <= fired


def test_a_few_facts_are_eight_at_most():
    """From none on."""
    sizes = {len(known) for known in drawn(few_facts(SHIPPED), 100)}

    assert min(sizes) == 0
    assert 5 <= max(sizes) <= 8


def test_of_some_patients_nothing_is_known_and_of_others_very_much():
    """Facts by the hundred are left to chance, not to what some rule asks for."""
    sizes = [len(known) for known in drawn(noise(SHIPPED), 600)]

    assert min(sizes) == 0
    assert max(sizes) > len(FACTS) / 3


@pytest.mark.parametrize(
    "wish",
    [
        {"known": {"weakness": True}},
        {"triage": "emergency"},
        {"suspected": "alcohol"},
        {"at_threshold": "egfr"},
    ],
    ids=lambda wish: next(iter(wish)),
)
def test_patients_have_more_than_was_asked_for(wish):
    """Whatever else leaves the wish fulfilled."""
    patients = drawn(patient_facts(**wish), 15)

    assert max(len(facts.known()) for facts in patients) >= 5
    assert len({frozenset(facts.known()) for facts in patients}) > 5


def test_what_was_asked_for_is_met_in_many_ways():
    """Not by one example for each rule: all values that meet it are drawn."""
    rules = rules_of(urgent("one", "age_years > 40"))

    ages = {facts.age_years for facts in drawn(patient_facts(triage="same_day", rules=rules), 25)}

    assert len(ages) > 3
    assert min(ages) > 40


def test_every_fallback_cause_is_drawn_as_suspected():
    """It stands alone, so that whatever else is known must suspect nothing else."""
    fallbacks = [cause.id for cause in SHIPPED.causes.values() if cause.fallback]

    assert fallbacks
    for cause in fallbacks:
        assert all(cause in listed(facts) for facts in drawn(patient_facts(suspected=cause), 15))


def test_a_known_number_may_lie_on_a_threshold_or_not():
    """Where it does, it stays; where it does not, nobody is both."""
    at, known = Values.of(SHIPPED).thresholds["egfr"][0], {"egfr": 77.7}

    on_it = drawn(patient_facts(known={"egfr": at}, at_threshold="egfr"), 5)

    assert {facts.egfr for facts in on_it} == {at}
    with pytest.raises(InvalidStrategyError, match="no patient was found"):
        drawn(patient_facts(known=known, at_threshold="egfr"), 1)


def test_a_wish_that_nobody_meets_is_repeated_in_full():
    """Each part of it, as it was asked."""
    wish = patient_facts(
        triage="self_care",
        suspected="alcohol",
        known={"saddle_numbness": True, "age_years": None},
        at_threshold="egfr",
    )

    with pytest.raises(InvalidStrategyError) as raised:
        drawn(wish, 1)

    assert str(raised.value) == (
        "no patient was found for known={'saddle_numbness': True}, unknown=['age_years'], "
        "triage='self_care', suspected='alcohol', at_threshold='egfr'"
    )


def test_a_near_miss_decides_though_more_is_known():
    """What else is drawn with it must leave the rule to the number."""
    rules = rules_of(urgent("one", "(egfr < 30 and age_years > 50) or age_years > 80"))
    fire = engine_for(rules, "compiled").fire

    pairs = drawn(near_misses(fact="egfr", rules=rules), 200)

    assert all(fire(below) == {"one"} and not fire(above) for below, above in pairs)
    assert len({below.age_years for below, _ in pairs}) > 5
    assert max(len(below.known()) for below, _ in pairs) > 4


def test_a_rule_for_nobody_has_no_near_misses():
    """Facts that contradict each other stand on no side of a threshold."""
    rules = rules_of(urgent("one", "dialysis and not kidney_disease and age_years > 50"))

    with pytest.raises(InvalidStrategyError, match="no rule has a threshold"):
        drawn(near_misses(rules=rules), 1)


# --- What one person can hardly have together ---------------------------------------------------


@pytest.mark.parametrize(
    ("stays", "goes", "goes_with"),
    [
        ({"kidney_disease": False}, {"dialysis": True}, {"kidney_disease": True}),
        ({"weakness": False}, {"both_legs_weak": True}, {"weakness": True}),
        ({"weakness": False}, {"weakness_course": "stable"}, {"weakness": True}),
        ({"sex": "male"}, {"pregnant": True}, {"sex": "female"}),
        ({"sex": "male"}, {"postpartum": True}, {"sex": "female"}),
        ({"age_years": 9}, {"pregnant": True}, {"age_years": 10}),
        ({"age_years": 61}, {"postpartum": True}, {"age_years": 60}),
        ({"pregnant": True}, {"postpartum": True}, {"pregnant": False}),
        ({"endurance_event": True}, {"sedentary": True}, {"endurance_event": False}),
        ({"endurance_event": True}, {"immobilised": True}, {"endurance_event": False}),
        ({"fluid_restricted": True}, {"plain_water_excess": True}, {"fluid_restricted": False}),
        ({"age_years": 2}, {"months_since_first": 25}, {"age_years": 3}),
        ({"episodes_per_week": 100}, {"episode_minutes": 101}, {"episodes_per_week": 99}),
        ({"timing": {"day"}}, {"wakes_from_sleep": True}, {"timing": {"day", "night"}}),
        ({"dialysis": False}, {"timing": {"during_dialysis"}}, {"dialysis": True}),
        ({"timing": {"day"}}, {"walking_distance_m": 50}, {"timing": {"walking"}}),
    ],
    ids=" ".join,
)
def test_of_two_facts_that_do_not_go_together_one_goes(stays, goes, goes_with):
    """What is settled stays; with another value both stay."""
    assert made_coherent({**stays, **goes}, stays, plausible=True) == stays
    assert made_coherent({**stays, **goes}, goes, plausible=True) == goes
    assert made_coherent({**stays, **goes}, {*stays, *goes}, plausible=True) == {**stays, **goes}
    assert made_coherent({**goes_with, **goes}, plausible=True) == {**goes_with, **goes}
    assert made_coherent(stays, plausible=True) == stays
    assert made_coherent(goes, plausible=True) == goes


# --- Values -------------------------------------------------------------------------------------


def test_any_number_on_the_right_side_is_drawn():
    """Not only those next to a threshold, also where most of the scale lies on the other side."""
    fact = FACTS["sodium_mmol_l"]
    assert fact.low is not None
    assert fact.high is not None
    low, high = fact.low + 0.5, fact.high - 0.5
    atoms_of_two_ends = [
        *(Comparison(fact.name, operator, low) for operator in ("<", "<=")),
        *(Comparison(fact.name, operator, high) for operator in (">", ">=")),
    ]
    for atom in atoms_of_two_ends:
        suitable = Values.of(SHIPPED).suiting(fact.name, frozenset({atom}))
        assert suitable is not None

        values = set(drawn(suitable.strategy, 60))

        below, reached = atom.operator.startswith("<"), atom.operator.endswith("=")
        assert all(value == atom.value or (value < atom.value) is below for value in values)
        assert reached or atom.value not in values
        assert len(values) > 12


@pytest.mark.parametrize("name", ["medications", "sites", "timing"])
def test_sets_have_none_to_three_members(name):
    """Each number of them is drawn, and no more."""
    sizes = {len(members) for members in drawn(fact_values(fact=name), 60)}

    assert {0, 1, 2} <= sizes <= {0, 1, 2, 3}


# --- Conditions ---------------------------------------------------------------------------------


def test_conditions_use_every_name_there_is():
    """Findings and causes however many there are, and classes of medicines."""
    findings = tuple(f"found_{at}" for at in range(20))
    causes = tuple(f"cause_{at}" for at in range(4))
    names = Names(findings=findings, causes=causes, classes=("alpha", "beta"))
    vocabulary = Vocabulary(frozenset(findings), frozenset(causes), frozenset(names.classes))

    found = asked(drawn(condition_texts(names), 500), vocabulary)

    assert len({one for one in found if isinstance(one, Concluded)}) > 15
    assert len({one for one in found if isinstance(one, Suspected)}) > 2
    assert members_of(found, "medications") == {"alpha", "beta"}


def test_conditions_ask_for_the_classes_they_were_given():
    """And for none without."""
    names = Names(classes=("alpha", "beta"))

    texts = drawn(condition_texts(names, most_atoms=2), 150)
    without = drawn(condition_texts(most_atoms=2), 60)

    assert any("in medications" in text for text in texts)
    assert not any("medications" in text for text in without)


def asked(texts: Iterable[str], vocabulary: Vocabulary) -> set[Atom]:
    """What conditions ask, each thing once."""
    read = (parse(text, vocabulary, may_ask_known=True) for text in texts)
    return {atom for condition in read for atom in atoms(condition)}


def members_of(found: Iterable[Atom], fact: str) -> set[str]:
    return {one.member for one in found if isinstance(one, Member) and one.fact == fact}


def test_conditions_of_the_shipped_rules_build_on_them():
    """On findings, on causes and on classes of medicines."""
    found = asked(drawn(conditions(), 250), VOCABULARY)

    assert {type(one) for one in found} >= {Concluded, Suspected, Member, Comparison}
    assert members_of(found, "medications") & set(SHIPPED.formulary.classes)


def test_what_is_known_is_asked_where_it_may_be():
    """Of facts of every kind."""
    found = asked(drawn(condition_texts(may_ask_known=True), 300), VOCABULARY)

    assert len({one.fact for one in found if isinstance(one, Known)}) > 1


def test_conditions_are_joined_in_every_way():
    """With `and`, with `or`, with `not` and with brackets, in and outside of each other."""
    texts = drawn(condition_texts(), 1000)

    assert any(" and " in text and " or " not in text for text in texts)
    assert any(" or " in text and " and " not in text for text in texts)
    assert any(text.startswith("not ") for text in texts)
    assert any(re.search(r"\(.* or .*\) and ", text) for text in texts)
    assert any(re.search(r"not \(.* (and|or) .*\)", text) for text in texts)
    # Where there is nothing to build on, a plain fact stands in its place.
    assert len(set(texts) & {fact.name for fact in FLAGS}) > 2


def test_numbers_are_compared_within_their_range():
    """With 3 and 5, a quarter of the scale, and where the shipped rules part them."""
    for fact in NUMBER_FACTS:
        assert fact.low is not None
        assert fact.high is not None
        marks = thresholds(fact)
        usual = [mark for mark in (3, 5) if fact.low <= mark <= fact.high]
        quarter = fact.low + (fact.high - fact.low) / 4

        assert list(marks) == sorted(set(marks))
        assert set(usual) <= set(marks)
        assert set(Values.of(SHIPPED).thresholds.get(fact.name, ())) <= set(marks)
        assert min(abs(mark - quarter) for mark in marks) <= 0.005
        assert fact.low <= min(marks)
        assert max(marks) <= fact.high


def test_numbers_are_compared_in_every_way():
    """Plain, turned round and chained, of whatever number."""
    texts = [phrase.text for phrase in drawn(number_phrases(), 400)]
    number, order = r"-?[0-9.e+]+", "(<=|<|>=|>|==|!=)"
    shapes = {
        "plain": rf"(?P<fact>[a-z]\w*) {order} {number}",
        "mirrored": rf"{number} {order} (?P<fact>[a-z]\w*)",
        "chained": rf"{number} {order} (?P<fact>[a-z]\w*) {order} {number}",
    }
    matches = {
        shape: [found for text in texts if (found := re.fullmatch(pattern, text))]
        for shape, pattern in shapes.items()
    }

    assert sum(map(len, matches.values())) == len(texts)
    for some in matches.values():
        assert len({one["fact"] for one in some}) > len(NUMBER_FACTS) / 2
    orders = {order for text in texts for order in re.findall("[<>=!]+", text)}
    assert orders == {"<", "<=", ">", ">=", "==", "!="}


def test_choices_are_compared_in_every_way():
    """Equal, unequal, turned round, and among two in brackets of each kind."""
    texts = [phrase.text for phrase in drawn(choice_phrases(), 1500)]
    found = Counter(
        (word[0] if (word := re.findall("not in|in|==|!=", re.sub('"[^"]*"', "", text))) else "")
        for text in texts
    )
    groups = [text.partition("in ")[2] for text in texts if " in " in text]

    assert set(found) == {"==", "!=", "in", "not in"}
    assert {text[0] + text[-1] for text in groups} == {"()", "[]", "{}"}
    assert {text.count('"') for text in groups} == {4}
    assert any(text.startswith('"') for text in texts)
    several = {text.split(" ")[0] for text in texts if " in " in text}
    assert several == {fact.name for fact in CHOICES}


# --- Rule bases ---------------------------------------------------------------------------------

NAMES = Names(findings=("found_0",), causes=("cause_0",), classes=CLASSES)
NAMED = Vocabulary(frozenset({"found_0"}), frozenset({"cause_0"}), frozenset(CLASSES))


def builds_on(texts: Iterable[str | None]) -> set[type]:
    """Which kinds of step conditions take."""
    found = asked((text for text in texts if text is not None), NAMED)
    return {type(one) for one in found} & {Concluded, Suspected, Known}


STEPS = {Concluded, Suspected}


def test_findings_build_on_other_rules():
    """One or two rules for each, and they take names."""
    tables = drawn(finding_tables("found_1", NAMES), 60)

    assert {len(some) for some in tables} == {1, 2}
    assert builds_on(table.values["when"] for some in tables for table in some) == STEPS


def test_escalations_build_on_other_rules():
    """Every level, with exceptions where it is no emergency, and up to three things held back."""
    rows = [table.values for table in drawn(escalation_tables(0, NAMES), 600)]

    assert {row["triage"] for row in rows} == {level.id for level in Triage}
    assert builds_on(row["when"] for row in rows) == STEPS
    assert builds_on(row["unless"] for row in rows) >= STEPS
    assert {row["triage"] for row in rows if row["unless"]} == {
        level.id for level in Triage if level is not Triage.EMERGENCY
    }
    assert any(row["unless"] is None and row["triage"] == "soon" for row in rows)
    assert {len(row["holds"]) for row in rows} == {0, 1, 2, 3}


def test_advice_builds_on_other_rules():
    """With none to three things that forbid it, and none to two cautions."""
    tables = drawn(advice_tables(0, NAMES), 150)
    rows = [table.values for table in tables]
    inner = [one for table in tables for one in table.inner]

    for kind, most in (("unless", 3), ("cautions", 2)):
        counts = {sum(one.kind == kind for one in table.inner) for table in tables}
        assert counts == set(range(most + 1))
    assert {row["order"] for row in rows} == set(range(6))
    assert {row["kind"] for row in rows if row["when"] is None} == {row["kind"] for row in rows} - {
        "action"
    }
    assert builds_on(row["when"] for row in rows) == STEPS
    for kind in ("unless", "cautions"):
        assert builds_on(one.values["when"] for one in inner if one.kind == kind) >= STEPS
    assert {one.values["when"] is None for one in inner if one.kind == "cautions"} == {True, False}
    for words in ("instead", "caution"):
        said = {one.values[words] for one in inner if one.kind == "unless"}
        assert said == {None, "you were told so", "it hurts"}


def test_only_evidence_that_suspects_nothing_builds_on_its_own_cause():
    """Evidence for a cause rests on what stands before it; what is against or a risk, on all."""
    groups = drawn(evidence_tables("cause_0", Names(), NAMES), 250)
    rows = [table.values for some in groups for table in some]
    for_it = ("small", "moderate", "large", 3.3, 27.5)
    against = ("against-small", "against-moderate", "against-large", 0.2, 1.0)

    def weights(some: Iterable[dict[str, Any]]) -> set[object]:
        return {row.get("weight", row.get("lr")) for row in some}

    building = [row for row in rows if builds_on([row["when"]])]
    assert {len(some) for some in groups} == {1, 2, 3}
    assert weights(rows) == {*for_it, *against}
    assert {0.2, 1.0} <= weights(row for row in building if row["role"] is None) <= set(against)
    assert weights(row for row in building if row["role"] == "risk") & set(for_it)
    assert {row["group"] for row in rows} == {"history", "drug", None}


def test_rule_bases_have_one_to_three_causes():
    """And up to five findings, in any order, each building on those before it."""
    some = drawn(plans(), 150)
    every = [plan.names() for plan in some]

    assert {len(names.causes) for names in every} == {1, 2, 3}
    assert {len(names.findings) for names in every} == set(range(6))
    assert {plan.nodes[0].partition("_")[0] for plan in some} == {"found", "cause"}
    for plan in some:
        names = plan.before(2)
        assert {*names.findings, *names.causes} == set(plan.nodes[:2])
        assert names.classes == CLASSES


def test_rule_bases_have_a_few_rules_of_each_kind():
    """None to three escalations and pieces of advice; causes of any weight, some as a last resort.

    Evidence stands with its cause or elsewhere.
    """
    bases = [
        {name: tomllib.loads(text) for name, text in files.items()}
        for files in drawn(rule_texts(), 300)
    ]
    shared = [files["shared.toml"] for files in bases]
    causes = [files[name] for files in bases for name in files if name != "shared.toml"]

    for kind in ("escalations", "advice"):
        assert {len(tables.get(kind, ())) for tables in shared} == {0, 1, 2, 3}
    assert {cause["fallback"] for cause in causes} == {True, False}
    assert len({cause["seriousness"] for cause in causes}) > 2
    assert {cause["prior"] for cause in causes} <= set(range(-10, 1))
    assert {"evidence" in cause for cause in causes} == {True, False}
    assert any(tables.get("evidence") for tables in shared)


def test_drawn_rule_bases_know_medicines_of_classes_within_each_other():
    """Names, words for a whole class, and names in two classes."""
    (rules,) = drawn(rule_bases(), 1)
    held = {
        "alphamed": {"alpha"},
        "alpha tablets": {"alpha"},
        "betamicin": {"alpha", "beta"},
        "gammadrine": {"alpha", "beta", "gamma"},
        "gamma kind": {"alpha", "beta", "gamma"},
        "deltaprofen": {"delta"},
        "bothazole": {"alpha", "beta", "delta"},
        "epsilumab": {"alpha", "delta", "epsilon"},
        "extravir": {"alpha", "beta", "gamma", "delta"},
    }

    for name, classes in held.items():
        assert rules.formulary.resolve(frozenset({name})).classes.present == classes


# --- Rule bases, conditions, junk ---------------------------------------------------------------


@given(conditions(), conditions(may_ask_known=True))
def test_conditions_can_be_read(plain, unless):
    """With the names of the shipped rules; `known(...)` only where it is asked for."""
    assert "known(" not in plain
    parse(plain, VOCABULARY)
    parse(unless, VOCABULARY, may_ask_known=True)


@given(st.data())
@fewer(2)
def test_patients_of_a_drawn_rule_base_make_its_rules_fire(data):
    """The values that its rules look at are drawn for it."""
    rules = data.draw(rule_bases())

    facts = data.draw(patient_facts(rules=rules))

    assert assess(facts, rules=rules, engine="compiled").rules_version == rules.version


@given(junk_mappings() | junk())
def test_junk_is_refused_or_assessed(value):
    """Nothing but our own error, whatever is handed over."""
    try:
        facts = PatientFacts.from_mapping(value)
    except FactsError:
        return
    assert isinstance(triage(facts), Triage)


# --- Arguments ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        (patient_facts(triage="urgent"), "'urgent' is no triage level"),
        (patient_facts(triage=3.5), "takes a Triage or its name"),  # type: ignore[arg-type]
        (patient_facts(suspected="low_potasium"), "did you mean 'low_potassium'"),
        (patient_facts(known={"agee": 3}), "known: agee: is not a fact"),
        (patient_facts(known=[("age_years", 3)]), "takes a mapping"),  # type: ignore[arg-type]
        (patient_facts(at_threshold="weakness"), "'weakness' is no fact that is a number"),
        (
            patient_facts(at_threshold="fruit_and_vegetable_portions_per_day"),
            "no patient was found",
        ),
        (patient_facts(rules={}), "rules takes a RuleBase"),  # type: ignore[arg-type]
        (patient_facts(triage="self_care", known={"saddle_numbness": True}), "triage='self_care'"),
        (patient_facts(suspected="alcohol", known={"alcohol_units_per_week": None}), "unknown="),
        (near_misses(fact="sex"), "'sex' is no fact that is a number"),
        (near_misses(fact="fruit_and_vegetable_portions_per_day"), "has a threshold about"),
        (fact_values(fact="agee"), "'agee' is no fact"),
        (fact_values(fact=None), "takes the name of a fact"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_an_error_when_first_drawn(strategy, says):
    """Hypothesis's own kind of error, and ours; none before a test runs."""
    with pytest.raises(InvalidStrategyError, match=says) as raised:
        find(strategy, lambda _: True, settings=SEARCH)

    assert isinstance(raised.value, InvalidArgument)
    assert isinstance(raised.value, CrampsRulesError)


@pytest.mark.parametrize("strategy", [patient_facts, near_misses, fact_values, conditions])
def test_arguments_are_keywords(strategy):
    """A position says nothing about what is asked for."""
    with pytest.raises(TypeError):
        find(strategy(Triage.SOON), lambda _: True, settings=SEARCH)


# --- What Hypothesis finds by itself ------------------------------------------------------------


def test_from_type_needs_no_import_of_ours_and_reads_no_rules_before():
    """The entry point is found by Hypothesis, and costs nothing until it is used."""
    printed = run_python(
        "import sys\n"
        "from hypothesis import find, strategies as st\n"
        "print('crampsrules.rulebase' in sys.modules, 'crampsrules.strategies' in sys.modules)\n"
        "from crampsrules import PatientFacts\n"
        "print(find(st.from_type(PatientFacts), lambda facts: facts.weakness))\n"
    )

    assert printed.splitlines() == ["False False", "PatientFacts(weakness=True)"]


@pytest.mark.parametrize("module", ["crampsrules.strategies", "crampsrules.testing"])
def test_without_hypothesis_the_error_names_the_extra(module):
    """And the rest of the library works."""
    printed = run_python(
        "import sys\n"
        "sys.modules['hypothesis'] = None\n"
        "import crampsrules\n"
        "print(crampsrules.assess(weakness=True).triage.name)\n"
        "try:\n"
        f"    import {module}\n"
        "except crampsrules.MissingExtraError as error:\n"
        "    print(error.extra, error)\n"
    )

    assert "hypothesis this needs the package hypothesis" in printed
    assert 'pip install "crampsrules[hypothesis]"' in printed
