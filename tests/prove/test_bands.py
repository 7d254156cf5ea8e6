"""Gaps and overlaps along a number are found."""

from __future__ import annotations

import pytest

from crampsrules import PatientFacts, RuleBase
from crampsrules.prove import Kind, prove
from tests.prove.common import SHIPPED, assessed, cause, failing, raised, with_values
from tests.written_rules import evidence, rules_of, urgent

BANDS: tuple[Kind, ...] = ("bands",)

MODERATE, MILD = "minerals.potassium-moderately-low", "minerals.potassium-mildly-low"


@pytest.mark.parametrize(
    ("id_", "when", "says", "values"),
    [
        (MODERATE, "2.6 <= potassium_mmol_l < 3.0", "no gap", (2.5, 2.6)),
        (MODERATE, "2.5 < potassium_mmol_l < 3.0", "no gap", (2.5, 2.50001)),
        (MODERATE, "2.5 <= potassium_mmol_l < 3.1", "overlap", (3.0, 3.1)),
        (MILD, "3.0 <= potassium_mmol_l <= 6.0", "overlap", (5.5, 6.00001)),
    ],
)
def test_a_gap_and_an_overlap_in_bands_of_a_result_are_found(id_, when, says, values):
    """With a value in it."""
    rules = with_values("escalations", id_, when=when)

    claims = [one for one in prove(rules, kinds=BANDS, about={id_}) if not one.holds]

    found = next(one for one in claims if one.id == "potassium_mmol_l" and says in one.says)
    assert found.patient is not None
    assert values[0] <= found.patient.known()["potassium_mmol_l"] < values[1]


@pytest.mark.parametrize(
    ("when", "both"),
    [("potassium_mmol_l > 3.5", False), ("potassium_mmol_l >= 3.4", True)],
)
def test_a_gap_and_an_overlap_of_evidence_for_and_against_are_found(when, both):
    """Low is below 3.5 and normal is from 3.5 on: neither both nor neither."""
    id_ = "low_potassium.normal-result"
    rules = with_values("evidence", id_, when=when)

    (claim,) = failing(rules, "bands", about={id_}).values()

    assert claim.id == "potassium_mmol_l for low_potassium"
    fired = assessed(rules, claim).fired
    assert (id_ in fired, "low_potassium.result" in fired) == (both, both)


def test_a_gap_at_a_single_value_is_found_in_rules_with_other_conditions():
    """Five minutes exactly is neither short nor long once a comparison is turned."""
    id_ = "article.frequent-but-short"
    assert not failing(SHIPPED, "bands", about={id_})
    rules = with_values("escalations", id_, when="several_cramps_a_week and episode_minutes <= 5")

    claim = failing(rules, "bands", about={id_})["episode_minutes for urgency"]

    assert claim.patient is not None
    assert claim.patient.known()["episode_minutes"] == 5
    assert raised(rules, claim) >= {id_, "article.long-and-frequent"}


@pytest.mark.parametrize("fact", ["age_years", "potassium_mmol_l", "episodes_per_week"])
def test_urgency_falls_and_then_rises_along_a_number(fact):
    """Low and high may both be urgent; what is normal lies between, and needs no other rule."""
    rules = rules_of(urgent("low", f"{fact} < 3", "soon") + urgent("high", f"{fact} > 5", "soon"))

    claims = prove(rules, kinds=BANDS)

    assert [(one.id, one.holds) for one in claims] == [(fact, True), (fact, True)]


def test_two_bands_of_urgency_that_overlap_are_found():
    """Where both look at one number alone; one that needs more narrows another on purpose."""
    apart = urgent("low", "age_years < 3", "soon") + urgent(
        "old", "age_years > 60 and weakness", "routine"
    )
    overlapping = apart + urgent("young", "age_years < 9", "routine")

    assert not failing(rules_of(apart), "bands")
    claim = failing(rules_of(overlapping), "bands")["age_years"]

    assert claim.says == "no two bands of urgency overlap"
    assert claim.found == "low and young all fire"
    assert raised(rules_of(overlapping), claim) == {"low", "young"}


def test_a_gap_between_bands_of_urgency_is_found():
    """The narrowest: what is normal is wide."""
    rules = rules_of(
        urgent("low", "age_years < 20", "soon")
        + urgent("high", "age_years > 60", "soon")
        + urgent("higher", "20.5 <= age_years < 21", "routine")
    )

    claim = failing(rules, "bands")["age_years"]

    assert claim.found == "it is rated below what lies on either side of it"
    assert claim.patient is not None
    assert claim.patient.age_years is not None
    assert 20 <= claim.patient.age_years < 20.5


def test_where_one_rule_ends_the_other_begins():
    """Rules that need more than the number: at their common end just one of the two holds."""

    def parted(short: str, long: str) -> RuleBase:
        return rules_of(
            urgent("short", f"fever and episode_minutes {short} 5", "soon")
            + urgent("long", f"fever and episode_minutes {long} 5", "routine")
            + urgent("old", "fever and age_years > 5", "routine")
        )

    assert not failing(parted("<=", ">"), "bands")
    assert not failing(parted("<", ">="), "bands")
    for first, second, word in (("<=", ">=", "both hold"), ("<", ">", "neither holds")):
        claim = failing(parted(first, second), "bands")["episode_minutes for urgency"]
        assert claim.found.endswith(f"at 5, where {word}")
        assert claim.patient == PatientFacts(fever=True, episode_minutes=5)


def test_evidence_for_and_against_by_one_value_is_found():
    """With the value; where they part cleanly nothing is wrong."""
    clean = cause(
        evidence("low", "cause", "age_years < 20", weight="moderate"),
        evidence("high", "cause", "age_years >= 20", weight="against-moderate"),
    )
    both = cause(
        evidence("low", "cause", "age_years < 20", weight="moderate"),
        evidence("high", "cause", "age_years >= 19", weight="against-moderate"),
    )

    assert not failing(clean, "bands")
    assert {one.id for one in prove(clean, kinds=BANDS)} == {"age_years for cause"}
    claim = failing(both, "bands")["age_years for cause"]
    assert claim.patient is not None
    assert claim.patient.age_years is not None
    assert 19 <= claim.patient.age_years < 20
