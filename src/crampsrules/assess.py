"""The front door: facts in, assessment out, for one patient or many."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cache, partial
from typing import TYPE_CHECKING, Literal, overload

from crampsrules.errors import FactProblem, FactsError, shorten
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
    # What is given most often goes the shortest way; `patient_facts` takes all there is.
    if type(facts) is dict and not known:
        facts = PatientFacts.from_mapping(facts)
    elif known or type(facts) is not PatientFacts:
        facts = patient_facts(facts, known)
    return _judging()(facts, rules, engine)


@overload
def assess_many(
    patients: Iterable[PatientFacts | Mapping[str, object] | None],
    /,
    *,
    rules: RuleBase | None = None,
    engine: str | None = None,
    on_error: Literal["raise"] = "raise",
) -> Iterator[Assessment]: ...


@overload
def assess_many(
    patients: Iterable[PatientFacts | Mapping[str, object] | None],
    /,
    *,
    rules: RuleBase | None = None,
    engine: str | None = None,
    on_error: Literal["yield"],
) -> Iterator[Assessment | FactsError]: ...


def assess_many(
    patients: Iterable[PatientFacts | Mapping[str, object] | None],
    /,
    *,
    rules: RuleBase | None = None,
    engine: str | None = None,
    on_error: Literal["raise", "yield"] = "raise",
) -> Iterator[Assessment | FactsError]:
    """Assess one patient after another, each when the next assessment is asked for.

    Takes any iterable, of what `assess` takes, and gives what `assess` gives for each, in the same
    order; nothing is held but the patient in hand. For bad facts `on_error` is "raise", which ends
    it with the FactsError, or "yield", which gives the FactsError in the place of the assessment
    and goes on. Either way the error's `position` says which patient it was, counted from 0.

    Raises EngineError for an engine that is not there, at once.

    >>> import crampsrules
    >>> [one.triage.name for one in crampsrules.assess_many([{"weakness": True}, {}])]
    ['SOON', 'SELF_CARE']
    """
    if isinstance(patients, PatientFacts | Mapping | str | bytes):
        message = "takes an iterable of patients; for one patient there is assess()"
        raise FactsError.of(message, value=patients)
    if not isinstance(patients, Iterable):
        raise FactsError.of(f"takes an iterable of patients, got {shorten(patients)}")
    if on_error not in ("raise", "yield"):
        message = f"takes 'raise' or 'yield', got {shorten(on_error)}"
        raise FactsError.of(message, field="on_error", value=on_error)
    judge = _judging()
    judge(PatientFacts(), rules, engine)  # what cannot run is said before the first patient
    return _assessed(patients, partial(judge, rules=rules, engine=engine), on_error)


def _assessed(
    patients: Iterable[PatientFacts | Mapping[str, object] | None],
    judge: Callable[[PatientFacts], Assessment],
    on_error: Literal["raise", "yield"],
) -> Iterator[Assessment | FactsError]:
    for position, patient in enumerate(patients):
        answer: Assessment | FactsError
        try:
            answer = judge(patient_facts(patient))
        except FactsError as error:
            error.position = position
            if on_error == "raise":
                raise
            answer = error
        yield answer


@cache
def _judging() -> Callable[..., Assessment]:
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
    if type(facts) is not dict and not isinstance(facts, Mapping):
        message = f"takes PatientFacts or a mapping of facts to values, got {shorten(facts)}"
        raise FactsError.of(message, field="facts", value=facts)
    if not known:
        return PatientFacts.from_mapping(facts)
    twice = [name for name in known if name in facts]
    if twice:
        raise FactsError(
            FactProblem(name, known[name], "is given twice, in the mapping and by keyword")
            for name in twice
        )
    return PatientFacts.from_mapping({**facts, **known})
