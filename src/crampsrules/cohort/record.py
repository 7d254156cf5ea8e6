"""How far a run has come, and what it was promised, as a file that is whole or not there."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from pathlib import Path

import cattrs
from attrs import field, frozen

from crampsrules import __version__
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.tally import Tally

_PROBED = 2**20


@frozen(kw_only=True)
class Record:
    """What is safely on the disk after some batch."""

    promise: Mapping[str, str] = field(hash=False)
    """All that the output depends on."""
    position: Mapping[str, int] | None = field(default=None, hash=False)
    """Where the next batch begins; None at the start."""
    output_bytes: int = 0
    ends: tuple[int, ...] = ()
    """Where each batch of a Parquet file ends."""
    rejects_bytes: int = 0
    tally: Tally = field(factory=Tally)
    scan: Mapping[str, str] | None = field(default=None, hash=False)
    """Which columns there are, where that was looked up first."""
    is_complete: bool = False

    def to_json(self) -> str:
        """The record as text."""
        return json.dumps(cattrs.unstructure(self), ensure_ascii=False, indent=1)

    @classmethod
    def from_json(cls, text: str | bytes) -> Record:
        """Read what `to_json` wrote. Raises CohortError."""
        try:
            return cattrs.structure(json.loads(text), cls)
        except (ValueError, TypeError, cattrs.BaseValidationError) as error:
            raise CohortError(f"is no record of a run: {error}") from None

    def check(self, promise: Mapping[str, str]) -> None:
        """Refuse to go on with other data, rules or options. Raises CohortError."""
        changed = [
            f"  {name}: was {self.promise.get(name, 'not said')}, is {value}"
            for name, value in promise.items()
            if self.promise.get(name) != value
        ]
        if changed:
            lines = "\n".join(changed)
            raise CohortError(
                f"the run to go on with was a different one:\n{lines}\n"
                "Give what was given then, or throw that away and begin anew: --restart"
            )


def promise_of(plan: Plan) -> dict[str, str]:
    """All that the output of a plan depends on, to be compared and shown."""
    return {
        "input": "standard input" if plan.source is None else _fingerprint(plan.source),
        "rules": plan.rules.version[:16],
        "crampsrules": __version__,
        "from": f"{plan.source_format.value} {plan.source_delimiter!r}",
        "to": f"{plan.target_format.value} {plan.target_delimiter!r}",
        "columns": " ".join(f"{fact}={name}" for fact, name in sorted(plan.columns.items())),
        "keep": "all" if plan.keep is None else " ".join(map(repr, sorted(set(plan.keep)))),
        "weights": "yes" if plan.weights else "no",
        "unknown": " ".join(map(repr, sorted(plan.unknown))),
    }


def _fingerprint(path: Path) -> str:
    """Enough of a file to notice that it has changed, without reading all of it."""
    status = path.stat()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        digest.update(file.read(_PROBED))
        file.seek(max(0, status.st_size - _PROBED))
        digest.update(file.read(_PROBED))
    return f"{status.st_size} bytes, changed {status.st_mtime_ns}, {digest.hexdigest()[:16]}"


def replace_text(path: Path, text: str) -> None:
    """Write a file so that at any moment it is the old one or the new one, also after a crash."""
    new = path.with_name(f"{path.name}.new")
    with new.open("w", encoding="utf-8", newline="\n") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    new.replace(path)
    sync_folder(path.parent)


def sync_folder(path: Path) -> None:
    """See to it that a folder's new names survive a crash, where a system can do that."""
    if os.name != "posix":
        return
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
