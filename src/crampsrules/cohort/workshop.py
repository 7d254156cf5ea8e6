"""The folder beside the output in which it is made, until it is whole.

Each batch is added to the end of a file, and what was put aside to that of another. What stands
beyond the lengths in the record was cut off in the middle, and is taken off.
"""

from __future__ import annotations

import errno
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from attrs import evolve

from crampsrules.cohort.encoding import Encoded
from crampsrules.cohort.errors import CohortError, UnfinishedError
from crampsrules.cohort.parquet_footer import joined_footer
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.record import Record, promise_of, replace_text, sync_folder

_RECORD, _LOCK, _OUTPUT, _REJECTS = "progress.json", "lock", "output", "rejects"


def workshop_of(target: Path) -> Path:
    """Where the work on an output is."""
    return target.with_name(f"{target.name}.partial")


class Workshop:
    """Makes one output. Used within `opened_workshop`."""

    def __init__(self, folder: Path, plan: Plan, record: Record) -> None:
        assert plan.target is not None
        assert plan.rejects is not None
        self.folder = folder
        self.record = record
        self._plan = plan
        self._target = plan.target
        self._rejects = plan.rejects

    @property
    def has_done_nothing(self) -> bool:
        """Whether there is nothing that another run could go on with."""
        return self.record.position is None and not self.record.is_complete

    def begin(self, scan: Mapping[str, str] | None) -> None:
        """Note what was found out before the first row; tidy up behind a run that was cut off."""
        with self._writing():
            if self.record.position is None:
                self._save(evolve(self.record, scan=scan))
            _cut(self.folder / _REJECTS, self.record.rejects_bytes)
            _cut(self.folder / _OUTPUT, self.record.output_bytes)

    def add(self, batch: Encoded) -> None:
        """Write a batch; when this returns it is safely on the disk. Raises UnfinishedError."""
        with self._writing():
            record = self._appended(batch.output)
            if batch.rejects:
                end = _append(self.folder / _REJECTS, batch.rejects)
                record = evolve(record, rejects_bytes=end)
            self._save(evolve(record, position=batch.end, tally=record.tally + batch.tally))

    def _appended(self, content: bytes) -> Record:
        end = _append(self.folder / _OUTPUT, content)
        ends = () if self._plan.target_format.is_text else (*self.record.ends, end)
        return evolve(self.record, output_bytes=end, ends=ends)

    def finish(self, nobody: Encoded) -> None:
        """Put the output where it is wanted, whole. `nobody` is a batch of no rows."""
        with self._writing():
            if not self.record.is_complete:
                self._complete(nobody)
            self._publish()
        _clear(self.folder)

    def _complete(self, nobody: Encoded) -> None:
        record = self.record
        if record.position is None:
            record = self._appended(nobody.output)
        if not self._plan.target_format.is_text:
            with (self.folder / _OUTPUT).open("rb") as file:
                footer = joined_footer(file, record.ends)
            record = evolve(record, output_bytes=_append(self.folder / _OUTPUT, footer))
        self._save(evolve(record, is_complete=True))

    def _publish(self) -> None:
        """Give the files their names; again, if a run was cut off while it did."""
        files = [(_OUTPUT, self._target)]
        if self.record.tally.rejected or self._plan.names_rejects:
            files.insert(0, (_REJECTS, self._rejects))
        else:
            self._rejects.unlink(missing_ok=True)  # one of an earlier run would tell of these rows
        for name, path in files:
            if (self.folder / name).exists():
                _move(self.folder / name, path)

    def _save(self, record: Record) -> None:
        replace_text(self.folder / _RECORD, record.to_json())
        self.record = record

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise UnfinishedError(
                f"{self._target} cannot be written: {error.strerror or error}"
            ) from None


@contextmanager
def opened_workshop(plan: Plan, *, restart: bool) -> Iterator[Workshop]:
    """The folder in which a plan's output is made, with what an earlier run has left there.

    Raises CohortError where that was another run, or where one is going on.
    """
    assert plan.target is not None
    folder = workshop_of(plan.target)
    for path, instead in (
        (plan.target, "write to - and send that there"),
        (plan.rejects, "without --rejects, rows are put aside in a file beside the output"),
    ):
        if path is not None and path.exists() and not path.is_file():
            raise CohortError(f"{path} is no ordinary file: {instead}")
    for path in (folder, plan.rejects):
        if path is not None and not path.absolute().parent.is_dir():
            raise CohortError(f"there is no folder {path.parent} to write to")
    if folder.exists() and not folder.is_dir():
        raise CohortError(f"{folder} is in the way: it is no folder")
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
    except OSError as error:
        raise CohortError(f"{folder} cannot be made: {error.strerror or error}") from None
    with (folder / _LOCK).open("wb") as lock:
        _hold(lock, folder)
        if restart:
            _throw_away(folder)
        workshop = Workshop(folder, plan, _begun(folder, plan))
        try:
            yield workshop
        finally:
            # What came through a pipe cannot be read again.
            if folder.exists() and (workshop.has_done_nothing or plan.source is None):
                _clear(folder)


def _begun(folder: Path, plan: Plan) -> Record:
    """How far an earlier run has come, or a record of nothing. Raises CohortError."""
    promise = promise_of(plan)
    if not (folder / _RECORD).exists():
        return Record(promise=promise)
    try:
        record = Record.from_json((folder / _RECORD).read_bytes())
        if plan.source is None and record.promise.get("input") == promise["input"]:
            # What came through a pipe cannot be read again.
            _throw_away(folder)
            return Record(promise=promise)
        record.check(promise)
    except CohortError as error:
        raise CohortError(f"{folder}: {error}") from None
    return record


def _append(path: Path, content: bytes) -> int:
    """Add to the end of a file, and give its length."""
    with path.open("ab") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
        return file.tell()


def _cut(path: Path, size: int) -> None:
    with path.open("ab") as file:
        if file.tell() < size:
            raise CohortError(
                f"{path}: something is missing of what was done before. Throw that away and begin "
                "anew: --restart"
            )
        file.truncate(size)


def _move(path: Path, target: Path) -> None:
    """Give a file its name, also on another disk, where it has to be copied first.

    Whoever could not read what had the name before cannot read this either.
    """
    if target.exists():
        shutil.copymode(target, path)
    try:
        path.replace(target)
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        new = target.with_name(f"{target.name}.new")
        with path.open("rb") as source, new.open("wb") as copy:
            shutil.copymode(path, new)
            shutil.copyfileobj(source, copy)
            copy.flush()
            os.fsync(copy.fileno())
        new.replace(target)
    sync_folder(target.parent)


def _hold(lock: BinaryIO, folder: Path) -> None:
    """Keep every other run out of the folder, where a system can do that."""
    try:
        import fcntl
    except ImportError:
        return
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        raise CohortError(f"{folder}: another run is at work there") from None


def _throw_away(folder: Path) -> None:
    """Forget a run: first that there was one, then what it made."""
    (folder / _RECORD).unlink(missing_ok=True)
    sync_folder(folder)
    _take_away(folder)


def _take_away(folder: Path) -> None:
    """Take away what a run has made, but for its record, and the lock that is held."""
    for name in (_OUTPUT, _REJECTS, f"{_RECORD}.new"):
        (folder / name).unlink(missing_ok=True)


def _clear(folder: Path) -> None:
    """Take away everything, and the folder if there is nothing else in it.

    The record goes last: of a run that is cut off here it is known that it was complete.
    """
    _take_away(folder)
    (folder / _RECORD).unlink(missing_ok=True)
    (folder / _LOCK).unlink(missing_ok=True)
    if not any(folder.iterdir()):
        folder.rmdir()
