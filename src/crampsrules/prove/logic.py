"""A rule base as logic: whether there is a patient of whom this and that is true, and who."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

from attrs import define, field

from crampsrules.assess import assess
from crampsrules.assessment import Assessment
from crampsrules.conditions import Conclusion, Condition, atoms, fact_atoms
from crampsrules.engines import engine_for
from crampsrules.errors import EngineError
from crampsrules.facts import PatientFacts
from crampsrules.fold import active_escalations
from crampsrules.prove.claims import Counterexample
from crampsrules.prove.translation import Expression, Translation
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Advice, Escalation, Law, caution_id, unless_id
from crampsrules.triage import Triage

_Made = TypeVar("_Made")


@define(eq=False)
class Logic:
    """A solver that was told of a rule base; what is true of whom, and what a real engine says."""

    rules: RuleBase
    translation: Translation = field(init=False)
    solver: Expression = field(init=False)
    _made: dict[str, Any] = field(factory=dict)
    _reads: dict[str, frozenset[str]] = field(factory=dict)
    _looks_at: dict[str, frozenset[str]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.translation = Translation(self.rules)
        # Yes-or-no variables only: the solver for finite domains is many times faster than z3's
        # general one.
        self.solver = self.translation.z3.SolverFor("QF_FD")
        self.solver.add(self.translation.realizable)

    # Asking the solver

    def possible(self, *wanted: Expression) -> bool:
        """Whether there is a patient for whom all of it holds."""
        with self._supposing(wanted):
            return self._is_satisfiable()

    def example(self, *wanted: Expression) -> PatientFacts | None:
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
        return self.solver.model() if self._is_satisfiable(*assumed) else None

    def _is_satisfiable(self, *assumed: Expression) -> bool:
        """What the solver says; what it cannot say is never taken for a no."""
        answer = self.solver.check(*assumed)
        if answer == self.translation.z3.unknown:
            why = self.solver.reason_unknown()
            if "interrupted" in why:
                raise KeyboardInterrupt  # z3 takes Ctrl-C for itself
            raise EngineError(f"the solver gave up: {why}")
        return bool(answer == self.translation.z3.sat)

    def _fewest(self, model: Expression) -> Expression:
        """A solution in which nothing can be left out that was said of the patient."""
        for variable in self.translation.sayings():
            if self.translation.is_so(model, variable):
                without = self._solution(self.negated(variable))
                if without is None:
                    self.solver.add(variable)
                    continue
                model = without
            self.solver.add(self.negated(variable))
        return model

    # What is true of whom

    def true(self, id_: str) -> Expression:
        """When what fires under an id does."""
        return self._once(id_, lambda: self.translation.true(self.rules.conditions[id_]))

    def binding(self, law: Law) -> Expression:
        """When a law binds."""
        condition = self.rules.law_conditions[law.id]
        return self._once(f"law {law.id}", lambda: self.translation.true(condition))

    def _once(self, name: str, make: Callable[[], _Made]) -> _Made:
        # Solving takes little; making expressions in Python is where the time goes.
        if name not in self._made:
            self._made[name] = make()
        made: _Made = self._made[name]
        return made

    def negated(self, expression: Expression) -> Expression:
        """That it is not so."""
        return self.translation.z3.Not(expression)

    def any_of(self, expressions: Iterable[Expression]) -> Expression:
        """That at least one of them is so."""
        return self.translation.z3.Or(list(expressions))

    def all_of(self, *expressions: Expression) -> Expression:
        """That all of them are so."""
        return self.translation.z3.And(list(expressions))

    def active(self, one: Escalation) -> Expression:
        """When an escalation fires and nothing removes it."""
        if one.unless is None:
            return self.true(one.id)
        return self._once(
            f"active {one.id}",
            lambda: self.all_of(self.true(one.id), self.negated(self.true(unless_id(one.id)))),
        )

    def demanded(self, triage: Triage) -> Expression:
        """When a law that demands at least so much binds."""
        return self._once(
            f"demanded {triage.id}",
            lambda: self.any_of(map(self.binding, self.demanding(triage))),
        )

    def demanding(self, triage: Triage) -> list[Law]:
        """The laws that demand at least so much."""
        return [
            law for law in self.rules.laws if law.at_least is not None and law.at_least >= triage
        ]

    def below(self, triage: Triage) -> Expression:
        """When nothing that calls for so much is active."""
        return self._once(
            f"below {triage.id}",
            lambda: self.negated(self.any_of(map(self.active, self.reaching(triage)))),
        )

    def surely_active(self, one: Escalation) -> Expression:
        """Where an escalation fires and what would remove it is known to be false."""
        if one.unless is None:
            return self.true(one.id)
        unless = self.rules.conditions[unless_id(one.id)]
        return self.all_of(self.true(one.id), self.translation.false(unless))

    def stands(self, id_: str) -> Expression:
        """When a rule fires, and an escalation is not removed."""
        rule = self.rules.rules[id_]
        return self.active(rule) if isinstance(rule, Escalation) else self.true(id_)

    def given(self, one: Advice) -> Expression:
        """When advice is given: it fires, and nothing withholds it or holds it back."""
        return self._once(f"given {one.id}", lambda: self._given(one))

    def _given(self, one: Advice) -> Expression:
        against = [self.true(unless_id(one.id, entry.id)) for entry in one.unless]
        held = self._once(
            f"held {one.kind}", lambda: self.any_of(map(self.active, self.holding(one)))
        )
        return self.all_of(self.true(one.id), self.negated(self.any_of([*against, held])))

    def reaching(self, triage: Triage) -> list[Escalation]:
        """The escalations that call for at least so much."""
        return [one for one in self.rules.escalations if one.triage >= triage]

    def holding(self, one: Advice) -> list[Escalation]:
        """The escalations that hold such advice back."""
        return [each for each in self.rules.escalations if one.kind in each.holds]

    def cautioned(self, one: Advice) -> Expression:
        """When something is said with advice, should it be given."""
        said = [self.true(caution_id(one.id, caution.id)) for caution in one.cautions]
        for entry in one.unless:
            if entry.caution:
                condition = self.rules.conditions[unless_id(one.id, entry.id)]
                decided = [self.translation.true(condition), self.translation.false(condition)]
                said.append(self.negated(self.any_of(decided)))
        return self.any_of(said)

    # What depends on what

    def reading(self, *ids: str) -> frozenset[str]:
        """These rules and those that they build on."""
        for id_ in ids:
            if id_ not in self._reads:
                inner = self.reading_of(self.rules.conditions[id_])
                self._reads[id_] = frozenset({id_}) | inner
        return frozenset().union(*(self._reads[id_] for id_ in ids))

    def reading_of(self, condition: Condition) -> frozenset[str]:
        """The rules that a condition builds on."""
        steps = [one for one in atoms(condition) if isinstance(one, Conclusion)]
        return self.reading(*(id_ for one in steps for id_ in self.rules.ids_concluding(one)))

    def reading_escalations(self, escalations: Iterable[Escalation]) -> frozenset[str]:
        """What these, and what removes them, build on, themselves included."""
        ids = [id_ for one in escalations for id_ in self.ids_of_escalation(one)]
        return self.reading(*ids)

    def ids_of_escalation(self, one: Escalation) -> tuple[str, ...]:
        """Its own id and that of its `unless`, where it has one."""
        return (one.id,) if one.unless is None else (one.id, unless_id(one.id))

    def reading_advice(self, one: Advice) -> frozenset[str]:
        """All that decides whether advice is given, and what is said with it."""
        ids = [one.id, *(unless_id(one.id, entry.id) for entry in one.unless)]
        ids += [caution_id(one.id, caution.id) for caution in one.cautions]
        return self._once(
            f"reading advice {one.id}",
            lambda: self.reading(*ids) | self.reading_escalations(self.holding(one)),
        )

    def reading_urgency(self, triage: Triage) -> frozenset[str]:
        """All that decides whether anything calls for at least so much."""
        return self._once(
            f"reading {triage.id}", lambda: self.reading_escalations(self.reaching(triage))
        )

    def support(self, id_: str) -> frozenset[str]:
        """The facts that a condition looks at, through findings and causes too."""
        if id_ not in self._looks_at:
            self._looks_at[id_] = frozenset(
                atom.fact
                for one in self.reading(id_)
                for atom in fact_atoms(self.rules.conditions[one])
            )
        return self._looks_at[id_]

    # Replaying on a real engine

    def fire(self, patient: PatientFacts) -> frozenset[str]:
        """The ids that fire."""
        return engine_for(self.rules, "compiled").fire(patient)

    def standing(self, patient: PatientFacts) -> frozenset[str]:
        """What fires, but for escalations that their `unless` removes."""
        fired = self.fire(patient)
        active = {one.id for one in active_escalations(self.rules, fired)}
        return fired - {one.id for one in self.rules.escalations} | active

    def assessed(self, patient: PatientFacts) -> Assessment:
        """The whole assessment."""
        return assess(patient, rules=self.rules, engine="compiled")

    def advised(self, patient: PatientFacts) -> set[str]:
        """The ids of the advice that is given."""
        return {one.id for one in self.assessed(patient).advice}

    def replayed(self, patient: PatientFacts, found: str, *, shown: bool) -> Counterexample:
        """A counter-example that the engine has `shown`. Raises EngineError where it has not."""
        if not shown:
            raise EngineError(f"the solver says of {patient!r}: {found}; the engine does not")
        return Counterexample(patient, found)
