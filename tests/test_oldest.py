"""The oldest versions that are taken: each library has one, and it can be asked for."""

from __future__ import annotations

import tomllib

from tests.drawing import ROOT
from tests.tools import load_tool

oldest = load_tool("oldest")
PYPROJECT = (ROOT / "pyproject.toml").read_text("utf-8")


def test_each_library_that_users_install_has_an_oldest_version():
    """Of the dependencies and of every extra; the library's own extras are none."""
    project = tomllib.loads(PYPROJECT)["project"]
    extras = project["optional-dependencies"]
    asked = {*project["dependencies"], *(one for extra in extras.values() for one in extra)}
    others = {one for one in asked if not one.startswith("crampsrules")}

    found = list(oldest.constraints(PYPROJECT))

    assert len(found) == len(others)
    for line in found:
        assert any(one.startswith(line.replace("==", ">=")) for one in others), line


def test_the_tests_need_no_newer_version_than_users_do():
    """What is installed for the tests would else not be what is promised."""
    groups = tomllib.loads(PYPROJECT)["dependency-groups"]
    for line in oldest.constraints(PYPROJECT):
        name, _, version = line.partition("==")
        wanted = [one for one in groups["test"] if one.partition(">=")[0] == name]
        assert wanted in ([], [f"{name}>={version}"])
