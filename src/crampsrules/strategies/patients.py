"""Patients by construction: a core that has what was asked for, and whatever else leaves it so."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import Any, TypeVar

from attrs import define, field, frozen
from hypothesis import strategies as st

from crampsrules.conditions import ALWAYS, Comparison, fact_atoms
from crampsrules.engines import Engine, engine_for
from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import Folding
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.arguments import InvalidStrategyError
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import NOTHING, Solver, Way, solver_for, thinned
from crampsrules.strategies.values import Values, beside, steps
from crampsrules.triage import Triage

Known = Mapping[str, object]
Draw = Callable[[st.SearchStrategy[Any]], Any]
Item = TypeVar("Item")

_MOST_CANDIDATES = 2000
# Where none of those will do there may be none at all, which takes seconds to find out.
_MOST_CANDIDATES_AT_LAST = 20_000
_MOST_CORES = 400
_MOST_EXAMPLES = 12
_MOST_FEW = 8
_MOST_LISTS = 8
_ONE_IN = 8
"""A fact of a story is left out once in so many patients."""


# --- What patients have besides what was asked for ----------------------------------------------
# Hypothesis shows strategies in its own messages, so none of these has many values written in it:
# they are picked by number.


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


def _merged(some: Iterable[Known]) -> dict[str, object]:
    return {name: value for known in some for name, value in known.items()}


@st.composite
def _retold(draw: Draw, rules: RuleBase, tell: Callable[[Draw, RuleBase], Known]) -> Known:
    """A story with some facts left out, and some others."""
    story = tell(draw, rules)
    kept = {name: story[name] for name in story if draw(_STAYS)}
    return {**kept, **draw(few_facts(rules))}


_STAYS = st.integers(0, _ONE_IN - 1)


def _worked_example(draw: Draw, rules: RuleBase) -> Known:
    """The facts of one of the people whom the rules were written for."""
    return rules.examples[draw(st.integers(0, len(rules.examples) - 1))].facts


def _rule_story(draw: Draw, rules: RuleBase) -> Known:
    """Facts that go together because up to three rules or laws ask for them."""
    solver = solver_for(rules)
    asked = _asked(rules)
    story: dict[str, object] = {}
    for at in draw(st.lists(st.integers(0, len(asked) - 1), max_size=3)) if asked else ():
        story |= _drawn_way(draw, _picked(draw, asked[at]), solver.values)
    return story


@kept_with_rules
def _asked(rules: RuleBase) -> Sequence[Sequence[Way]]:
    """The ways to meet each condition that facts can meet, first those that need the fewest."""
    solver = solver_for(rules)
    of_rules = [solver.ways(id_) for id_, one in rules.conditions.items() if one != ALWAYS]
    of_laws = [solver.ways_of(one) for one in rules.law_conditions.values() if one != ALWAYS]
    return sorted((ways for ways in (*of_rules, *of_laws) if ways), key=lambda ways: len(ways[0]))


def _picked(draw: Draw, some: Sequence[Item]) -> Item:
    return some[draw(st.integers(0, len(some) - 1))]


def _drawn_way(draw: Draw, way: Way, values: Values) -> dict[str, object]:
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
    base: dict[str, object], more: dict[str, object], holds: Callable[[Known], bool]
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


# --- Patients with what was asked for -----------------------------------------------------------


@frozen
class Wish:
    """What was asked of patients; None and nothing known is any patient."""

    known: PatientFacts = field(factory=PatientFacts)
    absent: frozenset[str] = frozenset()
    triage: Triage | None = None
    suspected: str | None = None
    at_threshold: str | None = None
    plausible: bool = True

    @property
    def is_judged(self) -> bool:
        """Whether only the rules can tell that it is fulfilled."""
        return self.triage is not None or self.suspected is not None


@frozen
class _Core:
    """A way to fulfil a wish, and one patient who does."""

    way: Way
    fixed: Known
    patient: Known


@define(eq=False)
class Plan:
    """How to draw the patients of one wish."""

    rules: RuleBase
    wish: Wish
    solver: Solver = field(init=False)
    engine: Engine = field(init=False)
    folding: Folding = field(init=False)
    cores: Sequence[_Core] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.solver = solver_for(self.rules)
        self.engine = engine_for(self.rules, "compiled")
        self.folding = Folding.of(self.rules)
        self.cores = self._found_cores()
        if not self.cores:
            raise InvalidStrategyError(f"no patient was found for {self._wished()}")

    def patient(self, draw: Draw) -> PatientFacts:
        """One patient who fulfils the wish."""
        core = _picked(draw, self.cores)
        base = {**_drawn_way(draw, core.way, self.solver.values), **core.fixed}
        if core.way.atoms and not self.fulfilled(base):
            base = dict(core.patient)
        more = self._beside(base, core, draw(noise(self.rules)))
        if self.wish.is_judged:
            more = most_kept(base, more, self.fulfilled)
        return PatientFacts.from_mapping({**base, **more})

    def _beside(self, base: Known, core: _Core, drawn: Known) -> dict[str, object]:
        left_out = self.wish.absent | core.way.absent | base.keys()
        more = {name: value for name, value in drawn.items() if name not in left_out}
        whole = made_coherent({**base, **more}, base.keys(), plausible=self.wish.plausible)
        return {name: value for name, value in whole.items() if name not in base}

    def fulfilled(self, known: Known) -> bool:
        """Whether the rules find what was asked for."""
        try:
            fired = self.engine.fire_number(PatientFacts.from_mapping(known))
        except FactsError:
            return False
        return self._has_triage(fired) and self._has_suspected(fired)

    def _has_triage(self, fired: int) -> bool:
        wanted = self.wish.triage
        if wanted is None:
            return True
        return self.folding.raised(fired & self.folding.escalating).triage is wanted

    def _has_suspected(self, fired: int) -> bool:
        wanted = self.wish.suspected
        return wanted is None or any(one.id == wanted for one in self.folding.ranked(fired))

    def _found_cores(self) -> list[_Core]:
        """Ways of every kind, each tried on one patient."""
        ways = self._ways()
        candidates = [(way, fixed) for fixed in self._fixed() for way in ways]
        cores = self._tried(thinned(candidates, _MOST_CANDIDATES))
        if not cores:
            cores = self._tried(thinned(candidates, _MOST_CANDIDATES_AT_LAST))
        return sorted(cores, key=lambda core: len(core.patient))

    def _tried(self, candidates: Iterable[tuple[Way, Known]]) -> list[_Core]:
        cores: list[_Core] = []
        for way, fixed in candidates:
            core = self._core(way, fixed)
            if core is not None:
                cores.append(core)
            if len(cores) == _MOST_CORES:
                break
        return cores

    def _core(self, way: Way, fixed: Known) -> _Core | None:
        left = Way({name: way.atoms[name] for name in way.atoms if name not in fixed}, way.absent)
        if not (self.wish.absent | way.absent).isdisjoint({*left.atoms, *fixed}):
            return None
        for values in self.solver.examples(left, _MOST_EXAMPLES):
            known = {**values, **fixed}
            if self._is_sound(known, fixed) and self.fulfilled(known):
                return _Core(left, fixed, known)
        return None

    def _is_sound(self, known: Known, fixed: Known) -> bool:
        kept = made_coherent(known, fixed.keys(), plausible=self.wish.plausible)
        return len(kept) == len(known)

    def _fixed(self) -> list[Known]:
        known = self.wish.known.known()
        name = self.wish.at_threshold
        if name is None:
            return [known]
        telling = self.solver.values.telling(name)
        if name in known:
            telling = [one for one in telling if one == known[name]]
        return [{**known, name: value} for value in telling]

    def _ways(self) -> list[Way]:
        ways = self._ways_to_triage()
        if self.wish.suspected is None:
            return ways
        suspecting = self.solver.ways_to_any(self.rules.suspecting[self.wish.suspected])
        if self.rules.causes[self.wish.suspected].fallback:
            suspecting.insert(0, NOTHING)
        merged = (self.solver.merged(way, other) for other in suspecting for way in ways)
        return sorted((way for way in merged if way is not None), key=len)

    def _ways_to_triage(self) -> list[Way]:
        level = self.wish.triage
        if level is None:
            return [NOTHING]
        ways = [self.solver.ways(one.id) for one in self.rules.escalations if one.triage is level]
        # What is already known may be enough; and every escalation gets its turn.
        turns = [way for turn in zip_longest(*ways) for way in turn if way is not None]
        return [NOTHING, *sorted(turns, key=len)]

    def _wished(self) -> str:
        parts = {
            "known": self.wish.known.known() or None,
            "unknown": sorted(self.wish.absent) or None,
            "triage": None if self.wish.triage is None else self.wish.triage.id,
            "suspected": self.wish.suspected,
            "at_threshold": self.wish.at_threshold,
        }
        return ", ".join(f"{name}={value!r}" for name, value in parts.items() if value is not None)


@lru_cache(maxsize=64)
def plan_for(rules: RuleBase, wish: Wish) -> Plan:
    """The plan for a wish; those of the last few are kept."""
    return Plan(rules, wish)


# --- Pairs on the two sides of a threshold ------------------------------------------------------


@frozen
class _Edge:
    """A way to fire something that stops at a threshold: `wanted` is the last comparison met."""

    id: str
    way: Way
    wanted: Comparison


@define(eq=False)
class Edges:
    """How to draw pairs of patients on the two sides of the thresholds of a rule base."""

    rules: RuleBase
    solver: Solver = field(init=False)
    engine: Engine = field(init=False)
    by_threshold: Mapping[tuple[str, float], Sequence[_Edge]] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.solver = solver_for(self.rules)
        self.engine = engine_for(self.rules, "compiled")
        found: dict[tuple[str, float], list[_Edge]] = {}
        for edge in self._edges():
            place = edge.wanted.fact, edge.wanted.value
            if len(found.setdefault(place, [])) < _MOST_EXAMPLES and self._is_sharp(edge):
                found[place].append(edge)
        self.by_threshold = {place: edges for place, edges in sorted(found.items()) if edges}

    def pair(self, draw: Draw, fact: str | None) -> tuple[PatientFacts, PatientFacts]:
        """Two patients who differ in one number: the one below a threshold, the one above."""
        places = [place for place in self.by_threshold if fact in (None, place[0])]
        if not places:
            about = f" about {fact}" if fact else ""
            raise InvalidStrategyError(f"no rule has a threshold{about} that decides anything")
        edge = _picked(draw, self.by_threshold[_picked(draw, places)])
        sides = _picked(draw, self._sides(edge))
        more = _drawn_way(draw, edge.way, self.solver.values)
        base = self._without_number(edge, more)
        if not self._decides(edge, sides, base):
            base = self._plainest(edge)
        base |= self._beside(edge, sides, base, draw(noise(self.rules)))
        low, high = sorted(sides)
        return _with(base, edge, low), _with(base, edge, high)

    def _beside(
        self, edge: _Edge, sides: tuple[float, float], base: dict[str, object], drawn: Known
    ) -> dict[str, object]:
        left_out = {*edge.way.absent, *base, edge.wanted.fact}
        more = {name: value for name, value in drawn.items() if name not in left_out}
        settled = {**base, edge.wanted.fact: sides[0]}
        whole = made_coherent({**settled, **more}, settled.keys(), plausible=True)
        spare = {name: value for name, value in whole.items() if name not in settled}
        return most_kept(base, spare, lambda known: self._decides(edge, sides, known))

    def _edges(self) -> Iterable[_Edge]:
        # Where the triage turns comes first: of some thresholds there are very many ways.
        ids = sorted(self.rules.conditions, key=lambda id_: id_ not in self._escalations)
        for id_ in ids:
            for way in self.solver.ways(id_):
                for wanted in way.atoms.values():
                    for atom in sorted(wanted, key=repr):
                        if isinstance(atom, Comparison) and self._turns(atom):
                            yield _Edge(id_, way, atom)

    @property
    def _escalations(self) -> frozenset[str]:
        return frozenset(one.id for one in self.rules.escalations)

    @staticmethod
    def _turns(atom: Comparison) -> bool:
        return atom.operator not in ("==", "!=")

    def _is_sharp(self, edge: _Edge) -> bool:
        sides = self._sides(edge)
        return bool(sides) and self._decides(edge, sides[0], self._plainest(edge))

    def _sides(self, edge: _Edge) -> list[tuple[float, float]]:
        """Values that meet the comparison, each with one beside it that does not."""
        fact, mark = FACTS[edge.wanted.fact], edge.wanted.value
        at: float = int(mark) if fact.kind == "integer" else mark
        sides: list[tuple[float, float]] = []
        for step in steps(fact):
            below, above = beside(mark, step, fact)
            # On the threshold and on one side of it; which of the two meets the comparison?
            other = below if edge.wanted.operator in ("<", ">=") else above
            if other is not None:
                meets_at = edge.wanted.operator in (">=", "<=")
                sides.append((at, other) if meets_at else (other, at))
        return sides

    def _plainest(self, edge: _Edge) -> dict[str, object]:
        return self._without_number(edge, next(iter(self.solver.examples(edge.way, 1)), {}))

    @staticmethod
    def _without_number(edge: _Edge, known: Known) -> dict[str, object]:
        return {name: value for name, value in known.items() if name != edge.wanted.fact}

    def _decides(self, edge: _Edge, sides: tuple[float, float], known: Known) -> bool:
        """Whether it fires on the side that meets the comparison, and not on the other."""
        try:
            meets, misses = (_with(known, edge, value) for value in sides)
            return edge.id in self.engine.fire(meets) and edge.id not in self.engine.fire(misses)
        except FactsError:
            return False


def _with(known: Known, edge: _Edge, value: float) -> PatientFacts:
    return PatientFacts.from_mapping({**known, edge.wanted.fact: value})


@kept_with_rules
def edges_for(rules: RuleBase) -> Edges:
    """The thresholds of a rule base."""
    return Edges(rules)
