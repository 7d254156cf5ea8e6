"""What stands in examples/ runs, and does what it says."""

import json
import runpy
import threading
import urllib.error
import urllib.request
from pathlib import Path

import pytest
from werkzeug.serving import make_server

from crampsrules import RuleBase, Triage, assess
from crampsrules.engines import ENGINES, engine_for
from crampsrules.errors import EngineError
from crampsrules.examples import check_examples, untested_rules
from crampsrules.facts import PatientFacts

EXAMPLES = Path(__file__).parents[1] / "examples"
SCRIPTS = ("night_cramps", "runner", "pharmacy_chat")


def run(name):
    return runpy.run_path(str(EXAMPLES / f"{name}.py"))


# --- The patient of `make demo` -----------------------------------------------------------------


def night_cramps():
    return PatientFacts.from_toml((EXAMPLES / "night_cramps.toml").read_bytes())


def test_the_demo_patient_should_talk_to_a_doctor():
    """Eight minutes, four times a week: the article's own point at which to see a physician."""
    assessment = assess(night_cramps())

    assert assessment.triage is Triage.ROUTINE
    assert any("S31" in one.statements for one in assessment.escalations)
    assert {"dehydration", "medications"} <= {cause.id for cause in assessment.causes}


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_prints_what_it_promises(name, capsys):
    """Each runs from end to end and ends with words for a person."""
    runpy.run_path(str(EXAMPLES / f"{name}.py"), run_name="__main__")

    printed = capsys.readouterr().out
    assert len(printed.splitlines()) > 5
    assert "Traceback" not in printed


# --- A runner in the heat -----------------------------------------------------------------------


def test_the_runner_is_an_emergency_only_once_confused():
    """The same runner, with one more fact."""
    runner = run("runner")["RUNNER"]

    assert assess(runner).triage is Triage.SELF_CARE
    assert assess(runner).causes[0].id == "strenuous_exercise"
    assert assess(runner.replace(confusion=True)).triage is Triage.EMERGENCY


# --- The pharmacy's chat ------------------------------------------------------------------------

CHAT_PATIENT = {"age_years": 58, "timing": ["night"], "episode_minutes": 2}


def test_the_chat_asks_again_for_a_misspelt_medicine():
    """The name that was probably meant is said, and the fact is asked for."""
    answer = run("pharmacy_chat")["reply"]({**CHAT_PATIENT, "medications": ["furosemid"]})

    assert answer.asks == ("medications",)
    assert "furosemide" in answer.says


def test_the_chat_reports_every_bad_answer_at_once():
    """Nobody should have to mend answers one at a time."""
    answer = run("pharmacy_chat")["reply"]({"age_years": 150, "sex": "woman"})

    assert answer.asks == ("age_years", "sex")


def test_the_chat_says_an_emergency_before_it_asks_anything_more():
    """Chest pain ends the questions."""
    answer = run("pharmacy_chat")["reply"]({**CHAT_PATIENT, "chest_pain": True})

    assert answer.asks == ()
    assert answer.says.startswith("GET EMERGENCY HELP NOW")


def test_someone_who_can_answer_nothing_gets_advice_in_the_end():
    """Asked in vain is not asked again, and there is a last question."""
    chat = run("pharmacy_chat")
    asked: list[str] = []

    for turn in range(chat["MOST_QUESTIONS"] + 1):
        answer = chat["reply"](CHAT_PATIENT, asked, turn)
        assert not set(answer.asks) & set(asked)
        asked.extend(answer.asks)

    assert answer.asks == ()
    assert "It informs; it does not diagnose." in answer.says


# --- The Flask route ----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def address():
    """Where a real server answers, on this machine only."""
    server = make_server("127.0.0.1", 0, run("flask_app")["app"], threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}/assess"
    server.shutdown()
    thread.join()
    server.server_close()


def post(address, body):
    request = urllib.request.Request(address, data=body, method="POST")  # noqa: S310 - loopback
    try:
        with urllib.request.urlopen(request) as answer:  # noqa: S310
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as error:
        with error:
            return error.code, json.loads(error.read())


def test_the_route_answers_with_the_whole_assessment(address):
    """What comes over the wire is what the library gives."""
    facts = {"age_years": 71, "medications": ["furosemide"], "wakes_from_sleep": True}

    status, answer = post(address, json.dumps(facts).encode())

    assert status == 200
    assert answer == json.loads(assess(facts).to_json(unknowns=False))


def test_the_route_answers_422_with_every_problem(address):
    """All that is wrong with the facts, each under its name."""
    status, answer = post(address, b'{"age_years": 150, "weaknes": true}')

    assert status == 422
    assert [one["fact"] for one in answer["problems"]] == ["age_years", "weaknes"]
    assert "did you mean 'weakness'?" in answer["problems"][1]["problem"]


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"\xff", b'{"medications": ["furosemid"]}'])
def test_the_route_answers_422_to_what_is_no_patient(address, body):
    """Neither junk nor a misspelt medicine is a server's error."""
    status, answer = post(address, body)

    assert status == 422
    assert answer["problems"]


# --- A clinic's own rules -----------------------------------------------------------------------

CLINIC = EXAMPLES / "clinic_rules"


@pytest.fixture(scope="module")
def clinic():
    """The shipped rules with the clinic's."""
    return RuleBase.load().extended(CLINIC)


def test_every_example_of_the_clinic_holds_on_every_engine(clinic):
    """Those of the shipped rules too: the new cause may not disturb them."""
    for engine in ENGINES:
        try:
            engine_for(clinic, engine)
        except EngineError as error:
            print(f"not run here: {engine}: {error}")  # noqa: T201
            continue
        assert check_examples(clinic, engine=engine) == ()


def test_every_rule_of_the_clinic_has_its_examples(clinic):
    """Each is seen firing and seen silent, in its own file."""
    own = [one for one in untested_rules(clinic) if one.file.startswith("clinic_rules/")]

    assert own == []


def test_a_medicine_of_the_clinic_is_known_with_its_rules_only(clinic):
    """The shipped rules report the name; the clinic's know its classes."""
    patient = {"medications": ["Navispare"]}

    assert assess(patient).unrecognised == ("Navispare",)
    assert assess(patient, rules=clinic).unrecognised == ()
    assert "medications" in {one.id for one in assess(patient, rules=clinic).causes}
