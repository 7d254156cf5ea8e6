"""Cohorts at size: memory does not grow with the file, and ten kills on every way through."""

# ruff: noqa: T201 - the figures are half the point
import random
import signal
import subprocess
import sys
import time

import numpy as np
import polars as pl
import pytest

from crampsrules import assess_frame
from crampsrules.cli import ExitCode
from crampsrules.facts import FACTS
from tests.cohort.common import (
    FORMATS,
    SHIPPED,
    is_same,
    people,
    rejects_in,
    rows_seen,
    run,
    started,
    write,
)
from tests.engines.test_durable import needs_proc

pytestmark = pytest.mark.deep

ROWS = 2_000_000
KILLS = 10

# The highest that memory has been, before the run and after it.
MEASURED = """
import sys
from pathlib import Path
import crampsrules.cli.cohort
from crampsrules import RuleBase
from crampsrules.cli import main
RuleBase.load()
def peak():
    # Not getrusage: there the parent's memory counts too.
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM"))
before = peak()
try:
    main(sys.argv[1:])
finally:
    print(before, peak(), file=sys.stderr)
"""


def crowd(rows, facts):
    """Rows with columns of facts, half of which are unknown."""
    rng = np.random.default_rng(1)
    columns = {"person": pl.Series(range(rows))}
    for fact in facts:
        kinds = _sets if fact.is_set else _values
        columns[fact.name] = _known_by_half(kinds(fact, rows, rng), rng)
    return pl.DataFrame(columns)


EVERY = tuple(FACTS.values())
SOME = tuple(
    fact
    for at, fact in enumerate(EVERY)
    if at % 8 == 0 or fact.name in ("symptoms", "timing", "medications")
)


def _known_by_half(values, rng):
    known = pl.Series(rng.random(len(values)) < 0.5)
    return pl.select(pl.when(known).then(values)).to_series()


def _values(fact, rows, rng):
    match fact.kind:
        case "flag":
            return pl.Series(rng.random(rows) < 0.1)
        case "choice":
            return pl.Series(np.array(fact.members)[rng.integers(0, len(fact.members), rows)])
        case _:
            return pl.Series(rng.uniform(fact.low, fact.high, rows))


def _sets(fact, rows, rng):
    members = fact.members or sorted(SHIPPED.formulary.classes)
    picked = [rng.choice(members, size, replace=False).tolist() for size in (0, 1, 1, 2, 3)]
    return pl.Series(picked).gather(rng.integers(0, len(picked), rows))


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """Two million people, a quarter of them as text, and a quarter of whom every fact is asked."""
    folder = tmp_path_factory.mktemp("cohort")
    crowd(ROWS // 4, EVERY).write_parquet(folder / "wide.parquet")
    frame = crowd(ROWS, SOME)
    frame.write_parquet(folder / "in.parquet")
    frame = frame.head(ROWS // 4)  # text takes its time
    frame.write_ndjson(folder / "in.ndjson")
    joined = pl.col(pl.List(pl.String)).list.join(";")
    frame.with_columns(joined).write_csv(folder / "in.csv")
    return folder


@needs_proc
@pytest.mark.parametrize(
    ("source", "target"),
    [
        ("in.parquet", "parquet"),
        ("in.parquet", "ndjson"),
        ("in.csv", "csv"),
        ("in.ndjson", "parquet"),
        ("wide.parquet", "parquet"),
        ("wide.parquet", "csv"),
        ("wide.parquet", "ndjson"),
    ],
)
def test_memory_stays_below_one_gigabyte_more_than_at_the_start(cohort, tmp_path, source, target):
    """Whatever the size of the file."""
    arguments = ["cohort", str(cohort / source), str(tmp_path / f"out.{target}")]
    begun = time.monotonic()

    done = subprocess.run(
        [sys.executable, "-c", MEASURED, *arguments], capture_output=True, text=True, check=False
    )

    assert done.returncode in (ExitCode.OK, ExitCode.BAD_ROWS), done.stderr
    before, after = map(int, done.stderr.split()[-2:])
    lasted = time.monotonic() - begun
    print(f"\n{source} to {target}: {lasted:.0f} s, {(after - before) / 1e6:,.0f} MB "
          f"above the {before / 1e6:,.0f} MB of the start")  # fmt: skip
    assert after - before < 1e9


def test_parquet_is_written_as_fast_as_in_memory_or_half_as_fast(cohort, tmp_path):
    """Against the same with all rows in memory at once: read, assess, write."""
    begun = time.monotonic()
    frame = pl.read_parquet(cohort / "in.parquet")
    read = time.monotonic()
    frame = assess_frame(frame)
    assessed = time.monotonic()
    frame.write_parquet(tmp_path / "memory.parquet")
    written = time.monotonic()
    del frame
    assert run(cohort / "in.parquet", tmp_path / "out.parquet").exit_code == ExitCode.OK
    lasted = time.monotonic() - written

    print(f"\nin memory: read {read - begun:.1f} s, assess {assessed - read:.1f} s, "
          f"write {written - assessed:.1f} s; cohort {lasted:.1f} s, "
          f"{(written - begun) / lasted:.2f} of the speed in memory, "
          f"{(assessed - read) / lasted:.2f} of that of assessing alone")  # fmt: skip
    assert lasted < 2 * (written - begun)


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_ten_kills_change_nothing_from_any_format_to_any_other(tmp_path, source, target):
    """At any time, not only between batches."""
    file = write(tmp_path / f"in.{source}", people(3000))
    whole, out = tmp_path / f"whole.{target}", tmp_path / f"out.{target}"
    run(file, whole)
    rng = random.Random(source + target)  # noqa: S311 - nothing secret
    kills = 0
    for rows in sorted(rng.sample(range(3000), KILLS)):
        process = started(file, out, "--batch", 50)
        while process.is_alive() and rows_seen(out) < rows:
            time.sleep(0.001)
        process.join(timeout=rng.uniform(0, 0.05))
        process.kill()
        process.join()
        kills += process.exitcode == -signal.SIGKILL

    run(file, out, "--batch", 50)

    assert kills >= KILLS // 2
    assert is_same(whole, out)
    assert rejects_in(whole) == rejects_in(out)
