"""Truth values as bits: each says what its test says, whatever else shares the column."""

from __future__ import annotations

import math
from typing import Any

import duckdb
from hypothesis import example, given
from hypothesis import strategies as st

from crampsrules.engines.columnar import Compares, Holds, IsKnown, IsOneOf, Named, Outside, Test
from crampsrules.frames.duckdb_frames import DuckDB
from crampsrules.frames.inputs import BAD, WORD
from crampsrules.frames.words import Words
from tests.kleene import SIGNS

BOUNDS = st.integers(-3, 3).map(float) | st.sampled_from([0.1, 0.3, 0.1 + 0.2, 1e300])
KNOWN = st.builds(IsKnown, st.just("x"), st.booleans())
OF_NUMBERS = KNOWN | st.builds(Compares, st.just("x"), st.sampled_from([*SIGNS]), BOUNDS)
OF_TEXTS = KNOWN | st.builds(
    IsOneOf, st.just("x"), st.lists(st.sampled_from("abcd"), min_size=1).map(tuple), st.booleans()
)
OF_FLAGS = KNOWN | st.builds(Holds, st.just("x"), st.booleans())


def says(test: Test, value: Any) -> bool:
    """What a test says of a value, null being unknown."""
    match test:
        case IsKnown(_, wanted):
            return (value is not None) == wanted
        case Holds(_, wanted):
            return value == wanted
        case Compares(_, sign, bound):
            return value is not None and SIGNS[sign](value, bound)
        case IsOneOf(_, values, wanted):
            return value is not None and (value in values) == wanted
        case Outside(_, low, high, whole):
            return value is not None and not (low <= value <= high and not (whole and value % 1))
    raise AssertionError(test)


def worked_out(words: Words, type_: str, value: object) -> dict[str, int]:
    """What the words come to where the column holds a value."""
    sql = ", ".join(words.sql.values())
    query = f"SELECT {sql} FROM (SELECT CAST(? AS {type_}) AS x)"  # noqa: S608 - ours
    (found,) = duckdb.execute(query, [value]).fetchall()
    return dict(zip(words.sql, found, strict=True))


def assert_each_says_what_its_test_says(tests, fault, type_, value):
    """And BAD stands in each word where there is a fault, and nowhere else."""
    words = Words.of_tests(tests, [fault] if fault else [], DuckDB(), lambda key: key)
    found = worked_out(words, type_, value)

    for test in tests:
        bit = words.bits[test]
        assert bool(found[bit.word] & bit.value) == says(test, value), test
    is_wrong = fault is not None and says(fault, value)
    assert all(bool(word & BAD) == is_wrong for word in found.values())


@given(
    st.lists(OF_NUMBERS, min_size=1),
    st.none() | st.builds(Outside, st.just("x"), st.just(-1.0), st.just(2.0), st.booleans()),
    st.none() | BOUNDS | st.floats(-4, 4) | st.just(math.inf),
)
def test_a_number_stands_for_what_is_true_of_it(tests, fault, number):
    """On each side of each threshold, and on it."""
    assert_each_says_what_its_test_says(tests, fault, "DOUBLE", number)


@example([IsOneOf("x", ("a", "b"), wanted=False)], IsOneOf("x", ("a", "b"), wanted=False), "c")
@given(
    st.lists(OF_TEXTS, min_size=1),
    st.none() | st.just(IsOneOf("x", ("a", "b"), wanted=False)),
    st.none() | st.sampled_from(["a", "b", "c", "d", "e", "", "\ue000"]),
)
def test_a_text_stands_for_what_is_true_of_it(tests, fault, text):
    """Also one that no test names."""
    assert_each_says_what_its_test_says(tests, fault, "VARCHAR", text)


@given(st.lists(OF_FLAGS, min_size=1), st.sampled_from([None, True, False]))
def test_a_flag_stands_for_what_is_true_of_it(tests, flag):
    """Unknown is not no."""
    assert_each_says_what_its_test_says(tests, None, "BOOLEAN", flag)


def test_what_is_no_number_is_at_fault():
    """It is above every number, for engines."""
    fault = Outside("x", 0.0, 9.0, whole=False)
    words = Words.of_tests([Compares("x", "<", 5.0)], [fault], DuckDB(), lambda key: key)

    assert worked_out(words, "DOUBLE", math.nan) == {"tests:0": BAD}


@given(st.integers(1, 3 * WORD), st.data())
def test_flags_share_as_few_words_as_hold_them(count, data):
    """Each has a bit of its own."""
    flags = data.draw(st.lists(st.sampled_from(["true", "false", "NULL"]), min_size=count))
    words = Words.of_flags({str(at): flag for at, flag in enumerate(flags)}, DuckDB())
    found = worked_out(words, "BOOLEAN", None)

    assert len(words.sql) == -(-len(flags) // WORD)
    for at, flag in enumerate(flags):
        bit = words.bits[Named(str(at))]
        assert bool(found[bit.word] & bit.value) == (flag == "true")


def test_a_column_with_more_tests_than_bits_takes_two_words():
    """And is at fault in both."""
    tests = [Compares("x", ">", float(at)) for at in range(WORD + 1)]
    fault = Outside("x", 0.0, 100.0, whole=False)
    words = Words.of_tests(tests, [fault], DuckDB(), lambda key: key)

    assert len(words.sql) == 2
    assert worked_out(words, "DOUBLE", 101.0) == {
        "tests:0": BAD | (1 << WORD) - 1,
        "tests:1": BAD | 1,
    }
