"""The strategies that users draw from: what was asked for is what is drawn, and all of it is."""

from __future__ import annotations

from datetime import date

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
from crampsrules.conditions import Vocabulary, parse
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
)
from crampsrules.strategies.patients import edges_for, most_kept
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import solver_for, thinned
from crampsrules.strategies.values import Values
from tests.processes import run_python
from tests.strategies import fact_mappings, fewer

SHIPPED = RuleBase.load()
NUMBERS = sorted(Values.of(SHIPPED).thresholds)
CAUSES = sorted(SHIPPED.causes)

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


# --- Junk ---------------------------------------------------------------------------------------


def drawn_from(strategy: st.SearchStrategy[object], times: int = 500) -> list[object]:
    """Many values, the same each time."""
    found: list[object] = []

    @settings(SEARCH, max_examples=times, phases=[Phase.generate], derandomize=True)
    @given(strategy)
    def note(value: object) -> None:
        found.append(value)

    note()
    return found


def test_junk_is_of_every_kind():
    """All that JSON, TOML or a caller might hand over, numbers too large for a float among them."""
    values = drawn_from(junk(), 3000)
    kinds = {type(value) for value in values}
    texts = [value for value in values if isinstance(value, str)]

    assert {type(None), bool, int, float, str, bytes, date, list, tuple, dict} <= kinds
    assert max(value for value in values if type(value) is int) == 10**400
    assert {"nan", "\x00"} <= set(texts)
    assert max(map(len, texts)) <= 20


def test_junk_mappings_have_names_right_and_wrong():
    """Keys of any kind, the names of facts among them, and here and there a value that is right."""
    mappings = drawn_from(junk_mappings())
    keys = {key for mapping in mappings if isinstance(mapping, dict) for key in mapping}

    assert {type(key) for key in keys} == {str, int, type(None)}
    assert len(keys & set(FACTS)) > 50
    assert {"night", "low", "both", "calf"} <= {
        value
        for mapping in mappings
        if isinstance(mapping, dict)
        for value in mapping.values()
        if isinstance(value, str)
    }
    assert max(len(mapping) for mapping in mappings if isinstance(mapping, dict)) <= 8


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


def drawn(strategy, times):
    """So many examples of a strategy, the same ones each time."""
    examples = []

    @settings(
        max_examples=times,
        derandomize=True,
        database=None,
        deadline=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(strategy)
    def collect(example):
        examples.append(example)

    collect()
    return examples


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


# --- Rule bases, conditions, junk ---------------------------------------------------------------


@given(conditions(), conditions(may_ask_known=True))
def test_conditions_can_be_read(plain, unless):
    """With the names of the shipped rules; `known(...)` only where it is asked for."""
    vocabulary = Vocabulary(
        findings=frozenset(SHIPPED.concluding),
        causes=frozenset(SHIPPED.causes),
        medicine_classes=frozenset(SHIPPED.formulary.classes),
    )

    assert "known(" not in plain
    parse(plain, vocabulary)
    parse(unless, vocabulary, may_ask_known=True)


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
