"""The formulas of a rule base as expressions of Polars, and what is not an expression there.

Firing, and all that is true or false, is expressions. Sets are written as the bits of whole
numbers first, and the lists of ids are made of true columns last; both by functions over whole
columns, which Polars calls as it comes to them: nothing is collected before the user does.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from operator import and_, or_
from typing import Any

import narwhals as nw
import numpy as np
import numpy.typing as npt
import polars as pl
from attrs import frozen

from crampsrules.engines.columnar import (
    Compares,
    Every,
    Formula,
    Formulas,
    HasBits,
    Holds,
    IsKnown,
    IsOneOf,
    Named,
    Not,
    Outside,
    Some,
)
from crampsrules.frames.columns import NONE, SEPARATOR, FactColumn
from crampsrules.frames.decoding import Ranking, lists_of
from crampsrules.frames.encoding import IDS, SetEncoder
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import (
    ADVICE,
    CAUSES,
    ERRORS,
    FIRED,
    TOP_CAUSE,
    TRIAGE,
    UNRECOGNISED,
    WEIGHT,
    Outputs,
    error_text,
    free_prefix,
)
from crampsrules.frames.rows import problems_of
from crampsrules.labels import SPACES
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

_FEW = 8
"""So many values are quicker compared one by one than looked up."""


def schema_of(frame: pl.LazyFrame | pl.DataFrame) -> Mapping[str, nw.dtypes.DType]:
    """The types of a frame's columns, but for those in which nothing is known."""
    schema = frame.collect_schema()
    known = [name for name, dtype in schema.items() if dtype != pl.Null]
    types = nw.from_native(pl.DataFrame(schema=schema)).schema
    return {name: types[name] for name in known}


@frozen
class Assessor:
    """Adds the columns of an assessment to Polars frames of one schema."""

    rules: RuleBase
    inputs: Inputs
    outputs: Outputs
    formulas: Formulas

    @classmethod
    def of(cls, rules: RuleBase, inputs: Inputs, outputs: Outputs) -> Assessor:
        """Turn the rules into formulas over these columns."""
        return cls(rules, inputs, outputs, Formulas.of(rules, inputs.test))

    def assessed(self, frame: pl.LazyFrame) -> pl.LazyFrame:
        """The frame with the columns added. Nothing is collected."""
        names = frame.collect_schema().names()
        prefix = free_prefix(names)
        written = _Writer(self, prefix)
        for stage in written.stages():
            frame = frame.with_columns(**stage)
        return frame.select(*map(exact, names), *self.outputs.names)


@frozen
class _Writer:
    assessor: Assessor
    prefix: str

    @property
    def inputs(self) -> Inputs:
        return self.assessor.inputs

    def stages(self) -> Sequence[Mapping[str, pl.Expr]]:
        formulas = self.assessor.formulas
        bits = {self._own(f"{one.fact.name}:bits"): self._encoded(one) for one in self.inputs.sets}
        fields = {
            self._own(name): pl.col(self._own(f"{one.fact.name}:bits")).struct.field(name)
            for one in self.inputs.sets
            for name in SetEncoder.of(one.fact, self.inputs).names
        }
        values = {
            self._own(one.key): cast
            for one in self.inputs.columns.values()
            if one.form == "value" and (cast := _cast(one)) is not None
        }
        fine = {self._own("fine"): ~self.expression(self.inputs.faulty())}
        firing = [
            {self._own(name): self.expression(formula) for name, formula in stage.items()}
            for stage in formulas.stages
        ]
        return [one for one in (bits, {**values, **fields}, fine, *firing, *self._answers()) if one]

    def _own(self, name: str) -> str:
        return self.prefix + name

    # --- Inputs ---------------------------------------------------------------------------------

    def _column(self, key: str) -> pl.Expr:
        column = self.inputs.columns.get(key)
        if column is None or _cast(column) is not None:
            return pl.col(self._own(key))
        return exact(column.name)

    def _encoded(self, column: FactColumn) -> pl.Expr:
        lists = exact(column.name)
        if column.form == "text":
            lists = split(lists.cast(pl.String))
        encoder = SetEncoder.of(
            column.fact, self.inputs, tells_unrecognised=self.assessor.outputs.unrecognised
        )
        return lists.cast(IDS).map_batches(encoder, return_dtype=encoder.dtype, is_elementwise=True)

    # --- Formulas -------------------------------------------------------------------------------

    def expression(self, formula: Formula) -> pl.Expr:
        match formula:
            case Named(name):
                return pl.col(self._own(name))
            case Every(parts):
                return _joined(and_, [self.expression(part) for part in parts], empty=True)
            case Some(parts):
                return _joined(or_, [self.expression(part) for part in parts], empty=False)
            case Not(part):
                return ~self.expression(part)
            case IsKnown(key, wanted):
                known = self._known(key)
                return known if wanted else ~known
        return self._tested(formula).fill_null(value=False)

    def _known(self, key: str) -> pl.Expr:
        column = self.inputs.columns[key]
        if column.form == "text":
            return pl.col(self._own(SetEncoder.of(column.fact, self.inputs).first)).is_not_null()
        return exact(column.name).is_not_null()

    def _tested(self, test: Formula) -> pl.Expr:
        match test:
            case Holds(key, wanted):
                return self._column(key) if wanted else ~self._column(key)
            case Compares(key, operator, value):
                return _COMPARE[operator](self._column(key), value)
            case Outside(key, low, high, whole):
                column = self._column(key)
                inside = column.is_between(low, high)
                return ~(inside & (column == column.floor()) if whole else inside)
            case IsOneOf(key, values, wanted):
                column = self._column(key)
                among = (
                    _joined(or_, [column == value for value in values], empty=False)
                    if len(values) <= _FEW
                    else column.is_in(values)
                )
                return among if wanted else ~among
            case HasBits(key, bits, wanted):
                found = pl.col(self._own(key)) & bits
                return found != 0 if wanted else found == 0
        raise AssertionError(test)

    # --- Answers --------------------------------------------------------------------------------

    def _answers(self) -> Sequence[Mapping[str, pl.Expr]]:
        formulas, outputs = self.assessor.formulas, self.assessor.outputs
        fine = pl.col(self._own("fine"))
        ranking = Ranking.of(self.assessor.rules, formulas.fired, formulas.listed)
        ranked = pl.map_batches(
            [fine, *map(self.expression, ranking.formulas)],
            ranking.function(outputs.weights),
            return_dtype=ranking.dtype(outputs.weights),
            is_elementwise=True,
        )
        advice = pl.Series(list(formulas.advice), dtype=pl.String)
        first = {
            self._own("ranked"): ranked,
            TRIAGE: pl.when(fine).then(self._triage()),
            ADVICE: self._lists(advice, formulas.advice, fine),
            FIRED: self._lists(outputs.fired(formulas.fired), formulas.fired, fine),
        }
        if outputs.errors:
            first[ERRORS] = self._errors(fine)
        if outputs.unrecognised:
            first[UNRECOGNISED] = pl.when(fine).then(self._unrecognised())
        field = pl.col(self._own("ranked")).struct.field
        second = {CAUSES: field(CAUSES)} | {
            WEIGHT + cause: field(WEIGHT + cause) for cause in outputs.weights
        }
        return [first, second, {TOP_CAUSE: pl.col(CAUSES).list.first()}]

    def _triage(self) -> pl.Expr:
        chain: Any = pl
        for level, formula in self.assessor.formulas.triage.items():
            chain = chain.when(self.expression(formula)).then(pl.lit(level.id))
        level_of: pl.Expr = chain.otherwise(pl.lit(Triage.SELF_CARE.id))
        return level_of

    def _lists(self, ids: pl.Series, chosen: Mapping[str, Formula], fine: pl.Expr) -> pl.Expr:
        return pl.map_batches(
            [fine, *(self.expression(formula) for formula in chosen.values())],
            lambda columns: lists_of(ids, columns[1:], columns[0]),
            return_dtype=pl.List(ids.dtype),
            is_elementwise=True,
        )

    def _unrecognised(self) -> pl.Expr:
        medicines = [one.fact.name for one in self.inputs.sets if one.fact.kind == "medicines"]
        if not medicines:
            return pl.lit(None, dtype=IDS)
        return pl.col(self._own(f"{medicines[0]}:bits")).struct.field(UNRECOGNISED)

    def _errors(self, fine: pl.Expr) -> pl.Expr:
        def tell(columns: Sequence[pl.Series]) -> pl.Series:
            return errors_of(columns[0], columns[1:], self.inputs)

        return pl.map_batches(
            [fine, *map(as_written, self.inputs.columns.values())],
            tell,
            return_dtype=pl.String,
            is_elementwise=True,
        )


def errors_of(fine: pl.Series, columns: Sequence[pl.Series], inputs: Inputs) -> pl.Series:
    """What is wrong with each row that is not fine; null for the others.

    The columns are those of `inputs`, in their order.
    """
    wrong = (~fine).arg_true()
    found = pl.repeat(None, len(fine), dtype=pl.String, eager=True)
    if not len(wrong):
        return found
    values = [_plain(column.gather(wrong)).to_list() for column in columns]
    texts = [
        error_text(problems_of(dict(zip(inputs.columns, row, strict=True)), inputs))
        for row in zip(*values, strict=True)
    ]
    return found.scatter(wrong, pl.Series(texts, dtype=pl.String))


def _plain(column: pl.Series) -> pl.Series:
    """The same, where a decimal becomes a number that a fact can be."""
    return column.cast(pl.Float64) if column.dtype.is_decimal() else column


def exact(name: str) -> pl.Expr:
    """The column of that name, also where Polars would take it for a pattern."""
    return pl.selectors.by_name(name).as_expr() if name[:1] in "*^" else pl.col(name)


def as_written(column: FactColumn) -> pl.Expr:
    """A column in which 0.7 is 0.7, also where it has less than the precision of a double."""
    values = exact(column.name)
    match column.precision:
        case "single":
            return values.cast(pl.String).cast(pl.Float64)
        case "half":
            return values.map_batches(of_halves, return_dtype=pl.Float64, is_elementwise=True)
    return values


def of_halves(column: pl.Series) -> pl.Series:
    """Figures of half precision as they are written: Polars writes them as if they were single."""
    bits = column.fill_null(0).to_numpy().view(np.uint16)
    read = pl.Series(column.name, _halves()[bits])
    return pl.select(pl.when(column.is_not_null()).then(read)).to_series()


@cache
def _halves() -> npt.NDArray[np.float64]:
    """What each half is written as, by its bits."""
    every = np.arange(1 << 16, dtype=np.uint16).view(np.float16)
    return np.array([float(str(one)) for one in every])


def split(column: pl.Expr) -> pl.Expr:
    """Texts with separators as lists, as `rows.split` reads one."""
    part = pl.element()
    parts = column.str.split(SEPARATOR).list.eval(part.str.strip_chars(SPACES))
    parts = parts.list.eval(part.filter(part != ""))
    empty = pl.lit([], dtype=IDS)
    none = (parts.list.len() == 1) & (parts.list.first().str.to_lowercase() == NONE)
    return pl.when(parts.list.len() == 0).then(None).when(none).then(empty).otherwise(parts)


def _cast(column: FactColumn) -> pl.Expr | None:
    match column.fact.kind:
        case "number" | "integer":
            return as_written(column).cast(pl.Float64)
        case "choice":
            return exact(column.name).cast(pl.String)
    return None


_COMPARE: Mapping[str, Callable[[pl.Expr, float], pl.Expr]] = {
    "<": pl.Expr.__lt__,
    "<=": pl.Expr.__le__,
    ">": pl.Expr.__gt__,
    ">=": pl.Expr.__ge__,
    "==": pl.Expr.__eq__,
    "!=": pl.Expr.__ne__,
}


def _joined(
    operator: Callable[[pl.Expr, pl.Expr], pl.Expr], parts: Sequence[pl.Expr], *, empty: bool
) -> pl.Expr:
    return reduce(operator, parts) if parts else pl.lit(empty)
