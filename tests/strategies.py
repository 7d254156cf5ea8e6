"""What the property tests draw from: conditions, rule bases, patients, mutations, junk.

Values come from small pools on purpose, so that what is drawn meets: thresholds of rules
and values next to them, a few findings that build on each other, classes of medicines that
lie within each other. Nothing here is about medicine but the names of the facts.
"""

from __future__ import annotations

import itertools
import json
import math
import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from attrs import field, frozen
from hypothesis import settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import MAX_LENGTH, Comparison, Concluded, Suspected, atoms
from crampsrules.facts import FACTS, Fact
from crampsrules.rules import ADVICE_KINDS, SERIOUSNESS
from crampsrules.triage import Triage

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"

FLAGS = tuple(fact for fact in FACTS.values() if fact.kind == "flag")
NUMBERS = tuple(fact for fact in FACTS.values() if fact.kind in ("number", "integer"))
CHOICES = tuple(fact for fact in FACTS.values() if fact.kind == "choice")
SETS = tuple(fact for fact in FACTS.values() if fact.kind == "members")

Drawn = Callable[[st.SearchStrategy[Any]], Any]


def fewer(times: int) -> settings:
    """That many times fewer examples than the profile asks for, where one takes long."""
    return settings(max_examples=max(1, settings().max_examples // times))


@cache
def shipped_texts() -> Mapping[str, str]:
    """The shipped rule files by name, as `RuleBase.from_texts` takes them."""
    return {
        str(file.relative_to(RULES)): file.read_text(encoding="utf-8")
        for file in sorted(RULES.rglob("*.toml"))
    }


# --- Conditions, as text ------------------------------------------------------------------------


@frozen
class Names:
    """The names that drawn conditions may use besides facts."""

    findings: tuple[str, ...] = ()
    causes: tuple[str, ...] = ()
    classes: tuple[str, ...] = ()


@frozen
class Phrase:
    """A piece of condition, and how tightly it binds: 0 an atom, 1 `not`, 2 `and`, 3 `or`."""

    text: str
    binds: int = 0

    def within(self, limit: int) -> str:
        """The text as part of a phrase that binds at `limit`."""
        return self.text if self.binds <= limit else f"({self.text})"


def thresholds(fact: Fact) -> tuple[float, ...]:
    """The few values that drawn conditions compare a number with."""
    assert fact.low is not None
    assert fact.high is not None
    inner = (3.0, 5.0, fact.low + (fact.high - fact.low) / 4)
    values = {round(value, 2) for value in inner if fact.low <= value <= fact.high}
    return tuple(sorted({*values, *_shipped_thresholds().get(fact.name, ())}))


@cache
def _shipped_thresholds() -> Mapping[str, set[float]]:
    rules = RuleBase.load()
    found: dict[str, set[float]] = {}
    conditions = (*rules.conditions.values(), *rules.law_conditions.values())
    for atom in (atom for condition in conditions for atom in atoms(condition)):
        if isinstance(atom, Comparison):
            found.setdefault(atom.fact, set()).add(atom.value)
    return found


_ORDERS = ("<", "<=", ">", ">=", "==", "!=")

# Every plain comparison is listed, so that drawing one is a single choice: this is where
# drawing a rule base spends its time.


@cache
def number_phrases() -> st.SearchStrategy[Phrase]:
    """A number compared with a literal: plain, mirrored, or chained."""
    plain, mirrored, chained = [], [], []
    for fact in NUMBERS:
        literals = [f"{value:.12g}" for value in thresholds(fact)]
        for order in _ORDERS:
            plain += [Phrase(f"{fact.name} {order} {literal}") for literal in literals]
            mirrored += [Phrase(f"{literal} {order} {fact.name}") for literal in literals]
        pairs = itertools.combinations_with_replacement(literals, 2)
        orders = (("<=", "<"), ("<", "<="), (">", "!="), ("<", ">="))
        chained += [
            Phrase(f"{low} {first} {fact.name} {second} {high}")
            for (low, high), (first, second) in zip(pairs, itertools.cycle(orders), strict=False)
        ]
    return _any_from(plain, plain, mirrored, chained)


@cache
def choice_phrases() -> st.SearchStrategy[Phrase]:
    """A choice compared with one of its members, or looked for among several."""
    single, several = [], []
    for fact in CHOICES:
        quoted = [json.dumps(member) for member in fact.members]
        for member in quoted:
            single.append(Phrase(f"{fact.name} == {member}"))
            single.append(Phrase(f"{fact.name} != {member}"))
            single.append(Phrase(f"{member} == {fact.name}"))
        brackets = itertools.cycle(("({})", "[{}]", "{{{}}}"))
        for pair in itertools.permutations(quoted, 2):
            group = next(brackets).format(", ".join(pair))
            several.append(Phrase(f"{fact.name} in {group}"))
            several.append(Phrase(f"{fact.name} not in {group}"))
    return _any_from(single, several)


@cache
def member_phrases(classes: tuple[str, ...] = ()) -> st.SearchStrategy[Phrase]:
    """A member looked for in a set, or a class among the medicines."""
    pools = [(fact.name, fact.members) for fact in SETS]
    # As often as all other sets together: rules ask about medicines that often.
    pools += [("medications", classes)] * len(pools) if classes else []
    return _any_from(
        *(
            [
                Phrase(f"{json.dumps(member)} {operator} {fact}")
                for member in members
                for operator in ("in", "not in")
            ]
            for fact, members in pools
        )
    )


def _any_from(*pools: Sequence[Phrase]) -> st.SearchStrategy[Phrase]:
    return st.one_of(*map(st.sampled_from, pools))


@cache
def fact_phrases(
    classes: tuple[str, ...] = (), *, may_ask_known: bool = False
) -> st.SearchStrategy[Phrase]:
    """An atom that may be negated: anything about facts."""
    flags = st.sampled_from([Phrase(fact.name) for fact in FLAGS])
    kinds = [flags, number_phrases(), choice_phrases(), member_phrases(classes)]
    known = st.sampled_from([Phrase(f"known({name})") for name in FACTS])
    return st.one_of(*kinds, *([known] if may_ask_known else []))


def _joined(phrases: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    parts = st.lists(phrases, min_size=2, max_size=3)
    bracketed = phrases.map(lambda phrase: Phrase(f"({phrase.text})"))
    return st.one_of(
        parts.map(lambda some: Phrase(" and ".join(part.within(2) for part in some), 2)),
        parts.map(lambda some: Phrase(" or ".join(part.within(2) for part in some), 3)),
        bracketed,
    )


def _negated(phrases: st.SearchStrategy[Phrase]) -> st.SearchStrategy[Phrase]:
    return phrases.map(lambda phrase: Phrase(f"not {phrase.within(1)}", 1))


def condition_texts(
    names: Names | None = None, *, may_ask_known: bool = False, most_atoms: int = 6
) -> st.SearchStrategy[str]:
    """Any condition that the language takes, with these names in it.

    Findings and causes are never under a `not`, as the language demands.
    """
    names = names or Names()
    drawn = _patterns(names.classes, may_ask_known=may_ask_known, most_atoms=most_atoms)
    return drawn.map(lambda pattern: _with_steps(pattern, names)).filter(
        lambda text: len(text) <= MAX_LENGTH
    )


# Where a finding or a suspicion may stand: building a strategy for each set of names would
# take most of the time of drawing a rule base.
_STEP = re.compile(r"step_(\d+)_")


@cache
def _patterns(
    classes: tuple[str, ...], *, may_ask_known: bool, most_atoms: int
) -> st.SearchStrategy[str]:
    about_facts = st.recursive(
        fact_phrases(classes, may_ask_known=may_ask_known),
        lambda inner: _joined(inner) | _negated(inner),
        max_leaves=most_atoms,
    )
    # Chaining is what matters: half of what is drawn builds on another rule.
    steps = st.integers(0, 20).map(lambda at: Phrase(f"step_{at}_"))
    return st.recursive(steps | about_facts, _joined, max_leaves=3).map(lambda one: one.text)


def _with_steps(pattern: str, names: Names) -> str:
    """The pattern with names in the places of its steps; a plain fact where there are none."""
    steps = [*names.findings, *(f"suspected({cause})" for cause in names.causes)]
    flags = [fact.name for fact in FLAGS]
    return _STEP.sub(lambda step: (pool := steps or flags)[int(step[1]) % len(pool)], pattern)


# --- Rule bases, as TOML texts ------------------------------------------------------------------


@frozen
class _Table:
    """One table of a rule file."""

    kind: str
    values: dict[str, Any] = field(factory=dict)
    inner: tuple[_Table, ...] = ()

    def toml(self, above: str = "") -> str:
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


@frozen
class Plan:
    """The names of a drawn rule base, in an order in which each may build on those before."""

    nodes: tuple[str, ...]

    def before(self, at: int) -> Names:
        """The names that the rules for node `at` may use."""
        return self.names(self.nodes[:at])

    def names(self, nodes: Sequence[str] | None = None) -> Names:
        """The names of some nodes, or of all."""
        chosen = self.nodes if nodes is None else nodes
        return Names(
            findings=tuple(node for node in chosen if node.startswith("found_")),
            causes=tuple(node for node in chosen if node.startswith("cause_")),
            classes=CLASSES,
        )


@st.composite
def plans(draw: Drawn) -> Plan:
    """At least one cause, and findings that may chain through all of them."""
    findings = [f"found_{i}" for i in range(draw(st.integers(0, 5)))]
    causes = [f"cause_{i}" for i in range(draw(st.integers(1, 3)))]
    return Plan(tuple(draw(st.permutations(findings + causes))))


def _class_tables() -> list[_Table]:
    """Classes within each other, with names, a name in two classes, and words for a whole class."""
    rows: list[dict[str, Any]] = [
        {"id": "alpha", "names": ["alphamed"], "words": ["alpha tablets"]},
        {"id": "beta", "within": ["alpha"], "names": ["betamicin", "bothazole"]},
        {"id": "gamma", "within": ["beta"], "names": ["gammadrine"], "words": ["gamma kind"]},
        {"id": "delta", "names": ["deltaprofen", "bothazole"]},
        {"id": "epsilon", "within": ["alpha", "delta"], "names": ["epsilumab"]},
    ]
    extra = _Table("medicines", {"name": "extravir", "classes": ["gamma", "delta"]})
    return [*(_Table("classes", {"title": "A class", **row}) for row in rows), extra]


@st.composite
def finding_tables(draw: Drawn, finding: str, names: Names) -> list[_Table]:
    """One or two rules that conclude a finding."""
    whens = draw(st.lists(condition_texts(names), min_size=1, max_size=2))
    return [
        _Table(
            "findings",
            {"id": f"{finding}.{i}", "concludes": finding, "when": when, "source": "book"},
        )
        for i, when in enumerate(whens)
    ]


@st.composite
def evidence_tables(draw: Drawn, cause: str, before: Names, every: Names) -> list[_Table]:
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
        tables.append(_Table("evidence", values))
    return tables


@st.composite
def escalation_tables(draw: Drawn, at: int, names: Names) -> _Table:
    """A rule of any urgency; only what is no emergency may have an `unless`."""
    triage = draw(st.sampled_from(list(Triage)))
    unless = st.none() | condition_texts(names, may_ask_known=True, most_atoms=4)
    kinds = st.lists(st.sampled_from(("relief", "prevention", "otc")), unique=True, max_size=3)
    return _Table(
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
def advice_tables(draw: Drawn, at: int, names: Names) -> _Table:
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
        _Table("cautions", {"id": f"K{i}", "text": f"Mind {i}.", "when": draw(st.none() | when)})
        for i in range(draw(st.integers(0, 2)))
    ]
    return _Table("advice", values, (*forbidden, *cautions))


@st.composite
def unless_tables(draw: Drawn, id_: str, names: Names) -> _Table:
    """Something that forbids a piece of advice."""
    optional = st.none() | st.sampled_from(("you were told so", "it hurts"))
    return _Table(
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
def rule_texts(draw: Drawn) -> dict[str, str]:
    """A small, sound rule base as TOML texts by file name, for `RuleBase.from_texts`."""
    plan = draw(plans())
    every = plan.names()
    shared = [_Table("sources", {"id": id_, "title": f"The {id_}"}) for id_ in ("book", "paper")]
    shared += _class_tables()
    files: dict[str, str] = {}
    for at, node in enumerate(plan.nodes):
        if node in every.findings:
            shared += draw(finding_tables(node, plan.before(at)))
            continue
        evidence = draw(evidence_tables(node, plan.before(at), every))
        head = {
            "id": node,
            "title": node.replace("_", " ").title(),
            "prior": draw(st.integers(-10, 0)),
            "seriousness": draw(st.sampled_from(SERIOUSNESS)),
            "codes": {"icd10": "R25.2"},
            "fallback": draw(st.integers(0, 3)) == 0,
        }
        # Evidence stands in its cause's file, or anywhere and names the cause.
        inside = draw(st.integers(0, len(evidence)))
        files[f"{node}.toml"] = _file(head, evidence[:inside])
        shared += [_Table(one.kind, {**one.values, "cause": node}) for one in evidence[inside:]]
    shared += [draw(escalation_tables(at, every)) for at in range(draw(st.integers(0, 3)))]
    shared += [draw(advice_tables(at, every)) for at in range(draw(st.integers(0, 3)))]
    files["shared.toml"] = _file({}, shared)
    return files


def _file(head: Mapping[str, Any], tables: Sequence[_Table]) -> str:
    return "\n".join([*_assignments(head), "", *(table.toml() for table in tables)])


def rule_bases() -> st.SearchStrategy[RuleBase]:
    """A small, sound rule base."""
    return rule_texts().map(RuleBase.from_texts)


# --- Patients -----------------------------------------------------------------------------------

UNHEARD_OF = ("some unheard-of tonic", "qqq wonder drops")


def medicine_names(rules: RuleBase) -> tuple[str, ...]:
    """Every name, word and class that a rule base knows for medicines."""
    classes = rules.formulary.classes.values()
    known = {name for one in classes for name in (one.id, *one.names, *one.words)}
    return tuple(sorted(known))


def _around(value: float, fact: Fact) -> tuple[float, ...]:
    """A threshold, the floats next to it, and values a little further off."""
    assert fact.low is not None
    assert fact.high is not None
    if fact.kind == "integer":
        near: tuple[float, ...] = (int(value) - 1, int(value), int(value) + 1)
    else:
        near = (
            math.nextafter(value, -math.inf),
            value,
            math.nextafter(value, math.inf),
            value - 0.1,
            value + 0.1,
        )
    return tuple(one for one in near if fact.low <= one <= fact.high)


def _numbers(fact: Fact, telling: Sequence[float]) -> st.SearchStrategy[float]:
    assert fact.low is not None
    assert fact.high is not None
    ends = (fact.low, fact.high) if fact.kind == "number" else (int(fact.low), int(fact.high))
    near = sorted({one for value in telling for one in _around(value, fact)} | set(ends))
    anywhere: st.SearchStrategy[float] = (
        st.integers(int(fact.low), int(fact.high))
        if fact.kind == "integer"
        # -0.0 is a number no one writes, and equal to one that is drawn.
        else st.floats(fact.low, fact.high).map(lambda value: value + 0.0)
    )
    return st.sampled_from(near) | anywhere


def _medications(names: Sequence[str]) -> st.SearchStrategy[frozenset[str]]:
    one = st.sampled_from(names) if names else st.sampled_from(UNHEARD_OF)
    spoken = one | one.map(str.upper) | st.sampled_from(UNHEARD_OF)
    if names:
        spoken |= st.tuples(one, one).map("/".join)
    # Mostly known names alone: an unheard-of one leaves nearly every class unknown.
    return st.frozensets(one, max_size=3) | st.frozensets(spoken, max_size=3)


def fact_values(fact: Fact, medicines: tuple[str, ...] = ()) -> st.SearchStrategy[Any]:
    """Any value that a fact takes, the boundaries of thresholds drawn often."""
    match fact.kind:
        case "flag":
            return st.booleans()
        case "choice":
            return st.sampled_from(fact.members)
        case "members":
            few = st.frozensets(st.sampled_from(fact.members), max_size=3)
            return few | st.frozensets(st.sampled_from(fact.members))
        case "medicines":
            return _medications(medicines)
        case _:
            return _numbers(fact, thresholds(fact))


def _coherent(known: dict[str, Any]) -> dict[str, Any]:
    if known.get("dialysis") is True and known.get("kidney_disease") is False:
        return {**known, "kidney_disease": True}
    return known


def fact_mappings(rules: RuleBase | None = None) -> st.SearchStrategy[dict[str, Any]]:
    """Known facts by name: about half of all, only a few, or all that the rules ask about."""
    chosen = rules or RuleBase.load()
    values = _values(medicine_names(chosen))
    asked = {name: values[name] for name in facts_asked(chosen)}
    half = st.fixed_dictionaries({}, optional=values)
    few = st.lists(st.sampled_from(list(asked) or list(values)), unique=True, max_size=12).flatmap(
        lambda names: st.fixed_dictionaries({name: values[name] for name in names})
    )
    return st.one_of(few, half, half, st.fixed_dictionaries(asked)).map(_coherent)


def facts_asked(rules: RuleBase) -> tuple[str, ...]:
    """The facts that some condition of these rules asks about, in the order of the fields."""
    used = {
        atom.fact
        for condition in (*rules.conditions.values(), *rules.law_conditions.values())
        for atom in atoms(condition)
        if not isinstance(atom, Concluded | Suspected)
    }
    return tuple(name for name in FACTS if name in used)


@cache
def _values(medicines: tuple[str, ...]) -> dict[str, st.SearchStrategy[Any]]:
    return {name: fact_values(fact, medicines) for name, fact in FACTS.items()}


def patients(rules: RuleBase | None = None) -> st.SearchStrategy[PatientFacts]:
    """Any patient, as `fact_mappings` draws them."""
    return fact_mappings(rules).map(PatientFacts.from_mapping)


# --- Mutated rule files -------------------------------------------------------------------------

_TELLING = (
    "", "=", "[", "]]", '"', "'", "#", "\n", "\x00", "\ufeff", "é", "\u0663", "nan", "-1e400",
    "99999999999999999999", "0x7f", "true", "1979-05-27", "[[rules]]", "[[evidence]]", "known(",
    "not ", "(" * 30, "suspected(alcohol)", "weakness", "__import__('os')", "{ a.b.c = 1 }", "a.b",
    'when = "weakness"', 'id = "x"', 'source = "editorial"',
)  # fmt: skip


@st.composite
def mutated(draw: Drawn, texts: Mapping[str, str]) -> dict[str, str]:
    """The same files with one to three of them changed in bytes, lines, words or figures."""
    changed = dict(texts)
    for _ in range(draw(st.integers(1, 3))):
        name = draw(st.sampled_from(sorted(changed)))
        change = draw(st.sampled_from((_in_characters, _in_lines, _in_words)))
        changed[name] = change(draw, changed[name])
    return changed


def _in_characters(draw: Drawn, text: str) -> str:
    start = draw(st.integers(0, len(text)))
    end = min(len(text), start + draw(st.integers(0, 4)))
    new: str = draw(st.sampled_from(_TELLING) | st.text(max_size=3))
    return text[:start] + new + text[end:]


def _in_lines(draw: Drawn, text: str) -> str:
    lines = text.split("\n")
    at, other = (draw(st.integers(0, len(lines) - 1)) for _ in range(2))
    match draw(st.sampled_from(("drop", "repeat", "swap", "insert", "cut"))):
        case "drop":
            del lines[at]
        case "repeat":
            lines.insert(other, lines[at])
        case "swap":
            lines[at], lines[other] = lines[other], lines[at]
        case "insert":
            lines.insert(at, draw(st.sampled_from(_TELLING)))
        case _:
            del lines[at:]
    return "\n".join(lines)


def _in_words(draw: Drawn, text: str) -> str:
    words = text.split(" ")
    at, other = (draw(st.integers(0, len(words) - 1)) for _ in range(2))
    words[at] = draw(st.sampled_from((words[other], *_TELLING)))
    return " ".join(words)


# --- Junk ---------------------------------------------------------------------------------------


def junk() -> st.SearchStrategy[Any]:
    """Any value that JSON, TOML or a caller might hand over."""
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.binary(max_size=5),
        st.dates(),
        st.sampled_from((10**400, -(10**400), 1e308, "", "nan", "\x00", "\ud800", object())),
    )
    return st.recursive(
        plain,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner)
            | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    )


def junk_mappings() -> st.SearchStrategy[dict[Any, Any]]:
    """Mappings that look like facts here and there: right names, wrong values, and the reverse."""
    keys = st.sampled_from(list(FACTS)) | st.text(max_size=10) | st.integers() | st.none()
    good = st.booleans() | st.sampled_from((0, 1, 3.5, "night", "low", "both", ["cramp"], "calf"))
    return st.dictionaries(keys, junk() | good, max_size=8)
