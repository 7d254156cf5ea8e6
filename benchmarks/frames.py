"""Columns of patients: the place for it. Nothing is measured here yet."""

from __future__ import annotations

from benchmarks.measuring import Report


def measure() -> Report:
    """No tables and no verdicts until there are frames to assess."""
    return Report()
