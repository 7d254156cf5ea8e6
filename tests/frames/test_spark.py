"""PySpark: every row is answered as `assess` answers it, by Spark itself and with no Python."""

from __future__ import annotations

import io
import os
import re
import runpy
from contextlib import redirect_stdout
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess_frame
from crampsrules.frames import sql
from crampsrules.frames.spark_frames import Spark
from tests.drawing import ROOT, fact_mappings, fewer, rule_bases, shipped_texts
from tests.frames.common import (
    NAMES_AS_WRITTEN,
    NO_FIGURES,
    TEXTS,
    assert_right,
    in_floats,
    in_polars,
    labelled,
    rows,
    rows_at_thresholds,
    rules_of_every_class,
)
from tests.frames.spark import needs_java, session

pytestmark = [
    needs_java,
    # PySpark warns of the newest pandas, which is not used here.
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]


# What Spark calls the steps of a plan, and the functions in it, that call Python.
PYTHON = re.compile(r"EvalPython|PythonUD|InPandas|InArrow|pythonUDF")


@pytest.fixture(scope="module")
def spark():
    """A Spark of this process, for all tests of this file."""
    with session() as made:
        yield made


def frame_of(spark, patients, folder, facts=None):
    """The rows as a frame of Spark, from a file, as data mostly comes."""
    file = os.fspath(folder / "patients.parquet")
    in_polars(patients, facts).write_parquet(file)
    return spark.read.parquet(file)


def answers(frame) -> list[dict[str, Any]]:
    """The columns that were added, row by row."""
    added = frame.columns[frame.columns.index("triage") :]
    table = frame.orderBy("row").select(*added).toArrow()
    return pl.DataFrame(table).to_dicts()


@pytest.fixture(scope="module")
def nobody(spark, few, tmp_path_factory):
    """One of whom nothing is known, assessed: to be planned in many ways."""
    return assess_frame(frame_of(spark, [{}], tmp_path_factory.mktemp("nobody")), rules=few)


def plan_of(frame) -> str:
    """What Spark is going to do, as it tells it."""
    told = io.StringIO()
    with redirect_stdout(told):
        frame.explain(mode="simple")
    return told.getvalue()


@fewer(50)
@given(patients=rows(least=100, most=120))
def test_spark_says_what_assess_says(spark, few, tmp_path_factory, patients):
    """Of every row, broken ones too, and on every column; by all shipped rules in tests/deep."""
    frame = frame_of(spark, patients, tmp_path_factory.mktemp("spark"))

    assert_right(answers(assess_frame(frame, rules=few, weights=True)), patients, few, exact=False)


@fewer(12)
@given(data=st.data())
def test_any_rule_base_says_what_assess_says(spark, tmp_path_factory, data):
    """Rules that nobody wrote, so that every way to pack flags into bits comes up."""
    rules = data.draw(rule_bases())
    patients = data.draw(st.lists(fact_mappings(rules), min_size=10, max_size=20))
    frame = frame_of(spark, patients, tmp_path_factory.mktemp("spark"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sql, "_WORTH_COPYING", data.draw(st.sampled_from([1, 60])))
        found = answers(assess_frame(frame, rules=rules, weights=True))

    assert_right(found, patients, rules, exact=False)


def worked_out(spark, folder, columns, *expressions):
    """What Spark makes of expressions over a few columns, row by row."""
    file = os.fspath(folder / "columns.parquet")
    pl.DataFrame({"row": range(len(next(iter(columns.values())))), **columns}).write_parquet(file)
    made = spark.read.parquet(file).orderBy("row").selectExpr(*expressions)
    return [tuple(row) for row in made.collect()]


# All but the letters that belong to nobody's alphabet, some of which part texts here.
texts = st.text(st.characters(exclude_categories=["Cs", "Co"]), max_size=8)


@fewer(10)
@given(given_texts=st.lists(texts, min_size=1, max_size=40, unique=True), data=st.data())
def test_a_text_is_found_among_others_if_it_is_one_of_them(
    spark, tmp_path_factory, given_texts, data
):
    """Wherever its hash puts it; and each has its own code."""
    known = data.draw(st.sets(st.sampled_from(given_texts), min_size=1).map(sorted))
    codes = {text: at + 7 for at, text in enumerate(known)}
    say = Spark()

    found = worked_out(
        spark,
        tmp_path_factory.mktemp("texts"),
        {"t": [*given_texts, None]},
        say.among("t", known),
        say.code_of("t", codes),
    )

    assert found == [*((text in codes, codes.get(text)) for text in given_texts), (None, None)]


@fewer(10)
@given(given_texts=st.lists(texts | st.text("a _-", max_size=8), min_size=1))
def test_signs_are_taken_out_of_a_text(spark, tmp_path_factory, given_texts):
    """All of them, wherever they stand."""
    folder = tmp_path_factory.mktemp("signs")

    found = worked_out(spark, folder, {"t": [*given_texts, None]}, Spark().without("t", " _-"))

    without = [re.sub("[ _-]", "", text) for text in given_texts]
    assert found == [*((text,) for text in without), (None,)]


ranked_rows = st.lists(
    st.tuples(st.booleans() | st.none(), st.integers(-1000, 1000) | st.just(1 << 50)),
    min_size=3,
    max_size=3,
)


@fewer(10)
@given(given_rows=st.lists(ranked_rows, min_size=1))
def test_ids_are_sorted_by_their_keys(spark, tmp_path_factory, given_rows):
    """Those that count, and of equal keys the first first; what is unknown does not count."""
    columns: dict[str, Any] = {}
    for at in range(3):
        columns[f"counts{at}"] = pl.Series([row[at][0] for row in given_rows], dtype=pl.Boolean)
        columns[f"key{at}"] = [row[at][1] for row in given_rows]
    asked = [(f"counts{at}", f"key{at}", f"'{id_}'") for at, id_ in enumerate("bca")]

    found = worked_out(spark, tmp_path_factory.mktemp("ids"), columns, Spark().sorted_ids(asked))

    for row, (ids,) in zip(given_rows, found, strict=True):
        counting = [(key, at) for at, (counts, key) in enumerate(row) if counts]
        assert ids == ["bca"[at] for _, at in sorted(counting)]


def test_names_of_medicines_are_read_as_assess_reads_them(spark, few, tmp_path):
    """However they are written; and what is not seen in a name is told."""
    patients = [
        {"medications": ["furo\u202esemide", "lasix"]},
        *({"medications": [name]} for name in NAMES_AS_WRITTEN),
    ]
    frame = frame_of(spark, patients, tmp_path, ["medications"])

    found = answers(assess_frame(frame, rules=few))

    assert found[0]["errors"].endswith(r"'furo\u202esemide'")
    assert_right(found, patients, few, exact=False)


@fewer(25)
@given(patients=labelled(400))
def test_labels_are_read_as_assess_reads_them(spark, tmp_path_factory, patients):
    """Of every class it is told whether it is held and whether it is ruled out."""
    frame = frame_of(spark, patients, tmp_path_factory.mktemp("spark"), ["medications"])
    found = assess_frame(frame, rules=rules_of_every_class())

    told = answers(found.select("row", "triage", "fired", "errors"))
    assert_right(told, patients, rules_of_every_class(), exact=False)


def test_the_plan_holds_no_python_and_no_shuffle(spark, few, tmp_path):
    """Only projections of what was read: Catalyst's own expressions."""
    frame = assess_frame(frame_of(spark, [{}], tmp_path), rules=few, weights=True)

    plan = plan_of(frame)

    steps = {line.lstrip(" +-*()0123456789:").split()[0] for line in plan.splitlines()[1:] if line}
    assert steps <= {"Project", "ColumnarToRow", "FileScan"}
    assert not PYTHON.search(plan)


@pytest.mark.parametrize("name", ["triage", "top_cause", "causes", "advice", "fired", "errors"])
def test_each_answer_is_compiled_in_pieces_also_where_it_is_the_only_one(spark, nobody, name):
    """Spark marks what it makes one function of, and Java does not compile a large function."""
    told = {
        "spark.sql.adaptive.enabled": "false",  # or the plan is told before that is known
        "spark.sql.debug.maxToStringFields": "1000",
    }
    for option, value in told.items():
        spark.conf.set(option, value)
    try:
        steps = re.split(r"\n *\+- ", plan_of(nobody.select(name)))
    finally:
        for option in told:
            spark.conf.unset(option)

    assert any("*(1) ColumnarToRow" in step for step in steps)
    tests = [step for step in steps if "AS crampsrules:tests:0" in step]
    assert tests
    for large in (steps[0].splitlines()[1], *tests):
        assert large.startswith("Project")


def test_an_exception_that_says_what_its_rule_says_takes_it_away(spark):
    """One flag is then asked to be up and down, and both may stand in one whole number."""
    rule = (
        '[[escalations]]\nid = "fever.soon"\ntriage = "soon"\nwhen = "fever and weakness"\n'
        'unless = "fever and weakness"\nreason = "of a fever"\nsource = "book"\n'
        '[[sources]]\nid = "book"\ntitle = "A book"\n'
    )
    rules = RuleBase.from_texts({"a.toml": rule, "wording.toml": shipped_texts()["wording.toml"]})
    frame = spark.createDataFrame([(0, True, True)], "row int, fever boolean, weakness boolean")

    found = answers(assess_frame(frame, rules=rules))

    assert found[0]["triage"] == "self_care"
    assert_right(found, [{"fever": True, "weakness": True}], rules, exact=False)


def test_texts_with_separators_are_sets(spark, few):
    """As from a CSV file; an empty text is unknown, as null is."""
    frame = spark.createDataFrame(
        [(at, text) for at, (text, _) in enumerate(TEXTS)], "row int, timing string"
    )

    patients = [{"timing": right} for _, right in TEXTS]
    assert_right(answers(assess_frame(frame, rules=few)), patients, few, exact=False)


def test_single_figures_are_what_they_are_written_as(spark, tmp_path):
    """At each threshold of the shipped rules, and where it is no figure."""
    given_rows = [*rows_at_thresholds(), *NO_FIGURES]
    file = os.fspath(tmp_path / "patients.parquet")
    in_floats(given_rows, pl.Float32).write_parquet(file)
    frame = spark.read.parquet(file)

    assert dict(frame.dtypes)["magnesium_mmol_l"] == "float"
    assert_right(answers(assess_frame(frame)), given_rows, exact=False)


def test_capitals_count_whatever_a_collation_says(spark, few):
    """Spark's own may see none in a text, or in the members of a list."""
    patients: list[dict[str, Any]] = [
        {"sex": "FEMALE", "timing": ["night"], "sites": ["calf"]},
        {"sex": "female", "timing": ["NIGHT"], "sites": ["calf"]},
        {"sex": "female", "timing": ["night"], "sites": ["Calf"]},
        {"sex": "female", "timing": ["night"], "sites": []},
    ]
    rows = [
        (at, one["sex"], one["timing"], ";".join(one["sites"]) or "none")
        for at, one in enumerate(patients)
    ]
    frame = spark.createDataFrame(
        rows,
        "row int, sex string collate UTF8_LCASE, timing array<string collate UTF8_LCASE>, "
        "sites string collate UTF8_LCASE",
    )

    found = answers(assess_frame(frame, rules=few))

    assert_right(found, patients, few, exact=False)
    assert "'NIGHT'" in found[1]["errors"]


def test_two_columns_of_one_name_are_refused(spark):
    """Also by capitals alone, which Spark does not mind unless it is told to."""
    frame = spark.createDataFrame([(True, True)], "fever boolean, other boolean")

    with pytest.raises(FactsError, match="frame: two columns have the name 'fever'"):
        assess_frame(frame.withColumnRenamed("other", "FEVER"))


def test_quotes_and_odd_names_of_columns_are_kept(spark, few):
    """Spark has its own ideas of quotes, dots and capitals in names."""
    frame = spark.createDataFrame(
        [(0, 71.5, "it's")], "row int, `the `` AGE.years` double, `a.b` string"
    )

    found = assess_frame(frame, rules=few, columns={"age_years": "the ` AGE.years"})

    assert found.columns[:3] == frame.columns
    assert_right(answers(found), [{"age_years": 71.5}], few, exact=False)


def test_what_looks_like_a_variable_is_none(spark, few):
    """In the name of a column, and in a text; where it cannot be said it is refused."""
    frame = spark.createDataFrame([(0, 71.5, 3)], "row int, age_years double, price int")
    frame = frame.withColumnRenamed("price", "price ${usd}")

    found = assess_frame(frame, rules=few)

    assert found.columns[:3] == ["row", "age_years", "price ${usd}"]
    assert_right(answers(found), [{"age_years": 71.5}], few, exact=False)
    with pytest.raises(FactsError, match=r"\$\{usd\}': Spark puts the value of a variable"):
        assess_frame(frame, rules=few, columns={"episode_minutes": "price ${usd}"})
    for text in ("${usd}", "a${usd}b${", "it's ${spark.app.name}", "$1${", "${${x}}"):
        assert spark.range(1).selectExpr(Spark().text(text)).collect()[0][0] == text


# --- The job in examples/ -----------------------------------------------------------------------


def plan_of_the_last_run(spark) -> str:
    """What Spark did last, as its pages would tell it."""
    spark.sparkContext._jsc.sc().listenerBus().waitUntilEmpty()
    runs = spark._jsparkSession.sharedState().statusStore().executionsList()
    return str(runs.last().physicalPlanDescription())


def test_the_job_assesses_two_partitions_on_two_workers(spark, tmp_path):
    """Both regions are read, assessed and written, with no Python in the plan that was followed."""
    patients: list[dict[str, Any]] = [
        {"age_years": 71.0, "timing": ["night"], "medications": ["furosemide", "Lasix/statin"]},
        {"fever": True, "leg_swelling": "one", "travel_hours": 9.0},
        {"age_years": 171.0},
        {"medications": ["some unheard-of tonic"], "heavy_sweating": True},
        {"medications": ["furosemid"]},
        {},
    ]
    job = runpy.run_path(str(ROOT / "examples" / "spark_cohort.py"))
    frame = in_polars(patients).rename({"row": "patient"})
    for region, rest in (("north", 0), ("south", 1)):
        folder = tmp_path / "in" / f"region={region}"
        folder.mkdir(parents=True)
        frame.filter(pl.col("patient") % 2 == rest).write_parquet(folder / "part.parquet")

    read = spark.read.parquet(str(tmp_path / "in"))
    assert read.rdd.getNumPartitions() == spark.sparkContext.defaultParallelism == 2
    job["run"](spark, str(tmp_path / "in"), str(tmp_path / "out"))
    plan = plan_of_the_last_run(spark)
    assert "partitionOverwriteMode" in plan
    assert not PYTHON.search(plan)

    written = tmp_path / "out"
    assert {one.name for one in written.glob("region=*")} == {"region=north", "region=south"}
    found = pl.read_parquet(written / "**" / "*.parquet", hive_partitioning=True).sort("patient")
    assert_right(found.drop("region", "patient").to_dicts(), patients, exact=False)
