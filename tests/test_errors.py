"""What every error says, and that it survives the way to another process."""

import pickle

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import PatientFacts
from crampsrules.errors import (
    CrampsRulesError,
    EngineError,
    FactProblem,
    FactsError,
    MissingExtraError,
    RuleError,
    did_you_mean,
    names_apart,
    nearest,
    shorten,
)

conditions = st.text(max_size=300)


def rule_error(**known):
    return RuleError(**({"message": "cannot be read", "file": "rules/x.toml"} | known))


# --- Laws ---------------------------------------------------------------------------------------


@given(st.lists(st.builds(FactProblem, st.text(), st.integers() | st.text(), st.text())))
def test_a_facts_error_is_the_same_after_pickling(problems):
    error = FactsError(problems)
    error.add_note("in the third row")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert type(again) is FactsError
    assert again.problems == error.problems
    assert str(again) == str(error)
    assert again.__notes__ == ["in the third row"]


@given(conditions, st.none() | st.integers(-5, 400), st.none() | st.text(max_size=20))
def test_a_rule_error_is_the_same_after_pickling(condition, column, rule):
    other = rule_error(rule=rule)
    error = rule_error(condition=condition, column=column, rule=rule, line=3, others=[other])

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert str(again) == str(error)
    assert again.args == error.args
    assert (again.file, again.rule, again.line) == ("rules/x.toml", rule, 3)
    assert (again.condition, again.column, len(again.others)) == (condition, column, 1)


@given(st.text(st.characters(codec="ascii", categories=["L", "N", "P"]), max_size=1000), st.data())
def test_the_caret_stands_under_its_character(condition, data):
    column = data.draw(st.integers(0, max(0, len(condition) - 1)))

    shown, pointer = str(rule_error(condition=condition, column=column)).splitlines()[1:]

    assert pointer.strip() == "^"
    assert shown[pointer.index("^") :][:1] == condition[column : column + 1]


@given(conditions, st.none() | st.integers())
def test_a_condition_is_shown_on_one_line_whatever_is_in_it(condition, column):
    lines = str(rule_error(condition=condition, column=column)).splitlines()

    assert len(lines) == (2 if column is None else 3)
    assert all(len(line) < 300 for line in lines)


@given(st.lists(st.integers(), min_size=1, max_size=5))
def test_errors_of_errors_are_shown_flat(lines):
    nested = rule_error(line=lines[0], others=[rule_error(line=line) for line in lines[1:]])

    together = RuleError.of_all([nested, rule_error(line=-1)])

    assert [error.line for error in together.flat()] == [*lines, -1]


@given(st.text(), st.lists(st.text(), unique_by=str.casefold))
def test_the_nearest_name_is_one_of_the_names(name, names):
    assert nearest(name, names) in (None, *names)


@given(st.lists(st.text(), min_size=1, unique_by=str.casefold), st.data())
def test_a_right_name_is_nearest_to_itself(names, data):
    name = data.draw(st.sampled_from(names))
    plain = "_".join(name.casefold().replace("-", " ").split())

    assert plain != name or nearest(name, names) == name


@given(st.lists(st.sampled_from("abc") | st.text() | st.integers() | st.lists(st.text())))
def test_names_and_what_is_none_are_parted_in_their_order(mixed):
    apart = names_apart(iter(mixed), {"a", "b", "c"})

    assert apart is not None
    named, strange = apart
    assert list(named) == [one for one in mixed if one in ("a", "b", "c")]
    assert [one for one in mixed if one not in strange] == list(named)
    assert len(named) + len(strange) == len(mixed)


@pytest.mark.parametrize("no_list", ["abc", b"abc", 5, None])
def test_a_text_is_no_collection_of_names(no_list):
    assert names_apart(no_list, {"a"}) is None


@given(st.recursive(st.text() | st.integers() | st.floats() | st.binary(), st.lists))
def test_any_value_is_shown_short(value):
    assert len(shorten(value)) <= 80


# --- Examples -----------------------------------------------------------------------------------


def test_a_rule_error_points_at_the_place():
    error = rule_error(
        rule="dehydration.low-fluids",
        line=12,
        condition="fluid_litres < 1.5",
        column=13,
        message="'fluid_litres' is no fact",
    )

    assert str(error).splitlines() == [
        "rules/x.toml:12: rule 'dehydration.low-fluids': 'fluid_litres' is no fact",
        "    fluid_litres < 1.5",
        "                 ^",
    ]


def test_a_wide_character_takes_two_places_before_the_caret():
    assert str(rule_error(condition="痛 < 1", column=2)).splitlines()[-1] == "    " + "   ^"
    assert str(rule_error(condition="e\u0301 < 1", column=3)).splitlines()[-1] == "    " + "  ^"


def test_several_rule_errors_are_shown_together():
    error = RuleError.of_all([rule_error(line=1), rule_error(line=2)])

    assert str(error).splitlines() == [
        "2 errors in the rules",
        "rules/x.toml:1: cannot be read",
        "rules/x.toml:2: cannot be read",
    ]


def test_there_is_no_error_of_no_errors():
    with pytest.raises(ValueError, match="there must be an error"):
        RuleError.of_all([])


def test_one_error_is_not_counted():
    assert str(RuleError.of_all([rule_error()])) == "rules/x.toml: cannot be read"


def test_a_facts_error_of_the_whole_input_names_no_field():
    assert str(FactsError.of("the JSON is nested too deep")) == "the JSON is nested too deep"


def test_a_missing_extra_says_how_to_get_it():
    error = MissingExtraError.for_extra("cli", "rich")

    again = pickle.loads(pickle.dumps(error))  # noqa: S301 - our own

    assert 'pip install "crampsrules[cli]"' in str(error)
    assert (again.name, again.extra, str(again)) == ("rich", "cli", str(error))


@pytest.mark.parametrize(
    ("kind", "builtin"),
    [
        (FactsError, ValueError),
        (RuleError, ValueError),
        (MissingExtraError, ImportError),
        (EngineError, Exception),
    ],
)
def test_every_error_has_the_common_base_and_a_builtin_one(kind, builtin):
    assert issubclass(kind, CrampsRulesError)
    assert issubclass(kind, builtin)


def test_what_has_no_name_near_it_gets_no_hint():
    assert did_you_mean("calve", ["calf", "thigh"]) == "; did you mean 'calf'?"
    assert did_you_mean("xyzzy", ["calf", "thigh"]) == ""
    assert did_you_mean("c" * 101, ["c" * 102]) == ""


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("calf", "'calf'"),
        pytest.param(10**5000, "a whole number of 16610 bits", id="huge"),
        ([0] * 100, "a list of 100"),
        ({1j}, "{1j}"),
        (dict.fromkeys(range(100)), "a dict of 100"),
        ("x" * 1000, "'" + "x" * 58 + "…"),
    ],
)
def test_a_value_is_shown_at_a_glance(value, shown):
    assert shorten(value) == shown


# --- Bounds -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("x" * 58, "'" + "x" * 58 + "'"),
        ("x" * 59, "'" + "x" * 58 + "…"),
        ([0] * 20, "[" + ", ".join("0" * 20) + "]"),
        ([0] * 60, "[" + ", ".join("0" * 60)[:58] + "…"),
        ((0,) * 61, "a tuple of 61"),
        pytest.param(2**180 - 1, str(2**180 - 1), id="180 bits"),
        pytest.param(2**180, "a whole number of 181 bits", id="181 bits"),
    ],
)
def test_a_value_as_long_as_is_shown_is_shown_whole(value, shown):
    """And one character more is cut, to the same length."""
    assert shorten(value) == shown
    assert len(shown) <= 60


def test_a_name_as_long_as_is_compared_is_compared():
    """One letter more, and nothing is near it."""
    assert nearest("c" * 100, ["c" * 101]) == "c" * 101
    assert nearest("c" * 101, ["c" * 102]) is None


def test_among_very_many_names_only_the_quick_ways_are_tried():
    """A slip is looked for in 3,000 names, and a beginning in any number."""
    names = [f"name_{number}" for number in range(2999)]

    assert nearest("weaknss", [*names, "weakness"]) == "weakness"
    assert nearest("weaknss", [*names, "another", "weakness"]) is None
    assert nearest("weakn", [*names, "another", "weakness"]) == "weakness"
    assert nearest("Weak-Ness", [*names, "another", "weak_ness"]) == "weak_ness"


def test_a_beginning_finds_the_shortest_name_and_one_letter_is_none():
    """Of two as short, the first of the alphabet."""
    assert nearest("age", ["age_years", "age_days", "aged"]) == "aged"
    assert nearest("age", ["age_b", "age_a"]) == "age_a"
    assert nearest("z", ["zinc_was_low"]) is None


def test_a_condition_too_wide_for_a_line_is_shown_around_its_place():
    """As wide as a line is, it is whole; beyond that it is cut on the sides that go on."""

    def shown(condition: str, column: int | None) -> list[str]:
        return str(rule_error(condition=condition, column=column)).splitlines()[1:]

    whole = "a" * 60 + "b" + "c" * 59
    assert shown(whole, 60) == [f"    {whole}", "    " + " " * 60 + "^"]
    assert shown(whole, 100) == [f"    {whole}", "    " + " " * 100 + "^"]
    assert shown(whole, 120) == [f"    {whole}", "    " + " " * 120 + "^"]
    long = "a" * 100 + "b" + "c" * 100
    assert shown(long, 100) == [
        "    …" + "a" * 60 + "b" + "c" * 59 + "…",
        "     " + " " * 60 + "^",
    ]
    assert shown(long, 0) == ["    " + "a" * 100 + "b" + "c" * 19 + "…", "    ^"]
    assert shown(long, 200) == ["    …" + "c" * 61, "     " + " " * 60 + "^"]
    assert shown(long, None) == ["    " + "a" * 100 + "b" + "c" * 19 + "…"]


class Awkward(str):
    """A text that refuses to be looked at."""

    __slots__ = ()

    def __getitem__(self, place):
        raise RuntimeError

    def __repr__(self):
        raise RuntimeError


def test_a_value_that_refuses_to_be_shown_is_told_by_its_kind():
    """A message must not fail on how bad the value is."""
    assert shorten(Awkward("x")) == "a Awkward"
    with pytest.raises(FactsError, match="fever: "):
        PatientFacts.from_mapping({"fever": Awkward("x")})


def test_what_cannot_be_shown_leaves_its_place():
    """A tab or a line break counts as one space before the caret."""
    assert str(rule_error(condition="a\t\nb", column=3)).splitlines()[1:] == [
        "    a  b",
        "       ^",
    ]


def test_an_error_of_one_problem_keeps_its_field_and_value():
    """The whole input has no field."""
    (problem,) = FactsError.of("is wrong", field="fever", value=3).problems

    assert (problem.field, problem.value, problem.message) == ("fever", 3, "is wrong")
    (problem,) = FactsError.of("is wrong").problems
    assert (problem.field, problem.value) == ("", None)


def test_two_hundred_problems_are_shown_and_the_others_counted():
    """All of two hundred, and of one more all but one."""
    problems = [FactProblem(f"fact_{number}", None, "is wrong") for number in range(201)]

    assert str(FactsError(problems[:200])).splitlines()[-1] == "  fact_199: is wrong"
    assert str(FactsError(problems)).splitlines()[0] == "201 problems with the facts"
    assert str(FactsError(problems)).splitlines()[-2:] == ["  fact_199: is wrong", "  and 1 more"]


def test_a_name_that_is_none_is_shown_as_it_was_given():
    """In quotes, and short; the longest name that is shown plain has a hundred letters."""
    assert str(FactProblem("two words", None, "is wrong")) == "'two words': is wrong"
    assert str(FactProblem("x" * 100, None, "is wrong")) == "x" * 100 + ": is wrong"
    assert str(FactProblem("x" * 101, None, "is wrong")) == "'" + "x" * 58 + "…: is wrong"
