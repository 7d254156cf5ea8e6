"""Sentences put together from phrases."""

from __future__ import annotations

from collections.abc import Iterable


def joined(phrases: Iterable[str], word: str) -> str:
    """Phrases as a list in a sentence: "a, b or c"."""
    *first, last = list(phrases) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last
