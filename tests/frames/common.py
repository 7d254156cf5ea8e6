"""What the tests of frames share: patients as rows, rows as frames, and what `assess` says of each.

A row is a mapping of fact names to values, as `assess` takes it. It may be broken: hold a value
that no patient can have, but of the type that the column of a frame has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import polars as pl
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess
from crampsrules.errors import FactProblem, shorten
from crampsrules.facts import FACTS
from crampsrules.strategies import patient_facts

Row = Mapping[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

ANSWERS = ("triage", "top_cause", "causes", "advice", "fired")

TYPES: Mapping[str, Any] = {
    "flag": pl.Boolean,
    "number": pl.Float64,
    "integer": pl.Float64,
    "choice": pl.String,
    "members": pl.List(pl.String),
    "medicines": pl.List(pl.String),
}


# --- Rows ---------------------------------------------------------------------------------------


@st.composite
def rows(draw: Draw, rules: RuleBase | None = None, *, least: int = 40, most: int = 60):
    """Patients, some of them broken."""
    known = patient_facts(rules=rules).map(lambda facts: facts.known())
    found = draw(st.lists(known, min_size=least, max_size=most))
    breaks = draw(st.lists(_BREAKS, min_size=len(found), max_size=len(found)))
    return [broken(row, change) for row, change in zip(found, breaks, strict=True)]


# Each is read in its own way: by its parts, as a class, not at all, with a slip, and so on.
NAMES_AS_WRITTEN: Sequence[str] = [
    "furosemide", "FUROSEMIDE", " Furo-Semide ", "furo_semide", "furosemid", "furosemidee",
    "fursoemide", "furo\u00a0semide", "\u3000lasix", "lasix/potassium", "lasix and statin",
    "lasix and/or statin", "lasix and with statin", "lasix + unheard-of tonic", "/lasix", "lasix/",
    "sandalwood", "and", "with", "a and b", "lasix_and_statin", "lasixandstatin", "landix",
    "furosemide & and salbutamol", "diuretic", "diuretics", "loop_diuretic", "Water  Tablets",
    "statin", "statins", "statim", "\u017ftatin", "\u212aalium",
    "furosem\u0130de", "furo\u017femide",
    "\ufb01nerenone",
    "hydrochlorothiazide", "hydrochlorothiazid", "ydrochlorothiazide", "hydrochlorothiazidx",
    "xhydrochlorothiazide", "hydrochlorothiazdie", "hydrochlrothiazid", "lasi", "las", "x", "--",
    "none", "a;b", "it's", 'say "lasix"', "back\\slash", "éandlasix", "lasix andé", "½and½", "日本",
    "\ue000furosemid\ue001", "furosemid\ue000", "furosemide\ue010", "x" * 100, "x" * 101, "", "  ",
    "a\tb", "lasix\x00", "\x85lasix", "𐐀urosemide", "lasix 𐐀", "co-amilozide", "coamilozide",
    "co amilo zide", "%_", "$1", "{x}", "salt substitute", "salt-substitute", "salt substitut",
]  # fmt: skip


def broken(row: Row, change: Row | None) -> Row:
    """The row with other values."""
    return {**row, **change} if change else row


def _bad_values(name: str) -> list[object]:
    fact = FACTS[name]
    match fact.kind:
        case "number" | "integer":
            assert fact.low is not None
            assert fact.high is not None
            halves = [0.5] if fact.kind == "integer" else []
            return [fact.low - 1.0, fact.high + 0.5, float("inf"), -1e300, *halves]
        case "choice":
            return ["", "no such member", fact.members[0].upper()]
        case "members":
            return [["no such member"], [fact.members[0], ""], [fact.members[0] + " "], [None]]
        case "medicines":
            return [["furosemid"], ["lasix", ""], ["x" * 101], ["a\tb"], [None, "lasix"]]
    raise AssertionError(fact.kind)


BAD_VALUES: Sequence[Row] = [
    {name: value}
    for name, fact in FACTS.items()
    if fact.kind != "flag"
    for value in _bad_values(name)
]
CONTRADICTION: Row = {"dialysis": True, "kidney_disease": False}

_BREAKS = st.one_of(
    st.none(),
    st.none(),
    st.none(),
    st.sampled_from([*BAD_VALUES, *[CONTRADICTION] * 10]),
)


# --- What assess says ---------------------------------------------------------------------------


def expected(row: Row, rules: RuleBase | None = None) -> dict[str, Any]:
    """The columns that a row should get."""
    try:
        assessment = assess(row, rules=rules, engine="compiled")
    except FactsError as error:
        return {**dict.fromkeys(ANSWERS), "errors": "; ".join(map(_told, error.problems))}
    causes = [one.id for one in assessment.causes]
    return {
        "triage": assessment.triage.id,
        "top_cause": causes[0] if causes else None,
        "causes": causes,
        "advice": [one.id for one in assessment.advice],
        "fired": list(assessment.fired),
        **{f"weight__{one.id}": one.weight for one in assessment.causes},
        "errors": None,
    }


def _told(problem: FactProblem) -> str:
    if problem.message.startswith("is not known"):
        return f"{problem.field}: {shorten(problem.value)} {problem.message}"
    return str(problem)


def assert_right(
    got: Sequence[Row], given: Sequence[Row], rules: RuleBase | None = None, *, exact: bool = True
) -> None:
    """Every row has got what `assess` says, and nothing else.

    Unless `exact`, errors need only name the same facts, and say what they take.
    """
    assert len(got) == len(given)
    for found, row in zip(got, given, strict=True):
        right = expected(row, rules)
        weights = {name for name in found if name.startswith("weight__")}
        right = {**dict.fromkeys(weights), **right} if weights else right
        wanted = {name: right[name] for name in found}
        if exact or right["errors"] is None:
            assert found == wanted, row
        else:
            assert {**found, "errors": None} == {**wanted, "errors": None}, row
            assert begun(found["errors"]) == begun(right["errors"]), row


def begun(errors: str) -> list[str]:
    """For each problem, the fact and what it takes; of medicines, only that there are some."""
    problems = re.split(r"(?:^|; )(?=[a-z_]+: )", errors)[1:]
    said = [
        "medications" if one.startswith("medications: ") else one.partition(" got ")[0]
        for one in problems
    ]
    return list(dict.fromkeys(said))


# --- Rows as frames -----------------------------------------------------------------------------


def in_polars(given: Sequence[Row], facts: Sequence[str] | None = None) -> pl.DataFrame:
    """The rows as a Polars frame, with a column that is no fact, and one for each fact."""
    names = FACTS if facts is None else facts
    columns = [pl.Series("row", range(len(given)))]
    for name in names:
        values = [_listed(row.get(name)) for row in given]
        columns.append(pl.Series(name, values, dtype=TYPES[FACTS[name].kind], strict=False))
    return pl.DataFrame(columns)


def _listed(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value
