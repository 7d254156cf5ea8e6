"""The command as a process of its own, which need not load what another has loaded.

To load takes a second, and the rest next to nothing. How it starts from nothing, and how Python
ends it, a few tests see with a Python of their own.
"""

from __future__ import annotations

import multiprocessing
import os
import resource
import sys
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from io import TextIOWrapper
from multiprocessing.process import BaseProcess
from multiprocessing.reduction import DupFd
from subprocess import CompletedProcess
from typing import Any, Literal

from attrs import frozen

from crampsrules import assess
from crampsrules.cli import ask, cohort, commands, main

__all__ = ["ask", "cohort", "commands", "ran", "started"]

# Started once; all others are made from it. It has loaded what stands above and worked out what it
# takes to answer, and has started nothing.
_LOADED = multiprocessing.get_context("forkserver")
_LOADED.set_forkserver_preload(["pytest", "tests.command"])
str(assess())

Stream = int | None
"""The number of an open file, or None for a stream that is closed."""
INPUT, OUTPUT, MESSAGES = 0, 1, 2


def started(
    *arguments: object,
    streams: Sequence[Stream] = (INPUT, OUTPUT, MESSAGES),
    environment: Mapping[str, str] | None = None,
    room: int | None = None,
) -> BaseProcess:
    """Start the command; it can be killed.

    Its standard input, output and messages are `streams`, and its environment is ours unless
    another is given. With `room` no file may grow beyond so many bytes.
    """
    inherited = [None if one is None else _Inherited(one) for one in streams]
    told = dict(os.environ if environment is None else environment)
    process = _LOADED.Process(
        target=_be_the_command, args=([*map(str, arguments)], inherited, told, room)
    )
    process.start()
    return process


def ran(
    *arguments: object,
    given: bytes = b"",
    streams: Mapping[int, Stream] | None = None,
    environment: Mapping[str, str] | None = None,
) -> CompletedProcess[bytes]:
    """Run the command to its end, with a pipe for each stream that is not given."""
    theirs = dict(streams or {})
    pipes: dict[int, int] = {}
    for number in {INPUT, OUTPUT, MESSAGES} - theirs.keys():
        reading, writing = os.pipe()
        theirs[number], pipes[number] = (
            (reading, writing) if number == INPUT else (writing, reading)
        )
    process = started(*arguments, streams=[theirs[n] for n in range(3)], environment=environment)
    for number in pipes:
        os.close(theirs[number] or 0)
    with ThreadPoolExecutor() as reading_both:
        told = {n: reading_both.submit(_all_of, pipes[n]) for n in pipes if n != INPUT}
        if INPUT in pipes:
            _feed(pipes[INPUT], given)
    process.join()
    output, messages = (told[n].result() if n in told else b"" for n in (OUTPUT, MESSAGES))
    return CompletedProcess([*map(str, arguments)], process.exitcode or 0, output, messages)


def _all_of(pipe: int) -> bytes:
    with open(pipe, "rb") as file:
        return file.read()


def _feed(pipe: int, given: bytes) -> None:
    try:
        with open(pipe, "wb") as file:
            file.write(given)
    except BrokenPipeError:
        pass  # it need not read all of it


@frozen
class _Inherited:
    """An open file that the process is to have too."""

    number: int

    def __reduce__(self) -> tuple[Any, ...]:
        return _taken, (DupFd(self.number),)


def _taken(duplicate: Any) -> int:
    return int(duplicate.detach())


def _be_the_command(
    arguments: Sequence[str],
    streams: Sequence[Stream],
    environment: Mapping[str, str],
    room: int | None,
) -> None:
    """From here on, what `python -m crampsrules` is once it has loaded."""
    os.environ.clear()
    os.environ.update(environment)
    for number, stream in enumerate(streams):
        if stream is None:
            os.close(number)
        else:
            os.dup2(stream, number)
            os.close(stream)
    sys.stdin, sys.stdout, sys.stderr = (
        None if stream is None else _opened(number) for number, stream in enumerate(streams)
    )
    if room is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, room))
    main(arguments, prog_name="python -m crampsrules")


def _opened(number: int) -> TextIOWrapper:
    """A standard stream as Python opens it."""
    mode: Literal["rb", "wb"] = "rb" if number == INPUT else "wb"
    errors = "backslashreplace" if number == MESSAGES else "strict"
    at_once = number == MESSAGES or os.isatty(number)
    file = os.fdopen(number, mode, closefd=False)
    return TextIOWrapper(file, encoding="utf-8", errors=errors, line_buffering=at_once)
