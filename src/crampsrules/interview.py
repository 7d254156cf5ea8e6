"""An interview: which question comes next, and when to stop. It reads and writes nothing.

It asks what could still change the triage, most urgent first, then what would change the first
cause at once; then it stops. An emergency ends it: nothing is worth asking before getting help.
Results of tests come last, and only for someone who has any.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from attrs import Attribute, evolve, field, frozen

from crampsrules.assess import assess, patient_facts
from crampsrules.assessment import Assessment
from crampsrules.declarations import TEST_WINDOW
from crampsrules.errors import FactsError, shorten
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.phrases import filled
from crampsrules.questions import FOUND_BY_TESTS, Question, names_of_facts, telling_questions
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.triage import Triage

USUAL_LENGTH = 12
"""After so many questions a person is asked whether to go on."""

HAS_TESTS = "has_tests"
"""The id of the question whether there are any results of tests to ask for: it is no fact."""


def _in_vain(names: Iterable[str]) -> frozenset[str]:
    return names_of_facts(names, field="in_vain")


def _is_yes_or_no(_: object, attribute: Attribute[bool], value: object) -> None:
    if not isinstance(value, bool):
        raise _no_yes_or_no(value, attribute.name)


def _is_a_count(_: object, attribute: Attribute[int], value: object) -> None:
    if type(value) is not int or value < 0:
        message = f"takes a whole number from 0 on, got {shorten(value)}"
        raise FactsError.of(message, field=attribute.name, value=value)


@frozen
class Interview:
    """How far an interview has come. Each answer makes a new one.

    `in_vain` are the facts that were asked for and stay unknown. `has_tests` says that there
    are results of tests to ask for; `length` counts the questions that were answered.
    """

    facts: PatientFacts = field(factory=PatientFacts, converter=patient_facts)
    rules: RuleBase = field(default=None, converter=rules_or_shipped, kw_only=True, repr=False)
    in_vain: frozenset[str] = field(default=frozenset(), converter=_in_vain, kw_only=True)
    has_tests: bool = field(default=False, kw_only=True, validator=_is_yes_or_no)
    length: int = field(default=0, kw_only=True, validator=_is_a_count)

    def next(self) -> Question | None:
        """The next question, or None when nothing more would matter."""
        if self.is_emergency:
            return None
        question = self._first(self.in_vain | FOUND_BY_TESTS)
        if question is not None:
            return question
        about_tests = self._first(self.in_vain)
        if about_tests is None or self.has_tests:
            return about_tests
        return _whether_tested(about_tests, self.rules)

    def _first(self, skip: Collection[str]) -> Question | None:
        return next(telling_questions(self.facts, self.rules, skip), None)

    def answer(self, question: Question, answers: Mapping[str, object]) -> Interview:
        """The interview after an answer: values by fact; what is left out is not known.

        Facts that were not asked for are kept too. The question whether there are results of
        tests is answered by `{"has_tests": True}` or `{"has_tests": False}`; left out, tests are
        not asked for, and stay unknown.

        Raises FactsError for an answer that cannot be; the question is then still open.
        """
        if not isinstance(question, Question):
            raise FactsError.of("takes a question that next() gave", value=question)
        if not isinstance(answers, Mapping):
            raise FactsError.of("takes a mapping of facts to values", value=answers)
        asks_for_tests = question.id == HAS_TESTS
        told = dict(answers)
        has_tests = _yes_or_no(told.pop(HAS_TESTS, None)) if asks_for_tests else None
        # What is no fact is refused with any value, and with none.
        given = {
            name: value for name, value in told.items() if value is not None or name not in FACTS
        }
        facts = PatientFacts.from_mapping({**self.facts.known(), **given})
        assess(facts, rules=self.rules, engine="compiled")  # here a misspelt medicine shows
        in_vain = self.in_vain.union(question.facts).difference(facts.known())
        after = evolve(self, facts=facts, in_vain=in_vain, length=self.length + 1)
        if not asks_for_tests:
            return after
        return after.with_tests() if has_tests else after.without_tests()

    def with_tests(self) -> Interview:
        """The interview of someone who has results of tests."""
        return evolve(self, has_tests=True)

    def without_tests(self) -> Interview:
        """The interview of someone who has none: they are not asked for."""
        return evolve(self, in_vain=self.in_vain | FOUND_BY_TESTS.difference(self.facts.known()))

    @property
    def is_emergency(self) -> bool:
        """Whether what is known calls for emergency help."""
        return self.assessment(engine="compiled").triage is Triage.EMERGENCY

    def assessment(self, *, engine: str | None = None) -> Assessment:
        """The assessment of what is known so far."""
        return assess(self.facts, rules=self.rules, engine=engine)

    def to_dict(self) -> dict[str, object]:
        """The answers as facts; None stands for those asked for in vain.

        `assess` takes it as it is, and `resumed` goes on from it. What is no answer about a fact is
        not in it: `to_state` has everything.
        """
        answers = {**dict.fromkeys(self.in_vain), **self.facts.to_dict()}
        return {fact: answers[fact] for fact in FACTS if fact in answers}

    def to_state(self) -> dict[str, object]:
        """All there is to keep between two requests, as JSON-ready data; `from_state` reads it."""
        return {
            "answers": self.to_dict(),
            "has_tests": self.has_tests,
            "length": self.length,
            "rules_version": self.rules.version,
        }

    @classmethod
    def from_state(cls, state: Mapping[str, object], *, rules: RuleBase | None = None) -> Interview:
        """The interview that gave this state.

        `rules` are those that it was begun with, where they are not the shipped ones. Raises
        FactsError for what is no state, and for the state of an interview by other rules: their
        reasons to be seen would be lost.
        """
        if not isinstance(state, Mapping):
            raise _no_state(state)
        # Versions before this one did not say by which rules they ask.
        if state.keys() | {"rules_version"} != _STATE:
            raise _no_state(state)
        base = rules_or_shipped(rules)
        version = state.get("rules_version", base.version)
        if version != base.version:
            raise _begun_by_others(version, base, "the shipped ones" if rules is None else "these")
        answers = state["answers"]
        if not isinstance(answers, Mapping):
            message = f"takes a mapping of facts to values, got {shorten(answers)}"
            raise FactsError.of(message, field="answers", value=answers)
        begun = cls.resumed(answers, rules=base)
        has_tests = bool(_yes_or_no(state["has_tests"]))
        length: Any = state["length"]  # refused where it is none
        return evolve(begun, has_tests=has_tests, length=length)

    @classmethod
    def resumed(cls, answers: Mapping[str, object], *, rules: RuleBase | None = None) -> Interview:
        """The interview that gave these answers, to go on with. Raises FactsError."""
        facts = PatientFacts.from_mapping(answers)
        base = rules_or_shipped(rules)
        assess(facts, rules=base, engine="compiled")
        in_vain = [fact for fact, value in answers.items() if value is None]
        tested = not FOUND_BY_TESTS.isdisjoint(facts.known())
        return cls(facts, rules=base, in_vain=in_vain, has_tests=tested)


_STATE = {"answers", "has_tests", "length", "rules_version"}


def _no_state(given: object) -> FactsError:
    message = f"takes what to_state() gave, got {shorten(given)}"
    return FactsError.of(message, field="state", value=given)


def _begun_by_others(version: object, rules: RuleBase, which: str) -> FactsError:
    message = (
        f"this interview was begun by the rules {str(version)[:12]}, and {which} are "
        f"{rules.version[:12]}: give from_state() the rules that it was begun with, or go on by "
        'other rules with Interview.resumed(state["answers"])'
    )
    return FactsError.of(message, field="rules_version", value=version)


def _yes_or_no(answer: object) -> bool | None:
    if answer is None or answer is True or answer is False:
        return answer
    raise _no_yes_or_no(answer, HAS_TESTS)


def _no_yes_or_no(value: object, name: str) -> FactsError:
    return FactsError.of(f"takes true or false, got {shorten(value)}", field=name, value=value)


def _whether_tested(first: Question, rules: RuleBase) -> Question:
    return Question(
        id=HAS_TESTS,
        text=filled(rules.wording.leaflet["whether_tested"], window=TEST_WINDOW),
        facts=(),
        why=first.why,
        could_change=first.could_change,
        could_reach=first.could_reach,
    )
