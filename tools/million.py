"""A million generated patients: no crash, no disagreement between engines, no law broken.

    python tools/million.py [--patients N] [--minutes M] [--processes P] [--seed S]

One in ten comes from `crampsrules.strategies`; the others are crossed from two of those, each fact
from the one or the other or left out, since that is quicker than drawing. Each is fired on every
engine that runs here, folded into an assessment, and held to every `[[laws]]` entry of the shipped
rules; one in a hundred is also assessed by each engine from the front door and sent through JSON
and back. It stops after so many patients or minutes, says what it saw, and fails if anything was
wrong. The same seed and number give the same patients.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import sys
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from itertools import count, islice

from attrs import define, evolve, field, frozen
from hypothesis import HealthCheck, Phase, given, seed, settings

from crampsrules import Assessment, PatientFacts, RuleBase, assess
from crampsrules.engines import engine_for
from crampsrules.fold import fold
from crampsrules.laws import broken_laws
from crampsrules.strategies import patient_facts
from crampsrules.strategies.plausible import made_coherent
from crampsrules.testing import running_engines

BATCH = 5_000
CROSSED = 9
"""How many patients are crossed for each that is drawn."""
FRONT_DOOR = 100
MOST_SHOWN = 20
PROGRESS_SECONDS = 15


@frozen
class Seen:
    """What a batch of patients came to."""

    patients: int = 0
    levels: Counter[str] = field(factory=Counter)
    fired: frozenset[str] = frozenset()
    most_facts: int = 0
    faults: tuple[str, ...] = ()

    def __add__(self, other: Seen) -> Seen:
        return Seen(
            self.patients + other.patients,
            self.levels + other.levels,
            self.fired | other.fired,
            max(self.most_facts, other.most_facts),
            self.faults + other.faults,
        )


@define
class Checker:
    """Checks one patient after another."""

    rules: RuleBase = field(factory=RuleBase.load)
    seen: Seen = field(factory=Seen)

    def check(self, facts: PatientFacts) -> None:
        """Assess one patient every way, and note what is wrong."""
        try:
            assessment = self._checked(facts)
        except Exception as error:  # noqa: BLE001 - any at all is what is looked for
            self.seen += Seen(1, faults=(f"{error!r}: {facts!r}",))
            return
        self.seen += Seen(
            1,
            Counter([assessment.triage.id]),
            frozenset(assessment.fired),
            len(facts.known()),
        )

    def _checked(self, facts: PatientFacts) -> Assessment:
        fired = {name: engine_for(self.rules, name).fire(facts) for name in running_engines()}
        expect(len(set(fired.values())) == 1, "the engines disagree")
        assessment = fold(self.rules, facts, fired["compiled"], engine="compiled")
        broken = [law.id for law in broken_laws(assessment)]
        expect(not broken, f"breaks {', '.join(broken)}")
        if self.seen.patients % FRONT_DOOR == 0:
            self._check_front_door(facts, assessment)
        return assessment

    def _check_front_door(self, facts: PatientFacts, expected: Assessment) -> None:
        for name in running_engines():
            whole = assess(facts, rules=self.rules, engine=name)
            expect(evolve(whole, engine="compiled") == expected, f"{name} assesses otherwise")
        again = Assessment.from_json(expected.to_json(unknowns=False))
        expect(again == expected, "comes back from JSON changed")


def expect(holds: bool, otherwise: str) -> None:
    """Raise what is otherwise, unless it holds."""
    if not holds:
        raise AssertionError(otherwise)


def checked_batch(task: tuple[int, int]) -> Seen:
    """What a batch of so many patients, by its number, comes to."""
    number, size = task
    checker, chance = Checker(), random.Random(number)  # noqa: S311 - to be the same again
    pool: list[PatientFacts] = []

    @seed(number)
    @settings(
        max_examples=max(1, size // (CROSSED + 1)),
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(patient_facts(plausible=number % 4 != 0))
    def check(facts: PatientFacts) -> None:
        pool.append(facts)
        checker.check(facts)
        for _ in range(CROSSED):
            checker.check(crossed(facts, chance.choice(pool), chance))

    check()
    return checker.seen


def crossed(one: PatientFacts, other: PatientFacts, chance: random.Random) -> PatientFacts:
    """Each known fact of two patients from the one or the other, or left out."""
    mixed = {
        name: chance.choice((one, other)).known().get(name)
        for name in {**one.known(), **other.known()}
    }
    return PatientFacts.from_mapping(made_coherent(_known(mixed), plausible=False))


def _known(facts: Mapping[str, object]) -> dict[str, object]:
    return {name: value for name, value in facts.items() if value is not None}


def batches(patients: int, first: int) -> Iterator[tuple[int, int]]:
    """The batches that make up so many patients."""
    sizes = [BATCH] * (patients // BATCH) + [patients % BATCH] * bool(patients % BATCH)
    return zip(count(first), sizes, strict=False)


def run(arguments: argparse.Namespace) -> Seen:
    """Check patients until there have been enough of them, or of minutes."""
    RuleBase.load()  # the rules as they are now: the summary is about these
    total, last_shown = Seen(), time.monotonic()
    ends = time.monotonic() + arguments.minutes * 60
    tasks = batches(arguments.patients, arguments.seed)
    with multiprocessing.get_context("spawn").Pool(arguments.processes) as pool:
        # A few at a time, so that it can stop.
        while time.monotonic() < ends and (some := list(islice(tasks, arguments.processes * 2))):
            for seen in pool.imap_unordered(checked_batch, some):
                total += seen
                if time.monotonic() - last_shown > PROGRESS_SECONDS:
                    last_shown = time.monotonic()
                    print(f"{total.patients:>9,} patients, {len(total.faults)} faults", flush=True)
    return total


def summary(seen: Seen, seconds: float) -> Iterable[str]:
    """What was seen, line by line."""
    rules = RuleBase.load()
    levels = ", ".join(f"{level} {seen.levels[level]:,}" for level in sorted(seen.levels))
    yield f"{seen.patients:,} patients in {seconds / 60:.1f} minutes"
    yield f"engines: {', '.join(running_engines())}; rules {rules.version[:12]}"
    yield f"triage: {levels}"
    yield f"fired at least once: {len(seen.fired)} of {len(rules.conditions)} conditions"
    never = sorted(rules.conditions.keys() - seen.fired)
    if never:
        yield f"never fired: {', '.join(never[:MOST_SHOWN])}"
    yield f"laws held to: {len(rules.laws)}; most facts known of one patient: {seen.most_facts}"
    yield f"crashes, disagreements and broken laws: {len(seen.faults)}"
    yield from seen.faults[:MOST_SHOWN]


def main() -> int:
    """Check, print, and say whether all was well."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--patients", type=int, default=1_000_000)
    parser.add_argument("--minutes", type=float, default=24 * 60)
    parser.add_argument("--processes", type=int, default=2)
    parser.add_argument("--seed", type=int, default=0)
    started = time.monotonic()
    seen = run(parser.parse_args())
    print("\n".join(summary(seen, time.monotonic() - started)))
    return 1 if seen.faults else 0


if __name__ == "__main__":
    sys.exit(main())
