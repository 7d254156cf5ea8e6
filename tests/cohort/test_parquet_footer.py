"""Parquet files one behind the other are one file, with the footer that is made for them."""

from io import BytesIO

import duckdb
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cohort.parquet_footer import joined_footer

SCHEMA = pa.schema(
    [
        ("number", pa.int64()),
        ("share", pa.float64()),
        ("text", pa.large_string()),
        ("is", pa.bool_()),
        ("members", pa.list_(pa.field("element", pa.string()))),
        ("when", pa.timestamp("us", tz="Europe/Berlin")),
    ],
    metadata={b"said": "é".encode()},
)

rows = st.fixed_dictionaries(
    {
        "number": st.none() | st.integers(-(2**63), 2**63 - 1),
        "share": st.none() | st.floats(allow_nan=False),
        "text": st.none() | st.text(st.characters(exclude_categories=["Cs"])),
        "is": st.none() | st.booleans(),
        "members": st.none() | st.lists(st.sampled_from(["a", "b", "ß"])),
        "when": st.none() | st.integers(0, 2**50),
    }
)


def joined(parts, **options):
    """The tables as one file, and what was joined."""
    file, ends = BytesIO(), []
    tables = [pa.Table.from_pylist(part, SCHEMA) for part in parts]
    for table in tables:
        part = BytesIO()  # each by itself: its places count from its own beginning
        pq.write_table(table, part, write_page_checksum=True, **options)
        file.write(part.getvalue())
        ends.append(file.tell())
    file.write(joined_footer(BytesIO(file.getvalue()), ends))
    return file.getvalue(), pa.concat_tables(tables)


@given(st.lists(st.lists(rows, max_size=5), min_size=1, max_size=5), st.booleans())
def test_what_is_joined_is_read_as_one(parts, indexed):
    """With all its types, whatever the parts hold, and each page as its checksum says."""
    content, table = joined(parts, write_page_index=indexed)

    read = pq.ParquetFile(BytesIO(content), page_checksum_verification=True).read()
    assert read.equals(table, check_metadata=True)
    assert pl.read_parquet(content).equals(pl.DataFrame(table))


@pytest.mark.parametrize("count", [1, 14, 15, 16, 40])
def test_other_readers_read_it_too(tmp_path, count):
    """Any number of parts: long lists are written in another way than short ones."""
    part = [{"number": at, "text": "a" * at, "members": ["a"]} for at in range(200)]
    content, _ = joined([part] * count, compression="zstd", row_group_size=150)
    (tmp_path / "joined.parquet").write_bytes(content)

    told = (
        duckdb.connect()
        .sql(
            f"select count(*), sum(number), max(text), sum(len(members)) "  # noqa: S608 - our own file
            f"from '{tmp_path}/joined.parquet' where number >= 100"
        )
        .fetchall()
    )

    assert told == [(100 * count, sum(range(100, 200)) * count, "a" * 199, 100 * count)]
    assert pq.ParquetFile(BytesIO(content)).num_row_groups == 2 * count
