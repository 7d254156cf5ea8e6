"""The same promises at the size that the small tests leave out: `make deep`, half an hour or so."""

# ruff: noqa: T201 - the figures are half the point
from __future__ import annotations

import random
from collections import Counter

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from crampsrules import RuleBase
from tests.deep.patients import half_known
from tests.drawing import medicine_names, patients, rule_bases
from tests.engines.common import (
    FILLED_MEMORY,
    agree_to_the_last_field,
    needs_durable,
    needs_glibc,
)
from tests.engines.test_durable import needs_proc, needs_unix, run

pytestmark = [pytest.mark.deep, needs_durable]

FACT_SETS = 20_000
RULE_BASES = 2_000


def test_engines_agree_on_20_000_patients_to_the_last_field():
    """Half of all facts unknown, numbers mostly at thresholds and next to them."""
    rules = RuleBase.load()
    rng = random.Random(2)  # noqa: S311 - nothing secret
    medicines = [name for name in medicine_names(rules) if len(name) > 1]
    seen: Counter[str] = Counter()
    for _ in range(FACT_SETS):
        assessment = agree_to_the_last_field(rules, half_known(rng, medicines))
        seen.update(assessment.fired)
        seen[f"triage {assessment.triage.id}"] += 1
    print(f"\n{FACT_SETS} patients; {len(seen.keys() & rules.conditions.keys())} of "
          f"{len(rules.conditions)} conditions were true of at least one")  # fmt: skip


def test_engines_agree_on_2_000_rule_bases_to_the_last_field():
    """Rules that nobody wrote, with a few patients each."""
    seen = Counter[str]()

    @settings(max_examples=RULE_BASES, database=None, suppress_health_check=list(HealthCheck))
    @given(data=st.data())
    def agree(data):
        rules = data.draw(rule_bases())
        seen["rule bases"] += 1
        seen["conditions"] += len(rules.conditions)
        for facts in data.draw(st.lists(patients(rules), min_size=2, max_size=4)):
            seen["patients"] += 1
            seen["fired"] += len(agree_to_the_last_field(rules, facts).fired)

    agree()
    print(f"\n{dict(seen)}")


@needs_proc
def test_100_000_assessments_leave_less_than_5_mb():
    """Resident memory, after a thousand to warm up."""
    measured = run("memory", 100_000)
    print(f"\n{measured}")
    assert measured["grown"] < 5e6


def test_16_threads_of_2_000_mix_nothing_up():
    """Every answer is the thread's own patient's."""
    assert run("threads", 2000) == {"wrong": 0, "failed": 0}


@needs_unix
@needs_glibc
@pytest.mark.parametrize(
    ("task", "count"), [("interrupted", 20_000), ("stopped", 5_000), ("in_a_handler", 20_000)]
)
def test_thousands_of_interruptions_leave_the_engine_right(task, count):
    """With memory filled, so that the use of what was freed or never set would crash."""
    measured = run(task, count, FILLED_MEMORY)
    print(f"\n{task}: {measured}")
    assert measured["wrong"] == 0


@needs_unix
def test_hundreds_of_forks_give_the_same_answers():
    """While four threads are firing."""
    assert run("forked", 300) == {"wrong": 0, "here": 0}


@needs_proc
def test_hundreds_of_engines_give_their_memory_back():
    """With the shipped rules, in which one engine in use takes about 15 MB."""
    measured = run("engines_made", 300)
    print(f"\n{measured}")
    assert measured["grown"] < 15e6
