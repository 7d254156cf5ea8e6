"""The columnar engine: a rule base as formulas over whole columns.

`Formulas.of` turns the conditions of a rule base, and the part of the fold that is true or false,
into formulas for every row at once. What they become is another's business: expressions of a data
frame, or SQL. Rules fire on what is known to be true and negation has been pushed down to the
facts, so each test of a column is two-valued from the start: true, or else not known to be true.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping

from attrs import Factory, frozen

from crampsrules.conditions import AllOf, AnyOf, Concluded, Condition, FactAtom, Operator, Suspected
from crampsrules.rulebase import RuleBase
from crampsrules.rules import SERIOUSNESS, unless_id
from crampsrules.triage import Triage


@frozen(cache_hash=True)
class Holds:
    """A yes-or-no column is known to be `wanted`."""

    column: str
    wanted: bool


@frozen(cache_hash=True)
class Compares:
    """A number is known, and compares with a literal as the operator says."""

    column: str
    operator: Operator
    value: float


@frozen(cache_hash=True)
class Outside:
    """A number is known and is not between the bounds, or not whole where it has to be."""

    column: str
    low: float
    high: float
    whole: bool


@frozen(cache_hash=True)
class IsOneOf:
    """A text is known, and is one of `values` (or none of them, where not `wanted`)."""

    column: str
    values: tuple[str, ...]
    wanted: bool = True


@frozen(cache_hash=True)
class HasBits:
    """A set, written as bits, is known and has any of `bits` (or none, where not `wanted`)."""

    column: str
    bits: int
    wanted: bool = True


@frozen(cache_hash=True)
class IsKnown:
    """Whether a column has a value."""

    column: str
    wanted: bool = True


Test = Holds | Compares | Outside | IsOneOf | HasBits | IsKnown


@frozen(cache_hash=True)
class Named:
    """The value of a formula that stands in an earlier stage."""

    name: str


@frozen(cache_hash=True)
class Every:
    """All parts are true; true without parts."""

    parts: tuple[Formula, ...]


@frozen(cache_hash=True)
class Some:
    """At least one part is true; false without parts."""

    parts: tuple[Formula, ...]


@frozen(cache_hash=True)
class Not:
    """The part is not true."""

    part: Formula


Formula = Test | Named | Every | Some | Not

TRUE = Every(())
FALSE = Some(())


def every(parts: Iterable[Formula]) -> Formula:
    """All of the parts, as short as it can be said."""
    kept = dict.fromkeys(part for part in parts if part != TRUE)
    if FALSE in kept:
        return FALSE
    return next(iter(kept)) if len(kept) == 1 else Every(tuple(kept))


def some(parts: Iterable[Formula]) -> Formula:
    """Any of the parts, as short as it can be said."""
    kept = dict.fromkeys(part for part in parts if part != FALSE)
    if TRUE in kept:
        return TRUE
    return next(iter(kept)) if len(kept) == 1 else Some(tuple(kept))


def negated(part: Formula) -> Formula:
    """The opposite of a formula."""
    if part in (TRUE, FALSE):
        return FALSE if part == TRUE else TRUE
    return Not(part)


def parts_of(formula: Formula) -> tuple[Formula, ...]:
    """What a formula is made of."""
    match formula:
        case Every(parts) | Some(parts):
            return parts
        case Not(part):
            return (part,)
        case _:
            return ()


def tests_in(formula: Formula) -> Iterator[Test]:
    """Every test of a column in a formula."""
    if isinstance(formula, Test):
        yield formula
    for part in parts_of(formula):
        yield from tests_in(part)


def names_in(formula: Formula) -> Iterator[str]:
    """The name of every formula of an earlier stage in a formula."""
    if isinstance(formula, Named):
        yield formula.name
    for part in parts_of(formula):
        yield from names_in(part)


@frozen
class Formulas:
    """A rule base as formulas: to be worked out stage by stage, each from those before."""

    stages: tuple[Mapping[str, Formula], ...]
    """What to work out, by name."""
    fired: Mapping[str, Formula]
    """For each id that can fire, sorted, whether it did: a name, or always true."""
    triage: Mapping[Triage, Formula]
    """For each level, the most urgent first, whether an escalation raises to it."""
    advice: Mapping[str, Formula]
    """For each piece of advice, in the order to act, whether it is given."""
    listed: Mapping[str, Formula]
    """For each cause that can be, whether it is listed; in the order of causes of one weight."""

    @classmethod
    def of(cls, rules: RuleBase, test: Callable[[FactAtom], Formula]) -> Formulas:
        """The formulas of a rule base over columns; `test` says how a fact is tested in them."""
        return _Builder(rules, test).formulas()


@frozen
class _Builder:
    rules: RuleBase
    test: Callable[[FactAtom], Formula]
    fired: dict[str, Formula] = Factory(dict)
    _stages: list[dict[str, Formula]] = Factory(list)
    _stage_of: dict[str, int] = Factory(dict)
    _names: dict[Formula, Named] = Factory(dict)

    def formulas(self) -> Formulas:
        for level in self.rules.levels:
            for id_ in level:
                self.fired[id_] = self.named(self.formula(self.rules.conditions[id_]))
        triage, held = self._escalations()
        return Formulas(
            fired={id_: self.fired[id_] for id_ in sorted(self.fired) if self.fired[id_] != FALSE},
            triage=triage,
            advice=self._advice(held),
            listed=self._listed(),
            stages=tuple(self._stages),
        )

    def named(self, formula: Formula) -> Formula:
        """A name for a formula, which stands in the first stage that it can stand in."""
        if formula in (TRUE, FALSE) or isinstance(formula, Named):
            return formula
        if formula not in self._names:
            # Each test of a column is made once, however many rules ask for it.
            is_test = isinstance(formula, Test)
            in_names = formula if is_test else self._with_named_tests(formula)
            stage = 1 + max((self._stage_of[one] for one in names_in(in_names)), default=-1)
            name = str(len(self._stage_of))
            self._stage_of[name] = stage
            while len(self._stages) <= stage:
                self._stages.append({})
            self._stages[stage][name] = in_names
            self._names[formula] = Named(name)
        return self._names[formula]

    def _with_named_tests(self, formula: Formula) -> Formula:
        match formula:
            case Every(parts):
                return Every(tuple(self._with_named_tests(part) for part in parts))
            case Some(parts):
                return Some(tuple(self._with_named_tests(part) for part in parts))
            case Not(part):
                return Not(self._with_named_tests(part))
            case _:
                return self.named(formula)

    def formula(self, condition: Condition) -> Formula:
        match condition:
            case AllOf(parts):
                return every(self.formula(part) for part in parts)
            case AnyOf(parts):
                return some(self.formula(part) for part in parts)
            case Concluded(finding):
                return self._any_fired(self.rules.concluding.get(finding, ()))
            case Suspected(cause):
                return self._suspected(cause)
            case _:
                return self.test(condition)

    def _any_fired(self, ids: Iterable[str]) -> Formula:
        return self.named(some(self.fired[id_] for id_ in ids))

    def _suspected(self, cause: str) -> Formula:
        return self._any_fired(self.rules.suspecting.get(cause, ()))

    def _escalations(self) -> tuple[Mapping[Triage, Formula], Mapping[str, Formula]]:
        """What raises to each level, and what holds back each kind of advice."""
        levels: dict[Triage, list[Formula]] = {level: [] for level in reversed(Triage)}
        holding: dict[str, list[Formula]] = {}
        for one in self.rules.escalations:
            unless = FALSE if one.unless is None else self.fired[unless_id(one.id)]
            active = self.named(every((self.fired[one.id], negated(unless))))
            levels[one.triage].append(active)
            for kind in one.holds:
                holding.setdefault(kind, []).append(active)
        return (
            {level: self.named(some(found)) for level, found in levels.items()},
            {kind: self.named(some(found)) for kind, found in holding.items()},
        )

    def _advice(self, held: Mapping[str, Formula]) -> Mapping[str, Formula]:
        given = {
            one.id: self.named(
                every(
                    (
                        self.fired[one.id],
                        negated(held.get(one.kind, FALSE)),
                        *(negated(self.fired[unless_id(one.id, it.id)]) for it in one.unless),
                    )
                )
            )
            for one in self.rules.advice
        }
        return {id_: formula for id_, formula in given.items() if formula != FALSE}

    def _listed(self) -> Mapping[str, Formula]:
        """A suspected cause; where no other is, also each fallback that nothing speaks against."""
        causes = dict(
            sorted(
                self.rules.causes.items(),
                key=lambda one: (-SERIOUSNESS.index(one[1].seriousness), one[0]),
            )
        )
        suspected = {id_: self._suspected(id_) for id_ in causes}
        other = self.named(some(suspected[id_] for id_ in causes if not causes[id_].fallback))
        listed: dict[str, Formula] = {}
        for id_, cause in causes.items():
            if cause.fallback:
                against = some(
                    self.fired[one.id]
                    for one in self.rules.evidence[id_]
                    if self.rules.decibans[one.id] < 0
                )
                with_others = every((other, suspected[id_]))
                alone = every((negated(other), negated(against)))
                listed[id_] = self.named(some((with_others, alone)))
            else:
                listed[id_] = suspected[id_]
        return {id_: formula for id_, formula in listed.items() if formula != FALSE}
