"""What a stated set says about each possible member.

A set is complete when it is given, but a general member leaves the special ones open
(*leg* does not say whether the calf), and a special member implies the general one.
"""

from __future__ import annotations

from functools import lru_cache

from attrs import frozen

from crampsrules.facts import FACTS, Fact


@frozen
class Membership:
    """The members known to be in a set and those known not to be; the rest are unknown."""

    present: frozenset[str]
    absent: frozenset[str]

    def holds(self, member: str) -> bool | None:
        """True, false, or None where it is unknown."""
        if member in self.present:
            return True
        return False if member in self.absent else None


UNKNOWN = Membership(frozenset(), frozenset())


@lru_cache(maxsize=1024)
def membership(fact: str, stated: frozenset[str]) -> Membership:
    """What the stated members of a set fact say about all its members.

    >>> membership("sites", frozenset({"calf"})).holds("leg")
    True
    >>> membership("sites", frozenset({"leg"})).holds("calf") is None
    True
    """
    described = FACTS[fact]
    implied = {
        general
        for general, specials in described.general.items()
        if not is_whole(described, general) and stated.intersection(specials)
    }
    left_open = {
        special
        for general, specials in described.general.items()
        if general in stated
        for special in specials
    }
    present = stated | implied
    return Membership(present, frozenset(described.members) - present - left_open)


def is_whole(fact: Fact, general: str) -> bool:
    """Whether a general member covers every other: no part implies it."""
    # "The whole body" covers every site, but a cramp in one site is not one of the whole body.
    return set(fact.general.get(general, ())) >= set(fact.members) - {general}
