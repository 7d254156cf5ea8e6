"""cel-python: a program for each rule."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any

import celpy

from benchmarks.peers.common import Language, Way, flat, names, properties
from crampsrules import PatientFacts, RuleBase
from crampsrules.facts import FACTS

PACKAGE = "cel-python"

# To ask whether a name is there takes it three times as long: unknown is null, or no number.
LANGUAGE = Language(
    both=" && ",
    either=" || ",
    is_true="p.{0} == true",
    is_false="p.{0} == false",
    compare="p.{0} {1} {2}",
    one_of="p.{0} in {1}",
)


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented."""
    environment = celpy.Environment()
    programs = {
        id_: environment.program(environment.compile(LANGUAGE.text(condition)))
        for id_, condition in flat(rules).items()
    }
    known = properties(rules)
    unknown = {name: math.nan if _is_number(name) else None for name in names(rules)}

    def prepare(patient: PatientFacts) -> Any:
        return {"p": celpy.json_to_cel({**unknown, **known(patient)})}

    def fire(patient: Any) -> frozenset[str]:
        return frozenset(id_ for id_, program in programs.items() if program.evaluate(patient))

    yield Way("cel-python", prepare, fire)


def _is_number(name: str) -> bool:
    return name in FACTS and FACTS[name].is_number
