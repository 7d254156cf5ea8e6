"""A run that is stopped goes on where it was, and what comes out is as if nothing had happened."""

import errno
import gc
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time

import pytest

from crampsrules.cli import ExitCode
from crampsrules.cohort.answers import Assessor
from crampsrules.cohort.csv_source import CsvSource
from crampsrules.cohort.workshop import workshop_of
from tests.cohort.common import (
    is_same,
    people,
    rejects_in,
    rows_seen,
    run,
    started,
    started_with_messages,
    write,
)

ROWS = 1000
BATCH = 25
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


def counted(done):
    """What a summary says of the people, whoever counted them."""
    told = json.loads(done.stdout)
    return {name: told[name] for name in told if name not in ("output", "rejects", "resumed_after")}


# --- Killed -------------------------------------------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_killed_at_ten_random_points_it_ends_as_if_it_had_not_been(cohort, tmp_path, suffix):
    """Wherever it is struck: while it starts, at work, and while it finishes."""
    whole, out = tmp_path / f"whole.{suffix}", tmp_path / f"out.{suffix}"
    done = run(cohort, whole, "--json")
    assert done.exit_code == ExitCode.BAD_ROWS
    rng = random.Random(suffix)  # noqa: S311 - nothing secret
    kills = 0
    for _ in range(20 * KILLS):
        process = started(cohort, out, "--batch", BATCH)
        rows = rng.randrange(ROWS)
        while process.is_alive() and rows_seen(out) < rows:
            time.sleep(0.001)
        process.join(timeout=rng.uniform(0, 0.02))
        process.kill()
        process.join()
        assert not out.exists() or is_same(whole, out)
        if process.exitcode != -signal.SIGKILL:
            out.unlink()  # struck too late: all over again
        elif (kills := kills + 1) == KILLS:
            break

    assert kills == KILLS
    again = run(cohort, out, "--batch", BATCH, "--json")
    assert again.exit_code == ExitCode.BAD_ROWS
    assert is_same(whole, out)
    assert rejects_in(out) == rejects_in(whole) != []
    assert counted(again) == counted(done)
    assert counted(again)["unrecognised"]["names"]
    assert not workshop_of(out).exists()


# --- Stopped by Ctrl-C --------------------------------------------------------------------------

KEPT = (
    "Stopped. What was done until then is kept: the same command goes on from there; --restart "
    "begins anew.\n"
)
NOT_KEPT = "Stopped. The same command begins anew.\n"


def test_interrupted_wherever_it_is_it_says_that_it_goes_on(cohort, tmp_path):
    """And nothing else, however often; what comes out is as if nobody had."""
    out, stderr = tmp_path / "out.csv", tmp_path / "stderr"
    rng = random.Random(1)  # noqa: S311 - nothing secret
    for at in range(8):
        seen = rows_seen(out)
        process = started_with_messages(stderr, cohort, out, "--batch", BATCH)
        while process.is_alive() and rows_seen(out) == seen:
            time.sleep(0.001)
        process.join(timeout=rng.uniform(0, 0.02))
        for _ in range(1 + at % 2):
            os.kill(process.pid, signal.SIGINT)
        process.join()

        assert stderr.read_text(encoding="utf-8") == KEPT
        assert process.exitcode == ExitCode.INTERRUPTED
        assert rows_seen(out) > seen
        assert not out.exists()

    run(cohort, tmp_path / "whole.csv", "--batch", 1000)
    assert run(cohort, out, "--batch", 1000).exit_code == ExitCode.BAD_ROWS
    assert is_same(out, tmp_path / "whole.csv")


@pytest.mark.parametrize(
    ("source", "target"), [("file", "out.csv"), ("file", "-"), ("-", "out.csv")]
)
def test_interrupted_with_nothing_to_go_on_with_it_says_so(
    cohort, tmp_path, monkeypatch, source, target
):
    """Before the first batch, and in a pipe."""

    def interrupted(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr(Assessor, "answered", interrupted)
    monkeypatch.chdir(tmp_path)
    file = cohort if source == "file" else source

    done = run(file, target, "--from", "csv", "--to", "csv", given=cohort.read_bytes())

    assert done.exit_code == ExitCode.INTERRUPTED
    assert done.stderr.endswith(NOT_KEPT)
    assert list(tmp_path.iterdir()) == []


def test_of_a_pipe_that_cannot_be_used_nothing_is_left(tmp_path):
    """Nobody could go on with it."""
    rows = '{"person": 1}\n' * 5
    out = tmp_path / "out.ndjson"

    done = run("-", out, "--from", "ndjson", "--batch", 2, given=rows)

    assert done.exit_code == ExitCode.USAGE
    assert list(tmp_path.iterdir()) == []


def test_a_second_interrupt_while_it_tidies_up_is_not_lost(cohort, tmp_path, monkeypatch):
    """Python would say that it ignored it, if that came while it threw the reader away."""
    struck = threading.Event()
    ignored: list[object] = []
    read = CsvSource._batch

    def interrupted(*_, **__):
        struck.set()
        raise KeyboardInterrupt

    def strikes(source):
        if struck.wait(0.2):
            time.sleep(0.2)
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(0.2)
        return read(source)

    monkeypatch.setattr(Assessor, "answered", interrupted)
    monkeypatch.setattr(CsvSource, "_batch", strikes)
    monkeypatch.setattr(sys, "unraisablehook", ignored.append)

    done = run(cohort, tmp_path / "out.csv", "--batch", BATCH)
    gc.collect()

    assert done.exit_code == ExitCode.INTERRUPTED
    assert done.stderr == NOT_KEPT
    assert ignored == []


@pytest.fixture
def stopped(cohort, tmp_path):
    """The output of a run that was killed with a part of its work done."""
    out = tmp_path / "out.ndjson"
    process = started(cohort, out, "--batch", BATCH)
    stopped_with_rows(process, out)
    assert not out.exists()
    return out


def stopped_with_rows(process, out):
    """Kill a run as soon as it tells of rows; one that ended by itself is not waited for."""
    while process.is_alive() and not rows_seen(out):
        time.sleep(0.01)
    process.kill()
    process.join()
    assert process.exitcode == -signal.SIGKILL


def test_what_was_cut_off_in_the_middle_is_taken_off(cohort, stopped, tmp_path):
    """Half a row at the end of a file, and half a record that was to replace the other."""
    for name in ("output", "rejects", "progress.json.new"):
        with (workshop_of(stopped) / name).open("ab") as file:
            file.write(b'{"person": 99, "tri')

    done = run(cohort, stopped, "--json")
    run(cohort, tmp_path / "whole.ndjson")

    assert 0 < json.loads(done.stdout)["resumed_after"] < ROWS
    assert json.loads(done.stdout)["rows"] == ROWS
    assert is_same(stopped, tmp_path / "whole.ndjson")
    assert rejects_in(stopped) == rejects_in(tmp_path / "whole.ndjson")


def test_a_run_that_finished_but_for_its_name_is_not_done_again(cohort, stopped):
    """Killed between the two names that it gives: the other is given, and that is all."""
    run(cohort, stopped)
    whole, rejects = stopped.read_bytes(), rejects_in(stopped)
    folder = workshop_of(stopped)
    # As it stood at that moment: the rejects have their name, the output not yet.
    process = started(cohort, stopped, "--batch", BATCH)
    stopped_with_rows(process, stopped)
    record = json.loads((folder / "progress.json").read_text())
    record |= {"is_complete": True}
    record["tally"] |= {"bad_facts": len(rejects)}
    (folder / "progress.json").write_text(json.dumps(record))
    (folder / "rejects").unlink()
    (folder / "output").write_bytes(whole)
    stopped.unlink()

    run(cohort, stopped)

    assert stopped.read_bytes() == whole
    assert rejects_in(stopped) == rejects
    assert not folder.exists()


# --- What must not go on ------------------------------------------------------------------------


def test_it_does_not_go_on_with_other_data(cohort, stopped, tmp_path):
    """Neither a changed file nor another one."""
    other = tmp_path / "other.csv"
    other.write_text(cohort.read_text() + "1\n")

    done = run(other, stopped)

    assert done.exit_code == ExitCode.USAGE
    assert "  input: was " in done.stderr
    assert "--restart" in done.stderr
    assert rows_seen(stopped)


def test_it_does_not_go_on_with_other_rules_or_options(cohort, stopped, tmp_path):
    """What was begun with one answer would end with another."""
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "law.toml").write_text(
        '[[sources]]\nid = "book"\ntitle = "The book"\n', encoding="utf-8"
    )
    for options, told in (
        (["--rules", tmp_path / "more"], "rules"),
        (["--weights"], "weights"),
        (["--keep", "person"], "keep"),
        (["--columns", "fever=thirst"], "columns"),
        (["--unknown", "NA"], "unknown"),
    ):
        done = run(cohort, stopped, *options)
        assert done.exit_code == ExitCode.USAGE
        assert f"  {told}: was " in done.stderr


def test_restart_begins_anew(cohort, stopped, tmp_path):
    """Whatever was begun."""
    done = run(cohort, stopped, "--keep", "person", "--restart", "--json")
    run(cohort, tmp_path / "whole.ndjson", "--keep", "person")

    assert json.loads(done.stdout)["resumed_after"] == 0
    assert is_same(stopped, tmp_path / "whole.ndjson")


def test_a_damaged_record_is_not_followed(cohort, stopped):
    """Nor work of which something is missing."""
    folder = workshop_of(stopped)
    whole = (folder / "output").read_bytes()
    (folder / "output").write_bytes(whole[: len(whole) // 2])
    assert "something is missing" in run(cohort, stopped).stderr

    (folder / "progress.json").write_text("{")
    done = run(cohort, stopped)

    assert done.exit_code == ExitCode.USAGE
    assert "is no record of a run" in done.stderr
    assert run(cohort, stopped, "--restart").exit_code == ExitCode.BAD_ROWS


def test_two_runs_do_not_make_one_output(cohort, tmp_path):
    """The second says that there is a first."""
    out = tmp_path / "out.csv"
    process = started(cohort, out, "--batch", 3)
    while process.is_alive() and not rows_seen(out):
        time.sleep(0.01)
    assert process.is_alive()

    done = run(cohort, out, "--batch", 3)

    process.kill()
    process.join()
    assert done.exit_code == ExitCode.USAGE
    assert "another run is at work" in done.stderr


# --- A full disk, and data that cannot be read --------------------------------------------------


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_where_nothing_more_can_be_written_it_says_so_and_goes_on_later(cohort, tmp_path, suffix):
    """Nothing of the output is there before, and all of it is there in the end."""
    out = tmp_path / f"out.{suffix}"
    process = started_with_messages(tmp_path / "stderr", cohort, out, "--batch", 100, room=60_000)
    process.join()

    told = (tmp_path / "stderr").read_text(encoding="utf-8")
    assert process.exitcode == ExitCode.UNFINISHED, told
    assert f"cannot be written: {os.strerror(errno.EFBIG)}" in told
    assert "the same command goes on" in told
    assert not out.exists()
    run(cohort, tmp_path / f"whole.{suffix}", "--batch", 100)
    assert run(cohort, out, "--batch", 100).exit_code == ExitCode.BAD_ROWS
    assert is_same(out, tmp_path / f"whole.{suffix}")


@pytest.fixture
def small_disk(tmp_path):
    """A disk of 1 MiB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", "size=1m", "tmpfs", str(folder)],  # noqa: S607
        capture_output=True,
        text=True,
        check=False,
    )
    if mounted.returncode:
        pytest.skip(f"only root may mount a small disk: {mounted.stderr.strip()}")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)  # noqa: S607


def test_a_full_disk_loses_nothing(cohort, tmp_path, small_disk):
    """With room made, the same command ends what was begun."""
    hog = small_disk / "hog"
    hog.write_bytes(b"0" * 950_000)
    out = small_disk / "out.parquet"
    done = run(cohort, out, "--batch", 100)
    assert done.exit_code == ExitCode.UNFINISHED
    assert f"cannot be written: {os.strerror(errno.ENOSPC)}" in done.stderr
    assert not out.exists()

    hog.unlink()
    assert run(cohort, out, "--batch", 100).exit_code == ExitCode.BAD_ROWS

    run(cohort, tmp_path / "whole.parquet", "--batch", 100)
    assert is_same(out, tmp_path / "whole.parquet")


def test_a_damaged_part_of_a_file_is_told_of(tmp_path):
    """Which part it is, and that what comes before is done; nothing of it has the final name."""
    import polars as pl
    import pyarrow.parquet as pq

    people_file, file, out = (tmp_path / f"{name}.parquet" for name in ("people", "in", "out"))
    table = pl.read_parquet(write(people_file, people(300))).to_arrow()
    pq.write_table(table, file, row_group_size=100, write_page_checksum=True)
    place = pq.ParquetFile(file).metadata.row_group(2).column(0).data_page_offset
    content = bytearray(file.read_bytes())
    content[place + 20] ^= 0xFF
    file.write_bytes(content)

    done = run(file, out, "--batch", 50)

    assert done.exit_code == ExitCode.UNFINISHED
    assert "row group 2 (rows 201 to 300) cannot be read" in done.stderr
    assert rows_seen(out) == 200
    assert not out.exists()


def test_a_pipe_does_not_throw_away_what_was_done_of_a_file(stopped):
    """It says what stands in the way, as any other input does."""
    done = run("-", stopped, "--from", "csv", given="age_years\n4\n")

    assert done.exit_code == ExitCode.USAGE
    assert "the run to go on with was a different one" in done.stderr
