"""Laws of the units of laboratory values, then the figures a person can check by hand."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.facts import FACTS
from crampsrules.units import UNITS, Unit, find_unit, readings
from tests.drawing import shown_in

fact_and_unit = st.sampled_from([(fact, unit) for fact, units in UNITS.items() for unit in units])
figures = st.floats(min_value=0, max_value=1e7)
spaces = st.sampled_from(["", " ", "  ", "\t", "\u00a0"])


# --- Laws ---------------------------------------------------------------------------------------


@given(fact_and_unit, figures)
def test_there_and_back_again_is_the_same_figure(chosen, figure):
    _, unit = chosen
    rounding = 0 if unit.decimals is None else 0.5 * 10**-unit.decimals

    back = unit.to_kept(shown_in(unit, figure))

    assert math.isclose(figure, back, rel_tol=1e-9, abs_tol=rounding + 1e-9)


@given(fact_and_unit, figures, figures)
def test_a_higher_figure_never_becomes_a_lower_one(chosen, one, other):
    _, unit = chosen
    low, high = sorted((one, other))

    assert unit.to_kept(low) <= unit.to_kept(high)


@given(fact_and_unit, figures)
def test_rounding_moves_a_figure_by_less_than_a_laboratory_could_tell(chosen, figure):
    _, unit = chosen
    exact = (figure - unit.offset) / unit.factor

    assert abs(exact - unit.to_kept(figure)) <= 0.5 * 10 ** -(unit.decimals or 0) + 1e-6


@given(fact_and_unit, st.data())
def test_a_name_is_found_whatever_its_case_and_its_spaces(chosen, data):
    fact, unit = chosen
    name = data.draw(st.sampled_from([unit.name, *unit.also]))
    change = data.draw(st.sampled_from([str.upper, str.lower, str.title, str]))
    spaced = "".join(character + data.draw(spaces) for character in change(name))

    assert find_unit(fact, spaced) is unit


@given(st.sampled_from(list(UNITS)), st.text())
def test_any_other_name_is_no_unit(fact, name):
    known = {s.casefold() for unit in UNITS[fact] for s in (unit.name, *unit.also)}
    known = {"".join(name.split()) for name in known}

    found = find_unit(fact, name)

    assert (found is not None) == ("".join(name.casefold().split()) in known)


@given(st.sampled_from(list(UNITS)), figures)
def test_readings_are_conversions_each_given_once(fact, figure):
    found = readings(fact, figure)

    assert all(unit.to_kept(figure) == kept for unit, kept in found)
    assert len({kept for _, kept in found}) == len(found)


# --- The table ----------------------------------------------------------------------------------


@pytest.mark.parametrize("fact", UNITS)
def test_the_first_unit_is_the_one_the_fact_is_kept_in(fact):
    first = UNITS[fact][0]

    assert first.name == FACTS[fact].unit
    assert first.to_kept(4.123456) == 4.123456
    assert FACTS[fact].units == tuple(unit.name for unit in UNITS[fact])


@pytest.mark.parametrize("fact", UNITS)
def test_no_spelling_stands_for_two_units(fact):
    spellings = [s.casefold() for unit in UNITS[fact] for s in (unit.name, *unit.also)]

    assert len(set(spellings)) == len(spellings)


# --- Figures from the reference ranges of laboratories, in both units ---------------------------


@pytest.mark.parametrize(
    ("fact", "figure", "unit", "kept"),
    [
        ("calcium_mmol_l", 8.8, "mg/dL", 2.20),
        ("calcium_mmol_l", 10.4, "mg/dL", 2.59),
        ("calcium_mmol_l", 7.6, "mg/dL", 1.90),
        ("calcium_mmol_l", 4.4, "mEq/L", 2.20),
        ("magnesium_mmol_l", 1.7, "mg/dL", 0.70),
        ("magnesium_mmol_l", 2.43, "mg/dL", 1.00),
        ("magnesium_mmol_l", 1.4, "mEq/L", 0.70),
        ("hba1c_mmol_mol", 6.0, "%", 42),
        ("hba1c_mmol_mol", 6.5, "%", 48),
        ("hba1c_mmol_mol", 10.0, "%", 86),
        ("potassium_mmol_l", 3.45, "mEq/L", 3.45),
        ("sodium_mmol_l", 129.5, "mEq/L", 129.5),
        ("creatine_kinase_u_l", 1000.5, "IU/L", 1000.5),
        ("tsh_miu_l", 4.05, "µIU/mL", 4.05),
        ("egfr", 59.5, "ml/min/1.73m2", 59.5),
    ],
)
def test_a_limit_reads_the_same_in_either_unit(fact, figure, unit, kept):
    found = find_unit(fact, unit)

    assert found is not None
    assert found.to_kept(figure) == kept


@pytest.mark.parametrize(
    ("fact", "coded"),
    [
        ("egfr", "mL/min/{1.73_m2}"),
        ("creatine_kinase_u_l", "[IU]/L"),
        ("tsh_miu_l", "m[IU]/L"),
        ("tsh_miu_l", "u[IU]/mL"),
        ("potassium_mmol_l", "meq/L"),
        ("hba1c_mmol_mol", "%"),
    ],
)
def test_the_codes_of_fhir_are_understood(fact, coded):
    assert find_unit(fact, coded) is not None


@pytest.mark.parametrize("micro", ["\u00b5", "\u03bc", "u"])
def test_every_way_to_write_micro_is_understood(micro):
    assert find_unit("tsh_miu_l", f"{micro}IU/mL") is not None


def test_a_fact_that_is_no_laboratory_value_has_no_units():
    assert find_unit("age_years", "years") is None
    assert readings("age_years", 71) == ()


def test_a_figure_is_not_read_in_a_unit_where_it_cannot_be():
    assert [unit.name for unit, _ in readings("calcium_mmol_l", 2.3)] == ["mmol/L", "mEq/L"]


def test_a_unit_shows_what_it_is():
    unit = Unit("mg/dL", factor=4.0, decimals=2)

    assert unit.to_kept(9.0) == 2.25


def test_a_unit_with_another_zero_shows_what_it_is():
    """An HbA1c of nothing would be 2.152 per cent."""
    unit = Unit("%", factor=0.5, offset=2.0)

    assert unit.to_kept(6.0) == 8.0


def test_the_lowest_figure_of_a_unit_is_read_in_it():
    """A calcium of 3 mg/dL is one; anything below it is a figure in another unit."""

    def names(figure: float) -> list[str]:
        return [unit.name for unit, _ in readings("calcium_mmol_l", figure)]

    assert names(3.0) == ["mmol/L", "mg/dL", "mEq/L"]
    assert names(2.999) == ["mmol/L", "mEq/L"]
    assert names(1.5) == ["mmol/L", "mEq/L"]
    assert names(1.499) == ["mmol/L"]
