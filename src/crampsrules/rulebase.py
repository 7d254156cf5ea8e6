"""The rule base: every rule, checked against each other, ordered and hashed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, wraps
from os import PathLike
from pathlib import Path
from typing import Any, TypeVar
from weakref import WeakValueDictionary

from attrs import field, frozen

from crampsrules.conditions import Concluded, Conclusion, Condition
from crampsrules.errors import CrampsRulesError, RuleError, shorten
from crampsrules.linking import Linked, link
from crampsrules.medicines import Formulary
from crampsrules.rulefiles import RuleFile, read_folder, shipped_folder
from crampsrules.rules import (
    Advice,
    Cause,
    Escalation,
    Evidence,
    Example,
    Finding,
    Law,
    QuestionList,
    Source,
    Wording,
)
from crampsrules.tables import HEAD_KEYS, WORDING

Rule = Finding | Evidence | Escalation | Advice
Made = TypeVar("Made")


@frozen(eq=False, repr=False)
class RuleBase:
    """A checked, immutable set of rules.

    Make one with `RuleBase.load()` (the shipped rules), `RuleBase.load(folder)` (only the
    rules in that folder), or `RuleBase.load().extended(folder)` (both together). All of
    them raise `RuleError` with file, line, rule and place for rules that are not sound.
    Rule bases with the same `version` are equal. They can be shared between threads.
    """

    _files: tuple[RuleFile, ...]
    _linked: Linked = field(init=False)
    version: str = field(init=False)
    _kept: dict[Any, Any] = field(init=False, factory=dict)
    """What is worked out of the rules when it is first needed: see `kept_with_rules`."""

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_linked", link(self._files))
        object.__setattr__(self, "version", _version(self._files))

    @classmethod
    def load(cls, path: str | Path | None = None) -> RuleBase:
        """The shipped rules, or with `path` the rules of one folder and nothing else.

        A folder without a `[leaflet]` wording of its own uses the shipped wording.
        Raises RuleError.
        """
        if path is None:
            return _shipped()
        return cls._with_wording(_read_folder(path))

    @classmethod
    def from_texts(cls, texts: Mapping[str, str]) -> RuleBase:
        """A rule base from TOML texts by file name, as `load` would read them from a folder.

        Raises RuleError.
        """
        read = _read_texts(texts)
        if not read:
            raise RuleError(message="takes TOML texts by file name, and got none", file="rules")
        return cls._with_wording(read)

    @classmethod
    def _with_wording(cls, read: tuple[RuleFile, ...]) -> RuleBase:
        if not any("leaflet" in file.tables for file in read):
            read = (*read, *(file for file in _shipped_files() if "leaflet" in file.tables))
        return cls(read)

    def extended(self, path: str | Path) -> RuleBase:
        """These rules and those of a folder, checked together. Raises RuleError."""
        return RuleBase((*self._files, *_read_folder(path)))

    def extended_with(self, texts: Mapping[str, str]) -> RuleBase:
        """These rules and those in TOML texts by file name. Raises RuleError."""
        return RuleBase((*self._files, *_read_texts(texts)))

    @property
    def sources(self) -> Mapping[str, Source]:
        """Every source cited, by id."""
        return self._linked.sources

    @property
    def formulary(self) -> Formulary:
        """The medicines that the rules know."""
        return self._linked.formulary

    @property
    def findings(self) -> tuple[Finding, ...]:
        """The rules that conclude findings, in file order."""
        return self._linked.findings

    @property
    def causes(self) -> Mapping[str, Cause]:
        """Every cause, by id."""
        return self._linked.causes

    @property
    def evidence(self) -> Mapping[str, tuple[Evidence, ...]]:
        """The evidence for and against each cause, by the cause's id."""
        return self._linked.evidence

    @property
    def escalations(self) -> tuple[Escalation, ...]:
        """The rules that say how soon to be seen."""
        return self._linked.escalations

    @property
    def advice(self) -> tuple[Advice, ...]:
        """Everything that may be advised, in the order to act."""
        return self._linked.advice

    @property
    def laws(self) -> tuple[Law, ...]:
        """What must hold for every patient, stated apart from the rules."""
        return self._linked.laws

    @property
    def examples(self) -> tuple[Example, ...]:
        """The worked examples of every file."""
        return self._linked.examples

    @property
    def questions(self) -> tuple[QuestionList, ...]:
        """Facts that are asked together."""
        return self._linked.questions

    @property
    def law_conditions(self) -> Mapping[str, Condition]:
        """The condition of each law, by the law's id."""
        return self._linked.law_conditions

    @property
    def wording(self) -> Wording:
        """Scales and stock sentences."""
        return self._linked.wording

    @property
    def rules(self) -> Mapping[str, Rule]:
        """Every rule by its id, of findings, evidence, escalations and advice."""
        return self._linked.rules

    @property
    def conditions(self) -> Mapping[str, Condition]:
        """The condition of everything that can fire, by the id that it fires under.

        Besides rules these are `ID/unless` of escalations, `ID/unless/ENTRY` and
        `ID/caution/ENTRY` of advice.
        """
        return self._linked.conditions

    @property
    def levels(self) -> tuple[tuple[str, ...], ...]:
        """What can fire, in levels; each one uses findings and causes of earlier ones only."""
        return self._linked.levels

    @property
    def decibans(self) -> Mapping[str, int]:
        """The weight of each piece of evidence, by rule id, in decibans."""
        return self._linked.decibans

    @property
    def suspecting(self) -> Mapping[str, tuple[str, ...]]:
        """For each cause, the ids of the evidence that makes it suspected when it fires."""
        return self._linked.suspecting

    @property
    def concluding(self) -> Mapping[str, tuple[str, ...]]:
        """For each finding, the ids of the rules that conclude it."""
        return self._linked.concluding

    def ids_concluding(self, conclusion: Conclusion) -> tuple[str, ...]:
        """The ids of the rules that make a finding or a suspicion true when they fire."""
        if isinstance(conclusion, Concluded):
            return self.concluding[conclusion.finding]
        return self.suspecting[conclusion.cause]

    def file_of(self, rule: str) -> tuple[str, int | None] | None:
        """The file in which something with an id stands, and its line; None where there is none.

        Where a rule and something else have the same id, it is the rule.
        """
        place = self._linked.places.get(rule)
        return None if place is None else (place.file.name, place.line())

    def __eq__(self, other: object) -> bool:
        return self.version == other.version if isinstance(other, RuleBase) else NotImplemented

    def __hash__(self) -> int:
        return hash(self.version)

    def __repr__(self) -> str:
        return f"<RuleBase {self.version[:12]}: {len(self.rules)} rules, {len(self.causes)} causes>"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, ARG002
        """Print the same in Hypothesis, which would take the rules apart, and in IPython."""
        printer.text(repr(self))

    def __copy__(self) -> RuleBase:
        return self  # nothing about it can change

    def __deepcopy__(self, memo: object) -> RuleBase:
        return self

    def __reduce__(self) -> tuple[Callable[..., RuleBase], tuple[object, ...]]:
        """Pickle the shipped rules as their version alone, since every assessment carries them."""
        if self.version == _shipped().version:
            return _shipped_again, (self.version,)
        return _made_again, (self.version, self._files)


@lru_cache(maxsize=1)
def _shipped_files() -> tuple[RuleFile, ...]:
    return read_folder(shipped_folder(), "rules")


@lru_cache(maxsize=1)
def _shipped() -> RuleBase:
    return RuleBase(_shipped_files())


def _read_folder(path: object) -> tuple[RuleFile, ...]:
    if not isinstance(path, str | PathLike):
        message = f"takes the path of a folder of rules, got {shorten(path)}"
        raise RuleError(message=message, file="rules")
    folder = Path(path)
    return read_folder(folder, folder.name or "rules")


def _read_texts(texts: Mapping[str, str]) -> tuple[RuleFile, ...]:
    if not isinstance(texts, Mapping):
        message = f"takes TOML texts by file name, got {shorten(texts)}"
        raise RuleError(message=message, file="rules")
    for name in texts:
        if not isinstance(name, str):
            message = f"takes TOML texts by file name, and {shorten(name)} is no text"
            raise RuleError(message=message, file="rules")
    return tuple(RuleFile.read(name, text) for name, text in texts.items())


def _shipped_again(version: str) -> RuleBase:
    shipped = _shipped()
    if shipped.version != version:
        raise CrampsRulesError(
            f"this was pickled with the shipped rules {version[:12]}, and here they are "
            f"{shipped.version[:12]}: to keep an assessment there is to_json()"
        )
    return shipped


_made: WeakValueDictionary[str, RuleBase] = WeakValueDictionary()


def _made_again(version: str, files: tuple[RuleFile, ...]) -> RuleBase:
    """One for all that are read from pickles: to link rules takes a hundred assessments' time."""
    rules = _made.get(version)
    return rules or _made.setdefault(version, RuleBase(files))


def _version(read: Iterable[RuleFile]) -> str:
    """A hash of all tables, texts included, whatever files they stand in."""
    tables = sorted(_canonical(kind, table) for file in read for kind, table in _tables(file))
    return hashlib.sha256("\n".join(tables).encode()).hexdigest()


def _tables(file: RuleFile) -> Iterable[tuple[str, Any]]:
    head = {key: value for key, value in file.tables.items() if key in HEAD_KEYS}
    if head:
        yield "cause", head
    for kind, rows in file.tables.items():
        if kind in WORDING:
            yield kind, rows
        elif kind not in HEAD_KEYS:
            for row in rows:
                # Evidence belongs to a cause whether it stands in its file or names it.
                named = kind == "evidence" and "id" in head
                yield kind, {"cause": head["id"], **row} if named else row


def _canonical(kind: str, table: Any) -> str:  # noqa: ANN401
    return json.dumps([kind, table], sort_keys=True, separators=(",", ":"))


def kept_with_rules(make: Callable[[RuleBase], Made]) -> Callable[[RuleBase], Made]:
    """A function that works something out of a rule base once, and keeps it as long as the rules.

    Of two threads that ask at the same time both may work it out; both get the same.
    """

    @wraps(make)
    def kept(rules: RuleBase) -> Made:
        known = rules._kept  # noqa: SLF001 - this is what it is there for
        made: Made | None = known.get(make)
        return known.setdefault(make, make(rules)) if made is None else made

    return kept


def rules_or_shipped(rules: object) -> RuleBase:
    """The rules that were given, or the shipped ones for None. Raises CrampsRulesError."""
    if rules is None:
        return RuleBase.load()
    if isinstance(rules, RuleBase):
        return rules
    raise CrampsRulesError(
        f"rules takes a RuleBase, got {shorten(rules)}; RuleBase.load(folder) reads one"
    )
