"""A leaflet on a terminal: its headings set off, and no word changed."""

from __future__ import annotations

import pytest

from crampsrules import assess
from crampsrules.cli.output import TRIAGE_STYLES
from crampsrules.cli.shown_assessment import _BLOCK, leaflet
from tests.cli.common import SHIPPED, styled


@pytest.mark.parametrize(
    "facts", [{}, {"chest_pain": True}, {"episodes_per_week": 4}], ids=["none", "chest", "often"]
)
def test_a_leaflet_has_the_level_and_its_headings_set_off(facts):
    """Word for word the same, and each heading is bold from its first letter to its last."""
    assessment = assess(facts, engine="compiled")
    shown = leaflet(assessment)
    headings = {
        text for key, text in SHIPPED.wording.leaflet.items() if key.endswith("_heading")
    } & set(str(assessment).splitlines())

    assert shown.plain == str(assessment).rstrip("\n")
    level, *bold = styled(shown)
    assert level == (assessment.triage_wording.title.upper(), TRIAGE_STYLES[assessment.triage])
    assert {text for text, _ in bold} == headings
    assert {style for _, style in bold} <= {"bold"}
    assert len(bold) == len(headings)


def test_a_block_starts_after_an_empty_line():
    """Also one that is empty itself."""
    assert block_starts("a\n\nb\n\nc") == [3, 6]
    assert block_starts("a\n\n\n\nb") == [3, 5]
    assert block_starts("a\nb") == []


def block_starts(text):
    return [begun.start(1) for begun in _BLOCK.finditer(text)]
