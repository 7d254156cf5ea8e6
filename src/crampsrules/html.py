"""An assessment as a self-contained, accessible page, and as a fragment for notebooks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from html import escape

from crampsrules.assessment import (
    Assessment,
    GivenAdvice,
    RaisedEscalation,
    Reason,
    SuspectedCause,
    WithheldAdvice,
)
from crampsrules.leaflet import HEADINGS, stock_sentences

# Dark on white throughout, each at 4.5 to 1 or better, also where a notebook is dark.
STYLE = """
.crampsrules{max-width:44rem;margin:0 auto;padding:1rem;background:#fff;color:#1a1a1a;
font:1rem/1.5 system-ui,sans-serif}
.crampsrules h1{font-size:1.3rem}.crampsrules h2{font-size:1.1rem;margin-top:1.5rem}
.crampsrules h3{font-size:1rem;margin-bottom:.2rem}
.crampsrules .triage{border-left:.5rem solid #1f5fa8;padding:.1rem 1rem;background:#f2f6fb}
.crampsrules .emergency,.crampsrules .same_day{border-color:#a4262c;background:#fdf3f3}
.crampsrules .bar{display:flex;height:.8rem;margin:.3rem 0;background:#ececec}
.crampsrules .against{background:#a4262c;margin-left:auto}.crampsrules .for{background:#1f6b45}
.crampsrules .half{flex:1;display:flex}
.crampsrules .small{font-size:.85rem;color:#4a4a4a}
.crampsrules summary{cursor:pointer}
""".replace("\n", "")
# A half of the bar is full at this many decibans.
FULL_BAR = 30


def as_page(assessment: Assessment) -> str:
    """A complete HTML document that needs nothing else, for a browser or to print."""
    title = escape(stock_sentences(assessment)["title"])
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n{as_fragment(assessment)}\n</main>\n"
        "</body>\n</html>\n"
    )


def as_fragment(assessment: Assessment) -> str:
    """The part of the page that a notebook shows."""
    words = stock_sentences(assessment)
    parts = [
        f"<style>{STYLE}</style>",
        f"<h1>{escape(words['title'])}</h1>",
        _triage(assessment, words),
        _causes(assessment, words),
        *(_advice(assessment.advice, kind, words) for kind in HEADINGS),
        _withheld(assessment.withheld, words),
        _unrecognised(assessment.unrecognised, words),
        f'<p class="small">{escape(assessment.disclaimer)}</p>',
    ]
    return f'<article class="crampsrules" lang="en">{"".join(parts)}</article>'


def _section(heading: str, content: str) -> str:
    return f"<section><h2>{escape(heading)}</h2>{content}</section>" if content else ""


def _list(items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{entries}</ul>" if entries else ""


def _triage(assessment: Assessment, words: Mapping[str, str]) -> str:
    wording = assessment.triage_wording
    reasons = "" if not assessment.escalations else (
        f"<h3>{escape(words['why_heading'])}</h3>"
        + _list(_escalation(one) for one in assessment.escalations)
    )  # fmt: skip
    return (
        f'<section class="triage {assessment.triage.id}"><h2>{escape(wording.title)}</h2>'
        f"<p>{escape(wording.patient)}</p>{reasons}</section>"
    )


def _escalation(one: RaisedEscalation) -> str:
    clinician = f' <span class="small">{escape(one.clinician)}</span>' if one.clinician else ""
    return f"{escape(one.reason)}{clinician}"


def _causes(assessment: Assessment, words: Mapping[str, str]) -> str:
    shown = "".join(_cause(one, words) for one in assessment.causes)
    return _section(
        words["causes_heading"], shown or f"<p>{escape(words['nothing_suspected'])}</p>"
    )


def _cause(cause: SuspectedCause, words: Mapping[str, str]) -> str:
    mimic = words["not_a_cramp"].replace("{title}", cause.title) if cause.mimic else ""
    text = " ".join(part for part in (mimic, cause.patient) if part)
    clinician = f'<p class="small">{escape(cause.clinician)}</p>' if cause.clinician else ""
    return (
        f"<h3>{cause.rank}. {escape(cause.title)}</h3><p>{escape(text)}</p>{_bar(cause)}"
        f"<details><summary>{escape(words['evidence_heading'])}: {escape(cause.title)}</summary>"
        f"{_list(_reason(one) for one in (*cause.because, *cause.against))}{clinician}</details>"
    )


def _bar(cause: SuspectedCause) -> str:
    """Evidence against to the left, for to the right, in decibans, and in words for a reader."""
    against = -sum(one.weight for one in cause.against if one.counted)
    speaks_for = sum(one.weight for one in cause.because if one.counted)
    label = f"Evidence for: {speaks_for} decibans. Evidence against: {against} decibans."
    return (
        f'<div class="bar" role="img" aria-label="{label}">'
        f'<div class="half"><div class="against" style="width:{_share(against)}%"></div></div>'
        f'<div class="half"><div class="for" style="width:{_share(speaks_for)}%"></div></div></div>'
    )


def _share(decibans: int) -> int:
    return min(100, round(100 * decibans / FULL_BAR))


def _reason(reason: Reason) -> str:
    counted = "" if reason.counted else ", not counted"
    cited = ", ".join((*reason.statements, *reason.sources))
    return (
        f"{escape(reason.text)} ({reason.weight:+d}{counted}) "
        f'<span class="small">{escape(reason.id)}: {escape(cited)}</span>'
    )


def _advice(advice: Iterable[GivenAdvice], kind: str, words: Mapping[str, str]) -> str:
    return _section(
        words[HEADINGS[kind]], _list(_advised(one) for one in advice if one.kind == kind)
    )


def _advised(one: GivenAdvice) -> str:
    title = f"<strong>{escape(one.title)}.</strong> " if one.title else ""
    caution = f" <em>{escape(one.caution)}</em>" if one.caution else ""
    return f"{title}{escape(one.text)}{caution}"


def _withheld(withheld: Iterable[WithheldAdvice], words: Mapping[str, str]) -> str:
    return _section(words["withheld_heading"], _list(_left_out(one, words) for one in withheld))


def _left_out(one: WithheldAdvice, words: Mapping[str, str]) -> str:
    reason = words["withheld_for"].replace("{reason}", one.reason) if one.reason else ""
    text = " ".join(part for part in (reason, one.instead) if part)
    return f"<strong>{escape(one.title or one.id)}.</strong> {escape(text)}"


def _unrecognised(names: tuple[str, ...], words: Mapping[str, str]) -> str:
    if not names:
        return ""
    return f"<p>{escape(words['unrecognised'].replace('{names}', ', '.join(names)))}</p>"
