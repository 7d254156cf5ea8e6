"""Examples shrink to what matters, and print as Python."""

from __future__ import annotations

import pytest
from hypothesis import find, given, settings

from crampsrules import PatientFacts, Triage
from crampsrules.strategies import patient_facts
from tests.strategies.common import SEARCH, listed, triage


@pytest.mark.parametrize(
    ("wish", "most"),
    [
        ({}, 0),
        ({"triage": Triage.SELF_CARE}, 0),
        ({"triage": Triage.ROUTINE}, 1),
        ({"triage": Triage.SOON}, 1),
        ({"triage": Triage.SAME_DAY}, 1),
        ({"triage": Triage.EMERGENCY}, 1),
        ({"suspected": "alcohol"}, 1),
        ({"known": {"weakness": True}}, 1),
        ({"at_threshold": "egfr"}, 1),
        ({"triage": "soon", "suspected": "low_potassium"}, 1),
    ],
)
def test_a_wish_shrinks_to_the_fewest_facts(wish, most):
    """The smallest patient of each kind knows nothing that the wish does not need."""
    smallest = find(patient_facts(**wish), lambda _: True, settings=SEARCH)

    assert len(smallest.known()) == most


@pytest.mark.deep
@pytest.mark.parametrize(
    "fails",
    [
        pytest.param(lambda facts: (facts.egfr or 99) < 30, id="one number"),
        pytest.param(lambda facts: facts.weakness and facts.weakness_course, id="two facts"),
        pytest.param(lambda facts: triage(facts) is Triage.EMERGENCY, id="an emergency"),
        pytest.param(lambda facts: len(listed(facts)) >= 3, id="three causes"),
        pytest.param(lambda facts: "night" in (facts.timing or ()), id="a member"),
    ],
)
def test_no_fact_of_a_failing_example_can_be_left_out(fails):
    """Whatever fails, each fact that is shown is needed for it."""
    smallest = find(patient_facts(), lambda facts: bool(fails(facts)), settings=SEARCH)

    for name in smallest.known():
        assert not fails(smallest.replace(**{name: None})), name


def test_a_failing_example_prints_as_python():
    """The line in the report can be pasted, and names only what is known."""

    @settings(SEARCH)
    @given(patient_facts(known={"sites": {"calf", "foot"}, "age_years": 71}))
    def fails(facts):
        raise AssertionError

    with pytest.raises(AssertionError) as raised:
        fails()

    report = "\n".join(raised.value.__notes__)
    line = next(line for line in report.splitlines() if "PatientFacts(" in line)
    # Hypothesis may add a remark of its own behind the value.
    pasted = line.split("=", 1)[1].partition("  #")[0].strip().rstrip(",")
    assert eval(pasted) == PatientFacts(age_years=71, sites={"calf", "foot"})  # noqa: S307
