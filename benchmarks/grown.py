"""The sixty rules grown to any number: copies of them that ask about other facts.

Each copy keeps the shape of the rules, and draws other facts of the same kind, other thresholds
and other members, so that no two copies are alike; findings chain within a copy.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from crampsrules import RuleBase
from crampsrules.conditions import (
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
from crampsrules.facts import FACTS
from crampsrules.rules import Finding

SIXTY = Path(__file__).parent / "rules"


@lru_cache(maxsize=1)
def sixty() -> RuleBase:
    """The rules that the copies are taken from."""
    return RuleBase.load(SIXTY)


def grown(rules: int) -> RuleBase:
    """The sixty rules and as many altered copies as make this many."""
    base = sixty()
    if rules == len(base.rules):
        return base
    copies = {f"copies-{n}.toml": _copy(n) for n in range(1, rules // len(base.rules))}
    return base.extended_with(copies)


def _copy(number: int) -> str:
    return "\n".join(_tables(sixty(), _Altered(number)))


def _tables(rules: RuleBase, altered: _Altered) -> Iterator[str]:
    for rule in rules.rules.values():
        when = altered.text(rules.conditions[rule.id])
        if isinstance(rule, Finding):
            yield f'[[findings]]\nconcludes = "{altered.name(rule.concludes)}"'
        else:
            # What fires is the same; as evidence each copy would need a cause of its own.
            yield '[[escalations]]\ntriage = "soon"\nreason = "A reason."'
        yield f'id = "copy-{altered.number}.{rule.id}"\nwhen = \'{when}\'\nsource = "shipped"'


class _Altered:
    """One copy: which facts and figures stand for the others in it."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._rng = random.Random(number)  # noqa: S311 - nothing secret
        self._instead: dict[str, str] = {}

    def name(self, finding: str) -> str:
        """What the finding is called in this copy."""
        return f"{finding}_{self.number}"

    def text(self, condition: Condition) -> str:
        """The altered condition, as a rule file has it."""
        match condition:
            case AllOf(parts):
                return " and ".join(f"({self.text(part)})" for part in parts)
            case AnyOf(parts):
                return " or ".join(f"({self.text(part)})" for part in parts)
            case Flag(fact, wanted):
                return self._fact(fact) if wanted else f"not {self._fact(fact)}"
            case Comparison(fact, operator, value):
                return self._comparison(fact, operator, value)
            case OneOf(fact, values):
                other = FACTS[self._fact(fact)]
                chosen = self._rng.sample(other.members, min(len(values), len(other.members) - 1))
                return " or ".join(f'{other.name} == "{one}"' for one in chosen)
            case Member(fact, _, present):
                other_fact = self._fact(fact)
                member = self._rng.choice(self._members(other_fact))
                return f'"{member}" {"in" if present else "not in"} {other_fact}'
            case Concluded(finding):
                return self.name(finding)
            case Suspected() | Known():
                raise NotImplementedError("the sixty rules have none")

    def _comparison(self, fact: str, operator: str, value: float) -> str:
        other = FACTS[self._fact(fact)]
        low, high = FACTS[fact].low, FACTS[fact].high
        assert low is not None
        assert high is not None
        assert other.low is not None
        assert other.high is not None
        # As far up its range as the value that it stands for, more or less.
        share = (value - low) / (high - low) * self._rng.uniform(0.5, 1.5)
        figure = other.low + min(max(share, 0.0), 1.0) * (other.high - other.low)
        return f"{other.name} {operator} {figure:.3f}"

    def _members(self, fact: str) -> tuple[str, ...]:
        return FACTS[fact].members or tuple(sixty().formulary.classes)

    def _fact(self, fact: str) -> str:
        kind = FACTS[fact].kind
        if kind == "medicines":
            return fact
        if fact not in self._instead:
            alike = [one.name for one in FACTS.values() if one.kind == kind]
            self._instead[fact] = self._rng.choice(alike)
        return self._instead[fact]
