"""One Python function, generated from rules.

Each fact is read once, into a local variable, and a set of facts becomes one integer with a bit for
each thing that rules ask about it. Rules that share a test stand inside one `if`, and tests of one
fact inside an `if` of its own: what is unknown is passed over quickly, however many rules ask
about it. Where there are many rules, each arm of an `or` stands with its own fact, so that the cost
follows what is known of a patient and hardly the number of rules.

The function is made of names and literals that the condition reader has checked; no text of
a rule file is ever part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Protocol, TypeVar

from attrs import Factory, frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Conclusion,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.engines import linetable
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.medicines import Formulary
from crampsrules.memberships import membership
from crampsrules.remembering import Remembered
from crampsrules.rulebase import RuleBase

# Python reads at most 100 levels of indentation.
_DEEPEST = 20
# From so many conditions on, the arms of an `or` are looked for under their own facts.
MANY = 200
# How many stated sets, or names of medicines, are remembered for each fact that takes them: they
# come from strangers.
_REMEMBERED = 1024

Fired_co = TypeVar("Fired_co", covariant=True)

_Asked = Mapping[tuple[str, bool], int]
"""The bit of each member that rules want in a set, or missing from it."""

_NONE_KNOWN: frozenset[str] = frozenset()


@frozen(eq=False)
class Program:
    """Conditions with the ids that they fire, in levels: each uses what earlier ones conclude."""

    conditions: Mapping[str, Condition]
    levels: Sequence[Sequence[str]]
    concluding: Mapping[str, Sequence[str]]
    suspecting: Mapping[str, Sequence[str]]
    formulary: Formulary

    @classmethod
    def of(cls, rules: RuleBase) -> Program:
        """Everything that can fire in a rule base."""
        return cls(
            rules.conditions, rules.levels, rules.concluding, rules.suspecting, rules.formulary
        )

    def naming(self) -> Callable[[PatientFacts], frozenset[str]]:
        """Generate the function that gives the ids whose condition is true."""
        return self._generated(_Naming())

    def numbering(self, bits: Mapping[str, int]) -> Callable[[PatientFacts], int]:
        """Generate the function that gives them as one integer, with the bit of each."""
        return self._generated(_Numbering(bits))

    def _generated(self, firing: _Firing[Fired_co]) -> Callable[[PatientFacts], Fired_co]:
        writer = _Writer(self, firing)
        source = "\n".join(writer.lines())
        namespace = writer.constants
        code = compile(source, "<crampsrules rules>", "exec")
        if linetable.IS_NEEDED:
            code = linetable.with_lines_of_calls(code)
        exec(code, namespace)  # noqa: S102 - see above
        return namespace["fire"]  # type: ignore[return-value]  # made by the writer


class _Firing(Protocol[Fired_co]):
    """How the function keeps what fires."""

    start: str
    end: str

    def lines(self, ids: Sequence[str]) -> Iterator[str]:
        """What keeps these."""


@frozen
class _Naming:
    """In a list, by name."""

    start = "fired = []"
    end = "return frozenset(fired)"

    def lines(self, ids: Sequence[str]) -> Iterator[str]:
        yield f"fired.append({ids[0]!r})" if len(ids) == 1 else f"fired += {tuple(ids)!r}"


@frozen
class _Numbering:
    """In one integer, by bit."""

    bits: Mapping[str, int]
    start = "fired = 0"
    end = "return fired"

    def lines(self, ids: Sequence[str]) -> Iterator[str]:
        if number := sum(self.bits.get(id_, 0) for id_ in ids):
            yield f"fired |= {number:#x}"


@frozen
class _Pending:
    """An id that fires when each of the conditions still to be tested is true."""

    id: str
    tests: tuple[Condition, ...]

    def without(self, test: Condition) -> _Pending:
        return _Pending(self.id, tuple(one for one in self.tests if one != test))


@frozen
class _Writer:
    """Writes the lines of the generated function, and the constants that they use."""

    program: Program
    firing: _Firing[object]
    constants: dict[str, object] = Factory(dict)
    _marks: dict[str, list[str]] = Factory(dict)
    _names: dict[object, str] = Factory(dict)
    _members: dict[str, dict[tuple[str, bool], int]] = Factory(dict)

    def lines(self) -> Iterator[str]:
        yield "def fire(facts):"
        yield from _indented(self._body())

    def _body(self) -> Iterator[str]:
        used = [atom for condition in self.program.conditions.values() for atom in atoms(condition)]
        asked = {atom.fact for atom in used if not isinstance(atom, Conclusion)}
        asked |= {by for fact in asked if (by := FACTS[fact].measured_by)}
        for atom in used:
            if isinstance(atom, Member):
                bits = self._members.setdefault(atom.fact, {})
                bits.setdefault((atom.member, atom.present), 1 << len(bits))
        for fact in FACTS.values():
            if fact.name in asked:
                yield f"{fact.name} = facts.{fact.name}"
        for name in sorted(asked):
            yield from self._reading(FACTS[name])
        yield from self._marking(used)
        yield self.firing.start
        many = len(self.program.conditions) >= MANY
        for level in self.program.levels:
            pending = [
                _Pending(id_, tests)
                for id_ in level
                for tests in _ways(self.program.conditions[id_], apart=many)
            ]
            yield from self._branch(pending, 0, _NONE_KNOWN)
        yield self.firing.end

    def _reading(self, fact: Fact) -> Iterator[str]:
        """What is to be done with a fact before it is asked about."""
        name = fact.name
        if fact.measured_by:
            yield f"if {fact.measured_by} is not None:"
            yield f"    {name} = None"
        if fact.is_set:
            # Without an entry in `_members`, no more is asked than whether it is known.
            bits = f"{name.upper()}_BITS"
            asked = self._members.get(name, {})
            if fact.kind == "medicines":
                self.constants[bits] = _bits_of_medicines(asked, self.program.formulary)
                yield f"{name}_bits = 0 if {name} is None else {bits}({name})"
            else:
                self.constants[bits] = _bits_of_members(fact.name, asked)
                yield f"{name}_bits = 0 if {name} is None else {bits}[{name}]"

    def _marking(self, used: Iterable[Atom]) -> Iterator[str]:
        """Set the variables of findings and suspicions, and note which ids make them true."""
        concluding, suspecting = self.program.concluding, self.program.suspecting
        made: dict[str, Sequence[str]] = {}
        for atom in used:
            if isinstance(atom, Concluded):
                made[_subject(atom)] = concluding[atom.finding]
            elif isinstance(atom, Suspected):
                made[_subject(atom)] = suspecting[atom.cause]
        if made:
            yield f"{' = '.join(sorted(made))} = False"
        for mark, ids in made.items():
            for id_ in ids:
                self._marks.setdefault(id_, []).append(mark)

    def _branch(
        self, pending: Sequence[_Pending], depth: int, known: frozenset[str]
    ) -> Iterator[str]:
        """Test what is pending: shared tests first, those of one fact together."""
        yield from self._fire([one.id for one in pending if not one.tests])
        waiting = [one for one in pending if one.tests]
        for subject, groups in _by_subject(waiting).items():
            if len(groups) > 1 and subject in FACTS and subject not in known:
                yield f"if {subject} is not None:"
                yield from _indented(self._groups(groups, depth, known | {subject}))
            else:
                yield from self._groups(groups, depth, known)

    def _groups(
        self, groups: Mapping[Condition, Sequence[_Pending]], depth: int, known: frozenset[str]
    ) -> Iterator[str]:
        for shared, group in groups.items():
            if len(group) > 1 and depth < _DEEPEST:
                yield f"if {self._test(shared, known)}:"
                inner = [one.without(shared) for one in group]
                yield from _indented(self._branch(inner, depth + 1, known | _surely_known(shared)))
            else:
                for one in group:
                    tests = AllOf((shared, *one.without(shared).tests))
                    yield f"if {self._test(tests, known)}:"
                    yield from _indented(self._fire([one.id]))

    def _fire(self, ids: Sequence[str]) -> Iterator[str]:
        """Lines that keep what fires, and set the variables that it makes true."""
        if ids:
            yield from self.firing.lines(tuple(dict.fromkeys(ids)))
        for mark in dict.fromkeys(mark for id_ in ids for mark in self._marks.get(id_, ())):
            yield f"{mark} = True"

    def _test(self, condition: Condition, known: frozenset[str]) -> str:
        """Python that is true when the condition is; of the facts in `known` a value is known."""
        match condition:
            case AllOf(parts):
                return " and ".join(self._all_of(parts, known)) or "True"
            case AnyOf(parts):
                return " or ".join(self._any_of(parts, known)) or "False"
            case Flag(fact, wanted):
                return fact if wanted else f"{fact} is False"
            case Comparison(fact, operator, value):
                test = f"{fact} {operator} {value!r}"
                return test if fact in known else f"{fact} is not None and {test}"
            case OneOf(fact, values):
                return self._one_of(fact, values)
            case Member(fact, member, present):
                return f"{fact}_bits & {self._members[fact][member, present]}"
            case Known(fact, wanted):
                return f"{fact} is {'not ' * wanted}None"
            case Concluded() | Suspected():
                return _subject(condition)

    def _all_of(self, parts: Sequence[Condition], known: frozenset[str]) -> Iterator[str]:
        members, rest = _members_apart(parts)
        for fact, bits in self._masks(members):
            # All of these bits: for one it is the same as any.
            alone = bits & (bits - 1) == 0
            yield f"{fact}_bits & {bits}" if alone else f"{fact}_bits & {bits} == {bits}"
        for part in rest:
            test = self._test(part, known)
            yield f"({test})" if isinstance(part, AnyOf) and " or " in test else test
            known |= _surely_known(part)

    def _any_of(self, parts: Sequence[Condition], known: frozenset[str]) -> Iterator[str]:
        members, rest = _members_apart(parts)
        for fact, bits in self._masks(members):
            yield f"{fact}_bits & {bits}"
        for part in rest:
            test = self._test(part, known)
            yield f"({test})" if " and " in test else test

    def _masks(self, members: Iterable[Member]) -> Iterable[tuple[str, int]]:
        """The bits of some members, together for each fact."""
        masks: dict[str, int] = {}
        for one in members:
            bit = self._members[one.fact][one.member, one.present]
            masks[one.fact] = masks.get(one.fact, 0) | bit
        return masks.items()

    def _one_of(self, fact: str, values: frozenset[str]) -> str:
        if len(values) == 1:
            return f"{fact} == {next(iter(values))!r}"
        name = self._names.setdefault(values, f"VALUES_{len(self._names)}")
        self.constants[name] = values
        return f"{fact} in {name}"


def _bits_of_members(fact: str, asked: _Asked) -> Mapping[frozenset[str], int]:
    """What a stated set says of the members that rules ask about, as one integer."""

    def work_out(stated: frozenset[str]) -> int:
        said = membership(fact, stated)
        return sum(
            bit
            for (member, present), bit in asked.items()
            if member in (said.present if present else said.absent)
        )

    return Remembered(work_out, _REMEMBERED)


def _bits_of_medicines(asked: _Asked, formulary: Formulary) -> Callable[[frozenset[str]], int]:
    """The same, put together from what each name says: no two people take the same medicines."""
    missing = sum(bit for (_, present), bit in asked.items() if not present)
    in_doubt = 1 << len(asked)

    def read(name: str) -> int:
        """The bits of what is held by its name, and of what can no longer be missing."""
        reading = formulary.reading(name)
        if reading.in_doubt:
            return in_doubt
        not_missing = reading.held | reading.left_open
        return sum(
            bit
            for (class_, present), bit in asked.items()
            if class_ in (reading.held if present else not_missing)
            or (not present and reading.unrecognised)
        )

    bits_of = Remembered(read, _REMEMBERED)

    def work_out(stated: frozenset[str]) -> int:
        bits = 0
        for name in stated:
            bits |= bits_of[name]
        if bits & in_doubt:
            formulary.resolve(stated)  # raises, and names every one that is in doubt
        return bits ^ missing

    return work_out


def _members_apart(parts: Iterable[Condition]) -> tuple[list[Member], list[Condition]]:
    members = [part for part in parts if isinstance(part, Member)]
    return members, [part for part in parts if not isinstance(part, Member)]


def _surely_known(condition: Condition) -> frozenset[str]:
    """The facts that are known wherever a condition is true, as far as can be seen at once."""
    match condition:
        case AllOf(parts):
            return frozenset().union(*map(_surely_known, parts))
        case Flag(fact) | Comparison(fact) | OneOf(fact) | Member(fact):
            return frozenset({fact})
        case Known(fact, wanted=True):
            return frozenset({fact})
        case _:
            return _NONE_KNOWN


def _tests(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)


def _ways(condition: Condition, *, apart: bool) -> Iterator[tuple[Condition, ...]]:
    """The tests of a condition; `apart`, an `or` over several facts by its parts."""
    tests = _tests(condition)
    if not apart or not tests or any(map(_subject, tests)):
        yield tests
        return
    # All are over several facts. What is known can only make true what it is about.
    first = min(tests, key=lambda test: len(test.parts) if isinstance(test, AnyOf) else 0)
    if isinstance(first, AnyOf):
        rest = tuple(test for test in tests if test != first)
        for part in first.parts:
            yield from _ways(AllOf((*_tests(part), *rest)), apart=True)
    else:
        yield tests


def _subject(condition: Condition) -> str:
    """What a test is about: the name of the one fact, or of the mark of a conclusion, or ""."""
    match condition:
        case Concluded(finding):
            return f"found_{finding}"
        case Suspected(cause):
            return f"suspected_{cause}"
        case AllOf(parts) | AnyOf(parts):
            subjects = {_subject(part) for part in parts}
            return subjects.pop() if len(subjects) == 1 else ""
        case Known():
            return ""  # may be true of what is unknown
        case _:
            return condition.fact


def _by_subject(
    waiting: Sequence[_Pending],
) -> Mapping[str, Mapping[Condition, Sequence[_Pending]]]:
    """What is pending, by the test that it shares with most others, and by what that is about."""
    shared = Counter(test for one in waiting for test in one.tests)
    subjects: dict[str, dict[Condition, list[_Pending]]] = {}
    for one in waiting:
        test = max(one.tests, key=lambda test: (_subject(test) != "", shared[test]))
        subjects.setdefault(_subject(test), {}).setdefault(test, []).append(one)
    return subjects


def _indented(lines: Iterable[str]) -> list[str]:
    return [f"    {line}" for line in lines]
