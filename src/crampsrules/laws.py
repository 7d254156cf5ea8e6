"""Holding an assessment to the laws: what must be so for every patient, whatever the rules say."""

from __future__ import annotations

from collections.abc import Iterator

from crampsrules.assessment import Assessment
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase
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
    inference = Inference(rules, observe(assessment.facts, rules.formulary))
    return tuple(law for law in rules.laws if inference.judge(rules.law_conditions[law.id]))


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
