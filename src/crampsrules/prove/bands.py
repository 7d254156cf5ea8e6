"""No two thresholds leave a gap or an overlap."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from functools import partial

from attrs import frozen

from crampsrules.conditions import Comparison, atoms
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.fold import rank_causes, triage_of
from crampsrules.prove.claims import Conjecture, Counterexample
from crampsrules.prove.logic import Logic
from crampsrules.prove.translation import Cut, Expression


@frozen
class Bands:
    """What must hold along each number."""

    logic: Logic

    def conjectures(self) -> Iterator[Conjecture]:
        """Of urgency, of the weight of each cause, and of where two rules meet."""
        for fact in FACTS.values():
            if not fact.is_number:
                continue
            yield from self._bands_of_urgency(fact)
            for cause in self.logic.rules.evidence:
                yield from self._bands_of_weight(fact, cause)
            yield from self._shared_ends(fact)

    def _looking_at(self, fact: Fact, ids: Iterable[str]) -> list[str]:
        """The rules that look at a number; of those that need more, none fires on it alone."""
        return [id_ for id_ in ids if fact.name in self.logic.support(id_)]

    def _values(self, fact: Fact) -> list[float]:
        """A value in each band of a number that has one."""
        values = self.logic.translation.scales[fact.name].values
        return [value for value in values if value is not None]

    def _along(self, fact: Fact) -> list[PatientFacts]:
        """A patient in each band of a number, of whom nothing else is known."""
        return [PatientFacts.from_mapping({fact.name: value}) for value in self._values(fact)]

    def _bands_of_urgency(self, fact: Fact) -> Iterator[Conjecture]:
        """Along a number urgency turns once at most: it falls and then rises, as a rule."""
        looking = self._looking_at(fact, [one.id for one in self.logic.rules.escalations])
        if not looking:
            return
        reads = self.logic.reading(*looking)
        says = "urgency leaves no gap between its bands"
        gap = partial(self._interrupted, fact, self._triage)
        yield Conjecture("bands", fact.name, says, reads, gap)
        says = "no two bands of urgency overlap"
        alone = frozenset(id_ for id_ in looking if self.logic.support(id_) == {fact.name})
        overlap = partial(self._together, fact, alone, lambda fired: len(fired) > 1)
        yield Conjecture("bands", fact.name, says, reads, overlap)

    def _triage(self, patient: PatientFacts) -> int:
        return triage_of(self.logic.rules, self.logic.fire(patient))

    def _interrupted(
        self, fact: Fact, level: Callable[[PatientFacts], int]
    ) -> Counterexample | None:
        along = self._along(fact)
        at = _gap([level(patient) for patient in along], self._values(fact))
        if at is None:
            return None
        return Counterexample(along[at], "it is rated below what lies on either side of it")

    def _together(
        self, fact: Fact, ids: frozenset[str], may_not: Callable[[list[str]], bool]
    ) -> Counterexample | None:
        """The first patient along a number for whom rules fire that may not fire together."""
        for patient in self._along(fact):
            fired = sorted(ids & self.logic.fire(patient))
            if may_not(fired):
                return Counterexample(patient, f"{' and '.join(fired)} all fire")
        return None

    def _bands_of_weight(self, fact: Fact, cause: str) -> Iterator[Conjecture]:
        looking = self._looking_at(fact, [one.id for one in self.logic.rules.evidence[cause]])
        if not looking:
            return
        reads, name = self.logic.reading(*looking), f"{fact.name} for {cause}"
        says = "the weight leaves no gap between its bands"
        gap = partial(self._interrupted, fact, partial(self._weight, cause))
        yield Conjecture("bands", name, says, reads, gap)
        says = "no value speaks both for and against"
        both = partial(self._together, fact, frozenset(looking), self._speak_both_ways)
        yield Conjecture("bands", name, says, reads, both)

    def _weight(self, cause: str, patient: PatientFacts) -> int:
        weights = {
            one.id: one.weight for one in rank_causes(self.logic.rules, self.logic.fire(patient))
        }
        return weights.get(cause, self.logic.rules.causes[cause].prior)

    def _speak_both_ways(self, fired: Iterable[str]) -> bool:
        weights = [self.logic.rules.decibans[id_] for id_ in fired]
        return min(weights, default=0) < 0 < max(weights, default=0)

    def _shared_ends(self, fact: Fact) -> Iterator[Conjecture]:
        """Where two rules of one purpose part a number at one value, it is on the same side."""
        for purpose, ids in self._purposes():
            for id_, other in itertools.permutations(self._looking_at(fact, ids), 2):
                for at in self._parted_both_ways(fact, id_, other):
                    name = f"{fact.name} for {purpose}"
                    says = f"{id_} and {other} leave no gap and no overlap at {at:g}"
                    refute = partial(self._end, fact, at, id_, other)
                    yield Conjecture("bands", name, says, self.logic.reading(id_, other), refute)

    def _purposes(self) -> Iterator[tuple[str, list[str]]]:
        yield "urgency", [one.id for one in self.logic.rules.escalations]
        for cause, evidence in self.logic.rules.evidence.items():
            yield cause, [one.id for one in evidence]

    def _parted_both_ways(self, fact: Fact, id_: str, other: str) -> set[float]:
        """Values that the first rule parts from what lies above, the second from below."""
        return self._ends(fact, id_, above=True) & self._ends(fact, other, above=False)

    def _ends(self, fact: Fact, id_: str, *, above: bool) -> set[float]:
        operators = ("<=", ">") if above else ("<", ">=")
        return {
            atom.value
            for one in self.logic.reading(id_)
            for atom in atoms(self.logic.rules.conditions[one])
            if isinstance(atom, Comparison)
            and atom.fact == fact.name
            and atom.operator in operators
        }

    def _end(self, fact: Fact, at: float, id_: str, other: str) -> Counterexample | None:
        """A patient at a threshold where one rule of two ends, and the other has not begun."""
        low, high = Cut(at, above=False), Cut(at, above=True)
        here = [self._beyond(fact, low), self.logic.negated(self._beyond(fact, high))]
        here.append(self.logic.translation.counts(fact.name))
        for first, second in ((id_, other), (other, id_)):
            under = [self._moved(fact, one, low, to=False) for one in (first, second)]
            over = [self._moved(fact, one, high, to=True) for one in (first, second)]
            change = [under[0], self.logic.negated(under[1]), self.logic.negated(over[0]), over[1]]
            both = [self.logic.stands(first), self.logic.stands(second)]
            neither = [self.logic.negated(one) for one in both]
            for word, so, stand in (("both hold", both, True), ("neither holds", neither, False)):
                patient = self.logic.example(*here, *change, *so)
                if patient is not None:
                    found = f"{first} ends and {second} begins at {at:g}, where {word}"
                    standing = self.logic.standing(patient).issuperset((first, second))
                    return self.logic.replayed(patient, found, shown=standing is stand)
        return None

    def _beyond(self, fact: Fact, cut: Cut) -> Expression:
        return self.logic.translation.is_beyond(fact.name, cut)

    def _moved(self, fact: Fact, id_: str, cut: Cut, *, to: bool) -> Expression:
        """Whether a rule would stand if a number at a threshold lay just beside it."""
        z3 = self.logic.translation.z3
        return z3.substitute(self.logic.stands(id_), (self._beyond(fact, cut), z3.BoolVal(to)))


def _gap(levels: list[int], values: list[float]) -> int | None:
    """Where levels dip between two rises, or None where they turn once at most along the values.

    Of several dips the narrowest: a wide one is what is normal.
    """
    starts = [at for at in range(len(levels)) if at == 0 or levels[at] != levels[at - 1]]
    steps = [levels[start] for start in starts]
    rises = [after > before for before, after in itertools.pairwise(steps)]
    turns = [at for at in range(1, len(rises)) if rises[at] != rises[at - 1]]
    if len(turns) <= 1:
        return None
    dips = [at for at in turns if rises[at]]
    return min((starts[at] for at in dips), key=lambda start: _width(start, starts, values))


def _width(start: int, starts: list[int], values: list[float]) -> float:
    return values[starts[starts.index(start) + 1]] - values[start]
