"""Cells of CSV become what the facts take, or a reason in the words of `assess`."""

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts, assess_frame
from crampsrules.cohort.cells import Cells
from crampsrules.facts import FACTS
from tests.cohort.common import SHIPPED, cell
from tests.drawing import patients


def read(fact, *texts, unknown=()):
    """What a column of texts becomes, and which rows could not be read."""
    raw = pl.DataFrame({"column": pl.Series(texts, dtype=pl.String)})
    typed, faults = Cells({"column": fact}, unknown).read(raw)
    return typed["column"].to_list(), faults


@given(patients(SHIPPED))
def test_what_is_written_is_read_again(facts):
    """Every kind of fact."""
    for name, value in facts.to_dict().items():
        values, faults = read(name, cell(value))

        assert faults == {}
        kept = sorted(values[0]) if isinstance(value, list) else values[0]
        assert PatientFacts.from_mapping({name: kept}) == PatientFacts.from_mapping({name: value})


odd = st.sampled_from(
    ["1e400", "-0", "1e3", "0x10", "\u0661", "none; none", "NONE", "yes;no", "inf", "½"]
)


def refusal(name, value):
    """What is wrong with a value of a fact, or None."""
    try:
        PatientFacts.from_mapping({name: value})
    except FactsError as error:
        return str(error)
    return None


@given(st.sampled_from(sorted(FACTS)), st.text(max_size=12) | odd)
def test_any_text_is_unknown_or_a_value_or_a_fault(name, text):
    """And never something else: what is read and taken, `assess` takes from Python too."""
    (value,), faults = read(name, text)
    dtype = pl.List(pl.String) if isinstance(value, list) else None

    if faults:
        ((reason,),) = faults.values()
        assert reason.startswith(f"{name}: ")
        assert value is None
    elif value is not None:
        (errors,) = assess_frame(pl.DataFrame({name: [value]}, schema={name: dtype}))["errors"]
        assert errors == refusal(name, value)
    else:
        assert not text.strip()


sets = st.sampled_from(sorted(name for name, fact in FACTS.items() if fact.kind == "members"))


@given(st.data(), sets, st.sampled_from([", ", "|", ",", " | "]), st.sampled_from(["{}", "[{}]"]))
def test_members_that_are_parted_otherwise_are_never_read(data, name, between, around):
    """And what parts them here is told."""
    members = data.draw(st.lists(st.sampled_from(FACTS[name].members), min_size=2))
    (value,), faults = read(name, around.format(between.join(members)))

    assert value is None
    assert faults[0][0].startswith(f"{name}: takes its members with ';' between them, got ")


@pytest.mark.parametrize(
    ("fact", "text", "value"),
    [
        ("fever", "TRUE", True),
        ("fever", "No", False),
        ("fever", "1", True),
        ("fever", "0", False),
        ("fever", "1.0", True),
        ("fever", "0.0", False),
        ("timing__night", "1.0", True),
        ("age_years", " 71 ", 71.0),
        ("age_years", "7.1e1", 71.0),
        ("pain_severity", "7.0", 7),
        ("pain_severity", "9007199254740991", 2**53 - 1),
        ("calcium_mmol_l", "9.1 mg/dL", 2.27),
        ("calcium_mmol_l", "9.1mg/dL", 2.27),
        ("calcium_mmol_l", "2.3", 2.3),
        ("timing", "night; rest", ["night", "rest"]),
        ("timing", "none", []),
        ("timing", "None ;", []),
        ("medications", "none;", []),
        ("timing__night", "yes", True),
        ("medications", "none", []),
        ("medications", "statin, diuretic;lithium", ["statin, diuretic", "lithium"]),
        ("leg_swelling", "none", "none"),
        ("sex", "", None),
        ("sex", "  ", None),
    ],
)
def test_how_cells_are_written(fact, text, value):
    """As people and other programs write them."""
    assert read(fact, text) == ([value], {})


@pytest.mark.parametrize(
    ("fact", "text", "told"),
    [
        ("fever", "2", "fever: takes true or false, got '2'"),
        ("age_years", "71 years", "age_years: takes a number from 0 to 120 years, got '71 years'"),
        ("age_years", "inf", "age_years: takes a number from 0 to 120 years, got 'inf'"),
        (
            "age_years",
            "7,1",
            (
                "age_years: takes a number from 0 to 120 years, got '7,1'; decimals stand behind "
                "a point here, as in 1.5"
            ),
        ),
        (
            "calcium_mmol_l",
            "9,1 mg/dL",
            (
                "calcium_mmol_l: takes a number from 0.3 to 6 mmol/L, got '9,1 mg/dL'; decimals "
                "stand behind a point here, as in 1.5"
            ),
        ),
        (
            "pain_severity",
            "1.000,0",
            (
                "pain_severity: takes a whole number from 0 to 10, got '1.000,0'; decimals stand "
                "behind a point here, as in 1.5"
            ),
        ),
        (
            "calcium_mmol_l",
            "9.1",
            (
                "calcium_mmol_l: takes a number from 0.3 to 6 mmol/L, and 9.1 mmol/L cannot be, "
                "but 9.1 mg/dL (2.27 mmol/L) or 9.1 mEq/L (4.55 mmol/L) could"
            ),
        ),
        (
            "calcium_mmol_l",
            "9.1 mgdl",
            "calcium_mmol_l: is taken in mmol/L or mg/dL or mEq/L, got the unit 'mgdl'",
        ),
        ("calcium_mmol_l", "1e400", "calcium_mmol_l: takes a number as its value, got inf"),
        ("age_years", "7,x", "age_years: takes a number from 0 to 120 years, got '7,x'"),
        ("fever", "1,0", "fever: takes true or false, got '1,0'"),
        ("fever", "1.5", "fever: takes true or false, got '1.5'"),
        ("pain_severity", "7.5", "pain_severity: takes a whole number from 0 to 10, got '7.5'"),
        (
            "pain_severity",
            "seven",
            "pain_severity: takes a whole number from 0 to 10, got 'seven'",
        ),
        (
            "pain_severity",
            "9007199254740993",
            "pain_severity: takes a whole number from 0 to 10, got '9007199254740993'",
        ),
        (
            "potassium_mmol_l",
            "1_0 mmol/L",
            "potassium_mmol_l: takes a number from 0.5 to 15 mmol/L, got '1_0 mmol/L'",
        ),
        ("timing", " ; ", "timing: takes its members with ';' between them, got ';'"),
        (
            "timing",
            "night,rest",
            "timing: takes its members with ';' between them, got 'night,rest'",
        ),
        (
            "timing",
            "night|rest",
            "timing: takes its members with ';' between them, got 'night|rest'",
        ),
        (
            "timing",
            "['night', 'rest']",
            "timing: takes its members with ';' between them, got \"['night', 'rest']\"",
        ),
        (
            "medications",
            "['statin', 'lithium']",
            (
                "medications: takes names of medicines with ';' between them, got "
                "\"['statin', 'lithium']\""
            ),
        ),
        ("timing__night", "often", "timing__night: takes true or false, got 'often'"),
        (
            "age_years",
            "nan",
            (
                "age_years: takes a number from 0 to 120 years, got 'nan' "
                "(if that stands for what is not known, say so: --unknown nan)"
            ),
        ),
    ],
)
def test_a_cell_that_cannot_be_read_says_why(fact, text, told):
    """In the row in which it stands."""
    assert read(fact, "", text) == ([None, None], {1: (told,)})
    assert read(fact, text, unknown=[text]) == ([None], {})
