"""What must hold of triage and advice: nothing lowers it unsaid, and every law holds."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from attrs import evolve, frozen

from crampsrules.facts import FACTS
from crampsrules.laws import binding_laws, breaches
from crampsrules.prove.claims import Conjecture, Counterexample, Kind
from crampsrules.prove.logic import Logic
from crampsrules.prove.translation import Expression
from crampsrules.rules import NO_NAMES, Escalation, Law, unless_id


@frozen
class Demands:
    """That no patient gets less than is demanded."""

    logic: Logic

    def conjectures(self) -> Iterator[Conjecture]:
        """Of what is known, of red flags and of laws."""
        yield from self._lowering()
        yield from self._red_flags()
        yield from self._laws()

    # Every red flag forces its triage

    def _red_flags(self) -> Iterator[Conjecture]:
        for one in self.logic.rules.escalations:
            if one.triage.is_urgent:
                says = f"a law demands {one.triage.id} wherever this surely calls for it"
                refute = partial(self._unguarded, one)
                reads = self.logic.reading_escalations([one])
                yield Conjecture("red flag", one.id, says, reads, refute)

    def _unguarded(self, one: Escalation) -> Counterexample | None:
        unbound = self.logic.negated(self.logic.demanded(one.triage))
        patient = self.logic.example(self.logic.surely_active(one), unbound)
        if patient is None:
            return None
        assessment = self.logic.assessed(patient)
        raised = one.id in {each.id for each in assessment.escalations}
        demanding = self.logic.demanding(one.triage)
        shown = raised and not set(binding_laws(assessment)) & set(demanding)
        found = "it calls for this, and no law does: state one, or narrow the rule"
        return self.logic.replayed(patient, found, shown=shown)

    # No fact lowers triage but through an `unless` that names it

    def _lowering(self) -> Iterator[Conjecture]:
        for one in self.logic.rules.escalations:
            says = "no fact removes it but one that its `unless` names"
            reads = self.logic.reading_escalations([one])
            yield Conjecture("lowering", one.id, says, reads, partial(self._lowered, one))

    def _lowered(self, one: Escalation) -> Counterexample | None:
        """Whether it would stand if some fact were unknown, and does not now that it is known."""
        z3, active = self.logic.translation.z3, self.logic.active(one)
        lost = {
            name: self.logic.all_of(known, z3.substitute(active, (known, z3.BoolVal(val=False))))
            for name in self._may_not_lower(one)
            for known in [self.logic.translation.is_known(name)]
        }
        for name, removed in lost.items():
            patient = self.logic.example(self.logic.negated(active), removed)
            if patient is not None:
                before = self.logic.standing(patient.replace(**{name: None}))
                shown = one.id in before and one.id not in self.logic.standing(patient)
                return self.logic.replayed(patient, f"without {name} it would stand", shown=shown)
        return None

    def _may_not_lower(self, one: Escalation) -> list[str]:
        """The facts that it looks at, but for what its `unless` names and what is measured.

        A measured value takes the place of a reported one: that corrects a fact, and adds none.
        """
        support = self.logic.support(one.id)
        excusing = self.logic.support(unless_id(one.id)) if one.unless is not None else frozenset()
        correcting = {FACTS[name].measured_by for name in support}
        return sorted(support - excusing - correcting)

    # Every law holds

    def _laws(self) -> Iterator[Conjecture]:
        for law in self.logic.rules.laws:
            for kind, part in _parts_of(law):
                refute = partial(self._broken, part)
                yield Conjecture(kind, law.id, law.says, self._reading_law(part), refute)

    def _reading_law(self, law: Law) -> frozenset[str]:
        reads = self.logic.reading_of(self.logic.rules.law_conditions[law.id])
        named = {*law.forbids, *law.cautioned, *law.not_together, *law.advised}
        for one in self.logic.rules.advice:
            if one.id in named:
                reads |= self.logic.reading_advice(one)
        if law.at_least is not None:
            reads |= self.logic.reading_urgency(law.at_least)
        return reads

    def _broken(self, law: Law) -> Counterexample | None:
        patient = self.logic.example(self.logic.binding(law), self._breach(law))
        if patient is None:
            return None
        assessment = self.logic.assessed(patient)
        bound = law.id in {one.id for one in binding_laws(assessment)}
        found = list(breaches(law, assessment))
        raised = ", ".join(f"{one.id} ({one.triage.id})" for one in assessment.escalations)
        shown = bool(found) and bound
        return self.logic.replayed(
            patient,
            f"the assessment {' and '.join(found)}; raised: {raised or 'nothing'}",
            shown=shown,
        )

    def _breach(self, law: Law) -> Expression:
        logic = self.logic
        advice = {one.id: one for one in logic.rules.advice}
        found = [logic.given(advice[id_]) for id_ in law.forbids]
        found += [logic.negated(logic.given(advice[id_])) for id_ in law.advised]
        for id_ in law.cautioned:
            bare = logic.negated(logic.cautioned(advice[id_]))
            found.append(logic.all_of(logic.given(advice[id_]), bare))
        if law.not_together:
            found.append(logic.all_of(*(logic.given(advice[id_]) for id_ in law.not_together)))
        if law.at_least is not None:
            found.append(logic.below(law.at_least))
        return logic.any_of(found)


def _parts_of(law: Law) -> Iterator[tuple[Kind, Law]]:
    """What a law demands of triage, of advice that contradicts other advice, and of the rest."""
    bare = evolve(law, forbids=NO_NAMES, cautioned=NO_NAMES, not_together=NO_NAMES)
    bare = evolve(bare, advised=NO_NAMES, at_least=None)
    rest = law
    if law.at_least is not None and law.at_least.is_urgent:
        yield "red flag", evolve(bare, at_least=law.at_least)
        rest = evolve(rest, at_least=None)
    if law.not_together:
        yield "contradiction", evolve(bare, not_together=law.not_together)
        rest = evolve(rest, not_together=NO_NAMES)
    if rest != bare:
        yield "law", rest
