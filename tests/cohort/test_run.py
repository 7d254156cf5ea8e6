"""A cohort gets the answers that `assess` gives each of its people, whatever the formats."""

import csv
import json
import math
import shutil
import subprocess
from collections import Counter
from contextlib import suppress
from datetime import date, datetime, timedelta
from decimal import Decimal
from itertools import chain
from typing import Any
from zoneinfo import ZoneInfo

import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess, assess_frame
from crampsrules.cli import ExitCode
from crampsrules.cohort.formats import NOT_UTF_8
from crampsrules.cohort.run import assess_cohort
from crampsrules.frames.eager import FEW
from tests.cohort.common import (
    FORMATS,
    SHIPPED,
    UNRECOGNISED,
    WRITES_LIST_VIEWS,
    answers_in,
    people,
    plan,
    rejects_in,
    run,
    write,
)
from tests.drawing import fewer, patients
from tests.frames.common import ANSWERS, in_floats, rows_at_thresholds
from tests.frames.common import expected as expected_of_row

HINT = "(if that stands for what is not known, say so: --unknown NA)"

PACK = """
[[sources]]
id = "book"
title = "The book"

[[escalations]]
id = "ours.thirst"
when = "thirst"
triage = "soon"
reason = "You are very thirsty."
source = "book"
"""


def expected(facts):
    """What an answer must say of someone."""
    assessment = assess(facts, engine="compiled")
    ids = [one.id for one in assessment.causes]
    return {
        "triage": assessment.triage.id,
        "top_cause": ids[0] if ids else None,
        "causes": ids,
        "advice": [one.id for one in assessment.advice],
        "fired": list(assessment.fired),
    }


def check(patients, source, target):
    """Run over some people and compare each answer."""
    done = run(write(source, patients), target, "--batch", 3)

    assert done.exit_code == ExitCode.OK, done.output
    answers = answers_in(target)
    assert list(answers) == list(range(len(patients)))
    for number, facts in enumerate(patients):
        told = {name: answers[number][name] for name in expected(facts)}
        assert told == expected(facts)
    target.unlink()


@fewer(8)
@given(st.lists(patients(SHIPPED), min_size=1, max_size=7))
def test_everyone_gets_the_answer_of_assess(tmp_path_factory, drawn):
    """From every format to every other, in batches smaller than the file."""
    folder = tmp_path_factory.mktemp("run")
    for source in FORMATS:
        for target in FORMATS:
            check(drawn, folder / f"in.{source}", folder / f"out.{target}")


@pytest.mark.parametrize("source", FORMATS)
def test_a_larger_cohort_is_answered_alike_in_every_format(tmp_path, source):
    """Also where it is not worked out row by row."""
    drawn = people(2100)

    done = run(write(tmp_path / f"in.{source}", drawn), tmp_path / "out.parquet")

    assert done.exit_code == ExitCode.OK
    frame = pl.read_parquet(write(tmp_path / "again.parquet", drawn))
    answers = assess_frame(frame).select("triage", "top_cause", "causes", "advice", "fired")
    assert pl.read_parquet(tmp_path / "out.parquet").select(answers.columns).equals(answers)


# --- Names of medicines that are not known ------------------------------------------------------

_NAMES = (
    *UNRECOGNISED,
    "Zz tonic 40 mg",
    "furosemide",
    "Lasix + Zz tonic",
    "furosemid",
    "water pill",
)


def unrecognised_of(lists):
    """How many of those that `assess` takes have such a name, and how many have which."""
    found = []
    for names in lists:
        with suppress(FactsError):
            found.append(set(assess(medications=names).unrecognised))
    return sum(map(bool, found)), Counter(chain.from_iterable(found))


@fewer(8)
@given(st.lists(st.none() | st.lists(st.sampled_from(_NAMES), max_size=4), min_size=1, max_size=9))
def test_names_that_are_unrecognised_are_counted_as_assess_has_them(tmp_path_factory, drawn):
    """Of the rows that were assessed, in whatever form and however many at a time."""
    folder = tmp_path_factory.mktemp("run")
    lists = drawn * (FEW // len(drawn) + 1)
    frame = pl.DataFrame({"medications": pl.Series(lists, dtype=pl.List(pl.String))})
    texts = pl.col("medications").list.join(";")
    text = pl.when(pl.col("medications").list.len() == 0).then(pl.lit("none")).otherwise(texts)
    frame.write_ndjson(folder / "in.ndjson")
    frame.write_parquet(folder / "in.parquet")
    frame.select(text.alias("medications")).write_parquet(folder / "texts.parquet")
    frame.select(text.alias("medications")).write_csv(folder / "in.csv")

    for source in ("in.ndjson", "in.parquet", "texts.parquet", "in.csv"):
        for batch in (FEW // 2, None):
            tally = assess_cohort(plan(folder / source, folder / "out.csv", batch=batch)).tally
            assert (tally.with_unrecognised, tally.unrecognised) == unrecognised_of(lists)


# --- What goes into the output ------------------------------------------------------------------


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_what_came_in_goes_out_before_the_answers(tmp_path, source, target):
    """All columns, in their order, or those that were asked for, or none."""
    drawn = people(5)
    file, out = write(tmp_path / f"in.{source}", drawn), tmp_path / f"out.{target}"
    answers = ["triage", "top_cause", "causes", "advice", "fired"]

    run(file, out)
    everything = names_in(out)
    run(file, out, "--keep", "person")
    person = names_in(out)
    run(file, out, "--only-answers", "--weights")
    nothing = names_in(out)

    assert everything[0] == "person"
    assert everything[-5:] == person[1:] == nothing[:5] == answers
    assert person[0] == "person"
    assert nothing[5:] == [f"weight__{cause}" for cause in sorted(SHIPPED.causes)]


def names_in(path):
    """The columns of an output, by its first row."""
    if path.suffix == ".parquet":
        return list(pl.read_parquet_schema(path))
    first = path.read_text(encoding="utf-8").splitlines()[0]
    return next(csv.reader([first])) if path.suffix == ".csv" else list(json.loads(first))


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_a_column_without_a_name_is_passed_on_as_it_is(tmp_path, source, target):
    """As pandas writes the numbers of rows."""
    file, out = tmp_path / f"in.{source}", tmp_path / f"out.{target}"
    frame = pl.DataFrame({"": [7, 8], "fever": [True, False]})
    getattr(frame, f"write_{source}")(file)

    assert run(file, out).exit_code == ExitCode.OK
    assert run(file, tmp_path / f"kept.{target}", "--keep", "").exit_code == ExitCode.OK

    assert names_in(out)[:3] == ["", "fever", "triage"]
    assert names_in(tmp_path / f"kept.{target}")[:2] == ["", "triage"]
    if target != "parquet":
        assert ("8," if target == "csv" else "8") in out.read_text()


@pytest.mark.parametrize("delimiter", [*",;\t| -.:/eE0T'\\"])
def test_any_delimiter_parts_the_same_cells_of_csv(tmp_path, delimiter):
    """Also one that stands in dates and figures."""
    frame = pl.DataFrame(
        {
            "person": [1, 20],
            "seen": [datetime(2026, 1, 2, 10, tzinfo=ZoneInfo("UTC")), None],
            "paid": [-1.5e-7, 10.25],
            "note": ["a-b.c:d e;f,g/h0T|'\\", ""],
            "fever": [True, False],
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / "out.csv", "--delimiter", delimiter)
    run(tmp_path / "in.parquet", tmp_path / "usual.csv")

    assert done.exit_code == ExitCode.OK
    with (tmp_path / "out.csv").open(newline="") as file:
        found = list(csv.DictReader(file, delimiter=delimiter))
    with (tmp_path / "usual.csv").open(newline="") as file:
        assert found == list(csv.DictReader(file))


def test_numbers_and_texts_of_ndjson_are_passed_on_as_they_were_written(tmp_path):
    """What is no fact may be anything."""
    line = (
        '{"id": 1.10, "note": "a\\u00e9\u2028;,", "big": 12345678901234567890, "more": {"x": []}}'
    )
    (tmp_path / "in.ndjson").write_text(line + '\n{}\n{"fever": null}\n', encoding="utf-8")

    run(tmp_path / "in.ndjson", tmp_path / "out.ndjson")
    run(tmp_path / "in.ndjson", tmp_path / "out.parquet")

    written = (tmp_path / "out.ndjson").read_text(encoding="utf-8").split("\n")
    assert written[0].startswith(line[:-1] + ',"triage":')
    assert written[1].startswith('{"triage":')
    row = pl.read_parquet(tmp_path / "out.parquet").row(0, named=True)
    assert row["id"] == pytest.approx(1.1)
    assert row["note"] == "a\u00e9\u2028;,"
    assert row["big"] == "12345678901234567890"
    assert row["more"] == '{"x": []}'


def test_a_column_of_ndjson_that_comes_late_is_a_column(tmp_path):
    """A fact of the last row is a fact, and the rows before do not know it."""
    (tmp_path / "in.ndjson").write_text('{"person": 1}\n{"person": 2, "chest_pain": true}\n')

    run(tmp_path / "in.ndjson", tmp_path / "out.csv", "--batch", 1)

    first, second = answers_in(tmp_path / "out.csv").values()
    assert (first["chest_pain"], second["chest_pain"]) == ("", "true")
    assert (first["triage"], second["triage"]) == (
        assess().triage.id,
        assess(chest_pain=True).triage.id,
    )


def test_the_types_of_parquet_are_those_of_the_input(tmp_path):
    """Dates, nested values and what else no rule asks about."""
    frame = pl.DataFrame(
        {
            "person": [1, 2],
            "seen": pl.Series([date(2026, 1, 2), None]),
            "waited": pl.Series([timedelta(minutes=5), None]),
            "at": pl.Series([datetime(2026, 1, 2, 9, tzinfo=ZoneInfo("Europe/Berlin")), None]),
            "ward": pl.Series(["A", None], dtype=pl.Categorical),
            "visits": [[{"ward": "A", "days": 3}], []],
            "age_years": pl.Series([71, 33], dtype=pl.Int8),
        }
    )
    frame.write_parquet(tmp_path / "in.parquet")

    for suffix in FORMATS:
        assert run(tmp_path / "in.parquet", tmp_path / f"out.{suffix}").exit_code == ExitCode.OK

    out = pl.read_parquet(tmp_path / "out.parquet").select(frame.columns)
    assert out.schema == frame.schema
    assert out.equals(frame)
    row = answers_in(tmp_path / "out.csv")[1]
    assert row["seen"] == "2026-01-02"
    assert row["waited"] == "PT5M"
    assert json.loads(row["visits"]) == [{"ward": "A", "days": 3}]


@pytest.mark.parametrize("narrow", [pa.decimal128(9, 3), pa.decimal256(40, 3)])
@pytest.mark.parametrize("between", ["mid.ndjson", "mid.csv"])
def test_a_decimal_that_is_a_fact_is_one_again_wherever_it_was_written(tmp_path, narrow, between):
    """With the same answers; another keeps its digits."""
    digits = ["71.500", "3.333", None, "0.007"]
    values = pa.array([one and Decimal(one) for one in digits], narrow)
    table = pa.table({"person": range(4), "age_years": values, "paid": values})
    pq.write_table(table, tmp_path / "in.parquet")
    given, again = [tmp_path / between, "--keep", "person"], ["--keep", "age_years"]

    first = run(tmp_path / "in.parquet", *given, *again, "--keep", "paid")
    answers = answers_in(tmp_path / between)
    second = run(*given[:1], tmp_path / "out.ndjson", *given[1:], *again)

    assert (first.exit_code, second.exit_code) == (ExitCode.OK, ExitCode.OK)
    assert [str(one["paid"] or "") for one in answers.values()] == [one or "" for one in digits]
    rows = answers_in(tmp_path / "out.ndjson")
    assert [one["age_years"] for one in rows.values()] == [one and float(one) for one in digits]
    assert [one["triage"] for one in rows.values()] == [one["triage"] for one in answers.values()]


def test_single_figures_of_parquet_are_what_they_are_written_as(tmp_path):
    """At each threshold of the rules; they go into the output as they came."""
    given = [row for row in rows_at_thresholds() if expected_of_row(row)["errors"] is None]
    for name, dtype in (("single", pl.Float32), ("double", pl.Float64)):
        in_floats(given, dtype).write_parquet(tmp_path / f"{name}.parquet")
        done = run(tmp_path / f"{name}.parquet", tmp_path / f"{name}_out.parquet")
        assert done.exit_code == ExitCode.OK

    single = pl.read_parquet(tmp_path / "single_out.parquet")
    double = pl.read_parquet(tmp_path / "double_out.parquet")

    assert single.schema["magnesium_mmol_l"] == pl.Float32
    assert single.select(ANSWERS).equals(double.select(ANSWERS))
    assert len(single) == len(given)


def test_what_a_parquet_file_says_of_itself_is_kept(tmp_path):
    """But for what pandas noted of other rows and columns."""
    table = pa.table({"fever": [True]}).replace_schema_metadata({"owner": "us", "pandas": "{}"})
    pq.write_table(table, tmp_path / "in.parquet")

    assert run(tmp_path / "in.parquet", tmp_path / "out.parquet").exit_code == ExitCode.OK

    told = pq.read_schema(tmp_path / "out.parquet").metadata
    assert told[b"owner"] == b"us"
    assert b"pandas" not in told


@pytest.mark.parametrize("target", ["csv", "ndjson"])
@pytest.mark.parametrize(
    ("column", "told"),
    [
        (pa.array([b"x"]), "binary"),
        (pa.array([[b"x"]], pa.list_(pa.binary_view())), "list<element: binary_view>"),
        (pa.array([b"x"], pa.binary(1)), "fixed_size_binary[1]"),
        (pa.array([bytes(16)], pa.uuid()), "extension<arrow.uuid>"),
        pytest.param(
            pa.array([["x"]], pa.list_view(pa.string())),
            "list_view<element: string>",
            marks=WRITES_LIST_VIEWS,
        ),
        (pa.array([[Decimal(1)]], pa.list_(pa.decimal256(40))), "list<element: decimal256(40, 0)>"),
    ],
)
def test_a_type_that_a_format_has_not_is_told_of_before_anything_is_written(
    tmp_path, target, column, told
):
    """With the name of the column, which can be left out."""
    file, out = tmp_path / "in.parquet", tmp_path / f"out.{target}"
    pq.write_table(pa.table({"fever": [True], "scan": column}), file)

    done = run(file, out)

    assert done.exit_code == ExitCode.USAGE
    assert done.stderr == (
        f"Error: the column 'scan' has the type {told}, which cannot be written as {target}: "
        "leave it out by naming the columns to keep with --keep\n"
    )
    assert list(tmp_path.iterdir()) == [file]
    assert run(file, out, "--keep", "fever").exit_code == ExitCode.OK


def test_nobody_gets_an_output_with_columns_and_no_rows(tmp_path):
    """An empty cohort is one, too."""
    (tmp_path / "in.csv").write_text("person,fever\n")

    for suffix in FORMATS:
        assert run(tmp_path / "in.csv", tmp_path / f"out.{suffix}").exit_code == ExitCode.OK

    assert (tmp_path / "out.csv").read_text() == (
        "person,fever,triage,top_cause,causes,advice,fired\n"
    )
    assert (tmp_path / "out.ndjson").read_text() == ""
    assert pl.read_parquet(tmp_path / "out.parquet").shape == (0, 7)


def test_columns_of_other_names_and_other_rules(tmp_path):
    """A fact is found by the name that was given for it; rules of a folder are added."""
    folder = tmp_path / "rules"
    folder.mkdir()
    (folder / "ours.toml").write_text(PACK)
    (tmp_path / "in.csv").write_text("person,DRY,night\n1,yes,1\n2,no,0\n")
    rules = RuleBase.load().extended(folder)

    run(tmp_path / "in.csv", tmp_path / "out.ndjson", "--columns", "thirst=DRY",
        "--columns", "timing__night=night", "--rules", folder)  # fmt: skip

    answers = answers_in(tmp_path / "out.ndjson")
    assert answers[1]["triage"] == assess(thirst=True, timing=["night"], rules=rules).triage.id
    assert answers[1]["DRY"] is True
    assert "ours.thirst" in answers[1]["fired"]
    assert "ours.thirst" not in answers[2]["fired"]


# --- Rows that cannot be used -------------------------------------------------------------------


def test_no_row_of_csv_vanishes(tmp_path):
    """What cannot be used is put aside with its line and the reason, as it was read."""
    (tmp_path / "in.csv").write_bytes(
        b"person,age_years,fever\n"
        b"1,71,yes\n"
        b"2,188,maybe\n"
        b"3,71\n"
        b"\n"
        b'4,"71,yes\n'
        b"5,7\xff1,yes\n"
        b'6,"71","no"\n'
        b"7,NA,no\n"
        b"8,\xc3\xa9 \t \r\n"
    )

    done = run(tmp_path / "in.csv", tmp_path / "out.csv")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert list(answers_in(tmp_path / "out.csv")) == [1, 6]
    told = rejects_in(tmp_path / "out.csv")
    assert [one["csv"] for one in told] == [
        "2,188,maybe",
        "3,71",
        '4,"71,yes',
        "5,7\\xff1,yes",
        "7,NA,no",
        "8,é \t ",
    ]
    assert [(one["line"], one["reasons"], one["given"]) for one in told] == [
        (
            3,
            [
                "fever: takes true or false, got 'maybe'",
                "age_years: takes a number from 0 to 120 years, got 188",
            ],
            {"person": "2", "age_years": "188", "fever": "maybe"},
        ),
        (4, ["has 2 fields, and the header has 3"], "3,71"),
        (6, ["is not CSV: a quotation mark is opened and not closed"], '4,"71,yes'),
        (7, [f"is not UTF-8: invalid start byte at byte 4; {NOT_UTF_8}"], "5,7\\xff1,yes"),
        (
            9,
            [f"age_years: takes a number from 0 to 120 years, got 'NA' {HINT}"],
            {"person": "7", "age_years": "NA", "fever": "no"},
        ),
        (10, ["has 2 fields, and the header has 3"], "8,é \t "),
    ]
    assert "6 put aside" in done.stdout
    aside = (tmp_path / "out.csv.rejects.ndjson").read_text(encoding="utf-8")
    assert '"given": "8,é' in aside


letters = st.characters(codec="utf-8", exclude_characters="\r\n\0")
notes = st.text(st.sampled_from(";,\"'\n\r \t[") | letters, max_size=6)
ages = st.sampled_from(["71", "188", "many", ""])


@given(st.lists(st.tuples(notes, ages), min_size=1, max_size=4), st.sampled_from(",; '"))
@example(rows=[("\x85", "188")], delimiter=",")
def test_rows_of_csv_that_were_put_aside_are_rows_of_csv_again(tmp_path_factory, rows, delimiter):
    """With the same facts and the same faults, until somebody mends them."""
    folder = tmp_path_factory.mktemp("run")
    options = ["--delimiter", delimiter]
    file, again = folder / "in.csv", folder / "again.csv"
    with file.open("w", encoding="utf-8", newline="") as opened:
        csv.writer(opened, delimiter=delimiter).writerows([["note", "age_years"], *rows])
    run(file, folder / "out.csv", *options)
    first = rejects_in(folder / "out.csv")

    lines = [f"note{delimiter}age_years", *(one["csv"] for one in first)]
    again.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    run(again, folder / "more.csv", *options)
    second = rejects_in(folder / "more.csv")

    assert len(first) == sum(age in ("188", "many") for _, age in rows)
    for one, other in zip(first, second, strict=True):
        assert one | {"line": None} == other | {"line": None}


@pytest.mark.parametrize(("source", "jq"), [("csv", "-r .csv"), ("ndjson", "-rc .given")])
def test_rows_that_were_put_aside_are_mended_as_the_guide_says(tmp_path, source, jq):
    """And run as a cohort of their own."""
    if shutil.which("jq") is None:
        pytest.skip("no jq to take them out with")
    file, out = tmp_path / f"in.{source}", tmp_path / f"out.{source}"
    rows = ["person,age_years,fever", "1,71,yes", "2,710,", "3,720,no,"]
    if source == "ndjson":
        rows = [
            '{"person": 1}',
            '{"person": 2, "age_years": 710}',
            '{"person": 3, "age_years": 720,}',
        ]
    file.write_text("".join(f"{row}\n" for row in rows))
    assert run(file, out).exit_code == ExitCode.BAD_ROWS

    aside = [*jq.split(), f"{out}.rejects.ndjson"]
    taken = subprocess.run(["jq", *aside], capture_output=True, text=True, check=True).stdout  # noqa: S607
    mended = taken.replace("710", "71").replace("720,no,", "72,no").replace("720,}", "72}")
    header = f"{rows[0]}\n" if source == "csv" else ""
    (tmp_path / f"mended.{source}").write_text(header + mended)

    assert run(tmp_path / f"mended.{source}", tmp_path / "more.ndjson").exit_code == ExitCode.OK
    known = [
        (one["person"], one["age_years"]) for one in answers_in(tmp_path / "more.ndjson").values()
    ]
    assert [(int(person), age) for person, age in known] == [(2, 71), (3, 72)]


@pytest.mark.parametrize(("name", "delimiter"), [("in.tsv", "\t"), ("in.csv", " ")])
def test_a_row_of_empty_cells_is_a_row_whatever_parts_them(tmp_path, name, delimiter):
    """A line of delimiters alone is someone of whom nothing is known."""
    rows = [["age_years", "fever"], ["71", "true"], ["", ""], ["34", "false"]]
    (tmp_path / name).write_text("".join(delimiter.join(row) + "\n" for row in rows))

    run(tmp_path / name, tmp_path / "out.ndjson", "--delimiter", delimiter)

    answered = (tmp_path / "out.ndjson").read_text().splitlines()
    assert [json.loads(one)["age_years"] for one in answered] == [71, None, 34]


def test_members_of_a_set_that_part_columns_too_are_hinted_at(tmp_path):
    """Without quotation marks they are fields; a row of too few has another fault."""
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text('person;timing\n1;"night;rest"\n2;night;rest\n3\n')

    assert run(file, out, "--delimiter", ";").exit_code == ExitCode.BAD_ROWS

    assert [one["reasons"] for one in rejects_in(out)] == [
        [
            (
                "has 3 fields, and the header has 2; members of a set stand in quotation marks "
                'here: "calf;thigh"'
            )
        ],
        ["has 1 fields, and the header has 2"],
    ]
    assert '1;"night;rest"' in out.read_text()


def test_no_row_of_ndjson_vanishes(tmp_path):
    """Nor one of those."""
    (tmp_path / "in.ndjson").write_bytes(
        b'{"person": 1, "age_years": 71}\n'
        b'{"person": 2, "age_years": "71"}\n'
        b'{"person": 3, "age_years": 71\n'
        b"[]\n"
        b'{"person": 4, "fever": true, "fever": false}\n'
        b'{"person": 5, "triage": "soon"}\n'
        b'{"person": 6, "dialysis": true, "kidney_disease": false}\n'
        b'{"person": NaN}\n'
        b'{"person": 7, "calcium_mmol_l": {"value": 9.1, "unit": "mg/dL"}}'
    )

    done = run(tmp_path / "in.ndjson", tmp_path / "out.ndjson")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert list(answers_in(tmp_path / "out.ndjson")) == [1, 7]
    told = rejects_in(tmp_path / "out.ndjson")
    assert [one["line"] for one in told] == [2, 3, 4, 5, 6, 7, 8]
    assert told[0] == {
        "line": 2,
        "reasons": ["age_years: takes a number from 0 to 120 years, got '71'"],
        "given": {"person": 2, "age_years": "71"},
    }
    assert told[1]["reasons"][0].startswith("is not JSON: ")
    assert told[1]["given"] == '{"person": 3, "age_years": 71'
    assert told[2]["reasons"] == ["must be an object of facts, got []"]
    assert told[3]["reasons"] == ["has 'fever' twice"]
    assert told[4]["reasons"] == ["has triage, which the answer has too"]
    assert "contradicts" in told[5]["reasons"][0]
    assert told[6]["reasons"] == ["is not JSON: there is no NaN in it"]


def test_no_row_of_parquet_vanishes(tmp_path):
    """There the number is that of the row."""
    frame = pl.DataFrame({"person": [1, 2, 3], "age_years": [71.0, 188.0, None]})
    frame.write_parquet(tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / "out.parquet")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert list(answers_in(tmp_path / "out.parquet")) == [1, 3]
    assert rejects_in(tmp_path / "out.parquet") == [
        {
            "row": 2,
            "reasons": ["age_years: takes a number from 0 to 120 years, got 188"],
            "given": {"person": 2, "age_years": 188.0},
        }
    ]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
@pytest.mark.parametrize("faulty", [{2}, {0, 3}, {0, 1, 2, 3}])
def test_views_of_texts_in_parquet_keep_their_rows(tmp_path, target, faulty):
    """Also within lists: Arrow does not pick rows of them out."""
    table = pa.table(
        {
            "person": range(4),
            "age_years": [188.0 if one in faulty else 71.0 for one in range(4)],
            "note": pa.array([None, "b", "c", "d" * 40], pa.string_view()),
            "wards": pa.array([["a"], [], None, ["d"]], pa.list_(pa.string_view())),
        }
    )
    pq.write_table(table, tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / target)

    assert done.exit_code == ExitCode.BAD_ROWS, done.output
    answers = answers_in(tmp_path / target)
    assert list(answers) == sorted({*range(4)} - faulty)
    notes = table["note"].to_pylist()
    assert [one["note"] or None for one in answers.values()] == [notes[one] for one in answers]
    given = [one["given"] for one in rejects_in(tmp_path / target)]
    assert [one["person"] for one in given] == sorted(faulty)


def test_the_rejects_of_an_earlier_run_do_not_stay(tmp_path):
    """They would tell of rows that are no longer there."""
    file = tmp_path / "in.csv"
    file.write_text("person,fever\n1,perhaps\n")
    run(file, tmp_path / "out.csv")
    assert rejects_in(tmp_path / "out.csv") != []

    file.write_text("person,fever\n1,yes\n")
    run(file, tmp_path / "out.csv")

    assert not (tmp_path / "out.csv.rejects.ndjson").exists()


@pytest.mark.parametrize("left", ["", "[]\n"])
def test_a_file_that_was_named_for_rejects_is_there_after_every_run(tmp_path, left):
    """Empty where there are none; one that had something in it is told of before it is replaced."""
    file, aside = tmp_path / "in.csv", tmp_path / "aside"
    file.write_text("person,fever\n1,yes\n")
    aside.write_text(left)

    done = run(file, tmp_path / "out.csv", "--rejects", aside)

    assert aside.read_text() == ""
    assert (f"{aside} is there already: in the end it is replaced." in done.stderr) == bool(left)
    file.write_text("person,fever\n1,perhaps\n")
    run(file, tmp_path / "out.csv", "--rejects", aside)
    assert json.loads(aside.read_text())["line"] == 2


def test_a_text_that_stands_for_unknown_is_unknown(tmp_path):
    """Where that was said."""
    (tmp_path / "in.csv").write_text("person,age_years\n1,NA\n2,-9\n")

    done = run(tmp_path / "in.csv", tmp_path / "out.ndjson", "--unknown", "NA", "--unknown", "-9")

    assert done.exit_code == ExitCode.OK
    assert [one["age_years"] for one in answers_in(tmp_path / "out.ndjson").values()] == [
        None,
        None,
    ]


def test_what_json_and_python_have_no_value_for_is_told_in_words(tmp_path):
    """A row that is put aside can be read again, whatever Parquet had in it."""
    far = pa.array([400_000_000_000, 0], pa.timestamp("s"))
    pairs = pa.array([[("a", math.nan)], None], pa.map_(pa.string(), pa.float64()))
    columns = {"age_years": [math.nan, 3.0], "x": [math.inf, 1.0], "at": far, "pairs": pairs}
    table = pa.table(columns)
    pq.write_table(table, tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / "out.parquet")

    assert done.exit_code == ExitCode.BAD_ROWS
    text = (tmp_path / "out.parquet.rejects.ndjson").read_text()
    (row,) = (json.loads(one, parse_constant=pytest.fail) for one in text.splitlines())
    assert row["given"]["age_years"] == "nan"
    assert row["given"]["x"] == "inf"
    assert row["given"]["pairs"] == [["a", "nan"]]
    assert row["given"]["at"].startswith("14645")


@pytest.mark.parametrize("target", FORMATS)
def test_decimals_that_polars_has_not_are_numbers_all_the_same(tmp_path, target):
    """As facts, and as what is passed on."""
    wide = pa.array([Decimal("71.5"), None], pa.decimal256(50, 1))
    pq.write_table(pa.table({"age_years": wide, "sum": wide}), tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / f"out.{target}")

    assert done.exit_code == ExitCode.OK, done.stderr


@pytest.mark.parametrize("target", FORMATS)
def test_a_column_called_like_a_pattern_is_that_column(tmp_path, target):
    """Polars takes such names for patterns: the column itself is kept, and no other."""
    names = ["*", "^note.*$", "^(age)_years$", "note1", "potassium_mmol_l"]
    file, out = tmp_path / "in.csv", tmp_path / f"out.{target}"
    file.write_text(",".join(names) + "\n71,aaa,bbb,ccc,3.1\n")

    done = run(file, out, "--columns", "age_years=*", "--keep", "*", "--keep", "^note.*$")

    assert done.exit_code == ExitCode.OK
    reads: dict[str, Any] = {
        "csv": pl.read_csv,
        "ndjson": pl.read_ndjson,
        "parquet": pl.read_parquet,
    }
    (row,) = reads[target](out).to_dicts()
    assert float(row["*"]) == 71
    assert row["^note.*$"] == "aaa"
    assert "note1" not in row
    assert row["triage"] == assess(age_years=71, potassium_mmol_l=3.1).triage.id


@pytest.mark.parametrize(
    "values",
    [
        pa.array([1.0, math.inf]),
        pa.array([[1.0], [-math.inf]]),
        pa.array([{"a": [1.0]}, {"a": [math.inf]}]),
    ],
)
def test_an_infinite_number_is_not_lost_in_ndjson(tmp_path, values):
    """JSON has none: it is refused, and Parquet keeps it."""
    file, out = tmp_path / "in.parquet", tmp_path / "out.ndjson"
    pq.write_table(pa.table({"fever": [True, False], "x": values}), file)

    done = run(file, out)

    assert done.exit_code != ExitCode.OK
    assert "the column 'x' has an infinite number in it, and NDJSON has none" in done.output
    assert not out.exists()
    assert run(file, out, "--keep", "fever").exit_code == ExitCode.OK
    assert run(file, tmp_path / "out.parquet").exit_code == ExitCode.OK
    assert pq.read_table(tmp_path / "out.parquet")["x"].to_pylist() == values.to_pylist()
