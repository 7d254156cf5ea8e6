"""Holding an assessment to the laws: what must be so for every patient, whatever the rules say."""

from __future__ import annotations

from collections.abc import Iterator

from crampsrules.assessment import Assessment
from crampsrules.conditions import Condition, is_true, known_where_true
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase, kept_with_rules
from crampsrules.rules import Law


def broken_laws(assessment: Assessment) -> tuple[Law, ...]:
    """The laws of the rule base that this assessment breaks; none, if the rules are sound.

    A law applies where its condition is known to be true. That is judged anew from the
    assessment's facts, not read from what an engine fired.
    """
    return tuple(
        law for law in binding_laws(assessment) if next(breaches(law, assessment), None) is not None
    )


def binding_laws(assessment: Assessment) -> tuple[Law, ...]:
    """The laws that apply to this patient."""
    rules: RuleBase = assessment.rules
    observations = observe(assessment.facts, rules.formulary)
    inference, known = Inference(rules, observations), set(observations.values)
    return tuple(
        law
        for law, condition, one_is_known in _conditional(rules)
        if not (one_is_known and one_is_known.isdisjoint(known)) and is_true(condition, inference)
    )


@kept_with_rules
def _conditional(rules: RuleBase) -> list[tuple[Law, Condition, frozenset[str] | None]]:
    """Each law with its condition, and the facts of which one is known wherever it applies."""
    conditions = [(law, rules.law_conditions[law.id]) for law in rules.laws]
    return [(law, condition, known_where_true(condition)) for law, condition in conditions]


def breaches(law: Law, assessment: Assessment) -> Iterator[str]:
    """What a law that applies finds wrong with an assessment, in words."""
    given = {one.id: one for one in assessment.advice}
    for id_ in law.forbids:
        if id_ in given:
            yield f"gives {id_}"
    for id_ in law.advised:
        if id_ not in given:
            yield f"does not give {id_}"
    for id_ in law.cautioned:
        if id_ in given and not given[id_].caution:
            yield f"gives {id_} without a caution"
    if law.not_together and given.keys() >= set(law.not_together):
        yield f"gives {' and '.join(law.not_together)} together"
    if law.at_least is not None and assessment.triage < law.at_least:
        yield f"is {assessment.triage.id}, below {law.at_least.id}"
