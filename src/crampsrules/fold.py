"""From what fired to an assessment: escalations, what they hold back, causes, advice.

The order is the point. Everything has fired before it starts, so no rule's place in a file can
matter, and nothing here knows which engine fired.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable

from crampsrules.assessment import (
    Assessment,
    GivenAdvice,
    RaisedEscalation,
    Reason,
    SuspectedCause,
    WithheldAdvice,
)
from crampsrules.facts import PatientFacts
from crampsrules.inference import Inference
from crampsrules.linking import caution_id, unless_id
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase
from crampsrules.rules import (
    SERIOUSNESS,
    Advice,
    Cause,
    Escalation,
    Evidence,
    Unless,
    Wording,
)
from crampsrules.triage import Triage


def fold(rules: RuleBase, facts: PatientFacts, fired: frozenset[str], *, engine: str) -> Assessment:
    """Weigh, rank, triage and choose advice from the ids that fired for these facts."""
    observations = observe(facts, rules.formulary)
    inference = Inference(rules, observations)
    active = active_escalations(rules, fired)
    triage = max((one.triage for one in active), default=Triage.SELF_CARE)
    held = frozenset(kind for one in active for kind in one.holds)
    given, withheld = _choose_advice(rules, fired, held, inference)
    return Assessment(
        triage=triage,
        triage_wording=rules.wording.triage[triage.id],
        escalations=tuple(_raised(one) for one in active),
        causes=rank_causes(rules, fired),
        advice=given,
        withheld=withheld,
        unrecognised=observations.unrecognised,
        fired=tuple(sorted(fired)),
        engine=engine,
        rules_version=rules.version,
        facts=facts,
        disclaimer=rules.wording.leaflet["disclaimer"],
        rules=rules,
    )


def active_escalations(rules: RuleBase, fired: frozenset[str]) -> list[Escalation]:
    """The escalations that fired and that no `unless` removes, most urgent first."""
    return [
        one
        for one in rules.escalations
        if one.id in fired and (one.unless is None or unless_id(one.id) not in fired)
    ]


def _raised(one: Escalation) -> RaisedEscalation:
    return RaisedEscalation(
        id=one.id,
        triage=one.triage,
        reason=one.patient or one.reason,
        clinician=one.clinician,
        sources=one.source,
        statements=one.statement,
    )


def rank_causes(rules: RuleBase, fired: frozenset[str]) -> tuple[SuspectedCause, ...]:
    """The suspected causes, best first; a fallback cause after every other.

    Where nothing else is suspected and nothing speaks against it, the fallback stands alone.
    """
    suspected = {cause for cause, ids in rules.suspecting.items() if not fired.isdisjoint(ids)}
    weighed = [_weigh(rules, rules.causes[cause], fired) for cause in sorted(suspected)]
    if not any(not rules.causes[one.id].fallback for one in weighed):
        fallbacks = [one for one in rules.causes.values() if one.fallback]
        others = [_weigh(rules, one, fired) for one in fallbacks if one.id not in suspected]
        weighed = [one for one in (*weighed, *others) if not one.against]
    weighed.sort(key=lambda one: _place(rules, one))
    return tuple(_ranked(one, rank) for rank, one in enumerate(weighed, 1))


def _place(rules: RuleBase, one: SuspectedCause) -> tuple[bool, int, int, str]:
    return (
        rules.causes[one.id].fallback,
        -one.weight,
        -SERIOUSNESS.index(rules.causes[one.id].seriousness),
        one.id,
    )


def _weigh(rules: RuleBase, cause: Cause, fired: frozenset[str]) -> SuspectedCause:
    evidence = [one for one in rules.evidence[cause.id] if one.id in fired]
    counted = _counted(rules, evidence)
    weight = cause.prior + sum(rules.decibans[id_] for id_ in counted)
    reasons = [_reason(rules, one, one.id in counted) for one in evidence]
    reasons.sort(key=lambda one: (-abs(one.weight), one.id))
    return SuspectedCause(
        id=cause.id,
        title=cause.title,
        rank=0,
        weight=weight,
        prior=cause.prior,
        likelihood=likelihood(rules.wording, weight),
        seriousness=cause.seriousness,
        mimic=cause.mimic,
        because=tuple(one for one in reasons if one.weight > 0),
        against=tuple(one for one in reasons if one.weight < 0),
        codes=cause.codes,
        patient=cause.patient,
        clinician=cause.clinician,
        sources=cause.source,
        statements=cause.statement,
    )


def _counted(rules: RuleBase, evidence: Iterable[Evidence]) -> set[str]:
    """The ids that count: in a group only the strongest for and the strongest against."""
    counted: set[str] = set()
    strongest: dict[tuple[str, bool], str] = {}
    for one in sorted(evidence, key=lambda one: (-abs(rules.decibans[one.id]), one.id)):
        if one.group is None:
            counted.add(one.id)
        else:
            strongest.setdefault((one.group, rules.decibans[one.id] > 0), one.id)
    return counted | set(strongest.values())


def _reason(rules: RuleBase, one: Evidence, counted: bool) -> Reason:
    return Reason(
        id=one.id,
        text=one.because,
        weight=rules.decibans[one.id],
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


def _ranked(one: SuspectedCause, rank: int) -> SuspectedCause:
    object.__setattr__(one, "rank", rank)  # not yet seen by anyone
    return one


def _choose_advice(
    rules: RuleBase, fired: frozenset[str], held: Collection[str], inference: Inference
) -> tuple[tuple[GivenAdvice, ...], tuple[WithheldAdvice, ...]]:
    given: list[GivenAdvice] = []
    withheld: list[WithheldAdvice] = []
    for one in rules.advice:
        if one.id not in fired:
            continue
        forbidding = [entry for entry in one.unless if unless_id(one.id, entry.id) in fired]
        if forbidding or one.kind in held:
            withheld.append(_withheld(one, forbidding, one.kind in held, rules.wording))
        else:
            given.append(_given(one, fired, inference, rules.wording))
    return tuple(given), tuple(withheld)


def _withheld(
    one: Advice, forbidding: list[Unless], held: bool, wording: Wording
) -> WithheldAdvice:
    # Until someone has been seen, that is reason enough, and nothing takes the advice's place.
    reasons = [entry.reason for entry in forbidding if entry.reason]
    instead = [entry.instead for entry in forbidding if entry.instead]
    if held:
        reasons, instead = [wording.leaflet["held"]], []
    return WithheldAdvice(
        id=one.id,
        title=one.title,
        reason=joined(dict.fromkeys(reasons), "and"),
        instead=" ".join(dict.fromkeys(instead)) or None,
        sources=tuple(dict.fromkeys(id_ for entry in forbidding for id_ in entry.source)),
    )


def _given(
    one: Advice, fired: frozenset[str], inference: Inference, wording: Wording
) -> GivenAdvice:
    undecided = [
        entry.caution
        for entry in one.unless
        if entry.caution and inference.verdict(unless_id(one.id, entry.id)) is None
    ]
    cautions = [entry.text for entry in one.cautions if caution_id(one.id, entry.id) in fired]
    if undecided:
        conditions = joined(dict.fromkeys(undecided), "or")
        cautions.insert(0, wording.leaflet["caution"].replace("{conditions}", conditions))
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


def joined(phrases: Iterable[str], word: str) -> str:
    """Phrases as a list in a sentence: "a, b or c"."""
    *first, last = list(phrases) or [""]
    return f"{', '.join(first)} {word} {last}" if first else last
