"""The kinds of files that a cohort is read from and written to."""

from __future__ import annotations

import enum
from pathlib import Path

from crampsrules.cohort.errors import CohortError


class Format(enum.Enum):
    """How rows stand in a file."""

    PARQUET = "parquet"
    CSV = "csv"
    NDJSON = "ndjson"

    @property
    def is_text(self) -> bool:
        """Whether it is read and written line by line."""
        return self is not Format.PARQUET


_SUFFIXES = {
    ".parquet": Format.PARQUET,
    ".pq": Format.PARQUET,
    ".csv": Format.CSV,
    ".tsv": Format.CSV,
    ".ndjson": Format.NDJSON,
    ".jsonl": Format.NDJSON,
}


def format_of(path: Path | None, option: str) -> Format:
    """The format that a file's name ends with. Raises CohortError, naming the option that tells."""
    if path is None:
        raise CohortError(f"of - the format is not known: say it with {option}")
    try:
        return _SUFFIXES[path.suffix.lower()]
    except KeyError:
        known = ", ".join(_SUFFIXES)
        raise CohortError(
            f"{path}: the name ends with none of {known}: say the format with {option}"
        ) from None


def delimiter_of(path: Path | None) -> str:
    """What stands between the fields of a CSV file, by its name."""
    return "\t" if path is not None and path.suffix.lower() == ".tsv" else ","
