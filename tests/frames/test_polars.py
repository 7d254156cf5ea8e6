"""Polars, eager and lazy: every row is answered as `assess` answers it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase, assess_frame
from crampsrules.frames import eager
from tests.frames.common import assert_right, in_polars, rows
from tests.strategies import fact_mappings, fewer, rule_bases


def answers(frame: pl.DataFrame) -> list[dict[str, Any]]:
    """The columns that were added, row by row."""
    first = frame.columns.index("triage")
    return frame.select(frame.columns[first:]).to_dicts()


@fewer(6)
@given(patients=rows())
def test_a_lazy_frame_says_what_assess_says(patients):
    """Of every row, broken ones too, and on every column."""
    frame = in_polars(patients).lazy()

    assert_right(answers(assess_frame(frame, weights=True).collect()), patients)


@fewer(6)
@given(patients=rows())
def test_a_few_rows_are_assessed_one_by_one_and_say_the_same(patients):
    """Eager, and so few that it is quicker."""
    assert len(patients) <= eager.FEW

    assert_right(answers(assess_frame(in_polars(patients), weights=True)), patients)


@fewer(6)
@given(patients=rows())
def test_many_rows_say_the_same(patients):
    """Eager, and so many that they are assessed column by column."""
    times = eager.FEW // len(patients) + 1
    many = pl.concat([in_polars(patients)] * times)

    found = answers(assess_frame(many, weights=True))

    assert_right(found[: len(patients)], patients)
    assert found == found[: len(patients)] * times


def test_a_slice_and_hidden_members_say_nothing_of_other_rows():
    """In memory a slice has the lists of all rows behind it, and a list that is null may too."""
    lists = pa.LargeListArray.from_arrays(
        pa.array([0, 1, 2, 3, 4], pa.int64()),
        pa.array(["night", "walking", "nonsense", "standing"]),
        mask=pa.array([False, False, True, False]),
    )
    frame = pl.DataFrame({"timing": pl.Series(pl.from_arrow(lists))})

    for start, length in ((0, 4), (1, 1), (1, 2), (2, 2), (3, 1), (4, 0)):
        part = frame.slice(start, length)
        patients = [{} if one is None else {"timing": one} for one in part["timing"].to_list()]
        assert_right(answers(assess_frame(part.lazy()).collect()), patients)


@given(data=st.data())
def test_any_rule_base_says_what_assess_says(data):
    """Rules that nobody wrote, with findings that chain, fallbacks, groups and medicines."""
    rules = data.draw(rule_bases())
    patients = data.draw(st.lists(fact_mappings(rules), min_size=1, max_size=12))

    found = assess_frame(in_polars(patients).lazy(), rules=rules, weights=True).collect()

    assert_right(answers(found), patients, rules)


@pytest.mark.parametrize("on_error", ["column", "raise"])
def test_a_frame_without_rows_gets_the_columns(on_error):
    """The same as any other, with nothing in them."""
    few = in_polars([{"age_years": 71}])
    empty = assess_frame(few.clear(), on_error=on_error, weights=True)

    assert empty.schema == assess_frame(few, on_error=on_error, weights=True).schema
    assert empty.is_empty()


def test_a_frame_without_facts_knows_nothing():
    """Every row is a patient of whom nothing is known."""
    frame = pl.DataFrame({"name": ["Ann", "Ben"]})

    assert_right(answers(assess_frame(frame)), [{}, {}])
    assert_right(answers(assess_frame(frame.lazy()).collect()), [{}, {}])


def test_rules_without_causes_work():
    """There is nothing to rank, nothing to weigh."""
    rules = RuleBase.from_texts({"rules.toml": "[[sources]]\nid = 'book'\ntitle = 'Book'"})
    frame = pl.LazyFrame({"age_years": [5.0]})

    found = assess_frame(frame, rules=rules, weights=True).collect()

    assert_right(answers(found), [{"age_years": 5.0}], rules)
