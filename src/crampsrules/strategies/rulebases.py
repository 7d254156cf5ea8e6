"""Small, sound rule bases as TOML texts: rules that build on each other, in several files."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from attrs import field, frozen
from hypothesis import strategies as st

from crampsrules.conditions import true_where_nothing_is_known
from crampsrules.parsing import Vocabulary, parse
from crampsrules.rules import ADVICE_KINDS, SERIOUSNESS
from crampsrules.strategies.conditions import condition_texts
from crampsrules.strategies.noise import Draw
from crampsrules.triage import Triage


@frozen
class Table:
    """One table of a rule file."""

    kind: str
    values: dict[str, Any] = field(factory=dict)
    inner: tuple[Table, ...] = ()

    def toml(self, above: str = "") -> str:
        """The table as text, and those within it."""
        name = f"{above}{self.kind}"
        lines = [f"[[{name}]]", *_assignments(self.values)]
        return "\n".join([*lines, *(table.toml(f"{name}.") for table in self.inner), ""])


def _assignments(values: Mapping[str, Any]) -> list[str]:
    return [f"{key} = {_literal(value)}" for key, value in values.items() if value is not None]


def _literal(value: object) -> str:
    if isinstance(value, dict):
        return f"{{ {', '.join(_assignments(value))} }}"
    if isinstance(value, float):
        return repr(value)
    return json.dumps(value)  # what JSON writes of texts, lists and whole numbers, TOML reads


CLASSES = ("alpha", "beta", "gamma", "delta", "epsilon")
_WEIGHTS = ("small", "moderate", "large", "against-small", "against-moderate", "against-large")
_GROUPS = ("history", "drug", None)


def vocabulary_of(nodes: Sequence[str]) -> Vocabulary:
    """The names of some findings and causes, and of the classes of medicines."""
    return Vocabulary(
        findings=frozenset(node for node in nodes if node.startswith("found_")),
        causes=frozenset(node for node in nodes if node.startswith("cause_")),
        medicine_classes=frozenset(CLASSES),
    )


@st.composite
def orders(draw: Draw) -> tuple[str, ...]:
    """Findings and at least one cause, in an order in which each may build on those before."""
    findings = [f"found_{i}" for i in range(draw(st.integers(0, 5)))]
    causes = [f"cause_{i}" for i in range(draw(st.integers(1, 3)))]
    return tuple(draw(st.permutations(findings + causes)))


def _class_tables() -> list[Table]:
    """Classes within each other, with names, a name in two classes, and words for a whole class."""
    rows: list[dict[str, Any]] = [
        {"id": "alpha", "names": ["alphamed"], "words": ["alpha tablets"]},
        {"id": "beta", "within": ["alpha"], "names": ["betamicin", "bothazole"]},
        {"id": "gamma", "within": ["beta"], "names": ["gammadrine"], "words": ["gamma kind"]},
        {"id": "delta", "names": ["deltaprofen", "bothazole"]},
        {"id": "epsilon", "within": ["alpha", "delta"], "names": ["epsilumab"]},
    ]
    extra = Table("medicines", {"name": "extravir", "classes": ["gamma", "delta"]})
    return [*(Table("classes", {"title": "A class", **row}) for row in rows), extra]


@st.composite
def finding_tables(draw: Draw, finding: str, names: Vocabulary) -> list[Table]:
    """One or two rules that conclude a finding."""
    whens = draw(st.lists(condition_texts(names), min_size=1, max_size=2))
    return [
        Table(
            "findings",
            {"id": f"{finding}.{i}", "concludes": finding, "when": when, "source": "book"},
        )
        for i, when in enumerate(whens)
    ]


@st.composite
def evidence_tables(draw: Draw, cause: str, before: Vocabulary, every: Vocabulary) -> list[Table]:
    """Evidence for and against a cause. Only what makes it suspected must not build on it."""
    tables = []
    for i in range(draw(st.integers(1, 3))):
        values: dict[str, Any] = {"id": f"{cause}.{i}", "because": f"reason {i}", "source": "book"}
        values |= draw(
            st.sampled_from(_WEIGHTS).map(lambda word: {"weight": word})
            | st.sampled_from((0.2, 1.0, 3.3, 27.5)).map(lambda lr: {"lr": lr})
        )
        values["role"] = draw(st.sampled_from((None, None, "risk")))
        values["group"] = draw(st.sampled_from(_GROUPS))
        against = str(values.get("weight", "")).startswith("against") or values.get("lr", 2) <= 1
        free = against or values["role"] == "risk"
        values["when"] = draw(condition_texts(every if free else before))
        tables.append(Table("evidence", values))
    return tables


@st.composite
def escalation_tables(draw: Draw, at: int, names: Vocabulary) -> Table:
    """A rule of any urgency; only what is no emergency may have an `unless`."""
    triage = draw(st.sampled_from(list(Triage)))
    excuses = condition_texts(names, may_ask_known=True, most_atoms=4).filter(
        lambda text: not true_where_nothing_is_known(parse(text, names, may_ask_known=True))
    )
    unless = st.none() | excuses
    kinds = st.lists(st.sampled_from(("relief", "prevention", "otc")), unique=True, max_size=3)
    return Table(
        "escalations",
        {
            "id": f"see.{at}",
            "when": draw(condition_texts(names)),
            "unless": draw(unless) if triage is not Triage.EMERGENCY else None,
            "triage": triage.id,
            "reason": f"Reason {at}.",
            "holds": draw(kinds),
            "source": ["book", "paper"],
        },
    )


@st.composite
def advice_tables(draw: Draw, at: int, names: Vocabulary) -> Table:
    """A piece of advice with up to three things that forbid it and up to two cautions."""
    kind = draw(st.sampled_from(ADVICE_KINDS))
    when = condition_texts(names, most_atoms=4)
    values = {
        "id": f"do_{at}",
        "kind": kind,
        "title": f"Do {at}",
        "text": f"Do number {at}.",
        "when": draw(when if kind == "action" else st.none() | when),
        "order": draw(st.integers(0, 5)),
        "source": "paper",
    }
    forbidden = [draw(unless_tables(f"U{i}", names)) for i in range(draw(st.integers(0, 3)))]
    cautions = [
        Table("cautions", {"id": f"K{i}", "text": f"Mind {i}.", "when": draw(st.none() | when)})
        for i in range(draw(st.integers(0, 2)))
    ]
    return Table("advice", values, (*forbidden, *cautions))


@st.composite
def unless_tables(draw: Draw, id_: str, names: Vocabulary) -> Table:
    """Something that forbids a piece of advice."""
    optional = st.none() | st.sampled_from(("you were told so", "it hurts"))
    return Table(
        "unless",
        {
            "id": id_,
            "when": draw(condition_texts(names, may_ask_known=True, most_atoms=3)),
            "reason": draw(st.sampled_from(("you must not", "it may harm"))),
            "instead": draw(optional),
            "caution": draw(optional),
        },
    )


@st.composite
def rule_texts(draw: Draw) -> dict[str, str]:
    """A small, sound rule base as TOML texts by file name, for `RuleBase.from_texts`."""
    order = draw(orders())
    every = vocabulary_of(order)
    shared = [Table("sources", {"id": id_, "title": f"The {id_}"}) for id_ in ("book", "paper")]
    shared += _class_tables()
    files: dict[str, str] = {}
    fallback = draw(st.sampled_from((None, *sorted(every.causes))))
    for at, node in enumerate(order):
        before = vocabulary_of(order[:at])
        if node in every.findings:
            shared += draw(finding_tables(node, before))
            continue
        evidence = draw(evidence_tables(node, before, every))
        head = {
            "id": node,
            "title": node.replace("_", " ").title(),
            "prior": draw(st.integers(-10, 0)),
            "source": "book",
            "seriousness": draw(st.sampled_from(SERIOUSNESS)),
            "codes": {"icd10": "R25.2"},
            "fallback": node == fallback,
        }
        # Evidence stands in its cause's file, or anywhere and names the cause.
        inside = draw(st.integers(0, len(evidence)))
        files[f"{node}.toml"] = _file(head, evidence[:inside])
        shared += [Table(one.kind, {**one.values, "cause": node}) for one in evidence[inside:]]
    shared += [draw(escalation_tables(at, every)) for at in range(draw(st.integers(0, 3)))]
    shared += [draw(advice_tables(at, every)) for at in range(draw(st.integers(0, 3)))]
    files["shared.toml"] = _file({}, shared)
    return files


def _file(head: Mapping[str, Any], tables: Sequence[Table]) -> str:
    return "\n".join([*_assignments(head), "", *(table.toml() for table in tables)])
