"""cel-python: a program for each rule."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import celpy

from benchmarks.peers.cel_rust import LANGUAGE
from benchmarks.peers.common import Way, flat, properties
from crampsrules import PatientFacts, RuleBase

PACKAGE = "cel-python"


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    environment = celpy.Environment()
    programs = {
        id_: environment.program(environment.compile(LANGUAGE.text(condition)))
        for id_, condition in flat(rules).items()
    }
    known = properties(rules)

    def prepare(patient: PatientFacts) -> Any:
        return {"p": celpy.json_to_cel(known(patient))}

    def fire(patient: Any) -> frozenset[str]:
        return frozenset(id_ for id_, program in programs.items() if program.evaluate(patient))

    yield Way("cel-python", True, prepare, fire)
