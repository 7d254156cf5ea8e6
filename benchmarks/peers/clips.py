"""clipspy: a template, a rule for each rule, a fact for each patient; findings chain."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import clips

from benchmarks.peers.common import Properties, Way, arms, names, properties, property_of
from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import Atom, Comparison, Concluded, Flag, Member, OneOf, Suspected

PACKAGE = "clipspy"


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    environment = clips.Environment()
    fired: list[str] = []
    ids = list(rules.conditions)

    def note(number: int) -> None:
        fired.append(ids[number])

    environment.define_function(note)
    slots = " ".join(f"(slot {name} (default nil))" for name in names(rules))
    environment.build(f"(deftemplate patient {slots})")
    environment.build("(deftemplate found (slot name))")
    for number, id_ in enumerate(ids):
        if rule := _rule(rules, number, id_):
            environment.build(rule)
    environment.reset()
    template = environment.find_template("patient")
    known = properties(rules)

    def prepare(patient: PatientFacts) -> Properties:
        return {name: _value(value) for name, value in known(patient).items()}

    def fire(patient: Properties) -> frozenset[str]:
        fired.clear()
        template.assert_fact(**patient)
        environment.run()
        environment.reset()
        return frozenset(fired)

    yield Way("clipspy", prepare, fire)


def _value(value: object) -> Any:
    if isinstance(value, bool):
        return clips.Symbol("TRUE" if value else "FALSE")
    return clips.Symbol(value) if isinstance(value, str) else value


def _rule(rules: RuleBase, number: int, id_: str) -> str:
    each = [one for arm in arms(rules.conditions[id_]) if (one := _arm(arm))]
    if not each:
        return ""
    when = each[0] if len(each) == 1 else f"(or {' '.join(f'(and {one})' for one in each)})"
    found = [f"found-{name}" for name, ids in rules.concluding.items() if id_ in ids]
    found += [f"suspected-{name}" for name, ids in rules.suspecting.items() if id_ in ids]
    asserted = " ".join(f"(assert (found (name {name})))" for name in found)
    return f"(defrule r{number} {when} => (note {number}) {asserted})"


def _arm(arm: tuple[Atom, ...]) -> str | None:
    """Pattern of the patient's fact and of findings; None where no patient could match it."""
    symbols: dict[str, set[str]] = {}
    numbers: dict[str, str] = {}
    found: list[str] = []
    for atom in arm:
        match atom:
            case Flag(fact, wanted):
                _narrow(symbols, fact, {"TRUE" if wanted else "FALSE"})
            case Member(fact, member, present):
                _narrow(symbols, property_of(fact, member), {"TRUE" if present else "FALSE"})
            case OneOf(fact, values):
                _narrow(symbols, fact, set(values))
            case Comparison(fact, operator, value):
                so_far = numbers.get(fact, f"?{fact}&:(numberp ?{fact})")
                sign = "=" if operator == "==" else operator
                numbers[fact] = f"{so_far}&:({sign} ?{fact} {value!r})"
            case Concluded(name):
                found.append(f"(found (name found-{name}))")
            case Suspected(name):
                found.append(f"(found (name suspected-{name}))")
            case _:
                raise NotImplementedError(f"no benchmark has {atom}")
    if not all(symbols.values()):
        return None  # it would be refused
    tests = {name: "|".join(sorted(values)) for name, values in symbols.items()} | numbers
    slots = " ".join(f"({name} {test})" for name, test in tests.items())
    return " ".join([f"(patient {slots})"] * bool(tests) + found)


def _narrow(symbols: dict[str, set[str]], name: str, values: set[str]) -> None:
    symbols[name] = symbols.get(name, values) & values
