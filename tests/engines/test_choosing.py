"""Which engine it is, and what is said when there is none."""

from __future__ import annotations

import sys
import threading

import pytest

from crampsrules import EngineError, PatientFacts, RuleBase, assess
from crampsrules.engines import ENGINES, default_engine, engine_for
from tests.engines.common import each_engine, needs_durable, rules_of


@each_engine
def test_the_engine_asked_for_is_the_engine_that_fires(engine):
    """And the assessment says so."""
    assert engine_for(RuleBase.load(), engine).name == engine
    assert assess(engine=engine, weakness=True).engine == engine


def test_left_out_it_is_durable_where_it_runs():
    """And compiled elsewhere."""
    assert assess().engine == default_engine()
    if sys.version_info >= (3, 13):
        assert default_engine() == "compiled"


@each_engine
def test_equal_rules_share_an_engine(engine):
    """Making one takes longer than firing it."""
    first, second = rules_of("weakness or fever"), rules_of("weakness or fever")
    assert first is not second
    assert engine_for(first, engine) is engine_for(second, engine)
    assert engine_for(first, engine) is not engine_for(rules_of("fever or weakness"), engine)


@each_engine
def test_threads_that_ask_at_once_get_one_engine(engine):
    """Nobody waits for a second one to be made."""
    rules = rules_of("weakness", "thirst")
    gate = threading.Barrier(8)
    got = []

    def ask():
        gate.wait()
        got.append(engine_for(rules, engine))

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 8
    assert len(set(map(id, got))) == 1


def test_a_name_that_is_no_engine_is_an_error_with_the_right_one():
    """And it names what there is."""
    with pytest.raises(EngineError, match=r"no engine 'compield'.*durable, compiled.*'compiled'"):
        assess(engine="compield")


def test_where_durable_rules_is_missing_its_engine_is_an_error_that_says_what_to_do(monkeypatch):
    """Asked for by name; left out, compiled takes its place."""
    monkeypatch.setitem(sys.modules, "durable_rules_engine", None)
    default_engine.cache_clear()
    try:
        assert default_engine() == "compiled"
        with pytest.raises(EngineError, match='use engine="compiled"'):
            engine_for(rules_of("weakness", "fever", "thirst"), "durable")
    finally:
        default_engine.cache_clear()


def test_where_durable_rules_is_installed_and_broken_compiled_takes_its_place(
    monkeypatch, tmp_path
):
    """As on Python 3.13, where it calls a function that is no longer there."""
    (tmp_path / "durable_rules_engine.py").write_text("raise ImportError('undefined symbol')")
    monkeypatch.delitem(sys.modules, "durable_rules_engine", raising=False)
    monkeypatch.syspath_prepend(tmp_path)
    default_engine.cache_clear()
    try:
        assert default_engine() == "compiled"
    finally:
        default_engine.cache_clear()


@each_engine
def test_facts_are_not_changed_by_firing(engine):
    """They may be used again, by anyone."""
    facts = PatientFacts(potassium_reported="low", potassium_mmol_l=4, symptoms={"cramp"})
    before = facts.known()
    first = engine_for(RuleBase.load(), engine).fire(facts)
    assert facts.known() == before
    assert engine_for(RuleBase.load(), engine).fire(facts) == first


@needs_durable
def test_every_engine_there_is_is_tested():
    """A new engine joins the tests of agreement by its name."""
    assert set(ENGINES) == {"durable", "compiled"}
