"""What was worked out before: it is what would be worked out again, and it does not grow."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.remembering import Remembered, RememberedIfAskedAgain


@pytest.mark.parametrize("kind", [Remembered, RememberedIfAskedAgain])
@given(asked=st.lists(st.integers(0, 9)), most=st.integers(1, 12))
def test_what_is_looked_up_is_what_would_be_worked_out(kind, asked, most):
    """However much was looked up before, and no more is kept than may be."""
    remembered: Remembered[int, int] = kind(lambda number: number * number, most)

    for number in asked:
        assert remembered[number] == number * number
        assert len(remembered) <= most


@given(st.lists(st.integers(0, 9)))
def test_what_there_is_room_for_is_worked_out_once(asked):
    """Which is what it is for."""
    worked_out: Counter[int] = Counter()

    def work_out(number: int) -> int:
        worked_out[number] += 1
        return -number

    remembered = Remembered(work_out, 10)
    for number in asked:
        assert remembered[number] == -number

    assert worked_out == Counter(set(asked))


def test_what_is_asked_for_politely_is_not_worked_out():
    """To see whether it was worked out before."""
    remembered: Remembered[int, str] = Remembered(str, 3)

    assert remembered.get(1) is None
    assert remembered[1] == "1"
    assert remembered.get(1) == "1"


def test_what_raises_is_not_remembered():
    """It raises again, and nothing that was remembered is forgotten for it."""
    remembered: Remembered[int, int] = Remembered(lambda number: 6 // number, 1)
    assert remembered[2] == 3

    for _ in range(2):
        with pytest.raises(ZeroDivisionError):
            remembered[0]

    assert dict(remembered) == {2: 3}


@given(st.lists(st.integers(0, 9)))
def test_what_is_asked_again_is_worked_out_twice_and_no_more(asked):
    """Where there is room for it, and for what was asked once."""
    worked_out: Counter[int] = Counter()

    def work_out(number: int) -> int:
        worked_out[number] += 1
        return -number

    remembered = RememberedIfAskedAgain(work_out, 10)
    for number in asked:
        assert remembered[number] == -number

    assert worked_out == {number: min(often, 2) for number, often in Counter(asked).items()}
    assert remembered == {number: -number for number, often in Counter(asked).items() if often > 1}


@given(st.lists(st.integers(10, 1_000_000), unique=True))
def test_who_is_asked_for_once_drives_out_nobody(strangers):
    """However many they are."""
    remembered: Remembered[int, int] = RememberedIfAskedAgain(lambda number: -number, 3)
    for number in (1, 2, 3) * 2:
        assert remembered[number] == -number

    for number in strangers:
        assert remembered[number] == -number

    assert remembered == {1: -1, 2: -2, 3: -3}


def test_of_what_was_asked_once_no_more_is_kept_than_may_be():
    """A stranger that comes again after too many others is a stranger again."""
    remembered: Remembered[int, str] = RememberedIfAskedAgain(str, 2)

    for number in (1, 2, 3, 1):
        assert remembered[number] == str(number)
        assert not remembered

    assert remembered[3] == "3"
    assert remembered == {3: "3"}
