"""Learning a fact adds to what fires. What it takes away, a rule says in so many words."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.conditions import Known, atoms
from crampsrules.facts import FACTS
from crampsrules.fold import active_escalations
from crampsrules.rules import unless_id
from tests.drawing import fact_mappings, rule_bases
from tests.engines.common import HERE, agree, asked


def learnt(draw, rules):
    """A patient before and after something more is learnt, and what that is.

    A measured value in place of a reported one corrects what was known, and so does not count:
    it may be that the report was wrong.
    """
    after = draw(fact_mappings(rules))
    names = draw(st.sets(st.sampled_from(sorted(after)))) if after else set()
    before = {name: value for name, value in after.items() if name not in names}
    corrected = {name for name in before if FACTS[name].measured_by in names}
    before = {name: value for name, value in before.items() if name not in corrected}
    after = {name: value for name, value in after.items() if name not in corrected}
    return PatientFacts.from_mapping(before), PatientFacts.from_mapping(after), names


def asks_whether_known(rules, id_):
    """Whether an `unless` asks `known(...)`, the one thing that learning can make false."""
    return any(isinstance(atom, Known) for atom in atoms(rules.conditions[id_]))


def check_that_learning_adds(rules, before, after):
    lost = agree(rules, before) - agree(rules, after)
    assert not lost & rules.rules.keys()
    assert all(asks_whether_known(rules, id_) for id_ in lost)


def check_that_an_unless_names_it(rules, before, after, names):
    fired, more = agree(rules, before), agree(rules, after)
    active = {one.id for one in active_escalations(rules, more)}
    gone = [one.id for one in active_escalations(rules, fired) if one.id not in active]
    for id_ in gone:
        # A reported value that is passed over for a measured one is named by either.
        named = asked(rules, rules.conditions[unless_id(id_)])
        named |= {by for name in named if (by := FACTS[name].measured_by)}
        assert unless_id(id_) in more - fired
        assert named & names
    levels = [assess(facts, rules=rules, engine="compiled").triage for facts in (before, after)]
    assert levels[1] >= levels[0] or gone


@settings(max_examples=60)
@given(data=st.data())
def test_learning_adds_to_what_the_shipped_rules_fire(data):
    """No rule un-fires, and an escalation goes only when its own `unless` asks what was learnt."""
    rules = RuleBase.load()
    before, after, names = learnt(data.draw, rules)
    check_that_learning_adds(rules, before, after)
    check_that_an_unless_names_it(rules, before, after, names)


@settings(max_examples=50)
@given(data=st.data())
def test_learning_adds_to_what_any_rules_fire(data):
    """The language itself has no rule that knowledge could silence, but for an `unless`."""
    rules = data.draw(rule_bases())
    before, after, names = learnt(data.draw, rules)
    check_that_learning_adds(rules, before, after)
    check_that_an_unless_names_it(rules, before, after, names)


def test_an_unless_that_comes_true_lowers_triage():
    """The way down exists, or the tests above would test nothing."""
    rules = RuleBase.from_texts(
        {
            "rules.toml": """
                [[sources]]
                id = "book"
                title = "The book"
                [[escalations]]
                id = "see"
                when = "weakness"
                unless = "injury"
                triage = "same_day"
                reason = "A reason."
                source = "book"
            """
        }
    )
    for engine in HERE:
        before = assess(rules=rules, engine=engine, weakness=True)
        after = assess(rules=rules, engine=engine, weakness=True, injury=True)
        assert (before.triage.id, after.triage.id) == ("same_day", "self_care")


def test_a_measured_value_corrects_a_reported_one():
    """The one exception: told "low", then measured as normal, it is normal."""
    rules = RuleBase.load()
    told = agree(rules, PatientFacts(potassium_reported="low"))
    both = agree(rules, PatientFacts(potassium_reported="low", potassium_mmol_l=4.2))
    measured = agree(rules, PatientFacts(potassium_mmol_l=4.2))
    assert both == measured
    assert told - measured
