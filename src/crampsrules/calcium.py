"""Calcium adjusted for albumin, which is the calcium that the rules ask about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.facts import PatientFacts
from crampsrules.readers import finite
from crampsrules.units import Unit, find_unit

__all__ = ["adjusted_calcium"]

_CALCIUM = "calcium_mmol_l"


@frozen
class _Formula:
    """Calcium + `slope` x (`normal` - albumin), with albumin in its own unit."""

    albumin_unit: str
    slope: float
    normal: float
    lowest: float
    highest: float


# The ranges of albumin do not meet: a figure in the other unit is never taken for one in this.
_FORMULAE: Mapping[str, _Formula] = MappingProxyType(
    {
        "mmol/L": _Formula("g/L", slope=0.02, normal=40, lowest=10, highest=80),
        "mg/dL": _Formula("g/dL", slope=0.8, normal=4.0, lowest=1, highest=8),
    }
)
"""By the unit of the calcium."""


def adjusted_calcium(calcium: float, albumin: float, *, unit: str) -> float:
    """Total calcium adjusted for albumin, in mmol/L, for `calcium_mmol_l`.

    `unit` is that of the calcium and settles that of the albumin: "mmol/L" with albumin in g/L,
    or "mg/dL" with albumin in g/dL. A formula of the kind of Payne and others (British Medical
    Journal, 1973): calcium + 0.02 x (40 - albumin) in mmol/L, calcium + 0.8 x (4.0 - albumin) in
    mg/dL. Local formulae vary: where the laboratory reports an adjusted calcium, use that.

    Raises FactsError for another unit, for what is no number, and for figures that no patient
    has, such as an albumin in the other unit.

    >>> adjusted_calcium(2.05, 30, unit="mmol/L")
    2.25
    >>> adjusted_calcium(8.2, 3.0, unit="mg/dL")
    2.25
    """
    calcium_unit, formula = _formula(unit)
    total, bound = finite(calcium), finite(albumin)
    problems = [
        *_calcium_problems(calcium, calcium_unit),
        *_albumin_problems(albumin, bound, calcium_unit, formula),
    ]
    if problems or total is None or bound is None:
        raise FactsError(problems)
    mmol_l = calcium_unit.to_kept(total + formula.slope * (formula.normal - bound))
    adjusted = round(mmol_l, 2)
    PatientFacts(calcium_mmol_l=adjusted)  # what comes of it must be a calcium too
    return adjusted


def _formula(unit: object) -> tuple[Unit, _Formula]:
    found = find_unit(_CALCIUM, unit) if isinstance(unit, str) else None
    if found is None or found.name not in _FORMULAE:
        message = f"takes one of {', '.join(_FORMULAE)}, got {shorten(unit)}"
        raise FactsError.of(message, field="unit", value=unit)
    return found, _FORMULAE[found.name]


def _calcium_problems(calcium: object, unit: Unit) -> list[FactProblem]:
    try:
        PatientFacts.from_mapping({_CALCIUM: {"value": calcium, "unit": unit.name}})
    except FactsError as error:
        return [FactProblem("calcium", calcium, one.message) for one in error.problems]
    return []


def _albumin_problems(
    albumin: object, read: float | None, calcium_unit: Unit, formula: _Formula
) -> list[FactProblem]:
    if read is not None and formula.lowest <= read <= formula.highest:
        return []
    message = (
        f"takes a number from {formula.lowest:g} to {formula.highest:g} {formula.albumin_unit}, "
        f"the unit that goes with calcium in {calcium_unit.name}; got {shorten(albumin)}"
    )
    return [FactProblem("albumin", albumin, message)]
