"""Calcium adjusted for albumin, which is the calcium that the rules ask about."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

from crampsrules.errors import FactProblem, FactsError, shorten
from crampsrules.facts import PatientFacts
from crampsrules.readers import finite
from crampsrules.units import find_unit

__all__ = ["adjusted_calcium"]

_CALCIUM = "calcium_mmol_l"


@frozen
class _Formula:
    """Calcium + `slope` x (`normal` - albumin), with albumin in its own unit."""

    calcium_unit: str
    albumin_unit: str
    slope: float
    normal: float
    lowest: float
    highest: float


# The ranges of albumin do not meet: a figure in the other unit is never taken for one in this.
_FORMULAE: Mapping[str, _Formula] = MappingProxyType(
    {
        one.calcium_unit: one
        for one in (
            _Formula("mmol/L", "g/L", slope=0.02, normal=40, lowest=10, highest=80),
            _Formula("mg/dL", "g/dL", slope=0.8, normal=4.0, lowest=1, highest=8),
        )
    }
)


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
    formula = _formula(unit)
    problems = [*_calcium_problems(calcium, formula), *_albumin_problems(albumin, formula)]
    if problems:
        raise FactsError(problems)
    kept, total, bound = find_unit(_CALCIUM, formula.calcium_unit), finite(calcium), finite(albumin)
    assert kept is not None
    assert total is not None
    assert bound is not None
    mmol_l = kept.to_kept(total + formula.slope * (formula.normal - bound))
    # What comes of it must be a calcium too.
    adjusted = PatientFacts(calcium_mmol_l=round(mmol_l, 2)).calcium_mmol_l
    assert adjusted is not None
    return adjusted


def _formula(unit: object) -> _Formula:
    found = find_unit(_CALCIUM, unit) if isinstance(unit, str) else None
    if found is None or found.name not in _FORMULAE:
        message = f"takes one of {', '.join(_FORMULAE)}, got {shorten(unit)}"
        raise FactsError([FactProblem("unit", unit, message)])
    return _FORMULAE[found.name]


def _calcium_problems(calcium: object, formula: _Formula) -> list[FactProblem]:
    try:
        PatientFacts(calcium_mmol_l={"value": calcium, "unit": formula.calcium_unit})  # type: ignore[arg-type]
    except FactsError as error:
        return [FactProblem("calcium", calcium, one.message) for one in error.problems]
    return []


def _albumin_problems(albumin: object, formula: _Formula) -> list[FactProblem]:
    read = finite(albumin)
    if read is not None and formula.lowest <= read <= formula.highest:
        return []
    message = (
        f"takes a number from {formula.lowest:g} to {formula.highest:g} {formula.albumin_unit}, "
        f"the unit that goes with calcium in {formula.calcium_unit}; got {shorten(albumin)}"
    )
    return [FactProblem("albumin", albumin, message)]
