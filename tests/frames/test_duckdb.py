"""DuckDB: every row is answered as `assess` answers it, by DuckDB itself."""

from __future__ import annotations

from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, assess_frame
from tests.frames.common import NAMES_AS_WRITTEN, assert_right, in_polars, rows
from tests.strategies import fact_mappings, fewer, rule_bases


def relation(query: str, frame: object = None) -> duckdb.DuckDBPyRelation:
    """What a query gives; it may ask for `frame`."""
    found = duckdb.sql(query)
    assert found is not None
    return found


def answers(found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """The columns that were added, row by row."""
    frame = found.pl()
    return frame.select(frame.columns[frame.columns.index("triage") :]).to_dicts()


@fewer(25)
@given(patients=rows())
def test_duckdb_says_what_assess_says(patients):
    """Of every row, broken ones too, and on every column."""
    frame = in_polars(patients)

    found = assess_frame(relation("select * from frame", frame), weights=True)

    assert found.columns[: len(frame.columns)] == frame.columns
    assert_right(answers(found), patients, exact=False)


@fewer(5)
@given(data=st.data())
def test_any_rule_base_says_what_assess_says(data):
    """Rules that nobody wrote."""
    rules = data.draw(rule_bases())
    patients = data.draw(st.lists(fact_mappings(rules), min_size=10, max_size=20))
    frame = in_polars(patients)

    found = assess_frame(relation("select * from frame", frame), rules=rules, weights=True)

    assert_right(answers(found), patients, rules, exact=False)


def test_names_of_medicines_are_read_as_assess_reads_them(few):
    """However they are written: DuckDB has what it takes in its own words."""
    patients = [{"medications": [name]} for name in NAMES_AS_WRITTEN]
    frame = in_polars(patients, ["medications"])

    found = assess_frame(relation("select * from frame", frame), rules=few)

    assert_right(answers(found), patients, few, exact=False)


def test_nothing_is_run_before_it_is_asked_for():
    """What cannot be run is found out by whoever asks."""
    never = relation("select error('run') :: double as age_years")

    found = assess_frame(never)

    with pytest.raises(duckdb.InvalidInputException, match="run"):
        found.fetchall()


def test_figures_of_any_type_are_taken():
    """A figure in a query is a decimal to DuckDB, and NULL may have no type."""
    found = assess_frame(relation("select 71.5 as age_years, 3 as pain_severity, null as fever"))

    assert_right(answers(found), [{"age_years": 71.5, "pain_severity": 3}], exact=False)


def test_columns_that_differ_in_capitals_only_are_one_to_duckdb():
    """So a column `Triage` would be the one that is added."""
    with pytest.raises(FactsError, match="Triage: the frame has a column of this name"):
        assess_frame(relation("select 5 as age_years, 'x' as \"Triage\""))
