"""For each fact, a few values that the rules tell apart: what there is to try.

Values that meet the same comparisons lead to the same answer, so one stands for all of them:
the most plausible, which for a number is the threshold itself or just beside it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import frozen

from crampsrules.conditions import Comparison, FactAtom, Known, Member, fact_atoms
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.inference import Inference
from crampsrules.medicines import Formulary
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.rules import unless_id

# Pairs of members are tried of the sets that a person is shown as a list, not of medicines.
_LONGEST_LIST = 16


@frozen
class TellingValues:
    """Values of one fact, the most plausible first, and which comparisons each of them meets.

    `meeting` gives for each comparison the values that meet it as the bits of a number: bit 0
    stands for the first value.
    """

    values: tuple[object, ...]
    meeting: Mapping[FactAtom, int]


@kept_with_rules
def telling_values(rules: RuleBase) -> Mapping[str, TellingValues]:
    """The telling values of each fact that findings, evidence or escalations ask about."""
    asked: dict[str, dict[FactAtom, None]] = {}
    for atom in _atoms_of(rules):
        asked.setdefault(atom.fact, {})[atom] = None
        if measured := FACTS[atom.fact].measured_by:
            asked.setdefault(measured, {})  # to know it takes the place of what was reported
    return {
        name: _telling(FACTS[name], tuple(asked[name]), rules) for name in FACTS if name in asked
    }


def _atoms_of(rules: RuleBase) -> Iterator[FactAtom]:
    ids = [one.id for one in rules.findings]
    ids += [one.id for one in rules.escalations]
    ids += [one.id for ones in rules.evidence.values() for one in ones]
    ids += [unless_id(one.id) for one in rules.escalations if one.unless is not None]
    for id_ in ids:
        yield from fact_atoms(rules.conditions[id_])


def _telling(fact: Fact, asked: tuple[FactAtom, ...], rules: RuleBase) -> TellingValues:
    chosen: dict[tuple[bool, ...], object] = {}
    for value in _tries(fact, asked, rules.formulary):
        patient = PatientFacts.from_mapping({fact.name: value})
        inference = Inference(rules, observe(patient, rules.formulary))
        met = tuple(inference.judge(atom) is True for atom in asked)
        chosen.setdefault(met, value)
    measures = any(one.measured_by == fact.name for one in FACTS.values())
    if not measures and not any(isinstance(atom, Known) for atom in asked):
        # To know such a value would be the same as to know nothing.
        chosen.pop((False,) * len(asked), None)
    meeting = {
        atom: sum(1 << at for at, met in enumerate(chosen) if met[which])
        for which, atom in enumerate(asked)
    }
    return TellingValues(tuple(chosen.values()), meeting)


def _tries(fact: Fact, asked: Iterable[FactAtom], formulary: Formulary) -> Iterable[object]:
    match fact.kind:
        case "flag":
            return (True, False)
        case "choice":
            return fact.members
        case "members":
            mentioned = _sets([atom.member for atom in asked if isinstance(atom, Member)])
            # What nobody asks about may still imply, or leave open, what somebody does.
            return dict.fromkeys(itertools.chain(mentioned, _sets(fact.members)))
        case "medicines":
            # A class leaves open which kind it is; a name may be of a class and not of another.
            classes = _sets([atom.member for atom in asked if isinstance(atom, Member)])
            return (*classes, *(frozenset({kind.name}) for kind in formulary.kinds()))
        case _:
            return _numbers(fact, [atom.value for atom in asked if isinstance(atom, Comparison)])


def _sets(members: Iterable[str]) -> Iterator[frozenset[str]]:
    mentioned = dict.fromkeys(members)
    yield from (frozenset({member}) for member in mentioned)
    yield frozenset()
    if len(mentioned) <= _LONGEST_LIST:
        yield from map(frozenset, itertools.combinations(mentioned, 2))


def _numbers(fact: Fact, thresholds: Iterable[float]) -> Iterator[float]:
    """Numbers at, beside and between the thresholds, within what the fact takes."""
    assert fact.low is not None
    assert fact.high is not None
    low, high = fact.low, fact.high
    kept: Callable[[float], float] = int if fact.kind == "integer" else float
    marks = sorted(set(thresholds))
    beside = (mark + side * _step(fact, mark) for mark in marks for side in (-1, 1))
    between = ((a + b) / 2 for a, b in itertools.pairwise([low, *marks, high]))
    # A threshold that every number meets says only that the number is known.
    telling = (mark for mark in marks if mark > low)
    for number in itertools.chain(telling, beside, between, (low, high)):
        if low <= number <= high:
            yield kept(round(number, 6))


def _step(fact: Fact, mark: float) -> float:
    """As far from a threshold as a person or a laboratory would report."""
    if fact.kind == "integer" or mark >= 10:  # noqa: PLR2004 - two figures before the point
        return 1
    return 0.1 if mark >= 1 else 0.01
