"""Rules written for one test, a table at a time, that say nothing but what it is about."""

from __future__ import annotations

from collections.abc import Iterable

from crampsrules import PatientFacts, RuleBase
from crampsrules.engines import engine_for
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.strategies.rulebases import Table as Written
from crampsrules.ways import Routes

__all__ = ["Written", "evidence", "finding", "law", "routes_of", "rules_of", "urgent"]


def urgent(id_: str, when: str, triage: str = "same_day", **more: str) -> str:
    """An escalation."""
    wanted = {"id": id_, "when": when, "triage": triage, "reason": "A reason.", "source": "book"}
    return Written("escalations", {**wanted, **more}).toml()


def law(when: str, at_least: str = "soon") -> str:
    """What must hold."""
    wanted = {"id": "law", "says": "It says.", "when": when, "at_least": at_least}
    return Written("laws", {**wanted, "source": "book"}).toml()


def finding(name: str, when: str) -> str:
    """A finding, and the rule that concludes it."""
    wanted = {"id": f"{name}.rule", "concludes": name, "when": when, "source": "book"}
    return Written("findings", wanted).toml()


def evidence(id_: str, cause: str, when: str, **more: str | float | None) -> str:
    """What speaks for a cause or against it, by its `weight` or `lr`."""
    wanted = {"id": id_, "cause": cause, "when": when, "because": "of it", "source": "book"}
    return Written("evidence", {**wanted, **more}).toml()


def rules_of(*tables: str, causes: Iterable[str] = (), prior: int = 0) -> RuleBase:
    """The rule base of some tables, and of causes that are as likely as each other."""
    head = f"title = 'A cause'\nprior = {prior}\nsource = 'book'\n"
    texts = {f"{one}.toml": f"id = '{one}'\n{head}" for one in causes}
    sources = "sources = [{ id = 'book', title = 'A book' }]\n"
    return RuleBase.from_texts({**texts, "own.toml": sources + "".join(tables)})


def routes_of(rules: RuleBase, **known: object) -> Routes:
    """The routes for a patient of whom this is known."""
    facts = PatientFacts.from_mapping(known)
    inference = Inference(rules, observe(facts, rules.formulary))
    return Routes(rules, inference, engine_for(rules, "compiled").fire(facts), frozenset())
