"""What rows say in each layout of columns, and what is told of those that are wrong."""

from __future__ import annotations

import re
from decimal import Decimal
from itertools import product
from typing import Any

import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess_frame
from crampsrules.facts import FACTS
from crampsrules.frames.polars_frames import of_halves
from crampsrules.inference import Inference
from crampsrules.memberships import Membership, membership
from crampsrules.observations import Observations
from crampsrules.strategies import patient_facts
from tests.drawing import fewer
from tests.frames.common import (
    ANSWERS,
    NO_FIGURES,
    TEXTS,
    added,
    assert_right,
    in_floats,
    in_polars,
    rows_at_thresholds,
    small_rules,
)

SETS = [name for name, fact in FACTS.items() if fact.kind == "members"]


def columns_of(fact, members, value):
    """A column for each member of a set."""
    return {f"{fact}__{member}": value(member) for member in members}


# --- Columns for members ------------------------------------------------------------------------


def by_member(facts, value):
    """The row of a patient with a column for each member of each set that is known."""
    row: dict[str, Any] = {}
    for name, known in facts.known().items():
        if name in SETS:
            row |= columns_of(
                name, FACTS[name].members, lambda one, it=known, of=name: value(of, it, one)
            )
        elif FACTS[name].kind != "medicines":
            row[name] = known
    return row


WRITTEN = [
    # What is not stated is false, as in a table of ones and zeros.
    lambda fact, stated, one: one in stated,
    # What a list says nothing of, or only implies, is null.
    lambda fact, stated, one: (
        one in stated or (False if one in membership(fact, stated).absent else None)
    ),
]


@pytest.mark.parametrize("value", WRITTEN)
@fewer(6)
@given(cohort=st.lists(patient_facts(), min_size=20, max_size=30))
def test_columns_for_members_say_what_lists_say(value, cohort):
    """Of sets of which all is known, and of those with what a list leaves open as null."""
    frame = pl.DataFrame([by_member(one, value) for one in cohort], infer_schema_length=None)

    right = [{k: v for k, v in one.known().items() if k != "medications"} for one in cohort]
    assert_right(added(assess_frame(frame)), right)


@given(data=st.data())
def test_what_is_null_in_a_column_for_a_member_is_unknown(data):
    """Fired is what the plain evaluator infers from what is known of each member."""
    rules = RuleBase.load()
    flags = st.sampled_from((True, False, None))
    rows = data.draw(
        st.lists(
            st.fixed_dictionaries(
                {f"{name}__{one}": flags for name in SETS for one in FACTS[name].members}
            ),
            min_size=3,
            max_size=8,
        )
    )
    frame = pl.DataFrame(rows, schema=dict.fromkeys(rows[0], pl.Boolean))

    fired = assess_frame(frame)["fired"].to_list()

    for row, found in zip(rows, fired, strict=True):
        known = {name: partly_known(name, row) for name in SETS}
        values = {
            name: True
            for name in SETS
            if any(row[f"{name}__{one}"] is not None for one in FACTS[name].members)
        }
        assert found == sorted(Inference(rules, Observations(values, known)).fired())


def partly_known(name, row):
    """What is true holds as in a list; what is false is a no, unless that says otherwise."""
    members = FACTS[name].members
    said = membership(name, frozenset(one for one in members if row[f"{name}__{one}"]))
    denied = frozenset(one for one in members if row[f"{name}__{one}"] is False)
    return Membership(said.present, said.absent & denied)


@fewer(3)
@given(
    taken=st.lists(
        st.frozensets(st.sampled_from(sorted(RuleBase.load().formulary.classes)), max_size=3),
        min_size=10,
        max_size=20,
    )
)
def test_columns_for_classes_of_medicines_say_what_their_names_say(taken):
    """A class that is true is as its name in a list; all others are known to be false."""
    classes = RuleBase.load().formulary.classes
    frame = pl.DataFrame(
        [columns_of("medications", classes, set(one).__contains__) for one in taken]
    )

    assert_right(added(assess_frame(frame)), [{"medications": one} for one in taken])


# --- Texts with separators ----------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_texts_are_read_as_lists(times, dtype):
    """Row by row and column by column."""
    frame = pl.DataFrame({"timing": pl.Series([text for text, _ in TEXTS] * times, dtype=dtype)})

    assert_right(added(assess_frame(frame)), [{"timing": right} for _, right in TEXTS] * times)


def test_medicines_may_be_texts_too():
    """With the names of `none` and of everything else."""
    texts = ["furosemide; Statin", "none", None, "furosemid"]
    right = [["furosemide", "Statin"], [], None, ["furosemid"]]

    found = added(assess_frame(pl.DataFrame({"medications": texts})))

    assert_right(found, [{"medications": one} for one in right])
    assert found[3]["errors"] == (
        "medications: 'furosemid' is not known; did you mean 'furosemide'?"
    )


# --- Frames -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "kind"),
    [([1], "builtins list"), (None, "builtins NoneType"), (pl.Series([1]), "polars Series")],
)
def test_what_is_no_frame_is_told_by_its_kind(frame, kind):
    """With the package that it comes from."""
    with pytest.raises(FactsError) as refused:
        assess_frame(frame)

    assert str(refused.value) == (
        f"frame: takes a Polars, pandas, PyArrow, DuckDB, PySpark or Dask frame, got a {kind}"
    )


@pytest.mark.parametrize("frame", [{"age_years": [1]}, [1], None, pl.Series([1])])
def test_what_is_no_frame_is_refused(frame):
    """With what is one."""
    with pytest.raises(FactsError, match="frame: takes a Polars, pandas, PyArrow, DuckDB"):
        assess_frame(frame)


def test_a_frame_of_narwhals_comes_back_as_one():
    """Eager and lazy."""
    frame = nw.from_native(in_polars([{"age_years": 71.0}]))

    assert isinstance(assess_frame(frame), nw.DataFrame)
    assert isinstance(assess_frame(frame.lazy()), nw.LazyFrame)


# --- Figures of few digits ----------------------------------------------------------------------


def test_single_figures_are_what_they_are_written_as():
    """0.7 is 0.7, and not 0.699999988: at each threshold of the rules, and where it is none."""
    given_rows = [*rows_at_thresholds(), *NO_FIGURES]
    frame = in_floats(given_rows, pl.Float32)

    for found in (assess_frame(frame), assess_frame(frame.lazy()).collect()):
        assert_right(added(found), given_rows)


def test_half_figures_are_what_they_are_written_as():
    """As NumPy writes them, each of them."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    halves = pl.Series(pl.from_arrow(pa.array(every)))

    found = of_halves(halves)

    assert found.equals(pl.Series([float(str(one)) for one in every]))
    assert of_halves(halves.clear()).is_empty()
    assert of_halves(pl.Series([None, 0.7], dtype=pl.Float16)).to_list() == [None, 0.7]


def test_half_figures_are_taken_as_they_are_written():
    """Row by row and column by column."""
    halves = [
        {name: float(str(np.float16(value))) for name, value in row.items()}
        for row in [*rows_at_thresholds(), *NO_FIGURES]
    ]
    frame = in_floats(halves, pl.Float16)

    for found in (assess_frame(frame), assess_frame(frame.lazy()).collect()):
        assert_right(added(found), halves)


# --- Two columns together -----------------------------------------------------------------------


@pytest.mark.parametrize(
    "patients",
    [
        [{"fluid_intake": "low"}, {"fluid_intake": "usual"}, {}],
        [{"fluid_litres_per_day": 3.0}, {}],
        [
            {"fluid_intake": "low", "fluid_litres_per_day": 3.0},
            {"fluid_intake": "low"},
            {"fluid_litres_per_day": 3.0},
            {},
        ],
    ],
)
def test_a_measured_value_goes_before_a_reported_one(patients):
    """In each row that has it; where no column is for it, what was reported counts."""
    frame = in_polars(patients, sorted({name for row in patients for name in row}))

    found = assess_frame(frame.lazy(), rules=small_rules()).collect()

    assert_right(added(found), patients, small_rules())


@pytest.mark.parametrize(
    "facts", [["dialysis"], ["kidney_disease"], ["dialysis", "kidney_disease"]]
)
def test_two_columns_contradict_each_other_where_there_are_two(facts):
    """One alone is as good as any."""
    flags = (True, False, None)
    given_rows = [dict(zip(facts, row, strict=True)) for row in product(flags, repeat=len(facts))]
    patients = [{name: one for name, one in row.items() if one is not None} for row in given_rows]

    found = assess_frame(in_polars(patients, facts).lazy(), rules=small_rules()).collect()

    assert_right(added(found), patients, small_rules())
    assert sum(one is not None for one in found["errors"]) == (len(facts) == 2)


# --- Errors -------------------------------------------------------------------------------------


def test_errors_can_be_raised():
    """With the row of each; and then there is no column for them."""
    frame = pl.DataFrame({"age_years": [71.0, 171.0, float("nan")]})

    with pytest.raises(FactsError) as raised:
        assess_frame(frame, on_error="raise")

    assert str(raised.value).splitlines()[1:] == [
        "  age_years: takes a number from 0 to 120 years, got 171 (row 1, counted from 0)",
        "  age_years: takes a number from 0 to 120 years, got nan (row 2, counted from 0)",
    ]
    assert "errors" not in assess_frame(frame[:1], on_error="raise").columns


def test_a_lazy_frame_does_not_promise_to_raise():
    """It would have to be collected to know."""
    with pytest.raises(FactsError, match="a lazy frame is not read before it is collected"):
        assess_frame(pl.LazyFrame({"age_years": [171.0]}), on_error="raise")


def test_nothing_is_collected_before_it_is_asked_for():
    """A column that cannot be worked out is not, until then."""

    def fail(column, **_):
        raise ZeroDivisionError

    never = pl.LazyFrame({"age_years": [1.0]}).select(
        pl.col("age_years").map_batches(fail, return_dtype=pl.Float64)
    )

    found = assess_frame(never)

    with pytest.raises((ZeroDivisionError, pl.exceptions.ComputeError)):
        found.collect()


def test_what_is_not_asked_for_is_not_worked_out():
    """The optimiser of Polars sees which columns matter."""
    frame = in_polars([{"age_years": 71.0}]).lazy()

    plan = assess_frame(frame).select("triage").explain()
    whole = assess_frame(frame).explain()

    assert "symptoms" in plan  # whether the row can be used depends on every fact
    for needless in ("causes", "advice", "rank"):
        assert needless in whole
        assert needless not in plan
    steps, all_steps = (len(set(re.findall(r"crampsrules:\d+", one))) for one in (plan, whole))
    assert steps < all_steps - 200


def test_a_wrong_row_has_no_answer():
    """And every other row has."""
    found = added(assess_frame(pl.DataFrame({"age_years": [171.0, 71.0]})))

    assert [found[0][name] for name in ANSWERS] == [None] * len(ANSWERS)
    assert found[1]["triage"] == "self_care"


@pytest.mark.parametrize("name", ["*", "^age.*$", "^x$", "^"])
@pytest.mark.parametrize("times", [1, 400])
def test_a_name_is_a_name_and_no_pattern(name, times):
    """Of the column of a fact, and of one beside it."""
    frame = pl.DataFrame({name: [71.0] * times, "age_of_dog": ["3"] * times})
    beside = pl.DataFrame({name: ["x"] * times, "age_years": [71.0] * times})
    right = [{"age_years": 71.0}] * times

    for make in (frame, frame.lazy()):
        found = assess_frame(make, columns={"age_years": name}).lazy().collect()
        assert found.columns[:2] == frame.columns
        assert_right(added(found), right)
    assert_right(added(assess_frame(beside.lazy()).collect()), right)


@pytest.mark.parametrize("times", [1, 400])
def test_beside_what_is_wrong_a_decimal_is_a_number(times):
    """Only what is wrong is told."""
    frame = pl.DataFrame({"age_years": [Decimal("71.0")] * times, "episode_minutes": [1e9] * times})

    for found in (assess_frame(frame), assess_frame(frame.lazy()).collect()):
        assert set(found["errors"]) == {
            "episode_minutes: takes a number from 0 to 10080 minutes, got 1000000000"
        }
