"""From the tables of a rule file to records: every fault of a table in words.

What the keys of each table are, `rules` says.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from types import GenericAlias
from typing import Any, Literal, TypeVar, get_args, get_origin

import cattrs
from attrs import fields, has
from cattrs.errors import ForbiddenExtraKeysError
from cattrs.gen import make_dict_structure_fn, make_mapping_structure_fn
from cattrs.v import format_exception

from crampsrules.errors import did_you_mean, shorten
from crampsrules.rulefiles import LARGEST
from crampsrules.rules import Names
from crampsrules.triage import Triage

T = TypeVar("T")


def strict_converter(*, table_called: str) -> cattrs.Converter:
    """A converter that turns nothing into something else: 7.9 into 7, or "no" into true.

    Whatever it refuses, it says in words; there a table is `table_called`.
    """
    converter = cattrs.Converter(forbid_extra_keys=True)
    for kind in (str, int, bool):
        converter.register_structure_hook(kind, _strict(kind))
    converter.register_structure_hook(float, _number)
    converter.register_structure_hook(Triage, lambda value, _: Triage.from_id(value))

    def record(kind: type) -> _Hook:
        hook: _Hook = make_dict_structure_fn(kind, converter, _cattrs_forbid_extra_keys=True)
        return lambda value, _: hook(_only((dict,), table_called, value), kind)

    def table(kind: type) -> _Hook:
        hook: _Hook = make_mapping_structure_fn(kind, converter)
        return lambda value, _: hook(_only((dict,), table_called, value), kind)

    def records(kind: type) -> _Hook:
        member = get_args(kind)[0]
        listed = GenericAlias(list, (member,))
        hook = converter.get_structure_hook(listed)
        called = "a list of tables" if has(member) else "a list"
        return lambda value, _: tuple(hook(_only((list, tuple), called, value), listed))

    converter.register_structure_hook_factory(has, record)
    converter.register_structure_hook_factory(partial(_is_a, dict), table)
    converter.register_structure_hook_factory(partial(_is_a, tuple), records)
    return converter


_Hook = Callable[[Any, Any], Any]


def _is_a(generic: object, kind: object) -> bool:
    return get_origin(kind) is generic


def _only(kinds: tuple[type, ...], called: str, value: object) -> Any:  # noqa: ANN401
    if not isinstance(value, kinds):
        raise TypeError(f"takes {called}, got {shorten(value)}")
    return value


def _strict(kind: type) -> Any:  # noqa: ANN401
    def structure(value: object, _: object) -> object:
        # A bool is an int to Python; to a rule file it is not.
        if type(value) is not kind:
            raise TypeError(f"takes {_KIND_NAMES[kind]}, got {shorten(value)}")
        return value

    return structure


# To look for what each was meant to be takes time.
_MOST_KEYS = 20
_KIND_NAMES = {str: "text", int: "a whole number", bool: "true or false"}


def _number(value: object, _: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"takes a number, got {shorten(value)}")
    if not -LARGEST <= value <= LARGEST:
        raise TypeError(f"takes a number from {-LARGEST:g} to {LARGEST:g}, got {shorten(value)}")
    return float(value)


def _names(value: object, _: object) -> tuple[str, ...]:
    named = [value] if isinstance(value, str) else value
    if not isinstance(named, list | tuple) or not all(isinstance(one, str) for one in named):
        raise TypeError(f"takes a name or a list of names, got {shorten(value)}")
    return tuple(named)


_CONVERTER = strict_converter(table_called="a table")
_CONVERTER.register_structure_hook(Names, _names)


def structure(table: Any, kind: type[T]) -> T:  # noqa: ANN401 - whatever stands in a file
    """One table, or another value, as what it is to be. Raises ValueError with every fault."""
    try:
        return _CONVERTER.structure(table, kind)
    except cattrs.BaseValidationError as error:
        raise ValueError("; ".join(_faults(error))) from None


def _faults(error: cattrs.BaseValidationError) -> list[str]:
    return list(map(_placed, cattrs.transform_error(error, format_exception=_in_words)))


_LACKS = "lacks the key"


def _placed(fault: str) -> str:
    """A fault with the key that it is about in front, where there is one."""
    text, _, path = fault.rpartition(" @ $")
    return f"{path.removeprefix('.')}: {text}" if path and not text.startswith(_LACKS) else text


def _in_words(error: BaseException, kind: type | None) -> str:
    if isinstance(error, ForbiddenExtraKeysError):
        known = [one.name for one in fields(error.cl)]
        return "; ".join(
            f"has no key {shorten(extra)}{did_you_mean(extra, known)}"
            for extra in sorted(error.extra_fields)[:_MOST_KEYS]
        )
    if isinstance(error, KeyError):
        return f"{_LACKS} {error.args[0]!r}"
    if isinstance(error, TypeError | ValueError):
        return str(error)
    literal = next((one for one in (kind, *get_args(kind)) if get_origin(one) is Literal), None)
    if literal is not None:
        allowed = get_args(literal)
        wrong = str(error).removesuffix(f" not in literal {literal!r}")
        return (
            f"takes one of {', '.join(allowed)}, got {shorten(wrong)}{did_you_mean(wrong, allowed)}"
        )
    return format_exception(error, kind)
