"""rule-engine: a rule for each rule."""

from __future__ import annotations

from collections.abc import Iterator

import rule_engine

from benchmarks.peers.common import Language, Properties, Way, flat, names, properties
from crampsrules import RuleBase

PACKAGE = "rule-engine"


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    context = rule_engine.Context(default_value=None)
    language = Language()
    made = {
        id_: rule_engine.Rule(language.text(condition), context=context)
        for id_, condition in flat(rules).items()
    }

    def fire(patient: Properties) -> frozenset[str]:
        return frozenset(id_ for id_, rule in made.items() if rule.matches(patient))

    # To find that a name is not there takes it fifty times as long as to find a null.
    unknown = dict.fromkeys(names(rules))
    known = properties(rules)
    yield Way("rule-engine", lambda patient: {**unknown, **known(patient)}, fire)
