"""A second reading of conditions, to hold the library's own against.

It walks Python's tree of the text as written: `not` stays where it stands and is Kleene's,
nothing is flattened, and no node of `crampsrules.conditions` is used.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable
from typing import Any, Protocol

Verdict = bool | None

SIGNS = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_ORDER = {
    ast.Lt: SIGNS["<"],
    ast.LtE: SIGNS["<="],
    ast.Gt: SIGNS[">"],
    ast.GtE: SIGNS[">="],
    ast.Eq: SIGNS["=="],
    ast.NotEq: SIGNS["!="],
}


class Case(Protocol):
    """What is known of a patient and concluded so far."""

    def value(self, fact: str) -> object: ...
    def member(self, fact: str, member: str) -> Verdict: ...
    def suspected(self, cause: str) -> Verdict: ...
    def finding(self, name: str) -> Verdict: ...


def judge(text: str, case: Case, findings: Iterable[str] = ()) -> Verdict:
    """Judge the text of a condition; None is unknown."""
    return _judge(ast.parse(text, mode="eval").body, case, frozenset(findings))


def opposite(verdict: Verdict) -> Verdict:
    return None if verdict is None else not verdict


def all_true(verdicts: Iterable[Verdict]) -> Verdict:
    seen = set(verdicts)
    if False in seen:
        return False
    return None if None in seen else True


def any_true(verdicts: Iterable[Verdict]) -> Verdict:
    seen = set(verdicts)
    if True in seen:
        return True
    return None if None in seen else False


def _judge(node: ast.expr, case: Case, findings: frozenset[str]) -> Verdict:
    match node:
        case ast.BoolOp(op=ast.And()):
            return all_true([_judge(one, case, findings) for one in node.values])
        case ast.BoolOp(op=ast.Or()):
            return any_true([_judge(one, case, findings) for one in node.values])
        case ast.UnaryOp(op=ast.Not()):
            return opposite(_judge(node.operand, case, findings))
        case ast.Name(id=name):
            return case.finding(name) if name in findings else _truth(case.value(name))
        case ast.Call(func=ast.Name(id="known"), args=[ast.Name(id=fact)]):
            return case.value(fact) is not None
        case ast.Call(func=ast.Name(id="suspected"), args=[ast.Name(id=cause)]):
            return case.suspected(cause)
        case ast.Compare():
            sides = [node.left, *node.comparators]
            pairs = zip(sides, node.ops, sides[1:], strict=False)
            return all_true([_compare(*pair, case) for pair in pairs])
    raise AssertionError(ast.dump(node))


def _truth(value: object) -> Verdict:
    assert value is None or isinstance(value, bool)
    return value


def _compare(left: ast.expr, order: ast.cmpop, right: ast.expr, case: Case) -> Verdict:
    if isinstance(order, ast.In | ast.NotIn) and isinstance(right, ast.Name):
        held = case.member(right.id, ast.literal_eval(left))
        return held if isinstance(order, ast.In) else opposite(held)
    first, second = (_operand(side, case) for side in (left, right))
    if first is None or second is None:
        return None
    if isinstance(order, ast.In | ast.NotIn):
        return (first in second) is isinstance(order, ast.In)
    return bool(_ORDER[type(order)](first, second))


def _operand(node: ast.expr, case: Case) -> Any:
    return case.value(node.id) if isinstance(node, ast.Name) else ast.literal_eval(node)
