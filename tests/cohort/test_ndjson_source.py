"""Objects of NDJSON: each is read as it was written, or told of with its line."""

import json
from io import BytesIO

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cli import ExitCode
from crampsrules.cohort import lines, ndjson_source
from crampsrules.cohort.lines import Lines
from crampsrules.cohort.ndjson_source import NotAnObjectError, parsed
from tests.cohort.common import answers_in, rejects_in, run

numbers = st.integers() | st.floats(allow_nan=False, allow_infinity=False)
words = st.text(max_size=5)
values = st.recursive(
    st.none() | st.booleans() | numbers | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
objects = st.dictionaries(words, values, max_size=4)


def first_of(content):
    """The object on the first line."""
    line = Lines(BytesIO(content)).take()
    assert line is not None
    return parsed(line)


@given(objects, st.booleans())
def test_what_the_json_module_writes_is_read_as_it_was(row, escaped):
    """Whatever is in it."""
    assert first_of(json.dumps(row, ensure_ascii=escaped).encode() + b"\n") == row


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (
            b'{"a": "\xff"}',
            (
                "is not UTF-8: invalid start byte at byte 8; what is Latin-1 becomes UTF-8 with "
                "iconv -f LATIN1 -t UTF-8 FILE"
            ),
        ),
        (b'{"a": 1', "is not JSON: Expecting ',' delimiter at 8"),
        (b'{"a": Infinity}', "is not JSON: there is no Infinity in it"),
        (b'{"a": 1, "b": 2, "b": 3, "a": 4}', "has 'a' twice"),
        (
            b"{%s, %s}" % ((b", ".join(b'"%d": 1' % at for at in range(50_000)),) * 2),
            "has '0' twice",
        ),
        (b'"fever"', "must be an object of facts, got 'fever'"),
        (b"[" * 100_000, "is nested too deep"),
        (b'{"a": ' + b"1" * 5000 + b"}", "has a number that is too large"),
    ],
)
def test_a_line_that_is_no_object_says_why(content, told):
    """And where."""
    with pytest.raises(NotAnObjectError) as raised:
        first_of(content)
    assert str(raised.value) == told


def test_a_line_that_is_too_long_is_told_of_by_its_beginning(monkeypatch):
    """Without being read."""
    monkeypatch.setattr(lines, "LONGEST_LINE", 20)
    with pytest.raises(NotAnObjectError, match=r"^is longer than 20 bytes; this is its"):
        first_of(b'{"a": "' + b"x" * 50 + b'"}')


# --- What becomes of values that are no facts -----------------------------------------------------


def column(folder, *found):
    """A column of these values, in Parquet."""
    file = folder / "in.ndjson"
    rows = [json.dumps({"fever": True, "value": one}) for one in found]
    file.write_text("\n".join(rows), encoding="utf-8")
    assert run(file, folder / "out.parquet", "--keep", "value").exit_code == ExitCode.OK
    return pl.read_parquet(folder / "out.parquet")["value"]


@pytest.mark.parametrize(
    ("found", "dtype", "kept"),
    [
        ([None, None], pl.String, [None, None]),
        ([True, None], pl.Boolean, [True, None]),
        ([None, "a"], pl.String, [None, "a"]),
        ([1, None, 2], pl.Int64, [1, None, 2]),
        ([1, 2**62], pl.Int64, [1, 2**62]),
        ([-(2**63), 2**63 - 1], pl.Int64, [-(2**63), 2**63 - 1]),
        ([2**63, 1], pl.String, ["9223372036854775808", "1"]),
        ([1, 2.5], pl.Float64, [1.0, 2.5]),
        ([2.5, 2**53], pl.Float64, [2.5, 2.0**53]),
        ([2.5, 2**53 + 1], pl.String, ["2.5", "9007199254740993"]),
        ([2**53 + 1, 2.5], pl.String, ["9007199254740993", "2.5"]),
        ([True, 1], pl.String, ["true", "1"]),
        (["é", 1], pl.String, ['"é"', "1"]),
        ([[1, "é"], None], pl.String, ['[1, "é"]', None]),
    ],
)
def test_a_column_has_a_type_that_holds_every_value_of_it(tmp_path, found, dtype, kept):
    """And where there is none, the JSON itself."""
    values = column(tmp_path, *found)

    assert values.dtype == dtype
    assert values.to_list() == kept


def test_what_is_kept_of_an_object_is_written_as_it_was(tmp_path):
    """With letters of every kind, and only what was asked for."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"name": "Zoé", "fever": true, "other": 1}\n{"fever": false}\n', "utf-8")

    run(file, out, "--keep", "name")

    first, second = out.read_text(encoding="utf-8").splitlines()
    assert first.startswith('{"name": "Zoé","triage":')
    assert second.startswith('{"triage":')


def test_a_column_after_a_line_that_is_none_is_a_column(tmp_path):
    """The lines beyond it are looked at too."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.parquet"
    file.write_text('{"person": 1}\n[]\n{"person": 2, "chest_pain": true}\n')

    assert run(file, out).exit_code == ExitCode.BAD_ROWS

    assert pl.read_parquet(out)["chest_pain"].to_list() == [None, True]


def test_a_row_of_letters_that_no_file_can_hold_is_put_aside_all_the_same(tmp_path):
    """Half of a pair, which JSON can write and UTF-8 cannot."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "age_years": 188, "note": "\\ud800"}\n')

    assert run(file, out).exit_code == ExitCode.BAD_ROWS

    aside = (tmp_path / "out.ndjson.rejects.ndjson").read_text(encoding="utf-8")
    assert '"note": "\\ud800"' in aside
    assert json.loads(aside)["line"] == 1


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
@pytest.mark.parametrize("row", ["{}", '{"age_years": null, "person": 1}'])
def test_a_cohort_of_whom_nothing_is_known_is_one(tmp_path, target, row):
    """It has as many rows as objects."""
    file = tmp_path / "in.ndjson"
    file.write_text(f"{row}\n" * 5)

    done = run(file, tmp_path / target, "--batch", 2)

    assert done.exit_code == ExitCode.OK
    assert done.stdout.startswith("5 rows read, 5 assessed\n")


known = st.fixed_dictionaries(
    {}, optional={"person": st.integers(), "note": words, "fever": st.none() | st.booleans()}
)


@given(
    st.lists(known, max_size=6), st.sampled_from(["csv", "ndjson", "parquet"]), st.integers(1, 3)
)
def test_of_names_one_must_be_a_fact_wherever_it_stands(tmp_path_factory, rows, target, batch):
    """Whatever the batches, and in a pipe too, where that is known at its end."""
    folder = tmp_path_factory.mktemp("run")
    file, out = folder / "in.ndjson", folder / f"out.{target}"
    file.write_text("".join(f"{json.dumps(row)}\n" for row in rows))
    names = {name for row in rows for name in row}
    is_right = not names or "fever" in names
    pipe = ["-", "-", "--from", "ndjson", "--to", "ndjson"]

    done = run(file, out, "--batch", batch)
    piped = run(*pipe, "--batch", batch, given=file.read_bytes())

    expected = ExitCode.OK if is_right else ExitCode.USAGE
    assert (done.exit_code, piped.exit_code) == (expected, expected)
    assert out.exists() == is_right
    if not is_right:
        assert "no column has the name of a fact; the first are " in done.stderr
        assert "no column has the name of a fact; the first are " in piped.stderr
        assert list(folder.iterdir()) == [file]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("in.csv", "jq -r .csv FILE gives them, to be put below the names of the columns"),
        ("in.ndjson", "jq -rc .given FILE gives them as NDJSON"),
        ("in.parquet", "jq -rc .given FILE gives them as NDJSON"),
    ],
)
def test_what_was_put_aside_is_no_cohort(tmp_path, source, target, told):
    """Everyone would be someone of whom nothing is known; it says how the rows are taken out."""
    frame = pl.DataFrame({"person": [1, 2], "age_years": [188, 199]})
    getattr(frame, f"write_{source[3:]}")(tmp_path / source)
    assert run(tmp_path / source, tmp_path / "first.csv").exit_code == ExitCode.BAD_ROWS
    aside = tmp_path / "first.csv.rejects.ndjson"
    pipe = ["-", "-", "--from", "ndjson", "--to", "ndjson"]

    for done in (run(aside, tmp_path / target), run(*pipe, given=aside.read_bytes())):
        assert done.exit_code == ExitCode.USAGE
        assert "holds rows that were put aside, with the reasons, and not people" in done.stderr
        assert told in done.stderr
        assert done.stdout == ""
    assert not (tmp_path / target).exists()


@pytest.mark.parametrize("target", ["out.ndjson", "out.csv"])
@pytest.mark.parametrize("indent", [None, 2])
def test_an_array_of_people_is_no_ndjson(tmp_path, target, indent):
    """Every line would be put aside; it says how the people are taken out."""
    file = tmp_path / "in.ndjson"
    file.write_text(json.dumps([{"age_years": 71}, {"age_years": 72}], indent=indent))

    done = run(file, tmp_path / target)

    assert done.exit_code == ExitCode.USAGE
    assert "begins an array of JSON" in done.stderr
    assert "jq -c '.[]' FILE" in done.stderr
    assert not (tmp_path / target).exists()


def test_an_array_on_a_later_line_is_put_aside(tmp_path):
    """As is any other line that holds no person, and one of figures on the first."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('[71]\n{"person": 1, "age_years": 71}\n[{"age_years": 72}]\n')

    assert run(file, out).exit_code == ExitCode.BAD_ROWS
    assert [*answers_in(out)] == [1]
    assert len(rejects_in(out)) == 2


def test_names_that_others_may_have_are_not_taken_for_what_was_put_aside(tmp_path):
    """Beside a fact, or as one."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "line": 2, "reasons": [], "given": true, "fever": true}\n')
    assert run(file, out).exit_code == ExitCode.OK
    file.write_text('{"line": 2, "reasons": [], "given": true}\n')
    assert run(file, out, "--columns", "fever=given").exit_code == ExitCode.OK


def test_a_file_with_too_many_names_of_columns_is_none(tmp_path, monkeypatch):
    """It would be a table of nothing."""
    monkeypatch.setattr(ndjson_source, "_MOST_COLUMNS", 2)
    file = tmp_path / "in.ndjson"
    file.write_text('{"a": 1}\n{"b": 1}\n{"fever": true}\n')

    done = run(file, tmp_path / "out.csv")

    assert done.exit_code == ExitCode.USAGE
    assert f"{file}: has more than 2 names of columns" in done.stderr


def test_a_name_of_an_answer_is_minded_only_where_it_is_kept(tmp_path):
    """Rows that have it are put aside, and it can be left out."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "advice": 1, "triage": 2}\n{"person": 2, "fever": null}\n')

    assert run(file, out).exit_code == ExitCode.BAD_ROWS
    assert rejects_in(out)[0]["reasons"] == ["has advice, triage, which the answer has too"]
    assert run(file, out, "--keep", "person").exit_code == ExitCode.OK
    assert list(answers_in(out)) == [1, 2]


def test_a_member_that_there_is_not_spoils_its_row_alone(tmp_path):
    """And so does a set that is given as a whole as well."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text(
        '{"person": 1, "fever": true}\n'
        '{"person": 2, "timing__nigt": true}\n'
        '{"person": 3, "timing": ["night"], "timing__day": false}\n'
        '{"person": 4, "timing__night": true, "timing": null}\n'
        '{"person": 5, "timing": ["night"]}\n'
    )

    assert run(file, out).exit_code == ExitCode.BAD_ROWS

    assert list(answers_in(out)) == [1, 4, 5]
    reasons = [one["reasons"] for one in rejects_in(out)]
    assert reasons == [
        ["timing__nigt: 'nigt' is no member of timing; did you mean 'night'?"],
        ["timing__day: timing is given twice: as a set, and here by member"],
    ]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
@pytest.mark.parametrize("column", ["timing__nigth", "medications__no_such_class"])
def test_a_member_that_there_is_not_spoils_its_row_in_every_format(tmp_path, target, column):
    """Also where the columns of all rows are known before the first is read."""
    file, out = tmp_path / "in.ndjson", tmp_path / target
    file.write_text(
        '{"person": 1, "timing__night": true}\n'
        f'{{"person": 2, "{column}": true}}\n'
        '{"person": 3, "age_years": 3}\n'
    )

    done = run(file, out, "--batch", 1)

    assert done.exit_code == ExitCode.BAD_ROWS
    assert list(answers_in(out)) == [1, 3]
    assert [one["line"] for one in rejects_in(out)] == [2]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson"])
def test_what_is_null_is_not_given_a_second_time(tmp_path, target):
    """Neither a member beside a set nor a set beside a member: null is unknown."""
    file, out = tmp_path / "in.ndjson", tmp_path / target
    file.write_text(
        '{"person": 1, "timing": ["walking"], "timing__walking": null, "timing__night": null}\n'
        '{"person": 2, "timing": null, "timing__walking": true}\n'
        '{"person": 3, "timing": ["walking"]}\n'
    )

    assert run(file, out).exit_code == ExitCode.OK

    first, second, third = answers_in(out).values()
    assert first["fired"] == third["fired"]
    assert (first["triage"], second["triage"]) == (third["triage"], "routine")


def test_a_set_is_given_twice_whatever_its_column_is_called(tmp_path):
    """Neither of the two is dropped without a word."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "WHEN": ["night"], "timing__day": false}\n')

    assert run(file, out, "--columns", "timing=WHEN").exit_code == ExitCode.BAD_ROWS

    assert rejects_in(out)[0]["reasons"] == [
        "timing__day: timing is given twice: as a set, and here by member"
    ]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson"])
@pytest.mark.parametrize("batch", [1, 2, 100])
def test_a_set_may_be_given_in_one_way_here_and_in_another_there(tmp_path, target, batch):
    """Row by row, whatever the batches: each has the answer of `assess`."""
    file, out = tmp_path / "in.ndjson", tmp_path / target
    given = [
        {"person": 1, "timing": ["walking"], "eased_by": ["standing_still"]},
        {"person": 2, "timing__walking": True},
        {"person": 3, "timing": ["night"]},
        {"person": 4, "eased_by__standing_still": True, "timing": ["walking"]},
        {"person": 5},
    ]
    file.write_text("".join(f"{json.dumps(one)}\n" for one in given))

    assert run(file, out, "--batch", batch).exit_code == ExitCode.OK

    triage = [one["triage"] for one in answers_in(out).values()]
    assert triage == ["soon", "routine", "self_care", "soon", "self_care"]


@pytest.mark.parametrize("target", ["out.csv", "out.ndjson", "out.parquet"])
def test_a_batch_of_lines_that_are_none_may_follow_sets_given_in_two_ways(tmp_path, target):
    """There is nobody then who gives them in one way or the other."""
    file, out = tmp_path / "in.ndjson", tmp_path / target
    file.write_text(
        '{"person": 1, "timing": ["night"]}\n{"person": 2, "timing__night": true}\n{"pers\n[]\n'
    )

    assert run(file, out, "--batch", 2).exit_code == ExitCode.BAD_ROWS

    assert list(answers_in(out)) == [1, 2]
    assert [one["line"] for one in rejects_in(out)] == [3, 4]


@pytest.mark.parametrize("target", ["out.csv", "out.parquet", "out.ndjson"])
@pytest.mark.parametrize(
    "halved", ['"note": "\\ud800"', '"\\udfff": 1', '"note": {"a": ["\\uD83D"]}']
)
def test_half_a_character_is_put_aside_where_it_cannot_be_written(tmp_path, target, halved):
    """In a value, a name or what is nested; a whole character in two halves is none."""
    file, out = tmp_path / "in.ndjson", tmp_path / target
    file.write_text(
        f'{{"person": 1, "fever": true, {halved}}}\n'
        '{"person": 2, "fever": true, "note": "\\ud83d\\ude00"}\n'
    )

    done = run(file, out, "--keep", "person", "--keep", "note")

    assert done.exit_code == ExitCode.BAD_ROWS
    assert list(answers_in(out)) == [2]
    assert rejects_in(out)[0]["reasons"] == ["has half a character, which no file can hold"]


def test_what_is_passed_on_as_it_stands_may_hold_anything(tmp_path):
    """Nothing has to be written again."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "fever": true, "note": "\\ud800"}\n')

    assert run(file, out).exit_code == ExitCode.OK
    assert '"note": "\\ud800"' in out.read_text()


def test_a_number_that_is_none_in_json_is_put_aside(tmp_path):
    """It could not be written again either."""
    file, out = tmp_path / "in.ndjson", tmp_path / "out.ndjson"
    file.write_text('{"person": 1, "fever": true, "x": 1e999}\n{"person": 2, "fever": true}\n')

    assert run(file, out, "--keep", "person").exit_code == ExitCode.BAD_ROWS
    assert rejects_in(out)[0]["reasons"] == ["has a number that is too large"]
