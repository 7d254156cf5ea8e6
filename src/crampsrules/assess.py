"""The front door: facts in, assessment out."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING

from crampsrules.errors import FactProblem, FactsError
from crampsrules.facts import PatientFacts

if TYPE_CHECKING:
    from crampsrules.assessment import Assessment
    from crampsrules.rulebase import RuleBase


def assess(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    rules: RuleBase | None = None,
    engine: str | None = None,
    **known: object,
) -> Assessment:
    """Assess one patient.

    Takes `PatientFacts`, a mapping of fact names to values, or the facts as keywords; keywords
    add to a mapping. What is left out or None is unknown, never "no". `rules` is the shipped
    rule base unless another is given; `engine` is "durable" or "compiled" (left out:
    durable where it runs), and both give the same answer.

    Raises FactsError naming every bad fact at once, EngineError for an engine that is not there.

    >>> import crampsrules
    >>> crampsrules.assess(episodes_per_week=3, episode_minutes=5).triage.name
    'ROUTINE'
    """
    if known or type(facts) is not PatientFacts:
        facts = patient_facts(facts, known)
    return _judging()(facts, rules, engine)


@lru_cache(maxsize=1)
def _judging() -> Callable[[PatientFacts, RuleBase | None, str | None], Assessment]:
    # `import crampsrules` stays quick: what reads and fires rules comes with the first patient.
    from crampsrules.judging import judge

    return judge


def patient_facts(
    facts: PatientFacts | Mapping[str, object] | None, known: Mapping[str, object] = {}
) -> PatientFacts:
    """The facts of a mapping and of keywords together. Raises FactsError."""
    if isinstance(facts, PatientFacts):
        return facts.replace(**known) if known else facts
    if facts is None:
        return PatientFacts.from_mapping(known)
    if not isinstance(facts, Mapping):
        raise FactsError(
            [FactProblem("facts", facts, "takes PatientFacts or a mapping of facts to values")]
        )
    twice = [name for name in known if name in facts]
    if twice:
        raise FactsError(
            FactProblem(name, known[name], "is given twice, in the mapping and by keyword")
            for name in twice
        )
    return PatientFacts.from_mapping({**facts, **known} if known else facts)
