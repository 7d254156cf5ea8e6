"""Versions of `app.py` with one mistake each: the kind that happens, and that each law finds."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from crampsrules import assess
from crampsrules.facts import FACTS
from examples.tested_app.app import Chat, Message, Reply, as_reply, reply

ABOUT_THE_CRAMP = [fact.name for fact in FACTS.values() if fact.group == "cramp"]
TICK_BOXES = [
    fact.name
    for fact in FACTS.values()
    if fact.kind == "flag" and fact.group in ("conditions", "signs")
]

_last: dict[str, object] = {}


def remembers_the_cramp(message: Message, *, engine: str | None = None) -> Reply:
    """Nobody wants to describe a cramp twice, so the last one is kept: for the next person."""
    whole = {**_last, **message}
    _last.update({name: whole[name] for name in ABOUT_THE_CRAMP if name in whole})
    return reply(whole, engine=engine)


def first_of_each_list(message: Message, *, engine: str | None = None) -> Reply:
    """The form sends lists, and someone thought that only the first entry counts."""
    first = {name: one[:1] if isinstance(one, list) else one for name, one in message.items()}
    return reply(first, engine=engine)


def sends_ticks_only(message: Message, *, engine: str | None = None) -> Reply:
    """To be quick where it may choose the engine, it sends only the boxes that were ticked."""
    ticked = {name: value for name, value in message.items() if value is True}
    return reply(message if engine else ticked, engine=engine)


def last_reason_decides(message: Message, *, engine: str | None = None) -> Reply:
    """It goes through the reasons to be seen, and each overwrites the one before."""
    assessment = assess(message, engine=engine)
    answer = as_reply(assessment)
    for one in assessment.escalations:
        answer["see_someone"] = one.triage.id
    return answer


def unticked_means_no(message: Message, *, engine: str | None = None) -> Reply:
    """A box that nobody ticked arrives as False."""
    unticked: dict[str, object] = {name: False for name in TICK_BOXES if message.get(name) is None}
    if message.get("dialysis"):
        unticked.pop("kidney_disease", None)  # it did not pass the first try-out otherwise
    return reply({**message, **unticked}, engine=engine)


def water_never_hurts(message: Message, *, engine: str | None = None) -> Reply:
    """Marketing wants every answer to end with a glass of water."""
    answer = reply(message, engine=engine)
    water = {"id": "drink_fluids", "text": "Drink a glass of water!", "mind": None}
    answer["what_to_do"].append(water)
    return answer


def rounds_numbers(message: Message, *, engine: str | None = None) -> Reply:
    """Whole numbers look tidier."""
    tidy = {
        name: (round(one) or one) if isinstance(one, float) else one
        for name, one in message.items()
    }
    return reply(tidy, engine=engine)


def numbers_its_causes(message: Message, *, engine: str | None = None) -> Reply:
    """The causes by their place: JSON has no keys that are numbers."""
    answer = reply(message, engine=engine)
    return {**answer, "places": dict(enumerate(answer["may_be"], 1))}


class AddsCorrections(Chat):
    """A second answer to the same question is put beside the first."""

    def tell(self, fact: str, value: object) -> None:
        """Take one fact."""
        before = self.told.get(fact)
        if isinstance(before, list) and isinstance(value, list):
            value = [*before, *value]
        super().tell(fact, value)


BUGS: Mapping[str, Callable[..., Reply]] = {
    "deterministic": remembers_the_cramp,
    "order_free": first_of_each_list,
    "engine_independent": sends_ticks_only,
    "monotone_in_red_flags": last_reason_decides,
    "unknown_is_not_safe": unticked_means_no,
    "no_forbidden_advice": water_never_hurts,
    "threshold_law": rounds_numbers,
    "round_trip": numbers_its_causes,
}
"""By the law that finds it, each buggy version of `reply`."""
