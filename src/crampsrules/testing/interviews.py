"""A machine that talks to an app as people do: one fact after another, with corrections."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from crampsrules.errors import FactsError
from crampsrules.facts import PatientFacts
from crampsrules.strategies import patient_facts
from crampsrules.strategies.noise import names_of
from crampsrules.strategies.values import Values
from crampsrules.testing.apps import App, checked_callable
from crampsrules.testing.laws import Tested, expect_same

Draws = st.DataObject


class Interview(Protocol):
    """One conversation with an app."""

    def tell(self, fact: str, value: object) -> None:
        """Take one fact; told again, the new value goes; None takes it back."""

    def answer(self) -> Any:  # noqa: ANN401 - as the app answers
        """What the app says now."""


class PlainInterview:
    """The simplest conversation: it keeps what it is told, and asks an app when asked."""

    def __init__(self, app: Tested) -> None:
        self._app = App.of(app)
        self._told: dict[str, object] = {}

    def tell(self, fact: str, value: object) -> None:
        """Take one fact."""
        self._told[fact] = value

    def answer(self) -> Any:  # noqa: ANN401 - as the app answers
        """What the app says now."""
        return self._app.respond(PatientFacts.from_mapping(self._told))


def interview_machine(
    start: Callable[[], Interview], *, app: Tested | None = None
) -> type[RuleBasedStateMachine]:
    """A state machine for conversations: facts arrive, are corrected and taken back, one by one.

    After each step the answer must be what someone gets who says all of it at once: nothing is
    forgotten, and nothing that was corrected lives on. `start` begins a conversation; `app` says
    how to read its answers, and by which rules (left out: assessments by the shipped rules).
    Facts are told as an app takes them: with `takes="mapping"`, sets are lists.

    In a test file: `TestInterview = interview_machine(start).TestCase`.
    """
    checked_callable(start, "start")
    reading = App(call=lambda facts: facts) if app is None else App.of(app)
    values = Values.of(reading.rules)

    class InterviewMachine(RuleBasedStateMachine):
        told: PatientFacts
        interview: Interview

        # Facts of one person matter together; drawn one by one they seldom do.
        @initialize(someone=patient_facts(rules=reading.rules), data=st.data())
        def begin(self, someone: PatientFacts, data: Draws) -> None:
            self.told = PatientFacts()
            self.interview = start()
            known = someone.known()
            for fact in data.draw(st.permutations(list(known)), label="in this order"):
                self._tell(fact, known[fact])

        @rule(fact=names_of(reading.rules), data=st.data())
        def is_told(self, fact: str, data: Draws) -> None:
            self._tell(fact, data.draw(values.any(fact), label=fact))

        @precondition(lambda self: bool(self.told.known()))
        @rule(data=st.data())
        def is_corrected(self, data: Draws) -> None:
            fact = data.draw(st.sampled_from(sorted(self.told.known())), label="corrected")
            self._tell(fact, data.draw(values.any(fact), label=fact))

        @precondition(lambda self: bool(self.told.known()))
        @rule(data=st.data())
        def is_taken_back(self, data: Draws) -> None:
            fact = data.draw(st.sampled_from(sorted(self.told.known())), label="taken back")
            self._tell(fact, None)

        @invariant()
        def answers_as_if_told_at_once(self) -> None:
            found = reading.read(self.interview.answer())
            expect_same(
                "interview",
                self.told,
                {
                    "told at once": reading.reference(self.told).shown_as(found),
                    "told one by one": found,
                },
                "the conversation and the facts told in it do not agree",
            )

        def _tell(self, fact: str, value: object) -> None:
            try:
                self.told = self.told.replace(**{fact: value})
            except FactsError:
                return  # it contradicts what was told: the app would refuse it
            if reading.takes == "mapping" and isinstance(value, frozenset):
                value = sorted(value)
            self.interview.tell(fact, value)

    return InterviewMachine
