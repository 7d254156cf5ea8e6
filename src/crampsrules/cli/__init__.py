"""The command line. It needs the extra `cli`; without it, it says so and nothing else."""

from __future__ import annotations

import errno
import os
import sys
from collections.abc import Sequence
from importlib.util import find_spec
from io import TextIOBase, TextIOWrapper
from pathlib import Path
from typing import BinaryIO, NoReturn

from crampsrules.cli.exit_codes import ExitCode
from crampsrules.errors import MissingExtraError

__all__ = ["ExitCode", "main"]

_NEEDS = ("click", "rich")
_STANDARD = (0, 1, 2)  # input, output and messages, for the system


def main(arguments: Sequence[str] | None = None, *, prog_name: str = "crampsrules") -> None:
    """Run the command line and leave Python with one of `ExitCode`."""
    _settle_closed_streams()
    try:
        _require_packages()
        from crampsrules.cli.commands import crampsrules
    except MissingExtraError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(ExitCode.MISSING)
    except KeyboardInterrupt:  # to load everything takes a second
        sys.exit(ExitCode.INTERRUPTED)

    _write_any_text()
    crampsrules.main(arguments, prog_name=prog_name)


def _settle_closed_streams() -> None:
    """Put something in the place of each stream that a shell has closed, as in `>&-`.

    Python has None there. Standard input is told of when it is read, and messages that nobody wants
    are not written. Without standard output it is refused to work: nobody would see what comes.
    """
    _take_their_numbers()
    if sys.stdin is None:
        sys.stdin = _ClosedInput()
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - for good
    if sys.stdout is None:
        sys.stdout = sys.stderr  # where Python itself and others expect one
        sys.stderr.write("Error: standard output is closed: > /dev/null if nobody is to see it\n")
        sys.exit(ExitCode.USAGE)


def _take_their_numbers() -> None:
    # A file that is opened later would get the number of a closed stream, and be written to by
    # whatever writes there without asking Python.
    while (number := os.open(os.devnull, os.O_RDWR)) in _STANDARD:
        pass
    os.close(number)


class _ClosedInput(TextIOBase):
    """A standard input of which nothing can be read: no answer, and no cohort of nobody."""

    @property
    def buffer(self) -> BinaryIO:
        self._refuse()

    def read(self, _: int | None = -1, /) -> str:
        self._refuse()

    def readline(self, _: int = -1, /) -> str:  # type: ignore[override]
        self._refuse()

    def _refuse(self) -> NoReturn:
        raise _ClosedInputError(errno.EBADF, "standard input is closed")


class _ClosedInputError(OSError):
    """Something is read that the shell has closed."""

    def __str__(self) -> str:
        """The words alone."""
        return str(self.strerror)


def _require_packages() -> None:
    for package in _NEEDS:
        if find_spec(package) is None:
            raise MissingExtraError.for_extra("cli", package)


def _write_any_text() -> None:
    # A terminal or a pipe that cannot take every letter shows a ? in its place.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
