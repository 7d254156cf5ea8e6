"""Rule bases that nobody wrote: rules of every kind, and each builds on others."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable
from typing import Any

from crampsrules import Triage
from crampsrules.conditions import Concluded, Known, Suspected
from crampsrules.parsing import Vocabulary
from crampsrules.strategies import rule_bases, rule_texts
from crampsrules.strategies.rulebases import (
    CLASSES,
    advice_tables,
    escalation_tables,
    evidence_tables,
    finding_tables,
    orders,
    vocabulary_of,
)
from tests.strategies.common import asked, drawn

VOCABULARY = Vocabulary(frozenset({"found_0"}), frozenset({"cause_0"}), frozenset(CLASSES))
STEPS = {Concluded, Suspected}


def builds_on(texts: Iterable[str | None]) -> set[type]:
    """Which kinds of step conditions take."""
    found = asked((text for text in texts if text is not None), VOCABULARY)
    return {type(one) for one in found} & {Concluded, Suspected, Known}


def test_findings_build_on_other_rules():
    """One or two rules for each, and they take names."""
    tables = drawn(finding_tables("found_1", VOCABULARY), 60)

    assert {len(some) for some in tables} == {1, 2}
    assert builds_on(table.values["when"] for some in tables for table in some) == STEPS


def test_escalations_build_on_other_rules():
    """Every level, with exceptions where it is no emergency, and up to three things held back."""
    rows = [table.values for table in drawn(escalation_tables(0, VOCABULARY), 600)]

    assert {row["triage"] for row in rows} == {level.id for level in Triage}
    assert builds_on(row["when"] for row in rows) == STEPS
    assert builds_on(row["unless"] for row in rows) >= STEPS
    assert {row["triage"] for row in rows if row["unless"]} == {
        level.id for level in Triage if level is not Triage.EMERGENCY
    }
    assert any(row["unless"] is None and row["triage"] == "soon" for row in rows)
    assert {len(row["holds"]) for row in rows} == {0, 1, 2, 3}


def test_advice_builds_on_other_rules():
    """With none to three things that forbid it, and none to two cautions."""
    tables = drawn(advice_tables(0, VOCABULARY), 150)
    rows = [table.values for table in tables]
    inner = [one for table in tables for one in table.inner]

    for kind, most in (("unless", 3), ("cautions", 2)):
        counts = {sum(one.kind == kind for one in table.inner) for table in tables}
        assert counts == set(range(most + 1))
    assert {row["order"] for row in rows} == set(range(6))
    assert {row["kind"] for row in rows if row["when"] is None} == {row["kind"] for row in rows} - {
        "action"
    }
    assert builds_on(row["when"] for row in rows) == STEPS
    for kind in ("unless", "cautions"):
        assert builds_on(one.values["when"] for one in inner if one.kind == kind) >= STEPS
    assert {one.values["when"] is None for one in inner if one.kind == "cautions"} == {True, False}
    for words in ("instead", "caution"):
        said = {one.values[words] for one in inner if one.kind == "unless"}
        assert said == {None, "you were told so", "it hurts"}


def test_only_evidence_that_suspects_nothing_builds_on_its_own_cause():
    """Evidence for a cause rests on what stands before it; what is against or a risk, on all."""
    groups = drawn(evidence_tables("cause_0", Vocabulary(), VOCABULARY), 250)
    rows = [table.values for some in groups for table in some]
    for_it = ("small", "moderate", "large", 3.3, 27.5)
    against = ("against-small", "against-moderate", "against-large", 0.2, 1.0)

    def weights(some: Iterable[dict[str, Any]]) -> set[object]:
        return {row.get("weight", row.get("lr")) for row in some}

    building = [row for row in rows if builds_on([row["when"]])]
    assert {len(some) for some in groups} == {1, 2, 3}
    assert weights(rows) == {*for_it, *against}
    assert {0.2, 1.0} <= weights(row for row in building if row["role"] is None) <= set(against)
    assert weights(row for row in building if row["role"] == "risk") & set(for_it)
    assert {row["group"] for row in rows} == {"history", "drug", None}


def test_rule_bases_have_one_to_three_causes():
    """And up to five findings, in any order, each building on those before it."""
    some = drawn(orders(), 150)
    every = [vocabulary_of(order) for order in some]

    assert {len(names.causes) for names in every} == {1, 2, 3}
    assert {len(names.findings) for names in every} == set(range(6))
    assert {order[0].partition("_")[0] for order in some} == {"found", "cause"}
    for order in some:
        names = vocabulary_of(order[:2])
        assert names.findings | names.causes == set(order[:2])
        assert names.medicine_classes == set(CLASSES)


def test_rule_bases_have_a_few_rules_of_each_kind():
    """None to three escalations and pieces of advice; causes of any weight, some as a last resort.

    Evidence stands with its cause or elsewhere.
    """
    bases = [
        {name: tomllib.loads(text) for name, text in files.items()}
        for files in drawn(rule_texts(), 150)
    ]
    shared = [files["shared.toml"] for files in bases]
    causes = [files[name] for files in bases for name in files if name != "shared.toml"]

    for kind in ("escalations", "advice"):
        assert {len(tables.get(kind, ())) for tables in shared} == {0, 1, 2, 3}
    assert {cause["fallback"] for cause in causes} == {True, False}
    assert len({cause["seriousness"] for cause in causes}) > 2
    assert {cause["prior"] for cause in causes} <= set(range(-10, 1))
    assert {"evidence" in cause for cause in causes} == {True, False}
    assert any(tables.get("evidence") for tables in shared)


def test_drawn_rule_bases_know_medicines_of_classes_within_each_other():
    """Names, words for a whole class, and names in two classes."""
    (rules,) = drawn(rule_bases(), 1)
    held = {
        "alphamed": {"alpha"},
        "alpha tablets": {"alpha"},
        "betamicin": {"alpha", "beta"},
        "gammadrine": {"alpha", "beta", "gamma"},
        "gamma kind": {"alpha", "beta", "gamma"},
        "deltaprofen": {"delta"},
        "bothazole": {"alpha", "beta", "delta"},
        "epsilumab": {"alpha", "delta", "epsilon"},
        "extravir": {"alpha", "beta", "gamma", "delta"},
    }

    for name, classes in held.items():
        assert rules.formulary.resolve(frozenset({name})).classes.present == classes
