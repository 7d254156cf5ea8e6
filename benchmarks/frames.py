"""How quick it is on columns: `python -m benchmarks.frames`, a part of `make bench`.

The same sixty rules on the same random patients: `assess_frame`, the plan that a person who knows
the frame well writes for just these rules (`frame_peers.py`), and NumPy on encoded columns, which
is the floor. What is compared takes turns, all answers are first compared, and what is told is a
median of the clock's time (frames use all processors) and its ratio to the plan by hand.

    python -m benchmarks.frames [--most ROWS] [--rounds N]
"""

from __future__ import annotations

import argparse
import gc
import statistics
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb
import polars as pl
import pyarrow.parquet as pq

from benchmarks import frame_peers
from benchmarks.frame_patients import Patients, draw
from crampsrules import RuleBase, assess_frame
from crampsrules.conditions import Concluded, Suspected, atoms
from crampsrules.facts import FACTS

SIZES = (10_000, 100_000, 1_000_000, 10_000_000)
# As Python's rows, which are dear.
MOST_COMPARED = 100_000
ON_SPARK = 100_000
ROUNDS = 3
ANSWERS = list(frame_peers.ANSWERS)

Task = Callable[[], Any]


def main() -> None:
    """Measure and print everything."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--most", type=int, default=SIZES[-1], help="rows at the most")
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    options = parser.parse_args()
    rules = RuleBase.load(Path(__file__).parent / "rules")
    for size in (size for size in SIZES if size <= options.most):
        patients = patients_for(rules, size)
        print(f"\n{size:,} patients")
        measure(rules, patients, options.rounds)
        if size == min(options.most, ON_SPARK):
            spark(rules, patients, options.rounds)


def patients_for(rules: RuleBase, count: int) -> Patients:
    """Patients of whom the facts are known that these rules ask about."""
    asked = {
        atom.fact
        for condition in rules.conditions.values()
        for atom in atoms(condition)
        if not isinstance(atom, Concluded | Suspected)
    }
    asked |= {by for name in asked if (by := FACTS[name].measured_by)}
    return draw(count, [name for name in FACTS if name in asked], _above(rules))


def _above(rules: RuleBase) -> dict[str, list[str]]:
    """Each class of medicines with all those that it lies within."""
    classes = rules.formulary.classes
    above: dict[str, list[str]] = {}
    for id_ in classes:
        found: list[str] = []
        waiting = list(classes[id_].within)
        while waiting:
            found.append(waiting.pop())
            waiting += classes[found[-1]].within
        above[id_] = found
    return above


def measure(rules: RuleBase, patients: Patients, rounds: int) -> None:
    """Each way of each kind of frame, in turns."""
    for layout, table in (("lists", patients.lists), ("flags", patients.flags)):
        in_flags = layout == "flags"
        lazy = pl.DataFrame(table).lazy()
        connection = duckdb.connect()
        connection.register("patients", table)
        for kind, ways in (
            ("Polars lazy", polars_ways(rules, lazy, in_flags=in_flags)),
            ("DuckDB", duckdb_ways(rules, connection, in_flags=in_flags)),
        ):
            if table.num_rows <= MOST_COMPARED:
                agree(kind, ways)
            print_table(f"{kind}, {layout}", in_turns(ways, rounds), table.num_rows)
        del lazy, connection
        gc.collect()
    encoded = frame_peers.ArrayColumns.encode(patients.flags)
    floor = {"NumPy, encoded columns": lambda: frame_peers.numpy_floor(encoded)}
    print_table("The floor", in_turns(floor, rounds), patients.flags.num_rows)


def polars_ways(rules: RuleBase, lazy: pl.LazyFrame, *, in_flags: bool) -> dict[str, Task]:
    """By hand first: what the others are told as a ratio of."""
    return {
        "by hand": lambda: frame_peers.polars_plan(
            lazy, in_flags=in_flags, show_fired=False
        ).collect(),
        "assess_frame": lambda: assess_frame(lazy, rules=rules).select(ANSWERS).collect(),
    }


def duckdb_ways(
    rules: RuleBase, connection: duckdb.DuckDBPyConnection, *, in_flags: bool
) -> dict[str, Task]:
    """Raw SQL, and the same through us."""
    table = connection.table("patients")
    answers = ", ".join(ANSWERS)
    return {
        "by hand": lambda: frame_peers.sql_answers(
            connection, "patients", in_flags=in_flags
        ).to_arrow_table(),
        "assess_frame": lambda: assess_frame(table, rules=rules).project(answers).to_arrow_table(),
    }


def agree(kind: str, ways: Mapping[str, Task]) -> None:
    """End here where two ways answer otherwise."""
    (first, *others), answers = ways, {name: _rows(task()) for name, task in ways.items()}
    for name in others:
        for row, (a, b) in enumerate(zip(answers[first], answers[name], strict=True)):
            if a != b:
                raise SystemExit(f"{kind}: {first} and {name} disagree about row {row}: {a}, {b}")


def _rows(answers: Any) -> list[dict[str, Any]]:  # noqa: ANN401 - of Polars or PyArrow
    rows: list[dict[str, Any]] = (
        answers.to_dicts() if isinstance(answers, pl.DataFrame) else answers.to_pylist()
    )
    return rows


def in_turns(ways: Mapping[str, Task], rounds: int) -> dict[str, list[float]]:
    """Seconds of each way in each round; the first round is not counted."""
    times: dict[str, list[float]] = {name: [] for name in ways}
    for round_ in range(rounds + 1):
        for name, task in ways.items():
            gc.collect()
            began = time.perf_counter()
            task()
            if round_:
                times[name].append(time.perf_counter() - began)
    return times


def print_table(what: str, times: Mapping[str, list[float]], rows: int) -> None:
    """Rows a second of each way, and its speed beside the first one's."""
    print(f"  {what}")
    first = next(iter(times.values()))
    for name, each in times.items():
        ratio = statistics.median(a / b for a, b in zip(first, each, strict=True))
        speed = rows / statistics.median(each) / 1e6
        print(f"    {name:24} {speed:8.3f} M rows/s   {ratio:6.2f} times the speed of the first")


def spark(rules: RuleBase, patients: Patients, rounds: int) -> None:
    """The naive plan and ours on a Spark of two workers, as a job that reads Parquet."""
    from pyspark.sql import SparkSession

    with TemporaryDirectory() as folder:
        pq.write_table(patients.lists, f"{folder}/patients.parquet")
        session = (
            SparkSession.builder.master("local[2]")
            .appName("crampsrules benchmarks")
            .config("spark.ui.enabled", "false")
            .config("spark.driver.memory", "4g")
            .config("spark.sql.shuffle.partitions", "2")
            .getOrCreate()
        )
        session.sparkContext.setLogLevel("ERROR")
        try:
            frame = session.read.parquet(f"{folder}/patients.parquet").repartition(2).cache()
            frame.count()
            ways = {
                "one column a rule": lambda: _run(frame_peers.naive_spark_plan(frame)),
                "assess_frame": lambda: _run(assess_frame(frame, rules=rules)),
            }
            print_table("Spark, lists", in_turns(ways, rounds), patients.lists.num_rows)
        finally:
            session.stop()


def _run(frame: Any) -> None:  # noqa: ANN401
    frame.select(*ANSWERS, "fired").write.format("noop").mode("overwrite").save()


if __name__ == "__main__":
    main()
