"""pandas and PyArrow: every row is answered as `assess` answers it, and comes back as it went."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given

from crampsrules import FactsError, assess_frame
from crampsrules.frames import eager
from tests.drawing import fewer
from tests.frames.common import (
    ANSWERS,
    assert_right,
    in_floats,
    in_polars,
    rows,
    rows_at_thresholds,
)

ADDED = [*ANSWERS, "errors"]


@fewer(12)
@given(patients=rows())
def test_pandas_says_what_assess_says(patients):
    """A column of objects and NaN, as pandas has it of old."""
    frame = pd.DataFrame([_plain(row) for row in patients], index=range(5, 5 + len(patients)))

    found = assess_frame(frame, weights=True)

    assert list(found.index) == list(frame.index)
    assert found[list(frame.columns)].equals(frame)
    assert_right(_pandas_rows(found), patients)


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    return {key: list(one) if isinstance(one, frozenset) else one for key, one in row.items()}


def _pandas_rows(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """What was added, through Arrow, which has null for every kind of missing value."""
    first = list(frame.columns).index("triage")
    return pa.Table.from_pandas(frame.iloc[:, first:], preserve_index=False).to_pylist()


@fewer(12)
@given(patients=rows())
def test_pandas_on_arrow_says_what_assess_says(patients):
    """With a type of Arrow in every column, and more rows than are assessed one by one."""
    times = eager.FEW // len(patients) + 1
    few = in_polars(patients).to_pandas(use_pyarrow_extension_array=True)
    frame = pd.concat([few] * times, ignore_index=True)

    assert_right(_pandas_rows(assess_frame(frame))[: len(patients)], patients)


@fewer(12)
@given(patients=rows())
def test_arrow_says_what_assess_says(patients):
    """A table gets columns, and keeps its own."""
    table = in_polars(patients).to_arrow()

    found = assess_frame(table, weights=True)

    assert found.select(table.column_names).equals(table)
    added = found.column_names[len(table.column_names) :]
    assert_right(found.select(added).to_pylist(), patients)


@pytest.mark.parametrize("dtype", [pl.Float16, pl.Float32])
def test_figures_of_few_digits_are_what_they_are_written_as(dtype):
    """At each threshold of the rules."""
    chosen = [
        row
        for row in rows_at_thresholds()
        for value in row.values()
        if dtype == pl.Float32 or float(str(np.float16(value))) == value
    ]
    frame = in_floats(chosen, dtype)

    assert_right(assess_frame(frame.to_arrow()).select(ADDED).to_pylist(), chosen)
    for use_arrow in (True, False):
        given_frame = frame.to_pandas(use_pyarrow_extension_array=use_arrow)
        assert_right(_pandas_rows(assess_frame(given_frame)), chosen)


def test_figures_of_numpy_among_others_are_what_they_are_written_as():
    """In a column of objects, where Arrow would make doubles of them all."""
    values = [np.float32(0.7), np.float16(0.7), 0.7, np.float64(0.7), None]
    frame = pd.DataFrame({"magnesium_mmol_l": pd.Series(values, dtype=object)})

    assert_right(_pandas_rows(assess_frame(frame)), [{"magnesium_mmol_l": 0.7}] * 4 + [{}])


@pytest.mark.parametrize(
    "dtype", ["float32", "float64", "Float32", "Float64", "double[pyarrow]", object]
)
def test_nan_is_unknown_in_pandas(dtype):
    """It has no other way of saying so in a column of plain numbers."""
    frame = pd.DataFrame({"age_years": pd.Series([float("nan"), 71.0], dtype=dtype)})

    assert_right(_pandas_rows(assess_frame(frame)), [{}, {"age_years": 71.0}])


@pytest.mark.parametrize("dtype", ["boolean", "bool[pyarrow]", object])
def test_missing_flags_are_unknown_in_pandas(dtype):
    """Whichever of its many types they have."""
    frame = pd.DataFrame({"fever": pd.Series([True, None, False], dtype=dtype)})

    assert_right(_pandas_rows(assess_frame(frame)), [{"fever": True}, {}, {"fever": False}])


def test_nan_is_an_error_in_arrow():
    """It has null for what is unknown, so a NaN is a figure gone wrong."""
    found = assess_frame(pa.table({"age_years": [float("nan"), None]})).to_pylist()

    assert found[0]["errors"] == "age_years: takes a number from 0 to 120 years, got nan"
    assert [found[0][name] for name in ANSWERS] == [None] * 5
    assert_right([{key: found[1][key] for key in (*ANSWERS, "errors")}], [{}])


def test_sets_and_categories_are_taken_in_pandas():
    """Python's own sets in a column of objects, and pandas' categories."""
    frame = pd.DataFrame(
        {
            "timing": [{"night"}, frozenset(), None],
            "sex": pd.Categorical(["female", None, "male"]),
        }
    )

    given_rows: list[dict[str, Any]] = [
        {"timing": ["night"], "sex": "female"},
        {"timing": []},
        {"sex": "male"},
    ]
    assert_right(_pandas_rows(assess_frame(frame)), given_rows)


def test_arrays_of_numpy_are_lists_in_pandas():
    """An empty one too, which has no type of texts."""
    frame = pd.DataFrame({"timing": [np.array(["night"]), np.array([]), None, ("night",)]})

    given_rows: list[dict[str, Any]] = [
        {"timing": ["night"]},
        {"timing": []},
        {},
        {"timing": ["night"]},
    ]
    assert_right(_pandas_rows(assess_frame(frame)), given_rows)


def test_nan_of_arrow_is_unknown_in_pandas():
    """However the NaN got into its array."""
    array = pd.arrays.ArrowExtensionArray(pa.array([float("nan"), 71.0]))

    found = _pandas_rows(assess_frame(pd.DataFrame({"age_years": array})))

    assert_right(found, [{}, {"age_years": 71.0}])


@pytest.mark.parametrize("value", [10**30, "\ud800"])
def test_what_arrow_cannot_hold_is_refused_by_name(value):
    """A figure or a text that no fact is."""
    fact = "age_years" if isinstance(value, int) else "sex"

    with pytest.raises(FactsError, match=f"{fact}: the column mixes types, or holds what no fact"):
        assess_frame(pd.DataFrame({fact: pd.Series([value], dtype=object)}))


def test_a_text_that_is_no_utf_8_is_refused_by_name():
    """It is found before Polars would stumble on it."""
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(b"\0\0\0\0\1\0\0\0"), pa.py_buffer(b"\xff")]
    )

    with pytest.raises(FactsError, match="sex: the column mixes types, or holds what no fact is"):
        assess_frame(pa.table({"sex": broken}))


def test_decimals_of_any_width_are_numbers():
    """Polars has none of 256 bits."""
    wide = pa.array([Decimal("71.5"), None], pa.decimal256(50, 1))

    found = assess_frame(pa.table({"age_years": wide})).to_pylist()

    assert [one["errors"] for one in found] == [None, None]


@pytest.mark.parametrize(
    "make",
    [
        lambda values: pd.Series(values, dtype=object),
        lambda values: pd.Series(values, dtype=pd.ArrowDtype(pa.decimal256(60, 30))),
    ],
    ids=["object", "decimal256"],
)
def test_decimals_of_any_width_are_numbers_in_pandas_too(make):
    """Plain ones of Python's, of which two together need many digits."""
    frame = pd.DataFrame({"episode_minutes": make([Decimal(1) / Decimal(3), Decimal(12345678901)])})

    found = _pandas_rows(assess_frame(frame))

    assert [one["triage"] is None for one in found] == [False, True]
    assert "takes a number from 0 to 10080 minutes, got 12345678901" in found[1]["errors"]


@pytest.mark.parametrize(
    ("fact", "array", "told"),
    [
        ("timing", pa.array([[Decimal(1)]], pa.list_(pa.decimal256(50, 2))), "list<"),
        ("timing", pa.array([["night"]], pa.list_view(pa.string())), "list_view<"),
        (
            "fever",
            pa.RunEndEncodedArray.from_arrays(pa.array([1], pa.int32()), pa.array([True])),
            "run_end_encoded<",
        ),
    ],
)
def test_a_column_that_polars_cannot_read_is_refused_by_its_type(fact, array, told):
    """And what it may be cast to."""
    frame = pd.DataFrame({fact: pd.arrays.ArrowExtensionArray(array)})
    for one in (pa.table({fact: array}), frame):
        with pytest.raises(FactsError, match=f"{fact}: the column has the type {told}.*: cast it"):
            assess_frame(one)


def test_a_column_of_pandas_in_which_nothing_is_known_is_unknown():
    """Whatever fact it is called like: pandas makes figures of what it knows nothing of."""
    columns = ["age_years", "fever", "timing", "sex", "medications", "timing__night"]
    frame = pd.DataFrame({"age_years": [71.0]}).reindex(columns=columns[:5])
    nothing = frame.drop(columns="timing").assign(timing__night=np.nan)

    for one in (frame, frame.convert_dtypes(), nothing):
        assert_right(_pandas_rows(assess_frame(one)), [{"age_years": 71.0}])


def test_a_column_of_figures_is_no_flag_where_types_say_what_is_meant():
    """As Arrow's do, though all of it is NaN or null, and pandas' where there is any figure."""
    for values in ([float("nan")], [None]):
        array = pa.array(values, pa.float64())
        for frame in (pa.table({"fever": array}), pl.DataFrame({"fever": array})):
            with pytest.raises(FactsError, match="fever: the column has the type Float64"):
                assess_frame(frame)
    for known in ([1.0, None], []):
        with pytest.raises(FactsError, match="fever: the column has the type Float64"):
            assess_frame(pd.DataFrame({"fever": pd.Series(known, dtype=float)}))


@pytest.mark.parametrize("columns", [None, {"age_years": "AGE"}])
def test_a_fact_in_the_index_of_pandas_is_refused(columns):
    """It is no column, and would be unknown for everyone; another index is one's own affair."""
    named = (columns or {}).get("age_years", "age_years")
    frame = pd.DataFrame({named: [71], "fever": [True], "person": ["a"]})

    for index in (named, ["person", named]):
        with pytest.raises(FactsError, match=rf"{named}' is in the index.*reset_index\(\)"):
            assess_frame(frame.set_index(index), columns=columns)
    for kept in (frame.set_index("person"), frame.set_index(named, drop=False)):
        assert_right(
            _pandas_rows(assess_frame(kept, columns=columns)), [{"age_years": 71, "fever": True}]
        )


def test_sparse_columns_of_pandas_are_taken():
    """As it makes them of categories, and with what is unknown."""
    people = pd.DataFrame({"timing": ["night", "rest"]})
    frame = pd.get_dummies(people, prefix_sep="__", sparse=True)
    frame["age_years"] = pd.arrays.SparseArray([71.0, float("nan")])

    found = assess_frame(frame)

    dense = {name: frame[name].sparse.to_dense() for name in frame.columns}
    assert _pandas_rows(found) == _pandas_rows(assess_frame(pd.DataFrame(dense)))
    assert "timing__night" in found.columns
    assert found["fired"][0] != found["fired"][1]


@pytest.mark.parametrize("name", [("a", "fever"), b"fever", 0])
def test_names_that_are_no_texts_are_refused_where_no_name_is_a_fact(name):
    """Levels of names too: everyone would be unknown. Beside a fact they are left alone."""
    with pytest.raises(FactsError, match="frame: no column has the name of a fact: those are text"):
        assess_frame(pd.DataFrame({name: [True]}))

    found = assess_frame(pd.DataFrame([[True, 1]], columns=["fever", 0]))

    assert_right(_pandas_rows(found), [{"fever": True}])
    assert_right(_pandas_rows(assess_frame(pd.DataFrame(index=range(2)))), [{}, {}])


@pytest.mark.parametrize("name", ["fever", "other"])
def test_two_columns_of_one_name_are_refused(name):
    """Whichever of them would be meant."""
    table = pa.table([pa.array([True]), pa.array([True])], names=[name, name])

    for frame in (table, pd.DataFrame([[True, True]], columns=[name, name])):
        with pytest.raises(FactsError, match=f"frame: two columns have the name '{name}'"):
            assess_frame(frame)


def test_a_column_of_mixed_values_is_refused_by_name():
    """A column of objects may hold anything."""
    frame = pd.DataFrame({"fever": [True, "yes", 3]})

    with pytest.raises(FactsError, match="fever: the column mixes types"):
        assess_frame(frame)


def test_an_index_with_names_that_come_twice_is_kept():
    """The answers go by place, not by index."""
    frame = pd.DataFrame({"fever": [True, False]}, index=["Ann", "Ann"])

    assert_right(_pandas_rows(assess_frame(frame)), [{"fever": True}, {"fever": False}])
