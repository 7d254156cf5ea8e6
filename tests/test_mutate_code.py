"""The tool that changes the code to see whether a test notices: its mutants, and what they do."""

from __future__ import annotations

import ast
from typing import Any

import pytest

from crampsrules import units
from tests.drawing import ROOT
from tests.tools import load_tool

TOOL = load_tool("mutate_code")
PACKAGE = ROOT / "src/crampsrules"


def mutants_of(name: str) -> list[Any]:
    return list(TOOL.mutants_of(PACKAGE / name))


@pytest.mark.parametrize("name", ["units.py", "memberships.py", "cli/output.py"])
def test_a_mutant_is_the_module_with_one_change_in_it(name):
    """It is Python, it is not the module itself, and no two have the same name."""
    source = ast.dump(ast.parse((PACKAGE / name).read_text(encoding="utf-8")))
    found = mutants_of(name)

    assert found
    assert len({str(one) for one in found}) == len(found)
    for one in found:
        assert ast.dump(ast.parse(one.source())) != source


@pytest.mark.parametrize(
    ("module", "tests"),
    [
        ("units", "tests/test_units.py"),
        ("engines.generated", "tests/engines/test_generated.py"),
        ("strategies.values", "tests/strategies/test_values.py"),
        ("cli.ask", "tests/cli/test_ask.py"),
        ("frames.dialect", "tests/frames/"),
    ],
)
def test_a_module_is_judged_by_its_own_tests_first(module, tests):
    """Those of its file, or else of its package."""
    assert TOOL.own_tests(module) == tests


def test_decorated_functions_are_changed_too():
    """Those that are cached, properties and methods of a class."""
    functions = {one.function for one in mutants_of("memberships.py")}

    assert "membership" in functions
    assert "Triage.from_id" in {one.function for one in mutants_of("triage.py")}


def test_what_no_test_can_see_is_left_alone():
    """Assertions, casts, defaults and the tables at the top of a module."""
    for name in ("units.py", "fold.py", "assess.py"):
        lines = (PACKAGE / name).read_text(encoding="utf-8").splitlines()
        changed = {lines[one.lines[0] - 1].strip() for one in mutants_of(name)}
        assert not [
            line for line in changed if line.startswith(("assert ", "@", "raise Assertion"))
        ]
        assert not [line for line in changed if line.startswith(("Unit(", "def "))]


def test_an_exchanged_function_does_what_the_mutant_says():
    """Wherever it was imported before, and through what decorates it."""
    (mutant,) = (one for one in mutants_of("units.py") if "value + self.offset" in one.new)
    functions = TOOL.functions()
    unit = units.Unit("x", offset=2.0)
    method, original = units.Unit.to_kept, units.Unit.to_kept.__code__
    try:
        assert TOOL.exchange(mutant, functions)
        assert unit.to_kept(3.0) == 5.0
    finally:
        method.__code__ = original
    assert unit.to_kept(3.0) == 1.0


def test_the_share_that_is_tried_is_always_the_same():
    """And a smaller share is part of a larger one."""
    found = mutants_of("readers.py")
    tenth = {str(one) for one in found if TOOL._dice(0, one) < 0.1}
    half = {str(one) for one in found if TOOL._dice(0, one) < 0.5}

    assert tenth < half
    assert 0.03 < len(tenth) / len(found) < 0.2
    assert tenth != {str(one) for one in found if TOOL._dice(1, one) < 0.1}
