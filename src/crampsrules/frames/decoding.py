"""From true columns to lists of ids: which causes, which advice, what fired.

A list for each row, put together value by value, would cost seconds for a million rows. Here the
rows in which each column is true are found first, and sorted by row in slices that are small
enough for row and id to share one whole number.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import polars as pl
import pyarrow as pa
from attrs import frozen

from crampsrules.engines.columnar import Formula
from crampsrules.frames.outputs import CAUSES, WEIGHT
from crampsrules.rulebase import RuleBase

SLICE = 1 << 16
"""Numbers are sorted so many at a time."""

_ROW = np.uint64(48)
_WEIGHT = np.uint64(16)
_HEAVIEST = 1 << 30

Numbers = npt.NDArray[Any]  # each says of what kind, where it matters


def lists_of(ids: pl.Series, flags: Sequence[pl.Series], fine: pl.Series) -> pl.Series:
    """For each row the ids whose column is true, in the order given; null where it is not fine."""
    total = len(fine)
    lengths, codes = [], []
    columns = [_Flags.of(flag, total) for flag in flags]
    for start in range(0, total, SLICE):
        size = min(SLICE, total - start)
        keys = _keys(column.true(start, size) for column in columns)
        keys.sort()
        lengths.append(np.bincount(keys >> _HALF, minlength=size))
        codes.append(keys & np.uint32(SLICE - 1))
    return _list_column(ids, _joined(lengths, np.int64), _joined(codes, np.uint32), fine)


_HALF = np.uint32(16)


@frozen
class _Flags:
    """A column of true and false, eight to a byte, as Polars and Arrow have it."""

    packed: Numbers
    offset: int

    @classmethod
    def of(cls, flag: pl.Series, total: int) -> _Flags:
        """The flags of a column; one value alone holds for all rows."""
        if len(flag) == 1 and total != 1:
            return cls(np.full(total // 8 + 1, 255 if flag[0] else 0, dtype=np.uint8), 0)
        array = flag.rechunk().to_arrow()
        return cls(np.frombuffer(array.buffers()[1] or b"", dtype=np.uint8), array.offset)

    def true(self, start: int, size: int) -> Numbers:
        """The rows of a slice in which the flag is true."""
        first = self.offset + start
        packed = self.packed[first >> 3 : (first + size + 7) >> 3]
        flags = np.unpackbits(packed, bitorder="little").view(np.bool_)
        return np.flatnonzero(flags[first & 7 : (first & 7) + size])


def _keys(found: Iterable[Numbers]) -> Numbers:
    parts = [(rows.astype(np.uint32) << _HALF) | np.uint32(at) for at, rows in enumerate(found)]
    return _joined(parts, np.uint32)


def _joined(parts: Sequence[Numbers], dtype: type[np.generic]) -> Numbers:
    return np.concatenate(parts).astype(dtype, copy=False) if parts else np.zeros(0, dtype)


def _list_column(
    ids: pl.Series,
    lengths: Numbers,
    codes: Numbers,
    fine: pl.Series,
) -> pl.Series:
    ends = np.zeros(len(lengths) + 1, dtype=np.int64)
    np.cumsum(lengths, out=ends[1:])
    values = ids.gather(pl.Series(codes)).to_arrow(compat_level=pl.CompatLevel.newest())
    missing = None if fine.all() else pa.array(~fine.to_numpy())
    lists = pa.LargeListArray.from_arrays(pa.array(ends), values, mask=missing)
    return pl.Series(pl.from_arrow(lists), dtype=pl.List(ids.dtype))


@frozen
class _CauseColumns:
    """A cause that may be listed, and the columns of its evidence."""

    id: str
    prior: int
    place: int
    """Among causes of one weight; a fallback comes after every other."""
    counted: tuple[tuple[tuple[int, int], ...], ...]
    """Weights with their columns: of those in one tuple only the last that is true counts."""

    def weigh(self, rows_of: Sequence[Numbers], size: int) -> Numbers:
        """The weight in each row of a slice."""
        weights = np.full(size, self.prior, dtype=np.int32)
        for group in self.counted:
            if len(group) == 1:
                ((weight, column),) = group
                weights[rows_of[column]] += weight
            else:
                strongest = np.zeros(size, dtype=np.int32)
                for weight, column in group:
                    strongest[rows_of[column]] = weight
                weights += strongest
        return weights


@frozen
class Ranking:
    """Puts the causes that are listed in order, by the weight of what fired."""

    causes: tuple[_CauseColumns, ...]
    formulas: tuple[Formula, ...]
    """What to hand over: whether each cause is listed, then the evidence that fired."""

    @classmethod
    def of(
        cls, rules: RuleBase, fired: Mapping[str, Formula], listed: Mapping[str, Formula]
    ) -> Ranking:
        """The ranking for a rule base."""
        formulas = dict.fromkeys(
            fired[one.id] for cause in listed for one in rules.evidence[cause] if one.id in fired
        )
        columns = {formula: len(listed) + at for at, formula in enumerate(formulas)}
        causes = tuple(
            _CauseColumns(
                id_,
                rules.causes[id_].prior,
                place | (rules.causes[id_].fallback << 47),
                tuple(_counted(rules, id_, fired, columns)),
            )
            for place, id_ in enumerate(listed)
        )
        return cls(causes, (*listed.values(), *formulas))

    @property
    def ids(self) -> pl.Series:
        """The causes by their place among causes of one weight."""
        return pl.Series([one.id for one in self.causes], dtype=pl.String)

    def dtype(self, weights: Sequence[str]) -> pl.Struct:
        """The type of what `function` gives."""
        fields = {WEIGHT + cause: pl.Int32 for cause in weights}
        return pl.Struct({CAUSES: pl.List(pl.String), **fields})

    def function(self, weights: Sequence[str]) -> Callable[[Sequence[pl.Series]], pl.Series]:
        """What ranks, for Polars to call: first whether rows are fine, then `formulas`."""

        def ranked(columns: Sequence[pl.Series]) -> pl.Series:
            fine, *flags = columns
            total = len(fine)
            whole = [_Flags.of(flag, total) for flag in flags]
            slices = [
                self._slice(whole, start, min(SLICE, total - start))
                for start in range(0, total, SLICE)
            ]
            lengths = _joined([one[0] for one in slices], np.int64)
            codes = _joined([one[1] for one in slices], np.uint32)
            found = [_list_column(self.ids, lengths, codes, fine).alias(CAUSES)]
            by_cause = {one.id: at for at, one in enumerate(self.causes)}
            for cause in weights:
                at = by_cause.get(cause)
                parts = [] if at is None else [one[2][at] for one in slices]
                found.append(_weights(WEIGHT + cause, parts, fine))
            return pl.DataFrame(found).to_struct()

        return ranked

    def _slice(
        self, columns: Sequence[_Flags], start: int, size: int
    ) -> tuple[Numbers, Numbers, list[tuple[Numbers, Numbers]]]:
        rows_of = [column.true(start, size) for column in columns]
        keys = []
        weighed = []
        for at, cause in enumerate(self.causes):
            weights = cause.weigh(rows_of, size)
            rows = rows_of[at]
            kept = weights[rows]
            weighed.append((rows, kept))
            inverse = (_HEAVIEST - kept.astype(np.int64)).astype(np.uint64) << _WEIGHT
            keys.append((rows.astype(np.uint64) << _ROW) | inverse | np.uint64(cause.place))
        sorted_keys = _joined(keys, np.uint64)
        sorted_keys.sort()
        lengths = np.bincount((sorted_keys >> _ROW).astype(np.int64), minlength=size)
        return lengths, sorted_keys & np.uint64(SLICE - 1), weighed


def _counted(
    rules: RuleBase, cause: str, fired: Mapping[str, Formula], columns: Mapping[Formula, int]
) -> Iterator[tuple[tuple[int, int], ...]]:
    """What counts for a cause: each by itself, and in a group the strongest for and against."""
    groups: dict[tuple[str, bool], list[tuple[int, int]]] = {}
    for one in rules.evidence[cause]:
        if one.id in fired:
            weight = rules.decibans[one.id]
            name = (one.id if one.group is None else f"group {one.group}", weight > 0)
            groups.setdefault(name, []).append((weight, columns[fired[one.id]]))
    for group in groups.values():
        yield tuple(sorted(group, key=lambda one: abs(one[0])))


def _weights(name: str, parts: Sequence[tuple[Numbers, Numbers]], fine: pl.Series) -> pl.Series:
    total = len(fine)
    values = np.zeros(total, dtype=np.int32)
    known = np.zeros(total, dtype=bool)
    for at, (rows, weights) in enumerate(parts):
        values[rows + at * SLICE] = weights
        known[rows + at * SLICE] = True
    column = pl.Series(name, values)
    there = pl.Series(known) & fine
    return pl.select(pl.when(there).then(column).alias(name)).to_series()
