"""How every command ends: a message and an exit code, and no traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from crampsrules.cli import ExitCode
from tests.cli.common import SOUND_PACK, run, shell

BROKEN_PACK = SOUND_PACK.replace('"thirst"', '"thrist"', 1)


def _broken(tmp_path):
    (tmp_path / "broken.toml").write_text(BROKEN_PACK, encoding="utf-8")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("code", "arguments", "facts", "said"),
    [
        (ExitCode.OK, ["assess", "-"], '{"chest_pain": true}', ""),
        (ExitCode.USAGE, ["asess"], "", "No such command"),
        (ExitCode.USAGE, ["assess"], "", "Missing argument 'FILE'"),
        (ExitCode.USAGE, ["assess", "nowhere.toml"], "", "nowhere.toml"),
        (ExitCode.USAGE, ["rules", "medication"], "", "did you mean 'medications'"),
        (ExitCode.USAGE, ["check", "--alone"], "", "--alone needs a DIR"),
        (ExitCode.USAGE, ["ask", "--save", "nowhere/at/all.json"], "q\n", "nowhere"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"fevr": true}', "did you mean 'fever'"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"age_years": 300}', "0 to 120"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "[1, 2]", "is not TOML"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "", "there is nothing in it"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "\ufeff \n", "there is nothing in it"),
        (ExitCode.BAD_FACTS, ["assess", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.BAD_FACTS, ["graph", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.BAD_FACTS, ["ask", "--replay", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.USAGE, ["assess", "-", "-o", "none/x"], "{}", "there is no such folder"),
        (ExitCode.USAGE, ["assess", "-", "--json", "--html"], "{}", "one of --json, --html:"),
        (
            ExitCode.USAGE,
            ["assess", "-", "--cause", "cold", "--json"],
            "{}",
            "--explain or --cause",
        ),
        (ExitCode.USAGE, ["assess", "-", "--what-if", "--html"], "{}", "one of --what-if, --html:"),
        (ExitCode.USAGE, ["ask", "--explain", "--html"], "q\n", "one of --html, --explain or"),
        (ExitCode.USAGE, ["ask", "--save", "none/x"], "1\n", "there is no such folder"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"medications": ["furosemid"]}', "'furosemide'"),
        (ExitCode.BAD_RULES, ["assess", "-", "--rules", "BROKEN"], "{}", "did you mean 'thirst'"),
        (ExitCode.BAD_RULES, ["rules", "--rules", "BROKEN"], "", "ours.thirst"),
        (ExitCode.BAD_RULES, ["check", "BROKEN"], "", "^"),
        (ExitCode.MISSING, ["assess", "-", "--engine", "duable"], "{}", "did you mean 'durable'"),
        (ExitCode.MISSING, ["ask", "--engine", "none"], "q\n", "there is no engine"),
    ],
)
def test_every_ending_has_its_exit_code(tmp_path, code, arguments, facts, said):
    """Errors go to stderr, in words, and stdout stays empty."""
    broken = _broken(tmp_path)
    result = run(*(broken if one == "BROKEN" else one for one in arguments), given=facts)

    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert bool(result.stdout) is (code == ExitCode.OK)


def test_the_exit_code_of_the_program_is_that_of_the_command():
    """What the shell sees, without a traceback."""
    result = shell("assess", "-", given='{"fevr": true}')

    assert result.returncode == ExitCode.BAD_FACTS
    assert result.stdout == ""
    assert result.stderr == "Error: fevr: is not a fact; did you mean 'fever'?\n"


def test_a_reader_that_stops_reading_ends_it_quietly():
    """As `| true` does, before anything could be written."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "crampsrules", "rules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    error = writer.stderr.read()
    writer.stderr.close()

    assert writer.wait() == ExitCode.CLOSED_PIPE
    assert error == ""


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")


@FULL
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["assess", "--help"],
        ["assess", "{}"],
        ["assess", "{}", "--json"],
        ["rules"],
        ["cohort", "examples/cohort.csv", "-", "--to", "csv", "--columns", "age_years=AGE"],
    ],
)
def test_where_standard_output_is_full_it_says_so(tmp_path, arguments):
    """In words, and of nothing else."""
    file = tmp_path / "facts.json"
    file.write_text('{"fever": true}')
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "crampsrules", *(one.format(file) for one in arguments)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == ExitCode.USAGE
    assert done.stderr == ("Error: standard output cannot be written: No space left on device\n")
