"""A run that is killed goes on where it was, and what comes out is as if nothing had happened."""

import json
import random
import time

import pytest

from crampsrules.cli import ExitCode
from tests.cohort.common import is_same, people, rejects_in, run, started, write

ROWS = 1200
BATCH = 40
KILLS = 10


@pytest.fixture(scope="module")
def cohort(tmp_path_factory):
    """People in CSV, some of them with rows that cannot be used."""
    path = write(tmp_path_factory.mktemp("cohort") / "people.csv", people(ROWS))
    lines = path.read_text(encoding="utf-8").splitlines()
    commas = "," * lines[0].count(",")
    for at in range(50, ROWS, 97):
        lines[at] = "one field too few" if at % 2 else f"{lines[at].split(',')[0]}{commas[:-1]},?"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_killed_at_ten_random_points_it_ends_as_if_it_had_not_been(cohort, tmp_path, suffix):
    """Wherever it is struck, also while it starts and while it finishes."""
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    begun = time.monotonic()
    process = started(cohort, whole, "--batch", BATCH)
    process.join()
    assert process.exitcode == ExitCode.BAD_ROWS
    lasted = time.monotonic() - begun
    rng = random.Random(suffix)  # noqa: S311 - nothing secret
    kills, stages = 0, set()
    while kills < KILLS:
        process = started(cohort, out, "--batch", BATCH)
        process.join(timeout=rng.uniform(0, lasted / 2))
        process.kill()
        process.join()
        if process.exitcode < 0:
            kills += 1
            stages.add(_rows_done(out))
            assert not out.exists() or is_same(whole, out)
        else:
            assert process.exitcode == ExitCode.BAD_ROWS
            assert is_same(whole, out)
            out.unlink()

    assert run(cohort, out, "--batch", BATCH).exit_code == ExitCode.BAD_ROWS
    assert len(stages) > 2, "it was always struck at the same point"
    assert is_same(whole, out)
    assert rejects_in(out) == rejects_in(whole) != []
    assert not _workshop(out).exists()


def _workshop(out):
    return out.with_name(f"{out.name}.partial")


def _rows_done(out):
    record = _workshop(out) / "progress.json"
    return json.loads(record.read_text())["tally"]["assessed"] if record.exists() else None
