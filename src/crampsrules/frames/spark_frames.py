"""PySpark frames: what is SQL of Spark's own. Plain Catalyst expressions, and no Python."""

# ruff: noqa: D102 - `Dialect` says what each of them gives

from __future__ import annotations

import zlib
from collections.abc import Iterable, Mapping, Sequence

from crampsrules.errors import FactsError
from crampsrules.frames.dialect import Dialect
from crampsrules.frames.inputs import BAD

_FIRST, _LAST, _NEXT = "\ue010", "\ue011", "\ue012"
"""What stands before and after a text in a list of texts, and between the lists."""
_IS = "\ue013"
"""What stands between a text and its code."""
_VARIABLE = "${"
"""How what Spark replaces begins, wherever it stands."""
_IN_A_MAP, _IN_A_LIST = 2, 4
"""So many texts are written into one map, or into one list, on average: see `_by_hash`."""
_LOOKED_UP = 4
"""So many flags are looked up together: see `true_ids`."""
_LARGEST = f"{(1 << 63) - 1}L"
"""A number that sorts after every key."""


class Spark(Dialect):
    """The SQL of Spark."""

    text_type = "STRING"
    copies_rows = True

    def name(self, name: str) -> str:
        return "`" + name.replace("`", "``") + "`"

    def check_name(self, name: str) -> None:
        if _VARIABLE in name:
            message = (
                "Spark puts the value of a variable in place of ${...}, and so finds no column of "
                "this name in an expression: call it otherwise"
            )
            raise FactsError.of(message, field=name)

    def text(self, text: str) -> str:
        if _VARIABLE not in text:
            return super().text(text)
        first, *others = map(super().text, text.split(_VARIABLE))
        brace = (self.call("chr", "36"), "'{'")
        return self.call("concat", first, *(part for one in others for part in (*brace, one)))

    def plain_text(self, text: str) -> str:
        return f"CAST({text} AS STRING)"

    def plain_list(self, values: str) -> str:
        return f"CAST({values} AS ARRAY<STRING>)"

    def number(self, value: float) -> str:
        return f"{value!r}D"

    def whole(self, value: int) -> str:
        return f"{value}L"

    def list_of(self, parts: Iterable[str]) -> str:
        return f"array({', '.join(parts)})"

    def mapped(self, values: str, name: str, body: str) -> str:
        return f"transform({values}, {name} -> {body})"

    def kept(self, values: str, name: str, condition: str) -> str:
        return f"filter({values}, {name} -> {condition})"

    def any_of(self, values: str, name: str, condition: str) -> str:
        return f"exists({values}, {name} -> {condition})"

    def strangers(self, values: str, known: str) -> str:
        return f"array_except({values}, {known})"

    def joined(self, values: str, separator: str) -> str:
        return f"array_join({values}, {self.text(separator)})"

    def size(self, values: str) -> str:
        return f"size({values})"

    def distinct(self, values: str) -> str:
        return f"array_distinct({values})"

    def flat(self, values: str) -> str:
        return f"flatten({values})"

    def at(self, values: str, place: str) -> str:
        return f"element_at({values}, CAST({place} AS INT))"

    def first(self, values: str) -> str:
        return f"get({values}, 0)"

    def rest(self, values: str) -> str:
        return f"slice({values}, 2, size({values}) - 1)"

    def split(self, text: str, separator: str) -> str:
        return f"split({text}, {self.text(separator)})"

    def without(self, text: str, signs: str) -> str:
        # Where there is nothing to take away this is ten times as quick as `translate`.
        for sign in signs:
            text = self.call("replace", text, self.text(sign), "''")
        return text

    def split_by(self, text: str, pattern: str) -> str:
        return f"split({text}, {self.text(pattern)})"

    def matches(self, text: str, pattern: str) -> str:
        return f"regexp_like({text}, {self.text(pattern)})"

    def replaced(self, text: str, pattern: str, by: str) -> str:
        return f"regexp_replace({text}, {self.text(pattern)}, {self.text(by)})"

    def group(self, number: int) -> str:
        return f"${number}"

    def places(self, text: str) -> str:
        # From 1 to 0 a sequence would count backwards.
        return f"sequence(1, greatest(length({text}), 1))"

    def code_of(self, text: str, codes: Mapping[str, int]) -> str:
        # Spark reads the maps once, as it plans.
        written = {one: f"{one}{_IS}{code}" for one, code in codes.items()}
        maps = [
            f"str_to_map({self.text(_NEXT.join(each))}, '{_NEXT}', '{_IS}')"
            for each in _by_hash(written, _IN_A_MAP)
        ]
        known = f"element_at({self.list_of(maps)}, {self._place(text, len(maps))})"
        return f"CAST(element_at({known}, {text}) AS INT)"

    def among(self, text: str, texts: Sequence[str]) -> str:
        # There are many more of them than of codes: as many maps would take long to plan.
        written = {one: f"{_FIRST}{one}{_LAST}" for one in texts}
        lists = [*map("".join, _by_hash(written, _IN_A_LIST))]
        place = self._place(text, len(lists))
        listed = f"element_at(split({self.text(_NEXT.join(lists))}, '{_NEXT}'), {place})"
        return f"(instr({listed}, concat('{_FIRST}', {text}, '{_LAST}')) > 0)"

    def _place(self, text: str, count: int) -> str:
        """Where a text stands among what `_by_hash` sorts it into."""
        return f"CAST(crc32({text}) % {count} AS INT) + 1"

    def kept_apart(self, condition: str) -> str:
        # Spark compiles a stage into one function, and Java runs one as large as ours uncompiled,
        # ten times as slow. With an expression in it that Spark does not compile, a stage becomes
        # many small functions; `zip_with` is one, and only worked out where the condition holds.
        apart = f"element_at(zip_with(array({condition}), array(true), (flag, _) -> flag), 1)"
        return f"({condition}) AND {apart}"

    def bytes_in(self, text: str) -> str:
        return f"octet_length({text})"

    def all_bits(self, values: str, name: str, bits: str) -> str:
        return f"aggregate({values}, 0L, (found, {name}) -> found | {bits})"

    def stated_bits(self, values: str, members: Sequence[str]) -> str:
        # Null is no member either.
        bits = {one: self.whole(1 << at) for at, one in enumerate(members)}
        cases = (f"WHEN {self.text(one)} THEN {bit}" for one, bit in bits.items())
        bit = f"CASE one {' '.join(cases)} ELSE {self.whole(BAD)} END"
        return self.all_bits(values, "one", bit)

    def row(self, fields: Mapping[str, str]) -> str:
        written = (f"'{name}', {value}" for name, value in fields.items())
        return f"named_struct({', '.join(written)})"

    def sorted_ids(self, rows: Sequence[tuple[str, str, str]]) -> str:
        if not rows:
            return self._none()
        # Whole numbers, none of them null, are sorted many times as quickly as rows: each is the
        # key and the place of the id, and those that do not count come last.
        count = len(rows)
        listed = self.list_of(
            f"CASE WHEN {condition} THEN {key} * {count} + {at} ELSE {_LARGEST} END"
            for at, (condition, key, _) in enumerate(rows)
        )
        counted = " + ".join(f"CASE WHEN {condition} THEN 1 ELSE 0 END" for condition, _, _ in rows)
        ids = self.list_of(id_ for _, _, id_ in rows)
        id_ = self.at(ids, f"pmod(one, {count}) + 1")
        return self.mapped(f"slice(sort_array({listed}), 1, {counted})", "one", id_)

    def true_ids(self, flags: Sequence[tuple[str, str]]) -> str:
        # Which of four ids are true says one of sixteen lists: quicker than to ask of each in turn.
        parts = [
            self._listed(flags[at : at + _LOOKED_UP]) for at in range(0, len(flags), _LOOKED_UP)
        ]
        return f"concat({', '.join(parts)})" if parts else self._none()

    def _listed(self, flags: Sequence[tuple[str, str]]) -> str:
        bits = (f"if({flag}, {1 << at}, 0)" for at, (flag, _) in enumerate(flags))
        lists = (
            self.list_of(id_ for at, (_, id_) in enumerate(flags) if chosen >> at & 1)
            for chosen in range(1, 1 << len(flags))
        )
        return f"element_at({self.list_of((self._none(), *lists))}, ({' | '.join(bits)}) + 1)"

    def _none(self) -> str:
        return "CAST(array() AS ARRAY<STRING>)"


def _by_hash(written: Mapping[str, str], in_one: int) -> Sequence[Sequence[str]]:
    """How texts are written, so sorted by their hashes that there are few to look through."""
    sorted_: list[list[str]] = [[] for _ in range(max(len(written) // in_one, 1))]
    for text, as_written in written.items():
        sorted_[zlib.crc32(text.encode()) % len(sorted_)].append(as_written)
    return sorted_
