"""Causes of leg cramps, and the points at which someone must be seen, as cited rules.

`assess()` takes what is known of a patient and returns ranked causes, advice and triage, each
traceable to a rule and its source. It informs; it does not diagnose.
"""

from importlib import import_module
from typing import TYPE_CHECKING

from crampsrules.assess import assess, assess_many
from crampsrules.errors import (
    CrampsRulesError,
    EngineError,
    FactsError,
    MissingExtraError,
    RuleError,
)
from crampsrules.facts import PatientFacts
from crampsrules.triage import Triage

if TYPE_CHECKING:
    from crampsrules.assessment import Assessment
    from crampsrules.calcium import adjusted_calcium
    from crampsrules.changes import what_would_change
    from crampsrules.frames import assess_frame
    from crampsrules.interview import Interview
    from crampsrules.questions import next_questions
    from crampsrules.rulebase import RuleBase
    from crampsrules.rulegraph import graph

__all__ = [
    "Assessment",
    "CrampsRulesError",
    "EngineError",
    "FactsError",
    "Interview",
    "MissingExtraError",
    "PatientFacts",
    "RuleBase",
    "RuleError",
    "Triage",
    "adjusted_calcium",
    "assess",
    "assess_frame",
    "assess_many",
    "graph",
    "next_questions",
    "what_would_change",
]

__version__ = "0.1.0"

# These come with what reads rules, which would make the import take several times as long.
_LATER = {
    "Assessment": "crampsrules.assessment",
    "Interview": "crampsrules.interview",
    "RuleBase": "crampsrules.rulebase",
    "adjusted_calcium": "crampsrules.calcium",
    "assess_frame": "crampsrules.frames",
    "graph": "crampsrules.rulegraph",
    "next_questions": "crampsrules.questions",
    "what_would_change": "crampsrules.changes",
}


def __getattr__(name: str) -> object:
    if name not in _LATER:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    found: object = getattr(import_module(_LATER[name]), name)
    globals()[name] = found
    return found


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
