"""Any rule base as one plain if-statement a rule, in order: what one would write without thought.

It stands in for a hand-written function where there are too many rules to write one.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from crampsrules import PatientFacts, RuleBase
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
from crampsrules.memberships import UNKNOWN, Membership, membership

Fire = Callable[[PatientFacts], frozenset[str]]


def function(rules: RuleBase) -> Fire:
    """A function that fires these rules."""
    source = "\n".join(["def fire(p):", *(f"    {line}" for line in _lines(rules))])

    def members(p: PatientFacts, fact: str) -> Membership:
        stated = getattr(p, fact)
        if stated is None:
            return UNKNOWN
        if fact == "medications":
            return rules.formulary.resolve(stated).classes
        return membership(fact, stated)

    namespace: dict[str, Fire] = {}
    exec(compile(source, "<naive rules>", "exec"), {"members": members}, namespace)  # noqa: S102
    return namespace["fire"]


def _lines(rules: RuleBase) -> Iterator[str]:
    yield "fired = set()"
    for fact in FACTS.values():
        if fact.is_set:
            yield f"{fact.name} = members(p, {fact.name!r})"
    for finding in rules.concluding:
        yield f"found_{finding} = False"
    for cause in rules.suspecting:
        yield f"suspected_{cause} = False"
    for level in rules.levels:
        for id_ in level:
            yield f"if {_test(rules.conditions[id_])}:"
            yield f"    fired.add({id_!r})"
            yield from (f"    found_{one} = True" for one in _made(rules.concluding, id_))
            yield from (f"    suspected_{one} = True" for one in _made(rules.suspecting, id_))
    yield "return frozenset(fired)"


def _made(makers: object, id_: str) -> list[str]:
    assert hasattr(makers, "items")
    return [name for name, ids in makers.items() if id_ in ids]


def _test(condition: Condition) -> str:
    match condition:
        case AllOf(parts):
            return " and ".join(f"({_test(part)})" for part in parts) or "True"
        case AnyOf(parts):
            return " or ".join(f"({_test(part)})" for part in parts) or "False"
        case Flag(fact, wanted):
            return f"p.{fact} is {wanted}"
        case Comparison(fact, operator, value):
            return f"p.{fact} is not None and p.{fact} {operator} {value!r}"
        case OneOf(fact, values):
            return _not_measured(fact) + f"p.{fact} in {tuple(sorted(values))!r}"
        case Member(fact, member, present):
            return f"{member!r} in {fact}.{'present' if present else 'absent'}"
        case Concluded(finding):
            return f"found_{finding}"
        case Suspected(cause):
            return f"suspected_{cause}"
        case Known(fact, wanted):
            known = _not_measured(fact) + f"p.{fact} is not None"
            return known if wanted else f"not ({known})"


def _not_measured(fact: str) -> str:
    by = FACTS[fact].measured_by
    return f"p.{by} is None and " if by else ""
