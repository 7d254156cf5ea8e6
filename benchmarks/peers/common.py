"""What the adapters share: rules without findings, patients without sets, expressions as text."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Mapping
from typing import Any

from attrs import field, frozen

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.observations import observe

Properties = dict[str, Any]


@frozen
class Way:
    """One way of firing the rules with a peer.

    `prepare` makes of a patient what `fire` takes, and its time is not counted: so a peer gets
    its facts already in the form that it likes best.
    """

    name: str
    prepare: Callable[[PatientFacts], Any]
    fire: Callable[[Any], frozenset[str]]
    as_documented: bool = field(default=True, kw_only=True)


def flat(rules: RuleBase) -> Mapping[str, Condition]:
    """Every condition with the findings and suspicions in it put in its place, by id."""
    return {id_: _flat(rules, condition) for id_, condition in rules.conditions.items()}


def _flat(rules: RuleBase, condition: Condition) -> Condition:
    match condition:
        case AllOf(parts):
            return AllOf(tuple(_flat(rules, part) for part in parts))
        case AnyOf(parts):
            return AnyOf(tuple(_flat(rules, part) for part in parts))
        case Concluded(finding):
            return _any(rules, rules.concluding[finding])
        case Suspected(cause):
            return _any(rules, rules.suspecting[cause])
        case _:
            return condition


def _any(rules: RuleBase, ids: tuple[str, ...]) -> Condition:
    parts = tuple(_flat(rules, rules.conditions[id_]) for id_ in ids)
    return parts[0] if len(parts) == 1 else AnyOf(parts)


def arms(condition: Condition) -> list[tuple[Atom, ...]]:
    """A condition as an or of ands."""
    match condition:
        case AllOf(parts):
            chosen = itertools.product(*map(arms, parts))
            return [tuple(dict.fromkeys(itertools.chain(*one))) for one in chosen]
        case AnyOf(parts):
            return [arm for part in parts for arm in arms(part)]
        case _:
            return [(condition,)]


def properties(rules: RuleBase) -> Callable[[PatientFacts], Properties]:
    """What is known of a patient and asked by these rules, sets as one property for each member."""
    asked = {atom for condition in rules.conditions.values() for atom in atoms(condition)}
    members = {(one.fact, one.member) for one in asked if isinstance(one, Member)}
    simple = {one.fact for one in asked if isinstance(one, Flag | Comparison | OneOf)}
    formulary = rules.formulary

    def known(patient: PatientFacts) -> Properties:
        seen = observe(patient, formulary)
        found = {name: value for name, value in seen.values.items() if name in simple}
        for fact, member in members:
            if (held := seen.member(fact, member)) is not None:
                found[property_of(fact, member)] = held
        return found

    return known


def property_of(fact: str, member: str) -> str:
    """The name of the property that says whether a set has a member."""
    return f"{fact}__{member}"


def names(rules: RuleBase) -> list[str]:
    """Every property that these rules ask about."""
    asked = {atom for condition in rules.conditions.values() for atom in atoms(condition)}
    return sorted(
        {
            property_of(one.fact, one.member) if isinstance(one, Member) else one.fact
            for one in asked
            if not isinstance(one, Concluded | Suspected | Known)
        }
    )


@frozen
class Language:
    """How an expression language writes the parts of a condition."""

    both: str = " and "
    either: str = " or "
    is_true: str = "{0} == true"
    is_false: str = "{0} == false"
    compare: str = "({0} != null and {0} {1} {2})"
    one_of: str = "{0} in {1}"
    always: str = "true"

    def text(self, condition: Condition) -> str:
        """A flat condition as an expression."""
        match condition:
            case AllOf(parts):
                return self._joined(self.both, parts) or self.always
            case AnyOf(parts):
                return self._joined(self.either, parts)
            case Flag(fact, wanted):
                return self._is(fact, wanted)
            case Comparison(fact, operator, value):
                return self.compare.format(fact, operator, repr(value))
            case OneOf(fact, values):
                listed = ", ".join(f"'{value}'" for value in sorted(values))
                return self.one_of.format(fact, f"[{listed}]")
            case Member(fact, member, present):
                return self._is(property_of(fact, member), present)
            case Known() | Concluded() | Suspected():
                raise NotImplementedError(f"no benchmark has {condition}")

    def _is(self, name: str, wanted: bool) -> str:
        return (self.is_true if wanted else self.is_false).format(name)

    def _joined(self, word: str, parts: tuple[Condition, ...]) -> str:
        inner = word.join(self.text(part) for part in parts)
        return f"({inner})" if inner else ""
