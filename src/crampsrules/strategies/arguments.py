"""Checking the arguments of strategies, with errors that Hypothesis and this library both know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis.errors import InvalidArgument

from crampsrules.errors import CrampsRulesError, FactsError, did_you_mean, shorten
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.triage import Triage


class InvalidStrategyError(CrampsRulesError, InvalidArgument):
    """A strategy was asked for something that does not exist, or that no patient can be.

    It is raised when the strategy is first drawn from, as Hypothesis does it.
    """


def checked_rules(rules: object) -> RuleBase:
    """The rule base that was given, or the shipped one."""
    try:
        return rules_or_shipped(rules)
    except CrampsRulesError as error:
        raise InvalidStrategyError(str(error)) from None


def checked_triage(triage: object) -> Triage | None:
    """A level, also by its name."""
    if triage is None or isinstance(triage, Triage):
        return triage
    if isinstance(triage, str):
        try:
            return Triage.from_id(triage)
        except ValueError as error:
            raise InvalidStrategyError(str(error)) from None
    raise InvalidStrategyError(f"triage takes a Triage or its name, got {shorten(triage)}")


def checked_known(known: object) -> tuple[PatientFacts, frozenset[str]]:
    """The facts that are to be known, and those that are to stay unknown."""
    if known is None:
        return PatientFacts(), frozenset()
    if isinstance(known, PatientFacts):
        return known, frozenset()
    if not isinstance(known, Mapping):
        raise InvalidStrategyError(
            f"known takes a mapping of facts to values, got {shorten(known)}"
        )
    try:
        facts = PatientFacts.from_mapping(known)
    except FactsError as error:
        raise InvalidStrategyError(f"known: {error}") from None
    return facts, frozenset(name for name, value in known.items() if value is None)


def checked_name(name: object, names: Iterable[str], what: str) -> str | None:
    """One of some names, or None."""
    names = tuple(names)
    if name is None or (isinstance(name, str) and name in names):
        return name
    hint = did_you_mean(name, names) if isinstance(name, str) else ""
    raise InvalidStrategyError(f"{shorten(name)} is no {what}{hint}")


def checked_number(name: object) -> Fact | None:
    """A fact that is a number, or None."""
    numbers = (fact.name for fact in FACTS.values() if fact.is_number)
    checked = checked_name(name, numbers, "fact that is a number")
    return None if checked is None else FACTS[checked]
