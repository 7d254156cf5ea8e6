"""Whether a fact really matters: a patient for whom learning it changes the answer.

A fact matters when some completion of the other unknown facts makes it matter. For a route read
off the conditions such a completion is put together and tried: without the fact and with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cached_property, reduce
from itertools import islice, product

from attrs import define, field, frozen

from crampsrules.conditions import (
    NEVER,
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Conclusion,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    evaluate,
)
from crampsrules.engines import engine_for
from crampsrules.errors import CrampsRulesError, FactsError
from crampsrules.facts import PatientFacts
from crampsrules.fold import active_escalations, most_urgent, rank_causes
from crampsrules.inference import Inference
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Escalation, Evidence, unless_id
from crampsrules.telling_values import TellingValues, telling_values
from crampsrules.triage import Triage
from crampsrules.ways import Difference, Route, Routes

MOST_TRIES = 300
MOST_TRIES_FOR_CAUSES = 30
# From a condition to one of its parts is a step; a part of many alternatives has ways without end.
MOST_STEPS = 3000
_MOST_EXCUSES = 2
_MOST_VALUES = 6
_MOST_HELPERS = 12

Chosen = Mapping[str, int]
"""For each fact that a completion gives a value, the bits of the values that it may take."""

_NOTHING: Chosen = {}


@frozen
class Completion:
    """Facts under which learning one more changes the answer."""

    facts: PatientFacts
    fact: str
    value: object
    difference: Difference


@frozen
class _Answer:
    """What fired for a patient, and what it comes to."""

    rules: RuleBase
    fired: frozenset[str]

    @cached_property
    def active(self) -> list[Escalation]:
        return active_escalations(self.rules, self.fired)

    @cached_property
    def triage(self) -> Triage:
        return most_urgent(self.active)

    @cached_property
    def ranking(self) -> tuple[tuple[str, int], ...]:
        return tuple((one.id, one.weight) for one in rank_causes(self.rules, self.fired))

    @property
    def first(self) -> str | None:
        return next((id_ for id_, _ in self.ranking), None)


_CHANGED: Mapping[Difference, Callable[[_Answer, _Answer], bool]] = {
    Difference.RAISES_TRIAGE: lambda before, after: after.triage > before.triage,
    Difference.KEEPS_TRIAGE: lambda before, after: after.triage > before.triage,
    Difference.LOWERS_TRIAGE: lambda before, after: after.triage < before.triage,
    Difference.FIRST_CAUSE: lambda before, after: after.first != before.first,
    Difference.RANKING: lambda before, after: after.ranking != before.ranking,
}
_RAISING = (Difference.RAISES_TRIAGE, Difference.KEEPS_TRIAGE)
_OF_CAUSES = (Difference.FIRST_CAUSE, Difference.RANKING)


class UndecidedError(CrampsRulesError):
    """The search has ended, and not everything has been tried."""


@define(eq=False)
class Completions:
    """Looks for completions of what is known of one patient."""

    rules: RuleBase
    facts: PatientFacts
    inference: Inference
    routes: Routes
    patience: int
    """How many more tries may go into causes: to compare weights takes longer than firing."""
    _telling: Mapping[str, TellingValues] = field(init=False)
    _fire: Callable[[PatientFacts], frozenset[str]] = field(init=False)
    _unchanged: _Answer = field(init=False)
    _answers: dict[frozenset[tuple[str, object]], _Answer | None] = field(factory=dict)
    _tries: int = 0
    _steps: int = 0
    _missed: bool = False

    def __attrs_post_init__(self) -> None:
        self._unchanged = _Answer(self.rules, self.routes.fired)
        self._telling = telling_values(self.rules)
        self._fire = engine_for(self.rules, "compiled").fire

    def verdict(self, fact: str, route: Route) -> bool | None:
        """Whether a fact matters by a route; None where the search ends undecided."""
        try:
            return self.find(fact, route) is not None
        except UndecidedError:
            return None

    def find(self, fact: str, route: Route) -> Completion | None:
        """A completion for which a fact matters by a route, or None where there is none.

        Raises UndecidedError where it has tried for long enough.
        """
        self._missed = False
        self._steps = MOST_STEPS
        if route.difference not in _OF_CAUSES:
            self._tries = MOST_TRIES
            return self._found(fact, route)
        if not self.patience:
            raise UndecidedError
        allowed = self._tries = min(MOST_TRIES_FOR_CAUSES, self.patience)
        try:
            return self._found(fact, route)
        finally:
            self.patience -= allowed - self._tries

    def _found(self, fact: str, route: Route) -> Completion | None:
        for chosen in self._starts(fact, route):
            found = self._tried(chosen, fact, route)
            if found is not None:
                return found
        if self._missed or route.difference in _OF_CAUSES:
            raise UndecidedError  # weights come together in more ways than are tried
        return None

    def matters_alone(self, fact: str, route: Route) -> bool:
        """Whether a fact matters by a route with what is known now and nothing more."""
        if route.needed > 1:
            return False
        self._tries = MOST_TRIES
        values = self._telling[fact].values if fact in self._telling else ()
        try:
            return self._trial({}, fact, values, route) is not None
        except UndecidedError:
            return True

    # --- Putting completions together ---

    def _starts(self, fact: str, route: Route) -> Iterator[Chosen]:
        """The smallest completions that a route asks for, then those without its ignorance."""
        ignorance: tuple[str, ...] = ()
        if unless_id(route.rule) in self.rules.conditions:
            ignorance = tuple(self.routes.ignorance_in(unless_id(route.rule)))
        for chosen in self._smallest(fact, route):
            yield chosen
            if ignorance:
                yield reduce(self._with_values, ignorance, chosen)

    def _smallest(self, fact: str, route: Route) -> Iterator[Chosen]:
        """The smallest completions, with values for the fact, that a route asks for."""
        through = route.instead_of or fact
        for first, *others in self._wanted(route):
            if self.routes.is_open(through):
                starts = self._through(first, through, _NOTHING)
            else:
                starts = self._satisfied(first, _NOTHING)
            for chosen in starts:
                for whole in self._all(others, chosen):
                    yield self._with_values(whole, fact)
        if unless_id(route.rule) in self.rules.conditions and route.difference in _RAISING:
            # What excuses may rest on ignorance, or on a value that is only reported.
            excuse = self.rules.conditions[unless_id(route.rule)]
            for chosen in self._all((self.rules.conditions[route.rule], excuse), _NOTHING):
                yield self._with_values(chosen, fact)

    def _wanted(self, route: Route) -> Iterator[tuple[Condition, ...]]:
        """Conditions to make true: the first by the fact, the others in any way."""
        rule = self.rules.conditions[route.rule]
        if route.difference is Difference.LOWERS_TRIAGE:
            if unless_id(route.rule) in self.rules.conditions:
                yield self.rules.conditions[unless_id(route.rule)], rule
            if route.instead_of is not None:
                yield (rule,)
        elif route.difference in _RAISING:
            yield rule, *self._excuses_of_what_hides(route)
        else:
            cause = self._cause_of(route)
            suspects = route.rule in self.rules.suspecting[cause]
            alone = suspects or self.rules.causes[cause].fallback
            yield (rule,) if alone else (rule, Suspected(cause))

    def _excuses_of_what_hides(self, route: Route) -> Iterator[Condition]:
        """What must come true for an escalation to show: the excuses of all that reach as far."""
        for one in self._unchanged.active:
            if one.triage >= route.level and not self.routes.rests_on_reported(one.id):
                yield self.rules.conditions.get(unless_id(one.id), NEVER)

    def _cause_of(self, route: Route) -> str:
        evidence = self.rules.rules[route.rule]
        assert isinstance(evidence, Evidence)
        return evidence.cause

    def _with_values(self, chosen: Chosen, fact: str) -> Chosen:
        return chosen if fact in chosen else {**chosen, fact: self._every(fact)}

    def _through(self, condition: Condition, fact: str, chosen: Chosen) -> Iterator[Chosen]:
        """Make a condition true in every way that uses one fact."""
        match condition:
            case AllOf(parts):
                for part in parts:
                    if self.routes.leads_to(part, fact):
                        rest = [other for other in parts if other is not part]
                        for begun in self._through(part, fact, chosen):
                            yield from self._all(rest, begun)
            case AnyOf(parts):
                for part in parts:
                    yield from self._through(part, fact, chosen)
            case Concluded() | Suspected():
                for id_ in self._concluding(condition):
                    if fact in self.routes.ways_to(id_)[1]:
                        yield from self._through(self.rules.conditions[id_], fact, chosen)
            case _:
                if condition.fact == fact:
                    yield from self._satisfied(condition, chosen)

    def _concluding(self, condition: Conclusion) -> list[str]:
        """The rules that could make it true, those that need least first."""
        ids = self.rules.ids_concluding(condition)
        return sorted(ids, key=lambda id_: self.routes.ways_to(id_)[0])

    def _all(self, conditions: Sequence[Condition], chosen: Chosen) -> Iterator[Chosen]:
        """Make conditions true, each in every way."""
        if not conditions:
            yield chosen
            return
        first, *rest = conditions
        for begun in self._satisfied(first, chosen):
            yield from self._all(rest, begun)

    def _satisfied(self, condition: Condition, chosen: Chosen) -> Iterator[Chosen]:
        """Make a condition true in every way."""
        self._steps -= 1
        if self._steps < 0:
            raise UndecidedError  # there are too many ways
        match condition:
            case AllOf(parts):
                yield from self._all(parts, chosen)
            case AnyOf(parts):
                for part in parts:
                    yield from self._satisfied(part, chosen)
            case Concluded() | Suspected():
                for id_ in self._concluding(condition):
                    yield from self._satisfied(self.rules.conditions[id_], chosen)
            case Known(fact, wanted):
                yield from self._known(fact, wanted, chosen)
            case _:
                yield from self._decided(condition, chosen)

    def _known(self, fact: str, wanted: bool, chosen: Chosen) -> Iterator[Chosen]:
        if not self.routes.is_open(fact):
            if (self.inference.value(fact) is not None) is wanted:
                yield chosen
        elif wanted:
            yield self._with_values(chosen, fact)
        elif fact not in chosen:
            yield chosen

    def _decided(
        self, atom: Flag | Comparison | OneOf | Member, chosen: Chosen
    ) -> Iterator[Chosen]:
        verdict = evaluate(atom, self.inference)
        if verdict:
            yield chosen
        elif verdict is None and self.routes.is_open(atom.fact):
            possible = chosen.get(atom.fact, self._every(atom.fact))
            suiting = possible & self._telling[atom.fact].meeting.get(atom, 0)
            if suiting:
                yield {**chosen, atom.fact: suiting}
            elif isinstance(atom, Member):
                self._missed = True  # of a set not every combination is among the values

    def _every(self, fact: str) -> int:
        return (1 << len(self._telling[fact].values)) - 1

    # --- Trying them ---

    def _tried(
        self, chosen: Chosen, fact: str, route: Route, excuses: int = _MOST_EXCUSES
    ) -> Completion | None:
        if route.difference in _OF_CAUSES:
            return self._tried_causes(chosen, fact, route)
        for settled in self._settled(chosen, fact):
            if found := self._trial(settled, fact, self._values(chosen, fact), route):
                return found
        if excuses:
            for excused in self._excused(chosen, fact, route):
                if found := self._tried(excused, fact, route, excuses - 1):
                    return found
        return None

    def _settled(self, chosen: Chosen, fact: str) -> Iterator[dict[str, object]]:
        """A value for each fact but one, in every way."""
        names = [name for name in chosen if name != fact]
        choices = [self._values(chosen, name) for name in names]
        return (dict(zip(names, values, strict=True)) for values in product(*choices))

    def _values(self, chosen: Chosen, fact: str) -> tuple[object, ...]:
        return tuple(
            value for at, value in enumerate(self._telling[fact].values) if chosen[fact] >> at & 1
        )

    def _trial(
        self, settled: Mapping[str, object], fact: str, values: Iterable[object], route: Route
    ) -> Completion | None:
        """Whether learning one of some values changes the answer."""
        before = self._answer(settled)
        changed = _CHANGED[route.difference]
        for value in values if before else ():
            after = self._answer({**settled, fact: value})
            if after and before and before.fired != after.fired and changed(before, after):
                return Completion(self.facts.replace(**settled), fact, value, route.difference)
        return None

    def _answer(self, changes: Mapping[str, object]) -> _Answer | None:
        if not self._tries:
            raise UndecidedError
        if not changes:
            return self._unchanged
        self._tries -= 1
        asked = frozenset(changes.items())
        if asked not in self._answers:
            self._answers[asked] = self._fired_with(changes)
        return self._answers[asked]

    def _fired_with(self, changes: Mapping[str, object]) -> _Answer | None:
        try:
            return _Answer(self.rules, self._fire(self.facts.replace(**changes)))
        except FactsError:
            return None  # facts that contradict each other

    def _excused(self, chosen: Chosen, fact: str, route: Route) -> Iterator[Chosen]:
        """The same completion, with what excuses an escalation that hides the change."""
        settled = next(self._settled(chosen, fact))
        lowers = route.difference is Difference.LOWERS_TRIAGE
        shown = {fact: self._values(chosen, fact)[0]} if lowers else {}
        answer = self._answer({**settled, **shown})
        for one in answer.active if answer else ():
            if one.triage >= route.level and one.unless is not None:
                yield from self._all((self.rules.conditions[unless_id(one.id)],), chosen)

    def _tried_causes(self, chosen: Chosen, fact: str, route: Route) -> Completion | None:
        """Try a completion; where another cause is too far ahead, bring the two together."""
        cause = self._cause_of(route)
        found, leads = self._race(chosen, fact, route)
        if found is not None or route.difference is Difference.RANKING:
            return found
        for one in self._helpers(cause, leads=leads):
            for helped in islice(self._satisfied(self.rules.conditions[one], chosen), 1):
                found, now_leads = self._race(helped, fact, route)
                if found is not None:
                    return found
                if now_leads is leads:
                    chosen = helped
        return None

    def _race(self, chosen: Chosen, fact: str, route: Route) -> tuple[Completion | None, bool]:
        """Try a completion, and say whether the route's cause leads in it."""
        settled = next(self._settled(chosen, fact))
        values = self._values(chosen, fact)[:_MOST_VALUES]
        found = self._trial(settled, fact, values, route)
        answer = self._answer({**settled, fact: values[0]})
        return found, answer is not None and answer.first == self._cause_of(route)

    def _helpers(self, cause: str, *, leads: bool) -> list[str]:
        """Open evidence that could close the gap, the heaviest first."""
        own = {one.id for one in self.rules.evidence[cause]}
        helping = [
            id_
            for id_, weight in self.rules.decibans.items()
            if ((id_ in own) is (weight > 0)) is not leads and self.inference.verdict(id_) is None
        ]
        # What the cause itself has comes first: it moves no third cause.
        helping.sort(key=lambda id_: (id_ not in own, -abs(self.rules.decibans[id_]), id_))
        return helping[:_MOST_HELPERS]
