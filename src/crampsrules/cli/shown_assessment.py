"""An assessment on the terminal: the leaflet, with its headings set off."""

from __future__ import annotations

import re

from rich.text import Text

from crampsrules.assessment import Assessment
from crampsrules.cli.output import TRIAGE_STYLES

_BLOCK = re.compile("\n\n(.*)")


def leaflet(assessment: Assessment) -> Text:
    """The leaflet word for word; styles are only added."""
    text = Text(str(assessment).rstrip("\n"))
    title = assessment.triage_wording.title
    text.stylize(TRIAGE_STYLES[assessment.triage], 0, len(title))
    headings = _headings(assessment)
    for begun in _BLOCK.finditer(text.plain):
        if begun[1] in headings:
            text.stylize("bold", *begun.span(1))
    return text


def _headings(assessment: Assessment) -> set[str]:
    words = assessment.rules.wording.leaflet
    return {text for key, text in words.items() if key.endswith("_heading")}
