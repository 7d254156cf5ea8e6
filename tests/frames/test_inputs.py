"""Which columns hold which facts, in which layout and of which type."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from typing import Any

import dask.dataframe as dd
import duckdb
import narwhals as nw
import numpy as np
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess_frame
from crampsrules.facts import FACTS
from crampsrules.frames.inputs import nearly_a_fact
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


def answers(frame):
    """The columns that were added, row by row."""
    return frame.select(frame.columns[frame.columns.index("triage") :]).to_dicts()


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
    assert_right(answers(assess_frame(frame)), right)


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
        assert found == sorted(Inference(rules, Observations(values, known, ())).fired())


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

    assert_right(answers(assess_frame(frame)), [{"medications": one} for one in taken])


# --- Texts with separators ----------------------------------------------------------------------


@pytest.mark.parametrize("times", [1, 300])
@pytest.mark.parametrize("dtype", [pl.String, pl.Categorical])
def test_texts_are_read_as_lists(times, dtype):
    """Row by row and column by column."""
    frame = pl.DataFrame({"timing": pl.Series([text for text, _ in TEXTS] * times, dtype=dtype)})

    assert_right(answers(assess_frame(frame)), [{"timing": right} for _, right in TEXTS] * times)


def test_medicines_may_be_texts_too():
    """With the names of `none` and of everything else."""
    texts = ["furosemide; Statin", "none", None, "furosemid"]
    right = [["furosemide", "Statin"], [], None, ["furosemid"]]

    found = answers(assess_frame(pl.DataFrame({"medications": texts})))

    assert_right(found, [{"medications": one} for one in right])
    assert found[3]["errors"] == (
        "medications: 'furosemid' is not known; did you mean 'furosemide'?"
    )


WRONG_LIST = (
    "timing: the column has the type List(Int64), and timing takes lists of texts, "
    "or texts with ';' between members"
)


# --- Names --------------------------------------------------------------------------------------


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

    assert_right(answers(found), [{"thirst": True}])


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


@given(data=st.data())
def test_the_name_of_a_fact_in_other_letters_is_nearly_that_fact(data):
    """As a spreadsheet or a database writes it; in none is everyone unknown without a word."""
    meant = data.draw(st.sampled_from([*FACTS, "timing__night"]))
    between = data.draw(st.sampled_from(["_", " ", "-", "."] + [""] * ("__" not in meant)))
    parts = [part.replace("_", between) for part in meant.split("__")]
    name = data.draw(st.sampled_from([str.upper, str.title, str.capitalize]))("__".join(parts))

    for written in (name, f" {name} "):
        assert nearly_a_fact(written) == meant
        with pytest.raises(FactsError, match=f"did you mean '{meant}'"):
            assess_frame(pl.DataFrame({written: [True]}))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stroke_sings", "stroke_signs"),
        ("timng__night", "timing__night"),
        ("Timing__Nigth", "timing__night"),
        ("medication__statin", "medications__statin"),
        ("age", "age_years"),
        ("Potassium", "potassium_mmol_l"),
        ("TSH", "tsh_miu_l"),
        ("ag", None),
        ("weight", None),
        ("site__name", None),
        ("smokr__night", None),
        ("id", None),
        ("", None),
        ("__", None),
        (b"fever", None),
        (3, None),
    ],
)
def test_a_slip_from_a_fact_or_a_member_is_nearly_that(name, meant):
    """And what is like neither is nothing."""
    assert nearly_a_fact(name) == meant


def in_duckdb(frame):
    """A relation of a connection that is kept open by it."""
    return duckdb.connect().from_arrow(frame.to_arrow())


@pytest.mark.parametrize(
    "kind",
    [
        pl.DataFrame,
        pl.LazyFrame,
        lambda frame: pl.DataFrame(frame).to_pandas(),
        lambda frame: pl.DataFrame(frame).to_arrow(),
        lambda frame: dd.from_pandas(pl.DataFrame(frame).to_pandas(), npartitions=2),
        lambda frame: in_duckdb(pl.DataFrame(frame)),
        lambda frame: nw.from_native(pl.LazyFrame(frame)),
    ],
    ids=["polars", "lazy", "pandas", "arrow", "dask", "duckdb", "narwhals"],
)
@pytest.mark.parametrize(
    ("slip", "meant"), [("stroke_sings", "stroke_signs"), ("TIMING__NIGHT", "timing__night")]
)
def test_a_slip_beside_other_facts_is_warned_of(kind, slip, meant):
    """Once, where `assess_frame` is called; and not once it is said what the column holds."""
    frame = kind({slip: [True, False], "age_years": [70.0, 71.0], "name": ["Ann", "Ben"]})

    with pytest.warns(UserWarning, match="was not taken into account") as warned:
        found = assess_frame(frame)
    if hasattr(found, "compute"):
        found.compute()  # pytest makes an error of a warning here

    (one,) = warned
    assert str(one.message) == (
        f"the column {slip!r} was not taken into account: it is no fact, but nearly {meant!r}; "
        f"if it holds that, say so with columns={{{meant!r}: {slip!r}}}"
    )
    assert one.filename == __file__
    assess_frame(frame, columns={meant: slip})


def test_what_is_no_slip_is_not_warned_of():
    """What another column was said to be, what was added before, and what is like no fact."""
    frame = pl.DataFrame({"AGE": [71.0], "age_years": ["old"], "id": [1]})
    columns = {"age_years": "AGE"}

    found = assess_frame(frame, columns=columns, weights=True)

    weighed = found.drop("triage", "top_cause", "causes", "advice", "fired", "errors")
    assert "weight__motor_neurone_disease" in weighed.columns
    assert_right(answers(assess_frame(weighed, columns=columns)), [{"age_years": 71.0}])


def test_everything_wrong_is_told_at_once():
    """As with the facts of one patient."""
    with pytest.raises(FactsError, match="2 problems with the facts"):
        assess_frame(pl.DataFrame({"fever": [1], "age_years": ["x"]}))


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


# --- Types --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "dtype", [pl.Int8, pl.Int64, pl.UInt16, pl.Float32, pl.Float64, pl.Decimal(10, 2), pl.Int128]
)
@pytest.mark.parametrize("times", [1, 3000])
def test_numbers_of_any_type_are_taken(dtype, times):
    """As the same number in a plain float."""
    frame = pl.DataFrame({"age_years": [71, 5, None], "pain_severity": [3, None, 10]})

    found = answers(assess_frame(pl.concat([frame.cast(dtype)] * times)))

    assert_right(found[:3], frame.to_dicts())


def test_single_figures_are_what_they_are_written_as():
    """0.7 is 0.7, and not 0.699999988: at each threshold of the rules, and where it is none."""
    given_rows = [*rows_at_thresholds(), *NO_FIGURES]
    frame = in_floats(given_rows, pl.Float32)

    for found in (assess_frame(frame), assess_frame(frame.lazy()).collect()):
        assert_right(answers(found), given_rows)


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
        assert_right(answers(found), halves)


def test_a_column_of_nothing_is_unknown():
    """Whatever fact it is called like."""
    frame = pl.DataFrame({name: [None] for name in ("age_years", "fever", "timing", "sex")})

    assert_right(answers(assess_frame(frame)), [{}])
    assert_right(answers(assess_frame(frame.lazy()).collect()), [{}])


def test_lists_of_nothing_are_empty_sets():
    """Polars cannot know what they would have held."""
    assert_right(answers(assess_frame(pl.DataFrame({"timing": [[]]}))), [{"timing": []}])


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

    assert_right(answers(assess_frame(frame)), [right])
    assert_right(answers(assess_frame(frame.lazy()).collect()), [right])


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

    assert_right(answers(found), patients, small_rules())


@pytest.mark.parametrize(
    "facts", [["dialysis"], ["kidney_disease"], ["dialysis", "kidney_disease"]]
)
def test_two_columns_contradict_each_other_where_there_are_two(facts):
    """One alone is as good as any."""
    flags = (True, False, None)
    given_rows = [dict(zip(facts, row, strict=True)) for row in product(flags, repeat=len(facts))]
    patients = [{name: one for name, one in row.items() if one is not None} for row in given_rows]

    found = assess_frame(in_polars(patients, facts).lazy(), rules=small_rules()).collect()

    assert_right(answers(found), patients, small_rules())
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

    assert "symptoms" in plan  # whether the row can be used depends on every fact
    assert len(plan) < len(assess_frame(frame).explain()) / 2


def test_a_wrong_row_has_no_answer():
    """And every other row has."""
    found = answers(assess_frame(pl.DataFrame({"age_years": [171.0, 71.0]})))

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
        assert_right(answers(found), right)
    assert_right(answers(assess_frame(beside.lazy()).collect()), right)


@pytest.mark.parametrize("times", [1, 400])
def test_beside_what_is_wrong_a_decimal_is_a_number(times):
    """Only what is wrong is told."""
    frame = pl.DataFrame({"age_years": [Decimal("71.0")] * times, "episode_minutes": [1e9] * times})

    for found in (assess_frame(frame), assess_frame(frame.lazy()).collect()):
        assert set(found["errors"]) == {
            "episode_minutes: takes a number from 0 to 10080 minutes, got 1000000000"
        }
