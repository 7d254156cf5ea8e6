"""An assessment as a short leaflet in plain words."""

from __future__ import annotations

import textwrap
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from attrs import evolve, frozen

from crampsrules.assessment import Assessment, GivenAdvice, SuspectedCause
from crampsrules.errors import CrampsRulesError
from crampsrules.phrases import cut, filled, joined
from crampsrules.rulebase import RuleBase

WIDTH = 78
MOST_CAUSES = 4
MOST_NAMES = 5
LONGEST_NAME = 30

# A leaflet of more than two pages is not read.
MOST_WORDS = 600


@frozen
class Room:
    """How much of each part is told in full.

    What advice does not fit keeps its title and its caution. Without room for cautions, a
    professional is to be asked first: no advice stands bare where there is something to mind.
    What is withheld keeps its title and its reason, of `reason` characters where it is brief.
    """

    reasons: int
    action: int
    relief: int
    prevention: int
    otc: int
    withheld: int
    cautions: bool = True
    reason: int = 95

    def of(self, kind: str) -> int:
        """How many pieces of advice of one kind are told in full."""
        told: int = getattr(self, kind)
        return told


# What helps least is shortened first.
ROOMS = (
    Room(reasons=3, action=4, relief=4, prevention=4, otc=2, withheld=5),
    Room(reasons=3, action=4, relief=3, prevention=2, otc=0, withheld=3),
    Room(reasons=3, action=3, relief=2, prevention=0, otc=0, withheld=2),
    Room(reasons=2, action=2, relief=1, prevention=0, otc=0, withheld=1),
    Room(reasons=1, action=0, relief=0, prevention=0, otc=0, withheld=1, reason=50),
    Room(reasons=1, action=0, relief=0, prevention=0, otc=0, withheld=0, cautions=False, reason=30),
)

Words = Mapping[str, str]


def as_text(assessment: Assessment) -> str:
    """The leaflet: when to be seen and why, what may be behind it, what to do.

    Where there is much to say, less of the advice is told in full.
    """
    words = stock_sentences(assessment)
    *wider, tightest = ROOMS
    for room in wider:
        text = _leaflet(assessment, words, room)
        if len(text.split()) <= MOST_WORDS:
            return text
    return _leaflet(assessment, words, tightest)


def _leaflet(assessment: Assessment, words: Words, room: Room) -> str:
    blocks = [
        _seen(assessment),
        _reasons(assessment, words, room),
        _causes(assessment, words),
        *(_advice(assessment, words, kind, room) for kind in HEADINGS),
        _withheld(assessment, words, room),
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
    indent = "  " if bullet else ""
    return textwrap.fill(line, WIDTH, subsequent_indent=indent, break_on_hyphens=False)


def _seen(assessment: Assessment) -> list[str]:
    wording = assessment.triage_wording
    return [wording.title.upper(), wording.patient]


def _reasons(assessment: Assessment, words: Words, room: Room) -> list[str]:
    # Only the reasons for the level shown: a lesser one would blur it.
    decisive = [one for one in assessment.escalations if one.triage is assessment.triage]
    texts = list(dict.fromkeys(one.reason for one in decisive))[: room.reasons]
    return [words["why_heading"], *(f"- {text}" for text in texts)] if texts else []


def _causes(assessment: Assessment, words: Words) -> list[str]:
    heading = words["causes_heading"]
    if not assessment.causes:
        urgent = assessment.triage.is_urgent
        return [heading, words["nothing_suspected_urgent" if urgent else "nothing_suspected"]]
    first, *others = assessment.causes
    lines = [heading, f"- {_cause(first, words)}"]
    if others:
        titles = joined([within_sentence(one.title) for one in others[: MOST_CAUSES - 1]], "or")
        lines.append(f"- {filled(words['also_possible'], titles=titles)}")
    return lines


def _cause(cause: SuspectedCause, words: Words) -> str:
    mimic = words["not_a_cramp"] if cause.mimic else ""
    return " ".join(part for part in (f"{cause.title}.", mimic, cause.patient) if part)


def _advice(assessment: Assessment, words: Words, kind: str, room: Room) -> list[str]:
    """Advice of one kind: what there is room for in full, the rest more briefly."""
    chosen = [one for one in assessment.advice if one.kind == kind]
    if not chosen:
        return []
    if not room.cautions:
        return [words[HEADINGS[kind]], *map(_bullet, _titles_alone(chosen, words))]
    shared = _shared_caution(chosen)
    full, brief = chosen[: room.of(kind)], chosen[room.of(kind) :]
    bare = [one for one in brief if one.caution in (None, shared)]
    lines = [_sentence(one, shared) for one in full]
    lines += [_sentence(evolve(one, text=""), shared) for one in brief if one not in bare]
    if bare:
        titles = _titles(bare)
        lines.append(filled(words["also"], titles=titles) if lines else _as_sentence(titles))
    return [words[HEADINGS[kind]], *map(_bullet, lines), *([shared] if shared else [])]


def _bullet(line: str) -> str:
    return f"- {line}"


def _titles_alone(chosen: Iterable[GivenAdvice], words: Words) -> Iterator[str]:
    """The titles of what can be done as it stands, and of what to ask about first."""
    if plain := [one for one in chosen if not one.caution]:
        yield _as_sentence(_titles(plain))
    if cautioned := [one for one in chosen if one.caution]:
        yield filled(words["ask_first"], titles=_titles(cautioned))


def _titles(advice: Iterable[GivenAdvice]) -> str:
    return "; ".join(within_sentence(one.title or one.id) for one in advice)


def _as_sentence(text: str) -> str:
    return f"{text[:1].upper()}{text[1:]}."


def within_sentence(title: str) -> str:
    """A title as part of a sentence."""
    return title if title[1:2].isupper() else f"{title[:1].lower()}{title[1:]}"


def _shared_caution(chosen: Sequence[GivenAdvice]) -> str | None:
    """A caution that several pieces of advice carry, to be said once."""
    cautions = Counter(one.caution for one in chosen if one.caution)
    caution, times = next(iter(cautions.most_common(1)), (None, 0))
    return caution if times > 1 else None


def _sentence(one: GivenAdvice, shared: str | None) -> str:
    caution = one.caution if one.caution != shared else None
    title = f"{one.title}." if one.title else ""
    return " ".join(part for part in (title, one.text, caution) if part)


_Group = tuple[tuple[str, str | None], list[str]]
"""The titles of what is left out for one reason, with the same to do instead."""


def _withheld(assessment: Assessment, words: Words, room: Room) -> list[str]:
    """What is left out and why: what there is room for with what to do instead, the rest without.

    No title stands bare: by itself, "Drink enough" would be read as advice.
    """
    by_reason: dict[tuple[str, str | None], list[str]] = {}
    for one in assessment.withheld:
        by_reason.setdefault((one.reason, one.instead), []).append(one.title or one.id)
    groups = list(by_reason.items())
    lines = [_left_out(words, *why, titles) for why, titles in groups[: room.withheld]]
    if rest := groups[room.withheld :]:
        lines.append(not_for_you(words, _titles_with_reasons(rest, room.reason)))
    return [words["withheld_heading"], *map(_bullet, lines)] if lines else []


def not_for_you(words: Words, titles: str) -> str:
    """A sentence that says of advice that it is not given."""
    return filled(words["withheld"], titles=titles)


def _left_out(words: Words, reason: str, instead: str | None, titles: Iterable[str]) -> str:
    listed = joined(map(within_sentence, titles), "and")
    because = filled(words["withheld_for"], reason=reason) if reason else ""
    return " ".join(part for part in (not_for_you(words, listed), because, instead) if part)


def _titles_with_reasons(groups: Iterable[_Group], length: int) -> str:
    """Titles, those with the same reason together, with so much of the reason behind them."""
    by_reason: dict[str, list[str]] = {}
    for (reason, _), titles in groups:
        by_reason.setdefault(reason, []).extend(map(within_sentence, titles))
    return "; ".join(_with_reason(reason, titles, length) for reason, titles in by_reason.items())


def _with_reason(reason: str, titles: Iterable[str], length: int) -> str:
    listed = joined(titles, "and")
    brief = textwrap.shorten(reason, length, placeholder="…")
    return f"{listed} ({brief})" if brief else listed


def _unrecognised(assessment: Assessment, words: Words) -> list[str]:
    if not assessment.unrecognised:
        return []
    names = [cut(name, LONGEST_NAME) for name in assessment.unrecognised[:MOST_NAMES]]
    more = len(assessment.unrecognised) - len(names)
    listed = joined([*names, *([filled(words["others"], number=more)] * (more > 0))], "and")
    return [filled(words["unrecognised"], names=listed)]


def _safety_net(assessment: Assessment, words: Words) -> list[str]:
    # Someone who is told to be seen today needs no list of further signs.
    return [] if assessment.triage.is_urgent else [words["safety_net"]]
