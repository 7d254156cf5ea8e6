"""The cells of a CSV file: from texts to what the facts take.

A cell that cannot be read is told of in the words that `assess` has for it, and with what to write
in CSV where that is something else.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import polars as pl

from crampsrules.cohort.columns import declared
from crampsrules.errors import shorten
from crampsrules.facts import Fact
from crampsrules.frames.columns import SEPARATOR
from crampsrules.frames.polars_frames import exact, split
from crampsrules.readers import LIST_AS_TEXT, RefusedError, reader_of

# With a point where a data frame has made figures of flags, because some are not known.
_YES = ("true", "yes", "y", "1", "1.0")
_NO = ("false", "no", "n", "0", "0.0")
_FLAGS = {**dict.fromkeys(_YES, True), **dict.fromkeys(_NO, False)}
# Python's own reader of numbers takes underscores and words for infinity too.
_QUANTITY = re.compile(
    r"(?P<figure>[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?) *(?P<unit>[^\d.,_ ].*)?", re.ASCII
)
_DECIMAL_COMMA = re.compile(r"[+-]?[\d.]*,\d+( .*)?", re.ASCII)
# What parts members elsewhere. No member of a set has it in its name, but medicines may.
_PARTED_OTHERWISE = {"members": r"[,|\[\]]", "medicines": LIST_AS_TEXT}
_MAYBE_UNKNOWN = frozenset({"na", "n/a", "nan", "null", "none", "unknown", ".", "-", "?"})

Faults = Mapping[int, tuple[str, ...]]


class Cells:
    """Reads the columns that hold facts."""

    def __init__(self, facts: Mapping[str, str], unknown: Iterable[str] = ()) -> None:
        self._facts = {
            column: fact for column, name in facts.items() if (fact := declared(name)) is not None
        }
        self._unknown = [text.strip() for text in unknown]

    def read(self, raw: pl.DataFrame) -> tuple[pl.DataFrame, Faults]:
        """The columns of facts, by their own names, and which rows have cells that are none.

        Such a cell is null in the columns.
        """
        texts = raw.select(self._text(column) for column in self._facts)
        typed = texts.select(_value(column, fact) for column, fact in self._facts.items())
        faulty: dict[int, list[str]] = {}
        for column, fact in self._facts.items():
            if fact.units:
                typed = typed.with_columns(_with_units(fact, texts[column], typed[column]))
            missed = texts[column].is_not_null() & typed[column].is_null()
            for row in missed.arg_true():
                faulty.setdefault(row, []).append(column)
        return typed, {
            row: tuple(self._reason(column, texts[column][row]) for column in columns)
            for row, columns in sorted(faulty.items())
        }

    def _text(self, column: str) -> pl.Expr:
        text = exact(column).str.strip_chars()
        return pl.when(~text.is_in(["", *self._unknown])).then(text).alias(column)

    def _reason(self, column: str, text: str) -> str:
        fact = self._facts[column]
        reason = f"{fact.name}: {_refusal(fact, text)}"
        if text.lower() in _MAYBE_UNKNOWN:
            reason += f" (if that stands for what is not known, say so: --unknown {text})"
        return reason


def _refusal(fact: Fact, text: str) -> str:
    if fact.kind in _PARTED_OTHERWISE:
        what = "names of medicines" if fact.kind == "medicines" else "its members"
        return f"takes {what} with {SEPARATOR!r} between them, got {shorten(text)}"
    try:
        reader_of(fact)(_quantity(fact, text) or text)
    except RefusedError as error:
        has_comma = fact.is_number and _DECIMAL_COMMA.fullmatch(text)
        return f"{error}{'; decimals stand behind a point here, as in 1.5' if has_comma else ''}"
    raise AssertionError(f"{fact.name} takes {text!r}, and nothing was read")


def _value(column: str, fact: Fact) -> pl.Expr:
    text = exact(column)
    match fact.kind:
        case "flag":
            return text.str.to_lowercase().replace_strict(
                _FLAGS, default=None, return_dtype=pl.Boolean
            )
        case "number":
            number = text.cast(pl.Float64, strict=False)
            return pl.when(number.is_finite()).then(number)
        case "integer":
            number = text.cast(pl.Float64, strict=False)
            whole = number.is_finite() & (number.abs() < 2**53) & (number == number.floor())
            return pl.when(whole).then(number).cast(pl.Int64)
        case "choice":
            return text
        case _:
            # Separators alone name nothing, and do not say that there is nothing either.
            is_list = ~text.str.contains(_PARTED_OTHERWISE[fact.kind])
            return pl.when(is_list).then(split(text)).alias(column)


def _with_units(fact: Fact, texts: pl.Series, values: pl.Series) -> pl.Series:
    """Read what is no figure that can be as one with its unit, such as 9.1 mg/dL."""
    read = reader_of(fact)
    can_be = values.is_between(fact.low, fact.high)
    values = pl.select(pl.when(can_be).then(values).alias(texts.name)).to_series()
    left = texts.filter(values.is_null() & texts.is_not_null()).unique()
    if left.is_empty():
        return values
    found = {}
    for text in left:
        try:
            found[text] = read(_quantity(fact, text))
        except RefusedError:
            continue  # it stays null, and is told of with the others
    again = texts.replace_strict(found, default=None, return_dtype=pl.Float64)
    return pl.select(pl.coalesce(values, again)).to_series()


def _quantity(fact: Fact, text: str) -> dict[str, object] | None:
    """A laboratory value with its unit, as `assess` takes it; None where a text is no such."""
    parts = _QUANTITY.fullmatch(text)
    if not fact.units or parts is None:
        return None
    return {"value": float(parts["figure"]), "unit": parts["unit"] or fact.unit}
