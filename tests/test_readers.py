"""Reading one value of a fact: what is kept of it, and every refusal word for word."""

from __future__ import annotations

import math
from collections import deque
from decimal import Decimal, localcontext
from fractions import Fraction
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts, readers
from crampsrules.facts import FACTS
from crampsrules.readers import RefusedError, reader_of
from crampsrules.units import find_unit
from tests.drawing import fact_values


def read(name: str, value: Any) -> object:
    return reader_of(FACTS[name])(value)


def refusal(name: str, value: Any) -> str:
    with pytest.raises(RefusedError) as caught:
        read(name, value)
    return str(caught.value)


# --- What is kept -------------------------------------------------------------------------------


@given(st.data())
def test_a_value_that_a_fact_takes_is_kept_as_it_is(data):
    """Whatever the kind of fact."""
    fact = data.draw(st.sampled_from(list(FACTS.values())))
    value = data.draw(fact_values(fact, ("aspirin", "wonder drops")))

    assert reader_of(fact)(value) == value


@pytest.mark.parametrize(
    "fact", [one for one in FACTS.values() if one.low is not None], ids=lambda one: one.name
)
def test_both_ends_are_taken_and_nothing_beyond_them(fact):
    """By the quick way and by the long one."""
    reader = reader_of(fact)
    step = 1 if fact.kind == "integer" else math.ulp(float(fact.high))
    for end, beyond in ((fact.low, fact.low - step), (fact.high, fact.high + step)):
        assert reader(end) == end
        with pytest.raises(RefusedError, match=r"^takes a "):
            reader(beyond)


@pytest.mark.parametrize("kind", [np.float16, np.float32, np.float64, np.longdouble])
@given(figure=st.integers(0, 999).map(lambda cents: cents / 100))
def test_a_figure_of_numpy_is_what_it_is_written_as(kind, figure):
    """0.7 is 0.7, and not 0.699999988, in whatever unit; the shortest type has three digits."""
    assert read("age_years", kind(figure)) == figure
    quantities = ({"value": one, "unit": "µIU/mL"} for one in (figure, kind(figure)))
    assert len({read("tsh_miu_l", one) for one in quantities}) == 1


@given(figure=st.decimals(0, 10, places=2))
def test_a_decimal_and_a_fraction_are_numbers(figure):
    """The float that is written so."""
    for given_as in (figure, Fraction(figure)):
        assert read("age_years", given_as) == float(str(figure))
    assert read("pain_severity", Decimal(3)) == 3


def test_a_figure_that_is_none_is_refused():
    """As a float is."""
    for figure in ("nan", "inf", "-inf", "121"):
        assert "takes a number" in refusal("age_years", np.float32(figure))
        assert "takes a number" in refusal("age_years", Decimal(figure))
    for figure in ("sNaN", "1e999999"):
        assert "takes a number" in refusal("age_years", Decimal(figure))
    assert "takes a whole number" in refusal("pain_severity", Decimal("3.5"))


@given(
    st.sampled_from([name for name, fact in FACTS.items() if fact.is_number]),
    st.integers(20, 400),
    st.booleans(),
)
def test_what_is_a_hair_outside_is_not_rounded_into_what_is_allowed(name, digits, low):
    """However many digits it has: a float would have none of them."""
    fact = FACTS[name]
    edge = fact.low if low else fact.high
    assert edge is not None
    bound = Fraction(edge)
    outside = bound + Fraction(-1 if low else 1, 10**digits)

    assert "takes" in refusal(name, outside)
    with localcontext(prec=500):
        written = Decimal(outside.numerator) / outside.denominator
    assert "takes" in refusal(name, written)
    assert reader_of(fact)(bound) == bound
    for unit in fact.units:
        found = find_unit(name, unit)
        if found is not None and found.is_kept:
            for just_outside in (outside, written):
                assert "takes" in refusal(name, {"value": just_outside, "unit": unit})


def test_a_number_that_is_nearly_whole_is_not_whole():
    """What a float would make of it is."""
    for value in (Decimal("9.99999999999999999999"), 9 - Fraction(1, 10**30)):
        assert "takes a whole number from 0 to 10" in refusal("pain_severity", value)


def test_true_and_false_of_numpy_are_true_and_false():
    """As a comparison of its arrays gives them; its numbers are neither."""
    for flag in (True, False):
        assert read("fever", np.bool_(flag)) is flag
    for other in (np.int8(1), np.array(True), "True"):  # noqa: FBT003 - an array of one value
        assert "takes true or false" in refusal("fever", other)
    assert "takes a number" in refusal("age_years", np.bool_(1))


def test_a_zero_has_no_sign():
    """Also where it was reckoned."""
    for name in ("episode_minutes", "pain_severity"):
        assert math.copysign(1, float(str(read(name, -0.0)))) == 1


def test_spaces_around_a_medicine_are_not_part_of_it():
    """What is inside is kept as it was given."""
    assert read("medications", ["  Aspirin 75 mg "]) == {"Aspirin 75 mg"}


@pytest.mark.parametrize("name", ["x" * 100, "naïve\u00adname", "五苓散"])
def test_names_of_medicines_may_be_long_and_in_any_writing(name):
    """A hyphen that is not shown is an oversight, no attack."""
    assert read("medications", [name]) == {name}


@pytest.mark.parametrize(
    ("names", "length", "kept"),
    [
        (1, 10, True),
        (30, 13, True),
        (4, 100, True),
        (30, 100, True),
        (1, 101, False),
        (31, 2, False),
        (100, 99, False),
    ],
)
def test_only_names_of_short_lists_of_medicines_are_remembered(monkeypatch, names, length, kept):
    """At most 30 names of 100 letters each, spaces included: more comes from a stranger."""
    looked_at = []
    read_with_care = readers.read_medicine

    def looking(name):
        looked_at.append(name)
        return read_with_care(name)

    monkeypatch.setattr(readers, "read_medicine", looking)
    reader = reader_of(FACTS["medications"])
    given_names = [f"{at:02}".ljust(length) for at in range(names)]
    for _ in range(2):
        try:
            assert len(reader(given_names)) == names  # type: ignore[arg-type]  # a set
        except RefusedError:
            assert length > readers.LONGEST_MEDICINE

    assert len(looked_at) == (names if kept else 2 * names)


@pytest.mark.parametrize(
    ("given_members", "kept"),
    [
        (["calf", "foot"], True),
        (("foot", "calf"), True),
        (frozenset({"calf"}), True),
        ([], True),
        (["calf"] * 30, True),
        (["calf"] * 31, False),
        ([np.str_("calf")], False),
    ],
)
def test_short_collections_of_plain_members_are_remembered(monkeypatch, given_members, kept):
    """What is equal to a text without being one is read with care each time."""
    looked_at = []
    collect = readers._collection  # where reading with care begins

    def collecting(value, example):
        looked_at.append(value)
        return collect(value, example)

    monkeypatch.setattr(readers, "_collection", collecting)
    reader = reader_of(FACTS["sites"])
    for _ in range(2):
        assert reader(given_members) == set(map(str, given_members))

    assert len(looked_at) == (0 if kept else 2)


# --- What is refused ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("fever", 1, "takes true or false, got 1"),
        ("age_years", 121, "takes a number from 0 to 120 years, got 121"),
        ("pain_severity", 1.5, "takes a whole number from 0 to 10, got 1.5"),
        ("pain_severity", True, "takes a whole number from 0 to 10, got True"),
        ("pain_severity", 11, "takes a whole number from 0 to 10, got 11"),
        ("age_years", True, "takes a number from 0 to 120 years, got True"),
        ("ankle_brachial_index", "1", "takes a number from 0 to 3, got '1'"),
        ("ankle_brachial_index", 3.5, "takes a number from 0 to 3, got 3.5"),
        ("ankle_brachial_index", math.nan, "takes a number from 0 to 3, got nan"),
        pytest.param(
            "ankle_brachial_index",
            10**400,
            "takes a number from 0 to 3, got a whole number of 1329 bits",
            id="huge",
        ),
        ("urine", 3, "takes one of pale, dark_yellow, scant, none, cola; got 3"),
        (
            "urine",
            "yellow",
            (
                "takes one of pale, dark_yellow, scant, none, cola; got 'yellow'; "
                "did you mean 'dark_yellow'?"
            ),
        ),
        ("medications", "aspirin", "takes a list, got the text 'aspirin': write [\"aspirin\"]"),
        ("medications", "", "takes a list, got the text '': write [\"name of a medicine\"]"),
        ("medications", "None", "takes a list, got the text 'None': write [] for none of these"),
        ("sites", "leg, calf;", 'takes a list, got the text \'leg, calf;\': write ["leg", "calf"]'),
        (
            "sites",
            "a,b,c,d,e,f",
            'takes a list, got the text \'a,b,c,d,e,f\': write ["a", "b", "c", "d", "e", ...]',
        ),
        ("medications", 3, "takes a list of texts, got 3"),
        ("medications", [""], "takes a list of names of medicines, got '' in it"),
        ("medications", [3], "takes a list of names of medicines, got 3 in it"),
        ("medications", ["x" * 101], "takes names of at most 100 characters, got 'xxx"),
        ("medications", ["a\tb"], "takes names of ordinary characters, got 'a\\tb': type it anew"),
        ("medications", ["a\nb"], "takes one name in each text, got lines of them: 'a\\nb'"),
        ("medications", ["a\r\nb"], "takes one name in each text, got lines of them: 'a\\r\\nb'"),
        (
            "medications",
            ["a\u202eb"],
            "takes names of ordinary characters, got 'a\\u202eb': type it anew",
        ),
        (
            "medications",
            ["a\u200bb"],
            "takes names of ordinary characters, got 'a\\u200bb': type it anew",
        ),
        (
            "medications",
            ["\ufeffa"],
            "takes names of ordinary characters, got '\\ufeffa': type it anew",
        ),
        (
            "medications",
            ["aspirin", " None "],
            "takes names of medicines, got 'None': for \"none of these\" give an empty list",
        ),
        (
            "medications",
            ["don't know"],
            'takes names of medicines, got "don\'t know": what is not known is left out',
        ),
        (
            "medications",
            ["Unknown."],
            "takes names of medicines, got 'Unknown.': what is not known is left out",
        ),
        (
            "hba1c_mmol_mol",
            12,
            (
                "takes a number from 18 to 250 mmol/mol, got 12: 12 mmol/mol cannot be, 12 % (108 "
                'mmol/mol) could; say which is meant, as in {"value": 12, "unit": "%"}'
            ),
        ),
        *(
            (
                "medications",
                [nothing],
                (
                    f"takes names of medicines, got {nothing!r}: "
                    'for "none of these" give an empty list'
                ),
            )
            for nothing in ("no", "NIL", "Nothing.", "n/a", "NA", "no medication", "none of these")
        ),
        (
            "medications",
            ["a\ud800"],
            "takes names of ordinary characters, got 'a\\ud800': type it anew",
        ),
        ("medications", [str(n) for n in range(201)], "takes at most 200 medicines, got 201"),
        (
            "calcium_mmol_l",
            {"value": 9.1},
            'takes {"value": …, "unit": …} and nothing else in it, got {\'value\': 9.1}',
        ),
        (
            "calcium_mmol_l",
            {"value": 9.1, "unit": "g"},
            "is taken in mmol/L or mg/dL or mEq/L, got the unit 'g'",
        ),
        (
            "calcium_mmol_l",
            {"value": 9.1, "unit": 3},
            "is taken in mmol/L or mg/dL or mEq/L, got the unit 3",
        ),
        (
            "calcium_mmol_l",
            {"value": "9.1", "unit": "mg/dL"},
            "takes a number as its value, got '9.1'",
        ),
    ],
)
def test_a_refusal_says_what_is_taken_and_what_was_given(name, value, message):
    """Where what was given is long, its beginning."""
    found = refusal(name, value)

    assert found == message or (len(str(value)) > 90 and found.startswith(message))


def test_a_figure_that_could_be_in_another_unit_is_not_guessed():
    """It says what the figure would come to, and how to say which is meant."""
    low, high = (f"{float(end)!r}".removesuffix(".0") for end in bounds("calcium_mmol_l"))
    taken = f"takes a number from {low} to {high} mmol/L"

    assert refusal("calcium_mmol_l", 9.1) == (
        f"{taken}, got 9.1: 9.1 mmol/L cannot be, 9.1 mg/dL (2.27 mmol/L) or 9.1 mEq/L "
        '(4.55 mmol/L) could; say which is meant, as in {"value": 9.1, "unit": "mg/dL"}'
    )
    assert refusal("calcium_mmol_l", {"value": 9.1, "unit": "mmol/L"}) == (
        f"{taken}, and 9.1 mmol/L cannot be, but 9.1 mg/dL (2.27 mmol/L) or 9.1 mEq/L "
        "(4.55 mmol/L) could"
    )
    assert refusal("calcium_mmol_l", {"value": 2.3, "unit": "mg/dL"}) == (
        f"{taken}, and 2.3 mg/dL (0.57 mmol/L) cannot be, but 2.3 mmol/L or 2.3 mEq/L "
        "(1.15 mmol/L) could"
    )
    assert refusal("calcium_mmol_l", 900) == f"{taken}, got 900"


def bounds(name: str) -> tuple[float, float]:
    low, high = FACTS[name].low, FACTS[name].high
    assert low is not None
    assert high is not None
    return low, high


def test_the_lowest_figure_of_a_unit_is_taken_in_it():
    """3 mg/dL of calcium is the least; below that it is a figure in another unit."""
    assert read("calcium_mmol_l", {"value": 3.0, "unit": "mg/dL"}) == 0.75
    assert "cannot be" in refusal("calcium_mmol_l", {"value": 2.99, "unit": "mg/dL"})


def test_members_that_are_not_known_are_named_with_the_nearest():
    """The first five, in order, with a count of the others."""
    members = ", ".join(FACTS["sites"].members)

    assert refusal("sites", ["claf"]) == (
        f"takes a list of {members}; got 'claf'; did you mean 'calf'?"
    )
    assert refusal("sites", [5, "calf", "zzz"]) == f"takes a list of {members}; got 'zzz', 5"
    assert refusal("sites", ["q1", "q2", "q3", "q4", "q5"]) == (
        f"takes a list of {members}; got 'q1', 'q2', 'q3', 'q4', 'q5'"
    )
    assert refusal("sites", ["q1", "q2", "q3", "q4", "q5", "q6", "q7"]) == (
        f"takes a list of {members}; got 'q1', 'q2', 'q3', 'q4', 'q5' and 2 more"
    )
    assert refusal("sites", "calf") == "takes a list, got the text 'calf': write [\"calf\"]"
    assert refusal("sites", "") == (
        f"takes a list, got the text '': write [\"{FACTS['sites'].members[0]}\"]"
    )


class _AnyCase(str):
    """Equal to any text of the same letters, whatever their case."""

    __slots__ = ()

    def __eq__(self, other):
        return isinstance(other, str) and self.lower() == other.lower()

    def __hash__(self):
        return hash(self.lower())


def test_what_is_read_does_not_depend_on_what_was_read_before():
    """A text that says it is equal to another is still not that other."""
    for before in ([], ["night"]):
        PatientFacts(timing=set(before))
        with pytest.raises(FactsError):
            PatientFacts.from_mapping({"timing": [_AnyCase("NIGHT")]})
    PatientFacts.from_mapping({"medications": [_AnyCase("ASPIRIN")]})

    assert PatientFacts(medications={"aspirin"}).medications == {"aspirin"}


@pytest.mark.parametrize(
    "kind",
    [
        list,
        tuple,
        set,
        frozenset,
        deque,
        lambda one: dict.fromkeys(one).keys(),
        lambda one: np.array([*one], dtype=object),
        lambda one: np.array([*one]),
        pd.Series,
    ],
)
def test_a_set_may_come_in_any_collection(kind):
    """Whatever a type checker takes for a set, and what tables are made of."""
    assert PatientFacts(timing=kind(["night", "rest"])).timing == {"night", "rest"}
    assert PatientFacts(medications=kind(["statin"])).medications == {"statin"}


@pytest.mark.parametrize(
    "value",
    [b"night", bytearray(b"night"), {"night": True}, iter(["night"]), np.array([["night"]])],
)
def test_what_is_no_collection_of_texts_is_no_set(value):
    """Bytes are no texts, keys may stand for more, and an iterator is gone once it is read."""
    with pytest.raises(FactsError, match=r"^timing: takes a list of texts, got "):
        PatientFacts(timing=value)


@pytest.mark.parametrize("kind", [list, tuple, set, frozenset])
def test_what_is_wrong_with_a_set_is_worked_out_once(monkeypatch, kind):
    """Looking for what was meant takes longer than all the rest."""
    looked_for = []

    def looking(name, _):
        looked_for.append(name)
        return ""

    monkeypatch.setattr(readers, "did_you_mean", looking)
    with pytest.raises(FactsError):
        PatientFacts.from_mapping({"timing": kind(["nihgt"])})

    assert looked_for == ["nihgt"]
