"""Every engine fires what the readable inference says, whatever the rules and the patient."""

from __future__ import annotations

import math
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from crampsrules.conditions import Comparison, atoms
from crampsrules.facts import FACTS
from tests.drawing import FLAGS, fact_values, patients, rule_bases
from tests.engines.common import agree, agree_to_the_last_field, rules_of
from tests.kleene import SIGNS

FLAG_NAMES = [fact.name for fact in FLAGS]
SHORT_NAMES = sorted(FLAG_NAMES, key=len)[:25]  # a condition has at most 1,000 characters


@settings(max_examples=60)
@given(data=st.data())
def test_engines_agree_on_the_shipped_rules_to_the_last_field(data):
    """Any patient gets the same assessment by every engine, but for the engine's name."""
    rules = RuleBase.load()
    agree_to_the_last_field(rules, data.draw(patients(rules)))


@settings(max_examples=60)
@given(data=st.data())
def test_engines_agree_on_any_rules_to_the_last_field(data):
    """Any rules, any patients: the same assessment by every engine, but for its name."""
    rules = data.draw(rule_bases())
    for facts in data.draw(st.lists(patients(rules), min_size=1, max_size=4)):
        agree_to_the_last_field(rules, facts)


def _thresholds() -> list[tuple[str, float]]:
    conditions = RuleBase.load().conditions.values()
    compared = [atom for condition in conditions for atom in atoms(condition)]
    return sorted({(one.fact, one.value) for one in compared if isinstance(one, Comparison)})


def test_engines_agree_at_every_threshold_and_next_to_it():
    """One float below a shipped threshold, at it, and one float above."""
    rules = RuleBase.load()
    for name, value in _thresholds():
        low, high = FACTS[name].low, FACTS[name].high
        assert low is not None
        assert high is not None
        step = [math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf)]
        if FACTS[name].kind == "integer":
            step = [int(value) - 1, int(value), int(value) + 1]
        for near in step:
            if low <= near <= high:
                agree(rules, PatientFacts.from_mapping({name: near}))


@settings(max_examples=50)
@given(name=st.sampled_from(("creatine_kinase_u_l", "age_years", "calcium_mmol_l")), data=st.data())
def test_a_threshold_divides_numbers_exactly(name, data):
    """Every comparison holds of a number, however tiny or huge, when it does in Python."""
    low, high = FACTS[name].low, FACTS[name].high
    numbers = st.floats(low, high).map(abs)
    limit = data.draw(st.sampled_from((low, high)) | numbers.map(lambda value: round(value, 6)))
    limit = min(max(limit, low), high)
    near = [math.nextafter(limit, -math.inf), limit, math.nextafter(limit, math.inf)]
    value = data.draw(st.sampled_from([one for one in near if low <= one <= high]) | numbers)
    rules = rules_of(*(f"{name} {sign} {limit:.20f}" for sign in SIGNS))
    wanted = {f"see.{i}" for i, compare in enumerate(SIGNS.values()) if compare(value, limit)}
    assert agree(rules, PatientFacts.from_mapping({name: value})) == wanted


@pytest.mark.parametrize("value", [5e-324, 1e-300, 1e-7, 0.1 + 0.2, 1 / 3, 9_999_999.999999998])
def test_engines_read_every_digit_of_a_number(value):
    """A number reaches the rules whole, be its shortest text with an exponent or without."""
    rules = rules_of(
        "creatine_kinase_u_l > 0", "creatine_kinase_u_l != 0", "creatine_kinase_u_l < 10000000"
    )
    facts = PatientFacts(creatine_kinase_u_l=value)
    assert agree(rules, facts) == {"see.0", "see.1", "see.2"}


def test_an_unknown_number_is_not_different_from_any():
    """`!=` is unknown, and so does not fire, where the number is unknown."""
    rules = rules_of("age_years != 50", "not age_years == 50", "not (age_years < 50)")
    assert agree(rules, PatientFacts()) == frozenset()
    assert agree(rules, PatientFacts(age_years=51)) == {"see.0", "see.1", "see.2"}


@pytest.mark.parametrize("count", [1, 50, 51, 64, 65, 200])
def test_every_rule_may_match_at_once(count):
    """Rules on facts of their own: none is lost when all of them match."""
    conditions = [FLAG_NAMES[i % len(FLAG_NAMES)] for i in range(count)]
    rules = rules_of(*conditions)
    facts = PatientFacts.from_mapping(dict.fromkeys(FLAG_NAMES, True))
    assert agree(rules, facts) == {f"see.{i}" for i in range(count)}


@pytest.mark.parametrize("count", [1, 50, 51, 64, 65, 200])
def test_one_fact_may_open_every_rule(count):
    """Thresholds of one fact, all of them passed; and half of them passed with nothing else."""
    limits = [i * 0.4 for i in range(count)]
    rules = rules_of(*(f"age_years >= {limit:.1f}" for limit in limits))
    assert len(agree(rules, PatientFacts(age_years=120))) == count
    half = rules_of(*(f"age_years >= {limit:.1f} and weakness" for limit in limits))
    assert agree(half, PatientFacts(age_years=120)) == frozenset()
    assert len(agree(half, PatientFacts(age_years=120, weakness=True))) == count


def test_every_half_of_the_shipped_rules_may_match_at_once():
    """Every yes-or-no fact true, and every one false, with as much else as can be known."""
    rules = RuleBase.load()
    for answer in (True, False):
        known: dict[str, object] = dict.fromkeys(FLAG_NAMES, answer)
        for fact in FACTS.values():
            if fact.kind == "choice":
                known[fact.name] = fact.members[-1]
            elif fact.kind == "members":
                known[fact.name] = list(fact.members)
            elif fact.is_number:
                known[fact.name] = fact.high
        known["medications"] = list(rules.formulary.classes) if answer else []
        agree_to_the_last_field(rules, PatientFacts.from_mapping(known))


@settings(max_examples=40)
@given(data=st.data())
def test_an_and_of_many_ors_is_cut_into_parts(data):
    """Up to ten ors of up to five flags: 5 to the power of 10 ways to be true."""
    used = st.sampled_from(SHORT_NAMES)
    literals = st.tuples(used, st.booleans()).map(lambda one: one[0] if one[1] else f"not {one[0]}")
    ors = st.lists(literals, min_size=2, max_size=5).map(" or ".join)
    parts = data.draw(st.lists(ors, min_size=2, max_size=10))
    deeper = f"(thirst and ({') and ('.join(parts)}) or fever) and (({parts[0]}) or dizziness)"
    rules = rules_of(f"({') and ('.join(parts)})", deeper)
    values = st.dictionaries(st.sampled_from([*SHORT_NAMES, "thirst", "fever"]), st.booleans())
    for known in data.draw(st.lists(values, min_size=1, max_size=5)):
        agree(rules, PatientFacts.from_mapping({**known, "dialysis": None}))


def test_an_and_of_many_ors_fires_in_each_of_its_ways():
    """Sixteen ors of two: true with either side of each, false when one or has neither."""
    pairs = list(zip(FLAG_NAMES[0:32:2], FLAG_NAMES[1:32:2], strict=True))
    rules = rules_of(" and ".join(f"({left} or {right})" for left, right in pairs))
    lefts = {left: True for left, _ in pairs}
    rights = {right: True for _, right in pairs}
    for known in (lefts, rights, lefts | rights):
        assert agree(rules, PatientFacts.from_mapping(known)) == {"see.0"}
    for left in lefts:
        short = PatientFacts.from_mapping({**lefts, left: False})
        assert agree(rules, short) == frozenset()


def _names(count: int) -> list[str]:
    return [f"step_{''.join(string.ascii_lowercase[int(d)] for d in str(i))}" for i in range(count)]


@pytest.mark.parametrize("links", [1, 8, 40])
def test_findings_chain_as_far_as_rules_do(links):
    """A fact concludes a finding, that the next one, and the last one says to be seen."""
    names = _names(links)
    whens = ["weakness", *(f"{name} and fever" for name in names)]
    head = "\n".join(
        f"[[findings]]\nid = 'rule.{name}'\nconcludes = '{name}'\nwhen = '{when}'\nsource = 'book'"
        for name, when in zip(names, whens, strict=False)
    )
    rules = rules_of(names[-1], head=head)
    fired = agree(rules, PatientFacts(weakness=True, fever=True))
    assert fired == {*(f"rule.{name}" for name in names), "see.0"}
    assert "see.0" not in agree(rules, PatientFacts(fever=True))


def test_conditions_that_are_always_or_never_true():
    """ "Not one of all that there are" never holds; one of them holds when anything is known."""
    everything = ", ".join(f'"{member}"' for member in FACTS["urine"].members)
    rules = rules_of(f"urine not in ({everything})", f"urine in ({everything})")
    assert agree(rules, PatientFacts()) == frozenset()
    for member in FACTS["urine"].members:
        assert agree(rules, PatientFacts.from_mapping({"urine": member})) == {"see.1"}


@given(data=st.data())
def test_engines_agree_on_one_fact_alone(data):
    """Each fact alone, any value: nothing else is known, and most rules are undecided."""
    rules = RuleBase.load()
    name = data.draw(st.sampled_from(sorted(FACTS)))
    medicines = tuple(sorted(rules.formulary.classes))
    value = data.draw(fact_values(FACTS[name], medicines))
    agree(rules, PatientFacts.from_mapping({name: value}))
