"""The order in which rules, files and facts are given means nothing."""

from __future__ import annotations

import random
import re

from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import PatientFacts, RuleBase
from tests.drawing import fact_mappings, patients, rule_texts, shipped_texts
from tests.engines.common import agree_to_the_last_field, without_engine

# A table at the top, with the tables inside it.
_TABLE = re.compile(r"^(?=\[\[[a-z]+\]\])", re.MULTILINE)

# A scale is its order: from unlikely to likely.
_SCALES = ("wording.toml",)


def shuffled(texts, rng):
    """The same tables in another order, in files in another order."""
    moved = {}
    for name in rng.sample(sorted(texts), len(texts)):
        head, *tables = _TABLE.split(texts[name])
        if name not in _SCALES:
            rng.shuffle(tables)
        moved[name] = "\n".join([head, *tables])
    return moved


@settings(max_examples=25)
@given(data=st.data())
def test_the_order_of_rules_and_of_files_means_nothing(data):
    """Shuffled rules are the same rule base, and give the same assessments."""
    texts = data.draw(rule_texts())
    rules = RuleBase.from_texts(texts)
    others = RuleBase.from_texts(shuffled(texts, data.draw(st.randoms(use_true_random=False))))
    assert others.version == rules.version
    for facts in data.draw(st.lists(patients(rules), min_size=1, max_size=3)):
        first = agree_to_the_last_field(rules, facts)
        second = agree_to_the_last_field(others, facts)
        assert without_engine(second) == without_engine(first)


def test_the_order_of_the_shipped_rules_means_nothing():
    """Shuffled, the shipped rules are the same rule base with the same answers."""
    texts = shipped_texts()
    rules = RuleBase.from_texts(texts)
    others = RuleBase.from_texts(shuffled(texts, random.Random(1)))  # noqa: S311 - a shuffle
    assert others.version == rules.version

    @settings(max_examples=10)
    @given(patients(rules))
    def the_answer_is_the_same(facts):
        first, second = (agree_to_the_last_field(each, facts) for each in (rules, others))
        assert without_engine(second) == without_engine(first)

    the_answer_is_the_same()


@settings(max_examples=30)
@given(known=fact_mappings(), rng=st.randoms(use_true_random=False))
def test_the_order_of_facts_means_nothing(known, rng):
    """Facts given in another order are the same facts, held in the same order."""
    names = rng.sample(sorted(known), len(known))
    first = PatientFacts.from_mapping(known)
    second = PatientFacts.from_mapping({name: known[name] for name in names})
    assert first == second
    assert list(first.known()) == list(second.known())
