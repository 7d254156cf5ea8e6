"""The wheel and the sdist of this checkout, built once, and a way to run code from them."""

import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]

_ASSESS = """\
import json, sys
sys.modules.update({name: None for name in %r})
import crampsrules
assessment = crampsrules.assess(fluid_litres_per_day=0.5, symptoms={"cramp"}, timing={"night"})
print(json.dumps({
    "where": crampsrules.__file__,
    "version": assessment.rules_version,
    "causes": [cause.id for cause in assessment.causes],
    "modules": sorted(sys.modules),
}))
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark everything in this folder."""
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.packaging)


def build(source: Path, target: Path, kind: str) -> Path:
    """Build the `kind` ("sdist", "wheel") of the project at `source` into a new `target`."""
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--target", kind, "--directory", target],
        cwd=source,
        check=True,
        capture_output=True,
        text=True,
    )
    (built,) = target.iterdir()
    return built


def python(code: str, path: Path, away: Path) -> subprocess.CompletedProcess[str]:
    """Run code in a Python of its own that looks for modules in `path` first, from `away`."""
    return subprocess.run(
        [sys.executable, "-c", code],
        cwd=away,
        env={**os.environ, "PYTHONPATH": str(path)},
        check=False,
        capture_output=True,
        text=True,
    )


def assess(path: Path, away: Path, without: tuple[str, ...] = ()) -> dict[str, Any]:
    """Assess a patient with the crampsrules in `path`, where the modules `without` are missing."""
    done = python(_ASSESS % (without,), path, away)
    assert done.returncode == 0, done.stderr
    report: dict[str, Any] = json.loads(done.stdout)
    assert report["where"].startswith(str(path))
    return report


@pytest.fixture(scope="session")
def sdist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("sdist"), "sdist")


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(ROOT, tmp_path_factory.mktemp("wheel"), "wheel")


@pytest.fixture(scope="session")
def unpacked_sdist(sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder := tmp_path_factory.mktemp("unpacked"), filter="data")
    (project,) = folder.iterdir()
    return project


@pytest.fixture(scope="session")
def wheel_of_sdist(unpacked_sdist: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build(unpacked_sdist, tmp_path_factory.mktemp("wheel-of-sdist"), "wheel")
