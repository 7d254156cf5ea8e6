"""How an unknown fact could change the answer, read off the conditions.

A condition that is undecided can still become true, and each unknown fact on a way to it
counts, with the number of facts that the shortest such way needs. What is found here is all
there can be, and may be more: two halves of a condition can turn out to shut each other out.
"""

from __future__ import annotations

import enum
import math
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property

from attrs import define, evolve, field, frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Concluded,
    Conclusion,
    Condition,
    Known,
    Suspected,
    atoms,
    evaluate,
)
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import active_escalations, most_urgent, rank_causes
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.rules import Escalation, Evidence, rule_of, unless_id
from crampsrules.triage import Triage


class Difference(enum.IntEnum):
    """The difference that an answer could make, those that matter most first."""

    RAISES_TRIAGE = 0
    LOWERS_TRIAGE = 1
    KEEPS_TRIAGE = 2
    """Raises it again where something else has lowered it."""
    FIRST_CAUSE = 3
    RANKING = 4


@frozen
class Route:
    """One way for a fact to matter: through which rule, to what, and with how many facts.

    `level` is that of the escalation, and `needed` counts the fact itself. `instead_of` is the
    reported value that a measured one would replace.
    """

    difference: Difference
    level: Triage
    needed: int
    rule: str
    instead_of: str | None = None

    @property
    def haste(self) -> int:
        """How soon to ask: the level, less one for each further fact that it takes."""
        return self.level - (self.needed - 1)


Ways = tuple[float, Mapping[str, float]]
"""How many unknown facts the shortest way to truth needs, and the shortest way by each fact."""

_NO_WAY: Ways = (math.inf, {})
_OPEN: Ways = (0, {})

# Learning a fact can only make more true, with one exception: a measured value takes the place
# of what was only reported, and with it of everything that rested on that.
_REPORTED = {one.name: one.measured_by for one in FACTS.values() if one.measured_by is not None}


@define(eq=False)
class Routes:
    """The routes by which each unknown fact of one patient could matter.

    `never` are facts that will stay unknown: no route leads through them. Of most rules nothing
    that they rest on is settled; what holds of these is the same for every patient, and looked up.
    """

    rules: RuleBase
    inference: Inference
    fired: frozenset[str]
    never: frozenset[str]
    _replaceable: frozenset[str] = field(init=False)
    _untouched: frozenset[str] = field(init=False)
    _active: Sequence[Escalation] = field(init=False)
    _present: Triage = field(init=False)
    _ways: dict[str, Ways] = field(factory=dict)
    _bounds_of: dict[str, tuple[float, float]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self._active = active_escalations(self.rules, self.fired)
        self._present = most_urgent(self._active)
        known = self.inference.value
        self._replaceable = frozenset(
            reported
            for reported, measured in _REPORTED.items()
            if known(reported) is not None and self.is_open(measured)
        )
        settled = self.never | {fact for fact in FACTS if known(fact) is not None}
        behind = _facts_behind(self.rules) if settled else {}
        self._untouched = frozenset(id_ for id_ in behind if settled.isdisjoint(behind[id_]))

    def to_triage(self) -> dict[str, list[Route]]:
        """By fact, the routes to another triage."""
        routes: dict[str, list[Route]] = {}
        settled = self._settled()
        for one in self.rules.escalations:
            if one.triage > settled:
                self._route_escalation(one, routes)
        self._route_measured(routes)
        return routes

    def _route_measured(self, routes: dict[str, list[Route]]) -> None:
        """A measured value matters wherever the reported one that it replaces would."""
        for reported, measured in _REPORTED.items():
            if reported in routes and self.is_open(measured):
                routes.setdefault(measured, []).extend(
                    evolve(one, needed=one.needed + 1, instead_of=reported)
                    for one in routes[reported]
                )

    def rests_on_reported(self, id_: str) -> bool:
        """Whether what fires under an id could fall when a value is measured."""
        return bool(self._replaced_under(id_))

    def _replaced_under(self, id_: str) -> frozenset[str]:
        """Each known reported value that an id rests on, of those that could still be measured."""
        if not self._replaceable:
            return self._replaceable
        return self._replaceable & _facts_behind(self.rules)[id_]

    def _replacing(self, id_: str) -> list[tuple[str, str]]:
        """Each known reported value that an id rests on, and what would measure it."""
        under_it = sorted(self._replaced_under(id_))
        return [(reported, _REPORTED[reported]) for reported in under_it]

    def _settled(self) -> Triage:
        """The level that nothing can bring down any more."""
        firm = (
            one.triage
            for one in self._active
            if (one.unless is None or self.ways_to(unless_id(one.id)) == _NO_WAY)
            and not self.rests_on_reported(one.id)
        )
        return max(firm, default=Triage.SELF_CARE)

    def _route_escalation(self, one: Escalation, routes: dict[str, list[Route]]) -> None:
        ways = self.ways_to(one.id)
        if ways == _NO_WAY:
            return
        if one.id in self.fired:
            self._route_replacing(one.id, Difference.LOWERS_TRIAGE, one.triage, routes)
        if one.unless is None:
            _add(routes, ways, self._raising(one), one.triage, one.id)
        else:
            self._route_excusable(one, ways, routes)

    def _route_excusable(self, one: Escalation, ways: Ways, routes: dict[str, list[Route]]) -> None:
        id_ = unless_id(one.id)
        for fact in self.ignorance_in(id_):
            _add(routes, (0, {fact: ways[0] + 1}), self._raising(one), one.triage, one.id)
        self._route_replacing(id_, self._raising(one), one.triage, routes)
        if not self._is_excused(id_):
            _add(routes, ways, self._raising(one), one.triage, one.id)
            shortest, by_fact = self.ways_to(id_)
            further = {fact: needed + ways[0] for fact, needed in by_fact.items()}
            _add(routes, (shortest, further), Difference.LOWERS_TRIAGE, one.triage, one.id)

    def _raising(self, one: Escalation) -> Difference:
        higher = one.triage > self._present
        return Difference.RAISES_TRIAGE if higher else Difference.KEEPS_TRIAGE

    def _route_replacing(
        self, id_: str, difference: Difference, level: Triage, routes: dict[str, list[Route]]
    ) -> None:
        for reported, measured in self._replacing(id_):
            route = Route(difference, level, 1, rule_of(id_), reported)
            routes.setdefault(measured, []).append(route)

    def _is_excused(self, id_: str) -> bool:
        """Whether an excuse has fired and will stand whatever else is learnt."""
        return id_ in self.fired and not self.rests_on_reported(id_) and not self.ignorance_in(id_)

    def ignorance_in(self, id_: str) -> list[str]:
        """Unknown facts that excuse an escalation by being unknown."""
        return [
            atom.fact
            for atom in atoms(self.rules.conditions[id_])
            if isinstance(atom, Known) and not atom.wanted and self.is_open(atom.fact)
        ]

    def to_causes(self, facts: Iterable[str] | None = None) -> dict[str, list[Route]]:
        """By fact, the routes to another first cause or ranking; of some facts or of all."""
        wanted = None if facts is None else frozenset(facts)
        routes: dict[str, list[Route]] = {}
        for cause, evidence in self.rules.evidence.items():
            if self.inference.suspected(cause) is False and not self.rules.causes[cause].fallback:
                continue
            for one in evidence:
                ways = self.ways_to(one.id)
                if ways[1] and (wanted is None or not wanted.isdisjoint(ways[1])):
                    self._route_evidence(one, ways, routes)
                elif one.id in self.fired:
                    difference = self._difference_by(cause)
                    self._route_replacing(one.id, difference, Triage.SELF_CARE, routes)
        self._route_measured(routes)
        return routes

    def _route_evidence(self, one: Evidence, ways: Ways, routes: dict[str, list[Route]]) -> None:
        if self._verdict(one.id) is None and not self._outweighed(one):
            _add(routes, ways, self._difference_by(one.cause), Triage.SELF_CARE, one.id)

    def _difference_by(self, cause: str) -> Difference:
        contends = bool(self._replaceable) or self._contends(cause)
        return Difference.FIRST_CAUSE if contends else Difference.RANKING

    def _outweighed(self, one: Evidence) -> bool:
        """Whether stronger evidence of its group has fired, so that it would not count."""
        if one.group is None or self.inference.suspected(one.cause) is not True:
            return False
        weight = self.rules.decibans[one.id]
        return any(
            other.group == one.group
            and other.id in self.fired
            and not self.rests_on_reported(other.id)
            and abs(self.rules.decibans[other.id]) >= abs(weight)
            and (self.rules.decibans[other.id] > 0) is (weight > 0)
            for other in self.rules.evidence[one.cause]
        )

    def _contends(self, cause: str) -> bool:
        """Whether the weight of a cause could decide which cause comes first."""
        first = self._first
        if first is None:
            return True
        if self.rules.causes[cause].fallback:
            return False
        least = self._bounds(first)[0]
        if cause != first:
            return self._bounds(cause)[1] >= least
        return any(self._bounds(other)[1] >= least for other in self._rivals(first))

    def _rivals(self, first: str) -> Iterable[str]:
        causes = self.rules.causes.values()
        return (one.id for one in causes if one.id != first and not one.fallback)

    @cached_property
    def _first(self) -> str | None:
        """The first cause, where it is more than a fallback."""
        ranking = rank_causes(self.rules, self.fired)
        if not ranking or self.rules.causes[ranking[0].id].fallback:
            return None
        return ranking[0].id

    def _bounds(self, cause: str) -> tuple[float, float]:
        """The least and the most that a cause could come to weigh."""
        if cause not in self._bounds_of:
            self._bounds_of[cause] = self._weigh_bounds(cause)
        return self._bounds_of[cause]

    def _weigh_bounds(self, cause: str) -> tuple[float, float]:
        if self.inference.suspected(cause) is False:
            return -math.inf, -math.inf
        evidence = self.rules.evidence[cause]
        settled = [one for one in evidence if one.id in self.fired]
        possible = [one for one in evidence if self._verdict(one.id) is not False]
        prior = self.rules.causes[cause].prior
        return (
            prior + self._sum(settled, 1) + self._sum(possible, -1),
            prior + self._sum(possible, 1) + self._sum(settled, -1),
        )

    def _sum(self, evidence: Iterable[Evidence], sign: int) -> int:
        strongest: dict[str, int] = {}
        for one in evidence:
            weight = sign * self.rules.decibans[one.id]
            if weight > 0:
                group = one.id if one.group is None else f"/{one.group}"
                strongest[group] = max(strongest.get(group, 0), weight)
        return sign * sum(strongest.values())

    def ways_to(self, id_: str) -> Ways:
        """The ways in which the condition that fires under an id could become true."""
        if id_ not in self._ways:
            if id_ in self._untouched:
                self._ways[id_] = _nothing_known(self.rules).ways_to(id_)
            else:
                self._ways[id_] = self._ways_of(self.rules.conditions[id_])
        return self._ways[id_]

    def _verdict(self, id_: str) -> bool | None:
        untouched = id_ in self._untouched
        return (_nothing_known(self.rules) if untouched else self).inference.verdict(id_)

    def _ways_of(self, condition: Condition) -> Ways:
        match condition:
            case AllOf(parts):
                return _every(self._ways_of(part) for part in parts)
            case AnyOf(parts):
                return _either(self._ways_of(part) for part in parts)
            case Concluded() | Suspected():
                return _either(self.ways_to(id_) for id_ in self.rules.ids_concluding(condition))
            case Known(fact, wanted):
                if self.is_open(fact):
                    # To learn what must not be known shuts a way that is open now.
                    return (1, {fact: 1}) if wanted else (0, {fact: math.inf})
                is_known = self.inference.value(fact) is not None
                return _OPEN if is_known is wanted else _NO_WAY
        verdict = evaluate(condition, self.inference)
        if verdict is not None:
            return _OPEN if verdict else _NO_WAY
        return (1, {condition.fact: 1}) if self.is_open(condition.fact) else _NO_WAY

    def leads_to(self, condition: Condition, fact: str) -> bool:
        """Whether a fact is on a way to making a condition true."""
        return fact in self._ways_of(condition)[1]

    def is_open(self, fact: str) -> bool:
        """Whether it could yet be learnt.

        A set that was given in general terms is known, and so is what has been measured.
        """
        if fact in self.never or self.inference.value(fact) is not None:
            return False
        measured_by = FACTS[fact].measured_by
        return measured_by is None or self.inference.value(measured_by) is None


@kept_with_rules
def _nothing_known(rules: RuleBase) -> Routes:
    """The routes for a patient of whom nothing is known."""
    inference = Inference(rules, observe(PatientFacts(), rules.formulary))
    return Routes(rules, inference, frozenset(), frozenset())


@kept_with_rules
def _facts_behind(rules: RuleBase) -> Mapping[str, frozenset[str]]:
    """By id, every fact that it rests on, directly or through what else has fired."""
    behind: dict[str, frozenset[str]] = {}

    def of(id_: str) -> frozenset[str]:
        if id_ not in behind:
            behind[id_] = frozenset()  # no rule rests on itself
            behind[id_] = frozenset().union(*map(of_atom, atoms(rules.conditions[id_])))
        return behind[id_]

    def of_atom(atom: Atom) -> frozenset[str]:
        if isinstance(atom, Conclusion):
            return frozenset().union(*map(of, rules.ids_concluding(atom)))
        measured_by = FACTS[atom.fact].measured_by
        return frozenset({atom.fact} if measured_by is None else {atom.fact, measured_by})

    return {id_: of(id_) for id_ in rules.conditions}


def _add(
    routes: dict[str, list[Route]], ways: Ways, difference: Difference, level: Triage, rule: str
) -> None:
    for fact, needed in ways[1].items():
        if needed < math.inf:
            routes.setdefault(fact, []).append(Route(difference, level, int(needed), rule))


def _every(ways: Iterable[Ways]) -> Ways:
    total: float = 0
    parts = []
    for part in ways:
        total += part[0]
        if total == math.inf:
            return _NO_WAY
        parts.append(part)
    by_fact: dict[str, float] = {}
    for shortest, facts in parts:
        for fact, needed in facts.items():
            by_fact[fact] = min(by_fact.get(fact, math.inf), total - shortest + needed)
    return total, by_fact


def _either(ways: Iterable[Ways]) -> Ways:
    by_fact: dict[str, float] = {}
    least = math.inf
    for shortest, facts in ways:
        if shortest == 0 and not facts:
            return _OPEN  # where one way is open for good, no further fact is needed
        least = min(least, shortest)
        for fact, needed in facts.items():
            by_fact[fact] = min(by_fact.get(fact, math.inf), needed)
    return least, by_fact
