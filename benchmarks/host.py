"""The same rules in durable-rules' own `Host`, as its manual has it: actions that are called back.

It differs from the durable engine in nothing but this: the network, its shards and the chaining
by levels are the engine's own.
"""

# ruff: noqa: SLF001 - it is the durable engine but for one thing
from __future__ import annotations

import json
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import durable.engine
import durable_rules_engine as rete

from crampsrules import PatientFacts, RuleBase
from crampsrules.engines.durable import DurableEngine
from crampsrules.observations import observe


class HostEngine:
    """Fires the rules of one rule base in a `Host`. Its two threads never end."""

    name = "host"

    def __init__(self, rules: RuleBase) -> None:
        """Build the network as the durable engine does, and register it in a Host."""
        self._engine, definitions = _recorded(rules)
        self._formulary = rules.formulary
        self._fired: list[str] = []
        self._host = durable.engine.Host()
        names = iter(definitions)
        self._levels = [
            [(next(names), shard.keys) for shard in level] for level in self._engine._levels
        ]
        shards = [shard for level in self._engine._levels for shard in level]
        for shard, (name, definition) in zip(shards, definitions.items(), strict=True):
            for rule, body in definition.items():
                body["run"] = self._action(shard.ids.get(rule, ""))
            self._host.set_rulesets({name: definition})

    def _action(self, id_: str) -> Callable[[object], None]:
        def act(_: object) -> None:
            self._fired.append(id_)

        return act

    def fire(self, facts: PatientFacts) -> frozenset[str]:
        """The ids whose condition is true. For one thread at a time."""
        pieces = self._engine._pieces(observe(facts, self._formulary))
        properties = json.loads(f"{{{','.join(pieces.values())}}}")
        everything: set[str] = set()
        for level in self._levels:
            for name, keys in level:
                self._assert(name, {key: properties[key] for key in keys if key in properties})
                for id_ in self._fired:
                    everything.add(id_)
                    if mark := self._engine._marks.get(id_):
                        properties[mark] = True
                self._fired.clear()
        return self._engine._ids & everything

    def _assert(self, name: str, known: dict[str, object]) -> None:
        if not known:
            return
        with suppress(durable.engine.MessageNotHandledException):  # nothing matched
            self._host.assert_fact(name, {"id": "1", "sid": "s", **known})
        self._host.retract_fact(name, {"id": "1", "sid": "s"})


def _recorded(rules: RuleBase) -> tuple[DurableEngine, dict[str, Any]]:
    """The durable engine, and the definition of each of its rulesets by name."""
    definitions: dict[str, Any] = {}
    create = rete.create_ruleset

    def record(name: str, text: str) -> object:
        definitions[f"host-{name}"] = json.loads(text)
        return create(name, text)

    rete.create_ruleset = record
    try:
        return DurableEngine(rules), definitions
    finally:
        rete.create_ruleset = create
