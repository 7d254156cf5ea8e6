"""What the command line tells the shell."""

from __future__ import annotations

import enum
from typing import Self


class ExitCode(enum.IntEnum):
    """How a command ended."""

    OK = 0, "done, whatever the assessment says"
    FAILED_CHECK = 1, "check or prove found rules that do not do what they should"
    USAGE = 2, "the command was not understood, or a file cannot be read or written"
    BAD_FACTS = 3, "the facts cannot be used, or the last answer given to ask"
    BAD_RULES = 4, "the rules cannot be used"
    MISSING = 5, "an engine or an optional package is missing, or an engine cannot go on"
    BAD_ROWS = 6, "the cohort is assessed but for some rows, which were put aside"
    UNFINISHED = 7, "the cohort stopped before its end; the same command goes on"
    INTERRUPTED = 130, "stopped by Ctrl-C"
    CLOSED_PIPE = 141, "whoever read the output stopped reading"

    meaning: str

    def __new__(cls, code: int, meaning: str) -> Self:
        """Carry the meaning beside the number, for --help."""
        member = int.__new__(cls, code)
        member._value_ = code
        member.meaning = meaning
        return member
