"""Everything this library raises on purpose, under one base class."""

from __future__ import annotations

import difflib
import unicodedata
from collections.abc import Callable, Collection, Iterable
from typing import Self

import attrs
from attrs import frozen

__all__ = [
    "CrampsRulesError",
    "EngineError",
    "FactProblem",
    "FactsError",
    "MissingExtraError",
    "RuleError",
    "did_you_mean",
    "names_apart",
    "nearest",
    "shorten",
]

_LONGEST_NAME = 100
# Comparing with each takes some microseconds, and no vocabulary of ours is as large.
_MOST_NAMES = 3000
_LONGEST_VALUE = 60
_WIDEST_CONDITION = 120
_MOST_LINES = 200


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Give the one of `names` that `name` was most likely meant to be.

    Case, spaces and hyphens are forgiven; a beginning is enough ("age" finds
    "age_years"). None when nothing is near.
    """
    # difflib takes quadratic time, and a name this long is no slip of the pen.
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    wanted = "_".join(name.casefold().replace("-", " ").split())
    known = {each.casefold(): each for each in names}
    if wanted in known:
        return known[wanted]
    if len(wanted) > 1:
        begun = [folded for folded in known if folded.startswith(wanted)]
        if begun:
            return known[min(begun, key=lambda folded: (len(folded), folded))]
    if len(known) > _MOST_NAMES:
        return None
    near = difflib.get_close_matches(wanted, known, n=1)
    return known[near[0]] if near else None


def did_you_mean(name: object, names: Iterable[str]) -> str:
    """Give the end of a message, such as `; did you mean 'weakness'?`, or nothing."""
    near = nearest(name, names)
    return f"; did you mean {near!r}?" if near else ""


def names_apart(
    names: object, known: Collection[str]
) -> tuple[tuple[str, ...], tuple[object, ...]] | None:
    """Give the names that are known and whatever else stands among them.

    None for what is no collection of names, such as one text.
    """
    if isinstance(names, str | bytes) or not isinstance(names, Iterable):
        return None
    given = tuple(names)
    named = tuple(each for each in given if isinstance(each, str) and each in known)
    strange = tuple(each for each in given if not isinstance(each, str) or each not in known)
    return named, strange


def shorten(value: object) -> str:
    """Show any value in a message: its `repr`, at most 60 characters.

    Never raises, whatever the value is: a message about a bad value must not
    fail on how bad the value is.
    """
    width = _LONGEST_VALUE
    try:
        # The repr of a huge text or list is not built just to be cut.
        if isinstance(value, str | bytes):
            value = value[: width + 1]
        elif isinstance(value, int) and value.bit_length() > width * 3:
            return f"a whole number of {value.bit_length()} bits"
        elif isinstance(value, list | tuple | set | frozenset | dict) and len(value) > width:
            return f"a {type(value).__name__} of {len(value)}"
        text = repr(value)
    except Exception:  # noqa: BLE001 - a stranger's repr may raise anything
        return f"a {type(value).__name__}"
    return text if len(text) <= width else text[: width - 1] + "…"


class CrampsRulesError(Exception):
    """The base of every error this library raises on purpose."""


@frozen
class FactProblem:
    """One thing wrong with the facts of a patient."""

    field: str
    """The name exactly as it was given, right or wrong; empty for the whole input."""
    # A stranger's value may refuse to be compared or hashed.
    value: object = attrs.field(eq=False)
    """What was given."""
    message: str
    """What is wrong with it and what would be right."""

    def __str__(self) -> str:
        """Give the problem in one line: the name, then what is wrong."""
        if not self.field:
            return self.message
        plain = self.field.isidentifier() and len(self.field) <= _LONGEST_NAME
        return f"{self.field if plain else shorten(self.field)}: {self.message}"

    def __reduce__(self) -> tuple[type[FactProblem], tuple[str, object, str]]:
        """Pickle anything but the plainest values as the text that shows them."""
        plain = self.value is None or type(self.value) in (str, int, float, bool)
        value = self.value if plain else shorten(self.value)
        return FactProblem, (self.field, value, self.message)


class FactsError(CrampsRulesError, ValueError):
    """The facts of a patient cannot be used; `problems` names every bad one."""

    problems: tuple[FactProblem, ...]
    position: int | None = None
    """Of many patients, which one it was, counted from 0; None where there was one."""

    def __init__(self, problems: Iterable[FactProblem]) -> None:
        """Take every problem that was found, in the order to show them."""
        self.problems = tuple(problems)
        super().__init__(self.problems)

    @classmethod
    def of(cls, message: str, *, field: str = "", value: object = None) -> Self:
        """Make an error of one problem; leave out `field` for the whole input."""
        return cls((FactProblem(field, value, message),))

    def __str__(self) -> str:
        """Give one line for each problem, and only a count of those beyond the first 200."""
        where = "" if self.position is None else f"patient {self.position}, counted from 0: "
        if len(self.problems) == 1:
            return f"{where}{self.problems[0]}"
        lines = [f"{where}{len(self.problems)} problems with the facts"]
        lines += [f"  {problem}" for problem in self.problems[:_MOST_LINES]]
        if len(self.problems) > _MOST_LINES:
            lines.append(f"  and {len(self.problems) - _MOST_LINES} more")
        return "\n".join(lines)


class RuleError(CrampsRulesError, ValueError):
    """A rule file cannot be used: which file, rule and line, and what is wrong.

    `column` is the place in `condition`, counted in characters from 0. When
    several things are wrong, one error carries the `others`.
    """

    def __init__(  # noqa: PLR0913 - each is a different piece of "where"
        self,
        *,
        message: str,
        file: str,
        rule: str | None = None,
        line: int | None = None,
        condition: str | None = None,
        column: int | None = None,
        others: Iterable[RuleError] = (),
    ) -> None:
        """Take what is wrong, and as much of where as is known."""
        super().__init__(message)
        self.message = message
        self.file = file
        self.rule = rule
        self.line = line
        self.condition = condition
        self.column = column
        self.others = tuple(others)

    @classmethod
    def of_all(cls, errors: Iterable[RuleError]) -> RuleError:
        """Give one error that shows all of `errors`; raises on none at all."""
        flat = [each for error in errors for each in error.flat()]
        if not flat:
            message = "there must be an error to show"
            raise ValueError(message)
        first = flat[0]
        return cls(
            message=first.message,
            file=first.file,
            rule=first.rule,
            line=first.line,
            condition=first.condition,
            column=first.column,
            others=flat[1:],
        )

    def flat(self) -> tuple[RuleError, ...]:
        """Give this error and its others, each one level deep."""
        return (self, *(each for other in self.others for each in other.flat()))

    def __str__(self) -> str:
        """Give every error with its place, the condition and a caret under it."""
        shown = "\n".join(error._one() for error in self.flat())  # noqa: SLF001
        if not self.others:
            return shown
        return f"{len(self.flat())} errors in the rules\n{shown}"

    def __reduce__(self) -> tuple[Callable[..., object], tuple[object, ...], object]:
        """Pickle: what is passed by keyword only is restored as state."""
        return _bare, (type(self), self.args), self.__dict__

    def _one(self) -> str:
        place = self.file if self.line is None else f"{self.file}:{self.line}"
        rule = "" if self.rule is None else f" rule {shorten(self.rule)}:"
        lines = [f"{place}:{rule} {self.message}"]
        if self.condition is not None:
            lines += [f"    {line}" for line in _pointed(self.condition, self.column)]
        return "\n".join(lines)


def _bare(kind: type[RuleError], args: tuple[object, ...]) -> RuleError:
    return kind.__new__(kind, *args)


def _pointed(condition: str, column: int | None) -> list[str]:
    """Give the condition on one line, and a caret under `column` on the next."""
    # A tab or line break would move what stands after it away from the caret.
    text = "".join(c if c.isprintable() else " " for c in condition)
    at = 0 if column is None else min(max(column, 0), len(text))
    if len(text) > _WIDEST_CONDITION:
        start = max(0, at - _WIDEST_CONDITION // 2)
        end = start + _WIDEST_CONDITION
        head, tail = "…" * (start > 0), "…" * (end < len(text))
        text, at = head + text[start:end] + tail, at - start + len(head)
    if column is None:
        return [text]
    return [text, " " * sum(map(_width, text[:at])) + "^"]


def _width(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


class EngineError(CrampsRulesError):
    """An engine cannot run, or gave an answer that cannot be right."""


class MissingExtraError(CrampsRulesError, ImportError):
    """Something was asked for that needs an optional package."""

    extra: str | None = None
    """The extra that brings the package, where one does."""

    @classmethod
    def for_extra(cls, extra: str, package: str) -> Self:
        """Make the error for a `package` that comes with `crampsrules[extra]`."""
        error = cls(
            f"this needs the package {package}, which is not installed: "
            f'pip install "crampsrules[{extra}]"',
            name=package,
        )
        error.extra = extra
        return error
