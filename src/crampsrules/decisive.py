"""The values that tell patients apart, for the rules of one rule base.

A fact may have endless values, but the rules only look at it in so many ways: of all values
that every rule treats alike, one is enough to think through what an answer could change.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import combinations, pairwise
from weakref import WeakKeyDictionary

from attrs import frozen

from crampsrules.conditions import Atom, Comparison, Concluded, Known, Member, Suspected, atoms
from crampsrules.facts import FACTS, Fact
from crampsrules.inference import Inference
from crampsrules.memberships import Membership, membership
from crampsrules.observations import Observations
from crampsrules.rulebase import RuleBase

_MOST_SETS = 500
"""The most sets of members that are thought through for one fact."""


@frozen(eq=False)
class DecisiveValues:
    """For each fact that a rule looks at, its decisive values; and which of them suit an atom."""

    values: Mapping[str, tuple[object, ...]]
    suiting: Mapping[Atom, int]
    """For each atom a bit for each decisive value of its fact: 1 where the atom is true."""

    def chosen(self, fact: str, suiting: int) -> Iterator[object]:
        """The values of a fact whose bit is set."""
        values = self.values[fact]
        return (value for place, value in enumerate(values) if suiting >> place & 1)

    def every(self, fact: str) -> int:
        """The bits of all values of a fact."""
        return (1 << len(self.values[fact])) - 1


_made: WeakKeyDictionary[RuleBase, DecisiveValues] = WeakKeyDictionary()


def decisive_values(rules: RuleBase) -> DecisiveValues:
    """The decisive values for a rule base, worked out once for each."""
    if rules not in _made:
        _made[rules] = _decisive_values(rules)
    return _made[rules]


def _decisive_values(rules: RuleBase) -> DecisiveValues:
    conditions = (*rules.conditions.values(), *rules.law_conditions.values())
    looked_at: dict[str, set[Atom]] = {}
    for atom in {atom for condition in conditions for atom in atoms(condition)}:
        if not isinstance(atom, Concluded | Suspected):
            looked_at.setdefault(atom.fact, set()).add(atom)
    values = {fact: tuple(_values(FACTS[fact], used)) for fact, used in looked_at.items()}
    suiting: dict[Atom, int] = {}
    for fact, used in looked_at.items():
        cases = [_knowing(fact, value, rules) for value in values[fact]]
        for atom in used:
            suiting[atom] = sum(1 << at for at, one in enumerate(cases) if one.judge(atom) is True)
    return DecisiveValues(values, suiting)


def _values(fact: Fact, used: Iterable[Atom]) -> Iterable[object]:
    match fact.kind:
        case "flag":
            return (True, False)
        case "choice":
            return fact.members
        case "members" | "medicines":
            return _sets(sorted({atom.member for atom in used if isinstance(atom, Member)}))
        case _:
            return _numbers(fact, {atom.value for atom in used if isinstance(atom, Comparison)})


def _numbers(fact: Fact, thresholds: Iterable[float]) -> list[float]:
    """Both ends, every threshold, and a number between each two of them."""
    assert fact.low is not None
    assert fact.high is not None
    marks = sorted({fact.low, *thresholds, fact.high})
    between = [(low + high) / 2 for low, high in pairwise(marks)]
    if fact.kind == "integer":
        return sorted({float(int(one)) for one in (*marks, *between)})
    return sorted({*marks, *between})


def _sets(members: list[str]) -> list[frozenset[str]]:
    """Small sets first, as many as can be thought through."""
    found: list[frozenset[str]] = []
    for size in range(len(members) + 1):
        found += map(frozenset, combinations(members, size))
        if len(found) > _MOST_SETS:
            break
    return found[:_MOST_SETS]


def _knowing(fact: str, value: object, rules: RuleBase) -> Inference:
    """What follows from one fact."""
    members: dict[str, Membership] = {}
    if isinstance(value, frozenset):
        medicines = FACTS[fact].kind == "medicines"
        resolved = rules.formulary.resolve(value).classes if medicines else None
        members[fact] = resolved or membership(fact, value)
    return Inference(rules, Observations({fact: value}, members, ()))
