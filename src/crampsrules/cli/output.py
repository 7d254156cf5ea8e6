"""Writing to a terminal, a file or a pipe: the same words everywhere, colour on terminals only."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from rich.console import Console
from rich.text import Text

from crampsrules.cli.exit_codes import ExitCode
from crampsrules.triage import Triage

TRIAGE_STYLES = {
    Triage.SELF_CARE: "bold green",
    Triage.ROUTINE: "bold cyan",
    Triage.SOON: "bold yellow",
    Triage.SAME_DAY: "bold bright_red",
    Triage.EMERGENCY: "bold white on red",
}
_NO_COLOUR = "crampsrules.no_colour"


def forbid_colour(context: click.Context, _: click.Parameter, value: bool) -> None:
    """Note --no-color, wherever on the command line it stands."""
    if value:
        context.meta[_NO_COLOUR] = True


def show(text: Text | str = "", *, error: bool = False) -> None:
    """Write lines of text; its styles are seen on a terminal that may have colour."""
    console = _console(error=error)
    if isinstance(text, Text) and console.is_terminal and not console.no_color:
        console.print(text, soft_wrap=True, highlight=False)  # wrapped already, or not meant to be
    else:
        click.echo(str(text), err=error, color=True)  # there is nothing in it to take out


def deliver(text: Text | str, file: Path | None) -> None:
    """Write the result to a file, which is UTF-8 everywhere, or show it where none was named."""
    if file is None:
        show(text)
        return
    with naming(file):
        file.write_text(f"{text}\n", encoding="utf-8", newline="\n")


@contextmanager
def naming(file: Path) -> Iterator[None]:
    """Name the file in whatever goes wrong while it is written."""
    try:
        yield
    except OSError as error:
        raise _UnwritableError(str(file), hint=error.strerror) from None


class _UnwritableError(click.FileError):
    """A file cannot be written."""

    exit_code = ExitCode.USAGE


def refuse_missing_folder(file: Path | None) -> None:
    """Say before the work, and not after it, that there is no folder for a file to be written."""
    if file is not None and not file.absolute().parent.is_dir():
        raise _UnwritableError(str(file), hint="there is no such folder")


def show_error(message: str) -> None:
    """Write an error message to stderr."""
    show(Text.assemble(("Error: ", "bold red"), message), error=True)


def progress_console() -> Console:
    """Where it is shown how far something has come."""
    return _console(error=True)


def _console(*, error: bool) -> Console:
    context = click.get_current_context(silent=True)
    forbidden = context is not None and _NO_COLOUR in context.meta
    return _PipeConsole(
        file=sys.stderr if error else sys.stdout,
        no_color=True if forbidden else None,  # None leaves it to rich, which asks NO_COLOR
        legacy_windows=False,
    )


class _PipeConsole(Console):
    """A console that leaves a closed pipe to whoever runs the command."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError
