"""What would change the answer: the smallest sets of facts that, once known, would.

Single facts are all tried. Pairs are tried where they could do more than each of their facts:
where a condition needs both, where two facts together excuse every reason for the level, and
where the evidence that they bring could together reorder the causes. Everything reported was
assessed, so it is what happens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property
from typing import Literal

from attrs import define, field, frozen

from crampsrules.assess import patient_facts
from crampsrules.assessment import SuspectedCause
from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Concluded,
    Conclusion,
    Condition,
    FactAtom,
    Known,
    Suspected,
    atoms,
    evaluate,
)
from crampsrules.engines import Engine, engine_for
from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import active_escalations, rank_causes, triage_of
from crampsrules.frozen_dict import frozen_dict
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.rules import Escalation, unless_id
from crampsrules.telling_values import TellingValues, telling_values
from crampsrules.triage import Triage

Effect = Literal["raises_triage", "lowers_triage", "changes_first_cause"]
_EFFECTS: tuple[Effect, ...] = ("raises_triage", "lowers_triage", "changes_first_cause")

# An or of many ands could have more ways than anyone would wait for.
MOST_WAYS = 5000
# Two of them are put together in each combination, of which most may be none.
MOST_PAIRS = 20_000


@frozen
class Change:
    """Facts that would change the answer if they were known, and what it would become."""

    facts: Mapping[str, object] = field(converter=frozen_dict, hash=False)
    effect: Effect
    triage: Triage
    first_cause: str | None

    def to_dict(self) -> dict[str, object]:
        """The same as plain, JSON-ready data."""
        return {
            "facts": dict(self.facts),
            "effect": self.effect,
            "triage": self.triage.id,
            "first_cause": self.first_cause,
        }


def what_would_change(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    rules: RuleBase | None = None,
    **known: object,
) -> tuple[Change, ...]:
    """The smallest sets of one or two unknown facts that would change the answer.

    Takes facts as `assess` does, keywords among them.

    Those that would raise the triage come first, highest level first, then those that would
    lower it, then those that would change the first cause; single facts before pairs. A pair is
    named only where neither of its facts goes as far alone. Of the values of a fact that do the
    same the most plausible is shown, a threshold just met; where values lead to several levels,
    the level furthest from the present one. Of a set at most two members are tried.

    Raises FactsError for bad facts.
    """
    base = rules_or_shipped(rules)
    return _Search(base, patient_facts(facts, known)).changes()


@frozen(eq=False)
class _Tried:
    """One or two facts that were tried, and the answer with them."""

    facts: Mapping[str, object]
    unlikely: int
    fired: frozenset[str]
    triage: Triage
    ranking: tuple[SuspectedCause, ...]

    @property
    def first(self) -> str | None:
        return self.ranking[0].id if self.ranking else None


@frozen(eq=False)
class _Shift:
    """A fact that was tried, and how far its evidence could move the weights of causes at most."""

    tried: _Tried
    gains: Mapping[str, int]
    losses: Mapping[str, int]


# A fact, and which of its telling values.
_Choice = tuple[str, int]
_Pair = tuple[_Choice, _Choice]
# For each of at most two facts the values that will do, as bits.
_Way = tuple[tuple[str, int], ...]


@define(eq=False, slots=False)
class _Search:
    rules: RuleBase
    patient: PatientFacts
    engine: Engine = field(init=False)
    inference: Inference = field(init=False)
    unknown: Mapping[str, TellingValues] = field(init=False)
    now: _Tried = field(init=False)
    rankings: dict[frozenset[str], tuple[SuspectedCause, ...]] = field(factory=dict)
    ways: dict[str, frozenset[_Way]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.engine = engine_for(self.rules, "compiled")
        self.inference = Inference(self.rules, observe(self.patient, self.rules.formulary))
        known = self.patient.known()
        self.unknown = {
            name: values for name, values in telling_values(self.rules).items() if name not in known
        }
        self.now = self._answer(self.patient, {}, 0)

    def changes(self) -> tuple[Change, ...]:
        found: dict[tuple[Effect, frozenset[str], str | None], _Tried] = {}
        for tried in (*self.singles.values(), *self._telling_pairs()):
            effect = self._effect(tried)
            if effect is not None:
                first = tried.first if effect == "changes_first_cause" else None
                place = (effect, frozenset(tried.facts), first)
                found[place] = min(found.get(place, tried), tried, key=self._preference)
        changes = [self._change(effect, one) for (effect, *_), one in found.items()]
        return tuple(sorted(changes, key=_place))

    def _preference(self, tried: _Tried) -> tuple[int, int]:
        return -abs(tried.triage - self.now.triage), tried.unlikely

    def _change(self, effect: Effect, tried: _Tried) -> Change:
        shown = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in tried.facts.items()
        }
        return Change(shown, effect, tried.triage, tried.first)

    # --- Trying -----------------------------------------------------------------------------

    def _answer(self, patient: PatientFacts, facts: Mapping[str, object], unlikely: int) -> _Tried:
        fired = self.engine.fire(patient)
        triage = triage_of(self.rules, fired)
        weighed = fired & self._evidence_ids
        if weighed not in self.rankings:
            self.rankings[weighed] = rank_causes(self.rules, weighed)
        return _Tried(facts, unlikely, fired, triage, self.rankings[weighed])

    @cached_property
    def _evidence_ids(self) -> frozenset[str]:
        return frozenset(self._causes)

    def _try(self, *choices: _Choice) -> _Tried | None:
        facts = {name: self.unknown[name].values[at] for name, at in choices}
        try:
            patient = self.patient.replace(**facts)
        except FactsError:  # facts that contradict each other
            return None
        return self._answer(patient, facts, sum(at for _, at in choices))

    @cached_property
    def singles(self) -> dict[_Choice, _Tried]:
        """Every unknown fact with each of its telling values."""
        choices = ((name, at) for name, one in self.unknown.items() for at in _indexes(one))
        tried = ((choice, self._try(choice)) for choice in choices)
        return {choice: one for choice, one in tried if one is not None}

    def _effect(self, tried: _Tried) -> Effect | None:
        if tried.triage != self.now.triage:
            return "raises_triage" if tried.triage > self.now.triage else "lowers_triage"
        return "changes_first_cause" if tried.first != self.now.first else None

    def _goes_as_far(self, single: _Tried, pair: _Tried) -> bool:
        match self._effect(pair):
            case "raises_triage":
                return single.triage >= pair.triage
            case "lowers_triage":
                return single.triage <= pair.triage
        return (single.triage, single.first) == (pair.triage, pair.first)

    # --- Pairs ------------------------------------------------------------------------------

    def _telling_pairs(self) -> Iterator[_Tried]:
        """Pairs that change the answer as neither of their facts does."""
        pairs = itertools.chain(
            self._needed_together(),
            self._unblocking(),
            self._excusing_together(),
            self._measuring(),
            self._reordering_together(),
        )
        for one, other in dict.fromkeys(_in_order(pair) for pair in pairs):
            alone = [self.singles.get(choice) for choice in (one, other)]
            pair = self._try(one, other) if None not in alone else None
            if pair and not any(self._goes_as_far(single, pair) for single in alone if single):
                yield pair

    def _needed_together(self) -> Iterator[_Pair]:
        """Two facts that one condition needs, itself or through the findings it builds on."""
        for id_ in self._relevant():
            for way in self._ways_to(id_):
                if len(way) == 2:  # noqa: PLR2004 - a pair
                    yield from itertools.product(*(_choices(*one) for one in way))

    def _relevant(self) -> Iterator[str]:
        for one in self.rules.escalations:
            if one.triage > self.now.triage:
                yield one.id
            if one.triage >= self.now.triage and one.unless is not None:
                yield unless_id(one.id)
        yield from self._evidence_ids

    def _unblocking(self) -> Iterator[_Pair]:
        """Two facts of an escalation that is set aside as long as something is not known."""
        for one in self.rules.escalations:
            if one.unless is not None and one.triage > self.now.triage:
                asked = list(self._atoms_behind(unless_id(one.id)))
                if any(isinstance(atom, Known) and not atom.wanted for atom in asked):
                    names = {atom.fact for atom in (*asked, *self._atoms_behind(one.id))}
                    yield from self._all_pairs(name for name in names if name in self.unknown)

    def _all_pairs(self, names: Iterable[str]) -> Iterator[_Pair]:
        for one, other in itertools.combinations(sorted(names), 2):
            choices = ([(name, at) for at in _indexes(self.unknown[name])] for name in (one, other))
            yield from itertools.product(*choices)

    def _atoms_behind(self, id_: str) -> Iterator[FactAtom]:
        waiting, seen = [id_], {id_}
        while waiting:
            for atom in atoms(self.rules.conditions[waiting.pop()]):
                if not isinstance(atom, Conclusion):
                    yield atom
                    continue
                behind = [one for one in self.rules.ids_concluding(atom) if one not in seen]
                waiting += behind
                seen.update(behind)

    def _excusing_together(self) -> Iterator[_Pair]:
        """Two facts that each excuse a reason for the level, or one what the other raises."""
        excusing: dict[str, list[_Choice]] = {}
        for choice, one in self.singles.items():
            for id_ in one.fired & self._excuses:
                excusing.setdefault(id_, []).append(choice)
        reasons = [unless_id(one.id) for one in self._reasons(self.now)]
        present = dict.fromkeys(choice for id_ in reasons for choice in excusing.get(id_, ()))
        yield from _of_two_facts(itertools.combinations(present, 2))
        for choice, one in self.singles.items():
            if one.triage > self.now.triage:
                for reason in self._reasons(one):
                    others = excusing.get(unless_id(reason.id), ())
                    yield from _of_two_facts((choice, other) for other in others)

    @cached_property
    def _excuses(self) -> frozenset[str]:
        escalations = self.rules.escalations
        return frozenset(unless_id(one.id) for one in escalations if one.unless is not None)

    def _reasons(self, tried: _Tried) -> list[Escalation]:
        """What raises the level to where it is."""
        active = active_escalations(self.rules, tried.fired)
        return [one for one in active if one.triage is tried.triage]

    def _measuring(self) -> Iterator[_Pair]:
        """A measured value that takes the place of a reported one, with any other fact."""
        known = self.patient.known()
        names = {fact.measured_by for fact in FACTS.values() if fact.name in known}
        measured = [choice for choice in self.singles if choice[0] in names]
        yield from _of_two_facts(itertools.product(measured, self.singles))

    # --- Pairs that reorder the causes ------------------------------------------------------

    def _reordering_together(self) -> Iterator[_Pair]:
        """Two facts whose evidence could together put another cause first."""
        shifts = self._shifts()
        raising: dict[str, list[_Choice]] = {}
        lowering: dict[str | None, list[_Choice]] = {}
        for choice, one in shifts.items():
            for cause in one.gains:
                raising.setdefault(cause, []).append(choice)
            for cause in one.losses:
                lowering.setdefault(cause, []).append(choice)
        together = (itertools.combinations(choices, 2) for choices in raising.values())
        unseating = (
            (choice, other)
            for choice, one in shifts.items()
            for other in lowering.get(one.tried.first, ())
        )
        for pair in _of_two_facts(itertools.chain(*together, unseating)):
            one, other = (shifts[choice] for choice in pair)
            if self._may_unseat(one, other) and self._may_unseat(other, one):
                yield pair

    def _shifts(self) -> dict[_Choice, _Shift]:
        """The facts that bring evidence and leave the level as it is; of equal ones the first."""
        distinct: dict[tuple[str, frozenset[str]], tuple[_Choice, _Shift]] = {}
        for choice, one in self.singles.items():
            new = (one.fired - self.now.fired) & self._evidence_ids
            if new and one.triage is self.now.triage:
                distinct.setdefault((choice[0], new), (choice, self._shift(one, new)))
        return dict(distinct.values())

    def _shift(self, tried: _Tried, new: Iterable[str]) -> _Shift:
        gains: dict[str, int] = {}
        losses: dict[str, int] = {}
        for id_ in new:
            cause, weight = self._causes[id_], self.rules.decibans[id_]
            side = gains if weight > 0 or id_ in self.rules.suspecting[cause] else losses
            side[cause] = side.get(cause, 0) + abs(weight)
        return _Shift(tried, gains, losses)

    @cached_property
    def _causes(self) -> Mapping[str, str]:
        return {one.id: cause for cause, ones in self.rules.evidence.items() for one in ones}

    def _may_unseat(self, settled: _Shift, added: _Shift) -> bool:
        """Whether evidence could unseat the cause that stands first with the other fact alone."""
        first, *others = settled.tried.ranking or (None,)
        if first is None or self.rules.causes[first.id].fallback:
            return True
        floor = first.weight - added.losses.get(first.id, 0)
        if others and others[0].weight >= floor:
            return True
        return any(
            self._most[cause] + settled.gains.get(cause, 0) + gain >= floor
            for cause, gain in added.gains.items()
            if cause != first.id
        )

    @cached_property
    def _most(self) -> Mapping[str, int]:
        """The most that each cause could weigh now."""
        return {
            cause: self.rules.causes[cause].prior
            + sum(max(0, self.rules.decibans[one.id]) for one in ones if one.id in self.now.fired)
            for cause, ones in self.rules.evidence.items()
        }

    # --- Ways -------------------------------------------------------------------------------

    def _ways_to(self, id_: str) -> frozenset[_Way]:
        """The sets of at most two facts by which a condition could come true."""
        if id_ not in self.ways:
            self.ways[id_] = self._ways(self.rules.conditions[id_])
        return self.ways[id_]

    def _ways(self, condition: Condition) -> frozenset[_Way]:
        match condition:
            case AllOf(parts):
                ways = _OPEN
                for part in parts:
                    ways = _both(ways, self._ways(part))
                return ways
            case AnyOf(parts):
                return _either(self._ways(part) for part in parts)
            case Concluded() | Suspected():
                return _either(self._ways_to(id_) for id_ in self.rules.ids_concluding(condition))
        return self._ways_of_atom(condition)

    def _ways_of_atom(self, atom: FactAtom) -> frozenset[_Way]:
        if evaluate(atom, self.inference):
            return _OPEN
        bits = self.unknown[atom.fact].meeting[atom] if atom.fact in self.unknown else 0
        return frozenset({((atom.fact, bits),)}) if bits else frozenset()


_OPEN: frozenset[_Way] = frozenset({()})
"""Nothing more is needed."""


def _both(some: frozenset[_Way], others: frozenset[_Way]) -> frozenset[_Way]:
    if _OPEN in (some, others):
        return others if some == _OPEN else some
    pairs = itertools.islice(itertools.product(sorted(some), sorted(others)), MOST_PAIRS)
    merged = (_merged(one, other) for one, other in pairs)
    return _simplest(itertools.islice((way for way in merged if way is not None), MOST_WAYS))


def _either(alternatives: Iterable[frozenset[_Way]]) -> frozenset[_Way]:
    return _simplest(itertools.islice(itertools.chain(*map(sorted, alternatives)), MOST_WAYS))


def _simplest(ways: Iterable[_Way]) -> frozenset[_Way]:
    """The same ways; where nothing is needed only that, and each single fact once."""
    alone: dict[str, int] = {}
    pairs: set[_Way] = set()
    for way in ways:
        if not way:
            return _OPEN
        if len(way) == 1:
            ((name, bits),) = way
            alone[name] = alone.get(name, 0) | bits
        else:
            pairs.add(way)
    return frozenset({*(((name, bits),) for name, bits in alone.items()), *pairs})


def _merged(one: _Way, other: _Way) -> _Way | None:
    both = dict(one)
    for name, bits in other:
        both[name] = both.get(name, bits) & bits
    if len(both) > 2 or not all(both.values()):  # noqa: PLR2004 - at most a pair
        return None
    return tuple(sorted(both.items()))


def _indexes(values: TellingValues) -> range:
    return range(len(values.values))


def _choices(name: str, bits: int) -> list[_Choice]:
    return [(name, at) for at in range(bits.bit_length()) if bits >> at & 1]


def _in_order(pair: _Pair) -> _Pair:
    one, other = sorted(pair)
    return one, other


def _of_two_facts(pairs: Iterable[_Pair]) -> Iterator[_Pair]:
    return ((one, other) for one, other in pairs if one[0] != other[0])


def _place(change: Change) -> tuple[int, int, int, Sequence[str], str]:
    return (
        _EFFECTS.index(change.effect),
        -change.triage,
        len(change.facts),
        sorted(change.facts),
        change.first_cause or "",
    )
