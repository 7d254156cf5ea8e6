"""The rule base as a graph: facts lead to findings, to causes and to escalations.

As Mermaid text, or drawn as SVG by a plain layered layout. With a patient's facts, what fired
is lit.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from html import escape
from typing import Literal

from attrs import field, frozen

from crampsrules.assess import patient_facts
from crampsrules.conditions import AllOf, AnyOf, Atom, Concluded, Condition, Suspected, atoms
from crampsrules.errors import CrampsRulesError, did_you_mean, shorten
from crampsrules.facts import PatientFacts
from crampsrules.fold import active_escalations
from crampsrules.frozen_dict import frozen_dict
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.phrases import cut
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.svg import drawable

Kind = Literal["fact", "finding", "cause", "escalation"]
KINDS: tuple[Kind, ...] = ("fact", "finding", "cause", "escalation")


@frozen
class Node:
    """A fact, a finding, a cause or an escalation.

    With a patient's facts it is lit when it played a part: a finding that was concluded, a
    cause that is suspected, an escalation that is active, a fact that made one of these so.
    """

    id: str
    kind: Kind
    label: str
    lit: bool


@frozen
class Link:
    """One or several rules that lead from one node to another.

    `against`: all of them are evidence against a cause. `lit`: one of them fired because of
    what it starts from.
    """

    start: str
    end: str
    against: bool
    lit: bool


@frozen
class Graph:
    """Nodes by id, and the links along which conclusions are drawn.

    A fact's id is `fact NAME`, an escalation's `escalation ID`; findings and causes keep theirs.
    """

    nodes: Mapping[str, Node] = field(converter=frozen_dict, hash=False)
    links: tuple[Link, ...]

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart."""
        return "\n".join(_mermaid(self)) + "\n"

    def svg(self) -> str:
        """The graph as a self-contained SVG picture, one column for each kind of node."""
        return _svg(self)


def graph(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    rules: RuleBase | None = None,
    about: str | None = None,
    **known: object,
) -> Graph:
    """The graph of a rule base, lit by a patient's facts where they are given.

    Takes facts as `assess` does, keywords among them. `about` keeps only what leads to one cause,
    escalation or finding. Raises FactsError for bad facts, CrampsRulesError for a name that is none
    of these.
    """
    base = rules_or_shipped(rules)
    drawing = _Drawing.of(base, patient_facts(facts, known))
    ids = drawing.ids() if about is None else drawing.leading_to(_wanted(base, about))
    links = tuple(link for link in drawing.links() if link.end in ids)
    lit = drawing.lit_ends() | {link.start for link in links if link.lit}
    nodes = {id_: _node(base, id_, id_ in lit) for id_ in ids}
    return Graph(dict(sorted(nodes.items(), key=lambda one: KINDS.index(one[1].kind))), links)


def _wanted(rules: RuleBase, about: str) -> str:
    findings_and_causes = (*rules.concluding, *rules.causes)
    escalations = [one.id for one in rules.escalations]
    if about in findings_and_causes:
        return about
    if about in escalations:
        return f"escalation {about}"
    hint = did_you_mean(about, [*findings_and_causes, *escalations])
    raise CrampsRulesError(f"{shorten(about)} is no cause, escalation or finding{hint}")


@frozen
class _Conclusion:
    """A rule, and the node that it leads to."""

    rule: str
    end: str
    against: bool = False


@frozen
class _Drawing:
    """What there is to draw, before anything is left out."""

    rules: RuleBase
    inference: Inference
    fired: frozenset[str]
    conclusions: tuple[_Conclusion, ...]

    @classmethod
    def of(cls, rules: RuleBase, patient: PatientFacts) -> _Drawing:
        inference = Inference(rules, observe(patient, rules.formulary))
        return cls(rules, inference, inference.fired(), tuple(_conclusions(rules)))

    def ids(self) -> dict[str, None]:
        """Every node, facts in the order in which rules ask for them."""
        starts = (start for one in self.conclusions for start in self._starts(one.rule))
        escalations = (f"escalation {one.id}" for one in self.rules.escalations)
        return dict.fromkeys((*starts, *self.rules.concluding, *self.rules.causes, *escalations))

    def leading_to(self, wanted: str) -> dict[str, None]:
        """A node and all that leads to it."""
        kept: dict[str, None] = {}
        waiting = [wanted]
        while waiting:
            end = waiting.pop()
            if end not in kept:
                kept[end] = None
                rules = [one.rule for one in self.conclusions if one.end == end]
                waiting += [start for rule in rules for start in self._starts(rule)]
        return kept

    def _starts(self, rule: str) -> Iterator[str]:
        return map(_start, atoms(self.rules.conditions[rule]))

    def links(self) -> list[Link]:
        """Every pair of nodes that some rule joins, once."""
        lit_ends = self.lit_ends()
        joined: dict[tuple[str, str], Link] = {}
        for one in self.conclusions:
            lit = one.end in lit_ends and one.rule in self.fired
            through = set(self._true_starts(self.rules.conditions[one.rule])) if lit else set()
            for start in self._starts(one.rule):
                known = joined.get((start, one.end))
                joined[start, one.end] = Link(
                    start,
                    one.end,
                    against=one.against and (known is None or known.against),
                    lit=start in through or (known is not None and known.lit),
                )
        return list(joined.values())

    def _true_starts(self, condition: Condition) -> Iterator[str]:
        """What a true condition is true because of: of an or, only the parts that are."""
        match condition:
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    if self.inference.judge(part):
                        yield from self._true_starts(part)
            case _:
                yield _start(condition)

    def lit_ends(self) -> set[str]:
        """The findings concluded, the causes suspected and the escalations active."""
        concluding, suspecting = self.rules.concluding, self.rules.suspecting
        ends = {id_ for id_, ids in concluding.items() if not self.fired.isdisjoint(ids)}
        ends |= {id_ for id_, ids in suspecting.items() if not self.fired.isdisjoint(ids)}
        active = active_escalations(self.rules, self.fired)
        return ends | {f"escalation {one.id}" for one in active}


def _conclusions(rules: RuleBase) -> Iterator[_Conclusion]:
    for finding in rules.findings:
        yield _Conclusion(finding.id, finding.concludes)
    for cause, ones in rules.evidence.items():
        for one in ones:
            yield _Conclusion(one.id, cause, against=rules.decibans[one.id] < 0)
    for escalation in rules.escalations:
        yield _Conclusion(escalation.id, f"escalation {escalation.id}")


def _start(atom: Atom) -> str:
    match atom:
        case Concluded(finding):
            return finding
        case Suspected(cause):
            return cause
    return f"fact {atom.fact}"


def _node(rules: RuleBase, id_: str, lit: bool) -> Node:
    kind, _, name = id_.rpartition(" ")
    if kind == "fact":
        return Node(id_, "fact", name, lit)
    if kind == "escalation":
        return Node(id_, "escalation", name, lit)
    if name in rules.causes:
        return Node(id_, "cause", rules.causes[name].title, lit)
    return Node(id_, "finding", name.replace("_", " "), lit)


# --- Mermaid --------------------------------------------------------------------------------

_LIT = "fill:#ffe08a,stroke:#7a5200,stroke-width:3px,color:#1a1a1a"
_ARROWS = {(False, False): "-->", (False, True): "==>", (True, False): "-.->", (True, True): "-.->"}
_LIT_STROKE = "stroke:#7a5200,stroke-width:3px"


def _mermaid(drawn: Graph) -> Iterator[str]:
    numbers = {id_: f"n{number}" for number, id_ in enumerate(drawn.nodes)}
    yield "flowchart LR"
    for kind, ids in _columns(drawn).items():
        yield f"  subgraph {kind}s"
        for id_ in ids:
            yield f'    {numbers[id_]}["{_in_mermaid(drawn.nodes[id_].label)}"]'
        yield "  end"
    for link in drawn.links:
        arrow = _ARROWS[link.against, link.lit]
        yield f"  {numbers[link.start]} {arrow} {numbers[link.end]}"
    if lit := [numbers[id_] for id_, node in drawn.nodes.items() if node.lit]:
        yield f"  classDef lit {_LIT}"
        yield f"  class {','.join(lit)} lit"
    if lit := [str(at) for at, link in enumerate(drawn.links) if link.lit]:
        yield f"  linkStyle {','.join(lit)} {_LIT_STROKE}"


_NOT_PLAIN = re.compile(r"[^\w ,.()'-]")


def _in_mermaid(label: str) -> str:
    """A label in which nothing is taken for Mermaid, Markdown or HTML."""
    return _NOT_PLAIN.sub(lambda found: f"#{ord(found[0])};", drawable(label))


# --- SVG ------------------------------------------------------------------------------------

_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN, _TOP = 360, 26, 250, 20, 20, 60
_LETTERS = 38
# Each time over, the nodes of a column move towards the middle of those they are linked with.
_SWEEPS = 8

Places = Mapping[str, tuple[int, int]]


def _svg(drawn: Graph) -> str:
    places = _places(drawn)
    height = max((y for _, y in places.values()), default=_TOP) + 2 * _ROW
    kinds = list(_columns(drawn))
    width = 2 * _MARGIN + max(0, len(kinds) - 1) * _COLUMN + _WIDTH
    # Lit links are drawn last, over the others.
    lines = [_line(places, link) for link in sorted(drawn.links, key=lambda link: link.lit)]
    boxes = [_box(places[id_], node) for id_, node in drawn.nodes.items()]
    headings = [
        f'<text x="{_MARGIN + i * _COLUMN}" y="40" font-weight="bold">{kind}s</text>'
        for i, kind in enumerate(kinds)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" font-family="sans-serif" font-size="11">'
        f"<title>Rules: facts, findings, causes, escalations</title>"
        f"<desc>{escape(_described(drawn))}</desc>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f"{''.join(lines)}{''.join(headings)}{''.join(boxes)}</svg>\n"
    )


def _described(drawn: Graph) -> str:
    """The picture in words, for anyone who cannot see it."""
    lit = {
        kind: [drawable(one.label) for one in drawn.nodes.values() if one.lit and one.kind == kind]
        for kind in KINDS
    }
    told = [f"{kind}s: {', '.join(labels)}" for kind, labels in lit.items() if labels]
    counted = f"{len(drawn.nodes)} nodes and {len(drawn.links)} links."
    return f"{counted} Lit {'; '.join(told)}." if told else counted


def _columns(drawn: Graph) -> Mapping[Kind, list[str]]:
    """The nodes of each kind that there is."""
    columns: dict[Kind, list[str]] = {}
    for id_, node in drawn.nodes.items():
        columns.setdefault(node.kind, []).append(id_)
    return columns


def _places(drawn: Graph) -> Places:
    columns = list(_columns(drawn).values())
    rows = {id_: row / len(ids) for ids in columns for row, id_ in enumerate(ids)}
    beside: dict[str, list[str]] = {id_: [] for id_ in drawn.nodes}
    for link in drawn.links:
        beside[link.start].append(link.end)
        beside[link.end].append(link.start)
    for _ in range(_SWEEPS):
        for ids in columns:
            _sort_towards(ids, beside, rows)
    return {
        id_: (_MARGIN + column * _COLUMN, _TOP + row * _ROW)
        for column, ids in enumerate(columns)
        for row, id_ in enumerate(ids)
    }


def _sort_towards(ids: list[str], beside: Mapping[str, list[str]], rows: dict[str, float]) -> None:
    """Order a column by the mean place of each node's neighbours, as a share of their columns."""
    middles = {
        id_: sum(rows[other] for other in beside[id_]) / len(beside[id_])
        if beside[id_]
        else rows[id_]
        for id_ in ids
    }
    ids.sort(key=lambda id_: middles[id_])
    for row, id_ in enumerate(ids):
        rows[id_] = row / len(ids)


def _line(places: Places, link: Link) -> str:
    (x1, y1), (x2, y2) = places[link.start], places[link.end]
    # A finding drawn from a finding of its own column bows out to the right.
    end = x2 if x2 > x1 else x2 + _WIDTH
    bend = (x1 + _WIDTH + end) / 2 if x2 > x1 else x1 + _WIDTH + 60
    style = 'stroke="#7a5200" stroke-width="2.5"' if link.lit else 'stroke="#c9c9c9"'
    dashes = ' stroke-dasharray="5 3"' if link.against else ""
    middle = _HEIGHT // 2
    return (
        f'<path d="M{x1 + _WIDTH} {y1 + middle} C{bend:g} {y1 + middle} {bend:g} {y2 + middle} '
        f'{end} {y2 + middle}" fill="none" {style}{dashes}/>'
    )


def _box(place: tuple[int, int], node: Node) -> str:
    x, y = place
    fill, stroke = ("#ffe08a", "#7a5200") if node.lit else ("#f4f4f4", "#8a8a8a")
    text = drawable(node.label)
    short = escape(cut(text, _LETTERS))
    return (
        f'<g><title>{escape(text)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="4" fill="{fill}" stroke="{stroke}"/>'
        f'<text x="{x + 6}" y="{y + 14}" fill="#1a1a1a">{short}</text></g>'
    )
