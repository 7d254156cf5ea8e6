"""What would change the answer: the smallest sets of facts that, once known, would.

Candidates are read off the conditions that are still undecided; each is then really assessed,
so what is reported is what happens.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator, Mapping
from typing import Literal

from attrs import define, field, frozen

from crampsrules.assess import patient_facts
from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Condition,
    Known,
    Member,
    Suspected,
    evaluate,
)
from crampsrules.engines import Engine, engine_for
from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import active_escalations, rank_causes
from crampsrules.inference import Inference
from crampsrules.linking import unless_id
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

MOST_FACTS = 2
# An or of many ands could have more ways than anyone would read.
MOST_WAYS = 400

Effect = Literal["raises_triage", "lowers_triage", "changes_first_cause"]
# For each fact, the comparisons that its value has to meet.
Way = Mapping[str, tuple[Atom, ...]]


@frozen
class Change:
    """Facts that would change the answer if they were known, and what it would become."""

    facts: Mapping[str, object] = field(hash=False)
    effect: Effect
    triage: Triage
    first_cause: str | None


def what_would_change(
    facts: PatientFacts | Mapping[str, object] | None = None, /, *, rules: RuleBase | None = None
) -> tuple[Change, ...]:
    """The smallest sets of one or two unknown facts that would change the answer.

    Those that would raise the triage come first, highest level first, then those that would
    lower it, then those that would change the first cause; single facts before pairs. A pair is
    named only where neither of its facts does the same alone. Raises FactsError for bad facts.
    """
    base = RuleBase.load() if rules is None else rules
    return _Search(base, patient_facts(facts)).changes()


_Outcome = tuple[Triage, str | None]
_EFFECTS: tuple[Effect, ...] = ("raises_triage", "lowers_triage", "changes_first_cause")


@define(eq=False)
class _Search:
    rules: RuleBase
    patient: PatientFacts
    engine: Engine = field(init=False)
    inference: Inference = field(init=False)
    now: _Outcome = field(init=False)
    ways_to: dict[str, list[Way]] = field(factory=dict)

    def __attrs_post_init__(self) -> None:
        self.engine = engine_for(self.rules, "compiled")
        self.inference = Inference(self.rules, observe(self.patient, self.rules.formulary))
        self.now = self._outcome(self.patient)

    def changes(self) -> tuple[Change, ...]:
        found: dict[tuple[Effect, frozenset[str]], Change] = {}
        for way in sorted(self._candidates(), key=lambda way: (len(way), sorted(way))):
            change = self._tried(way)
            if change is None:
                continue
            names = frozenset(way)
            smaller = (found.get((change.effect, frozenset({name}))) for name in names)
            if any(one is not None and _reaches(one, change) for one in smaller):
                continue
            known = found.setdefault((change.effect, names), change)
            if change.triage > known.triage:
                found[change.effect, names] = change
        return tuple(sorted(found.values(), key=_place))

    def _outcome(self, patient: PatientFacts) -> _Outcome:
        fired = self.engine.fire(patient)
        active = active_escalations(self.rules, fired)
        causes = rank_causes(self.rules, fired)
        triage = max((one.triage for one in active), default=Triage.SELF_CARE)
        return triage, causes[0].id if causes else None

    def _tried(self, way: Way) -> Change | None:
        values = {name: _value(name, atoms) for name, atoms in way.items()}
        if None in values.values():
            return None
        try:
            triage, first = self._outcome(self.patient.replace(**values))
        except FactsError:  # facts that contradict what is known
            return None
        effect = _effect(self.now, (triage, first))
        shown = {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in values.items()
        }
        return Change(shown, effect, triage, first) if effect else None

    def _candidates(self) -> Iterator[Way]:
        seen: set[tuple[tuple[str, tuple[Atom, ...]], ...]] = set()
        for way in itertools.chain(self._triage_ways(), self._cause_ways()):
            key = tuple(sorted(way.items(), key=lambda item: item[0]))
            if way and key not in seen:
                seen.add(key)
                yield way

    def _triage_ways(self) -> Iterator[Way]:
        for one in self.rules.escalations:
            if one.triage > self.now[0]:
                yield from self._ways_to(one.id)
            if one.unless is not None and one.triage is self.now[0]:
                yield from self._ways_to(unless_id(one.id))

    def _cause_ways(self) -> Iterator[Way]:
        for evidence in self.rules.evidence.values():
            singles = [way for one in evidence for way in self._ways_to(one.id)]
            yield from singles
            for first, second in itertools.combinations(singles, 2):
                together = _merged(first, second)
                if len(together) == MOST_FACTS:
                    yield together

    def _ways_to(self, id_: str) -> list[Way]:
        if id_ not in self.ways_to:
            self.ways_to[id_] = self._ways(self.rules.conditions[id_])
        return self.ways_to[id_]

    def _ways(self, condition: Condition) -> list[Way]:
        match condition:
            case AllOf(parts):
                ways: list[Way] = [{}]
                for part in parts:
                    merged = (_merged(a, b) for a in ways for b in self._ways(part))
                    ways = [way for way in merged if len(way) <= MOST_FACTS][:MOST_WAYS]
                return ways
            case AnyOf(parts):
                return [way for part in parts for way in self._ways(part)][:MOST_WAYS]
            case Concluded(finding):
                ids = self.rules.concluding[finding]
                return [way for id_ in ids for way in self._ways_to(id_)][:MOST_WAYS]
            case Suspected(cause):
                ids = self.rules.suspecting[cause]
                return [way for id_ in ids for way in self._ways_to(id_)][:MOST_WAYS]
        return self._atom_ways(condition)

    def _atom_ways(self, atom: Atom) -> list[Way]:
        verdict = evaluate(atom, self.inference)
        unknown = isinstance(atom, Concluded | Suspected) or (
            self.inference.value(atom.fact) is None
        )
        if isinstance(atom, Concluded | Suspected) or verdict:
            return [{}]
        if isinstance(atom, Known):
            return [{atom.fact: (atom,)}] if atom.wanted else []
        return [{atom.fact: (atom,)}] if verdict is None and unknown else []


def _merged(first: Way, second: Way) -> Way:
    both = {name: (*first.get(name, ()), *second.get(name, ())) for name in {**first, **second}}
    return {name: tuple(dict.fromkeys(atoms)) for name, atoms in both.items()}


def _effect(before: _Outcome, after: _Outcome) -> Effect | None:
    if after[0] != before[0]:
        return "raises_triage" if after[0] > before[0] else "lowers_triage"
    return "changes_first_cause" if after[1] != before[1] else None


def _reaches(smaller: Change, larger: Change) -> bool:
    if larger.effect == "raises_triage":
        return smaller.triage >= larger.triage
    return smaller.triage == larger.triage and smaller.first_cause == larger.first_cause


def _place(change: Change) -> tuple[int, int, int, list[str]]:
    return (
        _EFFECTS.index(change.effect),
        -change.triage,
        len(change.facts),
        sorted(change.facts),
    )


def _value(name: str, atoms: Iterable[Atom]) -> object:
    """A value of a fact that meets all comparisons, or None where there is none."""
    atoms = tuple(atoms)
    for value in _tries(name, atoms):
        case = _OneFact(name, value)
        if all(evaluate(atom, case) for atom in atoms):
            return value
    return None


def _tries(name: str, atoms: tuple[Atom, ...]) -> Iterator[object]:
    fact = FACTS[name]
    match fact.kind:
        case "flag":
            yield from (True, False)
        case "choice":
            yield from fact.members
        case "members" | "medicines":
            yield frozenset(a.member for a in atoms if isinstance(a, Member) and a.present)
        case _:
            yield from _numbers(fact.low or 0, fact.high or 0, atoms)


def _numbers(low: float, high: float, atoms: tuple[Atom, ...]) -> Iterator[float]:
    """Numbers at, near and between the thresholds: a plausible value before an extreme one."""
    thresholds = sorted({a.value for a in atoms if isinstance(a, Comparison)})
    yield from thresholds
    near = (round(mark * factor, 3) for mark in thresholds for factor in (0.95, 1.05))
    yield from (value for value in near if low <= value <= high)
    marks = [low, *thresholds, high]
    yield from ((a + b) / 2 for a, b in itertools.pairwise(marks))
    yield from (low, high)


@frozen
class _OneFact:
    """A case in which one fact is known."""

    name: str
    known: object

    def value(self, fact: str) -> object:
        return self.known if fact == self.name else None

    def member(self, fact: str, member: str) -> bool | None:
        if fact != self.name or not isinstance(self.known, frozenset):
            return None
        return member in self.known

    def finding(self, name: str) -> bool | None:  # noqa: ARG002 - no finding follows from a value
        return None

    def suspected(self, cause: str) -> bool | None:  # noqa: ARG002 - nor a suspicion
        return None
