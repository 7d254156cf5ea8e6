"""The command `crampsrules cohort`: its options, what it shows, and how it ends."""

from __future__ import annotations

import codecs
import gzip
import json
import os
import pty
import re
import shlex
import subprocess
import sys
import xml.etree.ElementTree as ET
from itertools import product
from pathlib import Path

import click
import pyarrow as pa
import pytest

from crampsrules import PatientFacts
from crampsrules.cli import ExitCode
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan
from tests.cohort.common import (
    SHIPPED,
    UNRECOGNISED,
    answers_in,
    people,
    piped,
    plan,
    run,
    started,
    write,
)

# --- What is made of the options ---


def test_what_the_names_of_files_tell():
    """Their formats, what parts the fields, and where rows are put aside."""
    assert plan("in.tsv", "out.pq") == Plan(
        source=Path("in.tsv"),
        target=Path("out.pq"),
        source_format=Format.CSV,
        target_format=Format.PARQUET,
        rules=SHIPPED,
        source_delimiter="\t",
        target_delimiter=",",
        rejects=Path("out.pq.rejects.ndjson"),
    )
    assert plan("in.jsonl", "out.tsv").source_format is Format.NDJSON
    assert plan("in.jsonl", "out.tsv").target_delimiter == "\t"


def test_what_is_told_goes_before_what_the_names_tell():
    """Every option."""
    assert plan(
        "in.tsv",
        "out.tsv",
        source_format="csv",
        target_format="ndjson",
        columns=("fever=HOT", "thirst=a=b"),
        delimiter="|",
        unknown=("NA", "."),
        keep=("HOT",),
        weights=True,
        rejects=Path("aside"),
        batch=7,
    ) == Plan(
        source=Path("in.tsv"),
        target=Path("out.tsv"),
        source_format=Format.CSV,
        target_format=Format.NDJSON,
        rules=SHIPPED,
        columns={"fever": "HOT", "thirst": "a=b"},
        source_delimiter="|",
        target_delimiter="|",
        unknown=frozenset({"NA", "."}),
        keep=("HOT",),
        weights=True,
        rejects=Path("aside"),
        batch_rows=7,
    )


def test_a_dash_is_no_file():
    """And nothing is put aside beside it."""
    made = plan("-", "-", source_format="csv", target_format="csv")

    assert (made.source, made.target, made.rejects) == (None, None, None)
    for told, option in (("source_format", "--to"), ("target_format", "--from")):
        with pytest.raises(CohortError) as raised:
            plan("-", "-", **{told: "csv"})
        assert str(raised.value) == f"the format of - is not known: say it with {option}"


@pytest.mark.parametrize(
    ("option", "source", "target", "told"),
    [
        ({"delimiter": ";"}, "in.parquet", "out.ndjson", "neither IN nor OUT is that"),
        ({"unknown": ("NA",)}, "in.parquet", "out.csv", "IN is parquet"),
        ({"unknown": ("NA",)}, "in.ndjson", "out.csv", "IN is ndjson"),
    ],
)
def test_what_is_about_csv_is_refused_where_there_is_none(option, source, target, told):
    """It would do nothing."""
    with pytest.raises(click.UsageError, match=f"is about CSV, and {told}"):
        plan(source, target, **option)


@pytest.mark.parametrize("delimiter", ["", "ab", r"\n", "TAB", '"', "\r", "\n", "\u00a7", "\udcff"])
def test_what_cannot_part_fields_is_refused(delimiter):
    """A quotation mark, and the end of a line."""
    told = f"takes one character of ASCII, or tab, and no quotation mark, got {delimiter!r}"
    with pytest.raises(click.UsageError, match=re.escape(told)):
        plan(delimiter=delimiter)


@pytest.mark.parametrize("delimiter", [";", "|", "X", " ", "\t"])
def test_any_other_character_may_part_fields(delimiter):
    """In the input and in the output."""
    made = plan(delimiter=delimiter)

    assert made.source_delimiter == made.target_delimiter == delimiter


@pytest.mark.parametrize("delimiter", ["tab", r"\t"])
def test_a_tab_can_be_typed(delimiter):
    """In letters: few shells take the key."""
    assert plan(delimiter=delimiter) == plan(delimiter="\t")


@pytest.mark.parametrize("columns", [("fever",), ("fever=a", "fever=b")])
def test_a_column_is_told_once_for_each_fact(columns):
    """With the fact before it."""
    with pytest.raises(click.UsageError, match="--columns takes FACT=COLUMN, once for each fact"):
        plan(columns=columns)


def test_what_a_link_leads_to_is_written(tmp_path):
    """The link stays one."""
    (tmp_path / "link.csv").symlink_to(tmp_path / "there.csv")

    made = plan("in.csv", tmp_path / "link.csv")

    assert made.target == tmp_path / "there.csv"
    assert made.rejects == tmp_path / "there.csv.rejects.ndjson"


@pytest.mark.parametrize("given", [None, "named.ndjson"])
def test_what_a_link_for_rejects_leads_to_is_written(tmp_path, given):
    """That one stays a link too, whether it was named or not."""
    link = tmp_path / (given or "out.csv.rejects.ndjson")
    link.symlink_to(tmp_path / "there")
    (tmp_path / "in.csv").write_text("fever\nperhaps\n")
    options = ["--rejects", link] if given else []

    done = run(tmp_path / "in.csv", tmp_path / "out.csv", *options)

    assert done.exit_code == ExitCode.BAD_ROWS
    assert link.is_symlink()
    assert json.loads((tmp_path / "there").read_text())["line"] == 2


def test_in_a_pipe_every_batch_is_counted(tmp_path):
    """The rows go to standard output, and the summary of all of them to standard error."""
    file = write(tmp_path / "Zoés.csv", people(7))
    (tmp_path / "aside").write_text("of an earlier run")
    file.write_text(file.read_text() + "8,?\n")

    done = run(file, "-", "--to", "csv", "--batch", 2, "--rejects", tmp_path / "aside", "--json")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert len(done.stdout.splitlines()) == 8
    told = json.loads(done.stderr)
    assert (told["rows"], told["assessed"], told["resumed_after"]) == (8, 7, 0)
    assert sum(told["triage"].values()) == 7
    assert told["output"] is None
    assert told["rejects"] == str(tmp_path / "aside")
    assert json.loads((tmp_path / "aside").read_text())["line"] == 9


def test_the_names_in_a_summary_are_written_as_they_are(tmp_path):
    """In JSON too."""
    (tmp_path / "in.csv").write_text("Größe,fever\n180,yes\n", encoding="utf-8")

    done = run(tmp_path / "in.csv", tmp_path / "out.csv", "--json")

    assert '"Größe"' in done.stdout
    assert done.stdout.startswith('{\n  "rows": 1,\n')


def test_begun_anew_it_forgets_what_was_done(tmp_path):
    """Whatever was begun, with whatever options."""
    file, out = write(tmp_path / "in.csv", people(3)), tmp_path / "out.csv"
    folder = tmp_path / "out.csv.partial"
    folder.mkdir()
    (folder / "progress.json").write_text("{}")

    assert "is no record of a run" in run(file, out).stderr
    assert run(file, out, "--restart").exit_code == ExitCode.OK


def test_what_is_stopped_by_a_fault_says_how_it_goes_on(tmp_path, monkeypatch):
    """Unless nothing could go on."""
    from crampsrules.cli import cohort
    from crampsrules.cohort.errors import UnfinishedError

    def fails(*_, **__):
        raise UnfinishedError("the disk is full")

    monkeypatch.setattr(cohort, "assess_cohort", fails)
    file = write(tmp_path / "in.csv", people(3))

    done = run(file, tmp_path / "out.csv")
    assert done.exit_code == ExitCode.UNFINISHED
    assert done.stderr == (
        "Error: the disk is full\nWhat was done until then is kept. When that is mended, the same "
        "command goes on from there; --restart begins anew.\n"
    )
    assert run(file, "-", "--to", "csv").stderr == "Error: the disk is full\n"
    piped = run("-", tmp_path / "out.csv", "--from", "csv", given="fever\nyes\n")
    assert piped.stderr == (
        "Standard input cannot be read again: if this is stopped, it begins anew.\n"
        "Error: the disk is full\n"
    )


# --- The command ---


def zstd(content):
    """As the program of that name compresses it."""
    return bytes(pa.compress(content, "zstd"))


def utf_16(content):
    """With the mark of the order of bytes before it, as Windows writes it."""
    return codecs.BOM_UTF16_LE + content.decode().encode("utf-16-le")


def utf_16_turned(content):
    """The same in the other order."""
    return codecs.BOM_UTF16_BE + content.decode().encode("utf-16-be")


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Fifty people, two of them with a medicine that nobody knows."""
    several = [*people(48), *[PatientFacts(medications=frozenset(UNRECOGNISED[:1]))] * 2]
    return write(tmp_path_factory.mktemp("cohort") / "people.csv", several)


def test_the_summary_in_words_and_as_json_say_the_same(cohort, tmp_path):
    """How many, how urgent, and what is behind it."""
    shown = run(cohort, tmp_path / "out.csv").stdout
    data = json.loads(run(cohort, tmp_path / "out.csv", "--json").stdout)
    answers = answers_in(tmp_path / "out.csv").values()

    assert data["rows"] == data["assessed"] == 50
    assert data["rejected"] == {"unreadable": 0, "bad_facts": 0}
    assert data["output"] == str(tmp_path / "out.csv")
    for level, rows in data["triage"].items():
        assert rows == sum(one["triage"] == level for one in answers)
    told = data["unrecognised"]
    assert f"\n{told['people']:>4} " in shown.partition("Medicines that are not known")[2]
    for name, rows in told["names"].items():
        assert re.search(rf"^ +{rows} +[\d.]+%  {re.escape(name)}$", shown, re.MULTILINE)
    for cause, rows in data["causes"].items():
        assert rows == sum(cause in one["causes"] for one in answers)
    for cause, rows in data["top_causes"].items():
        assert rows == sum(cause == one["top_cause"] for one in answers)
    assert shown.startswith("50 rows read, 50 assessed\n")
    assert f"{data['triage']['emergency']:>4}" in shown
    assert data["disclaimer"] in shown


def test_names_that_are_unrecognised_are_told_of_where_several_have_them(tmp_path):
    """What one person alone has may be a note, and is counted and not shown."""
    lists = [["Zz tonic"], ["Zz tonic", "furosemide"], ["see the letter of A"], ["furosemide"], []]
    rows = "".join(json.dumps({"medications": one}) + "\n" for one in lists)
    (tmp_path / "in.ndjson").write_text(rows)

    shown = run(tmp_path / "in.ndjson", tmp_path / "out.csv").stdout
    data = json.loads(run(tmp_path / "in.ndjson", tmp_path / "out.csv", "--json").stdout)

    assert (
        "\nMedicines that are not known, and may be anything\n"
        "  3   60.0%  have one or more\n"
        "  2   40.0%  Zz tonic\n"
        "Not shown, as they may be notes: 1 that one person alone has\n\n"
    ) in shown
    assert data["unrecognised"] == {
        "people": 3,
        "names": {"Zz tonic": 2},
        "names_of_one_person": 1,
        "beyond": 0,
    }
    assert "letter" not in shown + json.dumps(data)


def test_where_all_names_are_known_nothing_is_said_of_them(tmp_path):
    """Nor where nobody was asked."""
    (tmp_path / "in.csv").write_text("medications,fever\nfurosemide,yes\n,no\nnone,no\n")

    assert "not known" not in run(tmp_path / "in.csv", tmp_path / "out.csv").stdout


def test_of_many_names_the_most_frequent_are_shown(tmp_path, monkeypatch):
    """And how many more there are, and that some were not told apart."""
    lists = [[f"zz{number} tonic"] for number in range(15) for _ in range(20 - number)]
    rows = "".join(json.dumps({"medications": one}) + "\n" for one in lists)
    (tmp_path / "in.ndjson").write_text(rows)
    monkeypatch.setattr("crampsrules.cohort.tally.MOST_NAMES", 12)

    shown = run(tmp_path / "in.ndjson", tmp_path / "out.csv", "--batch", "30").stdout
    data = json.loads(run(tmp_path / "in.ndjson", tmp_path / "out.csv", "--json").stdout)

    told = shown.partition("have one or more\n")[2].splitlines()
    assert [line.split("%  ")[1] for line in told[:10]] == [f"zz{at} tonic" for at in range(10)]
    assert told[10] == "Not shown: 2 more names; --json has them"
    assert told[11].startswith("Not counted by name: ")
    assert told[11].endswith(f" different names, {8 + 7 + 6} times")
    assert list(data["unrecognised"]["names"].values()) == list(range(20, 8, -1))
    assert data["unrecognised"]["beyond"] == 8 + 7 + 6


def test_the_picture_is_written(cohort, tmp_path):
    """As SVG, and nothing else."""
    assert run(cohort, tmp_path / "out.csv", "--plot", tmp_path / "p.svg").exit_code == ExitCode.OK
    assert ET.parse(tmp_path / "p.svg").getroot().tag.endswith("svg")  # noqa: S314 - our own

    done = run(cohort, tmp_path / "new.csv", "--plot", tmp_path / "p.png")
    assert done.exit_code == ExitCode.USAGE
    assert "must end with .svg" in done.stderr
    assert not (tmp_path / "new.csv").exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{cohort}", "out.txt"], "out.txt: the name ends with none of .parquet, .pq"),
        (["-", "out.csv"], "the format of - is not known: say it with --from"),
        (["-", "out.csv", "--from", "parquet"], "not through a pipe"),
        (["-", "out.csv", "--from", "ndjson"], "read it from a file, or write NDJSON"),
        (["{cohort}", "out.csv", "--columns", "age=AGE"],
         "'age' is not a fact; did you mean 'age_years'?"),
        (["{cohort}", "out.csv", "--columns", "age_years=ages_years"],
         "no column 'ages_years' for age_years; did you mean 'age_years'?"),
        (["{cohort}", "out.csv", "--columns", "age_years"], "--columns takes FACT=COLUMN"),
        (["{cohort}", "out.csv", "--columns", "fever=a", "--columns", "thirst=a"],
         "the column 'a' is given for two facts"),
        (["{cohort}", "out.csv", "--keep", "persons"],
         "no column 'persons' to keep; did you mean 'person'?"),
        (["{cohort}", "out.csv", "--delimiter", "ab"], "takes one character of ASCII, or tab"),
        (["{cohort}", "{cohort}"], "cannot be both read and written, nor written twice"),
        (["{cohort}", "nowhere/out.csv"], "there is no folder"),
        (["{cohort}", ""], "OUT takes the name of a file, or - for standard output, got ''"),
        (["{cohort}", "", "--to", "csv"], "OUT takes the name of a file"),
        pytest.param(["{cohort}", "/proc/out.csv"], "/proc/out.csv.partial cannot be made: ",
                     marks=pytest.mark.skipif(not Path("/proc/self").exists(), reason="no /proc")),
        (["/dev/null", "out.csv", "--from", "csv"],
         "no ordinary file, and cannot be read again from its beginning: send it to standard"),
        (["/dev/null", "-", "--from", "ndjson", "--to", "ndjson"], "/dev/null is no ordinary file"),
        (["{cohort}", "/dev/null", "--to", "csv"],
         "/dev/null is no ordinary file: write to - and send that there"),
        (["{cohort}", "out.csv", "--rejects", "/dev/null"],
         "/dev/null is no ordinary file: without --rejects, rows are put aside in a file beside"),
        (["{cohort}", "/dev/stdout", "--to", "csv"],
         "/dev/stdout is no file of its own: OUT may be - for standard output"),
        (["{cohort}", "/dev/fd/1", "--to", "csv"], "/dev/fd/1 is no file of its own"),
        (["{cohort}", "out.csv", "--rejects", "/dev/stderr"], "/dev/stderr is no file of its own"),
        (["{cohort}", "out.csv", "--keep", "person", "--only-answers"],
         "takes one of --keep, --only-answers: each keeps something else"),
    ],
)  # fmt: skip
def test_what_cannot_be_done_is_said_before_anything_is(
    cohort, tmp_path, monkeypatch, arguments, told
):
    """And leaves nothing behind."""
    monkeypatch.chdir(tmp_path)

    done = run(*(one.format(cohort=cohort) for one in arguments), given="{}\n")

    assert done.exit_code == ExitCode.USAGE
    assert told in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(not Path("/dev/fd").exists(), reason="no /dev/fd to name a pipe by")
def test_a_pipe_with_a_name_is_read_where_once_is_enough(tmp_path):
    """And refused, unread, where it is not."""
    out, into = os.pipe()
    os.write(into, b"weakness\nyes\n")
    os.close(into)

    refused = run(f"/dev/fd/{out}", tmp_path / "out.csv", "--from", "csv")
    done = run(f"/dev/fd/{out}", "-", "--from", "csv", "--to", "csv", "--only-answers")
    os.close(out)

    assert refused.exit_code == ExitCode.USAGE
    assert f"/dev/fd/{out} is no ordinary file" in refused.stderr
    assert list(tmp_path.iterdir()) == []
    assert done.exit_code == ExitCode.OK
    assert done.stdout.splitlines()[1].startswith("soon,")


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "there is nothing in it"),
        (b"a,b\n1,2\n", "no column has the name of a fact; the first are 'a', 'b'"),
        (
            b"a,b,c,d,e,fevers\n",
            (
                "no column has the name of a fact; the first are 'a', 'b', 'c', 'd', 'e'. Say "
                "which column holds which fact, as in --columns age_years=AGE\n"
            ),
        ),
        (
            b"agge_years,fevers,b\n",
            (
                "no column has the name of a fact; the first are 'agge_years', 'fevers', 'b'; did "
                "you mean 'age_years'? Say which"
            ),
        ),
        (
            b"fever,fever\n",
            "two columns have the name 'fever': give one of them another in the file",
        ),
        (b"person,b\n", "no column has the name of a fact; the first are 'person', 'b'. Say which"),
        (b"fever,a,fever,a\n", "two columns have the name 'fever'"),
        (b"fever,a,b,a\n", "two columns have the name 'a': give one of them another in the file"),
        (b"fever,triage\n", "has a column 'triage', which the answer has too"),
        (b"\xff,fever\n", "the line with the names of the columns is not UTF-8"),
        (b'"fever\n', "the line with the names of the columns is not CSV"),
    ],
)
def test_a_file_of_which_nothing_can_be_made_says_why(tmp_path, content, told):
    """Naming the file."""
    file = tmp_path / "in.csv"
    file.write_bytes(content)

    done = run(file, tmp_path / "out.csv")

    assert done.exit_code == ExitCode.USAGE
    assert f"{file}: {told}" in done.stderr
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("form", ["csv", "ndjson"])
@pytest.mark.parametrize(
    ("pack", "told", "tool"),
    [
        (gzip.compress, "is compressed with gzip", "zcat"),
        (zstd, "is compressed with Zstandard", "zstdcat"),
        (utf_16, "is UTF-16 and not UTF-8", "iconv -f UTF-16 -t UTF-8"),
        (utf_16_turned, "is UTF-16 and not UTF-8", "iconv -f UTF-16 -t UTF-8"),
    ],
)
def test_what_has_to_be_made_text_first_says_how(tmp_path, form, pack, told, tool):
    """In a file and in a pipe; nothing of it is taken for rows that cannot be read."""
    file, out = tmp_path / f"in.{form}", tmp_path / f"out.{form}"
    file.write_bytes(pack(b'{"fever": true}\n' if form == "ndjson" else b"fever\ntrue\n"))

    done = run(file, out)
    in_pipe = piped("-", "-", "--from", form, "--to", form, given=file.read_bytes())

    hint = f"{told}: {tool} FILE | crampsrules cohort - OUT --from {form} reads it\n"
    assert (done.exit_code, in_pipe.returncode) == (ExitCode.USAGE, ExitCode.USAGE)
    assert done.stderr == f"Error: {file}: {hint}"
    assert in_pipe.stderr.decode() == f"Error: standard input: {hint}"
    assert list(tmp_path.iterdir()) == [file]


@pytest.mark.parametrize("size", [2, 2_000_000])
def test_lines_that_end_in_a_carriage_return_say_how_they_are_read(tmp_path, size):
    """All of them are one line otherwise, which may be too long."""
    file = tmp_path / "in.csv"
    file.write_bytes(b"person,age_years\r" + b"1,71,,,,,\r" * size)

    done = run(file, tmp_path / "out.csv")

    assert done.exit_code == ExitCode.USAGE
    assert "universal" not in done.stderr
    assert done.stderr.endswith(
        "; where all lines end in a carriage return, tr '\\r' '\\n' < FILE | crampsrules cohort - "
        "OUT --from csv reads it\n"
    )


def test_what_is_no_parquet_says_so(tmp_path):
    """And a column of Parquet of the wrong type names the column."""
    import polars as pl

    file = tmp_path / "in.parquet"
    file.write_text("fever\n")
    done = run(file, tmp_path / "out.csv")
    assert done.exit_code == ExitCode.USAGE
    assert "is not a Parquet file" in done.stderr

    pl.DataFrame({"fever": ["yes"]}).write_parquet(file)
    done = run(file, tmp_path / "out.csv")
    assert done.exit_code == ExitCode.BAD_FACTS
    assert "fever: the column has the type String" in done.stderr
    assert not (tmp_path / "out.csv").exists()


def test_a_fact_of_a_type_that_the_output_has_not_is_told_as_a_fact(tmp_path):
    """What is wrong with it is not that CSV could not hold it."""
    import polars as pl

    pl.DataFrame({"fever": [{"since": 1}]}).write_parquet(tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / "out.csv")

    assert done.exit_code == ExitCode.BAD_FACTS
    assert "fever: the column has the type Struct" in done.stderr
    assert "takes true or false" in done.stderr


MEMBERS = '{"medications": ["Zz;Yy"]}\n{"medications": ["ramipril"]}\n'


def test_a_member_that_no_csv_can_hold_is_put_aside_with_its_row(tmp_path):
    """A table of a million rows is not given up for one."""
    (tmp_path / "in.ndjson").write_text(MEMBERS)

    done = run(tmp_path / "in.ndjson", tmp_path / "out.csv")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert "2 rows read, 1 assessed" in done.stdout
    aside = (tmp_path / "out.csv.rejects.ndjson").read_text()
    assert (
        "medications: has a ; in 'Zz;Yy', which in CSV parts members: write Parquet or NDJSON"
    ) in aside


@pytest.mark.parametrize("dtype", ["List", "Array", "Categorical"])
def test_such_a_member_is_put_aside_whatever_kind_of_list_it_stands_in(tmp_path, dtype):
    """Parquet has several."""
    import polars as pl

    kinds = {
        "List": pl.List(pl.String),
        "Array": pl.Array(pl.String, 1),
        "Categorical": pl.List(pl.Categorical),
    }
    names = pl.Series("medications", [["Zz;Yy"], ["ramipril"]], dtype=kinds[dtype])
    pl.DataFrame([names]).write_parquet(tmp_path / "in.parquet")

    done = run(tmp_path / "in.parquet", tmp_path / "out.csv")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert "2 rows read, 1 assessed" in done.stdout
    assert "has a ; in 'Zz;Yy'" in (tmp_path / "out.csv.rejects.ndjson").read_text()


@pytest.mark.parametrize(
    ("target", "options"), [("out.ndjson", []), ("out.csv", ["--only-answers"])]
)
def test_such_a_member_is_no_matter_where_it_is_not_written_as_csv(tmp_path, target, options):
    """Neither in another format, nor where the column is not passed on."""
    (tmp_path / "in.ndjson").write_text(MEMBERS)

    done = run(tmp_path / "in.ndjson", tmp_path / target, *options)

    assert done.exit_code == ExitCode.OK
    assert "2 rows read, 2 assessed" in done.stdout


def test_a_column_that_is_nearly_a_fact_is_told_of(tmp_path):
    """It would be unknown for everyone."""
    (tmp_path / "in.csv").write_text("person,fever,age_year\n1,yes,71\n")

    done = run(tmp_path / "in.csv", tmp_path / "out.csv")

    assert "The column 'age_year' is not a fact; did you mean 'age_years'?" in done.stdout
    assert "'person'" not in done.stdout


def test_separators_go_by_the_name_or_are_told(tmp_path):
    """Tabs in .tsv, and whatever was said elsewhere."""
    (tmp_path / "in.tsv").write_text("person\tfever\n1\tyes\n")

    run(tmp_path / "in.tsv", tmp_path / "comma.csv")
    run(tmp_path / "in.tsv", tmp_path / "tab.tsv")
    run(tmp_path / "comma.csv", tmp_path / "point.csv", "--keep", "person")

    assert (tmp_path / "comma.csv").read_text().startswith("person,fever,triage,")
    assert (tmp_path / "tab.tsv").read_text().startswith("person\tfever\ttriage\t")
    (tmp_path / "in.csv").write_text("person;fever\n1;yes\n")
    run(tmp_path / "in.csv", tmp_path / "semi.csv", "--delimiter", ";")
    assert (tmp_path / "semi.csv").read_text().startswith("person;fever;triage;")


@pytest.mark.parametrize("target", ["csv", "ndjson"])
@pytest.mark.parametrize("source", ["csv", "ndjson"])
def test_in_a_pipe_the_rows_go_to_standard_output(tmp_path, source, target):
    """The same rows as into a file; the summary goes to standard error."""
    if (source, target) == ("ndjson", "csv"):
        return  # which columns there are is not known: see above
    file = write(tmp_path / f"in.{source}", people(20))
    run(file, tmp_path / f"out.{target}")

    done = piped("-", "-", "--from", source, "--to", target, given=file.read_bytes())

    assert done.returncode == ExitCode.OK
    assert done.stdout == (tmp_path / f"out.{target}").read_bytes()
    assert done.stderr.decode().startswith("20 rows read, 20 assessed\n")


def test_in_a_pipe_what_is_put_aside_goes_to_standard_error_or_a_file(tmp_path):
    """Nothing vanishes there either."""
    given = b"person,fever\n1,yes\n2,perhaps\n"
    put_aside = '{"line": 3, "reasons": ["fever: takes true or false, got \'perhaps\'"]'

    done = piped("-", "-", "--from", "csv", "--to", "csv", given=given)
    assert done.returncode == ExitCode.BAD_ROWS
    assert put_aside in done.stderr.decode()

    file = tmp_path / "aside.ndjson"
    done = piped("-", "-", "--from", "csv", "--to", "csv", "--rejects", str(file), given=given)
    assert put_aside in file.read_text()
    assert put_aside not in done.stderr.decode()


def test_where_what_is_put_aside_cannot_be_written_its_file_is_named(tmp_path):
    """And not standard output, which could be."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full to write to")
    (tmp_path / "aside").symlink_to("/dev/full")
    given = b"person,fever\n2,perhaps\n"

    done = piped(
        "-", "-", "--from", "csv", "--to", "csv", "--rejects", str(tmp_path / "aside"), given=given
    )

    assert done.returncode == ExitCode.USAGE
    assert done.stderr.decode() == ("Error: /dev/full cannot be written: No space left on device\n")


def test_from_a_pipe_to_a_file_it_says_that_it_cannot_go_on(tmp_path):
    """The file is whole or not there all the same."""
    out = tmp_path / "out.csv"

    done = piped("-", str(out), "--from", "csv", given=b"person,fever\n1,yes\n")

    assert done.returncode == ExitCode.OK
    assert "cannot be read again" in done.stderr.decode()
    assert list(answers_in(out)) == [1]
    assert list(tmp_path.iterdir()) == [out]


def test_a_reader_that_stops_is_no_traceback(cohort):
    """As with the other commands."""
    command = [sys.executable, "-m", "crampsrules", "cohort", str(cohort), "-"]
    with subprocess.Popen(
        [*command, "--to", "ndjson", "--batch", "1"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout
        assert process.stderr
        process.stdout.read(10)
        process.stdout.close()
        told = process.stderr.read()

    assert process.returncode == ExitCode.CLOSED_PIPE
    assert told == b""


def test_a_terminal_shows_how_far_it_is(tmp_path):
    """And a file or a pipe does not."""
    file = write(tmp_path / "in.csv", people(200))
    terminal, program = pty.openpty()

    process = started(file, tmp_path / "out.csv", "--batch", 10, streams=(0, 1, program))
    os.close(program)
    seen = b""
    try:
        while chunk := os.read(terminal, 10_000):
            seen += chunk
    except OSError:
        pass  # how a terminal tells that nobody writes to it any more
    process.join()
    os.close(terminal)

    assert process.exitcode == ExitCode.OK
    assert b"put aside" in seen
    assert run(file, tmp_path / "out.csv").stderr == ""


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
def test_a_slip_in_the_name_of_the_only_fact_is_told_in_every_format(tmp_path, target):
    """It would leave everyone unknown, and nobody to be seen."""
    slips = ("chestpain", "CHEST_PAIN", "Chest Pain")
    for slip, name in product(slips, ("in.csv", "in.ndjson")):
        content = f"{slip}\ntrue\n" if name == "in.csv" else f'{{"{slip}": true}}\n'
        (tmp_path / name).write_text(content)

        done = run(tmp_path / name, tmp_path / target)

        assert done.exit_code == ExitCode.USAGE
        assert "no column has the name of a fact" in done.stderr
        assert "did you mean 'chest_pain'?" in done.stderr


def test_a_column_of_ndjson_that_is_nearly_a_fact_is_told_of(tmp_path):
    """Also where the names of columns are known at the end alone."""
    file = tmp_path / "in.ndjson"
    file.write_text('{"fever": true}\n{"age_year": 3}\n')

    done = run(file, tmp_path / "out.ndjson")

    assert "The column 'age_year' is not a fact; did you mean 'age_years'?" in done.stdout


@pytest.mark.parametrize("option", [("--columns", "age_years=AGE"), ("--keep", "AGE")])
def test_a_column_that_no_row_of_ndjson_has_is_told_of(tmp_path, option):
    """Before anything is written."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"fever": true}\n')

    done = run(file, out, *option)

    assert done.exit_code == ExitCode.USAGE
    assert "there is no column 'AGE'" in done.stderr
    assert not out.exists()


@pytest.mark.parametrize(
    ("sign", "told", "option"),
    [(";", "';'", "';'"), ("\t", "a tab", "tab"), ("|", "'|'", "'|'"), (",", "','", ",")],
)
def test_what_else_may_stand_between_the_columns_is_hinted_at(tmp_path, sign, told, option):
    """All names are then one; with what is hinted at they are read."""
    file, out = tmp_path / "in.csv", tmp_path / "out.csv"
    file.write_text(f"age_years{sign}person\n3{sign}1\n")
    wrong = ["--delimiter", ":"] if sign == "," else []

    hint = f"If {told} stands between the columns, --delimiter {option} says so."
    assert hint in run(file, out, *wrong).stderr
    assert run(file, out, "--delimiter", *shlex.split(option)).exit_code == ExitCode.OK


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["{in}", "{out}", "--rejects", "{out}"], "cannot be both read and written, nor written"),
        (["{in}", "{out}", "--rejects", "{folder}/sub/../out.csv"], "nor written twice"),
        (["{in}", "{out}", "--rejects", "{folder}/link/out.csv"], "nor written twice"),
        (["{in}", "{out}", "--rejects", "-"], "rows that are put aside go to a file"),
        (["{in}", "{out}", "--rejects", "none/rejects"], "there is no folder"),
        (["{in}", "{out}", "--plot", "none/p.svg"], "there is no such folder"),
        (["{in}", "p.svg", "--to", "csv", "--plot", "p.svg"], "nor written twice"),
        (["{svg}", "{out}", "--from", "csv", "--plot", "{svg}"], "cannot be both read and written"),
        (["{in}", "{out}", "--rejects", "{svg}", "--plot", "{svg}"], "nor written twice"),
    ],
)
def test_nothing_is_written_over_what_is_read_or_written(tmp_path, arguments, told):
    """Nor is anything found out after the work that could be known before."""
    given = "age_years\n71\n999\n"
    paths = {"in": tmp_path / "in.csv", "svg": tmp_path / "in.svg", "out": tmp_path / "out.csv"}
    paths["in"].write_text(given)
    paths["svg"].write_text(given)
    paths["folder"] = tmp_path
    (tmp_path / "sub").mkdir()
    (tmp_path / "link").symlink_to(tmp_path)

    done = run(*(one.format(**paths) for one in arguments))

    assert done.exit_code == ExitCode.USAGE
    assert told in done.stderr
    assert paths["in"].read_text() == paths["svg"].read_text() == given
    assert not paths["out"].exists()


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (["-", "{file}", "--from", "csv"], "{file}"),
        (["-", "{out}", "--from", "csv", "--rejects", "{file}"], "{file}"),
        (["-", "{out}", "--from", "csv", "--plot", "{svg}"], "{svg}"),
        (["{file}", "-", "--to", "csv"], "standard output"),
        (["-", "-", "--from", "csv", "--to", "csv"], "standard output"),
        (["{other}", "-", "--to", "csv", "--rejects", "{file}"], "{file}"),
    ],
)
def test_a_file_that_a_shell_opened_is_not_written_over_either(tmp_path, arguments, told):
    """Behind standard input or output, whatever it is called."""
    paths = {name: tmp_path / f"{name}.csv" for name in ("file", "other", "out")}
    paths["svg"] = tmp_path / "same.svg"
    file, svg, other = paths["file"], paths["svg"], paths["other"]
    file.write_text("age_years\n71\n999\n")
    other.write_text("age_years\n71\n")
    svg.hardlink_to(file)

    with file.open("rb") as stdin, file.open("ab") as stdout:
        streams = {0: stdin.fileno(), 1: stdout.fileno()}
        done = piped(*(one.format(**paths) for one in arguments), streams=streams)

    assert done.returncode == ExitCode.USAGE
    assert f"{told.format(**paths)} cannot be both read and written" in done.stderr.decode()
    assert file.read_text() == "age_years\n71\n999\n"
    assert {*tmp_path.iterdir()} == {file, svg, other}


def test_a_file_may_be_both_ends_for_a_shell_where_a_cohort_uses_neither(tmp_path):
    """What is compared is what is read and written."""
    file, out = write(tmp_path / "in.csv", people(3)), tmp_path / "out.csv"
    log = tmp_path / "log"
    log.write_text("before\n")

    with log.open("rb") as stdin, log.open("ab") as stdout:
        done = piped(file, out, streams={0: stdin.fileno(), 1: stdout.fileno()})

    assert done.returncode == ExitCode.OK
    assert log.read_text().startswith("before\n3 rows read, 3 assessed")


def test_the_names_of_columns_are_written_once(tmp_path):
    """Also where there are blank lines and no row."""
    done = piped("-", "-", "--from", "csv", "--to", "csv", given=b"age_years,fever\n\n")

    assert done.stdout.count(b"age_years") == 1
