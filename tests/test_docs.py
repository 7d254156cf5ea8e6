"""The documents: generated pages are complete, links lead somewhere, outputs can be refreshed.

The examples in the documents are run where they stand: see conftest.py at the top.
"""

import re
from pathlib import Path

import pytest

import crampsrules
from crampsrules import RuleBase
from crampsrules.facts import FACTS
from crampsrules.units import UNITS
from docs.blocks import commands
from docs.generated import PAGES, REFUSED_CASE
from docs.refresh import refreshed

ROOT = Path(__file__).parents[1]
DOCUMENTS = sorted((*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("docs/*/*.md")))

# --- The map of the code ------------------------------------------------------------------------


def test_the_architecture_names_every_module_and_nothing_else_in_its_map():
    """Of the folders that a map would grow too long with, their names alone."""
    source = ROOT / "src" / "crampsrules"
    drawn = (ROOT / "ARCHITECTURE.md").read_text("utf-8").split("```")[1]
    told = {path.name for path in source.iterdir() if path.is_dir() and "__" not in path.name}
    apart = [source, source / "engines", source / "frames"]
    told |= {path.stem for folder in apart for path in folder.glob("[!_]*.py")}

    assert sorted(name for name in told if not re.search(rf"\b{name}\b", drawn)) == []


# --- Units --------------------------------------------------------------------------------------


def test_the_guide_to_frames_says_how_to_convert_each_unit():
    """All that are not the same figure, and no others."""
    expected = [
        (fact, unit.name, unit.factor, unit.offset, unit.decimals)
        for fact, units in UNITS.items()
        for unit in units
        if (unit.factor, unit.offset) != (1, 0)
    ]
    page = (ROOT / "docs/guide/frames.md").read_text("utf-8")
    row = r"^\| (.*) \| (.*) \| (?:x|\(x - (.*)\)) / (.*), rounded to (.) decimals \|$"
    told = [
        (fact.strip("`"), unit, float(factor), float(offset or 0), int(decimals))
        for fact, unit, offset, factor, decimals in re.findall(row, page, re.MULTILINE)
    ]

    assert told == expected


# --- Generated pages ----------------------------------------------------------------------------


def everything(page):
    """What a generated page must name."""
    rules = RuleBase.load()
    return {
        "facts": list(FACTS),
        "medicines": list(rules.formulary.classes),
        "causes": [*rules.causes, *(one.when for ones in rules.evidence.values() for one in ones)],
        "findings": [one.concludes for one in rules.findings],
        "escalations": [one.id for one in rules.escalations],
        "advice": [one.id for one in rules.advice],
        "laws": [one.id for one in rules.laws],
        "sources": list(rules.sources),
        "cases": [REFUSED_CASE, rules.wording.leaflet["disclaimer"].split(".")[0]],
    }[page]


@pytest.mark.parametrize("page", PAGES)
def test_a_generated_page_leaves_nothing_out(page):
    """Every fact, rule and source is on its page."""
    text = PAGES[page]()

    assert [name for name in everything(page) if f"`{name}`" not in text and name not in text] == []


@pytest.mark.parametrize("page", PAGES)
def test_the_tables_of_a_generated_page_are_whole(page):
    """Each row has as many cells as the head of its table."""
    for table in re.findall(r"(?:^\|.*\|$\n?)+", PAGES[page](), re.MULTILINE):
        cells = {len(re.findall(r"(?<!\\)\|", row)) for row in table.strip().split("\n")}
        assert len(cells) == 1


def test_all_twenty_worked_cases_are_shown():
    """Nineteen with their answers, and one that is refused."""
    text = PAGES["cases"]()

    assert text.count("\n## ") + text.startswith("## ") == 20
    assert text.count("It informs; it does not diagnose.") == 19


# --- Documents ----------------------------------------------------------------------------------


def test_every_public_name_is_in_the_reference():
    """What can be imported from crampsrules is described on the page on Python."""
    page = (ROOT / "docs/reference/python.md").read_text("utf-8")
    shown = set(re.findall(r"auto\w+:: crampsrules\.(\w+)$", page, re.MULTILINE))

    assert shown >= set(crampsrules.__all__)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_to_a_file_leads_somewhere(document):
    """Links within the repository name what exists."""
    text = re.sub(r"^```.*?^```", "", document.read_text("utf-8"), flags=re.DOTALL | re.MULTILINE)
    links = re.findall(r"\]\((?!https?:|#)([^)#\s]+)", text)

    assert [link for link in links if not (document.parent / link).exists()] == []


# --- Refreshing the outputs ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("shown", "real"),
    [
        ("```python\n>>> 1 + 1\n3\n```\n", "```python\n>>> 1 + 1\n2\n```\n"),
        ("```python\n>>> 1 + 1\n```\n", "```python\n>>> 1 + 1\n2\n```\n"),
        ("```python\n>>> [1, 2]\n[1, ...]\n```\n", "```python\n>>> [1, 2]\n[1, ...]\n```\n"),
        ("```toml\na = 1\n```\n```python\n>>> toml\n```\n", None),
        ("% invisible-code-block: python\n% a = 1\n\n```python\n>>> a\n1\n```\n", None),
        ("```console\n$ make demo\nas it was\n```\n", None),
        ("```text\n>>> 1 + 1\n3\n```\n", None),
    ],
)
def test_refreshing_writes_what_is_real_and_nothing_else(shown, real):
    """A right output, also with an ellipsis, and what is not run stay as they are."""
    if real is None and ">>> toml" in shown:
        real = shown.replace(">>> toml\n", ">>> toml\n'a = 1\\n'\n")

    assert refreshed(shown) == (real or shown)


def test_a_refreshed_error_keeps_its_form():
    """The header of a traceback stays, the message is the real one."""
    shown = "```python\n>>> 1 / 0\nTraceback (most recent call last):\n    ...\nE: no\n```\n"

    assert refreshed(shown) == shown.replace("E: no", "ZeroDivisionError: division by zero")


def test_commands_are_told_from_their_output():
    """A backslash joins lines, and what stands below is shown."""
    first, second = commands("$ crampsrules assess \\\n    x.toml\none\ntwo\n$ make demo\n")

    assert (first.line, first.shown) == ("crampsrules assess \\\n    x.toml", "one\ntwo")
    assert (second.line, second.shown) == ("make demo", "")
    assert second.output() == ""
