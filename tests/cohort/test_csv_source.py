"""Records of CSV: each is read as it was written, and what is none does not take others with it."""

import csv
import itertools
from io import BytesIO, StringIO

import polars as pl
import pyarrow as pa
import pyarrow.csv
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cli import ExitCode
from crampsrules.cohort import csv_source, lines
from crampsrules.cohort.csv_source import CsvRecords
from crampsrules.cohort.lines import Lines
from tests.cohort.common import answers_in, run

letters = st.characters(exclude_characters="\r\0", exclude_categories=["Cs"])
cells = st.text(st.sampled_from("ab ,;\"'\n\tä€") | letters)
odd_lines = st.sampled_from([b'"', b'a,"b', b'5" tall', b"a,b", b'""'])


MARK = b"\xef\xbb\xbf"


def records(content, delimiter=","):
    """All records of a file."""
    reader = CsvRecords(Lines(BytesIO(content)), delimiter)
    found = []
    while record := reader.next():
        found.append(record)
    return found


@given(
    st.lists(st.lists(cells, min_size=2, max_size=4), max_size=6),
    st.sampled_from(",;\t"),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from([csv.QUOTE_ALL, csv.QUOTE_MINIMAL]),
)
def test_what_the_csv_module_writes_is_read_as_it_was(rows, delimiter, end, quoting):
    """Separators, quotation marks and ends of lines within fields, each with its first line."""
    file, numbers = StringIO(newline=""), []
    writer = csv.writer(file, delimiter=delimiter, lineterminator=end, quoting=quoting)
    for row in rows:
        numbers.append(1 + file.getvalue().count("\n"))
        writer.writerow(row)
    expected = list(zip(numbers, rows, strict=True))

    found = records(file.getvalue().encode(), delimiter)

    assert [(one.number, one.fields) for one in found] == expected
    assert [one.fault for one in found] == [None] * len(found)


@given(st.lists(st.binary(max_size=12) | odd_lines))
def test_every_line_is_in_one_record_or_the_other(found):
    """Whatever is in a file, no line of it vanishes and none is read twice."""
    content = b"\n".join(line.replace(b"\n", b"") for line in found).removeprefix(MARK)
    whole = [number for number, line in enumerate(content.split(b"\n"), 1) if line.strip()]

    read = records(content)

    told: list[int] = []
    for record in read:
        lines_of = 1 + (0 if record.fault else record.text.rstrip("\n").count("\n"))
        told += range(record.number, record.number + lines_of)
    assert sorted(told) == told
    assert len(set(told)) == len(told)
    assert set(whole) <= set(told)


def test_a_quotation_mark_that_is_not_closed_spoils_one_line(monkeypatch):
    """However much comes after it."""
    monkeypatch.setattr(csv_source, "_LONGEST_RECORD", 100)
    content = b'1,2\n3,"4\n' + b"5,6\n" * 50

    found = records(content)

    assert [one.fault is None for one in found] == [True, False, *[True] * 50]
    assert found[1].fault == "is not CSV: a quotation mark is opened and not closed"
    assert (found[1].number, found[1].text) == (2, '3,"4')
    assert found[-1].number == 52


def test_a_field_of_many_lines_with_marks_is_read_once():
    """And not again at each mark that might have been its end."""
    content = b'1,"2' + b'\n""3""' * 20_000 + b'"\n4,5\n'

    long, after = records(content)

    assert long.fields == ["1", "2" + '\n"3"' * 20_000]
    assert (after.number, after.fields) == (20_002, ["4", "5"])


@pytest.mark.parametrize("between", [" ", "\n"])
def test_a_field_longer_than_the_csv_module_takes_by_itself_is_read(between):
    """On one line or on many, which do not become people."""
    note = between.join(["71,yes,calf"] * 120_000)

    first, after = records(f'1,"{note}"\n4,5\n'.encode())

    assert first.fields == ["1", note]
    assert after.fields == ["4", "5"]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson"])
def test_a_long_note_is_a_note_of_one_person(tmp_path, target):
    """And no line of it is assessed."""
    file, out = tmp_path / "in.csv", tmp_path / target
    note = "\n".join(["71,yes,calf"] * 20_000)
    file.write_text(f'person,age_years,note\n0,34,"{note}"\n1,35,short\n')

    assert run(file, out, "--keep", "person").exit_code == ExitCode.OK

    assert list(answers_in(out)) == [0, 1]


def test_whoever_allowed_longer_fields_still_has_them():
    """The limit is that of the whole process."""
    before = csv.field_size_limit(2**31 - 1)
    try:
        records(b"a,b\n")
        assert csv.field_size_limit() == 2**31 - 1
    finally:
        csv.field_size_limit(before)


def test_a_mark_in_the_middle_of_a_field_is_only_a_mark():
    """As in 5\" for five inches."""
    assert [one.fields for one in records(b'1,5" tall\n2,"a"\n')] == [["1", '5" tall'], ["2", "a"]]


@pytest.mark.parametrize(
    ("line", "fault"),
    [
        (b'1,"a"b', "is not CSV: ',' expected after '\"'"),
        (
            b"1,\xe9",
            (
                "is not UTF-8: invalid continuation byte at byte 3; what is Latin-1 becomes UTF-8 "
                "with iconv -f LATIN1 -t UTF-8 FILE"
            ),
        ),
        (b"1,a\rb,c", "is not CSV: a carriage return stands in it outside quotation marks"),
    ],
)
def test_a_line_that_is_no_record_says_why(line, fault):
    """And the lines beside it are read."""
    before, spoiled, after = records(b"1,2\n" + line + b"\n3,4\n")

    assert (before.fields, after.fields) == (["1", "2"], ["3", "4"])
    assert spoiled.fault == fault


def test_a_line_that_is_too_long_is_told_of_by_its_beginning(monkeypatch):
    """It is not read into memory; the next one is."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 50)
    monkeypatch.setattr(lines, "_SHOWN_OF_LONGER", 10)

    long, after = records(b"1," + b"x" * 500 + b"\n3,4\n")

    assert long.fault == "is longer than 50 bytes; this is its beginning"
    assert long.text == "1,xxxxxxxx"
    assert (after.number, after.fields) == (2, ["3", "4"])


@given(st.lists(st.integers(0, 30), max_size=6))
def test_where_a_line_ends_is_known_however_long_it_is(sizes):
    """A run goes on from there."""
    content = b"".join(b"x" * size + b"\n" for size in sizes)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(lines, "LONGEST_LINE", 8)
        reader = Lines(BytesIO(content))
        ends = [0]
        while line := reader.take():
            assert line.number == len(ends)
            assert line.is_whole == (line.size <= 8)
            ends.append(reader.offset)

    assert ends == [0, *itertools.accumulate(size + 1 for size in sizes)]


def test_the_mark_that_some_programs_begin_a_file_with_is_no_part_of_it():
    """A byte order mark."""
    assert records(MARK + b"a,b\n")[0].fields == ["a", "b"]


# --- One column ---------------------------------------------------------------------------------

ages = st.lists(st.none() | st.integers(0, 120), min_size=1, max_size=6)


@given(ages, st.sampled_from(["polars", "pyarrow"]), st.integers(1, 3))
def test_of_one_column_no_row_is_lost(tmp_path_factory, known, writer, batch):
    """What is not known is a blank line there, in the last row too."""
    folder = tmp_path_factory.mktemp("run")
    file, out = folder / "in.csv", folder / "out.csv"
    frame = pl.DataFrame({"age_years": pl.Series(known, dtype=pl.Int64)})
    if writer == "polars":
        frame.write_csv(file)
    else:
        pa.csv.write_csv(frame.to_arrow(), file)

    assert run(file, out, "--batch", batch).exit_code == ExitCode.OK

    assert pl.read_csv(out)["age_years"].cast(pl.Int64).to_list() == known


def test_a_blank_line_among_several_columns_is_no_row():
    """Nor is one before the names of the columns."""
    assert [one.fields for one in records(b"\na,b\n\n1,2\n \n\n")] == [["a", "b"], ["1", "2"]]
