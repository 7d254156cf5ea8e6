"""An assessment on the terminal: the leaflet, with its headings set off."""

from __future__ import annotations

from rich.text import Text

from crampsrules.assessment import Assessment
from crampsrules.cli.output import TRIAGE_STYLES


def leaflet(assessment: Assessment) -> Text:
    """The leaflet word for word; styles are only added."""
    text = Text(str(assessment).rstrip("\n"))
    title = assessment.triage_wording.title
    text.stylize(TRIAGE_STYLES[assessment.triage], 0, len(title))
    headings = _headings(assessment)
    for block_start in _block_starts(text.plain):
        heading = text.plain[block_start:].partition("\n")[0]
        if heading in headings:
            text.stylize("bold", block_start, block_start + len(heading))
    return text


def _block_starts(text: str) -> list[int]:
    starts, start = [], text.find("\n\n")
    while start >= 0:
        starts.append(start + 2)
        start = text.find("\n\n", start + 2)
    return starts


def _headings(assessment: Assessment) -> set[str]:
    words = assessment.rules.wording.leaflet
    return {text for key, text in words.items() if key.endswith("_heading")}
