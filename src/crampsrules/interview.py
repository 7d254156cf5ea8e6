"""An interview: which question comes next, and when to stop. It reads and writes nothing.

It asks what could still change the triage, most urgent first, then what would change the first
cause at once; then it stops. An emergency ends it: nothing is worth asking before getting help.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping

from attrs import evolve, field, frozen

from crampsrules.assess import assess, patient_facts
from crampsrules.assessment import Assessment
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.questions import Question, telling_questions
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

USUAL_LENGTH = 12
"""After so many questions a person is asked whether to go on."""

TESTS = "tests"
"""The id of the question whether there are any results to ask for."""

_TEST_FACTS = frozenset(
    {
        *(one.name for one in FACTS.values() if one.group == "laboratory"),
        # What only a doctor or nurse can have found.
        "ankle_brachial_index",
        "bruit",
        "foot_pulse",
    }
)


@frozen
class Interview:
    """How far an interview has come. Each answer makes a new one.

    `asked_in_vain` are the facts that were asked for and are not known. `has_tests` says
    whether there are results of tests to ask for; None: that has not been asked.
    """

    facts: PatientFacts = field(factory=PatientFacts, converter=patient_facts)
    rules: RuleBase = field(factory=RuleBase.load, kw_only=True, repr=False)
    asked_in_vain: frozenset[str] = field(default=frozenset(), converter=frozenset, kw_only=True)
    has_tests: bool | None = field(default=None, kw_only=True)
    length: int = field(default=0, kw_only=True)
    """How many questions have been asked."""

    def next(self) -> Question | None:
        """The next question, or None when nothing more would matter."""
        if self.is_emergency:
            return None
        without_tests = self.asked_in_vain | _TEST_FACTS
        question = self._first(without_tests)
        if question is not None or self.has_tests is False:
            return question
        about_tests = self._first(self.asked_in_vain)
        return _ask_for_tests(about_tests) if about_tests and not self.has_tests else about_tests

    def _first(self, skip: Collection[str]) -> Question | None:
        return next(telling_questions(self.facts, self.rules, skip), None)

    def answer(self, question: Question, answers: Mapping[str, object]) -> Interview:
        """The interview after an answer; what the answer leaves out is not known.

        Raises FactsError for an answer that cannot be, which leaves the question open.
        """
        if question.id == TESTS:
            return evolve(self, has_tests=answers.get(TESTS) is True, length=self.length + 1)
        given = {fact: answers[fact] for fact in question.facts if answers.get(fact) is not None}
        facts = self.facts.replace(**given)
        assess(facts, rules=self.rules, engine="compiled")  # a misspelt medicine shows only here
        return evolve(
            self,
            facts=facts,
            asked_in_vain=self.asked_in_vain | (set(question.facts) - set(given)),
            length=self.length + 1,
        )

    @property
    def is_emergency(self) -> bool:
        """Whether what is known calls for emergency help."""
        return self.assessment().triage is Triage.EMERGENCY

    def assessment(self, engine: str | None = None) -> Assessment:
        """The assessment of what is known so far."""
        return assess(self.facts, rules=self.rules, engine=engine)


def _ask_for_tests(first: Question) -> Question:
    return Question(
        id=TESTS,
        text="Do you have results at hand of a blood test, a heart tracing (ECG) or a doctor's "
        "look at the blood flow in your legs, from the last three months?",
        facts=(),
        why=first.why,
        could_change=first.could_change,
        could_reach=first.could_reach,
    )
