"""The rule base as a graph: facts to findings to causes, escalations and advice.

As Mermaid text, or drawn as SVG by a plain layered layout. With a patient's facts, what fired
is lit.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from html import escape
from typing import Literal

from attrs import field, frozen

from crampsrules.assess import patient_facts
from crampsrules.conditions import Concluded, Suspected, atoms
from crampsrules.engines import engine_for
from crampsrules.errors import CrampsRulesError, did_you_mean
from crampsrules.facts import PatientFacts
from crampsrules.linking import unless_id
from crampsrules.rulebase import RuleBase

Kind = Literal["fact", "finding", "cause", "escalation"]
KINDS: tuple[Kind, ...] = ("fact", "finding", "cause", "escalation")


@frozen
class Node:
    """A fact, a finding, a cause or an escalation."""

    id: str
    kind: Kind
    label: str
    lit: bool


@frozen
class Graph:
    """Nodes, and the links along which conclusions are drawn (lit where they were)."""

    nodes: Mapping[str, Node] = field(hash=False)
    links: Mapping[tuple[str, str], bool] = field(hash=False)

    def mermaid(self) -> str:
        """The graph as a Mermaid flowchart."""
        numbers = {id_: f"n{number}" for number, id_ in enumerate(self.nodes)}
        lines = ["flowchart LR"]
        for kind in KINDS:
            lines.append(f"  subgraph {kind}s")
            lines += [
                f'    {numbers[id_]}["{_plain(node.label)}"]'
                for id_, node in self.nodes.items()
                if node.kind == kind
            ]
            lines.append("  end")
        for (start, end), lit in self.links.items():
            lines.append(f"  {numbers[start]} {'==>' if lit else '-->'} {numbers[end]}")
        if lit_numbers := [numbers[id_] for id_, node in self.nodes.items() if node.lit]:
            lines.append(
                "  classDef lit fill:#ffe08a,stroke:#7a5200,stroke-width:3px,color:#1a1a1a"
            )
            lines.append(f"  class {','.join(lit_numbers)} lit")
        return "\n".join(lines) + "\n"

    def svg(self) -> str:
        """The graph as a self-contained SVG picture, one column for each kind of node."""
        return _svg(self)


def graph(
    facts: PatientFacts | Mapping[str, object] | None = None,
    /,
    *,
    rules: RuleBase | None = None,
    about: str | None = None,
) -> Graph:
    """The graph of a rule base, lit by a patient's facts where they are given.

    `about` keeps only what leads to one cause, escalation or finding. Raises FactsError for
    bad facts, CrampsRulesError for a name that is none of these.
    """
    base = RuleBase.load() if rules is None else rules
    fired: Collection[str] = frozenset()
    known: Collection[str] = frozenset()
    if facts is not None:
        patient = patient_facts(facts)
        fired = engine_for(base, "compiled").fire(patient)
        known = patient.known().keys()
    links = _links(base, fired, known)
    if about is not None:
        links = _leading_to(links, about)
    ids = dict.fromkeys(id_ for link in links for id_ in link)
    nodes = {id_: _node(base, id_, fired, links) for id_ in ids}
    return Graph(dict(sorted(nodes.items(), key=lambda one: KINDS.index(one[1].kind))), links)


def _links(
    rules: RuleBase, fired: Collection[str], known: Collection[str]
) -> dict[tuple[str, str], bool]:
    links: dict[tuple[str, str], bool] = {}
    for rule, target in _conclusions(rules):
        for atom in atoms(rules.conditions[rule]):
            if isinstance(atom, Concluded):
                start, held = atom.finding, _concluded(rules, atom.finding, fired)
            elif isinstance(atom, Suspected):
                start, held = atom.cause, _suspected(rules, atom.cause, fired)
            else:
                start, held = f"fact {atom.fact}", atom.fact in known
            lit = held and rule in fired
            links[start, target] = links.get((start, target), False) or lit
    return links


def _conclusions(rules: RuleBase) -> Iterable[tuple[str, str]]:
    """Each rule, and the node that it leads to."""
    yield from ((one.id, one.concludes) for one in rules.findings)
    yield from ((one.id, one.cause) for ones in rules.evidence.values() for one in ones)
    yield from ((one.id, f"escalation {one.id}") for one in rules.escalations)


def _concluded(rules: RuleBase, finding: str, fired: Collection[str]) -> bool:
    return any(id_ in fired for id_ in rules.concluding[finding])


def _suspected(rules: RuleBase, cause: str, fired: Collection[str]) -> bool:
    return any(id_ in fired for id_ in rules.suspecting[cause])


def _leading_to(links: Mapping[tuple[str, str], bool], about: str) -> dict[tuple[str, str], bool]:
    ends = {end for _, end in links}
    wanted = next((name for name in (about, f"escalation {about}") if name in ends), None)
    if wanted is None:
        names = [end.removeprefix("escalation ") for end in ends]
        raise CrampsRulesError(
            f"{about!r} is no cause, escalation or finding{did_you_mean(about, names)}"
        )
    kept: set[str] = set()
    waiting = [wanted]
    while waiting:
        end = waiting.pop()
        if end not in kept:
            kept.add(end)
            waiting += [start for start, to in links if to == end]
    return {link: lit for link, lit in links.items() if link[1] in kept}


def _node(
    rules: RuleBase, id_: str, fired: Collection[str], links: Mapping[tuple[str, str], bool]
) -> Node:
    kind, _, name = id_.rpartition(" ")
    if kind == "fact":
        lit = any(on for (start, _), on in links.items() if start == id_)
        return Node(id_, "fact", name, lit)
    if kind == "escalation":
        return Node(id_, "escalation", name, name in fired and unless_id(name) not in fired)
    if name in rules.causes:
        return Node(id_, "cause", rules.causes[name].title, _suspected(rules, name, fired))
    return Node(id_, "finding", name.replace("_", " "), _concluded(rules, name, fired))


def _plain(label: str) -> str:
    return label.replace('"', "'").replace("<", "(").replace(">", ")")


_COLUMN, _ROW, _WIDTH, _HEIGHT, _MARGIN = 360, 26, 250, 20, 20
_LETTERS = 38


def _svg(drawn: Graph) -> str:
    places: dict[str, tuple[int, int]] = {}
    for column, kind in enumerate(KINDS):
        ids = [id_ for id_, node in drawn.nodes.items() if node.kind == kind]
        places |= {
            id_: (_MARGIN + column * _COLUMN, 60 + row * _ROW) for row, id_ in enumerate(ids)
        }
    height = max((y for _, y in places.values()), default=60) + 2 * _ROW
    width = 2 * _MARGIN + (len(KINDS) - 1) * _COLUMN + _WIDTH
    # Lit links are drawn last, over the others.
    lines = [
        _line(places, link, lit) for link, lit in sorted(drawn.links.items(), key=lambda x: x[1])
    ]
    boxes = [_box(places[id_], node) for id_, node in drawn.nodes.items()]
    headings = [
        f'<text x="{_MARGIN + i * _COLUMN}" y="40" font-weight="bold">{kind}s</text>'
        for i, kind in enumerate(KINDS)
    ]
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" font-family="sans-serif" font-size="11">'
        f"<title>Rules: facts, findings, causes, escalations</title>"
        f'<rect width="100%" height="100%" fill="#ffffff"/>'
        f"{''.join(lines)}{''.join(headings)}{''.join(boxes)}</svg>\n"
    )


def _line(places: Mapping[str, tuple[int, int]], link: tuple[str, str], lit: bool) -> str:
    (x1, y1), (x2, y2) = places[link[0]], places[link[1]]
    # A finding drawn from a finding of its own column bows out to the right.
    end = x2 if x2 > x1 else x2 + _WIDTH
    bend = (x1 + _WIDTH + end) / 2 if x2 > x1 else x1 + _WIDTH + 60
    style = 'stroke="#7a5200" stroke-width="2.5"' if lit else 'stroke="#c9c9c9"'
    middle = _HEIGHT // 2
    return (
        f'<path d="M{x1 + _WIDTH} {y1 + middle} C{bend:g} {y1 + middle} {bend:g} {y2 + middle} '
        f'{end} {y2 + middle}" fill="none" {style}/>'
    )


def _box(place: tuple[int, int], node: Node) -> str:
    x, y = place
    fill, stroke = ("#ffe08a", "#7a5200") if node.lit else ("#f4f4f4", "#8a8a8a")
    label = node.label if len(node.label) <= _LETTERS else f"{node.label[: _LETTERS - 1]}…"
    return (
        f'<g><title>{escape(node.label)}</title><rect x="{x}" y="{y}" width="{_WIDTH}" '
        f'height="{_HEIGHT}" rx="4" fill="{fill}" stroke="{stroke}"/>'
        f'<text x="{x + 6}" y="{y + 14}" fill="#1a1a1a">{escape(label)}</text></g>'
    )
