"""The compiled engine: one Python function, generated from the rule base.

Each fact is read once, into a local variable. Rules that share a test stand inside one `if`,
and tests of one fact inside an `if` of its own: what is unknown is passed over quickly, however
many rules ask about it.

The function is made of names and literals that the condition reader has checked; no text of
a rule file is ever part of it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from attrs import Factory, frozen

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.memberships import membership
from crampsrules.rulebase import RuleBase

# Python reads at most 100 levels of indentation.
_DEEPEST = 20

Fire = Callable[[PatientFacts], frozenset[str]]

_NUMBERS = ("number", "integer")
_SETS = ("members", "medicines")


class CompiledEngine:
    """Fires the rules of one rule base by a function generated for it."""

    name = "compiled"

    def __init__(self, rules: RuleBase) -> None:
        """Generate the function, once."""
        writer = _Writer(rules)
        self._source = "\n".join(writer.lines())
        namespace = writer.constants
        exec(compile(self._source, "<crampsrules rules>", "exec"), namespace)  # noqa: S102 - see above
        self.fire: Fire = namespace["fire"]  # type: ignore[assignment]  # made by the writer


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

    rules: RuleBase
    constants: dict[str, object] = Factory(dict)
    _marks: dict[str, list[str]] = Factory(dict)
    _names: dict[object, str] = Factory(dict)

    def __attrs_post_init__(self) -> None:
        resolve = self.rules.formulary.resolve
        self.constants.update(
            # Every comparison with NaN is false, as every comparison with an unknown is.
            NAN=float("nan"),
            EMPTY=frozenset(),
            MEMBERSHIP=membership,
            CLASSES=lambda names: resolve(names).classes,
        )

    def lines(self) -> Iterator[str]:
        yield "def fire(facts):"
        yield from _indented(self._body())

    def _body(self) -> Iterator[str]:
        used = [atom for condition in self.rules.conditions.values() for atom in atoms(condition)]
        asked = {atom.fact for atom in used if not isinstance(atom, Concluded | Suspected)}
        asked |= {by for fact in asked if (by := FACTS[fact].measured_by)}
        yield "get = vars(facts).get"  # holds what is known
        for fact in FACTS.values():
            if fact.name in asked:
                yield f"{fact.name} = get({fact.name!r}{', NAN' * (fact.kind in _NUMBERS)})"
        for name in sorted(asked):
            yield from _reading(FACTS[name])
        yield from self._marking(used)
        yield "fired = []"
        for level in self.rules.levels:
            pending = [_Pending(id_, _tests(self.rules.conditions[id_])) for id_ in level]
            yield from self._branch(pending, 0)
        yield "return frozenset(fired)"

    def _marking(self, used: Iterable[Atom]) -> Iterator[str]:
        """Set the variables of findings and suspicions, and note which ids make them true."""
        concluding, suspecting = self.rules.concluding, self.rules.suspecting
        made: dict[str, tuple[str, ...]] = {}
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

    def _branch(self, pending: Sequence[_Pending], depth: int) -> Iterator[str]:
        """Test what is pending: shared tests first, those of one fact together."""
        yield from self._firing([one.id for one in pending if not one.tests])
        waiting = [one for one in pending if one.tests]
        for subject, groups in _by_subject(waiting).items():
            lines = list(self._groups(groups, depth))
            if len(groups) > 1 and subject in FACTS:
                yield f"if {_known(FACTS[subject])}:"
                lines = _indented(lines)
            yield from lines

    def _groups(self, groups: Mapping[Condition, Sequence[_Pending]], depth: int) -> Iterator[str]:
        for shared, group in groups.items():
            if len(group) > 1 and depth < _DEEPEST:
                yield f"if {self._test(shared)}:"
                inner = [one.without(shared) for one in group]
                yield from _indented(self._branch(inner, depth + 1))
            else:
                for one in group:
                    tests = AllOf((shared, *one.without(shared).tests))
                    yield f"if {self._test(tests)}:"
                    yield from _indented(self._firing([one.id]))

    def _firing(self, ids: Sequence[str]) -> Iterator[str]:
        if len(ids) == 1:
            yield f"fired.append({ids[0]!r})"
        elif ids:
            yield f"fired += {tuple(ids)!r}"
        for mark in dict.fromkeys(mark for id_ in ids for mark in self._marks.get(id_, ())):
            yield f"{mark} = True"

    def _test(self, condition: Condition) -> str:
        match condition:
            case AllOf(parts):
                return " and ".join(self._part(part) for part in parts) or "True"
            case AnyOf(parts):
                return " or ".join(self._part(part) for part in parts) or "False"
            case Flag(fact, wanted):
                return fact if wanted else f"{fact} is False"
            case Comparison(fact, "!=", value):
                return f"({fact} < {value!r} or {fact} > {value!r})"
            case Comparison(fact, operator, value):
                return f"{fact} {operator} {value!r}"
            case OneOf(fact, values):
                return self._one_of(fact, values)
            case Member(fact, member, present):
                return f"{member!r} in {fact}_{'held' if present else 'ruled_out'}"
            case Known(fact, wanted):
                return _known(FACTS[fact]) if wanted else f"not ({_known(FACTS[fact])})"
            case Concluded() | Suspected():
                return _subject(condition)

    def _part(self, part: Condition) -> str:
        return f"({self._test(part)})" if isinstance(part, AllOf | AnyOf) else self._test(part)

    def _one_of(self, fact: str, values: frozenset[str]) -> str:
        if len(values) == 1:
            return f"{fact} == {next(iter(values))!r}"
        name = self._names.setdefault(values, f"VALUES_{len(self._names)}")
        self.constants[name] = values
        return f"{fact} in {name}"


def _known(fact: Fact) -> str:
    # NaN, which stands for an unknown number, is not equal to itself.
    return f"{fact.name} == {fact.name}" if fact.kind in _NUMBERS else f"{fact.name} is not None"


def _reading(fact: Fact) -> Iterator[str]:
    """What is to be done with a fact before it is asked about."""
    name = fact.name
    if fact.measured_by:
        yield f"if {_known(FACTS[fact.measured_by])}:"
        yield f"    {name} = None"
    if fact.kind in _SETS:
        look_up = (
            f"CLASSES({name})" if fact.kind == "medicines" else f"MEMBERSHIP({name!r}, {name})"
        )
        yield f"{name}_held = {name}_ruled_out = EMPTY"
        yield f"if {name} is not None:"
        yield f"    {name}_resolved = {look_up}"
        yield f"    {name}_held = {name}_resolved.present"
        yield f"    {name}_ruled_out = {name}_resolved.absent"


def _tests(condition: Condition) -> tuple[Condition, ...]:
    return condition.parts if isinstance(condition, AllOf) else (condition,)


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
