"""Pairs of patients on the two sides of a threshold, who differ in that one number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import define, field, frozen

from crampsrules.conditions import Comparison
from crampsrules.engines import Engine, engine_for
from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.strategies.arguments import InvalidStrategyError
from crampsrules.strategies.noise import Draw, KnownFacts, drawn_way, most_kept, noise, picked
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import Solver, Way, solver_for
from crampsrules.strategies.values import beside, ends, steps

_MOST_EXAMPLES = 12
_A_HUNDREDTH = 0.009  # of numbers that are not quite what they are written as


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
        edge = picked(draw, self.by_threshold[picked(draw, places)])
        plainest = self._plainest(edge)
        # Where the rule has a second threshold of the number, not each step beyond one fires it.
        sharp = [one for one in self._sides(edge) if self._decides(edge, one, plainest)]
        sides = picked(draw, sharp)
        more = drawn_way(draw, edge.way, self.solver.values)
        base = self._without_number(edge, more)
        if not self._decides(edge, sides, base):
            base = plainest
        base |= self._beside(edge, sides, base, draw(noise(self.rules)))
        low, high = sorted(sides)
        return _with(base, edge, low), _with(base, edge, high)

    def widest(self) -> Iterator[tuple[PatientFacts, PatientFacts]]:
        """Of each threshold and each side of it the plainest pair, as far beyond it as can be.

        What loses large or small numbers loses the end of the scale, wherever it begins.
        """
        return map(self._widest_of, self._first_of_each_side())

    def narrowest(self) -> Iterator[tuple[PatientFacts, PatientFacts]]:
        """Of each threshold and each side of it the plainest pair, a hundredth apart or one.

        What rounds a number loses the side that it is on, wherever the threshold lies.
        """
        return map(self._narrowest_of, self._first_of_each_side())

    def _first_of_each_side(self) -> Iterator[_Edge]:
        for edges in self.by_threshold.values():
            by_side = {self._is_above(edge): edge for edge in reversed(edges)}
            yield from by_side.values()

    def _is_above(self, edge: _Edge) -> bool:
        meets, misses = self._sides(edge)[0]
        return meets > misses

    def _widest_of(self, edge: _Edge) -> tuple[PatientFacts, PatientFacts]:
        base = self._plainest(edge)
        meets, misses = self._sides(edge)[0]
        low, high = ends(FACTS[edge.wanted.fact])
        far = high if meets > misses else low
        if not self._decides(edge, (far, misses), base):
            far = meets
        below, above = sorted((far, misses))
        return _with(base, edge, below), _with(base, edge, above)

    def _narrowest_of(self, edge: _Edge) -> tuple[PatientFacts, PatientFacts]:
        base = self._plainest(edge)
        sharp = [one for one in self._sides(edge) if self._decides(edge, one, base)]
        # Not two floats with none between: to write a number with a few decimals is no mistake.
        told_apart = [one for one in sharp if abs(one[0] - one[1]) >= _A_HUNDREDTH]
        below, above = sorted((told_apart or sharp)[-1])
        return _with(base, edge, below), _with(base, edge, above)

    def _beside(
        self, edge: _Edge, sides: tuple[float, float], base: dict[str, object], drawn: KnownFacts
    ) -> dict[str, object]:
        left_out = {*edge.way.absent, *base, edge.wanted.fact}
        more = {name: value for name, value in drawn.items() if name not in left_out}
        settled = {**base, edge.wanted.fact: sides[0]}
        whole = made_coherent({**settled, **more}, settled.keys(), plausible=True)
        spare = {name: value for name, value in whole.items() if name not in settled}
        return most_kept(base, spare, lambda known: self._decides(edge, sides, known))

    def _edges(self) -> Iterable[_Edge]:
        # Where the triage turns comes first: of some thresholds there are very many ways.
        escalations = {one.id for one in self.rules.escalations}
        ids = sorted(self.rules.conditions, key=lambda id_: id_ not in escalations)
        for id_ in ids:
            for way in self.solver.ways(id_):
                for wanted in way.atoms.values():
                    for atom in sorted(wanted, key=repr):
                        if isinstance(atom, Comparison) and atom.operator not in ("==", "!="):
                            yield _Edge(id_, way, atom)

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
    def _without_number(edge: _Edge, known: KnownFacts) -> dict[str, object]:
        return {name: value for name, value in known.items() if name != edge.wanted.fact}

    def _decides(self, edge: _Edge, sides: tuple[float, float], known: KnownFacts) -> bool:
        """Whether it fires on the side that meets the comparison, and not on the other."""
        try:
            meets, misses = (_with(known, edge, value) for value in sides)
            return edge.id in self.engine.fire(meets) and edge.id not in self.engine.fire(misses)
        except FactsError:
            return False


def _with(known: KnownFacts, edge: _Edge, value: float) -> PatientFacts:
    return PatientFacts.from_mapping({**known, edge.wanted.fact: value})


@kept_with_rules
def edges_for(rules: RuleBase) -> Edges:
    """The thresholds of a rule base."""
    return Edges(rules)
