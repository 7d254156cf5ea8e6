"""The picture tells in words and figures what it shows in bars."""

import re
import xml.etree.ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase
from crampsrules.cohort.picture import _CAUSE_COLOUR, _TRIAGE_COLOURS, MOST_CAUSES, picture, share
from crampsrules.cohort.tally import Tally
from crampsrules.triage import Triage
from tests.cohort.common import SHIPPED
from tests.drawing import fewer, shipped_texts

SVG = "{http://www.w3.org/2000/svg}"


@st.composite
def tallies(draw):
    """Counts that can be."""
    triage = draw(
        st.dictionaries(st.sampled_from([one.id for one in Triage]), st.integers(1, 10**7))
    )
    assessed = left = sum(triage.values())
    causes = {}
    for cause in draw(st.lists(st.sampled_from(sorted(SHIPPED.causes)), unique=True)):
        if left:
            causes[cause] = draw(st.integers(1, left))
            left -= causes[cause]
    return Tally(
        assessed=assessed,
        unreadable=draw(st.integers(0, 9)),
        triage=triage,
        top_causes=dict(sorted(causes.items(), key=lambda one: -one[1])),
    )


@fewer(2)
@given(tallies())
def test_every_figure_stands_in_it_and_in_its_description(tally):
    """For who sees it and for who hears it; it names itself, and holds nothing from elsewhere."""
    drawn = picture(tally, SHIPPED)
    root = ET.fromstring(drawn)  # noqa: S314 - our own
    shown = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]
    described = root.findtext(f"{SVG}desc") or ""

    assert root.get("role") == "img"
    assert root.findtext(f"{SVG}title") == f"{tally.assessed:,} people assessed"
    assert re.findall('https?://[^"]*', drawn) == ["http://www.w3.org/2000/svg"]
    for level in Triage:
        rows = tally.triage.get(level.id, 0)
        title = SHIPPED.wording.triage[level.id].title
        assert f"{rows:,} ({share(rows, tally.assessed)})" in shown
        assert f"{title} {rows:,}" in described
    for id_, rows in list(tally.top_causes.items())[:MOST_CAUSES]:
        assert f"{SHIPPED.causes[id_].title} {rows:,}" in described
    assert f"{tally.rejected:,}" in described
    assert SHIPPED.wording.leaflet["disclaimer"] in " ".join(shown)


@fewer(2)
@given(tallies())
def test_bars_are_as_long_as_what_they_stand_for(tally):
    """Within each part, and all within the picture."""
    root = ET.fromstring(picture(tally, SHIPPED))  # noqa: S314 - our own
    widths = [one.attrib["width"] for one in root.iter(f"{SVG}rect")]
    bars = [float(width) for width in widths if width != "100%"]
    levels = bars[: len(Triage)]
    rows = [tally.triage.get(one.id, 0) for one in sorted(Triage, reverse=True)]

    widest = max(rows)
    assert levels == [pytest.approx(340 * one / widest if widest else 0, abs=0.1) for one in rows]
    assert all(0 <= one <= 340 for one in bars)
    texts = [float(one.attrib["y"]) for one in root.iter(f"{SVG}text")]
    assert texts == sorted(texts)
    assert texts[-1] < float(root.attrib["height"])


def luminance(colour):
    """How bright a colour is, as WCAG has it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in parts]
    return sum(share * one for share, one in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


@pytest.mark.parametrize("colour", [*_TRIAGE_COLOURS.values(), _CAUSE_COLOUR])
def test_bars_stand_out_from_the_page(colour):
    """By more than the three to one that WCAG asks of pictures."""
    assert 1.05 / (luminance(colour) + 0.05) > 4.5


@pytest.mark.parametrize(
    ("rows", "of", "told"),
    [
        (0, 0, "0%"),
        (0, 5, "0%"),
        (5, 5, "100%"),
        (1, 3, "33.3%"),
        (1, 100_000, "<0.1%"),
        (99_999, 100_000, ">99.9%"),
    ],
)
def test_a_share_never_says_none_of_some(rows, of, told):
    """Nor all of nearly all."""
    assert share(rows, of) == told


def test_headings_and_labels_are_those_of_the_rules():
    """In the words of another language too, whatever characters they have."""
    wording = shipped_texts()["wording.toml"]
    for old, new in (
        ("How soon to be seen", "Wie bald & <wo>"),
        ("Cause that comes first", "Ursache"),
        ("{number} other causes", "{number} weitere"),
        ("none suspected", "keine"),
    ):
        wording = wording.replace(f'"{old}"', f'"{new}"')
    rules = RuleBase.from_texts({**shipped_texts(), "wording.toml": wording})
    causes = dict.fromkeys(sorted(rules.causes)[: MOST_CAUSES + 2], 1)
    tally = Tally(assessed=20, triage={"soon": 20}, top_causes=causes)
    root = ET.fromstring(picture(tally, rules))  # noqa: S314 - our own
    shown = ["".join(one.itertext()) for one in root.iter(f"{SVG}text")]

    assert {"Wie bald & <wo>", "Ursache", "2 weitere", "keine"} <= set(shown)
