"""Proving a rule base, for every patient there could be, with the solver z3.

The same conditions that the engines fire are translated into logic, with each fact unknown or
known. What a solver then finds unsatisfiable holds for all inputs; where a claim fails, the
counter-example comes as patient facts, reduced to few, and is replayed on a real engine.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Literal

from attrs import define, evolve, field, frozen

from crampsrules.assess import assess
from crampsrules.assessment import Assessment
from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Conclusion,
    Condition,
    Suspected,
    atoms,
    fact_atoms,
)
from crampsrules.engines import engine_for
from crampsrules.errors import EngineError
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.fold import (
    active_escalations,
    rank_causes,
    triage_of,
)
from crampsrules.laws import binding_laws, breaches
from crampsrules.linking import caution_id, unless_id
from crampsrules.rulebase import RuleBase
from crampsrules.rules import NO_NAMES, Advice, Escalation, Law
from crampsrules.translation import Cut, Expression, Translation
from crampsrules.triage import Triage

Kind = Literal["can fire", "bands", "lowering", "red flag", "contradiction", "law", "redundant"]

KINDS: dict[Kind, str] = {
    "can fire": "every rule, exception and law matters to some patient",
    "bands": "no two thresholds leave a gap or an overlap",
    "lowering": "no fact lowers triage but through an `unless` that names it",
    "red flag": "every red flag forces its triage, and a law says so",
    "contradiction": "no advice contradicts other advice",
    "law": "every other law holds",
    "redundant": "no rule repeats another",
}
"""The kinds of claim, and what each comes to."""


@frozen
class Claim:
    """Something that should hold for every patient, and whether it does.

    Where it does not, `patient` is one who shows it, with few facts, and `found` is what a real
    engine makes of that patient.
    """

    kind: Kind
    id: str
    says: str
    holds: bool
    patient: PatientFacts | None = None
    found: str = ""

    def __str__(self) -> str:
        if self.holds:
            return f"proved: {self.kind}: {self.id}: {self.says}"
        return f"FAILS: {self.kind}: {self.id}: {self.says}\n    {self.patient!r}\n    {self.found}"


def prove(
    rules: RuleBase,
    *,
    kinds: Collection[Kind] = tuple(KINDS),
    about: Collection[str] | None = None,
    told: Callable[[Claim], None] | None = None,
) -> tuple[Claim, ...]:
    """Decide every claim about a rule base, for all inputs.

    `kinds` chooses among the `KINDS` of claim; `about` keeps to claims that depend on one of
    these rules. `told` is called with each claim as it is decided. Raises MissingExtraError
    without z3, and EngineError should a counter-example not come out on the engine as the solver
    says.
    """
    decided: list[Claim] = []
    for claim in claims(rules, kinds=kinds, about=about):
        decided.append(claim)
        if told is not None:
            told(claim)
    return tuple(decided)


def claims(
    rules: RuleBase, *, kinds: Collection[Kind] = tuple(KINDS), about: Collection[str] | None = None
) -> Iterator[Claim]:
    """The same one by one, kind by kind, each decided when it is asked for."""
    questions = [
        question
        for question in Prover(rules).questions()
        if question.kind in kinds and (about is None or not question.reads.isdisjoint(about))
    ]
    order = list(KINDS)
    for question in sorted(questions, key=lambda question: order.index(question.kind)):
        yield question.decide()


@frozen
class _Counterexample:
    """A patient for whom a claim fails, and what the engine makes of them."""

    patient: PatientFacts
    found: str


@frozen(eq=False)
class _Question:
    """A claim that is not decided yet, and the ids of the rules that it depends on."""

    kind: Kind
    id: str
    says: str
    reads: frozenset[str]
    refute: Callable[[], _Counterexample | None]

    def decide(self) -> Claim:
        against = self.refute()
        if against is None:
            return Claim(self.kind, self.id, self.says, holds=True)
        return Claim(self.kind, self.id, self.says, False, against.patient, against.found)  # noqa: FBT003


@define(eq=False)
class Prover:
    """A solver that was told of a rule base, and the claims to put to it."""

    rules: RuleBase
    translation: Translation = field(init=False)
    solver: Expression = field(init=False)
    _made: dict[str, Expression] = field(factory=dict)
    _reads: dict[str, frozenset[str]] = field(factory=dict)
    _looks_at: dict[str, frozenset[str]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.translation = Translation(self.rules)
        # Yes-or-no variables only: the solver for finite domains is many times faster than z3's
        # general one.
        self.solver = self.translation.z3.SolverFor("QF_FD")
        self.solver.add(self.translation.realizable)

    def questions(self) -> Iterator[_Question]:
        """Every claim, not yet decided."""
        yield from self._can_fire()
        yield from self._bands()
        yield from self._lowering()
        yield from self._red_flags()
        yield from self._laws()
        yield from self._redundant()

    # Asking the solver

    def possible(self, *wanted: Expression) -> bool:
        """Whether there is a patient for whom all of it holds."""
        with self._supposing(wanted):
            return bool(self.solver.check() == self.translation.z3.sat)

    def _example(self, *wanted: Expression) -> PatientFacts | None:
        """A patient with few known facts for whom all of it holds, or None where there is none."""
        with self._supposing(wanted):
            model = self._solution()
            return None if model is None else self.translation.patient(self._fewest(model))

    @contextmanager
    def _supposing(self, wanted: Iterable[Expression]) -> Iterator[None]:
        self.solver.push()
        try:
            self.solver.add(*wanted)
            yield
        finally:
            self.solver.pop()

    def _solution(self, *assumed: Expression) -> Expression | None:
        found = self.solver.check(*assumed) == self.translation.z3.sat
        return self.solver.model() if found else None

    def _fewest(self, model: Expression) -> Expression:
        """A solution in which nothing can be left out that was said of the patient."""
        for variable in self.translation.sayings():
            if self.translation.is_so(model, variable):
                without = self._solution(self._not(variable))
                if without is None:
                    self.solver.add(variable)
                    continue
                model = without
            self.solver.add(self._not(variable))
        return model

    # What is true of whom

    def true(self, id_: str) -> Expression:
        """When what fires under an id does."""
        return self._once(id_, lambda: self.translation.true(self.rules.conditions[id_]))

    def _binding(self, law: Law) -> Expression:
        condition = self.rules.law_conditions[law.id]
        return self._once(f"law {law.id}", lambda: self.translation.true(condition))

    def _once(self, name: str, make: Callable[[], Expression]) -> Expression:
        # Solving takes little; making expressions in Python is where the time goes.
        if name not in self._made:
            self._made[name] = make()
        return self._made[name]

    def _not(self, expression: Expression) -> Expression:
        return self.translation.z3.Not(expression)

    def _any(self, expressions: Iterable[Expression]) -> Expression:
        return self.translation.z3.Or(list(expressions))

    def _all(self, *expressions: Expression) -> Expression:
        return self.translation.z3.And(list(expressions))

    def active(self, one: Escalation) -> Expression:
        """When an escalation fires and nothing removes it."""
        if one.unless is None:
            return self.true(one.id)
        return self._all(self.true(one.id), self._not(self.true(unless_id(one.id))))

    def _surely_active(self, one: Escalation) -> Expression:
        """Where an escalation fires and what would remove it is known to be false."""
        if one.unless is None:
            return self.true(one.id)
        unless = self.rules.conditions[unless_id(one.id)]
        return self._all(self.true(one.id), self.translation.false(unless))

    def _stands(self, id_: str) -> Expression:
        rule = self.rules.rules[id_]
        return self.active(rule) if isinstance(rule, Escalation) else self.true(id_)

    def _given(self, one: Advice) -> Expression:
        against = [self.true(unless_id(one.id, entry.id)) for entry in one.unless]
        held = self._once(
            f"held {one.kind}", lambda: self._any(map(self.active, self._holding(one)))
        )
        return self._all(self.true(one.id), self._not(self._any([*against, held])))

    def _holding(self, one: Advice) -> list[Escalation]:
        return [each for each in self.rules.escalations if one.kind in each.holds]

    def _cautioned(self, one: Advice) -> Expression:
        said = [self.true(caution_id(one.id, caution.id)) for caution in one.cautions]
        for entry in one.unless:
            if entry.caution:
                condition = self.rules.conditions[unless_id(one.id, entry.id)]
                decided = [self.translation.true(condition), self.translation.false(condition)]
                said.append(self._not(self._any(decided)))
        return self._any(said)

    # What depends on what

    def _reading(self, *ids: str) -> frozenset[str]:
        """These rules and those that they build on."""
        for id_ in ids:
            if id_ not in self._reads:
                inner = self._reading_of(self.rules.conditions[id_])
                self._reads[id_] = frozenset({id_}) | inner
        return frozenset().union(*(self._reads[id_] for id_ in ids))

    def _reading_of(self, condition: Condition) -> frozenset[str]:
        steps = [one for one in atoms(condition) if isinstance(one, Conclusion)]
        return self._reading(*(id_ for one in steps for id_ in self.rules.ids_concluding(one)))

    def _reading_escalations(self, escalations: Iterable[Escalation]) -> frozenset[str]:
        ids = [id_ for one in escalations for id_ in self._ids_of_escalation(one)]
        return self._reading(*ids)

    def _ids_of_escalation(self, one: Escalation) -> tuple[str, ...]:
        return (one.id,) if one.unless is None else (one.id, unless_id(one.id))

    def _reading_advice(self, one: Advice) -> frozenset[str]:
        ids = [one.id, *(unless_id(one.id, entry.id) for entry in one.unless)]
        ids += [caution_id(one.id, caution.id) for caution in one.cautions]
        return self._reading(*ids) | self._reading_escalations(self._holding(one))

    def _support(self, id_: str) -> frozenset[str]:
        """The facts that a condition looks at, through findings and causes too."""
        if id_ not in self._looks_at:
            self._looks_at[id_] = frozenset(
                atom.fact
                for one in self._reading(id_)
                for atom in fact_atoms(self.rules.conditions[one])
            )
        return self._looks_at[id_]

    # Replaying on a real engine

    def _fire(self, patient: PatientFacts) -> frozenset[str]:
        return engine_for(self.rules, "compiled").fire(patient)

    def _standing(self, patient: PatientFacts) -> frozenset[str]:
        """What fires, but for escalations that their `unless` removes."""
        fired = self._fire(patient)
        active = {one.id for one in active_escalations(self.rules, fired)}
        return fired - {one.id for one in self.rules.escalations} | active

    def _assessed(self, patient: PatientFacts) -> Assessment:
        return assess(patient, rules=self.rules, engine="compiled")

    def _advised(self, patient: PatientFacts) -> set[str]:
        return {one.id for one in self._assessed(patient).advice}

    def _replayed(self, patient: PatientFacts, found: str, *, shown: bool) -> _Counterexample:
        if not shown:
            raise EngineError(f"the solver says of {patient!r}: {found}; the engine does not")
        return _Counterexample(patient, found)

    # Every rule can fire

    def _can_fire(self) -> Iterator[_Question]:
        ids = [one.id for one in self.rules.findings]
        ids += [one.id for evidence in self.rules.evidence.values() for one in evidence]
        for id_ in ids:
            yield self._mattering(id_, "some patient makes it fire", [id_])
        for escalation in self.rules.escalations:
            yield from self._escalation_matters(escalation)
        for advice in self.rules.advice:
            yield from self._advice_matters(advice)
        for law in self.rules.laws:
            condition = self.rules.law_conditions[law.id]
            says = "some patient is bound by this law"
            refute = partial(self._binds_nobody, law, condition)
            yield _Question("can fire", law.id, says, self._reading_of(condition), refute)

    def _escalation_matters(self, one: Escalation) -> Iterator[_Question]:
        yield self._mattering(one.id, "some patient makes it fire and stand", [one.id], stands=one)
        if one.unless is not None:
            ids = [one.id, unless_id(one.id)]
            yield self._mattering(ids[1], "it removes the rule for some patient", ids)

    def _advice_matters(self, one: Advice) -> Iterator[_Question]:
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
    ) -> _Question:
        reads = self._reading(*fires)
        if stands is not None:
            reads |= self._reading_escalations([stands])
        if given is not None:
            reads |= self._reading_advice(given)
        refute = partial(self._never, fires, stands, given)
        return _Question("can fire", id_, says, reads, refute)

    def _never(
        self, fires: list[str], stands: Escalation | None, given: Advice | None
    ) -> _Counterexample | None:
        also = [self.active(stands)] if stands is not None else []
        also += [self._given(given)] if given is not None else []
        if self.possible(*map(self.true, fires), *also):
            return None
        patient = self._nearest([self.rules.conditions[one] for one in fires], also)
        seen = self._fire(patient).issuperset(fires)
        seen = seen and (stands is None or stands.id in self._standing(patient))
        seen = seen and (given is None or given.id in self._advised(patient))
        return self._replayed(patient, _nobody("it comes to nothing for them"), shown=not seen)

    def _binds_nobody(self, law: Law, condition: Condition) -> _Counterexample | None:
        if self.possible(self.translation.true(condition)):
            return None
        patient = self._nearest([condition], [])
        shown = law not in binding_laws(self._assessed(patient))
        return self._replayed(patient, _nobody("it does not bind them"), shown=shown)

    def _nearest(self, conditions: list[Condition], also: Iterable[Expression]) -> PatientFacts:
        """A patient for whom as much as possible is true of what cannot be true together."""
        parts = [self.translation.true(part) for one in conditions for part in self._parts(one)]
        kept: list[Expression] = []
        for part in (*parts, *also):
            if self.possible(*kept, part):
                kept.append(part)
        patient = self._example(*kept)
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
                drawn = self.rules.ids_concluding(condition)
                return self._parts(self.rules.conditions[drawn[0]]) if drawn else ()
        return (condition,)

    # No rule repeats another

    def _redundant(self) -> Iterator[_Question]:
        for first, second, both_ways in self._comparable():
            if self._support(first).isdisjoint(self._support(second)):
                continue  # what one says of other facts, the other cannot follow from
            reads = self._reading(*self._with_unless(first), *self._with_unless(second))
            refute = partial(self._repeats, first, second, both_ways=both_ways)
            says = f"does not just repeat {second}"
            yield _Question("redundant", first, says, reads, refute)

    def _with_unless(self, id_: str) -> tuple[str, ...]:
        rule = self.rules.rules[id_]
        return self._ids_of_escalation(rule) if isinstance(rule, Escalation) else (id_,)

    def _comparable(self) -> Iterator[tuple[str, str, bool]]:
        """Pairs in which the first is in vain if it implies the second (or they are the same).

        Evidence of different groups adds up, so there only two rules that always fire together
        count one thing twice; within a group the heavier step of a ladder is not in vain.
        """
        for ids in self.rules.concluding.values():
            yield from ((a, b, False) for a, b in itertools.permutations(ids, 2))
        for a, b in itertools.permutations(self.rules.escalations, 2):
            if (a.triage, set(a.holds)) == (b.triage, set(b.holds)):
                yield a.id, b.id, False
        for evidence in self.rules.evidence.values():
            for one, other in itertools.permutations(evidence, 2):
                mine, its = self.rules.decibans[one.id], self.rules.decibans[other.id]
                if mine * its <= 0:
                    continue
                if one.group is not None and one.group == other.group:
                    if abs(mine) <= abs(its) and one.role == other.role:
                        yield one.id, other.id, False
                elif one.id < other.id:
                    yield one.id, other.id, True

    def _repeats(self, first: str, second: str, *, both_ways: bool) -> _Counterexample | None:
        if not self._implies(first, second) or (both_ways and not self._implies(second, first)):
            return None
        patient = self._example(self._stands(first))
        if patient is None:
            return None  # it never fires, which is another claim
        shown = self._standing(patient) >= {first, second}
        return self._replayed(patient, f"{second} stands too, as whenever it does", shown=shown)

    def _implies(self, first: str, second: str) -> bool:
        return not self.possible(self._stands(first), self._not(self._stands(second)))

    # No gap between thresholds, and no overlap

    def _bands(self) -> Iterator[_Question]:
        for fact in FACTS.values():
            if fact.kind not in ("number", "integer"):
                continue
            yield from self._bands_of_urgency(fact)
            for cause in self.rules.evidence:
                yield from self._bands_of_weight(fact, cause)
            yield from self._shared_ends(fact)

    def _looking_at(self, fact: Fact, ids: Iterable[str]) -> list[str]:
        """The rules that look at a number; of those that need more, none fires on it alone."""
        return [id_ for id_ in ids if fact.name in self._support(id_)]

    def _along(self, fact: Fact) -> list[PatientFacts]:
        """A patient in each band of a number, of whom nothing else is known."""
        values = self.translation.scales[fact.name].values
        known = [value for value in values if value is not None]
        return [PatientFacts.from_mapping({fact.name: value}) for value in known]

    def _bands_of_urgency(self, fact: Fact) -> Iterator[_Question]:
        """Along a number urgency turns once at most: it falls and then rises, as a rule."""
        looking = self._looking_at(fact, [one.id for one in self.rules.escalations])
        if not looking:
            return
        reads = self._reading(*looking)
        says = "urgency leaves no gap between its bands"
        gap = partial(self._interrupted, fact, self._triage)
        yield _Question("bands", fact.name, says, reads, gap)
        says = "no two bands of urgency overlap"
        alone = frozenset(id_ for id_ in looking if self._support(id_) == {fact.name})
        overlap = partial(self._overlap, fact, alone)
        yield _Question("bands", fact.name, says, reads, overlap)

    def _triage(self, patient: PatientFacts) -> int:
        return triage_of(self.rules, self._fire(patient))

    def _interrupted(
        self, fact: Fact, level: Callable[[PatientFacts], int]
    ) -> _Counterexample | None:
        along = self._along(fact)
        values = [value for value in self.translation.scales[fact.name].values if value is not None]
        at = _gap([level(patient) for patient in along], values)
        if at is None:
            return None
        return _Counterexample(along[at], "it is rated below what lies on either side of it")

    def _overlap(self, fact: Fact, ids: frozenset[str]) -> _Counterexample | None:
        for patient in self._along(fact):
            fired = sorted(ids & self._fire(patient))
            if len(fired) > 1:
                return _Counterexample(patient, f"{' and '.join(fired)} all fire")
        return None

    def _bands_of_weight(self, fact: Fact, cause: str) -> Iterator[_Question]:
        looking = self._looking_at(fact, [one.id for one in self.rules.evidence[cause]])
        if not looking:
            return
        reads, name = self._reading(*looking), f"{fact.name} for {cause}"
        says = "the weight leaves no gap between its bands"
        gap = partial(self._interrupted, fact, partial(self._weight, cause))
        yield _Question("bands", name, says, reads, gap)
        says = "no value speaks both for and against"
        both = partial(self._for_and_against, fact, frozenset(looking))
        yield _Question("bands", name, says, reads, both)

    def _weight(self, cause: str, patient: PatientFacts) -> int:
        weights = {one.id: one.weight for one in rank_causes(self.rules, self._fire(patient))}
        return weights.get(cause, self.rules.causes[cause].prior)

    def _for_and_against(self, fact: Fact, ids: frozenset[str]) -> _Counterexample | None:
        for patient in self._along(fact):
            fired = sorted(ids & self._fire(patient))
            signs = {self.rules.decibans[id_] > 0 for id_ in fired if self.rules.decibans[id_]}
            if len(signs) > 1:
                return _Counterexample(patient, f"{' and '.join(fired)} all fire")
        return None

    def _shared_ends(self, fact: Fact) -> Iterator[_Question]:
        """Where two rules of one purpose part a number at one value, it is on the same side."""
        for purpose, ids in self._purposes():
            parting = [id_ for id_ in ids if fact.name in self._support(id_)]
            for id_, other in itertools.permutations(parting, 2):
                for at in self._parted_both_ways(fact, id_, other):
                    name = f"{fact.name} for {purpose}"
                    says = f"{id_} and {other} leave no gap and no overlap at {at:g}"
                    refute = partial(self._end, fact, at, id_, other)
                    yield _Question("bands", name, says, self._reading(id_, other), refute)

    def _purposes(self) -> Iterator[tuple[str, list[str]]]:
        yield "urgency", [one.id for one in self.rules.escalations]
        for cause, evidence in self.rules.evidence.items():
            yield cause, [one.id for one in evidence]

    def _parted_both_ways(self, fact: Fact, id_: str, other: str) -> set[float]:
        """Values that the first rule parts from what lies above, the second from below."""
        return self._ends(fact, id_, above=True) & self._ends(fact, other, above=False)

    def _ends(self, fact: Fact, id_: str, *, above: bool) -> set[float]:
        operators = ("<=", ">") if above else ("<", ">=")
        return {
            atom.value
            for one in self._reading(id_)
            for atom in atoms(self.rules.conditions[one])
            if isinstance(atom, Comparison)
            and atom.fact == fact.name
            and atom.operator in operators
        }

    def _end(self, fact: Fact, at: float, id_: str, other: str) -> _Counterexample | None:
        """A patient at a threshold where one rule of two ends, and the other has not begun."""
        low, high = Cut(at, above=False), Cut(at, above=True)
        here = [self._beyond(fact, low), self._not(self._beyond(fact, high))]
        here.append(self.translation.counts(fact.name))
        for first, second in ((id_, other), (other, id_)):
            under = [self._moved(fact, one, low, to=False) for one in (first, second)]
            over = [self._moved(fact, one, high, to=True) for one in (first, second)]
            change = [under[0], self._not(under[1]), self._not(over[0]), over[1]]
            both = [self._stands(first), self._stands(second)]
            neither = [self._not(one) for one in both]
            for word, so in (("both hold", both), ("neither holds", neither)):
                patient = self._example(*here, *change, *so)
                if patient is not None:
                    found = f"{first} ends and {second} begins at {at:g}, where {word}"
                    shown = self._standing(patient).issuperset((first, second)) is (so is both)
                    return self._replayed(patient, found, shown=shown)
        return None

    def _beyond(self, fact: Fact, cut: Cut) -> Expression:
        return self.translation.is_beyond(fact.name, cut)

    def _moved(self, fact: Fact, id_: str, cut: Cut, *, to: bool) -> Expression:
        """Whether a rule would stand if a number at a threshold lay just beside it."""
        z3 = self.translation.z3
        return z3.substitute(self._stands(id_), (self._beyond(fact, cut), z3.BoolVal(to)))

    # Every red flag forces its triage

    def _red_flags(self) -> Iterator[_Question]:
        for one in self.rules.escalations:
            if one.triage >= Triage.SAME_DAY:
                demanding = [law for law in self.rules.laws if _demands(law, one.triage)]
                says = f"a law demands {one.triage.id} wherever this surely calls for it"
                refute = partial(self._unguarded, one, demanding)
                reads = self._reading_escalations([one])
                yield _Question("red flag", one.id, says, reads, refute)

    def _unguarded(self, one: Escalation, demanding: list[Law]) -> _Counterexample | None:
        bound = self._any(map(self._binding, demanding))
        patient = self._example(self._surely_active(one), self._not(bound))
        if patient is None:
            return None
        assessment = self._assessed(patient)
        raised = one.id in {each.id for each in assessment.escalations}
        shown = raised and not set(binding_laws(assessment)) & set(demanding)
        found = "it calls for this, and no law does: state one, or narrow the rule"
        return self._replayed(patient, found, shown=shown)

    # No fact lowers triage but through an `unless` that names it

    def _lowering(self) -> Iterator[_Question]:
        for one in self.rules.escalations:
            says = "no fact removes it but one that its `unless` names"
            reads = self._reading_escalations([one])
            yield _Question("lowering", one.id, says, reads, partial(self._lowered, one))

    def _lowered(self, one: Escalation) -> _Counterexample | None:
        """Whether it would stand if some fact were unknown, and does not now that it is known."""
        z3, active = self.translation.z3, self.active(one)
        lost = {
            name: self._all(known, z3.substitute(active, (known, z3.BoolVal(val=False))))
            for name in self._may_not_lower(one)
            for known in [self.translation.is_known(name)]
        }
        for name, removed in lost.items():
            patient = self._example(self._not(active), removed)
            if patient is not None:
                before = self._standing(patient.replace(**{name: None}))
                shown = one.id in before and one.id not in self._standing(patient)
                return self._replayed(patient, f"without {name} it would stand", shown=shown)
        return None

    def _may_not_lower(self, one: Escalation) -> list[str]:
        """The facts that it looks at, but for what its `unless` names and what is measured.

        A measured value takes the place of a reported one: that corrects a fact, and adds none.
        """
        support = self._support(one.id)
        excusing = self._support(unless_id(one.id)) if one.unless is not None else frozenset()
        correcting = {FACTS[name].measured_by for name in support}
        return sorted(support - excusing - correcting)

    # Every law holds

    def _laws(self) -> Iterator[_Question]:
        for law in self.rules.laws:
            for kind, part in _parts_of(law):
                refute = partial(self._broken, part)
                yield _Question(kind, law.id, law.says, self._reading_law(part), refute)

    def _reading_law(self, law: Law) -> frozenset[str]:
        reads = self._reading_of(self.rules.law_conditions[law.id])
        named = {*law.forbids, *law.cautioned, *law.not_together, *law.advised}
        for one in self.rules.advice:
            if one.id in named:
                reads |= self._reading_advice(one)
        return reads | self._reading_escalations(self._reaching(law))

    def _reaching(self, law: Law) -> list[Escalation]:
        if law.at_least is None:
            return []
        return [one for one in self.rules.escalations if one.triage >= law.at_least]

    def _broken(self, law: Law) -> _Counterexample | None:
        patient = self._example(self._binding(law), self._breach(law))
        if patient is None:
            return None
        assessment = self._assessed(patient)
        bound = law.id in {one.id for one in binding_laws(assessment)}
        found = list(breaches(law, assessment))
        raised = ", ".join(f"{one.id} ({one.triage.id})" for one in assessment.escalations)
        shown = bool(found) and bound
        return self._replayed(
            patient,
            f"the assessment {' and '.join(found)}; raised: {raised or 'nothing'}",
            shown=shown,
        )

    def _breach(self, law: Law) -> Expression:
        advice = {one.id: one for one in self.rules.advice}
        found = [self._given(advice[id_]) for id_ in law.forbids]
        found += [self._not(self._given(advice[id_])) for id_ in law.advised]
        for id_ in law.cautioned:
            bare = self._not(self._cautioned(advice[id_]))
            found.append(self._all(self._given(advice[id_]), bare))
        if law.not_together:
            found.append(self._all(*(self._given(advice[id_]) for id_ in law.not_together)))
        if law.at_least is not None:
            found.append(self._not(self._any(map(self.active, self._reaching(law)))))
        return self._any(found)


def _nobody(what: str) -> str:
    return f"nobody meets all that it asks; this patient meets the most, and {what}"


def _demands(law: Law, triage: Triage) -> bool:
    return law.at_least is not None and law.at_least >= triage


def _parts_of(law: Law) -> Iterator[tuple[Kind, Law]]:
    """What a law demands of triage, of advice that contradicts other advice, and of the rest."""
    bare = evolve(law, forbids=NO_NAMES, cautioned=NO_NAMES, not_together=NO_NAMES)
    bare = evolve(bare, advised=NO_NAMES, at_least=None)
    rest = law
    if _demands(law, Triage.SAME_DAY):
        yield "red flag", evolve(bare, at_least=law.at_least)
        rest = evolve(rest, at_least=None)
    if law.not_together:
        yield "contradiction", evolve(bare, not_together=law.not_together)
        rest = evolve(rest, not_together=NO_NAMES)
    if rest != bare:
        yield "law", rest


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
