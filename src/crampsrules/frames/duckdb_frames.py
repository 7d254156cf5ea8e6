"""DuckDB relations: what is SQL of DuckDB's own."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

from crampsrules.frames.dialect import Dialect
from crampsrules.frames.inputs import BAD


class DuckDB(Dialect):
    """The SQL of DuckDB."""

    text_type = "VARCHAR"

    def name(self, name: str) -> str:  # noqa: D102 - as all the others: see Dialect
        return '"' + name.replace('"', '""') + '"'

    def number(self, value: float) -> str:  # noqa: D102
        return repr(value) if "e" in repr(value) else f"{value!r}e0"

    def whole(self, value: int) -> str:  # noqa: D102
        return f"CAST({value} AS BIGINT)"

    def list_of(self, parts: Iterable[str]) -> str:  # noqa: D102
        return f"[{', '.join(parts)}]"

    def mapped(self, values: str, name: str, body: str) -> str:  # noqa: D102
        return f"list_transform({values}, lambda {name}: {body})"

    def kept(self, values: str, name: str, condition: str) -> str:  # noqa: D102
        return f"list_filter({values}, lambda {name}: {condition})"

    def any_of(self, values: str, name: str, condition: str) -> str:  # noqa: D102
        return f"(len({self.kept(values, name, condition)}) > 0)"

    def strangers(self, values: str, known: str) -> str:  # noqa: D102
        return self.kept(values, "one", f"one IS NULL OR NOT list_contains({known}, one)")

    def joined(self, values: str, separator: str) -> str:  # noqa: D102
        return f"array_to_string({values}, {self.text(separator)})"

    def size(self, values: str) -> str:  # noqa: D102
        return f"len({values})"

    def distinct(self, values: str) -> str:  # noqa: D102
        return f"list_distinct({values})"

    def flat(self, values: str) -> str:  # noqa: D102
        return f"flatten({values})"

    def at(self, values: str, place: str) -> str:  # noqa: D102
        return f"list_extract({values}, {place})"

    def first(self, values: str) -> str:  # noqa: D102
        return self.at(values, "1")

    def rest(self, values: str) -> str:  # noqa: D102
        return f"list_slice({values}, 2, len({values}))"

    def split(self, text: str, separator: str) -> str:  # noqa: D102
        return f"string_split({text}, {self.text(separator)})"

    def split_by(self, text: str, pattern: str) -> str:  # noqa: D102
        return f"string_split_regex({text}, {self.text(pattern)})"

    def matches(self, text: str, pattern: str) -> str:  # noqa: D102
        return f"regexp_matches({text}, {self.text(pattern)})"

    def replaced(self, text: str, pattern: str, by: str) -> str:  # noqa: D102
        return f"regexp_replace({text}, {self.text(pattern)}, {self.text(by)}, 'g')"

    def group(self, number: int) -> str:  # noqa: D102
        return f"\\{number}"

    def places(self, text: str) -> str:  # noqa: D102
        return f"range(1, length({text}) + 1)"

    def code_of(self, text: str, codes: Mapping[str, int]) -> str:  # noqa: D102
        # An enumeration finds the place of a text by hashing it.
        place = f"enum_code({self._enumerated(text, list(codes))})"
        values = ", ".join(map(str, codes.values()))
        return f"list_extract([{values}], {place} + 1)" if codes else "NULL"

    def among(self, text: str, texts: Sequence[str]) -> str:  # noqa: D102
        return f"({self._enumerated(text, texts)} IS NOT NULL)" if texts else "false"

    def _enumerated(self, text: str, texts: Sequence[str]) -> str:
        # A cast that fails takes milliseconds, for it writes the whole enumeration into an error
        # that nobody sees: what is surely not among the texts is not cast.
        size, bits = _bloom_filter(tuple(texts))
        first, second = f"hash({text}) % {size}", f"(hash({text}) // {size}) % {size}"
        likely = " AND ".join(
            f"get_bit('{bits}'::BIT, CAST({at} AS INTEGER)) = 1" for at in (first, second)
        )
        return f"CASE WHEN {likely} THEN TRY_CAST({text} AS {self._enumeration(texts)}) END"

    def _enumeration(self, texts: Sequence[str]) -> str:
        # A type takes plain literals only, and DuckDB's have nothing special but the quote.
        literals = ("'" + one.replace("'", "''") + "'" for one in texts)
        return f"ENUM({', '.join(literals)})"

    def bytes_in(self, text: str) -> str:  # noqa: D102
        return f"strlen({text})"

    def all_bits(self, values: str, name: str, bits: str) -> str:  # noqa: D102
        together = f"coalesce(list_bit_or({self.mapped(values, name, bits)}), 0)"
        return f"CASE WHEN {values} IS NOT NULL THEN {together} END"

    def stated_bits(self, values: str, members: Sequence[str]) -> str:  # noqa: D102
        # What is not among the members of an enumeration becomes null.
        named = f"TRY_CAST({values} AS {self._enumeration(members)}[])"
        bit = f"coalesce(CAST(1 AS BIGINT) << enum_code(one), {BAD})"
        return self.all_bits(named, "one", bit)

    def row(self, fields: Mapping[str, str]) -> str:  # noqa: D102
        written = (f"'{name}': {value}" for name, value in fields.items())
        return f"{{{', '.join(written)}}}"

    def field(self, row: str, name: str) -> str:  # noqa: D102
        # With a dot it would be looked for in a table or a column of that name first.
        return f"struct_extract({row}, '{name}')"

    def sorted_ids(self, rows: Sequence[tuple[str, str, str]]) -> str:  # noqa: D102
        listed = self.list_of(
            f"CASE WHEN {condition} THEN {self.row({'k': key, 'id': id_})} END"
            for condition, key, id_ in rows
        )
        kept = self.kept(listed, "one", "one IS NOT NULL")
        ordered = f"list_sort({kept}, 'ASC', 'NULLS LAST')"  # whatever the connection's habit is
        return self._texts(self.mapped(ordered, "one", self.field("one", "id")))

    def true_ids(self, flags: Sequence[tuple[str, str]]) -> str:  # noqa: D102
        ids = self.list_of(f"CASE WHEN {condition} THEN {id_} END" for condition, id_ in flags)
        return self._texts(self.kept(ids, "one", "one IS NOT NULL"))

    def _texts(self, values: str) -> str:
        return f"CAST({values} AS VARCHAR[])"


_BITS_A_TEXT = 16
"""One text in some two hundred that is not there is then taken for one that may be."""


@lru_cache(maxsize=16)
def _bloom_filter(texts: tuple[str, ...]) -> tuple[int, str]:
    """The size of a Bloom filter for some texts, by DuckDB's own hash, and its bits."""
    import duckdb

    size = 1 << (_BITS_A_TEXT * len(texts)).bit_length()
    bits = bytearray(b"0" * size)
    with duckdb.connect() as connection:
        for (number,) in connection.execute("SELECT hash(unnest(?))", [list(texts)]).fetchall():
            for at in (number % size, number // size % size):
                bits[at] = ord("1")
    return size, bits.decode()
