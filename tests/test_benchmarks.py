"""What the benchmarks compare does the same."""

from __future__ import annotations

import gc
import json
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import handwritten, naive, run
from benchmarks.grown import grown
from benchmarks.measuring import SLOW_ROUNDS, Table, Timed, Times, Verdict, rounds
from benchmarks.peers import MODULES
from crampsrules import RuleBase
from tests.drawing import ROOT, patients
from tests.engines.common import agree

RULES = ROOT / "benchmarks" / "rules"


def test_the_benchmark_has_sixty_rules_over_more_than_forty_facts():
    """As its page says."""
    rules = RuleBase.load(RULES)
    source = Path(handwritten.__file__).read_text()
    assert len(rules.rules) == 60
    assert all(f'"{id_}"' in source for id_ in rules.conditions)


@settings(max_examples=50)
@given(data=st.data())
def test_the_function_written_by_hand_fires_what_the_rules_fire(data):
    """On any patient: else it would be no measure."""
    rules = RuleBase.load(RULES)
    facts = data.draw(patients(rules))
    assert handwritten.fire(facts, rules.formulary) == agree(rules, facts)


def test_the_naive_function_fires_what_the_shipped_rules_fire():
    """One if-statement a rule, for rules too many to write by hand."""
    rules = RuleBase.load()
    fire = naive.function(rules)

    @settings(max_examples=25)
    @given(patients(rules))
    def the_same(facts):
        assert fire(facts) == agree(rules, facts)

    the_same()


@pytest.mark.parametrize("module", MODULES)
def test_a_peer_fires_what_the_rules_fire(module):
    """In a process of its own: some change what is imported, or start threads that never end."""
    command = [sys.executable, "-m", "benchmarks.peers", module]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
    wrong = json.loads(done.stdout)
    if "missing" in wrong:
        pytest.skip(f"{wrong['missing']}: the group `bench` has it, where this Python can run it")

    assert wrong
    assert set(wrong.values()) == {0}, wrong


@pytest.mark.parametrize("size", [60, 300])
def test_rules_grow_to_the_number_asked_for(size):
    """The first are the sixty, and no two copies ask the same."""
    rules = grown(size)
    sixty = RuleBase.load(RULES)

    assert len(rules.rules) == size
    assert sixty.conditions.items() <= rules.conditions.items()
    conditions = [c for id_, c in rules.conditions.items() if "drinks-enough" in id_]
    assert len(set(conditions)) == size // 60


@pytest.mark.parametrize(
    ("verdict", "holds"),
    [
        (Verdict("a", 1.2, at_most=1.3), True),
        (Verdict("a", 1.4, at_most=1.3), False),
        (Verdict("a", 2.0, at_least=2), True),
        (Verdict("a", 1.9, at_least=2), False),
    ],
)
def test_a_verdict_is_about_its_ratio(verdict, holds):
    """At most, or at least."""
    assert verdict.holds is holds


def test_a_ratio_is_that_of_most_rounds():
    """A machine that is slower for a while is slower for both, which medians would not see."""
    times = Times({"quick": [1.0, 1.0, 9.0, 9.0, 9.0], "slow": [2.0, 2.0, 2.0, 18.0, 18.0]})

    assert times.median("quick") == 9
    assert times.ratio("slow", to="quick") == 2
    assert times.ratio("quick", to="slow") == 0.5


def test_what_took_part_in_fewer_rounds_is_told_by_its_median():
    """There is nothing that stands beside each of them."""
    times = Times({"quick": [1.0, 2.0, 3.0], "slow": [30.0]})

    assert times.ratio("slow", to="quick") == 15


def test_what_takes_turns_takes_as_many_of_them():
    """But for what is slow; and the collector looks at everything again afterwards."""
    frozen = gc.get_freeze_count()
    ways = {
        "slow": Timed(lambda _: sum(range(2_000_000)), [0] * 20),
        "quick": Timed(abs, [0] * 20),
        "other": Timed(abs, [0] * 20),
    }

    times = rounds(ways, 5)

    assert {name: len(each) for name, each in times.of.items()} == {
        "slow": SLOW_ROUNDS,
        "quick": 5,
        "other": 5,
    }
    assert gc.get_freeze_count() <= frozen


def test_a_part_that_ends_early_ends_the_run():
    """Rather than leave the tables of another run as if they were this one's."""
    with pytest.raises(SystemExit, match="nothing ended before it had measured all"):
        run.measured("nothing")


def test_a_part_that_is_none_is_refused():
    """Before anything is measured."""
    with pytest.raises(SystemExit, match="no part 'growht': there are own, single, growth, frames"):
        run.main(["own", "growht"])


def test_the_page_has_a_place_for_every_table(tmp_path, monkeypatch):
    """What is written there replaces what was there, and nothing else."""
    page = tmp_path / "performance.md"
    page.write_text(run.PAGE.read_text(encoding="utf-8"), encoding="utf-8")
    monkeypatch.setattr(run, "PAGE", page)
    for name in ("firing", "assessing", "growth", "shipped-firing", "loading", "single-machine"):
        run.write(Table(name, ["what", "µs"], [["one", "1"]]))
    before = page.read_text(encoding="utf-8")
    run.write(Table("firing", ["what", "µs"], [["two", "2"]]))

    assert page.read_text(encoding="utf-8") == before.replace("one | 1", "two | 2", 1)
    with pytest.raises(SystemExit, match="no place for 'nowhere'"):
        run.write_text("nowhere", "")
