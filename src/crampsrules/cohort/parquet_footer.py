"""Many Parquet files, one behind the other, made one: by a footer that leads into all of them.

What is in a Parquet file is found by its footer, at the very end, which tells where everything
stands. So files of one schema, one behind the other, are one file as soon as a footer follows in
which the places of each are moved by where it begins. No library at hand adds to a Parquet file,
and to read all parts again and write them once more would take as long as the work itself.

A footer is a structure of Thrift, in the compact protocol: numbers, texts, lists and structures,
each field with its id. What the fields mean is not asked, but for those that are places or counts.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from io import BytesIO
from typing import Any, BinaryIO

from attrs import define, evolve, field

MAGIC = b"PAR1"
_TAIL = 8  # the length of the footer in four bytes, and the magic word

# The ids of fields, by the structures of the Parquet format.
_NUM_ROWS, _ROW_GROUPS = 3, 4  # FileMetaData
_COLUMNS, _GROUP_OFFSET, _ORDINAL = 1, 5, 7  # RowGroup
_META_DATA = 3  # ColumnChunk
_CHUNK_PLACES = (2, 4, 6)
_META_DATA_PLACES = (9, 10, 11, 14)

# The types of the compact protocol. A field that is true or false has its value for a type.
_STOP, _TRUE, _FALSE, _DOUBLE, _BINARY, _LIST, _SET, _STRUCT = 0, 1, 2, 7, 8, 9, 10, 12
_INTEGERS = (4, 5, 6)
_MORE = 0x80  # the bit of a byte that says that the number goes on in the next
_LONG = 15  # a list of so many or more has its length behind, a field so far on has its id


@define
class Struct:
    """Fields by id, each with its type."""

    fields: dict[int, tuple[int, Any]] = field(factory=dict)

    def get(self, id_: int) -> Any:  # noqa: ANN401 - of whatever type it is
        """The value of a field, or None where it is not there."""
        return self.fields[id_][1] if id_ in self.fields else None

    def put(self, id_: int, value: Any) -> None:  # noqa: ANN401
        """Give a field, which is there, another value."""
        self.fields[id_] = (self.fields[id_][0], value)

    def move(self, ids: Sequence[int], by: int) -> None:
        """Move places; zero stands for none."""
        for id_ in ids:
            if self.get(id_):
                self.put(id_, self.get(id_) + by)


@define
class List:
    """Items of one type."""

    kind: int
    items: list[Any]


def joined_footer(file: BinaryIO, ends: Sequence[int]) -> bytes:
    """What to put behind files that end at these places, to make them one."""
    whole: Struct | None = None
    groups: list[Struct] = []
    rows = 0
    for start, end in zip((0, *ends), ends, strict=False):
        footer = _footer(file, end)
        whole = whole or footer
        rows += footer.get(_NUM_ROWS)
        groups += (_moved(group, start) for group in footer.get(_ROW_GROUPS).items)
    assert whole is not None
    whole.put(_NUM_ROWS, rows)
    whole.put(_ROW_GROUPS, evolve(whole.get(_ROW_GROUPS), items=groups))
    content = BytesIO()
    _write_struct(content, whole)
    size = content.tell().to_bytes(4, "little")
    return content.getvalue() + size + MAGIC


def _footer(file: BinaryIO, end: int) -> Struct:
    file.seek(end - _TAIL)
    tail = file.read(_TAIL)
    assert tail.endswith(MAGIC)
    size = int.from_bytes(tail[:4], "little")
    file.seek(end - _TAIL - size)
    return _read_struct(BytesIO(file.read(size)))


def _moved(group: Struct, by: int) -> Struct:
    group.move((_GROUP_OFFSET,), by)
    group.fields.pop(_ORDINAL, None)  # it may be left out, and counts to 32,767 only
    for chunk in group.get(_COLUMNS).items:
        chunk.move(_CHUNK_PLACES, by)
        chunk.get(_META_DATA).move(_META_DATA_PLACES, by)
    return group


# --- Reading ------------------------------------------------------------------------------------


def _read_struct(file: BinaryIO) -> Struct:
    return Struct({id_: (kind, value) for id_, kind, value in _fields(file)})


def _fields(file: BinaryIO) -> Iterator[tuple[int, int, Any]]:
    id_ = 0
    while (head := file.read(1)[0]) != _STOP:
        step, kind = head >> 4, head & 15
        id_ = id_ + step if step else _read_signed(file)
        yield id_, kind, None if kind in (_TRUE, _FALSE) else _read(file, kind)


def _read(file: BinaryIO, kind: int) -> Any:  # noqa: ANN401
    if kind in _INTEGERS:
        return _read_signed(file)
    if kind == _BINARY:
        return file.read(_read_number(file))
    if kind == _STRUCT:
        return _read_struct(file)
    if kind in (_LIST, _SET):
        return _read_list(file)
    return file.read(8 if kind == _DOUBLE else 1)


def _read_list(file: BinaryIO) -> List:
    head = file.read(1)[0]
    size, kind = head >> 4, head & 15
    if size == _LONG:
        size = _read_number(file)
    return List(kind, [_read(file, kind) for _ in range(size)])


def _read_number(file: BinaryIO) -> int:
    number = shift = 0
    while (byte := file.read(1)[0]) & _MORE:
        number |= (byte % _MORE) << shift
        shift += 7
    return number | byte << shift


def _read_signed(file: BinaryIO) -> int:
    number = _read_number(file)
    return number >> 1 ^ -(number & 1)


# --- Writing ------------------------------------------------------------------------------------


def _write_struct(file: BinaryIO, struct: Struct) -> None:
    before = 0
    for id_, (kind, value) in struct.fields.items():
        step = id_ - before
        if 0 < step <= _LONG:
            file.write(bytes([step << 4 | kind]))
        else:
            file.write(bytes([kind]))
            _write_signed(file, id_)
        if value is not None:
            _write(file, kind, value)
        before = id_
    file.write(bytes([_STOP]))


def _write(file: BinaryIO, kind: int, value: Any) -> None:  # noqa: ANN401
    match value:
        case int():
            _write_signed(file, value)
        case Struct():
            _write_struct(file, value)
        case List():
            _write_list(file, value)
        case bytes():
            if kind == _BINARY:
                _write_number(file, len(value))
            file.write(value)


def _write_list(file: BinaryIO, value: List) -> None:
    size = len(value.items)
    file.write(bytes([min(size, _LONG) << 4 | value.kind]))
    if size >= _LONG:
        _write_number(file, size)
    for item in value.items:
        _write(file, value.kind, item)


def _write_number(file: BinaryIO, number: int) -> None:
    while number >= _MORE:
        file.write(bytes([number % _MORE | _MORE]))
        number >>= 7
    file.write(bytes([number]))


def _write_signed(file: BinaryIO, number: int) -> None:
    _write_number(file, number << 1 ^ number >> 63)
