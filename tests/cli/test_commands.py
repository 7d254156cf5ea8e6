"""Each command as it is called: what it is given, and what it prints."""

import json
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given, settings

import crampsrules
from crampsrules import Assessment, RuleBase, assess, graph, what_would_change
from crampsrules.cli import ExitCode
from crampsrules.engines import ENGINES, default_engine
from tests.cli.common import INFORMS, LOW_POTASSIUM, NIGHT_CRAMPS, SHIPPED, output_of, run
from tests.drawing import fewer, patients

# --- assess ---


@settings(fewer(10))
@given(patients(SHIPPED))
def test_json_is_the_assessment_itself(facts):
    """`--json` prints `Assessment.to_json(indent=2)`, which reads back as the assessment."""
    printed = run("assess", "-", "--json", given=json.dumps(facts.to_dict())).stdout

    assert printed == assess(facts).to_json(indent=2) + "\n"
    assert Assessment.from_json(printed) == assess(facts)


def test_explain_shows_everything_or_one_cause():
    """The chain of reasoning of all causes, or of the one that is named."""
    facts = json.dumps({**NIGHT_CRAMPS, "medications": ["furosemide"]})
    everything = run("assess", "-", "--explain", given=facts).stdout
    one = run("assess", "-", "--cause", "medications", given=facts).stdout
    assessment = assess({**NIGHT_CRAMPS, "medications": ["furosemide"]})

    assert everything.startswith(str(assessment.explain()))
    assert one.startswith(str(assessment.explain("medications")))
    assert INFORMS in everything
    assert INFORMS in one


def test_a_cause_that_is_none_is_a_usage_error_with_the_nearest_name():
    """The error names what was meant."""
    result = run("assess", "-", "--cause", "medication", given="{}")

    assert result.exit_code == ExitCode.USAGE
    assert "did you mean 'medications'" in result.stderr


def test_html_is_the_page_of_the_assessment():
    """`--html` prints `Assessment.to_html()`."""
    printed = run("assess", "-", "--html", given=json.dumps(NIGHT_CRAMPS)).stdout

    assert printed == assess(NIGHT_CRAMPS).to_html() + "\n"


def test_html_is_the_page_of_a_file_of_facts(patient):
    page = output_of("assess", patient, "--html", "--engine", "compiled")

    assert page == assess(LOW_POTASSIUM, engine="compiled").to_html() + "\n"


def test_what_if_tells_what_one_or_two_further_facts_would_change():
    """In words, or as JSON with everything that `what_would_change` finds."""
    facts = json.dumps({"leg_cold_or_pale": True})
    in_words = run("assess", "-", "--what-if", given=facts).stdout
    as_json = json.loads(run("assess", "-", "--what-if", "--json", given=facts).stdout)
    changes = what_would_change({"leg_cold_or_pale": True})

    assert "More urgent: " in in_words
    assert INFORMS in in_words
    assert as_json == json.loads(json.dumps([one.to_dict() for one in changes]))


def test_what_if_as_json_has_every_change(patient):
    told = json.loads(output_of("assess", patient, "--what-if", "--json"))

    assert told == [one.to_dict() for one in what_would_change(LOW_POTASSIUM)]


@pytest.mark.parametrize("engine", ENGINES)
def test_each_engine_gives_the_same_leaflet(engine):
    """The engine that was named is the one that fired."""
    if engine == "durable" and default_engine() != "durable":
        pytest.skip("durable-rules does not run on this Python")
    facts = json.dumps(NIGHT_CRAMPS)
    as_json = json.loads(run("assess", "-", "--json", "--engine", engine, given=facts).stdout)

    assert as_json["engine"] == engine
    assert run("assess", "-", "--engine", engine, given=facts).stdout == str(assess(NIGHT_CRAMPS))


def test_rules_of_a_folder_are_added_to_the_shipped_ones(pack):
    """A rule of the folder fires, and so do the shipped ones."""
    facts = json.dumps({"thirst": True, "wakes_from_sleep": True})
    shipped = json.loads(run("assess", "-", "--json", given=facts).stdout)
    added = json.loads(run("assess", "-", "--json", "--rules", str(pack), given=facts).stdout)

    assert set(added["fired"]) == {*shipped["fired"], "ours.thirst"}
    assert added["triage"] == "soon"


# --- graph ---


def test_graph_draws_the_rules_and_lights_what_fired():
    """Mermaid text, or a picture; with a patient something is lit."""
    plain = run("graph", "--about", "cold").stdout
    picture = run("graph", "--about", "cold", "--svg").stdout
    lit = run("graph", "-", "--about", "cold", given='{"cold_exposure": true}').stdout

    assert plain.startswith("flowchart")
    assert picture.startswith("<svg")
    assert lit != plain


def test_the_graph_is_mermaid_text_and_lit_by_the_facts_of_a_file(patient):
    assert output_of("graph") == graph().mermaid()
    assert output_of("graph", patient) == graph(LOW_POTASSIUM).mermaid()
    assert "lit" in output_of("graph", patient, "--about", "low_potassium")
    assert "lit" not in output_of("graph", "--about", "low_potassium")


def test_the_graph_is_of_the_rules_of_a_folder_too(tmp_path):
    text = (
        "sources = [{ id = 'book', title = 'A book' }]\n[[escalations]]\nid = 'ours'\n"
        "when = 'thirst'\ntriage = 'soon'\nreason = 'You are thirsty.'\nsource = 'book'\n"
    )
    (tmp_path / "own.toml").write_text(text, encoding="utf-8")
    rules = RuleBase.load(tmp_path)

    drawn = output_of("graph", "--rules", tmp_path, "--about", "ours")

    assert drawn == graph(rules=SHIPPED.extended_with({"own.toml": text}), about="ours").mermaid()
    assert "escalation ours" in {*graph(rules=rules).nodes}


def test_the_graph_is_drawn_as_well_formed_svg_into_a_file(patient, tmp_path):
    file = tmp_path / "graph.svg"

    output_of("graph", patient, "--svg", "--about", "low_potassium", "--output", file)

    assert file.read_text("utf-8") == graph(LOW_POTASSIUM, about="low_potassium").svg()
    assert ET.parse(file).getroot().get("role") == "img"  # noqa: S314 - our own picture


def test_a_name_that_is_nothing_is_refused_with_the_nearest_one():
    told = output_of("graph", "--about", "low_potasium", code=ExitCode.USAGE)

    assert "did you mean 'low_potassium'" in told


# --- Help ---


@pytest.mark.parametrize("command", [[], ["assess"], ["ask"]])
def test_help_says_that_it_informs_and_does_not_diagnose(command):
    """The sentence stands where someone looks before using it."""
    shown = run(*command, "--help")

    assert shown.exit_code == ExitCode.OK
    assert INFORMS in shown.stdout


def test_the_version_is_that_of_the_library():
    """`--version` says which crampsrules it is."""
    assert crampsrules.__version__ in run("--version").stdout
