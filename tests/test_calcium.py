"""Calcium adjusted for albumin, and laboratory values in every unit all the way through."""

import math
from decimal import Decimal

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, adjusted_calcium, assess
from crampsrules.facts import FACTS
from crampsrules.units import UNITS
from tests.drawing import fewer, shown_in, thresholds

SHIPPED = RuleBase.load()
PAIRS = {"mmol/L": ((1.0, 4.0), (10.0, 80.0)), "mg/dL": ((4.0, 16.0), (1.0, 8.0))}


@st.composite
def readings(draw):
    unit = draw(st.sampled_from(list(PAIRS)))
    calcium, albumin = (draw(st.floats(*bounds)) for bounds in PAIRS[unit])
    return calcium, albumin, unit


def adjusted(calcium, albumin, unit):
    """The result, or None where it would be no calcium."""
    try:
        return adjusted_calcium(calcium, albumin, unit=unit)
    except FactsError:
        return None


# --- Laws of the adjustment ---------------------------------------------------------------------


@given(readings())
def test_a_lower_albumin_never_gives_a_lower_calcium(reading):
    calcium, albumin, unit = reading
    least = PAIRS[unit][1][0]

    result, more = adjusted(calcium, albumin, unit), adjusted(calcium, least, unit)

    assert result is None or more is None or more >= result


@given(readings())
def test_the_result_is_what_the_formula_gives_within_the_rounding(reading):
    calcium, albumin, unit = reading
    expected = (
        calcium + 0.02 * (40 - albumin)
        if unit == "mmol/L"
        else (calcium + 0.8 * (4 - albumin)) / 4.008
    )

    result = adjusted(calcium, albumin, unit)

    assert (result is None) == (not 0.3 <= round(expected, 2) <= 6)
    assert result is None or math.isclose(result, expected, abs_tol=0.005 + 1e-9)


@given(st.floats(1.5, 3.0), st.floats(20.0, 60.0))
def test_both_pairs_of_units_agree_to_a_hundredth(calcium, albumin):
    in_si = adjusted_calcium(calcium, albumin, unit="mmol/L")
    in_us = adjusted_calcium(calcium * 4.008, albumin / 10, unit="mg/dL")

    assert abs(in_si - in_us) <= 0.011


@given(readings())
def test_an_albumin_in_the_other_unit_is_refused(reading):
    calcium, albumin, unit = reading
    other = albumin / 10 if unit == "mmol/L" else albumin * 10

    with pytest.raises(FactsError, match="albumin: takes a number from"):
        adjusted_calcium(calcium, 0.99 * other if unit == "mmol/L" else 1.01 * other, unit=unit)


@pytest.mark.parametrize(
    ("unit", "lowest", "highest", "shown"),
    [("mmol/L", 10, 80, "10 to 80 g/L"), ("mg/dL", 1, 8, "1 to 8 g/dL")],
)
def test_the_ends_of_what_albumin_may_be(unit, lowest, highest, shown):
    """Both ends are taken, what is just beyond them is refused, and the refusal holds it."""
    calcium = {"mmol/L": 2.3, "mg/dL": 9.2}[unit]
    for albumin in (lowest, highest):
        assert adjusted_calcium(calcium, albumin, unit=unit) > 0
    for albumin in (lowest - 0.01, highest + 0.01):
        with pytest.raises(FactsError) as caught:
            adjusted_calcium(calcium, albumin, unit=unit)
        (problem,) = caught.value.problems
        assert (problem.field, problem.value) == ("albumin", albumin)
        assert problem.message == (
            f"takes a number from {shown}, the unit that goes with calcium in {unit}; got {albumin}"
        )


def test_a_unit_that_is_not_taken_is_named():
    """As it was given, beside those that are."""
    with pytest.raises(FactsError) as caught:
        adjusted_calcium(2.3, 40, unit="mEq/L")

    (problem,) = caught.value.problems
    assert (problem.field, problem.value) == ("unit", "mEq/L")
    assert problem.message == "takes one of mmol/L, mg/dL, got 'mEq/L'"


@pytest.mark.parametrize(
    "bad", [True, None, "40", math.nan, math.inf, -40, 0, 1e400, 10**400, object()]
)
def test_what_is_no_figure_of_a_patient_is_refused_by_name(bad):
    with pytest.raises(FactsError) as refused:
        adjusted_calcium(bad, bad, unit="mmol/L")

    assert {one.field for one in refused.value.problems} == {"calcium", "albumin"}


@pytest.mark.parametrize("unit", ["", "mEq/L", "g/L", "mmol", None, 4])
def test_another_unit_is_refused_and_none_is_guessed(unit):
    with pytest.raises(FactsError, match="unit: takes one of mmol/L, mg/dL"):
        adjusted_calcium(2.3, 40, unit=unit)


@pytest.mark.parametrize(
    ("calcium", "albumin", "unit", "expected"),
    [
        (2.30, 40, "mmol/L", 2.30),
        (2.00, 30, "mmol/L", 2.20),
        (2.45, 50, "mmol/L", 2.25),
        (8.0, 3.0, "mg/dL", 2.20),
        (8.8, 4.0, "MG/DL", 2.20),
        (Decimal("2.05"), 30, "mmol/L", 2.25),
        (2.05, Decimal(30), "mmol/L", 2.25),
        (np.float32(8.2), np.float32(3.1), "mg/dL", 2.23),
    ],
)
def test_figures_that_can_be_checked_by_hand(calcium, albumin, unit, expected):
    assert adjusted_calcium(calcium, albumin, unit=unit) == expected


def test_a_calcium_that_is_only_low_for_want_of_albumin_is_no_reason_to_be_seen():
    raw = assess(calcium_mmol_l=2.05)
    right = assess(calcium_mmol_l=adjusted_calcium(2.05, 30, unit="mmol/L"))

    assert raw.triage > right.triage
    assert "low_calcium" not in [one.id for one in right.causes]


# --- Every unit, through assess -----------------------------------------------------------------

LABORATORY = [name for name, fact in FACTS.items() if fact.units]


def test_these_are_the_laboratory_values():
    assert set(LABORATORY) == set(UNITS)


@given(st.data())
@fewer(2)
def test_a_value_in_any_unit_gives_the_answer_of_the_same_value_as_it_is_kept(data):
    name = data.draw(st.sampled_from(LABORATORY))
    unit = data.draw(st.sampled_from(UNITS[name]))
    at = data.draw(st.sampled_from(thresholds(FACTS[name])))
    value = round(shown_in(unit, at), 3)
    given_as = data.draw(st.sampled_from([unit.name, *unit.also, unit.name.upper()]))

    try:
        answer = assess({name: {"value": value, "unit": given_as}}, engine="compiled")
    except FactsError:
        # Refused as the figure is in this unit, or as it would be when kept.
        too_low = unit.low is not None and value < unit.low
        assert too_low or not FACTS[name].low <= unit.to_kept(value) <= FACTS[name].high
        return

    kept = getattr(answer.facts, name)
    assert kept == unit.to_kept(value)
    plain = assess({name: kept}, engine="compiled")
    assert plain.to_dict(unknowns=False) == answer.to_dict(unknowns=False)


@pytest.mark.parametrize(
    ("name", "value", "unit", "fires"),
    [
        ("potassium_mmol_l", 2.4, "mEq/L", "minerals.potassium-very-low"),
        ("potassium_mmol_l", 6.5, "mEq/L", "minerals.potassium-very-high"),
        ("calcium_mmol_l", 7.5, "mg/dL", "minerals.calcium-very-low"),
        ("calcium_mmol_l", 7.62, "mg/dL", "minerals.calcium-moderately-low"),
        ("calcium_mmol_l", 8.7, "mg/dL", "minerals.calcium-moderately-low"),
        ("calcium_mmol_l", 4.3, "mEq/L", "minerals.calcium-moderately-low"),
        ("magnesium_mmol_l", 0.9, "mg/dL", "minerals.magnesium-very-low"),
        ("magnesium_mmol_l", 1.1, "mg/dL", "minerals.magnesium-moderately-low"),
        ("magnesium_mmol_l", 1.3, "mEq/L", "minerals.magnesium-mildly-low"),
        ("sodium_mmol_l", 124, "mEq/L", "minerals.sodium-very-low"),
        ("egfr", 14, "mL/min/{1.73_m2}", "minerals.kidneys-failing-new"),
    ],
)
def test_a_band_is_met_in_the_units_of_either_continent(name, value, unit, fires):
    assert fires in assess({name: {"value": value, "unit": unit}}).fired


@pytest.mark.parametrize(
    "reading",
    [
        {"value": 9.1},
        {"value": 9.1, "unit": None},
        {"value": 9.1, "unit": ""},
        {"value": 2.3, "unit": "mg/dL"},
        {"value": 9.1, "unit": "µmol/L"},
        9.1,
    ],
)
def test_a_calcium_without_a_fitting_unit_is_refused_and_never_guessed(reading):
    with pytest.raises(FactsError, match="calcium_mmol_l"):
        assess(calcium_mmol_l=reading)


def test_creatinine_is_not_taken_for_an_egfr():
    with pytest.raises(FactsError, match="egfr"):
        assess(egfr={"value": 180, "unit": "µmol/L"})
    with pytest.raises(FactsError, match="creatinine"):
        assess(creatinine=180)


# --- Every band has worked examples at its edges ------------------------------------------------

# The limits of the bands, each the lowest value of its band, with the step in which a
# laboratory reports.
BANDS = {
    "potassium_mmol_l": ((2.5, 3.0, 3.5, 5.5, 6.0, 6.5), 0.1),
    "calcium_mmol_l": ((1.90, 2.20), 0.01),
    "magnesium_mmol_l": ((0.40, 0.50, 0.70), 0.01),
    "sodium_mmol_l": ((125, 130, 135), 1),
    "egfr": ((15, 30, 45, 60), 1),
    "hba1c_mmol_mol": ((48,), 1),
}
# These begin above their limit.
OPEN_BANDS = {"creatine_kinase_u_l": ((1000,), 1), "tsh_miu_l": ((4.0, 10), 0.1)}
EDGES = [
    (name, limit, direction * step)
    for direction, bands in ((-1, BANDS), (1, OPEN_BANDS))
    for name, (limits, step) in bands.items()
    for limit in limits
]


@pytest.mark.parametrize(("name", "limit", "step"), EDGES)
def test_every_limit_of_a_band_has_a_worked_example_at_it_and_just_across_it(name, limit, step):
    values = [one.facts[name] for one in SHIPPED.examples if name in one.facts]

    assert any(math.isclose(value, limit) for value in values), "none at the limit"
    across = [value for value in values if 0 < (value - limit) / step <= 1 + 1e-9]
    assert across, "none just across it"
