"""The command `cohort`: what is made of its options, and what a terminal shows."""

from __future__ import annotations

import json
import re
import sys
from io import StringIO
from pathlib import Path

import click
import pytest
from attrs import evolve

from crampsrules import Triage
from crampsrules.cli import ExitCode
from crampsrules.cli.output import TRIAGE_STYLES
from crampsrules.cli.shown_cohort import outcome_data, outcome_shown, progress_bar
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.run import Outcome, Progress
from crampsrules.cohort.tally import Tally
from tests.cohort.common import SHIPPED, people, plan, run, write

# --- What is made of the options ------------------------------------------------------------------


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
        assert str(raised.value) == f"of - the format is not known: say it with {option}"


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


# --- What is done with them -----------------------------------------------------------------------


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


# --- What is shown --------------------------------------------------------------------------------

CAUSES = sorted(SHIPPED.causes)[:2]
TALLY = Tally(
    assessed=1_500,
    unreadable=2,
    bad_facts=3,
    triage={"emergency": 300, "routine": 1_200},
    top_causes={CAUSES[0]: 900},
    causes={CAUSES[0]: 900, CAUSES[1]: 700},
)
OUTCOME = Outcome(
    tally=TALLY,
    facts={"HOT": "fever"},
    others=("person", "age_year", "fever"),
    resumed=1_000,
)


def test_a_summary_in_words():
    """How many, how urgent, and which cause comes first; what was put aside, and what is odd."""
    shown = outcome_shown(OUTCOME, plan())
    styles = {shown.plain[one.start : one.end].strip(): str(one.style) for one in shown.spans}
    head, urgency, causes, disclaimer = shown.plain.split("\n\n")

    assert head == (
        "1,505 rows read, 1,500 assessed; 1,000 of them by an earlier run\n"
        "5 put aside, each with the reason, in out.csv.rejects.ndjson (not to be read: 2; with "
        "facts that cannot be used: 3)\n"
        "The column 'age_year' is not a fact; did you mean 'age_years'?"
    )
    titles = SHIPPED.wording.triage
    expected = [
        f"  {rows:5,}   {share:>5}  {titles[level.id].title}"
        for level, rows, share in (
            (Triage.EMERGENCY, 300, "20.0%"),
            (Triage.SAME_DAY, 0, "0%"),
            (Triage.SOON, 0, "0%"),
            (Triage.ROUTINE, 1_200, "80.0%"),
            (Triage.SELF_CARE, 0, "0%"),
        )
    ]
    assert urgency.splitlines() == ["How soon to be seen", *expected]
    assert causes.splitlines()[0] == "Cause that comes first"
    assert disclaimer == SHIPPED.wording.leaflet["disclaimer"]
    assert styles["How soon to be seen"] == styles["Cause that comes first"] == "bold"
    assert styles["5 put aside"] == "bold yellow"
    emergency = titles["emergency"].title
    assert styles[emergency] == TRIAGE_STYLES[Triage.EMERGENCY]
    assert titles["soon"].title not in styles


def test_a_summary_says_nothing_of_what_was_not():
    """No row put aside, none done before, no odd column."""
    quiet = Outcome(tally=Tally(assessed=1), facts={}, others=(), resumed=0)

    assert outcome_shown(quiet, plan()).plain.startswith(
        "1 rows read, 1 assessed\n\nHow soon to be seen\n"
    )
    piped = evolve(plan(), target=None, rejects=None)
    assert "put aside, each with the reason, in standard error (" in str(
        outcome_shown(OUTCOME, piped)
    )


def test_a_summary_for_programs():
    """The same, and what it rests on."""
    assert outcome_data(OUTCOME, plan()) == {
        "rows": 1_505,
        "assessed": 1_500,
        "rejected": {"unreadable": 2, "bad_facts": 3},
        "triage": {"self_care": 0, "routine": 1_200, "soon": 0, "same_day": 0, "emergency": 300},
        "top_causes": {CAUSES[0]: 900},
        "causes": {CAUSES[0]: 900, CAUSES[1]: 700},
        "resumed_after": 1_000,
        "columns": {"facts": {"HOT": "fever"}, "others": ["person", "age_year", "fever"]},
        "output": "out.csv",
        "rejects": "out.csv.rejects.ndjson",
        "rules_version": SHIPPED.version,
        "disclaimer": SHIPPED.wording.leaflet["disclaimer"],
    }
    quiet = evolve(OUTCOME, tally=Tally(assessed=1))
    assert outcome_data(quiet, plan())["rejects"] is None


class Terminal(StringIO):
    """What a terminal is shown."""

    def isatty(self):
        """It is one."""
        return True


def test_a_bar_shows_how_far_it_is(monkeypatch):
    """How many rows, how many put aside and how much of all; then it goes away."""
    terminal = Terminal()
    monkeypatch.setattr(sys, "stderr", terminal)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    with progress_bar() as watch:
        watch(Progress(done=250, size=1_000, tally=TALLY))
        begun = terminal.getvalue()
    shown = terminal.getvalue()

    assert "0 rows, 0 put aside" in begun
    assert " 25%" in shown
    assert "1,505 rows, 5 put aside" in shown
    assert "\x1b[2K" in shown.rsplit("put aside", 1)[1]  # the line is taken away


def test_nothing_but_a_terminal_is_shown_a_bar(monkeypatch):
    """A file of messages has no use for one."""
    file = StringIO()
    monkeypatch.setattr(sys, "stderr", file)
    with progress_bar() as watch:
        watch(Progress(done=250, size=1_000, tally=TALLY))

    assert file.getvalue() == ""
