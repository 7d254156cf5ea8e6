"""What another rule already says is found."""

from __future__ import annotations

from tests.prove.common import SHIPPED, assessed, escalation, failing, raised, with_more


def test_a_redundant_rule_is_found():
    """One that never says more than another of the same conclusion."""
    rules = escalation("fever and weakness and age_years > 60", "same_day")

    claim = failing(rules, "redundant", about={"planted"})["planted"]

    assert "general.fever-and-weakness" in claim.says
    assert raised(rules, claim) >= {"planted", "general.fever-and-weakness"}


def test_evidence_that_repeats_other_evidence_is_found():
    """Two rules for one cause that always fire together count one thing twice."""
    rules = with_more(
        """
[[evidence]]
id = "toxin.planted"
cause = "toxin"
when = "not not toxin_exposure"
weight = "small"
because = "has been near lead"
source = "editorial"
"""
    )
    (claim,) = failing(rules, "redundant", about={"toxin.planted"}).values()
    assert {claim.id, "toxin.planted"} <= set(assessed(rules, claim).fired)


def test_a_heavier_step_of_a_ladder_repeats_nothing():
    """Below 3.0 as well as below 3.5: the shipped rules have such steps on purpose."""
    ladder = {"low_potassium.result", "low_potassium.result-below-3"}
    assert ladder <= set(SHIPPED.rules)
    assert not failing(SHIPPED, "redundant", about=ladder)
