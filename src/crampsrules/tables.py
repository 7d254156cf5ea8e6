"""The tables of all rule files as records, each with its place, and the faults found in them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from collections.abc import Set as AbstractSet
from typing import Any, TypeVar

from attrs import define, field, fields, frozen

from crampsrules.errors import RuleError, did_you_mean, shorten
from crampsrules.records import structure
from crampsrules.rulefiles import RuleFile
from crampsrules.rules import (
    HELD_KINDS,
    Advice,
    Cause,
    Escalation,
    Evidence,
    Example,
    Finding,
    Law,
    Medicine,
    MedicineClass,
    QuestionList,
    Source,
)

MAX_TABLES = 20_000
# Looking for the place and the nearest name of each takes time, and nobody reads more.
MAX_FAULTS = 200

_TABLES: Mapping[str, type] = {
    "sources": Source,
    "classes": MedicineClass,
    "medicines": Medicine,
    "findings": Finding,
    "evidence": Evidence,
    "escalations": Escalation,
    "advice": Advice,
    "laws": Law,
    "examples": Example,
    "questions": QuestionList,
}
RULES: tuple[type[Any], ...] = (Finding, Evidence, Escalation, Advice)
WORDING = ("weights", "likelihoods", "triage", "leaflet")
HEAD_KEYS = frozenset(one.name for one in fields(Cause))

ID = re.compile(r"[A-Za-z0-9._-]+")
ID_OF = "letters, digits, '.', '-' and '_'"

Record = TypeVar("Record")


@frozen(eq=False)
class Place:
    """Where a record came from: in its file the table `nth` of its `kind`."""

    file: RuleFile
    rule: str | None
    kind: str | None = None
    nth: int = 0

    def line(self, condition: str | None = None) -> int | None:
        """The line (from 1) where the record stands, or this condition of it."""
        start = self.file.line_of_table(self.kind, self.nth) if self.kind else None
        if self.rule is None:
            return start
        return self.file.line_of(self.rule, condition, start=start or 1) or start


@define
class Tables:
    """The records of a rule base as they stand in its files, and what is wrong with them."""

    files: tuple[RuleFile, ...]
    faults: list[RuleError] = field(factory=list)
    read: dict[type, list[tuple[Any, Place]]] = field(factory=dict)
    """The records of each class, with their places."""
    wording: dict[str, tuple[object, Place]] = field(factory=dict)
    """The tables of the wording, as they stand there."""

    def __attrs_post_init__(self) -> None:
        """Read every file. Raises RuleError for tables that are none, and for ids given twice."""
        self._read_files()
        self._check_ids()
        self.raise_faults()

    @property
    def everywhere(self) -> Place:
        """The place of what is wrong with all files together."""
        return Place(self.files[0], None)

    def raise_faults(self) -> None:
        """Raise one RuleError with every fault, where there is any."""
        if self.faults:
            raise RuleError.of_all(self.faults)

    def of(self, type_: type[Record]) -> list[tuple[Record, Place]]:
        """The records of a class, each with its place."""
        return self.read.get(type_, [])

    def records(self, type_: type[Record]) -> list[Record]:
        """The records of a class."""
        return [one for one, _ in self.of(type_)]

    def fault(
        self,
        message: str,
        place: Place,
        *,
        condition: str | None = None,
        column: int | None = None,
        line: int | None = None,
    ) -> None:
        """Note what is wrong. Raises RuleError where more is wrong than anyone reads."""
        self.faults.append(
            RuleError(
                message=message,
                file=place.file.name,
                rule=place.rule,
                line=line or place.line(condition),
                condition=condition,
                column=column,
            )
        )
        if len(self.faults) >= MAX_FAULTS:
            self.raise_faults()

    def check_known(
        self, names: Iterable[str], known: Iterable[str], kind: str, place: Place
    ) -> None:
        """Note each of some names that is not among those that are known."""
        known = known if isinstance(known, AbstractSet | Mapping) else set(known)
        for name in names:
            if name not in known:
                self.fault(f"{shorten(name)} is no {kind}{did_you_mean(name, known)}", place)

    def _read_files(self) -> None:
        for file in self.files:
            cause = self._read_head(file)
            for kind, rows in file.tables.items():
                if kind in WORDING:
                    self._read_wording(kind, rows, file)
                elif kind in _TABLES:
                    self._read_rows(kind, rows, file, cause)
        tables = sum(len(rows) for rows in self.read.values())
        if tables > MAX_TABLES:
            message = (
                f"and the files beside it hold {tables} tables; at most {MAX_TABLES} are allowed"
            )
            self.fault(message, self.everywhere)

    def _read_head(self, file: RuleFile) -> str | None:
        """The cause that a file is about, where it is about one."""
        head = {key: value for key, value in file.tables.items() if key in HEAD_KEYS}
        for key in file.tables.keys() - HEAD_KEYS - _TABLES.keys() - set(WORDING):
            hint = did_you_mean(key, (*_TABLES, *WORDING, *HEAD_KEYS))
            if key in ("cause", "causes"):
                hint = ": a cause is what a file is about, with its id, title and prior at the top"
            self.fault(f"has no key {key!r}{hint}", Place(file, None), line=file.line_of_key(key))
        if not head:
            return None
        id_ = head.get("id")
        self._keep(head, Cause, Place(file, id_ if isinstance(id_, str) else None))
        return id_ if isinstance(id_, str) else None

    def _read_rows(self, kind: str, rows: object, file: RuleFile, cause: str | None) -> None:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self.fault(f"takes tables [[{kind}]]", Place(file, None), line=file.line_of_key(kind))
            return
        for nth, row in enumerate(rows):
            id_ = row.get("id")
            place = Place(file, id_ if isinstance(id_, str) else None, kind, nth)
            self._keep(_filled_in(kind, row, file.name, cause), _TABLES[kind], place)

    def _keep(self, row: Mapping[str, Any], type_: type, place: Place) -> None:
        try:
            record: object = structure(row, type_)
        except ValueError as error:
            where = "" if place.rule or place.kind is None else f"[[{place.kind}]]: "
            self.fault(f"{where}{error}", place)
            return
        self.read.setdefault(type_, []).append((record, place))

    def _read_wording(self, kind: str, value: object, file: RuleFile) -> None:
        if kind in self.wording:
            first = self.wording[kind][1].file.name
            message = (
                f"states [{kind}] a second time, after {first}: a rule base has one wording, "
                "[weights], [[likelihoods]], [triage] and [leaflet] together"
            )
            self.fault(message, Place(file, None), line=file.line_of_key(kind))
        self.wording[kind] = (value, Place(file, None))

    def _check_ids(self) -> None:
        kinds: Mapping[str, tuple[type[Any], ...]] = {
            "rule": RULES,
            "cause": (Cause,),
            "source": (Source,),
            "class of medicines": (MedicineClass,),
            "law": (Law,),
            "list of questions": (QuestionList,),
        }
        order = {file.name: at for at, file in enumerate(self.files)}
        for kind, types in kinds.items():
            records = [one for type_ in types for one in self.of(type_)]
            seen: dict[str, Place] = {}
            # It is the file that came later that takes an id which another has.
            for record, place in sorted(records, key=lambda one: order[one[1].file.name]):
                if not ID.fullmatch(record.id):
                    self.fault(f"{shorten(record.id)} is no id: {ID_OF}", place)
                if record.id in seen:
                    first = seen[record.id].file.name
                    self.fault(f"{kind} {record.id!r} stands twice; first in {first}", place)
                seen.setdefault(record.id, place)


def _filled_in(kind: str, row: dict[str, Any], file: str, cause: str | None) -> dict[str, Any]:
    """A table with what its place in the file says for it."""
    if kind == "evidence" and cause is not None:
        return {"cause": cause, **row}
    if kind == "advice":
        return _with_unless_entries(row)
    if kind == "escalations" and row.get("holds") == "all":
        return {**row, "holds": sorted(HELD_KINDS)}
    return {**row, "file": file} if kind == "examples" else row


def _with_unless_entries(row: dict[str, Any]) -> dict[str, Any]:
    """Advice with one `unless` condition may state it, its `instead` and `caution` in line."""
    if not isinstance(row.get("unless"), str):
        return row
    inline = ("reason", "instead", "caution")
    entry = {"id": "", "when": row["unless"]}
    entry |= {key: row[key] for key in inline if key in row}
    return {key: value for key, value in row.items() if key not in inline} | {"unless": [entry]}
