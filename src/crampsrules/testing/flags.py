"""Red flags: single facts that by themselves mean being seen the same day or at once."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from hypothesis import strategies as st

from crampsrules.assess import assess
from crampsrules.facts import FACTS
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.arguments import InvalidStrategyError, checked_rules
from crampsrules.strategies.noise import Draw, picked
from crampsrules.strategies.solving import Way, solver_for


@st.composite
def red_flags(draw: Draw, *, rules: RuleBase | None = None) -> Mapping[str, object]:
    """One fact, with its value, that by itself means being seen the same day or at once."""
    base = checked_rules(rules)
    ways = _red_flags(base)
    if not ways:
        raise InvalidStrategyError("no single fact is a red flag for these rules")
    ((fact, wanted),) = picked(draw, ways).atoms.items()
    suitable = solver_for(base).values.suiting(fact, wanted)
    assert suitable is not None
    return {fact: draw(suitable.strategy)}


def yes_or_no_flags(rules: RuleBase) -> Iterator[Mapping[str, object]]:
    """Every answer to a yes-or-no fact that by itself means being seen the same day or at once."""
    for name, fact in FACTS.items():
        for answer in (True, False) if fact.kind == "flag" else ():
            alone = {name: answer}
            if assess(alone, rules=rules, engine="compiled").triage.is_urgent:
                yield alone


def has_red_flags(rules: RuleBase) -> bool:
    """Whether there is one for `red_flags` to draw."""
    return bool(_red_flags(rules))


@kept_with_rules
def _red_flags(rules: RuleBase) -> Sequence[Way]:
    """Not those that something may excuse."""
    solver = solver_for(rules)
    return [
        way
        for one in rules.escalations
        if one.triage.is_urgent and one.unless is None
        for way in solver.ways(one.id)
        if len(way) == 1
    ]
