"""What the tests of engines share."""

from __future__ import annotations

import os
import platform
from typing import Any

import pytest

from crampsrules import Assessment, PatientFacts, RuleBase, assess
from crampsrules.conditions import Concluded, Condition, Suspected, atoms
from crampsrules.engines import ENGINES, default_engine, engine_for
from crampsrules.inference import Inference
from crampsrules.observations import observe

DURABLE_RUNS = default_engine() == "durable"

needs_durable = pytest.mark.skipif(
    not DURABLE_RUNS, reason="durable-rules is not installed, or does not import on this Python"
)

# What was never set is then never zero by chance, and using it crashes at once.
FILLED_MEMORY = {**os.environ, "MALLOC_PERTURB_": "165"}

needs_glibc = pytest.mark.skipif(
    platform.libc_ver()[0] != "glibc", reason="only glibc fills memory on request"
)

HERE = [name for name in ENGINES if name != "durable" or DURABLE_RUNS]

each_engine = pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=[needs_durable] * (name == "durable")) for name in ENGINES]
)


def inferred(rules: RuleBase, facts: PatientFacts) -> frozenset[str]:
    """What fires by the readable inference, which every engine must agree with."""
    return Inference(rules, observe(facts, rules.formulary)).fired()


def agree(rules: RuleBase, facts: PatientFacts) -> frozenset[str]:
    """What every engine fires."""
    expected = inferred(rules, facts)
    for name in HERE:
        assert engine_for(rules, name).fire(facts) == expected, name
    return expected


def agree_to_the_last_field(rules: RuleBase, facts: PatientFacts) -> Assessment:
    """The assessment by every engine, which differ in nothing but the engine's name."""
    agree(rules, facts)
    first, *others = (assess(facts, rules=rules, engine=name) for name in HERE)
    for other in others:
        assert without_engine(other) == without_engine(first)
    return first


def without_engine(assessment: Assessment) -> dict[str, Any]:
    """Every field of an assessment but the name of the engine."""
    data = assessment.to_dict(unknowns=False)
    assert data.pop("engine") in ENGINES
    return data


def rules_of(*conditions: str, head: str = "") -> RuleBase:
    """A rule base with one escalation, `see.0` and so on, for each condition."""
    escalations = (
        f"[[escalations]]\nid = 'see.{i}'\nwhen = '{when}'\n"
        "triage = 'soon'\nreason = 'A reason.'\nsource = 'book'"
        for i, when in enumerate(conditions)
    )
    book = "[[sources]]\nid = 'book'\ntitle = 'The book'"
    return RuleBase.from_texts({"rules.toml": "\n".join([book, head, *escalations])})


def asked(rules: RuleBase, condition: Condition) -> frozenset[str]:
    """The facts that a condition asks about, directly or through findings and suspicions."""
    found: set[str] = set()
    for atom in atoms(condition):
        if isinstance(atom, Concluded | Suspected):
            ids = (
                rules.concluding[atom.finding]
                if isinstance(atom, Concluded)
                else rules.suspecting[atom.cause]
            )
            found.update(*(asked(rules, rules.conditions[id_]) for id_ in ids))
        else:
            found.add(atom.fact)
    return frozenset(found)
