"""From the names of medicines to the classes that rules ask about."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache, partial

from attrs import field, frozen

from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.frozen_dict import FrozenDict
from crampsrules.memberships import Membership
from crampsrules.readers import LONG_LIST
from crampsrules.rules import Medicine, MedicineClass

_IGNORED = re.compile(r"[\s_-]+")
SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""Every character that Python takes for a space."""
SIGNS = "/+&,;()"
"""The signs that join two names; "and" and "with" do so too."""
_JOINS = re.compile(rf"\s*(?:[{SIGNS}]|\band\b|\bwith\b)\s*")
_UNITS = "mg|mcg|ug|g|ml|iu|%|micrograms?|milligrams?|grams?|units?"
_FORMS = "tablets?|tabs?|capsules?|caps?|caplets?|inhalers?|mr|m/r|sr|s/r|xl|er|cr|la|xr|ec|e/c"


def _apart(what: str) -> str:
    return rf"(^|[{SPACES}{SIGNS}])({what})($|[{SPACES}{SIGNS}])"


AMOUNT = _apart(rf"[0-9][0-9.,/]*[{SPACES}]*(?:{_UNITS})?")
"""How much is in it, as a label adds that to a name: an expression that all engines read alike."""
FORM = _apart(_FORMS)
"""In what form it is. Of creams, drops and injections that is a part of the name."""
_AMOUNT, _FORM = re.compile(AMOUNT), re.compile(FORM)
SHORTEST_MISSPELLING = 5
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
    misspelt: tuple[str, ...]
    """For each part that is one slip away from a known name, that name."""


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
    reading: Callable[[str], Reading] = field(init=False, repr=False)
    """What `read` gives, remembered."""
    _resolve_once: Callable[[frozenset[str]], Resolved] = field(init=False, repr=False)
    _all_classes: frozenset[str] = field(init=False, repr=False)
    _spellings: Callable[[], _Spellings] = field(init=False, repr=False)

    @classmethod
    def build(
        cls, classes: Iterable[MedicineClass], medicines: Iterable[Medicine] = ()
    ) -> Formulary:
        """A formulary of classes whose `within` form no cycle (`RuleBase` checks that)."""
        by_id = {one.id: one for one in classes}
        names: dict[str, set[str]] = {}
        words: dict[str, set[str]] = {}
        written: dict[str, str] = {}
        named = [
            *((words, one.id, (one.id,)) for one in by_id.values()),
            *((names, name, (one.id,)) for one in by_id.values() for name in one.names),
            *((words, word, (one.id,)) for one in by_id.values() for word in one.words),
            *((names, medicine.name, medicine.classes) for medicine in medicines),
        ]
        for table, name, ids in named:
            table.setdefault(key_of(name), set()).update(ids)
            written.setdefault(key_of(name), name)
        return cls(
            classes=FrozenDict(by_id),
            ancestors=FrozenDict({id_: _ancestors_of(id_, by_id) for id_ in by_id}),
            names={key: frozenset(ids) for key, ids in names.items()},
            words={key: frozenset(ids) for key, ids in words.items()},
            written=written,
        )

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_resolve_once", lru_cache(_REMEMBERED)(self._resolve))
        object.__setattr__(self, "reading", lru_cache(_REMEMBERED)(self.read))
        object.__setattr__(self, "_all_classes", frozenset(self.classes))
        spellings = lru_cache(maxsize=1)(partial(_Spellings.of, (*self._names, *self._words)))
        object.__setattr__(self, "_spellings", spellings)

    def resolve(self, names: frozenset[str]) -> Resolved:
        """The classes that a complete list of medicines implies and rules out.

        Raises FactsError for a name that is one slip away from a known one. Any other
        unknown name is reported as unrecognised, and leaves open every class that the
        other names do not imply.
        """
        if len(names) > LONG_LIST:
            return self._resolve(names)
        return self._resolve_once(names)

    def _resolve(self, names: frozenset[str]) -> Resolved:
        each = {name: self.reading(name) for name in sorted(names)}
        if problems := [
            FactProblem("medications", name, _not_known(name, meant))
            for name, one in each.items()
            for meant in one.misspelt
        ]:
            raise FactsError(problems)
        held = frozenset[str]().union(*(one.held for one in each.values()))
        unrecognised = tuple(name for one in each.values() for name in one.unrecognised)
        if unrecognised:
            return Resolved(Membership(held, frozenset()), unrecognised)
        left_open = (one.left_open for one in each.values())
        return Resolved(Membership(held, self._all_classes.difference(held, *left_open)), ())

    def unrecognised(self, names: frozenset[str]) -> tuple[str, ...]:
        """The parts of a list of medicines that are not known, as `resolve` finds them.

        Raises FactsError for a name that is one slip away from a known one.
        """
        for name in names:
            reading = self.reading(name)
            if reading.unrecognised or reading.misspelt:
                return self.resolve(names).unrecognised
        return ()

    def read(self, name: str) -> Reading:
        """What one name says by itself."""
        held: set[str] = set()
        left_open: set[str] = set()
        unrecognised: list[str] = []
        misspelt: list[str] = []
        for part, key in self._parts(name):
            exact, general = self._meant(key)
            if exact or general:
                held |= self._upwards(exact | general)
                left_open |= self._upwards(self._descendants(general))
            elif meant := self._misspelt(key):
                misspelt.append(meant)
            else:
                unrecognised.append(part)
        return Reading(frozenset(held), frozenset(left_open), tuple(unrecognised), tuple(misspelt))

    def by_key(self) -> Mapping[str, Reading]:
        """What each known name says, by its key."""
        return {key: self.read(key) for key in (*self._words, *self._names)}

    def kinds(self) -> tuple[NameKind, ...]:
        """One name for each set of classes that a single name can hold and leave open."""
        found: dict[tuple[frozenset[str], frozenset[str]], str] = {}
        for key in (*self._words, *self._names):
            exact, general = self._meant(key)
            held = frozenset(self._upwards(exact | general))
            left_open = frozenset(self._upwards(self._descendants(general))) - held
            found.setdefault((held, left_open), self._as_written(key))
        return tuple(NameKind(name, *classes) for classes, name in found.items())

    def _meant(self, key: str) -> tuple[frozenset[str], frozenset[str]]:
        """The classes that a name belongs to, and those that it only names as a whole."""
        exact = self._names.get(key, frozenset())
        return exact, self._words.get(key, frozenset()) - exact

    def _parts(self, name: str) -> list[tuple[str, str]]:
        """The names in a combination with their keys, or one where the whole is a name of its own.

        What a label adds to a name, "40 mg tablets", is no part of it.
        """
        key = key_of(name)
        if any(self._meant(key)):
            return [(name, key)]
        plain = _without(_AMOUNT, name.casefold()).strip(SPACES + SIGNS)
        key = key_of(plain)
        if any(self._meant(key)) or self._misspelt(key):
            return [(name, key)]
        bare = _split(_without(_FORM, plain))
        if len(bare) > 1:  # in a combination a form may be a part of a name
            return [(part, key_of(part)) for part in _split(plain)]
        return [(name, key_of(bare[0]) if bare else key)]

    def _upwards(self, ids: Iterable[str]) -> set[str]:
        return {above for id_ in ids for above in (id_, *self.ancestors[id_])}

    def _descendants(self, ids: frozenset[str]) -> set[str]:
        return {id_ for id_, above in self.ancestors.items() if ids & above}

    def _misspelt(self, key: str) -> str | None:
        if len(key) < SHORTEST_MISSPELLING:
            return None
        known = self._spellings().one_slip_from(key)
        return None if known is None else self._as_written(known)

    def _as_written(self, key: str) -> str:
        return self._written.get(key, key)


def _split(names: str) -> list[str]:
    return [part.strip() for part in _JOINS.split(names) if key_of(part)]


def _without(label: re.Pattern[str], name: str) -> str:
    for _ in range(2):  # two in a row share the space between them
        name = label.sub(r"\1\3", name)
    return name


def _not_known(name: str, meant: str) -> str:
    return f"{shorten(name)} is not known; did you mean {meant!r}?"


def key_of(name: str) -> str:
    """A name without what does not matter in it: capitals, spaces, hyphens, underscores."""
    return _IGNORED.sub("", name.casefold())


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
