"""What a condition says of a patient, in three values."""

import re
from typing import Any

from attrs import field, frozen
from hypothesis import example, given
from hypothesis import strategies as st

from crampsrules import PatientFacts
from crampsrules.conditions import (
    ALWAYS,
    AllOf,
    AnyOf,
    Condition,
    atoms,
    evaluate,
    is_true,
    known_where_true,
    true_where_nothing_is_known,
)
from crampsrules.memberships import membership
from crampsrules.parsing import Vocabulary, parse
from tests import kleene
from tests.drawing import CLASSES, condition_texts, fact_mappings, fewer

VOCABULARY = Vocabulary(
    findings=frozenset({"found_0", "found_1"}),
    causes=frozenset({"cause_0", "alcohol"}),
    medicine_classes=frozenset(CLASSES),
)
FACTS_ONLY = Vocabulary(medicine_classes=frozenset(CLASSES))


verdicts = st.sampled_from((True, False, None))


@frozen
class Stub:
    """A patient whose medicines are classes, and what was concluded as the test says."""

    known: dict[str, Any]
    concluded: dict[str, bool | None] = field(factory=dict)

    def value(self, fact: str) -> object:
        return self.known.get(fact)

    def member(self, fact: str, member: str) -> bool | None:
        if fact not in self.known:
            return None
        if fact == "medications":
            return member in self.known[fact]
        return membership(fact, self.known[fact]).holds(member)

    def finding(self, name: str) -> bool | None:
        return self.concluded[name]

    def suspected(self, cause: str) -> bool | None:
        return self.concluded[cause]


@st.composite
def cases(draw):
    """Known facts, and any verdict on each finding and cause."""
    facts = PatientFacts.from_mapping(draw(fact_mappings())).known()
    if "medications" in facts:
        facts["medications"] = draw(st.frozensets(st.sampled_from(CLASSES)))
    names = sorted(VOCABULARY.findings | VOCABULARY.causes)
    return Stub(facts, draw(st.fixed_dictionaries(dict.fromkeys(names, verdicts))))


NOTHING_KNOWN = Stub({}, dict.fromkeys(VOCABULARY.findings | VOCABULARY.causes))


def read(text: str, *, may_ask_known: bool = True) -> Condition:
    return parse(text, VOCABULARY, may_ask_known=may_ask_known)


@given(text=condition_texts(VOCABULARY, may_ask_known=True), case=cases())
def test_a_condition_means_what_its_text_says(text, case):
    """Pushing `not` down to the comparisons changes no verdict, unknown included."""
    assert evaluate(read(text), case) is kleene.judge(text, case, VOCABULARY.findings)


@given(text=condition_texts(FACTS_ONLY, may_ask_known=True), case=cases())
def test_not_turns_the_verdict_round(text, case):
    """`not (x)` is true where x is false, and unknown where x is unknown."""
    verdict = evaluate(read(text), case)

    assert evaluate(read(f"not ({text})"), case) is kleene.opposite(verdict)


@fewer(2)
@given(text=condition_texts(VOCABULARY), case=cases(), data=st.data())
def test_learning_more_never_overturns_a_verdict(text, case, data):
    """A verdict of true or false stays when an unknown fact or conclusion becomes known."""
    told = PatientFacts.from_mapping(data.draw(fact_mappings())).known()
    told.pop("medications", None)
    concluded = {
        name: data.draw(verdicts) if verdict is None else verdict
        for name, verdict in case.concluded.items()
    }
    condition = read(text, may_ask_known=False)
    before = evaluate(condition, case)
    after = evaluate(condition, Stub({**told, **case.known}, concluded))

    assert before is None or after is before


@given(text=condition_texts(VOCABULARY))
def test_nothing_is_known_of_an_unknown_patient(text):
    """Without a single fact no condition is true or false."""
    nobody = Stub({}, dict.fromkeys(VOCABULARY.findings | VOCABULARY.causes))

    assert evaluate(read(text, may_ask_known=False), nobody) is None


@given(text=condition_texts(VOCABULARY, may_ask_known=True), case=cases())
def test_what_is_known_to_be_true_is_what_is_judged_true(text, case):
    """False and unknown are told apart by `evaluate` alone."""
    condition = read(text)

    assert is_true(condition, case) is (evaluate(condition, case) is True)


@given(text=condition_texts(VOCABULARY, may_ask_known=True), case=cases())
def test_of_some_facts_one_is_known_wherever_a_condition_is_true(text, case):
    """So where none of them is, it need not be judged."""
    condition = read(text)
    facts = known_where_true(condition)

    assert facts is None or not is_true(condition, case) or facts & case.known.keys()


@given(text=condition_texts(VOCABULARY, may_ask_known=True))
@example(text="known(age_years) or fever and not known(egfr)")
@example(text="known(age_years) or not known(egfr)")
def test_what_is_true_where_nothing_is_known_is_known_beforehand(text):
    """As it is judged of a person of whom nothing is known, and nothing concluded."""
    condition = read(text)

    assert true_where_nothing_is_known(condition) == is_true(condition, NOTHING_KNOWN)


def test_the_facts_of_which_one_is_known_are_few():
    """Of an `and` those of one part, of an `or` those of all."""
    assert known_in("(tingling or bruising) and weakness") == ["weakness"]
    assert known_in("tingling or bruising") == ["bruising", "tingling"]
    assert known_in("known(age_years)") == ["age_years"]
    assert known_in("not tingling and suspected(cause_0)") == ["tingling"]
    assert known_in("tingling or found_0") is None
    assert known_in("not known(age_years)") is None
    assert known_where_true(AllOf(())) is None
    assert known_where_true(AnyOf(())) == frozenset()


def known_in(text: str) -> list[str] | None:
    """The facts of which one is known wherever the text is true."""
    found = known_where_true(read(text))
    return None if found is None else sorted(found)


@given(text=condition_texts(VOCABULARY, may_ask_known=True))
def test_atoms_are_all_that_a_condition_asks(text):
    """`atoms` names every fact, finding and cause in the text, and no other."""
    named = {
        getattr(atom, "fact", None) or getattr(atom, "finding", None) or getattr(atom, "cause", "")
        for atom in atoms(read(text))
    }
    without_members = re.sub(r'"[^"]*"', "", text)
    words = set(re.findall(r"[a-z_]\w*", without_members))

    assert named == words - {"and", "or", "not", "in", "known", "suspected"}


def test_a_condition_without_parts_always_holds():
    """What has no `when` is true of everyone, unknown patients too."""
    assert evaluate(ALWAYS, Stub({})) is True
