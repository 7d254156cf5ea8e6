"""Proving a rule base, for every patient there could be, with the solver z3.

The same conditions that the engines fire are translated into logic, with each fact unknown or
known. What a solver then finds unsatisfiable holds for all inputs; where a claim fails, the
counter-example comes as patient facts, reduced to few, and is replayed on a real engine.
"""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Callable, Collection, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Literal

from attrs import define, field, frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.engines import engine_for
from crampsrules.errors import EngineError, MissingExtraError
from crampsrules.facts import CONTRADICTIONS, FACTS, Fact, PatientFacts
from crampsrules.fold import active_escalations
from crampsrules.linking import caution_id, unless_id
from crampsrules.medicines import NameKind
from crampsrules.memberships import is_whole
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Advice, Escalation, Law
from crampsrules.triage import Triage

if TYPE_CHECKING:
    from types import ModuleType

Kind = Literal["can fire", "redundant", "bands", "red flag", "lowering", "law"]
# z3's expressions carry no types that say more than this.
Expression = Any


@frozen
class Claim:
    """Something that should hold for every patient, and whether it does.

    Where it does not, `patient` is one for whom it fails (None where no patient can show it, as
    for a rule that can never fire).
    """

    kind: Kind
    id: str
    says: str
    holds: bool
    patient: PatientFacts | None = None

    def __str__(self) -> str:
        verdict = "proved" if self.holds else "FAILS"
        shown = f"\n    {self.patient!r}" if self.patient is not None else ""
        return f"{verdict}: {self.kind}: {self.id}: {self.says}{shown}"


def prove(rules: RuleBase, *, told: Callable[[Claim], None] | None = None) -> tuple[Claim, ...]:
    """Decide every claim about a rule base, for all inputs.

    `told` is called with each claim as it is decided. Raises MissingExtraError without z3, and
    EngineError should a counter-example not come out on the engine as the solver says.
    """
    claims: list[Claim] = []
    for claim in _Prover(rules).claims():
        claims.append(claim)
        if told is not None:
            told(claim)
    return tuple(claims)


def _solver_module() -> ModuleType:
    try:
        z3: ModuleType = importlib.import_module("z3")
    except ImportError:
        raise MissingExtraError.for_extra("prove", "z3-solver") from None
    return z3


@define(eq=False)
class Translation:
    """The conditions of a rule base as logic over what may be known of a patient.

    `true(condition)` and `false(condition)` are expressions; where neither holds, the condition
    is undecided. `realizable` says which combinations a `PatientFacts` can have.
    """

    rules: RuleBase
    z3: ModuleType = field(factory=_solver_module)
    variables: dict[str, Expression] = field(factory=dict)
    realizable: list[Expression] = field(factory=list)
    kinds: tuple[NameKind, ...] = field(init=False)
    _concluded: dict[tuple[str, bool], Expression] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.kinds = self.rules.formulary.kinds()
        for fact in FACTS.values():
            self._declare(fact)
        self._declare_medicines()
        for name, value, other, ruled_out, _ in CONTRADICTIONS:
            both = [self._is(name, value), self._is(other, ruled_out)]
            self.realizable.append(self.z3.Not(self.z3.And(both)))

    def _declare(self, fact: Fact) -> None:
        z3, name = self.z3, fact.name
        known = self._bool(f"known {name}")
        match fact.kind:
            case "flag":
                self._bool(f"value {name}")
            case "choice":
                value = self.variables[f"value {name}"] = z3.Int(name)
                self.realizable.append(z3.And(value >= 0, value < len(fact.members)))
            case "members":
                for member in fact.members:
                    self._bool(f"stated {name} {member}")
            case "number" | "integer":
                sort = z3.Real if fact.kind == "number" else z3.Int
                value = self.variables[f"value {name}"] = sort(name)
                low, high = z3.RealVal(repr(fact.low)), z3.RealVal(repr(fact.high))
                self.realizable.append(z3.Implies(known, z3.And(value >= low, value <= high)))

    def _bool(self, name: str) -> Expression:
        return self.variables.setdefault(name, self.z3.Bool(name))

    def _is(self, fact: str, value: object) -> Expression:
        known = self.variables[f"known {fact}"]
        return self.z3.And(known, self.variables[f"value {fact}"] == value)

    def _declare_medicines(self) -> None:
        """Each class is held, ruled out or open, as some list of names would make it."""
        z3, formulary = self.z3, self.rules.formulary
        kinds = self.kinds
        known = self.variables["known medications"]
        for part in kinds:
            self._bool(f"named {part.name}")
        unrecognised = self._bool("named an unknown medicine")
        for id_ in formulary.classes:
            named = [self.variables[f"named {part.name}"] for part in kinds if id_ in part.held]
            left_open = [
                self.variables[f"named {part.name}"] for part in kinds if id_ in part.left_open
            ]
            present = self._bool(f"present medications {id_}")
            absent = self._bool(f"absent medications {id_}")
            self.realizable.append(present == z3.And(known, z3.Or(named)))
            closed = z3.Not(z3.Or([present, unrecognised, *left_open]))
            self.realizable.append(absent == z3.And(known, closed))

    def known(self, fact: str) -> Expression:
        """Whether a fact counts as known: a reported value does not beside a measured one."""
        known = self.variables[f"known {fact}"]
        measured = FACTS[fact].measured_by
        if measured is None:
            return known
        return self.z3.And(known, self.z3.Not(self.variables[f"known {measured}"]))

    def true(self, condition: Condition) -> Expression:
        """When a condition is true."""
        return self._meaning(condition, wanted=True)

    def false(self, condition: Condition) -> Expression:
        """When a condition is known to be false."""
        return self._meaning(condition, wanted=False)

    def _meaning(self, condition: Condition, *, wanted: bool) -> Expression:
        match condition:
            case AllOf(parts):
                join = self.z3.And if wanted else self.z3.Or
                return join([self._meaning(part, wanted=wanted) for part in parts])
            case AnyOf(parts):
                join = self.z3.Or if wanted else self.z3.And
                return join([self._meaning(part, wanted=wanted) for part in parts])
            case Concluded(finding):
                return self._drawn(f"finding {finding}", self.rules.concluding[finding], wanted)
            case Suspected(cause):
                return self._drawn(f"cause {cause}", self.rules.suspecting[cause], wanted)
        return self._atom(condition, wanted=wanted)

    def _drawn(self, name: str, ids: Iterable[str], wanted: bool) -> Expression:
        if (name, wanted) not in self._concluded:
            whole = AnyOf(tuple(self.rules.conditions[id_] for id_ in ids))
            self._concluded[name, wanted] = self._meaning(whole, wanted=wanted)
        return self._concluded[name, wanted]

    def _atom(self, atom: Atom, *, wanted: bool) -> Expression:
        z3 = self.z3
        match atom:
            case Member(fact, member, present):
                return self._membership(fact, member, present=present is wanted)
            case Known(fact, known):
                return self.known(fact) if known is wanted else z3.Not(self.known(fact))
            case Flag(fact, value):
                held = self.variables[f"value {fact}"] == (value is wanted)
            case OneOf(fact, values):
                value = self.variables[f"value {fact}"]
                one = z3.Or([value == FACTS[fact].members.index(v) for v in sorted(values)])
                held = one if wanted else z3.Not(one)
            case Comparison():
                compared = self._compared(atom)
                held = compared if wanted else z3.Not(compared)
            case _:
                raise AssertionError(atom)
        return z3.And(self.known(atom.fact), held)

    def _compared(self, atom: Comparison) -> Expression:
        value, literal = self.variables[f"value {atom.fact}"], self.z3.RealVal(repr(atom.value))
        match atom.operator:
            case "<":
                return value < literal
            case "<=":
                return value <= literal
            case ">":
                return value > literal
            case ">=":
                return value >= literal
            case "==":
                return value == literal
            case "!=":
                return value != literal

    def _membership(self, fact: str, member: str, *, present: bool) -> Expression:
        if fact == "medications":
            return self.variables[f"{'present' if present else 'absent'} {fact} {member}"]
        described = FACTS[fact]
        implying = [
            member,
            *(described.general.get(member, ()) if not is_whole(described, member) else ()),
        ]
        held = self.z3.Or([self.variables[f"stated {fact} {one}"] for one in implying])
        if present:
            return self.z3.And(self.known(fact), held)
        above = [one for one, specials in described.general.items() if member in specials]
        left_open = self.z3.Or([self.variables[f"stated {fact} {one}"] for one in above])
        return self.z3.And(self.known(fact), self.z3.Not(held), self.z3.Not(left_open))

    def patient(self, model: Expression) -> dict[str, object]:
        """The facts of a model, as `PatientFacts` takes them."""
        found: dict[str, object] = {}
        for fact in FACTS.values():
            if self._holds(model, f"known {fact.name}"):
                found[fact.name] = self._value(model, fact)
        return found

    def _holds(self, model: Expression, name: str) -> bool:
        return bool(self.z3.is_true(model.eval(self.variables[name], model_completion=True)))

    def _value(self, model: Expression, fact: Fact) -> object:
        if fact.kind == "members":
            return {m for m in fact.members if self._holds(model, f"stated {fact.name} {m}")}
        if fact.kind == "medicines":
            names = {part.name for part in self.kinds if self._holds(model, f"named {part.name}")}
            unknown = self._holds(model, "named an unknown medicine")
            return names | ({"a medicine nobody knows"} if unknown else set())
        if fact.kind == "flag":
            return self._holds(model, f"value {fact.name}")
        value = model.eval(self.variables[f"value {fact.name}"], model_completion=True)
        if fact.kind == "choice":
            return fact.members[value.as_long()]
        return value.as_long() if fact.kind == "integer" else float(value.as_fraction())


@define(eq=False)
class _Prover:
    rules: RuleBase
    translation: Translation = field(init=False)
    solver: Expression = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.translation = Translation(self.rules)
        self.solver = self.translation.z3.Solver()
        self.solver.add(self.translation.realizable)

    def claims(self) -> Iterator[Claim]:
        yield from self._fireable()
        yield from self._redundant()
        yield from self._bands()
        yield from self._red_flags()
        yield from self._lowering()
        yield from self._laws()

    # Asking the solver

    def _possible(self, *wanted: Expression) -> bool:
        """Whether there is a patient for whom all of it holds."""
        return bool(self.solver.check(*wanted) == self.translation.z3.sat)

    def _example(self, *wanted: Expression) -> PatientFacts | None:
        """A patient with few known facts for whom all of it holds, or None where there is none."""
        if not self._possible(*wanted):
            return None
        z3, kept = self.translation.z3, list(wanted)
        model = self.solver.model()
        for name, variable in self.translation.variables.items():
            if name.startswith("value "):
                continue
            without = z3.Not(variable)
            if z3.is_true(model.eval(variable, model_completion=True)):
                if not self._possible(*kept, without):
                    continue
                model = self.solver.model()
            kept.append(without)
        return PatientFacts.from_mapping(self.translation.patient(model))

    def _fire(self, patient: PatientFacts) -> frozenset[str]:
        return engine_for(self.rules, "compiled").fire(patient)

    def _replayed(self, patient: PatientFacts, shown: bool, says: str) -> PatientFacts:
        if not shown:
            raise EngineError(f"solver and engine disagree on {patient!r}: {says}")
        return patient

    def _true(self, id_: str) -> Expression:
        return self.translation.true(self.rules.conditions[id_])

    def _active(self, one: Escalation) -> Expression:
        if one.unless is None:
            return self._true(one.id)
        return self.translation.z3.And(
            self._true(one.id), self.translation.z3.Not(self._true(unless_id(one.id)))
        )

    # The claims

    def _fireable(self) -> Iterator[Claim]:
        for id_ in self.rules.conditions:
            says = "some patient makes it fire"
            yield Claim("can fire", id_, says, self._possible(self._true(id_)))
        for one in self.rules.escalations:
            if one.unless is not None:
                says = "some patient makes it fire and stand"
                yield Claim("can fire", one.id, says, self._possible(self._active(one)))

    def _redundant(self) -> Iterator[Claim]:
        """No rule fires only where another fires that concludes as much or more."""
        for first, second, both_ways in self._comparable():
            if self._support(first).isdisjoint(self._support(second)):
                continue
            implied = self._implies(first, second) and (
                not both_ways or self._implies(second, first)
            )
            says = f"does not just repeat {second}"
            patient = self._example(self._stands(first)) if implied else None
            yield Claim("redundant", first, says, not implied, patient)

    def _implies(self, first: str, second: str) -> bool:
        z3 = self.translation.z3
        return not self._possible(self._stands(first), z3.Not(self._stands(second)))

    def _stands(self, id_: str) -> Expression:
        rule = self.rules.rules[id_]
        return self._active(rule) if isinstance(rule, Escalation) else self._true(id_)

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

    def _bands(self) -> Iterator[Claim]:
        """Each number alone: urgency falls towards the middle and never falls, rises and falls."""
        for fact in FACTS.values():
            if fact.kind not in ("number", "integer"):
                continue
            alone = [one for one in self.rules.escalations if self._support(one.id) == {fact.name}]
            if not alone:
                continue
            yield from self._banded(fact, alone)

    def _banded(self, fact: Fact, alone: Collection[Escalation]) -> Iterator[Claim]:
        patients = [PatientFacts.from_mapping({fact.name: value}) for value in self._points(fact)]
        levels = [self._triage(patient) for patient in patients]
        lowest = levels.index(min(levels))
        falls = all(a >= b for a, b in itertools.pairwise(levels[: lowest + 1]))
        rises = all(a <= b for a, b in itertools.pairwise(levels[lowest:]))
        at_fault = None if falls and rises else patients[_dip(levels)]
        yield Claim("bands", fact.name, "no gap between the bands", at_fault is None, at_fault)
        ids = {one.id for one in alone}
        overlapping = next((p for p in patients if len(ids & self._fire(p)) > 1), None)
        yield Claim("bands", fact.name, "no bands overlap", overlapping is None, overlapping)

    def _triage(self, patient: PatientFacts) -> Triage:
        active = active_escalations(self.rules, self._fire(patient))
        return max((one.triage for one in active), default=Triage.SELF_CARE)

    def _points(self, fact: Fact) -> list[float]:
        """A value at and between all thresholds of a number: enough to see every band."""
        marks = {
            atom.value
            for condition in self.rules.conditions.values()
            for atom in atoms(condition)
            if isinstance(atom, Comparison) and atom.fact == fact.name
        }
        assert fact.low is not None
        assert fact.high is not None
        ends = sorted({float(fact.low), *marks, float(fact.high)})
        between = [(a + b) / 2 for a, b in itertools.pairwise(ends)]
        points = sorted({*ends, *between})
        return sorted({float(round(p)) for p in points}) if fact.kind == "integer" else points

    def _red_flags(self) -> Iterator[Claim]:
        z3 = self.translation.z3
        for one in self.rules.escalations:
            if one.triage < Triage.SAME_DAY:
                continue
            lower = z3.Not(
                z3.Or([self._active(e) for e in self.rules.escalations if e.triage >= one.triage])
            )
            stands = self._true(one.id) if one.triage is Triage.EMERGENCY else self._active(one)
            patient = self._example(stands, lower)
            says = f"forces {one.triage.id} whatever else is known"
            yield Claim("red flag", one.id, says, patient is None, patient)

    def _lowering(self) -> Iterator[Claim]:
        """Learning a fact removes an escalation only where its `unless` names the fact."""
        z3 = self.translation.z3
        for one in self.rules.escalations:
            excusing = self._support(unless_id(one.id)) if one.unless is not None else frozenset()
            active = self._active(one)
            support = self._support(one.id)
            corrected = {FACTS[name].measured_by for name in support}
            lost = [
                z3.And(z3.substitute(active, (known, z3.BoolVal(False))), known)  # noqa: FBT003
                for name in sorted(support - excusing - corrected)
                for known in [self.translation.variables[f"known {name}"]]
            ]
            patient = self._example(z3.Not(active), z3.Or(lost)) if lost else None
            says = "no fact removes it but one that its `unless` names"
            yield Claim("lowering", one.id, says, patient is None, patient)

    def _support(self, id_: str) -> frozenset[str]:
        """The facts that a condition looks at, through findings and causes too."""
        found: set[str] = set()
        waiting = [id_]
        seen: set[str] = set()
        while waiting:
            rule = waiting.pop()
            if rule in seen:
                continue
            seen.add(rule)
            for atom in atoms(self.rules.conditions[rule]):
                if isinstance(atom, Concluded):
                    waiting += self.rules.concluding[atom.finding]
                elif isinstance(atom, Suspected):
                    waiting += self.rules.suspecting[atom.cause]
                else:
                    found.add(atom.fact)
        return frozenset(found)

    def _laws(self) -> Iterator[Claim]:
        for law in self.rules.laws:
            patient = self._example(
                self.translation.true(self.rules.law_conditions[law.id]), self._breach(law)
            )
            if patient is not None:
                self._replayed(patient, is_broken(self.rules, law, patient), law.says)
            yield Claim("law", law.id, law.says, patient is None, patient)

    def _breach(self, law: Law) -> Expression:
        z3 = self.translation.z3
        advice = {one.id: one for one in self.rules.advice}
        breaches = [self._given(advice[id_]) for id_ in law.forbids]
        breaches += [z3.Not(self._given(advice[id_])) for id_ in law.advised]
        breaches += [
            z3.And(self._given(advice[id_]), z3.Not(self._cautioned(advice[id_])))
            for id_ in law.cautioned
        ]
        breaches += [z3.Not(self._given(advice[id_])) for id_ in law.advised]
        if law.not_together:
            breaches.append(z3.And([self._given(advice[id_]) for id_ in law.not_together]))
        if law.at_least is not None:
            reaching = [e for e in self.rules.escalations if e.triage >= law.at_least]
            breaches.append(z3.Not(z3.Or([self._active(e) for e in reaching])))
        return z3.Or(breaches)

    def _given(self, one: Advice) -> Expression:
        z3 = self.translation.z3
        holding = [e for e in self.rules.escalations if one.kind in e.holds]
        against = [self._true(unless_id(one.id, entry.id)) for entry in one.unless]
        against += [self._active(e) for e in holding]
        return z3.And(self._true(one.id), z3.Not(z3.Or(against)))

    def _cautioned(self, one: Advice) -> Expression:
        z3 = self.translation.z3
        said = [self._true(caution_id(one.id, caution.id)) for caution in one.cautions]
        for entry in one.unless:
            if entry.caution:
                condition = self.rules.conditions[unless_id(one.id, entry.id)]
                decided = z3.Or(self.translation.true(condition), self.translation.false(condition))
                said.append(z3.Not(decided))
        return z3.Or(said)


def _dip(levels: list[Triage]) -> int:
    """Where urgency is lower than on both sides, other than at the lowest."""
    lowest = levels.index(min(levels))
    for place in range(1, len(levels)):
        if place <= lowest and levels[place] > levels[place - 1]:
            return place - 1
        if place > lowest and levels[place] < levels[place - 1]:
            return place
    return lowest


def is_broken(rules: RuleBase, law: Law, patient: PatientFacts) -> bool:
    """Whether an assessment of this patient breaks a law, on a real engine."""
    from crampsrules.assess import assess
    from crampsrules.laws import broken_laws

    return law.id in {one.id for one in broken_laws(assess(patient, rules=rules))}
