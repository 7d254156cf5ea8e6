"""The units in which laboratories report, and the way from each to the one a fact is kept in."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from attrs import frozen

__all__ = ["UNITS", "Unit", "find_unit", "readings"]


@frozen
class Unit:
    """A unit of a laboratory value: `kept = (value - offset) / factor`."""

    name: str
    """As it is shown."""
    also: tuple[str, ...] = ()
    """Other spellings; those of FHIR (UCUM) among them."""
    factor: float = 1.0
    """How many of this unit make one of the unit that is kept."""
    offset: float = 0.0
    """What this unit shows at zero of the unit that is kept."""
    decimals: int | None = None
    """The decimals that a converted value is rounded to; None leaves it as it is."""
    low: float | None = None
    """The lowest value taken in this unit, where that is above what the fact takes."""

    @property
    def is_kept(self) -> bool:
        """Whether a figure in this unit is the same in the one that is kept."""
        return self.factor == 1 and self.offset == 0

    def to_kept(self, value: float) -> float:
        """Convert from this unit into the one that the fact is kept in."""
        kept = (value - self.offset) / self.factor
        return kept if self.decimals is None else round(kept, self.decimals)


# A converted value is rounded to what a laboratory reports in the kept unit. Without that the
# two versions of one limit disagree: a calcium of 8.8 mg/dL, the lowest normal one, would be
# 2.196 mmol/L and read as low; an HbA1c of 6.5% would be 47.5 mmol/mol and not 48.
#
# A calcium below 3 mg/dL is a figure in mmol/L with the wrong unit beside it.
UNITS: Mapping[str, tuple[Unit, ...]] = MappingProxyType(
    {
        "potassium_mmol_l": (Unit("mmol/L"), Unit("mEq/L")),
        "calcium_mmol_l": (
            Unit("mmol/L"),
            Unit("mg/dL", factor=4.008, decimals=2, low=3.0),
            Unit("mEq/L", factor=2.0, decimals=3, low=1.5),
        ),
        "magnesium_mmol_l": (
            Unit("mmol/L"),
            Unit("mg/dL", factor=2.431, decimals=2),
            Unit("mEq/L", factor=2.0, decimals=3),
        ),
        "sodium_mmol_l": (Unit("mmol/L"), Unit("mEq/L")),
        "egfr": (
            Unit("mL/min/1.73 m²", also=("mL/min/1.73 m2", "mL/min/1.73m^2", "mL/min/{1.73_m2}")),
        ),
        "creatine_kinase_u_l": (Unit("U/L"), Unit("IU/L", also=("[IU]/L",))),
        "tsh_miu_l": (
            Unit("mIU/L", also=("m[IU]/L", "mU/L")),
            Unit("µIU/mL", also=("uIU/mL", "u[IU]/mL", "µU/mL", "uU/mL")),
        ),
        "hba1c_mmol_mol": (
            Unit("mmol/mol"),
            Unit("%", factor=0.09148, offset=2.152, decimals=0),
        ),
    }
)
"""The units that each laboratory fact is taken in; the first is the one it is kept in."""


def find_unit(fact: str, name: str) -> Unit | None:
    """Find a unit of a laboratory fact by its name, whatever the case and the spaces.

    None when the fact is not taken in such a unit.
    """
    return _BY_SPELLING.get((fact, _spelling(name)))


def readings(fact: str, value: float) -> tuple[tuple[Unit, float], ...]:
    """Give what a figure would come to, in the kept unit, for each unit it could be in.

    Units that come to the same number are given once.
    """
    found: dict[float, tuple[Unit, float]] = {}
    for unit in UNITS.get(fact, ()):
        if unit.low is None or value >= unit.low:
            kept = unit.to_kept(value)
            found.setdefault(kept, (unit, kept))
    return tuple(found.values())


def _spelling(name: str) -> str:
    # Casefolding makes the two characters for "micro" one.
    return "".join(name.casefold().split())


_BY_SPELLING = {
    (fact, _spelling(spelling)): unit
    for fact, units in UNITS.items()
    for unit in units
    for spelling in (unit.name, *unit.also)
}
