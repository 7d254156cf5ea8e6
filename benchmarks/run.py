"""How quick it is: `make bench`. See README.md beside this file.

Everything is measured in one run on one machine, the things compared in turns on the same
patients, and told as a ratio: a figure in microseconds says more about the machine. Time is the
processor's, not the clock's, so that other work on the machine counts for less.
"""

from __future__ import annotations

import os
import platform
import random
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import handwritten, naive
from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.engines import default_engine, engine_for
from crampsrules.engines.compiled import CompiledEngine
from crampsrules.facts import FACTS, Fact
from crampsrules.fold import Folding
from crampsrules.rulefiles import read_folder, shipped_folder

ROUNDS = 25
PATIENTS = 100
KNOWN = (0.1, 0.5, 1.0)
IMPORTS = 15

Task = Callable[[PatientFacts], object]


def main() -> None:
    """Measure and print everything."""
    print(
        f"{platform.python_implementation()} {platform.python_version()}, "
        f"{platform.machine()}, {datetime.now(UTC).date()}"
    )
    print("Medians of processor time; what is compared took turns.")
    small = RuleBase.load(Path(__file__).parent / "rules")
    shipped = RuleBase.load()
    imports()
    firing(small, "sixty rules", {"by hand": lambda p: handwritten.fire(p, small.formulary)})
    firing(shipped, "the shipped rules", {"one if a rule": naive.function(shipped)})
    whole(shipped)
    loading()
    if default_engine() == "durable":
        hosting(small)  # last: its threads never end


def imports() -> None:
    """What `import crampsrules` adds to an import of attrs and cattrs."""
    heading("Import, in ms more than Python with attrs and cattrs imported (to be at most 80)")
    before = "import attrs, cattrs"
    with TemporaryDirectory() as compiled:
        # As an installed package is: compiled once, before it is imported.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # The second is what the first assessment imports besides.
        for what in ("crampsrules", "crampsrules.fold, crampsrules.engines.compiled"):
            code = f"{before}, {what}"
            _started(code, environment)
            extra = [
                _started(code, environment) - _started(before, environment) for _ in range(IMPORTS)
            ]
            print(f"  import {what:45} {statistics.median(extra):7.1f}")


def _started(code: str, environment: Mapping[str, str]) -> float:
    """The ms that a Python takes to run this and end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def firing(rules: RuleBase, called: str, others: Mapping[str, Task]) -> None:
    """Fire the same rules in every way there is."""
    ways: dict[str, Task] = {**others, "compiled": engine_for(rules, "compiled").fire}
    if default_engine() == "durable":
        ways["durable"] = engine_for(rules, "durable").fire
    heading(f"fire() of {called}: {len(rules.rules)} rules, {len(rules.conditions)} conditions")
    _compare(rules, ways)


def hosting(rules: RuleBase) -> None:
    """The durable engine beside the same network in durable-rules' own Host."""
    from benchmarks.host import HostEngine

    heading("fire() of sixty rules: the lower module of durable-rules, and its Host")
    _compare(
        rules,
        {
            "durable": engine_for(rules, "durable").fire,
            "durable in a Host": HostEngine(rules).fire,
        },
    )


def _compare(rules: RuleBase, ways: Mapping[str, Task]) -> None:
    for share in KNOWN:
        patients = draw_patients(rules, share)
        _agree(ways, patients)
        print(f"  {share:.0%} of the facts known")
        print_table(rounds(ways, patients))


def _agree(ways: Mapping[str, Task], patients: Iterable[PatientFacts]) -> None:
    for patient in patients:
        answers = {name: fire(patient) for name, fire in ways.items()}
        if len(set(answers.values())) != 1:
            raise SystemExit(f"they disagree about {patient!r}: {answers}")


def whole(rules: RuleBase) -> None:
    """A whole assessment, and where its time goes."""
    heading("assess() with the shipped rules, and its parts")
    compiled = engine_for(rules, "compiled")
    for share in KNOWN[:2]:
        print(f"  {share:.0%} of the facts known")
        patients = draw_patients(rules, share)
        ways = _assessing("compiled")
        ways |= {
            "  reading the facts": lambda p: PatientFacts.from_mapping(vars(p)),
            "  fire()": compiled.fire,
            "  folding": _folding(rules, {one: compiled.fire_number(one) for one in patients}),
        }
        if default_engine() == "durable":
            ways |= _assessing("durable")
        print_table(rounds(ways, patients))


def _assessing(engine: str) -> dict[str, Task]:
    return {f"assess(), {engine}": lambda p: assess(vars(p), engine=engine)}


def _folding(rules: RuleBase, fired: Mapping[PatientFacts, int]) -> Task:
    # Patients are hashed by all they are: by identity it costs nothing.
    by_identity = {id(patient): number for patient, number in fired.items()}
    fold = Folding.of(rules).fold
    return lambda p: fold(rules, p, by_identity[id(p)], "compiled")


def loading() -> None:
    """Reading and checking the shipped rules, and putting them into an engine."""
    heading("Loading, once a process, in ms")
    files = read_folder(shipped_folder(), "rules")
    rules = RuleBase.load()
    steps: dict[str, Callable[[], object]] = {
        "reading the files": lambda: read_folder(shipped_folder(), "rules"),
        "checking the rules": lambda: RuleBase(files),
        "compiled engine": lambda: CompiledEngine(rules),
    }
    if default_engine() == "durable":
        from crampsrules.engines.durable import DurableEngine

        steps["durable engine"] = lambda: DurableEngine(rules)
    for name, step in steps.items():
        print(f"  {name:28} {statistics.median(_timed(step) for _ in range(5)) * 1000:7.1f}")


def _timed(step: Callable[[], object]) -> float:
    began = time.thread_time()
    step()
    return time.thread_time() - began


def rounds(ways: Mapping[str, Task], patients: Sequence[PatientFacts]) -> dict[str, list[float]]:
    """The µs a patient of each way, in each of many rounds."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(ROUNDS):
        for name, task in ways.items():
            times[name].append(_a_patient(task, patients))
    return times


def _a_patient(task: Task, patients: Sequence[PatientFacts]) -> float:
    began = time.thread_time()
    for patient in patients:
        task(patient)
    return (time.thread_time() - began) / len(patients) * 1e6


def print_table(times: Mapping[str, Sequence[float]]) -> None:
    """Each way beside the first one."""
    first = next(iter(times.values()))
    for name, each in times.items():
        ratio = statistics.median(a / b for a, b in zip(each, first, strict=True))
        print(f"    {name:24} {statistics.median(each):9.1f} µs   {ratio:6.2f} times the first")


def heading(text: str) -> None:
    """Print what comes next."""
    print(f"\n{text}")


def draw_patients(rules: RuleBase, share: float) -> list[PatientFacts]:
    """Random patients of whom that share of the facts is known, the same in every run."""
    rng = random.Random(20261122)  # noqa: S311 - nothing secret
    medicines = [name for one in rules.formulary.classes.values() for name in (one.id, *one.names)]
    return [_patient(rng, share, medicines) for _ in range(PATIENTS)]


def _patient(rng: random.Random, share: float, medicines: Sequence[str]) -> PatientFacts:
    known = {
        fact.name: _value(rng, fact, medicines) for fact in FACTS.values() if rng.random() < share
    }
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


if __name__ == "__main__":
    main()
