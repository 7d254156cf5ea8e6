"""How soon to be seen."""

import pytest

from crampsrules import Triage


@pytest.mark.parametrize("level", Triage)
def test_a_level_is_printed_by_its_name(level):
    """The name that rule files and JSON use, and not its number."""
    assert str(level) == f"{level}" == level.id == level.name.lower()
    assert Triage.from_id(str(level)) is level


def test_levels_compare_by_urgency():
    """The last is the most urgent."""
    assert sorted(Triage) == list(Triage)
    assert max(Triage) is Triage.EMERGENCY


def test_any_other_name_is_refused():
    """Also one in capitals."""
    with pytest.raises(ValueError, match="'SOON' is no triage level; it is one of self_care, rou"):
        Triage.from_id("SOON")


def test_what_is_urgent_is_seen_the_same_day_or_at_once():
    """And whatever is more urgent than that."""
    assert [level for level in Triage if level.is_urgent] == [Triage.SAME_DAY, Triage.EMERGENCY]
