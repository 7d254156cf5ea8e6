"""Causes of leg cramps, and the points at which someone must be seen, as cited rules.

`assess()` takes what is known of a patient and returns ranked causes, advice and triage, each
traceable to a rule and its source. It informs; it does not diagnose.
"""

from crampsrules.assess import assess
from crampsrules.assessment import Assessment
from crampsrules.errors import (
    CrampsRulesError,
    EngineError,
    FactsError,
    MissingExtraError,
    RuleError,
)
from crampsrules.facts import PatientFacts
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

__all__ = [
    "Assessment",
    "CrampsRulesError",
    "EngineError",
    "FactsError",
    "MissingExtraError",
    "PatientFacts",
    "RuleBase",
    "RuleError",
    "Triage",
    "assess",
]

__version__ = "0.1.0"
