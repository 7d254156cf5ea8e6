"""The conditions of a rule base as logic over what may be known of a patient, for a solver.

Everything becomes yes-or-no variables. A number is told apart only where some condition does:
for each threshold there is one variable for "at least" and one for "above", so that a solution
comes back as exactly the values that the engines would see.
"""

from __future__ import annotations

import importlib
import itertools
import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from attrs import define, field, frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Conclusion,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    thresholds,
)
from crampsrules.errors import MissingExtraError
from crampsrules.facts import CONTRADICTIONS, FACTS, Fact, PatientFacts
from crampsrules.medicines import NameKind
from crampsrules.memberships import is_whole
from crampsrules.rulebase import RuleBase

if TYPE_CHECKING:
    from types import ModuleType

# z3's expressions carry no types that say more than this.
Expression = Any

_UNHEARD_OF = "a medicine nobody knows"
_MOST_DIGITS = 17


def solver_module() -> ModuleType:
    """The module z3. Raises MissingExtraError without it."""
    try:
        z3: ModuleType = importlib.import_module("z3")
    except ImportError:
        raise MissingExtraError.for_extra("prove", "z3-solver") from None
    return z3


@frozen
class Cut:
    """A place where some condition parts a number: below `at` from the rest, or above it."""

    at: float
    above: bool

    def below(self, value: float) -> bool:
        """Whether the cut lies below a value."""
        return value > self.at if self.above else value >= self.at


@frozen
class Scale:
    """A number's cuts in order, and a value in each band between them.

    Band 0 lies below the first cut. A band that no value falls in has None: no whole number
    lies above 3 and below 4.
    """

    cuts: tuple[Cut, ...]
    values: tuple[float | None, ...]

    @classmethod
    def of(cls, fact: Fact, thresholds: Iterable[float]) -> Scale:
        """The scale of a number that conditions compare with these thresholds."""
        marks = sorted(set(map(float, thresholds)))
        cuts = tuple(Cut(mark, above) for mark in marks for above in (False, True))
        return cls(cuts, tuple(_band_values(fact, marks)))

    def band(self, value: float) -> int:
        """The band that a value falls in."""
        return sum(cut.below(value) for cut in self.cuts)


def _band_values(fact: Fact, marks: list[float]) -> Iterator[float | None]:
    assert fact.low is not None
    assert fact.high is not None
    whole = fact.kind == "integer"
    ends = [math.nextafter(fact.low, -math.inf), *marks, math.nextafter(fact.high, math.inf)]
    for below, above in itertools.pairwise(ends):
        yield _between(below, above, whole=whole)
        if above != ends[-1]:
            yield (int(above) if above.is_integer() else None) if whole else above


def _between(low: float, high: float, *, whole: bool) -> float | None:
    """The lowest of the plainest numbers strictly between two others, or None."""
    for digits in range(1 if whole else _MOST_DIGITS):
        unit = 10.0**digits
        candidate = (math.floor(low * unit) + 1) / unit
        if low < candidate < high:
            return int(candidate) if whole else candidate
    middle = low + (high - low) / 2
    return middle if low < middle < high and not whole else None


@define(eq=False)
class Translation:
    """The conditions of a rule base, over variables for what may be known of a patient.

    `true(condition)` and `false(condition)` are expressions; where neither holds, the condition
    is undecided. `realizable` says which combinations a `PatientFacts` can have. Conditions that
    are not of the rule base are named in `also`, for the numbers in them.
    """

    rules: RuleBase
    also: tuple[Condition, ...] = ()
    z3: ModuleType = field(factory=solver_module)
    variables: dict[str, Expression] = field(factory=dict)
    realizable: list[Expression] = field(factory=list)
    scales: dict[str, Scale] = field(factory=dict)
    kinds: tuple[NameKind, ...] = field(init=False)
    _drawn: dict[tuple[str, bool], Expression] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.kinds = self.rules.formulary.kinds()
        own = (*self.rules.conditions.values(), *self.rules.law_conditions.values())
        compared = thresholds((*own, *self.also))
        for fact in FACTS.values():
            self._declare(fact, compared.get(fact.name, ()))
        self._declare_medicines()
        for one in CONTRADICTIONS:
            both = [
                self._stating_one(one.fact, one.value),
                self._stating_one(one.other, one.ruled_out),
            ]
            self.realizable.append(self.z3.Not(self.z3.And(list(itertools.chain(*both)))))

    # What there is to know

    def _variable(self, name: str) -> Expression:
        if name not in self.variables:
            self.variables[name] = self.z3.Bool(name)
        return self.variables[name]

    def is_known(self, fact: str) -> Expression:
        """Whether anything was said of a fact."""
        return self._variable(f"known {fact}")

    def is_beyond(self, fact: str, cut: Cut) -> Expression:
        """Whether a number lies beyond a cut, where it is known."""
        return self._variable(f"{fact} {'>' if cut.above else '>='} {cut.at:.17g}")

    def _is(self, fact: str, member: str) -> Expression:
        return self._variable(f"{fact} is {member}")

    def _states(self, fact: str, member: str) -> Expression:
        return self._variable(f"{fact} has {member}")

    def _names(self, kind: NameKind) -> Expression:
        return self._states("medications", f"the name {kind.name}")

    def _names_unheard_of(self) -> Expression:
        return self._states("medications", "an unknown name")

    def _holds(self, class_: str, *, present: bool) -> Expression:
        """Whether some list of names implies a class of medicines, or rules it out."""
        return self._variable(f"{class_} is {'implied' if present else 'ruled out'}")

    def _declare(self, fact: Fact, marks: Iterable[float]) -> None:
        self.is_known(fact.name)
        if fact.kind == "choice":
            choices = [self._is(fact.name, member) for member in fact.members]
            pairs = itertools.combinations(choices, 2)
            self.realizable.append(self.z3.Or(choices))
            self.realizable += [self.z3.Not(self.z3.And(one, other)) for one, other in pairs]
        elif fact.is_number:
            self.scales[fact.name] = Scale.of(fact, marks)
            self._declare_scale(fact.name, self.scales[fact.name])

    def _declare_scale(self, fact: str, scale: Scale) -> None:
        z3 = self.z3
        beyond = [self.is_beyond(fact, cut) for cut in scale.cuts]
        self.realizable += [z3.Implies(b, a) for a, b in itertools.pairwise(beyond)]
        steps = itertools.pairwise([z3.BoolVal(val=True), *beyond, z3.BoolVal(val=False)])
        for (after, before), value in zip(steps, scale.values, strict=True):
            if value is None:
                self.realizable.append(z3.Implies(after, before))

    def _declare_medicines(self) -> None:
        """Each class is implied, ruled out or open, as some list of names would make it."""
        z3, unheard_of = self.z3, self._names_unheard_of()
        for class_ in self.rules.formulary.classes:
            holding = [self._names(kind) for kind in self.kinds if class_ in kind.held]
            opening = [self._names(kind) for kind in self.kinds if class_ in kind.left_open]
            implied = self._holds(class_, present=True)
            ruled_out = self._holds(class_, present=False)
            self.realizable.append(implied == z3.Or(holding))
            self.realizable.append(ruled_out == z3.Not(z3.Or([implied, unheard_of, *opening])))

    # What conditions mean

    def counts(self, fact: str) -> Expression:
        """Whether a fact counts as known: a reported value does not beside a measured one."""
        measured = FACTS[fact].measured_by
        if measured is None:
            return self.is_known(fact)
        return self.z3.And(self.is_known(fact), self.z3.Not(self.is_known(measured)))

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
                return self._conclusion(f"finding {finding}", condition, wanted=wanted)
            case Suspected(cause):
                return self._conclusion(f"cause {cause}", condition, wanted=wanted)
        return self._atom(condition, wanted=wanted)

    def _conclusion(self, name: str, of: Conclusion, *, wanted: bool) -> Expression:
        if (name, wanted) not in self._drawn:
            ids = self.rules.ids_concluding(of)
            whole = AnyOf(tuple(self.rules.conditions[id_] for id_ in ids))
            self._drawn[name, wanted] = self._meaning(whole, wanted=wanted)
        return self._drawn[name, wanted]

    def _atom(self, atom: Atom, *, wanted: bool) -> Expression:
        z3 = self.z3
        match atom:
            case Member(fact, member, present):
                held = self._membership(fact, member, present=present is wanted)
            case Known(fact, known):
                return self.counts(fact) if known is wanted else z3.Not(self.counts(fact))
            case Flag(fact, value):
                held = self._fixed(self._is(fact, "true"), value is wanted)
            case OneOf(fact, values):
                one = z3.Or([self._is(fact, value) for value in sorted(values)])
                held = one if wanted else z3.Not(one)
            case Comparison():
                compared = self._compared(atom)
                held = compared if wanted else z3.Not(compared)
            case _:
                raise AssertionError(atom)
        return z3.And(self.counts(atom.fact), held)

    def _compared(self, atom: Comparison) -> Expression:
        z3 = self.z3
        at_least = self.is_beyond(atom.fact, Cut(atom.value, above=False))
        above = self.is_beyond(atom.fact, Cut(atom.value, above=True))
        match atom.operator:
            case "<":
                return z3.Not(at_least)
            case "<=":
                return z3.Not(above)
            case ">":
                return above
            case ">=":
                return at_least
            case "==":
                return z3.And(at_least, z3.Not(above))
            case "!=":
                return z3.Or(z3.Not(at_least), above)

    def _membership(self, fact: str, member: str, *, present: bool) -> Expression:
        if fact == "medications":
            return self._holds(member, present=present)
        described = FACTS[fact]
        specials = () if is_whole(described, member) else described.general.get(member, ())
        held = self.z3.Or([self._states(fact, one) for one in (member, *specials)])
        if present:
            return held
        above = [one for one, specials in described.general.items() if member in specials]
        left_open = [self._states(fact, one) for one in above]
        return self.z3.Not(self.z3.Or([held, *left_open]))

    # Between solutions and patients

    def patient(self, model: Expression) -> PatientFacts:
        """The patient that a solution stands for."""
        known = {
            fact.name: self._value(model, fact)
            for fact in FACTS.values()
            if self.is_so(model, self.is_known(fact.name))
        }
        return PatientFacts.from_mapping(known)

    def is_so(self, model: Expression, variable: Expression) -> bool:
        """Whether a solution has a variable true."""
        return bool(self.z3.is_true(model.eval(variable, model_completion=True)))

    def _value(self, model: Expression, fact: Fact) -> object:
        match fact.kind:
            case "flag":
                return self.is_so(model, self._is(fact.name, "true"))
            case "choice":
                chosen = (
                    one for one in fact.members if self.is_so(model, self._is(fact.name, one))
                )
                return next(chosen)
            case "members":
                return {m for m in fact.members if self.is_so(model, self._states(fact.name, m))}
            case "medicines":
                names = {one.name for one in self.kinds if self.is_so(model, self._names(one))}
                unheard_of = self.is_so(model, self._names_unheard_of())
                return names | ({_UNHEARD_OF} if unheard_of else set())
            case _:
                scale = self.scales[fact.name]
                beyond = (self.is_so(model, self.is_beyond(fact.name, cut)) for cut in scale.cuts)
                return scale.values[sum(beyond)]

    def sayings(self) -> Iterator[Expression]:
        """What can be said of a patient or left out: facts, then members, then medicines."""
        for fact in FACTS:
            yield self.is_known(fact)
        for described in FACTS.values():
            for member in described.members if described.kind == "members" else ():
                yield self._states(described.name, member)
        yield from map(self._names, self.kinds)
        yield self._names_unheard_of()

    def stating(self, patient: PatientFacts) -> list[Expression]:
        """What fixes every variable that a condition may look at to what a patient has."""
        known = patient.known()
        stated: list[Expression] = []
        for name in FACTS:
            if name in known:
                stated += self._stating_one(name, known[name])
            else:
                stated.append(self.z3.Not(self.is_known(name)))
        return stated

    def _stating_one(self, name: str, value: Any) -> list[Expression]:  # noqa: ANN401
        fact = FACTS[name]
        match fact.kind:
            case "flag":
                fixed = [self._fixed(self._is(name, "true"), value)]
            case "choice":
                fixed = [self._is(name, value)]
            case "members":
                fixed = [self._fixed(self._states(name, one), one in value) for one in fact.members]
            case "medicines":
                fixed = self._stating_medicines(value)
            case _:
                cuts = self.scales[name].cuts
                fixed = [self._fixed(self.is_beyond(name, cut), cut.below(value)) for cut in cuts]
        return [self.is_known(name), *fixed]

    def _stating_medicines(self, names: frozenset[str]) -> list[Expression]:
        resolved = self.rules.formulary.resolve(names)
        fixed = [self._fixed(self._names_unheard_of(), bool(resolved.unrecognised))]
        for class_ in self.rules.formulary.classes:
            held = resolved.classes.holds(class_)
            fixed.append(self._fixed(self._holds(class_, present=True), held is True))
            fixed.append(self._fixed(self._holds(class_, present=False), held is False))
        return fixed

    def _fixed(self, variable: Expression, wanted: bool) -> Expression:
        return variable if wanted else self.z3.Not(variable)
