"""From the tables of rule files to rules that fit together.

Everything that can be wrong with a rule base is found here, and all of it at once.
"""

from __future__ import annotations

import graphlib
import keyword
import math
import re
from collections.abc import Collection, Iterable, Mapping
from collections.abc import Set as AbstractSet
from types import MappingProxyType
from typing import Any, TypeVar, get_type_hints

from attrs import define, evolve, field, fields, frozen

from crampsrules.conditions import (
    ALWAYS,
    WORDS,
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Conclusion,
    Condition,
    ConditionError,
    Suspected,
    Vocabulary,
    atoms,
    parse,
)
from crampsrules.errors import FactsError, RuleError, did_you_mean, shorten
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.labels import key_of
from crampsrules.medicines import Formulary
from crampsrules.readers import LONGEST_MEDICINE
from crampsrules.records import structure
from crampsrules.rulefiles import RuleFile
from crampsrules.rules import (
    HELD_KINDS,
    LEAFLET_SENTENCES,
    NO_NAMES,
    Advice,
    Cause,
    Escalation,
    Evidence,
    Example,
    Expectation,
    Finding,
    Law,
    Medicine,
    MedicineClass,
    Names,
    QuestionList,
    Source,
    Unless,
    Wording,
)
from crampsrules.triage import Triage

MAX_RULES = 20_000
MAX_CONDITIONS = 2**16
MAX_LEVELS = 50
# Everything that a condition builds on, down to the facts, written out: an explanation shows it.
MAX_STEPS = 2000
MAX_STEPS_DEEP = 100
# What there is to try of a fact grows with its thresholds, and with it the time to ask for it.
MAX_THRESHOLDS = 200
MAX_CLASS_LEVELS = 20
MAX_DECIBANS = 60  # a likelihood ratio of a million
# Looking for the place and the nearest name of each takes time, and nobody reads more.
MAX_FAULTS = 200
_LONGEST_CYCLE = 20
PRIORS = range(-10, 1)

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
WORDING = ("weights", "likelihoods", "triage", "leaflet")
HEAD_KEYS = frozenset(one.name for one in fields(Cause))

Record = TypeVar("Record")


_ID = re.compile(r"[A-Za-z0-9._-]+")
_ID_OF = "letters, digits, '.', '-' and '_'"


def unless_id(rule: str, entry: str = "") -> str:
    """The id under which an `unless` fires."""
    return f"{rule}/unless/{entry}" if entry else f"{rule}/unless"


def caution_id(advice: str, entry: str) -> str:
    """The id under which a caution of a piece of advice fires."""
    return f"{advice}/caution/{entry}"


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


@frozen(eq=False)
class Linked:
    """The parts of a rule base, as `RuleBase` shows them."""

    sources: Mapping[str, Source]
    formulary: Formulary
    findings: tuple[Finding, ...]
    causes: Mapping[str, Cause]
    evidence: Mapping[str, tuple[Evidence, ...]]
    escalations: tuple[Escalation, ...]
    advice: tuple[Advice, ...]
    laws: tuple[Law, ...]
    examples: tuple[Example, ...]
    questions: tuple[QuestionList, ...]
    wording: Wording
    rules: Mapping[str, Finding | Evidence | Escalation | Advice]
    conditions: Mapping[str, Condition]
    law_conditions: Mapping[str, Condition]
    levels: tuple[tuple[str, ...], ...]
    decibans: Mapping[str, int]
    suspecting: Mapping[str, tuple[str, ...]]
    concluding: Mapping[str, tuple[str, ...]]
    places: Mapping[str, Place]


def link(files: tuple[RuleFile, ...]) -> Linked:
    """Check the tables of all files against each other. Raises one RuleError with every fault."""
    linker = _Linker(files)
    linked = linker.link()
    linker.raise_faults()
    assert linked is not None
    return linked


@define
class _Linker:
    files: tuple[RuleFile, ...]
    faults: list[RuleError] = field(factory=list)
    read: dict[str, list[tuple[Any, Place]]] = field(factory=dict)
    wording: dict[str, Any] = field(factory=dict)
    vocabulary: Vocabulary = field(factory=Vocabulary)
    conditions: dict[str, Condition] = field(factory=dict)
    misread: set[str] = field(factory=set)
    """The ids of rules whose condition cannot be read: they are there all the same."""

    def link(self) -> Linked | None:
        """The linked rules, or None where a fault hides what comes after it."""
        self._read_tables()
        self._check_ids()
        self.raise_faults()
        self.vocabulary = Vocabulary(
            findings=frozenset(one.concludes for one, _ in self._of("findings", Finding)),
            causes=frozenset(one.id for one, _ in self._of("causes", Cause)),
            medicine_classes=frozenset(one.id for one, _ in self._of("classes", MedicineClass)),
        )
        self._check_medicines()
        self._check_texts()
        self._check_sources()
        self._check_findings()
        evidence, decibans = self._check_evidence()
        self._check_escalations()
        self._check_advice()
        law_conditions = self._check_laws()
        self._check_examples()
        self._check_questions()
        wording = self._check_wording()
        self.raise_faults()
        suspecting = {
            cause: tuple(one.id for one in ones if one.role != "risk" and decibans[one.id] > 0)
            for cause, ones in evidence.items()
        }
        concluding = self._concluding()
        levels = self._levels(suspecting, concluding)
        self.raise_faults()
        assert wording is not None
        return self._linked(
            wording, evidence, decibans, law_conditions, suspecting, concluding, levels
        )

    def raise_faults(self) -> None:
        if self.faults:
            raise RuleError.of_all(self.faults)

    def _of(self, kind: str, _: type[Record]) -> list[tuple[Record, Place]]:
        return self.read.get(kind, [])

    def _records(self, kind: str, type_: type[Record]) -> list[Record]:
        return [one for one, _ in self._of(kind, type_)]

    def _fault(
        self,
        message: str,
        place: Place,
        *,
        condition: str | None = None,
        column: int | None = None,
        line: int | None = None,
    ) -> None:
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

    # Reading tables into records

    def _read_tables(self) -> None:
        for file in self.files:
            cause = self._read_head(file)
            for kind, rows in file.tables.items():
                if kind in WORDING:
                    self._read_wording(kind, rows, file)
                elif kind in _TABLES:
                    self._read_rows(kind, rows, file, cause)
        rules = sum(len(rows) for rows in self.read.values())
        if rules > MAX_RULES:
            message = (
                f"and the files beside it hold {rules} tables; at most {MAX_RULES} are allowed"
            )
            self._fault(message, Place(self.files[0], None))

    def _read_head(self, file: RuleFile) -> str | None:
        """The cause that a file is about, where it is about one."""
        head = {key: value for key, value in file.tables.items() if key in HEAD_KEYS}
        for key in file.tables.keys() - HEAD_KEYS - _TABLES.keys() - set(WORDING):
            hint = did_you_mean(key, (*_TABLES, *WORDING, *HEAD_KEYS))
            if key in ("cause", "causes"):
                hint = ": a cause is what a file is about, with its id, title and prior at the top"
            self._fault(f"has no key {key!r}{hint}", Place(file, None), line=file.line_of_key(key))
        if not head:
            return None
        id_ = head.get("id")
        self._keep("causes", head, Cause, Place(file, id_ if isinstance(id_, str) else None))
        return id_ if isinstance(id_, str) else None

    def _read_rows(self, kind: str, rows: object, file: RuleFile, cause: str | None) -> None:
        if not isinstance(rows, list) or not all(isinstance(row, dict) for row in rows):
            self._fault(f"takes tables [[{kind}]]", Place(file, None))
            return
        for nth, row in enumerate(rows):
            id_ = row.get("id")
            place = Place(file, id_ if isinstance(id_, str) else None, kind, nth)
            self._keep(kind, _filled_in(kind, row, file.name, cause), _TABLES[kind], place)

    def _keep(self, kind: str, row: Mapping[str, Any], type_: type, place: Place) -> None:
        try:
            record: object = structure(row, type_)
        except ValueError as error:
            where = "" if place.rule or kind == "causes" else f"[[{kind}]]: "
            self._fault(f"{where}{error}", place)
            return
        self.read.setdefault(kind, []).append((record, place))

    def _read_wording(self, kind: str, value: object, file: RuleFile) -> None:
        if kind in self.wording:
            self._fault(f"states [{kind}] a second time", Place(file, None))
        self.wording[kind] = (value, Place(file, None))

    # Checks, one kind of table each

    def _check_ids(self) -> None:
        kinds = {
            "rule": [*self.read.get("findings", []), *self.read.get("evidence", []),
                     *self.read.get("escalations", []), *self.read.get("advice", [])],
            "cause": self.read.get("causes", []),
            "source": self.read.get("sources", []),
            "class of medicines": self.read.get("classes", []),
            "law": self.read.get("laws", []),
            "list of questions": self.read.get("questions", []),
        }  # fmt: skip
        order = {file.name: at for at, file in enumerate(self.files)}
        for kind, records in kinds.items():
            seen: dict[str, Place] = {}
            record: Any
            # It is the file that came later that takes an id which another has.
            for record, place in sorted(records, key=lambda one: order[one[1].file.name]):
                if not _ID.fullmatch(record.id):
                    self._fault(f"{shorten(record.id)} is no id: {_ID_OF}", place)
                if record.id in seen:
                    first = seen[record.id].file.name
                    self._fault(f"{kind} {record.id!r} stands twice; first in {first}", place)
                seen.setdefault(record.id, place)
        for cause, place in self._of("causes", Cause):
            self._check_identifier(cause.id, "cause", place)

    def _check_identifier(self, name: str, kind: str, place: Place) -> None:
        if not name.isidentifier() or not name.isascii():
            self._fault(f"the {kind} {name!r} is no name: letters, digits and '_'", place)
        elif keyword.iskeyword(name) or name in WORDS:
            self._fault(f"the {kind} {name!r} has the name of a word of conditions", place)

    def _check_medicines(self) -> None:
        known = self.vocabulary.medicine_classes
        graph: dict[str, Names] = {}
        for one, place in self._of("classes", MedicineClass):
            graph[one.id] = one.within
            self._check_known(one.within, known, "class of medicines", place)
            self._check_length((*one.names, *one.words), place)
        for medicine, place in self._of("medicines", Medicine):
            self._check_length([medicine.name], place)
            if not medicine.classes:
                self._fault(f"the medicine {shorten(medicine.name)} is of no class", place)
            self._check_known(medicine.classes, known, "class of medicines", place)
        self._check_names()
        places = {one.id: place for one, place in self._of("classes", MedicineClass)}
        level: dict[str, int] = {}
        for id_ in self._check_acyclic(graph, places):
            level[id_] = 1 + max((level[above] for above in graph.get(id_, ())), default=0)
            if level[id_] == MAX_CLASS_LEVELS + 1:
                self._fault(f"lies more than {MAX_CLASS_LEVELS} classes deep", places[id_])

    def _check_names(self) -> None:
        """A medicine by itself has a name of its own: else it would be of two minds."""
        known = {
            key_of(name): f"the class {one.id!r}"
            for one in self._records("classes", MedicineClass)
            for name in (one.id, *one.names, *one.words)
        }
        for medicine, place in self._of("medicines", Medicine):
            key = key_of(medicine.name)
            if key in known:
                message = f"the medicine {shorten(medicine.name)} is known already, from "
                self._fault(message + known[key], place)
            known.setdefault(key, f"{place.file.name}")

    def _check_length(self, names: Iterable[str], place: Place) -> None:
        for name in names:
            if len(name) > LONGEST_MEDICINE:
                message = f"{shorten(name)} has more than {LONGEST_MEDICINE} characters"
                self._fault(message, place)

    def _check_known(
        self, names: Iterable[str], known: Iterable[str], kind: str, place: Place
    ) -> None:
        known = known if isinstance(known, AbstractSet | Mapping) else set(known)
        for name in names:
            if name not in known:
                self._fault(f"{shorten(name)} is no {kind}{did_you_mean(name, known)}", place)

    def _check_acyclic(
        self, graph: Mapping[str, Iterable[str]], places: Mapping[str, Place]
    ) -> tuple[str, ...]:
        """The names in an order in which each comes after those it needs."""
        try:
            return tuple(graphlib.TopologicalSorter(graph).static_order())
        except graphlib.CycleError as error:
            cycle = error.args[1]
            place = next((places[name] for name in cycle if name in places), None)
            self._fault(
                "goes round in a circle: " + _arrows(cycle[::-1]),
                place or Place(self.files[0], None),
            )
            return ()

    def _check_sources(self) -> None:
        known = {one.id for one in self._records("sources", Source)}
        for kind in ("findings", "evidence", "escalations", "advice", "laws", "causes"):
            for record, place in self.read.get(kind, []):
                cited = record.source
                if not cited:
                    what = "cause and rule" if kind == "causes" else "rule"
                    self._fault(f"has no source: every {what} names where it comes from", place)
                self._check_known(cited, known, "source", place)
                for entry in (*getattr(record, "cautions", ()), *_entries(record)):
                    self._check_known(entry.source, known, "source", place)

    def _parse(
        self, id_: str, text: str | None, place: Place, *, may_ask_known: bool = False
    ) -> None:
        """Keep the condition that fires under an id; without a text it is always true."""
        if id_ in self.conditions:
            self._fault(f"{id_!r} stands twice", place)
        condition = self._read(id_, text, place, may_ask_known=may_ask_known)
        if condition is None:
            self.misread.add(id_)
        else:
            self.conditions[id_] = condition

    def _read(
        self, id_: str, text: str | None, place: Place, *, may_ask_known: bool = False
    ) -> Condition | None:
        if text is None:
            return ALWAYS
        try:
            return parse(text, self.vocabulary, may_ask_known=may_ask_known)
        except ConditionError as error:
            what = f"`{id_.partition('/')[2]}` " if "/" in id_ else ""
            self._fault(f"{what}{error.message}", place, condition=text, column=error.column)
            return None

    def _check_findings(self) -> None:
        causes = self.vocabulary.causes
        for one, place in self._of("findings", Finding):
            self._check_identifier(one.concludes, "finding", place)
            if one.concludes in FACTS or one.concludes in causes:
                self._fault(f"the finding {one.concludes!r} has the name of a fact or cause", place)
            self._parse(one.id, one.when, place)

    def _check_evidence(self) -> tuple[dict[str, tuple[Evidence, ...]], dict[str, int]]:
        words, _ = self.wording.get("weights", ({}, None))
        evidence: dict[str, list[Evidence]] = {id_: [] for id_ in sorted(self.vocabulary.causes)}
        decibans: dict[str, int] = {}
        for cause, place in self._of("causes", Cause):
            if cause.prior not in PRIORS:
                self._fault(f"has prior {shorten(cause.prior)}; priors run from -10 to 0", place)
        for one, place in self._of("evidence", Evidence):
            self._parse(one.id, one.when, place)
            self._check_known([one.cause], self.vocabulary.causes, "cause", place)
            evidence.setdefault(one.cause, []).append(one)
            try:
                decibans[one.id] = _decibans(one, words if isinstance(words, dict) else {})
            except ValueError as error:
                self._fault(str(error), place)
        return {cause: tuple(ones) for cause, ones in evidence.items()}, decibans

    def _check_escalations(self) -> None:
        for one, place in self._of("escalations", Escalation):
            self._parse(one.id, one.when, place)
            self._check_held(one, place)
            if one.unless is None:
                continue
            if one.triage is Triage.EMERGENCY:
                self._fault("is an emergency, so it may have no `unless`", place)
            self._parse(unless_id(one.id), one.unless, place, may_ask_known=True)

    def _check_held(self, one: Escalation, place: Place) -> None:
        for kind in one.holds:
            if kind not in HELD_KINDS:
                choices = ", ".join(sorted(HELD_KINDS))
                message = f"{shorten(kind)} is no kind of advice to hold back; `holds` takes "
                self._fault(f'{message}"all", or a list of {choices}', place)

    def _check_texts(self) -> None:
        """A text that is shown to a person says something."""
        kinds = {
            "causes": ("title",), "evidence": ("because",), "escalations": ("reason",),
            "advice": ("text",), "laws": ("says",), "medicines": ("name",), "classes": ("title",),
        }  # fmt: skip
        for kind, keys in kinds.items():
            for record, place in self.read.get(kind, []):
                self._check_said(record, keys, place)
        for one, place in self._of("advice", Advice):
            for entry in one.unless:
                self._check_said(entry, ("reason",), place)
            for caution in one.cautions:
                self._check_said(caution, ("text",), place)

    def _check_said(self, record: object, keys: Iterable[str], place: Place) -> None:
        for key in keys:
            if not getattr(record, key).strip():
                self._fault(f"has an empty `{key}`", place)

    def _check_advice(self) -> None:
        for one, place in self._of("advice", Advice):
            if one.when is None and one.kind == "action":
                self._fault("has no target: an action says `when`, whom it is for", place)
            self._parse(one.id, one.when, place)
            for entry in one.unless:
                self._check_entry(entry.id, place)
                self._parse(unless_id(one.id, entry.id), entry.when, place, may_ask_known=True)
            for caution in one.cautions:
                self._check_entry(caution.id, place)
                self._parse(caution_id(one.id, caution.id), caution.when, place)

    def _check_entry(self, id_: str, place: Place) -> None:
        """An entry may go without an id where it is the only one of its kind."""
        if id_ and not _ID.fullmatch(id_):
            self._fault(f"{shorten(id_)} is no id: {_ID_OF}", place)

    def _check_laws(self) -> dict[str, Condition]:
        advice = {one.id for one in self._records("advice", Advice)}
        laws: dict[str, Condition] = {}
        for law, place in self._of("laws", Law):
            named = (*law.forbids, *law.cautioned, *law.not_together, *law.advised)
            self._check_known(named, advice, "piece of advice", place)
            if len(law.not_together) == 1:
                self._fault("names one piece of advice in `not_together`, which takes two", place)
            if not named and law.at_least is None:
                keys = "forbids, cautioned, not_together, advised or at_least"
                self._fault(f"demands nothing: state {keys}", place)
            condition = self._read(law.id, law.when, place)
            if condition is not None:
                laws[law.id] = condition
        return laws

    def _check_examples(self) -> None:
        advice = {one.id for one in self._records("advice", Advice)}
        escalations = {one.id for one in self._records("escalations", Escalation)}
        causes = self.vocabulary.causes
        for example, place in self._of("examples", Example):
            expect = example.expect
            named = (*expect.fires, *expect.silent)
            self._check_known(named, {*self.conditions, *self.misread}, "rule", place)
            if expect == Expectation():
                self._fault(f"example {example.says!r} expects nothing", place)
            expected = expect.causes or NO_NAMES
            for names in (expected, expect.suspects, expect.not_suspected, [*expect.weights]):
                self._check_known(names, causes, "cause", place)
            for names in (expect.advice, expect.withheld, expect.cautioned, [*expect.warns]):
                self._check_known(names, advice, "piece of advice", place)
            raised = (*expect.escalations, *expect.levels)
            self._check_known(raised, escalations, "escalation", place)
            try:
                PatientFacts.from_mapping(example.facts)
            except FactsError as error:
                self._fault(f"example {example.says!r}: {error}", place)

    def _check_questions(self) -> None:
        asked: set[str] = set()
        for one, place in self._of("questions", QuestionList):
            self._check_known(one.facts, FACTS, "fact", place)
            for fact in one.facts:
                if fact in FACTS and FACTS[fact].kind != "flag" and len(one.facts) > 1:
                    self._fault(f"{fact!r} is no yes-or-no fact, so it stands alone", place)
                if fact in asked:
                    self._fault(f"{fact!r} is asked in two lists", place)
                asked.add(fact)

    def _check_wording(self) -> Wording | None:
        missing = [kind for kind in WORDING if kind not in self.wording]
        if missing:
            place = Place(self.files[0], None)
            self._fault(f"and the files beside it lack [{'], ['.join(missing)}]", place)
            return None
        wording = self._structured_wording()
        if wording is None:
            return None
        places = {kind: place for kind, (_, place) in self.wording.items()}
        if unsaid := LEAFLET_SENTENCES - wording.leaflet.keys():
            self._fault(f"lacks in [leaflet]: {', '.join(sorted(unsaid))}", places["leaflet"])
        for level in Triage:
            if level.id not in wording.triage:
                self._fault(f"lacks [triage.{level.id}]", places["triage"])
        lowest = [one for one in wording.likelihoods if one.at_least is None]
        if len(lowest) != 1:
            message = "needs one likelihood without `at_least`, for the lowest weights"
            self._fault(message, places["likelihoods"])
        ordered = sorted(
            wording.likelihoods,
            key=lambda one: -math.inf if one.at_least is None else one.at_least,
            reverse=True,
        )
        return evolve(wording, likelihoods=tuple(ordered))

    def _structured_wording(self) -> Wording | None:
        read: dict[str, Any] = {}
        for kind, type_ in get_type_hints(Wording).items():
            value, place = self.wording[kind]
            try:
                read[kind] = structure(value, type_)
            except ValueError as error:
                self._fault(f"in [{kind}]: {error}", place)
        return Wording(**read) if len(read) == len(WORDING) else None

    # Order

    def _concluding(self) -> dict[str, tuple[str, ...]]:
        rules: dict[str, list[str]] = {}
        for one in self._records("findings", Finding):
            rules.setdefault(one.concludes, []).append(one.id)
        return {finding: tuple(ids) for finding, ids in rules.items()}

    def _levels(
        self,
        suspecting: Mapping[str, tuple[str, ...]],
        concluding: Mapping[str, tuple[str, ...]],
    ) -> tuple[tuple[str, ...], ...]:
        if len(self.conditions) > MAX_CONDITIONS:
            message = f"and the files beside it hold {len(self.conditions)} conditions; "
            place = Place(self.files[0], None)
            self._fault(f"{message}at most {MAX_CONDITIONS} are allowed", place)
            return ()
        rules_of = {**concluding, **{_cause_node(id_): ids for id_, ids in suspecting.items()}}
        needs = {id_: _needs(condition) for id_, condition in self.conditions.items()}
        graph = {
            node: frozenset().union(*(needs[rule] for rule in rules))
            for node, rules in rules_of.items()
        }
        places = {one.concludes: place for one, place in self._of("findings", Finding)}
        places |= {_cause_node(one.id): place for one, place in self._of("causes", Cause)}
        level: dict[str, int] = {}
        order = self._check_acyclic(graph, places)
        for node in order:
            level[node] = max((level[need] + 1 for need in graph[node]), default=0)
        if level and max(level.values()) >= MAX_LEVELS:
            deepest = max(level, key=lambda node: level[node])
            self._fault(f"chains more than {MAX_LEVELS} findings ({deepest!r})", places[deepest])
        if self.faults:
            return ()
        self._check_extents(order, rules_of)
        self._check_thresholds()
        by_level: dict[int, list[str]] = {}
        for id_, needed in needs.items():
            at = max((level[need] + 1 for need in needed), default=0)
            by_level.setdefault(at, []).append(id_)
        depth = max(by_level, default=-1) + 1
        return tuple(tuple(sorted(by_level.get(at, ()))) for at in range(depth))

    def _check_extents(self, order: Iterable[str], rules_of: Mapping[str, Iterable[str]]) -> None:
        """Refuse what would be too long, or too deep, were all that it builds on written out."""
        extents: dict[str, _Extent] = {}
        for node in order:
            behind = [_extent(self.conditions[id_], extents) for id_ in rules_of[node]]
            extents[node] = _Extent.around(behind)
        places = {place.rule: place for ones in self.read.values() for _, place in ones}
        for id_, condition in self.conditions.items():
            extent = _extent(condition, extents)
            place = places.get(id_.partition("/")[0]) or Place(self.files[0], id_)
            if extent.steps > MAX_STEPS:
                self._fault(f"builds on more than {MAX_STEPS} conditions and facts", place)
            elif extent.depth > MAX_STEPS_DEEP:
                self._fault(f"builds on what is more than {MAX_STEPS_DEEP} steps deep", place)

    def _check_thresholds(self) -> None:
        compared: dict[str, set[float]] = {}
        for condition in self.conditions.values():
            for atom in atoms(condition):
                if isinstance(atom, Comparison):
                    compared.setdefault(atom.fact, set()).add(atom.value)
        for fact, values in compared.items():
            if len(values) > MAX_THRESHOLDS:
                message = f"and the files beside it compare {fact} with {len(values)} numbers; "
                place = Place(self.files[0], None)
                self._fault(f"{message}at most {MAX_THRESHOLDS} are allowed", place)

    def _linked(  # noqa: PLR0913 - every part of the whole
        self,
        wording: Wording,
        evidence: Mapping[str, tuple[Evidence, ...]],
        decibans: Mapping[str, int],
        law_conditions: Mapping[str, Condition],
        suspecting: Mapping[str, tuple[str, ...]],
        concluding: Mapping[str, tuple[str, ...]],
        levels: tuple[tuple[str, ...], ...],
    ) -> Linked:
        rules = [
            *self._records("findings", Finding),
            *self._records("evidence", Evidence),
            *self._records("escalations", Escalation),
            *self._records("advice", Advice),
        ]
        return Linked(
            sources=_by_id(self._records("sources", Source)),
            formulary=Formulary.build(
                self._records("classes", MedicineClass), self._records("medicines", Medicine)
            ),
            findings=tuple(self._records("findings", Finding)),
            causes=_by_id(self._records("causes", Cause)),
            evidence=MappingProxyType(dict(evidence)),
            escalations=tuple(
                sorted(
                    self._records("escalations", Escalation), key=lambda one: (-one.triage, one.id)
                )
            ),
            advice=tuple(
                sorted(self._records("advice", Advice), key=lambda one: (one.order, one.id))
            ),
            laws=tuple(self._records("laws", Law)),
            examples=tuple(self._records("examples", Example)),
            questions=tuple(self._records("questions", QuestionList)),
            wording=wording,
            rules=_by_id(rules),
            conditions=MappingProxyType(self.conditions),
            law_conditions=MappingProxyType(dict(law_conditions)),
            levels=levels,
            decibans=MappingProxyType(dict(decibans)),
            suspecting=MappingProxyType(dict(suspecting)),
            concluding=MappingProxyType(dict(concluding)),
            places=MappingProxyType(self._places()),
        )

    def _places(self) -> dict[str, Place]:
        """Where each id stands; where several have it, a rule before everything else."""
        rules = ("findings", "evidence", "escalations", "advice")
        kinds = (*rules, "causes", "classes", "laws", "questions", "sources")
        return {
            record.id: place
            for kind in reversed(kinds)
            for record, place in self.read.get(kind, [])
        }


def _arrows(cycle: list[str]) -> str:
    shown = cycle if len(cycle) <= _LONGEST_CYCLE else [*cycle[:_LONGEST_CYCLE], "...", cycle[-1]]
    return " -> ".join(shown)


def _by_id(records: Iterable[Any]) -> Mapping[str, Any]:
    return MappingProxyType({one.id: one for one in sorted(records, key=lambda one: one.id)})


def _entries(record: object) -> tuple[Unless, ...]:
    entries = getattr(record, "unless", ())
    return entries if isinstance(entries, tuple) else ()


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


def _decibans(one: Evidence, words: Mapping[str, Any]) -> int:
    if (one.weight is None) == (one.lr is None):
        raise ValueError("states either a weight in words or a published lr, not both or neither")
    if one.lr is not None:
        if one.lr <= 0:
            raise ValueError(f"has lr {one.lr:g}; a likelihood ratio is above 0")
        return _within_reason(round(10 * math.log10(one.lr)))
    assert one.weight is not None
    word = one.weight.removeprefix("against-")
    if word not in words:
        choices = [*words, *(f"against-{one}" for one in words)]
        hint = did_you_mean(one.weight, choices) or f": it is one of {', '.join(choices)}"
        raise ValueError(f"{one.weight!r} is no weight{hint}")
    decibans = words[word]
    if type(decibans) is not int:
        raise ValueError(f"the weight {word!r} is {shorten(decibans)}, and takes a whole number")
    return _within_reason(-decibans if one.weight.startswith("against-") else decibans)


def _within_reason(decibans: int) -> int:
    if abs(decibans) > MAX_DECIBANS:
        raise ValueError(f"weighs {shorten(decibans)} decibans; at most {MAX_DECIBANS} are allowed")
    return decibans


@frozen
class _Extent:
    """How much a condition is when all that it builds on is written out."""

    steps: int = 1
    depth: int = 1

    @classmethod
    def around(cls, parts: Collection[_Extent]) -> _Extent:
        depth = max((one.depth for one in parts), default=0)
        # Past the limit it is only told that it is: such numbers grow without bound.
        return cls(min(1 + sum(one.steps for one in parts), MAX_STEPS + 1), depth + 1)


def _extent(condition: Condition, extents: Mapping[str, _Extent]) -> _Extent:
    match condition:
        case AllOf(parts) | AnyOf(parts):
            return _Extent.around([_extent(part, extents) for part in parts])
        case Concluded(finding):
            return extents[finding]
        case Suspected(cause):
            return extents[_cause_node(cause)]
    return _Extent()


def _cause_node(cause: str) -> str:
    return f"suspected({cause})"


def _needs(condition: Condition) -> frozenset[str]:
    """The findings and suspicions that a condition builds on."""
    return frozenset(
        atom.finding if isinstance(atom, Concluded) else _cause_node(atom.cause)
        for atom in atoms(condition)
        if isinstance(atom, Conclusion)
    )
