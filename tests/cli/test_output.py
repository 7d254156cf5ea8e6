"""What goes to a terminal, a pipe or a file, and where there is colour."""

from __future__ import annotations

import json
import sys
from io import StringIO

import click
import html5lib
import pytest
from rich.text import Text

from crampsrules import Triage, assess
from crampsrules.cli import ExitCode
from crampsrules.cli.output import TRIAGE_STYLES, forbid_colour, progress_console, show, show_error
from tests.cli.common import NIGHT_CRAMPS, at_a_screen, output_of, program, run


def test_output_goes_to_a_file_where_it_is_told_to(tmp_path):
    """The file holds what would have been printed."""
    file = tmp_path / "leaflet.txt"
    printed = run("assess", "-", "--output", str(file), given=json.dumps(NIGHT_CRAMPS))

    assert printed.stdout == ""
    assert file.read_text(encoding="utf-8").strip() == str(assess(NIGHT_CRAMPS)).strip()


def test_a_page_written_to_a_file_is_utf_8_and_nothing_is_shown(patient, tmp_path):
    file = tmp_path / "page.html"

    shown = output_of("assess", patient, "--html", "-o", file)

    assert shown == ""
    written = file.read_bytes().decode("utf-8")
    assert "µ-tonic" in written
    assert "\r" not in written
    html5lib.HTMLParser(strict=True).parse(written)


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(patient, tmp_path):
    missing = tmp_path / "nowhere" / "page.html"

    told = output_of("assess", patient, "--html", "-o", missing, code=ExitCode.USAGE)

    assert str(missing) in told


def test_an_error_says_that_it_is_one(capsys):
    """On stderr, and nothing on stdout."""
    show_error("no such file")

    assert capsys.readouterr() == ("", "Error: no such file\n")


# --- Colour ---


def test_each_level_has_a_colour_of_its_own():
    """From green to white on red."""
    assert list(TRIAGE_STYLES) == list(Triage)
    assert len(set(TRIAGE_STYLES.values())) == len(Triage)


def test_a_terminal_shows_styles_and_a_pipe_the_words_alone(monkeypatch):
    """Words without a style are the same on both."""
    screen = at_a_screen(monkeypatch)
    show(Text("at once", "bold red"))
    show("plain", error=True)
    monkeypatch.setattr(sys, "stdout", pipe := StringIO())
    show(Text("at once", "bold red"))

    assert screen.getvalue() == "\x1b[1;31mat once\x1b[0m\nplain\n"
    assert pipe.getvalue() == "at once\n"


def test_colour_may_be_forbidden(monkeypatch):
    """By the option, wherever it stood, and by the environment."""
    screen, option = at_a_screen(monkeypatch), click.Option(["--no-color"])
    with click.Context(click.Command("assess")) as context:
        forbid_colour(context, option, value=False)
        show(Text("one", "bold"))
        forbid_colour(context, option, value=True)
        show(Text("two", "bold"))
        assert progress_console().no_color is True
    monkeypatch.setenv("NO_COLOR", "1")
    show(Text("three", "bold"))

    assert screen.getvalue() == "\x1b[1mone\x1b[0m\ntwo\nthree\n"


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--no-color"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_and_can_be_forbidden(arguments, environment, coloured):
    """Where there is no colour there is no escape of any kind, and the words are the same."""
    facts = json.dumps({"chest_pain": True})
    printed = program("assess", "-", *arguments, given=facts, **environment).stdout

    assert ("\x1b[" in printed) is coloured
    assert _plain(printed) == str(assess(chest_pain=True))


def _plain(text):
    from rich.text import Text

    return Text.from_ansi(text).plain


def test_no_colour_may_stand_before_the_command():
    """Wherever it stands, it holds."""
    facts = json.dumps({"chest_pain": True})
    printed = program("--no-color", "assess", "-", given=facts, FORCE_COLOR="1").stdout

    assert "\x1b[" not in printed
