"""A cohort on the terminal: how far it is, and what came out."""

from __future__ import annotations

import sys
from io import StringIO

from attrs import evolve

from crampsrules import Triage
from crampsrules.cli.output import TRIAGE_STYLES
from crampsrules.cli.shown_cohort import outcome_data, outcome_shown, progress_bar
from crampsrules.cohort.run import Outcome, Progress
from crampsrules.cohort.tally import Tally
from tests.cohort.common import SHIPPED, plan

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
        "1,505 rows read, 1,500 assessed; 1,000 of the rows were read by an earlier run\n"
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
        "unrecognised": {"people": 0, "names": {}, "names_of_one_person": 0, "beyond": 0},
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
