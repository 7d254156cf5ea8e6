"""Facts that one person can hardly have together, so that drawn patients look like people.

`PatientFacts` refuses only what contradicts itself by definition; the rest of these it takes,
and `plausible=False` draws it.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any

from attrs import frozen

from crampsrules.facts import CONTRADICTIONS, Contradiction

_MINUTES_A_WEEK = 7 * 24 * 60
_MONTHS_A_YEAR = 12
_CHILDBEARING = (10, 60)


@frozen
class _Odd:
    """Two facts, and when their values do not go together."""

    first: str
    second: str
    clash: Callable[[Any, Any], bool]

    def clashes(self, known: Mapping[str, object]) -> bool:
        return (
            self.first in known
            and self.second in known
            and self.clash(known[self.first], known[self.second])
        )


def _without(needed: str, flag: str) -> _Odd:
    """A flag that is not true without another."""
    return _Odd(flag, needed, lambda has, needs: has and not needs)


def _never_both(one: str, other: str) -> _Odd:
    return _Odd(one, other, lambda has, also: has and also)


def _contradicts(one: Contradiction) -> _Odd:
    return _Odd(
        one.other,
        one.fact,
        lambda other, fact: other == one.ruled_out and fact == one.value,
    )


_CONTRADICTIONS = tuple(map(_contradicts, CONTRADICTIONS))

_UNLIKELY = (
    _Odd("pregnant", "sex", lambda has, sex: has and sex == "male"),
    _Odd("postpartum", "sex", lambda has, sex: has and sex == "male"),
    _Odd("pregnant", "age_years", lambda has, age: has and not _of_childbearing_age(age)),
    _Odd("postpartum", "age_years", lambda has, age: has and not _of_childbearing_age(age)),
    _never_both("postpartum", "pregnant"),
    _never_both("sedentary", "endurance_event"),
    _never_both("immobilised", "endurance_event"),
    _never_both("plain_water_excess", "fluid_restricted"),
    _without("weakness", "both_legs_weak"),
    _Odd("weakness_course", "weakness", lambda _, weak: not weak),
    _Odd("age_years", "months_since_first", lambda age, since: since > age * _MONTHS_A_YEAR),
    _Odd("episode_minutes", "episodes_per_week", lambda long, n: long * n > _MINUTES_A_WEEK),
    _Odd("wakes_from_sleep", "timing", lambda wakes, when: wakes and _only_by_day(when)),
    _Odd("timing", "dialysis", lambda when, has: "during_dialysis" in when and not has),
    _Odd("walking_distance_m", "timing", lambda _, when: "walking" not in when),
)


def _of_childbearing_age(age: float) -> bool:
    return _CHILDBEARING[0] <= age <= _CHILDBEARING[1]


def _only_by_day(when: Collection[str]) -> bool:
    return "day" in when and not {"night", "on_waking", "rest"} & set(when)


def made_coherent(
    drawn: Mapping[str, object], settled: Collection[str] = (), *, plausible: bool
) -> dict[str, object]:
    """The facts without those that do not go with others; what is settled stays."""
    kept = dict(drawn)
    for odd in (*_CONTRADICTIONS, *(_UNLIKELY if plausible else ())):
        if odd.clashes(kept):
            spare = [name for name in (odd.first, odd.second) if name not in settled]
            if spare:
                del kept[spare[0]]
    return kept
