"""A frame row by row, through the compiled engine: the quicker way where there are few rows."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import frozen

from crampsrules.engines import engine_for
from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.fold import active_escalations, rank_causes
from crampsrules.frames.inputs import BETWEEN, NONE, SEPARATOR, Inputs
from crampsrules.linking import unless_id
from crampsrules.medicines import Formulary
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

Row = Mapping[str, object]
"""The values of one row by the key of their source."""


@frozen
class Answer:
    """What an assessment comes to, in ids."""

    triage: str
    causes: tuple[str, ...]
    weights: Mapping[str, int]
    advice: tuple[str, ...]
    fired: tuple[str, ...]


def answers(rules: RuleBase, rows: Iterable[Row]) -> Iterator[Answer | list[FactProblem]]:
    """Assess rows that hold whole sets; give the problems of those that cannot be."""
    fire = engine_for(rules, "compiled").fire
    for row in rows:
        try:
            facts = facts_of(row)
            fired = fire(facts)
        except FactsError as error:
            yield list(naming_medicines(error.problems))
        else:
            yield _answer(rules, fired)


def _answer(rules: RuleBase, fired: frozenset[str]) -> Answer:
    active = active_escalations(rules, fired)
    held = {kind for one in active for kind in one.holds}
    causes = rank_causes(rules, fired)
    return Answer(
        triage=max((one.triage for one in active), default=Triage.SELF_CARE).id,
        causes=tuple(one.id for one in causes),
        weights={one.id: one.weight for one in causes},
        advice=tuple(
            one.id
            for one in rules.advice
            if one.id in fired
            and one.kind not in held
            and not any(unless_id(one.id, entry.id) in fired for entry in one.unless)
        ),
        fired=tuple(sorted(fired)),
    )


def facts_of(row: Row) -> PatientFacts:
    """The facts of a row that holds whole sets. Raises FactsError."""
    return PatientFacts.from_mapping({key: _value(key, value) for key, value in row.items()})


def _value(key: str, value: object) -> object:
    if isinstance(value, str) and FACTS[key].kind in ("members", "medicines"):
        return split(value)
    return value


def split(text: str) -> list[str] | None:
    """The members in a text that holds a set; None where it says nothing."""
    parts = [part for written in text.split(SEPARATOR) if (part := written.strip())]
    return None if not parts else [] if parts == [NONE] else parts


def problems_of(row: Row, inputs: Inputs) -> list[FactProblem]:
    """What is wrong with a row, told as `assess` tells it."""
    whole = {key: value for key, value in row.items() if BETWEEN not in key or key in FACTS}
    try:
        facts = facts_of(whole)
    except FactsError as error:
        return list(error.problems)
    return list(naming_medicines(misspelt(facts, inputs.formulary)))


def misspelt(facts: PatientFacts, formulary: Formulary) -> Sequence[FactProblem]:
    """The problems with the names of medicines."""
    try:
        formulary.resolve(facts.medications or frozenset())  # type: ignore[arg-type]
    except FactsError as error:
        return error.problems
    return ()


def naming_medicines(problems: Iterable[FactProblem]) -> Iterator[FactProblem]:
    """The same problems, with the name of a medicine in the message where it is not yet."""
    for one in problems:
        shown = shorten(one.value)
        if FACTS[one.field].kind == "medicines" and isinstance(one.value, str):
            yield FactProblem(one.field, one.value, f"{shown} {one.message}")
        else:
            yield one
