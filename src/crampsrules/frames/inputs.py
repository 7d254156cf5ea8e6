"""Which columns of a frame hold which facts, and whether their types are what the facts take."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache
from typing import Any, Literal

import narwhals as nw
from attrs import evolve, frozen

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
from crampsrules.errors import FactProblem, FactsError, did_you_mean, shorten
from crampsrules.facts import CONTRADICTIONS, FACTS, Fact
from crampsrules.medicines import Formulary
from crampsrules.memberships import is_whole
from crampsrules.rulebase import RuleBase

SEPARATOR = ";"
"""Parts the members of a set that is written as one text."""
NONE = "none"
"""A text that says that a set is empty, in capitals too: an empty one is unknown, as a cell is."""
BETWEEN = "__"
"""Stands between the name of a set and that of a member, in a column for that member alone."""

BAD = 1 << 61
"""The bit of a set, written as bits, that says that something in it cannot be used."""
UNRECOGNISED = 1 << 60
"""The bit of a list of medicines that says that a name in it is not known."""
WORD = 60
"""So many classes of medicines are written into the bits of one whole number."""

Form = Literal["value", "list", "text"]
Precision = Literal["half", "single", "double"]


@frozen
class FactColumn:
    """One column that holds a fact, or one member of a set."""

    fact: Fact
    column: str
    """Its name in the frame."""
    form: Form = "value"
    """A set is a list, or a text with separators; all else is a value."""
    member: str | None = None
    """The member that the column is about, where it is about one only."""
    precision: Precision = "double"
    """Of figures that have fewer digits than doubles; what is meant is what they are written as."""

    @property
    def key(self) -> str:
        """The name that formulas know the column by."""
        return self.fact.name if self.member is None else self.fact.name + BETWEEN + self.member


@frozen
class Inputs:
    """The columns of a frame that hold facts, and how formulas ask about them."""

    sources: Mapping[str, FactColumn]
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

        `names` are those of all columns, where the schema is of some only.
        """
        found, problems = _found(schema, rules.formulary, columns or {}, list(names or schema))
        sources: dict[str, FactColumn] = {}
        for source in found:
            try:
                sources[source.key] = _typed(source, schema[source.column])
            except FactsError as error:
                problems += error.problems
        problems += _twice(sources.values())
        if problems:
            raise FactsError(problems)
        if not columns_asked(names or schema, columns or {}):
            _mind_slips(list(names or schema))
        return cls(sources, rules.formulary, _classes_asked(rules))

    def of_fact(self, fact: str) -> list[FactColumn]:
        """The columns that hold a fact: none, one, or one for each of some members."""
        return [source for source in self.sources.values() if source.fact.name == fact]

    @property
    def sets(self) -> tuple[FactColumn, ...]:
        """The columns that hold whole sets."""
        return tuple(one for one in self.sources.values() if one.form != "value")

    @property
    def words(self) -> range:
        """The numbers of the whole numbers that the classes of medicines are written into."""
        return range(max(1, -(-len(self.classes) // WORD)))

    @property
    def by_member(self) -> bool:
        """Whether some set has a column for each member: a row may then know a part of it."""
        return any(one.member is not None for one in self.sources.values())

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
        return IsKnown(by, wanted=False) if by and by in self.sources else TRUE

    def _known(self, fact: str) -> Formula:
        known = some(IsKnown(source.key) for source in self.of_fact(fact))
        return every((known, self._not_measured(fact)))

    def _member(self, fact: Fact, member: str, present: bool) -> Formula:
        if fact.name not in self.sources:
            return self._member_by_columns(fact, member, present)
        if fact.kind == "medicines":
            word, bit = divmod(self.classes.index(member), WORD)
            name = "held" if present else "ruled_out"
            return HasBits(bits_of(fact.name, name, word), 1 << bit)
        meant = _Meaning.of_members(fact)
        members = meant.implying(member) if present else meant.contradicting(member)
        bits = sum(1 << fact.members.index(one) for one in members)
        return HasBits(bits_of(fact.name, "stated"), bits, wanted=present)

    def _member_by_columns(self, fact: Fact, member: str, present: bool) -> Formula:
        """What is true in a column holds as it would in a list; what is false is a plain no."""
        meant = _Meaning.of_members(fact) if fact.members else _Meaning.of_classes(self.formulary)
        if present:
            return some(self._stated(fact, one) for one in meant.implying(member))
        key = fact.name + BETWEEN + member
        if key not in self.sources:
            return FALSE
        others = (one for one in meant.contradicting(member) if one != member)
        spoken = some(self._stated(fact, one) for one in others)
        return every((Holds(key, wanted=False), negated(spoken)))

    def _stated(self, fact: Fact, member: str) -> Formula:
        key = fact.name + BETWEEN + member
        return Holds(key, wanted=True) if key in self.sources else FALSE

    # --- What is wrong --------------------------------------------------------------------------

    def faults(self) -> Iterable[Fault]:
        """What may be wrong with a row."""
        for source in self.sources.values():
            if (formula := _fault(source)) != FALSE:
                yield Fault(formula, source)
        for one in CONTRADICTIONS:
            if one.fact in self.sources and one.other in self.sources:
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
    source: FactColumn | None
    """The column whose value it is; None where two contradict each other."""
    text: str = ""
    """What to say of it, where that does not depend on the value."""


def _equals(fact: str, value: object) -> Formula:
    if isinstance(value, bool):
        return Holds(fact, value)
    return IsOneOf(fact, (str(value),))


def _fault(source: FactColumn) -> Formula:
    fact = source.fact
    match fact.kind:
        case "number" | "integer":
            assert fact.low is not None
            assert fact.high is not None
            return Outside(source.key, fact.low, fact.high, fact.kind == "integer")
        case "choice":
            return IsOneOf(source.key, fact.members, wanted=False)
        case "members" if source.form != "value":
            return HasBits(bits_of(fact.name, "stated"), BAD)
        case "medicines" if source.form != "value":
            return HasBits(bits_of(fact.name, "held", 0), BAD)
    return FALSE


def bits_of(fact: str, what: str, word: int = 0) -> str:
    """The name that formulas know the bits of a set by."""
    return f"{fact}:{what}:{word}"


@frozen
class _Meaning:
    """For each thing that can be stated: what it implies, and what it leaves open."""

    implied: Mapping[str, frozenset[str]]
    left_open: Mapping[str, frozenset[str]]

    @classmethod
    def of_members(cls, fact: Fact) -> _Meaning:
        implied = {
            one: frozenset(
                {
                    one,
                    *(
                        general
                        for general, specials in fact.general.items()
                        if one in specials and not is_whole(fact, general)
                    ),
                }
            )
            for one in fact.members
        }
        return cls(
            implied, {one: frozenset(fact.general.get(one, ())) - {one} for one in fact.members}
        )

    @classmethod
    def of_classes(cls, formulary: Formulary) -> _Meaning:
        """A class that is stated means what its name does in a list."""
        classes = formulary.classes
        named = {id_: formulary.resolve(frozenset({id_})).classes for id_ in classes}
        return cls(
            {id_: one.present for id_, one in named.items()},
            {id_: frozenset(classes) - one.present - one.absent for id_, one in named.items()},
        )

    def implying(self, member: str) -> list[str]:
        """What to state so that a member is present."""
        return [one for one, implied in self.implied.items() if member in implied]

    def contradicting(self, member: str) -> list[str]:
        """What to state so that a member is not absent."""
        return [
            one
            for one, implied in self.implied.items()
            if member in implied or member in self.left_open[one]
        ]


def _classes_asked(rules: RuleBase) -> tuple[str, ...]:
    asked = {
        atom.member
        for condition in rules.conditions.values()
        for atom in atoms(condition)
        if isinstance(atom, Member) and FACTS[atom.fact].kind == "medicines"
    }
    return tuple(sorted(asked))


_ALIKE = 0.8
_BARE = {fact.replace("_", ""): fact for fact in FACTS}
_SHORTEST_BEGINNING = 3
_LONGEST_NAME = 100  # no fact is called so, and no member of one


# --- Finding facts among columns ----------------------------------------------------------------


def columns_asked(names: Iterable[object], columns: Mapping[str, str]) -> list[str]:
    """The columns of a frame that hold facts, or look as if they should."""
    wanted = set(columns.values())
    return [
        name
        for name in names
        if isinstance(name, str)
        and (name in wanted or (name not in columns and _looks_like_a_fact(name)))
    ]


def _looks_like_a_fact(name: str) -> bool:
    fact, between, _ = name.partition(BETWEEN)
    return fact in FACTS and (not between or FACTS[fact].is_set)


def _found(
    schema: Mapping[str, nw.dtypes.DType],
    formulary: Formulary,
    columns: Mapping[str, str],
    names: Sequence[object],
) -> tuple[list[FactColumn], list[FactProblem]]:
    problems = _wrong_names(names, columns)
    if problems:
        return [], problems
    taken = set(columns.values())
    sources: list[FactColumn] = []
    # A column that is called like a fact which another column was said to hold is not that fact.
    others = (name for name in schema if name not in taken and name not in columns)
    for name in (*columns, *others):
        fact, _, member = name.partition(BETWEEN)
        column = columns.get(name, name)
        if name in FACTS:
            sources.append(FactColumn(FACTS[name], column))
        elif fact in FACTS and FACTS[fact].is_set:
            if fault := wrong_member(FACTS[fact], member, formulary):
                problems.append(FactProblem(column, None, fault))
            else:
                sources.append(FactColumn(FACTS[fact], column, member=member))
    return sources, problems


def _members_of(fact: Fact, formulary: Formulary) -> Iterable[str]:
    return fact.members or formulary.classes


def _wrong_names(names: Sequence[object], columns: Mapping[Any, Any]) -> list[FactProblem]:
    problems: list[FactProblem] = []
    told: dict[object, str] = {}
    for name, column in columns.items():
        if not isinstance(name, str) or not isinstance(column, str):
            message = "takes names of columns that are texts, by facts"
            problems.append(FactProblem("columns", {name: column}, message))
            continue
        if told.setdefault(column, name) != name:
            message = f"the column {shorten(column)} is given for {told[column]} too"
            problems.append(FactProblem(name, column, message))
        fact, between, _ = name.partition(BETWEEN)
        if name not in FACTS and not (between and fact in FACTS and FACTS[fact].is_set):
            problems.append(FactProblem(name, column, f"is not a fact{did_you_mean(name, FACTS)}"))
        elif column not in names:
            hint = did_you_mean(str(column), map(str, names))
            problems.append(
                FactProblem(name, column, f"there is no column {shorten(column)}{hint}")
            )
    return problems


def nearly_a_fact(name: object) -> str | None:
    """The fact, or member of a set, that a name may be a slip from.

    What says a fact in other letters is nearly one too; a name unlike any fact is none.
    """
    return _meant(name) if isinstance(name, str) and len(name) <= _LONGEST_NAME else None


@lru_cache(maxsize=1024)
def _meant(name: str) -> str | None:
    written = _as_facts_are_written(name)
    same = _BARE.get(written.replace("_", ""))
    meant = same or _nearest(written, FACTS) or _without_unit(written)
    if meant is not None:
        return meant
    set_, between, member = written.partition(BETWEEN)
    fact = FACTS.get(set_) or FACTS.get(_nearest(set_, FACTS) or "")
    if not between or fact is None or not fact.is_set:
        return None
    # Which classes of medicines there are is for the rules to say.
    meant = _nearest(member, fact.members) if fact.members else member
    return fact.name + BETWEEN + meant if meant else None


def _without_unit(name: str) -> str | None:
    """The figure that a name begins, as `age` does `age_years`."""
    figures = (fact.name for fact in FACTS.values() if fact.is_number)
    begun = [one for one in figures if one.startswith(f"{name}_")]
    return begun[0] if begun and len(name) >= _SHORTEST_BEGINNING else None


def _as_facts_are_written(name: str) -> str:
    """`Chest Pain` as `chest_pain`."""
    return re.sub(r"[\s.-]", "_", name.strip().lower())


def _nearest(text: str, texts: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(text, texts, 1, _ALIKE)), None)


def nearly_facts(names: Sequence[object], columns: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """The columns that hold no fact and may be a slip from one, each with what may be meant."""
    looked_at = {*columns, *columns_asked(names, columns)}
    for name in names:
        if name not in looked_at and (meant := nearly_a_fact(name)):
            yield str(name), meant


def _mind_slips(names: Sequence[object]) -> None:
    """Refuse columns of which none is a fact and one is nearly one: everyone would be unknown.

    Names that are no texts, as levels of names are in pandas, may have one in them.
    """
    for name in names:
        if not isinstance(name, str):
            message = (
                f"no column has the name of a fact: those are texts, and {shorten(name)} is none. "
                "Give the columns names that are"
            )
            raise FactsError.of(message, field="frame")
        if meant := nearly_a_fact(name):
            raise FactsError.of(
                f"no column has the name of a fact; for {shorten(name)}, did you mean {meant!r}? "
                'Say which column holds which fact, as in columns={"age_years": "AGE"}',
                field="frame",
            )


def wrong_member(fact: Fact, member: str, formulary: Formulary) -> str | None:
    """What is wrong with a column for a member of a set, where it has no such member."""
    members = _members_of(fact, formulary)
    if member in members:
        return None
    kind = "class of medicines" if fact.kind == "medicines" else f"member of {fact.name}"
    return f"{member!r} is no {kind}{did_you_mean(member, members)}"


def _twice(sources: Iterable[FactColumn]) -> list[FactProblem]:
    whole = {one.fact.name: one for one in sources if one.form != "value"}
    return [
        FactProblem(
            one.column,
            None,
            f"{one.fact.name} is given twice: as a set in {whole[one.fact.name].column!r}, "
            "and here by member",
        )
        for one in sources
        if one.member is not None and one.fact.name in whole
    ]


# --- Types --------------------------------------------------------------------------------------


def _typed(source: FactColumn, dtype: nw.dtypes.DType) -> FactColumn:
    """The column in the form that its type gives it. Raises FactsError for a wrong type."""
    for form, fits in _forms(source):
        if fits(dtype):
            return evolve(source, form=form, precision=_PRECISION.get(str(dtype), "double"))
    message = f"the column has the type {dtype}, and {source.key} takes {_taken(source)}"
    raise FactsError.of(message, field=source.column)


_PRECISION: Mapping[str, Precision] = {"Float16": "half", "Float32": "single"}


def _forms(source: FactColumn) -> Iterable[tuple[Form, Callable[[nw.dtypes.DType], bool]]]:
    if source.member is not None or source.fact.kind == "flag":
        return [("value", _is_flag)]
    match source.fact.kind:
        case "number" | "integer":
            return [("value", _is_number)]
        case "choice":
            return [("value", _is_text)]
        case _:
            return [("list", _is_list), ("text", _is_text)]


def _taken(source: FactColumn) -> str:
    if source.member is not None or source.fact.kind == "flag":
        return "true or false"
    match source.fact.kind:
        case "number" | "integer":
            return "numbers"
        case "choice":
            return f"texts, each one of {', '.join(source.fact.members)}"
        case _:
            what = "names of medicines" if source.fact.kind == "medicines" else "members"
            return f"lists of texts, or texts with {SEPARATOR!r} between {what}"


def _is_flag(dtype: nw.dtypes.DType) -> bool:
    return dtype == nw.Boolean


def _is_number(dtype: nw.dtypes.DType) -> bool:
    return dtype.is_numeric()


def _is_text(dtype: nw.dtypes.DType) -> bool:
    return dtype in (nw.String, nw.Categorical, nw.Enum)


def _is_list(dtype: nw.dtypes.DType) -> bool:
    # Of a list in which there never was anything, no engine knows what it would have held.
    return isinstance(dtype, nw.List | nw.Array) and (
        dtype.inner == nw.Unknown or _is_text(_instance(dtype.inner))
    )


def _instance(dtype: nw.dtypes.DType | type[nw.dtypes.DType]) -> nw.dtypes.DType:
    return dtype() if isinstance(dtype, type) else dtype
