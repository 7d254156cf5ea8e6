"""Engines fire rules: known facts in, the ids of everything that fired out.

They know nothing of medicine and all give the same answer.
"""

from __future__ import annotations

import importlib
import os
import threading
from functools import lru_cache
from typing import Protocol
from weakref import WeakKeyDictionary

from crampsrules.errors import EngineError, did_you_mean, shorten
from crampsrules.facts import PatientFacts
from crampsrules.rulebase import RuleBase, kept_with_rules

ENGINES = ("durable", "compiled")


class Engine(Protocol):
    """What every engine can do."""

    name: str

    def fire(self, facts: PatientFacts) -> frozenset[str]:
        """The ids whose condition is true. Raises FactsError for a misspelt medicine."""

    def fire_number(self, facts: PatientFacts) -> int:
        """The same as the integer that the `Ids` of the rules make of it."""


@lru_cache(maxsize=1)
def default_engine() -> str:
    """Name the engine used where none is asked for: durable where it runs, else compiled."""
    return "durable" if _durable_runs() else "compiled"


def running_engines() -> tuple[str, ...]:
    """The engines that run on this Python."""
    return ENGINES if _durable_runs() else ("compiled",)


def _durable_runs() -> bool:
    try:
        # Where it is installed it may still not import: on CPython 3.13 and later it does not.
        importlib.import_module("durable_rules_engine")
    except ImportError:
        return False
    return True


_engines: WeakKeyDictionary[RuleBase, dict[str, Engine]] = WeakKeyDictionary()
_lock = threading.Lock()


def _renew_lock() -> None:
    # A thread of the parent may have held it; in the child nobody will give it back.
    global _lock  # noqa: PLW0603 - there is one for the whole process
    _lock = threading.Lock()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_renew_lock)


def engine_for(rules: RuleBase, name: str | None = None) -> Engine:
    """The engine called `name` (or the default one) with these rules in it.

    One engine of each name is kept for rules that are equal. Raises EngineError for a name that
    is not an engine, or an engine that cannot run here.
    """
    wanted = default_engine() if name is None else name
    if not isinstance(wanted, str):
        raise _no_engine(wanted)
    made = _made_for(rules)
    if wanted not in made:
        with _lock:
            if wanted not in made:
                made[wanted] = _make(rules, wanted)
    return made[wanted]


@kept_with_rules
def _made_for(rules: RuleBase) -> dict[str, Engine]:
    """The engines by name, the same ones for rules that are equal."""
    with _lock:
        return _engines.setdefault(rules, {})


def _make(rules: RuleBase, name: str) -> Engine:
    if name == "compiled":
        from crampsrules.engines.compiled import CompiledEngine

        return CompiledEngine(rules)
    if name == "durable":
        if not _durable_runs():
            raise EngineError(
                "the durable engine needs durable-rules, which does not run on this Python: "
                'use engine="compiled", which gives the same answers'
            )
        from crampsrules.engines.durable import DurableEngine

        return DurableEngine(rules)
    raise _no_engine(name)


def _no_engine(name: object) -> EngineError:
    hint = did_you_mean(name, ENGINES) if isinstance(name, str) else ""
    return EngineError(f"there is no engine {shorten(name)}; there are {', '.join(ENGINES)}{hint}")
