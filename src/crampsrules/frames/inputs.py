"""The columns of a frame as formulas ask about them, and what may be wrong with their values."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

import narwhals as nw
from attrs import frozen

from crampsrules.conditions import Comparison, FactAtom, Flag, Known, Member, OneOf, atoms
from crampsrules.engines.columnar import (
    FALSE,
    TRUE,
    Compares,
    Formula,
    HasBits,
    Holds,
    IsKnown,
    IsOneOf,
    Outside,
    every,
    negated,
    some,
)
from crampsrules.facts import CONTRADICTIONS, FACTS, Fact
from crampsrules.frames.columns import BETWEEN, FactColumn, fact_columns
from crampsrules.frames.slips import require_a_fact
from crampsrules.medicines import Formulary
from crampsrules.rulebase import RuleBase

BAD = 1 << 61
"""The bit of a set, written as bits, that says that something in it cannot be used."""
UNRECOGNISED_BIT = 1 << 60
"""The bit of a list of medicines that says that a name in it is not known."""
WORD = 60
"""So many classes of medicines are written into the bits of one whole number."""


@frozen
class Inputs:
    """The columns of a frame that hold facts, and how formulas ask about them."""

    columns: Mapping[str, FactColumn]
    """By key."""
    formulary: Formulary
    classes: tuple[str, ...]
    """The classes of medicines that rules ask about; each has a bit, in this order."""

    @classmethod
    def of(
        cls,
        schema: Mapping[str, nw.dtypes.DType],
        rules: RuleBase,
        columns: Mapping[str, str] | None = None,
        names: Iterable[object] | None = None,
    ) -> Inputs:
        """Find the facts among the columns of a frame. Raises FactsError.

        `names` are those of all columns, of which one has to hold a fact where there are any;
        the schema may be of some only.
        """
        renamed = columns or {}
        all_names = list(schema if names is None else names)
        found = fact_columns(schema, rules.formulary, renamed, all_names)
        if names is not None:
            require_a_fact(all_names, renamed, rules.formulary)
        return cls(found, rules.formulary, _classes_asked(rules))

    def of_fact(self, fact: str) -> list[FactColumn]:
        """The columns that hold a fact: none, one, or one for each of some members."""
        return [column for column in self.columns.values() if column.fact.name == fact]

    @property
    def sets(self) -> tuple[FactColumn, ...]:
        """The columns that hold whole sets."""
        return tuple(one for one in self.columns.values() if one.form != "value")

    @property
    def words(self) -> range:
        """The numbers of the whole numbers that the classes of medicines are written into."""
        return range(max(1, -(-len(self.classes) // WORD)))

    @property
    def by_member(self) -> bool:
        """Whether some set has a column for each member: a row may then know a part of it."""
        return any(one.member is not None for one in self.columns.values())

    # --- What formulas ask ----------------------------------------------------------------------

    def test(self, atom: FactAtom) -> Formula:
        """How to test a fact in these columns; what no column holds is unknown."""
        if not self.of_fact(atom.fact):
            return TRUE if isinstance(atom, Known) and not atom.wanted else FALSE
        match atom:
            case Member(fact, member, present):
                return self._member(FACTS[fact], member, present)
            case Known(fact, wanted):
                known = self._known(fact)
                return known if wanted else negated(known)
            case Flag(fact, wanted):
                tested: Formula = Holds(fact, wanted)
            case Comparison(fact, operator, value):
                tested = Compares(fact, operator, value)
            case OneOf(fact, values):
                members = tuple(one for one in FACTS[fact].members if one in values)
                tested = IsOneOf(fact, members) if members else FALSE
        return every((tested, self._not_measured(atom.fact)))

    def _not_measured(self, fact: str) -> Formula:
        """A measured value goes before a reported one."""
        by = FACTS[fact].measured_by
        return IsKnown(by, wanted=False) if by and by in self.columns else TRUE

    def _known(self, fact: str) -> Formula:
        known = some(IsKnown(column.key) for column in self.of_fact(fact))
        return every((known, self._not_measured(fact)))

    def _member(self, fact: Fact, member: str, present: bool) -> Formula:
        if fact.name not in self.columns:
            return self._member_by_columns(fact, member, present)
        if fact.kind == "medicines":
            word, bit = divmod(self.classes.index(member), WORD)
            name = "held" if present else "ruled_out"
            return HasBits(bits_of(fact.name, name, word), 1 << bit)
        stating = self._stating(fact, member, present=present)
        bits = sum(1 << fact.members.index(one) for one in stating)
        return HasBits(bits_of(fact.name, "stated"), bits, wanted=present)

    def _member_by_columns(self, fact: Fact, member: str, present: bool) -> Formula:
        """What is true in a column holds as it would in a list; what is false is a plain no."""
        stating = self._stating(fact, member, present=present)
        if present:
            return some(self._stated(fact, one) for one in stating)
        key = fact.name + BETWEEN + member
        if key not in self.columns:
            return FALSE
        spoken = some(self._stated(fact, one) for one in stating if one != member)
        return every((Holds(key, wanted=False), negated(spoken)))

    def _stating(self, fact: Fact, member: str, *, present: bool) -> list[str]:
        """What to state so that a member is present, or else so that it is not absent."""
        members = fact.members or self.formulary.classes
        said = {one: self.formulary.said(fact, frozenset({one})) for one in members}
        if present:
            return [one for one, meant in said.items() if member in meant.present]
        return [one for one, meant in said.items() if member not in meant.absent]

    def _stated(self, fact: Fact, member: str) -> Formula:
        key = fact.name + BETWEEN + member
        return Holds(key, wanted=True) if key in self.columns else FALSE

    # --- What is wrong --------------------------------------------------------------------------

    def faults(self) -> Iterable[Fault]:
        """What may be wrong with a row."""
        for column in self.columns.values():
            if (formula := _fault(column)) != FALSE:
                yield Fault(formula, column)
        for one in CONTRADICTIONS:
            if one.fact in self.columns and one.other in self.columns:
                both = every((_equals(one.fact, one.value), _equals(one.other, one.ruled_out)))
                yield Fault(both, None, f"{one.other}: {one}")

    def faulty(self) -> Formula:
        """Whether anything is wrong with a row."""
        return some(fault.formula for fault in self.faults())


@frozen
class Fault:
    """Something that may be wrong with a row."""

    formula: Formula
    """Whether it is."""
    column: FactColumn | None
    """The column whose value it is; None where two contradict each other."""
    text: str = ""
    """What to say of it, where that does not depend on the value."""


def _equals(fact: str, value: object) -> Formula:
    if isinstance(value, bool):
        return Holds(fact, value)
    return IsOneOf(fact, (str(value),))


def _fault(column: FactColumn) -> Formula:
    fact = column.fact
    match fact.kind:
        case "number" | "integer":
            assert fact.low is not None
            assert fact.high is not None
            return Outside(column.key, fact.low, fact.high, fact.kind == "integer")
        case "choice":
            return IsOneOf(column.key, fact.members, wanted=False)
        case "members" if column.form != "value":
            return HasBits(bits_of(fact.name, "stated"), BAD)
        case "medicines" if column.form != "value":
            return HasBits(bits_of(fact.name, "held", 0), BAD)
    return FALSE


def bits_of(fact: str, what: str, word: int = 0) -> str:
    """The name that formulas know the bits of a set by."""
    return f"{fact}:{what}:{word}"


def _classes_asked(rules: RuleBase) -> tuple[str, ...]:
    asked = {
        atom.member
        for condition in rules.conditions.values()
        for atom in atoms(condition)
        if isinstance(atom, Member) and FACTS[atom.fact].kind == "medicines"
    }
    return tuple(sorted(asked))
