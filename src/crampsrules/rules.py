"""What a rule file can say: one class for each kind of table.

These are plain records, as read. `linking` checks them against each other and reads their
conditions.
"""

from __future__ import annotations

from typing import Any, Literal, NewType

from attrs import field, frozen

from crampsrules.frozen_dict import FrozenDict, frozen_dict
from crampsrules.triage import Triage

Names = NewType("Names", tuple[str, ...])
"""One name or a list of names in a rule file; always a tuple here."""

NO_NAMES = Names(())

AdviceKind = Literal["action", "relief", "prevention", "otc"]
ADVICE_KINDS: tuple[AdviceKind, ...] = ("action", "relief", "prevention", "otc")
HELD_KINDS: frozenset[AdviceKind] = frozenset({"relief", "prevention", "otc"})

Seriousness = Literal["ordinary", "serious", "emergency"]
SERIOUSNESS: tuple[Seriousness, ...] = ("ordinary", "serious", "emergency")


def unless_id(rule: str, entry: str = "") -> str:
    """The id under which an `unless` fires."""
    return f"{rule}/unless/{entry}" if entry else f"{rule}/unless"


def caution_id(advice: str, entry: str) -> str:
    """The id under which a caution of a piece of advice fires."""
    return f"{advice}/caution/{entry}"


def rule_of(id_: str) -> str:
    """The id of the rule that fires under an id, or that an `unless` or a caution belongs to."""
    return id_.partition("/")[0]


@frozen(kw_only=True)
class Source:
    """A work that rules cite: the original, never a mirror."""

    id: str
    title: str
    authority: str | None = None
    authors: str | None = None
    year: int | None = None
    pmid: str | None = None
    doi: str | None = None
    kind: str | None = None
    checked: str | None = None
    note: str | None = None

    def __str__(self) -> str:
        by = self.authority or self.authors
        return ", ".join(str(part) for part in (by, self.title, self.year) if part)


@frozen(kw_only=True)
class MedicineClass:
    """A class of medicines, the names that belong to it, and the classes it lies within.

    `names` are medicines; `words` are everyday words for the whole class, which leave open
    which of its sub-classes is meant.
    """

    id: str
    title: str
    atc: Names = NO_NAMES
    within: Names = NO_NAMES
    names: Names = NO_NAMES
    words: Names = NO_NAMES
    note: str | None = None


@frozen(kw_only=True)
class Medicine:
    """A medicine, or several of the same classes, apart from the class tables."""

    classes: Names
    name: str | None = None
    names: Names = NO_NAMES

    @property
    def all_names(self) -> Names:
        """The one name and the several."""
        return self.names if self.name is None else Names((self.name, *self.names))


@frozen(kw_only=True)
class Finding:
    """A rule that concludes a finding from facts or other findings."""

    id: str
    concludes: str
    when: str
    source: Names
    because: str = ""
    statement: Names = NO_NAMES
    note: str | None = None
    patient: str | None = None
    clinician: str | None = None


@frozen(kw_only=True)
class Evidence:
    """A rule for or against one cause.

    Its weight is a word of the rule base's convention, or a published likelihood ratio `lr`.
    """

    id: str
    cause: str
    when: str
    because: str
    source: Names
    weight: str | None = None
    lr: float | None = None
    group: str | None = None
    role: Literal["risk"] | None = None
    statement: Names = NO_NAMES
    note: str | None = None
    patient: str | None = None
    clinician: str | None = None


@frozen(kw_only=True)
class Escalation:
    """A rule that says how soon to be seen, and why."""

    id: str
    when: str
    triage: Triage
    reason: str
    source: Names
    unless: str | None = None
    holds: Names = NO_NAMES
    statement: Names = NO_NAMES
    note: str | None = None
    patient: str | None = None
    clinician: str | None = None


@frozen(kw_only=True)
class Unless:
    """What forbids a piece of advice.

    Known true, it withholds the advice, says the `reason` and gives `instead`. Undecided,
    it has the advice given with its `caution`, where it has one.
    """

    id: str
    when: str
    reason: str
    instead: str | None = None
    caution: str | None = None
    source: Names = NO_NAMES
    note: str | None = None


@frozen(kw_only=True)
class Caution:
    """A sentence said with a piece of advice, always or when its condition is true."""

    id: str
    text: str
    when: str | None = None
    source: Names = NO_NAMES
    note: str | None = None


@frozen(kw_only=True)
class Advice:
    """Something to do, with whom it is for and what forbids it."""

    id: str
    kind: AdviceKind
    text: str
    source: Names
    title: str = ""
    when: str | None = None
    unless: tuple[Unless, ...] = ()
    cautions: tuple[Caution, ...] = ()
    order: int = 50
    statement: Names = NO_NAMES
    note: str | None = None
    evidence_note: str | None = None
    patient: str | None = None
    clinician: str | None = None


@frozen(kw_only=True)
class Law:
    """What must hold for every patient, stated apart from the rules that should make it so.

    Where `when` is true, nothing in `forbids` is given, everything in `advised` is, what is in
    `cautioned` is given with a caution if at all, of `not_together` at least one is left out,
    and triage is no lower than `at_least`.
    """

    id: str
    says: str
    source: Names
    when: str | None = None
    forbids: Names = NO_NAMES
    cautioned: Names = NO_NAMES
    not_together: Names = NO_NAMES
    advised: Names = NO_NAMES
    at_least: Triage | None = None
    note: str | None = None


@frozen(kw_only=True)
class Cause:
    """Something that may explain the cramps: the head of a cause's file."""

    id: str
    title: str
    prior: int
    source: Names = NO_NAMES
    seriousness: Seriousness = "ordinary"
    codes: dict[str, str] = field(factory=dict, converter=frozen_dict, hash=False)
    mimic: bool = False
    fallback: bool = False
    statement: Names = NO_NAMES
    note: str | None = None
    patient: str | None = None
    clinician: str | None = None


@frozen(kw_only=True)
class Expectation:
    """What a worked example expects of its assessment; what is left out is not checked."""

    triage: Triage | None = None
    triage_at_least: Triage | None = None
    causes: Names | None = None
    suspects: Names = NO_NAMES
    not_suspected: Names = NO_NAMES
    fires: Names = NO_NAMES
    silent: Names = NO_NAMES
    escalations: Names = NO_NAMES
    advice: Names = NO_NAMES
    withheld: Names = NO_NAMES
    cautioned: Names = NO_NAMES
    unrecognised: Names = NO_NAMES
    warns: dict[str, Names] = field(factory=dict, converter=frozen_dict, hash=False)
    """For a piece of advice that is given, words that stand in its caution."""
    weights: dict[str, int] = field(factory=dict, converter=frozen_dict, hash=False)
    """For a cause that is suspected, its weight in decibans."""
    levels: dict[str, Triage] = field(factory=dict, converter=frozen_dict, hash=False)
    """For an escalation that is raised, the level that it raises to by itself."""


def _frozen_facts(facts: dict[str, Any]) -> FrozenDict[str, Any]:
    return FrozenDict(
        {name: tuple(one) if isinstance(one, list) else one for name, one in facts.items()}
    )


@frozen(kw_only=True)
class Example:
    """A worked example: facts, and what they should lead to."""

    says: str
    facts: dict[str, Any] = field(converter=_frozen_facts, hash=False)
    expect: Expectation
    file: str = ""


@frozen(kw_only=True)
class QuestionList:
    """Yes-or-no facts that are asked together, as a list to tick."""

    id: str
    text: str
    facts: Names


@frozen(kw_only=True)
class Likelihood:
    """A word for a cause's weight, used from `at_least` decibans on."""

    id: str
    patient: str
    at_least: int | None = None
    clinician: str | None = None
    note: str | None = None


@frozen(kw_only=True)
class TriageWording:
    """What a triage level is called, and what it asks of the patient."""

    title: str
    patient: str
    clinician: str


@frozen(kw_only=True)
class Wording:
    """The scales and stock sentences of a rule base."""

    weights: dict[str, int] = field(converter=frozen_dict, hash=False)
    likelihoods: tuple[Likelihood, ...]
    triage: dict[str, TriageWording] = field(converter=frozen_dict, hash=False)
    leaflet: dict[str, str] = field(converter=frozen_dict, hash=False)
