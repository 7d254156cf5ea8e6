"""What was worked out before: it is what would be worked out again, and it does not grow."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.remembering import Remembered


@given(st.lists(st.integers(0, 9)), st.integers(1, 12))
def test_what_is_looked_up_is_what_would_be_worked_out(asked, most):
    """However much was looked up before, and no more is kept than may be."""
    remembered: Remembered[int, int] = Remembered(lambda number: number * number, most)

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
