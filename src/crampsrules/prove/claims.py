"""What is claimed of every patient, and how a claim is decided."""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

from attrs import frozen

from crampsrules.facts import PatientFacts

Kind = Literal["can fire", "bands", "lowering", "red flag", "contradiction", "law", "redundant"]

KINDS: dict[Kind, str] = {
    "can fire": "every rule, exception and law matters to some patient",
    "bands": "no two thresholds leave a gap or an overlap",
    "lowering": "no fact lowers triage but through an `unless` that names it",
    "red flag": "every red flag forces its triage, and a law says so",
    "contradiction": "no advice contradicts other advice",
    "law": "every other law holds",
    "redundant": "no rule repeats another",
}
"""The kinds of claim, and what each comes to."""


@frozen
class Claim:
    """Something that should hold for every patient, and whether it does.

    Where it does not, `patient` is one who shows it, with few facts, and `found` is what a real
    engine makes of that patient.
    """

    kind: Kind
    id: str
    says: str
    holds: bool
    patient: PatientFacts | None = None
    found: str = ""

    def __str__(self) -> str:
        if self.holds:
            return f"proved: {self.kind}: {self.id}: {self.says}"
        return f"FAILS: {self.kind}: {self.id}: {self.says}\n    {self.patient!r}\n    {self.found}"


@frozen
class Counterexample:
    """A patient for whom a claim fails, and what the engine makes of them."""

    patient: PatientFacts
    found: str


@frozen(eq=False)
class Conjecture:
    """A claim that is not decided yet, and the ids of the rules that it depends on."""

    kind: Kind
    id: str
    says: str
    reads: frozenset[str]
    refute: Callable[[], Counterexample | None]

    def decide(self) -> Claim:
        """The claim with its answer, and with who shows it where it does not hold."""
        against = self.refute()
        if against is None:
            return Claim(self.kind, self.id, self.says, holds=True)
        return Claim(self.kind, self.id, self.says, False, against.patient, against.found)  # noqa: FBT003
