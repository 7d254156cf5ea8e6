"""What can go wrong with a cohort."""

from __future__ import annotations

from crampsrules.errors import CrampsRulesError

LEAVE_OUT = "leave it out by naming the columns to keep with --keep"
"""What to do about a column that cannot go into the output."""


class CohortError(CrampsRulesError):
    """A cohort cannot be read or written as it was asked for."""


class UnfinishedError(CohortError):
    """A cohort stopped before its end; what was done is kept, and the same call goes on."""
