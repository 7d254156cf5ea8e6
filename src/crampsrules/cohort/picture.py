"""A cohort as a picture: how soon its people should be seen, and what is behind it, as bars."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Iterator
from html import escape

from attrs import frozen

from crampsrules.cohort.tally import Tally
from crampsrules.phrases import cut, filled
from crampsrules.rulebase import RuleBase
from crampsrules.svg import drawable
from crampsrules.triage import Triage

MOST_CAUSES = 12

_WIDTH, _MARGIN, _LABELS, _BARS, _ROW, _BAR = 940, 20, 400, 340, 26, 16
_LETTERS = 52
_LINE, _SMALL_LETTERS = 20, 130

# Each at 3 to 1 or better on white; what a bar stands for is said beside it, not by its colour.
_TRIAGE_COLOURS = {
    Triage.SELF_CARE: "#2e7d4f",
    Triage.ROUTINE: "#1f6f8b",
    Triage.SOON: "#9a6700",
    Triage.SAME_DAY: "#b4480f",
    Triage.EMERGENCY: "#a4262c",
}
_CAUSE_COLOUR = "#44567a"


@frozen
class Bar:
    """One bar with what stands beside it."""

    label: str
    rows: int
    colour: str


@frozen
class Part:
    """Bars under a heading."""

    heading: str
    bars: list[Bar]


def picture(tally: Tally, rules: RuleBase) -> str:
    """A self-contained SVG picture with a description in words."""
    words = rules.wording.leaflet
    parts = (
        Part(drawable(words["triage_heading"]), triage_bars(tally, rules)),
        Part(drawable(words["first_cause_heading"]), cause_bars(tally, rules)),
    )
    title = f"{tally.assessed:,} people assessed"
    drawn = list(_drawn(parts, tally.assessed))
    foot = _foot(tally, rules)
    top = 60 + sum(46 + _ROW * max(1, len(part.bars)) for part in parts) + 26
    height = top + _LINE * len(foot)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {height}" '
        f'width="{_WIDTH}" height="{height}" role="img" aria-labelledby="title desc" '
        'font-family="system-ui, sans-serif" font-size="14" fill="#1a1a1a">'
        f'<title id="title">{title}</title>'
        f'<desc id="desc">{escape(_described(parts, tally))}</desc>'
        '<rect width="100%" height="100%" fill="#ffffff"/>'
        f'<text x="{_MARGIN}" y="36" font-size="20" font-weight="bold">{title}</text>'
        f"{''.join(drawn)}"
        f"{''.join(_small(line, top + _LINE * at) for at, line in enumerate(foot))}</svg>\n"
    )


def triage_bars(tally: Tally, rules: RuleBase) -> list[Bar]:
    """A bar for each level, the most urgent first, those of nobody too."""
    return [
        Bar(
            rules.wording.triage[level.id].title,
            tally.triage.get(level.id, 0),
            _TRIAGE_COLOURS[level],
        )
        for level in sorted(Triage, reverse=True)
    ]


def cause_bars(tally: Tally, rules: RuleBase) -> list[Bar]:
    """A bar for each cause that comes first for most, one for all others, one for none."""
    words = rules.wording.leaflet
    ranked = list(tally.top_causes.items())
    bars = [Bar(rules.causes[id_].title, rows, _CAUSE_COLOUR) for id_, rows in ranked[:MOST_CAUSES]]
    if rest := ranked[MOST_CAUSES:]:
        others = sum(rows for _, rows in rest)
        label = filled(words["other_causes"], number=len(rest))
        bars.append(Bar(label, others, _CAUSE_COLOUR))
    if none := tally.assessed - sum(tally.top_causes.values()):
        bars.append(Bar(words["none_suspected"], none, _CAUSE_COLOUR))
    return bars


def share(rows: int, of: int) -> str:
    """A share in words that never say 0% of some, nor 100% of nearly all."""
    if not rows or rows == of:
        return "100%" if rows else "0%"
    percent = 100 * rows / of
    if percent < 0.1:  # noqa: PLR2004 - the last digit shown
        return "<0.1%"
    return ">99.9%" if percent > 99.9 else f"{percent:.1f}%"  # noqa: PLR2004


def _drawn(parts: Iterable[Part], assessed: int) -> Iterator[str]:
    y = 60
    for part in parts:
        heading = escape(part.heading)
        yield f'<text x="{_MARGIN}" y="{y + 22}" font-size="16" font-weight="bold">{heading}</text>'
        y += 36
        widest = max((bar.rows for bar in part.bars), default=0)
        for bar in part.bars:
            yield _bar(bar, y, widest, assessed)
            y += _ROW
        if not part.bars:
            yield f'<text x="{_MARGIN}" y="{y + 14}">nobody</text>'
            y += _ROW
        y += 10


def _bar(bar: Bar, y: int, widest: int, assessed: int) -> str:
    x = _MARGIN + _LABELS
    width = _BARS * bar.rows / widest if widest else 0
    text = drawable(bar.label)
    short = escape(cut(text, _LETTERS))
    return (
        f'<g><title>{escape(text)}</title><text x="{x - 10}" y="{y + 14}" text-anchor="end">'
        f'{short}</text><rect x="{x}" y="{y}" width="{width:.1f}" height="{_BAR}" '
        f'fill="{bar.colour}"/><line x1="{x}" x2="{x}" y1="{y - 4}" y2="{y + _BAR + 4}" '
        f'stroke="#1a1a1a"/><text x="{x + width + 8:.1f}" y="{y + 14}">'
        f"{bar.rows:,} ({escape(share(bar.rows, assessed))})</text></g>"
    )


def _described(parts: Iterable[Part], tally: Tally) -> str:
    """The picture in words, for anyone who cannot see it."""
    told = [f"{part.heading}: {', '.join(map(_told, part.bars))}." for part in parts]
    return " ".join([*told, _put_aside(tally)])


def _told(bar: Bar) -> str:
    return f"{drawable(bar.label)} {bar.rows:,}"


def _put_aside(tally: Tally) -> str:
    return (
        f"Rows read: {tally.rows:,}; put aside because they could not be used: {tally.rejected:,}."
    )


def _foot(tally: Tally, rules: RuleBase) -> list[str]:
    disclaimer = drawable(rules.wording.leaflet["disclaimer"])
    return [
        _put_aside(tally),
        f"Rules {rules.version[:12]}.",
        *textwrap.wrap(disclaimer, _SMALL_LETTERS),
    ]


def _small(line: str, y: int) -> str:
    return f'<text x="{_MARGIN}" y="{y}" font-size="12" fill="#4a4a4a">{escape(line)}</text>'
