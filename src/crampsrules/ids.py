"""Sets of ids as integers: one bit for each, in the order of the ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from crampsrules.rulebase import RuleBase, kept_with_rules

# Adding up integers of more bits than this takes longer than writing into bytes.
_MOST_ADDED = 2000


@frozen(eq=False)
class Ids:
    """Everything that can fire in a rule base, by name and by bit."""

    names: tuple[str, ...]
    bits: Mapping[str, int]
    _places: Mapping[str, int]
    _bytes: int
    _by_byte: tuple[list[tuple[str, ...]], ...]

    @classmethod
    def of(cls, rules: RuleBase) -> Ids:
        """Those of a rule base, in alphabetical order."""
        return _ids_of(rules)

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Ids:
        """Those names, in alphabetical order."""
        ordered = tuple(sorted(names))
        places = {name: place for place, name in enumerate(ordered)}
        bits = {name: 1 << place for name, place in places.items()}
        starts = range(0, len(ordered), 8)
        by_byte = tuple(_by_bit(ordered[start : start + 8]) for start in starts)
        return cls(ordered, bits, places, len(starts), by_byte)

    def number(self, names: Iterable[str]) -> int:
        """The integer of some names, each of them once."""
        if len(self.names) <= _MOST_ADDED:
            return sum(map(self.bits.__getitem__, names))
        written = bytearray(len(self.names) // 8 + 1)
        for name in names:
            place = self._places[name]
            written[place >> 3] |= 1 << (place & 7)
        return int.from_bytes(written, "little")

    def named(self, number: int) -> tuple[str, ...]:
        """The names in an integer, in order."""
        found: list[str] = []
        for names, byte in zip(self._by_byte, number.to_bytes(self._bytes, "little"), strict=True):
            if byte:
                found += names[byte] or _name(names, byte)
        return tuple(found)


@kept_with_rules
def _ids_of(rules: RuleBase) -> Ids:
    return Ids.from_names(rules.conditions)


def _name(names: list[tuple[str, ...]], byte: int) -> tuple[str, ...]:
    """What a byte names, kept for the next time; what each bit names is there from the start."""
    names[byte] = tuple(name for bit in range(8) if byte >> bit & 1 for name in names[1 << bit])
    return names[byte]


def _by_bit(names: Sequence[str]) -> list[tuple[str, ...]]:
    """What each byte names of eight names: at first, of those bytes that have a single bit."""
    known: list[tuple[str, ...]] = [()] * 256
    for bit, name in enumerate(names):
        known[1 << bit] = (name,)
    return known
