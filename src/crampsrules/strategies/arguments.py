"""Checking the arguments of strategies, with errors that Hypothesis and this library both know."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from hypothesis.errors import InvalidArgument

from crampsrules.errors import CrampsRulesError, FactsError, did_you_mean, shorten
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.observations import observe
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


def checked_known(known: object, rules: RuleBase) -> tuple[PatientFacts, frozenset[str]]:
    """The facts that are to be known, and those that are to stay unknown."""
    given = {} if known is None else known
    if not isinstance(given, PatientFacts | Mapping):
        raise InvalidStrategyError(
            f"known takes a mapping of facts to values, got {shorten(given)}"
        )
    try:
        facts = given if isinstance(given, PatientFacts) else PatientFacts.from_mapping(given)
        observe(facts, rules.formulary)  # which refuses a misspelt medicine
    except FactsError as error:
        raise InvalidStrategyError(f"known: {error}") from None
    if isinstance(given, PatientFacts):
        return facts, frozenset()
    return facts, frozenset(name for name, value in given.items() if value is None)


def checked_flag(flag: object, argument: str) -> bool:
    """True or False, and nothing that is only taken for it."""
    if isinstance(flag, bool):
        return flag
    raise InvalidStrategyError(f"{argument} takes True or False, got {shorten(flag)}")


def checked_name(name: object, names: Iterable[str], what: str) -> str | None:
    """One of some names, or None."""
    names = tuple(names)
    if name is None or (isinstance(name, str) and name in names):
        return name
    hint = did_you_mean(name, names) if isinstance(name, str) else ""
    raise InvalidStrategyError(f"{shorten(name)} is no {what}{hint}")


def checked_number(name: object, argument: str) -> Fact | None:
    """A fact that is a number, or None."""
    if name is None:
        return None
    numbers = [fact.name for fact in FACTS.values() if fact.is_number]
    if isinstance(name, str) and name in numbers:
        return FACTS[name]
    hint = did_you_mean(name, numbers) or f"; these are: {', '.join(numbers)}"
    raise InvalidStrategyError(f"{argument}: {shorten(name)} is no fact that is a number{hint}")
