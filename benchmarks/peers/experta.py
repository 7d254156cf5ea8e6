"""experta: a rule for each rule, declared on one fact for each patient; findings chain."""

from __future__ import annotations

import collections
import collections.abc
from collections.abc import Callable, Iterator
from typing import Any

from benchmarks.peers.common import Properties, Way, arms, properties
from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import Atom, Comparison, Concluded, Flag, Member, OneOf, Suspected

# It stands on a frozendict that looks for names where they stood before Python 3.10.
for _name in ("Mapping", "MutableMapping", "Sequence", "Iterable", "Hashable", "Callable"):
    if not hasattr(collections, _name):
        setattr(collections, _name, getattr(collections.abc, _name))

from experta import AND, OR, Fact, KnowledgeEngine, P, Rule  # noqa: E402 - after what is above

PACKAGE = "experta"

COMPARE: dict[str, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "==": float.__eq__,
    "!=": float.__ne__,
}


class Patient(Fact):  # type: ignore[misc]  # it has no types
    """What is known of one patient."""


class Found(Fact):  # type: ignore[misc]
    """What has been concluded."""


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    fired: list[str] = []
    methods = {
        f"r{number}": _rule(rules, id_, fired) for number, id_ in enumerate(rules.conditions)
    }
    engine = type("Rules", (KnowledgeEngine,), methods)()

    def fire(patient: Properties) -> frozenset[str]:
        fired.clear()
        engine.reset()
        engine.declare(Patient(**patient))
        engine.run()
        return frozenset(fired)

    known = properties(rules)

    def prepare(patient: PatientFacts) -> Properties:
        # A key may not have two underscores together.
        return {name.replace("__", "_has_"): value for name, value in known(patient).items()}

    yield Way("experta", prepare, fire)


def _rule(rules: RuleBase, id_: str, fired: list[str]) -> Any:
    found = [f"found {name}" for name, ids in rules.concluding.items() if id_ in ids]
    found += [f"suspected {name}" for name, ids in rules.suspecting.items() if id_ in ids]

    def act(self: Any) -> None:
        fired.append(id_)
        for name in found:
            self.declare(Found(name=name))

    each = [_arm(arm) for arm in arms(rules.conditions[id_])]
    return Rule(each[0] if len(each) == 1 else OR(*each))(act)


def _arm(arm: tuple[Atom, ...]) -> Any:
    tests: dict[str, Any] = {}
    found: list[Any] = []
    for atom in arm:
        match atom:
            case Flag(fact, wanted):
                tests[fact] = wanted
            case Member(fact, member, present):
                tests[f"{fact}_has_{member}"] = present
            case OneOf(fact, values):
                tests[fact] = P(values.__contains__)
            case Comparison(fact, operator, value):
                test = _comparison(operator, value)
                tests[fact] = tests[fact] & P(test) if fact in tests else P(test)
            case Concluded(name):
                found.append(Found(name=f"found {name}"))
            case Suspected(name):
                found.append(Found(name=f"suspected {name}"))
            case _:
                raise NotImplementedError(f"no benchmark has {atom}")
    patterns = [*([Patient(**tests)] if tests else []), *found]
    return patterns[0] if len(patterns) == 1 else AND(*patterns)


def _comparison(operator: str, value: float) -> Callable[[object], bool]:
    compare = COMPARE[operator]
    return lambda given: isinstance(given, float) and compare(given, value)
