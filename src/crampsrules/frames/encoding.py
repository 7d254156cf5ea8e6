"""Lists of texts as the bits of whole numbers: what a set says, known at a glance."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import chain
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from attrs import Factory, frozen

from crampsrules.facts import Fact
from crampsrules.frames.inputs import BAD, UNRECOGNISED_BIT, WORD, Inputs, bits_of
from crampsrules.frames.outputs import UNRECOGNISED
from crampsrules.medicines import Formulary
from crampsrules.readers import MOST_MEDICINES, RefusedError, read_medicine

IDS = pl.List(pl.String)
Unrecognised = tuple[str, ...]
Bits = npt.NDArray[np.int64]


@frozen
class Coded:
    """What one text in a list of medicines says, in bits."""

    held: tuple[int, ...]
    left_open: tuple[int, ...]
    unrecognised: Unrecognised = ()
    """Its parts that are not known."""


@frozen
class MedicineCoder:
    """Writes what a name of a medicine says as bits, one for each class that rules ask about."""

    formulary: Formulary
    classes: Sequence[str]
    words: int

    def coded(self, name: str) -> Coded:
        """The bits for a name."""
        try:
            read = read_medicine(name)
        except RefusedError:
            return self._bad
        meant = self.formulary.read(read)
        if meant.in_doubt:
            return self._bad
        held, left_open = self.bits(meant.held), self.bits(meant.left_open)
        unrecognised = UNRECOGNISED_BIT if meant.unrecognised else 0
        return Coded((held[0] | unrecognised, *held[1:]), left_open, meant.unrecognised)

    @property
    def _bad(self) -> Coded:
        nothing = (0,) * self.words
        return Coded((BAD, *nothing[1:]), nothing)

    def bits(self, classes: frozenset[str]) -> tuple[int, ...]:
        """Classes as bits."""
        return tuple(
            sum(
                1 << at
                for at, id_ in enumerate(self.classes[word * WORD : (word + 1) * WORD])
                if id_ in classes
            )
            for word in range(self.words)
        )


@frozen
class SetEncoder:
    """A function from a column of lists to one of bits, for Polars to call."""

    fact: Fact
    coder: MedicineCoder
    tells_unrecognised: bool = False
    """Whether it gives the names of medicines that are not known too."""
    _coded: dict[str, Coded] = Factory(dict)

    @classmethod
    def of(cls, fact: Fact, inputs: Inputs, *, tells_unrecognised: bool = False) -> SetEncoder:
        """The encoder for a set."""
        coder = MedicineCoder(inputs.formulary, inputs.classes, len(inputs.words))
        return cls(fact, coder, tells_unrecognised and fact.kind == "medicines")

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the columns of bits."""
        if self.fact.kind == "members":
            return (bits_of(self.fact.name, "stated"),)
        words = range(self.coder.words)
        return tuple(
            bits_of(self.fact.name, what, word) for what in ("held", "ruled_out") for word in words
        )

    @property
    def first(self) -> str:
        """The name of a column of bits that every set has."""
        return self.names[0]

    @property
    def dtype(self) -> pl.Struct:
        """The type of what a call gives."""
        bits: dict[str, Any] = dict.fromkeys(self.names, pl.Int64)
        return pl.Struct({**bits, UNRECOGNISED: IDS} if self.tells_unrecognised else bits)

    def __call__(self, lists: pl.Series) -> pl.Series:
        """The bits for a column of lists; null where there is no list."""
        texts, table, unrecognised = self._table(lists)
        coded = lists.cast(pl.List(pl.Enum(texts)), strict=False).to_physical()
        array = coded.rechunk().to_arrow()
        ends = array.offsets.to_numpy()
        members = array.values[: ends[-1]]  # a slice brings those of all rows
        codes = members.cast(pa.uint32()).fill_null(len(texts)).to_numpy()
        joined = [_or_by_list(column[codes], ends) for column in table]
        if self.fact.kind == "medicines":
            joined = self._resolved(lists, np.diff(ends), joined)
        known = lists.is_not_null()
        found = pl.DataFrame(
            [pl.Series(name, bits) for name, bits in zip(self.names, joined, strict=True)]
        )
        if self.tells_unrecognised:
            found = found.with_columns(_parts_by_list(unrecognised, codes, ends))
        if not known.all():
            found = found.select(pl.when(known).then(pl.all()))
        return found.to_struct(lists.name)

    def _table(self, lists: pl.Series) -> tuple[pl.Series, Sequence[Bits], Sequence[Unrecognised]]:
        """The texts that may stand in a list, and what each says in bits; last, any other.

        And which of each are not known.
        """
        unrecognised: Sequence[Unrecognised] = ()
        rows: list[tuple[int, ...]]
        if self.fact.kind == "members":
            texts = pl.Series(self.fact.members)
            rows = [(1 << at,) for at in range(len(texts))]
        else:
            texts = lists.explode(empty_as_null=True).unique().drop_nulls()
            coded = [*map(self._code, texts)]
            rows = [(*one.held, *one.left_open) for one in coded]
            unrecognised = [one.unrecognised for one in coded]
        width = 1 if self.fact.kind == "members" else 2 * self.coder.words
        rows.append((BAD,) + (0,) * (width - 1))  # for null, and what is no member
        table = np.array(rows, dtype=np.int64).reshape(-1, width).T.copy()
        return texts, list(table), unrecognised

    def _code(self, name: str) -> Coded:
        if name not in self._coded:
            if len(self._coded) > _MOST_KEPT:
                self._coded.clear()
            self._coded[name] = self.coder.coded(name)
        return self._coded[name]

    def _resolved(
        self, lists: pl.Series, lengths: npt.NDArray[np.int64], joined: Sequence[Bits]
    ) -> list[Bits]:
        """What is held and what is ruled out, of what is held and what is left open."""
        words = self.coder.words
        held, left_open = joined[:words], joined[words:]
        for at in np.flatnonzero(lengths > MOST_MEDICINES):
            if len({name.strip() for name in lists[int(at)].drop_nulls()}) > MOST_MEDICINES:
                held[0][at] |= BAD
        every = self.coder.bits(frozenset(self.coder.classes))
        unrecognised = (held[0] & UNRECOGNISED_BIT) != 0
        ruled_out = [
            np.where(unrecognised, 0, np.int64(every[word]) & ~held[word] & ~left_open[word])
            for word in range(words)
        ]
        return [*held, *ruled_out]


_MOST_KEPT = 100_000


def _or_by_list(bits: Bits, ends: npt.NDArray[np.int64]) -> Bits:
    """The bits of the members of each list, put together; each begins where the last one ends."""
    starts, found = ends[:-1], np.zeros(len(ends) - 1, dtype=np.int64)
    filled = np.flatnonzero(starts != ends[1:])
    if len(filled):
        found[filled] = np.bitwise_or.reduceat(bits, starts[filled])
    return found


def _parts_by_list(
    parts: Sequence[Unrecognised], codes: npt.NDArray[np.uint32], ends: Bits
) -> pl.Series:
    """The parts of the members of each list, each once and in the order of letters; or null."""
    names = sorted(set(chain.from_iterable(parts)))
    size = len(ends) - 1
    if not names:
        return pl.repeat(None, size, dtype=IDS, eager=True).alias(UNRECOGNISED)
    places = {name: place for place, name in enumerate(names)}
    by_code = np.array([places[name] for one in parts for name in one])
    sizes = np.array([*map(len, parts), 0])
    members = np.flatnonzero(sizes[codes])
    lists = np.searchsorted(ends, members, side="right") - 1
    taken = codes[members]
    starts, lengths = (np.cumsum(sizes) - sizes)[taken], sizes[taken]
    within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
    found = by_code[np.repeat(starts, lengths) + within]
    # Each pair of a list and a name is one number, so that they are sorted by both at once.
    pairs = np.repeat(lists, lengths) * len(names) + found
    pairs.sort(kind="stable")  # which is quick where nearly all is sorted
    pairs = pairs[np.diff(pairs, prepend=-1) != 0]
    offsets = np.append(0, np.bincount(pairs // len(names), minlength=size).cumsum())
    array = pa.LargeListArray.from_arrays(
        offsets,
        pl.Series(names)[pairs % len(names)].to_arrow(compat_level=pl.CompatLevel.oldest()),
        mask=pa.array(np.diff(offsets) == 0),
    )
    return pl.Series(UNRECOGNISED, pl.from_arrow(array))
