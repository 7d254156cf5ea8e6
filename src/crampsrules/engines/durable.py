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
from collections.abc import Iterable, Iterator, Mapping, Sequence
from decimal import Decimal

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
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.errors import EngineError
from crampsrules.facts import PatientFacts
from crampsrules.ids import Ids
from crampsrules.observations import Observations, observe
from crampsrules.rulebase import RuleBase

# One fact may open 64 branches of a ruleset; the 65th makes it fire nothing at all.
BRANCHES = 50
# A fact may have 252 properties.
PROPERTIES = 200
# Beyond this, the ors inside a condition become conclusions of their own.
ARMS = 12

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


class DurableEngine:
    """Fires the rules of one rule base in durable-rules."""

    name = "durable"

    def __init__(self, rules: RuleBase) -> None:
        """Build the network, once. Raises EngineError where durable-rules refuses it."""
        # Not the rule base itself: what keeps engines does so for as long as their rules are alive.
        self._formulary = rules.formulary
        self._ids = frozenset(rules.conditions)
        self._number = Ids.of(rules).number
        planned = list(_plan(rules))
        used = {
            atom for level in planned for arms in level.values() for arm in arms for atom in arm
        }
        self._members = _members(used)
        self._asked_known = tuple(sorted({atom.fact for atom in used if isinstance(atom, Known)}))
        self._levels = [tuple(_shards(level)) for level in planned]
        self._marks = _marks(rules, planned)
        handles = [shard.handle for level in self._levels for shard in level]
        self._sessions = _Sessions(handles)
        _alive.add(self._sessions)
        weakref.finalize(self, self._sessions.close).atexit = False

    def fire(self, facts: PatientFacts) -> frozenset[str]:
        """The ids whose condition is true. Raises FactsError for a misspelt medicine."""
        pieces = self._pieces(observe(facts, self._formulary))
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
        fired: set[str] = set()
        for level in self._levels:
            for shard in level:
                for id_ in _fire(shard, session, pieces):
                    fired.add(id_)
                    if mark := self._marks.get(id_):
                        pieces[mark] = f'"{mark}":true'
        return self._ids & fired

    def _pieces(self, seen: Observations) -> dict[str, str]:
        """Each known property as JSON, by its name."""
        pieces = {_ALWAYS: f'"{_ALWAYS}":true'}
        for name, value in seen.values.items():
            if (text := _json(value)) is not None:
                pieces[name] = f'"{name}":{text}'
        for fact, membership in seen.members.items():
            for member, key in self._members.get(fact, {}).items():
                held = membership.holds(member)
                if held is not None:
                    pieces[key] = f'"{key}":{"true" if held else "false"}'
        for fact in self._asked_known:
            key = f"known_{fact}"
            pieces[key] = f'"{key}":{"true" if fact in seen.values else "false"}'
        return pieces


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


def _fire(shard: _Shard, session: str, pieces: Mapping[str, str]) -> Iterator[str]:
    known = list(filter(None, map(pieces.get, shard.keys)))
    if not known:
        return
    fact = f'{{"id":"1","sid":"{session}",{",".join(known)}}}'
    code, state = rete.assert_fact(shard.handle, fact)
    if code == _ASSERTED:
        _, message = rete.start_action_for_state(shard.handle, state) or (None, None)
        if not message:
            raise EngineError("durable-rules matched a fact and then did not fire")
        while message:
            # The message begins {"RULE":{ ; the rest repeats the fact.
            yield shard.ids[message[2 : message.index('"', 2)]]
            message = rete.complete_and_start_action(shard.handle, state)
    elif code != _NOTHING_MATCHED:
        raise EngineError(f"durable-rules answered {code} to a fact of a fresh session")
    rete.retract_fact(shard.handle, f'{{"id":"1","sid":"{session}"}}')


def _json(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return _plain(value)
    return json.dumps(value) if isinstance(value, str) else None


def _plain(number: float) -> str:
    """A number without an exponent, which durable-rules cannot read, and without loss."""
    return format(Decimal(repr(number)), "f")


def _members(used: Iterable[Atom]) -> Mapping[str, Mapping[str, str]]:
    """For each set of facts, the members that rules ask about, each with its property."""
    members: dict[str, dict[str, str]] = {}
    for atom in used:
        if isinstance(atom, Member):
            members.setdefault(atom.fact, {})[atom.member] = _key(atom)
    return members


def _marks(rules: RuleBase, planned: Iterable[Iterable[str]]) -> dict[str, str]:
    """For each id that concludes something, the property that says so at later levels."""
    split = {id_ for level in planned for id_ in level} - rules.conditions.keys()
    parts = {id_: _key(Concluded(id_)) for id_ in split}
    concluded = {
        id_: _key(Concluded(name)) for name, ids in rules.concluding.items() for id_ in ids
    }
    suspected = {
        id_: _key(Suspected(name)) for name, ids in rules.suspecting.items() for id_ in ids
    }
    return parts | concluded | suspected


def _plan(rules: RuleBase) -> Iterator[Mapping[str, Sequence[Arm]]]:
    """The arms of every id, level by level; parts of a condition come before the whole."""
    numbers = itertools.count()
    for level in rules.levels:
        stages: list[dict[str, Sequence[Arm]]] = [{}]
        whole: dict[str, Sequence[Arm]] = {}
        for id_ in level:
            parts = _Parts(numbers)
            whole[id_] = _arms(parts.cut(rules.conditions[id_]))
            for stage, arms in enumerate(parts.stages):
                if stage == len(stages):
                    stages.append({})
                stages[stage] |= arms
        yield from (stage for stage in stages if stage)
        yield whole


@frozen
class _Parts:
    """Cuts an and of many ors, which has too many arms, into conclusions of their own."""

    numbers: Iterator[int]
    stages: list[dict[str, Sequence[Arm]]] = Factory(list)
    stage_of: dict[str, int] = Factory(dict)

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
        inner = [self.stage_of.get(a.finding, -1) for a in atoms(part) if isinstance(a, Concluded)]
        stage = max(inner, default=-1) + 1
        # No finding's name has a hyphen.
        name = f"part-{next(self.numbers)}"
        self.stage_of[name] = stage
        while len(self.stages) <= stage:
            self.stages.append({})
        self.stages[stage][name] = _arms(part)
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


def _shards(level: Mapping[str, Sequence[Arm]]) -> Iterator[_Shard]:
    """Rulesets of few enough branches and properties.

    Like arms stand together, so that a patient of whom a shard's facts are unknown passes it by.
    """
    arms = sorted(
        (
            (tuple(_key(atom) for atom in arm), id_, arm)
            for id_, arms in level.items()
            for arm in arms
        ),
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
    return _Shard(handle, tuple(sorted(keys)), {f"r{n}": id_ for n, (id_, _) in enumerate(batch)})


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
