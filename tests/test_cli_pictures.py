"""Pictures, pages and what-ifs on the command line: whole, in UTF-8, and the library's own."""

import json
from xml.etree import ElementTree as ET

import html5lib
import pytest
from click.testing import CliRunner

from crampsrules import RuleBase, assess, graph, what_would_change
from crampsrules.cli.commands import crampsrules
from crampsrules.cli.exit_codes import ExitCode
from crampsrules.cli.shown_changes import MOST_SHOWN, changes_shown, in_words

SHIPPED = RuleBase.load()
FACTS = {
    "symptoms": ["cramp"],
    "sites": ["calf"],
    "potassium_mmol_l": 3.1,
    "medications": ["µ-tonic"],
}


@pytest.fixture
def patient(tmp_path):
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(FACTS), encoding="utf-8")
    return str(file)


def run(*arguments, code=ExitCode.OK):
    result = CliRunner().invoke(crampsrules, [str(one) for one in arguments])
    assert result.exit_code == code, result.output
    return result.output


# --- Pages --------------------------------------------------------------------------------------


def test_html_is_the_page_of_the_assessment(patient):
    page = run("assess", patient, "--html", "--engine", "compiled")

    assert page == assess(FACTS, engine="compiled").to_html() + "\n"


def test_a_page_written_to_a_file_is_utf_8_and_nothing_is_shown(patient, tmp_path):
    file = tmp_path / "page.html"

    shown = run("assess", patient, "--html", "-o", file)

    assert shown == ""
    written = file.read_bytes().decode("utf-8")
    assert "µ-tonic" in written
    assert "\r" not in written
    html5lib.HTMLParser(strict=True).parse(written)


def test_a_file_that_cannot_be_written_is_an_error_that_names_it(patient, tmp_path):
    missing = tmp_path / "nowhere" / "page.html"

    told = run("assess", patient, "--html", "-o", missing, code=ExitCode.USAGE)

    assert str(missing) in told


# --- The graph ----------------------------------------------------------------------------------


def test_the_graph_is_mermaid_text_and_lit_by_the_facts_of_a_file(patient):
    assert run("graph") == graph().mermaid()
    assert run("graph", patient) == graph(FACTS).mermaid()
    assert "lit" in run("graph", patient, "--about", "low_potassium")
    assert "lit" not in run("graph", "--about", "low_potassium")


def test_the_graph_is_of_the_rules_of_a_folder_too(tmp_path):
    text = (
        "sources = [{ id = 'book', title = 'A book' }]\n[[escalations]]\nid = 'ours'\n"
        "when = 'thirst'\ntriage = 'soon'\nreason = 'You are thirsty.'\nsource = 'book'\n"
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    rules = RuleBase.load(tmp_path)

    drawn = run("graph", "--rules", tmp_path, "--about", "ours")

    assert drawn == graph(rules=SHIPPED.extended_with({"own.toml": text}), about="ours").mermaid()
    assert "escalation ours" in {*graph(rules=rules).nodes}


def test_the_graph_is_drawn_as_well_formed_svg_into_a_file(patient, tmp_path):
    file = tmp_path / "graph.svg"

    run("graph", patient, "--svg", "--about", "low_potassium", "--output", file)

    assert file.read_text("utf-8") == graph(FACTS, about="low_potassium").svg()
    assert ET.parse(file).getroot().get("role") == "img"  # noqa: S314 - our own picture


def test_a_name_that_is_nothing_is_refused_with_the_nearest_one():
    told = run("graph", "--about", "low_potasium", code=ExitCode.USAGE)

    assert "did you mean 'low_potassium'" in told


# --- What if ------------------------------------------------------------------------------------


def test_what_if_as_json_has_every_change(patient):
    told = json.loads(run("assess", patient, "--what-if", "--json"))

    assert told == [one.to_dict() for one in what_would_change(FACTS)]


def test_what_if_groups_changes_by_what_they_lead_to(patient):
    told = run("assess", patient, "--what-if")

    headings = [line for line in told.splitlines() if line.startswith(("More", "Less", "First"))]
    assert headings[0] == "More urgent: Get emergency help now"
    assert len(set(headings)) == len(headings)
    assert "- chest pain, new or clearly worse than usual: yes" in told
    assert "diagnose" in told


def test_what_if_shows_a_few_of_each_and_says_how_many_more():
    changes = what_would_change(FACTS)
    emergencies = [one for one in changes if one.triage.id == "emergency"]

    shown = changes_shown(changes, SHIPPED).plain

    first = shown.split("\n\n")[0].splitlines()
    assert len(first) == MOST_SHOWN + 2
    assert first[1] == f"- {in_words(emergencies[0].facts)}"
    assert first[-1].strip().startswith(f"and {len(emergencies) - MOST_SHOWN} more")


def test_what_if_says_so_where_nothing_would_change():
    assert "Nothing" in changes_shown([], SHIPPED).plain


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"thirst": False}, "no"),
        ({"potassium_mmol_l": 2.5}, "2.5 mmol/L"),
        ({"sites": []}, "none"),
        ({"sites": ["calf", "foot"]}, "the calf, the foot or toes"),
        ({"urine": "cola"}, "cola"),
        ({"fever": True, "chest_pain": True}, "; "),
    ],
)
def test_facts_are_told_in_plain_words(facts, words):
    assert words in in_words(facts)


def test_fewer_reasons_are_told_as_less_urgent(tmp_path):
    file = tmp_path / "told.toml"
    file.write_text('potassium_reported = "low"\n')

    assert "Less urgent: You can look after this yourself" in run("assess", file, "--what-if")
