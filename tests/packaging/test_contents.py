"""What is in the wheel and in the sdist."""

from email import message_from_bytes
from email.message import Message
from pathlib import Path
from zipfile import ZipFile

import pytest

import crampsrules

ROOT = Path(__file__).parents[2]


def tree(folder: Path, pattern: str) -> dict[str, bytes]:
    return {
        file.relative_to(folder).as_posix(): file.read_bytes() for file in folder.rglob(pattern)
    }


def contents(wheel: Path) -> dict[str, bytes]:
    with ZipFile(wheel) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def inside(files: dict[str, bytes], prefix: str) -> dict[str, bytes]:
    return {name.removeprefix(prefix): it for name, it in files.items() if name.startswith(prefix)}


@pytest.fixture(scope="session")
def metadata(wheel: Path) -> Message:
    (found,) = (it for name, it in contents(wheel).items() if name.endswith("dist-info/METADATA"))
    return message_from_bytes(found)


def test_every_rule_file_is_in_the_wheel_and_nothing_else_is_with_them(wheel: Path) -> None:
    rules = tree(ROOT / "rules", "*.toml")

    assert rules
    assert rules == inside(contents(wheel), "crampsrules/rules/")


def test_every_module_and_the_mark_of_typing_are_in_the_wheel(wheel: Path) -> None:
    package = tree(ROOT / "src/crampsrules", "*.py") | {"py.typed": b""}

    files = inside(contents(wheel), "crampsrules/")
    assert package == {name: it for name, it in files.items() if not name.startswith("rules/")}


def test_the_wheel_puts_nothing_beside_the_package(wheel: Path) -> None:
    tops = {name.split("/")[0] for name in contents(wheel)}

    assert tops == {"crampsrules", f"{wheel.name.removesuffix('-py3-none-any.whl')}.dist-info"}


def test_the_wheel_of_the_sdist_is_the_wheel(wheel: Path, wheel_of_sdist: Path) -> None:
    assert contents(wheel) == contents(wheel_of_sdist)


@pytest.mark.parametrize("folder", ["docs", "examples", "rules", "src", "tests", "tools"])
def test_the_sdist_can_be_tested_and_documented(folder: str, unpacked_sdist: Path) -> None:
    def listed(root: Path) -> set[str]:
        made = {"_build", "__pycache__"}
        names = (file.relative_to(root) for file in (root / folder).rglob("*") if file.is_file())
        return {name.as_posix() for name in names if made.isdisjoint(name.parts)}

    assert listed(ROOT)
    assert listed(ROOT) == listed(unpacked_sdist)


def test_the_licence_is_an_expression_and_a_file(metadata: Message, wheel: Path) -> None:
    assert metadata["License-Expression"] == "MIT"
    assert metadata.get_all("License-File") == ["LICENSE"]
    assert any(name.endswith("dist-info/licenses/LICENSE") for name in contents(wheel))
    assert not [it for it in metadata.get_all("Classifier", []) if it.startswith("License")]


def test_durable_rules_is_asked_for_only_where_it_can_be_imported(metadata: Message) -> None:
    (asked,) = (
        it for it in metadata.get_all("Requires-Dist", []) if it.startswith("durable-rules")
    )

    assert asked.replace('"', "'").endswith("; python_version < '3.13'")


def test_the_extras_are_the_ones_documented(metadata: Message) -> None:
    assert set(metadata.get_all("Provides-Extra", [])) == {
        "all",
        "cli",
        "frames",
        "hypothesis",
        "prove",
    }


def test_the_version_is_the_one_that_the_package_tells(metadata: Message) -> None:
    assert metadata["Version"] == crampsrules.__version__
