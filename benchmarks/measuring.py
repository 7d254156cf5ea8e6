"""Measuring: patients, rounds of processor time, tables and verdicts."""

from __future__ import annotations

import gc
import os
import platform
import random
import statistics
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from attrs import Factory, define, frozen

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import fact_atoms
from crampsrules.facts import FACTS, Fact

ROUNDS = 15
PATIENTS = 100
# A way slower than this a patient is measured on a tenth of the patients, in a few rounds.
SLOW = 3e-3
SLOW_ROUNDS = 3


@frozen
class Table:
    """A table of the page, in Markdown."""

    name: str
    head: Sequence[str]
    rows: Sequence[Sequence[str]]

    def markdown(self) -> str:
        """As the page has it."""
        lines = [self.head, ["---", *["--:"] * (len(self.head) - 1)], *self.rows]
        return "\n".join(f"| {' | '.join(line)} |" for line in lines)


@frozen
class Verdict:
    """One thing that is to hold: a ratio, and what it is to be."""

    says: str
    ratio: float
    at_most: float = float("inf")
    at_least: float = 0.0

    @property
    def holds(self) -> bool:
        """Whether it does."""
        return self.at_least <= self.ratio <= self.at_most

    @property
    def wanted(self) -> str:
        """What the ratio is to be."""
        if self.at_least:
            return f"at least {self.at_least:g}"
        return f"at most {self.at_most:g}"


@define
class Report:
    """What a part of the benchmarks found."""

    tables: list[Table] = Factory(list)
    verdicts: list[Verdict] = Factory(list)


@frozen
class Timed:
    """Something to be timed: what it takes for each patient, and what is done with it."""

    task: Callable[[Any], object]
    inputs: Sequence[Any]


def never_seen(task: Callable[[Any], object], strangers: Iterable[Any]) -> Timed:
    """Something to be timed with somebody else each time: `met_in` says how many that takes."""
    others = iter(list(strangers))
    return Timed(lambda _: task(next(others)), range(PATIENTS))


def met_in(number: int) -> int:
    """How many are met in that many rounds: those of each twice, and some before the first."""
    return number * 2 * PATIENTS + 4


@frozen
class Times:
    """The µs a patient of each way in each round that it took part in."""

    of: Mapping[str, Sequence[float]]

    def median(self, name: str) -> float:
        """What it takes."""
        return statistics.median(self.of[name])

    def ratio(self, name: str, to: str) -> float:
        """What one takes in times what another does.

        The median over the rounds where both took part in all: a machine that is slower for a while
        is slower for both.
        """
        some, others = self.of[name], self.of[to]
        if len(some) != len(others):
            return self.median(name) / self.median(to)
        return statistics.median(one / other for one, other in zip(some, others, strict=True))


def rounds(ways: Mapping[str, Timed], number: int = ROUNDS) -> Times:
    """What each way takes; they take turns, and time is the processor's."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for way in ways.values():
        _seconds(way, way.inputs[:2])  # what is made with the first patient is made
    slow = {name for name, way in ways.items() if _seconds(way, way.inputs[:2]) > SLOW}
    names = list(ways)
    with _nothing_old_to_collect():
        for done in range(number):
            names.append(names.pop(0))  # so that nobody always comes after the same
            for name in names:
                way = ways[name]
                if name not in slow:
                    _seconds(way, way.inputs)  # nobody pays for what another left in the caches
                    times[name].append(_seconds(way, way.inputs))
                elif done < SLOW_ROUNDS:
                    times[name].append(_seconds(way, way.inputs[: len(way.inputs) // 10]))
    return Times({name: [one * 1e6 for one in each] for name, each in times.items()})


@contextmanager
def _nothing_old_to_collect() -> Iterator[None]:
    """Nobody pays for looking through what all the others have in memory, for garbage."""
    gc.collect()
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()


def _seconds(way: Timed, inputs: Sequence[Any]) -> float:
    task = way.task
    began = time.thread_time()
    for one in inputs:
        task(one)
    return (time.thread_time() - began) / len(inputs)


def machine() -> str:
    """What the figures were taken on."""
    processor = platform.machine()
    described = Path("/proc/cpuinfo")
    if described.exists():
        names = [
            line.partition(":")[2].strip()
            for line in described.read_text().splitlines()
            if line.startswith("model name")
        ]
        processor = names[0] if names else processor
    return (
        f"{datetime.now(UTC).date()}, {platform.python_implementation()} "
        f"{platform.python_version()}, {platform.system()}, {os.cpu_count()} of {processor}"
    )


def asked(rules: RuleBase) -> frozenset[str]:
    """The facts that these rules ask about."""
    used = (atom for condition in rules.conditions.values() for atom in fact_atoms(condition))
    return frozenset(atom.fact for atom in used)


def draw_patients(
    rules: RuleBase, share: float, facts: Iterable[str] = FACTS, count: int = PATIENTS
) -> list[PatientFacts]:
    """Random patients of whom that share of these facts is known, the same in every run."""
    rng = random.Random(20261122)  # noqa: S311 - nothing secret
    names = [name for name in FACTS if name in frozenset(facts)]
    medicines = [name for one in rules.formulary.classes.values() for name in (one.id, *one.names)]
    return [_patient(rng, share, names, medicines) for _ in range(count)]


def _patient(
    rng: random.Random, share: float, names: Sequence[str], medicines: Sequence[str]
) -> PatientFacts:
    known = {name: _value(rng, FACTS[name], medicines) for name in names if rng.random() < share}
    if known.get("dialysis"):
        known["kidney_disease"] = True
    return PatientFacts.from_mapping(known)


def _value(rng: random.Random, fact: Fact, medicines: Sequence[str]) -> Any:  # noqa: ANN401
    match fact.kind:
        case "flag":
            return rng.choice((True, False))
        case "choice":
            return rng.choice(fact.members)
        case "members":
            return rng.sample(fact.members, rng.randint(0, 3))
        case "medicines":
            return rng.sample(list(medicines), rng.randint(0, 4))
    assert fact.low is not None
    assert fact.high is not None
    if fact.kind == "integer":
        return rng.randint(int(fact.low), int(fact.high))
    return rng.uniform(fact.low, fact.high)


def figure(microseconds: float) -> str:
    """A time as the tables show it."""
    return f"{microseconds:,.1f}" if microseconds < 100 else f"{microseconds:,.0f}"  # noqa: PLR2004
