"""An assessment as a short leaflet in plain words."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from crampsrules.assessment import Assessment, GivenAdvice, SuspectedCause
from crampsrules.errors import CrampsRulesError
from crampsrules.fold import joined
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

WIDTH = 78
MOST_CAUSES = 4
MOST_REASONS = 3
MOST_OF_A_KIND = 4

Words = Mapping[str, str]


def as_text(assessment: Assessment) -> str:
    """The leaflet: when to be seen and why, what may be behind it, what to do."""
    words = stock_sentences(assessment)
    blocks = [
        _seen(assessment),
        _reasons(assessment, words),
        _causes(assessment, words),
        *(_advice(assessment, words, kind) for kind in HEADINGS),
        _withheld(assessment, words),
        _unrecognised(assessment, words),
        _safety_net(assessment, words),
        [assessment.disclaimer],
    ]
    paragraphs = ["\n".join(_wrapped(line) for line in block) for block in blocks if block]
    return "\n\n".join(paragraphs) + "\n"


HEADINGS: Mapping[str, str] = {
    "action": "advice_heading",
    "relief": "relief_heading",
    "prevention": "prevention_heading",
    "otc": "otc_heading",
}


def stock_sentences(assessment: Assessment) -> Words:
    """The headings and sentences of the rule base that made an assessment."""
    try:
        return assessment.rules.wording.leaflet
    except CrampsRulesError:
        # Read from data made by other rules: the stock sentences still fit.
        return RuleBase.load().wording.leaflet


def _wrapped(line: str) -> str:
    bullet = line.startswith("- ")
    return textwrap.fill(line, WIDTH, subsequent_indent="  " if bullet else "")


def _seen(assessment: Assessment) -> list[str]:
    wording = assessment.triage_wording
    return [wording.title.upper(), wording.patient]


def _reasons(assessment: Assessment, words: Words) -> list[str]:
    # Only the reasons for the level shown: a lesser one would blur it.
    decisive = [one for one in assessment.escalations if one.triage is assessment.triage]
    texts = list(dict.fromkeys(one.reason for one in decisive))[:MOST_REASONS]
    return [words["why_heading"], *(f"- {text}" for text in texts)] if texts else []


def _causes(assessment: Assessment, words: Words) -> list[str]:
    heading = words["causes_heading"]
    if not assessment.causes:
        urgent = assessment.triage >= Triage.SAME_DAY
        return [heading, words["nothing_suspected_urgent" if urgent else "nothing_suspected"]]
    first, *others = assessment.causes
    lines = [heading, f"- {_cause(first, words)}"]
    if others:
        titles = joined([one.title for one in others[: MOST_CAUSES - 1]], "or")
        lines.append(f"- {words['also_possible'].replace('{titles}', titles)}")
    return lines


def _cause(cause: SuspectedCause, words: Words) -> str:
    mimic = words["not_a_cramp"].replace("{title}", cause.title) if cause.mimic else ""
    return " ".join(part for part in (f"{cause.title}.", mimic, cause.patient) if part)


def _advice(assessment: Assessment, words: Words, kind: str) -> list[str]:
    chosen = [one for one in assessment.advice if one.kind == kind][:MOST_OF_A_KIND]
    shared = _shared_caution(chosen)
    lines = [f"- {_sentence(one, shared)}" for one in chosen]
    return [words[HEADINGS[kind]], *lines, *([shared] if shared else [])] if lines else []


def _shared_caution(chosen: Sequence[GivenAdvice]) -> str | None:
    """A caution that several pieces of advice carry, to be said once."""
    cautions = Counter(one.caution for one in chosen if one.caution)
    caution, times = next(iter(cautions.most_common(1)), (None, 0))
    return caution if times > 1 else None


def _sentence(one: GivenAdvice, shared: str | None) -> str:
    caution = one.caution if one.caution != shared else None
    title = f"{one.title}." if one.title else ""
    return " ".join(part for part in (title, one.text, caution) if part)


def _withheld(assessment: Assessment, words: Words) -> list[str]:
    by_reason: dict[tuple[str, str | None], list[str]] = {}
    for one in assessment.withheld:
        by_reason.setdefault((one.reason, one.instead), []).append(one.title or one.id)
    lines = list(_withheld_lines(by_reason, words))
    return [words["withheld_heading"], *lines] if lines else []


def _withheld_lines(
    by_reason: Mapping[tuple[str, str | None], Sequence[str]], words: Words
) -> Iterator[str]:
    for (reason, instead), titles in by_reason.items():
        because = words["withheld_for"].replace("{reason}", reason) if reason else ""
        yield " ".join(part for part in (f"- {joined(titles, 'and')}.", because, instead) if part)


def _unrecognised(assessment: Assessment, words: Words) -> list[str]:
    if not assessment.unrecognised:
        return []
    return [words["unrecognised"].replace("{names}", joined(assessment.unrecognised, "and"))]


def _safety_net(assessment: Assessment, words: Words) -> list[str]:
    # Someone who is told to be seen today needs no list of further signs.
    return [words["safety_net"]] if assessment.triage < Triage.SAME_DAY else []
