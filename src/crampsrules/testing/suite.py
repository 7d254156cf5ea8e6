"""All laws as tests of one app: two lines in a test file."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import Any
from unittest import SkipTest

from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from crampsrules.errors import CrampsRulesError, did_you_mean, names_apart, shorten
from crampsrules.facts import PatientFacts
from crampsrules.strategies import near_misses, patient_facts
from crampsrules.strategies.near_misses import edges_for
from crampsrules.testing import laws
from crampsrules.testing.apps import App
from crampsrules.testing.boundaries import boundary_patients
from crampsrules.testing.flags import has_red_flags, red_flags, yes_or_no_flags
from crampsrules.testing.laws import Tested
from crampsrules.testing.undecided import undecided_patients

Test = Callable[..., None]


def law_tests(app: Tested, *, leave_out: Collection[str] = ()) -> type:
    """A class of tests, one for each law, for pytest to find.

    Leave out by name what cannot hold for an app, such as `engine_independent` where it does not
    let the engine be chosen. A law about red flags or thresholds is skipped for rules that have
    none. The tests have no deadline unless Hypothesis's profile sets one, and
    each may still be given `settings`.

    >>> from crampsrules import assess
    >>> TestLaws = law_tests(assess)
    """
    tested = App.of(app)
    tests = _tests(tested)
    left_out = _laws_among(leave_out, tests)
    chosen = {
        f"test_{name}": staticmethod(_unhurried(test))
        for name, test in tests.items()
        if name not in left_out
    }
    return type("TestLaws", (), {"__doc__": "The laws, each a test.", **chosen})


def _laws_among(leave_out: object, laws: Collection[str]) -> tuple[str, ...]:
    apart = names_apart(leave_out, laws)
    if apart is None:
        raise CrampsRulesError(
            f'leave_out takes a list of laws, such as ["round_trip"], got {shorten(leave_out)}'
        )
    named, strange = apart
    if strange:
        hint = did_you_mean(strange[0], laws) or f"; these are: {', '.join(laws)}"
        raise CrampsRulesError(f"leave_out: {shorten(strange[0])} is no law{hint}")
    if set(named) == set(laws):
        raise CrampsRulesError("leave_out takes some of the laws, got all: nothing would be tested")
    return named


def _unhurried(test: Test) -> Test:
    """The test, given the time that the first patient takes: the rules are worked out for it."""
    profile = settings()
    is_own = profile.deadline != settings.get_profile("default").deadline
    # As `hypothesis.seed` does it: used as a decorator, these would forbid settings of the user's.
    vars(test)["_hypothesis_internal_use_settings"] = settings(
        deadline=profile.deadline if is_own else None,
        suppress_health_check={*profile.suppress_health_check, HealthCheck.too_slow},
        # An app that breaks a law for many of the first patients would be told of each of them.
        report_multiple_bugs=False,
    )
    return test


def _tests(app: App) -> Mapping[str, Test]:
    patients = patient_facts(rules=app.rules)

    @given(facts=patients, between=patients)
    def deterministic(facts: PatientFacts, between: PatientFacts) -> None:
        laws.deterministic(app, facts, between=between)

    flags = red_flags(rules=app.rules) if has_red_flags(app.rules) else st.none()

    @given(facts=patients, red_flag=flags)
    def monotone_in_red_flags(facts: PatientFacts, red_flag: Mapping[str, object] | None) -> None:
        if red_flag is None:
            raise SkipTest("no single fact is a red flag for these rules")
        laws.monotone_in_red_flags(app, facts, red_flag)

    # An app that drops one of them would be missed by chance too often.
    for alone in yes_or_no_flags(app.rules):
        first = example(facts=PatientFacts(), red_flag=alone)
        monotone_in_red_flags = first(monotone_in_red_flags)

    no_forbidden_advice = _test_of(laws.no_forbidden_advice, app)
    for one in reversed(boundary_patients(app.rules)):
        no_forbidden_advice = example(facts=one)(no_forbidden_advice)

    # Few facts decide for anyone by being unknown, and of each for few people.
    unknown_is_not_safe = _test_of(laws.unknown_is_not_safe, app)
    for one in reversed(undecided_patients(app.rules)):
        unknown_is_not_safe = example(facts=one)(unknown_is_not_safe)

    edges = edges_for(app.rules)
    pairs = near_misses(rules=app.rules) if edges.by_threshold else st.none()

    @given(near_miss=pairs)
    def threshold_law(near_miss: tuple[PatientFacts, PatientFacts] | None) -> None:
        if near_miss is None:
            raise SkipTest("no rule has a threshold that decides anything")
        laws.threshold_law(app, near_miss)

    # Among so many thresholds, chance meets those of one number too seldom.
    for pair in (*edges.widest(), *edges.narrowest()):
        threshold_law = example(near_miss=pair)(threshold_law)

    return {
        "deterministic": deterministic,
        "order_free": _test_of(laws.order_free, app),
        "engine_independent": _test_of(laws.engine_independent, app),
        "monotone_in_red_flags": monotone_in_red_flags,
        "unknown_is_not_safe": unknown_is_not_safe,
        "no_forbidden_advice": no_forbidden_advice,
        "threshold_law": threshold_law,
        "round_trip": _test_of(laws.round_trip, app),
    }


def _test_of(law: Callable[[App, PatientFacts], Any], app: App) -> Test:
    def holds(facts: PatientFacts) -> None:
        law(app, facts)

    holds.__name__ = law.__name__
    holds.__doc__ = law.__doc__
    return given(facts=patient_facts(rules=app.rules))(holds)
