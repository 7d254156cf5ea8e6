"""A patient judged by rules: what fires, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable

from crampsrules.assessment import Assessment
from crampsrules.engines import default_engine, engine_for
from crampsrules.facts import PatientFacts
from crampsrules.fold import Folding
from crampsrules.rulebase import RuleBase, kept_with_rules, rules_or_shipped

_Ready = tuple[Callable[[PatientFacts], int], Callable[..., Assessment]]


def judge(facts: PatientFacts, rules: RuleBase | None, engine: str | None) -> Assessment:
    """Fire the rules and fold what fired. Raises FactsError and EngineError."""
    base = rules if isinstance(rules, RuleBase) else rules_or_shipped(rules)
    name = default_engine() if engine is None else engine
    by_engine = _ready(base)
    try:
        ready = by_engine.get(name)
    except TypeError:  # it cannot be hashed, so it is no name
        ready = None
    if ready is None:
        ready = by_engine[name] = engine_for(base, name).fire_number, Folding.of(base).fold
    fire, fold = ready
    return fold(base, facts, fire(facts), name)


@kept_with_rules
def _ready(_: RuleBase) -> dict[str, _Ready]:
    """By engine, how rules fire and fold: to look for both each time takes as long as either."""
    return {}
