"""What belongs to this library alone: import, loading, and the shipped rules."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks import naive
from benchmarks.measuring import (
    ROUNDS,
    Report,
    Table,
    Timed,
    draw_patients,
    figure,
    met_in,
    never_seen,
    rounds,
)
from benchmarks.single import look_at
from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.engines import default_engine, engine_for
from crampsrules.engines.compiled import CompiledEngine
from crampsrules.rulefiles import read_folder, shipped_folder

KNOWN = (0.1, 0.5, 1.0)
IMPORTS = 9


def measure() -> Report:
    """Import, load, fire, assess."""
    rules = RuleBase.load()
    return Report([_importing(), _loading(rules), _firing(rules), _assessing(rules)])


def _importing() -> Table:
    before = "import attrs, cattrs"
    rows = []
    with TemporaryDirectory() as compiled:
        # As an installed package is: compiled once, before it is imported.
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": compiled}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        # The second is what the first assessment imports besides.
        for what in ("crampsrules", "crampsrules.judging, crampsrules.engines.compiled"):
            code = f"{before}, {what}"
            _started(code, environment)
            extra = [
                _started(code, environment) - _started(before, environment) for _ in range(IMPORTS)
            ]
            rows.append([f"`import {what}`", f"{statistics.median(extra):.0f}"])
    return Table("importing", ["ms more than Python with attrs and cattrs", ""], rows)


def _started(code: str, environment: Mapping[str, str]) -> float:
    """The ms that a Python takes to run this and end."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-c", code], env=environment, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return (after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime) * 1000


def _loading(rules: RuleBase) -> Table:
    files = read_folder(shipped_folder(), "rules")
    steps: dict[str, Callable[[], object]] = {
        "reading the files": lambda: read_folder(shipped_folder(), "rules"),
        "checking the rules": lambda: RuleBase(files),
        "generating the compiled engine": lambda: CompiledEngine(rules).fire_number,
    }
    if default_engine() == "durable":
        from crampsrules.engines.durable import DurableEngine

        steps["building the durable engine"] = lambda: DurableEngine(rules)
    rows = [
        [name, f"{statistics.median(_timed(step) for _ in range(5)) * 1000:.0f}"]
        for name, step in steps.items()
    ]
    return Table("loading", ["ms, once a process", ""], rows)


def _timed(step: Callable[[], object]) -> float:
    began = time.thread_time()
    step()
    return time.thread_time() - began


def _engines() -> tuple[str, ...]:
    return ("compiled", "durable") if default_engine() == "durable" else ("compiled",)


def _firing(rules: RuleBase) -> Table:
    ways: dict[str, Callable[[Any], object]] = {"one `if` a rule": naive.function(rules)}
    ways |= {name: engine_for(rules, name).fire for name in _engines()}
    times = []
    for share in KNOWN:
        patients = draw_patients(rules, share)
        for patient in patients[:10]:
            if len({fire(patient) for fire in ways.values()}) != 1:
                raise SystemExit(f"they disagree about {patient!r}")
        times.append(rounds({name: Timed(fire, patients) for name, fire in ways.items()}))
    rows = [[name, *(figure(each.median(name)) for each in times)] for name in ways]
    return Table("shipped-firing", ["µs a patient", *(f"{one:.0%} known" for one in KNOWN)], rows)


def _assessing(rules: RuleBase) -> Table:
    rows: dict[str, list[str]] = {}
    for share in KNOWN:
        patients = draw_patients(rules, share)
        mappings = [one.to_dict() for one in patients]
        strangers = [one.to_dict() for one in draw_patients(rules, share, count=met_in(ROUNDS))]
        ways = {"reading the facts alone": Timed(PatientFacts.from_mapping, mappings)}
        for engine in _engines():
            ways[f"{engine}: triage"] = Timed(_triaged(engine), mappings)
            ways[f"{engine}: everything"] = Timed(_complete(engine), mappings)
            ways[f"{engine}: everything, of someone never seen"] = never_seen(
                _complete(engine), strangers
            )
        times = rounds(ways)
        for name in ways:
            rows.setdefault(name, [name]).append(figure(times.median(name)))
    head = ["assess() of a mapping, µs", *(f"{one:.0%} known" for one in KNOWN)]
    return Table("shipped-assessing", head, list(rows.values()))


def _triaged(engine: str) -> Callable[[Any], object]:
    return lambda patient: assess(patient, engine=engine).triage


def _complete(engine: str) -> Callable[[Any], object]:
    return lambda patient: look_at(assess(patient, engine=engine))
