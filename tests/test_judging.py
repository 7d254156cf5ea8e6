"""Many patients and many threads on the same rules: nothing mixed up, nothing left behind.

What is measured is measured in a process of its own: `python -m tests.sharing TASK COUNT`.
"""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from crampsrules import (
    CrampsRulesError,
    EngineError,
    assess,
    assess_frame,
    graph,
    next_questions,
    what_would_change,
)
from crampsrules.engines import ENGINES
from crampsrules.interview import Interview
from tests.drawing import ROOT
from tests.engines.common import needs_durable

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/statm").exists(), reason="needs /proc to see how much memory is used"
)


def run(task: str, count: int) -> dict[str, float]:
    """What a task of sharing.py measured."""
    command = [sys.executable, "-m", "tests.sharing", task, str(count)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    measured: dict[str, float] = json.loads(done.stdout)
    return measured


@needs_proc
def test_patients_leave_no_memory_behind():
    """No two alike, with lists of medicines that nobody knows: what is remembered has a limit."""
    measured = run("memory", 6000)

    assert measured["assessed"] == 6000
    assert measured["grown"] < 6e6  # a kilobyte for each; the caches are not full yet


@pytest.mark.deep
@needs_proc
def test_fifty_thousand_patients_leave_no_memory_behind():
    """When the caches are full, nothing grows."""
    measured = run("memory", 50_000)

    assert measured["assessed"] == 50_000
    assert measured["grown"] < 4e6


@needs_proc
def test_hostile_lists_are_not_remembered():
    """The longest lists of the longest names that are read at all."""
    assert run("long_lists", 50)["grown"] < 3e6


@pytest.mark.parametrize(
    "engine", [pytest.param(name, marks=[needs_durable] * (name == "durable")) for name in ENGINES]
)
def test_four_threads_share_everything(engine):
    """Rules, engine, patients and assessments, from the first moment on: all answers are right."""
    assert run(f"threads_{engine}", 100) == {"wrong": 0, "failed": 0, "answers": 400}


@pytest.mark.parametrize(
    "call",
    [
        lambda rules: assess(rules=rules),
        lambda rules: next_questions({}, rules=rules),
        lambda rules: what_would_change({}, rules=rules),
        lambda rules: Interview(rules=rules),
        lambda rules: graph(rules=rules),
        lambda rules: Interview.resumed({}, rules=rules),
        lambda rules: assess_frame(pl.DataFrame({"fever": [True]}), rules=rules),
    ],
)
def test_what_is_no_rule_base_is_refused(call):
    """The name of a folder is what one gives by mistake."""
    with pytest.raises(
        CrampsRulesError, match="rules takes a RuleBase, got 'rules/mine'; RuleBase"
    ):
        call("rules/mine")


@pytest.mark.parametrize("engine", [3, ["a"], b"compiled", "ids", "fold", "engine compiled"])
def test_what_is_no_name_of_an_engine_is_refused(engine):
    """Whatever it is, and whatever is kept with the rules besides engines."""
    assess(fever=True, engine="compiled").causes  # noqa: B018 - looking keeps what it needs

    with pytest.raises(EngineError) as refused:
        assess(engine=engine)

    told = f"there is no engine {engine!r}; there are durable, compiled"
    assert str(refused.value).startswith(told)
