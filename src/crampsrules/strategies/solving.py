"""Ways to make a rule fire: for each fact that takes part, what its value must meet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice, product
from typing import Any, TypeVar

from attrs import define, field, frozen

from crampsrules.conditions import AllOf, AnyOf, Atom, Concluded, Condition, Known, Suspected
from crampsrules.facts import FACTS
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.values import ANY, Atoms, Values

MOST_WAYS = 300
"""An or of many ands has more ways than anyone would try: some of each length are kept."""

Item = TypeVar("Item")


@frozen
class Way:
    """Facts that together make a condition true, and facts that must stay unknown for it."""

    atoms: Mapping[str, Atoms] = field(factory=dict)
    absent: frozenset[str] = frozenset()

    def __len__(self) -> int:
        return len(self.atoms)


NOTHING = Way()


@define(eq=False)
class Solver:
    """The ways to fire each rule of a rule base, worked out as they are asked for."""

    rules: RuleBase
    values: Values
    _ways: dict[str, Sequence[Way]] = field(factory=dict)

    def ways(self, id_: str) -> Sequence[Way]:
        """The ways in which what fires under an id can fire, those with the fewest facts first."""
        if id_ not in self._ways:
            self._ways[id_] = self.ways_of(self.rules.conditions[id_])
        return self._ways[id_]

    def ways_to_any(self, ids: Iterable[str]) -> list[Way]:
        """The ways to fire at least one of some ids."""
        return _few([way for id_ in ids for way in self.ways(id_)])

    def ways_of(self, condition: Condition) -> list[Way]:
        """The ways to make a condition true."""
        match condition:
            case AllOf(parts):
                ways = [NOTHING]
                for part in parts:
                    ways = self.together(ways, self.ways_of(part))
                return ways
            case AnyOf(parts):
                return _few([way for part in parts for way in self.ways_of(part)])
            case Concluded() | Suspected():
                return self.ways_to_any(self.rules.ids_concluding(condition))
            case Known(fact, False):
                return [Way(absent=frozenset({fact}))]
        return self._ways_of_atom(condition)

    def together(self, some: Iterable[Way], others: Sequence[Way]) -> list[Way]:
        """Each of some ways with each of others, where that is possible."""
        merged = (self.merged(one, other) for one in some for other in others)
        return _few([way for way in merged if way is not None])

    def merged(self, one: Way, other: Way) -> Way | None:
        """The way that is both, or None where they shut each other out."""
        absent = one.absent | other.absent
        met = dict(one.atoms)
        for fact, wanted in other.atoms.items():
            met[fact] = met.get(fact, ANY) | wanted
        if not absent.isdisjoint(met):
            return None
        shared = one.atoms.keys() & other.atoms.keys()
        if any(self.values.suiting(fact, met[fact]) is None for fact in shared):
            return None
        return Way(met, absent)

    def _ways_of_atom(self, atom: Atom) -> list[Way]:
        assert not isinstance(atom, Concluded | Suspected)
        wanted = ANY if isinstance(atom, Known) else frozenset({atom})
        if self.values.suiting(atom.fact, wanted) is None:
            return []
        # A measured value would go before the reported one.
        measured = FACTS[atom.fact].measured_by
        return [Way({atom.fact: wanted}, frozenset({measured} if measured else ()))]

    def examples(self, way: Way, most: int) -> Iterable[dict[str, Any]]:
        """Facts that go this way: the plainest values first."""
        suitable = [self.values.suiting(fact, wanted) for fact, wanted in way.atoms.items()]
        few = [one.few if one else () for one in suitable]
        return (dict(zip(way.atoms, some, strict=True)) for some in islice(product(*few), most))


@kept_with_rules
def solver_for(rules: RuleBase) -> Solver:
    """The solver for a rule base."""
    return Solver(rules, Values.of(rules))


def _few(ways: list[Way]) -> list[Way]:
    return thinned(sorted(ways, key=len), MOST_WAYS)


def thinned(some: Sequence[Item], most: int) -> list[Item]:
    """At most so many, evenly from beginning to end."""
    if len(some) <= most:
        return list(some)
    return [some[at * len(some) // most] for at in range(most)]
