"""Truth values as the bits of a few whole numbers: a row then has few columns to be copied.

A column of facts is looked at once, however many tests there are of it: its value lies between
two thresholds, or is one of some texts, and each of these cases stands for some bits.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

from attrs import Factory, frozen

from crampsrules.conditions import COMPARE
from crampsrules.engines.columnar import (
    Compares,
    Formula,
    Holds,
    IsKnown,
    IsOneOf,
    Named,
    Outside,
    Test,
)
from crampsrules.frames.dialect import Dialect
from crampsrules.frames.inputs import BAD, WORD

_Case = tuple[str, int]
"""A condition, and what bits it stands for."""
_ANY_OTHER = "\ue000"
"""Stands for every text that no test names."""


@frozen
class Bit:
    """Where a truth value stands."""

    word: str
    value: int


@frozen
class Words:
    """Whole numbers, none of them null, and where in them each truth value stands."""

    sql: Mapping[str, str]
    """By name."""
    bits: Mapping[Formula, Bit]

    @classmethod
    def of_tests(
        cls,
        tests: Iterable[Test],
        faults: Iterable[Test],
        dialect: Dialect,
        column: Callable[[str], str],
    ) -> Words:
        """The tests of columns, and BAD where there is a fault; `column` writes a column.

        There is one fault of a column at most. All words have to be asked for BAD.
        """
        at_fault = {fault.column: fault for fault in faults}
        by_column: dict[str, list[Test]] = {key: [] for key in at_fault}
        for test in dict.fromkeys(tests):
            by_column.setdefault(test.column, []).append(test)
        packer = _Packer(dialect, "tests")
        for key, asked in by_column.items():
            fault = at_fault.get(key)
            for at in range(0, len(asked) or 1, WORD):
                packer.add_column(column(key), asked[at : at + WORD], fault)
        return packer.words()

    @classmethod
    def of_flags(cls, flags: Mapping[str, str], dialect: Dialect) -> Words:
        """Flags, each by its name: SQL in which null is no."""
        packer = _Packer(dialect, "flags")
        # The shortest goes first: see `kept_apart`.
        for name, sql in sorted(flags.items(), key=lambda one: len(one[1])):
            packer.add(Named(name), sql)
        return packer.words()


@frozen
class _Packer:
    dialect: Dialect
    name: str
    _masks: list[list[str]] = Factory(list)
    """For each word, what its bits are put together from."""
    _used: list[int] = Factory(list)
    """For each word, how many bits of it."""
    _bits: dict[Formula, Bit] = Factory(dict)

    def words(self) -> Words:
        names = (self._name(at) for at in range(len(self._masks)))
        return Words(dict(zip(names, map(_together, self._masks), strict=True)), self._bits)

    def _name(self, at: int) -> str:
        return f"{self.name}:{at}"

    def _room_for(self, formulas: Sequence[Formula]) -> dict[Formula, int]:
        """The bits for these formulas, in the last word or a new one."""
        if not self._used or self._used[-1] + len(formulas) > WORD:
            self._masks.append([])
            self._used.append(0)
        word, first = self._name(len(self._used) - 1), self._used[-1]
        self._used[-1] += len(formulas)
        bits = {one: 1 << first + at for at, one in enumerate(formulas)}
        self._bits.update({one: Bit(word, value) for one, value in bits.items()})
        return bits

    def add(self, name: Named, sql: str) -> None:
        """A flag."""
        (value,) = self._room_for([name]).values()
        self._masks[-1].append(self._case([(sql, value)], 0))

    def add_column(self, column: str, tests: Sequence[Test], fault: Test | None) -> None:
        """All tests of a column."""
        values: list[tuple[Formula, int]] = [*self._room_for(tests).items()]
        if fault is not None:
            values.append((fault, BAD))  # which may be one of the tests too

        def bits(value: object) -> int:
            return sum(bit for test, bit in values if _is_true(test, value))

        *cases, (_, left) = _cases(column, [test for test, _ in values], bits, self.dialect)
        # Null fulfils none of the conditions.
        none = [] if bits(None) == left else [(f"{column} IS NULL", bits(None))]
        masks = [self._case([*none, *cases], left)]
        if isinstance(fault, Outside) and fault.whole:
            masks.append(self._case([(f"{column} % 1 <> 0", BAD)], 0))
        self._masks[-1] += masks

    def _case(self, cases: Sequence[_Case], left: int) -> str:
        otherwise = self.dialect.whole(left)
        if not cases:
            return otherwise
        conditions = [sql for sql, _ in cases]
        if not self._masks[-1]:
            seldom = next((at for at, (_, bits) in enumerate(cases) if bits & BAD), 0)
            conditions[seldom] = self.dialect.kept_apart(conditions[seldom])
        written = (
            f"WHEN {sql} THEN {self.dialect.whole(bits)}"
            for sql, (_, bits) in zip(conditions, cases, strict=True)
        )
        return f"CASE {' '.join(written)} ELSE {otherwise} END"


def _cases(
    column: str, tests: Sequence[Formula], bits: Callable[[object], int], dialect: Dialect
) -> Sequence[_Case]:
    """What a column can be, in turn; last, what is left of what is known."""
    if bounds := sorted({bound for test in tests for bound in _bounds(test)}):
        return _between(column, bounds, bits, dialect)
    if any(isinstance(test, Holds) for test in tests):
        return [(column, bits(True)), ("true", bits(False))]  # noqa: FBT003 - an example
    texts = dict.fromkeys(text for test in tests for text in _texts(test))
    known = [(f"{column} = {dialect.text(text)}", bits(text)) for text in texts]
    return [*known, ("true", bits(_ANY_OTHER))]


def _between(
    column: str, bounds: Sequence[float], bits: Callable[[object], int], dialect: Dialect
) -> Sequence[_Case]:
    cases: list[_Case] = []
    for below, bound in zip([-math.inf, *bounds], bounds, strict=False):
        written = dialect.number(bound)
        cases.append((f"{column} < {written}", bits(below / 2 + bound / 2)))
        cases.append((f"{column} <= {written}", bits(bound)))
    cases.append(("true", bits(math.inf)))
    # What fulfils a condition fulfils the next, too.
    return [*(one for one, after in pairwise(cases) if one[1] != after[1]), cases[-1]]


def _is_true(test: Formula, value: Any) -> bool:  # noqa: ANN401 - whatever a column holds
    match test:
        case IsKnown(_, wanted):
            return (value is not None) is wanted
        case _ if value is None:
            return False
        case Holds(_, wanted):
            return value is wanted
        case Compares(_, sign, bound):
            return COMPARE[sign](value, bound)
        case Outside(_, low, high):
            return not low <= value <= high
        case IsOneOf(_, values, wanted):
            return (value in values) is wanted
    raise AssertionError(test)


def _bounds(test: Formula) -> tuple[float, ...]:
    match test:
        case Compares(_, _, value):
            return (float(value),)
        case Outside(_, low, high):
            return (float(low), float(high))
    return ()


def _texts(test: Formula) -> tuple[str, ...]:
    return test.values if isinstance(test, IsOneOf) else ()


def _together(masks: Sequence[str]) -> str:
    """All bits, so nested that an engine can compile each half by itself."""
    if len(masks) == 1:
        return masks[0]
    half = len(masks) // 2
    return f"({_together(masks[:half])} | {_together(masks[half:])})"
