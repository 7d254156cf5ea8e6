"""What rules say when they hold: a tree of conditions, and what it says of a patient.

`parsing` reads one from text. Negation is pushed down to the comparisons there, so no node
stands for "not" and no engine needs negation as failure.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Literal, Protocol

from attrs import frozen

Operator = Literal["<", "<=", ">", ">=", "==", "!="]


@frozen
class Flag:
    """A yes-or-no fact that is known to be `wanted`."""

    fact: str
    wanted: bool


@frozen
class Comparison:
    """A number compared with a literal."""

    fact: str
    operator: Operator
    value: float


@frozen
class OneOf:
    """A choice that is known to be one of `values`."""

    fact: str
    values: frozenset[str]


@frozen
class Member:
    """A member known to be in a set of facts (`present`), or known to be missing from it."""

    fact: str
    member: str
    present: bool


@frozen
class Concluded:
    """A finding that some fired rule concluded."""

    finding: str


@frozen
class Suspected:
    """A cause for which evidence that is more than a risk has fired."""

    cause: str


@frozen
class Known:
    """Whether a fact is known at all. Never unknown itself."""

    fact: str
    wanted: bool


@frozen
class AllOf:
    """Every part is true. Without parts: always true."""

    parts: tuple[Condition, ...]


@frozen
class AnyOf:
    """At least one part is true. Without parts: never true."""

    parts: tuple[Condition, ...]


FactAtom = Flag | Comparison | OneOf | Member | Known
"""What is asked about a fact."""
Conclusion = Concluded | Suspected
"""What is asked about other rules."""
Atom = FactAtom | Conclusion
Condition = Atom | AllOf | AnyOf

ALWAYS = AllOf(())
NEVER = AnyOf(())


def atoms(condition: Condition) -> Iterator[Atom]:
    """Every comparison in a condition, in the order of the text."""
    match condition:
        case AllOf(parts) | AnyOf(parts):
            for part in parts:
                yield from atoms(part)
        case _:
            yield condition


def fact_atoms(condition: Condition) -> Iterator[FactAtom]:
    """Those of its comparisons that are about facts."""
    return (atom for atom in atoms(condition) if not isinstance(atom, Conclusion))


def known_where_true(condition: Condition) -> frozenset[str] | None:
    """Facts of which at least one is known wherever a condition is true; None if there are none.

    As few as can be seen at once. What is concluded from other rules is not looked into.
    """
    match condition:
        case AllOf(parts):
            found = [one for one in map(known_where_true, parts) if one is not None]
            return min(found, key=len, default=None)
        case AnyOf(parts):
            known: frozenset[str] = frozenset()
            for one in map(known_where_true, parts):
                if one is None:
                    return None
                known |= one
            return known
        case Concluded() | Suspected() | Known(wanted=False):
            return None
    return frozenset({condition.fact})


def true_where_nothing_is_known(condition: Condition) -> bool:
    """Whether ignorance alone makes a condition true. What is concluded always needs a fact."""
    match condition:
        case AllOf(parts):
            return all(map(true_where_nothing_is_known, parts))
        case AnyOf(parts):
            return any(map(true_where_nothing_is_known, parts))
    return isinstance(condition, Known) and not condition.wanted


def thresholds(conditions: Iterable[Condition]) -> dict[str, set[float]]:
    """The numbers that conditions compare each fact with."""
    found: dict[str, set[float]] = {}
    for condition in conditions:
        for atom in atoms(condition):
            if isinstance(atom, Comparison):
                found.setdefault(atom.fact, set()).add(atom.value)
    return found


class Case(Protocol):
    """What a condition is judged on: known facts, and what has been concluded from them."""

    def value(self, fact: str) -> object:
        """The value of a fact, or None where it is unknown."""

    def member(self, fact: str, member: str) -> bool | None:
        """Whether a set holds a member, or None where that is unknown."""

    def finding(self, name: str) -> bool | None:
        """Whether a finding holds; false only when every rule for it is false."""

    def suspected(self, cause: str) -> bool | None:
        """Whether a cause is suspected; false only when every rule for it is false."""


NEGATED: Mapping[Operator, Operator] = {
    "<": ">=",
    "<=": ">",
    ">": "<=",
    ">=": "<",
    "==": "!=",
    "!=": "==",
}
"""What each operator becomes under a `not`."""

COMPARE: Mapping[Operator, Callable[[float, float], bool]] = {
    "<": float.__lt__,
    "<=": float.__le__,
    ">": float.__gt__,
    ">=": float.__ge__,
    "==": float.__eq__,
    "!=": float.__ne__,
}
"""What each operator says of two numbers."""


def evaluate(condition: Condition, case: Case) -> bool | None:
    """Judge a condition by Kleene's three-valued logic; None is unknown.

    The readable evaluator: every engine is tested against it, and it explains their answers.
    """
    match condition:
        case AllOf(parts):
            return _all(evaluate(part, case) for part in parts)
        case AnyOf(parts):
            negation = _all(_opposite(evaluate(part, case)) for part in parts)
            return _opposite(negation)
        case Known(fact, wanted):
            return (case.value(fact) is not None) is wanted
        case Concluded(finding):
            return case.finding(finding)
        case Suspected(cause):
            return case.suspected(cause)
        case Member(fact, member, present):
            held = case.member(fact, member)
            return None if held is None else held is present
    value = case.value(condition.fact)
    return None if value is None else holds(condition, value)


def is_true(condition: Condition, case: Case) -> bool:
    """Whether a condition is known to be true, in less time than it takes to judge it.

    Negations stand in the atoms alone, so what is not true need not be told from what is unknown.
    """
    match condition:
        case AllOf(parts):
            return all(is_true(part, case) for part in parts)
        case AnyOf(parts):
            return any(is_true(part, case) for part in parts)
    return evaluate(condition, case) is True


def holds(atom: Flag | Comparison | OneOf, value: object) -> bool:
    """What an atom says of a known value of its fact."""
    match atom:
        case Flag(_, wanted):
            return value is wanted
        case OneOf(_, values):
            return value in values
        case Comparison(_, operator, wanted):
            assert isinstance(value, int | float)
            return COMPARE[operator](float(value), wanted)


def _all(verdicts: Iterable[bool | None]) -> bool | None:
    unknown = False
    for verdict in verdicts:
        if verdict is False:
            return False
        unknown = unknown or verdict is None
    return None if unknown else True


def _opposite(verdict: bool | None) -> bool | None:
    return None if verdict is None else not verdict
