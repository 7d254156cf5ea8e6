"""Polars, eager and lazy: every row is answered as `assess` answers it."""

from __future__ import annotations

from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase, assess_frame
from crampsrules.frames import decoding, eager
from tests.drawing import fact_mappings, fewer, rule_bases
from tests.frames.common import (
    BAD_VALUES,
    CLASS_ROWS,
    LONG_ROWS,
    TELLING_ROWS,
    assert_right,
    in_polars,
    labelled,
    rows,
    rules_of_every_class,
    rules_of_many_classes,
    small_rules,
    with_texts,
)

ONE_SOURCE = "[[sources]]\nid = 'book'\ntitle = 'Book'"


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


@given(patients=labelled())
def test_labels_are_read_as_assess_reads_them(patients):
    """Of every class it is told whether it is held and whether it is ruled out."""
    times = eager.FEW // len(patients) + 1
    frame = in_polars(patients * times, ["medications"])

    found = assess_frame(frame, rules=rules_of_every_class()).select("triage", "fired", "errors")

    assert_right(found[: len(patients)].to_dicts(), patients, rules_of_every_class())


@pytest.mark.parametrize("times", [1, eager.FEW + 1])
def test_what_is_not_seen_in_a_name_is_told(times):
    """As it is by `assess`."""
    frame = pl.DataFrame({"medications": [["furo\u202esemide"]] * times})

    errors = assess_frame(frame)["errors"]

    assert "got 'furo\\u202esemide'" in errors[0]


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


@pytest.mark.parametrize("way", [in_polars, lambda given: with_texts(in_polars(given))])
def test_a_few_rules_say_what_assess_says(way):
    """Of each thing that they tell apart, with sets as lists and as texts."""
    frame = way(TELLING_ROWS)

    found = assess_frame(frame.lazy(), rules=small_rules(), weights=True).collect()

    assert_right(answers(found), TELLING_ROWS, small_rules())
    assert found.select(frame.columns).equals(frame)


def test_each_kind_of_wrong_value_is_told():
    """One in each row, and a right row after each."""
    given_rows = [row for bad in BAD_VALUES for row in (bad, {"fever": True})]

    found = assess_frame(in_polars(given_rows).lazy(), rules=small_rules(), weights=True)

    assert_right(answers(found.collect()), given_rows, small_rules())


def test_more_classes_of_medicines_than_bits_are_told_apart():
    """They are written into several whole numbers."""
    rules = rules_of_many_classes()

    found = assess_frame(in_polars(CLASS_ROWS, ["medications"]).lazy(), rules=rules)

    assert_right(answers(found.collect()), CLASS_ROWS, rules)


def test_a_list_may_hold_as_many_medicines_as_assess_takes():
    """Names that come twice count once, and what is null is refused in a long list too."""
    found = assess_frame(in_polars(LONG_ROWS, ["medications"]).lazy(), rules=small_rules())

    assert_right(answers(found.collect()), LONG_ROWS, small_rules())


def test_more_rows_than_are_sorted_at_a_time_say_the_same(monkeypatch):
    """Wherever one slice ends and the next begins, on however many threads."""
    chosen = [*TELLING_ROWS, {"age_years": 171.0}]
    facts = sorted({name for row in chosen for name in row})
    pattern = in_polars(chosen, facts)
    expected = assess_frame(pattern.lazy(), rules=small_rules(), weights=True).collect()
    monkeypatch.setattr(decoding, "SLICE", 32)

    found = assess_frame(pl.concat([pattern] * 200).lazy(), rules=small_rules(), weights=True)

    assert len(small_rules().conditions) < decoding.SLICE
    assert found.collect().equals(pl.concat([expected] * 200))


@pytest.mark.parametrize("total", [1, 7, decoding.SLICE, decoding.SLICE + 5])
def test_a_list_has_the_ids_of_the_flags_that_are_true(total):
    """In their order; one value alone stands for all rows, and a row that is not fine has none."""
    flags = [pl.Series([at % step == 0 for at in range(total)]) for step in (1, 2, 5)]
    fine = pl.Series([at % 3 != 1 for at in range(total)])
    everywhere = pl.Series([True])

    found = decoding.lists_of(pl.Series(["c", "a", "b", "all"]), [*flags, everywhere], fine)

    assert found.to_list() == [
        None if at % 3 == 1 else ["c", *["a"] * (at % 2 == 0), *["b"] * (at % 5 == 0), "all"]
        for at in range(total)
    ]


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


@pytest.mark.parametrize("rules", [small_rules(), RuleBase.from_texts({"a.toml": ONE_SOURCE})])
def test_every_way_gives_columns_of_the_same_types(rules):
    """Also where nothing is wrong with any row, or no cause is known."""
    frame = in_polars([{"fever": True}, {}])
    many = pl.concat([frame] * eager.FEW)

    few_rows = assess_frame(frame, rules=rules, weights=True)
    promised = assess_frame(frame.lazy(), rules=rules, weights=True)

    assert few_rows.schema == promised.collect_schema()
    assert few_rows.schema == promised.collect().schema
    assert few_rows.schema == assess_frame(many, rules=rules, weights=True).schema
    assert few_rows.schema["errors"] == pl.String
    assert few_rows.schema["causes"] == pl.List(pl.String)


def test_a_frame_without_columns_knows_nothing():
    """Nothing was meant to be known of anybody."""
    assert_right(answers(assess_frame(pl.DataFrame(height=2))), [{}, {}])


def test_rules_without_causes_work():
    """There is nothing to rank, nothing to weigh."""
    rules = RuleBase.from_texts({"rules.toml": ONE_SOURCE})
    frame = pl.LazyFrame({"age_years": [5.0]})

    found = assess_frame(frame, rules=rules, weights=True).collect()

    assert_right(answers(found), [{"age_years": 5.0}], rules)
