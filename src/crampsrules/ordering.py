"""The order of rules: what each builds on, and how much that is."""

from __future__ import annotations

import graphlib
from collections.abc import Collection, Iterable, Mapping

from attrs import frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Concluded,
    Conclusion,
    Condition,
    Suspected,
    atoms,
    thresholds,
)
from crampsrules.rules import Cause, Finding, rule_of
from crampsrules.tables import Place, Tables

MAX_CONDITIONS = 2**16
MAX_LEVELS = 50
# Everything that a condition builds on, down to the facts, written out: an explanation shows it.
MAX_STEPS = 2000
MAX_STEPS_DEEP = 100
# What there is to try of a fact grows with its thresholds, and with it the time to ask for it.
MAX_THRESHOLDS = 200
_LONGEST_CYCLE = 20


def in_levels(
    conditions: Mapping[str, Condition],
    suspecting: Mapping[str, tuple[str, ...]],
    concluding: Mapping[str, tuple[str, ...]],
    tables: Tables,
) -> tuple[tuple[str, ...], ...]:
    """What can fire, level by level: each builds on what was concluded in levels before it.

    Notes a fault where rules go round in a circle, or build on more than can be borne.
    """
    if len(conditions) > MAX_CONDITIONS:
        message = f"and the files beside it hold {len(conditions)} conditions; "
        tables.fault(f"{message}at most {MAX_CONDITIONS} are allowed", tables.everywhere)
        return ()
    rules_of = {**concluding, **{_cause_node(id_): ids for id_, ids in suspecting.items()}}
    needs = {id_: _needs(condition) for id_, condition in conditions.items()}
    graph = {
        node: frozenset().union(*(needs[rule] for rule in rules))
        for node, rules in rules_of.items()
    }
    places = {one.concludes: place for one, place in tables.of(Finding)}
    places |= {_cause_node(one.id): place for one, place in tables.of(Cause)}
    level = levels_of(graph, places, tables)
    if level and max(level.values()) >= MAX_LEVELS:
        deepest = max(level, key=lambda node: level[node])
        tables.fault(f"chains more than {MAX_LEVELS} findings ({deepest!r})", places[deepest])
    if tables.faults:
        return ()
    _check_extents(conditions, level, rules_of, tables)
    _check_thresholds(conditions, tables)
    return _by_level(needs, level)


def _by_level(
    needs: Mapping[str, Iterable[str]], level: Mapping[str, int]
) -> tuple[tuple[str, ...], ...]:
    """The ids level by level, each above all that it needs."""
    ids: dict[int, list[str]] = {}
    for id_, needed in needs.items():
        at = max((level[need] + 1 for need in needed), default=0)
        ids.setdefault(at, []).append(id_)
    depth = max(ids, default=-1) + 1
    return tuple(tuple(sorted(ids.get(at, ()))) for at in range(depth))


def _check_extents(
    conditions: Mapping[str, Condition],
    order: Iterable[str],
    rules_of: Mapping[str, Iterable[str]],
    tables: Tables,
) -> None:
    """Refuse what would be too long, or too deep, were all that it builds on written out."""
    extents: dict[str, _Extent] = {}
    for node in order:
        behind = [_extent(conditions[id_], extents) for id_ in rules_of[node]]
        extents[node] = _Extent.around(behind)
    places = {place.rule: place for ones in tables.read.values() for _, place in ones}
    for id_, condition in conditions.items():
        extent = _extent(condition, extents)
        place = places.get(rule_of(id_)) or Place(tables.files[0], id_)
        if extent.steps > MAX_STEPS:
            tables.fault(f"builds on more than {MAX_STEPS} conditions and facts", place)
        elif extent.depth > MAX_STEPS_DEEP:
            tables.fault(f"builds on what is more than {MAX_STEPS_DEEP} steps deep", place)


def _check_thresholds(conditions: Mapping[str, Condition], tables: Tables) -> None:
    for fact, values in thresholds(conditions.values()).items():
        if len(values) > MAX_THRESHOLDS:
            message = f"and the files beside it compare {fact} with {len(values)} numbers; "
            tables.fault(f"{message}at most {MAX_THRESHOLDS} are allowed", tables.everywhere)


def levels_of(
    graph: Mapping[str, Iterable[str]], places: Mapping[str, Place], tables: Tables
) -> dict[str, int]:
    """Names with their levels from 0, each one above all that it needs, and after them.

    Empty, and a fault is noted, where they go round in a circle.
    """
    level: dict[str, int] = {}
    try:
        for node in graphlib.TopologicalSorter(graph).static_order():
            level[node] = max((level[need] + 1 for need in graph.get(node, ())), default=0)
    except graphlib.CycleError as error:
        cycle = error.args[1]
        place = next((places[name] for name in cycle if name in places), None)
        tables.fault(
            "goes round in a circle: " + _arrows(cycle[::-1]),
            place or tables.everywhere,
        )
    return level


def _arrows(cycle: list[str]) -> str:
    shown = cycle if len(cycle) <= _LONGEST_CYCLE else [*cycle[:_LONGEST_CYCLE], "...", cycle[-1]]
    return " -> ".join(shown)


@frozen
class _Extent:
    """How much a condition is when all that it builds on is written out."""

    steps: int = 1
    depth: int = 1

    @classmethod
    def around(cls, parts: Collection[_Extent]) -> _Extent:
        depth = max((one.depth for one in parts), default=0)
        # Past the limit it is only told that it is: such numbers grow without bound.
        return cls(min(1 + sum(one.steps for one in parts), MAX_STEPS + 1), depth + 1)


def _extent(condition: Condition, extents: Mapping[str, _Extent]) -> _Extent:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return _Extent.around([_extent(part, extents) for part in parts])
        case Concluded(finding):
            return extents[finding]
        case Suspected(cause):
            return extents[_cause_node(cause)]
    return _Extent()


def _cause_node(cause: str) -> str:
    return f"suspected({cause})"


def _needs(condition: Condition) -> frozenset[str]:
    """The findings and suspicions that a condition builds on."""
    return frozenset(
        atom.finding if isinstance(atom, Concluded) else _cause_node(atom.cause)
        for atom in atoms(condition)
        if isinstance(atom, Conclusion)
    )
