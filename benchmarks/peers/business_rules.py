"""business-rules: variables, actions and a list of rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from business_rules import run_all
from business_rules.actions import BaseActions, rule_action
from business_rules.fields import FIELD_TEXT
from business_rules.variables import (
    BaseVariables,
    boolean_rule_variable,
    numeric_rule_variable,
    string_rule_variable,
)

from benchmarks.peers.common import Properties, Way, flat, properties, property_of
from crampsrules import RuleBase
from crampsrules.conditions import AllOf, AnyOf, Comparison, Condition, Flag, Member, OneOf, atoms

PACKAGE = "business-rules"

OPERATORS = {
    "<": "less_than",
    "<=": "less_than_or_equal_to",
    ">": "greater_than",
    ">=": "greater_than_or_equal_to",
    "==": "equal_to",
}


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    conditions = flat(rules)
    variables = _variables(conditions.values())
    made = [
        {"conditions": _condition(one), "actions": [{"name": "fire", "params": {"id": id_}}]}
        for id_, one in conditions.items()
    ]

    class Actions(BaseActions):  # type: ignore[misc]  # it has no types
        def __init__(self, fired: list[str]) -> None:
            self.fired = fired

        @rule_action(params={"id": FIELD_TEXT})  # type: ignore[untyped-decorator]  # nor has this
        def fire(self, id: str) -> None:
            self.fired.append(id)

    def fire(patient: Properties) -> frozenset[str]:
        fired: list[str] = []
        run_all(made, variables(patient), Actions(fired))
        return frozenset(fired)

    yield Way("business-rules", properties(rules), fire)


def _variables(conditions: Any) -> Callable[[Properties], Any]:
    """A class with a variable for each thing that can be asked; a yes and a no are two things."""
    methods: dict[str, Any] = {"__init__": _take}
    for condition in conditions:
        for atom in atoms(condition):
            match atom:
                case Comparison(fact):
                    methods[fact] = numeric_rule_variable()(_value(fact))
                    methods[f"{fact}__known"] = boolean_rule_variable()(_known(fact))
                case OneOf(fact):
                    methods[fact] = string_rule_variable()(_value(fact))
                case Flag(fact, wanted):
                    methods[_named(fact, wanted)] = boolean_rule_variable()(_is(fact, wanted))
                case Member(fact, member, present):
                    name = property_of(fact, member)
                    methods[_named(name, present)] = boolean_rule_variable()(_is(name, present))
    return type("Variables", (BaseVariables,), methods)


def _take(self: Any, patient: Properties) -> None:
    self.patient = patient


def _value(name: str) -> Callable[[Any], object]:
    return lambda self: self.patient.get(name)


def _known(name: str) -> Callable[[Any], bool]:
    return lambda self: name in self.patient


def _is(name: str, wanted: bool) -> Callable[[Any], bool]:
    return lambda self: self.patient.get(name) is wanted


def _named(name: str, wanted: bool) -> str:
    return f"{name}__{'yes' if wanted else 'no'}"


def _condition(condition: Condition) -> dict[str, Any]:
    match condition:
        case AllOf(parts):
            return {"all": [_condition(part) for part in parts]}
        case AnyOf(parts):
            return {"any": [_condition(part) for part in parts]}
        case Comparison(fact, operator, value):
            known = {"name": f"{fact}__known", "operator": "is_true", "value": True}
            test = {"name": fact, "operator": OPERATORS[operator], "value": value}
            return {"all": [known, test]}
        case OneOf(fact, values):
            tests = [{"name": fact, "operator": "equal_to", "value": one} for one in sorted(values)]
            return {"any": tests}
        case Flag(fact, wanted):
            return {"name": _named(fact, wanted), "operator": "is_true", "value": True}
        case Member(fact, member, present):
            name = _named(property_of(fact, member), present)
            return {"name": name, "operator": "is_true", "value": True}
        case _:
            raise NotImplementedError(f"no benchmark has {condition}")
