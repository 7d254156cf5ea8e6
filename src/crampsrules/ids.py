"""Sets of ids as integers: one bit for each, in the order of the ids."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import compress

from attrs import frozen

from crampsrules.rulebase import RuleBase

# The characters "0" and "1" as the numbers that they stand for.
_DIGITS = bytes.maketrans(b"01", b"\0\1")
# Adding up integers of more bits than this takes longer than writing into bytes.
_MOST_ADDED = 2000


@frozen(eq=False)
class Ids:
    """Everything that can fire in a rule base, by name and by bit."""

    names: tuple[str, ...]
    bits: Mapping[str, int]
    _places: Mapping[str, int]

    @classmethod
    def of(cls, rules: RuleBase) -> Ids:
        """Those of a rule base, in alphabetical order."""
        kept = rules._kept  # noqa: SLF001 - it is kept with the rules
        if "ids" not in kept:
            kept.setdefault("ids", cls.from_names(rules.conditions))
        ids: Ids = kept["ids"]
        return ids

    @classmethod
    def from_names(cls, names: Iterable[str]) -> Ids:
        """Those names, in alphabetical order."""
        ordered = tuple(sorted(names))
        places = {name: place for place, name in enumerate(ordered)}
        bits = {name: 1 << place for name, place in places.items()}
        return cls(ordered, bits, places)

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
        # Its binary digits from the last to the first say which names to take.
        digits = f"{number:b}"[::-1].encode().translate(_DIGITS)
        return tuple(compress(self.names, digits))
