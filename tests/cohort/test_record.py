"""The record of a run is read as it was written, and goes on only with what it was begun with."""

import json
from pathlib import Path

import pytest
from attrs import evolve, fields
from hypothesis import given
from hypothesis import strategies as st

import crampsrules
from crampsrules.cohort.errors import CohortError
from crampsrules.cohort.formats import Format
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.record import Record, promise_of, replace_text
from crampsrules.cohort.tally import Tally
from tests.cohort.common import SHIPPED

counts = st.integers(0, 10**12)
names = st.text(max_size=8)
counted = st.dictionaries(names, counts, max_size=3)
texts = st.dictionaries(names, names, max_size=3)
records = st.builds(
    Record,
    promise=texts,
    position=st.none() | counted,
    output_bytes=counts,
    ends=st.lists(counts, max_size=3).map(tuple),
    rejects_bytes=counts,
    tally=st.builds(
        Tally, counts, counts, counts, counted, counted, counted, counts, counted, counts
    ),
    scan=st.none() | texts,
    is_complete=st.booleans(),
)


@given(records)
def test_what_is_written_is_read_again(record):
    """Every field, and in letters that people can read."""
    again = Record.from_json(record.to_json())

    for field in fields(Record):
        assert getattr(again, field.name) == getattr(record, field.name)
    for field in fields(Tally):
        assert getattr(again.tally, field.name) == getattr(record.tally, field.name)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"promise": {}, "position": {"row": "x"}}'])
def test_what_is_no_record_says_so(text):
    """It is not taken for one of a run that has done nothing."""
    with pytest.raises(CohortError, match=r"^is no record of a run: "):
        Record.from_json(text)


@given(texts, texts)
def test_it_goes_on_with_what_was_promised_alone(begun, now):
    """What is no longer said does no harm; what is now said otherwise does."""
    record = Record(promise=begun)
    changed = [name for name, value in now.items() if begun.get(name) != value]

    if not changed:
        record.check(now)
        return
    with pytest.raises(CohortError) as raised:
        record.check(now)
    for name in changed:
        assert f"  {name}: was {begun.get(name, 'not said')}, is {now[name]}" in str(raised.value)


def test_what_an_output_depends_on(tmp_path):
    """Everything that may change a row of it."""
    source = tmp_path / "in.csv"
    source.write_text("a,b\n")
    plan = Plan(
        source=source,
        target=Path("out.csv"),
        rejects=Path("aside"),
        source_format=Format.CSV,
        target_format=Format.NDJSON,
        rules=SHIPPED,
        columns={"thirst": "b", "fever": "a"},
        source_delimiter=";",
        unknown=frozenset({"NA", "."}),
        keep=("b", "a"),
    )

    promise = promise_of(plan)

    assert promise.pop("input").startswith("4 bytes, changed ")
    assert promise == {
        "rules": SHIPPED.version[:16],
        "crampsrules": crampsrules.__version__,
        "from": "csv ';'",
        "to": "ndjson ','",
        "columns": "fever=a thirst=b",
        "keep": "'a' 'b'",
        "weights": "no",
        "unknown": "'.' 'NA'",
    }
    assert promise_of(evolve(plan, source=None, keep=None, weights=True)) == promise | {
        "input": "standard input",
        "keep": "all",
        "weights": "yes",
    }


def test_a_change_anywhere_in_a_small_file_is_noticed(tmp_path):
    """Also one of the same length, at the same time."""
    import os

    file = tmp_path / "in.csv"
    plan = Plan(
        source=file,
        target=None,
        source_format=Format.CSV,
        target_format=Format.CSV,
        rules=SHIPPED,
    )
    seen = set()
    for content in (b"abc", b"xbc", b"axc", b"abx", b"abcd"):
        file.write_bytes(content)
        os.utime(file, ns=(0, 0))
        seen.add(promise_of(plan)["input"])
    os.utime(file, ns=(0, 1))
    seen.add(promise_of(plan)["input"])

    assert len(seen) == 6


def test_a_file_is_replaced_whole(tmp_path):
    """In UTF-8, with the ends of lines as they are, and with nothing left beside it."""
    file = tmp_path / "progress.json"
    for text in ("first\n", json.dumps("zweite\r\né", ensure_ascii=False) + "\n"):
        replace_text(file, text)
        assert file.read_bytes() == text.encode()
    assert list(tmp_path.iterdir()) == [file]
