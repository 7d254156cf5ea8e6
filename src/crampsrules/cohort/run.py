"""The whole way of a cohort: read, assess, write, a batch at a time.

While one batch is assessed the next is read, and those before are written.
"""

from __future__ import annotations

import sys
from collections import deque
from collections.abc import Callable, Collection, Generator, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import BinaryIO, TypeVar

from attrs import field, frozen

from crampsrules.cohort.answers import Answered, Assessor
from crampsrules.cohort.batches import Batch, Position, Source
from crampsrules.cohort.csv_source import CsvSource
from crampsrules.cohort.encoding import Encoded, encoded
from crampsrules.cohort.errors import LEAVE_OUT, CohortError, UnfinishedError
from crampsrules.cohort.formats import Format, refuse_packed
from crampsrules.cohort.ndjson_source import NdjsonSource
from crampsrules.cohort.parquet_source import ParquetSource
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.tally import Tally
from crampsrules.cohort.workshop import Workshop, opened_workshop

T = TypeVar("T")


@frozen(kw_only=True)
class Progress:
    """How far a run has come: `done` of `size`, in whatever the source counts."""

    done: int
    size: int | None
    tally: Tally


@frozen(kw_only=True)
class Outcome:
    """What a run has done, those before it that it went on with included."""

    tally: Tally
    facts: dict[str, str] = field(hash=False)
    """Which columns held a fact, and which one; empty where nobody knows before the end."""
    others: tuple[str, ...]
    """The columns that are no facts."""
    resumed: int
    """How many rows were done already."""


Watch = Callable[[Progress], None]
Put = Callable[[Encoded], Progress]

# To write rows takes longer than to assess them, so two batches are turned into bytes at a time.
_ENCODERS = 2


def nobody_watches(_: Progress) -> None:
    """Watch nothing."""


def assess_cohort(plan: Plan, *, restart: bool = False, watch: Watch = nobody_watches) -> Outcome:
    """Assess a cohort. Goes on with a run that was stopped, unless it is to `restart`.

    Raises CohortError for what cannot be read or written as asked, UnfinishedError where what was
    done is kept for the next run, FactsError for a column that holds what no fact is.
    """
    assessor = Assessor.of(plan)
    if plan.target is None:
        return _piped(plan, assessor, watch)
    with opened_workshop(plan, restart=restart) as workshop:
        return _filed(plan, assessor, workshop, watch)


def _filed(plan: Plan, assessor: Assessor, workshop: Workshop, watch: Watch) -> Outcome:
    begun = workshop.record
    with _opened(plan, assessor, begun.scan) as source:
        way = _Way(plan, source, assessor)
        nobody = way.nobody()  # what cannot be written is said before anything is
        if not begun.is_complete:
            workshop.begin(source.scan if isinstance(source, NdjsonSource) else None)
            start = workshop.record.position

            def put(batch: Encoded) -> Progress:
                workshop.add(batch)
                return _progress(source, batch.end, workshop.record.tally)

            if start is not None:
                watch(_progress(source, start, begun.tally))
            way.go(start, put, watch)
        workshop.finish(nobody)
        return _outcome(source, workshop.record.tally, resumed=begun.tally.rows)


def _piped(plan: Plan, assessor: Assessor, watch: Watch) -> Outcome:
    """Write to standard output, where nothing can be taken back."""
    tally = Tally()
    with ExitStack() as stack:
        source = stack.enter_context(_opened(plan, assessor, None))
        way = _Way(plan, source, assessor)
        rejects: BinaryIO = (
            sys.stderr.buffer
            if plan.rejects is None
            else stack.enter_context(_put_aside(plan.rejects))
        )

        def put(batch: Encoded) -> Progress:
            nonlocal tally
            _write(sys.stdout.buffer, batch.output, "standard output")
            _write(rejects, batch.rejects, str(plan.rejects or "standard error"))
            tally += batch.tally
            return _progress(source, batch.end, tally)

        if not way.go(None, put, watch):
            put(way.nobody())
        return _outcome(source, tally, resumed=0)


def _write(stream: BinaryIO, content: bytes, name: str) -> None:
    with _writing(name):
        stream.write(content)
        stream.flush()


@contextmanager
def _put_aside(path: Path) -> Iterator[BinaryIO]:
    """The file for rows that are put aside. What could not be written is tried again as it ends."""
    with _writing(str(path)), path.open("wb") as file:
        yield file


@contextmanager
def _writing(name: str) -> Iterator[None]:
    try:
        yield
    except BrokenPipeError:
        raise
    except OSError as error:
        raise CohortError(f"{name} cannot be written: {error.strerror or error}") from None


@frozen
class _Way:
    """The way of all batches of a source, up to where they are put."""

    plan: Plan
    source: Source
    assessor: Assessor

    def go(self, start: Position | None, put: Put, watch: Watch) -> bool:
        """Put all batches from a position on, in their order. Whether there was any."""
        with (
            ThreadPoolExecutor(_ENCODERS, "cohort-encoder") as encoders,
            ThreadPoolExecutor(1, "cohort-writer") as writer,
            # Ctrl-C while Python tidies up after a generator that nobody closed would be lost.
            closing(self._batches(start)) as batches,
        ):
            waiting: deque[Future[Progress]] = deque()
            are_any = False
            for batch in batches:
                answered = self.assessor.answered(batch, self._joined())
                is_first = start is None and not are_any
                encoding = encoders.submit(self._encoded, answered, header=is_first)
                before = waiting[-1] if waiting else None
                waiting.append(writer.submit(_put_after, before, encoding, put))
                are_any = True
                if len(waiting) > _ENCODERS:
                    watch(waiting.popleft().result())
            while waiting:
                watch(waiting.popleft().result())
        return are_any

    def _joined(self) -> Collection[str]:
        """The facts whose members are passed on as one text."""
        if self.plan.target_format is not Format.CSV:
            return ()
        facts = self.source.facts
        return {facts[column] for column in self.source.passed if column in facts}

    def _batches(self, start: Position | None) -> Generator[Batch]:
        batches = _read(self.plan, self.source, start)
        # A reader that waits for a pipe could not be interrupted from another thread.
        return _ahead(batches) if self.plan.source else batches

    def nobody(self) -> Encoded:
        """A batch of no rows: it tells the columns of an output in which there are none."""
        return self._encoded(self.assessor.nobody(self.source.nobody()), header=True)

    def _encoded(self, answered: Answered, *, header: bool) -> Encoded:
        return encoded(answered, self.plan, self.source, header=header)


def _put_after(before: Future[Progress] | None, encoding: Future[Encoded], put: Put) -> Progress:
    """Put a batch, unless the one before it could not be put."""
    if before is not None:
        before.result()
    return put(encoding.result())


def _read(plan: Plan, source: Source, start: Position | None) -> Generator[Batch]:
    try:
        yield from source.batches(start)
    except OSError as error:
        raise UnfinishedError(f"{_name(plan)} cannot be read: {error.strerror or error}") from None


def _ahead(items: Iterator[T]) -> Generator[T]:
    """The same items; while one is used the next is made."""
    with ThreadPoolExecutor(1, "cohort-reader") as reader:
        coming = reader.submit(next, items, None)
        while (item := coming.result()) is not None:
            coming = reader.submit(next, items, None)
            yield item


@contextmanager
def _opened(plan: Plan, assessor: Assessor, scan: Mapping[str, str] | None) -> Iterator[Source]:
    """The source of a plan, checked as far as its columns are known."""
    with ExitStack() as stack:
        try:
            source = _source(plan, assessor, scan, stack)
            _refuse_clashes(source, assessor)
        except CohortError as error:
            raise CohortError(f"{_name(plan)}: {error}") from None
        yield source


def _refuse_clashes(source: Source, assessor: Assessor) -> None:
    if clashing := [one for one in source.passed if one in assessor.schema]:
        raise CohortError(f"has a column {clashing[0]!r}, which the answer has too: {LEAVE_OUT}")


def _name(plan: Plan) -> str:
    return "standard input" if plan.source is None else str(plan.source)


def _source(
    plan: Plan, assessor: Assessor, scan: Mapping[str, str] | None, stack: ExitStack
) -> Source:
    if plan.source_format is Format.PARQUET:
        assert plan.source is not None
        parquet = ParquetSource(plan.source, plan)
        stack.callback(parquet.close)
        return parquet
    if plan.source is None:
        stream: BinaryIO = sys.stdin.buffer
        size = None
    else:
        stream = stack.enter_context(plan.source.open("rb"))
        size = plan.source.stat().st_size
    refuse_packed(stream, plan.source_format)
    if plan.source_format is Format.CSV:
        return CsvSource(stream, plan, size)
    return NdjsonSource(stream, plan, size, scan=scan, reserved=assessor.schema.names())


def _progress(source: Source, position: Position, tally: Tally) -> Progress:
    return Progress(done=source.done(position), size=source.size, tally=tally)


def _outcome(source: Source, tally: Tally, *, resumed: int) -> Outcome:
    return Outcome(
        tally=tally,
        facts=dict(source.facts),
        others=tuple(name for name in source.names if name not in source.facts),
        resumed=resumed,
    )
