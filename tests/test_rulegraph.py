"""The graph of the rules: all of them in it, lit just where a patient's facts led somewhere."""

import json
import re
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

import crampsrules
from crampsrules import CrampsRulesError, FactsError, RuleBase, RuleError, assess
from crampsrules.conditions import Concluded, Suspected, atoms, fact_atoms
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulegraph import KINDS, graph
from tests.drawing import facts_asked, fewer, patients, rule_bases

SHIPPED = RuleBase.load()
SVG = "{http://www.w3.org/2000/svg}"
few = fewer(3)


@st.composite
def lit_graphs(draw):
    """A rule base, a patient, and the graph of the two; the shipped rules now and then."""
    rules = draw(st.integers(0, 9).flatmap(lambda n: rule_bases() if n else st.just(SHIPPED)))
    patient = draw(patients(rules))
    return rules, patient, graph(patient, rules=rules)


def inferred(rules, patient):
    return Inference(rules, observe(patient, rules.formulary))


# --- What is lit is what fired ------------------------------------------------------------------


@given(lit_graphs())
@few
def test_findings_causes_and_escalations_are_lit_just_where_they_hold(drawn):
    rules, patient, shown = drawn
    inference = inferred(rules, patient)
    active = {one.id for one in assess(patient, rules=rules).escalations}

    for node in shown.nodes.values():
        name = node.id.rpartition(" ")[2]
        match node.kind:
            case "finding":
                assert node.lit is (inference.finding(name) is True)
            case "cause":
                assert node.lit is (inference.suspected(name) is True)
            case "escalation":
                assert node.lit is (name in active)


@given(lit_graphs())
@few
def test_every_lit_link_joins_two_lit_nodes_and_every_lit_node_is_on_a_lit_path(drawn):
    _, _, shown = drawn
    lit = [link for link in shown.links if link.lit]

    assert all(shown.nodes[link.start].lit and shown.nodes[link.end].lit for link in lit)
    starts, ends = {link.start for link in lit}, {link.end for link in lit}
    for node in shown.nodes.values():
        if node.kind == "fact":
            assert node.lit is (node.id in starts)
        elif node.lit:
            assert node.id in ends


@given(lit_graphs())
@few
def test_a_link_is_lit_just_where_a_rule_that_fired_holds_because_of_its_start(drawn):
    rules, patient, shown = drawn
    inference = inferred(rules, patient)
    lit_ends = {node.id for node in shown.nodes.values() if node.lit}

    for link in shown.links:
        because = any(
            inference.verdict(rule) and holds_through(inference, rules.conditions[rule], link.start)
            for rule, end in conclusions(rules)
            if end == link.end
        )
        assert link.lit is (because and link.end in lit_ends)


def holds_through(inference, condition, start):
    """Whether a true part of a condition that is not further divided is about `start`."""
    parts = getattr(condition, "parts", None)
    if parts is None:
        return bool(inference.judge(condition)) and node_of(condition) == start
    true = [part for part in parts if inference.judge(part)]
    return any(holds_through(inference, part, start) for part in true)


def conclusions(rules):
    yield from ((one.id, one.concludes) for one in rules.findings)
    yield from ((one.id, cause) for cause, ones in rules.evidence.items() for one in ones)
    yield from ((one.id, f"escalation {one.id}") for one in rules.escalations)


def node_of(atom):
    if isinstance(atom, Concluded):
        return atom.finding
    return atom.cause if isinstance(atom, Suspected) else f"fact {atom.fact}"


@given(rule_bases())
@few
def test_without_a_patient_every_rule_is_drawn_and_nothing_is_lit(rules):
    shown = graph(rules=rules)

    expected = {
        (node_of(atom), end)
        for rule, end in conclusions(rules)
        for atom in atoms(rules.conditions[rule])
    }
    assert {(link.start, link.end) for link in shown.links} == expected
    assert len(shown.links) == len(expected)
    assert {*rules.causes, *rules.concluding} <= set(shown.nodes)
    assert {f"escalation {one.id}" for one in rules.escalations} <= set(shown.nodes)
    assert not any(node.lit for node in shown.nodes.values())
    assert not any(link.lit for link in shown.links)


@given(rule_bases())
@few
def test_a_link_is_marked_as_against_when_all_its_rules_weigh_against(rules):
    for link in graph(rules=rules).links:
        weights = [
            rules.decibans.get(rule, 0)
            for rule, end in conclusions(rules)
            if end == link.end and link.start in map(node_of, atoms(rules.conditions[rule]))
        ]
        assert link.against is all(weight < 0 for weight in weights)


def read_svg(shown) -> Any:
    return ET.fromstring(shown.svg())  # noqa: S314 - the text is our own


# --- Only what leads to one thing ---------------------------------------------------------------


@given(lit_graphs(), st.data())
@few
def test_about_keeps_what_leads_there_just_as_it_was(drawn, data):
    rules, patient, whole = drawn
    names = [*rules.causes, *rules.concluding, *(one.id for one in rules.escalations)]
    about = data.draw(st.sampled_from(names))

    part = graph(patient, rules=rules, about=about)

    wanted = about if about in whole.nodes else f"escalation {about}"
    before = {wanted}
    while grown := {one.start for one in whole.links if one.end in before} - before:
        before |= grown
    assert set(part.nodes) == before
    assert set(part.links) == {link for link in whole.links if link.end in before}
    assert all(
        part.nodes[id_].lit == whole.nodes[id_].lit for id_ in before if not id_.startswith("fact ")
    )


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("low_potasium", "low_potassium"),
        ("minerals.potassium-very-lo", "minerals.potassium-very-low"),
        ("nothing like it", None),
        (["cold"], None),
    ],
)
def test_an_unknown_name_is_refused_with_the_nearest_right_one(name, meant):
    with pytest.raises(CrampsRulesError, match="no cause, escalation or finding") as refused:
        graph(about=name)

    assert (meant or "?") in str(refused.value) or meant is None


def test_bad_facts_are_refused():
    with pytest.raises(FactsError, match="age_years"):
        crampsrules.graph({"age_years": 400})


# --- Mermaid ------------------------------------------------------------------------------------

_LINE = re.compile(
    r"""flowchart\ LR
    |\ \ subgraph\ (facts|findings|causes|escalations)
    |\ \ \ \ (?P<node>n\d+)\["(?P<label>[^"\[\]<>{}|\\`]*)"\]
    |\ \ end
    |\ \ (?P<start>n\d+)\ (?P<arrow>-->|==>|-\.->)\ (?P<end>n\d+)
    |\ \ classDef\ lit\ [\w:#,-]+
    |\ \ class\ (?P<lit>n\d+(,n\d+)*)\ lit
    |\ \ linkStyle\ (?P<links>\d+(,\d+)*)\ [\w:#,-]+""",
    re.VERBOSE,
)


def read_mermaid(text):
    """The lines of a flowchart, each of a known form; refuses any other."""
    assert text.endswith("\n")
    lines = [_LINE.fullmatch(line) for line in text[:-1].split("\n")]
    assert None not in lines, text
    return [line for line in lines if line is not None]


@given(lit_graphs())
@few
def test_the_mermaid_text_says_what_the_graph_says(drawn):
    _, _, shown = drawn

    lines = read_mermaid(shown.mermaid())

    ids = dict(zip((one["node"] for one in lines if one["node"]), shown.nodes, strict=True))
    joined = [(ids[one["start"]], ids[one["end"]], one["arrow"]) for one in lines if one["start"]]
    assert joined == [(one.start, one.end, arrow_of(one)) for one in shown.links]
    lit = [ids[name] for one in lines if one["lit"] for name in one["lit"].split(",")]
    assert lit == [id_ for id_, node in shown.nodes.items() if node.lit]
    styled = [int(at) for one in lines if one["links"] for at in one["links"].split(",")]
    assert styled == [at for at, link in enumerate(shown.links) if link.lit]


def arrow_of(link):
    if link.against:
        return "-.->"
    return "==>" if link.lit else "-->"


@given(st.text(min_size=1))
@fewer(2)
def test_no_title_breaks_the_mermaid_text_or_the_picture(title):
    shown = graph({"injury": True}, rules=_titled(title), about="a_cause")

    (label,) = (one["label"] for one in read_mermaid(shown.mermaid()) if one["node"] == "n1")
    assert re.sub(r"#(\d+);", lambda found: chr(int(found[1])), label) == drawable(title)
    boxes = read_svg(shown).findall(f"{SVG}g")
    assert boxes[1].findtext(f"{SVG}title") == drawable(title).replace("\r\n", "\n").replace(
        "\r", "\n"
    )


def _titled(title):
    quoted = json.dumps(title, ensure_ascii=False).replace("\x7f", "\\u007f")
    text = f"""
        id = "a_cause"
        title = {quoted}
        prior = 0
        source = "b"
        [[sources]]
        id = "b"
        title = "B"
        [[evidence]]
        id = "e"
        when = "injury"
        weight = "small"
        because = "x"
        source = "b"
    """
    try:
        return RuleBase.from_texts({"cause.toml": text})
    except RuleError:
        reject()


def drawable(text):
    return re.sub("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]", "\ufffd", text)


# --- SVG ----------------------------------------------------------------------------------------


@given(lit_graphs())
@few
def test_the_picture_is_well_formed_and_draws_every_node_and_link_within_its_frame(drawn):
    _, _, shown = drawn

    picture = read_svg(shown)

    _, _, width, height = map(float, picture.get("viewBox").split())
    boxes = picture.findall(f"{SVG}g")
    assert len(boxes) == len(shown.nodes)
    assert len(picture.findall(f"{SVG}path")) == len(shown.links)
    places = set()
    for box, node in zip(boxes, shown.nodes.values(), strict=True):
        rect = box.find(f"{SVG}rect")
        x, y = float(rect.get("x")), float(rect.get("y"))
        assert 0 <= x <= width - float(rect.get("width"))
        assert 0 <= y <= height - float(rect.get("height"))
        assert box.findtext(f"{SVG}title") == node.label
        places.add((x, y))
    assert len(places) == len(boxes)


@given(lit_graphs())
@few
def test_the_picture_needs_nothing_else_and_is_told_in_words(drawn):
    _, _, shown = drawn
    picture = read_svg(shown)

    assert not re.search(r"href|url\(|<script|<image|<style", shown.svg())
    assert picture.get("role") == "img"
    assert picture.findtext(f"{SVG}title")
    told = picture.findtext(f"{SVG}desc")
    assert all(node.label in told for node in shown.nodes.values() if node.lit)


# --- Examples -----------------------------------------------------------------------------------


def test_a_cold_numb_leg_lights_the_way_to_its_emergency_and_not_more():
    facts = {"leg_cold_or_pale": True, "numbness": True, "age_years": 40, "thirst": False}

    shown = graph(facts)
    lit = {id_ for id_, node in shown.nodes.items() if node.lit}

    assert {"fact leg_cold_or_pale", "fact numbness", "acute_limb_ischaemia"} <= lit
    assert any(shown.nodes[id_].kind == "escalation" for id_ in lit)
    assert "fact thirst" not in lit


def test_a_reported_value_is_not_lit_when_a_measured_one_goes_before_it():
    shown = graph({"potassium_reported": "low", "potassium_mmol_l": 4.2})

    assert not shown.nodes["fact potassium_reported"].lit
    assert not shown.nodes["escalation minerals.potassium-told-low"].lit


def test_an_escalation_that_is_set_aside_is_dark():
    shown = graph({"egfr": 12, "kidney_disease": True})

    assert not shown.nodes["escalation minerals.kidneys-failing-new"].lit
    assert not [one for one in shown.links if one.lit and one.end.endswith("failing-new")]


def test_the_shipped_graph_has_every_fact_that_its_rules_ask_about():
    shown = graph()

    asked = {
        atom.fact
        for rule, _ in conclusions(SHIPPED)
        for atom in fact_atoms(SHIPPED.conditions[rule])
    }
    facts = {node.label for node in shown.nodes.values() if node.kind == "fact"}
    assert facts == asked <= set(facts_asked(SHIPPED))
    assert [*dict.fromkeys(node.kind for node in shown.nodes.values())] == list(KINDS)


def test_no_rules_are_an_empty_picture():
    """Well-formed, with nothing in it."""
    rules = RuleBase.from_texts({"own.toml": 'sources = [{ id = "book", title = "A book" }]'})
    drawn = graph(rules=rules)

    assert (drawn.nodes, drawn.links) == ({}, ())
    picture = read_svg(drawn)
    assert float(picture.attrib["width"]) > 0
    assert float(picture.attrib["height"]) > 0
