"""What the strategies take, and the error for what they do not."""

from __future__ import annotations

import pytest
from hypothesis import find
from hypothesis.errors import InvalidArgument

from crampsrules import CrampsRulesError, PatientFacts, Triage
from crampsrules.strategies import (
    InvalidStrategyError,
    conditions,
    fact_values,
    near_misses,
    patient_facts,
)
from tests.strategies.common import SEARCH


@pytest.mark.parametrize(
    ("strategy", "says"),
    [
        (patient_facts(triage="urgent"), "'urgent' is no triage level"),
        (patient_facts(triage=3.5), "takes a Triage or its name"),  # type: ignore[arg-type]
        (patient_facts(suspected="low_potasium"), "did you mean 'low_potassium'"),
        (patient_facts(known={"agee": 3}), "known: agee: is not a fact"),
        (patient_facts(known=[("age_years", 3)]), "takes a mapping"),  # type: ignore[arg-type]
        (patient_facts(at_threshold="weakness"), "'weakness' is no fact that is a number"),
        (
            patient_facts(at_threshold="fevr"),
            "at_threshold: 'fevr' is no fact that is a number; these are: age_years, ",
        ),
        (patient_facts(at_threshold="eggfr"), "did you mean 'egfr'"),
        (
            patient_facts(known={"medications": ["furosemid"]}),
            "known: medications: .*did you mean 'furosemide'",
        ),
        (
            patient_facts(known=PatientFacts(medications={"furosemid"})),
            "known: medications: .*did you mean 'furosemide'",
        ),
        (patient_facts(plausible="x"), "plausible takes True or False, got 'x'"),  # type: ignore[arg-type]
        (
            patient_facts(at_threshold="fruit_and_vegetable_portions_per_day"),
            "no patient was found",
        ),
        (patient_facts(rules={}), "rules takes a RuleBase"),  # type: ignore[arg-type]
        (patient_facts(triage="self_care", known={"saddle_numbness": True}), "triage='self_care'"),
        (patient_facts(suspected="alcohol", known={"alcohol_units_per_week": None}), "unknown="),
        (near_misses(fact="sex"), "'sex' is no fact that is a number"),
        (near_misses(fact="fruit_and_vegetable_portions_per_day"), "has a threshold about"),
        (fact_values(fact="agee"), "'agee' is no fact"),
        (fact_values(fact=None), "takes the name of a fact"),  # type: ignore[arg-type]
    ],
)
def test_a_wrong_argument_is_an_error_when_first_drawn(strategy, says):
    """Hypothesis's own kind of error, and ours; none before a test runs."""
    with pytest.raises(InvalidStrategyError, match=says) as raised:
        find(strategy, lambda _: True, settings=SEARCH)

    assert isinstance(raised.value, InvalidArgument)
    assert isinstance(raised.value, CrampsRulesError)


@pytest.mark.parametrize("strategy", [patient_facts, near_misses, fact_values, conditions])
def test_arguments_are_keywords(strategy):
    """A position says nothing about what is asked for."""
    with pytest.raises(TypeError):
        find(strategy(Triage.SOON), lambda _: True, settings=SEARCH)
