"""Laws of patient facts over anything that can be given, then examples to read."""

import contextlib
import copy
import enum
import fractions
import json
import math
import pickle
import re
import typing
from collections import OrderedDict, UserDict
from collections.abc import Callable
from collections.abc import Set as AbstractSet
from types import MappingProxyType

import attrs
import numpy as np
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, GROUPS, Fact, PatientFacts
from crampsrules.readers import INVISIBLE, LINE_ENDS, NO_ANSWER, NO_MEDICINE
from crampsrules.units import UNITS
from tests.drawing import shown_in

NUMBERS = [fact for fact in FACTS.values() if fact.kind == "number"]
NUMERIC = [fact for fact in FACTS.values() if fact.low is not None]
SETS = [fact for fact in FACTS.values() if fact.kind == "members"]
FLAGS = [fact for fact in FACTS.values() if fact.kind == "flag"]

# --- What to draw from --------------------------------------------------------------------------

SAYS_NO_NAME = re.compile(f"{NO_MEDICINE}|(?:{NO_ANSWER[4:]})", re.ASCII).match
# Hypothesis draws words of ours too, of which some say "none of these".
medicine_names = (
    st.text(
        st.characters(
            exclude_categories=("Cc", "Cs"), exclude_characters=f"[]{INVISIBLE}{LINE_ENDS}"
        ),
        min_size=1,
        max_size=100,
    )
    .map(str.strip)
    .filter(lambda name: name and not SAYS_NO_NAME(name))
)


def bounds(fact: Fact) -> tuple[float, float]:
    assert fact.low is not None
    assert fact.high is not None
    return fact.low, fact.high


def good(fact: Fact) -> st.SearchStrategy:
    """Any value that a fact takes, as it is kept."""
    match fact.kind:
        case "flag":
            return st.booleans()
        case "number":
            return st.floats(*bounds(fact)).map(lambda value: value + 0.0)
        case "integer":
            return st.integers(*map(int, bounds(fact)))
        case "choice":
            return st.sampled_from(fact.members)
        case "members":
            return st.frozensets(st.sampled_from(fact.members))
        case "medicines":
            return st.frozensets(medicine_names, max_size=5)


def coherent(known: dict[str, object]) -> bool:
    return not (known.get("dialysis") is True and known.get("kidney_disease") is False)


def some_facts() -> st.SearchStrategy:
    """Known values for some facts: what `PatientFacts.known()` would give, in any order."""
    chosen = st.lists(st.sampled_from(list(FACTS)), unique=True, max_size=12)
    return chosen.flatmap(
        lambda names: st.fixed_dictionaries({name: good(FACTS[name]) for name in names})
    ).filter(coherent)


class Hostile:
    """A value that refuses everything that a message could want of it."""

    def __repr__(self):
        raise ZeroDivisionError

    def __eq__(self, other):
        raise ZeroDivisionError

    def __hash__(self):
        raise ZeroDivisionError


class Side(enum.StrEnum):
    ONE = "one"


class Site(enum.StrEnum):
    CALF = "calf"


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**400),
    st.floats(),
    st.fractions(),
    st.complex_numbers(),
    st.text(max_size=20),
    st.text(st.characters(), max_size=5),
    st.binary(max_size=5),
    st.builds(Hostile),
    st.builds(object),
    st.sampled_from([Side.ONE, Site.CALF, "cramp", "calf", "one", "mg/dL", "value", 9.1]),
)
junk = st.recursive(
    scalars,
    lambda inner: st.one_of(
        st.lists(inner, max_size=4),
        st.lists(inner, max_size=4).map(tuple),
        st.dictionaries(st.text(max_size=5), inner, max_size=3),
        st.fixed_dictionaries({"value": inner, "unit": inner}),
    ),
    max_leaves=6,
)
names = st.one_of(st.sampled_from(list(FACTS)), st.text(max_size=12), st.integers(), st.none())


def bad(fact: Fact) -> st.SearchStrategy:
    """A value that a fact does not take."""
    of_no_kind = st.sampled_from([object(), b"1", 1j, {"unit": "kg"}, math.nan, math.inf])
    match fact.kind:
        case "flag":
            return of_no_kind | st.sampled_from([0, 1, 1.0, "true", "yes", [True]])
        case "number" | "integer":
            low, high = bounds(fact)
            outside = st.floats().map(lambda x: x if not low <= x <= high else high + 1 + abs(x))
            return of_no_kind | st.booleans() | st.just("3") | outside
        case "choice":
            return of_no_kind | st.booleans() | st.just([fact.members[0]]) | st.just("sideways")
        case _:
            return of_no_kind | st.sampled_from([True, 3, "cramp", [3], ["\ud800"], [None]])


def patient(**given_: typing.Any) -> PatientFacts:
    """`PatientFacts`, out of sight of the type checker, which refuses much of it already."""
    return PatientFacts(**given_)


def problems_of(
    call: Callable[..., PatientFacts], *args: object, **facts: object
) -> dict[str, str]:
    with pytest.raises(FactsError) as caught:
        call(*args, **facts)
    return {problem.field: problem.message for problem in caught.value.problems}


# --- Laws: what comes out -----------------------------------------------------------------------


def outcome(
    read: Callable[[typing.Any], PatientFacts], given_: object
) -> PatientFacts | FactsError:
    """What comes out; anything that is neither facts nor a FactsError fails the test."""
    try:
        return read(given_)
    except FactsError as error:
        return error


def is_fit_to_show(result: PatientFacts | FactsError) -> bool:
    if isinstance(result, PatientFacts):
        json.dumps(result.to_dict(), allow_nan=False, ensure_ascii=False).encode()
        return True
    again = pickle.loads(pickle.dumps(result))  # noqa: S301 - our own
    lines = str(result).splitlines()
    return bool(result.problems) and str(again) == str(result) and all(map(str.isprintable, lines))


@given(st.dictionaries(names, junk, max_size=6))
@example({"age_years": 10**400, "pain_severity": fractions.Fraction(10**400)})
@example({"medications": [["furosemide"], {}]})
@example({"medications": ["\ud800", "\x00"], "\ud800": "\n", "a\nb": 1})
def test_any_mapping_gives_facts_or_a_facts_error(mapping):
    assert is_fit_to_show(outcome(PatientFacts.from_mapping, mapping))


@given(junk)
@example([("age_years", 3)])
@example("age_years")
def test_anything_at_all_gives_facts_or_a_facts_error(anything):
    assert is_fit_to_show(outcome(PatientFacts.from_mapping, anything))


@pytest.mark.parametrize("kind", [MappingProxyType, UserDict, OrderedDict])
def test_any_kind_of_mapping_is_taken(kind):
    given_: dict[str, object] = {"age_years": 71, "fever": True, "sites": ["calf"]}

    assert PatientFacts.from_mapping(kind(given_)) == PatientFacts.from_mapping(given_)


@pytest.mark.parametrize("name", FACTS)
def test_a_value_that_refuses_to_be_shown_compared_or_hashed_is_refused(name):
    for value in (Hostile(), [Hostile()], {"value": Hostile(), "unit": Hostile()}):
        result = outcome(PatientFacts.from_mapping, {name: value})

        assert isinstance(result, FactsError)
        assert is_fit_to_show(result)


@given(some_facts())
def test_what_is_known_is_what_was_given_in_the_order_of_the_fields(known):
    facts = PatientFacts(**known)

    assert facts.known() == known
    assert list(facts.known()) == [name for name in FACTS if name in known]
    assert all(getattr(facts, name) == known.get(name) for name in FACTS)


@given(some_facts())
def test_every_kept_value_has_the_type_of_its_field(known):
    types = {
        "flag": bool,
        "number": float,
        "integer": int,
        "choice": str,
        "members": frozenset,
        "medicines": frozenset,
    }

    kept = PatientFacts(**known).known()

    assert all(type(value) is types[FACTS[name].kind] for name, value in kept.items())


@given(some_facts())
def test_a_round_trip_by_dict_json_repr_or_pickle_gives_equal_facts(known):
    facts = PatientFacts(**known)

    assert facts == PatientFacts.from_mapping(facts.to_dict())
    assert facts == PatientFacts.from_json(json.dumps(facts.to_dict()))
    assert facts == eval(repr(facts), {"PatientFacts": PatientFacts})  # noqa: S307 - our own
    assert facts == pickle.loads(pickle.dumps(facts))  # noqa: S301 - our own
    assert facts == copy.copy(facts) == copy.deepcopy(facts)


@given(some_facts(), st.randoms())
def test_neither_order_nor_the_kind_of_collection_matters(known, random):
    shuffled = list(known.items())
    random.shuffle(shuffled)
    given_ = {
        name: random.choice([list, tuple, set, frozenset])(value)
        if isinstance(value, frozenset)
        else value
        for name, value in shuffled
    }

    one, other = PatientFacts(**known), PatientFacts(**given_)

    assert one == other
    assert hash(one) == hash(other)
    assert repr(one) == repr(other)
    assert json.dumps(one.to_dict()) == json.dumps(other.to_dict())


@given(some_facts(), st.sets(st.sampled_from(list(FACTS))))
def test_none_is_unknown(known, unknown):
    given_ = {**dict.fromkeys(unknown), **known}

    assert PatientFacts(**given_) == PatientFacts(**known)


@given(some_facts(), some_facts(), st.sets(st.sampled_from(list(FACTS)), max_size=5))
def test_replacing_is_making_anew(known, changes, forgotten):
    changes = {**changes, **dict.fromkeys(forgotten)}
    merged = {**known, **changes}
    assume(coherent(merged))
    facts = PatientFacts(**known)

    changed = facts.replace(**changes)

    assert changed == PatientFacts(**merged)
    assert list(changed.known()) == list(PatientFacts(**merged).known())
    assert facts == PatientFacts(**known)


# --- Laws: what is refused ----------------------------------------------------------------------


@given(st.data(), some_facts())
def test_every_bad_field_is_named_at_once_and_no_good_one(data, known):
    wrong = data.draw(st.lists(st.sampled_from(list(FACTS)), unique=True, min_size=1, max_size=8))
    given_ = known | {name: data.draw(bad(FACTS[name])) for name in wrong}

    problems = problems_of(PatientFacts, **given_)

    assert set(problems) == set(wrong)
    assert problems == problems_of(PatientFacts.from_mapping, given_)
    assert set(problems) == set(problems_of(PatientFacts().replace, **given_))


@given(st.data())
def test_a_problem_holds_the_name_and_the_value_that_were_given(data):
    """Whatever is wrong: the value, the name, or two facts that contradict each other."""
    fact = data.draw(st.sampled_from(list(FACTS)))
    wrong = data.draw(
        bad(FACTS[fact]).map(lambda value: {fact: value})
        | junk.map(lambda value: {"xyzzy": value})
        | junk.map(lambda value: {7: value})
        | st.just({"kidney_disease": False, "dialysis": True})
    )
    with pytest.raises(FactsError) as caught:
        PatientFacts.from_mapping(wrong)

    (problem,) = caught.value.problems
    name = next(iter(wrong))
    assert problem.field == str(name)
    assert problem.value is wrong[name]


@given(st.text(max_size=20).filter(lambda name: name not in FACTS), junk)
def test_an_unknown_name_is_refused_whatever_its_value(name, value):
    with pytest.raises(FactsError) as caught:
        PatientFacts.from_mapping({name: value, "age_years": 71})

    assert len(caught.value.problems) == 1
    assert "is not a fact" in str(caught.value)


@pytest.mark.parametrize("fact", NUMERIC, ids=lambda fact: fact.name)
def test_both_bounds_are_taken_and_what_lies_just_outside_is_not(fact):
    low, high = bounds(fact)

    assert patient(**{fact.name: low}).known() == {fact.name: low}
    assert patient(**{fact.name: high}).known() == {fact.name: high}
    for value in (math.nextafter(low, -math.inf), math.nextafter(high, math.inf)):
        message = problems_of(PatientFacts, **{fact.name: value})[fact.name]
        assert f"{low:g} to" in message
        assert (fact.unit or "") in message


@given(st.sampled_from(NUMERIC), st.booleans())
def test_a_truth_value_is_no_number(fact, value):
    assert problems_of(PatientFacts, **{fact.name: value}).keys() == {fact.name}


@given(st.sampled_from(FLAGS), st.integers(0, 1) | st.sampled_from([0.0, 1.0]))
def test_a_number_is_no_truth_value(fact, value):
    assert problems_of(PatientFacts, **{fact.name: value}).keys() == {fact.name}


@given(st.sampled_from(SETS), st.data())
def test_a_text_is_no_set_and_the_message_says_to_give_a_list(fact, data):
    text = data.draw(st.sampled_from(fact.members))

    assert f'write ["{text}"]' in problems_of(PatientFacts, **{fact.name: text})[fact.name]


@given(st.text() | st.binary())
@example("[" * 100_000)
@example('{"a":' * 10_000)
@example('{"age_years": 1e999}')
@example('{"age_years": NaN, "tsh_miu_l": -Infinity}')
@example('{"age_years": ' + "9" * 5000 + "}")
@example("age_years = " + "9" * 5000)
@example("a = " + "[" * 10_000)
@example("a = " + "{a = " * 10_000)
@example("age_years = nan")
@example("age_years = 07:32:00")
@example('{"\\ud800": "\\ud800"}')
@example(b"\xff\xfe{\x00}\x00")
@example("a" + ".a" * 1000 + " = 1")
def test_any_text_gives_facts_or_a_facts_error(text):
    assert is_fit_to_show(outcome(PatientFacts.from_json, text))
    assert is_fit_to_show(outcome(PatientFacts.from_toml, text))


# --- Laws: units --------------------------------------------------------------------------------

in_units = st.sampled_from([(fact, unit) for fact in UNITS for unit in UNITS[fact]])


@given(in_units, st.data())
def test_a_figure_with_its_unit_is_kept_as_converted(chosen, data):
    name, unit = chosen
    fact = FACTS[name]
    figure = shown_in(unit, data.draw(st.floats(*bounds(fact))))
    kept = unit.to_kept(figure)
    low, high = bounds(fact)
    assume(low <= kept <= high)
    assume(unit.low is None or figure >= unit.low)

    facts = patient(**{name: {"value": figure, "unit": unit.name}})

    assert facts.known() == {name: kept}


@given(st.sampled_from(NUMBERS), st.floats(0, 100), st.text(max_size=10))
def test_a_unit_that_a_fact_is_not_taken_in_is_refused(fact, figure, unit):
    assume("".join(unit.casefold().split()) not in {u.name.casefold() for u in ALL_UNITS})

    message = problems_of(PatientFacts, **{fact.name: {"value": figure, "unit": unit}})[fact.name]

    assert all(accepted in message for accepted in fact.units)


ALL_UNITS = [unit for units in UNITS.values() for unit in units]

# --- The table of facts -------------------------------------------------------------------------


def test_the_table_describes_every_field_in_order():
    assert list(FACTS) == [field.name for field in attrs.fields(PatientFacts)]
    assert all(fact.name == name for name, fact in FACTS.items())


def facts_that(fails: Callable[[Fact], object]) -> list[str]:
    return [fact.name for fact in FACTS.values() if fails(fact)]


def test_every_fact_can_be_asked_for():
    assert facts_that(lambda fact: fact.group not in GROUPS) == []
    assert facts_that(lambda fact: "?" not in fact.question or "_" in fact.question) == []
    assert facts_that(lambda fact: not fact.label or fact.label.endswith((".", "?"))) == []


def test_facts_of_one_group_stand_together_in_the_order_of_the_groups():
    assert list(dict.fromkeys(fact.group for fact in FACTS.values())) == list(GROUPS)


def test_every_member_has_a_label():
    choosing = ("choice", "members")

    assert facts_that(lambda fact: fact.members != tuple(fact.labels)) == []
    assert facts_that(lambda fact: not all(fact.labels.values())) == []
    assert facts_that(lambda fact: bool(fact.members) != (fact.kind in choosing)) == []


BOUNDS = {
    "age_years": (0, 120),
    "episode_minutes": (0, 10_080),
    "episodes_per_week": (0, 1000),
    "months_since_first": (0, 1200),
    "pain_severity": (0, 10),
    "walking_distance_m": (0, 50_000),
    "eases_within_minutes": (0, 1440),
    "hours_in_one_position": (0, 72),
    "fluid_litres_per_day": (0, 30),
    "fruit_and_vegetable_portions_per_day": (0, 50),
    "alcohol_units_per_week": (0, 500),
    "travel_hours": (0, 72),
    "weeks_since_medication_change": (0, 5200),
    "ankle_brachial_index": (0, 3),
    "calf_difference_cm": (0, 40),
    "potassium_mmol_l": (0.5, 15),
    "calcium_mmol_l": (0.3, 6),
    "magnesium_mmol_l": (0.05, 6),
    "sodium_mmol_l": (90, 200),
    "egfr": (0, 250),
    "creatine_kinase_u_l": (0, 10_000_000),
    "tsh_miu_l": (0, 1000),
    "hba1c_mmol_mol": (18, 250),
}


def test_the_bounds_are_those_of_the_contract():
    """Written out a second time: what an app may hand over changes with no slip of the pen."""
    assert {fact.name: bounds(fact) for fact in NUMERIC} == BOUNDS
    assert [fact.name for fact in FACTS.values() if fact.kind == "integer"] == ["pain_severity"]


def test_only_numbers_have_bounds():
    assert facts_that(lambda fact: (fact.low is None) == fact.is_number) == []
    assert facts_that(lambda fact: (fact.high is None) == fact.is_number) == []


def test_every_fact_is_the_same_in_every_process():
    again = pickle.loads(pickle.dumps(dict(FACTS)))  # noqa: S301 - our own

    assert facts_that(lambda fact: again[fact.name] is not fact) == []


def test_every_annotation_says_what_its_fact_takes():
    hints = typing.get_type_hints(PatientFacts)
    plain = {"flag": bool, "number": float, "integer": int}
    sets = AbstractSet[str]

    assert [
        fact.name
        for fact in FACTS.values()
        if hints[fact.name] != (plain.get(fact.kind) or literal(fact) or sets) | None
    ] == []


def literal(fact: Fact) -> typing.Any:
    return typing.Literal[fact.members] if fact.kind == "choice" else None


def test_unknown_is_the_default():
    assert facts_that(lambda fact: getattr(PatientFacts(), fact.name) is not None) == []


def test_sets_that_hold_general_members_are_those_of_the_contract():
    general = {fact.name: dict(fact.general) for fact in FACTS.values() if fact.general}

    assert general.keys() == {"symptoms", "sites", "eased_by"}
    assert general["symptoms"] == {"pain": ("cramp", "ache", "burning")}
    assert general["eased_by"] == {"rest": ("standing_still", "sitting")}
    assert general["sites"]["leg"] == ("calf", "thigh", "foot", "shin", "buttock")
    assert {"whole_body", *general["sites"]["whole_body"]} == set(FACTS["sites"].members)
    assert facts_that(lambda fact: not set(fact.general) <= set(fact.members)) == []


def test_measured_values_go_before_these_reported_ones():
    measured = {fact.name: fact.measured_by for fact in FACTS.values() if fact.measured_by}

    assert measured == {
        "fluid_intake": "fluid_litres_per_day",
        "potassium_reported": "potassium_mmol_l",
        "calcium_reported": "calcium_mmol_l",
        "magnesium_reported": "magnesium_mmol_l",
        "sodium_reported": "sodium_mmol_l",
    }


@pytest.mark.parametrize(
    ("fact", "words"),
    [
        ("leg_cold_or_pale", "still so when the cramp is over"),
        ("persists_between_episodes", "within a day or two does not count"),
        ("sides", "always the same"),
        ("breathlessness", "new or clearly worse than usual"),
        ("chest_pain", "new or clearly worse than usual"),
        ("confusion", "hard to wake"),
        ("confusion", "new or clearly worse than usual"),
        ("jaw_stiffness", "new or clearly worse than usual"),
        ("collapse", "new or clearly worse than usual"),
        ("bladder_or_bowel_change", "last two weeks"),
        ("bladder_or_bowel_change", "sexual feeling"),
        ("weakness_course", "loss of feeling"),
        ("weakness", "When the cramp is over"),
        ("weakness", "Tiredness and pain do not count"),
        ("vomiting_or_diarrhoea", "last three days"),
        ("tense_swelling", "still so at rest"),
        ("foot_ulcer", "black"),
        ("unusual_bleeding", "purple or red spots"),
        ("salicylate_allergy", "asthma"),
        ("raynaud", "frostbite"),
        ("neuropathy", "spinal cord injury"),
        ("bleeding_disorder", "stomach ulcer or bleed"),
        ("numbness", "Tingling does not count"),
        ("potassium_mmol_l", "last three months"),
        ("sodium_reported", "since your medicines last changed"),
        ("calcium_mmol_l", "adjusted for albumin"),
        ("episode_minutes", "the longest"),
        ("injury", "last two weeks"),
        ("vigorous_exercise", "two days before"),
        ("major_surgery", "last twelve weeks"),
        ("travel_hours", "last four weeks"),
    ],
)
def test_the_question_carries_the_exact_meaning(fact, words):
    assert words in FACTS[fact].question


def test_the_labels_of_members_carry_the_exact_meaning():
    assert "hours after it" in FACTS["timing"].labels["during_dialysis"]
    assert "trolley" in FACTS["eased_by"].labels["bending_forward"]
    assert "eight hours" in FACTS["urine"].labels["none"]
    assert "always the same" in FACTS["sides"].labels["one"]


# --- Examples -----------------------------------------------------------------------------------


def test_a_patient_is_shown_by_what_is_known():
    facts = patient(symptoms=["pain", "cramp"], age_years=71, medications=())

    assert repr(facts) == (
        "PatientFacts(age_years=71.0, symptoms=frozenset({'cramp', 'pain'}), "
        "medications=frozenset())"
    )
    assert repr(PatientFacts()) == "PatientFacts()"


def test_a_patient_as_json_has_sorted_lists():
    facts = PatientFacts(sites={"thigh", "calf"}, diabetes=False, pain_severity=7)

    assert facts.to_dict() == {"sites": ["calf", "thigh"], "pain_severity": 7, "diabetes": False}


def test_facts_cannot_be_changed():
    facts = PatientFacts(age_years=71)

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        facts.age_years = 17  # type: ignore[misc]  # which is the point
    facts.known().clear()
    assert facts == PatientFacts(age_years=71)


def test_facts_equal_nothing_but_facts():
    assert PatientFacts() != {}
    assert PatientFacts() != PatientFacts(diabetes=False)


def test_facts_work_with_the_functions_of_attrs():
    facts = PatientFacts(age_years=71, sites={"calf"})

    assert attrs.evolve(facts, age_years=40) == PatientFacts(age_years=40, sites={"calf"})
    assert attrs.asdict(facts)["age_years"] == 71.0


@pytest.mark.parametrize(
    ("given_name", "meant"),
    [
        ("ag", "age_years"),
        ("age", "age_years"),
        ("Age Years", "age_years"),
        ("episode-minutes", "episode_minutes"),
        ("potassium", "potassium_mmol_l"),
        ("swelling", "leg_swelling"),
        ("vomiting_or_diarrhea", "vomiting_or_diarrhoea"),
        ("medication", "medications"),
    ],
)
def test_a_wrong_name_is_answered_with_the_right_one(given_name, meant):
    problems = problems_of(PatientFacts, **{given_name: 3})

    assert problems == {given_name: f"is not a fact; did you mean {meant!r}?"}


def test_a_name_like_no_other_is_answered_without_a_guess():
    assert problems_of(PatientFacts, xyzzy=3) == {"xyzzy": "is not a fact"}


def test_names_must_be_text():
    told = "the name of a fact is a text, not of type"

    assert problems_of(PatientFacts.from_mapping, {1: 2}) == {"1": f"{told} int"}
    odd = {"feverr": True, 1: 2, "age_years": -1, None: True}
    problems = problems_of(PatientFacts.from_mapping, odd)
    assert problems["1"] == f"{told} int"
    assert problems["None"] == f"{told} NoneType"
    assert problems.keys() == {"feverr", "1", "age_years", "None"}


class FactName(enum.StrEnum):
    """As an app may keep them."""

    FEVER = "fever"


class Posing(str):
    """A text that is looked up as another."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        return other == "fever"

    def __hash__(self) -> int:
        return hash("fever")


def test_a_name_may_be_a_text_of_another_kind():
    """An enum's, or numpy's: it is kept as the plain text."""
    facts = PatientFacts.from_mapping({FactName.FEVER: True, np.str_("weakness"): False})

    assert facts == PatientFacts(fever=True, weakness=False)
    assert {type(name) for name in facts.known()} == {str}


def test_a_name_is_what_it_says_and_not_what_it_is_looked_up_as():
    assert PatientFacts.from_mapping({Posing("weakness"): True}) == PatientFacts(weakness=True)
    assert set(problems_of(PatientFacts.from_mapping, {Posing("fevr"): True})) == {"fevr"}
    twice = {Posing("weakness"): True, "weakness": False}
    assert problems_of(PatientFacts.from_mapping, twice) == {"weakness": "is given twice"}


class AnyCase(str):
    """A text that is looked up whatever its capitals, and raises beside one of another kind."""

    __slots__ = ()

    def __eq__(self, other: object) -> bool:
        if type(other) is not AnyCase:
            raise TypeError
        return self.lower() == other.lower()

    def __hash__(self) -> int:
        return hash(self.lower())


@pytest.mark.parametrize("kind", [str, np.str_, AnyCase])
def test_contradictions_are_found_whatever_names_are_looked_up_as(kind):
    both = {kind("dialysis"): True, kind("kidney_disease"): False}

    assert problems_of(PatientFacts.from_mapping, both).keys() == {"kidney_disease"}


def test_a_name_may_be_looked_up_as_nothing_at_all():
    assert PatientFacts.from_mapping({AnyCase("fever"): True}) == PatientFacts(fever=True)


def test_what_is_kept_is_what_was_looked_at():
    """Also where a mapping is changed while it is read, as by another thread."""
    changing: dict[str, object] = {}

    class Changing(float):
        def __float__(self) -> float:
            changing["fever"] = False
            return 71.0

    changing |= {"age_years": Changing(71), "fever": "junk"}
    assert problems_of(PatientFacts.from_mapping, changing).keys() == {"fever"}
    changing |= {"age_years": Changing(71), "fever": True}
    assert PatientFacts.from_mapping(changing) == PatientFacts(age_years=71, fever=True)


@given(st.data())
def test_what_was_given_is_left_as_it_was(data):
    """Facts are read into a mapping of their own, bad ones and unknown ones too."""
    given_facts = {
        name: data.draw(st.sampled_from([None, True, 0, -0.0, 3, "low", ["calf"], "junk"]))
        for name in data.draw(st.lists(st.sampled_from([*FACTS, "xyzzy"]), unique=True))
    }
    before = {name: repr(value) for name, value in given_facts.items()}
    with contextlib.suppress(FactsError):
        facts = PatientFacts.from_mapping(given_facts)
        assert facts.known().keys() == {k for k, v in given_facts.items() if v is not None}

    assert {name: repr(value) for name, value in given_facts.items()} == before


def test_many_wrong_names_are_all_reported_and_the_message_stays_readable():
    with pytest.raises(FactsError) as caught:
        PatientFacts.from_mapping(dict.fromkeys(map("x{}".format, range(5000))))

    assert len(caught.value.problems) == 5000
    assert str(caught.value).endswith("and 4800 more")


def test_one_error_names_every_bad_field_with_what_it_got_and_what_it_takes():
    sites = ", ".join(FACTS["sites"].members)
    with pytest.raises(FactsError) as caught:
        patient(age_years=300, sides="left", sites=["calve"], diabetes="yes")

    assert str(caught.value).splitlines() == [
        "4 problems with the facts",
        "  age_years: takes a number from 0 to 120 years, got 300",
        "  sides: takes one of one, both, alternating; got 'left'",
        f"  sites: takes a list of {sites}; got 'calve'; did you mean 'calf'?",
        "  diabetes: takes true or false, got 'yes'",
    ]


def test_a_choice_is_answered_with_the_nearest_member():
    assert problems_of(PatientFacts, urine="darkyellow")["urine"].endswith(
        "did you mean 'dark_yellow'?"
    )


def test_dialysis_with_healthy_kidneys_contradicts_itself():
    assert problems_of(PatientFacts, dialysis=True, kidney_disease=False) == {
        "kidney_disease": "False contradicts dialysis=True: only failing kidneys need dialysis"
    }
    with pytest.raises(FactsError):
        PatientFacts(kidney_disease=False).replace(dialysis=True)


@pytest.mark.parametrize(
    "known",
    [
        {"dialysis": True},
        {"dialysis": True, "kidney_disease": True},
        {"dialysis": False, "kidney_disease": False},
        {"pregnant": True, "postpartum": True},
        {"sex": "male", "pregnant": True},
    ],
)
def test_what_is_only_unlikely_is_taken(known):
    assert PatientFacts(**known).known() == known


def test_a_contradiction_is_named_beside_other_problems():
    assert problems_of(PatientFacts, dialysis=True, kidney_disease=False, age_years=-1).keys() == {
        "age_years",
        "kidney_disease",
    }


def test_facts_that_differ_seldom_have_the_same_hash():
    apart = {patient(**{fact.name: value}) for fact in FLAGS for value in (True, False)}

    assert len(set(map(hash, apart))) > 0.9 * len(apart)


def test_false_is_kept_and_never_made_up():
    assert PatientFacts(fever=False).fever is False
    assert PatientFacts(dialysis=True).kidney_disease is None


def test_texts_of_enums_become_plain_texts():
    facts = patient(sides=Side.ONE, sites={Site.CALF})

    assert type(facts.sides) is str
    assert facts == PatientFacts(sides="one", sites={"calf"})


def test_a_whole_float_is_taken_for_a_whole_number():
    assert patient(pain_severity=7.0) == PatientFacts(pain_severity=7)
    assert problems_of(PatientFacts, pain_severity=7.5).keys() == {"pain_severity"}


def test_other_kinds_of_real_numbers_are_taken():
    assert patient(age_years=fractions.Fraction(1, 2)).age_years == 0.5
    assert str(PatientFacts(age_years=-0.0).age_years) == "0.0"


# Medicines


def test_medicines_are_kept_as_they_were_named_but_for_spaces_around_them():
    assert patient(medications=[" Furosemide 40 mg\n", "β-blocker"]).medications == {
        "Furosemide 40 mg",
        "β-blocker",
    }


@pytest.mark.parametrize("name", ["", "  ", "x" * 101, "a\x00b", "\ud800", 3, None])
def test_a_medicine_needs_a_name_that_can_be_written(name):
    assert problems_of(PatientFacts, medications=[name]).keys() == {"medications"}


def test_a_medicine_may_have_a_name_of_100_characters():
    assert PatientFacts(medications={"x" * 100}).medications == {"x" * 100}


def test_there_is_room_for_200_medicines():
    names = [f"medicine {number}" for number in range(201)]

    assert patient(medications=names[:200]).medications == set(names[:200])
    assert "at most 200" in problems_of(PatientFacts, medications=names)["medications"]


def test_a_medicine_given_alone_must_stand_in_a_list():
    message = problems_of(PatientFacts, medications="furosemide")["medications"]

    assert message == """takes a list, got the text 'furosemide': write ["furosemide"]"""


# Laboratory values


def test_a_calcium_in_american_units_is_converted():
    facts = patient(calcium_mmol_l={"value": 9.1, "unit": "mg/dL"})

    assert facts.calcium_mmol_l == pytest.approx(9.1 / 4.008, abs=0.005)


def test_a_figure_without_a_unit_that_cannot_be_is_answered_with_every_reading():
    message = problems_of(PatientFacts, calcium_mmol_l=9.1)["calcium_mmol_l"]

    assert message == (
        "takes a number from 0.3 to 6 mmol/L, got 9.1: 9.1 mmol/L cannot be, 9.1 mg/dL "
        "(2.27 mmol/L) or 9.1 mEq/L (4.55 mmol/L) could; say which is meant, as in "
        '{"value": 9.1, "unit": "mg/dL"}'
    )


def test_an_hba1c_in_per_cent_without_its_unit_is_recognised():
    assert "6.5 % (48 mmol/mol)" in problems_of(PatientFacts, hba1c_mmol_mol=6.5)["hba1c_mmol_mol"]


def test_a_potassium_of_38_is_refused_and_not_guessed_at():
    message = problems_of(PatientFacts, potassium_mmol_l=38)["potassium_mmol_l"]

    assert message == "takes a number from 0.5 to 15 mmol/L, got 38"


def test_a_calcium_of_2_3_mg_per_dl_is_a_mistaken_unit():
    quantity = {"value": 2.3, "unit": "mg/dL"}

    message = problems_of(PatientFacts, calcium_mmol_l=quantity)["calcium_mmol_l"]

    assert "2.3 mg/dL (0.57 mmol/L) cannot be, but 2.3 mmol/L" in message


@pytest.mark.parametrize(
    ("quantity", "expected"),
    [
        ({"value": 3.4}, "nothing else"),
        ({"value": 3.4, "unit": "mmol/L", "code": "x"}, "nothing else"),
        ({"value": 3.4, "unit": "mg/dL"}, "is taken in mmol/L or mEq/L, got the unit 'mg/dL'"),
        ({"value": 3.4, "unit": None}, "is taken in mmol/L or mEq/L, got the unit None"),
        ({"value": "3.4", "unit": "mmol/L"}, "takes a number as its value, got '3.4'"),
        ({"value": True, "unit": "mmol/L"}, "takes a number as its value, got True"),
        ({"value": math.nan, "unit": "mmol/L"}, "takes a number as its value, got nan"),
        ({"value": 40, "unit": "mEq/L"}, "40 mEq/L (40 mmol/L) cannot be"),
    ],
)
def test_a_quantity_is_a_number_and_a_unit_of_the_fact(quantity, expected):
    message = problems_of(PatientFacts, potassium_mmol_l=quantity)["potassium_mmol_l"]

    assert expected in message


def test_a_negative_zero_is_a_zero():
    """Also where it comes with a unit: two patients who are equal must be written alike."""
    for nought in (-0.0, {"value": -0.0, "unit": "U/L"}):
        facts = PatientFacts.from_mapping({"creatine_kinase_u_l": nought})
        assert facts.creatine_kinase_u_l is not None
        assert math.copysign(1, facts.creatine_kinase_u_l) == 1


def test_only_laboratory_values_come_with_a_unit():
    assert problems_of(PatientFacts, age_years={"value": 71, "unit": "years"}).keys() == {
        "age_years"
    }


# Text


def test_json_is_read_as_text_or_bytes_with_or_without_a_mark():
    text = '{"age_years": 71, "sites": ["calf"], "diabetes": null}'
    expected = PatientFacts(age_years=71, sites={"calf"})

    for given_ in (text, text.encode(), "\ufeff" + text, text.encode("utf-8-sig")):
        assert PatientFacts.from_json(given_) == expected


def test_toml_is_read_with_units_in_tables():
    text = """
    age_years = 71
    sites = ["calf"]
    calcium_mmol_l = { value = 9.1, unit = "mg/dL" }
    potassium_mmol_l.value = 3.4
    potassium_mmol_l.unit = "mEq/L"
    """

    assert PatientFacts.from_toml(text) == PatientFacts(
        age_years=71, sites={"calf"}, calcium_mmol_l=2.27, potassium_mmol_l=3.4
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "the text is not JSON: Expecting value"),
        ("[1]", "the JSON must be an object of facts, got [1]"),
        ("null", "the JSON must be an object of facts, got None"),
        ('{"fever": true, "fever": true}', "fever: is given twice"),
        ('{"egfr": {"value": 1, "value": 2}}', "value: is given twice"),
        ('{"age_years": 1e999}', "age_years: takes a number from 0 to 120 years, got inf"),
        ('{"age_years": NaN}', "age_years: takes a number from 0 to 120 years, got nan"),
        ('{"age_years": ' + "1" * 5000 + "}", "a number in the JSON is too large"),
        ("[" * 100_000, "the JSON is nested too deep"),
        (" " * (2**20 + 1), "takes at most 1 MiB of JSON, got 1048577"),
        (b"\xff", "the JSON is not in UTF-8"),
        (3, "takes JSON as text or bytes, got 3"),
    ],
)
def test_bad_json_is_refused_by_what_is_wrong_with_it(text, expected):
    with pytest.raises(FactsError) as caught:
        PatientFacts.from_json(text)

    assert str(caught.value).startswith(expected)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("age_years", "the text is not TOML: "),
        ("age_years = 1\nage_years = 2", "the text is not TOML: Cannot overwrite a value"),
        ("age_years = inf", "age_years: takes a number from 0 to 120 years, got inf"),
        ("age_years = 1e999", "age_years: takes a number from 0 to 120 years, got inf"),
        ("age_years = " + "1" * 5000, "a number in the TOML is too large"),
        ("a = " + "[" * 100_000, "the TOML is nested too deep"),
        ("a" + ".a" * 1000 + " = 1", "a line of the TOML has more than 100 dots"),
        ("[patient]\nage_years = 71", "patient: is not a fact"),
    ],
)
def test_bad_toml_is_refused_by_what_is_wrong_with_it(text, expected):
    with pytest.raises(FactsError) as caught:
        PatientFacts.from_toml(text)

    assert str(caught.value).startswith(expected)


def test_a_text_as_large_as_is_read_is_read():
    """A mebibyte of JSON, and a hundred dots in a line of TOML: what is refused is one more."""
    sound = '{"fever": true}'
    assert PatientFacts.from_json(sound + " " * (2**20 - len(sound))).fever is True
    with pytest.raises(FactsError, match=r"got 1048577$"):
        PatientFacts.from_json(sound + " " * (2**20 + 1 - len(sound)))

    assert PatientFacts.from_toml(f"fever = true # {'.' * 100}").fever is True
    with pytest.raises(FactsError, match=r"more than 100 dots$"):
        PatientFacts.from_toml(f"fever = true # {'.' * 101}")
