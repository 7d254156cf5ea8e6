"""The kinds of files that a cohort is read from and written to."""

from __future__ import annotations

import enum
from io import BufferedReader
from pathlib import Path
from typing import BinaryIO

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
        raise CohortError(f"the format of - is not known: say it with {option}")
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


# What files begin with that hold text in a way which has to be undone first, and what undoes it.
_PACKED = {
    b"\x1f\x8b": ("is compressed with gzip", "zcat"),
    b"\x28\xb5\x2f\xfd": ("is compressed with Zstandard", "zstdcat"),
    b"\xff\xfe": ("is UTF-16 and not UTF-8", "iconv -f UTF-16 -t UTF-8"),
    b"\xfe\xff": ("is UTF-16 and not UTF-8", "iconv -f UTF-16 -t UTF-8"),
}


NOT_UTF_8 = "what is Latin-1 becomes UTF-8 with iconv -f LATIN1 -t UTF-8 FILE"
"""What to do with lines that are not UTF-8: the first bytes of a file do not tell."""


def refuse_packed(stream: BinaryIO, form: Format) -> None:
    """Refuse what holds no text as it is, and say what makes some of it. Raises CohortError."""
    if not isinstance(stream, BufferedReader):  # what a program has put there cannot be peeked at
        return
    begins = stream.peek(4)
    for sign, (told, tool) in _PACKED.items():
        if begins.startswith(sign):
            raise CohortError(
                f"{told}: {tool} FILE | crampsrules cohort - OUT --from {form.value} reads it"
            )
