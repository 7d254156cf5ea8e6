"""Reading what a person types: one line, one answer. Nothing here asks or shows."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from crampsrules.errors import CrampsRulesError
from crampsrules.facts import FACTS, Fact
from crampsrules.interview import HAS_TESTS
from crampsrules.labels import adds_to_a_name
from crampsrules.questions import Question
from crampsrules.readers import says_none

YES = frozenset({"y", "yes", "true"})
NO = frozenset({"n", "no", "false"})
NOT_KNOWN = frozenset({"", "?", "don't know", "dont know", "do not know", "unknown"})
NONE = frozenset({"none", "0", "no", "none of these"})

_NUMBER = re.compile(r"([+-]?[0-9]{1,15}(?:[.][0-9]{1,15})?) ?([^0-9.,].*)?")
_PARTS = re.compile(r"[,;\s]+")
_APART = re.compile(r"(?:[^,;(]|\([^)]*\)?)+")
_NUMBERED = re.compile(r"[0-9]{1,3}")


class AnswerError(CrampsRulesError):
    """A line that is no answer to the question; it says what would be."""


def read_answer(question: Question, line: str) -> Mapping[str, object]:
    """The values that a line gives to the facts of a question; what it leaves out is not known.

    Raises AnswerError.
    """
    text = " ".join(line.split())
    if text.lower() in NOT_KNOWN:
        return {}
    if question.id == HAS_TESTS:
        return {HAS_TESTS: _yes_or_no(text)}
    if len(question.facts) > 1:
        return _ticked(question.facts, text)
    fact = FACTS[question.facts[0]]
    return {fact.name: _value(fact, text)}


def _value(fact: Fact, text: str) -> object:
    match fact.kind:
        case "flag":
            return _yes_or_no(text)
        case "choice":
            return _one_of(fact, text)
        case "members":
            return [] if text.lower() in NONE else _some_of(fact, text)
        case "medicines":
            return [] if text.lower() in NONE or says_none(text) else _medicines(text)
        case _:
            return _number(fact, text)


def _medicines(text: str) -> list[str]:
    """The names in a line, each with what is said of it behind a comma or in brackets."""
    names: list[str] = []
    for part in map(str.strip, _APART.findall(text)):
        if names and part and adds_to_a_name(part):
            names[-1] += f", {part}"
        elif part:
            names.append(part)
    return names


def _yes_or_no(text: str) -> bool:
    if text.lower() in YES:
        return True
    if text.lower() in NO:
        return False
    raise AnswerError("Please answer yes, no or ?")


def _number(fact: Fact, text: str) -> object:
    parts = _NUMBER.fullmatch(text)
    if parts is None:
        raise AnswerError("Please give a number, such as 3 or 1.5, or ?")
    value, unit = float(parts[1]), parts[2]
    if not unit or unit.lower() == fact.unit:
        return int(value) if value.is_integer() else value
    if fact.units:
        return {"value": value, "unit": unit}
    raise AnswerError(f"Please give a number of {fact.unit} alone" if fact.unit else "No unit here")


def _one_of(fact: Fact, text: str) -> str:
    chosen = _numbered(fact.members, text) if _NUMBERED.fullmatch(text) else text.lower()
    if chosen not in fact.members:
        raise AnswerError(f"Please give one number from 1 to {len(fact.members)}, or ?")
    return chosen


def _some_of(fact: Fact, text: str) -> list[str]:
    parts = [part for part in _PARTS.split(text.lower()) if part]
    chosen = [_numbered(fact.members, part) if part.isdecimal() else part for part in parts]
    if wrong := [one for one in chosen if one not in fact.members]:
        raise AnswerError(f"{wrong[0]} is none of these: please give their numbers, none or ?")
    return chosen


def _ticked(facts: Sequence[str], text: str) -> dict[str, object]:
    """Ticked items are true, the others false, and those with a question mark stay open."""
    lowered = text.lower()
    parts = [] if lowered in NONE else [part for part in _PARTS.split(lowered) if part]
    answers: dict[str, object] = dict.fromkeys(facts, False)
    for part in parts:
        fact = _numbered(facts, part.removesuffix("?"))
        answers[fact] = None if part.endswith("?") else True
    return answers


def _numbered(items: Sequence[str], text: str) -> str:
    if not _NUMBERED.fullmatch(text) or not 1 <= int(text) <= len(items):
        raise AnswerError(f"Please give numbers from 1 to {len(items)}, none or ?")
    return items[int(text) - 1]
