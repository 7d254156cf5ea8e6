"""Test your own use of `assess`, or your own rules, against the laws that this library keeps.

The laws are plain functions: call them in tests of your own, with patients drawn from
`crampsrules.strategies`; or have all of them as tests with `law_tests(app)`. They come with the
extra `hypothesis`.

>>> from crampsrules import PatientFacts, assess
>>> deterministic(assess, PatientFacts(weakness=True))
"""

from __future__ import annotations

from crampsrules.engines import running_engines
from crampsrules.errors import MissingExtraError

try:
    import hypothesis as _hypothesis  # noqa: F401
except ImportError:
    raise MissingExtraError.for_extra("hypothesis", "hypothesis") from None

from crampsrules.testing.apps import Answer, App
from crampsrules.testing.flags import red_flags
from crampsrules.testing.interviews import Interview, PlainInterview, interview_machine
from crampsrules.testing.laws import (
    BrokenLawError,
    deterministic,
    engine_independent,
    monotone_in_red_flags,
    no_forbidden_advice,
    order_free,
    round_trip,
    threshold_law,
    unknown_is_not_safe,
)
from crampsrules.testing.suite import law_tests

__all__ = [
    "Answer",
    "App",
    "BrokenLawError",
    "Interview",
    "PlainInterview",
    "deterministic",
    "engine_independent",
    "interview_machine",
    "law_tests",
    "monotone_in_red_flags",
    "no_forbidden_advice",
    "order_free",
    "red_flags",
    "round_trip",
    "running_engines",
    "threshold_law",
    "unknown_is_not_safe",
]
