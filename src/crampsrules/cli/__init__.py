"""The command line. It needs the extra `cli`; without it, it says so and nothing else."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from io import TextIOWrapper

from crampsrules.cli.exit_codes import ExitCode
from crampsrules.errors import MissingExtraError

__all__ = ["ExitCode", "main"]

_NEEDS = ("click", "rich")


def main(arguments: Sequence[str] | None = None, *, prog_name: str = "crampsrules") -> None:
    """Run the command line and leave Python with one of `ExitCode`."""
    try:
        _require_packages()
    except MissingExtraError as error:
        sys.stderr.write(f"Error: {error}\n")
        sys.exit(ExitCode.MISSING)
    from crampsrules.cli.commands import crampsrules

    _write_any_text()
    crampsrules.main(arguments, prog_name=prog_name)


def _require_packages() -> None:
    for package in _NEEDS:
        if find_spec(package) is None:
            raise MissingExtraError.for_extra("cli", package)


def _write_any_text() -> None:
    # A terminal or a pipe that cannot take every letter shows a ? in its place.
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(errors="replace")
