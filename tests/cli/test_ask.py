"""The interview at a terminal and from a pipe: what is asked, read, saved and replayed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path

import pytest

from crampsrules import PatientFacts, Triage, assess
from crampsrules.cli import ExitCode
from crampsrules.cli.ask import WELCOME, _ending, _hint, _options, converse, save
from crampsrules.cli.output import TRIAGE_STYLES
from crampsrules.facts import FACTS
from crampsrules.interview import HAS_TESTS, USUAL_LENGTH, Interview
from tests.cli.common import INFORMS, SHIPPED, asking, at_a_screen, bare_environment, run, styled


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


def test_an_input_that_ends_early_is_told_of():
    """Nobody should take it for all that there was to ask."""
    result = run("ask", given="none\n?\n")

    assert result.exit_code == ExitCode.OK
    assert result.stderr.endswith(
        "The input ended before all was asked. This is the assessment so far.\n"
    )
    assert "Stopped here" not in result.stderr


@pytest.mark.parametrize("more", ["", "why\n", "oh\nyes\nWHY\n"])
@pytest.mark.parametrize("output", [[], ["--json"]])
def test_an_input_that_ends_on_a_refused_answer_gives_no_assessment(more, output):
    """It may have been a danger sign, to which "look after this yourself" is no answer."""
    result = run("ask", *output, given=f"yes\n{more}")
    signs = len(first_question().facts)

    assert result.exit_code == ExitCode.BAD_FACTS
    assert result.stdout == ""
    assert result.stderr.endswith(
        "Error: no assessment: the input ended, and the last answer to question 1, 'yes', was "
        f"refused. Please give numbers from 1 to {signs}, none or ?\n"
    )


def test_what_was_answered_before_a_refused_answer_is_saved(tmp_path):
    """A script can go on from there."""
    saved = tmp_path / "answers.json"

    result = run("ask", "--save", str(saved), given="none\n99\n")

    assert result.exit_code == ExitCode.BAD_FACTS
    assert "the last answer to question 2, '99', was refused" in result.stderr
    answers = json.loads(saved.read_text(encoding="utf-8"))
    assert answers == dict.fromkeys(first_question().facts, False)


@pytest.mark.parametrize(("more", "known"), [("none\n", False), ("?\n", None), ("q\n", None)])
def test_after_a_refused_answer_there_may_be_another(more, known):
    """Then that counts; and whoever stops after it has read that it was refused."""
    result = run("ask", given=f"yes\n{more}")

    assert result.exit_code == ExitCode.OK
    assert result.stdout == str(assess(dict.fromkeys(first_question().facts, known)))


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


@pytest.mark.parametrize("option", ["--tests", "--no-tests"])
def test_whether_there_are_tests_can_be_said_beforehand(option):
    """With --tests their results are asked for, with --no-tests they are not."""
    shown = run("ask", option, given="?\n" * 100).stderr

    assert "results at hand" not in shown
    assert ("Give the unit too" in shown) is (option == "--tests")


# --- Saved answers ---


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


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="no /dev/full to write to")
def test_what_cannot_be_saved_is_shown_all_the_same():
    """The answers were given, and nobody wants to give them again."""
    result = run("ask", "--save", "/dev/full", given="1\n")

    assert result.exit_code == ExitCode.USAGE
    assert SHIPPED.wording.triage["emergency"].title.upper() in result.stdout
    assert "'/dev/full': No space left on device" in result.stderr


def test_saved_answers_can_be_read_by_a_person(tmp_path):
    """A fact a line, letters as they were typed, and nobody else may look."""
    file = tmp_path / "answers.json"
    interview = Interview({"medications": ["µ-tonic"], "fever": False}, rules=SHIPPED)
    save(interview, file)

    text = file.read_text(encoding="utf-8")
    assert text == json.dumps(interview.to_dict(), indent=2, ensure_ascii=False) + "\n"
    assert "µ-tonic" in text
    assert file.stat().st_mode & 0o777 == 0o600


# --- At a terminal ---


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
        env=bare_environment(),
    )
    os.close(theirs)
    os.write(ours, b"?\n" * 12 + b"no\n")
    shown, said = person.communicate(timeout=120)
    os.close(ours)

    assert "Go on?" in said
    assert "13. " not in said
    assert shown == str(assess())


class Terminal(StringIO):
    """Someone who types these lines at a terminal."""

    def isatty(self) -> bool:
        return True


def said(monkeypatch, capsys, stdin, interview, *, to_the_end):
    """The last step of a conversation, and what was said on stderr."""
    monkeypatch.setattr(sys, "stdin", stdin)
    steps = list(converse(interview, to_the_end=to_the_end))
    return steps, capsys.readouterr().err


def test_a_conversation_word_for_word(monkeypatch, capsys):
    """The welcome, a question with its number and its hint, why, a slip, and stopping."""
    first = Interview(rules=SHIPPED).next()
    assert first is not None
    items = "".join(f"  {n:2} {FACTS[f].label}\n" for n, f in enumerate(first.facts, 1))
    hint = "(the numbers that are so, none, or ?; 3? if not sure of 3) "

    steps, told = said(
        monkeypatch,
        capsys,
        StringIO("Why\n99\nNONE\nQ\n"),
        Interview(rules=SHIPPED),
        to_the_end=True,
    )

    second = steps[-1].next()
    assert second is not None
    assert told.startswith(
        f"{WELCOME}\n1. {first.text}\n{items}{hint}\n{first.why}\n{hint}\n"
        f"Please give numbers from 1 to {len(first.facts)}, none or ?\n{hint}\n\n"
        f"2. {second.text}\n"
    )
    assert told.endswith("\nStopped here. This is the assessment so far.\n")
    assert len(steps) == 1


def test_the_question_stands_out(monkeypatch):
    """From its number on; what there is to choose from does not."""
    interview = Interview(rules=SHIPPED)
    first = interview.next()
    assert first is not None
    screen = at_a_screen(monkeypatch)
    monkeypatch.setattr(sys, "stdin", StringIO("q\n"))

    assert list(converse(interview, to_the_end=True)) == []

    assert f"\x1b[1m1. {first.text}\x1b[0m\n   1 " in screen.getvalue()


def test_an_emergency_is_told_in_capitals():
    """With what to do; where there is none, only that it is over."""
    wording = SHIPPED.wording.triage["emergency"]
    ending = _ending(Interview({"chest_pain": True}, rules=SHIPPED))

    assert ending.plain == f"{wording.title.upper()}\n{wording.patient}\n"
    assert styled(ending) == [(wording.title.upper(), TRIAGE_STYLES[Triage.EMERGENCY])]
    assert _ending(Interview(rules=SHIPPED)).plain == "That is all that would matter.\n"


@pytest.mark.parametrize(
    ("answer", "to_the_end", "is_terminal", "more"),
    [
        ("no", False, True, 0),
        ("", False, True, 0),
        ("Yes ", False, True, 1),
        ("?", True, True, 1),
        ("?", False, False, 1),
    ],
)
def test_after_the_usual_length_a_person_is_asked_whether_to_go_on(  # noqa: PLR0913 - a table
    answer, to_the_end, is_terminal, more, monkeypatch, capsys
):
    """Only at a terminal, and not where all is to be asked."""
    interview = Interview(rules=SHIPPED, length=USUAL_LENGTH)
    stdin = (Terminal if is_terminal else StringIO)(f"{answer}\n?\nq\n")
    steps, told = said(monkeypatch, capsys, stdin, interview, to_the_end=to_the_end)
    asked = "More answers could still change the assessment.\nGo on? (yes or no) " in told

    assert asked is (is_terminal and not to_the_end)
    assert len(steps) == more + (not asked)


@pytest.mark.parametrize(
    ("fact", "hint"),
    [
        ("fever", "yes, no or ?"),
        ("urine", "one number, or ?"),
        ("sites", "their numbers such as 1 3, none, or ?"),
        ("medications", "names with commas between them, none, or ?"),
        ("calcium_mmol_l", "a number and its unit (mmol/L or mg/dL or mEq/L), or ?"),
        ("age_years", "a number of years, or ?"),
        ("ankle_brachial_index", "a number, or ?"),
    ],
)
def test_a_hint_says_what_may_be_typed(fact, hint):
    """For each kind of fact; members have numbers before their names."""
    question = asking(fact)
    labels = [FACTS[fact].labels[member] for member in FACTS[fact].members]

    assert _hint(question) == hint
    assert _options(question) == [f"  {n:2} {label}" for n, label in enumerate(labels, 1)]


def test_whether_there_are_tests_is_yes_or_no():
    """It is no fact, and has nothing to choose from."""
    question = asking(id_=HAS_TESTS)

    assert (_hint(question), _options(question)) == ("yes, no or ?", [])


def test_a_list_to_tick_has_numbers_from_one_and_says_how():
    """With a question mark for what one is not sure of."""
    question = asking("fever", "thirst")

    assert _hint(question) == "the numbers that are so, none, or ?; 3? if not sure of 3"
    assert _options(question) == [f"   1 {FACTS['fever'].label}", f"   2 {FACTS['thirst'].label}"]
