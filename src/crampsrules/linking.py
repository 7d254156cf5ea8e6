"""From the tables of rule files to rules that fit together.

Everything that can be wrong with a rule base is found here, and all of it at once.
"""

from __future__ import annotations

import keyword
import math
from collections.abc import Iterable, Mapping
from itertools import pairwise
from types import MappingProxyType
from typing import Any, get_type_hints

from attrs import define, evolve, field, frozen

from crampsrules.conditions import ALWAYS, NEVER, Condition, true_where_nothing_is_known
from crampsrules.errors import FactsError, did_you_mean, shorten
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.labels import key_of
from crampsrules.medicines import Formulary
from crampsrules.ordering import in_levels, levels_of
from crampsrules.parsing import WORDS, ConditionError, Vocabulary, parse
from crampsrules.readers import RefusedError, read_medicine
from crampsrules.records import structure
from crampsrules.rulefiles import RuleFile
from crampsrules.rules import (
    HELD_KINDS,
    NO_NAMES,
    Advice,
    Cause,
    Escalation,
    Evidence,
    Example,
    Expectation,
    Finding,
    Law,
    Likelihood,
    Medicine,
    MedicineClass,
    Names,
    QuestionList,
    Source,
    Unless,
    Wording,
    caution_id,
    unless_id,
)
from crampsrules.sentences import LEAFLET_SENTENCES, wrong_sentence
from crampsrules.tables import ID, ID_OF, RULES, WORDING, Place, Tables
from crampsrules.triage import Triage

MAX_CLASS_LEVELS = 20
MAX_DECIBANS = 60  # a likelihood ratio of a million
PRIORS = range(-10, 1)
WEIGHTS = ("small", "moderate", "large")
"""The words for weights whose order is known, each heavier than those before it."""


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
    return _Linker(Tables(files)).link()


@define
class _Linker:
    tables: Tables
    vocabulary: Vocabulary = field(factory=Vocabulary)
    conditions: dict[str, Condition] = field(factory=dict)
    law_conditions: dict[str, Condition] = field(factory=dict)
    evidence: dict[str, list[Evidence]] = field(factory=dict)
    decibans: dict[str, int] = field(factory=dict)
    misread: set[str] = field(factory=set)
    """The ids of rules whose condition cannot be read: they are there all the same."""

    def link(self) -> Linked:
        """The linked rules. Raises RuleError; a fault may hide what comes after it."""
        for cause, place in self.tables.of(Cause):
            self._check_identifier(cause.id, "cause", place)
        self.tables.raise_faults()
        self.vocabulary = Vocabulary(
            findings=frozenset(one.concludes for one, _ in self.tables.of(Finding)),
            causes=frozenset(one.id for one, _ in self.tables.of(Cause)),
            medicine_classes=frozenset(one.id for one, _ in self.tables.of(MedicineClass)),
        )
        self._check_fallbacks()
        self._check_medicines()
        self._check_texts()
        self._check_sources()
        self._check_findings()
        self._check_evidence()
        self._check_escalations()
        self._check_advice()
        self._check_laws()
        self._check_examples()
        self._check_questions()
        wording = self._check_wording()
        self.tables.raise_faults()
        suspecting = {
            cause: tuple(one.id for one in ones if one.role != "risk" and self.decibans[one.id] > 0)
            for cause, ones in self.evidence.items()
        }
        concluding = self._concluding()
        levels = in_levels(self.conditions, suspecting, concluding, self.tables)
        self.tables.raise_faults()
        assert wording is not None
        return self._linked(wording, suspecting, concluding, levels)

    # Checks, one kind of table each

    def _check_identifier(self, name: str, kind: str, place: Place) -> None:
        if not name.isidentifier() or not name.isascii():
            self.tables.fault(f"the {kind} {name!r} is no name: letters, digits and '_'", place)
        elif keyword.iskeyword(name) or name in WORDS:
            self.tables.fault(f"the {kind} {name!r} has the name of a word of conditions", place)

    def _check_fallbacks(self) -> None:
        """One cause may stand where no other does; two would each be what is left."""
        fallbacks = [(one, place) for one, place in self.tables.of(Cause) if one.fallback]
        for _, place in fallbacks[1:]:
            first, where = fallbacks[0]
            self.tables.fault(
                f"is a second `fallback`, after {first.id!r} in {where.file.name}: a rule base has "
                "one",
                place,
            )

    def _check_medicines(self) -> None:
        known = self.vocabulary.medicine_classes
        graph: dict[str, Names] = {}
        for one, place in self.tables.of(MedicineClass):
            graph[one.id] = one.within
            self.tables.check_known(one.within, known, "class of medicines", place)
            self._check_each_name((*one.names, *one.words), place)
        for medicine, place in self.tables.of(Medicine):
            self._check_each_name(medicine.all_names, place)
            if not medicine.all_names:
                self.tables.fault("a medicine has neither a `name` nor `names`", place)
            elif not medicine.classes:
                named = shorten(medicine.all_names[0])
                self.tables.fault(f"the medicine {named} is of no class", place)
            self.tables.check_known(medicine.classes, known, "class of medicines", place)
        self._check_names()
        places = {one.id: place for one, place in self.tables.of(MedicineClass)}
        for id_, level in levels_of(graph, places, self.tables).items():
            if level == MAX_CLASS_LEVELS:
                self.tables.fault(f"lies more than {MAX_CLASS_LEVELS} classes deep", places[id_])

    def _check_names(self) -> None:
        """A medicine by itself has a name of its own: else it would be of two minds.

        Those who say the same of one agree: what a clinic has added may come to be shipped.
        """
        known: dict[str, str] = {}
        classes: dict[str, set[str]] = {}
        for one in self.tables.records(MedicineClass):
            words = {key_of(word) for word in (one.id, *one.words)}
            names = {key_of(name) for name in one.names}
            known |= dict.fromkeys(words | names, f"the class {one.id!r}")
            for key in names - words:
                classes.setdefault(key, set()).add(one.id)
        for medicine, place in self.tables.of(Medicine):
            said = set(medicine.classes)
            for name in medicine.all_names:
                key = key_of(name)
                if key in known and classes.get(key) != said:
                    message = f"the medicine {shorten(name)} is known already, from {known[key]}"
                    self.tables.fault(message, place)
                known.setdefault(key, place.file.name)
                classes.setdefault(key, said)

    def _check_each_name(self, names: Iterable[str], place: Place) -> None:
        for name in names:
            if not key_of(name):
                self.tables.fault("has an empty `name`", place)
                continue
            try:
                read_medicine(name)
            except RefusedError as refused:
                told = f"nobody can take the medicine {shorten(name)}: `medications` {refused}"
                self.tables.fault(told, place)

    def _check_sources(self) -> None:
        known = {one.id for one in self.tables.records(Source)}
        citing: tuple[type[Any], ...] = (*RULES, Law, Cause)
        for type_ in citing:
            for record, place in self.tables.of(type_):
                if not record.source:
                    what = "cause and rule" if type_ is Cause else "rule"
                    self.tables.fault(
                        f"has no source: every {what} names where it comes from", place
                    )
                self.tables.check_known(record.source, known, "source", place)
                for entry in (*getattr(record, "cautions", ()), *_entries(record)):
                    self.tables.check_known(entry.source, known, "source", place)

    def _parse(
        self, id_: str, text: str | None, place: Place, *, may_ask_known: bool = False
    ) -> None:
        """Keep the condition that fires under an id; without a text it is always true."""
        if id_ in self.conditions:
            self.tables.fault(f"{id_!r} stands twice", place)
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
            self.tables.fault(f"{what}{error.message}", place, condition=text, column=error.column)
            return None

    def _check_findings(self) -> None:
        causes = self.vocabulary.causes
        for one, place in self.tables.of(Finding):
            self._check_identifier(one.concludes, "finding", place)
            if one.concludes in FACTS or one.concludes in causes:
                self.tables.fault(
                    f"the finding {one.concludes!r} has the name of a fact or cause", place
                )
            self._parse(one.id, one.when, place)

    def _check_evidence(self) -> None:
        words, _ = self.tables.wording.get("weights", ({}, None))
        self.evidence = {id_: [] for id_ in sorted(self.vocabulary.causes)}
        for cause, place in self.tables.of(Cause):
            if cause.prior not in PRIORS:
                self.tables.fault(
                    f"has prior {shorten(cause.prior)}; priors run from -10 to 0", place
                )
        for one, place in self.tables.of(Evidence):
            self._parse(one.id, one.when, place)
            self.tables.check_known([one.cause], self.vocabulary.causes, "cause", place)
            self.evidence.setdefault(one.cause, []).append(one)
            try:
                self.decibans[one.id] = _decibans(one, words if isinstance(words, dict) else {})
            except ValueError as error:
                self.tables.fault(str(error), place)

    def _check_escalations(self) -> None:
        for one, place in self.tables.of(Escalation):
            self._parse(one.id, one.when, place)
            self._check_held(one, place)
            if one.unless is None:
                continue
            if one.triage is Triage.EMERGENCY:
                self.tables.fault("is an emergency, so it may have no `unless`", place)
            self._parse(unless_id(one.id), one.unless, place, may_ask_known=True)
            if true_where_nothing_is_known(self.conditions.get(unless_id(one.id), NEVER)):
                message = "excuses those of whom nothing is known: `unless` takes what is known"
                self.tables.fault(message, place, condition=one.unless)

    def _check_held(self, one: Escalation, place: Place) -> None:
        for kind in one.holds:
            if kind not in HELD_KINDS:
                choices = ", ".join(sorted(HELD_KINDS))
                message = f"{shorten(kind)} is no kind of advice to hold back; `holds` takes "
                self.tables.fault(f'{message}"all", or a list of {choices}', place)

    def _check_texts(self) -> None:
        """A text that is shown to a person says something."""
        shown: Mapping[type[Any], str] = {
            Cause: "title", Evidence: "because", Escalation: "reason", Advice: "text",
            Law: "says", MedicineClass: "title",
        }  # fmt: skip
        for type_, key in shown.items():
            for record, place in self.tables.of(type_):
                self._check_said(record, key, place)
        for one, place in self.tables.of(Advice):
            for entry in one.unless:
                self._check_said(entry, "reason", place)
            for caution in one.cautions:
                self._check_said(caution, "text", place)

    def _check_said(self, record: object, key: str, place: Place) -> None:
        if not getattr(record, key).strip():
            self.tables.fault(f"has an empty `{key}`", place)

    def _check_advice(self) -> None:
        for one, place in self.tables.of(Advice):
            if one.when is None and one.kind == "action":
                self.tables.fault("has no target: an action says `when`, whom it is for", place)
            self._parse(one.id, one.when, place)
            for entry in one.unless:
                self._check_entry(entry.id, place)
                self._parse(unless_id(one.id, entry.id), entry.when, place, may_ask_known=True)
            for caution in one.cautions:
                self._check_entry(caution.id, place)
                self._parse(caution_id(one.id, caution.id), caution.when, place)

    def _check_entry(self, id_: str, place: Place) -> None:
        """An entry may go without an id where it is the only one of its kind."""
        if id_ and not ID.fullmatch(id_):
            self.tables.fault(f"{shorten(id_)} is no id: {ID_OF}", place)

    def _check_laws(self) -> None:
        advice = {one.id for one in self.tables.records(Advice)}
        for law, place in self.tables.of(Law):
            named = (*law.forbids, *law.cautioned, *law.not_together, *law.advised)
            self.tables.check_known(named, advice, "piece of advice", place)
            if len(law.not_together) == 1:
                self.tables.fault(
                    "names one piece of advice in `not_together`, which takes two", place
                )
            if not named and law.at_least is None:
                keys = "forbids, cautioned, not_together, advised or at_least"
                self.tables.fault(f"demands nothing: state {keys}", place)
            condition = self._read(law.id, law.when, place)
            if condition is not None:
                self.law_conditions[law.id] = condition

    def _check_examples(self) -> None:
        advice = {one.id for one in self.tables.records(Advice)}
        escalations = {one.id for one in self.tables.records(Escalation)}
        causes = self.vocabulary.causes
        rules = {*self.conditions, *self.misread}
        for example, place in self.tables.of(Example):
            expect = example.expect
            named = (*expect.fires, *expect.silent)
            self.tables.check_known(named, rules, "rule", place)
            if expect == Expectation():
                self.tables.fault(f"example {example.says!r} expects nothing", place)
            expected = expect.causes or NO_NAMES
            for names in (expected, expect.suspects, expect.not_suspected, [*expect.weights]):
                self.tables.check_known(names, causes, "cause", place)
            for names in (expect.advice, expect.withheld, expect.cautioned, [*expect.warns]):
                self.tables.check_known(names, advice, "piece of advice", place)
            raised = (*expect.escalations, *expect.levels)
            self.tables.check_known(raised, escalations, "escalation", place)
            try:
                PatientFacts.from_mapping(example.facts)
            except FactsError as error:
                self.tables.fault(f"example {example.says!r}: {error}", place)

    def _check_questions(self) -> None:
        asked: set[str] = set()
        for one, place in self.tables.of(QuestionList):
            self.tables.check_known(one.facts, FACTS, "fact", place)
            for fact in one.facts:
                if fact in FACTS and FACTS[fact].kind != "flag" and len(one.facts) > 1:
                    self.tables.fault(f"{fact!r} is no yes-or-no fact, so it stands alone", place)
                if fact in asked:
                    self.tables.fault(f"{fact!r} is asked in two lists", place)
                asked.add(fact)

    def _check_wording(self) -> Wording | None:
        missing = [kind for kind in WORDING if kind not in self.tables.wording]
        if missing:
            place = self.tables.everywhere
            self.tables.fault(f"and the files beside it lack [{'], ['.join(missing)}]", place)
            return None
        wording = self._structured_wording()
        if wording is None:
            return None
        self._check_weights(wording)
        self._check_levels(wording)
        self._check_sentences(wording)
        return evolve(wording, likelihoods=self._ordered_likelihoods(wording))

    def _wording_fault(self, kind: str, message: str, key: str | None = None) -> None:
        """Note what is wrong with a table of the wording, at the line of a key of it, if any."""
        _, place = self.tables.wording[kind]
        line = place.file.line_in_table(kind, key) if key is not None else None
        self.tables.fault(message, place, line=line)

    def _check_weights(self, wording: Wording) -> None:
        for word, decibans in wording.weights.items():
            if decibans <= 0:
                message = f"in [weights], {word!r} takes a whole number above 0, got {decibans}"
                self._wording_fault("weights", message, word)
        stated = [word for word in WEIGHTS if word in wording.weights]
        for lighter, heavier in pairwise(stated):
            less, more = wording.weights[lighter], wording.weights[heavier]
            if less >= more:
                message = f"in [weights], {heavier!r} takes more than {lighter!r}, which is {less}"
                self._wording_fault("weights", f"{message}, got {more}", heavier)

    def _check_levels(self, wording: Wording) -> None:
        for level in Triage:
            said = wording.triage.get(level.id)
            if said is None:
                self._wording_fault("triage", f"lacks [triage.{level.id}]")
            elif not (said.title.strip() and said.patient.strip()):
                message = f"[triage.{level.id}] says nothing in its title or to the patient"
                self._wording_fault("triage", message)
        levels = [level.id for level in Triage]
        for name in wording.triage:
            if name not in levels:
                hint = did_you_mean(name, levels) or f"; there are {', '.join(levels)}"
                message = f"in [triage], {shorten(name)} is no level{hint}"
                self._wording_fault("triage", message, name)

    def _check_sentences(self, wording: Wording) -> None:
        if unsaid := LEAFLET_SENTENCES - wording.leaflet.keys():
            self._wording_fault("leaflet", f"lacks in [leaflet]: {', '.join(sorted(unsaid))}")
        for name, sentence in wording.leaflet.items():
            if fault := wrong_sentence(name, sentence):
                self._wording_fault("leaflet", f"in [leaflet], {fault}")

    def _ordered_likelihoods(self, wording: Wording) -> tuple[Likelihood, ...]:
        """The words for weights, the highest first."""
        lowest = [one for one in wording.likelihoods if one.at_least is None]
        if len(lowest) != 1:
            message = "needs one likelihood without `at_least`, for the lowest weights"
            self._wording_fault("likelihoods", message)
        first: dict[int, Likelihood] = {}
        for nth, one in enumerate(wording.likelihoods):
            if one.at_least is None:
                continue
            before = first.setdefault(one.at_least, one)
            if before is not one:
                _, place = self.tables.wording["likelihoods"]
                message = (
                    f"the likelihood {one.id!r} has `at_least` {one.at_least}, as {before.id!r} "
                    "has: each takes a number of its own"
                )
                line = place.file.line_of_table("likelihoods", nth)
                self.tables.fault(message, place, line=line)
        return tuple(sorted(wording.likelihoods, key=_lower_end, reverse=True))

    def _structured_wording(self) -> Wording | None:
        read: dict[str, Any] = {}
        for kind, type_ in get_type_hints(Wording).items():
            value, place = self.tables.wording[kind]
            try:
                read[kind] = structure(value, type_)
            except ValueError as error:
                self.tables.fault(f"in [{kind}]: {error}", place)
        return Wording(**read) if len(read) == len(WORDING) else None

    # Order

    def _concluding(self) -> dict[str, tuple[str, ...]]:
        rules: dict[str, list[str]] = {}
        for one in self.tables.records(Finding):
            rules.setdefault(one.concludes, []).append(one.id)
        return {finding: tuple(ids) for finding, ids in rules.items()}

    def _linked(
        self,
        wording: Wording,
        suspecting: Mapping[str, tuple[str, ...]],
        concluding: Mapping[str, tuple[str, ...]],
        levels: tuple[tuple[str, ...], ...],
    ) -> Linked:
        return Linked(
            sources=_by_id(self.tables.records(Source)),
            formulary=Formulary.build(
                self.tables.records(MedicineClass), self.tables.records(Medicine)
            ),
            findings=tuple(self.tables.records(Finding)),
            causes=_by_id(self.tables.records(Cause)),
            evidence=MappingProxyType(
                {cause: tuple(ones) for cause, ones in self.evidence.items()}
            ),
            escalations=tuple(
                sorted(self.tables.records(Escalation), key=lambda one: (-one.triage, one.id))
            ),
            advice=tuple(sorted(self.tables.records(Advice), key=lambda one: (one.order, one.id))),
            laws=tuple(self.tables.records(Law)),
            examples=tuple(self.tables.records(Example)),
            questions=tuple(self.tables.records(QuestionList)),
            wording=wording,
            rules=_by_id(one for type_ in RULES for one in self.tables.records(type_)),
            conditions=MappingProxyType(self.conditions),
            law_conditions=MappingProxyType(self.law_conditions),
            levels=levels,
            decibans=MappingProxyType(self.decibans),
            suspecting=MappingProxyType(dict(suspecting)),
            concluding=MappingProxyType(dict(concluding)),
            places=MappingProxyType(self._places()),
        )

    def _places(self) -> dict[str, Place]:
        """Where each id stands; where several have it, a rule before everything else."""
        types: tuple[type[Any], ...] = (Source, QuestionList, Law, MedicineClass, Cause, *RULES)
        return {record.id: place for type_ in types for record, place in self.tables.of(type_)}


def _by_id(records: Iterable[Any]) -> Mapping[str, Any]:
    return MappingProxyType({one.id: one for one in sorted(records, key=lambda one: one.id)})


def _lower_end(one: Likelihood) -> float:
    return -math.inf if one.at_least is None else one.at_least


def _entries(record: object) -> tuple[Unless, ...]:
    entries = getattr(record, "unless", ())
    return entries if isinstance(entries, tuple) else ()


def _decibans(one: Evidence, words: Mapping[str, Any]) -> int:
    if (one.weight is None) == (one.lr is None):
        raise ValueError("takes either a weight in words or a published lr, not both or neither")
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
