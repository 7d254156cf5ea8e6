"""Values for facts: any at all, or those that make given comparisons true."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from attrs import define, field, frozen
from hypothesis import strategies as st

from crampsrules.conditions import (
    Atom,
    Comparison,
    Concluded,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    holds,
    thresholds,
)
from crampsrules.facts import FACTS, Fact
from crampsrules.medicines import Formulary
from crampsrules.memberships import Membership
from crampsrules.rulebase import RuleBase, kept_with_rules

UNHEARD_OF = ("some unheard-of tonic", "qqq wonder drops")
"""Medicines that no rule base knows."""

_MOST_MEMBERS = 3
_MOST_TAKEN = 12
_MOST_FEW = 5

Atoms = frozenset[Atom]
ANY: Atoms = frozenset()


@frozen(eq=False)
class Suitable:
    """The values that suit: a strategy for all of them, and a few that stand for the rest."""

    strategy: st.SearchStrategy[Any]
    few: Sequence[object]


@frozen
class _Word:
    """One member that may be stated: what it makes present, and what it leaves open."""

    text: str
    present: frozenset[str]
    open: frozenset[str]

    def leaves_out(self, absent: frozenset[str]) -> bool:
        return absent.isdisjoint(self.present) and absent.isdisjoint(self.open)


@define(eq=False, repr=False)
class Values:
    """Strategies for the values of facts, as the rules of one rule base look at them."""

    thresholds: Mapping[str, tuple[float, ...]]
    """The numbers that rules compare each fact with."""
    _formulary: Formulary
    _words: dict[str, tuple[_Word, ...]] = field(factory=dict)
    _suitable: dict[tuple[str, Atoms], Suitable | None] = field(factory=dict)

    @classmethod
    def of(cls, rules: RuleBase) -> Values:
        """The values for a rule base."""
        return _values_of(rules)

    def suiting(self, fact: str, wanted: Atoms = ANY) -> Suitable | None:
        """The values of a fact that make all of some atoms true, or None where there are none."""
        key = fact, wanted
        if key not in self._suitable:
            self._suitable[key] = self._find(FACTS[fact], wanted)
        return self._suitable[key]

    def any(self, fact: str) -> st.SearchStrategy[Any]:
        """Any value of a fact, thresholds and what lies next to them often."""
        suitable = self.suiting(fact)
        assert suitable is not None
        return suitable.strategy

    def telling(self, fact: str) -> list[float]:
        """The thresholds of a number and the values on both sides of each."""
        described = FACTS[fact]
        return _plain_first(
            near for mark in self.thresholds.get(fact, ()) for near in around(mark, described)
        )

    def _find(self, fact: Fact, wanted: Atoms) -> Suitable | None:
        match fact.kind:
            case "flag":
                return _choice((True, False), wanted)
            case "choice":
                return _choice(fact.members, wanted)
            case "members" | "medicines":
                return self._find_set(fact, wanted)
            case _:
                return self._find_number(fact, wanted)

    def _find_number(self, fact: Fact, wanted: Atoms) -> Suitable | None:
        marks = self.thresholds.get(fact.name, ())
        near = {one for mark in marks for one in around(mark, fact)}
        apart = _apart(marks, fact)
        likely, clear = (
            _plain_first(one for one in some if all(_suits(atom, one) for atom in wanted))
            for some in (near | apart, apart)
        )
        if not likely:
            return None
        # Where each has its turn, so have the values beyond the last threshold.
        some = [st.sampled_from(values) for values in (likely, clear) if values]
        return Suitable(st.one_of(*some, _numbers(fact, wanted, likely[0])), _spread(likely))

    def _find_set(self, fact: Fact, wanted: Atoms) -> Suitable | None:
        members = [atom for atom in wanted if isinstance(atom, Member)]
        present = sorted({atom.member for atom in members if atom.present})
        absent = frozenset(atom.member for atom in members if not atom.present)
        words = [word for word in self._words_of(fact) if word.leaves_out(absent)]
        stating = [[word.text for word in words if one in word.present] for one in present]
        if not all(stating):
            return None
        texts = _each_kind_often(words)
        stated = st.tuples(*(st.sampled_from(some) for some in stating)).map(frozenset)
        more = _sets(texts)
        if fact.kind == "medicines" and not wanted:
            more |= _spoken(texts) | _many(texts)
        both = st.builds(frozenset.union, stated, more) if stating else more
        return Suitable(both, [frozenset(some[0] for some in stating)])

    def _words_of(self, fact: Fact) -> tuple[_Word, ...]:
        if fact.name not in self._words:
            self._words[fact.name] = tuple(
                _word(text, self._formulary.said(fact, frozenset({text})), self._members(fact))
                for text in self._texts(fact)
            )
        return self._words[fact.name]

    def _members(self, fact: Fact) -> Iterable[str]:
        return self._formulary.classes if fact.kind == "medicines" else fact.members

    def _texts(self, fact: Fact) -> Iterable[str]:
        return medicine_names(self._formulary) if fact.kind == "medicines" else fact.members


@kept_with_rules
def _values_of(rules: RuleBase) -> Values:
    found = thresholds((*rules.conditions.values(), *rules.law_conditions.values()))
    return Values({fact: tuple(sorted(marks)) for fact, marks in found.items()}, rules.formulary)


def medicine_names(formulary: Formulary) -> tuple[str, ...]:
    """Every name, word and class that a rule base knows for medicines: names first."""
    classes = formulary.classes.values()
    names = {name for one in classes for name in one.names}
    general = {name for one in classes for name in (one.id, *one.words)} - names
    return (*sorted(names), *sorted(general))


def _word(text: str, stated: Membership, members: Iterable[str]) -> _Word:
    return _Word(text, stated.present, frozenset(members) - stated.present - stated.absent)


def _suits(atom: Atom, value: object) -> bool:
    """Whether a value makes an atom about its fact true; sets are not looked at."""
    match atom:
        case Flag() | OneOf() | Comparison():
            return holds(atom, value)
        case Known(_, wanted):
            return wanted
        case Member() | Concluded() | Suspected():
            raise AssertionError(f"{atom} is not about a single value")


def _choice(members: Iterable[object], wanted: Atoms) -> Suitable | None:
    suiting = [one for one in members if all(_suits(atom, one) for atom in wanted)]
    return Suitable(st.sampled_from(suiting), suiting) if suiting else None


# --- Numbers ------------------------------------------------------------------------------------


def steps(fact: Fact) -> tuple[float, ...]:
    """How far to go from a threshold to be on its other side; 0 stands for the next float."""
    return (1,) if fact.kind == "integer" else (1.0, 0.1, 0.01, 0.0)


def beside(mark: float, step: float, fact: Fact) -> tuple[float | None, float | None]:
    """The values one step below and above a threshold, None where the fact does not go there."""
    if step:
        low, high = round(mark - step, 6), round(mark + step, 6)
    else:
        low, high = math.nextafter(mark, -math.inf), math.nextafter(mark, math.inf)
    return _bounded(low, fact), _bounded(high, fact)


def around(mark: float, fact: Fact) -> list[float]:
    """A threshold and the values next to it on both sides, near and very near."""
    near = (one for step in steps(fact) for one in beside(mark, step, fact) if one is not None)
    return [_as_kept(mark, fact), *near]


def _bounded(value: float, fact: Fact) -> float | None:
    low, high = ends(fact)
    return _as_kept(value, fact) if low <= value <= high else None


def _as_kept(value: float, fact: Fact) -> float:
    # -0.0 is a number no one writes, and equal to one that is drawn.
    return int(value) if fact.kind == "integer" else float(value) + 0.0


def ends(fact: Fact) -> tuple[float, float]:
    """The least and the largest number that a fact takes."""
    assert fact.low is not None
    assert fact.high is not None
    return _as_kept(fact.low, fact), _as_kept(fact.high, fact)


def _apart(marks: Sequence[float], fact: Fact) -> set[float]:
    """Values well away from thresholds: between them, beyond the first and last, and the ends."""
    both_ends = ends(fact)
    between = (_middle(low, high, fact) for low, high in pairwise(sorted({*marks, *both_ends})))
    # What lies half-way to the end is more than most people have of anything.
    halves = (marks[0] / 2, marks[-1] * 1.5) if marks else ()
    beyond = (one for half in halves if (one := _bounded(round(half, 2), fact)) is not None)
    return {*both_ends, *between, *beyond}


def _middle(low: float, high: float, fact: Fact) -> float:
    return _as_kept(round((low + high) / 2, 2), fact)


def _plain_first(values: Iterable[float]) -> list[float]:
    """Short numbers first: an example that fails is shown with the first that will do."""
    return sorted(set(values), key=lambda value: (len(f"{value!r}"), value))


def _spread(values: Sequence[float]) -> list[float]:
    """The plainest value, and others over the whole range."""
    wide = sorted(values)
    stride = max(1, len(wide) // _MOST_FEW)
    return list(dict.fromkeys([values[0], *wide[::stride], wide[-1]]))


def _numbers(fact: Fact, wanted: Atoms, instead: float) -> st.SearchStrategy[float]:
    """Any number within the comparisons; `instead` of one that a != rules out."""
    low, high = ends(fact)
    for atom in wanted:
        if isinstance(atom, Comparison):
            low, high = _narrowed(low, high, atom, fact)
    anywhere: st.SearchStrategy[float] = (
        st.integers(int(low), int(high)) if fact.kind == "integer" else st.floats(low, high)
    )

    def kept(value: float) -> float:
        one = _as_kept(value, fact)
        return one if all(_suits(atom, one) for atom in wanted) else instead

    return anywhere.map(kept)


def _narrowed(low: float, high: float, atom: Comparison, fact: Fact) -> tuple[float, float]:
    below, above = beside(atom.value, 1 if fact.kind == "integer" else 0, fact)
    match atom.operator:
        case "<" if below is not None:
            return low, min(high, below)
        case "<=":
            return low, min(high, atom.value)
        case ">" if above is not None:
            return max(low, above), high
        case ">=":
            return max(low, atom.value), high
        case "==":
            return atom.value, atom.value
        case _:
            return low, high


# --- Sets ---------------------------------------------------------------------------------------


def _each_kind_often(words: Sequence[_Word]) -> list[str]:
    """All texts, and among them as many again that each mean something else.

    Of some classes there are hundreds of names, of others one, that is asked about as often.
    """
    texts = [word.text for word in words]
    kinds = list({word.present: word.text for word in reversed(words)}.values())
    return [*texts, *kinds * (len(texts) // len(kinds) if kinds else 0)]


def _sets(texts: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    if not texts:
        return st.just(frozenset())
    return _up_to_three(_one_of(texts))


def _one_of(texts: Sequence[str]) -> st.SearchStrategy[str]:
    # By number: Hypothesis shows strategies in its messages, and there are many medicines.
    return st.integers(0, len(texts) - 1).map(texts.__getitem__)


def _spoken(texts: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    """Medicines as people write them: in capitals, joined, or of a kind nobody knows."""
    unknown = st.sampled_from(UNHEARD_OF)
    if not texts:
        return _up_to_three(unknown)
    one = _one_of(texts)
    joined = st.tuples(one, one).map("/".join)
    return _up_to_three(one | one.map(str.upper) | joined | unknown)


def _many(texts: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    """As many medicines as older people take: an app may keep the first few only."""
    one = _one_of(texts) if texts else st.sampled_from(UNHEARD_OF)
    return st.lists(one, min_size=_MOST_MEMBERS + 1, max_size=_MOST_TAKEN).map(frozenset)


def _up_to_three(one: st.SearchStrategy[str]) -> st.SearchStrategy[frozenset[str]]:
    # Not st.frozensets, which draws again where a member comes twice.
    return st.lists(one, max_size=_MOST_MEMBERS).map(frozenset)
