"""From the names of medicines to the classes that rules ask about."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property, lru_cache

from attrs import frozen

from crampsrules.declarations import Fact
from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.frozen_dict import FrozenDict
from crampsrules.labels import (
    MOST_NAME_WORDS,
    hyphenated,
    key_of,
    keys_of,
    says_not_now,
    texts_in,
    words_in,
    words_of_salts_in,
)
from crampsrules.memberships import Membership, membership
from crampsrules.phrases import joined
from crampsrules.readers import LONG_LIST
from crampsrules.rules import Medicine, MedicineClass

SHORTEST_MISSPELLING = 5
_Named = tuple[dict[str, set[str]], str, Iterable[str]]
"""The table that a name stands in, the name, and the classes that it belongs to."""
_Found = tuple[str, tuple[str, ...]]
"""The key of what is known in a text; where it may not be meant, the name that may be as well."""
_FORMS = ("tablets", "capsules", "pills", "sachets", "drops", "injections", "inhalers")
# Lists come from strangers: few are remembered, and none that is longer than anyone's.
_REMEMBERED = 1024


@frozen
class Resolved:
    """What a list of medicines comes to: classes held, classes ruled out, names unrecognised."""

    classes: Membership
    unrecognised: tuple[str, ...]


@frozen
class Reading:
    """What one name in a list of medicines says, or of a combination each of its parts."""

    held: frozenset[str]
    """Classes that it belongs to."""
    left_open: frozenset[str]
    """Classes that it may belong to."""
    unrecognised: tuple[str, ...]
    """Parts that are not known."""
    in_doubt: tuple[str, ...]
    """Where a part is one slip away from a known name, or has one among words that nobody knows,
    every name that may be meant."""


@frozen
class NameKind:
    """A medicine's name with the classes it implies and those that it leaves open."""

    name: str
    held: frozenset[str]
    left_open: frozenset[str]


@frozen(eq=False)
class _Spellings:
    """Known names by what is left of them without one letter.

    Two texts that are one slip apart are alike once a letter is left out of either or both, so few
    of the names need to be compared.
    """

    keys: tuple[str, ...]
    places: Mapping[str, Sequence[int]]

    @classmethod
    def of(cls, keys: tuple[str, ...]) -> _Spellings:
        places: dict[str, list[int]] = {}
        for place, key in enumerate(keys):
            for short in _shortened(key):
                places.setdefault(short, []).append(place)
        return cls(keys, places)

    def one_slip_from(self, key: str) -> str | None:
        """The first name that is one slip apart."""
        near = {place for short in _shortened(key) for place in self.places.get(short, ())}
        ordered = (self.keys[place] for place in sorted(near))
        return next((known for known in ordered if one_slip_apart(key, known)), None)


def _shortened(text: str) -> set[str]:
    """A text, and each text that one letter less makes of it."""
    return {text, *(text[:at] + text[at + 1 :] for at in range(len(text)))}


@frozen(eq=False)
class Formulary:
    """The classes and names of medicines that a rule base knows."""

    classes: Mapping[str, MedicineClass]
    ancestors: Mapping[str, frozenset[str]]
    """Each class with all those that it lies within."""
    _names: Mapping[str, frozenset[str]]
    _words: Mapping[str, frozenset[str]]
    _written: Mapping[str, str]

    @classmethod
    def build(
        cls, classes: Iterable[MedicineClass], medicines: Iterable[Medicine] = ()
    ) -> Formulary:
        """A formulary of classes whose `within` form no cycle (`linking` checks that)."""
        by_id = {one.id: one for one in classes}
        names: dict[str, set[str]] = {}
        words: dict[str, set[str]] = {}
        named: list[_Named] = [
            *((words, one.id, (one.id,)) for one in by_id.values()),
            *((names, name, (one.id,)) for one in by_id.values() for name in one.names),
            *((words, word, (one.id,)) for one in by_id.values() for word in one.words),
            *((names, name, one.classes) for one in medicines for name in one.all_names),
        ]
        named += _by_the_one(named)
        for table, name, ids in named:
            table.setdefault(key_of(name), set()).update(ids)
        return cls(
            classes=FrozenDict(by_id),
            ancestors=FrozenDict({id_: _ancestors_of(id_, by_id) for id_ in by_id}),
            names={key: frozenset(ids) for key, ids in names.items()},
            words={key: frozenset(ids) for key, ids in words.items()},
            # Of a name that is the id of a class too, as it is said.
            written={key_of(name): name for _, name, _ in named},
        )

    @cached_property
    def reading(self) -> Callable[[str], Reading]:
        """What `read` gives, remembered."""
        return lru_cache(_REMEMBERED)(self.read)

    def classes_of(self, name: str) -> tuple[str, ...]:
        """The classes that a name belongs to, in alphabetical order; none for an unknown name."""
        reading = self.reading(name)
        sure = not reading.unrecognised and not reading.in_doubt
        return tuple(sorted(reading.held)) if sure else ()

    @cached_property
    def _known(self) -> set[str]:
        """Names that have been found to be known, up to a limit."""
        return set()

    @cached_property
    def _resolve_once(self) -> Callable[[frozenset[str]], Resolved]:
        return lru_cache(_REMEMBERED)(self._resolve)

    @cached_property
    def _all_classes(self) -> frozenset[str]:
        return frozenset(self.classes)

    @cached_property
    def _spellings(self) -> _Spellings:
        return _Spellings.of((*self._names, *self._words))

    def said(self, fact: Fact, stated: frozenset[str]) -> Membership:
        """What a stated set says of members, or of classes where it holds medicines.

        Raises FactsError as `resolve` does.
        """
        if fact.kind == "medicines":
            return self.resolve(stated).classes
        return membership(fact.name, stated)

    def resolve(self, names: frozenset[str]) -> Resolved:
        """The classes that a complete list of medicines implies and rules out.

        Raises FactsError for a name that is one slip away from a known one, or has one among
        words that nobody knows. Any other unknown name is reported as unrecognised, and leaves open
        every class that the other names do not imply.
        """
        if len(names) > LONG_LIST:
            return self._resolve(names)
        return self._resolve_once(names)

    def _resolve(self, names: frozenset[str]) -> Resolved:
        each = {name: self.reading(name) for name in sorted(names)}
        if problems := [
            FactProblem("medications", name, _not_known(name, meant))
            for name, one in each.items()
            if (meant := one.in_doubt)
        ]:
            raise FactsError(problems)
        held = frozenset[str]().union(*(one.held for one in each.values()))
        unrecognised = tuple(name for one in each.values() for name in one.unrecognised)
        if unrecognised:
            return Resolved(Membership(held, frozenset()), unrecognised)
        left_open = (one.left_open for one in each.values())
        return Resolved(Membership(held, self._all_classes.difference(held, *left_open)), ())

    def unrecognised(self, names: AbstractSet[str]) -> tuple[str, ...]:
        """The parts of a list of medicines that are not known, as `resolve` finds them.

        Raises FactsError as `resolve` does.
        """
        if names <= self._known:
            return ()
        for name in names:
            reading = self.reading(name)
            if reading.unrecognised or reading.in_doubt:
                return self.resolve(frozenset(names)).unrecognised
        if len(self._known) >= _REMEMBERED:
            self._known.clear()
        self._known.update(names)
        return ()

    def read(self, name: str) -> Reading:
        """What one name says by itself."""
        held: set[str] = set()
        left_open: set[str] = set()
        unrecognised: list[str] = []
        named: list[str] = []
        is_sure = True
        for part, found in self._found_in(name):
            if not found:
                unrecognised.append(part)
            for key, meant in found:
                exact, general = self._meant(key)
                held |= self._upwards(exact | general)
                left_open |= self._upwards(self._descendants(general))
                named += meant or (self._as_written(key),)
                is_sure = is_sure and not meant
        # Whoever writes the one that is in doubt by itself would else lose those beside it.
        in_doubt = () if is_sure else tuple(dict.fromkeys(named))
        return Reading(frozenset(held), frozenset(left_open), tuple(unrecognised), in_doubt)

    def by_key(self) -> Mapping[str, Reading]:
        """What each known name says, by its key."""
        return {key: self.read(key) for key in (*self._words, *self._names)}

    def kinds(self) -> tuple[NameKind, ...]:
        """One name for each set of classes that a single name can hold and leave open."""
        found: dict[tuple[frozenset[str], frozenset[str]], str] = {}
        for key, one in self.by_key().items():
            found.setdefault((one.held, one.left_open - one.held), self._as_written(key))
        return tuple(NameKind(name, *classes) for classes, name in found.items())

    def _meant(self, key: str) -> tuple[frozenset[str], frozenset[str]]:
        """The classes that a name belongs to, and those that it only names as a whole."""
        exact = self._names.get(key, frozenset())
        return exact, self._words.get(key, frozenset()) - exact

    def _found_in(self, name: str) -> list[tuple[str, list[_Found]]]:
        """What is known in a name: in the whole of it, or else in each part of a combination.

        What a label adds to a name, "40 mg tablets", is no part of it.
        """
        key = key_of(name)
        if any(self._meant(key)):
            return [(name, [(key, ())])]
        whole, *parts = texts_in(name)
        found = self._found(whole)
        if found or not parts:
            return [(name, self._surest(found, whole))]
        each = [(part, self._surest(self._found(part), part)) for part in parts]
        return [(" ".join(part.split()), found) for part, found in each]

    def _surest(self, found: list[_Found], text: str) -> list[_Found]:
        """What a text is, or the names among its words, before what it may be a slip from."""
        is_sure = found and not any(meant for _, meant in found)
        return found if is_sure else self._named_in(text) or found

    def _found(self, text: str) -> list[_Found]:
        """What a text is, or each of the names that hyphens join in it where all are known."""
        found = self._first(text)
        pieces = [found] if found else [self._first(piece) for piece in hyphenated(text)]
        known = [one for one in pieces if one is not None]
        return known if len(known) == len(pieces) else []

    def _named_in(self, text: str) -> list[_Found]:
        """The known names among the words of a text that is not known, the longest of each."""
        return self._named_among(words_in(text)) or self._named_among(words_of_salts_in(text), 2)

    def _named_among(self, words: list[str], fewest: int = 1) -> list[_Found]:
        known: list[_Found] = []
        while words:
            rest = words[1:]
            for count in range(min(MOST_NAME_WORDS, len(words)), fewest - 1, -1):
                key = "".join(words[:count])
                if any(self._meant(key)):
                    known.append((key, (self._as_written(key),)))
                    rest = words[count:]
                    break
            words = rest
        return known

    def _first(self, text: str) -> _Found | None:
        """The first known name as more and more of a label is read over, or slip from one."""
        for key in dict.fromkeys(keys_of(text)):
            if any(self._meant(key)):
                return key, ()
            if meant := self._misspelt(key):
                return key, (meant,)
        return None

    def _upwards(self, ids: Iterable[str]) -> set[str]:
        return {above for id_ in ids for above in (id_, *self.ancestors[id_])}

    def _descendants(self, ids: frozenset[str]) -> set[str]:
        return {id_ for id_, above in self.ancestors.items() if ids & above}

    def _misspelt(self, key: str) -> str | None:
        if len(key) < SHORTEST_MISSPELLING:
            return None
        known = self._spellings.one_slip_from(key)
        return None if known is None else self._as_written(known)

    def _as_written(self, key: str) -> str:
        return self._written.get(key, key)


def _by_the_one(named: Iterable[_Named]) -> list[_Named]:
    """The names that end in a form, with one of it where they speak of several."""
    known = {key_of(name) for _, name, _ in named}
    return [
        (table, name[:-1], ids)
        for table, name, ids in named
        if name.endswith(_FORMS) and key_of(name[:-1]) not in known
    ]


def _not_known(name: str, meant: Sequence[str]) -> str:
    each = ", each by itself" if len(meant) > 1 else ""
    asked = f"did you mean {joined(map(repr, meant), 'and')}{each}?"
    now = " Leave out what is not taken now" if says_not_now(name) else ""
    return f"{shorten(name)} is not known; {asked}{now}"


def _ancestors_of(id_: str, classes: Mapping[str, MedicineClass]) -> frozenset[str]:
    found: set[str] = set()
    waiting = [id_]
    while waiting:
        one = classes.get(waiting.pop())
        for parent in one.within if one else ():
            if parent not in found:
                found.add(parent)
                waiting.append(parent)
    return frozenset(found)


def one_slip_apart(a: str, b: str) -> bool:
    """Whether one letter added, dropped, changed or swapped with its neighbour makes a into b."""
    if a == b or abs(len(a) - len(b)) > 1:
        return False
    short, long = sorted((a, b), key=len)
    start = 0
    while start < len(short) and short[start] == long[start]:
        start += 1
    if len(short) < len(long):
        return short[start:] == long[start + 1 :]
    changed = short[start + 1 :] == long[start + 1 :]
    swapped = (
        short[start : start + 2] == long[start : start + 2][::-1]
        and short[start + 2 :] == long[start + 2 :]
    )
    return changed or swapped
