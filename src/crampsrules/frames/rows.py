"""A frame row by row, through the compiled engine: the quicker way where there are few rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from attrs import frozen

from crampsrules.assessment import Assessment
from crampsrules.errors import FactProblem, FactsError
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.frames.columns import NONE, SEPARATOR
from crampsrules.frames.inputs import Inputs
from crampsrules.judging import judge
from crampsrules.rulebase import RuleBase

Row = Mapping[str, object]
"""The values of one row by the key of their column."""


@frozen
class Answer:
    """What an assessment comes to, in ids."""

    triage: str
    causes: tuple[str, ...]
    weights: Mapping[str, int]
    advice: tuple[str, ...]
    fired: tuple[str, ...]
    unrecognised: tuple[str, ...]
    """Names of medicines, each once and in the order of letters."""


def answers(rules: RuleBase, rows: Iterable[Row]) -> Iterator[Answer | list[FactProblem]]:
    """Assess rows that hold whole sets; give the problems of those that cannot be."""
    for row in rows:
        try:
            assessment = judge(facts_of(row), rules, "compiled")
        except FactsError as error:
            yield list(error.problems)
        else:
            yield _answer(assessment)


def _answer(assessment: Assessment) -> Answer:
    return Answer(
        triage=assessment.triage.id,
        causes=tuple(one.id for one in assessment.causes),
        weights={one.id: one.weight for one in assessment.causes},
        advice=tuple(one.id for one in assessment.advice),
        fired=assessment.fired,
        unrecognised=tuple(sorted(set(assessment.unrecognised))),
    )


def facts_of(row: Row) -> PatientFacts:
    """The facts of a row that holds whole sets. Raises FactsError."""
    return PatientFacts.from_mapping({key: _value(key, value) for key, value in row.items()})


def _value(key: str, value: object) -> object:
    if isinstance(value, str) and FACTS[key].is_set:
        return split(value)
    return value


def split(text: str) -> list[str] | None:
    """The members in a text that holds a set; None where it says nothing."""
    parts = [part for written in text.split(SEPARATOR) if (part := written.strip())]
    return None if not parts else [] if [one.lower() for one in parts] == [NONE] else parts


def problems_of(row: Row, inputs: Inputs) -> list[FactProblem]:
    """What is wrong with a row, told as `assess` tells it."""
    whole = {key: value for key, value in row.items() if key in FACTS}
    try:
        facts = facts_of(whole)
        inputs.formulary.resolve(frozenset(facts.medications or ()))
    except FactsError as error:
        return list(error.problems)
    return []
