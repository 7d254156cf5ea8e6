"""A small app to be tested: the chat of a pharmacy, which asks crampsrules and answers in JSON.

`reply` takes one message, the facts that a person gave, and `Chat` a conversation.
`test_app.py` beside it is a complete test suite for both; `bugs.py` has versions of this app
with one mistake each, to show that the suite finds them.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from crampsrules import Assessment, assess

Message = Mapping[str, object]
Reply = dict[str, Any]


def reply(message: Message, *, engine: str | None = None) -> Reply:
    """Answer the facts of one message."""
    return as_reply(assess(message, engine=engine))


def as_reply(assessment: Assessment) -> Reply:
    """What the chat window needs of an assessment, ready for JSON."""
    return {
        "see_someone": assessment.triage.id,
        "why": [one.reason for one in assessment.escalations],
        "may_be": [one.id for one in assessment.causes],
        "what_to_do": [
            {"id": one.id, "text": one.text, "mind": one.caution} for one in assessment.advice
        ],
    }


class Chat:
    """A conversation: facts come one by one, and may be corrected or taken back."""

    def __init__(self, answering: Callable[[Message], Reply] = reply) -> None:
        """Start with nothing known."""
        self.answering = answering
        self.told: dict[str, object] = {}

    def tell(self, fact: str, value: object) -> None:
        """Take one fact; None takes it back."""
        self.told[fact] = value

    def answer(self) -> Reply:
        """Answer all that was told."""
        return self.answering(self.told)
