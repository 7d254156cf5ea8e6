"""What the tests of frames share: patients as rows, rows as frames, and what `assess` says of each.

A row is a mapping of fact names to values, as `assess` takes it. It may be broken: hold a value
that no patient can have, but of the type that the column of a frame has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from typing import Any

import polars as pl
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess
from crampsrules.conditions import Comparison, atoms
from crampsrules.facts import FACTS
from crampsrules.readers import MOST_MEDICINES
from crampsrules.strategies import patient_facts
from tests.drawing import labelled_names, shipped_texts

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


# --- Rules --------------------------------------------------------------------------------------

_BOOK = """
[[sources]]
id = "book"
title = "The book"
[[classes]]
id = "diuretic"
title = "Water tablets"
words = ["diuretic"]
[[classes]]
id = "loop_diuretic"
title = "Strong water tablets"
within = "diuretic"
names = ["furosemide", "lasix"]
[[classes]]
id = "statin"
title = "Statins"
names = ["simvastatin"]
words = ["statin"]
"""

_SMALL: Mapping[str, str] = {"book.toml": _BOOK, "first.toml": """
id = "first"
title = "First"
prior = -2
source = "book"
[[evidence]]
id = "first.fever"
when = "fever"
weight = "small"
group = "both"
because = "b"
source = "book"
[[evidence]]
id = "first.thirst"
when = "thirst"
weight = "large"
group = "both"
because = "b"
source = "book"
[[evidence]]
id = "first.statin"
when = '"statin" in medications'
weight = "moderate"
because = "b"
source = "book"
[[evidence]]
id = "first.night"
when = '"night" in timing'
weight = "against-small"
group = "both"
because = "b"
source = "book"
[[evidence]]
id = "first.old"
when = "age_years > 60"
weight = "against-large"
group = "both"
because = "b"
source = "book"
""", "second.toml": """
id = "second"
title = "Second"
prior = -2
source = "book"
seriousness = "emergency"
[[evidence]]
id = "second.numb"
when = "numbness"
weight = "moderate"
because = "b"
source = "book"
""", "third.toml": """
id = "third"
title = "Third"
prior = 0
source = "book"
fallback = true
[[evidence]]
id = "third.pain"
when = "pain_severity > 3"
weight = "large"
because = "b"
source = "book"
[[evidence]]
id = "third.female"
when = 'sex == "female"'
weight = "against-small"
because = "b"
source = "book"
""", "seen.toml": """
[[escalations]]
id = "seen.fever"
when = 'fever and "diuretic" not in medications'
unless = "known(timing)"
triage = "soon"
reason = "r"
source = "book"
[[escalations]]
id = "seen.loop"
when = '"loop_diuretic" in medications or "night" not in timing'
unless = "known(medications)"
triage = "routine"
holds = "otc"
reason = "r"
source = "book"
[[escalations]]
id = "seen.drinks"
when = 'fluid_intake == "low" or kidney_disease'
unless = "known(fluid_intake)"
triage = "same_day"
reason = "r"
source = "book"
[[escalations]]
id = "seen.little"
when = 'fluid_intake == "low"'
triage = "soon"
reason = "r"
source = "book"
[[advice]]
id = "It.is-here_1"
kind = "otc"
text = "t"
unless = '"statin" not in medications'
reason = "there is no statin"
caution = "c"
source = "book"
[[advice]]
id = "always"
kind = "relief"
text = "t"
source = "book"
"""}  # fmt: skip


@cache
def small_rules() -> RuleBase:
    """A few rules with something of everything, which any engine goes through at once."""
    return RuleBase.from_texts(_SMALL)


@cache
def rules_of_many_classes() -> RuleBase:
    """Rules that ask about more classes of medicines than are bits in one whole number."""
    asked = [
        f"[[classes]]\nid = 'kind_{at}'\ntitle = 'K'\nnames = ['medicine{at:03}z']\n"
        f"[[escalations]]\nid = 'held.{at}'\nwhen = '\"kind_{at}\" in medications'\n"
        "triage = 'soon'\nreason = 'r'\nsource = 'book'\n"
        f"[[escalations]]\nid = 'out.{at}'\nwhen = '\"kind_{at}\" not in medications'\n"
        "triage = 'soon'\nreason = 'r'\nsource = 'book'\n"
        for at in range(MANY_CLASSES)
    ]
    return RuleBase.from_texts({"many.toml": "".join([_BOOK, *asked])})


MANY_CLASSES = 130


@cache
def rules_of_every_class() -> RuleBase:
    """The shipped names of medicines, with rules that tell all that can be known of each."""
    shipped = {name: shipped_texts()[name] for name in ("medications.toml", "brands.toml")}
    told = [
        f"[[escalations]]\nid = '{what.replace(' ', '-')}.{id_}'\ntriage = 'soon'\nreason = 'r'\n"
        f"source = 'book'\nwhen = '\"{id_}\" {what} medications'\n"
        for id_ in RuleBase.load().formulary.classes
        for what in ("in", "not in")
    ]
    book = "[[sources]]\nid = 'book'\ntitle = 'The book'\n"
    return RuleBase.from_texts({**shipped, "told.toml": "".join([book, *told])})


def labelled(least: int = 100) -> st.SearchStrategy[list[Row]]:
    """Patients who each take what one text says, as labels and lists have it."""
    texts = st.lists(labelled_names(RuleBase.load()), min_size=least, max_size=least)
    return texts.map(lambda drawn: [{"medications": [text]} for text in drawn])


# --- Rows ---------------------------------------------------------------------------------------


@st.composite
def rows(draw: Draw, rules: RuleBase | None = None, *, least: int = 40, most: int = 60):
    """Patients, some of them broken."""
    known = patient_facts(rules=rules).map(lambda facts: facts.known())
    found = draw(st.lists(known, min_size=least, max_size=most))
    breaks = draw(st.lists(_BREAKS, min_size=len(found), max_size=len(found)))
    return [broken(row, change) for row, change in zip(found, breaks, strict=True)]


def wide(text: str) -> str:
    """A text in letters of full width."""
    return "".join(chr(ord(one) + 0xFEE0) if "!" <= one <= "~" else one for one in text)


LABELS: Sequence[str] = """
half my mother's warfarin
warfarin, take at 6.30 pm
salbutamol nebuliser solution
insulin 100 units/ml pen
fentanyl patches
mometasone furoate nasal spray
no warfarin, but willow bark
sodium warfarin
steroid-free cream
willow bark calcium
Lasix®
"lasix" 40 mg
warfarin sodium
warfarin 3 mg once daily
Warfarin Sodium 3mg tablets. Take ONE at night.
furosemide 40 mg once daily
dabigatran etexilate
dabigatran etexilate mesilate 150 mg capsules
rivaroxaban 20 mg once daily
quinine sulfate 300 mg film-coated tablets
quinidine sulfate
prednisolone 5 mg once daily
atorvastatin calcium 20 mg
atorvastatin calcium trihydrate
metformin hydrochloride
metformin HCl 500mg prolonged-release tablets x28
losartan potassium
losartan-potassium
amlodipine besylate
amlodipine besilate 5mg (28 tablets)
rosuvastatin calcium
metoprolol succinate
metoprolol tartrate
candesartan cilexetil
naproxen sodium
ramipril 2.5mg capsules
losartan-hctz
lisinopril-hydrochlorothiazide 20-12.5 mg tablets
losartan-willow bark
potassium chloride
calcium carbonate
magnesium citrate
sodium valproate
lithium carbonate
ferrous sulfate
calcium channel blocker
quinine sulfate
potassium citrate
potassium phosphate
furosemide potassium chloride
furosemide sodium chloride
sodium chloride
dexamethasone sodium phosphate eye drops
timolol maleate eye drops 0.5%
hydrocortisone 1% cream
mometasone furoate cream
budesonide 3 mg gastro-resistant capsules
budesonide capsules po
budesonide 9 mg prolonged-release tablets
warfarn sodium
warfarin sodim
warfarin sodium and willow bark
morphine 10 mg/5 ml oral solution
salbutamol 100 mcg inhaler 2 puffs prn
ibuprofen 400mg tds with food
aspirin 75 mg dispersible tablets, take one in the morning
furosemide_40_mg
lasix_and_statin
the pill once daily
vitamin a every day
vitamin d calcium
water tablets 40 once a day
minoxidil solution
minoxidil 5% topical solution
Furosemide 40mg tablets - take one daily
bisoprolol 2.5 mg o.d.
quinine bisulphate 300mg nocte
tonic 5 mg tablets
tablets
40 mg
(5)
willow bark 5 mg once daily
anti-diuretic
potassium-sparing
warfarin (sodium)
lasix 40, statin 20
lasix 40/ statin
co-codamol 30/500 effervescent tablets
morphine 10 mg/ml
omega-3 capsules
omega 3 capsules
insulin glargine 100 units/ml
fentanyl 25 micrograms/hour
half a tablet of warfarin
budesonide (oral), aspirin (28 tablets)
lasix, oral steroids, tablets, (po)
levothyroxine sodium 100 micrograms every morning before breakfast
alendronic acid 70 mg once weekly
methotrexate 2.5 mg x 6 once a week on Mondays
paracetamol 500mg 1-2 tablets up to 4 times a day when required max 8 in 24 hours
furosemide 40mg bd po
quinine 200mg ON
Salbutamol 100micrograms/dose inhaler CFC free
Fostair NEXThaler 200/6, brown inhaler 2 puffs morning and night
NovoRapid FlexPen 100units/ml solution for injection 3ml pre-filled pens
enoxaparin 40mg/0.4ml solution for injection pre-filled syringes
rivaroxaban 20 mg tablets with evening meal
""".strip().splitlines()
"""What labels and lists of medicines say; some of it is not known."""

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
    "co amilo zide", "['furosemide']", " [] ", "[lasix", "%_", "$1", "{x}",
    "salt substitute", "salt-substitute", "salt substitut",
    "Furosemide 40 mg", "lasix 40mg", "furosemide tablets", "Ventolin inhaler", "furosemid 40",
    "Lasix (furosemide)", "furosemide, atorvastatin", "furosemide 40 mg/spironolactone 25 mg",
    "furosemide 12,5 mg tablets 2 1 3", "40 mg", "tablets", "(furosemide", "tonic 5 mg tablets",
    "losartan 50 mg (unheard-of)", "1% hydrocortisone cream", "hydrocortisone 1% cream", "mr lasix",
    "furosemide\u00a040\u00a0mg", "furosemide 40 glasses", "furosemide 40mgs", "xl", "12 lasix 12",
    "statins 5", "5 mg statin tablets", "water tablets 40", "40 tabs and 20 caps", "lasix 4 0 m g",
    "furosemide 40mg/5ml", "co-codamol 30/500", "lasix 3", "lasi 1", "wter tablets", "(lasix)",
    "aspirin\u2028lasix", "aspirin\u2029lasix", "lasix\u2029", "n\u0131l", "NOTH\u0130NG",
    "None", "NONE", "nones", "No", "nil", "n/a", "no  meds.", "no lasix", "none, lasix",
    "lasix40mg", "Furosemide40mg tablets", "furosemide62.5micrograms bd", "lasix40", "\u00e940mg",
    "statins and stopped", "lasix (off since May)", "lasix, no", "lasix (doesn't take it)",
    "lasix and no longer", "aspirin and lasix (held)", "I take nothing", "not taking anything",
    "no regular medicines", "nope", "-", "n.a.", "none currently", "nothing  regular",
    "nil regular", "I don\u2019t take any", "don't know", "Unknown", "not sure", "?",
    "furo\u00adsemide", "furosemide\u200b", "\ufefflasix",
    "statin|lasix", "simvastatin=40mg", "lasix>40mg", "statin\u2013lasix", "statin\u2022lasix",
    "statin#lasix", "calcium$ibuprofen", "salbutamol\\1", "e\u0301zolpidem", "moon|root",
    "Schweppes tonic water", "on the pill since May", "(st john's wort?",
    "new insulin glargine pump", "furosemide ramipril water tablets",
    "co-codamol etc", "water_tablets etc", "I take a statin and my water tablets", "a", "on a",
    "I\u2019m on the pill", "aspirin with water tablets", "aspirin with water",
    "a statin, some lasix", "vitamin a and a statin",
    "\u201eLasix\u201c 40 mg", "\u2022 furosemide 40 mg", "* lasix",
    "\u202elasix", "lasix \u2066x\u2069", "lasix\u00ad\u2060x", wide("furosemide 40mg"),
    wide("Lasix/statin"), wide("Lasi"), *LABELS,
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
# What the small rules tell apart, one thing at a time and together; sets may be lists or texts.
TELLING_ROWS: Sequence[Row] = [
    {},
    *({name: value} for name in ("fever", "thirst", "numbness") for value in (True, False)),
    {"fever": True, "thirst": True},
    {"fever": True, "thirst": True, "timing": ["night"], "age_years": 61.0},
    {"fever": True, "age_years": 61.0},
    {"timing": ["night"], "thirst": True},
    {"timing": ["night"], "thirst": True, "numbness": True},
    {"thirst": True, "numbness": True, "medications": ["statin"]},
    {"thirst": True, "numbness": True, "medications": ["statin", "diuretic"], "age_years": 61.0},
    {"age_years": 60.0, "fever": True, "medications": []},
    {"fever": True, "timing": []},
    {"fever": True, "medications": ["lasix"]},
    {"fever": True, "medications": ["diuretic"]},
    {"fever": True, "medications": ["statins", "unheard-of tonic"]},
    {"fever": True, "medications": ["simvastatin and lasix"]},
    {"fever": True, "medications": ["simvastatin / unheard-of"]},
    {"fever": True, "medications": ["statin", "unheard-of tonic"]},
    {"numbness": True, "medications": ["statin"]},
    {"pain_severity": 4.0},
    {"pain_severity": 4.0, "sex": "female"},
    {"pain_severity": 4.0, "fever": True, "numbness": True},
    {"pain_severity": 3.0, "sex": "male"},
    {"fluid_intake": "low"},
    {"fluid_intake": "low", "fluid_litres_per_day": 3.0},
    {"kidney_disease": True},
    {"kidney_disease": True, "fluid_intake": "high"},
    {"kidney_disease": True, "fluid_intake": "high", "fluid_litres_per_day": 3.0},
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
        return {**dict.fromkeys(ANSWERS), "errors": "; ".join(map(str, error.problems))}
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

CLASS_ROWS: Sequence[Row] = [
    {},
    {"medications": []},
    *({"medications": [f"medicine{at:03}z"]} for at in range(0, MANY_CLASSES, 7)),
    {"medications": [f"medicine{at:03}z" for at in range(MANY_CLASSES)]},
    {"medications": ["medicine001z", "medicine061z and medicine125z"]},
    {"medications": ["medicine001z", "unheard-of tonic"]},
    {"medications": ["furosemid"]},
]

# The most that may be taken, some of them twice, and one more; none of them is known.
_MOST = [f"tonic {at}" for at in range(MOST_MEDICINES)]
LONG_ROWS: Sequence[Row] = [
    {"medications": _MOST},
    {"medications": [*_MOST, " tonic 0 ", "tonic 1"]},
    {"medications": [*_MOST, "another tonic"]},
    {"medications": [*_MOST, None]},
]


@cache
def rows_at_thresholds() -> Sequence[Row]:
    """Figures at and beside each threshold of the shipped rules, one fact in a row."""
    found = {
        (one.fact, round(float(one.value) + step, 2))
        for condition in RuleBase.load().conditions.values()
        for one in atoms(condition)
        if isinstance(one, Comparison) and FACTS[one.fact].kind == "number"
        for step in (0, 0.01, -0.01, 0.1, -0.1)
    }
    return [{name: value} for name, value in sorted(found)]


NO_FIGURES: Sequence[Row] = [{"age_years": one} for one in map(float, ("nan", "inf", "-inf"))]


def in_floats(given: Sequence[Row], dtype: Any) -> pl.DataFrame:
    """The rows as a Polars frame of figures of this type."""
    facts = sorted({name for row in given for name in row})
    frame = in_polars(given, facts)
    return frame.with_columns(pl.col(facts).cast(dtype))


def with_texts(frame: pl.DataFrame) -> pl.DataFrame:
    """The frame with every list as a text with separators."""
    return frame.with_columns(
        pl.when(lists.list.len() == 0)
        .then(pl.lit("none"))
        .otherwise(lists.list.join("; "))
        .alias(name)
        for name, dtype in frame.schema.items()
        if isinstance(dtype, pl.List)
        for lists in (pl.col(name),)
    )


TEXTS: Sequence[tuple[str | None, list[str] | None]] = [
    ("night; walking", ["night", "walking"]),
    ("night;;walking;", ["night", "walking"]),
    (" night ", ["night"]),
    ("night;\twalking\n", ["night", "walking"]),
    ("\u00a0night\u3000;\x1fwalking", ["night", "walking"]),
    ("none", []),
    ("\tnone ", []),
    ("none;", []),
    (";none", []),
    ("", None),
    ("  ", None),
    ("\t\u00a0", None),
    (";", None),
    ("\x1f;", None),
    (None, None),
    ("nite", ["nite"]),
    ("none;night", ["none", "night"]),
    ("None", []),
    (" NONE ;", []),
    ("Night", ["Night"]),
]
"""Sets as texts, and the lists that they are."""


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


def added(frame):
    """The columns that were added, row by row."""
    return frame.select(frame.columns[frame.columns.index("triage") :]).to_dicts()
