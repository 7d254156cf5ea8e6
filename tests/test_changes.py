"""What would change: what is named does what is said, and nothing small is missed."""

import itertools
import json
import math
import os
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

import crampsrules
from crampsrules import FactsError, PatientFacts, RuleBase, assess
from crampsrules.changes import what_would_change
from crampsrules.conditions import Comparison, Member, fact_atoms
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.fold import active_escalations, rank_causes
from crampsrules.triage import Triage
from tests.drawing import ROOT, fact_mappings, facts_asked, fewer, rule_bases
from tests.written_rules import evidence, finding, rules_of, urgent

SHIPPED = RuleBase.load()


@st.composite
def cases(draw, rules=None):
    """A rule base, and a patient of whom little enough is known."""
    base = draw(rule_bases()) if rules is None else rules
    known = draw(fact_mappings(base))
    kept = draw(st.sets(st.sampled_from(sorted(known)), max_size=8)) if known else set()
    return base, _coherent({name: known[name] for name in sorted(kept)})


def _coherent(known):
    return {**known, "kidney_disease": True} if known.get("dialysis") else known


def answer(rules, facts):
    fired = engine_for(rules, "compiled").fire(PatientFacts.from_mapping(facts))
    active = active_escalations(rules, fired)
    causes = rank_causes(rules, fired)
    triage = max((one.triage for one in active), default=Triage.SELF_CARE)
    return triage, causes[0].id if causes else None


def assessed(rules, facts):
    found = assess(facts, rules=rules, engine="compiled")
    return found.triage, found.causes[0].id if found.causes else None


def effect_of(before, after):
    if after[0] != before[0]:
        return "raises_triage" if after[0] > before[0] else "lowers_triage"
    return "changes_first_cause" if after[1] != before[1] else None


def goes_as_far(one, other, effect):
    """Whether an answer is as far from the present one as another that has this effect."""
    match effect:
        case "raises_triage":
            return one[0] >= other[0]
        case "lowers_triage":
            return one[0] <= other[0]
    return one == other


# --- What is named does what is said ------------------------------------------------------------


def check_each_change(rules, known):
    now = assessed(rules, known)

    for change in what_would_change(known, rules=rules):
        then = assessed(rules, {**known, **change.facts})

        assert not set(change.facts) & set(known)
        assert 1 <= len(change.facts) <= 2
        assert then == (change.triage, change.first_cause)
        assert effect_of(now, then) == change.effect
        if len(change.facts) == 2:
            for name, value in change.facts.items():
                alone = assessed(rules, {**known, name: value})
                assert not goes_as_far(alone, then, change.effect)


@given(cases())
@fewer(4)
def test_each_change_of_a_drawn_rule_base_does_what_is_said_and_no_part_of_it_does(case):
    check_each_change(*case)


@given(cases(SHIPPED))
@fewer(50)
def test_each_change_of_the_shipped_rules_does_what_is_said_and_no_part_of_it_does(case):
    check_each_change(*case)


@given(cases())
@fewer(4)
def test_changes_come_raising_first_then_lowering_then_causes_and_none_twice(case):
    rules, known = case
    order = ("raises_triage", "lowers_triage", "changes_first_cause")

    changes = what_would_change(known, rules=rules)

    places = [(order.index(one.effect), -one.triage, len(one.facts)) for one in changes]
    assert places == sorted(places)
    told = [(one.effect, frozenset(one.facts), one.first_cause) for one in changes]
    assert len(set(told)) == len(told)


def test_of_two_values_of_a_fact_that_lower_the_triage_the_one_that_lowers_it_most_is_named():
    rules = rules_of(
        urgent("low", "weakness", unless="potassium_mmol_l >= 3.0"),
        urgent("lowish", "weakness", "soon", unless="potassium_mmol_l >= 3.5"),
    )

    (change,) = what_would_change({"weakness": True}, rules=rules)

    assert (change.effect, change.triage) == ("lowers_triage", Triage.SELF_CARE)
    potassium = change.facts["potassium_mmol_l"]
    assert isinstance(potassium, float)
    assert potassium >= 3.5


def test_each_cause_that_a_fact_could_bring_to_the_top_is_named():
    rules = rules_of(
        evidence("dry", "dryness", "urine == 'dark_yellow'", weight="large"),
        evidence("brown", "muscle", "urine == 'cola'", weight="large"),
        causes=["dryness", "muscle"],
    )

    changes = what_would_change({}, rules=rules)

    brought = {one.first_cause: one.facts for one in changes}
    assert brought == {"dryness": {"urine": "dark_yellow"}, "muscle": {"urine": "cola"}}


# --- Nothing small is missed --------------------------------------------------------------------


def every_value(rules, name):
    """Values of a fact on both sides of, and exactly at, all that the rules compare it with."""
    fact = FACTS[name]
    asked = [
        atom
        for condition in rules.conditions.values()
        for atom in fact_atoms(condition)
        if atom.fact == name
    ]
    match fact.kind:
        case "flag":
            return [True, False]
        case "choice":
            return list(fact.members)
        case "members" | "medicines":
            mentioned = sorted({atom.member for atom in asked if isinstance(atom, Member)})
            pairs = itertools.combinations(mentioned, 2) if fact.kind == "members" else ()
            return [[], *([one] for one in fact.members or mentioned), *map(list, pairs)]
    marks = {atom.value for atom in asked if isinstance(atom, Comparison)}
    return every_number(fact, marks)


def every_number(fact, marks):
    ends = (-math.inf, 0, math.inf)
    near: set[float]
    if fact.kind == "integer":
        near = {int(mark) + step for mark in marks for step in (-1, 0, 1)}
    else:
        near = {math.nextafter(mark, end) if end else mark for mark in marks for end in ends}
    return sorted(value for value in {*near, fact.low, fact.high} if fact.low <= value <= fact.high)


def named(changes, facts, then, effect):
    """Whether these facts are named, with values that go at least as far."""
    return any(
        one.effect == effect
        and set(one.facts) == set(facts)
        and goes_as_far((one.triage, one.first_cause), then, effect)
        for one in changes
    )


def try_all(rules, known, names):
    """The answer with every value of each of these facts that contradicts nothing known."""
    answers = {}
    for name in names:
        for at, value in enumerate(every_value(rules, name)):
            try:
                answers[name, at] = (value, answer(rules, {**known, name: value}))
            except FactsError:
                continue
    return answers


def check_singles(rules, known):
    names = [name for name in facts_asked(rules) if name not in known]
    now = answer(rules, known)
    changes = what_would_change(known, rules=rules)

    for (name, _), (value, then) in try_all(rules, known, names).items():
        effect = effect_of(now, then)
        if effect is not None:
            assert named(changes, {name: value}, then, effect), (name, value, now, then)


@given(cases())
@fewer(3)
def test_no_single_fact_of_a_drawn_rule_base_is_missed(case):
    check_singles(*case)


@given(cases(SHIPPED))
@fewer(33)
def test_no_single_fact_of_the_shipped_rules_is_missed(case):
    check_singles(*case)


def check_pairs(rules, known, names):
    now = answer(rules, known)
    changes = what_would_change(known, rules=rules)
    alone = try_all(rules, known, names)

    for ((one, _), (first, a)), ((other, _), (second, b)) in itertools.combinations(
        alone.items(), 2
    ):
        if one == other:
            continue
        facts = {one: first, other: second}
        try:
            then = answer(rules, {**known, **facts})
        except FactsError:
            continue
        effect = effect_of(now, then)
        if effect and not goes_as_far(a, then, effect) and not goes_as_far(b, then, effect):
            assert named(changes, facts, then, effect), (facts, now, a, b, then)


@given(cases(), st.data())
@fewer(3)
def test_no_pair_of_facts_of_a_small_rule_base_is_missed(case, data):
    rules, known = case
    unknown = [name for name in facts_asked(rules) if name not in known]
    names = data.draw(st.permutations(unknown)) if len(unknown) > 10 else unknown

    check_pairs(rules, known, names[:10])


@given(cases(SHIPPED), st.data())
@fewer(50)
def test_no_pair_among_a_few_facts_of_the_shipped_rules_is_missed(case, data):
    rules, known = case
    unknown = [name for name in facts_asked(rules) if name not in known]

    check_pairs(rules, known, data.draw(st.permutations(unknown))[:10])


@given(
    st.sampled_from(("potassium", "calcium", "magnesium", "sodium")),
    st.sampled_from(("low", "high")),
    st.data(),
)
@fewer(33)
def test_no_pair_with_a_measured_value_in_place_of_a_reported_one_is_missed(mineral, word, data):
    known = {f"{mineral}_reported": word, "palpitations": data.draw(st.booleans())}
    others = data.draw(st.permutations([one for one in facts_asked(SHIPPED) if one not in known]))

    check_pairs(SHIPPED, known, [f"{mineral}_mmol_l", *others[:8]])


# --- Examples -----------------------------------------------------------------------------------


def test_a_cold_leg_and_numbness_are_an_emergency_only_together():
    changes = what_would_change({"sites": ["calf"], "symptoms": ["cramp"]})
    emergencies = [set(one.facts) for one in changes if one.triage is Triage.EMERGENCY]

    assert {"leg_cold_or_pale", "numbness"} in emergencies
    assert {"leg_cold_or_pale"} not in emergencies
    assert {"numbness"} not in emergencies


def test_how_long_it_lasted_lowers_what_stands_only_as_long_as_that_is_unknown():
    texts = {
        "cause.toml": 'id = "a_cause"\ntitle = "A"\nprior = 0\nsource = "b"\n'
        '[[evidence]]\nid = "e"\nwhen = "injury"\nweight = "small"\nbecause = "x"\nsource = "b"\n'
        '[[sources]]\nid = "b"\ntitle = "B"\n'
        '[[escalations]]\nid = "one"\nwhen = "fever"\nunless = "known(thirst)"\n'
        'triage = "same_day"\nreason = "R."\nsource = "b"\n'
        '[[escalations]]\nid = "two"\nwhen = "fever"\nunless = "not fatigue"\n'
        'triage = "same_day"\nreason = "R."\nsource = "b"\n'
    }

    changes = what_would_change({"fever": True}, rules=RuleBase.from_texts(texts))

    lowering = [one for one in changes if one.effect == "lowers_triage"]
    assert [set(one.facts) for one in lowering] == [{"fatigue", "thirst"}]
    assert lowering[0].facts["fatigue"] is False
    assert lowering[0].triage is Triage.SELF_CARE


def test_two_answers_may_unblock_what_is_set_aside_as_long_as_either_is_missing():
    texts = {
        "cause.toml": 'id = "a_cause"\ntitle = "A"\nprior = 0\nsource = "b"\n'
        '[[evidence]]\nid = "e"\nwhen = "injury"\nweight = "small"\nbecause = "x"\nsource = "b"\n'
        '[[sources]]\nid = "b"\ntitle = "B"\n'
        '[[escalations]]\nid = "one"\nwhen = "fever"\n'
        'unless = "fever and (not known(thirst) or not known(fatigue))"\n'
        'triage = "same_day"\nreason = "R."\nsource = "b"\n'
    }

    changes = what_would_change({"fever": True}, rules=RuleBase.from_texts(texts))

    raising = [set(one.facts) for one in changes if one.effect == "raises_triage"]
    assert raising == [{"fatigue", "thirst"}]


def test_a_pair_may_excuse_what_one_of_its_facts_would_raise():
    texts = {
        "cause.toml": 'id = "usual"\ntitle = "U"\nprior = 0\nsource = "b"\nfallback = true\n',
        "other.toml": 'id = "other"\ntitle = "O"\nprior = 0\nsource = "b"\n'
        '[[evidence]]\nid = "e"\nwhen = "injury"\nweight = "small"\nbecause = "x"\nsource = "b"\n'
        '[[sources]]\nid = "b"\ntitle = "B"\n'
        '[[escalations]]\nid = "one"\nwhen = "injury"\nunless = "injury and fever"\n'
        'triage = "routine"\nreason = "R."\nsource = "b"\n',
    }

    changes = what_would_change({}, rules=RuleBase.from_texts(texts))

    told = {frozenset(one.facts): one.effect for one in changes}
    assert told[frozenset({"injury"})] == "raises_triage"
    assert told[frozenset({"fever", "injury"})] == "changes_first_cause"


def test_a_medicine_of_one_class_and_not_of_another_is_tried_by_its_name():
    texts = {
        "cause.toml": 'id = "a_cause"\ntitle = "A"\nprior = 0\nsource = "b"\n'
        '[[evidence]]\nid = "e"\nweight = "small"\nbecause = "x"\nsource = "b"\n'
        'when = \'"wide" in medications and "narrow" not in medications\'\n'
        '[[sources]]\nid = "b"\ntitle = "B"\n'
        '[[classes]]\nid = "wide"\ntitle = "W"\nnames = ["wideazole"]\n'
        '[[classes]]\nid = "narrow"\ntitle = "N"\nwithin = ["wide"]\nnames = ["narrowstatin"]\n'
    }

    (change,) = what_would_change({}, rules=RuleBase.from_texts(texts))

    assert change.facts == {"medications": ["wideazole"]}


def test_a_measured_value_lowers_what_only_a_reported_one_raised():
    changes = what_would_change({"potassium_reported": "low"})

    lowering = [one for one in changes if one.effect == "lowers_triage" and len(one.facts) == 1]
    assert [dict(one.facts) for one in lowering] == [{"potassium_mmol_l": 3.5}]
    assert lowering[0].triage is Triage.SELF_CARE


def test_two_facts_may_reorder_the_causes_where_neither_does_alone():
    texts = {
        f"{name}.toml": f'id = "{name}"\ntitle = "A"\nprior = 0\nsource = "b"\n{evidence}'
        for name, evidence in {
            "first": '[[evidence]]\nid = "f1"\nwhen = "injury"\nweight = "large"\nbecause = "x"\n'
            'source = "b"\n[[evidence]]\nid = "f2"\nwhen = "thirst"\nweight = "against-moderate"\n'
            'because = "x"\nsource = "b"\n[[sources]]\nid = "b"\ntitle = "B"\n',
            "second": '[[evidence]]\nid = "s1"\nwhen = "fever"\nweight = "moderate"\n'
            'because = "x"\nsource = "b"\n',
        }.items()
    }

    changes = what_would_change({"injury": True}, rules=RuleBase.from_texts(texts))

    assert [(dict(one.facts), one.first_cause) for one in changes] == [
        ({"fever": True, "thirst": True}, "second")
    ]


def test_what_is_named_can_be_written_as_json_and_given_back():
    changes = what_would_change({"age_years": 71})

    for change in changes[:: len(changes) // 20]:
        again = PatientFacts.from_json(json.dumps({"age_years": 71, **change.facts}))
        assert answer(SHIPPED, again.to_dict()) == (change.triage, change.first_cause)


def test_nothing_raises_an_emergency():
    assert all(
        one.effect == "changes_first_cause" for one in what_would_change({"chest_pain": True})
    )


def test_bad_facts_are_refused():
    with pytest.raises(FactsError, match="age_years"):
        crampsrules.what_would_change({"age_years": 400})


# --- Pairs, each of a kind ----------------------------------------------------------------------


def told(facts, rules, effect=None):
    """What would change, the most urgent first."""
    changes = what_would_change(facts, rules=rules)
    return [dict(one.facts) for one in changes if effect in (None, one.effect)]


@pytest.mark.parametrize("when", ["one and other", "other and one"])
def test_a_rule_set_aside_while_something_is_unknown_is_found_behind_findings(when):
    """Whichever finding comes first."""
    rules = rules_of(
        finding("one", "injury"),
        finding("other", "fever"),
        urgent("set_aside", when, unless="fever and not known(thirst)"),
    )

    assert told({"fever": True}, rules) == [{"injury": True, "thirst": True}]
    assert told({"fever": True, "thirst": False}, rules) == [{"injury": True}]


def test_an_exception_of_two_facts_lowers_the_level():
    """Of what raised it."""
    rules = rules_of(urgent("fever", "fever", unless="thirst and injury"))

    assert told({"fever": True}, rules) == [{"injury": True, "thirst": True}]


def test_a_measured_value_and_an_excuse_lower_the_level_together():
    """The first takes the place of what was reported, the second excuses the other reason."""
    rules = rules_of(
        urgent("reported", 'potassium_reported == "low"'),
        urgent("measured", "potassium_mmol_l < 3.5"),
        urgent("fever", "fever", unless="thirst"),
    )

    (pair,) = told({"potassium_reported": "low", "fever": True}, rules)

    assert pair["thirst"] is True
    assert pair.keys() == {"potassium_mmol_l", "thirst"}
    assert pair["potassium_mmol_l"] >= 3.5


def test_a_pair_that_lowers_no_more_than_one_of_its_facts_is_not_told():
    """Even where the other fact puts another cause first."""
    rules = rules_of(
        urgent("reported", 'potassium_reported == "low"'),
        urgent("measured", "potassium_mmol_l < 3.5"),
        evidence("cause.bruises", "cause", "bruising", weight="large"),
        causes=["cause"],
    )
    known = {"potassium_reported": "low"}

    assert [list(one) for one in told(known, rules, "lowers_triage")] == [["potassium_mmol_l"]]
    assert told(known, rules, "changes_first_cause") == [{"bruising": True}]


def test_a_member_that_no_rule_asks_about_is_tried_as_well():
    """Only who has another pain than an ache has no ache, and is not known to be without pain."""
    rules = rules_of(urgent("no_ache", '"ache" not in symptoms', unless='"pain" not in symptoms'))

    assert told({}, rules) == [{"symptoms": ["cramp"]}]


@pytest.mark.parametrize(
    ("when", "shown"),
    [
        ("age_years > 50", {"age_years": 51}),
        ("age_years >= 50", {"age_years": 50}),
        ("age_years < 50", {"age_years": 49}),
        ("age_years <= 50", {"age_years": 50}),
        ("episodes_per_week > 7", {"episodes_per_week": 7.1}),
        ("pain_severity > 3", {"pain_severity": 4}),
        ("potassium_mmol_l > 3.5", {"potassium_mmol_l": 3.6}),
        ("ankle_brachial_index < 0.9", {"ankle_brachial_index": 0.89}),
    ],
)
def test_a_threshold_is_shown_just_met(when, shown):
    """By as much as a person or a laboratory would say."""
    (found,) = told({}, rules_of(urgent("one", when)))

    assert found == pytest.approx(shown)


def test_what_is_found_among_too_many_pairs_is_the_same_in_every_process():
    """Sets have another order in each, and not all pairs can be tried."""
    program = """
from crampsrules import changes, what_would_change
from crampsrules.facts import FACTS
from tests.written_rules import finding, rules_of, urgent
changes.MOST_WAYS = 500
flags = [name for name, fact in FACTS.items() if fact.kind == "flag"]
rules = rules_of(
    finding("aa", " or ".join(flags[:40])),
    finding("bb", " or ".join(flags[40:80])),
    urgent("both", "aa and bb"),
)
print([sorted(one.facts) for one in what_would_change({}, rules=rules)])
"""
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in "012"
    }

    assert len(found) == 1
