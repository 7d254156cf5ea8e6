"""Assessing a batch: which rows get an answer, and which cannot be used."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from itertools import chain, groupby
from typing import Any

import polars as pl
import pyarrow as pa
from attrs import frozen

from crampsrules.cohort.batches import Batch, Position, Reject
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan
from crampsrules.errors import shorten
from crampsrules.facts import FACTS
from crampsrules.frames.columns import BETWEEN, SEPARATOR
from crampsrules.frames.eager import answered_by, by_column
from crampsrules.frames.encoding import IDS
from crampsrules.frames.inputs import Inputs
from crampsrules.frames.outputs import ERRORS, UNRECOGNISED, Outputs
from crampsrules.frames.polars_frames import schema_of
from crampsrules.rulebase import RuleBase

_ROW = "row"


@frozen(kw_only=True, eq=False)
class Answered:
    """A batch that was assessed: the rows with an answer, and those that have none."""

    answers: pl.DataFrame
    """In a run that writes Parquet, `fired` has numbers for ids: see `Outputs`."""
    unrecognised: pl.Series
    """For each the names of medicines that are not known, each once; null where all are known."""
    passed: Any
    """What goes from each of these rows into the output, as in `Batch`."""
    rejects: Sequence[Reject]
    """In the order of the input."""
    unreadable: int
    """How many of the rejects are no rows at all."""
    end: Position


@frozen
class Assessor:
    """Assesses batches with one rule base."""

    rules: RuleBase
    outputs: Outputs
    schema: pl.Schema
    """The columns of every answer."""

    @classmethod
    def of(cls, plan: Plan) -> Assessor:
        """Find out which columns the answers have."""
        outputs = Outputs.of(
            plan.rules,
            weights=plan.weights,
            errors=True,
            numbered=plan.target_format is Format.PARQUET,
            unrecognised=True,
        )
        nobody = pl.DataFrame(schema={next(iter(FACTS)): pl.Float64})
        inputs = Inputs.of(schema_of(nobody), plan.rules)
        answered = by_column(nobody, plan.rules, inputs, outputs)
        return cls(plan.rules, outputs, answered.drop(ERRORS, UNRECOGNISED).schema)

    def nobody(self, batch: Batch) -> Answered:
        """What comes of a batch of no rows. Raises FactsError for types that no fact takes."""
        if not batch.is_ragged:  # of those each row has been looked at by itself
            Inputs.of(schema_of(batch.facts), self.rules)
        answers = pl.DataFrame(schema=self.schema)
        return Answered(
            answers=answers,
            unrecognised=pl.Series(dtype=IDS),
            passed=batch.passed,
            rejects=(),
            unreadable=0,
            end=batch.end,
        )

    def answered(self, batch: Batch, joined: Collection[str] = ()) -> Answered:
        """Assess the rows of a batch; of the facts `joined` the members are written as one text."""
        assessed = (
            self._in_two_ways(batch.facts) if batch.is_ragged else self._assessed(batch.facts)
        )
        errors = assessed[ERRORS]
        faulty = dict(batch.faults)
        for row in errors.is_not_null().arg_true():
            faulty[row] = (*faulty.get(row, ()), errors[row])
        for row, reason in _not_to_be_joined(batch.facts, joined):
            faulty[row] = (*faulty.get(row, ()), reason)
        rejects = [
            Reject(
                number=batch.numbers[row],
                reasons=reasons,
                given=batch.given(row),
                csv=batch.csv(row) if batch.csv else None,
            )
            for row, reasons in faulty.items()
        ]
        sound = pl.Series([row not in faulty for row in range(len(assessed))], dtype=pl.Boolean)
        answers = assessed.drop(ERRORS)
        if faulty:
            answers = answers.filter(sound)
        return Answered(
            answers=answers.drop(UNRECOGNISED),
            unrecognised=answers[UNRECOGNISED],
            passed=_only(batch.passed, sound) if faulty else batch.passed,
            rejects=sorted((*batch.rejects, *rejects), key=lambda one: one.number),
            unreadable=len(batch.rejects),
            end=batch.end,
        )

    def _in_two_ways(self, facts: pl.DataFrame) -> pl.DataFrame:
        """The same, where some rows give a set as a whole that others give by member; none both."""
        members: dict[str, list[str]] = {}
        for name in facts.columns:
            fact, between, _ = name.partition(BETWEEN)
            if between and fact in facts.columns:
                members.setdefault(fact, []).append(name)
        if not members:
            return self._assessed(facts)
        if facts.is_empty():  # nobody gives a set in either way
            return self._assessed(facts.drop(chain(*members.values())))
        by_member = facts.select(
            pl.any_horizontal(pl.col(names).is_not_null()).alias(fact)
            for fact, names in members.items()
        )
        alike = by_member.with_row_index(_ROW).partition_by(*members, as_dict=True)
        answers = []
        for ways, rows in alike.items():
            unused = [
                [fact] if is_by_member else members[fact]
                for fact, is_by_member in zip(members, ways, strict=True)
            ]
            answers.append(self._assessed(facts[rows[_ROW]].drop(chain(*unused))))
        places = pl.concat([rows[_ROW] for rows in alike.values()])
        return pl.concat(answers)[places.arg_sort()]

    def _assessed(self, facts: pl.DataFrame) -> pl.DataFrame:
        """The answers and errors alone, as `assess_frame` has them."""
        inputs = Inputs.of(schema_of(facts), self.rules)
        return answered_by(facts, self.rules, inputs, self.outputs)


def _not_to_be_joined(facts: pl.DataFrame, joined: Collection[str]) -> Iterator[tuple[int, str]]:
    """Each row with a member that would be read as two, and the reason in words."""
    for name in facts.columns:
        if name in joined and isinstance(facts[name].dtype, pl.List | pl.Array):
            parted = pl.element().filter(pl.element().str.contains(SEPARATOR, literal=True))
            found = facts[name].cast(pl.List(pl.String)).list.eval(parted).list.first()
            for row in found.is_not_null().arg_true():
                what = f"{name}: has a {SEPARATOR} in {shorten(found[row])}"
                yield row, f"{what}, which in CSV parts members: write Parquet or NDJSON"


def _only(passed: pa.Table | list[str], sound: pl.Series) -> pa.Table | list[str]:
    if isinstance(passed, list):
        return [one for one, is_sound in zip(passed, sound, strict=True) if is_sound]
    if not passed.num_columns:  # a table of no columns has no rows either
        return passed
    try:
        return passed.filter(pa.array(sound))
    except pa.ArrowNotImplementedError:  # texts and bytes as views, also within lists
        return pa.concat_tables([passed.slice(0, 0), *_runs(passed, sound)])


def _runs(table: pa.Table, sound: pl.Series) -> Iterator[pa.Table]:
    """The parts of a table that lie between the rows which are not sound."""
    start = 0
    for is_sound, rows in groupby(sound):
        size = sum(1 for _ in rows)
        if is_sound:
            yield table.slice(start, size)
        start += size
