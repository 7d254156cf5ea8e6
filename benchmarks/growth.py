"""What more rules cost: the same patients and sixty rules, six hundred, six thousand, and more.

Each engine and size has a process of its own, with an end to its patience:
`python -m benchmarks.growth MODULE SIZE`.
"""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator

from benchmarks import naive
from benchmarks.grown import grown
from benchmarks.measuring import Report, Table, Verdict, draw_patients, figure
from benchmarks.peers import MODULES, PeerMissingError, ways_of
from benchmarks.peers.common import Way
from crampsrules import RuleBase
from crampsrules.engines import default_engine
from crampsrules.engines.compiled import CompiledEngine

SIZES = (60, 600, 6000, 10_000)
OURS = ("our compiled", "our durable")
NAIVE = "one if a rule"
# In a tenth of the facts known there is more in it for an index than most patients give.
KNOWN = 0.2
PATIENTS = 40
# Of processor time, for one way: a few patients more or less.
SECONDS = 1.5
PATIENCE = 120
FOR_EVER = float("inf")


def measure() -> Report:
    """Every engine on every size that it bears."""
    took: dict[str, dict[int, float]] = {}
    for module in (*OURS, "naive", *MODULES):
        for size in SIZES[:3] if module in MODULES else SIZES:
            found = _in_a_process(module, size)
            for name, microseconds in found.items():
                took.setdefault(name, {})[size] = microseconds
            if not found:
                break
    rows = [
        [name, *(figure(each[size]) if size in each else "-" for size in SIZES), _factor(each)]
        for name, each in sorted(took.items(), key=lambda one: one[1].get(6000, FOR_EVER))
    ]
    head = ["µs a patient", *(f"{size:,} rules" for size in SIZES), "60 to 6,000"]
    compiled = took["**crampsrules, compiled**"]
    verdict = Verdict(
        "compiled with 6,000 rules, in times what 60 take (a hundred times as many)",
        compiled[6000] / compiled[60],
        at_most=100,
    )
    return Report([Table("growth", head, rows)], [verdict])


def _factor(each: dict[int, float]) -> str:
    first, last = min(SIZES), 6000
    return f"x {each[last] / each[first]:,.0f}" if {first, last} <= each.keys() else ""


def _in_a_process(module: str, size: int) -> dict[str, float]:
    command = [sys.executable, "-m", "benchmarks.growth", module, str(size)]
    print(f"  {module}, {size:,} rules", flush=True)
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        print(f"    not within {PATIENCE} s")
        return {}
    except subprocess.CalledProcessError as failed:
        print(f"    failed: {failed.stderr.strip().splitlines()[-1:]}")
        return {}
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ways(module: str, rules: RuleBase) -> Iterator[Way]:
    if module == "our compiled":
        fire = CompiledEngine(rules).fire
        yield Way("**crampsrules, compiled**", lambda patient: patient, fire)
    elif module == "our durable":
        if default_engine() == "durable":
            from crampsrules.engines.durable import DurableEngine

            fire = DurableEngine(rules).fire
            yield Way("**crampsrules, durable**", lambda patient: patient, fire)
    elif module == "naive":
        yield Way(NAIVE, lambda patient: patient, naive.function(rules))
    else:
        try:
            yield from ways_of(module, rules)
        except PeerMissingError as error:
            print(error)


def _times(module: str, size: int) -> dict[str, float]:
    rules = grown(size)
    patients = draw_patients(rules, KNOWN, count=PATIENTS)
    expected = CompiledEngine(rules).fire
    found: dict[str, float] = {}
    for way in _ways(module, rules):
        inputs = [way.prepare(one) for one in patients]
        if way.fire(inputs[0]) != expected(patients[0]):
            raise SystemExit(f"{way.name} disagrees about {patients[0]!r}")
        times: list[float] = []
        began = time.thread_time()
        while time.thread_time() - began < SECONDS:
            start = time.thread_time()
            way.fire(inputs[len(times) % PATIENTS])
            times.append(time.thread_time() - start)
        # Each patient as often as any other, unless there was no time for all.
        whole = len(times) - len(times) % PATIENTS or len(times)
        found[way.name] = statistics.mean(times[:whole]) * 1e6
    return found


if __name__ == "__main__":
    print(json.dumps(_times(sys.argv[1], int(sys.argv[2]))), flush=True)
    os._exit(0)  # the threads of a Host never end
