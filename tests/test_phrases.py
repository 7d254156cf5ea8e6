"""Sentences put together from phrases."""

import pytest

from crampsrules.phrases import joined


@pytest.mark.parametrize(
    ("phrases", "expected"),
    [([], ""), (["a"], "a"), (["a", "b"], "a or b"), (["a", "b", "c"], "a, b or c")],
)
def test_phrases_are_joined_as_in_a_sentence(phrases, expected):
    """With commas, and a word before the last."""
    assert joined(phrases, "or") == expected
