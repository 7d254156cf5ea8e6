"""zen-engine: a decision with one expression for each rule; and one compiled expression for all."""

from __future__ import annotations

import json
from collections.abc import Iterator
from itertools import compress
from typing import Any

import zen

from benchmarks.peers.common import Language, Properties, Way, flat, properties
from crampsrules import RuleBase

PACKAGE = "zen-engine"


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented, and at its best."""
    language = Language()
    texts = {id_: language.text(condition) for id_, condition in flat(rules).items()}
    prepare = properties(rules)
    yield Way("zen-engine", prepare, _decision(texts))
    yield Way(
        "zen-engine, one compiled expression", prepare, _expression(texts), as_documented=False
    )


def _decision(texts: dict[str, str]) -> Any:
    ids = {f"r{number}": id_ for number, id_ in enumerate(texts)}
    expressions = [
        {"id": key, "key": key, "value": text}
        for key, text in zip(ids, texts.values(), strict=True)
    ]
    nodes = [
        {"id": "in", "name": "in", "type": "inputNode"},
        {
            "id": "rules",
            "name": "rules",
            "type": "expressionNode",
            "content": {"expressions": expressions},
        },
        {"id": "out", "name": "out", "type": "outputNode"},
    ]
    edges = [
        {"id": "1", "type": "edge", "sourceId": "in", "targetId": "rules"},
        {"id": "2", "type": "edge", "sourceId": "rules", "targetId": "out"},
    ]
    decision = zen.ZenEngine().create_decision(json.dumps({"nodes": nodes, "edges": edges}))

    def fire(patient: Properties) -> frozenset[str]:
        result = decision.evaluate(patient)["result"]
        return frozenset(ids[key] for key, fired in result.items() if fired)

    return fire


def _expression(texts: dict[str, str]) -> Any:
    ids = list(texts)
    expression = zen.compile_expression(f"[{', '.join(texts.values())}]")
    return lambda patient: frozenset(compress(ids, expression.evaluate(patient)))
