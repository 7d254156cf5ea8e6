"""The answer: ranked causes, how soon to be seen, and what to do, each with where it comes from."""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterable, Mapping
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Literal

import attrs
import cattrs
from attrs import field, frozen
from cattrs.gen import make_dict_structure_fn, make_dict_unstructure_fn, override
from cattrs.v import format_exception

from crampsrules.errors import CrampsRulesError, shorten
from crampsrules.facts import PatientFacts
from crampsrules.frozen_dict import frozen_dict
from crampsrules.records import strict_converter
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.rules import AdviceKind, TriageWording
from crampsrules.triage import Triage

if TYPE_CHECKING:
    from crampsrules.explanation import Explanation


@frozen(kw_only=True)
class Reason:
    """One rule that fired for or against a cause.

    `weight` is in decibans. In one group of a cause's evidence only the strongest counts;
    the others are shown with `counted` false.
    """

    id: str
    text: str
    weight: int
    counted: bool
    sources: tuple[str, ...]
    statements: tuple[str, ...] = ()


@frozen(kw_only=True, slots=False)  # made in thousands: see `suspected`
class SuspectedCause:
    """Something that may explain the cramps.

    `weight` is the prior and the counted evidence, summed in decibans: it ranks, and is not a
    probability. `likelihood` is an ordinal word for it. `mimic`: this may not be a cramp.
    """

    id: str
    title: str
    rank: int
    weight: int
    prior: int
    likelihood: str
    seriousness: str
    mimic: bool
    because: tuple[Reason, ...]
    against: tuple[Reason, ...]
    codes: Mapping[str, str] = field(converter=frozen_dict, hash=False)
    patient: str | None
    clinician: str | None
    sources: tuple[str, ...]
    statements: tuple[str, ...] = ()


def suspected(fields: dict[str, object]) -> SuspectedCause:
    """The cause with these fields, made without setting each of them by itself."""
    made: SuspectedCause = _new(SuspectedCause)
    _set(made, "__dict__", fields)
    return made


# A frozen class has no other way in.
_new, _set = object.__new__, object.__setattr__


@frozen(kw_only=True)
class RaisedEscalation:
    """A reason to be seen, and how soon. `reason` is for the patient, `clinician` for a doctor."""

    id: str
    triage: Triage
    reason: str
    clinician: str | None
    sources: tuple[str, ...]
    statements: tuple[str, ...] = ()


@frozen(kw_only=True)
class GivenAdvice:
    """Something to do. `caution` says what to mind, or to check first where it is unknown."""

    id: str
    kind: AdviceKind
    title: str
    text: str
    caution: str | None
    clinician: str | None
    sources: tuple[str, ...]
    statements: tuple[str, ...] = ()


@frozen(kw_only=True)
class WithheldAdvice:
    """Advice that is not given, why, and what to do instead."""

    id: str
    title: str
    reason: str
    instead: str | None
    sources: tuple[str, ...] = ()


@frozen(kw_only=True)
class Unknown:
    """An unknown fact that could change the answer.

    `could_change` says what: "triage", "first_cause" or "ranking". `could_reach` is the most
    urgent level that knowing it, perhaps with other facts, could lead to.
    """

    fact: str
    question: str
    why: str
    could_change: Literal["triage", "first_cause", "ranking"]
    could_reach: Triage


# Without slots, so that what nobody has looked at need not be there: see `later`.
@frozen(kw_only=True, slots=False)
class Assessment:
    """What `assess` returns.

    `escalations` come most urgent first, `causes` best first, `advice` in the order to act.
    `str()` gives a short leaflet in plain words, `explain()` the whole chain of reasoning,
    `to_dict()` and `to_json()` everything. It informs; it does not diagnose.
    """

    triage: Triage
    """How soon to be seen."""
    triage_wording: TriageWording
    """What that level is called, and what it asks of the patient."""
    escalations: tuple[RaisedEscalation, ...]
    """Every reason to be seen, the most urgent first."""
    causes: tuple[SuspectedCause, ...]
    """What may be behind it, best first, each with what speaks for it and against it."""
    advice: tuple[GivenAdvice, ...]
    """What to do, in the order to act, with its cautions."""
    withheld: tuple[WithheldAdvice, ...]
    """Advice that is not given, and why."""
    unrecognised: tuple[str, ...]
    """The names of medicines that are not known, and so were not taken into account."""
    fired: tuple[str, ...]
    """The id of everything that fired, in order of the alphabet."""
    engine: str = field(eq=False)
    """The engine that fired it: "durable" or "compiled". Both give equal assessments."""
    rules_version: str
    """The hash of the rules, which any change to them changes."""
    facts: PatientFacts
    """What the answer is about."""
    disclaimer: str
    """What is to stand wherever the answer is shown."""
    _rules: RuleBase | None = field(default=None, eq=False, repr=False)
    _unknowns: tuple[Unknown, ...] | None = field(default=None, eq=False, repr=False)

    def __getstate__(self) -> dict[str, object]:
        """Everything, for a copy or a pickle that stands by itself."""
        return {name: getattr(self, name) for name in _PARTS}

    @property
    def unknowns(self) -> tuple[Unknown, ...]:
        """The unknown facts that could change the answer, those that matter most first.

        Worked out when it is first asked for, which takes many assessments' time.
        """
        found = self._unknowns
        if found is None:
            from crampsrules.questions import rank_unknowns

            found = rank_unknowns(self.facts, self.rules)
            object.__setattr__(self, "_unknowns", found)
        return found

    @property
    def rules(self) -> RuleBase:
        """The rule base behind this answer.

        Raises CrampsRulesError for an assessment read from data made by other rules than the
        shipped ones: they are not part of the data.
        """
        found = self._rules
        if found is None:
            found = shipped = RuleBase.load()
            if shipped.version != self.rules_version:
                raise _made_by_others(self, shipped, "the shipped ones are")
            _refuse_unknown_ids(self, shipped)
            object.__setattr__(self, "_rules", shipped)
        return found

    def explain(self, cause: str | None = None) -> Explanation:
        """Why: facts, findings, evidence and sources, of one cause or of everything.

        A cause that is not listed is explained too: what speaks for it and did not fire.
        Raises CrampsRulesError for a name that is no cause.
        """
        from crampsrules.explanation import explain

        return explain(self, cause)

    def to_dict(self, *, unknowns: bool = True) -> dict[str, Any]:
        """Everything as JSON-ready data; `unknowns=False` leaves those out, which is faster."""
        data: dict[str, Any] = _converter().unstructure(self)
        if unknowns:
            data["unknowns"] = _converter().unstructure(self.unknowns)
        return data

    def to_json(self, *, indent: int | None = None, unknowns: bool = True) -> str:
        """`to_dict()` as JSON text."""
        return json.dumps(self.to_dict(unknowns=unknowns), indent=indent, ensure_ascii=False)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], *, rules: RuleBase | None = None) -> Assessment:
        """The assessment that `to_dict()` gave. Raises CrampsRulesError for other data.

        `rules` are those that it was made with, where they are not the shipped ones: they are not
        part of the data, and `explain()` and `unknowns` need them.
        """
        if not isinstance(data, Mapping):
            raise CrampsRulesError(f"this is no assessment: takes an object, got {shorten(data)}")
        try:
            rest = {key: value for key, value in data.items() if key != "unknowns"}
            assessment = _converter().structure(rest, cls)
            if data.get("unknowns") is not None:
                unknowns = _converter().structure(data["unknowns"], tuple[Unknown, ...])
                object.__setattr__(assessment, "_unknowns", unknowns)
        except cattrs.BaseValidationError as error:
            faults = "; ".join(cattrs.transform_error(error, format_exception=_in_words))
            raise CrampsRulesError(f"this is no assessment: {faults}") from None
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise CrampsRulesError(f"this is no assessment: {error!r}") from None
        _refuse_another_triage(assessment)
        if rules is not None:
            if rules_or_shipped(rules).version != assessment.rules_version:
                raise _made_by_others(assessment, rules, "these rules are")
            _refuse_unknown_ids(assessment, rules)
            object.__setattr__(assessment, "_rules", rules)
        return assessment

    @classmethod
    def from_json(cls, text: str | bytes, *, rules: RuleBase | None = None) -> Assessment:
        """The assessment that `to_json()` gave, as `from_dict` reads it.

        Raises CrampsRulesError for other text.
        """
        try:
            data = json.loads(text)
        except (TypeError, ValueError, RecursionError) as error:
            raise CrampsRulesError(f"this is no JSON: {error}") from None
        return cls.from_dict(data, rules=rules)

    def to_html(self, *, fragment: bool = False, clinicians: bool = True) -> str:
        """A self-contained page for a browser, with the evidence for and against each cause.

        A `fragment` is to stand in a page of your own, with its style, and headings one level down.
        `clinicians=False` leaves out the lines that are meant for them, each of which has the class
        "clinician" otherwise.
        """
        from crampsrules.html import as_fragment, as_page

        written = as_fragment if fragment else as_page
        return written(self, clinicians=clinicians)

    def _repr_html_(self) -> str:
        return self.to_html(fragment=True)

    def __str__(self) -> str:
        from crampsrules.leaflet import as_text

        return as_text(self)


def _made_by_others(assessment: Assessment, rules: RuleBase, which: str) -> CrampsRulesError:
    return CrampsRulesError(
        f"this assessment was made by the rules {assessment.rules_version[:12]}, and {which} "
        f"{rules.version[:12]}: assess the facts again, or give from_dict() the rules that made "
        "it; to_dict(unknowns=False) needs none"
    )


def _refuse_another_triage(assessment: Assessment) -> None:
    """Refuse an assessment read from data that is more or less urgent than its reasons."""
    raised = [one.triage for one in assessment.escalations]
    highest = max(raised, default=Triage.SELF_CARE)
    if assessment.triage is not highest:
        which = "the most urgent of its escalations is" if raised else "without escalations it is"
        raise CrampsRulesError(
            f"this is no assessment: its triage is {assessment.triage.id}, and {which} {highest.id}"
        )


def _refuse_unknown_ids(assessment: Assessment, rules: RuleBase) -> None:
    """Refuse an assessment read from data that names what its rules do not have."""
    causes = assessment.causes
    advice = {one.id for one in rules.advice}
    escalations = {one.id for one in rules.escalations}
    known_as: tuple[tuple[str, Iterable[str], Container[str]], ...] = (
        ("cause", (one.id for one in causes), rules.causes),
        ("evidence", (one.id for each in causes for one in each.because), rules.decibans),
        ("evidence", (one.id for each in causes for one in each.against), rules.decibans),
        ("escalation", (one.id for one in assessment.escalations), escalations),
        ("advice", (one.id for one in assessment.advice), advice),
        ("advice", (one.id for one in assessment.withheld), advice),
        ("rule", assessment.fired, rules.conditions),
    )
    for kind, named, known in known_as:
        for id_ in named:
            if id_ not in known:
                raise CrampsRulesError(
                    f"this is no assessment: its rules have no {kind} {shorten(id_)}"
                )


def _in_words(error: BaseException, kind: type | None) -> str:
    """What a value may be, where whoever reads it says so."""
    if isinstance(error, TypeError | ValueError) and str(error):
        return str(error)
    return format_exception(error, kind)


PutTogether = Callable[[str, PatientFacts, int], Mapping[str, object]]
"""What gives parts of an assessment: the one of that name, of what fired for these facts, and what
comes with it. What it gives twice is equal."""

_PARTS = tuple(one.name for one in attrs.fields(Assessment))


def later(there: dict[str, object]) -> Assessment:
    """An assessment of which all but what is there is put together when it is first looked at."""
    made: Assessment = _new(Assessment)
    _set(made, "__dict__", there)
    return made


@frozen
class _Part:
    """Stands in the class for a part of an assessment that is not there yet."""

    name: str

    def __get__(self, made: Assessment | None, _: type) -> object:
        if made is None:
            raise AttributeError(f"type object 'Assessment' has no attribute {self.name!r}")
        name, there = self.name, made.__dict__
        put_together: PutTogether
        put_together, fired = there["_later"]
        # Another thread may have been first: what it put there is equal.
        there.update(put_together(name, there["facts"], fired))
        return there[name]


for _name in _PARTS:
    setattr(Assessment, _name, _Part(_name))


@lru_cache(maxsize=1)
def _converter() -> cattrs.Converter:
    converter = strict_converter(table_called="an object")
    converter.register_unstructure_hook(Triage, lambda level: level.id)
    converter.register_unstructure_hook(PatientFacts, lambda facts: facts.to_dict())
    converter.register_structure_hook(PatientFacts, lambda data, _: PatientFacts.from_mapping(data))
    # Left out, rather than taken apart and then left out: the rules are most of it.
    private = override(omit=True)
    to_dict = make_dict_unstructure_fn(Assessment, converter, _rules=private, _unknowns=private)
    converter.register_unstructure_hook(Assessment, to_dict)
    # Nor is either taken from data, which may come from a stranger.
    from_dict = make_dict_structure_fn(
        Assessment, converter, _cattrs_forbid_extra_keys=True, _rules=private, _unknowns=private
    )
    converter.register_structure_hook(Assessment, from_dict)
    return converter
