"""Facts from a file or a pipe, JSON or TOML."""

import json

import pytest

from crampsrules import assess
from crampsrules.cli import ExitCode
from crampsrules.interview import Interview
from tests.cli.common import INFORMS, NIGHT_CRAMPS, run


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


@pytest.mark.parametrize(("name", "other"), [("JSON", "fever = true"), ("TOML", '{"fever": true}')])
def test_a_file_is_read_as_its_ending_says_whatever_is_in_it(tmp_path, name, other):
    """And what is wrong with it is said in the words of that."""
    file = tmp_path / f"facts.{name.lower()}"
    file.write_text(other, encoding="utf-8")

    done = run("assess", str(file))

    assert done.exit_code == ExitCode.BAD_FACTS
    assert f"the text is not {name}" in done.stderr


def test_what_is_kept_beside_facts_is_told_from_them():
    """An assessment, and an interview between two requests: where the facts stand in them."""
    assessment = assess(NIGHT_CRAMPS).to_json(unknowns=False)
    state = json.dumps(Interview(NIGHT_CRAMPS).to_state())
    for kept, what, under in (
        (assessment, "an assessment", "facts"),
        (state, "the state of an interview", "answers"),
    ):
        for command in ("assess", "graph"):
            done = run(command, "-", given=kept)
            assert done.exit_code == ExitCode.BAD_FACTS
            told = f"this is {what} and no facts: those stand in it under {under!r}"
            assert told in done.stderr
        facts = json.dumps(json.loads(kept)[under])
        assert run("assess", "-", given=facts).exit_code == ExitCode.OK
