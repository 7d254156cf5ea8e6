"""Lines of a stream of bytes, each with its number, and none longer than memory bears."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections import deque
from collections.abc import Iterable, Mapping
from typing import BinaryIO

from attrs import frozen

from crampsrules.cohort.formats import NOT_UTF_8

LONGEST_LINE = 16 * 2**20
_SHOWN_OF_LONGER = 1000
BEGINNING: Mapping[str, int] = {"offset": 0, "number": 1}
"""The position of the first line."""


class UnreadableLineError(ValueError):
    """Its text says why a line cannot be read."""


@frozen
class Line:
    """One line with its end. Of one that is too long only the beginning is kept."""

    number: int
    content: bytes
    size: int
    is_whole: bool = True

    @property
    def is_blank(self) -> bool:
        """Whether there is nothing on it."""
        return not self.content.strip(b" \t\r\n")

    def decoded(self) -> str:
        """The line with its end. Raises UnreadableLineError."""
        if not self.is_whole:
            raise UnreadableLineError(f"is longer than {LONGEST_LINE} bytes; this is its beginning")
        try:
            return self.content.decode()
        except UnicodeDecodeError as error:
            raise UnreadableLineError(
                f"is not UTF-8: {error.reason} at byte {error.start + 1}; {NOT_UTF_8}"
            ) from None

    def text(self) -> str:
        """The line without its end, to be shown: what is not UTF-8 as the bytes that it is."""
        return self.content.decode("utf-8", "backslashreplace").rstrip("\r\n")


class Lines:
    """Takes lines from a stream, and knows where it stands. Lines can be put back."""

    def __init__(self, stream: BinaryIO) -> None:
        self.offset = 0
        self.number = 1
        self._stream = stream
        self._waiting: deque[Line] = deque()

    @property
    def position(self) -> Mapping[str, int]:
        """Where the next line begins."""
        return {"offset": self.offset, "number": self.number}

    def go_to(self, position: Mapping[str, int]) -> None:
        """Take the line next that begins at a position."""
        self.offset, self.number = position["offset"], position["number"]
        self._stream.seek(self.offset)
        self._waiting.clear()

    def take(self) -> Line | None:
        """The next line, or None at the end."""
        line = self._waiting.popleft() if self._waiting else self._read()
        if line is not None:
            self.offset += line.size
            self.number = line.number + 1
        return line

    def put_back(self, lines: Iterable[Line]) -> None:
        """Undo taking these, which were the last."""
        back = list(lines)
        if back:
            self._waiting.extendleft(reversed(back))
            self.offset -= sum(line.size for line in back)
            self.number = back[0].number

    def _read(self) -> Line | None:
        content = self._stream.readline(LONGEST_LINE)
        if not content:
            return None
        if len(content) < LONGEST_LINE or content.endswith(b"\n"):
            shown = content.removeprefix(BOM_UTF8) if self.number == 1 else content
            return Line(self.number, shown, len(content))
        start, size = content[:_SHOWN_OF_LONGER], len(content)
        while not content.endswith(b"\n") and (content := self._stream.readline(LONGEST_LINE)):
            size += len(content)
        return Line(self.number, start, size, is_whole=False)
