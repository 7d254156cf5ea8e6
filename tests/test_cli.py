"""The command line, as it is called: what it prints where, and how it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given, settings
from hypothesis import strategies as st

import crampsrules
from crampsrules import (
    Assessment,
    CrampsRulesError,
    PatientFacts,
    RuleBase,
    assess,
    what_would_change,
)
from crampsrules.cli import ExitCode, main, shown_check
from crampsrules.cli.answers import AnswerError, read_answer
from crampsrules.cli.commands import crampsrules as tool
from crampsrules.engines import ENGINES, default_engine
from crampsrules.examples import Failure
from crampsrules.facts import FACTS
from crampsrules.interview import HAS_TESTS, Interview
from crampsrules.questions import Question
from crampsrules.triage import Triage
from tests.drawing import fewer, patients
from tests.processes import run_python

ROOT = Path(__file__).parents[1]
SHIPPED = RuleBase.load()
INFORMS = "It informs; it does not diagnose."

NIGHT_CRAMPS = {"symptoms": ["cramp"], "timing": ["night"], "episodes_per_week": 3}

SOUND_PACK = """
[[sources]]
id = "book"
title = "The book"

[[escalations]]
id = "ours.thirst"
when = "thirst"
triage = "soon"
reason = "You are very thirsty."
source = "book"

[[examples]]
says = "Someone thirsty"
facts = { thirst = true }
expect = { triage = "soon", fires = ["ours.thirst"] }

[[examples]]
says = "Someone who is not"
facts = { thirst = false }
expect = { silent = ["ours.thirst"] }
"""


def run(*arguments, given=""):
    """Run the command in this process."""
    return CliRunner().invoke(tool, list(arguments), input=given)


def shell(*arguments, given="", **environment):
    """Run the command as a program of its own."""
    return subprocess.run(
        [sys.executable, "-m", "crampsrules", *arguments],
        input=given,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env={**_bare_environment(), **environment},
    )


def _bare_environment():
    told = ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM")
    return {name: value for name, value in os.environ.items() if name not in told}


@pytest.fixture
def pack(tmp_path):
    """A folder with one sound rule."""
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "ours.toml").write_text(SOUND_PACK, encoding="utf-8")
    return folder


# --- assess ---


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("facts.json", json.dumps(NIGHT_CRAMPS)),
        ("facts.toml", 'symptoms = ["cramp"]\ntiming = ["night"]\nepisodes_per_week = 3\n'),
        ("facts", json.dumps(NIGHT_CRAMPS)),
        ("facts.txt", 'symptoms = ["cramp"]\ntiming = ["night"]\nepisodes_per_week = 3\n'),
    ],
)
def test_facts_are_read_by_ending_or_by_content(tmp_path, name, text):
    """JSON and TOML give the leaflet of the same facts, from a file and from a pipe."""
    file = tmp_path / name
    file.write_text(text, encoding="utf-8")

    from_file = run("assess", str(file))
    from_pipe = run("assess", "-", given=text)

    assert from_file.exit_code == from_pipe.exit_code == ExitCode.OK
    assert from_file.stdout == from_pipe.stdout == str(assess(NIGHT_CRAMPS))
    assert INFORMS in from_file.stdout
    assert from_file.stderr == ""


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


def test_output_goes_to_a_file_where_it_is_told_to(tmp_path):
    """The file holds what would have been printed."""
    file = tmp_path / "leaflet.txt"
    printed = run("assess", "-", "--output", str(file), given=json.dumps(NIGHT_CRAMPS))

    assert printed.stdout == ""
    assert file.read_text(encoding="utf-8").strip() == str(assess(NIGHT_CRAMPS)).strip()


def test_what_if_tells_what_one_or_two_further_facts_would_change():
    """In words, or as JSON with everything that `what_would_change` finds."""
    facts = json.dumps({"leg_cold_or_pale": True})
    in_words = run("assess", "-", "--what-if", given=facts).stdout
    as_json = json.loads(run("assess", "-", "--what-if", "--json", given=facts).stdout)
    changes = what_would_change({"leg_cold_or_pale": True})

    assert "More urgent: " in in_words
    assert INFORMS in in_words
    assert as_json == json.loads(json.dumps([one.to_dict() for one in changes]))


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


# --- How it ends ---

BROKEN_PACK = SOUND_PACK.replace('"thirst"', '"thrist"', 1)


def _broken(tmp_path):
    (tmp_path / "broken.toml").write_text(BROKEN_PACK, encoding="utf-8")
    return str(tmp_path)


@pytest.mark.parametrize(
    ("code", "arguments", "facts", "said"),
    [
        (ExitCode.OK, ["assess", "-"], '{"chest_pain": true}', ""),
        (ExitCode.USAGE, ["asess"], "", "No such command"),
        (ExitCode.USAGE, ["assess"], "", "Missing argument 'FILE'"),
        (ExitCode.USAGE, ["assess", "nowhere.toml"], "", "nowhere.toml"),
        (ExitCode.USAGE, ["rules", "medication"], "", "did you mean 'medications'"),
        (ExitCode.USAGE, ["check", "--alone"], "", "--alone needs a DIR"),
        (ExitCode.USAGE, ["ask", "--save", "nowhere/at/all.json"], "q\n", "nowhere"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"fevr": true}', "did you mean 'fever'"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"age_years": 300}', "0 to 120"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "[1, 2]", "is not TOML"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "", "there is nothing in it"),
        (ExitCode.BAD_FACTS, ["assess", "-"], "\ufeff \n", "there is nothing in it"),
        (ExitCode.BAD_FACTS, ["assess", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.BAD_FACTS, ["graph", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.BAD_FACTS, ["ask", "--replay", "/dev/zero"], "", "takes at most 1 MiB"),
        (ExitCode.USAGE, ["assess", "-", "-o", "none/x"], "{}", "there is no such folder"),
        (ExitCode.USAGE, ["assess", "-", "--json", "--html"], "{}", "one of --json, --html:"),
        (
            ExitCode.USAGE,
            ["assess", "-", "--cause", "cold", "--json"],
            "{}",
            "--explain or --cause",
        ),
        (ExitCode.USAGE, ["assess", "-", "--what-if", "--html"], "{}", "one of --what-if, --html:"),
        (ExitCode.USAGE, ["ask", "--explain", "--html"], "q\n", "one of --html, --explain or"),
        (ExitCode.USAGE, ["ask", "--save", "none/x"], "1\n", "there is no such folder"),
        (ExitCode.BAD_FACTS, ["assess", "-"], '{"medications": ["furosemid"]}', "'furosemide'"),
        (ExitCode.BAD_RULES, ["assess", "-", "--rules", "BROKEN"], "{}", "did you mean 'thirst'"),
        (ExitCode.BAD_RULES, ["rules", "--rules", "BROKEN"], "", "ours.thirst"),
        (ExitCode.BAD_RULES, ["check", "BROKEN"], "", "^"),
        (ExitCode.MISSING, ["assess", "-", "--engine", "duable"], "{}", "did you mean 'durable'"),
        (ExitCode.MISSING, ["ask", "--engine", "none"], "q\n", "there is no engine"),
    ],
)
def test_every_ending_has_its_exit_code(tmp_path, code, arguments, facts, said):
    """Errors go to stderr, in words, and stdout stays empty."""
    broken = _broken(tmp_path)
    result = run(*(broken if one == "BROKEN" else one for one in arguments), given=facts)

    assert result.exit_code == code
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert bool(result.stdout) is (code == ExitCode.OK)


def test_the_exit_code_of_the_program_is_that_of_the_command():
    """What the shell sees, without a traceback."""
    result = shell("assess", "-", given='{"fevr": true}')

    assert result.returncode == ExitCode.BAD_FACTS
    assert result.stdout == ""
    assert result.stderr == "Error: fevr: is not a fact; did you mean 'fever'?\n"


def test_a_reader_that_stops_reading_ends_it_quietly():
    """As `| true` does, before anything could be written."""
    writer = subprocess.Popen(
        [sys.executable, "-m", "crampsrules", "rules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert writer.stdout is not None
    assert writer.stderr is not None
    writer.stdout.close()
    error = writer.stderr.read()
    writer.stderr.close()

    assert writer.wait() == ExitCode.CLOSED_PIPE
    assert error == ""


WITHOUT = """
import sys
from importlib.abc import MetaPathFinder

class Hidden(MetaPathFinder):
    def find_spec(self, name, path, target=None):
        if name.partition(".")[0] == "{package}":
            raise ModuleNotFoundError(name)

for finder in list(sys.meta_path):
    find = finder.find_spec
import importlib.util
found = importlib.util.find_spec
importlib.util.find_spec = lambda name, *more: None if name == "{package}" else found(name, *more)
sys.meta_path.insert(0, Hidden())
import crampsrules
print(crampsrules.assess(chest_pain=True).triage.id)
sys.argv = ["crampsrules", "check"]
from crampsrules.cli import main
main()
"""


def test_stopped_while_it_loads_it_says_nothing(monkeypatch, capsys):
    """There is nothing that could be kept or lost."""

    def stopped():
        raise KeyboardInterrupt

    monkeypatch.setattr("crampsrules.cli._require_packages", stopped)

    with pytest.raises(SystemExit) as ended:
        main(["--version"])

    assert ended.value.code == ExitCode.INTERRUPTED
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize("package", ["click", "rich"])
def test_without_the_extra_it_says_what_to_install(package):
    """The library works without click and rich; only the command line needs them."""
    result = subprocess.run(
        [sys.executable, "-c", WITHOUT.replace("{package}", package)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert result.stdout == "emergency\n"
    assert result.returncode == ExitCode.MISSING
    assert result.stderr.startswith(f"Error: this needs the package {package}")
    assert 'pip install "crampsrules[cli]"' in result.stderr


def test_the_library_never_imports_what_only_the_command_line_needs():
    """Not on import, and not for an assessment, an explanation or a question."""
    code = """
import sys, crampsrules
found = crampsrules.assess(chest_pain=True)
str(found), str(found.explain()), found.to_json(), crampsrules.next_questions({})
print(sorted({name.partition(".")[0] for name in sys.modules} & {"click", "rich"}))
"""

    assert run_python(code) == "[]\n"


# --- Colour ---


def test_help_names_the_command_as_it_was_called(capsys):
    """By its own name, or by what was put in its place."""
    for options, name in (({}, "crampsrules"), ({"prog_name": "python -m it"}, "python -m it")):
        with pytest.raises(SystemExit) as ended:
            main(["--help"], **options)
        assert ended.value.code == ExitCode.OK
        assert capsys.readouterr().out.startswith(f"Usage: {name} [OPTIONS] COMMAND")


@pytest.mark.parametrize(
    ("arguments", "environment", "coloured"),
    [
        ([], {}, False),
        ([], {"FORCE_COLOR": "1"}, True),
        ([], {"FORCE_COLOR": "1", "NO_COLOR": "1"}, False),
        (["--no-color"], {"FORCE_COLOR": "1"}, False),
    ],
)
def test_colour_is_for_terminals_and_can_be_forbidden(arguments, environment, coloured):
    """Where there is no colour there is no escape of any kind, and the words are the same."""
    facts = json.dumps({"chest_pain": True})
    printed = shell("assess", "-", *arguments, given=facts, **environment).stdout

    assert ("\x1b[" in printed) is coloured
    assert _plain(printed) == str(assess(chest_pain=True))


def _plain(text):
    from rich.text import Text

    return Text.from_ansi(text).plain


def test_no_colour_may_stand_before_the_command():
    """Wherever it stands, it holds."""
    facts = json.dumps({"chest_pain": True})
    printed = shell("--no-color", "assess", "-", given=facts, FORCE_COLOR="1").stdout

    assert "\x1b[" not in printed


def test_a_terminal_that_cannot_write_a_letter_gets_a_question_mark():
    """An encoding without the letters of a text is no reason to fail."""
    facts = '{"medications": ["\u043a\u043e\u0440\u0430"]}'
    result = shell("assess", "-", given=facts, PYTHONIOENCODING="ascii:strict", PYTHONUTF8="0")

    assert result.returncode in (ExitCode.OK, ExitCode.BAD_FACTS)
    assert "Traceback" not in result.stderr


# --- Help ---


@pytest.mark.parametrize("command", [[], ["assess"], ["ask"]])
def test_help_says_that_it_informs_and_does_not_diagnose(command):
    """The sentence stands where someone looks before using it."""
    shown = run(*command, "--help")

    assert shown.exit_code == ExitCode.OK
    assert INFORMS in shown.stdout


def test_help_lists_every_exit_code_and_so_does_the_guide():
    """Each code and its meaning stand in --help and in the documentation."""
    shown = " ".join(run("--help").stdout.split())
    guide = (ROOT / "docs/guide/command-line.md").read_text(encoding="utf-8")

    for code in ExitCode:
        assert f"{int(code)} {code.meaning}" in shown
        assert f"| {int(code)} | {code.meaning} |" in guide


def test_the_version_is_that_of_the_library():
    """`--version` says which crampsrules it is."""
    assert crampsrules.__version__ in run("--version").stdout


# --- rules ---


def test_rules_lists_everything_on_lines_of_their_own():
    """Every cause, rule and law has exactly one line with its id."""
    lines = run("rules").stdout.splitlines()
    ids = [line.split()[1] for line in lines]
    expected = [*SHIPPED.causes, *SHIPPED.rules, *(law.id for law in SHIPPED.laws)]

    assert sorted(ids) == sorted(expected)


@settings(fewer(4))
@given(st.sampled_from(sorted({*SHIPPED.rules, *SHIPPED.causes})))
def test_rules_shows_any_rule_with_its_condition_sources_and_examples(id_):
    """What a rule says, where it comes from in full, and every example that names it."""
    shown = run("rules", id_).stdout
    rule = SHIPPED.rules.get(id_) or SHIPPED.causes[id_]
    examples = [
        one.says for one in SHIPPED.examples if id_ in (*one.expect.fires, *one.expect.silent)
    ]

    assert shown.startswith(id_)
    assert (getattr(rule, "when", None) or "") in shown
    for source in rule.source:
        assert SHIPPED.sources[source].title in shown
    if id_ in SHIPPED.rules:
        assert all(says in shown for says in examples)


def test_rules_shows_a_cause_with_all_its_evidence_and_advice_with_what_forbids_it():
    """A cause brings its evidence, a piece of advice its excuses."""
    cause = run("rules", "dehydration").stdout
    advice = run("rules", "drink_fluids").stdout

    assert all(one.id in cause and one.when in cause for one in SHIPPED.evidence["dehydration"])
    entries = next(one.unless for one in SHIPPED.advice if one.id == "drink_fluids")
    assert entries
    assert all(one.when in advice and one.reason in advice for one in entries)


def test_rules_shows_findings_laws_and_sources_too():
    """Whatever has an id can be looked up."""
    finding = next(iter(SHIPPED.concluding))
    law = SHIPPED.laws[0]
    source = next(iter(SHIPPED.sources.values()))

    assert SHIPPED.concluding[finding][0] in run("rules", finding).stdout
    assert law.says in run("rules", law.id).stdout
    assert source.title in run("rules", source.id).stdout


# --- check ---


def test_check_runs_the_shipped_rules_without_a_failure():
    """Every worked example comes out as stated on every engine that runs here."""
    result = run("check")

    assert result.exit_code == ExitCode.OK, result.stdout
    assert f"{len(SHIPPED.examples)} worked examples" in result.stdout
    assert "All came out as stated." in result.stdout


def test_check_takes_a_folder_with_the_shipped_rules_or_alone(pack):
    """Alone there are only its own rules."""
    alone = run("check", str(pack), "--alone")
    together = run("check", str(pack))

    assert alone.exit_code == together.exit_code == ExitCode.OK, alone.output
    assert alone.stdout.startswith("1 rules for 0 causes")
    assert together.stdout.startswith(f"{len(SHIPPED.rules) + 1} rules")


BREAKABLE_LAW = """
[[laws]]
id = "L"
says = "Be seen today."
when = "thirst"
at_least = "same_day"
source = "book"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('triage = "soon", fires', 'triage = "routine", fires', "triage is soon, not routine"),
        ('fires = ["ours.thirst"]', "fires = []", "example in its file names it in `fires`"),
        ('silent = ["ours.thirst"]', 'triage = "self_care"', "names it in `silent`"),
        ("thirst = false", "thirst = true", "fired though it should not be: ours.thirst"),
        (
            "[[examples]]",
            BREAKABLE_LAW + "\n[[examples]]",
            "breaks law L: Be seen today.",
        ),
    ],
)
def test_check_reports_each_kind_of_failure(tmp_path, old, new, said):
    """With the file and the example on a line of its own, and exit code 1."""
    (tmp_path / "ours.toml").write_text(SOUND_PACK.replace(old, new, 1), encoding="utf-8")

    result = run("check", str(tmp_path), "--alone")

    assert result.exit_code == ExitCode.FAILED_CHECK
    assert said in result.stdout
    assert "/ours.toml: " in result.stdout


def test_check_lists_a_failure_once_and_says_where_engines_differ(pack, monkeypatch):
    """What goes wrong on each of two engines is one mistake in the rules."""

    def failing(rules, *, engine):
        everywhere = Failure("a.toml", "Each", "not fired: a")
        return (everywhere, *([Failure("a.toml", "One", "not fired: b")] * (engine == "durable")))

    monkeypatch.setattr(shown_check, "check_examples", failing)
    monkeypatch.setattr(shown_check, "running_engines", lambda: ENGINES)

    lines = run("check", str(pack), "--alone").stdout.splitlines()

    assert lines[:2] == [
        "a.toml: Each: not fired: a",
        "a.toml: One: not fired: b (on durable only)",
    ]
    assert lines[-1] == "2 failures."


def test_check_says_which_engine_it_could_not_run(pack, monkeypatch):
    """Where durable-rules does not run, the check is that of the other engine, and says so."""
    monkeypatch.setattr("crampsrules.engines._durable_runs", lambda: False)

    result = run("check", str(pack), "--alone")

    assert result.exit_code == ExitCode.OK
    assert "does not run here: durable" in result.stdout


# --- graph ---


def test_graph_draws_the_rules_and_lights_what_fired():
    """Mermaid text, or a picture; with a patient something is lit."""
    plain = run("graph", "--about", "cold").stdout
    picture = run("graph", "--about", "cold", "--svg").stdout
    lit = run("graph", "-", "--about", "cold", given='{"cold_exposure": true}').stdout

    assert plain.startswith("flowchart")
    assert picture.startswith("<svg")
    assert lit != plain


# --- ask ---


def first_question():
    """What is asked when nothing is known."""
    question = Interview().next()
    assert question is not None
    return question


def test_ask_reads_answers_from_a_pipe_and_prints_the_assessment():
    """Questions and prompts on stderr, the assessment of what was answered on stdout."""
    first = first_question()
    place = first.facts.index("chest_pain") + 1

    result = run("ask", given=f"{place}\n")

    assert result.exit_code == ExitCode.OK
    assert result.stdout == str(assess({fact: fact == "chest_pain" for fact in first.facts}))
    assert first.text in result.stderr
    assert SHIPPED.wording.triage["emergency"].title.upper() in result.stderr
    assert INFORMS in result.stderr


def test_an_emergency_stops_the_questions():
    """What comes after it is not asked."""
    place = first_question().facts.index("chest_pain") + 1

    result = run("ask", given=f"{place}\nnone\nnone\n")

    assert "2." not in result.stderr.splitlines()
    assert len([line for line in result.stderr.splitlines() if line.startswith("2. ")]) == 0


@pytest.mark.parametrize("ending", ["q\n", "quit\n", ""])
def test_whoever_stops_early_gets_the_assessment_so_far(ending):
    """By q, or by an input that ends."""
    first = first_question()

    result = run("ask", given=f"none\n{ending}")

    assert result.exit_code == ExitCode.OK
    assert result.stdout == str(assess(dict.fromkeys(first.facts, False)))
    assert "so far" in result.stderr


def test_not_knowing_anything_goes_through_to_the_end():
    """Every question takes ? and an empty line, and then nothing is left to ask."""
    result = run("ask", given="?\n\n" * 100)

    assert result.exit_code == ExitCode.OK
    assert result.stdout == str(assess())
    assert "That is all that would matter." in result.stderr


def test_a_line_that_is_no_answer_is_asked_again():
    """It says what would be one, and why it asks when told to."""
    first = first_question()

    result = run("ask", given="maybe\n99\nwhy\nnone\nq\n")

    assert result.stderr.count(f"from 1 to {len(first.facts)}") == 2
    assert first.why in result.stderr
    assert result.stdout == str(assess(dict.fromkeys(first.facts, False)))


def test_answers_are_saved_and_replayed(tmp_path):
    """What was saved gives the same assessment without another word; assess reads it too."""
    saved = tmp_path / "answers.json"
    asked = run("ask", "--save", str(saved), given="none\n1?\n?\nq\n")

    replayed = run("ask", "--replay", str(saved), given="")
    answers = json.loads(saved.read_text(encoding="utf-8"))

    assert replayed.stdout == asked.stdout == run("assess", str(saved)).stdout
    assert None in answers.values()
    assert PatientFacts.from_mapping(answers) == Interview.resumed(answers).facts
    assert saved.stat().st_mode & 0o077 == 0


def test_answers_saved_over_a_file_are_read_by_its_owner_alone(tmp_path):
    """Whoever could read what was there before."""
    saved = tmp_path / "answers.json"
    saved.write_text("{}")
    saved.chmod(0o644)

    run("ask", "--save", str(saved), given="q\n")

    assert saved.stat().st_mode & 0o777 == 0o600


def test_a_finished_interview_replays_without_a_question(tmp_path):
    """Nothing that was asked in vain is asked again."""
    saved = tmp_path / "answers.json"
    run("ask", "--save", str(saved), given="?\n" * 100)

    replayed = run("ask", "--replay", str(saved), given="")

    assert "1. " not in replayed.stderr
    assert "That is all that would matter." in replayed.stderr


def test_facts_known_beforehand_can_stand_in_a_file_written_by_hand(tmp_path):
    """Any file of facts will do to begin with; what stands in it is not asked."""
    file = tmp_path / "facts.toml"
    file.write_text("chest_pain = true\n", encoding="utf-8")

    result = run("ask", "--replay", str(file), "--json", given="")

    assert json.loads(result.stdout)["triage"] == "emergency"


def test_a_replay_with_bad_facts_is_refused(tmp_path):
    """It is read as strictly as any other facts."""
    file = tmp_path / "facts.json"
    file.write_text('{"fevr": null}', encoding="utf-8")

    assert run("ask", "--replay", str(file)).exit_code == ExitCode.BAD_FACTS


@pytest.mark.parametrize("option", ["--tests", "--no-tests"])
def test_whether_there_are_tests_can_be_said_beforehand(option):
    """With --tests their results are asked for, with --no-tests they are not."""
    shown = run("ask", option, given="?\n" * 100).stderr

    assert "results at hand" not in shown
    assert ("Give the unit too" in shown) is (option == "--tests")


@pytest.mark.skipif(not hasattr(os, "openpty"), reason="there are no terminals to open here")
def test_on_a_terminal_it_offers_to_stop_after_a_while():
    """After a dozen questions someone may say that it is enough."""
    import pty

    ours, theirs = pty.openpty()
    person = subprocess.Popen(
        [sys.executable, "-m", "crampsrules", "ask", "--no-color"],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
        env=_bare_environment(),
    )
    os.close(theirs)
    os.write(ours, b"?\n" * 12 + b"no\n")
    shown, said = person.communicate(timeout=120)
    os.close(ours)

    assert "Go on?" in said
    assert "13. " not in said
    assert shown == str(assess())


# --- Reading an answer ---


def asking(*facts):
    return Question("asked", "?", facts, "", "triage", Triage.SOON)


@pytest.mark.parametrize(
    ("facts", "line", "answers"),
    [
        (("fever",), "yes", {"fever": True}),
        (("fever",), " N ", {"fever": False}),
        (("fever",), "?", {}),
        (("fever",), "", {}),
        (("fever",), "don't know", {}),
        (
            ("fever", "collapse", "seizure"),
            "1 3",
            {"fever": True, "collapse": False, "seizure": True},
        ),
        (("fever", "collapse"), "none", {"fever": False, "collapse": False}),
        (("fever", "collapse"), "0", {"fever": False, "collapse": False}),
        (("fever", "collapse"), "2?", {"fever": False, "collapse": None}),
        (("age_years",), "71", {"age_years": 71}),
        (("age_years",), "71.5", {"age_years": 71.5}),
        (("age_years",), "71 years", {"age_years": 71}),
        (("calcium_mmol_l",), "9.1 mg/dL", {"calcium_mmol_l": {"value": 9.1, "unit": "mg/dL"}}),
        (("calcium_mmol_l",), "2.3 mmol/L", {"calcium_mmol_l": {"value": 2.3, "unit": "mmol/L"}}),
        (("urine",), "2", {"urine": "dark_yellow"}),
        (("urine",), "cola", {"urine": "cola"}),
        (("sites",), "2, 4", {"sites": ["calf", "foot"]}),
        (("sites",), "none", {"sites": []}),
        (("medications",), "furosemide, the pill", {"medications": ["furosemide", "the pill"]}),
        (("medications",), "none", {"medications": []}),
    ],
)
def test_a_line_is_read_as_the_answer_it_is(facts, line, answers):
    """By the kind of the fact, or as ticks on a list."""
    assert read_answer(asking(*facts), line) == answers


@pytest.mark.parametrize(
    ("facts", "line"),
    [
        (("fever",), "2"),
        (("fever", "collapse"), "3"),
        (("fever", "collapse"), "yes"),
        (("age_years",), "seventy"),
        (("age_years",), "1e3"),
        (("age_years",), "71 months"),
        (("ankle_brachial_index",), "0.9 mmHg"),
        (("urine",), "9"),
        (("urine",), "green"),
        (("sites",), "13"),
        (("sites",), "knee"),
    ],
)
def test_a_line_that_could_be_misread_is_no_answer(facts, line):
    """Nothing is guessed."""
    with pytest.raises(AnswerError):
        read_answer(asking(*facts), line)


@given(
    st.sampled_from(sorted(FACTS)).map(lambda name: (name,))
    | st.just(("fever", "collapse", "seizure")),
    st.text(max_size=40),
)
def test_any_line_is_an_answer_or_an_error_in_words(facts, line):
    """Whatever someone types, the interview goes on."""
    question = asking(*facts)
    try:
        answers = read_answer(question, line)
        answered = Interview().answer(question, answers)
    except CrampsRulesError as error:
        said = str(error)
    else:
        said = str(answered)
        assert set(answers) <= set(facts)
    assert said


def test_the_question_about_tests_is_a_yes_or_no_question():
    """It is the one question about no fact."""
    question = Question(HAS_TESTS, "?", (), "", "triage", Triage.SOON)

    assert read_answer(question, "yes") == {HAS_TESTS: True}
    assert read_answer(question, "?") == {}


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
def test_what_cannot_be_saved_is_shown_all_the_same():
    """The answers were given, and nobody wants to give them again."""
    result = run("ask", "--save", "/dev/full", given="1\n")

    assert result.exit_code == ExitCode.USAGE
    assert SHIPPED.wording.triage["emergency"].title.upper() in result.stdout
    assert "'/dev/full': No space left on device" in result.stderr


FULL = pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")


@FULL
@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["assess", "--help"],
        ["assess", "{}"],
        ["assess", "{}", "--json"],
        ["rules"],
        ["cohort", "examples/cohort.csv", "-", "--to", "csv", "--columns", "age_years=AGE"],
    ],
)
def test_where_standard_output_is_full_it_says_so(tmp_path, arguments):
    """In words, and of nothing else."""
    file = tmp_path / "facts.json"
    file.write_text('{"fever": true}')
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "crampsrules", *(one.format(file) for one in arguments)],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )

    assert done.returncode == ExitCode.USAGE
    assert done.stderr == ("Error: standard output cannot be written: No space left on device\n")


# --- Streams that a shell has closed ---


def closing(redirection, *arguments):
    """Run the command as a shell does that closes a stream, as in `>&-`."""
    line = f'exec "$@" {redirection}'
    return subprocess.run(
        ["sh", "-c", line, "sh", sys.executable, "-m", "crampsrules", *arguments],  # noqa: S607
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        env=_bare_environment(),
    )


NEEDS_A_SHELL = pytest.mark.skipif(os.name != "posix", reason="there is no sh to close streams")
PATIENT, PEOPLE = ROOT / "examples" / "night_cramps.toml", ROOT / "examples" / "cohort.csv"


@NEEDS_A_SHELL
@pytest.mark.parametrize(
    "command", ["--help", f"assess {PATIENT}", "rules", "ask", f"cohort {PEOPLE} - --to csv"]
)
def test_with_standard_output_closed_nothing_is_done(command):
    """Nobody would see the answer. It is said, unless nobody wants to hear either."""
    done = closing(">&-", *command.split())

    assert done.returncode == ExitCode.USAGE
    assert done.stderr == "Error: standard output is closed: > /dev/null if nobody is to see it\n"
    assert closing(">&- 2>&-", *command.split()).returncode == ExitCode.USAGE


@NEEDS_A_SHELL
@pytest.mark.parametrize(
    "command",
    [
        "assess -",
        "ask",
        "cohort - - --from csv --to csv",
        "cohort - - --from ndjson --to ndjson",
        "graph -",
    ],
)
def test_nothing_is_made_of_a_standard_input_that_is_closed(command):
    """It is no patient of whom nothing is known, and no cohort of nobody."""
    done = closing("<&-", *command.split())

    assert done.stdout == ""
    assert done.returncode == ExitCode.USAGE
    assert done.stderr.endswith(": standard input is closed\n")


@NEEDS_A_SHELL
def test_a_stream_that_is_not_needed_may_be_closed():
    """Neither input nor messages are needed to assess a file."""
    done = closing("<&- 2>&-", "assess", str(PATIENT))

    assert done.returncode == ExitCode.OK
    assert done.stdout == shell("assess", str(PATIENT)).stdout
