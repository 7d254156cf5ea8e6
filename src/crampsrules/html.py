"""An assessment as a self-contained, accessible page, and as a fragment for notebooks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from html import escape

from attrs import frozen

from crampsrules.assessment import (
    Assessment,
    GivenAdvice,
    RaisedEscalation,
    Reason,
    SuspectedCause,
    WithheldAdvice,
)
from crampsrules.errors import CrampsRulesError
from crampsrules.facts import FACTS, Fact
from crampsrules.leaflet import HEADINGS, not_for_you, stock_sentences, within_sentence
from crampsrules.phrases import filled
from crampsrules.rulebase import RuleBase
from crampsrules.sentences import LANGUAGE

# Dark on light throughout, each at 4.5 to 1 or better, also where a notebook is dark. The bars
# keep their colours on paper and where the reader's own colours replace all others.
STYLE = """
.crampsrules{max-width:44rem;margin:0 auto;padding:1rem;background:#ffffff;color:#1a1a1a;
color-scheme:light;font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
.crampsrules .title{font-size:1.3rem;font-weight:bold;margin:.5rem 0;color:#1a1a1a}
.crampsrules .heading{font-size:1.1rem;font-weight:bold;margin:1.5rem 0 .3rem;color:#1a1a1a}
.crampsrules .subheading{font-size:1rem;font-weight:bold;margin:1rem 0 .2rem;color:#1a1a1a}
.crampsrules .triage{border-left:.5rem solid #1f5fa8;padding:.1rem 1rem;background:#f2f6fb}
.crampsrules .emergency,.crampsrules .same_day{border-color:#a4262c;background:#fdf3f3}
.crampsrules .bar{display:flex;height:.8rem;margin:.3rem 0;background:#ececec;
forced-color-adjust:none;print-color-adjust:exact;-webkit-print-color-adjust:exact}
.crampsrules .half{flex:1;display:flex}
.crampsrules .half+.half{border-left:2px solid #1a1a1a}
.crampsrules .against{background:#a4262c;margin-left:auto}.crampsrules .for{background:#1f6b45}
.crampsrules .scale{display:flex;justify-content:space-between;margin:0}
.crampsrules .small{font-size:.85rem;color:#4a4a4a}
.crampsrules dt{font-weight:bold}.crampsrules dd{margin:0 0 .3rem 1rem}
.crampsrules summary{cursor:pointer}
""".replace("\n", "")

# A half of the bar stands for this many decibans, or for the most that any cause has.
LEAST_FULL_BAR = 20


def as_page(assessment: Assessment, *, clinicians: bool = True) -> str:
    """A complete HTML document that needs nothing else, for a browser or to print."""
    words = stock_sentences(assessment)
    title, language = _text(words["title"]), _language(words)
    article = _Writer.for_(assessment, level=1, clinicians=clinicians).article()
    return (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n"
        f"<main>\n{article}\n</main>\n</body>\n</html>\n"
    )


def as_fragment(assessment: Assessment, *, clinicians: bool = True) -> str:
    """The part of the page that a notebook shows, with headings that leave the page its own."""
    article = _Writer.for_(assessment, level=2, clinicians=clinicians).article()
    return f"<style>{STYLE}</style>{article}"


# What HTML cannot hold: control characters, halves of characters, and what is no character.
_NO_TEXT = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufdd0-\ufdef"
    + "".join(
        map(chr, (plane + end for plane in range(0, 0x110000, 0x10000) for end in (0xFFFE, 0xFFFF)))
    )
    + "]"
)


def _text(value: str) -> str:
    return escape(_NO_TEXT.sub("\ufffd", value))


def _language(words: Mapping[str, str]) -> str:
    return words.get(LANGUAGE, "en")


def _list(items: Iterable[str]) -> str:
    entries = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{entries}</ul>" if entries else ""


def _details(summary: str, content: str) -> str:
    return f"<details><summary>{_text(summary)}</summary>{content}</details>" if content else ""


def _paragraph(content: str) -> str:
    return f"<p>{content.strip()}</p>" if content else ""


@frozen
class _Writer:
    """Writes one assessment, for `clinicians` too; `level` is that of its highest heading."""

    assessment: Assessment
    words: Mapping[str, str]
    rules: RuleBase | None
    level: int
    clinicians: bool

    @classmethod
    def for_(cls, assessment: Assessment, *, level: int, clinicians: bool) -> _Writer:
        try:
            rules = assessment.rules
        except CrampsRulesError:  # read from data that was made with other rules
            rules = None
        return cls(assessment, stock_sentences(assessment), rules, level, clinicians)

    def article(self) -> str:
        parts = [
            self._heading(0, self.words["title"]),
            self._triage(),
            self._causes(),
            *(self._advice(kind) for kind in HEADINGS),
            self._withheld(),
            self._unrecognised(),
            self._safety_net(),
            self._known_facts(),
            self._sources(),
            f'<p class="small">{_text(self.assessment.disclaimer)}</p>',
        ]
        language = _language(self.words)
        return f'<article class="crampsrules" lang="{language}">{"".join(parts)}</article>'

    def _heading(self, depth: int, text: str) -> str:
        tag, style = f"h{self.level + depth}", ("title", "heading", "subheading")[depth]
        return f'<{tag} class="{style}">{_text(text)}</{tag}>'

    def _section(self, heading: str, content: str) -> str:
        return f"<section>{self._heading(1, heading)}{content}</section>" if content else ""

    def _clinician(self, line: str | None) -> str:
        """What is not in plain words, marked as meant for clinicians."""
        if not line or not self.clinicians:
            return ""
        text = f"{self.words['for_clinicians']} {line}"
        return f' <span class="small clinician">{_text(text)}</span>'

    # --- How soon to be seen ----------------------------------------------------------------

    def _triage(self) -> str:
        shown = self.assessment
        wording = shown.triage_wording
        decisive = [one for one in shown.escalations if one.triage is shown.triage]
        others = [one for one in shown.escalations if one.triage is not shown.triage]
        why = self._heading(2, self.words["why_heading"]) if decisive else ""
        less = _list(map(self._escalation, others))
        return (
            f'<section class="triage {shown.triage.id}">{self._heading(1, wording.title)}'
            f"<p>{_text(wording.patient)}{self._clinician(wording.clinician)}</p>"
            f"{why}{_list(map(self._escalation, decisive))}"
            f"{_details(self.words['less_urgent_heading'], less)}</section>"
        )

    def _escalation(self, one: RaisedEscalation) -> str:
        return f"{_text(one.reason)}{self._clinician(one.clinician)}"

    # --- Causes -----------------------------------------------------------------------------

    def _causes(self) -> str:
        shown = "".join(map(self._cause, self.assessment.causes))
        urgent = self.assessment.triage.is_urgent
        nothing = self.words["nothing_suspected_urgent" if urgent else "nothing_suspected"]
        how_weighed = f'<p class="small">{_text(self.words["how_weighed"])}</p>'
        content = (how_weighed + shown) if shown else f"<p>{_text(nothing)}</p>"
        return self._section(self.words["causes_heading"], content)

    def _cause(self, cause: SuspectedCause) -> str:
        mimic = self.words["not_a_cramp"] if cause.mimic else ""
        text = " ".join(part for part in (mimic, cause.patient) if part)
        reasons = _list(map(self._reason, (*cause.because, *cause.against)))
        why = f"{self.words['evidence_heading']}: {cause.title}"
        return (
            f"{self._heading(2, f'{cause.rank}. {cause.title}')}"
            f"<p>{_text(text)}</p>{self._bar(cause)}"
            f"{_details(why, reasons + _paragraph(self._clinician(cause.clinician)))}"
        )

    def _bar(self, cause: SuspectedCause) -> str:
        """Evidence against to the left, for to the right, in decibans; and the same in words."""
        speaks_for, against = _decibans(cause)
        full = max(
            LEAST_FULL_BAR, *(most for one in self.assessment.causes for most in _decibans(one))
        )
        label, left, right = (
            _text(filled(self.words[key], speaks_for=speaks_for, against=against))
            for key in ("evidence", "evidence_against", "evidence_for")
        )
        return (
            f'<div class="bar" role="img" aria-label="{label}">{_half("against", against, full)}'
            f'{_half("for", speaks_for, full)}</div><p class="small scale" aria-hidden="true">'
            f"<span>{left}</span><span>{right}</span></p>"
            f'<p class="small">{_text(self._weight(cause))}</p>'
        )

    def _weight(self, cause: SuspectedCause) -> str:
        """How the weight comes about, with the word for it."""
        speaks_for, against = _decibans(cause)
        return filled(
            self.words["weighed"],
            weight=cause.weight,
            prior=cause.prior,
            speaks_for=speaks_for,
            against=against,
            likelihood=self._likelihood(cause),
        )

    def _likelihood(self, cause: SuspectedCause) -> str:
        known = self.rules.wording.likelihoods if self.rules else ()
        return next((one.patient for one in known if one.id == cause.likelihood), cause.likelihood)

    def _reason(self, reason: Reason) -> str:
        sentence = self.words["counted" if reason.counted else "not_counted"]
        weight = filled(sentence, weight=f"{reason.weight:+d}")
        cited = ", ".join((*reason.statements, *reason.sources))
        return (
            f"{_text(reason.text)} ({_text(weight)}) "
            f'<span class="small">{_text(reason.id)}: {_text(cited)}</span>'
        )

    # --- Advice -----------------------------------------------------------------------------

    def _advice(self, kind: str) -> str:
        chosen = (one for one in self.assessment.advice if one.kind == kind)
        return self._section(self.words[HEADINGS[kind]], _list(map(self._advised, chosen)))

    def _advised(self, one: GivenAdvice) -> str:
        title = f"<strong>{_text(one.title)}.</strong> " if one.title else ""
        caution = f" <em>{_text(one.caution)}</em>" if one.caution else ""
        return f"{title}{_text(one.text)}{caution}{self._clinician(one.clinician)}"

    def _withheld(self) -> str:
        left_out = map(self._left_out, self.assessment.withheld)
        return self._section(self.words["withheld_heading"], _list(left_out))

    def _left_out(self, one: WithheldAdvice) -> str:
        title = not_for_you(self.words, within_sentence(one.title or one.id))
        reason = filled(self.words["withheld_for"], reason=one.reason) if one.reason else ""
        text = " ".join(part for part in (reason, one.instead) if part)
        return f"<strong>{_text(title)}</strong> {_text(text)}"

    def _unrecognised(self) -> str:
        # What a person typed stands by itself, whichever way it is written.
        names = ", ".join(f"<bdi>{_text(name)}</bdi>" for name in self.assessment.unrecognised)
        return f"<p>{filled(_text(self.words['unrecognised']), names=names)}</p>" if names else ""

    def _safety_net(self) -> str:
        # Someone who is told to be seen today needs no list of further signs.
        if self.assessment.triage.is_urgent:
            return ""
        return f"<p><strong>{_text(self.words['safety_net'])}</strong></p>"

    # --- What it rests on -------------------------------------------------------------------

    def _known_facts(self) -> str:
        known = self.assessment.facts.known().items()
        rows = "".join(
            f"<dt>{_text(FACTS[name].label)}</dt><dd>{_fact_value(FACTS[name], value)}</dd>"
            for name, value in known
        )
        return _details(self.words["known_heading"], f"<dl>{rows}</dl>" if rows else "")

    def _sources(self) -> str:
        known = self.rules.sources if self.rules else {}
        cited = {id_: str(known.get(id_, "")) for id_ in sorted(set(self._cited()))}
        rows = (f"{_text(id_)}: {_text(source)}" for id_, source in cited.items())
        return _details(self.words["sources_heading"], _list(rows))

    def _cited(self) -> Iterator[str]:
        shown = self.assessment
        for group in (shown.escalations, shown.causes, shown.advice, shown.withheld):
            for one in group:
                yield from one.sources
        for cause in shown.causes:
            for reason in (*cause.because, *cause.against):
                yield from reason.sources


def _decibans(cause: SuspectedCause) -> tuple[int, int]:
    """What counts for a cause and against it, both as positive numbers."""
    return (
        sum(one.weight for one in cause.because if one.counted),
        -sum(one.weight for one in cause.against if one.counted),
    )


def _half(side: str, decibans: int, full: int) -> str:
    width = round(100 * decibans / full)
    return f'<div class="half"><div class="{side}" style="width:{width}%"></div></div>'


def _fact_value(fact: Fact, value: object) -> str:
    phrases = map(_text, fact.phrases(value))
    # What a person typed stands by itself, whichever way it is written.
    return ", ".join(f"<bdi>{one}</bdi>" for one in phrases) if fact.is_set else "".join(phrases)
