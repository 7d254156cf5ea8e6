"""The language in which rules say when they hold: from text to a tree of conditions.

A condition is a small subset of Python's expressions. It is parsed with `ast` and never run as
Python: what comes out is a tree, type-checked against `PatientFacts`.
"""

from __future__ import annotations

import ast
import contextlib
import re
from collections.abc import Iterable, Mapping, Sequence

from attrs import frozen

from crampsrules.conditions import (
    NEGATED,
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Operator,
    Suspected,
)
from crampsrules.errors import did_you_mean
from crampsrules.facts import FACTS, Fact
from crampsrules.readers import range_of, within

WORDS = frozenset({"true", "false", "known", "suspected"})
"""What conditions have besides the words of Python, of which no name is one."""
MAX_LENGTH = 1000
MAX_DEPTH = 20
_TRIES = 20


class ConditionError(ValueError):
    """A condition that cannot be read, with the column (from 0) of the place at fault."""

    def __init__(self, message: str, column: int = 0) -> None:
        super().__init__(message)
        self.message = message
        self.column = column


@frozen
class Vocabulary:
    """The names that a condition may use besides facts."""

    findings: frozenset[str] = frozenset()
    causes: frozenset[str] = frozenset()
    medicine_classes: frozenset[str] = frozenset()


def parse(text: str, vocabulary: Vocabulary, *, may_ask_known: bool = False) -> Condition:
    """Read one condition.

    `may_ask_known` allows `known(fact)`, which only an `unless` may use: what fires must
    not depend on ignorance. Raises `ConditionError` and nothing else, whatever the text.
    """
    _refuse_hostile(text)
    stripped = text.lstrip(" ")
    offset = len(text) - len(stripped)
    try:
        tree = _tree(stripped.rstrip(" "))
    except SyntaxError as error:
        end = len(text.rstrip(" "))
        column = offset + error.offset - 1 if error.offset else end
        what = error.msg if column < end else "it ends where more should follow"
        raise ConditionError(f"cannot be read: {what}{_meant(text)}", min(column, end)) from None
    except (RecursionError, MemoryError, SystemError, ValueError):
        raise ConditionError("is nested too deeply to be read") from None
    return _Parser(vocabulary, may_ask_known, offset).read(tree.body)


# What other languages write, and what it is here.
_SLIPS = (
    (re.compile(r"=[<>]"), "write <= or >="),
    (re.compile(r"(?<![<>=!])=(?!=)"), "write == to compare"),
    (re.compile(r"\b(AND|OR|NOT|IN)\b"), "write `and`, `or`, `not` and `in` in small letters"),
)


def _meant(text: str) -> str:
    bare = _QUOTED.sub("", text)
    hint = next((hint for slip, hint in _SLIPS if slip.search(bare)), None)
    return f"; {hint}" if hint else ""


def _tree(text: str) -> ast.Expression:
    for _ in range(_TRIES - 1):
        # On CPython 3.11 all threads share one count of how deep a tree is, and upset each other's.
        with contextlib.suppress(SystemError, RecursionError):
            return ast.parse(text, mode="eval")
    return ast.parse(text, mode="eval")


# Digits that run into letters, backslashes and the like make Python's own reader warn,
# and warnings cannot be caught safely in threads: such text is refused before it.
_ALLOWED = re.compile(r"[A-Za-z0-9_ \"'<>=!().,\[\]{}-]*\Z")
_RUN_ON_NUMBER = re.compile(r"(?<![A-Za-z0-9_])[0-9][0-9.]*+[A-Za-z_]")
_QUOTED = re.compile(r"\"[^\"]*\"|'[^']*'")


def _refuse_hostile(text: str) -> None:
    if not text.strip():
        raise ConditionError("the condition is empty")
    if len(text) > MAX_LENGTH:
        raise ConditionError(
            f"has {len(text)} characters; at most {MAX_LENGTH} are allowed", MAX_LENGTH
        )
    if not _ALLOWED.match(text):
        column = next(i for i, c in enumerate(text) if not _ALLOWED.match(c))
        raise ConditionError(f"has a character that no condition uses: {text[column]!r}", column)
    bare = _QUOTED.sub(lambda quoted: " " * len(quoted.group()), text)
    if run_on := _RUN_ON_NUMBER.search(bare):
        raise ConditionError("has a number that runs into a word", run_on.start())


_OPERATORS: Mapping[type[ast.cmpop], Operator] = {
    ast.Lt: "<",
    ast.LtE: "<=",
    ast.Gt: ">",
    ast.GtE: ">=",
    ast.Eq: "==",
    ast.NotEq: "!=",
}
_MIRRORED: Mapping[Operator, Operator] = {
    "<": ">",
    "<=": ">=",
    ">": "<",
    ">=": "<=",
    "==": "==",
    "!=": "!=",
}


@frozen
class _Parser:
    """Turns Python's tree into ours, checking every name and literal on the way."""

    vocabulary: Vocabulary
    may_ask_known: bool
    offset: int

    def read(self, node: ast.expr, *, negated: bool = False, depth: int = 0) -> Condition:
        if depth > MAX_DEPTH:
            raise self._error(f"is nested more than {MAX_DEPTH} deep", node)
        match node:
            case ast.BoolOp(op=op, values=values):
                parts = [self.read(value, negated=negated, depth=depth + 1) for value in values]
                return _joined(parts, all_of=isinstance(op, ast.And) is not negated)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self.read(operand, negated=not negated, depth=depth + 1)
            case ast.Compare():
                return self._read_comparison(node, negated)
            case ast.Name(id=name):
                return self._read_name(name, node, negated)
            case ast.Call():
                return self._read_call(node, negated)
            case ast.Tuple(elts=[_, after, *_]):
                message = (
                    "has a comma before this; in a number write a point, elsewhere `and` or `or`"
                )
                raise self._error(message, after)
        raise self._error("uses something that conditions do not have", node)

    def _error(self, message: str, node: ast.expr) -> ConditionError:
        return ConditionError(message, self.offset + node.col_offset)

    def _read_name(self, name: str, node: ast.expr, negated: bool) -> Condition:
        if name in self.vocabulary.findings:
            self._refuse_negation(f"the finding {name!r}", node, negated)
            return Concluded(name)
        fact = self._fact(name, node)
        if fact.kind != "flag":
            raise self._error(
                f"{name!r} is not a yes-or-no fact: compare it with {_expected(fact)}", node
            )
        return Flag(name, wanted=not negated)

    def _refuse_negation(self, what: str, node: ast.expr, negated: bool) -> None:
        # What fires could otherwise depend on the order in which rules are tried.
        if negated:
            raise self._error(f"negates {what}: only facts may be negated", node)

    def _fact(self, name: str, node: ast.expr) -> Fact:
        if name in FACTS:
            return FACTS[name]
        if name in self.vocabulary.causes:
            raise self._error(f"{name!r} is a cause: write suspected({name})", node)
        names = [*FACTS, *self.vocabulary.findings]
        raise self._error(
            f"{name!r} is neither a fact nor a finding{did_you_mean(name, names)}", node
        )

    def _read_call(self, node: ast.Call, negated: bool) -> Condition:
        name = node.func.id if isinstance(node.func, ast.Name) else None
        if name not in ("suspected", "known"):
            raise self._error("may only call suspected(cause) or known(fact)", node)
        if len(node.args) != 1 or node.keywords or not isinstance(node.args[0], ast.Name):
            raise self._error(f"{name}(...) takes one bare name", node)
        argument = node.args[0]
        if name == "known":
            if not self.may_ask_known:
                raise self._error("known(...) may stand in an `unless` only", node)
            return Known(self._fact(argument.id, argument).name, wanted=not negated)
        if argument.id not in self.vocabulary.causes:
            hint = did_you_mean(argument.id, self.vocabulary.causes)
            raise self._error(f"{argument.id!r} is not a cause{hint}", argument)
        self._refuse_negation(f"suspected({argument.id})", node, negated)
        return Suspected(argument.id)

    def _read_comparison(self, node: ast.Compare, negated: bool) -> Condition:
        operands = [node.left, *node.comparators]
        pairs = zip(operands, node.ops, operands[1:], strict=False)
        parts = [self._read_pair(left, op, right, negated) for left, op, right in pairs]
        return _joined(parts, all_of=not negated)

    def _read_pair(
        self, left: ast.expr, op: ast.cmpop, right: ast.expr, negated: bool
    ) -> Condition:
        if isinstance(op, ast.In | ast.NotIn):
            return self._read_membership(left, right, isinstance(op, ast.In) is not negated)
        operator = _OPERATORS.get(type(op))
        if operator is None:
            raise self._error("compares with `is`: use == instead", left)
        if isinstance(right, ast.Name) and not isinstance(left, ast.Name):
            left, right, operator = right, left, _MIRRORED[operator]
        if not isinstance(left, ast.Name):
            raise self._error("compares no fact: one side must be a fact's name", left)
        fact = self._compared_fact(left)
        operator = NEGATED[operator] if negated else operator
        if fact.is_number:
            return Comparison(fact.name, operator, self._number(fact, right))
        if fact.kind == "choice" and operator in ("==", "!="):
            return _one_of(fact, {self._member(fact, right)}, operator == "==")
        raise self._error(f"{fact.name!r} takes {_expected(fact)}", left)

    def _compared_fact(self, node: ast.Name) -> Fact:
        if node.id in self.vocabulary.findings:
            raise self._error(f"{node.id!r} is a finding: write its bare name", node)
        fact = self._fact(node.id, node)
        if fact.kind == "flag":
            raise self._error(
                f"{node.id!r} is a yes-or-no fact: write `{node.id}` or `not {node.id}`", node
            )
        return fact

    def _read_membership(self, left: ast.expr, right: ast.expr, present: bool) -> Condition:
        self._refuse_numbers(left, right)
        if isinstance(right, ast.Name):
            fact = self._compared_fact(right)
            if not fact.is_set:
                raise self._error(f"{fact.name!r} is not a set: it takes {_expected(fact)}", right)
            return Member(fact.name, self._member(fact, left), present)
        if isinstance(left, ast.Name) and isinstance(right, ast.Tuple | ast.List | ast.Set):
            fact = self._compared_fact(left)
            if fact.kind != "choice":
                raise self._error(f"{fact.name!r} takes {_expected(fact)}", left)
            members = {self._member(fact, element) for element in right.elts}
            if not members:
                raise self._error(
                    f"looks for {fact.name!r} among none{_listed(fact.members)}", right
                )
            return _one_of(fact, members, present)
        raise self._error(
            '`in` joins "member" in set_fact, or choice_fact in ("one", "other"); '
            'for one alone there is choice_fact == "one"',
            left,
        )

    def _refuse_numbers(self, *sides: ast.expr) -> None:
        """Refuse to look for a number among others: what is measured is seldom just one of them."""
        for side in sides:
            fact = FACTS.get(side.id) if isinstance(side, ast.Name) else None
            if fact is not None and fact.is_number:
                raise self._error(
                    "`in` looks among the members of a choice or a set, and "
                    f"{fact.name!r} is a number: compare it with >= and <=",
                    side,
                )

    def _number(self, fact: Fact, node: ast.expr) -> float:
        sign, figure = 1, node
        if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
            sign, figure = -1, node.operand
        value = figure.value if isinstance(figure, ast.Constant) else None
        if isinstance(value, bool) or not isinstance(value, int | float):
            raise self._error(f"{fact.name!r} is compared with a number only", node)
        # Bounds are finite; a whole number may be too large to be made a float.
        if not within(fact, sign * value):
            raise self._error(
                f"{fact.name!r} takes {range_of(fact)}, so that this is the same for everyone",
                node,
            )
        return float(sign * value)

    def _member(self, fact: Fact, node: ast.expr) -> str:
        value = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(value, str):
            raise self._error(f'{fact.name!r} is compared with a "quoted" member', node)
        members: Iterable[str] = fact.members
        if fact.kind == "medicines":
            members = self.vocabulary.medicine_classes
        if value not in members:
            kind = "class of medicines" if fact.kind == "medicines" else f"member of {fact.name}"
            hint = did_you_mean(value, members) or _listed(fact.members) or _LOOK_UP
            raise self._error(f"{value!r} is no {kind}{hint}", node)
        return value


_LOOK_UP = "; `crampsrules rules NAME` tells the classes of a medicine"


def _listed(members: Sequence[str]) -> str:
    return f"; there are {', '.join(members)}" if members else ""


def _expected(fact: Fact) -> str:
    match fact.kind:
        case "number" | "integer":
            return range_of(fact)
        case "choice":
            return "one of " + ", ".join(fact.members)
        case "members" | "medicines":
            return '`"member" in ' + fact.name + "`"
        case _:
            return "no comparison"


def _one_of(fact: Fact, members: Iterable[str], wanted: bool) -> OneOf:
    # A choice has few members, so "not this one" is the same as "one of the others".
    chosen = frozenset(members)
    return OneOf(fact.name, chosen if wanted else frozenset(fact.members) - chosen)


def _joined(parts: Iterable[Condition], *, all_of: bool) -> Condition:
    kind = AllOf if all_of else AnyOf
    flat: list[Condition] = []
    for part in parts:
        inner = part.parts if isinstance(part, kind) else (part,)
        flat.extend(one for one in inner if one not in flat)
    return flat[0] if len(flat) == 1 else kind(tuple(flat))
