"""Facts from a file or a pipe, JSON or TOML."""

import json

import pytest

from crampsrules import assess
from crampsrules.cli import ExitCode
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
