"""From what fired to an assessment: escalations, what they hold back, causes, advice.

The order is the point. Everything has fired before it starts, so no rule's place in a file can
matter, and nothing here knows which engine fired.

What fired comes as one integer (see `ids`). A part of an answer depends on few of its bits, so each
part is worked out once for what it depends on, and remembered with the rules, up to a limit. The
parts of an assessment are put together when they are first looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, lru_cache, partial, reduce
from operator import or_
from typing import NamedTuple

from crampsrules.assessment import (
    Assessment,
    GivenAdvice,
    RaisedEscalation,
    Reason,
    SuspectedCause,
    WithheldAdvice,
    later,
    suspected,
)
from crampsrules.denials import denials
from crampsrules.facts import PatientFacts
from crampsrules.ids import Ids
from crampsrules.phrases import filled, joined
from crampsrules.remembering import Remembered, RememberedIfAskedAgain
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.rules import (
    SERIOUSNESS,
    Advice,
    AdviceKind,
    Cause,
    Escalation,
    Evidence,
    TriageWording,
    Unless,
    Wording,
    caution_id,
    unless_id,
)
from crampsrules.triage import Triage

# How many answers are remembered: of all that fired, of the escalations and of all causes together;
# and of each few escalations and each advice.
_REMEMBERED = 1024
_REMEMBERED_RAISED = 4096
_REMEMBERED_WEIGHED = 32_768
_REMEMBERED_OF_EACH = 256
# So many escalations are looked at as one: much of what fires for a patient fired for others too.
_FEW = 8


def fold(rules: RuleBase, facts: PatientFacts, fired: frozenset[str], *, engine: str) -> Assessment:
    """Weigh, rank, triage and choose advice from the ids that fired for these facts."""
    return Folding.of(rules).fold(rules, facts, Ids.of(rules).number(fired), engine)


def active_escalations(rules: RuleBase, fired: frozenset[str]) -> list[Escalation]:
    """The escalations that fired and that no `unless` removes, most urgent first."""
    return [
        one
        for one in rules.escalations
        if one.id in fired and (one.unless is None or unless_id(one.id) not in fired)
    ]


def most_urgent(active: Iterable[Escalation]) -> Triage:
    """How soon to be seen, for what is raised."""
    return max((one.triage for one in active), default=Triage.SELF_CARE)


def triage_of(rules: RuleBase, fired: frozenset[str]) -> Triage:
    """How soon to be seen, for all that fired."""
    return most_urgent(active_escalations(rules, fired))


def rank_causes(rules: RuleBase, fired: frozenset[str]) -> tuple[SuspectedCause, ...]:
    """The suspected causes, best first; a fallback cause after every other.

    Where nothing else is suspected and nothing speaks against it, the fallback stands alone.
    """
    return Folding.of(rules).ranked(Ids.of(rules).number(fired))


class _Raised(NamedTuple):
    """What some escalations come to."""

    triage: Triage
    wording: TriageWording
    held: frozenset[str]
    escalations: tuple[RaisedEscalation, ...]


class Folding:
    """The rules of a rule base as the fold looks at them. It does not keep the rule base alive."""

    def __init__(self, rules: RuleBase) -> None:
        """Sort the rules by what each part of an answer depends on."""
        ids = Ids.of(rules)
        self._ids = ids
        self._wording = rules.wording
        self._unrecognised = rules.formulary.unrecognised
        self._version = rules.version
        self._escalations = [
            _EscalationsFold(rules.escalations[start : start + _FEW], ids)
            for start in range(0, len(rules.escalations), _FEW)
        ]
        self._triage = {level: rules.wording.triage[level.id] for level in Triage}
        self.escalating = sum(few.mask for few in self._escalations)
        self.raised: Callable[[int], _Raised] = lru_cache(_REMEMBERED_RAISED)(self._raise)
        self._following = RememberedIfAskedAgain(self._follow, _REMEMBERED)
        self._causes = [_CauseFold(rules, rules.causes[id_], ids) for id_ in sorted(rules.causes)]
        self._fallbacks = [one for one in self._causes if one.fallback]
        others = (one.suspecting for one in self._causes if not one.fallback)
        self._suspecting = reduce(or_, others, 0)
        asked = [id_ for one in rules.advice for id_ in _asked_first(one)]
        self._denied = Ids.from_names(asked)
        self._denials = denials(rules, asked)
        self._advising = ids.number(one.id for one in rules.advice)
        self._advice = [_AdviceFold(one, rules.wording, ids, self._denied) for one in rules.advice]

    @classmethod
    def of(cls, rules: RuleBase) -> Folding:
        """That of a rule base, made when it is first needed."""
        return _folding_of(rules)

    def fold(self, rules: RuleBase, facts: PatientFacts, fired: int, engine: str) -> Assessment:
        """Weigh, rank, triage and choose advice from what fired for these facts.

        Raises FactsError for a misspelt medicine.
        """
        # Here, rather than when it is looked at, so that a misspelt medicine is told.
        medications = facts.medications
        unrecognised = self._unrecognised(medications) if medications else ()
        following = self._following.get(fired)
        there: dict[str, object]
        if following is None:
            there = {"triage": self.raised(fired & self.escalating).triage}
        else:
            there = following.copy()
        there["facts"] = facts
        there["unrecognised"] = unrecognised
        there["engine"] = engine
        there["_rules"] = rules
        there["_unknowns"] = None
        there["_later"] = self._parts, fired
        return later(there)

    @cached_property
    def _deny(self) -> Callable[[PatientFacts], int]:
        """What is known not to forbid an advice, of all that its caution would name."""
        return self._denials.numbering(self._denied.bits)

    def _parts(self, name: str, facts: PatientFacts, fired: int) -> Mapping[str, object]:
        """The part of an assessment that is called so, and what is worked out with it."""
        if name == "fired":
            named = self._ids.named(fired)
            following = self._following.get(fired)
            if following is not None:
                following[name] = named
            return {name: named}
        if name in ("advice", "withheld") and fired & self._advising:
            given, withheld = self._choose_advice(facts, fired)
            return {"advice": given, "withheld": withheld}
        return self._following[fired]

    def _follow(self, fired: int) -> dict[str, object]:
        """What follows from what fired alone, whoever it fired for, but for the names of that."""
        raised = self.raised(fired & self.escalating)
        following: dict[str, object] = {
            "triage": raised.triage,
            "triage_wording": raised.wording,
            "escalations": raised.escalations,
            "causes": self.ranked(fired),
            "rules_version": self._version,
            "disclaimer": self._wording.leaflet["disclaimer"],
        }
        if not fired & self._advising:
            following["advice"] = following["withheld"] = ()
        return following

    def _raise(self, fired: int) -> _Raised:
        active: list[RaisedEscalation] = []
        held: set[str] = set()
        for few in self._escalations:
            if fired_of_few := fired & few.mask:
                raised, holds = few.raised[fired_of_few]
                active += raised
                held |= holds
        # The most urgent stand first.
        triage = active[0].triage if active else Triage.SELF_CARE
        return _Raised(triage, self._triage[triage], frozenset(held), tuple(active))

    def ranked(self, fired: int) -> tuple[SuspectedCause, ...]:
        """The suspected causes, best first."""
        stands_alone = not fired & self._suspecting
        listed = self._fallbacks if stands_alone else self._causes
        weighed = [
            one.weighed(fired & one.mask)
            for one in listed
            if stands_alone or fired & one.suspecting
        ]
        if stands_alone:
            weighed = [one for one in weighed if not one.against]
        weighed.sort()
        return tuple([one.at(rank) for rank, one in enumerate(weighed, 1)])

    def _choose_advice(
        self, facts: PatientFacts, fired: int
    ) -> tuple[tuple[GivenAdvice, ...], tuple[WithheldAdvice, ...]]:
        held = self.raised(fired & self.escalating).held
        offered = [one for one in self._advice if fired & one.bit]
        denied = self._deny(facts)
        given: list[GivenAdvice] = []
        withheld: list[WithheldAdvice] = []
        for one in offered:
            chosen = one.chosen(fired & one.mask, denied & one.asked_first, one.kind in held)
            if isinstance(chosen, GivenAdvice):
                given.append(chosen)
            else:
                withheld.append(chosen)
        return tuple(given), tuple(withheld)


@kept_with_rules
def _folding_of(rules: RuleBase) -> Folding:
    return Folding(rules)


class _EscalationsFold:
    """A few escalations, most urgent first."""

    def __init__(self, few: Sequence[Escalation], ids: Ids) -> None:
        self._few = [
            (one.holds, ids.bits[one.id], ids.bits.get(unless_id(one.id), 0), _raised(one))
            for one in few
        ]
        self.mask = sum(bit | unless for _, bit, unless, _ in self._few)
        self.raised = Remembered(self._raise, _REMEMBERED_OF_EACH)

    def _raise(self, fired: int) -> tuple[Sequence[RaisedEscalation], frozenset[str]]:
        """What of them is raised, and what that holds back."""
        active = [
            (holds, raised)
            for holds, bit, unless, raised in self._few
            if fired & bit and not fired & unless
        ]
        held = frozenset[str]().union(*(holds for holds, _ in active))
        return tuple(raised for _, raised in active), held


def _raised(one: Escalation) -> RaisedEscalation:
    return RaisedEscalation(
        id=one.id,
        triage=one.triage,
        reason=one.patient or one.reason,
        clinician=one.clinician,
        sources=one.source,
        statements=one.statement,
    )


# --- Causes -------------------------------------------------------------------------------------


class _Weighed(NamedTuple):
    """A cause with the evidence that fired for and against it, but for its rank.

    They sort as they rank, and the id decides at last.
    """

    fallback: bool
    minus_weight: int
    minus_seriousness: int
    id: str
    because: tuple[Reason, ...]
    against: tuple[Reason, ...]
    likelihood: str
    whatever_fired: dict[str, object]

    def at(self, rank: int) -> SuspectedCause:
        """The cause in that place among others."""
        _, minus_weight, _, _, because, against, likelihood, whatever_fired = self
        parts = whatever_fired.copy()
        parts["rank"] = rank
        parts["weight"] = -minus_weight
        parts["likelihood"] = likelihood
        parts["because"] = because
        parts["against"] = against
        return suspected(parts)


class _CauseFold:
    """One cause: its evidence, strongest first."""

    def __init__(self, rules: RuleBase, cause: Cause, ids: Ids) -> None:
        self._cause = cause
        self._evidence = [
            (
                ids.bits[one.id],
                weight,
                # Of a group the strongest for and the strongest against count.
                one.group and (one.group, weight > 0),
                _reason(one, weight, counted=True),
                _reason(one, weight, counted=False),
            )
            for one in rules.evidence[cause.id]
            if (weight := rules.decibans[one.id])
        ]
        self._evidence.sort(key=lambda row: (-abs(row[1]), row[3].id))
        self._minus_seriousness = -SERIOUSNESS.index(cause.seriousness)
        self._likelihood = lru_cache(_REMEMBERED_OF_EACH)(partial(likelihood, rules.wording))
        # Every field, so that a copy need not grow.
        self._parts: dict[str, object] = {
            "rank": 0,
            "weight": 0,
            "likelihood": "",
            "because": (),
            "against": (),
            "id": cause.id,
            "title": cause.title,
            "prior": cause.prior,
            "seriousness": cause.seriousness,
            "mimic": cause.mimic,
            "codes": cause.codes,
            "patient": cause.patient,
            "clinician": cause.clinician,
            "sources": cause.source,
            "statements": cause.statement,
        }
        self.mask = sum(row[0] for row in self._evidence)
        self.suspecting = ids.number(rules.suspecting[cause.id])
        self.fallback = cause.fallback
        remembered = _REMEMBERED_WEIGHED // len(rules.causes)
        self.weighed: Callable[[int], _Weighed] = lru_cache(remembered)(self._weigh)

    def _weigh(self, fired: int) -> _Weighed:
        cause = self._cause
        total = cause.prior
        because: list[Reason] = []
        against: list[Reason] = []
        seen: set[object] = set()
        for _, weight, side, counted, shown in [row for row in self._evidence if fired & row[0]]:
            reason = shown
            if side not in seen:
                reason = counted
                total += weight
                if side:
                    seen.add(side)
            (because if weight > 0 else against).append(reason)
        return _Weighed(
            cause.fallback,
            -total,
            self._minus_seriousness,
            cause.id,
            tuple(because),
            tuple(against),
            self._likelihood(total),
            self._parts,
        )


def _reason(one: Evidence, weight: int, *, counted: bool) -> Reason:
    return Reason(
        id=one.id,
        text=one.because,
        weight=weight,
        counted=counted,
        sources=one.source,
        statements=one.statement,
    )


def likelihood(wording: Wording, weight: int) -> str:
    """The rule base's ordinal word for a weight."""
    for one in wording.likelihoods:
        if one.at_least is None or weight >= one.at_least:
            return one.id
    raise AssertionError("the last likelihood has no lower end")


# --- Advice -------------------------------------------------------------------------------------

_Chosen = Callable[[int, int, bool], GivenAdvice | WithheldAdvice]


def _asked_first(one: Advice) -> list[str]:
    """The ids of what an advice's caution names while it is undecided."""
    return [unless_id(one.id, entry.id) for entry in one.unless if entry.caution]


class _AdviceFold:
    """One piece of advice: what forbids it, and what is to be said with it."""

    def __init__(self, one: Advice, wording: Wording, ids: Ids, denied: Ids) -> None:
        self._one = one
        self._wording = wording
        self._forbidding = [
            (entry, ids.bits[id_], denied.bits.get(id_, 0))
            for entry in one.unless
            for id_ in [unless_id(one.id, entry.id)]
        ]
        self._cautions = [
            (entry.text, ids.bits[caution_id(one.id, entry.id)]) for entry in one.cautions
        ]
        self.kind: AdviceKind = one.kind
        self.bit = ids.bits[one.id]
        self.mask = (
            self.bit
            | sum(bit for _, bit, _ in self._forbidding)
            | sum(bit for _, bit in self._cautions)
        )
        self.asked_first = sum(bit for _, _, bit in self._forbidding)
        self.chosen: _Chosen = lru_cache(_REMEMBERED_OF_EACH)(self._choose)

    def _choose(self, fired: int, denied: int, held: bool) -> GivenAdvice | WithheldAdvice:
        forbidding = [entry for entry, bit, _ in self._forbidding if fired & bit]
        if forbidding or held:
            return self._withheld(forbidding, held)
        undecided = [
            entry.caution
            for entry, _, bit in self._forbidding
            if entry.caution and not denied & bit
        ]
        return self._given(undecided, [text for text, bit in self._cautions if fired & bit])

    def _withheld(self, forbidding: Sequence[Unless], held: bool) -> WithheldAdvice:
        # Until someone has been seen, that is reason enough, and nothing takes the advice's place.
        reasons = [entry.reason for entry in forbidding if entry.reason]
        instead = [entry.instead for entry in forbidding if entry.instead]
        if held:
            reasons, instead = [self._wording.leaflet["held"]], []
        return WithheldAdvice(
            id=self._one.id,
            title=self._one.title,
            reason=joined(dict.fromkeys(reasons), "and"),
            instead=" ".join(dict.fromkeys(instead)) or None,
            sources=tuple(dict.fromkeys(id_ for entry in forbidding for id_ in entry.source)),
        )

    def _given(self, undecided: Sequence[str], cautions: list[str]) -> GivenAdvice:
        one = self._one
        if undecided:
            conditions = joined(dict.fromkeys(undecided), "or")
            caution = filled(self._wording.leaflet["caution"], conditions=conditions)
            cautions.insert(0, caution)
        return GivenAdvice(
            id=one.id,
            kind=one.kind,
            title=one.title,
            text=one.patient or one.text,
            caution=" ".join(dict.fromkeys(cautions)) or None,
            clinician=one.clinician or one.evidence_note or one.note,
            sources=one.source,
            statements=one.statement,
        )
