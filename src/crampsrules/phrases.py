"""Sentences put together from phrases."""

from __future__ import annotations

from collections.abc import Iterable


def joined(phrases: Iterable[str], word: str) -> str:
    """Phrases as a list in a sentence: "a, b or c"."""
    *first, last = list(phrases) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last


def filled(sentence: str, **values: object) -> str:
    """A sentence with each of the values in the place of its name, such as `{weight}`."""
    for name, value in values.items():
        sentence = sentence.replace(f"{{{name}}}", str(value))
    return sentence


def cut(text: str, length: int) -> str:
    """A text of at most so many characters: with an ellipsis at its end where it was longer."""
    return text if len(text) <= length else f"{text[: length - 1]}…"
