"""No rule repeats another."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from functools import partial

from attrs import frozen

from crampsrules.prove.claims import Conjecture, Counterexample
from crampsrules.prove.logic import Logic
from crampsrules.rules import Escalation


@frozen
class Redundancy:
    """That neither of two rules is in vain beside the other."""

    logic: Logic

    def conjectures(self) -> Iterator[Conjecture]:
        """Of each two rules that serve one purpose."""
        for first, second, both_ways in self._comparable():
            if self.logic.support(first).isdisjoint(self.logic.support(second)):
                continue  # what one says of other facts, the other cannot follow from
            reads = self.logic.reading(*self._with_unless(first), *self._with_unless(second))
            refute = partial(self._repeats, first, second, both_ways=both_ways)
            says = f"does not just repeat {second}"
            yield Conjecture("redundant", first, says, reads, refute)

    def _with_unless(self, id_: str) -> tuple[str, ...]:
        rule = self.logic.rules.rules[id_]
        return self.logic.ids_of_escalation(rule) if isinstance(rule, Escalation) else (id_,)

    def _comparable(self) -> Iterator[tuple[str, str, bool]]:
        """Pairs in which the first is in vain if it implies the second (or they are the same).

        Evidence of different groups adds up, so there only two rules that always fire together
        count one thing twice; within a group the heavier step of a ladder is not in vain.
        """
        for ids in self.logic.rules.concluding.values():
            yield from ((a, b, False) for a, b in itertools.permutations(ids, 2))
        for a, b in itertools.permutations(self.logic.rules.escalations, 2):
            if (a.triage, set(a.holds)) == (b.triage, set(b.holds)):
                yield a.id, b.id, False
        for evidence in self.logic.rules.evidence.values():
            for one, other in itertools.permutations(evidence, 2):
                mine, its = self.logic.rules.decibans[one.id], self.logic.rules.decibans[other.id]
                if mine * its <= 0:
                    continue
                if one.group is not None and one.group == other.group:
                    if abs(mine) <= abs(its) and one.role == other.role:
                        yield one.id, other.id, False
                elif one.id < other.id:
                    yield one.id, other.id, True

    def _repeats(self, first: str, second: str, *, both_ways: bool) -> Counterexample | None:
        if not self._implies(first, second) or (both_ways and not self._implies(second, first)):
            return None
        patient = self.logic.example(self.logic.stands(first))
        if patient is None:
            return None  # it never fires, which is another claim
        shown = self.logic.standing(patient) >= {first, second}
        return self.logic.replayed(
            patient, f"{second} stands too, as whenever it does", shown=shown
        )

    def _implies(self, first: str, second: str) -> bool:
        return not self.logic.possible(
            self.logic.stands(first), self.logic.negated(self.logic.stands(second))
        )
