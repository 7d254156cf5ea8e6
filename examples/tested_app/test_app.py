"""A complete test suite for `app.py`: every law, and conversations.

Copy it, put your own call in place of `reply`, and say how your answers are to be read.
"""

from __future__ import annotations

from collections.abc import Callable

from crampsrules.testing import App, interview_machine, law_tests
from examples.tested_app.app import Chat, Message, Reply, reply


def pharmacy(call: Callable[..., Reply] = reply) -> App:
    """The pharmacy's chat as the laws see it: how to call it, and how to read its answers."""
    return App(
        call=call,
        takes="mapping",
        triage=lambda answer: answer["see_someone"],
        causes=lambda answer: answer["may_be"],
        advice=lambda answer: [one["id"] for one in answer["what_to_do"]],
        cautions=lambda answer: {
            one["id"]: one["mind"] for one in answer["what_to_do"] if one["mind"]
        },
    )


TestLaws = law_tests(pharmacy())
TestChat = interview_machine(Chat, app=pharmacy()).TestCase


def test_a_clot_is_urgent() -> None:
    """A plain example, beside the laws, says what the app is for."""
    message: Message = {"leg_swelling": "one", "tender_deep_vein": True}
    answer: Reply = reply(message)

    assert answer["see_someone"] == "same_day"
