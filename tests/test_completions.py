"""Completions for which a fact matters, one at a time."""

import pytest

from crampsrules import PatientFacts
from crampsrules.completions import Completion, Completions, UndecidedError
from crampsrules.ways import Difference
from tests.written_rules import evidence as evidence_table
from tests.written_rules import routes_of, rules_of, urgent


def completions_of(rules, patience=100, **known):
    routes = routes_of(rules, **known)
    facts = PatientFacts.from_mapping(known)
    return routes, Completions(rules, facts, routes.inference, routes, patience)


def test_a_completion_has_the_fact_its_value_and_what_else_it_takes():
    """And nothing more."""
    rules = rules_of(urgent("two", "fever and not thirst"))
    routes, completions = completions_of(rules, injury=True)
    (route,) = routes.to_triage()["thirst"]

    found = completions.find("thirst", route)

    assert found == Completion(
        facts=PatientFacts(injury=True, fever=True),
        fact="thirst",
        value=False,
        difference=Difference.RAISES_TRIAGE,
    )


def test_an_exception_may_need_that_something_is_known():
    """Whatever its value is; where it is known already, the rest is enough."""
    rules = rules_of(urgent("one", "fever", unless="known(thirst) and injury"))

    for known, settled in (({}, {"thirst"}), ({"thirst": False}, set())):
        routes, completions = completions_of(rules, fever=True, **known)
        found = completions.find("injury", routes.to_triage()["injury"][0])
        assert found is not None
        assert found.facts.known().keys() == {"fever", *known, *settled}
        assert (found.value, found.difference) == (True, Difference.LOWERS_TRIAGE)


@pytest.mark.parametrize(
    ("ahead", "fact", "helper"),
    [(10.0, 5.0, 5.0), (3.2, 3.2, 1.26)],
    ids=["heavy", "light"],
)
def test_a_cause_comes_first_with_help(ahead, fact, helper):
    """Neither fact alone is enough; both together are, however little the second weighs."""
    rules = rules_of(
        evidence_table("first.for", "first", "fever", lr=ahead),
        evidence_table("other.for", "other", "thirst", lr=fact),
        evidence_table("other.more", "other", "injury", lr=helper),
        causes=["first", "other"],
    )
    routes, completions = completions_of(rules, fever=True)
    (route,) = routes.to_causes()["thirst"]

    found = completions.find("thirst", route)

    assert found == Completion(
        facts=PatientFacts(fever=True, injury=True),
        fact="thirst",
        value=True,
        difference=Difference.FIRST_CAUSE,
    )


def test_patience_is_for_causes_and_is_used_up():
    """Triage is always worked out; causes only as long as there is any left."""
    rules = rules_of(
        urgent("one", "weakness"),
        evidence_table("first.for", "first", "fever", lr=10.0),
        evidence_table("other.for", "other", "thirst", lr=20.0),
        causes=["first", "other"],
    )
    routes, completions = completions_of(rules, patience=5, fever=True)
    (raising,) = routes.to_triage()["weakness"]
    (route,) = routes.to_causes()["thirst"]

    assert completions.verdict("weakness", raising) is True
    assert completions.patience == 5
    assert completions.verdict("thirst", route) is True
    assert 0 < completions.patience < 5
    completions.patience = 0
    assert completions.verdict("thirst", route) is None
    assert completions.verdict("weakness", raising) is True
    with pytest.raises(UndecidedError):
        completions.find("thirst", route)
