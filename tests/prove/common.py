"""What the tests of proofs share: rules with a planted defect, small ones, and what fails."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from functools import cache
from typing import Any

from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.assessment import Assessment
from crampsrules.prove import Claim, prove
from crampsrules.rulefiles import RuleFile, read_folder
from tests.drawing import RULES
from tests.written_rules import Written, rules_of

SHIPPED = RuleBase.load()

Table = dict[str, Any]


@cache
def shipped_files() -> tuple[RuleFile, ...]:
    return read_folder(RULES, "rules")


def altered(kind: str, id_: str, alter: Callable[[Table], object]) -> RuleBase:
    """A copy of the shipped rules, without the examples, in which one table is changed."""
    files, found = [], 0
    for file in shipped_files():
        tables = copy.deepcopy({k: v for k, v in file.tables.items() if k != "examples"})
        rows = [row for row in tables.get(kind, ()) if row["id"] == id_]
        for row in rows:
            alter(row)
        found += len(rows)
        files.append(RuleFile(file.name, file.text, tables))
    assert found == 1, (kind, id_)
    return RuleBase(tuple(files))


def with_values(kind: str, id_: str, **values: object) -> RuleBase:
    return altered(kind, id_, lambda row: row.update(values))


def without_unless(advice: str, *entries: str) -> RuleBase:
    """The shipped rules in which something no longer forbids a piece of advice."""

    def alter(row: Table) -> None:
        kept = [entry for entry in row["unless"] if entry["id"] not in entries]
        assert len(kept) == len(row["unless"]) - len(entries)
        row["unless"] = kept

    return altered("advice", advice, alter)


def with_more(text: str) -> RuleBase:
    return SHIPPED.extended_with({"planted.toml": text})


def failing(rules: RuleBase, *kinds: Any, about: set[str] | None = None) -> dict[str, Claim]:
    """The claims that fail, by id; each has a patient who can be pasted into Python."""
    claims = prove(rules, kinds=kinds, about=about)
    failed = {one.id: one for one in claims if not one.holds}
    for claim in failed.values():
        pasted = eval(repr(claim.patient), {"PatientFacts": PatientFacts})  # noqa: S307
        assert pasted == claim.patient
        assert repr(claim.patient) in str(claim)
        assert claim.found in str(claim)
    return failed


def assessed(rules: RuleBase, claim: Claim) -> Assessment:
    assert claim.patient is not None
    return assess(claim.patient, rules=rules, engine="compiled")


def raised(rules: RuleBase, claim: Claim) -> set[str]:
    return {one.id for one in assessed(rules, claim).escalations}


ESCALATION = """
[[escalations]]
id = "{id_}"
when = '{when}'
triage = "{triage}"
holds = "all"
reason = "A planted rule."
source = "editorial"
"""


def escalation(when: str, triage: str = "soon") -> RuleBase:
    return escalations({"planted": when}, triage)


def escalations(conditions: Mapping[str, str], triage: str = "soon") -> RuleBase:
    """The shipped rules with an escalation for each of these conditions, by its id."""
    planted = (ESCALATION.format(id_=id_, when=w, triage=triage) for id_, w in conditions.items())
    return with_more("".join(planted))


# --- Small rule bases, which are proved in no time ----------------------------------------------


def advice(id_: str, *inner: Written, **more: str | int) -> str:
    wanted = {"id": id_, "kind": "relief", "title": "Do it", "text": "Do so.", "source": "book"}
    return Written("advice", {**wanted, **more}, inner).toml()


def law(id_: str, when: str, **demands: str | list[str]) -> str:
    wanted = {"id": id_, "says": "So it is.", "when": when, "source": "book"}
    return Written("laws", {**wanted, **demands}).toml()


def cause(*tables: str) -> RuleBase:
    """One cause and what speaks for and against it."""
    return rules_of(*tables, causes=["cause"], prior=-10)
