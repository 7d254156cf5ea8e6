"""Hypothesis strategies: patients, pairs of patients, rule bases, conditions, junk.

They come with the extra `hypothesis`. All arguments are keywords; a wrong one raises
`InvalidStrategyError` when the strategy is first drawn from. `st.from_type(PatientFacts)` is
`patient_facts()`, with no import of this module.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from crampsrules.errors import MissingExtraError

try:
    from hypothesis import strategies as st
except ImportError:
    raise MissingExtraError.for_extra("hypothesis", "hypothesis") from None

from crampsrules.facts import FACTS, PatientFacts
from crampsrules.parsing import Vocabulary
from crampsrules.rulebase import RuleBase
from crampsrules.strategies import conditions as _conditions
from crampsrules.strategies import junk as _junk
from crampsrules.strategies import rulebases as _rulebases
from crampsrules.strategies.arguments import (
    InvalidStrategyError,
    checked_flag,
    checked_known,
    checked_name,
    checked_number,
    checked_rules,
    checked_triage,
)
from crampsrules.strategies.near_misses import edges_for
from crampsrules.strategies.noise import Draw
from crampsrules.strategies.patients import Wish, patients_for
from crampsrules.strategies.values import Values
from crampsrules.triage import Triage

__all__ = [
    "InvalidStrategyError",
    "conditions",
    "fact_values",
    "junk",
    "junk_mappings",
    "near_misses",
    "patient_facts",
    "rule_bases",
    "rule_texts",
]


@st.composite
def patient_facts(  # noqa: PLR0913 - keywords, each a wish of its own
    draw: Draw,
    *,
    triage: Triage | str | None = None,
    suspected: str | None = None,
    known: Mapping[str, object] | PatientFacts | None = None,
    at_threshold: str | None = None,
    plausible: bool = True,
    rules: RuleBase | None = None,
) -> PatientFacts:
    """Patients: a few facts, people like those of the worked examples, or half of all facts.

    Args:
        draw: Given by Hypothesis.
        triage: How soon the rules want them seen, exactly.
        suspected: A cause that is listed for them.
        known: Facts that they have; None as a value means that it stays unknown.
        at_threshold: A number that is known and lies on, just below or just above a value
            that some rule compares it with.
        plausible: Leave out facts that one person can hardly have together, such as a
            pregnancy and the male sex.
        rules: The rule base to draw for; the shipped one unless another is given.

    All wishes are met by construction: nothing is drawn and thrown away. An example that fails
    is reduced to the fewest known facts.
    """
    base = checked_rules(rules)
    facts, absent = checked_known(known, base)
    number = checked_number(at_threshold, "at_threshold")
    wish = Wish(
        known=facts,
        absent=absent,
        triage=checked_triage(triage),
        suspected=checked_name(suspected, base.causes, "cause"),
        at_threshold=number.name if number else None,
        plausible=checked_flag(plausible, "plausible"),
    )
    return patients_for(base, wish).patient(draw)


@st.composite
def near_misses(
    draw: Draw, *, fact: str | None = None, rules: RuleBase | None = None
) -> tuple[PatientFacts, PatientFacts]:
    """Pairs of patients who differ in one number only, and stand on two sides of a threshold.

    The one below comes first. Some rule fires for exactly one of the two.

    Args:
        draw: Given by Hypothesis.
        fact: The number; any that decides something unless one is given.
        rules: The rule base to draw for; the shipped one unless another is given.
    """
    number = checked_number(fact, "fact")
    return edges_for(checked_rules(rules)).pair(draw, number.name if number else None)


@st.composite
def fact_values(draw: Draw, *, fact: str, rules: RuleBase | None = None) -> object:
    """Values of one fact, thresholds and what lies next to them often."""
    base = checked_rules(rules)
    name = checked_name(fact, FACTS, "fact")
    if name is None:
        raise InvalidStrategyError("fact takes the name of a fact")
    return draw(Values.of(base).any(name))


@st.composite
def conditions(draw: Draw, *, may_ask_known: bool = False, rules: RuleBase | None = None) -> str:
    """Conditions, as text, that rules of a rule base could have.

    Args:
        draw: Given by Hypothesis.
        may_ask_known: Use `known(fact)` too, which only an `unless` may.
        rules: Whose findings, causes and classes of medicines to use; the shipped rule base's
            unless another is given.
    """
    base = checked_rules(rules)
    vocabulary = Vocabulary(
        findings=frozenset(base.concluding),
        causes=frozenset(base.causes),
        medicine_classes=frozenset(base.formulary.classes),
    )
    return str(draw(_conditions.condition_texts(vocabulary, may_ask_known=may_ask_known)))


def rule_texts() -> st.SearchStrategy[dict[str, str]]:
    """Small, sound rule bases as TOML texts by file name, for `RuleBase.from_texts`.

    They have one to three causes, findings that chain, advice, escalations and classes of
    medicines, and compare numbers with the thresholds of the shipped rules.
    """
    return _rulebases.rule_texts()


def rule_bases() -> st.SearchStrategy[RuleBase]:
    """Small, sound rule bases."""
    return rule_texts().map(RuleBase.from_texts)


def junk() -> st.SearchStrategy[Any]:
    """Any value that JSON, TOML or a caller might hand over."""
    return _junk.junk()


def junk_mappings() -> st.SearchStrategy[dict[Any, Any]]:
    """Mappings that look like facts here and there: right names, wrong values, and the reverse."""
    return _junk.junk_mappings()
