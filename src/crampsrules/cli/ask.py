"""The interview as a conversation: questions on stderr, one line of stdin for each answer."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path

from rich.text import Text

from crampsrules.cli.answers import YES, AnswerError, read_answer
from crampsrules.cli.output import TRIAGE_STYLES, naming, show
from crampsrules.errors import FactsError, shorten
from crampsrules.facts import FACTS, Fact
from crampsrules.interview import HAS_TESTS, USUAL_LENGTH, Interview
from crampsrules.questions import Question
from crampsrules.triage import Triage

WELCOME = """\
Some questions about your leg cramps, the most urgent first. It informs; it does not diagnose.
If you do not know an answer, type ? or press Enter. Type why to see why something is asked, and
q to stop: you then get the assessment so far.
"""

_HINTS = {
    "flag": "yes, no or ?",
    "choice": "one number, or ?",
    "members": "their numbers such as 1 3, none, or ?",
    "medicines": "names with commas between them, none, or ?",
}


class _QuitError(Exception):
    """Whoever was asked wants to stop."""


class _EndedError(Exception):
    """There are no more lines of input."""


def converse(interview: Interview, *, to_the_end: bool) -> Iterator[Interview]:
    """Ask until nothing more would matter, or until the person stops; each step as it is taken.

    Raises AnswerError where the input ends on an answer that was refused: what it was to say, which
    may be a danger sign, is not known to anyone.
    """
    _say(WELCOME)
    pause = not to_the_end and sys.stdin.isatty()
    try:
        while (question := interview.next()) is not None:
            if pause and interview.length == USUAL_LENGTH:
                pause = False
                _offer_to_stop()
            interview = _put(interview, question)
            yield interview
    except _QuitError:
        _say("Stopped here. This is the assessment so far.")
    except _EndedError:
        _say("The input ended before all was asked. This is the assessment so far.")
    else:
        _say(_ending(interview))


def _ending(interview: Interview) -> Text:
    if not interview.is_emergency:
        return Text("That is all that would matter.\n")
    wording = interview.rules.wording
    style = TRIAGE_STYLES[Triage.EMERGENCY]
    text = Text.assemble((wording.triage["emergency"].title.upper(), style), "\n")
    return text.append(wording.triage["emergency"].patient + "\n")


def _offer_to_stop() -> None:
    _say("The most urgent is asked. More answers could still change the assessment.")
    if _line("Go on? (yes or no) ").strip().lower() not in YES:
        raise _QuitError


def _put(interview: Interview, question: Question) -> Interview:
    """Ask one question until it is answered."""
    _say(Text(f"{interview.length + 1}. {question.text}", "bold"))
    for line in _options(question):
        _say(line)
    refused: AnswerError | None = None
    while True:
        try:
            line = _line(f"({_hint(question)}) ")
        except _EndedError:
            raise refused or _EndedError from None
        if line.strip().lower() in ("q", "quit"):
            raise _QuitError
        if line.strip().lower() == "why":
            _say(question.why)
            continue
        try:
            answered = interview.answer(question, read_answer(question, line))
        except (AnswerError, FactsError) as error:
            _say(Text(str(error), "red"))
            refused = _refused(interview.length + 1, line, error)
        else:
            _say()
            return answered


def _refused(number: int, line: str, error: Exception) -> AnswerError:
    answer = shorten(line.strip())
    return AnswerError(
        "no assessment: the input ended, and the last answer to question "
        f"{number}, {answer}, was refused. {error}"
    )


def _options(question: Question) -> list[str]:
    if len(question.facts) > 1:
        labels = [FACTS[name].label for name in question.facts]
    else:
        fact = _fact_of(question)
        labels = [fact.labels[member] for member in fact.members] if fact else []
    return [f"  {number:2} {label}" for number, label in enumerate(labels, 1)]


def _hint(question: Question) -> str:
    fact = _fact_of(question)
    if len(question.facts) > 1:
        return "the numbers that are so, none, or ?; 3? if not sure of 3"
    if fact is None:
        return _HINTS["flag"]
    if fact.kind in _HINTS:
        return _HINTS[fact.kind]
    if fact.units:
        return f"a number and its unit ({' or '.join(fact.units)}), or ?"
    return f"a number of {fact.unit}, or ?" if fact.unit else "a number, or ?"


def _fact_of(question: Question) -> Fact | None:
    return None if question.id == HAS_TESTS else FACTS[question.facts[0]]


def _line(prompt: str) -> str:
    sys.stderr.write(prompt)
    sys.stderr.flush()
    line = sys.stdin.readline()
    if not sys.stdin.isatty():
        _say()  # nobody pressed Enter
    if not line:
        raise _EndedError
    return line


def _say(text: Text | str = "") -> None:
    show(text, error=True)


def save(interview: Interview, path: Path) -> None:
    """Write the answers to a file that only its owner may read: they are about someone's health."""
    text = json.dumps(interview.to_dict(), indent=2, ensure_ascii=False) + "\n"
    with naming(path):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            if hasattr(os, "fchmod"):  # a file that was there keeps its mode otherwise
                os.fchmod(descriptor, 0o600)
            file.write(text)
