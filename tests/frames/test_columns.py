"""Which columns hold which facts, and of which types they may be."""

from __future__ import annotations

import polars as pl
import pytest

from crampsrules import FactsError, assess_frame
from tests.frames.common import added, assert_right

WRONG_LIST = (
    "timing: the column has the type List(Int64), and timing takes lists of texts, "
    "or texts with ';' between members"
)


def test_columns_are_renamed():
    """And a column that happens to be called like that fact is not the fact."""
    frame = pl.DataFrame({"AGE": [71.0], "age_years": ["old"], "NIGHT": [True]})
    columns = {"age_years": "AGE", "timing__night": "NIGHT"}

    found = assess_frame(frame, columns=columns)

    assert found.columns[:3] == ["AGE", "age_years", "NIGHT"]
    known = assess_frame(pl.DataFrame({"age_years": [71.0], "timing__night": [True]}))
    assert found.drop(frame.columns).equals(known.drop("age_years", "timing__night"))


def test_a_column_that_holds_one_fact_is_not_another():
    """Though it is called like that one."""
    found = assess_frame(pl.DataFrame({"fever": [True]}), columns={"thirst": "fever"})

    assert_right(added(found), [{"thirst": True}])


@pytest.mark.parametrize(
    ("frame", "options", "told"),
    [
        (
            {"AGE": [1]},
            {"columns": {"age": "AGE"}},
            "age: is not a fact; did you mean 'age_years'?",
        ),
        (
            {"AGE": [1]},
            {"columns": {"age_years": "AGES"}},
            "age_years: there is no column 'AGES'; did you mean 'AGE'?",
        ),
        (
            {"timing__nigth": [True]},
            {},
            "timing__nigth: 'nigth' is no member of timing; did you mean 'night'?",
        ),
        (
            {"medications__statn": [True]},
            {},
            "medications__statn: 'statn' is no class of medicines; did you mean 'statin'?",
        ),
        (
            {"medications__lasix": [True]},
            {},
            (
                "medications__lasix: 'lasix' is no class of medicines; what is called so is of "
                "'diuretic' and 'loop_diuretic'"
            ),
        ),
        (
            {"timing": [["night"]], "timing__rest": [True]},
            {},
            "timing__rest: timing is given twice: as a set in 'timing', and here by member",
        ),
        ({"triage": ["x"]}, {}, "triage: the frame has a column of this name, which is added here"),
        (
            {"weight__cold": [1]},
            {"weights": True},
            "weight__cold: the frame has a column of this name, which is added here",
        ),
        ({"fever": [1]}, {}, "fever: the column has the type Int64, and fever takes true or false"),
        (
            {"age_years": ["71"]},
            {},
            "age_years: the column has the type String, and age_years takes numbers",
        ),
        (
            {"sex": [True]},
            {},
            "sex: the column has the type Boolean, and sex takes texts, each one of female, male",
        ),
        (
            {"timing": [[1]]},
            {},
            WRONG_LIST,
        ),
        (
            {"timing__night": ["yes"]},
            {},
            "timing__night: the column has the type String, and timing__night takes true or false",
        ),
        (
            {"AGE": [1]},
            {"columns": {"age_years": "AGE", "pain_severity": "AGE"}},
            "pain_severity: the column 'AGE' is given for age_years too",
        ),
        (
            {"AGE": [1]},
            {"columns": {"age_years": ["AGE"]}},
            "columns: takes names of columns that are texts, by facts",
        ),
        (
            {"AGE": [1]},
            {"columns": {"age_years": 0}},
            "columns: takes names of columns that are texts, by facts",
        ),
        (
            {"AGE": [1]},
            {"columns": ["AGE"]},
            "columns: takes a mapping of facts to names of columns, got ['AGE']",
        ),
        (
            {"YEARS": [71], "chest pain": [True]},
            {},
            (
                "frame: no column has the name of a fact; for 'chest pain', did you mean "
                "'chest_pain'? Say which column holds which fact, as in "
                'columns={"age_years": "AGE"}'
            ),
        ),
        (
            {},
            {"on_error": "colum"},
            "on_error: takes 'column' or 'raise', got 'colum'; did you mean 'column'?",
        ),
    ],
)
def test_what_cannot_be_is_refused_at_once(frame, options, told):
    """By name, with what would be right; lazy frames too."""
    for make in (pl.DataFrame, pl.LazyFrame):
        with pytest.raises(FactsError) as refused:
            assess_frame(make(frame), **options)
        assert str(refused.value) == told


def test_everything_wrong_is_told_at_once():
    """As with the facts of one patient."""
    with pytest.raises(FactsError, match="2 problems with the facts"):
        assess_frame(pl.DataFrame({"fever": [1], "age_years": ["x"]}))


@pytest.mark.parametrize(
    "dtype", [pl.Int8, pl.Int64, pl.UInt16, pl.Float32, pl.Float64, pl.Decimal(10, 2), pl.Int128]
)
@pytest.mark.parametrize("times", [1, 3000])
def test_numbers_of_any_type_are_taken(dtype, times):
    """As the same number in a plain float."""
    frame = pl.DataFrame({"age_years": [71, 5, None], "pain_severity": [3, None, 10]})

    found = added(assess_frame(pl.concat([frame.cast(dtype)] * times)))

    assert_right(found[:3], frame.to_dicts())


def test_a_column_of_nothing_is_unknown():
    """Whatever fact it is called like."""
    frame = pl.DataFrame({name: [None] for name in ("age_years", "fever", "timing", "sex")})

    assert_right(added(assess_frame(frame)), [{}])
    assert_right(added(assess_frame(frame.lazy()).collect()), [{}])


def test_lists_of_nothing_are_empty_sets():
    """Polars cannot know what they would have held."""
    assert_right(added(assess_frame(pl.DataFrame({"timing": [[]]}))), [{"timing": []}])


def test_arrays_and_categories_are_taken():
    """A list of fixed length, and texts of few kinds."""
    frame = pl.DataFrame(
        {
            "timing": pl.Series([["night", "rest"]], dtype=pl.Array(pl.String, 2)),
            "sites": pl.Series([["calf"]], dtype=pl.List(pl.Categorical)),
            "sex": pl.Series(["female"], dtype=pl.Enum(["female", "male"])),
        }
    )
    right = {"timing": ["night", "rest"], "sites": ["calf"], "sex": "female"}

    assert_right(added(assess_frame(frame)), [right])
    assert_right(added(assess_frame(frame.lazy()).collect()), [right])
