"""The line numbers of generated code: only where an error can come from.

Python 3.12 and 3.13 tell a tracer, such as that of coverage, of each line that is run, and look its
number up from the start of the function's table. In a function of some thousand lines, which are
nobody's to see, that makes a thousandfold of the time. So the table names a line for calls and
look-ups alone: from there an error can come, or an interruption, and whoever shows it wants a
number.
"""

from __future__ import annotations

import dis
import sys
from collections.abc import Iterator
from itertools import groupby
from types import CodeType

# From Python 3.14 on, coverage is asked once whether it wants the lines of a function.
IS_NEEDED = sys.implementation.name == "cpython" and (3, 12) <= sys.version_info < (3, 14)

# What may run Python elsewhere, and where a function begins.
_HAVE_LINES = ("CALL", "BINARY_SUBSCR", "RESUME")

# An entry of the table, as in CPython's Objects/locations.md: a bit that begins it, a kind, and of
# how many units of code it tells, which are eight at most.
_BEGINS, _MOST = 0x80, 8
_NO_LINE, _SAME_LINE = 15 << 3, 13 << 3


def with_lines_of_calls(code: CodeType) -> CodeType:
    """The same code, with its first line as the line of each call and look-up, and no other."""
    inner = (
        with_lines_of_calls(one) if isinstance(one, CodeType) else one for one in code.co_consts
    )
    return code.replace(co_consts=tuple(inner), co_linetable=b"".join(_entries(code)))


def _entries(code: CodeType) -> Iterator[bytes]:
    for has_line, units in groupby(_have_lines(code)):
        left = sum(1 for _ in units)
        while left:
            size = min(left, _MOST)
            kind = _SAME_LINE if has_line else _NO_LINE
            # After a kind with a line stands how far that is from the last one.
            yield bytes([_BEGINS | kind | (size - 1)]) + (b"\0" if has_line else b"")
            left -= size


def _have_lines(code: CodeType) -> Iterator[bool]:
    """For each unit of code whether it is part of what has a line."""
    has_line = False
    for opcode in code.co_code[::2]:
        name = dis.opname[opcode]
        if name != "CACHE":  # which is part of what stands before it
            has_line = name.startswith(_HAVE_LINES)
        yield has_line
