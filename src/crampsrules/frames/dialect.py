"""What engines that speak SQL each write in their own way."""

from __future__ import annotations

import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Mapping, Sequence

Stage = Mapping[str, str]
"""Expressions by the names of the columns that they become."""
_BETWEEN = "\ue002"
"""Parts letters: it belongs to nobody's alphabet."""
_ODD = re.compile(r"(['\\\x00-\x1f\x7f-\x9f])")
"""What engines read in different ways between quotation marks."""


class Dialect(ABC):
    """How an engine writes what the others write in another way."""

    text_type: str
    copies_rows = False
    """Whether a stage costs as much as the row is long: there are few then, of few columns."""
    apart: str | None = None
    """What keeps the engine from writing all stages into one, where it would."""

    @abstractmethod
    def name(self, name: str) -> str:
        """A column."""

    def check_name(self, name: str) -> None:  # noqa: B027 - most can say any
        """Refuse the name of a column that cannot be said. Raises FactsError."""

    def call(self, function: str, *arguments: str) -> str:
        """What a function that is built in gives."""
        return f"{function}({', '.join(arguments)})"

    @abstractmethod
    def plain_text(self, text: str) -> str:
        """A text of any type, of which each letter counts: a collation may say otherwise."""

    def plain_list(self, values: str) -> str:
        """A list of such texts."""
        return values

    def text(self, text: str) -> str:
        """A text, whatever is in it: engines differ in what they take a backslash for."""
        pieces = [
            self.call("chr", str(ord(piece))) if _ODD.fullmatch(piece) else f"'{piece}'"
            for piece in _ODD.split(text)
            if piece
        ]
        return pieces[0] if len(pieces) == 1 else self.call("concat", *(pieces or ["''"]))

    @abstractmethod
    def number(self, value: float) -> str:
        """A number with a fraction."""

    @abstractmethod
    def whole(self, value: int) -> str:
        """A whole number of 64 bits."""

    @abstractmethod
    def list_of(self, parts: Iterable[str]) -> str:
        """A list."""

    @abstractmethod
    def mapped(self, values: str, name: str, body: str) -> str:
        """A list with a function applied to each member."""

    @abstractmethod
    def kept(self, values: str, name: str, condition: str) -> str:
        """A list of those members that a condition is true of."""

    @abstractmethod
    def any_of(self, values: str, name: str, condition: str) -> str:
        """Whether a condition is true of a member of a list."""

    @abstractmethod
    def strangers(self, values: str, known: str) -> str:
        """The members of a list, null too, that another list does not have."""

    @abstractmethod
    def joined(self, values: str, separator: str) -> str:
        """The texts of a list as one text."""

    @abstractmethod
    def size(self, values: str) -> str:
        """How many members a list has."""

    @abstractmethod
    def distinct(self, values: str) -> str:
        """A list without what comes twice in it."""

    @abstractmethod
    def flat(self, values: str) -> str:
        """The members of the lists in a list."""

    @abstractmethod
    def at(self, values: str, place: str) -> str:
        """The member of a list at a place, counted from 1, which there is."""

    @abstractmethod
    def first(self, values: str) -> str:
        """The first member of a list, null where there is none."""

    @abstractmethod
    def rest(self, values: str) -> str:
        """All members of a list but the first, which there is."""

    @abstractmethod
    def split(self, text: str, separator: str) -> str:
        """The parts of a text between separators."""

    def without(self, text: str, signs: str) -> str:
        """A text without some signs."""
        return self.call("translate", text, self.text(signs), "''")

    @abstractmethod
    def split_by(self, text: str, pattern: str) -> str:
        """The parts of a text between what matches a pattern."""

    @abstractmethod
    def matches(self, text: str, pattern: str) -> str:
        """Whether a pattern matches anywhere in a text."""

    @abstractmethod
    def replaced(self, text: str, pattern: str, by: str) -> str:
        """A text with everything that matches a pattern replaced."""

    def stripped(self, text: str, signs: str) -> str:
        """A text without some signs at its ends."""
        some = f"[{signs}]+"
        return self.replaced(text, f"^{some}|{some}$", "")

    @abstractmethod
    def group(self, number: int) -> str:
        """In a replacement, what a group of the pattern matched."""

    @abstractmethod
    def places(self, text: str) -> str:
        """The places of the characters of a text, counted from 1."""

    def spelled(self, text: str, letters: Mapping[str, str]) -> str:
        """A text with some letters written in another way."""
        letter = self.call("substring", text, "spot", "1")
        place = self.call("instr", self.text("".join(letters)), letter)
        ways = self.split(self.text(_BETWEEN.join(letters.values())), _BETWEEN)
        each = f"CASE WHEN {place} > 0 THEN {self.at(ways, place)} ELSE {letter} END"
        return self.joined(self.mapped(self.places(text), "spot", each), "")

    @abstractmethod
    def code_of(self, text: str, codes: Mapping[str, int]) -> str:
        """The code of a text, or null where it has none: quick, however many there are."""

    @abstractmethod
    def among(self, text: str, texts: Sequence[str]) -> str:
        """Whether a text is one of many: quick, however many there are."""

    def let(self, name: str, value: str, body: str) -> str:
        """What a body comes to where a name stands for a value."""
        return self.at(self.mapped(self.list_of([value]), name, body), "1")

    def kept_apart(self, condition: str) -> str:
        """The same condition, so written that what stands beside it is compiled in pieces.

        It costs much where the condition holds, which should be seldom.
        """
        return condition

    @abstractmethod
    def bytes_in(self, text: str) -> str:
        """How long a text is in bytes."""

    @abstractmethod
    def all_bits(self, values: str, name: str, bits: str) -> str:
        """The bits that each member of a list stands for, put together; null where the list is."""

    @abstractmethod
    def stated_bits(self, values: str, members: Sequence[str]) -> str:
        """What a list states: a bit for each of `members`, BAD for any other, null where it is."""

    @abstractmethod
    def row(self, fields: Mapping[str, str]) -> str:
        """Values under names."""

    def field(self, row: str, name: str) -> str:
        """One of the values of a row."""
        return f"{row}.{name}"

    @abstractmethod
    def sorted_ids(self, rows: Sequence[tuple[str, str, str]]) -> str:
        """The ids of those rows, of (condition, key, id), that are true, by their keys."""

    @abstractmethod
    def true_ids(self, flags: Sequence[tuple[str, str]]) -> str:
        """The ids of those flags, of (condition, id), that are true."""
