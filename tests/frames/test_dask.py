"""Dask: every partition is answered as a pandas frame is, when it is asked for."""

from __future__ import annotations

import dask.dataframe as dd
import pandas as pd
import polars as pl
import pytest
from hypothesis import given

from crampsrules import FactsError, assess_frame
from tests.drawing import fewer
from tests.frames.common import assert_right, in_polars, rows


@fewer(25)
@given(patients=rows())
def test_dask_says_what_assess_says(patients):
    """In three partitions, of every row and on every column."""
    frame = in_polars(patients).to_pandas(use_pyarrow_extension_array=True)

    found = assess_frame(dd.from_pandas(frame, npartitions=3), weights=True)
    computed = found.compute()

    assert found.npartitions == 3
    assert computed.dtypes.equals(found.dtypes)
    added = pl.from_pandas(computed.iloc[:, frame.shape[1] :])
    assert_right(added.to_dicts(), patients)


def test_nothing_is_computed_before_it_is_asked_for():
    """A partition that cannot be computed is none of our business until then."""

    def fail(frame):
        raise ZeroDivisionError

    frame = in_polars([{"age_years": 71}]).to_pandas(use_pyarrow_extension_array=True)
    never = dd.from_pandas(frame, npartitions=1).map_partitions(fail, meta=frame.iloc[:0])

    found = assess_frame(never)

    with pytest.raises(ZeroDivisionError):
        found.compute()


def test_a_wrong_type_is_refused_at_once():
    """By the types that Dask knows before anything is computed."""
    frame = in_polars([{}]).to_pandas()[["row"]].rename(columns={"row": "fever"})

    with pytest.raises(FactsError, match="fever: the column has the type Int64"):
        assess_frame(dd.from_pandas(frame, npartitions=1))


def test_lists_that_were_turned_into_texts_are_told_of():
    """By Dask's own habit a list of pandas becomes a text that looks like one."""
    frame = pd.DataFrame({"medications": [["furosemide", "aspirin"], ["furosemide"], []]})

    found = assess_frame(dd.from_pandas(frame, npartitions=1)).compute()

    assert found["triage"].isna().all()
    assert "got a list of them as one text: \"['furosemide', 'aspirin']\"" in found["errors"][0]
