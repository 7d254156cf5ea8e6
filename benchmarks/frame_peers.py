"""The sixty rules by hand on each kind of frame: what `assess_frame` is measured against.

Each answers with the columns that `assess_frame` adds: how soon to be seen, the first cause, the
causes in order, and, where it is asked for, what fired. None of them checks what it is given.
"""

# ruff: noqa: D102 - `frame_rules.Columns` says what each way of asking a column means
from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping, Sequence
from functools import reduce
from operator import and_, or_
from typing import Any

import duckdb
import numpy as np
import polars as pl
import pyarrow as pa
from attrs import frozen

from benchmarks.frame_rules import (
    DIURETICS,
    GROUPS,
    LADDER,
    LOSING,
    RAISING,
    SUSPECTING,
    AnyColumn,
    fired,
)
from crampsrules.facts import FACTS

CAUSES = tuple(GROUPS)
LEVELS = tuple(level for level, _ in LADDER)
ANSWERS = ("triage", "top_cause", "causes")
SET_FACTS = ("symptoms", "sites", "timing", "eased_by", "worsened_by", "medications")


def with_general(fact: str, members: Sequence[str]) -> tuple[str, ...]:
    """These members and what leaves them open: a list that says "rest" may mean sitting."""
    open_ = ("rest",) if fact == "eased_by" and "sitting" in members else ()
    return (*members, *open_)


# --- Polars -------------------------------------------------------------------------------------


@frozen
class PolarsColumns:
    """A Polars frame; a set is a list, or a column a member (`in_flags`)."""

    in_flags: bool

    def yes(self, fact: str) -> pl.Expr:
        return pl.col(fact).fill_null(value=False)

    def no(self, fact: str) -> pl.Expr:
        return (~pl.col(fact)).fill_null(value=False)

    def compare(self, fact: str, operator: str, value: float) -> pl.Expr:
        column = pl.col(fact)
        compared = {
            "<": column < value,
            "<=": column <= value,
            ">": column > value,
            ">=": column >= value,
        }
        return compared[operator].fill_null(value=False)

    def known(self, fact: str) -> pl.Expr:
        return pl.col(fact).is_not_null()

    def one_of(self, fact: str, *values: str) -> pl.Expr:
        return pl.col(fact).is_in(list(values)).fill_null(value=False)

    def has(self, fact: str, *members: str) -> pl.Expr:
        if self.in_flags:
            named = (pl.col(f"{fact}__{one}") for one in members)
            return reduce(or_, (one.fill_null(value=False) for one in named))
        return (self._bits(fact, members) != 0).fill_null(value=False)

    def lacks(self, fact: str, *members: str) -> pl.Expr:
        if self.in_flags:
            named = (pl.col(f"{fact}__{one}") for one in members)
            return reduce(and_, ((~one).fill_null(value=False) for one in named))
        return (self._bits(fact, with_general(fact, members)) == 0).fill_null(value=False)

    @staticmethod
    def _bits(fact: str, members: Sequence[str]) -> pl.Expr:
        return pl.col(f"_{fact}") & sum(1 << WORDS[fact].index(one) for one in members)


# What a list may say: one bit each.
WORDS = {name: FACTS[name].members for name in SET_FACTS}
WORDS["medications"] = tuple(sorted({*DIURETICS, *RAISING, *LOSING}))


def _as_bits(fact: str) -> pl.Expr:
    """A list as one number: far quicker than asking the list again for each member."""
    bits = pl.element().replace_strict(
        list(WORDS[fact]), [1 << at for at in range(len(WORDS[fact]))], return_dtype=pl.Int64
    )
    return pl.col(fact).list.eval(bits).list.sum()


def polars_plan(frame: pl.LazyFrame, *, in_flags: bool) -> pl.LazyFrame:
    """The plan of someone who knows Polars well."""
    if not in_flags:
        frame = frame.with_columns(**{f"_{fact}": _as_bits(fact) for fact in SET_FACTS})
    truths = fired(PolarsColumns(in_flags))
    frame = frame.with_columns(**{f"_{id_}": truth for id_, truth in truths.items()})
    true = {id_: pl.col(f"_{id_}") for id_ in truths}
    triage = pl.lit("self_care")
    for level, raising in reversed(LADDER):
        triage = pl.when(_raised(true, raising)).then(pl.lit(level)).otherwise(triage)
    frame = frame.with_columns(**{f"_key_{cause}": _polars_key(true, cause) for cause in CAUSES})
    order = _order_code([pl.col(f"_key_{cause}") for cause in CAUSES])
    frame = frame.with_columns(triage=triage, _order=order)
    frame = frame.with_columns(
        top_cause=pl.lit(pl.Series(_FIRST)).gather(pl.col("_order")),
        causes=pl.lit(pl.Series(_ORDERS)).gather(pl.col("_order")),
    )
    return frame.select(ANSWERS)


def _raised(true: Mapping[str, AnyColumn], raising: Iterable[tuple[str, str | None]]) -> AnyColumn:
    return reduce(
        or_, (true[id_] if unless is None else true[id_] & ~true[unless] for id_, unless in raising)
    )


def _polars_key(true: Mapping[str, pl.Expr], cause: str) -> pl.Expr:
    """A number that is larger the earlier a cause comes, and 0 where it is not suspected."""
    prior, groups = GROUPS[cause]
    weight = pl.lit(prior, dtype=pl.Int16)
    for steps in groups:
        counted = pl.lit(0, dtype=pl.Int16)
        for step, ids in reversed(steps):
            found = reduce(or_, (true[id_] for id_ in ids))
            counted = pl.when(found).then(pl.lit(step, dtype=pl.Int16)).otherwise(counted)
        weight = weight + counted
    suspected = reduce(or_, (true[id_] for id_ in SUSPECTING[cause]))
    key = (weight + 100) * 4 + (3 - CAUSES.index(cause))
    return pl.when(suspected).then(key).otherwise(pl.lit(0, dtype=pl.Int16))


# Three causes stand in one of sixteen orders: a number names each, and a table gives it words.
# A bit for each cause that is suspected, and for each pair one that says which comes first.
_PAIRS = tuple(itertools.combinations(range(len(CAUSES)), 2))


def _order_code(keys: Sequence[AnyColumn]) -> AnyColumn:
    bits = [key > 0 for key in keys] + [keys[a] > keys[b] for a, b in _PAIRS]
    return sum(
        (bit.cast(pl.Int16) * (1 << at) if isinstance(bit, pl.Expr) else bit * (1 << at))
        for at, bit in enumerate(bits)
    )


def _orders() -> list[list[str]]:
    table = []
    for code in range(1 << (len(CAUSES) + len(_PAIRS))):
        beaten = {at: 0 for at in range(len(CAUSES)) if code & (1 << at)}
        for at, (a, b) in enumerate(_PAIRS, len(CAUSES)):
            later = b if code & (1 << at) else a
            if later in beaten:
                beaten[later] += 1
        table.append([CAUSES[at] for at in sorted(beaten, key=lambda at: (beaten[at], at))])
    return table


_ORDERS = _orders()
_FIRST = [order[0] if order else None for order in _ORDERS]


# --- NumPy --------------------------------------------------------------------------------------


@frozen
class ArrayColumns:
    """Encoded columns as arrays: the floor, which knows neither null nor text nor list."""

    arrays: Mapping[str, Any]

    @classmethod
    def encode(cls, flags: pa.Table) -> ArrayColumns:
        """Two arrays a truth value, numbers with NaN for unknown, choices as arrays of members."""
        arrays: dict[str, Any] = {}
        for name in flags.column_names:
            column = flags[name].combine_chunks()
            if pa.types.is_boolean(column.type):
                arrays[name] = np.asarray(column.fill_null(False))  # noqa: FBT003
                arrays[f"no {name}"] = ~np.asarray(column.fill_null(True))  # noqa: FBT003
            elif pa.types.is_string(column.type):
                encoded = column.dictionary_encode()
                codes = np.asarray(encoded.indices.fill_null(-1))
                arrays |= {
                    f"{name} {word}": codes == at
                    for at, word in enumerate(encoded.dictionary.to_pylist())
                }
            else:
                arrays[name] = column.to_numpy(zero_copy_only=False).astype(float)
        return cls(arrays)

    def yes(self, fact: str) -> AnyColumn:
        return self.arrays[fact]

    def no(self, fact: str) -> AnyColumn:
        return self.arrays[f"no {fact}"]

    def compare(self, fact: str, operator: str, value: float) -> AnyColumn:
        compare = {"<": np.less, "<=": np.less_equal, ">": np.greater, ">=": np.greater_equal}
        return compare[operator](self.arrays[fact], value)

    def known(self, fact: str) -> AnyColumn:
        return ~np.isnan(self.arrays[fact])

    def one_of(self, fact: str, *values: str) -> AnyColumn:
        return reduce(or_, (self.arrays[f"{fact} {value}"] for value in values))

    def has(self, fact: str, *members: str) -> AnyColumn:
        return reduce(or_, (self.arrays[f"{fact}__{member}"] for member in members))

    def lacks(self, fact: str, *members: str) -> AnyColumn:
        return reduce(and_, (self.arrays[f"no {fact}__{member}"] for member in members))


def numpy_floor(columns: ArrayColumns) -> tuple[Any, Any]:
    """The level as a number, and the order of the causes as a number: no text is made."""
    true = fired(columns)
    triage = np.zeros(len(next(iter(true.values()))), dtype=np.int8)
    for number, (_, raising) in enumerate(reversed(LADDER), 1):
        np.copyto(triage, number, where=_raised(true, raising), casting="unsafe")
    keys = [_numpy_key(true, cause) for cause in CAUSES]
    return triage, _order_code(keys)


def _numpy_key(true: Mapping[str, AnyColumn], cause: str) -> AnyColumn:
    prior, groups = GROUPS[cause]
    weight = np.full(len(next(iter(true.values()))), prior, dtype=np.int16)
    for steps in groups:
        counted = np.zeros_like(weight)
        for step, ids in reversed(steps):
            found = reduce(or_, (true[id_] for id_ in ids))
            np.copyto(counted, step, where=found, casting="unsafe")
        weight += counted
    key = (weight + 100) * 4 + (3 - CAUSES.index(cause))
    return key * reduce(or_, (true[id_] for id_ in SUSPECTING[cause]))


def numpy_answers(triage: AnyColumn, order: AnyColumn) -> pa.Table:
    """The floor's numbers in words, to compare them."""
    words = np.array(["self_care", *reversed(LEVELS)], dtype=object)[triage]
    firsts, orders = (np.array(one, dtype=object) for one in (_FIRST, [*_ORDERS, None]))
    return pa.table(
        {
            "triage": pa.array(words),
            "top_cause": pa.array(firsts[order], type=pa.string()),
            "causes": pa.array(orders[order], type=pa.list_(pa.string())),
        }
    )


# --- DuckDB -------------------------------------------------------------------------------------


@frozen
class Sql:
    """A piece of SQL that is true or false, never null."""

    text: str

    def __and__(self, other: Sql) -> Sql:
        return Sql(f"({self.text} AND {other.text})")

    def __or__(self, other: Sql) -> Sql:
        return Sql(f"({self.text} OR {other.text})")

    def __invert__(self) -> Sql:
        return Sql(f"(NOT {self.text})")


@frozen
class SqlColumns:
    """A table asked in SQL."""

    in_flags: bool

    def yes(self, fact: str) -> Sql:
        return _sure(fact)

    def no(self, fact: str) -> Sql:
        return _sure(f"NOT {fact}")

    def compare(self, fact: str, operator: str, value: float) -> Sql:
        return _sure(f"{fact} {operator} {value}")

    def known(self, fact: str) -> Sql:
        return Sql(f"({fact} IS NOT NULL)")

    def one_of(self, fact: str, *values: str) -> Sql:
        return _sure(f"{fact} IN ({_quoted(values)})")

    def has(self, fact: str, *members: str) -> Sql:
        if not self.in_flags:
            return _sure(f"list_has_any({fact}, [{_quoted(members)}])")
        return reduce(or_, (_sure(f"{fact}__{one}") for one in members))

    def lacks(self, fact: str, *members: str) -> Sql:
        if not self.in_flags:
            return _sure(f"NOT list_has_any({fact}, [{_quoted(with_general(fact, members))}])")
        return reduce(and_, (_sure(f"NOT {fact}__{one}") for one in members))


def _sure(text: str) -> Sql:
    return Sql(f"coalesce({text}, false)")


def _quoted(texts: Iterable[str]) -> str:
    return ", ".join(f"'{text}'" for text in texts)


def sql_query(table: str, *, in_flags: bool) -> str:
    """The query of someone who knows SQL well."""
    truths = fired(SqlColumns(in_flags))
    true = {id_: Sql(f'"_{id_}"') for id_ in truths}
    firing = ", ".join(f'{truth.text} AS "_{id_}"' for id_, truth in truths.items())
    ladder = " ".join(
        f"WHEN {_raised(true, raising).text} THEN '{level}'" for level, raising in LADDER
    )
    keys = ", ".join(f"{_sql_key(true, cause)} AS key_{cause}" for cause in CAUSES)
    bits = [f"key_{cause} > 0" for cause in CAUSES]
    bits += [f"key_{CAUSES[a]} > key_{CAUSES[b]}" for a, b in _PAIRS]
    code = " + ".join(f"({bit})::INT * {1 << at}" for at, bit in enumerate(bits))
    orders = ", ".join(f"[{_quoted(order)}]" for order in _ORDERS)
    return f"""
        WITH fired AS (SELECT {firing} FROM {table}),
        weighed AS (SELECT CASE {ladder} ELSE 'self_care' END AS triage, {keys} FROM fired),
        ordered AS (SELECT triage, ([{orders}])[1 + {code}] AS causes FROM weighed)
        SELECT triage, causes[1] AS top_cause, causes FROM ordered
    """  # noqa: S608 - its parts stand in these files


def _sql_key(true: Mapping[str, Sql], cause: str) -> str:
    prior, groups = GROUPS[cause]
    weight = [str(prior)]
    for steps in groups:
        found = ((reduce(or_, (true[id_] for id_ in ids)).text, step) for step, ids in steps)
        cases = " ".join(f"WHEN {one} THEN {step}" for one, step in found)
        weight.append(f"CASE {cases} ELSE 0 END")
    suspected = reduce(or_, (true[id_] for id_ in SUSPECTING[cause])).text
    key = f"({' + '.join(weight)} + 100) * 4 + {3 - CAUSES.index(cause)}"
    return f"CASE WHEN {suspected} THEN {key} ELSE 0 END"


def sql_answers(connection: duckdb.DuckDBPyConnection, table: str, *, in_flags: bool) -> Any:  # noqa: ANN401
    """Run the query."""
    return connection.sql(sql_query(table, in_flags=in_flags))


# --- Spark --------------------------------------------------------------------------------------


class SparkColumns:
    """A Spark frame with lists."""

    def yes(self, fact: str) -> AnyColumn:
        return self._sure(self._column(fact))

    def no(self, fact: str) -> AnyColumn:
        return self._sure(~self._column(fact))

    def compare(self, fact: str, operator: str, value: float) -> AnyColumn:
        column = self._column(fact)
        compared = {
            "<": column < value,
            "<=": column <= value,
            ">": column > value,
            ">=": column >= value,
        }
        return self._sure(compared[operator])

    def known(self, fact: str) -> AnyColumn:
        return self._column(fact).isNotNull()

    def one_of(self, fact: str, *values: str) -> AnyColumn:
        return self._sure(self._column(fact).isin(*values))

    def has(self, fact: str, *members: str) -> AnyColumn:
        return reduce(or_, (self._sure(self._member(fact, one)) for one in members))

    def lacks(self, fact: str, *members: str) -> AnyColumn:
        lacked = with_general(fact, members)
        return reduce(and_, (self._sure(~self._member(fact, one)) for one in lacked))

    @staticmethod
    def _member(fact: str, member: str) -> AnyColumn:
        from pyspark.sql import functions as sf

        return sf.array_contains(fact, member)

    @staticmethod
    def _column(fact: str) -> AnyColumn:
        from pyspark.sql import functions as sf

        return sf.col(fact)

    @staticmethod
    def _sure(column: AnyColumn) -> AnyColumn:
        from pyspark.sql import functions as sf

        return sf.coalesce(column, sf.lit(False))  # noqa: FBT003


def naive_spark_plan(frame: Any, *, in_one_select: bool) -> Any:  # noqa: ANN401
    """The plan as one writes it first: a column a rule, one after the other, or none at all.

    `in_one_select` puts each rule into whatever asks for it, so that only answers are columns.
    """
    from pyspark.sql import functions as sf

    kept = frame.columns
    true, keys = fired(SparkColumns()), {}
    if not in_one_select:
        for id_, truth in true.items():
            frame = frame.withColumn(id_.replace(".", ":"), truth)
        true = {id_: sf.col(id_.replace(".", ":")) for id_ in true}
    triage = sf.lit("self_care")
    for level, raising in reversed(LADDER):
        triage = sf.when(_raised(true, raising), sf.lit(level)).otherwise(triage)
    for cause in CAUSES:
        keys[cause] = _spark_key(true, cause)
        if not in_one_select:
            frame = frame.withColumn(f"key_{cause}", keys[cause])
            keys[cause] = sf.col(f"key_{cause}")
    entries = [
        sf.when(key > 0, sf.struct(key.alias("key"), sf.lit(cause).alias("id")))
        for cause, key in keys.items()
    ]
    ranked = sf.reverse(sf.array_sort(sf.array_compact(sf.array(*entries))))
    causes = sf.transform(ranked, lambda one: one["id"])
    ids = [sf.when(true[id_], sf.lit(id_)) for id_ in sorted(true)]
    return frame.select(
        *kept,
        triage.alias("triage"),
        sf.get(causes, 0).alias("top_cause"),
        causes.alias("causes"),
        sf.array_compact(sf.array(*ids)).alias("fired"),
    )


def _spark_key(true: Mapping[str, AnyColumn], cause: str) -> AnyColumn:
    from pyspark.sql import functions as sf

    prior, groups = GROUPS[cause]
    weight = sf.lit(prior)
    for steps in groups:
        counted = sf.lit(0)
        for step, ids in reversed(steps):
            found = reduce(or_, (true[id_] for id_ in ids))
            counted = sf.when(found, sf.lit(step)).otherwise(counted)
        weight = weight + counted
    suspected = reduce(or_, (true[id_] for id_ in SUSPECTING[cause]))
    return sf.when(suspected, (weight + 100) * 4 + (3 - CAUSES.index(cause))).otherwise(sf.lit(0))
