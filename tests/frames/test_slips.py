"""A name that is nearly that of a fact is told of, and nothing else is."""

from __future__ import annotations

import dask.dataframe as dd
import duckdb
import narwhals as nw
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess, assess_frame
from crampsrules.facts import FACTS
from crampsrules.frames.slips import nearly_a_fact
from tests.drawing import CLASSES, fewer, rule_bases
from tests.frames.common import added, assert_right

SHIPPED = RuleBase.load().formulary


@given(data=st.data())
def test_the_name_of_a_fact_in_other_letters_is_nearly_that_fact(data):
    """As a spreadsheet or a database writes it; in none is everyone unknown without a word."""
    meant = data.draw(st.sampled_from([*FACTS, "timing__night"]))
    between = data.draw(st.sampled_from(["_", " ", "-", "."] + [""] * ("__" not in meant)))
    parts = [part.replace("_", between) for part in meant.split("__")]
    joint = data.draw(st.sampled_from(["__", between or "__"]))
    name = data.draw(st.sampled_from([str.upper, str.title, str.capitalize]))(joint.join(parts))

    for written in (name, f" {name} "):
        assert nearly_a_fact(written, SHIPPED) == meant
        with pytest.raises(FactsError, match=f"did you mean '{meant}'"):
            assess_frame(pl.DataFrame({written: [True]}))


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("stroke_sings", "stroke_signs"),
        ("timng__night", "timing__night"),
        ("Timing__Nigth", "timing__night"),
        ("medication__statin", "medications__statin"),
        ("timing_night", "timing__night"),
        ("sites_clf", "sites__calf"),
        ("medications_loop_diuretic", "medications__loop_diuretic"),
        ("medications_notes_of_the_nurse", None),
        ("timing_of_visit", None),
        ("age", "age_years"),
        ("Potassium", "potassium_mmol_l"),
        ("TSH", "tsh_miu_l"),
        ("serum_potassium", "potassium_mmol_l"),
        ("Has Fever", "fever"),
        ("calcium_mmol_l_corrected", "calcium_mmol_l"),
        ("swelling_leg", "leg_swelling"),
        ("years_age", "age_years"),
        ("blood_pressure", None),
        ("patient", None),
        ("has", None),
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
    assert nearly_a_fact(name, SHIPPED) == meant


@fewer(4)
@given(rules=rule_bases())
def test_a_class_of_medicines_is_one_that_the_rules_have(rules):
    """What is hinted at is taken, and a class of other rules is not hinted at."""
    (name,) = CLASSES[:1]
    with pytest.raises(FactsError, match=f"did you mean 'medications__{name}'"):
        assess_frame(pl.DataFrame({f"medications_{name}": [True]}), rules=rules)
    assert assess_frame(pl.DataFrame({f"medications__{name}": [True]}), rules=rules).height == 1
    with pytest.raises(FactsError, match="no column has the name of a fact; got 'medications_sta"):
        assess_frame(pl.DataFrame({"medications_statin": [True]}), rules=rules)


def in_duckdb(frame):
    """A relation of a connection that is kept open by it."""
    return duckdb.connect().from_arrow(frame.to_arrow())


each_kind = pytest.mark.parametrize(
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


@each_kind
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


@each_kind
@pytest.mark.parametrize(
    ("number", "shown"),
    [
        (1, "'q1'"),
        (5, "'q1', 'q2', 'q3', 'q4', 'q5'"),
        (7, "'q1', 'q2', 'q3', 'q4', 'q5' and 2 more"),
    ],
)
def test_columns_of_which_none_is_a_fact_are_refused(kind, number, shown):
    """Everyone would be unknown, and told that all is well; the first few are shown."""
    frame = kind({f"q{one}": ["yes", "no"] for one in range(1, number + 1)})

    with pytest.raises(FactsError) as refused:
        assess_frame(frame)

    assert str(refused.value) == (
        f"frame: no column has the name of a fact; got {shown}. "
        'Say which column holds which fact, as in columns={"age_years": "AGE"}'
    )


def test_what_is_no_slip_is_not_warned_of():
    """What another column was said to be, what was added before, and what is like no fact."""
    frame = pl.DataFrame({"AGE": [71.0], "age_years": ["old"], "id": [1]})
    columns = {"age_years": "AGE"}

    found = assess_frame(frame, columns=columns, weights=True)

    weighed = found.drop("triage", "top_cause", "causes", "advice", "fired", "errors")
    assert "weight__motor_neurone_disease" in weighed.columns
    assert_right(added(assess_frame(weighed, columns=columns)), [{"age_years": 71.0}])


@pytest.mark.parametrize("name", ["column_names", "columns", "sparkSession", "selectExpr", "types"])
@each_kind
def test_a_column_may_be_called_like_what_frames_have(kind, name):
    """The frame is what it was, and a slip beside it is warned of."""
    frame = kind({"age_years": [71.0, 30.0], name: ["x", "x"], "weaknes": [True, False]})

    with pytest.warns(UserWarning, match="the column 'weaknes' was not taken into account"):
        found = assess_frame(frame)

    if hasattr(type(found), "compute"):
        found = found.compute()
    triage = [assess(age_years=age).triage.id for age in (71.0, 30.0)]
    assert nw.from_native(found).lazy().collect("polars")["triage"].to_list() == triage
