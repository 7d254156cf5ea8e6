"""Proving a rule base, for every patient there could be, with the solver z3.

The same conditions that the engines fire are translated into logic, with each fact unknown or
known. What a solver then finds unsatisfiable holds for all inputs; where a claim fails, the
counter-example comes as patient facts, reduced to few, and is replayed on a real engine.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

from crampsrules.errors import CrampsRulesError, did_you_mean, names_apart, shorten
from crampsrules.prove.bands import Bands
from crampsrules.prove.can_fire import CanFire
from crampsrules.prove.claims import KINDS, Claim, Conjecture, Kind
from crampsrules.prove.demands import Demands
from crampsrules.prove.logic import Logic
from crampsrules.prove.redundancy import Redundancy
from crampsrules.rulebase import RuleBase, rules_or_shipped

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
    these rules, or are of one of these laws. `told` is called with each claim as it is decided.

    Raises CrampsRulesError for a kind or an id that there is not, MissingExtraError without z3,
    and EngineError should the solver give up, or a counter-example not come out on the engine.
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
    base = rules_or_shipped(rules)
    chosen = _known("kind of claim", kinds, KINDS)
    ids = {*base.conditions, *base.law_conditions}
    wanted = None if about is None else _known("rule or law", about, ids)
    conjectures = [
        conjecture
        for conjecture in _conjectures(Logic(base))
        if conjecture.kind in chosen and (wanted is None or _is_about(conjecture, wanted))
    ]
    order = list(KINDS)
    for conjecture in sorted(conjectures, key=lambda conjecture: order.index(conjecture.kind)):
        yield conjecture.decide()


def _known(what: str, names: object, known: Collection[str]) -> tuple[str, ...]:
    """Refuse what would choose nothing: to have proved nothing looks like having proved all."""
    apart = names_apart(names, known)
    if apart is None:
        raise CrampsRulesError(f"takes a list of ids, each of a {what}; got {shorten(names)}")
    named, strange = apart
    if strange:
        hint = did_you_mean(strange[0], known)
        raise CrampsRulesError(f"there is no {what} {shorten(strange[0])}{hint}")
    return named


def _is_about(conjecture: Conjecture, ids: Collection[str]) -> bool:
    return conjecture.id in ids or not conjecture.reads.isdisjoint(ids)


def _conjectures(logic: Logic) -> Iterator[Conjecture]:
    """Every claim, not yet decided."""
    for family in (CanFire, Bands, Demands, Redundancy):
        yield from family(logic).conjectures()
