"""How many rows are taken at a time: few enough for memory, and never so few that it drags."""

from pathlib import Path

import pytest
from attrs import evolve
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import BATCH_CELLS, BATCH_CELLS_OF_TEXT, LEAST_BATCH_ROWS, Plan
from tests.cohort.common import SHIPPED


def plan(target=Format.PARQUET, **told):
    """From one Parquet file to another."""
    return Plan(
        source=Path("in.parquet"),
        target=Path("out"),
        rejects=Path("out.rejects.ndjson"),
        source_format=Format.PARQUET,
        target_format=target,
        rules=SHIPPED,
        **told,
    )


def test_rows_that_are_put_aside_go_to_a_file_where_the_output_does():
    with pytest.raises(CohortError, match="put aside in a file too"):
        evolve(plan(), rejects=None)


@given(st.integers(0, 10_000), st.sampled_from(Format))
def test_a_batch_has_no_more_cells_than_memory_bears(columns, target):
    """A wide table is taken in fewer rows, but in some thousands."""
    rows = plan(target).rows_at_a_time(columns)
    cells = BATCH_CELLS_OF_TEXT if target.is_text else BATCH_CELLS

    assert rows == LEAST_BATCH_ROWS or rows * columns <= cells
    assert rows >= plan(target).rows_at_a_time(columns + 1) >= LEAST_BATCH_ROWS


@pytest.mark.parametrize(
    ("columns", "target", "rows"),
    [
        (0, Format.PARQUET, 100_000),
        (30, Format.PARQUET, 100_000),
        (31, Format.PARQUET, 96_774),
        (116, Format.PARQUET, 25_862),
        (5_000, Format.PARQUET, 5_000),
        (20, Format.CSV, 25_000),
        (20, Format.NDJSON, 25_000),
        (150, Format.CSV, 10_000),
    ],
)
def test_how_many_rows_there_are_in_a_batch(columns, target, rows):
    """Unless somebody says so."""
    assert plan(target).rows_at_a_time(columns) == rows
    assert plan(target, batch_rows=7).rows_at_a_time(columns) == 7
