"""Sentences put together from phrases."""

import pytest

from crampsrules.phrases import cut, filled, joined


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_phrases_are_joined_as_in_a_sentence(phrases, expected):
    """With commas, and a word before the last."""
    assert joined(phrases, "or") == expected


def test_values_stand_in_a_sentence_where_their_names_stood():
    """Wherever, and however often; another name stays as it is."""
    assert filled("{b} of {a}, {b} {c}", a=1, b="two") == "two of 1, two {c}"


@pytest.mark.parametrize(("text", "shown"), [("abc", "abc"), ("abcd", "abcd"), ("abcde", "abc…")])
def test_a_long_text_is_cut(text, shown):
    """With its end marked, and no longer than it may be."""
    assert cut(text, 4) == shown
