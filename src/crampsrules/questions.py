"""What to ask next: the unknown facts that could change the answer, and how.

A fact matters when some completion of the other unknown facts makes it matter. That is read
off the conditions: an escalation that is undecided can still fire, and each unknown fact on a
way to it counts, with the number of further facts that the shortest such way needs.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Mapping

from attrs import define, field, frozen

from crampsrules.assess import patient_facts
from crampsrules.assessment import Unknown
from crampsrules.conditions import AllOf, AnyOf, Concluded, Condition, Known, Suspected, evaluate
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import active_escalations, rank_causes
from crampsrules.inference import Inference
from crampsrules.linking import unless_id
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Evidence
from crampsrules.triage import Triage


@frozen
class Question:
    """One thing to ask: one fact, or a list of yes-or-no facts to tick.

    `facts` are those of it that still matter; `why` says what the answer could change.
    """

    id: str
    text: str
    facts: tuple[str, ...]
    why: str
    could_change: str
    could_reach: Triage


def next_questions(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    n: int = 3,
    rules: RuleBase | None = None,
    skip: Collection[str] = (),
) -> tuple[Question, ...]:
    """The `n` questions most worth asking next: red flags first; none whose answer cannot matter.

    `skip` names facts that were asked already and stay unknown. Raises FactsError for bad
    facts.
    """
    base = RuleBase.load() if rules is None else rules
    unknowns = {
        one.fact: one for one in rank_unknowns(patient_facts(facts), base) if one.fact not in skip
    }
    return tuple(_grouped(unknowns, base))[:n]


def _grouped(unknowns: Mapping[str, Unknown], rules: RuleBase) -> Iterable[Question]:
    """Questions in the order of the first unknown that each would settle."""
    lists = {fact: one for one in rules.questions for fact in one.facts}
    seen: set[str] = set()
    for fact, unknown in unknowns.items():
        if fact in seen:
            continue
        listed = lists.get(fact)
        together = [name for name in listed.facts if name in unknowns] if listed else [fact]
        # What could only change the ranking waits until nothing could change more.
        together = [
            name for name in together if unknowns[name].could_change == unknown.could_change
        ]
        seen.update(together)
        yield Question(
            id=listed.id if listed else fact,
            text=listed.text if listed and len(together) > 1 else FACTS[fact].question,
            facts=tuple(together),
            why=unknown.why,
            could_change=unknown.could_change,
            could_reach=unknown.could_reach,
        )


def rank_unknowns(facts: PatientFacts, rules: RuleBase) -> tuple[Unknown, ...]:
    """The unknown facts that could change the answer, those that matter most first.

    First those that could raise the triage, then those that could lower it, change the first
    cause, or change the ranking.
    """
    ranker = _Ranker(rules, Inference(rules, observe(facts, rules.formulary)))
    places = {name: place for place, name in enumerate(FACTS)}
    ranked = sorted(ranker.rank().items(), key=lambda one: (one[1], places[one[0]]))
    words = rules.wording.leaflet
    changes = ("triage", "triage", "first_cause", "ranking")
    return tuple(
        Unknown(
            fact=name,
            question=FACTS[name].question,
            why=words[_WHY[key[0]]],
            could_change=changes[key[0]],  # type: ignore[arg-type]
            could_reach=Triage(-key[1]),
        )
        for name, key in ranked
    )


_RAISES, _LOWERS, _FIRST_CAUSE, _RANKING = range(4)
_WHY = {
    _RAISES: "why_raises",
    _LOWERS: "why_lowers",
    _FIRST_CAUSE: "why_first_cause",
    _RANKING: "why_ranking",
}

# (what it could change, minus the level it could reach, further facts needed)
Key = tuple[int, int, int]
Ways = tuple[float, Mapping[str, float]]
"""How many unknown facts the shortest way to truth needs, and the shortest way by each fact."""

_NO_WAY: Ways = (math.inf, {})


@define(eq=False)
class _Ranker:
    rules: RuleBase
    inference: Inference
    keys: dict[str, Key] = field(factory=dict)
    known_ways: dict[str, Ways] = field(factory=dict)

    def rank(self) -> dict[str, Key]:
        fired = self.inference.fired()
        active = active_escalations(self.rules, fired)
        triage = max((one.triage for one in active), default=Triage.SELF_CARE)
        for one in self.rules.escalations:
            if one.triage > triage and not self._excused(one.id, fired):
                self._note(self._ways_to(one.id), _RAISES, one.triage)
        self._rank_lowering(triage, fired)
        self._rank_causes(fired)
        return self.keys

    def _excused(self, id_: str, fired: Collection[str]) -> bool:
        return unless_id(id_) in fired

    def _rank_lowering(self, triage: Triage, fired: frozenset[str]) -> None:
        """Facts that an `unless` asks for, where they could remove every reason for the level."""
        top = [one for one in active_escalations(self.rules, fired) if one.triage is triage]
        ways = [
            self._ways_to(unless_id(one.id)) if one.unless is not None else _NO_WAY for one in top
        ]
        if top and all(shortest < math.inf for shortest, _ in ways):
            for way in ways:
                self._note(way, _LOWERS, triage)

    def _rank_causes(self, fired: frozenset[str]) -> None:
        ranking = rank_causes(self.rules, fired)
        first = ranking[0].id if ranking and not self.rules.causes[ranking[0].id].fallback else None
        bounds = {id_: self._bounds(id_, fired) for id_ in self.rules.causes}
        to_beat = bounds[first][0] if first is not None else -math.inf
        rivals = {id_ for id_, (_, most) in bounds.items() if id_ != first and most >= to_beat}
        for id_, evidence in self.rules.evidence.items():
            contends = id_ in rivals or (id_ == first and rivals)
            kind = _FIRST_CAUSE if contends else _RANKING
            if not self._could_be_listed(id_):
                continue
            for one in evidence:
                if self.inference.verdict(one.id) is None:
                    self._note(self._ways_to(one.id), kind, Triage.SELF_CARE)

    def _could_be_listed(self, cause: str) -> bool:
        return self.inference.suspected(cause) is not False

    def _bounds(self, cause: str, fired: Collection[str]) -> tuple[float, float]:
        """The least and the most that a cause could come to weigh."""
        open_ = [
            one for one in self.rules.evidence[cause] if self.inference.verdict(one.id) is None
        ]
        settled = [one for one in self.rules.evidence[cause] if one.id in fired]
        prior = self.rules.causes[cause].prior
        if self.inference.suspected(cause) is False:
            return -math.inf, -math.inf
        return (
            prior + self._sum(settled, 1) + self._sum([*settled, *open_], -1),
            prior + self._sum([*settled, *open_], 1) + self._sum(settled, -1),
        )

    def _sum(self, evidence: Iterable[Evidence], sign: int) -> int:
        strongest: dict[str, int] = {}
        for one in evidence:
            weight = sign * self.rules.decibans[one.id]
            if weight > 0:
                group = one.id if one.group is None else f"/{one.group}"
                strongest[group] = max(strongest.get(group, 0), weight)
        return sign * sum(strongest.values())

    def _note(self, ways: Ways, kind: int, level: Triage) -> None:
        for fact, needed in ways[1].items():
            if needed < math.inf:
                key = (kind, -level.value, int(needed))
                self.keys[fact] = min(key, self.keys.get(fact, key))

    def _ways_to(self, id_: str) -> Ways:
        """The ways in which the condition that fires under an id could become true."""
        if id_ not in self.known_ways:
            self.known_ways[id_] = self._ways(self.rules.conditions[id_])
        return self.known_ways[id_]

    def _ways(self, condition: Condition) -> Ways:
        match condition:
            case AllOf(parts):
                return _every([self._ways(part) for part in parts])
            case AnyOf(parts):
                return _either([self._ways(part) for part in parts])
            case Concluded(finding):
                return _either([self._ways_to(id_) for id_ in self.rules.concluding[finding]])
            case Suspected(cause):
                return _either([self._ways_to(id_) for id_ in self.rules.suspecting[cause]])
            case Known(fact, wanted):
                if (self.inference.value(fact) is not None) is wanted:
                    return 0, {}
                return (1, {fact: 1}) if wanted else _NO_WAY
        verdict = evaluate(condition, self.inference)
        if verdict is not None:
            return (0, {}) if verdict else _NO_WAY
        # A set that was given in general terms is not asked for again.
        unknown = self.inference.value(condition.fact) is None
        return (1, {condition.fact: 1}) if unknown else _NO_WAY


def _every(ways: Iterable[Ways]) -> Ways:
    ways = list(ways)
    total = sum(shortest for shortest, _ in ways)
    if total == math.inf:
        return _NO_WAY
    by_fact: dict[str, float] = {}
    for shortest, facts in ways:
        for fact, needed in facts.items():
            by_fact[fact] = min(by_fact.get(fact, math.inf), total - shortest + needed)
    return total, by_fact


def _either(ways: Iterable[Ways]) -> Ways:
    ways = list(ways)
    by_fact: dict[str, float] = {}
    for _, facts in ways:
        for fact, needed in facts.items():
            by_fact[fact] = min(by_fact.get(fact, math.inf), needed)
    shortest = min((shortest for shortest, _ in ways), default=math.inf)
    # Where one way is open already, no further fact is needed.
    return (0, {}) if shortest == 0 else (shortest, by_fact)
