"""What is known to be false, and so what is undecided, as the readable inference has it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.denials import denials
from crampsrules.inference import Inference
from crampsrules.observations import observe
from tests.drawing import fewer, patients, rule_bases
from tests.satisfying import near_examples


def known_false(rules: RuleBase, facts: PatientFacts) -> set[str]:
    """The ids whose condition the oracle finds false."""
    inference = Inference(rules, observe(facts, rules.formulary))
    return {id_ for id_ in rules.conditions if inference.verdict(id_) is False}


SHIPPED = RuleBase.load()
deny_shipped = denials(SHIPPED, SHIPPED.conditions).naming()


@fewer(3)
@given(patients() | near_examples(SHIPPED))
def test_every_condition_of_the_shipped_rules_is_denied_rightly(patient):
    """Findings and suspicions included: false when every rule for them is."""
    found = deny_shipped(patient) & SHIPPED.conditions.keys()

    assert found == known_false(SHIPPED, patient)


@fewer(3)
@given(st.data())
def test_every_condition_of_any_rules_is_denied_rightly(data):
    """Also of rules that nobody has written yet."""
    rules = data.draw(rule_bases())
    patient = data.draw(patients(rules))
    found = denials(rules, rules.conditions).naming()(patient) & rules.conditions.keys()

    assert found == known_false(rules, patient)


def test_findings_that_stand_on_each_other_are_denied_once():
    """A ladder of findings, each naming the one below twice, does not double at every step."""
    steps = "\n".join(
        f"[[findings]]\nid = 'step.{n}'\nconcludes = 'step_{n}'\nsource = 'book'\nwhen = '"
        + (f"step_{n - 1} and thirst or step_{n - 1} and fever" if n else "weakness")
        + "'"
        for n in range(8)
    )
    rules = RuleBase.from_texts(
        {"rules.toml": f"{steps}\n[[sources]]\nid = 'book'\ntitle = 'The book'"}
    )
    program = denials(rules, ["step.7"])

    assert len(program.conditions) == 8
    assert program.naming()(PatientFacts(weakness=False)) >= {"step.7"}
    assert "step.7" not in program.naming()(PatientFacts(thirst=False))
