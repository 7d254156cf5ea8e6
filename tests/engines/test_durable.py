"""The durable engine in long use: nothing is started, kept, mixed up or left behind.

Each task runs in a process of its own (load.py); `make deep` runs them large.
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import weakref
from pathlib import Path
from typing import Any

import pytest

from crampsrules import EngineError, PatientFacts, RuleBase
from crampsrules.engines import engine_for
from tests.drawing import FLAGS, ROOT
from tests.engines.common import FILLED_MEMORY, agree, needs_durable, rules_of
from tests.written_rules import rules_of as written
from tests.written_rules import urgent

pytestmark = needs_durable

needs_proc = pytest.mark.skipif(
    not Path("/proc/self/status").exists(), reason="needs /proc to see how much memory is used"
)
needs_unix = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork and signals")


def run(task, count=0, env=None):
    """What a task of load.py measured."""
    command = [sys.executable, "-m", "tests.engines.load", task, str(count)]
    done = subprocess.run(command, cwd=ROOT, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def durable(rules) -> Any:
    """The engine, whose private parts some of these tests look at."""
    return engine_for(rules, "durable")


def test_no_thread_is_started():
    """Neither one that Python knows nor one that it does not."""
    measured = run("threads_started")
    assert measured["after"] == measured["before"]
    assert measured["wrong"] == 0


@needs_proc
def test_assessments_leave_no_memory_behind():
    """Two thousand assessments; `make deep` does a hundred thousand, with the same bound."""
    assert run("memory", 2000)["grown"] < 5e6


@needs_proc
def test_an_engine_that_is_dropped_gives_its_memory_back():
    """With the shipped rules an engine in use takes about 15 MB: of ten, nothing stays.

    Gaps in memory now and then look like one engine; what does not come back is there each time.
    """
    assert any(run("engines_made", 10, FILLED_MEMORY)["grown"] < 15e6 for _ in range(3))


def test_sixteen_threads_get_their_own_answers():
    """Threads that change places in the middle of firing mix nothing up."""
    assert run("threads", 60) == {"wrong": 0, "failed": 0}


def test_more_threads_than_durable_rules_has_sessions_for():
    """1,100 at once: each with a session of its own would be too many for durable-rules."""
    assert run("many_threads", 1100) == {"wrong": 0, "failed": 0}


@needs_unix
def test_interruptions_leave_the_engine_right():
    """Ctrl-C at any moment of firing: afterwards every answer is right, and none hangs."""
    measured = run("interrupted", 400, FILLED_MEMORY)
    assert measured["interrupted"] > 20
    assert measured["wrong"] == 0


def test_exceptions_from_other_threads_leave_the_engine_right():
    """An exception thrown into the firing thread, as servers do to stop a slow request."""
    measured = run("stopped", 150, FILLED_MEMORY)
    assert measured["right"] > 0
    assert measured["wrong"] == 0


@needs_unix
def test_a_signals_handler_may_fire_while_its_thread_is_firing():
    """It gets the right answer, and so does what it interrupted."""
    measured = run("in_a_handler", 200, FILLED_MEMORY)
    assert measured["handled"] > 20
    assert measured["wrong"] == 0


@needs_unix
def test_forks_give_the_same_answers_while_other_threads_fire():
    """A child neither waits for threads that it does not have nor uses what they left."""
    assert run("forked", 12) == {"wrong": 0, "here": 0}


def test_worker_processes_give_the_same_answers():
    """By fork and by spawn."""
    measured = run("workers", 1)
    assert measured["here"] == 0
    assert not any(measured["wrong"].values())
    assert measured["wrong"]


def test_an_engine_goes_with_its_rules():
    """The engines of rules that nobody holds are collected, and so are their rulesets."""
    import durable_rules_engine as rete

    rules = rules_of("weakness")
    engine = durable(rules)
    assert engine.fire(PatientFacts(weakness=True)) == {"see.0"}
    handle = engine._levels[0][0].handle
    gone = weakref.ref(engine)
    del engine, rules
    gc.collect()
    assert gone() is None
    with pytest.raises(rete.error, match="111"):
        rete.assert_fact(handle, '{"id":"1","sid":"s","weakness":true}')


def test_a_fact_left_over_from_another_patient_is_an_error_not_an_answer():
    """durable-rules keeps the old fact and says "observed"; afterwards the engine is right."""
    import durable_rules_engine as rete

    rules = rules_of("weakness", "fever")
    engine = durable(rules)
    weak, hot = PatientFacts(weakness=True), PatientFacts(fever=True)
    assert engine.fire(weak) == {"see.0"}
    handle = engine._levels[0][0].handle
    rete.assert_fact(handle, f'{{"id":"1","sid":"{engine._sessions.free}","weakness":true}}')
    with pytest.raises(EngineError, match="answered 2"):
        engine.fire(hot)
    assert engine.fire(hot) == {"see.1"}
    assert engine.fire(weak) == {"see.0"}


def test_a_session_that_was_left_in_the_middle_is_an_error_not_an_answer():
    """It would stay silent; afterwards the engine is right."""
    import durable_rules_engine as rete

    rules = rules_of("weakness")
    engine = durable(rules)
    weak = PatientFacts(weakness=True)
    assert engine.fire(weak) == {"see.0"}
    handle, session = engine._levels[0][0].handle, engine._sessions.free
    _, state = rete.assert_fact(handle, f'{{"id":"2","sid":"{session}","weakness":true}}')
    rete.start_action_for_state(handle, state)
    with pytest.raises(EngineError, match="did not fire"):
        engine.fire(weak)
    assert engine.fire(weak) == {"see.0"}


def test_an_exception_in_the_middle_leaves_the_engine_right():
    """Whatever it is: here, what comes after a rule fired."""
    rules = rules_of(*(fact.name for fact in FLAGS))
    engine = durable(rules)
    everything = PatientFacts.from_mapping({fact.name: True for fact in FLAGS})

    class Failing(dict[str, str]):
        def get(self, key, default=None):
            raise ZeroDivisionError

    marks, engine._marks = engine._marks, Failing()
    with pytest.raises(ZeroDivisionError):
        engine.fire(everything)
    engine._marks = marks
    assert len(agree(rules, everything)) == len(FLAGS)
    assert engine._sessions.broken == []


def test_rules_that_durable_rules_refuses_are_an_engine_error(monkeypatch):
    """Such as more rulesets than it can hold: the message says who refused, and what it said."""
    import durable_rules_engine as rete

    def refuse(name, text):
        raise rete.error("Could not create ruleset")

    monkeypatch.setattr(rete, "create_ruleset", refuse)
    with pytest.raises(EngineError, match="refuses the rules: Could not create ruleset"):
        engine_for(rules_of("weakness", "thirst"), "durable")


def test_the_shipped_rules_keep_to_what_durable_rules_can_hold():
    """At most 50 branches and 200 properties a ruleset, well below where it fails."""
    engine = durable(RuleBase.load())
    shards = [shard for level in engine._levels for shard in level]
    assert max(len(shard.ids) for shard in shards) <= 50
    assert max(len(shard.keys) for shard in shards) <= 200


def test_no_id_of_a_rule_is_taken_for_a_part_of_another():
    """A condition of many arms is taken apart, and its parts have names that no rule can have."""
    large = "(weakness or fever) and (smoker or itching) and (pregnant or diabetes) and "
    others = [f"part-{number}" for number in range(6)]
    rules = written(
        urgent("aaa", f"{large}(dialysis or jaundice)", "emergency"),
        *(urgent(name, "age_years > 100", "routine") for name in others),
    )

    assert agree(rules, PatientFacts(weakness=True, smoker=True, pregnant=True, dialysis=True)) == {
        "aaa"
    }
