"""Twenty thousand patients on every kind of frame: part of `make deep`."""

# ruff: noqa: T201 - the figures are half the point
from __future__ import annotations

import random
import time
from collections import Counter
from functools import cache

import dask.dataframe as dd
import duckdb
import polars as pl
import pytest

from crampsrules import RuleBase, assess_frame
from crampsrules.frames.eager import FEW
from tests.deep.patients import half_known
from tests.drawing import medicine_names
from tests.frames.common import BAD_VALUES, CONTRADICTION, assert_right, expected, in_polars
from tests.frames.spark import needs_java, session

pytestmark = [
    pytest.mark.deep,
    pytest.mark.filterwarnings("ignore:PySpark does not yet fully support:FutureWarning"),
    pytest.mark.filterwarnings("ignore::ResourceWarning"),
]

PATIENTS = 20_000


@cache
def cohort():
    """Patients of whom half is known, or little; each tenth is broken."""
    rng = random.Random(5)  # noqa: S311 - nothing secret
    medicines = [name for name in medicine_names(RuleBase.load()) if len(name) > 1]
    rows = []
    for _ in range(PATIENTS):
        row = half_known(rng, medicines).known()
        if rng.random() < 0.5:
            row = {name: row[name] for name in rng.sample(sorted(row), rng.randint(0, 12))}
        if rng.random() < 0.1:
            row |= rng.choice([*BAD_VALUES, *[CONTRADICTION] * 10])
        rows.append(row)
    return rows


def polars_eager(frame):
    return assess_frame(frame, weights=True)


def polars_by_row(frame):
    return pl.concat(
        assess_frame(frame[at : at + FEW], weights=True) for at in range(0, PATIENTS, FEW)
    )


def polars_lazy(frame):
    return assess_frame(frame.lazy(), weights=True).collect()


def polars_streaming(frame):
    return assess_frame(frame.lazy(), weights=True).collect(engine="streaming")


def pandas(frame):
    return pl.from_pandas(
        assess_frame(frame.to_pandas(use_pyarrow_extension_array=True), weights=True)
    )


def pyarrow(frame):
    return pl.from_arrow(assess_frame(frame.to_arrow(), weights=True))


def dask(frame):
    whole = frame.to_pandas(use_pyarrow_extension_array=True)
    return pl.from_pandas(
        assess_frame(dd.from_pandas(whole, npartitions=7), weights=True).compute()
    )


def in_duckdb(frame):
    relation = duckdb.sql("select * from frame")
    assert relation is not None
    return assess_frame(relation, weights=True).pl()


def spark(frame, folder):
    frame.write_parquet(folder / "patients.parquet")
    with session() as made:
        read = made.read.parquet(str(folder / "patients.parquet")).repartition(4)
        return pl.DataFrame(assess_frame(read, weights=True).orderBy("row").toArrow())


EXACT = (polars_eager, polars_by_row, polars_lazy, polars_streaming, pandas, pyarrow, dask)


@pytest.mark.parametrize("way", [*EXACT, in_duckdb, pytest.param(spark, marks=needs_java)])
def test_20_000_patients_are_answered_as_assess_answers_them(way, tmp_path):
    """On every column; the texts of errors to the letter where Python writes them."""
    frame = in_polars(cohort())

    begun = time.perf_counter()
    found = way(frame, tmp_path) if way is spark else way(frame)
    took = time.perf_counter() - begun

    added = found.select(found.columns[frame.width :]).to_dicts()
    assert_right(added, cohort(), exact=way in EXACT)
    fired = Counter(id_ for row in added for id_ in row["fired"] or ())
    wrong = sum(row["errors"] is not None for row in added)
    print(f"\n{way.__name__}: {len(added)} patients in {took:.1f} s, {wrong} of them broken")
    print(f"{len(fired)} of {len(RuleBase.load().conditions)} conditions were true of one")


def test_what_assess_says_is_not_the_same_of_everyone():
    """Else agreeing would be easy."""
    levels = Counter(expected(row)["triage"] for row in cohort()[:500])

    assert len(levels) >= 4
