"""Reading rule files: TOML text in, tables out, every fault with its place.

Rule files may come from strangers. Size, depth and kinds of values are bounded before
anything else looks at them, and nothing in them is ever run.
"""

from __future__ import annotations

import math
import re
import tomllib
from collections.abc import Iterator, Mapping
from functools import cached_property
from importlib.resources import files as package_files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

from attrs import frozen

from crampsrules.documents import MAX_DOTS, line_of_many_dots
from crampsrules.errors import RuleError, shorten

MAX_FILE_BYTES = 2**18
MAX_TOTAL_BYTES = 2**23
MAX_FILES = 2000
MAX_DEPTH = 8
# A whole number may be too large to be made a float, or a text.
LARGEST = 1e15


# In the words of Python's own reader.
_AT_LINE = re.compile(r"at line (\d+)")
_HEADER = re.compile(r"[ \t]*\[\[[ \t]*([A-Za-z_-]+)[ \t]*\]\]")


@frozen
class RuleFile:
    """One rule file: its name (for messages), its text, and the tables in it."""

    name: str
    text: str
    tables: Mapping[str, Any]

    @cached_property
    def _lines(self) -> list[str]:
        return self.text.split("\n")

    @cached_property
    def _headers(self) -> Mapping[str, list[int]]:
        """The lines (from 1) of the tables of each kind."""
        headers: dict[str, list[int]] = {}
        for number, line in enumerate(self._lines, 1):
            if header := _HEADER.match(line):
                headers.setdefault(header[1], []).append(number)
        return headers

    @classmethod
    def read(cls, name: str, text: str) -> RuleFile:
        """Read TOML text. Raises RuleError for text that is not sound, bounded TOML."""
        if not isinstance(text, str):
            raise RuleError(message=f"takes TOML as text, got {shorten(text)}", file=str(name))
        text = text.removeprefix("\ufeff")  # some editors begin every file with it
        if len(text) > MAX_FILE_BYTES:
            raise RuleError(message=f"is longer than {MAX_FILE_BYTES} characters", file=name)
        if line := line_of_many_dots(text):
            message = f"has a line of more than {MAX_DOTS} dots"
            raise RuleError(message=message, file=name, line=line)
        try:
            tables = tomllib.loads(text)
        except tomllib.TOMLDecodeError as error:
            found = _AT_LINE.search(str(error))
            at = int(found[1]) if found else None
            raise RuleError(message=f"is not valid TOML: {error}", file=name, line=at) from None
        except (RecursionError, MemoryError):
            raise RuleError(message="is nested too deeply", file=name) from None
        except ValueError as error:  # such as an integer of more digits than Python reads
            raise RuleError(message=f"is not valid TOML: {error}", file=name) from None
        if fault := _unsound(tables):
            raise RuleError(message=fault, file=name)
        return cls(name, text, tables)

    def line_of(self, rule: str, quoted: str | None = None, *, start: int = 1) -> int | None:
        """The line (from 1) where a rule stands, or a text quoted from it.

        Looks from line `start` on.
        """
        if rule not in self.text:
            return None
        found = next((at for at in self._from(start) if _declares(self._lines[at - 1], rule)), None)
        if found is None or not quoted:
            return found
        return next((at for at in self._from(found) if _quotes(self._lines[at - 1], quoted)), found)

    def _from(self, start: int) -> range:
        return range(start, len(self._lines) + 1)

    def line_of_key(self, key: str, *, start: int = 1) -> int | None:
        """The line (from 1) of a key of the file itself, or of the first table of its name.

        Looks from line `start` on.
        """
        stands = re.compile(rf"\s*(\[\[?\s*)?{re.escape(key)}\b")
        return next((at for at in self._from(start) if stands.match(self._lines[at - 1])), None)

    def line_in_table(self, table: str, key: str) -> int | None:
        """The line (from 1) of a key of a table, or else of the table."""
        start = self.line_of_key(table)
        inside = self.line_of_key(f"{table}.{key}")
        return inside or (start and self.line_of_key(key, start=start)) or start

    def line_of_table(self, kind: str, nth: int) -> int | None:
        """The line (from 1) of the table [[kind]] that has `nth` others of its kind before it."""
        return next(iter(self._headers.get(kind, ())[nth:]), None)


def _declares(line: str, rule: str) -> bool:
    key, _, value = line.partition("=")
    return key.strip() == "id" and value.strip().startswith((f'"{rule}"', f"'{rule}'"))


def _quotes(line: str, quoted: str) -> bool:
    return quoted in line or quoted.replace('"', '\\"') in line


# Rules are shown in terminals, which such characters could steer.
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


def _unsound(tables: Mapping[str, Any]) -> str | None:
    """What is wrong with values that TOML allows but rules do not, or None."""
    waiting: list[tuple[object, int]] = [(tables, 0)]
    while waiting:
        value, depth = waiting.pop()
        if depth > MAX_DEPTH:
            return f"is nested more than {MAX_DEPTH} deep"
        if isinstance(value, dict):
            waiting += [(inner, depth + 1) for pair in value.items() for inner in pair]
        elif isinstance(value, list):
            waiting += [(inner, depth + 1) for inner in value]
        elif isinstance(value, str):
            if control := _CONTROL.search(value):
                return f"holds the control character {control[0]!r}"
        elif isinstance(value, float) and not math.isfinite(value):
            return f"holds the number {value}, which no rule can use"
        elif isinstance(value, int) and abs(value) > LARGEST:
            return f"holds {shorten(value)}, which no rule can use"
        elif not isinstance(value, int | float):
            return f"holds {value} ({type(value).__name__}), which no rule can use"
    return None


def shipped_folder() -> Traversable:
    """Where the rules of this library are: inside the package, or in the checkout around it."""
    packaged = package_files("crampsrules") / "rules"
    if packaged.is_dir():
        return packaged
    checkout = Path(__file__).parents[2]
    if (checkout / "pyproject.toml").is_file() and (checkout / "rules").is_dir():
        return checkout / "rules"
    raise RuleError(
        message=f"the rules of crampsrules are neither in {packaged} nor in {checkout / 'rules'}: "
        "the installation is incomplete",
        file="rules",
    )


def read_folder(folder: Traversable | Path, label: str) -> tuple[RuleFile, ...]:
    """Every *.toml file in a folder and its sub-folders, by name.

    Raises RuleError for a folder that is missing, holds no rule file, is too large, or holds
    links to other folders.
    """
    try:
        return _read_all(folder, label)
    except OSError as error:
        message = f"cannot be read: {error.strerror or error}"
        raise RuleError(message=message, file=label) from None


def _read_all(folder: Traversable | Path, label: str) -> tuple[RuleFile, ...]:
    if not folder.is_dir():
        raise RuleError(message=f"there is no folder of rules at {folder}", file=label)
    read: list[RuleFile] = []
    total = 0
    for name, file in _walk(folder, label, 0):
        with file.open("rb") as opened:
            content = opened.read(MAX_FILE_BYTES + 1)
        total += len(content)
        if len(read) >= MAX_FILES or total > MAX_TOTAL_BYTES:
            raise RuleError(
                message=f"holds more than {MAX_FILES} files or {MAX_TOTAL_BYTES} bytes", file=label
            )
        read.append(RuleFile.read(name, _decoded(name, content)))
    if not read:
        raise RuleError(message="holds no .toml file", file=label)
    return tuple(read)


def _walk(
    folder: Traversable | Path, prefix: str, depth: int
) -> Iterator[tuple[str, Traversable | Path]]:
    if depth > MAX_DEPTH:
        raise RuleError(message=f"has folders nested more than {MAX_DEPTH} deep", file=prefix)
    for entry in sorted(folder.iterdir(), key=lambda entry: entry.name):
        name = f"{prefix}/{entry.name}"
        if entry.name.startswith((".", "_")):
            continue
        if entry.is_dir():
            _refuse_link(entry, name)
            yield from _walk(entry, name, depth + 1)
        elif entry.name.endswith(".toml"):
            if not entry.is_file():
                raise RuleError(message="is no ordinary file", file=name)
            yield name, entry


def _refuse_link(folder: Traversable | Path, name: str) -> None:
    # A few links that lead back to where they stand make more folders than can be walked.
    if isinstance(folder, Path) and folder.is_symlink():
        raise RuleError(message="is a link to a folder, and such links are not followed", file=name)


def _decoded(name: str, content: bytes) -> str:
    if len(content) > MAX_FILE_BYTES:
        raise RuleError(message=f"is longer than {MAX_FILE_BYTES} bytes", file=name)
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RuleError(message=f"is not UTF-8 text (byte {error.start})", file=name) from None
