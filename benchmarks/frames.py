"""Patients as columns: `assess_frame` beside plans by hand, and `cohort` beside memory.

The same sixty rules on the same random patients: `assess_frame`, the plan that a person who knows
the frame well writes for just these rules (`frame_peers.py`), and NumPy on encoded columns, which
is the floor. What is compared takes turns and is first checked to give the same answers. Frames
use all processors, so time is the clock's here.
"""

from __future__ import annotations

import gc
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq
from attrs import frozen

from benchmarks import frame_peers
from benchmarks.frame_patients import Patients, draw
from benchmarks.grown import sixty
from benchmarks.measuring import Report, Table, Verdict, asked
from crampsrules import RuleBase, assess_frame
from crampsrules.facts import FACTS

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
# The size that the ratios are told of; of smaller frames, setting up takes the most time.
FULL = 1_000_000
# As Python's rows, which are dear.
MOST_COMPARED = 100_000
# Whether a naive plan for Spark is one select, by what it is called.
NAIVE = {"in one select": True, "a column a rule": False}
# At most of these in DuckDB and Spark, which ten million would keep for too long.
MOST_IN_ENGINES = FULL
IN_COHORT = 1_000_000
ANSWERS = list(frame_peers.ANSWERS)
HAND, OURS = "by hand", "assess_frame"

Task = Callable[[], Any]
Speeds = dict[tuple[str, int], dict[str, float]]


def measure() -> Report:
    """Every kind of frame at every size, and a cohort from file to file."""
    rules = sixty()
    speeds: Speeds = {}
    floor: dict[int, float] = {}
    for size in SIZES:
        patients = patients_for(rules, size)
        for kind, times in _kinds(rules, patients):
            speeds[kind, size] = {name: size / statistics.median(each) for name, each in times}
            print(f"  {size:,} {kind}: {_ratio(speeds[kind, size]):.2f}", flush=True)
        encoded = frame_peers.ArrayColumns.encode(patients.flags)
        if size <= MOST_COMPARED:
            mind_the_floor(rules, patients, encoded)
        floor[size] = size / statistics.median(in_turns(_floor(encoded), 3)[""])
        del patients, encoded
        gc.collect()
    cohort = measure_cohort()
    report = Report([_table(speeds, floor), _cohort_table(cohort)])
    report.verdicts += _verdicts(speeds)
    report.verdicts += _cohort_verdicts(cohort)
    return report


def _floor(encoded: frame_peers.ArrayColumns) -> dict[str, Task]:
    return {"": lambda: frame_peers.numpy_floor(encoded)}


def mind_the_floor(rules: RuleBase, patients: Patients, encoded: frame_peers.ArrayColumns) -> None:
    """End here where the floor answers otherwise than we do."""
    ours = polars_ways(rules, pl.DataFrame(patients.flags).lazy(), in_flags=True)[OURS]
    floor = frame_peers.numpy_answers(*frame_peers.numpy_floor(encoded))
    agree({HAND: lambda: floor, OURS: ours})


def patients_for(rules: RuleBase, count: int) -> Patients:
    """Patients of whom the facts are known that these rules ask about."""
    facts = asked(rules)
    facts |= {by for name in facts if (by := FACTS[name].measured_by)}
    above = {id_: sorted(found) for id_, found in rules.formulary.ancestors.items()}
    return draw(count, [name for name in FACTS if name in facts], above)


def _kinds(rules: RuleBase, patients: Patients) -> Any:  # noqa: ANN401
    """Each kind of frame with the seconds of each way of it, in the order of the table."""
    size = patients.lists.num_rows
    rounds_ = 5 if size <= FULL else 1
    for layout, table in (("lists", patients.lists), ("flags", patients.flags)):
        lazy = pl.DataFrame(table).lazy()
        ways = polars_ways(rules, lazy, in_flags=layout == "flags")
        yield f"Polars, lazy, {layout}", _timed(ways, size, rounds_)
        del lazy
    if size <= MOST_IN_ENGINES:
        for layout, table in (("lists", patients.lists), ("flags", patients.flags)):
            connection = duckdb.connect()
            connection.register("patients", table)
            connection.execute("CREATE TABLE stored AS SELECT * FROM patients")
            ways = duckdb_ways(rules, connection, in_flags=layout == "flags")
            yield f"DuckDB, {layout}", _timed(ways, size, 3)
        yield from _spark(rules, patients)


def _timed(ways: Mapping[str, Task], size: int, rounds_: int) -> Any:  # noqa: ANN401
    if size <= MOST_COMPARED:
        agree(ways)
    return in_turns(ways, rounds_).items()


def polars_ways(rules: RuleBase, lazy: pl.LazyFrame, *, in_flags: bool) -> dict[str, Task]:
    """By hand first: what the others are told as a ratio of."""
    return {
        HAND: lambda: frame_peers.polars_plan(lazy, in_flags=in_flags).collect(),
        OURS: lambda: assess_frame(lazy, rules=rules).select(ANSWERS).collect(),
    }


def duckdb_ways(
    rules: RuleBase, connection: duckdb.DuckDBPyConnection, *, in_flags: bool
) -> dict[str, Task]:
    """Raw SQL, and the same through us."""
    table = connection.table("stored")
    answers = ", ".join(ANSWERS)
    return {
        HAND: lambda: frame_peers.sql_answers(
            connection, "stored", in_flags=in_flags
        ).to_arrow_table(),
        OURS: lambda: assess_frame(table, rules=rules).project(answers).to_arrow_table(),
    }


def _spark(rules: RuleBase, patients: Patients) -> Any:  # noqa: ANN401
    """The naive plans and ours on a Spark of two workers, as a job that reads Parquet."""
    from pyspark.sql import SparkSession

    with TemporaryDirectory() as folder:
        pq.write_table(patients.lists, f"{folder}/patients.parquet")
        session = (
            SparkSession.builder.master("local[2]")
            .appName("crampsrules benchmarks")
            .config("spark.ui.enabled", "false")
            .config("spark.ui.showConsoleProgress", "false")
            .config("spark.driver.memory", "4g")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        try:
            frame = session.read.parquet(f"{folder}/patients.parquet").repartition(2).cache()
            frame.count()
            ways = {OURS: partial(_run, assess_frame(frame, rules=rules))}
            for kind, in_one_select in NAIVE.items():
                plan = frame_peers.naive_spark_plan(frame, in_one_select=in_one_select)
                ways[kind] = partial(_run, plan)
            in_turns(ways, 1)  # Spark takes a run or two to get up to speed
            times = in_turns(ways, 5)
            for kind in NAIVE:
                yield f"Spark, naive {kind}", ((HAND, times[kind]), (OURS, times[OURS]))
        finally:
            session.stop()


def _run(frame: Any) -> None:  # noqa: ANN401
    frame.select(*ANSWERS, "fired").write.format("noop").mode("overwrite").save()


def agree(ways: Mapping[str, Task]) -> None:
    """End here where two ways answer otherwise."""
    by_hand, ours = _rows(ways[HAND]()), _rows(ways[OURS]())
    for row, (a, b) in enumerate(zip(by_hand, ours, strict=True)):
        if a != b:
            raise SystemExit(f"they disagree about row {row}: {a}, {b}")


def _rows(answers: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - of Polars or PyArrow
    rows: list[dict[str, Any]] = (
        answers.to_dicts() if isinstance(answers, pl.DataFrame) else answers.to_pylist()
    )
    return rows


def in_turns(ways: Mapping[str, Task], rounds_: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(rounds_ + 1):
        for name, task in ways.items():
            gc.collect()
            began = time.perf_counter()
            task()
            if number:
                times[name].append(time.perf_counter() - began)
    return times


def _ratio(speeds: Mapping[str, float]) -> float:
    return speeds[OURS] / speeds[HAND]


def _table(speeds: Speeds, floor: Mapping[int, float]) -> Table:
    rows = [
        [kind, f"{size:,}", _millions(each[HAND]), _millions(each[OURS]), f"{_ratio(each):.2f}"]
        for (kind, size), each in sorted(speeds.items(), key=lambda item: item[0][0])
    ]
    rows += [
        ["NumPy, encoded columns: the floor", f"{size:,}", _millions(speed), "", ""]
        for size, speed in floor.items()
    ]
    head = ["million rows a second", "rows", "by hand", "assess_frame", "ratio"]
    return Table("frames", head, rows)


def _millions(speed: float) -> str:
    return f"{speed / 1e6:.3f}"


def _verdicts(speeds: Speeds) -> list[Verdict]:
    verdicts = []
    for kind, at_least in (("Polars, lazy", 0.5), ("DuckDB", 0.7)):
        verdicts += [
            Verdict(
                f"assess_frame on {kind}, {layout}: in times the speed of a plan by hand",
                _ratio(speeds[f"{kind}, {layout}", FULL]),
                at_least=at_least,
            )
            for layout in ("lists", "flags")
        ]
    verdicts += [
        Verdict(
            f"a row on Polars, {layout}, at {SIZES[-1]:,}, in times what it takes at {FULL:,}",
            speeds[f"Polars, lazy, {layout}", FULL][OURS]
            / speeds[f"Polars, lazy, {layout}", SIZES[-1]][OURS],
            at_most=1.3,
        )
        for layout in ("lists", "flags")
    ]
    verdicts += [
        Verdict(
            f"assess_frame on Spark: in times the speed of the naive plan {kind}",
            _ratio(speeds[f"Spark, naive {kind}", FULL]),
            at_least=3,
        )
        for kind in NAIVE
    ]
    return verdicts


# --- A cohort, from file to file ------------------------------------------------------------------


@frozen
class Run:
    """What a process took."""

    seconds: float
    megabytes: float


IN_MEMORY = """
import sys, polars, crampsrules
frame = polars.read_parquet(sys.argv[1])
crampsrules.assess_frame(frame).write_parquet(sys.argv[2])
"""


def measure_cohort() -> dict[str, Run]:
    """The shipped rules, Parquet to Parquet: streamed, and all in memory at once."""
    patients = patients_for(RuleBase.load(), IN_COHORT)
    with TemporaryDirectory() as folder:
        few, many = Path(folder, "few.parquet"), Path(folder, "many.parquet")
        pq.write_table(patients.lists.slice(0, 100), few)
        pq.write_table(patients.lists, many)
        del patients
        gc.collect()
        return {
            "the start": _process(_cohort(few)),
            "cohort": _process(_cohort(many)),
            "in memory": _process([sys.executable, "-c", IN_MEMORY, str(many), f"{many}.out"]),
        }


def _cohort(table: Path) -> list[str]:
    return [sys.executable, "-m", "crampsrules", "cohort", str(table), f"{table}.answers.parquet"]


# What a process took at most begins, for Linux, with what its parent had, which here is much.
WATCHED = """
import os, subprocess, sys, time
began = time.perf_counter()
process = subprocess.Popen(sys.argv[1:], stdout=subprocess.DEVNULL)
_, status, usage = os.wait4(process.pid, 0)
print(time.perf_counter() - began, usage.ru_maxrss / 1024)
sys.exit(os.waitstatus_to_exitcode(status))
"""


def _process(command: Sequence[str]) -> Run:
    watched = [sys.executable, "-c", WATCHED, *command]
    done = subprocess.run(watched, check=True, stdout=subprocess.PIPE, text=True)
    seconds, megabytes = map(float, done.stdout.split())
    return Run(seconds, megabytes)


def _cohort_table(runs: Mapping[str, Run]) -> Table:
    rows = [[name, f"{one.seconds:.1f}", f"{one.megabytes:,.0f}"] for name, one in runs.items()]
    return Table("cohort", [f"{IN_COHORT:,} rows, the shipped rules", "s", "MB at most"], rows)


def _cohort_verdicts(runs: Mapping[str, Run]) -> list[Verdict]:
    return [
        Verdict(
            "cohort: GB beyond the start",
            (runs["cohort"].megabytes - runs["the start"].megabytes) / 1024,
            at_most=1,
        ),
        Verdict(
            "cohort: in times the speed of the same in memory",
            runs["in memory"].seconds / runs["cohort"].seconds,
            at_least=0.5,
        ),
    ]
