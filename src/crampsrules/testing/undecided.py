"""Patients for whom one unknown fact decides, to be tried before any are drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType

from attrs import define, field

from crampsrules.assess import assess
from crampsrules.conditions import Member
from crampsrules.errors import FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.rules import unless_id
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import NOTHING, Solver, Way, solver_for
from crampsrules.testing.apps import App
from crampsrules.testing.laws import reassurances

MOST_TRIES = 10_000
"""So many patients are tried for the triage, and again for the advice: a second or so."""
# Many ways raise or advise the same; what matters here is by what it is excused.
_MOST_WAYS = 6
_MOST_EXAMPLES = 4

ANSWERED_NO: Mapping[str, object] = MappingProxyType(
    {
        name: () if fact.is_set else False
        for name, fact in FACTS.items()
        if fact.is_set or fact.kind == "flag"
    }
)
"""What an app that takes unknown for "no" puts in the place of each fact."""

_Known = Mapping[str, object]


@kept_with_rules
def undecided_patients(rules: RuleBase) -> Sequence[PatientFacts]:
    """For each fact that may reassure by a "no" someone of whom it is unknown, and would.

    One in whose triage it decides, where there is one, and one in whose advice or its cautions.
    """
    triage, advice = _Search(rules, in_triage=True), _Search(rules, in_triage=False)
    for escalation in rules.escalations:
        if escalation.unless is not None:
            triage.look_at(escalation.id, unless_id(escalation.id))
    for one in rules.advice:
        advice.look_at(one.id)
        for entry in one.unless:
            advice.look_at(one.id, unless_id(one.id, entry.id))
    return list(dict.fromkeys((*triage.found.values(), *advice.found.values())))


@define(eq=False)
class _Search:
    """Those found so far, by the fact that is unknown of them and decides."""

    rules: RuleBase
    in_triage: bool
    app: App = field(init=False)
    solver: Solver = field(init=False)
    found: dict[str, PatientFacts] = field(factory=dict)
    tries: int = 0

    def __attrs_post_init__(self) -> None:
        self.app = App.of(self.rules)
        self.solver = solver_for(self.rules)

    def look_at(self, when: str, unless: str | None = None) -> None:
        """Look among those for whom something fires, and would be excused or not."""
        ways = self.solver.ways(when)[:_MOST_WAYS]
        for excuse in (NOTHING,) if unless is None else self.solver.ways(unless):
            for way in ways:
                merged = self.solver.merged(way, excuse)
                if merged is not None:
                    self._look_along(merged)

    def _look_along(self, way: Way) -> None:
        for fact in way.atoms:
            if fact in ANSWERED_NO and fact not in self.found:
                for known in self._all_but(fact, way):
                    if self._decides(fact, known):
                        self.found[fact] = PatientFacts.from_mapping(known)
                        break

    def _all_but(self, fact: str, way: Way) -> Iterator[_Known]:
        """People who go this way but for one fact."""
        rest = Way({name: wanted for name, wanted in way.atoms.items() if name != fact})
        for known in self.solver.examples(rest, _MOST_EXAMPLES):
            yield known
            # A pain that was told may be more than the pain that a cramp is.
            yield {**known, **_as_asked(rest)}

    def _decides(self, fact: str, known: _Known) -> bool:
        """Whether "no" to a fact would reassure someone of whom it is unknown."""
        if self.tries == MOST_TRIES or made_coherent({**known}, plausible=True) != known:
            return False
        self.tries += 1
        try:
            unknown = PatientFacts.from_mapping(known)
            denied = unknown.replace(**{fact: ANSWERED_NO[fact]})
        except FactsError:
            return False
        if self.in_triage:
            return self._triage(denied) < self._triage(unknown)
        return any(reassurances(self.app.reference(denied), self.app.reference(unknown)))

    def _triage(self, facts: PatientFacts) -> int:
        return assess(facts, rules=self.rules, engine="compiled").triage


def _as_asked(way: Way) -> dict[str, object]:
    """The sets of a way with the very members that are asked for, and nothing that implies them."""
    asked: dict[str, object] = {}
    for name, wanted in way.atoms.items():
        members = {one.member for one in wanted if isinstance(one, Member) and one.present}
        if members and members.issubset(FACTS[name].members):
            asked[name] = frozenset(members)
    return asked
