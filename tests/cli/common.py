"""What tests of the command line share."""

from __future__ import annotations

import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest
from click.testing import CliRunner
from rich.text import Text

from crampsrules import RuleBase, Triage
from crampsrules.cli import ExitCode
from crampsrules.cli.commands import crampsrules as tool
from crampsrules.questions import Question
from tests.command import ran

ROOT = Path(__file__).parents[2]
SHIPPED = RuleBase.load()
INFORMS = "It informs; it does not diagnose."

NIGHT_CRAMPS = {"symptoms": ["cramp"], "timing": ["night"], "episodes_per_week": 3}

SOUND_PACK = """
[[sources]]
id = "book"
title = "The book"

[[escalations]]
id = "ours.thirst"
when = "thirst"
triage = "soon"
reason = "You are very thirsty."
source = "book"

[[examples]]
says = "Someone thirsty"
facts = { thirst = true }
expect = { triage = "soon", fires = ["ours.thirst"] }

[[examples]]
says = "Someone who is not"
facts = { thirst = false }
expect = { silent = ["ours.thirst"] }
"""

LOW_POTASSIUM = {
    "symptoms": ["cramp"],
    "sites": ["calf"],
    "potassium_mmol_l": 3.1,
    "medications": ["µ-tonic"],
}


def run(*arguments, given=""):
    """Run the command in this process."""
    return CliRunner().invoke(tool, list(arguments), input=given)


def output_of(*arguments, code=ExitCode.OK):
    """What the command prints, where it ends so."""
    result = CliRunner().invoke(tool, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result.output


def program(*arguments, given="", streams=None, **environment):
    """Run the command as a process of its own."""
    done = ran(
        *arguments,
        given=given.encode(),
        streams=streams,
        environment={**bare_environment(), **environment},
    )
    return subprocess.CompletedProcess(
        done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
    )


def shell(*arguments, given="", **environment):
    """Run the command as a shell does, from the first line of Python on."""
    return subprocess.run(
        [sys.executable, "-m", "crampsrules", *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**bare_environment(), **environment},
    )


def bare_environment():
    """The environment but for what tells a program of a terminal."""
    told = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    return {name: value for name, value in os.environ.items() if name not in told}


def asking(*facts: str, id_: str = "x") -> Question:
    """A question about these facts."""
    return Question(
        id=id_,
        text="A question?",
        facts=facts,
        why="",
        could_change="triage",
        could_reach=Triage.ROUTINE,
    )


def styled(text: Text) -> list[tuple[str, str]]:
    """Each piece of a text that has a style, and the style."""
    return [
        (text.plain[span.start : span.end].strip("\n"), str(span.style))
        for span in text.spans
        if str(span.style)
    ]


class Screen(StringIO):
    """A terminal that is written to."""

    def isatty(self) -> bool:
        return True


def at_a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal that can show colours, in place of both streams."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = Screen()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    return shown
