"""Every rule, exception and law matters to some patient."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from attrs import frozen

from crampsrules.conditions import AllOf, AnyOf, Concluded, Condition, Suspected
from crampsrules.facts import PatientFacts
from crampsrules.laws import binding_laws
from crampsrules.prove.claims import Conjecture, Counterexample
from crampsrules.prove.logic import Logic
from crampsrules.prove.translation import Expression
from crampsrules.rules import Advice, Escalation, Law, caution_id, unless_id


@frozen
class CanFire:
    """That there is a patient to whom each of them matters."""

    logic: Logic

    def conjectures(self) -> Iterator[Conjecture]:
        """Of findings, evidence, escalations and advice, with their parts, and of laws."""
        ids = [one.id for one in self.logic.rules.findings]
        ids += [one.id for evidence in self.logic.rules.evidence.values() for one in evidence]
        for id_ in ids:
            yield self._mattering(id_, "some patient makes it fire", [id_])
        for escalation in self.logic.rules.escalations:
            yield from self._escalation_matters(escalation)
        for advice in self.logic.rules.advice:
            yield from self._advice_matters(advice)
        for law in self.logic.rules.laws:
            condition = self.logic.rules.law_conditions[law.id]
            says = "some patient is bound by this law"
            refute = partial(self._binds_nobody, law, condition)
            yield Conjecture("can fire", law.id, says, self.logic.reading_of(condition), refute)

    def _escalation_matters(self, one: Escalation) -> Iterator[Conjecture]:
        yield self._mattering(one.id, "some patient makes it fire and stand", [one.id], stands=one)
        if one.unless is not None:
            ids = [one.id, unless_id(one.id)]
            yield self._mattering(ids[1], "it removes the rule for some patient", ids)

    def _advice_matters(self, one: Advice) -> Iterator[Conjecture]:
        yield self._mattering(one.id, "some patient is given it", [one.id], given=one)
        for entry in one.unless:
            ids = [one.id, unless_id(one.id, entry.id)]
            yield self._mattering(ids[1], "it withholds the advice from some patient", ids)
        for caution in one.cautions:
            ids = [one.id, caution_id(one.id, caution.id)]
            yield self._mattering(ids[1], "it is said to some patient", ids, given=one)

    def _mattering(
        self,
        id_: str,
        says: str,
        fires: list[str],
        *,
        stands: Escalation | None = None,
        given: Advice | None = None,
    ) -> Conjecture:
        reads = self.logic.reading(*fires)
        if stands is not None:
            reads |= self.logic.reading_escalations([stands])
        if given is not None:
            reads |= self.logic.reading_advice(given)
        refute = partial(self._never, fires, stands, given)
        return Conjecture("can fire", id_, says, reads, refute)

    def _never(
        self, fires: list[str], stands: Escalation | None, given: Advice | None
    ) -> Counterexample | None:
        also = [self.logic.active(stands)] if stands is not None else []
        also += [self.logic.given(given)] if given is not None else []
        if self.logic.possible(*map(self.logic.true, fires), *also):
            return None
        patient = self._nearest([self.logic.rules.conditions[one] for one in fires], also)
        seen = self.logic.fire(patient).issuperset(fires)
        seen = seen and (stands is None or stands.id in self.logic.standing(patient))
        seen = seen and (given is None or given.id in self.logic.advised(patient))
        return self.logic.replayed(patient, _nobody("it comes to nothing for them"), shown=not seen)

    def _binds_nobody(self, law: Law, condition: Condition) -> Counterexample | None:
        if self.logic.possible(self.logic.translation.true(condition)):
            return None
        patient = self._nearest([condition], [])
        shown = law not in binding_laws(self.logic.assessed(patient))
        return self.logic.replayed(patient, _nobody("it does not bind them"), shown=shown)

    def _nearest(self, conditions: list[Condition], also: Iterable[Expression]) -> PatientFacts:
        """A patient for whom as much as possible is true of what cannot be true together."""
        parts = [
            self.logic.translation.true(part) for one in conditions for part in self._parts(one)
        ]
        kept: list[Expression] = []
        for part in (*parts, *also):
            if self.logic.possible(*kept, part):
                kept.append(part)
        patient = self.logic.example(*kept)
        assert patient is not None
        return patient

    def _parts(self, condition: Condition) -> tuple[Condition, ...]:
        """What must all be true, along the first way of making a condition true."""
        match condition:
            case AllOf(parts):
                return parts
            case AnyOf(parts):
                return self._parts(parts[0])
            case Concluded() | Suspected():
                drawn = self.logic.rules.ids_concluding(condition)
                return self._parts(self.logic.rules.conditions[drawn[0]]) if drawn else ()
        return (condition,)


def _nobody(what: str) -> str:
    return f"nobody meets all that it asks; this patient meets the most, and {what}"
