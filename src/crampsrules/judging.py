"""A patient judged by rules: what fires, and what follows from it."""

from __future__ import annotations

from collections.abc import Callable

from crampsrules.assessment import Assessment
from crampsrules.engines import default_engine, engine_for
from crampsrules.facts import PatientFacts
from crampsrules.fold import Folding
from crampsrules.rulebase import RuleBase, rules_or_shipped

_Ready = tuple[Callable[[PatientFacts], int], Callable[..., Assessment]]


def judge(facts: PatientFacts, rules: RuleBase | None, engine: str | None) -> Assessment:
    """Fire the rules and fold what fired. Raises FactsError and EngineError."""
    base = rules if isinstance(rules, RuleBase) else rules_or_shipped(rules)
    name = default_engine() if engine is None else engine
    try:
        ready: _Ready | None = base._kept.get(name)  # noqa: SLF001 - see `_ready`
    except TypeError:  # it cannot be hashed, so it is no name
        ready = None
    fire, fold = ready or _ready(base, name)
    return fold(base, facts, fire(facts), name)


def _ready(rules: RuleBase, engine: str) -> _Ready:
    """How these rules fire and fold, kept with them: to look for both takes as long as either."""
    ready: _Ready = engine_for(rules, engine).fire_number, Folding.of(rules).fold
    rules._kept[engine] = ready  # noqa: SLF001
    return ready
