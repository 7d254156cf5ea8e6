"""Batches of Parquet: every row once and in its order, and none takes more than memory bears."""

from decimal import Decimal

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cli import ExitCode
from crampsrules.cohort import parquet_source
from crampsrules.cohort.parquet_source import ParquetSource
from tests.cohort.common import WRITES_LIST_VIEWS, plan, run


def batches_of(file, start=None, **told):
    """All batches of a file from a row on."""
    source = ParquetSource(file, plan(file, file.with_name("out.parquet"), **told))
    try:
        return list(source.batches(None if start is None else {"row": start}))
    finally:
        source.close()


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=30),
    st.integers(1, 12),
    st.integers(1, 12),
    st.integers(0, 29),
)
def test_every_row_is_in_one_batch_wherever_it_begins(
    tmp_path_factory, lengths, group, rows, start
):
    """However long its cells are, and in whatever groups they were written."""
    file, start = tmp_path_factory.mktemp("run") / "in.parquet", start % len(lengths)
    frame = pl.DataFrame({"age_years": range(len(lengths)), "note": ["x" * one for one in lengths]})
    frame.write_parquet(file, row_group_size=group)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet_source, "BATCH_BYTES", 1000)
        patch.setattr(parquet_source, "_PIECE_BYTES", 100)

        batches = batches_of(file, start, batch=rows)

    passed = [row for one in batches for row in one.passed.to_pylist()]
    assert passed == frame[start:].to_dicts()
    assert [number for one in batches for number in one.numbers] == [
        *range(start + 1, len(lengths) + 1)
    ]
    ends = [one.end["row"] for one in batches]
    assert [one.numbers[-1] for one in batches] == ends
    for one in batches:
        assert len(one.facts) <= rows
        assert len(one.facts) == 1 or one.passed.nbytes <= 1000


def test_long_cells_make_a_batch_of_few_rows(tmp_path):
    """And not of as many as there are rows in a batch otherwise."""
    file = tmp_path / "in.parquet"
    notes = [f"{row:06}" * 5000 for row in range(3000)]  # 90 MB
    pl.DataFrame({"age_years": [71.0] * 3000, "note": notes}).write_parquet(file)

    sizes = [one.passed.nbytes for one in batches_of(file)]

    assert sum(sizes) > 90_000_000
    assert max(sizes) < 40_000_000


def test_short_rows_make_full_batches(tmp_path):
    """Also where they come in pieces."""
    file = tmp_path / "in.parquet"
    pl.DataFrame({"age_years": [71.0] * 250_000}).write_parquet(file)

    assert [len(one.facts) for one in batches_of(file)] == [100_000, 100_000, 50_000]


@pytest.mark.parametrize(
    ("column", "told"),
    [
        pytest.param(
            pa.array([["night"]], pa.list_view(pa.string())),
            "list_view<element: string>",
            marks=WRITES_LIST_VIEWS,
        ),
        (pa.array([[Decimal(1)]], pa.list_(pa.decimal256(40))), "list<element: decimal256(40, 0)>"),
    ],
)
def test_a_type_that_no_column_of_facts_can_have_is_told_of(tmp_path, column, told):
    """With the name of the column, before anything is written."""
    file = tmp_path / "in.parquet"
    pq.write_table(pa.table({"age_years": [71.0], "WHEN": column}), file)

    done = run(file, tmp_path / "out.csv", "--columns", "timing=WHEN")

    assert done.exit_code == ExitCode.USAGE
    assert f"the column 'WHEN' has the type {told}, which cannot be read as a fact" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


@given(st.lists(st.decimals(0, 120, places=4, allow_nan=False), min_size=1))
def test_a_wide_decimal_is_the_nearest_number(tmp_path_factory, found):
    """As Python has it."""
    file = tmp_path_factory.mktemp("run") / "in.parquet"
    pq.write_table(pa.table({"age_years": pa.array(found, pa.decimal256(40, 4))}), file)

    (batch,) = batches_of(file)

    assert batch.facts["age_years"].to_list() == [float(one) for one in found]


@pytest.mark.parametrize(
    ("name", "told"), [("sex", "read as a fact"), ("note", "written as csv: leave it out")]
)
def test_a_text_of_parquet_that_is_not_utf_8_is_told_of(tmp_path, name, told):
    """With the name of the column: Polars takes every text for sound."""
    file = tmp_path / "in.parquet"
    texts = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.array(["x"]).buffers()[1], pa.py_buffer(b"\xff")]
    )
    pq.write_table(pa.table({"age_years": [71.0], name: texts}), file)

    done = run(file, tmp_path / "out.csv")

    assert done.exit_code == ExitCode.USAGE
    assert (
        f"the column {name!r} has texts that are not UTF-8, which cannot be {told}" in done.stderr
    )
