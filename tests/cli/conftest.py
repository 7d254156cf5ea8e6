"""A patient and a folder of rules for the command line."""

import json

import pytest

from tests.cli.common import LOW_POTASSIUM, SOUND_PACK


@pytest.fixture
def pack(tmp_path):
    """A folder with one sound rule."""
    folder = tmp_path / "pack"
    folder.mkdir()
    (folder / "ours.toml").write_text(SOUND_PACK, encoding="utf-8")
    return folder


@pytest.fixture
def patient(tmp_path):
    """A file of facts."""
    file = tmp_path / "patient.json"
    file.write_text(json.dumps(LOW_POTASSIUM), encoding="utf-8")
    return str(file)
