"""The whole way of a cohort: read, assess, write, a batch at a time.

While one batch is assessed the next is read and the one before is written.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from typing import BinaryIO, TypeVar

from attrs import field, frozen

from crampsrules.cohort.answers import Answered, Assessor
from crampsrules.cohort.batches import Batch, Position, Source
from crampsrules.cohort.csv_source import CsvSource
from crampsrules.cohort.encoding import encoded, rejects_encoded
from crampsrules.cohort.errors import CohortError, UnfinishedError
from crampsrules.cohort.formats import Format
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
    # What comes through a pipe cannot be read again.
    with opened_workshop(plan, restart=restart or plan.source is None) as workshop:
        return _filed(plan, assessor, workshop, watch)


def _filed(plan: Plan, assessor: Assessor, workshop: Workshop, watch: Watch) -> Outcome:
    begun = workshop.record
    with _opened(plan, assessor, begun.scan) as source:
        if not begun.is_complete:
            workshop.begin(source.scan if isinstance(source, NdjsonSource) else None)
            start = workshop.record.position

            def keep(answered: Answered) -> Progress:
                workshop.add(answered, source)
                return _progress(source, answered.end, workshop.record.tally)

            if start is not None:
                watch(_progress(source, start, begun.tally))
            _through(plan, source, start, assessor, keep, watch)
        workshop.finish(assessor.nobody(source.nobody()), source)
        return _outcome(source, workshop.record.tally, resumed=begun.tally.rows)


def _piped(plan: Plan, assessor: Assessor, watch: Watch) -> Outcome:
    """Write to standard output, where nothing can be taken back."""
    tally = Tally()
    is_first = True
    with ExitStack() as stack:
        source = stack.enter_context(_opened(plan, assessor, None))
        rejects: BinaryIO = (
            sys.stderr.buffer
            if plan.rejects is None
            else stack.enter_context(plan.rejects.open("wb"))
        )

        def put(answered: Answered) -> Progress:
            nonlocal tally, is_first
            sys.stdout.buffer.write(encoded(answered, plan, facts=source.facts, header=is_first))
            sys.stdout.buffer.flush()
            rejects.write(rejects_encoded(answered.rejects, source.unit))
            rejects.flush()
            tally, is_first = tally.with_(answered), False
            return _progress(source, answered.end, tally)

        _through(plan, source, None, assessor, put, watch)
        if is_first:
            put(assessor.nobody(source.nobody()))
        return _outcome(source, tally, resumed=0)


def _through(  # noqa: PLR0913 - where from, where to, and what comes between
    plan: Plan,
    source: Source,
    start: Position | None,
    assessor: Assessor,
    put: Callable[[Answered], Progress],
    watch: Watch,
) -> None:
    """Take all batches from the source to where they are put."""
    with ThreadPoolExecutor(1, "cohort-writer") as writer:
        writing: Future[Progress] | None = None
        for batch in _ahead(_read(plan, source, start)):
            answered = assessor.answered(batch)
            if writing is not None:
                watch(writing.result())
            writing = writer.submit(put, answered)
        if writing is not None:
            watch(writing.result())


def _read(plan: Plan, source: Source, start: Position | None) -> Iterator[Batch]:
    try:
        yield from source.batches(start)
    except OSError as error:
        raise UnfinishedError(f"{_name(plan)} cannot be read: {error.strerror or error}") from None


def _ahead(items: Iterator[T]) -> Iterator[T]:
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
            _mind_clashes(source, assessor)
        except CohortError as error:
            raise CohortError(f"{_name(plan)}: {error}") from None
        yield source


def _mind_clashes(source: Source, assessor: Assessor) -> None:
    if clashing := [one for one in source.passed if one in assessor.schema]:
        raise CohortError(
            f"has a column {clashing[0]!r}, which the answer is to be called: leave it out by "
            "naming those to --keep"
        )


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
