"""What the tests of the strategies share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase, Triage, assess
from crampsrules.conditions import Atom, atoms
from crampsrules.parsing import Vocabulary, parse
from crampsrules.strategies.values import Values

SHIPPED = RuleBase.load()
NUMBERS = sorted(Values.of(SHIPPED).thresholds)
CAUSES = sorted(SHIPPED.causes)
VOCABULARY = Vocabulary(
    findings=frozenset(SHIPPED.concluding),
    causes=frozenset(SHIPPED.causes),
    medicine_classes=frozenset(SHIPPED.formulary.classes),
)

# A search for the smallest example: enough tries to find one, nothing kept between runs, and no
# time spent on what Hypothesis could say of it besides.
SEARCH = settings(
    max_examples=2_000,
    deadline=None,
    database=None,
    phases=[Phase.generate, Phase.shrink],
    suppress_health_check=list(HealthCheck),
)


def listed(facts: PatientFacts) -> list[str]:
    return [cause.id for cause in assess(facts, engine="compiled").causes]


def triage(facts: PatientFacts) -> Triage:
    return assess(facts, engine="compiled").triage


def drawn(strategy: st.SearchStrategy[Any], times: int) -> list[Any]:
    """So many examples of a strategy.

    Which ones depends on what else is loaded, so what must be among them must be likely enough.
    """
    examples = []

    @settings(SEARCH, max_examples=times, phases=[Phase.generate], derandomize=True)
    @given(strategy)
    def collect(example):
        examples.append(example)

    collect()
    return examples


def asked(texts: Iterable[str], vocabulary: Vocabulary) -> set[Atom]:
    """What conditions ask, each thing once."""
    read = (parse(text, vocabulary, may_ask_known=True) for text in texts)
    return {atom for condition in read for atom in atoms(condition)}
