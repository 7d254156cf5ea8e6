"""The shipped rules are proved; each kind of defect, planted in a copy of them, is found."""

from __future__ import annotations

import copy
import re
from collections.abc import Callable
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

import crampsrules.translation
from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.assessment import Assessment
from crampsrules.cli import ExitCode, main
from crampsrules.conditions import AllOf, Known
from crampsrules.errors import EngineError, MissingExtraError
from crampsrules.laws import broken_laws
from crampsrules.prove import KINDS, Claim, prove
from crampsrules.rulefiles import RuleFile, read_folder
from crampsrules.translation import Translation
from crampsrules.triage import Triage
from tests.strategies import RULES

SHIPPED = RuleBase.load()


def test_the_shipped_rules_are_proved():
    """Every claim of every kind, for every patient."""
    told: list[Claim] = []
    claims = prove(SHIPPED, told=told.append)

    assert [str(claim) for claim in claims if not claim.holds] == []
    assert {claim.kind for claim in claims} == set(KINDS)
    assert tuple(told) == claims
    # Each thing that fires, each law and each red flag is the subject of some claim.
    ids = {claim.id for claim in claims}
    assert ids >= set(SHIPPED.conditions) - {
        f"{one.id}/caution/{caution.id}"
        for one in SHIPPED.advice
        for caution in one.cautions
        if caution.when is None
    }
    assert ids >= {law.id for law in SHIPPED.laws}


# --- Planted defects ----------------------------------------------------------------------------

Table = dict[str, Any]


def altered(alter: Callable[[Table], None], kind: str, id_: str) -> RuleBase:
    """A copy of the shipped rules in which one table is changed."""
    files, found = [], 0
    for file in read_folder(RULES, "rules"):
        tables = copy.deepcopy(dict(file.tables))
        for row in tables.get(kind, ()):
            if row.get("id") == id_:
                alter(row)
                found += 1
        files.append(RuleFile(file.name, file.text, tables))
    assert found == 1, (kind, id_)
    return RuleBase(tuple(files))


def with_values(kind: str, id_: str, **values: object) -> RuleBase:
    return altered(lambda row: row.update(values), kind, id_)


def without(kind: str, id_: str, *keys: str) -> RuleBase:
    return altered(lambda row: [row.pop(key) for key in keys] and None, kind, id_)


def without_unless(advice: str, *entries: str) -> RuleBase:
    """The shipped rules in which things no longer forbid a piece of advice."""

    def alter(row: Table) -> None:
        kept = [entry for entry in row["unless"] if entry["id"] not in entries]
        assert len(kept) == len(row["unless"]) - len(entries)
        row["unless"] = kept

    mentioned = tuple(f"{advice}/unless/{entry}" for entry in entries)
    return RuleBase(tuple(_unmentioned(altered(alter, "advice", advice), mentioned)))


def _unmentioned(rules: RuleBase, ids: tuple[str, ...]) -> list[RuleFile]:
    raise NotImplementedError


def added(text: str) -> RuleBase:
    return SHIPPED.extended_with({"planted.toml": text})


def failing(rules: RuleBase, *kinds: Any, about: set[str] | None = None) -> list[Claim]:
    return [one for one in prove(rules, kinds=kinds, about=about) if not one.holds]
