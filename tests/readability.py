"""How hard a text is to read: the Flesch-Kincaid grade, which is years of school.

At grade 7 a reader of twelve keeps up. Written here because the libraries that measure it
fetch a dictionary of pronunciations when they run.
"""

from __future__ import annotations

import re
from functools import cache

_SENTENCE_END = re.compile(r"[.!?](?=\s|$)|\n\s*(?=- )|\n\n")
_WORD = re.compile(r"[A-Za-z][A-Za-z'\u2019-]*")
_VOWELS = re.compile(r"[aeiouy]+")
_SILENT_END = re.compile(
    r"(?:[^laeiouy]e|[^tdaeiouy]ed|[^aeiousxzcgh]es|(?:[lr]e)(?:s|d)|(?<=[a-z]{2})[aeiouy]le|re)$"
)
_TWO_VOICED = re.compile(
    r"ia(?!l?n)|io(?!us|n)|iu|ua|eo(?!us)|uou|[^q]ue[lnrst]|eing|oing|ying|ium"
)


def grade(text: str) -> float:
    """The Flesch-Kincaid grade of a text."""
    sentences = [part for part in _SENTENCE_END.split(text) if part and _WORD.search(part)]
    words = _WORD.findall(text)
    if not words:
        return 0.0
    voiced = sum(map(syllables, words))
    return 0.39 * len(words) / len(sentences) + 11.8 * voiced / len(words) - 15.59


@cache
def syllables(word: str) -> int:
    """About how many syllables an English word has."""
    parts = re.sub(r"['\u2019]s?", "", word.lower()).split("-")
    return max(1, sum(_of_part(part) for part in parts if part))


def _of_part(part: str) -> int:
    count = len(_VOWELS.findall(part)) + len(_TWO_VOICED.findall(part))
    if _SILENT_END.search(part) and not part.endswith("le"):
        count -= 1
    return max(1, count) if len(part) > 2 else 1
