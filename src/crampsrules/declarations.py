"""How a field of `PatientFacts` is declared: what it takes, and how to ask a person for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, Literal

import attrs
from attrs import frozen

from crampsrules.units import UNITS

Kind = Literal["flag", "number", "integer", "choice", "members", "medicines"]
ToTell = Literal["easy", "hard", "tested"]

TEST_WINDOW = "the last three months"
"""How far back a test counts, in words."""


@frozen(eq=False)
class Fact:
    """A field of `PatientFacts`: what it takes, and how to ask a person for it."""

    name: str
    kind: Kind
    group: str
    """One of the keys of `facts.GROUPS`."""
    label: str
    """What it is, in a few words: for a flag, the statement to tick on a list."""
    question: str
    """What to ask a person, with the exact meaning of the answer."""
    unit: str | None = None
    low: float | None = None
    """The lowest number taken; None for what is no number."""
    high: float | None = None
    """The highest number taken; None for what is no number."""
    members: tuple[str, ...] = ()
    """What a choice is one of, or what a set may hold; empty for medicines."""
    labels: Mapping[str, str] = MappingProxyType({})
    """The plain words for each member."""
    general: Mapping[str, tuple[str, ...]] = MappingProxyType({})
    """Each general member with the special ones that it leaves unknown."""
    units: tuple[str, ...] = ()
    """The units that a laboratory value is taken in; the first is `unit`."""
    measured_by: str | None = None
    """The fact that goes before this one when both are known."""
    to_tell: ToTell = "easy"
    """How a person at home can tell: easily, seldom, or only from a test or an examination."""

    @property
    def is_number(self) -> bool:
        """Whether it is a number, whole or not."""
        return self.kind in ("number", "integer")

    @property
    def is_set(self) -> bool:
        """Whether it is a set, of members or of medicines."""
        return self.kind in ("members", "medicines")

    def phrases(self, value: object) -> tuple[str, ...]:
        """A known value in plain words: one phrase, for a set one for each member or "none"."""
        match value:
            case bool():
                return ("yes" if value else "no",)
            case int() | float():
                return (f"{value:g} {self.unit or ''}".strip(),)
            case str():
                return (self.labels.get(value, value),)
            case AbstractSet():
                return self.phrases(sorted(value))
            case Sequence():
                return tuple(self.labels.get(member, member) for member in value) or ("none",)
        raise TypeError(f"no value of a fact: {value!r}")

    def in_words(self, value: object) -> str:
        """A known value in plain words."""
        return ", ".join(self.phrases(value))

    def __reduce__(self) -> tuple[Callable[[str], Fact], tuple[str]]:
        """Pickle by name: every process has the same facts."""
        return _fact, (self.name,)


def _fact(name: str) -> Fact:
    from crampsrules.facts import FACTS  # which is made of what stands here

    return FACTS[name]


# Each helper declares one field of PatientFacts. What it returns is an attrs field, which type
# checkers see as the default of the field.
Declared = Any


def _declare(kind: Kind, group: str, label: str, question: str, **more: object) -> Declared:
    metadata = {"kind": kind, "group": group, "label": label, "question": question, **more}
    return attrs.field(default=None, metadata=metadata)


def flag(group: str, label: str, question: str, *, to_tell: ToTell = "easy") -> Declared:
    """Declare a fact that is true or false."""
    return _declare("flag", group, label, question, to_tell=to_tell)


def number(  # noqa: PLR0913 - a declaration, read like a row of a table
    low: float,
    high: float,
    unit: str | None,
    group: str,
    label: str,
    question: str,
    *,
    to_tell: ToTell = "easy",
) -> Declared:
    """Declare a fact that is a number from `low` to `high`, both ends included."""
    return _declare(
        "number",
        group,
        label,
        question,
        unit=unit,
        low=float(low),
        high=float(high),
        to_tell=to_tell,
    )


def integer(low: int, high: int, group: str, label: str, question: str) -> Declared:
    """Declare a fact that is a whole number from `low` to `high`, both ends included."""
    return _declare("integer", group, label, question, low=low, high=high)


def laboratory(fact: str, low: float, high: float, label: str, what: str) -> Declared:
    """Declare a laboratory value, kept in the first of the units of `fact`."""
    units = tuple(unit.name for unit in UNITS[fact])
    question = (
        f"What was {what}, in a test of {TEST_WINDOW} and since your medicines last "
        "changed? Give the unit too."
    )
    return _declare(
        "number",
        "laboratory",
        label,
        question,
        unit=units[0],
        low=float(low),
        high=float(high),
        units=units,
        to_tell="tested",
    )


def choice(  # noqa: PLR0913 - a declaration, read like a row of a table
    labels: dict[str, str],
    group: str,
    label: str,
    question: str,
    *,
    measured_by: str | None = None,
    to_tell: ToTell = "easy",
) -> Declared:
    """Declare a fact that is one of the members of `labels`."""
    return _declare(
        "choice",
        group,
        label,
        question,
        members=tuple(labels),
        labels=MappingProxyType(labels),
        measured_by=measured_by,
        to_tell=to_tell,
    )


def reported(mineral: str, measured_by: str) -> Declared:
    """Declare a laboratory result of which only the word is known."""
    labels = {"low": "too low", "normal": "normal", "high": "too high"}
    question = (
        f"If you were told about your blood {mineral} without the figure: was it low, normal or "
        f"high? Only a test of {TEST_WINDOW} counts, and since your medicines last changed."
    )
    label = f"{mineral} in the blood, as you were told"
    return choice(labels, "laboratory", label, question, measured_by=measured_by, to_tell="tested")


def members(
    labels: dict[str, str],
    group: str,
    label: str,
    question: str,
    *,
    general: Mapping[str, tuple[str, ...]] = MappingProxyType({}),
) -> Declared:
    """Declare a fact that is a set of the members of `labels`, complete when it is given."""
    return _declare(
        "members",
        group,
        label,
        question,
        members=tuple(labels),
        labels=MappingProxyType(labels),
        general=MappingProxyType(dict(general)),
    )


def medicines(group: str, label: str, question: str) -> Declared:
    """Declare a fact that is a set of names of medicines, kept as they were given."""
    return _declare("medicines", group, label, question)
