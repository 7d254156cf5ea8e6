"""What to ask next: the unknown facts that could change the answer, and how.

A fact matters when some completion of the other unknown facts makes it matter: a cold leg and
a numb one are an emergency only together, so both are asked for when neither is known. What is
offered here has been tried: each fact comes with a patient for whom it makes the difference.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Literal

from attrs import define, evolve, field, frozen

from crampsrules.assess import patient_facts
from crampsrules.assessment import Unknown
from crampsrules.completions import Completions
from crampsrules.engines import engine_for
from crampsrules.errors import FactProblem, FactsError, did_you_mean, names_apart, shorten
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.rules import Names, QuestionList
from crampsrules.triage import Triage
from crampsrules.ways import Difference, Route, Routes


@frozen
class Question:
    """One thing to ask: one fact, or a list of yes-or-no facts to tick.

    `facts` are those of it that still matter; `crampsrules.facts.FACTS` says of each what it takes,
    and in what words to offer it. `why` says what the answer could change. `alone`: this answer can
    do it by itself, without any other.
    """

    id: str
    text: str
    facts: tuple[str, ...]
    why: str
    could_change: str
    could_reach: Triage
    alone: bool = False


def next_questions(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    n: int = 3,
    rules: RuleBase | None = None,
    skip: Collection[str] = (),
    **known: object,
) -> tuple[Question, ...]:
    """The `n` questions most worth asking next: red flags first; none whose answer cannot matter.

    Takes facts as `assess` does, keywords among them. `skip` names facts that were asked already
    and stay unknown. Raises FactsError for bad facts, for a name in `skip` that is no fact, and for
    an `n` that is no whole number from 0.

    >>> [question.id for question in next_questions(chest_pain=True, n=1)]
    ['medications']
    """
    base = rules_or_shipped(rules)
    if type(n) is not int or n < 0:
        raise FactsError.of(f"takes a whole number from 0, got {shorten(n)}", field="n", value=n)
    skipped = names_of_facts(skip, field="skip")
    asker = _Asker.about(patient_facts(facts, known), base, skipped, patience=_A_MOMENT)
    return tuple(itertools.islice(asker.questions(), n))


def names_of_facts(names: object, *, field: str) -> frozenset[str]:
    """The names in a collection. Raises FactsError, about `field`, for what is no fact."""
    apart = names_apart(names, FACTS)
    if apart is None:
        message = f"takes a list of names of facts, got {shorten(names)}"
        raise FactsError.of(message, field=field, value=names)
    named, strange = apart
    if strange:
        raise FactsError(
            FactProblem(field, name, f"{shorten(name)} is not a fact{did_you_mean(name, FACTS)}")
            for name in strange
        )
    return frozenset(named)


def telling_questions(
    facts: PatientFacts, rules: RuleBase, skip: Collection[str]
) -> Iterator[Question]:
    """What is worth a person's time: what could change the triage, then the first cause at once.

    What could change the first cause only together with other answers is left out: with so
    many causes that is nearly everything.
    """
    asker = _Asker.about(facts, rules, skip, patience=_A_MOMENT)
    return asker.questions(telling=True)


def rank_unknowns(facts: PatientFacts, rules: RuleBase) -> tuple[Unknown, ...]:
    """The unknown facts that could change the answer, those that matter most first.

    First those that could raise the triage, then those that could lower it, change the first
    cause, or change the ranking.
    """
    asker = _Asker.about(facts, rules, (), patience=_A_WHILE)
    return tuple(asker.unknown(fact, route) for fact, route in asker.in_order())


_WHY = {
    Difference.RAISES_TRIAGE: "why_raises",
    Difference.LOWERS_TRIAGE: "why_lowers",
    Difference.KEEPS_TRIAGE: "why_raises",
    Difference.FIRST_CAUSE: "why_first_cause",
    Difference.RANKING: "why_ranking",
}
_COULD_CHANGE: Mapping[Difference, Literal["triage", "first_cause", "ranking"]] = {
    Difference.RAISES_TRIAGE: "triage",
    Difference.LOWERS_TRIAGE: "triage",
    Difference.KEEPS_TRIAGE: "triage",
    Difference.FIRST_CAUSE: "first_cause",
    Difference.RANKING: "ranking",
}
# How many patients may be tried to tell whether causes could change places.
_A_MOMENT, _A_WHILE = 40, 2000

FOUND_BY_TESTS = frozenset(one.name for one in FACTS.values() if one.to_tell == "tested")
"""What a person at home can only know from a test or an examination."""

HARD_TO_TELL = frozenset(one.name for one in FACTS.values() if one.to_tell != "easy")
"""What a person can seldom tell, so that it waits for what they can."""

_LAST = len(FACTS)
_PLACES = {name: place for place, name in enumerate(FACTS)}

Urgency = tuple[int, bool, int, int, int, int, int]
_Waiting = tuple[Urgency, str, Route, list[Route]]
"""How urgent a fact is, the fact, its most urgent route, and its other routes."""


@define(eq=False)
class _Asker:
    """Orders what could be asked about one patient, and tries it before offering it."""

    rules: RuleBase
    routes: Routes
    completions: Completions
    _verdicts: dict[tuple[str, Route], bool | None] = field(factory=dict)
    _lists: dict[str, tuple[int, QuestionList]] = field(factory=dict)
    _to_triage: dict[str, list[Route]] = field(init=False)

    @classmethod
    def about(
        cls, facts: PatientFacts, rules: RuleBase, skip: Collection[str], *, patience: int
    ) -> _Asker:
        inference = Inference(rules, observe(facts, rules.formulary))
        fired = engine_for(rules, "compiled").fire(facts)
        routes = Routes(rules, inference, fired, frozenset(skip))
        completions = Completions(rules, facts, inference, routes, patience)
        return cls(rules, routes, completions)

    def __attrs_post_init__(self) -> None:
        self._to_triage = self.routes.to_triage()
        for place, one in enumerate(self.rules.questions):
            self._lists.update(dict.fromkeys(one.facts, (place, one)))

    def in_order(self) -> Iterator[tuple[str, Route]]:
        """Each fact that matters, with the most urgent route by which it does."""
        offered: set[str] = set()
        yield from self._changing_triage(offered)
        yield from self._confirmed(self.routes.to_causes(), offered)

    def _changing_triage(self, offered: set[str]) -> Iterator[tuple[str, Route]]:
        """Each fact that could change the triage; it is added to those that were offered."""
        for fact, route in self._confirmed(self._to_triage, offered):
            offered.add(fact)
            yield fact, route

    def _confirmed(
        self, routes: Mapping[str, list[Route]], offered: Collection[str]
    ) -> Iterator[tuple[str, Route]]:
        waiting = [self._waiting(fact, found) for fact, found in routes.items()]
        waiting = [one for one in waiting if one[1] not in offered]
        heapq.heapify(waiting)
        while waiting:
            _, fact, route, others = heapq.heappop(waiting)
            verdict = self._verdict(fact, route)
            if verdict is None and route.difference is Difference.FIRST_CAUSE:
                others = [*others, evolve(route, difference=Difference.RANKING)]
            elif verdict is not False:
                yield fact, route
                continue
            if others:
                heapq.heappush(waiting, self._waiting(fact, others))

    def _waiting(self, fact: str, routes: list[Route]) -> _Waiting:
        def urgency(route: Route) -> Urgency:
            return self._urgency(fact, route, len(routes))

        first, *others = sorted(routes, key=urgency)
        return urgency(first), fact, first, others

    def _urgency(self, fact: str, route: Route, breadth: int) -> Urgency:
        place = self._lists[fact][0] if fact in self._lists else _LAST
        return (
            route.difference,
            fact in HARD_TO_TELL,
            -route.haste,
            place,
            -breadth,
            route.needed,
            _PLACES[fact],
        )

    def _verdict(self, fact: str, route: Route) -> bool | None:
        """Whether a fact matters by a route; None where that could not be settled."""
        if route.difference is Difference.RANKING:
            return None  # there is always some weight to move
        if (fact, route) not in self._verdicts:
            self._verdicts[fact, route] = self.completions.verdict(fact, route)
        return self._verdicts[fact, route]

    def telling(self) -> Iterator[tuple[str, Route]]:
        """Each fact that could change the triage, then each that changes the first cause alone."""
        offered: set[str] = set()
        yield from self._changing_triage(offered)
        for fact, routes in self.routes.to_causes().items():
            for route in () if fact in offered else routes:
                is_first = route.difference is Difference.FIRST_CAUSE
                if is_first and self.completions.matters_alone(fact, route):
                    yield fact, route
                    break

    def questions(self, *, telling: bool = False) -> Iterator[Question]:
        """The same as questions, where facts of one list are asked together."""
        asked: set[str] = set()
        for fact, route in self.telling() if telling else self.in_order():
            if fact not in asked:
                together = self._together(fact, route) - asked
                asked |= together
                yield self._question(fact, route, together)

    def _together(self, fact: str, route: Route) -> set[str]:
        """What is asked with a fact; what could only change the ranking waits for its turn."""
        if fact not in self._lists:
            return {fact}
        others = set(self._lists[fact][1].facts) - {fact}
        routes = {other: self._to_triage.get(other, []) for other in others}
        raised = {one for one in others if self._matters_by(one, _raising(routes[one]), route)}
        for other, found in self.routes.to_causes(others - raised).items():
            routes[other] = [*routes.get(other, ()), *found]
        return {
            fact,
            *raised,
            *(one for one in others - raised if self._matters_by(one, routes[one], route)),
        }

    def _matters_by(self, fact: str, routes: Iterable[Route], asked_for: Route) -> bool:
        latest = max(asked_for.difference, Difference.FIRST_CAUSE)
        return any(
            one.difference <= latest and self._verdict(fact, one) is not False
            for one in sorted(routes, key=_quickly_tried)
        )

    def _question(self, fact: str, route: Route, together: Collection[str]) -> Question:
        one = self.unknown(fact, route)
        alone = QuestionList(id=fact, text=one.question, facts=Names((fact,)))
        _, listed = self._lists.get(fact, (_LAST, alone))
        return Question(
            id=listed.id,
            text=listed.text if len(together) > 1 else one.question,
            facts=tuple(name for name in listed.facts if name in together),
            why=one.why,
            could_change=one.could_change,
            could_reach=one.could_reach,
            alone=self.completions.matters_alone(fact, route),
        )

    def unknown(self, fact: str, route: Route) -> Unknown:
        """A fact that matters, in words."""
        return Unknown(
            fact=fact,
            question=FACTS[fact].question,
            why=self.rules.wording.leaflet[_WHY[route.difference]],
            could_change=_COULD_CHANGE[route.difference],
            could_reach=route.level,
        )


def _raising(routes: Iterable[Route]) -> Iterator[Route]:
    return (one for one in routes if one.difference is Difference.RAISES_TRIAGE)


def _quickly_tried(route: Route) -> tuple[bool, int]:
    return route.difference is Difference.KEEPS_TRIAGE, route.needed
