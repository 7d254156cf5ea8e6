"""Patients on the boundaries of a rule base's own `[[laws]]`, to be tried before any are drawn."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from crampsrules.conditions import Condition
from crampsrules.facts import PatientFacts
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import Solver, Way, solver_for

MOST_PATIENTS = 300
"""So many, or one for each law where there are more: each has its turn before any has a second."""


@kept_with_rules
def boundary_patients(rules: RuleBase) -> Sequence[PatientFacts]:
    """Patients to whom the laws only just apply, or with one more fact that may excuse a rule."""
    excuses = _excuses(rules)
    turns = zip_longest(
        *(_bound(solver_for(rules), one, excuses) for one in rules.law_conditions.values())
    )
    most = max(MOST_PATIENTS, len(rules.law_conditions))
    found: dict[PatientFacts, None] = {}
    for known in (known for turn in turns for known in turn if known is not None):
        if len(found) == most:
            break
        if _is_someone(known):
            found[PatientFacts.from_mapping(known)] = None
    return list(found)


def _excuses(rules: RuleBase) -> list[Way]:
    """The ways to what an `unless` asks for: where one is too wide, no law speaks of its facts."""
    solver = solver_for(rules)
    ids = (id_ for id_ in rules.conditions if "unless" in id_.split("/"))
    return [way for id_ in ids for way in solver.ways(id_)]


def _bound(
    solver: Solver, condition: Condition, excuses: Iterable[Way]
) -> Iterator[dict[str, object]]:
    """Facts that meet a condition: the plainest, then to each end of each number, then excused."""
    ways = solver.ways_of(condition)
    for way in ways:
        yield from solver.examples(way, 1)
    for way in ways:
        yield from _across(solver, way)
    merged = (solver.merged(way, excuse) for excuse in excuses for way in ways)
    for both in merged:
        if both is not None:
            yield from solver.examples(both, 1)


def _across(solver: Solver, way: Way) -> Iterator[dict[str, object]]:
    """The plainest facts of a way, with each fact in turn having other values."""
    for plainest in solver.examples(way, 1):
        for fact, wanted in way.atoms.items():
            suitable = solver.values.suiting(fact, wanted)
            for value in suitable.few if suitable else ():
                yield {**plainest, fact: value}


def _is_someone(known: dict[str, object]) -> bool:
    return made_coherent(known, plausible=True) == known
