"""The durable engine: the rules live in durable-rules' Rete network, which fires them.

Each condition is split into arms (conjunctions); an arm is one rule of the network. Rules of
one level share nothing, so a level is cut into shards, each a ruleset of its own; findings
that fire are asserted with the facts of the next level, which is the forward chaining.
"""

from __future__ import annotations

import itertools
import json
import math
import os
import threading
import weakref
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from functools import lru_cache
from typing import Any

# The lower module, not durable.lang with its Host: a Host starts two threads for ever, cannot
# replace a ruleset, and took four to six times as long for the same network of 60 rules
# (benchmarks/run.py, in one run).
import durable_rules_engine as rete
from attrs import Factory, define, frozen

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
)
from crampsrules.errors import EngineError
from crampsrules.facts import FACTS, Fact, PatientFacts
from crampsrules.ids import Ids
from crampsrules.medicines import Formulary
from crampsrules.readers import LONG_LIST
from crampsrules.rulebase import RuleBase

# One fact may open 64 branches of a ruleset; the 65th makes it fire nothing at all.
BRANCHES = 50
# A fact may have 252 properties.
PROPERTIES = 200
# Beyond this, the ors inside a condition become conclusions of their own.
ARMS = 12

# How many stated sets are remembered for each fact that takes one: they come from strangers.
_REMEMBERED = 512

_ALWAYS = "always"
_FORGET = "forget"
_ASSERTED, _NOTHING_MATCHED = 0, 1
_numbers = itertools.count()

Arm = tuple[Atom, ...]


@frozen
class _Shard:
    """One ruleset of the network."""

    handle: object
    keys: tuple[str, ...]
    ids: Mapping[str, str]
    marks: frozenset[str]
    """The conclusions that its arms need: without any of them, none can match."""


class DurableEngine:
    """Fires the rules of one rule base in durable-rules."""

    name = "durable"

    def __init__(self, rules: RuleBase) -> None:
        """Build the network, once. Raises EngineError where durable-rules refuses it."""
        # Not the rule base itself: what keeps engines does so for as long as their rules are alive.
        self._ids = frozenset(rules.conditions)
        self._number = Ids.of(rules).number
        arms = dict(_plan(rules))
        used = {atom for of_one in arms.values() for arm in of_one for atom in arm}
        self._properties = _Properties(used, rules.formulary)
        self._marks = _marks(rules, arms)
        self._levels = [tuple(_shards(level)) for level in _levels(arms, self._marks)]
        handles = [shard.handle for level in self._levels for shard in level]
        self._sessions = _Sessions(handles)
        _alive.add(self._sessions)
        weakref.finalize(self, self._sessions.close).atexit = False

    def fire(self, facts: PatientFacts) -> frozenset[str]:
        """The ids whose condition is true. Raises FactsError for a misspelt medicine."""
        pieces = self._properties.of(facts)
        sessions = self._sessions
        with sessions.lock:
            sessions.forget_broken()
            # Python is interrupted at calls only: none may stand between this and the `try`.
            session, sessions.free = sessions.free, None
            try:
                session = session or sessions.new()
                fired = self._fire_levels(session, pieces)
            except BaseException:
                # Whatever interrupted it, a half-finished session stays silent for ever after.
                sessions.broken.append(session)
                raise
            if sessions.free is None:
                sessions.free = session
            else:  # a signal's handler fired meanwhile, in a session of its own
                sessions.broken.append(session)
        return fired

    def fire_number(self, facts: PatientFacts) -> int:
        """What `fire` gives, as the integer that the `Ids` of the rules make of it."""
        return self._number(self.fire(facts))

    def _fire_levels(self, session: str, pieces: dict[str, str]) -> frozenset[str]:
        everything: list[str] = []
        for number, level in enumerate(self._levels):
            fired: list[str] = []
            for shard in level:
                if number == 0 or not shard.marks.isdisjoint(pieces):
                    _fire(shard, session, pieces, fired)
            for id_ in fired:
                if mark := self._marks.get(id_):
                    pieces[mark] = f'"{mark}":true'
            everything += fired
        return self._ids.intersection(everything)


class _Properties:
    """A patient as durable-rules takes it: each known property as a piece of JSON, by its name."""

    def __init__(self, used: Collection[Atom], formulary: Formulary) -> None:
        asked = {atom.fact for atom in used if not isinstance(atom, Conclusion)}
        asked_known = {atom.fact for atom in used if isinstance(atom, Known)}
        members = _members(used)
        self._always = {_ALWAYS: f'"{_ALWAYS}":true'}
        self._always |= {f"known_{fact}": f'"known_{fact}":false' for fact in asked_known}
        self._write = {
            fact: _writer(FACTS[fact], members.get(fact, {}), fact in asked_known, formulary)
            for fact in asked
        }
        self._reported = tuple(
            (fact, by) for fact in asked if (by := FACTS[fact].measured_by) is not None
        )

    def of(self, facts: PatientFacts) -> dict[str, str]:
        """The properties of one patient. Raises FactsError for a misspelt medicine."""
        pieces = self._always.copy()
        fields = vars(facts)
        measured = {fact for fact, by in self._reported if fields[by] is not None}
        for fact, write in self._write.items():
            value = fields[fact]
            if value is not None and fact not in measured:
                pieces.update(write(value))
        return pieces


_Write = Callable[[Any], Mapping[str, str]]


def _writer(
    fact: Fact, members: Mapping[str, str], ask_known: bool, formulary: Formulary
) -> _Write:
    """What gives the properties of one fact's value."""
    name = fact.name
    more = {f"known_{name}": f'"known_{name}":true'} if ask_known else {}
    match fact.kind:
        case "flag" | "choice":
            table = {
                value: {name: f'"{name}":{json.dumps(value)}', **more}
                for value in (fact.members or (True, False))
            }
            return table.__getitem__
        case "number" | "integer":
            return lambda value: {name: f'"{name}":{_plain(value)}', **more}

    def look_up(stated: frozenset[str]) -> Mapping[str, str]:
        said = formulary.said(fact, stated)
        return more | {
            key: f'"{key}":{"true" if held else "false"}'
            for member, key in members.items()
            if (held := said.holds(member)) is not None
        }

    remembered = lru_cache(_REMEMBERED)(look_up)
    return lambda stated: (remembered if len(stated) <= LONG_LIST else look_up)(stated)


@define(eq=False)
class _Sessions:
    """The sessions of one engine: one, but for what was interrupted or runs in a signal's handler.

    Two threads in one session got wrong answers, each session takes 15 MB with the shipped rules,
    and Python runs one thread at a time anyway: so there is one, and a lock.
    """

    _handles: Sequence[object]
    lock: threading.RLock = Factory(threading.RLock)
    free: str | None = None
    broken: list[str | None] = Factory(list)

    def new(self) -> str:
        """A session that nobody has seen."""
        return f"s{next(_numbers)}"

    def forget_broken(self) -> None:
        """Delete the sessions that an interruption left half-finished."""
        while self.broken:
            session = self.broken.pop()
            try:
                if session:
                    self._forget(session)
            except BaseException:
                self.broken.append(session)
                raise

    def _forget(self, session: str) -> None:
        for handle in self._handles:
            # Deleting a session in which no action was ever started frees memory that was never
            # allotted, and crashes: so one is started, unless one was when it was interrupted.
            fact = f'{{"id":"{next(_numbers)}","sid":"{session}","{_FORGET}":true}}'
            _, state = rete.assert_fact(handle, fact)
            rete.start_action_for_state(handle, state)
            rete.delete_state(handle, session)

    def close(self) -> None:
        """Give everything back: deleting a ruleset does not free its sessions."""
        self.broken.append(self.free)
        self.forget_broken()
        for handle in self._handles:
            rete.delete_ruleset(handle)


_alive: weakref.WeakSet[_Sessions] = weakref.WeakSet()


def _renew_locks() -> None:
    # Another thread of the parent may have been firing; in the child it will not go on.
    for sessions in _alive:
        sessions.lock = threading.RLock()


if hasattr(os, "register_at_fork"):  # not on Windows, which has no fork
    os.register_at_fork(after_in_child=_renew_locks)


def _fire(shard: _Shard, session: str, pieces: Mapping[str, str], fired: list[str]) -> None:
    """Assert what is known to one ruleset, note what fires, and take it back."""
    known = ",".join(filter(None, map(pieces.get, shard.keys)))
    if not known:
        return
    handle = shard.handle
    code, state = rete.assert_fact(handle, f'{{"id":"1","sid":"{session}",{known}}}')
    if code == _ASSERTED:
        _, message = rete.start_action_for_state(handle, state) or (None, None)
        if not message:
            raise EngineError("durable-rules matched a fact and then did not fire")
        while message:
            # The message begins {"RULE":{ ; the rest repeats the fact.
            fired.append(shard.ids[message[2 : message.index('"', 2)]])
            message = rete.complete_and_start_action(handle, state)
    elif code != _NOTHING_MATCHED:
        raise EngineError(f"durable-rules answered {code} to a fact of a fresh session")
    rete.retract_fact(handle, f'{{"id":"1","sid":"{session}"}}')


def _plain(number: float) -> str:
    """A number without an exponent, which durable-rules cannot read, and without loss."""
    text = repr(number)
    return text if "e" not in text else format(Decimal(repr(number)), "f")


def _members(used: Iterable[Atom]) -> Mapping[str, Mapping[str, str]]:
    """For each set of facts, the members that rules ask about, each with its property."""
    members: dict[str, dict[str, str]] = {}
    for atom in used:
        if isinstance(atom, Member):
            members.setdefault(atom.fact, {})[atom.member] = _key(atom)
    return members


def _marks(rules: RuleBase, arms: Iterable[str]) -> dict[str, str]:
    """For each id that concludes something, the property that says so at later levels."""
    parts = {id_: _key(Concluded(id_)) for id_ in arms if id_ not in rules.conditions}
    concluded = {
        id_: _key(Concluded(name)) for name, ids in rules.concluding.items() for id_ in ids
    }
    suspected = {
        id_: _key(Suspected(name)) for name, ids in rules.suspecting.items() for id_ in ids
    }
    return parts | concluded | suspected


def _plan(rules: RuleBase) -> Iterator[tuple[str, Sequence[Arm]]]:
    """The arms of every id, those of parts of a condition before the whole."""
    numbers = itertools.count()
    for level in rules.levels:
        for id_ in level:
            parts = _Parts(numbers)
            whole = _arms(parts.cut(rules.conditions[id_]))
            yield from parts.arms.items()
            yield id_, whole


def _levels(
    arms: Mapping[str, Sequence[Arm]], marks: Mapping[str, str]
) -> list[list[tuple[str, Arm]]]:
    """Each arm as early as can be: after everything that can conclude what it needs."""
    levels: list[list[tuple[str, Arm]]] = [[]]
    decided: dict[str, int] = {}
    for id_, of_one in arms.items():
        for arm in of_one:
            needed = [decided.get(key, -1) for atom in arm if (key := _mark_of(atom))]
            level = max(needed, default=-1) + 1
            while len(levels) <= level:
                levels.append([])
            levels[level].append((id_, arm))
            if mark := marks.get(id_):
                decided[mark] = max(decided.get(mark, 0), level)
    return levels


def _mark_of(atom: Atom) -> str | None:
    return _key(atom) if isinstance(atom, Conclusion) else None


@frozen
class _Parts:
    """Cuts an and of many ors, which has too many arms, into conclusions of their own."""

    numbers: Iterator[int]
    arms: dict[str, Sequence[Arm]] = Factory(dict)

    def cut(self, condition: Condition) -> Condition:
        """The condition, with parts of it replaced where it has too many arms."""
        match condition:
            case AnyOf(parts):
                return AnyOf(tuple(self.cut(part) for part in parts))
            case AllOf(parts):
                cut = [self.cut(part) for part in parts]
                if math.prod(_count(part) for part in cut) > ARMS:
                    cut = [self._conclusion(part) if _count(part) > 1 else part for part in cut]
                return AllOf(tuple(cut))
            case _:
                return condition

    def _conclusion(self, part: Condition) -> Condition:
        # No finding's name and no rule's id has a slash in front.
        name = f"/{next(self.numbers)}"
        self.arms[name] = _arms(part)
        return Concluded(name)


def _count(condition: Condition) -> int:
    """How many arms a condition has."""
    match condition:
        case AnyOf(parts):
            return sum(_count(part) for part in parts)
        case AllOf(parts):
            return math.prod(_count(part) for part in parts)
        case OneOf(_, values):
            return len(values)
        case _:
            return 1


def _arms(condition: Condition) -> list[Arm]:
    """A condition as an or of ands."""
    match condition:
        case AnyOf(parts):
            return [arm for part in parts for arm in _arms(part)]
        case AllOf(parts):
            choices = [_arms(part) for part in parts]
            return [tuple(itertools.chain(*chosen)) for chosen in itertools.product(*choices)]
        case OneOf(fact, values) if len(values) != 1:
            return [(OneOf(fact, frozenset({value})),) for value in sorted(values)]
        case _:
            return [(condition,)]


def _shards(level: Iterable[tuple[str, Arm]]) -> Iterator[_Shard]:
    """Rulesets of few enough branches and properties.

    Like arms stand together, so that a patient of whom a shard's facts are unknown passes it by.
    """
    arms = sorted(
        ((tuple(_key(atom) for atom in arm), id_, arm) for id_, arm in level),
        key=lambda one: one[:2],
    )
    batch: list[tuple[str, Arm]] = []
    keys: set[str] = set()
    for arm_keys, id_, arm in arms:
        needed = keys.union(arm_keys or (_ALWAYS,))
        if batch and (len(batch) >= BRANCHES or len(needed) > PROPERTIES):
            yield _shard(batch, keys)
            batch, needed = [], set(arm_keys or (_ALWAYS,))
        batch.append((id_, arm))
        keys = needed
    if batch:
        yield _shard(batch, keys)


def _shard(batch: Sequence[tuple[str, Arm]], keys: Iterable[str]) -> _Shard:
    definition = {
        f"r{number}": {"all": [{"m": _pattern(arm)}]} for number, (_, arm) in enumerate(batch)
    }
    definition["forget"] = {"all": [{"m": {_FORGET: True}}]}
    text = json.dumps(definition, default=_as_number).replace(_OPEN, "").replace(_CLOSE, "")
    try:
        handle = rete.create_ruleset(f"crampsrules{next(_numbers)}", text)
    except Exception as error:
        raise EngineError(f"durable-rules refuses the rules: {error}") from error
    ids = {f"r{n}": id_ for n, (id_, _) in enumerate(batch)}
    marks = frozenset(key for _, arm in batch for atom in arm if (key := _mark_of(atom)))
    return _Shard(handle, tuple(sorted(keys)), ids, marks)


# json writes a small number with an exponent; these marks let its plain text through unquoted.
_OPEN, _CLOSE = '"<number>', '</number>"'


@frozen
class _Number:
    value: float


def _as_number(number: _Number) -> str:
    return f"<number>{_plain(number.value)}</number>"


def _pattern(arm: Arm) -> dict[str, object]:
    tests = [_test(atom) for atom in arm] or [{_ALWAYS: True}]
    return tests[0] if len(tests) == 1 else {"$and": tests}


_OPERATORS = {"<": "$lt", "<=": "$lte", ">": "$gt", ">=": "$gte", "!=": "$neq"}


def _test(atom: Atom) -> dict[str, object]:
    match atom:
        case Comparison(fact, "==", value):
            return {fact: _Number(value)}
        case Comparison(fact, operator, value):
            return {_OPERATORS[operator]: {fact: _Number(value)}}
        case OneOf(fact, values):
            return {fact: next(iter(values))}
        case Flag(_, wanted) | Known(_, wanted):
            return {_key(atom): wanted}
        case Member(_, _, present):
            return {_key(atom): present}
        case _:
            return {_key(atom): True}


def _key(atom: Atom) -> str:
    match atom:
        case Concluded(finding):
            return f"found_{finding}"
        case Suspected(cause):
            return f"suspected_{cause}"
        case Known(fact, _):
            return f"known_{fact}"
        case Member(fact, member, _):
            return f"{fact}__{member}"
        case _:
            return atom.fact
