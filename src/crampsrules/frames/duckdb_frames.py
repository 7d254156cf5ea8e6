"""DuckDB relations: what is SQL of DuckDB's own."""

# ruff: noqa: D102 - `Dialect` says what each of them gives

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import md5

from crampsrules.frames.dialect import Dialect
from crampsrules.frames.inputs import BAD


class DuckDB(Dialect):
    """The SQL of DuckDB."""

    text_type = "VARCHAR"
    # Of the first rows in some order, or of thousands, DuckDB looks up most columns last, unless
    # rows of something else stand beside them. All stages would become one for that, and where
    # names of medicines are read, a plan of gigabytes.
    apart = "(SELECT 0)"

    def name(self, name: str) -> str:
        return '"' + name.replace('"', '""') + '"'

    def call(self, function: str, *arguments: str) -> str:
        """By its full name: a macro of the user's may be called like what is built in."""
        return f"system.main.{function}({', '.join(arguments)})"

    def plain_text(self, text: str) -> str:
        return f'(CAST({text} AS VARCHAR) COLLATE "C")'

    def number(self, value: float) -> str:
        return repr(value) if "e" in repr(value) else f"{value!r}e0"

    def whole(self, value: int) -> str:
        return f"CAST({value} AS BIGINT)"

    def list_of(self, parts: Iterable[str]) -> str:
        return self.call("list_value", *parts)

    def mapped(self, values: str, name: str, body: str) -> str:
        return self.call("list_transform", values, f"lambda {name}: {body}")

    def kept(self, values: str, name: str, condition: str) -> str:
        return self.call("list_filter", values, f"lambda {name}: {condition}")

    def any_of(self, values: str, name: str, condition: str) -> str:
        return f"({self.size(self.kept(values, name, condition))} > 0)"

    def strangers(self, values: str, known: str) -> str:
        is_known = self.call("list_contains", known, self.plain_text("one"))
        return self.kept(values, "one", f"one IS NULL OR NOT {is_known}")

    def joined(self, values: str, separator: str) -> str:
        text = self.call("list_aggregate", values, "'string_agg'", self.text(separator))
        return f"coalesce({text}, '')"

    def size(self, values: str) -> str:
        return self.call("len", values)

    def distinct(self, values: str) -> str:
        return self.call("list_distinct", values)

    def flat(self, values: str) -> str:
        return self.call("flatten", values)

    def at(self, values: str, place: str) -> str:
        return self.call("list_extract", values, place)

    def first(self, values: str) -> str:
        return self.at(values, "1")

    def rest(self, values: str) -> str:
        return self.call("list_slice", values, "2", self.size(values))

    def split(self, text: str, separator: str) -> str:
        return self.call("string_split", text, self.text(separator))

    def split_by(self, text: str, pattern: str) -> str:
        return self.call("string_split_regex", text, self.text(pattern))

    def matches(self, text: str, pattern: str) -> str:
        return self.call("regexp_matches", text, self.text(pattern))

    def replaced(self, text: str, pattern: str, by: str) -> str:
        return self.call("regexp_replace", text, self.text(pattern), self.text(by), "'g'")

    def group(self, number: int) -> str:
        return f"\\{number}"

    def places(self, text: str) -> str:
        return self.call("range", "1", f"{self.call('length', text)} + 1")

    def code_of(self, text: str, codes: Mapping[str, int]) -> str:
        # An enumeration finds the place of a text by hashing it.
        place = self.call("enum_code", self._enumerated(text, list(codes)))
        values = self.list_of(map(str, codes.values()))
        return self.at(values, f"{place} + 1") if codes else "NULL"

    def among(self, text: str, texts: Sequence[str]) -> str:
        return f"({self._enumerated(text, texts)} IS NOT NULL)" if texts else "false"

    def _enumerated(self, text: str, texts: Sequence[str]) -> str:
        # A cast that fails takes milliseconds, for it writes the whole enumeration into an error
        # that nobody sees: what is surely not among the texts is not cast.
        size, bits = _bloom_filter(tuple(texts))
        number = self.hash_of(text)
        first, second = f"{number} % {size}", f"({number} // {size}) % {size}"
        found = (
            self.call("get_bit", f"'{bits}'::BIT", f"CAST({at} AS INTEGER)")
            for at in (first, second)
        )
        likely = " AND ".join(f"{bit} = 1" for bit in found)
        return f"CASE WHEN {likely} THEN TRY_CAST({text} AS {self._enumeration(texts)}) END"

    def hash_of(self, text: str) -> str:
        """A whole number for a text, the same as the function of that name gives.

        DuckDB's own `hash` is quicker, but a later version's may be another, and views are stored.
        """
        digits = self.call("substring", self.call("md5", text), "1", str(_DIGITS))
        return f"CAST('0x' || {digits} AS BIGINT)"

    def _enumeration(self, texts: Sequence[str]) -> str:
        # A type takes plain literals only, and DuckDB's have nothing special but the quote.
        literals = ("'" + one.replace("'", "''") + "'" for one in texts)
        return f"ENUM({', '.join(literals)})"

    def bytes_in(self, text: str) -> str:
        return self.call("strlen", text)

    def all_bits(self, values: str, name: str, bits: str) -> str:
        # By its name `list_bit_or` is a macro, which calls others by names that are not full.
        joined = self.call("list_aggregate", self.mapped(values, name, bits), "'bit_or'")
        together = f"coalesce({joined}, 0)"
        return f"CASE WHEN {values} IS NOT NULL THEN {together} END"

    def stated_bits(self, values: str, members: Sequence[str]) -> str:
        # What is not among the members of an enumeration becomes null.
        named = f"TRY_CAST({values} AS {self._enumeration(members)}[])"
        place = self.call("enum_code", "one")
        bit = f"coalesce(CAST(1 AS BIGINT) << {place}, {BAD})"
        return self.all_bits(named, "one", bit)

    def row(self, fields: Mapping[str, str]) -> str:
        return self.call("struct_pack", *(f"{name} := {value}" for name, value in fields.items()))

    def field(self, row: str, name: str) -> str:
        # With a dot it would be looked for in a table or a column of that name first.
        return self.call("struct_extract", row, f"'{name}'")

    def sorted_ids(self, rows: Sequence[tuple[str, str, str]]) -> str:
        listed = self.list_of(
            f"CASE WHEN {condition} THEN {self.row({'k': key, 'id': id_})} END"
            for condition, key, id_ in rows
        )
        kept = self.kept(listed, "one", "one IS NOT NULL")
        # Whatever the connection's habit is.
        ordered = self.call("list_sort", kept, "'ASC'", "'NULLS LAST'")
        return self._texts(self.mapped(ordered, "one", self.field("one", "id")))

    def true_ids(self, flags: Sequence[tuple[str, str]]) -> str:
        ids = self.list_of(f"CASE WHEN {condition} THEN {id_} END" for condition, id_ in flags)
        return self._texts(self.kept(ids, "one", "one IS NOT NULL"))

    def _texts(self, values: str) -> str:
        return f"CAST({values} AS VARCHAR[])"


_DIGITS = 15
"""So many of MD5's digits make a whole number of 64 bits, with its sign."""
_BITS_A_TEXT = 16
"""One text in some two hundred that is not there is then taken for one that may be."""


@lru_cache(maxsize=16)
def _bloom_filter(texts: tuple[str, ...]) -> tuple[int, str]:
    """The size of a Bloom filter for some texts, and its bits."""
    size = 1 << (_BITS_A_TEXT * len(texts)).bit_length()
    bits = bytearray(b"0" * size)
    for number in map(hash_of, texts):
        for at in (number % size, number // size % size):
            bits[at] = ord("1")
    return size, bits.decode()


def hash_of(text: str) -> int:
    """A whole number for a text."""
    return int(md5(text.encode(), usedforsecurity=False).hexdigest()[:_DIGITS], 16)
