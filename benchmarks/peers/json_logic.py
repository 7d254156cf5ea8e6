"""json-logic-qubit: a piece of logic for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import json_logic

from benchmarks.peers.common import Properties, Way, flat, properties, property_of
from crampsrules import RuleBase
from crampsrules.conditions import AllOf, AnyOf, Comparison, Condition, Flag, Member, OneOf

PACKAGE = "json-logic-qubit"


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    made = {id_: _logic(condition) for id_, condition in flat(rules).items()}

    def fire(patient: Properties) -> frozenset[str]:
        return frozenset(id_ for id_, logic in made.items() if json_logic.jsonLogic(logic, patient))

    yield Way("json-logic", properties(rules), fire)


def _logic(condition: Condition) -> Any:
    match condition:
        case AllOf(parts):
            return {"and": [_logic(part) for part in parts]} if parts else True
        case AnyOf(parts):
            return {"or": [_logic(part) for part in parts]}
        case Flag(fact, wanted):
            return {"===": [{"var": fact}, wanted]}
        case Comparison(fact, operator, value):
            return {operator: [{"var": fact}, value]}
        case OneOf(fact, values):
            return {"in": [{"var": fact}, sorted(values)]}
        case Member(fact, member, present):
            return {"===": [{"var": property_of(fact, member)}, present]}
        case _:
            raise NotImplementedError(f"no benchmark has {condition}")
