"""Random patients as columns, half of what is known left unknown, the same in every run.

Two layouts hold the same patients. In *lists* a set is a column of lists of text; in *flags* it is
one yes-or-no column a member.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from attrs import frozen

from crampsrules.facts import FACTS, Fact
from crampsrules.memberships import is_whole

UNKNOWN = 0.5
MEMBER = 0.25
SEED = 20261125

Bools = npt.NDArray[np.bool_]

# Where the thresholds of benchmarks/rules lie, so that each side of each is drawn often.
RANGES = {
    "age_years": (20.0, 95.0),
    "alcohol_units_per_week": (0.0, 60.0),
    "egfr": (5.0, 110.0),
    "episodes_per_week": (0.0, 7.0),
    "fluid_litres_per_day": (0.2, 4.0),
    "months_since_first": (0.0, 60.0),
    "potassium_mmol_l": (2.0, 6.0),
}


@frozen
class Patients:
    """The same patients in both layouts."""

    lists: pa.Table
    flags: pa.Table


def draw(count: int, facts: Sequence[str], classes: Mapping[str, Sequence[str]]) -> Patients:
    """Draw `count` patients with these facts; `classes` of medicines each with those above it."""
    rng = np.random.default_rng(SEED)
    lists: dict[str, pa.Array] = {}
    flags: dict[str, pa.Array] = {}
    for name in facts:
        fact = FACTS[name]
        unknown = rng.random(count) < UNKNOWN
        if fact.is_set:
            members = fact.members or tuple(classes)
            stated = rng.random((count, len(members))) < (
                MEMBER if fact.kind == "members" else MEMBER / 4
            )
            lists[name] = _lists(stated, members, unknown)
            resolved = _resolved_classes if fact.kind == "medicines" else _resolved_members
            present, absent = resolved(fact, members, stated, classes)
            for at, member in enumerate(members):
                open_ = unknown | ~(present[:, at] | absent[:, at])
                flags[f"{name}__{member}"] = pa.array(present[:, at], mask=open_)
        else:
            flags[name] = lists[name] = _values(rng, fact, unknown)
    _no_contradiction(lists, flags)
    return Patients(pa.table(lists), pa.table(flags))


def _values(rng: np.random.Generator, fact: Fact, unknown: Bools) -> pa.Array:
    count = len(unknown)
    match fact.kind:
        case "flag":
            return pa.array(rng.random(count) < 0.5, mask=unknown)  # noqa: PLR2004
        case "choice":
            codes = rng.integers(0, len(fact.members), count, dtype=np.int32)
            picked = pa.array(codes, mask=unknown)
            return pa.DictionaryArray.from_arrays(picked, list(fact.members)).cast(pa.string())
        case "integer":
            low, high = int(fact.low or 0), int(fact.high or 0)
            return pa.array(rng.integers(low, high + 1, count), mask=unknown)
        case _:
            low_, high_ = RANGES.get(fact.name) or (fact.low or 0.0, fact.high or 0.0)
            return pa.array(rng.uniform(low_, high_, count), mask=unknown)


def _lists(stated: Bools, members: Sequence[str], unknown: Bools) -> pa.Array:
    stated = stated & ~unknown[:, None]
    ends = np.concatenate(([0], np.cumsum(stated.sum(axis=1)))).astype(np.int32)
    picked = pa.array(np.nonzero(stated)[1].astype(np.int32))
    texts = pa.DictionaryArray.from_arrays(picked, list(members)).cast(pa.string())
    return pa.ListArray.from_arrays(pa.array(ends), texts, mask=pa.array(unknown))


def _resolved_members(
    fact: Fact, members: Sequence[str], stated: Bools, _: Mapping[str, Sequence[str]]
) -> tuple[Bools, Bools]:
    """Which members are present and which absent, as `memberships.membership` says for one row."""
    place = {member: at for at, member in enumerate(members)}
    present, open_ = stated.copy(), np.zeros_like(stated)
    for general, specials in fact.general.items():
        special = [place[one] for one in specials]
        open_[:, special] |= stated[:, [place[general]]]
        if not is_whole(fact, general):
            present[:, place[general]] |= stated[:, special].any(axis=1)
    return present, ~present & ~open_


def _resolved_classes(
    _: Fact, members: Sequence[str], stated: Bools, classes: Mapping[str, Sequence[str]]
) -> tuple[Bools, Bools]:
    """The class of a medicine implies those above, and leaves those below open."""
    place = {member: at for at, member in enumerate(members)}
    present, open_ = stated.copy(), np.zeros_like(stated)
    for one, above in classes.items():
        for higher in above:
            present[:, place[higher]] |= stated[:, place[one]]
            open_[:, place[one]] |= stated[:, place[higher]]
    return present, ~present & ~open_


def _no_contradiction(*layouts: dict[str, pa.Array]) -> None:
    """Whoever is on dialysis has kidney disease, or the facts are refused."""
    for columns in layouts:
        if {"dialysis", "kidney_disease"} <= columns.keys():
            dialysis, disease = (
                np.asarray(columns[one].fill_null(False))  # noqa: FBT003 - its own signature
                for one in ("dialysis", "kidney_disease")
            )
            unknown = np.asarray(columns["kidney_disease"].is_null()) & ~dialysis
            columns["kidney_disease"] = pa.array(disease | dialysis, mask=unknown)
