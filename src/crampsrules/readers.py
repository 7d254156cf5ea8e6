"""Reading one value of a fact: what is kept, or why it is refused.

A reader takes one value that is not None, and gives what is kept or raises RefusedError. The usual
value passes one or two tests; whatever is unusual about another is found out afterwards.
"""

from __future__ import annotations

import math
import numbers
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from fractions import Fraction
from functools import lru_cache
from operator import countOf
from typing import Any, NoReturn

from attrs import frozen

from crampsrules.declarations import Fact
from crampsrules.errors import did_you_mean, shorten
from crampsrules.units import Unit, find_unit, readings

MOST_MEDICINES = 200
LONGEST_MEDICINE = 100
LIST_AS_TEXT = r"^\[.*\]$"
"""A name that looks like this is a list which something has written as a text."""
NO_MEDICINE = (
    r"(?i)^(?:none(?: +(?:of +(?:these|them)|currently|at +present|at +the +moment|regular))?|"
    r"no|nope|nil(?: +regular)?|n[./]?a|-+|"
    r"(?:i +)?(?:don.?t|do +not) +take +any(?:thing)?|"
    r"(?:i +)?(?:take +|am +taking +|am +on +|on +)?nothing"
    r"(?: +(?:regular(?:ly)?|currently|at +all))?|"
    r"(?:i +)?(?:am +)?not +(?:taking|on) +"
    r"(?:anything|any +(?:medicines?|medications?|meds|drugs))|"
    r"(?:i +)?(?:take +)?no +(?:regular +|current +|other +)?"
    r"(?:medicines?|medications?|meds|drugs|tablets|pills))[.!]?$"
)
"""In a text this is an empty list. Among names it would be a medicine that nobody knows."""
NO_ANSWER = (
    r"(?i)^(?:(?:i +)?(?:don.?t|do +not) +know|"
    r"unknown|not +(?:known|sure)|unsure|null|[?]+)[.!]?$"
)
"""In a text this leaves the list unknown, as none at all does."""
INVISIBLE = "".join(
    chr(code)
    for codes in (
        (0x61C, 0x180E, 0xFEFF),
        range(0x200B, 0x2010),
        range(0x202A, 0x202F),
        range(0x2060, 0x2070),
    )
    for code in codes
)
"""What shows nothing, or turns round what is beside it: by it a name looks like another."""
LINE_ENDS = "\u2028\u2029"
"""What ends a line for `str.splitlines`, beside control characters."""
# What is read of a longer list of medicines is not remembered: it comes from a stranger.
LONG_LIST = 30
# How many lists are remembered for each fact, and how many names of medicines.
_REMEMBERED = 1024
# ASCII: an i without its dot is an i to Python, and not to the engines that read frames.
_NO_MEDICINE = re.compile(NO_MEDICINE, re.ASCII)
_NO_ANSWER = re.compile(NO_ANSWER, re.ASCII)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_COLLECTIONS = (list, tuple, set, frozenset)

Reader = Callable[[Any], object]


class RefusedError(Exception):
    """Its text says what is wrong with one value."""


def _refuse(message: str) -> NoReturn:
    raise RefusedError(message)


def reader_of(fact: Fact) -> Reader:
    """The reader of a fact's values."""
    match fact.kind:
        case "flag":
            return _read_flag
        case "number":
            return _number_reader(fact)
        case "integer":
            return _integer_reader(fact)
        case "choice":
            return _choice_reader(fact)
        case "members":
            return _members_reader(fact)
        case "medicines":
            return _medicines_reader()


def _read_flag(value: object) -> bool:
    if value is True or value is False:
        return value
    # Of a package that nobody imported nobody has a value.
    numpy = sys.modules.get("numpy")
    if numpy is not None and isinstance(value, numpy.bool_):
        return bool(value)
    _refuse(f"takes true or false, got {shorten(value)}")


def _number_reader(fact: Fact) -> Reader:
    low, high = _bounds(fact)

    def read(value: Any) -> float:  # noqa: ANN401
        # NaN is outside all bounds; adding 0.0 makes -0.0 an ordinary zero.
        if (type(value) is float or type(value) is int) and low <= value <= high:
            return value + 0.0
        return _read_number(fact, value)

    return read


def _bounds(fact: Fact) -> tuple[float, float]:
    low = -math.inf if fact.low is None else fact.low
    return low, math.inf if fact.high is None else fact.high


def _read_number(fact: Fact, value: object) -> float:
    if fact.units and isinstance(value, Mapping):
        return _read_quantity(fact, value)
    read = finite(value)
    if read is None:
        _refuse(f"takes {range_of(fact)}, got {shorten(value)}")
    if not within(fact, read):
        _refuse(_out_of_range(fact, read))
    _refuse_just_outside(fact, value)
    return read + 0.0


def _refuse_just_outside(fact: Fact, value: object) -> None:
    """Refuse what is within the bounds only once it is rounded to a float."""
    if isinstance(value, Decimal | Fraction) and not within(fact, value):
        _refuse(f"takes {range_of(fact)}, got {shorten(value)}")


def finite(value: object) -> float | None:
    """Give any real number as a float (numpy's too), or None for what is none or not finite."""
    if isinstance(value, bool) or not isinstance(value, numbers.Real | Decimal):
        return None
    # One of numpy's may have fewer digits than a float: what is meant is what it is written as.
    is_numpys = hasattr(value, "dtype") and not isinstance(value, float)
    try:
        read = float(str(value) if is_numpys else value)
    except (OverflowError, ValueError):
        return None
    return read if math.isfinite(read) else None


def within(fact: Fact, value: float | Decimal | Fraction) -> bool:
    """Whether a number is one that a fact can be."""
    low, high = _bounds(fact)
    return low <= value <= high


def range_of(fact: Fact) -> str:
    """What a number may be, in words."""
    kind = "a whole number" if fact.kind == "integer" else "a number"
    low, high = (_figure(float(bound)) for bound in _bounds(fact))
    return f"{kind} from {low} to {high}{_after(fact.unit)}"


def _after(unit: str | None) -> str:
    return f" {unit}" if unit else ""


def _figure(value: float) -> str:
    """Show a number as short as it can be told from others: 71 and not 71.0."""
    return repr(value).removesuffix(".0")


def _out_of_range(fact: Fact, value: float) -> str:
    message = f"takes {range_of(fact)}, got {_figure(value)}"
    others = _plausible(fact, value)
    if not others:
        return message
    return (
        f"{message}: {_figure(value)} {fact.unit} cannot be, {_either(fact, value, others)} could; "
        f'say which is meant, as in {{"value": {_figure(value)}, "unit": "{others[0][0].name}"}}'
    )


def _plausible(fact: Fact, value: float) -> list[tuple[Unit, float]]:
    return [(unit, kept) for unit, kept in readings(fact.name, value) if within(fact, kept)]


def _either(fact: Fact, value: float, plausible: list[tuple[Unit, float]]) -> str:
    """Show what a figure would be in each of some units: "9.1 mg/dL (2.27 mmol/L)"."""
    return " or ".join(
        f"{_figure(value)} {unit.name}"
        + ("" if unit.name == fact.unit else f" ({kept:.4g} {fact.unit})")
        for unit, kept in plausible
    )


def _read_quantity(fact: Fact, quantity: Mapping[Any, object]) -> float:
    """Read `{"value": 9.1, "unit": "mg/dL"}` into the unit that the fact is kept in."""
    if set(quantity) != {"value", "unit"}:
        _refuse(f'takes {{"value": …, "unit": …}} and nothing else in it, got {shorten(quantity)}')
    name, given = quantity["unit"], quantity["value"]
    unit = find_unit(fact.name, name) if isinstance(name, str) else None
    if unit is None:
        _refuse(f"is taken in {' or '.join(fact.units)}, got the unit {shorten(name)}")
    value = finite(given)
    if value is None:
        _refuse(f"takes a number as its value, got {shorten(given)}")
    kept = unit.to_kept(value)
    if not within(fact, kept) or (unit.low is not None and value < unit.low):
        _refuse(_out_of_unit(fact, unit, value))
    if unit.is_kept:
        _refuse_just_outside(fact, given)
    return kept + 0.0


def _out_of_unit(fact: Fact, unit: Unit, value: float) -> str:
    given = _either(fact, value, [(unit, unit.to_kept(value))])
    message = f"takes {range_of(fact)}, and {given} cannot be"
    others = [(other, kept) for other, kept in _plausible(fact, value) if other != unit]
    return f"{message}, but {_either(fact, value, others)} could" if others else message


def _integer_reader(fact: Fact) -> Reader:
    def read(value: object) -> int:
        read = finite(value)
        # A whole float is what a data frame makes of an int; what has more digits loses none.
        if read is None or value != int(read) or not within(fact, read):
            _refuse(f"takes {range_of(fact)}, got {shorten(value)}")
        return int(read)

    return read


def _choice_reader(fact: Fact) -> Reader:
    allowed = frozenset(fact.members)

    def read(value: object) -> str:
        if type(value) is str and value in allowed:
            return value
        text = _plain(value)
        if text in allowed:
            return text
        hint = did_you_mean(text, fact.members) if text else ""
        _refuse(f"takes one of {', '.join(fact.members)}; got {shorten(value)}{hint}")

    return read


def _plain(value: object) -> str:
    """Give the text of a string, of an enum's string too, and no text for anything else."""
    if type(value) is str:
        return value
    return str.__str__(value) if isinstance(value, str) else ""


def _members_reader(fact: Fact) -> Reader:
    allowed = frozenset(fact.members)

    def read(value: object) -> frozenset[str]:
        # Not one by one as they are looked up: an enum's text may be looked up as something else.
        given = _collection(value, fact.members[0])
        texts = frozenset(map(_plain, given))
        if texts <= allowed:
            return texts
        wrong = [each for each in given if _plain(each) not in allowed]
        _refuse(_wrong_members(fact, wrong))

    # Most people say the same. By type too: what is equal to a text, or says so, is none.
    @lru_cache(_REMEMBERED, typed=True)
    def remembered(*texts: str) -> frozenset[str]:
        if countOf(map(type, texts), str) < len(texts) or not allowed.issuperset(texts):
            raise TypeError  # what is wrong is said once, by who reads it with care
        return frozenset(texts)

    return TextsReader(remembered, read)


def _medicines_reader() -> Reader:
    # Each name by itself: no two people take the same.
    remembered = lru_cache(_REMEMBERED)(_short_medicine)
    return TextsReader(lambda *names: frozenset(map(remembered, names)), _read_medicines)


@frozen(eq=False)
class TextsReader:
    """Reads a collection of texts, a short one by what is remembered."""

    remembered: Callable[..., frozenset[str]]
    """Takes the texts one by one, and raises something for all but plain texts that are fine."""
    _read: Reader

    def __call__(self, value: Any) -> object:  # noqa: ANN401
        """Read it. Raises RefusedError."""
        if type(value) in _COLLECTIONS and len(value) <= LONG_LIST:
            try:
                return self.remembered(*value)
            except Exception:  # noqa: BLE001, S110 - a stranger's value may raise anything here
                pass
        return self._read(value)


def _collection(value: object, example: str) -> Iterable[object]:
    if isinstance(value, str):
        _refuse(f"takes a list, got the text {shorten(value)}: {_as_list(value, example)}")
    if isinstance(value, AbstractSet | Sequence) and not isinstance(value, bytes | bytearray):
        return value
    if getattr(value, "ndim", None) == 1 and hasattr(value, "tolist"):  # one of numpy's or pandas'
        values: list[object] = value.tolist()
        return values
    _refuse(f"takes a list of texts, got {shorten(value)}")


def _as_list(text: str, example: str) -> str:
    """How to write as a list what was written as a text."""
    if text.strip().casefold() in _SAYING_NONE:
        return "write [] for none of these"
    names = [name for part in re.split("[,;]", text) if (name := part.strip())]
    shown = ", ".join(f'"{shorten(name)[1:-1]}"' for name in names[:_MOST_SHOWN] or [example])
    return f"write [{shown}]" if len(names) <= _MOST_SHOWN else f"write [{shown}, ...]"


_SAYING_NONE = frozenset({"none", "none of these", "nothing", "no", "-"})
_MOST_SHOWN = 5


def _wrong_members(fact: Fact, wrong: list[object]) -> str:
    shown = ", ".join(sorted(map(shorten, wrong))[:_MOST_SHOWN])
    more = f" and {len(wrong) - _MOST_SHOWN} more" if len(wrong) > _MOST_SHOWN else ""
    hints = {
        hint.lstrip("; ")
        for each in wrong[:_MOST_SHOWN]
        if (text := _plain(each)) and (hint := did_you_mean(text, fact.members))
    }
    hint = f"; {' '.join(sorted(hints))}" if hints else ""
    return f"takes a list of {', '.join(fact.members)}; got {shown}{more}{hint}"


def _read_medicines(value: object) -> frozenset[str]:
    given = _collection(value, "name of a medicine")
    read = frozenset(map(read_medicine, given))
    if len(read) > MOST_MEDICINES:
        _refuse(f"takes at most {MOST_MEDICINES} medicines, got {len(read)}")
    return read


def _short_medicine(value: object) -> str:
    if type(value) is not str or len(value) > LONGEST_MEDICINE:
        raise TypeError  # is read with care, and what raises is not remembered
    return read_medicine(value)


def says_none(text: str) -> bool:
    """Whether someone says with it that there are no medicines."""
    return _NO_MEDICINE.match(text) is not None


def read_medicine(value: object) -> str:
    """Read one name of a list of medicines. Raises RefusedError."""
    name = (value if type(value) is str else _plain(value)).strip()
    if name[:1] == "[" and name[-1] == "]":
        _refuse(f"takes names of medicines, got a list of them as one text: {shorten(name)}")
    if says_none(name):
        told = f"takes names of medicines, got {shorten(name)}"
        _refuse(f'{told}: for "none of these" give an empty list')
    if _NO_ANSWER.match(name):
        told = f"takes names of medicines, got {shorten(name)}"
        _refuse(f"{told}: what is not known is left out")
    if 0 < len(name) <= LONGEST_MEDICINE and name.isprintable():
        return name
    if not name:
        _refuse(f"takes a list of names of medicines, got {shorten(value)} in it")
    if len(name) > LONGEST_MEDICINE:
        most = f"takes names of at most {LONGEST_MEDICINE} characters"
        _refuse(f"{most}, got {shorten(name)}: a name is enough, in a text of its own")
    # Half a surrogate pair could not be written out again; a control character is no name.
    if len(name.splitlines()) > 1:
        _refuse(f"takes one name in each text, got lines of them: {shorten(name)}")
    if _INVISIBLE.search(name) or any(unicodedata.category(c) in ("Cc", "Cs") for c in name):
        _refuse(f"takes names of ordinary characters, got {shorten(name)}: type it anew")
    return name
