"""What there is to try of a fact: values that rules tell apart, the most plausible first."""

from hypothesis import given

from crampsrules import RuleBase
from crampsrules.telling_values import telling_values
from tests.drawing import fewer, rule_bases

SHIPPED = RuleBase.load()


@given(rule_bases())
@fewer(7)
def test_no_two_values_that_are_tried_meet_the_same_comparisons(rules):
    for one in telling_values(rules).values():
        met = [
            tuple(bits >> at & 1 for bits in one.meeting.values()) for at in range(len(one.values))
        ]

        assert len(set(met)) == len(met)


def test_a_threshold_just_met_is_tried_before_an_extreme_value():
    potassium = telling_values(SHIPPED)["potassium_mmol_l"].values

    assert potassium[:3] == (2.5, 3.0, 3.5)
    assert 2.4 in potassium
    assert 0.5 not in potassium


def test_a_whole_number_is_tried_as_one():
    severities = telling_values(SHIPPED)["pain_severity"].values

    assert severities
    assert all(type(value) is int for value in severities)
