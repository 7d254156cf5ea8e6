"""The stock sentences of a wording: which there are, and what is put into each."""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType

from crampsrules.errors import did_you_mean, shorten
from crampsrules.phrases import filled

LEAFLET_SENTENCES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "title": (),
        "disclaimer": (),
        "why_heading": (),
        "causes_heading": (),
        "nothing_suspected": (),
        "nothing_suspected_urgent": (),
        "not_a_cramp": (),
        "evidence_heading": (),
        "also_possible": ("titles",),
        "advice_heading": (),
        "relief_heading": (),
        "prevention_heading": (),
        "otc_heading": (),
        "ask_first": ("titles",),
        "also": ("titles",),
        "withheld_heading": (),
        "withheld": ("titles",),
        "withheld_for": ("reason",),
        "held": (),
        "caution": ("conditions",),
        "unrecognised": ("names",),
        "others": ("number",),
        "sources_heading": (),
        "safety_net": (),
        "why_raises": (),
        "why_lowers": (),
        "why_first_cause": (),
        "why_ranking": (),
        "less_urgent_heading": (),
        "known_heading": (),
        "for_clinicians": (),
        "how_weighed": (),
        "weighed": ("weight", "prior", "speaks_for", "against", "likelihood"),
        "evidence": ("against", "speaks_for"),
        "evidence_against": ("against",),
        "evidence_for": ("speaks_for",),
        "counted": ("weight",),
        "not_counted": ("weight",),
        "held_back": (),
        "triage_heading": (),
        "first_cause_heading": (),
        "none_suspected": (),
        "other_causes": ("number",),
        "more_urgent": ("title",),
        "less_urgent": ("title",),
        "first_cause": ("title",),
        "no_first_cause": (),
        "nothing_changes": (),
        "whether_tested": ("window",),
    }
)
"""The stock sentences that an answer cannot do without, with what is put into each, in braces."""

LANGUAGE = "language"
"""What the language of the sentences is called; it may be left out, which means English."""

_LANGUAGES = re.compile(r"[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*")


def wrong_sentence(name: str, sentence: str) -> str | None:
    """What is wrong with a stock sentence: a caution that lost what it warns of is none."""
    if name == LANGUAGE:
        wrong = not _LANGUAGES.fullmatch(sentence)
        takes = "takes a language as HTML names it, such as 'en' or 'pt-BR'"
        return f"{name!r} {takes}, got {shorten(sentence)}" if wrong else None
    if name not in LEAFLET_SENTENCES:
        return f"no sentence is called {name!r}{did_you_mean(name, (*LEAFLET_SENTENCES, LANGUAGE))}"
    if not sentence.strip():
        return f"{name!r} says nothing"
    places = [f"{{{one}}}" for one in LEAFLET_SENTENCES[name]]
    around = filled(sentence, **dict.fromkeys(LEAFLET_SENTENCES[name], ""))
    if all(place in sentence for place in places) and not re.search("[{}]", around):
        return None
    takes = f"is to have {' and '.join(places)} in it" if places else "is to have no braces"
    return f"{name!r} {takes}, got {shorten(sentence)}"
