"""The library, run from each form in which it can be installed, finds its rules."""

import shutil
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import pytest

import crampsrules
from tests.packaging.conftest import ROOT, assess, python

OPTIONAL = ("click", "rich", "hypothesis", "z3")


@pytest.fixture(scope="session")
def installed(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    with ZipFile(wheel) as archive:
        archive.extractall(folder := tmp_path_factory.mktemp("installed"))
    return folder


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout with neither rules nor pyproject.toml: tests add what they want."""
    shutil.copytree(ROOT / "src", tmp_path / "src", ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


def test_every_form_gives_the_same_answer_by_the_same_rules(
    installed: Path, wheel: Path, tmp_path: Path
) -> None:
    unpacked, zipped, editable = (
        assess(path, tmp_path) for path in (installed, wheel, ROOT / "src")
    )

    assert unpacked["causes"]
    assert unpacked["causes"] == zipped["causes"] == editable["causes"]
    assert unpacked["version"] == zipped["version"] == editable["version"]


def test_it_works_without_what_is_optional(installed: Path, tmp_path: Path) -> None:
    assert assess(installed, tmp_path, without=OPTIONAL)["causes"]


def test_it_works_without_durable_rules(installed: Path, tmp_path: Path) -> None:
    assert assess(installed, tmp_path, without=("durable", "durable_rules_engine"))["causes"]


def test_importing_it_imports_nothing_optional(installed: Path, tmp_path: Path) -> None:
    done = python("import crampsrules, sys; print(*sys.modules)", installed, tmp_path)

    tops = {name.split(".")[0] for name in done.stdout.split()}
    assert "crampsrules" in tops
    assert tops.isdisjoint({*OPTIONAL, "durable", "durable_rules_engine", "narwhals", "flask"})


def test_a_checkout_reads_its_own_rules(checkout: Path, tmp_path: Path) -> None:
    shutil.copytree(ROOT / "rules", checkout / "rules")
    shutil.copy(ROOT / "pyproject.toml", checkout)

    found = assess(checkout / "src", tmp_path)
    assert found["version"] == crampsrules.assess().rules_version


@pytest.mark.parametrize("rules", [False, True], ids=["no rules", "rules of a stranger"])
def test_rules_that_are_missing_are_an_error_that_names_both_places(
    checkout: Path, rules: bool
) -> None:
    if rules:
        shutil.copytree(ROOT / "rules", checkout / "rules")

    done = python(
        "import crampsrules\n"
        "try: crampsrules.assess(age_years=71)\n"
        "except crampsrules.CrampsRulesError as error: print(error)",
        checkout / "src",
        checkout,
    )
    assert done.returncode == 0, done.stderr
    assert str(checkout / "src" / "crampsrules" / "rules") in done.stdout
    assert str(checkout / "rules") in done.stdout


def test_every_entry_point_leads_somewhere() -> None:
    points = distribution("crampsrules").entry_points

    assert "console_scripts" in {point.group for point in points}
    for point in points:
        assert callable(point.load())
