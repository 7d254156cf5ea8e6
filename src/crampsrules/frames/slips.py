"""Columns whose names are nearly those of facts: a slip, which would leave a fact unknown."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from difflib import get_close_matches
from functools import lru_cache

from crampsrules.errors import FactsError, shorten
from crampsrules.facts import FACTS
from crampsrules.frames.columns import BETWEEN, columns_asked
from crampsrules.medicines import Formulary

_ALIKE = 0.8
_BARE = {fact.replace("_", ""): fact for fact in FACTS}
_BY_WORDS = {frozenset(fact.split("_")): fact for fact in FACTS}
# Words that tables put around what a fact is called, as in `has_fever` and `serum_potassium`.
_AROUND = {
    "adjusted",
    "blood",
    "corrected",
    "flag",
    "had",
    "has",
    "is",
    "patient",
    "plasma",
    "serum",
}
_SHORTEST_BEGINNING = 3
_MOST_SHOWN = 5
_LONGEST_NAME = 100  # no fact is called so, and no member of one


def nearly_a_fact(name: object, formulary: Formulary) -> str | None:
    """The fact, or member of a set, that a name may be a slip from.

    What says a fact in other letters is nearly one too; a name unlike any fact is none.
    """
    if not isinstance(name, str) or len(name) > _LONGEST_NAME:
        return None
    return _meant(name, tuple(formulary.classes))


@lru_cache(maxsize=1024)
def _meant(name: str, classes: tuple[str, ...]) -> str | None:
    written = _as_facts_are_written(name)
    if meant := _called_like(written) or _called_like(_without_words_around(written)):
        return meant
    set_, between, member = written.partition(BETWEEN)
    if not between:
        return _of_a_set(written, classes)
    fact = FACTS.get(set_) or FACTS.get(_nearest(set_, FACTS) or "")
    if fact is None or not fact.is_set:
        return None
    # Which classes of medicines there are is for the rules to say.
    meant = _nearest(member, fact.members) if fact.members else member
    return fact.name + BETWEEN + meant if meant else None


def _called_like(name: str) -> str | None:
    """The fact that is called so, nearly so, or so with its words in another order."""
    same = _BARE.get(name.replace("_", "")) or _BY_WORDS.get(frozenset(name.split("_")))
    return same or _nearest(name, FACTS) or _without_unit(name)


def _without_words_around(name: str) -> str:
    return "_".join(word for word in name.split("_") if word not in _AROUND)


def _without_unit(name: str) -> str | None:
    """The figure that a name begins, as `age` does `age_years`."""
    figures = (fact.name for fact in FACTS.values() if fact.is_number)
    begun = [one for one in figures if one.startswith(f"{name}_")]
    return begun[0] if begun and len(name) >= _SHORTEST_BEGINNING else None


def _of_a_set(name: str, classes: tuple[str, ...]) -> str | None:
    """The member of a set that is meant where one underscore stands between, as `timing_night`."""
    for fact in FACTS.values():
        if fact.is_set and name.startswith(f"{fact.name}_"):
            member = name.removeprefix(f"{fact.name}_")
            if meant := _nearest(member, fact.members or classes):
                return fact.name + BETWEEN + meant
    return None


def _as_facts_are_written(name: str) -> str:
    """`Chest Pain` as `chest_pain`."""
    return re.sub(r"[\s.-]", "_", name.strip().lower())


def _nearest(text: str, texts: Iterable[str]) -> str | None:
    return next(iter(get_close_matches(text, texts, 1, _ALIKE)), None)


def nearly_facts(
    names: Sequence[object], columns: Mapping[str, str], formulary: Formulary
) -> Iterator[tuple[str, str]]:
    """The columns that hold no fact and may be a slip from one, each with what may be meant."""
    looked_at = {*columns, *columns_asked(names, columns)}
    for name in names:
        if name not in looked_at and (meant := nearly_a_fact(name, formulary)):
            yield str(name), meant


def require_a_fact(
    names: Sequence[object], columns: Mapping[str, str], formulary: Formulary
) -> None:
    """Refuse columns of which none holds a fact: all would be unknown. Raises FactsError.

    Names that are no texts, as levels of names are in pandas, may have one in them. Where there is
    no column at all, nothing was meant to be known.
    """
    if not names or columns or columns_asked(names, columns):
        return
    unreadable = [name for name in names if not isinstance(name, str)]
    if unreadable:
        message = (
            f"no column has the name of a fact: those are texts, and {shorten(unreadable[0])} is "
            "none. Give the columns names that are"
        )
        raise FactsError.of(message, field="frame")
    slips = ((name, nearly_a_fact(name, formulary)) for name in names)
    name, meant = next((one for one in slips if one[1]), (None, None))
    found = f"for {shorten(name)}, did you mean {meant!r}?" if name else f"got {_shown(names)}."
    raise FactsError.of(
        f"no column has the name of a fact; {found} "
        'Say which column holds which fact, as in columns={"age_years": "AGE"}',
        field="frame",
    )


def _shown(names: Sequence[object]) -> str:
    shown = ", ".join(shorten(name) for name in names[:_MOST_SHOWN])
    return f"{shown} and {len(names) - _MOST_SHOWN} more" if len(names) > _MOST_SHOWN else shown
