"""Before any command: what has to be installed, and what the streams are."""

import os
import subprocess
import sys

import pytest

from crampsrules.cli import ExitCode, main
from tests.cli.common import ROOT, bare_environment, program, shell
from tests.processes import run_python

WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "{package}":
            raise ModuleNotFoundError(name)

for finder in list(sys.meta_path):
    find = finder.find_spec
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "{package}" else found(name, *more)
sys.meta_path.insert(0, Hidden())
import crampsrules
print(crampsrules.assess(chest_pain=True).triage.id)
sys.argv = ["crampsrules", "check"]
from crampsrules.cli import main
main()
"""


def test_stopped_while_it_loads_it_says_nothing(monkeypatch, capsys):
    """There is nothing that could be kept or lost."""

    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr("crampsrules.cli._require_packages", stopped)

    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == ExitCode.INTERRUPTED
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("package", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(package):
    """The library works without click and rich; only the command line needs them."""
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT.replace("{package}", package)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout == "emergency\n"
    assert result.returncode == ExitCode.MISSING
    assert result.stderr.startswith(f"Error: this needs the package {package}")
    assert 'pip install "crampsrules[cli]"' in result.stderr


def test_the_library_never_imports_what_only_the_command_line_needs():
    """Not on import, and not for an assessment, an explanation or a question."""
    code = """
import sys, crampsrules
found = crampsrules.assess(chest_pain=True)
str(found), str(found.explain()), found.to_json(), crampsrules.next_questions({})
print(sorted({name.partition(".")[0] for name in sys.modules} & {"click", "rich"}))
"""

    assert run_python(code) == "[]\n"


def test_help_names_the_command_as_it_was_called(capsys):
    """By its own name, or by what was put in its place."""
    for options, name in (({}, "crampsrules"), ({"prog_name": "python -m it"}, "python -m it")):
        with pytest.raises(SystemExit) as ended:
            main(["--help"], **options)
        assert ended.value.code == ExitCode.OK
        assert capsys.readouterr().out.startswith(f"Usage: {name} [OPTIONS] COMMAND")


def test_a_terminal_that_cannot_write_a_letter_gets_a_question_mark():
    """An encoding without the letters of a text is no reason to fail."""
    facts = '{"medications": ["\u043a\u043e\u0440\u0430"]}'
    result = shell("assess", "-", given=facts, PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")

    assert result.returncode in (ExitCode.OK, ExitCode.BAD_FACTS)
    assert "Traceback" not in result.stderr


# --- Streams that a shell has closed ---


def closing(redirection, *arguments):
    """Run the command as a shell does that closes a stream, as in `>&-`."""
    line = f'exec "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "crampsrules", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=bare_environment(),
    )


NEEDS_A_SHELL = pytest.mark.skipif(os.name != "posix", reason="there is no sh to close streams")
OUTPUT_CLOSED = "Error: standard output is closed: > /dev/null if nobody is to see it\n"
PATIENT, PEOPLE = ROOT / "examples" / "night_cramps.toml", ROOT / "examples" / "cohort.csv"


@pytest.mark.parametrize(
    "command", ["--help", f"assess {PATIENT}", "rules", "ask", f"cohort {PEOPLE} - --to csv"]
)
def test_with_standard_output_closed_nothing_is_done(command):
    """Nobody would see the answer. It is said, unless nobody wants to hear either."""
    done = program(*command.split(), streams={1: None})

    assert done.returncode == ExitCode.USAGE
    assert done.stderr == OUTPUT_CLOSED
    assert program(*command.split(), streams={1: None, 2: None}).returncode == ExitCode.USAGE


@pytest.mark.parametrize(
    "command",
    [
        "assess -",
        "ask",
        "cohort - - --from csv --to csv",
        "cohort - - --from ndjson --to ndjson",
        "graph -",
    ],
)
def test_nothing_is_made_of_a_standard_input_that_is_closed(command):
    """It is no patient of whom nothing is known, and no cohort of nobody."""
    done = program(*command.split(), streams={0: None})

    assert done.stdout == ""
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.endswith(": standard input is closed\n")


def test_a_stream_that_is_not_needed_may_be_closed():
    """Neither input nor messages are needed to assess a file."""
    done = program("assess", PATIENT, streams={0: None, 2: None})

    assert done.returncode == ExitCode.OK
    assert done.stdout == program("assess", PATIENT).stdout


@NEEDS_A_SHELL
def test_a_shell_closes_streams_as_the_tests_above_do():
    """From the first line of Python on, which has None for what is closed."""
    output, messages = closing(">&-", "rules"), closing("<&- 2>&-", "assess", str(PATIENT))

    assert (output.returncode, output.stderr) == (ExitCode.USAGE, OUTPUT_CLOSED)
    assert closing(">&- 2>&-", "--help").returncode == ExitCode.USAGE
    assert messages.returncode == ExitCode.OK
    assert messages.stdout == program("assess", PATIENT).stdout
