"""A cohort in CSV. A row that is no row is put aside, and the next one is read all the same."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import StringIO
from typing import BinaryIO

import polars as pl
from attrs import field, frozen

from crampsrules.cohort.batches import Batch, Position, Reject
from crampsrules.cohort.cells import Cells
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.lines import LONGEST_LINE, Line, Lines, UnreadableLineError
from crampsrules.cohort.plan import BATCH_BYTES, Plan
from crampsrules.frames.columns import SEPARATOR
from crampsrules.frames.polars_frames import exact

# A quotation mark that nobody closed must not swallow the rest of the file. What is shorter is one
# record, however many lines it has: were they read one by one, a long note would become people.
_LONGEST_RECORD = LONGEST_LINE
_LEAST_OF_A_LINE = 100  # what is kept of the shortest line takes more memory than its letters
_END = "\r\n"  # of another, some versions of the csv module would not quote these two
_QUOTED_SET = '"calf;thigh"'
_OTHER_ENDS = (
    r"; where all lines end in a carriage return, tr '\r' '\n' < FILE | "
    "crampsrules cohort - OUT --from csv reads it"
)
_OPEN = "unexpected end of data"  # the csv module's words for a quoted field that goes on

_RETURN = "new-line character seen in unquoted field"  # and then what differs between Pythons


@frozen
class CsvRecord:
    """A record and where it begins: its fields, or what is wrong with it."""

    number: int
    fields: list[str] = field(factory=list)
    fault: str | None = None
    text: str = ""


class CsvRecords:
    """The records of a CSV file, most of them one line each."""

    def __init__(self, lines: Lines, delimiter: str) -> None:
        self.lines = lines
        self.has_one_column = False
        """Whether a line on which there is nothing is a row all the same."""
        self._delimiter = delimiter
        _allow_long_fields()

    def next(self) -> CsvRecord | None:
        """The next record that is not blank, or None at the end."""
        while line := self.lines.take():
            if not self._is_blank(line):
                return self._record(line)
        return None

    def _is_blank(self, line: Line) -> bool:
        """Whether there is nothing in a line; delimiters alone are a row of what is not known."""
        # Of one column nothing else than the line's end is left of what is not known, also of
        # the last row: Polars, DuckDB and PyArrow write it so.
        if self.has_one_column:
            return False
        return line.is_blank and self._delimiter.encode() not in line.content

    def _record(self, line: Line) -> CsvRecord:
        try:
            text = line.decoded()
            return CsvRecord(line.number, self._fields([text]) or [""], text=text)
        except csv.Error as error:
            if str(error) == _OPEN:
                return self._longer(line)
            return _faulty(line, f"is not CSV: {_in_our_words(error)}")
        except UnreadableLineError as error:
            return _faulty(line, str(error))

    def _longer(self, first: Line) -> CsvRecord:
        """A record with a line's end within quotation marks: the parser asks for more lines."""
        taken: list[Line] = []

        def texts() -> Iterator[str]:
            yield first.decoded()
            size = first.size
            while size < _LONGEST_RECORD and (line := self.lines.take()):
                taken.append(line)
                yield line.decoded()
                size += max(line.size, _LEAST_OF_A_LINE)

        try:
            fields = self._fields(texts())
        except (csv.Error, UnreadableLineError):
            # The other lines may be sound: each is read again, by itself.
            self.lines.put_back(taken)
            return _faulty(first, "is not CSV: a quotation mark is opened and not closed")
        return CsvRecord(
            first.number, fields, text="".join(one.decoded() for one in (first, *taken))
        )

    def _fields(self, lines: Iterable[str]) -> list[str]:
        return next(csv.reader(lines, delimiter=self._delimiter, strict=True))


def _allow_long_fields() -> None:
    """Let a field be as long as a record may be, and not 131,072 letters.

    The csv module has one limit for the whole process. So it is raised and never lowered: another
    thread may be reading, and `cohort` is a command, which mostly has the process to itself.
    """
    longest = _LONGEST_RECORD + LONGEST_LINE
    if csv.field_size_limit() < longest:
        csv.field_size_limit(longest)


def _in_our_words(error: csv.Error) -> str:
    told = str(error)
    return "a carriage return stands in it outside quotation marks" if _RETURN in told else told


def _faulty(line: Line, fault: str) -> CsvRecord:
    return CsvRecord(line.number, fault=fault, text=line.text())


class CsvSource:
    """Reads CSV, from a file or a pipe."""

    unit = "line"

    def __init__(self, stream: BinaryIO, plan: Plan, size: int | None) -> None:
        self.size = size
        self._plan = plan
        self._records = CsvRecords(Lines(stream), plan.source_delimiter)
        self.names: Sequence[str] = _header(self._records)
        self._records.has_one_column = len(self.names) == 1
        self.facts: Mapping[str, str] = plan.facts_in(self.names)
        self.passed: Sequence[str] = plan.kept(self.names)
        self._rows = plan.rows_at_a_time(len(self.names))
        self._cells = Cells(self.facts, plan.unknown)

    def done(self, position: Position) -> int:
        """Bytes."""
        return position["offset"]

    def batches(self, start: Position | None) -> Iterator[Batch]:
        """All batches from a position on."""
        if start is not None:
            self._records.lines.go_to(start)
        while batch := self._batch():
            yield batch

    def nobody(self) -> Batch:
        """A batch of no rows."""
        return self._made([], [], [])

    def _batch(self) -> Batch | None:
        lines = self._records.lines
        begun = lines.offset
        rows: list[list[str]] = []
        numbers: list[int] = []
        rejects: list[Reject] = []
        while len(numbers) + len(rejects) < self._rows:
            if lines.offset - begun >= BATCH_BYTES or (record := self._records.next()) is None:
                break
            if fault := record.fault or self._miscounted(record):
                text = record.text.rstrip("\r\n")
                rejects.append(Reject(number=record.number, reasons=(fault,), given=text, csv=text))
            else:
                rows.append(record.fields)
                numbers.append(record.number)
        if lines.offset == begun:
            return None
        return self._made(rows, numbers, rejects)

    def _miscounted(self, record: CsvRecord) -> str | None:
        if len(record.fields) == len(self.names):
            return None
        told = f"has {len(record.fields)} fields, and the header has {len(self.names)}"
        if self._plan.source_delimiter == SEPARATOR and len(record.fields) > len(self.names):
            told += f"; members of a set stand in quotation marks here: {_QUOTED_SET}"
        return told

    def _made(self, rows: list[list[str]], numbers: list[int], rejects: list[Reject]) -> Batch:
        columns = list(zip(*rows, strict=True)) or [()] * len(self.names)
        raw = pl.DataFrame(
            {
                name: pl.Series(values=[cell or None for cell in column], dtype=pl.String)
                for name, column in zip(self.names, columns, strict=True)
            }
        )
        typed, faults = self._cells.read(raw)
        as_read = self._plan.target_format is Format.CSV
        passed = raw if as_read else raw.with_columns(typed)
        return Batch(
            facts=typed.rename(self.facts),
            numbers=numbers,
            faults=faults,
            passed=passed.select(map(exact, self.passed)).to_arrow(),
            given=lambda row: dict(zip(self.names, rows[row], strict=True)),
            csv=lambda row: _written(rows[row], self._plan.source_delimiter),
            rejects=rejects,
            end=self._records.lines.position,
        )


def _written(fields: list[str], delimiter: str) -> str:
    """A row as a line of CSV, or several, without the last end."""
    text = StringIO(newline="")
    csv.writer(text, delimiter=delimiter, lineterminator=_END).writerow(fields)
    return text.getvalue().removesuffix(_END)


def _header(records: CsvRecords) -> list[str]:
    record = records.next()
    if record is None:
        raise CohortError("there is nothing in it, not even a line with the names of the columns")
    if record.fault:
        ends = _OTHER_ENDS if "\r" in record.text.rstrip("\r\n") else ""
        raise CohortError(f"the line with the names of the columns {record.fault}{ends}")
    return record.fields
