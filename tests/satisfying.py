"""Patients built from a condition: for each way of making it true, the fewest facts that do.

A condition is opened into the ways through its `or`s, findings and suspicions included, down
to comparisons of facts; for each fact a value is looked for that meets all its comparisons.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase
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
)
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.inference import Inference
from crampsrules.observations import observe
from tests.drawing import Drawn, fact_values, medicine_names

Way = tuple[Atom, ...]


def patients_making_true(rules: RuleBase, condition: Condition) -> Iterator[dict[str, Any]]:
    """Facts for each way in which a condition can be true; ways that contradict are left out."""
    for way in ways(rules, condition):
        if (facts := facts_for(rules, way)) is not None:
            yield facts


def ways(rules: RuleBase, condition: Condition) -> list[Way]:
    """The ways through the `or`s of a condition, each as the comparisons that must be true."""
    match condition:
        case AnyOf(parts):
            return _distinct(way for part in parts for way in ways(rules, part))
        case AllOf(parts):
            choices = itertools.product(*(ways(rules, part) for part in parts))
            return _distinct(tuple(itertools.chain(*choice)) for choice in choices)
        case Concluded(finding):
            ids = rules.concluding[finding]
            return _distinct(way for id_ in ids for way in ways(rules, rules.conditions[id_]))
        case Suspected(cause):
            ids = rules.suspecting[cause]
            return _distinct(way for id_ in ids for way in ways(rules, rules.conditions[id_]))
        case _:
            return [(condition,)]


def _distinct(found: Iterable[Way]) -> list[Way]:
    return list(dict.fromkeys(tuple(dict.fromkeys(way)) for way in found))


def facts_for(rules: RuleBase, way: Way) -> dict[str, Any] | None:
    """The facts that make every comparison of a way true, or None where no facts can."""
    wanted: dict[str, list[Atom]] = {}
    for atom in way:
        assert not isinstance(atom, Concluded | Suspected)
        wanted.setdefault(atom.fact, []).append(atom)
    found: dict[str, Any] = {}
    for name, some in wanted.items():
        if not all(isinstance(atom, Known) and not atom.wanted for atom in some):
            found[name] = _value(rules, FACTS[name], some)
    return None if None in found.values() else found


def _value(rules: RuleBase, fact: Fact, some: list[Atom]) -> object:
    """The first candidate that meets every comparison of one fact."""
    for candidate in _candidates(fact, some):
        case = Inference(
            rules,
            observe(PatientFacts.from_mapping({fact.name: candidate}), rules.formulary),
        )
        if all(case.judge(atom) is True for atom in some):
            return candidate
    return None


def _candidates(fact: Fact, some: list[Atom]) -> Iterable[object]:
    match fact.kind:
        case "flag":
            return [atom.wanted for atom in some if isinstance(atom, Flag)] or [True]
        case "choice":
            return [one for one in fact.members if _allowed(one, some)]
        case "members" | "medicines":
            present = frozenset(a.member for a in some if isinstance(a, Member) and a.present)
            return [present, *(present | {one} for one in fact.members)]
        case _:
            return numbers_near(fact, [a.value for a in some if isinstance(a, Comparison)])


def _allowed(one: str, some: Iterable[Atom]) -> bool:
    return all(one in atom.values for atom in some if isinstance(atom, OneOf))


def numbers_near(fact: Fact, thresholds: Iterable[float]) -> list[float]:
    """Each threshold, the numbers just beside it, and both ends of what the fact takes."""
    assert fact.low is not None
    assert fact.high is not None
    if fact.kind == "integer":
        near = {int(one) + step for one in thresholds for step in (-1, 0, 1)}
        return sorted(one for one in {*near, int(fact.low), int(fact.high)} if _within(fact, one))
    close = {
        one
        for value in thresholds
        for one in (value, math.nextafter(value, -math.inf), math.nextafter(value, math.inf))
    }
    return sorted(one for one in {*close, fact.low, fact.high} if _within(fact, one))


def _within(fact: Fact, value: float) -> bool:
    assert fact.low is not None
    assert fact.high is not None
    return fact.low <= value <= fact.high


def together(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any] | None:
    """The facts of both, or None where they give one fact two values."""
    if any(name in first and first[name] != value for name, value in second.items()):
        return None
    return {**first, **second}


def near_examples(rules: RuleBase) -> st.SearchStrategy[PatientFacts]:
    """Worked examples with a few facts more or other: patients as they come, not as dice fall."""
    return _near_examples(rules).filter(is_coherent).map(PatientFacts.from_mapping)


@st.composite
def _near_examples(draw: Drawn, rules: RuleBase) -> dict[str, Any]:
    example = draw(st.sampled_from(rules.examples))
    facts = draw(st.lists(st.sampled_from(list(FACTS.values())), max_size=5, unique=True))
    medicines = medicine_names(rules)
    return {**example.facts, **{one.name: draw(fact_values(one, medicines)) for one in facts}}


def is_coherent(facts: Mapping[str, Any]) -> bool:
    """Whether no two facts contradict each other by definition."""
    try:
        PatientFacts.from_mapping(facts)
    except FactsError:
        return False
    return True
