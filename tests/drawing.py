"""What the property tests draw from: conditions, rule bases, patients, mutations, junk.

What users can draw too comes from `crampsrules.strategies`. The patients here are drawn apart
from the ones there, any facts together and many of them, so that the two check each other.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

from hypothesis import settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import fact_atoms
from crampsrules.facts import FACTS, Fact
from crampsrules.readers import LONGEST_MEDICINE
from crampsrules.strategies import junk, junk_mappings, rule_bases, rule_texts
from crampsrules.strategies.conditions import (
    CHOICES,
    FLAGS,
    NUMBERS,
    SETS,
    condition_texts,
    thresholds,
)
from crampsrules.strategies.rulebases import CLASSES
from crampsrules.strategies.values import UNHEARD_OF
from crampsrules.units import Unit

__all__ = [
    "ADDED",
    "CHOICES",
    "CLASSES",
    "FLAGS",
    "NUMBERS",
    "ROOT",
    "RULES",
    "SALTS",
    "SETS",
    "UNHEARD_OF",
    "condition_texts",
    "fact_mappings",
    "fact_values",
    "facts_asked",
    "fewer",
    "junk",
    "junk_mappings",
    "labelled_names",
    "medicine_names",
    "mutated",
    "patients",
    "rule_bases",
    "rule_texts",
    "shipped_texts",
    "shown_in",
    "thresholds",
]

ROOT = Path(__file__).parents[1]
RULES = ROOT / "rules"

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


def shown_in(unit: Unit, kept: float) -> float:
    """What a laboratory that reports in a unit shows for a value in the unit that is kept."""
    return kept * unit.factor + unit.offset


# --- Patients -----------------------------------------------------------------------------------


def medicine_names(rules: RuleBase) -> tuple[str, ...]:
    """Every name, word and class that a rule base knows for medicines."""
    classes = rules.formulary.classes.values()
    known = {name for one in classes for name in (one.id, *one.names, *one.words)}
    return tuple(sorted(known))


ADDED = (
    "5 mg", "40mg/5ml", "2.5 mg/ml", "x28", "(28 tablets)", "once daily", "twice a day", "bd",
    "b.d.", "TDS", "nocte", "prn", "o.n.", "every 6-8 hours", "at night", "with food", "if needed",
    "in the morning and at night", "film-coated", "Prolonged-Release", "30/500", "1-2 tablets",
    "up to 4 times a day", "once a week on Mondays", "for 7 days", "take one", "max 8 in 24 hours",
)  # fmt: skip
"""What a label adds to a name, and no name has in it."""
SALTS = ("sodium", "hydrochloride", "HCl", "maleate", "besylate", "etexilate", "hydrogen tartrate")


def labelled_names(rules: RuleBase) -> st.SearchStrategy[str]:
    """Names, known or not, one or more of them, with what labels add, in any order."""
    names = st.sampled_from((*medicine_names(rules), *UNHEARD_OF, "furosemid", "wterfall tablets"))
    forms = st.sampled_from(("tablets", "oral", "PO", "Caps", "cream", "eye drops", "inhaler", "-"))
    others = st.sampled_from(
        ("half of a", "BP", "not", "lasix\u00ae", "zinc", '"iron"', "anti", "(stopped)", "(never)")
    )
    words = names | st.sampled_from(ADDED) | st.sampled_from(SALTS) | forms | others
    joins = st.sampled_from((" ", " ", " ", "-", "_", ", ", "/", " and ", "  ", ". "))
    more = st.lists(st.tuples(joins, words), max_size=4)
    texts = st.tuples(words, more).map(lambda drawn: drawn[0] + "".join(map("".join, drawn[1])))
    return texts.filter(lambda text: len(text.strip()) <= LONGEST_MEDICINE)


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
        for atom in fact_atoms(condition)
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
