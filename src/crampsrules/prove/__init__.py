"""Proving a rule base, for every patient there could be, with the solver z3.

The same conditions that the engines fire are translated into logic, with each fact unknown or
known. What a solver then finds unsatisfiable holds for all inputs; where a claim fails, the
counter-example comes as patient facts, reduced to few, and is replayed on a real engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from crampsrules.prove.bands import Bands
from crampsrules.prove.can_fire import CanFire
from crampsrules.prove.claims import KINDS, Claim, Kind, Question
from crampsrules.prove.demands import Demands
from crampsrules.prove.logic import Logic
from crampsrules.prove.redundancy import Redundancy
from crampsrules.rulebase import RuleBase

__all__ = ["KINDS", "Claim", "Kind", "claims", "prove"]


def prove(
    rules: RuleBase,
    *,
    kinds: Collection[Kind] = tuple(KINDS),
    about: Collection[str] | None = None,
    told: Callable[[Claim], None] | None = None,
) -> tuple[Claim, ...]:
    """Decide every claim about a rule base, for all inputs.

    `kinds` chooses among the `KINDS` of claim; `about` keeps to claims that depend on one of
    these rules. `told` is called with each claim as it is decided. Raises MissingExtraError
    without z3, and EngineError should a counter-example not come out on the engine as the solver
    says.
    """
    decided: list[Claim] = []
    for claim in claims(rules, kinds=kinds, about=about):
        decided.append(claim)
        if told is not None:
            told(claim)
    return tuple(decided)


def claims(
    rules: RuleBase, *, kinds: Collection[Kind] = tuple(KINDS), about: Collection[str] | None = None
) -> Iterator[Claim]:
    """The same one by one, kind by kind, each decided when it is asked for."""
    questions = [
        question
        for question in _questions(Logic(rules))
        if question.kind in kinds and (about is None or not question.reads.isdisjoint(about))
    ]
    order = list(KINDS)
    for question in sorted(questions, key=lambda question: order.index(question.kind)):
        yield question.decide()


def _questions(logic: Logic) -> Iterator[Question]:
    """Every claim, not yet decided."""
    for family in (CanFire, Bands, Demands, Redundancy):
        yield from family(logic).questions()
