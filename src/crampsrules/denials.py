"""When a condition is known to be false, said as conditions: the other half of three values.

What is neither true nor false of a patient is undecided. `inference` finds that out by walking the
tree of a condition; here it is made into conditions of the same language, so that an engine can
look at many at once.
"""

from __future__ import annotations

from collections.abc import Iterable

from attrs import Factory, frozen

from crampsrules.conditions import (
    NEGATED,
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
)
from crampsrules.engines.generated import Program
from crampsrules.facts import FACTS
from crampsrules.rulebase import RuleBase


def denials(rules: RuleBase, ids: Iterable[str]) -> Program:
    """What fires each of these ids when its condition is known to be false."""
    denying = _Denying(rules)
    conditions = {id_: denying.of(rules.conditions[id_]) for id_ in ids}
    levels: list[list[str]] = [[] for _ in range(max(denying.level_of.values(), default=-1) + 1)]
    for name, level in denying.level_of.items():
        levels[level].append(name)
    return Program(
        conditions={**denying.conditions, **conditions},
        levels=(*levels, tuple(conditions)),
        concluding={name: (name,) for name in denying.conditions},
        suspecting={},
        formulary=rules.formulary,
    )


@frozen
class _Denying:
    """Works out the opposites, and those of the findings and causes that they stand on."""

    rules: RuleBase
    conditions: dict[str, Condition] = Factory(dict)
    level_of: dict[str, int] = Factory(dict)

    def of(self, condition: Condition) -> Condition:
        """What is true when the condition is known to be false."""
        match condition:
            case AllOf(parts):
                return AnyOf(tuple(map(self.of, parts)))
            case AnyOf(parts):
                return AllOf(tuple(map(self.of, parts)))
            case Flag(fact, wanted):
                return Flag(fact, wanted=not wanted)
            case Known(fact, wanted):
                return Known(fact, wanted=not wanted)
            case Comparison(fact, operator, value):
                return Comparison(fact, NEGATED[operator], value)
            case OneOf(fact, values):
                return OneOf(fact, frozenset(FACTS[fact].members) - values)
            case Member(fact, member, present):
                return Member(fact, member, present=not present)
            case Concluded(finding):
                # No finding's name begins with a figure.
                return self._none_of(f"0_{finding}", self.rules.concluding.get(finding, ()))
            case Suspected(cause):
                return self._none_of(f"1_{cause}", self.rules.suspecting.get(cause, ()))

    def _none_of(self, name: str, ids: Iterable[str]) -> Condition:
        """A conclusion of its own: every one of these is false."""
        if name not in self.conditions:
            parts = tuple(self.of(self.rules.conditions[id_]) for id_ in ids)
            self.conditions[name] = AllOf(parts)
            self.level_of[name] = 1 + max(map(self._highest, parts), default=-1)
        return Concluded(name)

    def _highest(self, condition: Condition) -> int:
        match condition:
            case AllOf(parts) | AnyOf(parts):
                return max(map(self._highest, parts), default=-1)
            case Concluded(name):
                return self.level_of[name]
            case _:
                return -1
