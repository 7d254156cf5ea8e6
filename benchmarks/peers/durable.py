"""durable-rules without this library: its Host, and its lower module driven by hand.

It fires nothing at all when a fact opens more than 64 branches of one ruleset, so the rules are
dealt out to as few rulesets as hold them. By hand there is one session, each patient is retracted
after firing, and findings are put in their places.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import Any

import durable.engine
import durable_rules_engine as rete

from benchmarks.peers.common import Properties, Way, arms, flat, properties, property_of
from crampsrules import RuleBase
from crampsrules.conditions import Atom, Comparison, Flag, Member, OneOf

PACKAGE = "durable-rules"

MOST = 60
OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}


def ways(rules: RuleBase) -> Iterator[Way]:
    """Its Host, as documented; and what the Host stands on."""
    definitions = list(_definitions(rules))
    prepare = properties(rules)
    yield Way("durable-rules, its Host", prepare, _hosted(definitions))
    yield Way(
        "durable-rules, lower module by hand", prepare, _by_hand(definitions), as_documented=False
    )


_Definition = tuple[str, dict[str, Any], dict[str, str]]


def _definitions(rules: RuleBase) -> Iterator[_Definition]:
    """Rulesets with the id of each rule in them; each arm of a condition is one rule."""
    made: dict[str, Any] = {}
    ids: dict[str, str] = {}
    number = 0
    every = [(id_, arm) for id_, condition in flat(rules).items() for arm in _split(condition)]
    for id_, arm in every:
        if len(made) == MOST:
            yield f"peer{number}", made, ids
            made, ids, number = {}, {}, number + 1
        name = f"r{len(made)}"
        tests = [_test(atom) for atom in arm]
        made[name] = {"all": [{"m": tests[0] if len(tests) == 1 else {"$and": tests}}]}
        ids[name] = id_
    yield f"peer{number}", made, ids


def _split(condition: Any) -> Iterator[tuple[Atom, ...]]:
    """The arms, with one of their own for each of the values that a choice may have."""
    for arm in arms(condition):
        widest: list[list[Atom]] = [[]]
        for atom in arm:
            each: list[Atom] = [atom]
            if isinstance(atom, OneOf):
                each = [OneOf(atom.fact, frozenset({value})) for value in sorted(atom.values)]
            widest = [[*so_far, one] for so_far in widest for one in each]
        yield from map(tuple, widest)


def _test(atom: Atom) -> dict[str, Any]:
    match atom:
        case Flag(fact, wanted):
            return {fact: wanted}
        case Member(fact, member, present):
            return {property_of(fact, member): present}
        case OneOf(fact, values):
            return {fact: next(iter(values))}
        case Comparison(fact, "==", value):
            return {fact: value}
        case Comparison(fact, operator, value):
            return {OPERATORS[operator]: {fact: value}}
        case _:
            raise NotImplementedError(f"no benchmark has {atom}")


def _by_hand(definitions: list[_Definition]) -> Any:
    handles = [
        (rete.create_ruleset(f"hand-{name}", json.dumps(made)), ids)
        for name, made, ids in definitions
    ]

    def fire(patient: Properties) -> frozenset[str]:
        fact = json.dumps({"id": "1", "sid": "s", **patient})
        fired: list[str] = []
        for handle, ids in handles:
            code, state = rete.assert_fact(handle, fact)
            if code == 0:
                _, message = rete.start_action_for_state(handle, state)
                while message:
                    fired.append(ids[message[2 : message.index('"', 2)]])
                    message = rete.complete_and_start_action(handle, state)
            rete.retract_fact(handle, '{"id":"1","sid":"s"}')
        return frozenset(fired)

    return fire


def _hosted(definitions: list[_Definition]) -> Any:
    host = durable.engine.Host()
    fired: list[str] = []

    def acting(id_: str) -> Any:
        def act(_: object) -> None:
            fired.append(id_)

        return act

    for name, made, ids in definitions:
        rules: Mapping[str, Any] = {
            rule: {**body, "run": acting(ids[rule])} for rule, body in made.items()
        }
        host.set_rulesets({f"host-{name}": rules})

    def fire(patient: Properties) -> frozenset[str]:
        fired.clear()
        for name, _, _ in definitions:
            with suppress(durable.engine.MessageNotHandledException):  # nothing matched
                host.assert_fact(f"host-{name}", {"id": "1", "sid": "s", **patient})
            host.retract_fact(f"host-{name}", {"id": "1", "sid": "s"})
        return frozenset(fired)

    return fire
