"""Which columns of a frame hold which facts, and whether their types are what the facts take."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, Literal

import narwhals as nw
from attrs import evolve, frozen

from crampsrules.errors import FactProblem, FactsError, did_you_mean, shorten
from crampsrules.facts import FACTS, Fact
from crampsrules.medicines import Formulary

SEPARATOR = ";"
"""Parts the members of a set that is written as one text."""
NONE = "none"
"""A text that says that a set is empty, in capitals too: an empty one is unknown, as a cell is."""
BETWEEN = "__"
"""Stands between the name of a set and that of a member, in a column for that member alone."""

Form = Literal["value", "list", "text"]
Precision = Literal["half", "single", "double"]


@frozen
class FactColumn:
    """One column that holds a fact, or one member of a set."""

    fact: Fact
    name: str
    """What it is called in the frame."""
    form: Form = "value"
    """A set is a list, or a text with separators; all else is a value."""
    member: str | None = None
    """The member that the column is about, where it is about one only."""
    precision: Precision = "double"
    """Of figures that have fewer digits than doubles; what is meant is what they are written as."""

    @property
    def key(self) -> str:
        """The name that formulas know the column by."""
        return self.fact.name if self.member is None else self.fact.name + BETWEEN + self.member


def fact_columns(
    schema: Mapping[str, nw.dtypes.DType],
    formulary: Formulary,
    columns: Mapping[str, str],
    names: Sequence[object],
) -> dict[str, FactColumn]:
    """The columns that hold facts, by key. Raises FactsError.

    `columns` has the names of those that are not called like their fact; `names` are those of all
    columns, where the schema is of some only.
    """
    found, problems = _found(schema, formulary, columns, names)
    typed: dict[str, FactColumn] = {}
    for column in found:
        try:
            typed[column.key] = _typed(column, schema[column.name])
        except FactsError as error:
            problems += error.problems
    problems += _twice(typed.values())
    if problems:
        raise FactsError(problems)
    return typed


# --- Finding them -------------------------------------------------------------------------------


def columns_asked(names: Iterable[object], columns: Mapping[str, str]) -> list[str]:
    """The columns of a frame that hold facts, or look as if they should."""
    wanted = [*columns.values()]  # of which some may be no texts
    return [
        name
        for name in names
        if isinstance(name, str)
        and (name in wanted or (name not in columns and _is_called_like_a_fact(name)))
    ]


def _is_called_like_a_fact(name: str) -> bool:
    fact, between, _ = name.partition(BETWEEN)
    return fact in FACTS and (not between or FACTS[fact].is_set)


def _found(
    schema: Mapping[str, nw.dtypes.DType],
    formulary: Formulary,
    columns: Mapping[str, str],
    names: Sequence[object],
) -> tuple[list[FactColumn], list[FactProblem]]:
    problems = _wrong_names(names, columns)
    if problems:
        return [], problems
    taken = set(columns.values())
    found: list[FactColumn] = []
    # A column that is called like a fact which another column was said to hold is not that fact.
    others = (name for name in schema if name not in taken and name not in columns)
    for name in (*columns, *others):
        fact, _, member = name.partition(BETWEEN)
        column = columns.get(name, name)
        if name in FACTS:
            found.append(FactColumn(FACTS[name], column))
        elif fact in FACTS and FACTS[fact].is_set:
            if fault := wrong_member(FACTS[fact], member, formulary):
                problems.append(FactProblem(column, None, fault))
            else:
                found.append(FactColumn(FACTS[fact], column, member=member))
    return found, problems


def _wrong_names(names: Sequence[object], columns: Mapping[Any, Any]) -> list[FactProblem]:
    problems: list[FactProblem] = []
    told: dict[object, str] = {}
    for name, column in columns.items():
        if not isinstance(name, str) or not isinstance(column, str):
            message = "takes names of columns that are texts, by facts"
            problems.append(FactProblem("columns", {name: column}, message))
            continue
        if told.setdefault(column, name) != name:
            message = f"the column {shorten(column)} is given for {told[column]} too"
            problems.append(FactProblem(name, column, message))
        if not _is_called_like_a_fact(name):
            problems.append(FactProblem(name, column, f"is not a fact{did_you_mean(name, FACTS)}"))
        elif column not in names:
            hint = did_you_mean(str(column), map(str, names))
            problems.append(
                FactProblem(name, column, f"there is no column {shorten(column)}{hint}")
            )
    return problems


def wrong_member(fact: Fact, member: str, formulary: Formulary) -> str | None:
    """What is wrong with a column for a member of a set, where it has no such member."""
    members = fact.members or formulary.classes
    if member in members:
        return None
    kind = "class of medicines" if fact.kind == "medicines" else f"member of {fact.name}"
    hint = did_you_mean(member, members)
    if fact.kind == "medicines" and (classes := formulary.classes_of(member)):
        hint = f"; what is called so is of {' and '.join(map(repr, classes))}"
    return f"{member!r} is no {kind}{hint}"


def _twice(columns: Iterable[FactColumn]) -> list[FactProblem]:
    whole = {one.fact.name: one for one in columns if one.form != "value"}
    return [
        FactProblem(
            one.name,
            None,
            f"{one.fact.name} is given twice: as a set in {whole[one.fact.name].name!r}, "
            "and here by member",
        )
        for one in columns
        if one.member is not None and one.fact.name in whole
    ]


# --- Types --------------------------------------------------------------------------------------


def _typed(column: FactColumn, dtype: nw.dtypes.DType) -> FactColumn:
    """The column in the form that its type gives it. Raises FactsError for a wrong type."""
    forms, taken = _takes(column)
    for form, fits in forms.items():
        if fits(dtype):
            return evolve(column, form=form, precision=_PRECISION.get(str(dtype), "double"))
    message = f"the column has the type {dtype}, and {column.key} takes {taken}"
    raise FactsError.of(message, field=column.name)


_PRECISION: Mapping[str, Precision] = {"Float16": "half", "Float32": "single"}


def _takes(column: FactColumn) -> tuple[Mapping[Form, Callable[[nw.dtypes.DType], bool]], str]:
    """The forms that a column may have, each with what tells its types; and both in words."""
    if column.member is not None or column.fact.kind == "flag":
        return {"value": _is_flag}, "true or false"
    match column.fact.kind:
        case "number" | "integer":
            return {"value": _is_number}, "numbers"
        case "choice":
            return {"value": _is_text}, f"texts, each one of {', '.join(column.fact.members)}"
        case _:
            what = "names of medicines" if column.fact.kind == "medicines" else "members"
            taken = f"lists of texts, or texts with {SEPARATOR!r} between {what}"
            return {"list": _is_list, "text": _is_text}, taken


def _is_flag(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Boolean


def _is_number(dtype: nw.dtypes.DType) -> bool:
    return dtype.is_numeric()


def _is_text(dtype: nw.dtypes.DType) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum)


def _is_list(dtype: nw.dtypes.DType) -> bool:
    # Of a list in which there never was anything, no engine knows what it would have held.
    return isinstance(dtype, nw.List | nw.Array) and (
        dtype.inner == nw.Unknown or _is_text(_instance(dtype.inner))
    )


def _instance(dtype: nw.dtypes.DType | type[nw.dtypes.DType]) -> nw.dtypes.DType:
    return dtype() if isinstance(dtype, type) else dtype
