"""One patient as the engines see it: known values only, sets resolved into members."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import frozen

from crampsrules.facts import FACTS, PatientFacts
from crampsrules.medicines import Formulary
from crampsrules.memberships import UNKNOWN, Membership


@frozen
class Observations:
    """The known facts of a patient, resolved against a rule base's medicines.

    A measured value goes before a reported one: where both are known, the reported one is
    left out of `values`.
    """

    values: Mapping[str, object]
    members: Mapping[str, Membership]

    def value(self, fact: str) -> object:
        """The value of a fact, or None where it is unknown."""
        return self.values.get(fact)

    def member(self, fact: str, member: str) -> bool | None:
        """Whether a set holds a member, or None where that is unknown."""
        return self.members.get(fact, UNKNOWN).holds(member)


def observe(facts: PatientFacts, formulary: Formulary) -> Observations:
    """Resolve a patient's facts. Raises FactsError for a misspelt medicine."""
    known = facts.known()
    members: dict[str, Membership] = {}
    for name, value in list(known.items()):
        described = FACTS[name]
        if described.measured_by in known:
            del known[name]
        elif isinstance(value, frozenset):
            members[name] = formulary.said(described, value)
    return Observations(known, members)
