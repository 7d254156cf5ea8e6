"""Which facts columns hold: a fact, or one member of a set, such as `timing__night`."""

from __future__ import annotations

from crampsrules.facts import FACTS, Fact
from crampsrules.frames.columns import BETWEEN


def declared(name: str) -> Fact | None:
    """What a column of this name takes; None if it is no fact.

    One for a member is yes or no; whether there is such a member is for `assess_frame` to say.
    """
    if name in FACTS:
        return FACTS[name]
    set_, between, member = name.partition(BETWEEN)
    fact = FACTS.get(set_)
    if not between or fact is None or not fact.is_set:
        return None
    label = f"{fact.label}: {fact.labels.get(member, member)}"
    return Fact(name=name, kind="flag", group=fact.group, label=label, question=fact.question)
