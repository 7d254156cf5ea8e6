"""What drawn patients have besides what was asked for: facts like those that people come with.

Hypothesis shows strategies in its own messages, so none of these has many values written in it:
they are picked by number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, TypeVar

from hypothesis import strategies as st

from crampsrules.conditions import ALWAYS, fact_atoms
from crampsrules.facts import FACTS
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.solving import Way, solver_for
from crampsrules.strategies.values import Values

KnownFacts = Mapping[str, object]
Draw = Callable[[st.SearchStrategy[Any]], Any]
Item = TypeVar("Item")

_MOST_FEW = 8
_MOST_LISTS = 8
_ONE_IN = 8
"""A fact of a story is left out once in so many patients."""


@kept_with_rules
def noise(rules: RuleBase) -> st.SearchStrategy[dict[str, object]]:
    """Known facts: a few; a worked example; what some rules ask for; many; most of all."""
    few = few_facts(rules)
    told = [_retold(rules, _rule_story)]
    if rules.examples:
        told.append(_retold(rules, _worked_example))
    # Lists of lists, not one coin for each fact: dropping a list drops many facts at once, so
    # that a patient of whom nearly all is known is soon reduced to what matters.
    many = st.lists(few, max_size=_MOST_LISTS).map(_merged)
    most = st.lists(many, max_size=_MOST_LISTS).map(_merged)
    return st.one_of(*([few, *told] * 3), many, most)


@kept_with_rules
def few_facts(rules: RuleBase) -> st.SearchStrategy[dict[str, object]]:
    """Up to eight facts, whichever."""
    return st.lists(_facts(rules), max_size=_MOST_FEW).map(dict)


@st.composite
def _facts(draw: Draw, rules: RuleBase) -> tuple[str, object]:
    """One fact with its value."""
    name = draw(names_of(rules))
    return name, draw(Values.of(rules).any(name))


_SETS = tuple(name for name, fact in FACTS.items() if fact.is_set)
# Three of four facts are flags; numbers and sets have more to be got wrong.
OFTEN = (*FACTS, *(name for name, fact in FACTS.items() if fact.kind != "flag"), *_SETS * 3)


@kept_with_rules
def names_of(rules: RuleBase) -> st.SearchStrategy[str]:
    """The names of facts, two of three times of one that the rules or their laws ask about.

    Numbers and sets come more often than flags.
    """
    every = (*rules.conditions.values(), *rules.law_conditions.values())
    asked = {atom.fact for one in every for atom in fact_atoms(one)}
    often = [name for name in OFTEN if name in asked]
    names = (*often * (2 * len(OFTEN) // max(1, len(often))), *OFTEN)
    return st.sampled_from(range(len(names))).map(names.__getitem__)


def _merged(some: Iterable[KnownFacts]) -> dict[str, object]:
    return {name: value for known in some for name, value in known.items()}


@st.composite
def _retold(
    draw: Draw, rules: RuleBase, tell: Callable[[Draw, RuleBase], KnownFacts]
) -> KnownFacts:
    """A story with some facts left out, and some others."""
    story = tell(draw, rules)
    kept = {name: story[name] for name in story if draw(_STAYS)}
    return {**kept, **draw(few_facts(rules))}


_STAYS = st.integers(0, _ONE_IN - 1)


def _worked_example(draw: Draw, rules: RuleBase) -> KnownFacts:
    """The facts of one of the people whom the rules were written for."""
    return picked(draw, rules.examples).facts


def _rule_story(draw: Draw, rules: RuleBase) -> KnownFacts:
    """Facts that go together because up to three rules or laws ask for them."""
    solver = solver_for(rules)
    asked = _asked(rules)
    story: dict[str, object] = {}
    for at in draw(st.lists(st.integers(0, len(asked) - 1), max_size=3)) if asked else ():
        story |= drawn_way(draw, picked(draw, asked[at]), solver.values)
    return story


@kept_with_rules
def _asked(rules: RuleBase) -> Sequence[Sequence[Way]]:
    """The ways to meet each condition that facts can meet, first those that need the fewest."""
    solver = solver_for(rules)
    of_rules = [solver.ways(id_) for id_, one in rules.conditions.items() if one != ALWAYS]
    of_laws = [solver.ways_of(one) for one in rules.law_conditions.values() if one != ALWAYS]
    return sorted((ways for ways in (*of_rules, *of_laws) if ways), key=lambda ways: len(ways[0]))


def picked(draw: Draw, some: Sequence[Item]) -> Item:
    """One of some, by its number."""
    return some[draw(st.integers(0, len(some) - 1))]


def drawn_way(draw: Draw, way: Way, values: Values) -> dict[str, object]:
    """Values for the facts of a way."""
    drawn: dict[str, object] = {}
    for fact, wanted in way.atoms.items():
        suitable = values.suiting(fact, wanted)
        assert suitable is not None
        drawn[fact] = draw(suitable.strategy)
        if not FACTS[fact].is_number:
            # Hypothesis prefers examples of few choices. A flag that must be true is none at all,
            # so without these three flags would be preferred to one number.
            draw(_NO_CHOICE)
            draw(_NO_CHOICE)
    return drawn


_NO_CHOICE = st.integers(0, 0)


def most_kept(
    base: dict[str, object], more: dict[str, object], holds: Callable[[KnownFacts], bool]
) -> dict[str, object]:
    """As many of some more facts as can be added one after another while something holds.

    The base holds. Halves are tried before single facts, so that few trials are needed.
    """
    if not more or holds({**base, **more}):
        return more
    names = list(more)
    if len(names) == 1:
        return {}
    middle = len(names) // 2
    first = most_kept(base, {name: more[name] for name in names[:middle]}, holds)
    rest = {name: more[name] for name in names[middle:]}
    return {**first, **most_kept({**base, **first}, rest, holds)}
