"""What a terminal shows besides the words: headings, colours, hints, and where it pauses."""

from __future__ import annotations

import json
import sys
from io import StringIO

import click
import pytest
from rich.text import Text

from crampsrules import PatientFacts, RuleBase, Triage, assess
from crampsrules.changes import Change, Effect
from crampsrules.cli.answers import AnswerError, read_answer
from crampsrules.cli.ask import WELCOME, _ending, _hint, _options, converse, save
from crampsrules.cli.output import (
    TRIAGE_STYLES,
    forbid_colour,
    progress_console,
    show,
    show_error,
)
from crampsrules.cli.shown_assessment import _block_starts, leaflet
from crampsrules.cli.shown_changes import MOST_SHOWN, changes_shown, in_words
from crampsrules.cli.shown_check import Checked
from crampsrules.cli.shown_proof import _failure, _verdict
from crampsrules.facts import FACTS
from crampsrules.interview import HAS_TESTS, USUAL_LENGTH, Interview, _whether_tested
from crampsrules.prove import Claim
from crampsrules.questions import Question

RULES = RuleBase.load()


def styled(text: Text) -> list[tuple[str, str]]:
    """Each piece of a text that has a style, and the style."""
    return [
        (text.plain[span.start : span.end].strip("\n"), str(span.style))
        for span in text.spans
        if str(span.style)
    ]


# --- An assessment ------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "facts", [{}, {"chest_pain": True}, {"episodes_per_week": 4}], ids=["none", "chest", "often"]
)
def test_a_leaflet_has_the_level_and_its_headings_set_off(facts):
    """Word for word the same, and each heading is bold from its first letter to its last."""
    assessment = assess(facts, engine="compiled")
    shown = leaflet(assessment)
    headings = {
        text for key, text in RULES.wording.leaflet.items() if key.endswith("_heading")
    } & set(str(assessment).splitlines())

    assert shown.plain == str(assessment).rstrip("\n")
    level, *bold = styled(shown)
    assert level == (assessment.triage_wording.title.upper(), TRIAGE_STYLES[assessment.triage])
    assert {text for text, _ in bold} == headings
    assert {style for _, style in bold} <= {"bold"}
    assert len(bold) == len(headings)


def test_each_level_has_a_colour_of_its_own():
    """From green to white on red."""
    assert list(TRIAGE_STYLES) == list(Triage)
    assert len(set(TRIAGE_STYLES.values())) == len(Triage)


def test_a_block_starts_after_an_empty_line():
    """Also one that is empty itself."""
    assert _block_starts("a\n\nb\n\nc") == [3, 6]
    assert _block_starts("a\n\n\n\nb") == [3, 5]
    assert _block_starts("a\nb") == []


class Screen(StringIO):
    """A terminal that is written to."""

    def isatty(self) -> bool:
        return True


def at_a_screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    """A terminal that can show colours, in place of both streams."""
    for name in ("NO_COLOR", "FORCE_COLOR", "TTY_COMPATIBLE", "COLORTERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    shown = Screen()
    monkeypatch.setattr(sys, "stdout", shown)
    monkeypatch.setattr(sys, "stderr", shown)
    return shown


def test_a_terminal_shows_styles_and_a_pipe_the_words_alone(monkeypatch):
    """Words without a style are the same on both."""
    screen = at_a_screen(monkeypatch)
    show(Text("at once", "bold red"))
    show("plain", error=True)
    monkeypatch.setattr(sys, "stdout", pipe := StringIO())
    show(Text("at once", "bold red"))

    assert screen.getvalue() == "\x1b[1;31mat once\x1b[0m\nplain\n"
    assert pipe.getvalue() == "at once\n"


def test_colour_may_be_forbidden(monkeypatch):
    """By the option, wherever it stood, and by the environment."""
    screen, option = at_a_screen(monkeypatch), click.Option(["--no-color"])
    with click.Context(click.Command("assess")) as context:
        forbid_colour(context, option, value=False)
        show(Text("one", "bold"))
        forbid_colour(context, option, value=True)
        show(Text("two", "bold"))
        assert progress_console().no_color is True
    monkeypatch.setenv("NO_COLOR", "1")
    show(Text("three", "bold"))

    assert screen.getvalue() == "\x1b[1mone\x1b[0m\ntwo\nthree\n"


def test_an_error_says_that_it_is_one(capsys):
    """On stderr, and nothing on stdout."""
    show_error("no such file")

    assert capsys.readouterr() == ("", "Error: no such file\n")


# --- What if ------------------------------------------------------------------------------------


def change(effect: Effect, triage: Triage, first_cause: str | None, **facts: object) -> Change:
    return Change(facts=facts, effect=effect, triage=triage, first_cause=first_cause)


def test_changes_stand_under_what_they_lead_to():
    """In the order of the first of each, the last line without one after it."""
    shown = changes_shown(
        [
            change("raises_triage", Triage.EMERGENCY, None, chest_pain=True),
            change("changes_first_cause", Triage.ROUTINE, "dehydration", thirst=True),
            change("raises_triage", Triage.EMERGENCY, None, fever=True, sites=["calf", "foot"]),
            change("changes_first_cause", Triage.ROUTINE, None, fever=False),
            change("lowers_triage", Triage.SELF_CARE, None, potassium_mmol_l=4.5),
        ],
        RULES,
    )
    wording, cause = RULES.wording.triage, RULES.causes["dehydration"].title
    headings = [
        f"More urgent: {wording['emergency'].title}",
        f"First cause: {cause}",
        "First cause: none",
        f"Less urgent: {wording['self_care'].title}",
    ]

    assert shown.plain == "\n".join(
        (
            headings[0],
            f"- {in_words({'chest_pain': True})}",
            f"- {in_words({'fever': True, 'sites': ['calf', 'foot']})}",
            "",
            headings[1],
            f"- {in_words({'thirst': True})}",
            "",
            headings[2],
            f"- {in_words({'fever': False})}",
            "",
            headings[3],
            f"- {in_words({'potassium_mmol_l': 4.5})}",
        )
    )
    assert styled(shown) == [(heading, "bold") for heading in headings]


def test_as_many_changes_as_are_shown_need_no_count_of_others():
    """One more, and it is counted."""
    some = [
        change("raises_triage", Triage.EMERGENCY, None, age_years=age)
        for age in range(MOST_SHOWN + 1)
    ]

    assert "more" not in changes_shown(some[:-1], RULES).plain
    assert changes_shown(some, RULES).plain.endswith(
        "\n  and 1 more: --what-if --json has them all"
    )


def test_facts_are_told_in_the_words_of_their_labels():
    """A member by its own, a figure with its unit, an empty set as none."""
    label = {name: fact.label for name, fact in FACTS.items()}

    assert in_words({"fever": True, "thirst": False}) == (
        f"{label['fever']}: yes; {label['thirst']}: no"
    )
    assert in_words({"urine": "cola"}) == f"{label['urine']}: {FACTS['urine'].labels['cola']}"
    assert in_words({"sites": []}) == f"{label['sites']}: none"
    assert in_words({"medications": ["b", "a"]}) == f"{label['medications']}: b, a"
    assert in_words({"ankle_brachial_index": 0.9}) == f"{label['ankle_brachial_index']}: 0.9"
    assert in_words({"age_years": 71.0}) == f"{label['age_years']}: 71 years"


# --- Checking and proving -----------------------------------------------------------------------


def test_what_was_checked_is_told_with_its_colours():
    """Failures red, what was not run yellow, the verdict bold."""
    sound = Checked(RULES, ("durable", "compiled"), (), ())
    summary = (
        f"{len(RULES.rules)} rules for {len(RULES.causes)} causes, from {len(RULES.sources)} "
        f"sources (version {RULES.version[:12]})\n{len(RULES.examples)} worked examples, on "
        f"durable and compiled, held to {len(RULES.laws)} laws\n"
    )
    assert sound.as_text().plain == f"{summary}All came out as stated."
    assert styled(sound.as_text()) == [("All came out as stated.", "bold green")]

    one = Checked(RULES, ("compiled",), ("durable",), ("it fails",)).as_text()
    assert styled(one) == [
        ("it fails", "red"),
        ("not run, for it does not run here: durable", "yellow"),
        ("1 failure.", "bold red"),
    ]
    assert one.plain.startswith("it fails\n")
    two = Checked(RULES, ("compiled",), (), ("it fails", "so does that")).as_text()
    assert styled(two)[-1] == ("2 failures.", "bold red")


def test_a_proof_is_told_with_its_patient():
    """What fails, where its rule stands, who shows it and what comes of that."""
    patient = PatientFacts(fever=True)
    id_ = RULES.escalations[0].id
    claim = Claim("can fire", id_, "it says so", holds=False, patient=patient, found="it does not")
    place = RULES.file_of(id_)
    assert place is not None

    shown = _failure(RULES, claim)

    assert shown.plain == (
        f"FAILS can fire: {id_} ({place[0]}:{place[1]}): it says so\n"
        f"    {patient!r}\n    it does not"
    )
    assert styled(shown) == [("FAILS ", "bold red")]
    about = f"{len(RULES.rules)} rules and {len(RULES.laws)} laws (version {RULES.version[:12]})"
    good, bad = _verdict(RULES, 1234, 0), _verdict(RULES, 1234, 2)
    assert (good.plain, good.style) == (
        f"All 1,234 claims hold for every patient: {about}.",
        "bold green",
    )
    assert (bad.plain, bad.style) == (f"2 of 1,234 claims fail for {about}.", "bold red")


# --- The conversation ---------------------------------------------------------------------------


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
    first = Interview(rules=RULES).next()
    assert first is not None
    items = "".join(f"  {n:2} {FACTS[f].label}\n" for n, f in enumerate(first.facts, 1))
    hint = "(the numbers that are so, none, or ?; 3? if not sure of 3) "

    steps, told = said(
        monkeypatch, capsys, StringIO("Why\n99\nNONE\nQ\n"), Interview(rules=RULES), to_the_end=True
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
    interview = Interview(rules=RULES)
    first = interview.next()
    assert first is not None
    screen = at_a_screen(monkeypatch)
    monkeypatch.setattr(sys, "stdin", StringIO("q\n"))

    assert list(converse(interview, to_the_end=True)) == []

    assert f"\x1b[1m1. {first.text}\x1b[0m\n   1 " in screen.getvalue()


def test_an_emergency_is_told_in_capitals():
    """With what to do; where there is none, only that it is over."""
    wording = RULES.wording.triage["emergency"]
    ending = _ending(Interview({"chest_pain": True}, rules=RULES))

    assert ending.plain == f"{wording.title.upper()}\n{wording.patient}\n"
    assert styled(ending) == [(wording.title.upper(), TRIAGE_STYLES[Triage.EMERGENCY])]
    assert _ending(Interview(rules=RULES)).plain == "That is all that would matter.\n"


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
    interview = Interview(rules=RULES, length=USUAL_LENGTH)
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


def test_the_question_for_tests_in_full():
    """It stands for the first of what tests would tell."""
    asked = _whether_tested(asking("egfr"), RULES)

    assert (asked.id, asked.facts, asked.could_change) == (HAS_TESTS, (), "triage")
    assert asked.text == (
        "Do you have results at hand from the last three months: of a blood test, of a heart "
        "tracing (ECG), or of someone checking the blood flow in your legs?"
    )


def test_a_source_is_cited_in_one_line():
    """Who, what and when."""
    for source in RULES.sources.values():
        assert source.title in str(source)
        assert "None" not in str(source)


def asking(*facts: str, id_: str = "x") -> Question:
    return Question(
        id=id_,
        text="A question?",
        facts=facts,
        why="",
        could_change="triage",
        could_reach=Triage.ROUTINE,
    )


@pytest.mark.parametrize(
    ("facts", "line", "message"),
    [
        (("fever",), "perhaps", "Please answer yes, no or ?"),
        (("age_years",), "old", "Please give a number, such as 3 or 1.5, or ?"),
        (("age_years",), "3 days", "Please give a number of years alone"),
        (("ankle_brachial_index",), "1 m", "No unit here"),
        (("urine",), "6", "Please give numbers from 1 to 5, none or ?"),
        (("urine",), "blue", "Please give one number from 1 to 5, or ?"),
        (("sites",), "1 elbow", "elbow is none of these: please give their numbers, none or ?"),
        (("fever", "thirst"), "3", "Please give numbers from 1 to 2, none or ?"),
        (("fever", "thirst"), "0 1", "Please give numbers from 1 to 2, none or ?"),
    ],
)
def test_a_line_that_is_no_answer_is_told_what_would_be(facts, line, message):
    """In a sentence."""
    with pytest.raises(AnswerError) as caught:
        read_answer(asking(*facts), line)
    assert str(caught.value) == message


def test_saved_answers_can_be_read_by_a_person(tmp_path):
    """A fact a line, letters as they were typed, and nobody else may look."""
    file = tmp_path / "answers.json"
    interview = Interview({"medications": ["µ-tonic"], "fever": False}, rules=RULES)
    save(interview, file)

    text = file.read_text(encoding="utf-8")
    assert text == json.dumps(interview.to_dict(), indent=2, ensure_ascii=False) + "\n"
    assert "µ-tonic" in text
    assert file.stat().st_mode & 0o777 == 0o600
