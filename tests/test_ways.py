"""Routes by which a fact could matter, one at a time."""

import pytest

from crampsrules import Triage
from crampsrules.ways import Difference, Route
from tests.written_rules import evidence as evidence_table
from tests.written_rules import routes_of, rules_of, urgent

POTASSIUM = 'potassium_reported == "low"'


@pytest.mark.parametrize(
    ("known", "rests"),
    [
        ({}, False),
        ({"potassium_reported": "low"}, True),
        ({"potassium_mmol_l": 3.0}, False),
        ({"potassium_reported": "low", "potassium_mmol_l": 3.0}, False),
        ({"calcium_reported": "low"}, False),
    ],
)
def test_what_is_reported_may_fall_until_it_is_measured(known, rests):
    """Only what is known by report alone, and only what rests on it."""
    rules = rules_of(urgent("low", POTASSIUM), urgent("old", "age_years > 60"))
    routes = routes_of(rules, **known, age_years=71)

    assert routes.rests_on_reported("low") is rests
    assert not routes.rests_on_reported("old")


def test_only_what_is_asked_about_is_replaced():
    """Of another reported value nobody asks, and there is nothing to try for it."""
    rules = rules_of(urgent("low", f"{POTASSIUM} and weakness"))
    known = {"potassium_reported": "low", "magnesium_reported": "low", "weakness": True}

    assert routes_of(rules, **known).to_triage().keys() == {"potassium_mmol_l"}


def test_a_measured_value_matters_in_place_of_a_reported_one():
    """By itself where that is known, and as one more step where it is not."""
    rules = rules_of(urgent("low", POTASSIUM))

    (known,) = routes_of(rules, potassium_reported="low").to_triage()["potassium_mmol_l"]
    unknown = routes_of(rules).to_triage()

    assert known == Route(Difference.LOWERS_TRIAGE, Triage.SAME_DAY, 1, "low", "potassium_reported")
    assert unknown == {
        "potassium_reported": [Route(Difference.RAISES_TRIAGE, Triage.SAME_DAY, 1, "low")],
        "potassium_mmol_l": [
            Route(Difference.RAISES_TRIAGE, Triage.SAME_DAY, 2, "low", "potassium_reported")
        ],
    }


@pytest.mark.parametrize(
    ("fired", "weaker", "outweighed"),
    [
        ((10.0, "drug"), (2.0, "drug"), True),
        ((2.0, "drug"), (2.0, "drug"), True),
        ((2.0, "drug"), (10.0, "drug"), False),
        ((10.0, "drug"), (2.0, "history"), False),
        ((10.0, "drug"), (2.0, None), False),
        ((10.0, None), (2.0, None), False),
        ((10.0, "drug"), (0.5, "drug"), False),
        ((2.0, "drug"), (1.26, "drug"), True),
        ((1.26, "drug"), (1.26, "drug"), True),
    ],
)
def test_weaker_evidence_of_a_group_does_not_matter_beside_stronger(fired, weaker, outweighed):
    """Of the same group, and for the same side: only the heaviest counts."""
    rules = rules_of(
        evidence_table("stronger", "one", "fever", lr=fired[0], group=fired[1]),
        evidence_table("weaker", "one", "thirst", lr=weaker[0], group=weaker[1]),
        evidence_table("other", "one", "injury", lr=5.0, group="other"),
        causes=["one"],
    )

    assert ("thirst" not in routes_of(rules, fever=True).to_causes()) is outweighed
    assert "injury" in routes_of(rules, fever=True).to_causes()
    # Nothing outweighs what has not fired.
    assert "thirst" in routes_of(rules, injury=True).to_causes()


@pytest.mark.parametrize(
    ("against_first", "for_other", "against_other", "change"),
    [
        (1.0, 8.0, 1.0, Difference.RANKING),
        (1.0, 12.0, 1.0, Difference.FIRST_CAUSE),
        (0.3, 8.0, 1.0, Difference.FIRST_CAUSE),
        (0.3, 8.0, 0.3, Difference.RANKING),
        (1.0, 12.0, 0.5, Difference.RANKING),
    ],
)
def test_a_cause_that_could_catch_up_could_come_first(
    against_first, for_other, against_other, change
):
    """The most that it could weigh against the least that the first could."""
    rules = rules_of(
        evidence_table("first.for", "first", "fever", lr=10.0),
        evidence_table("first.against", "first", "bruising", lr=against_first),
        evidence_table("other.for", "other", "thirst", lr=for_other),
        evidence_table("other.against", "other", "injury", lr=against_other),
        causes=["first", "other"],
    )

    routes = routes_of(rules, fever=True, injury=True).to_causes()

    assert {one.difference for one in routes["thirst"]} == {change}
