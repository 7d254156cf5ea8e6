"""The readable inference against a second one, written from the texts of the rules alone."""

import pytest
from attrs import define, field
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import Known, atoms
from crampsrules.inference import Inference
from crampsrules.observations import Observations, observe
from crampsrules.rules import caution_id, unless_id
from tests import kleene
from tests.drawing import fact_mappings, fewer, patients, rule_bases


def infer(rules: RuleBase, facts: PatientFacts) -> Inference:
    return Inference(rules, observe(facts, rules.formulary))


def texts(rules: RuleBase) -> dict[str, str]:
    """The text of every condition, by the id that it fires under."""
    found = {one.id: one.when for one in rules.findings}
    found |= {one.id: one.when for ones in rules.evidence.values() for one in ones}
    for escalation in rules.escalations:
        found[escalation.id] = escalation.when
        if escalation.unless is not None:
            found[unless_id(escalation.id)] = escalation.unless
    for advice in rules.advice:
        found[advice.id] = advice.when or ""
        found |= {unless_id(advice.id, entry.id): entry.when for entry in advice.unless}
        found |= {caution_id(advice.id, entry.id): entry.when or "" for entry in advice.cautions}
    return found


@define
class ByHand:
    """Forward chaining as one would do it with a pencil: round and round until nothing changes."""

    rules: RuleBase
    observations: Observations
    verdicts: dict[str, bool | None] = field(factory=dict)

    def value(self, fact: str) -> object:
        return self.observations.value(fact)

    def member(self, fact: str, member: str) -> bool | None:
        return self.observations.member(fact, member)

    def finding(self, name: str) -> bool | None:
        return self.any_of([one.id for one in self.rules.findings if one.concludes == name])

    def suspected(self, cause: str) -> bool | None:
        evidence = [one for one in self.rules.evidence[cause] if one.role is None]
        return self.any_of([one.id for one in evidence if self.rules.decibans[one.id] > 0])

    def any_of(self, ids: list[str]) -> bool | None:
        return kleene.any_true(self.verdicts.get(id_) for id_ in ids)

    def run(self) -> dict[str, bool | None]:
        findings = {one.concludes for one in self.rules.findings}
        found = texts(self.rules)
        for _ in range(len(found) + 1):
            before = dict(self.verdicts)
            for id_, text in found.items():
                self.verdicts[id_] = kleene.judge(text, self, findings) if text else True
            if self.verdicts == before:
                return before
        raise AssertionError("the rules never settle")


def assert_agree(rules: RuleBase, facts: PatientFacts) -> None:
    inference = infer(rules, facts)
    by_hand = ByHand(rules, observe(facts, rules.formulary)).run()

    assert {id_: inference.verdict(id_) for id_ in rules.conditions} == by_hand
    assert inference.fired() == {id_ for id_, verdict in by_hand.items() if verdict is True}


@fewer(3)
@given(st.data())
def test_drawn_rules_fire_as_their_texts_say(data):
    """Three-valued verdicts of every rule, finding and suspicion, on any small rule base."""
    rules = data.draw(rule_bases())
    for facts in data.draw(st.lists(patients(rules), min_size=1, max_size=3)):
        assert_agree(rules, facts)


@fewer(3)
@given(patients())
def test_shipped_rules_fire_as_their_texts_say(facts):
    """The same for the shipped rules."""
    assert_agree(RuleBase.load(), facts)


@fewer(2)
@given(st.data())
def test_learning_a_fact_never_unfires_a_shipped_rule(data):
    """What fired for fewer facts fires for more, but where an `unless` asks what is known."""
    assert_monotone(RuleBase.load(), data)


@fewer(3)
@given(st.data())
def test_learning_a_fact_never_unfires_a_drawn_rule(data):
    """So it does in any rule base; and what was known to be false stays false."""
    assert_monotone(data.draw(rule_bases()), data)


def assert_monotone(rules: RuleBase, data: st.DataObject) -> None:
    more = data.draw(fact_mappings(rules))
    kept = data.draw(st.lists(st.sampled_from(sorted(more)), unique=True) if more else st.just([]))
    fewer_facts = {name: more[name] for name in kept}
    if hides_reported(more, fewer_facts):
        return
    before = infer(rules, PatientFacts.from_mapping(fewer_facts))
    after = infer(rules, PatientFacts.from_mapping(more))

    for id_, condition in rules.conditions.items():
        if not any(isinstance(atom, Known) for atom in atoms(condition)):
            verdict = before.verdict(id_)
            assert verdict is None or after.verdict(id_) is verdict, id_


def hides_reported(more: dict[str, object], fewer_facts: dict[str, object]) -> bool:
    """Whether a measured value is learnt where only the reported one was known.

    It takes its place, and may say something else.
    """
    pairs = {
        "fluid_intake": "fluid_litres_per_day",
        **{
            f"{one}_reported": f"{one}_mmol_l"
            for one in ("potassium", "calcium", "magnesium", "sodium")
        },
    }
    return any(
        reported in fewer_facts and measured in more and measured not in fewer_facts
        for reported, measured in pairs.items()
    )


@fewer(3)
@given(rule_bases())
def test_of_an_unknown_patient_only_what_is_always_offered_fires(rules):
    """Without facts nothing fires but what has no condition, or asks what is unknown."""
    inference = infer(rules, PatientFacts())
    fired = {id_ for id_ in inference.fired() if texts(rules)[id_]}

    assert all(
        any(isinstance(atom, Known) for atom in atoms(rules.conditions[id_])) for id_ in fired
    )


@fewer(3)
@given(st.data())
def test_a_conclusion_is_false_only_when_every_rule_for_it_is(data):
    """A finding or a suspicion is open as long as one rule for it is."""
    rules = data.draw(rule_bases())
    inference = infer(rules, data.draw(patients(rules)))
    for finding, ids in rules.concluding.items():
        assert inference.finding(finding) is kleene.any_true(map(inference.verdict, ids))
    for cause, ids in rules.suspecting.items():
        assert inference.suspected(cause) is kleene.any_true(map(inference.verdict, ids))


# --- Examples -----------------------------------------------------------------------------------

CHAIN = """\
[[sources]]
id = "s"
title = "S"

[[findings]]
id = "one"
concludes = "hot"
when = "fever or heat_exposure"
source = "s"

[[findings]]
id = "another"
concludes = "hot"
when = "heavy_sweating"
source = "s"

[[findings]]
id = "then"
concludes = "dry"
when = "hot and thirst"
source = "s"
"""


@pytest.mark.parametrize(
    ("facts", "hot", "dry"),
    [
        ({}, None, None),
        ({"fever": True}, True, None),
        ({"fever": True, "thirst": True}, True, True),
        ({"fever": True, "thirst": False}, True, False),
        ({"thirst": False}, None, False),
        ({"fever": False, "heat_exposure": False}, None, None),
        ({"fever": False, "heat_exposure": False, "heavy_sweating": False}, False, False),
    ],
)
def test_findings_are_three_valued(facts, hot, dry):
    """A finding that two rules conclude, and one that builds on it."""
    inference = infer(RuleBase.from_texts({"chain.toml": CHAIN}), PatientFacts.from_mapping(facts))

    assert (inference.finding("hot"), inference.finding("dry")) == (hot, dry)


@pytest.mark.parametrize(
    ("facts", "low"),
    [
        ({"potassium_reported": "low"}, True),
        ({"potassium_reported": "low", "potassium_mmol_l": 4.2}, False),
        ({"potassium_reported": "normal", "potassium_mmol_l": 3.0}, True),
    ],
)
def test_a_measured_value_goes_before_a_reported_one(facts, low):
    """Where both are known the figure counts, and the reported word is as if unknown."""
    inference = infer(RuleBase.load(), PatientFacts.from_mapping(facts))

    assert inference.finding("low_potassium_result") in ({True} if low else {False, None})


def test_the_shipped_rules_chain_at_least_three_findings_deep():
    """Facts lead to findings, to further findings, to causes and escalations."""
    rules = RuleBase.load()
    inference = infer(rules, PatientFacts(medications=frozenset({"furosemide"})))

    assert len(rules.levels) >= 4
    assert [
        inference.finding(name)
        for name in (
            "potassium_losing_medicine",
            "mineral_losing_medicine",
            "electrolyte_loss",
            "mineral_depletion",
        )
    ] == [True] * 4
