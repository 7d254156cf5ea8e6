"""How soon someone should be seen."""

from __future__ import annotations

import enum

from crampsrules.errors import shorten


class Triage(enum.IntEnum):
    """How soon to be seen, from looking after it yourself to an emergency.

    Levels compare by urgency: `Triage.SELF_CARE < Triage.EMERGENCY`.
    """

    SELF_CARE = 0
    ROUTINE = 1
    SOON = 2
    SAME_DAY = 3
    EMERGENCY = 4

    @property
    def id(self) -> str:
        """The name used in rule files and JSON, such as "same_day"."""
        return self.name.lower()

    @property
    def is_urgent(self) -> bool:
        """Whether someone should be seen the same day, or at once."""
        return self >= Triage.SAME_DAY

    def __str__(self) -> str:
        """The same name, as it is printed and formatted."""
        return self.id

    @classmethod
    def from_id(cls, name: str) -> Triage:
        """The level named `name` ("same_day"). Raises ValueError for any other name."""
        for level in cls:
            if level.id == name:
                return level
        allowed = ", ".join(level.id for level in cls)
        raise ValueError(f"{shorten(name)} is no triage level; it is one of {allowed}")
