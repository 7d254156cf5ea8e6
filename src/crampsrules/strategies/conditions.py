"""Conditions as text: everything that the language takes."""

from __future__ import annotations

import itertools
import json
import re
from collections.abc import Sequence
from functools import cache

from attrs import frozen
from hypothesis import strategies as st

from crampsrules.facts import FACTS, Fact
from crampsrules.parsing import MAX_LENGTH, Vocabulary
from crampsrules.rulebase import RuleBase
from crampsrules.strategies.values import Values

FLAGS = tuple(fact for fact in FACTS.values() if fact.kind == "flag")
NUMBERS = tuple(fact for fact in FACTS.values() if fact.is_number)
CHOICES = tuple(fact for fact in FACTS.values() if fact.kind == "choice")
SETS = tuple(fact for fact in FACTS.values() if fact.kind == "members")


@frozen
class Phrase:
    """A piece of condition, and how tightly it binds: 0 an atom, 1 `not`, 2 `and`, 3 `or`."""

    text: str
    binds: int = 0

    def within(self, limit: int) -> str:
        """The text as part of a phrase that binds at `limit`."""
        return self.text if self.binds <= limit else f"({self.text})"


def thresholds(fact: Fact) -> tuple[float, ...]:
    """The few values that drawn conditions compare a number with."""
    assert fact.low is not None
    assert fact.high is not None
    inner = (3.0, 5.0, fact.low + (fact.high - fact.low) / 4)
    values = {round(value, 2) for value in inner if fact.low <= value <= fact.high}
    return tuple(sorted({*values, *Values.of(RuleBase.load()).thresholds.get(fact.name, ())}))


_ORDERS = ("<", "<=", ">", ">=", "==", "!=")

# Every plain comparison is listed, so that drawing one is a single choice: this is where
# drawing a rule base spends its time.


@cache
def number_phrases() -> st.SearchStrategy[Phrase]:
    """A number compared with a literal: plain, mirrored, or chained."""
    plain, mirrored, chained = [], [], []
    for fact in NUMBERS:
        literals = [f"{value:.12g}" for value in thresholds(fact)]
        for order in _ORDERS:
            plain += [Phrase(f"{fact.name} {order} {literal}") for literal in literals]
            mirrored += [Phrase(f"{literal} {order} {fact.name}") for literal in literals]
        pairs = itertools.combinations_with_replacement(literals, 2)
        orders = (("<=", "<"), ("<", "<="), (">", "!="), ("<", ">="))
        chained += [
            Phrase(f"{low} {first} {fact.name} {second} {high}")
            for (low, high), (first, second) in zip(pairs, itertools.cycle(orders), strict=False)
        ]
    return _any_from(plain, plain, mirrored, chained)


@cache
def choice_phrases() -> st.SearchStrategy[Phrase]:
    """A choice compared with one of its members, or looked for among several."""
    single, several = [], []
    for fact in CHOICES:
        quoted = [json.dumps(member) for member in fact.members]
        for member in quoted:
            single.append(Phrase(f"{fact.name} == {member}"))
            single.append(Phrase(f"{fact.name} != {member}"))
            single.append(Phrase(f"{member} == {fact.name}"))
        brackets = itertools.cycle(("({})", "[{}]", "{{{}}}"))
        for pair in itertools.permutations(quoted, 2):
            group = next(brackets).format(", ".join(pair))
            several.append(Phrase(f"{fact.name} in {group}"))
            several.append(Phrase(f"{fact.name} not in {group}"))
    return _any_from(single, several)


@cache
def member_phrases(classes: tuple[str, ...] = ()) -> st.SearchStrategy[Phrase]:
    """A member looked for in a set, or a class among the medicines."""
    pools = [(fact.name, fact.members) for fact in SETS]
    # As often as all other sets together: rules ask about medicines that often.
    pools += [("medications", classes)] * len(pools) if classes else []
    return _any_from(
        *(
            [
                Phrase(f"{json.dumps(member)} {operator} {fact}")
                for member in members
                for operator in ("in", "not in")
            ]
            for fact, members in pools
        )
    )


def _any_from(*pools: Sequence[Phrase]) -> st.SearchStrategy[Phrase]:
    return st.one_of(*map(st.sampled_from, pools))


@cache
def fact_phrases(
    classes: tuple[str, ...] = (), *, may_ask_known: bool = False
) -> st.SearchStrategy[Phrase]:
    """An atom that may be negated: anything about facts."""
    flags = st.sampled_from([Phrase(fact.name) for fact in FLAGS])
    kinds = [flags, number_phrases(), choice_phrases(), member_phrases(classes)]
    known = st.sampled_from([Phrase(f"known({name})") for name in FACTS])
    return st.one_of(*kinds, *([known] if may_ask_known else []))


def _joined(phrases: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    parts = st.lists(phrases, min_size=2, max_size=3)
    bracketed = phrases.map(lambda phrase: Phrase(f"({phrase.text})"))
    return st.one_of(
        parts.map(lambda some: Phrase(" and ".join(part.within(2) for part in some), 2)),
        parts.map(lambda some: Phrase(" or ".join(part.within(2) for part in some), 3)),
        bracketed,
    )


def _negated(phrases: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    return phrases.map(lambda phrase: Phrase(f"not {phrase.within(1)}", 1))


_FACTS_ONLY = Vocabulary()


def condition_texts(
    vocabulary: Vocabulary = _FACTS_ONLY, *, may_ask_known: bool = False, most_atoms: int = 6
) -> st.SearchStrategy[str]:
    """Any condition that the language takes, with these names in it.

    Findings and causes are never under a `not`, as the language demands.
    """
    classes = tuple(sorted(vocabulary.medicine_classes))
    drawn = _patterns(classes, may_ask_known=may_ask_known, most_atoms=most_atoms)
    return drawn.map(lambda pattern: _with_steps(pattern, vocabulary)).filter(
        lambda text: len(text) <= MAX_LENGTH
    )


# Where a finding or a suspicion may stand: building a strategy for each set of names would
# take most of the time of drawing a rule base.
_STEP = re.compile(r"step_(\d+)_")


@cache
def _patterns(
    classes: tuple[str, ...], *, may_ask_known: bool, most_atoms: int
) -> st.SearchStrategy[str]:
    about_facts = st.recursive(
        fact_phrases(classes, may_ask_known=may_ask_known),
        lambda inner: _joined(inner) | _negated(inner),
        max_leaves=most_atoms,
    )
    # Chaining is what matters: half of what is drawn builds on another rule. The numbers go far
    # beyond the names of a large rule base, so that each name has its turn.
    steps = st.integers(0, 999).map(lambda at: Phrase(f"step_{at}_"))
    return st.recursive(steps | about_facts, _joined, max_leaves=3).map(lambda one: one.text)


def _with_steps(pattern: str, vocabulary: Vocabulary) -> str:
    """The pattern with names in the places of its steps; a plain fact where there are none."""
    suspicions = (f"suspected({cause})" for cause in sorted(vocabulary.causes))
    steps = [*sorted(vocabulary.findings), *suspicions]
    flags = [fact.name for fact in FLAGS]
    return _STEP.sub(lambda step: (pool := steps or flags)[int(step[1]) % len(pool)], pattern)
