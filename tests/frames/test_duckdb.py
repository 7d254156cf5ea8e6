"""DuckDB: every row is answered as `assess` answers it, by DuckDB itself."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Any

import duckdb
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, RuleBase, assess_frame
from crampsrules.frames.duckdb_frames import DuckDB, hash_of
from tests.drawing import fact_mappings, fewer, rule_bases
from tests.frames.common import (
    BAD_VALUES,
    CLASS_ROWS,
    LONG_ROWS,
    NAMES_AS_WRITTEN,
    NO_FIGURES,
    TELLING_ROWS,
    TEXTS,
    Row,
    assert_right,
    in_floats,
    in_polars,
    labelled,
    rows,
    rows_at_thresholds,
    rules_of_every_class,
    rules_of_many_classes,
    small_rules,
    with_texts,
)


def relation(query: str, frame: object = None) -> duckdb.DuckDBPyRelation:
    """What a query gives; it may ask for `frame`."""
    found = duckdb.sql(query)
    assert found is not None
    return found


def answers(found: duckdb.DuckDBPyRelation) -> list[dict[str, Any]]:
    """The columns that were added, row by row."""
    frame = found.pl()
    return frame.select(frame.columns[frame.columns.index("triage") :]).to_dicts()


@fewer(25)
@given(patients=rows())
def test_duckdb_says_what_assess_says(patients):
    """Of every row, broken ones too, and on every column."""
    frame = in_polars(patients)

    found = assess_frame(relation("select * from frame", frame), weights=True)

    assert found.columns[: len(frame.columns)] == frame.columns
    assert_right(answers(found), patients, exact=False)


@fewer(5)
@given(data=st.data())
def test_any_rule_base_says_what_assess_says(data):
    """Rules that nobody wrote."""
    rules = data.draw(rule_bases())
    patients = data.draw(st.lists(fact_mappings(rules), min_size=10, max_size=20))
    frame = in_polars(patients)

    found = assess_frame(relation("select * from frame", frame), rules=rules, weights=True)

    assert_right(answers(found), patients, rules, exact=False)


@pytest.mark.parametrize("way", [in_polars, lambda given: with_texts(in_polars(given))])
def test_a_few_rules_say_what_assess_says(way):
    """With sets as lists and as texts."""
    frame = way(TELLING_ROWS)

    found = assess_frame(relation("select * from frame", frame), rules=small_rules(), weights=True)

    assert_right(answers(found), TELLING_ROWS, small_rules(), exact=False)


@pytest.mark.parametrize("flags_worth_copying", [1, 1000])
@pytest.mark.parametrize("word", [1, 3, 60])
@pytest.mark.parametrize("way", [in_polars, lambda given: with_texts(in_polars(given))])
def test_truths_may_be_the_bits_of_whole_numbers(way, word, flags_worth_copying, monkeypatch):
    """As Spark has them, of which there are other tests: here they are quick."""
    monkeypatch.setattr(DuckDB, "copies_rows", True)
    monkeypatch.setattr("crampsrules.frames.words.WORD", word)
    monkeypatch.setattr("crampsrules.frames.sql._WORTH_COPYING", flags_worth_copying)
    frame = way(TELLING_ROWS)

    found = assess_frame(relation("select * from frame", frame), rules=small_rules(), weights=True)

    assert_right(answers(found), TELLING_ROWS, small_rules(), exact=False)


@pytest.mark.parametrize("flags_worth_copying", [1, 1000])
@fewer(5)
@given(data=st.data())
def test_any_rule_base_may_have_its_truths_as_bits(flags_worth_copying, data):
    """Rules that nobody wrote, as Spark has them."""
    rules = data.draw(rule_bases())
    patients = data.draw(st.lists(fact_mappings(rules), min_size=10, max_size=20))
    frame = in_polars(patients)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(DuckDB, "copies_rows", True)
        patched.setattr("crampsrules.frames.sql._WORTH_COPYING", flags_worth_copying)
        patched.setattr("crampsrules.frames.sql._LONG", data.draw(st.sampled_from([0, 100, 1000])))
        found = assess_frame(relation("select * from frame", frame), rules=rules, weights=True)

    assert_right(answers(found), patients, rules, exact=False)


def test_each_kind_of_wrong_value_is_told():
    """One in each row, and a right row after each."""
    given_rows = [row for bad in BAD_VALUES for row in (bad, {"fever": True})]
    frame = in_polars(given_rows)

    found = assess_frame(relation("select * from frame", frame), rules=small_rules())

    assert_right(answers(found), given_rows, small_rules(), exact=False)


def test_more_classes_of_medicines_than_bits_are_told_apart():
    """They are written into several whole numbers."""
    frame, rules = in_polars(CLASS_ROWS, ["medications"]), rules_of_many_classes()

    found = assess_frame(relation("select * from frame", frame), rules=rules)

    assert_right(answers(found), CLASS_ROWS, rules, exact=False)


def test_a_list_may_hold_as_many_medicines_as_assess_takes():
    """Names that come twice count once, and what is null is refused in a long list too."""
    frame = in_polars(LONG_ROWS, ["medications"])

    found = assess_frame(relation("select * from frame", frame), rules=small_rules())

    assert_right(answers(found), LONG_ROWS, small_rules(), exact=False)


def test_few_names_of_medicines_are_read_as_assess_reads_them():
    """However they are written, where few names are known."""
    patients = [{"fever": True, "medications": [name]} for name in NAMES_AS_WRITTEN]
    frame = in_polars(patients, ["fever", "medications"])

    found = assess_frame(relation("select * from frame", frame), rules=small_rules())

    assert_right(answers(found), patients, small_rules(), exact=False)


def test_rules_that_know_no_medicines_recognise_none():
    """Whatever is taken: no name is a slip of another."""
    rules = RuleBase.from_texts(
        {
            "rules.toml": "[[sources]]\nid = 'book'\ntitle = 'Book'\n[[escalations]]\nid = 'see'\n"
            "when = 'fever'\ntriage = 'soon'\nreason = 'r'\nsource = 'book'"
        }
    )
    patients = [
        {"fever": True, "medications": names} for names in ([], ["lasix"], ["a", "b and c"])
    ]
    frame = in_polars(patients, ["fever", "medications"])

    found = assess_frame(relation("select * from frame", frame), rules=rules)

    assert_right(answers(found), patients, rules)


@fewer(4)
@given(st.text() | st.text("'\\\0\t\n\x85ab, ", max_size=9))
def test_any_text_can_be_written_in_sql(text):
    """It comes back as it was, and no control character stands in the query."""
    written = DuckDB().text(text)

    assert relation(f"select {written} as said").fetchall() == [(text,)]
    assert not any(unicodedata.category(one) == "Cc" for one in written)
    assert ("chr(" in written) is any(
        one in "'\\" or unicodedata.category(one) == "Cc" for one in text
    )


def test_names_of_medicines_are_read_as_assess_reads_them(few):
    """However they are written: DuckDB has what it takes in its own words."""
    patients = [{"medications": [name]} for name in NAMES_AS_WRITTEN]
    frame = in_polars(patients, ["medications"])

    found = assess_frame(relation("select * from frame", frame), rules=few)

    assert_right(answers(found), patients, few, exact=False)


def test_what_is_not_seen_in_a_name_is_told():
    """As it is by `assess`."""
    found = assess_frame(
        relation("select ['furo' || chr(8238) || 'semide', 'lasix'] as medications"),
        rules=small_rules(),
    )

    assert answers(found.select("triage, errors"))[0]["errors"].endswith(r"'furo\u202esemide'")


@fewer(12)
@given(patients=labelled())
def test_labels_are_read_as_assess_reads_them(patients):
    """Of every class it is told whether it is held and whether it is ruled out."""
    frame = in_polars(patients, ["medications"])

    found = assess_frame(relation("select * from frame", frame), rules=rules_of_every_class())

    assert_right(
        answers(found.select("triage, fired, errors")),
        patients,
        rules_of_every_class(),
        exact=False,
    )


@pytest.mark.parametrize(
    ("version", "is_taken"),
    [("1.2.2", False), ("0.10.3", False), ("1.3.0", True), ("2.0.1", True), ("unknown", True)],
)
def test_a_duckdb_without_lambdas_is_refused_in_words(monkeypatch, version, is_taken):
    """They are written in another way before 1.3."""
    frame = relation("select 71 as age_years")
    assess_frame(frame, rules=small_rules())  # Narwhals asks for the version once and for all
    monkeypatch.setattr(duckdb, "__version__", version)

    if is_taken:
        found = assess_frame(frame, rules=small_rules())
        assert_right(answers(found), [{"age_years": 71}], small_rules())
    else:
        with pytest.raises(FactsError) as refused:
            assess_frame(frame)
        assert str(refused.value) == (
            f"frame: takes relations of DuckDB 1.3 or later, and this is {version}"
        )


def test_nothing_is_run_before_it_is_asked_for():
    """What cannot be run is found out by whoever asks."""
    never = relation("select error('run') :: double as age_years")

    found = assess_frame(never)

    with pytest.raises(duckdb.InvalidInputException, match="run"):
        found.fetchall()


def test_figures_of_any_type_are_taken():
    """A figure in a query is a decimal to DuckDB, and NULL may have no type."""
    found = assess_frame(relation("select 71.5 as age_years, 3 as pain_severity, null as fever"))

    assert_right(answers(found), [{"age_years": 71.5, "pain_severity": 3}], exact=False)


def test_single_figures_are_what_they_are_written_as():
    """At each threshold of the rules, and where it is no figure."""
    given_rows = [*rows_at_thresholds(), *NO_FIGURES]
    frame = in_floats(given_rows, pl.Float32)

    found = assess_frame(relation("select * from frame", frame))

    assert_right(answers(found), given_rows, exact=False)


def test_columns_that_differ_in_capitals_only_are_one_to_duckdb():
    """So a column `Triage` would be the one that is added."""
    with pytest.raises(FactsError, match="Triage: the frame has a column of this name"):
        assess_frame(relation("select 5 as age_years, 'x' as \"Triage\""))


@pytest.mark.parametrize("prefix", ["crampsrules:", "CRAMPSRULES:", "_CrampsRules:"])
def test_columns_may_be_called_as_ours_are_within(prefix):
    """In other capitals too, which DuckDB does not see."""
    frame = relation(f'select 71.0 as age_years, true as "{prefix}faulty", 1 as "{prefix[1:]}fine"')

    assert_right(answers(assess_frame(frame)), [{"age_years": 71.0}], exact=False)


def test_texts_with_separators_are_sets(few):
    """Spaces of every kind are taken off, as elsewhere."""
    frame = pl.DataFrame({"timing": [text for text, _ in TEXTS]})

    found = answers(assess_frame(relation("select * from frame", frame), rules=few))

    assert_right(found, [{"timing": right} for _, right in TEXTS], few, exact=False)


@pytest.mark.parametrize("name", ["one", "it"])
def test_a_name_of_ours_may_be_that_of_a_table_or_a_column(name):
    """Lambdas have parameters, and what they are called is nobody's business."""
    patient = {"medications": ["furosemide", "Lasix 3"], "timing": ["night"], "age_years": 71.0}
    cramps = duckdb.connect()
    patients = cramps.sql(
        "select ['furosemide', 'Lasix 3'] as medications, ['night'] as timing, 71.0 as age_years"
    )
    patients.select("*, [0] as codes, 'zz' as id").create(f'"{name}"')
    column = patients.select(f"*, {{'id': 'zz', 'codes': [0], 'name': 'x'}} as \"{name}\"")

    for frame in (cramps.table(name), column, column.set_alias(name)):
        found = answers(assess_frame(frame, rules=small_rules()))
        assert_right(found, [patient], small_rules(), exact=False)


def test_no_macro_takes_the_place_of_a_function():
    """Whatever the user calls so: here everything that is built in, and none can be called."""
    cramps = duckdb.connect()
    built_in = cramps.execute("select distinct function_name from duckdb_functions()").fetchall()
    names = [name for (name,) in built_in if name.isidentifier()]
    for name in names:
        cramps.execute(f'create macro "{name}"() as 1')
    patients = [*TELLING_ROWS, *BAD_VALUES, {"medications": ["Furosemide 40 mg and lasi", "日本"]}]

    for frame in (in_polars(patients), with_texts(in_polars(TELLING_ROWS))):
        given_rows = patients[: len(frame)]
        found = assess_frame(cramps.from_arrow(frame.to_arrow()), rules=small_rules(), weights=True)
        assert_right(answers(found), given_rows, small_rules(), exact=False)

    assert {"concat", "lower", "list_transform", "list_value", "struct_pack"} <= set(names)


COLLATED: Sequence[Row] = [
    {"sex": "FEMALE", "timing": ["night"], "sites": ["calf"]},
    {"sex": "female", "timing": ["NIGHT"], "sites": ["calf"]},
    {"sex": "female", "timing": ["night"], "sites": ["Calf"]},
    {"sex": "female", "timing": ["night"], "sites": []},
]


@pytest.mark.parametrize("default", ["", "nocase"])
def test_capitals_count_whatever_a_collation_says(default):
    """That of a column, and that of a connection."""
    cramps = duckdb.connect()
    cramps.execute(f"set default_collation = '{default}'")
    frame = with_texts(in_polars(COLLATED, ["sex", "sites"])).to_arrow()
    lists = in_polars(COLLATED, ["timing"]).select("timing").to_arrow()
    cramps.register("texts", frame)
    cramps.register("lists", lists)
    collated = cramps.sql(
        "select sex collate nocase as sex, sites collate nocase as sites, "
        "list_transform(timing, lambda one: one collate nocase) as timing "
        "from texts positional join lists"
    )

    found = answers(assess_frame(collated))

    assert_right(found, COLLATED, exact=False)
    assert [one["errors"].rpartition("got ")[2] for one in found[:3]] == [
        "'FEMALE'",
        "'NIGHT'",
        "'Calf'",
    ]


def test_the_habits_of_a_connection_change_no_order():
    """How it sorts where nobody says how."""
    cramps = duckdb.connect()
    cramps.execute("set default_order = 'desc'; set default_null_order = 'nulls_first'")
    frame = cramps.sql("select ['furosemide'] as medications, ['night'] as timing")

    assert_right(
        answers(assess_frame(frame)), [{"medications": ["furosemide"], "timing": ["night"]}]
    )


def test_too_many_medicines_are_told_of():
    """And not as if one of them were wrong."""
    frame = pl.DataFrame({"medications": [[f"tonic {at:03}" for at in range(201)]]})

    (found,) = answers(assess_frame(relation("select * from frame", frame), rules=small_rules()))

    assert found["errors"] == "medications: takes at most 200 medicines, got more"


@given(st.lists(st.text(min_size=1, max_size=8), min_size=1, max_size=40, unique=True), st.data())
def test_a_text_is_found_among_others_if_it_is_one_of_them(texts, data):
    """None is missed, whatever else is thought likely; and each has its own code."""
    known = data.draw(st.sets(st.sampled_from(texts), min_size=1).map(sorted))
    codes = {text: at + 7 for at, text in enumerate(known)}
    say = DuckDB()
    frame = pl.DataFrame({"t": texts})

    given = relation("select * from frame", frame)
    found = given.project(f"{say.among('t', known)}, {say.code_of('t', codes)}").fetchall()

    assert found == [(text in codes, codes.get(text)) for text in texts]


@given(st.lists(st.text(), min_size=1))
def test_a_text_is_hashed_alike_within_and_without(texts):
    """So that a view which was stored says the same in whatever version of DuckDB it is read."""
    frame = pl.DataFrame({"t": [*texts, None]})

    found = relation("select * from frame", frame).project(DuckDB().hash_of("t")).fetchall()

    assert found == [(hash_of(text),) for text in texts] + [(None,)]


def test_an_assessment_can_be_stored_as_a_view(tmp_path):
    """Which assesses whoever is in the table when it is looked at."""
    with duckdb.connect(tmp_path / "cohort.db") as cramps:
        cramps.execute("create table people (medications varchar[], weakness boolean)")
        assess_frame(cramps.table("people"), rules=small_rules()).create_view("assessed")
    with duckdb.connect(tmp_path / "cohort.db") as cramps:
        cramps.execute("insert into people values (['Lasix', 'tonic'], true), (['lasic'], null)")
        found = answers(cramps.table("assessed"))

    patients: Sequence[Row] = [
        {"medications": ["Lasix", "tonic"], "weakness": True},
        {"medications": ["lasic"]},
    ]
    assert_right(found, patients, small_rules(), exact=False)


@pytest.mark.parametrize("written", ["varchar[]", "varchar"])
def test_the_first_rows_in_some_order_are_not_looked_up_again(written):
    """As when a relation is shown: DuckDB would write all stages into one, a plan of gigabytes."""
    with duckdb.connect() as cramps:
        cramps.execute(f"create table people (age_years double, medications {written})")
        cramps.execute("insert into people (age_years) select range from range(20)")
        assessed = assess_frame(cramps.table("people"), rules=small_rules())

        for first in (assessed.order("age_years").limit(2), assessed.limit(10_000)):
            assert "SEMI" not in first.explain().upper()
            assert len(first.fetchall()) in (2, 20)


def test_names_that_nobody_knows_are_read_in_no_time():
    """None of them is cast into an enumeration: a failure writes all of it out, each time."""
    script = DuckDB().among("t", ["furosemide", "aspirin"])
    frame = pl.DataFrame({"medications": [[f"tonic {at:05}"] for at in range(3000)]})

    found = assess_frame(relation("select * from frame", frame)).pl()

    assert script.startswith("(CASE WHEN system.main.get_bit(")
    assert found["errors"].is_null().all()
