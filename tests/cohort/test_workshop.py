"""What a run leaves when it is stopped between two batches, and how the next goes on there."""

import errno
import json
import os
from pathlib import Path

import pytest

from crampsrules.cohort.run import Progress, assess_cohort
from crampsrules.cohort.workshop import workshop_of
from tests.cohort.common import FORMATS, is_same, people, plan, rejects_in, rows_seen, write

ROWS, BATCH = 40, 3
UNUSABLE = {"csv": "one field\n", "ndjson": "[]\n"}


class StoppedError(Exception):
    """What a watcher raises."""


def cohort(path):
    """Some people, and where a line can be that, lines that are none."""
    write(path, people(ROWS))
    if unusable := UNUSABLE.get(path.suffix[1:]):
        lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
        lines[5:5] = [unusable]
        lines[20:20] = [unusable, unusable]
        path.write_text("".join(lines), encoding="utf-8")
    return path


def stop_at(rows):
    """A watcher that stops a run once so many rows are done."""

    def watch(progress):
        if progress.tally.rows >= rows:
            raise StoppedError

    return watch


@pytest.mark.parametrize("target", FORMATS)
@pytest.mark.parametrize("source", FORMATS)
def test_stopped_twice_it_ends_as_if_it_had_not_been(tmp_path, source, target):
    """The rows, what was put aside, and what was counted."""
    file = cohort(tmp_path / f"in.{source}")
    whole, out = tmp_path / f"whole.{target}", tmp_path / f"out.{target}"
    expected = assess_cohort(plan(file, whole, batch=BATCH))

    done = 0
    for rows in (9, 24):
        with pytest.raises(StoppedError):
            assess_cohort(plan(file, out, batch=BATCH), watch=stop_at(rows))
        assert not out.exists()
        assert done < rows <= rows_seen(out) < expected.tally.rows
        done = rows_seen(out)
    outcome = assess_cohort(plan(file, out, batch=BATCH))

    assert outcome.resumed == done
    assert outcome.tally == expected.tally
    assert is_same(out, whole)
    assert rejects_in(out) == rejects_in(whole)
    assert bool(rejects_in(out)) == (source in UNUSABLE)
    assert not workshop_of(out).exists()


def test_how_far_it_is_begins_with_what_was_done_before(tmp_path):
    """In bytes of text and in rows of Parquet."""
    for suffix in FORMATS:
        file, out = cohort(tmp_path / f"in.{suffix}"), tmp_path / f"out.{suffix}"
        with pytest.raises(StoppedError):
            assess_cohort(plan(file, out, batch=BATCH), watch=stop_at(9))
        stopped = rows_seen(out)
        seen: list[Progress] = []

        assess_cohort(plan(file, out, batch=BATCH), watch=seen.append)

        size = ROWS if suffix == "parquet" else file.stat().st_size
        assert {one.size for one in seen} == {size}
        assert seen[0].tally.rows == stopped
        assert 0 < seen[0].done < seen[1].done < seen[-1].done == size


def test_the_columns_that_were_looked_for_in_ndjson_are_not_looked_for_again(tmp_path):
    """That was a reading of the whole file."""
    file, out = cohort(tmp_path / "in.ndjson"), tmp_path / "out.parquet"
    with pytest.raises(StoppedError):
        assess_cohort(plan(file, out, batch=BATCH), watch=stop_at(9))
    record = workshop_of(out) / "progress.json"
    told = json.loads(record.read_text(encoding="utf-8"))
    assert told["scan"]["person"] == "small"

    # A column that is not in the file, as no second look would find it.
    told["scan"]["nickname"] = "text"
    record.write_text(json.dumps(told), encoding="utf-8")
    outcome = assess_cohort(plan(file, out, batch=BATCH))

    assert outcome.others == ("person", "nickname")


def test_only_whoever_runs_it_may_look_into_the_folder_of_a_run(tmp_path):
    """There are people's facts in it."""
    file, out = cohort(tmp_path / "in.csv"), tmp_path / "out.csv"
    with pytest.raises(StoppedError):
        assess_cohort(plan(file, out, batch=BATCH), watch=stop_at(9))

    assert workshop_of(out).stat().st_mode & 0o777 == 0o700


@pytest.fixture
def another_disk(monkeypatch):
    """As if every folder were on a disk of its own."""
    rename = Path.replace

    def replace(path, target):
        if path.parent != target.parent:
            raise OSError(errno.EXDEV, os.strerror(errno.EXDEV))
        return rename(path, target)

    monkeypatch.setattr(Path, "replace", replace)


@pytest.mark.parametrize("disk", ["the_same", "another_disk"])
@pytest.mark.parametrize("mode", [0o600, 0o640, 0o666])
def test_what_is_replaced_can_be_read_by_the_same_people_afterwards(tmp_path, request, disk, mode):
    """The output and what is put aside; what was not there is as any new file."""
    if disk != "the_same":
        request.getfixturevalue(disk)
    file, out, new = cohort(tmp_path / "in.csv"), tmp_path / "out.csv", tmp_path / "new.csv"
    for suffix in ("", ".rejects.ndjson"):
        old = tmp_path / f"out.csv{suffix}"
        old.touch()
        old.chmod(mode)

    assess_cohort(plan(file, out))
    assess_cohort(plan(file, new))

    for suffix in ("", ".rejects.ndjson"):
        written = tmp_path / f"out.csv{suffix}"
        assert written.stat().st_mode & 0o777 == mode
        assert is_same(written, tmp_path / f"new.csv{suffix}")
        assert (tmp_path / f"new.csv{suffix}").stat().st_mode == file.stat().st_mode
