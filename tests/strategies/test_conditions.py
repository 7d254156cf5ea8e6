"""Conditions: every form that the language has, and every name."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable

from hypothesis import given

from crampsrules.conditions import Atom, Comparison, Concluded, Known, Member, Suspected
from crampsrules.parsing import Vocabulary, parse
from crampsrules.strategies import conditions
from crampsrules.strategies.conditions import (
    CHOICES,
    FLAGS,
    choice_phrases,
    condition_texts,
    number_phrases,
    thresholds,
)
from crampsrules.strategies.conditions import NUMBERS as NUMBER_FACTS
from crampsrules.strategies.values import Values
from tests.strategies.common import SHIPPED, VOCABULARY, asked, drawn


@given(conditions(), conditions(may_ask_known=True))
def test_conditions_can_be_read(plain, unless):
    """With the names of the shipped rules; `known(...)` only where it is asked for."""
    assert "known(" not in plain
    parse(plain, VOCABULARY)
    parse(unless, VOCABULARY, may_ask_known=True)


def test_conditions_use_every_name_there_is():
    """Findings and causes however many there are, and classes of medicines."""
    vocabulary = Vocabulary(
        findings=frozenset(f"found_{at}" for at in range(20)),
        causes=frozenset(f"cause_{at}" for at in range(4)),
        medicine_classes=frozenset({"alpha", "beta"}),
    )

    found = asked(drawn(condition_texts(vocabulary), 500), vocabulary)

    assert len({one for one in found if isinstance(one, Concluded)}) > 15
    assert len({one for one in found if isinstance(one, Suspected)}) > 2
    assert classes_in(found) == {"alpha", "beta"}


def test_conditions_ask_for_the_classes_they_were_given():
    """And for none without."""
    classes = Vocabulary(medicine_classes=frozenset({"alpha", "beta"}))

    texts = drawn(condition_texts(classes, most_atoms=2), 150)
    without = drawn(condition_texts(most_atoms=2), 60)

    assert any("in medications" in text for text in texts)
    assert not any("medications" in text for text in without)


def test_conditions_of_the_shipped_rules_build_on_them():
    """On findings, on causes and on classes of medicines."""
    found = asked(drawn(conditions(), 250), VOCABULARY)

    assert {type(one) for one in found} >= {Concluded, Suspected, Member, Comparison}
    assert classes_in(found) & set(SHIPPED.formulary.classes)


def test_what_is_known_is_asked_where_it_may_be():
    """Of facts of every kind."""
    found = asked(drawn(condition_texts(may_ask_known=True), 300), VOCABULARY)

    assert len({one.fact for one in found if isinstance(one, Known)}) > 1


def test_conditions_are_joined_in_every_way():
    """With `and`, with `or`, with `not` and with brackets, in and outside of each other."""
    texts = drawn(condition_texts(), 500)

    assert any(" and " in text and " or " not in text for text in texts)
    assert any(" or " in text and " and " not in text for text in texts)
    assert any(text.startswith("not ") for text in texts)
    assert any(re.search(r"\(.* or .*\) and ", text) for text in texts)
    assert any(re.search(r"not \(.* (and|or) .*\)", text) for text in texts)
    # Where there is nothing to build on, a plain fact stands in its place.
    assert len(set(texts) & {fact.name for fact in FLAGS}) > 2


def test_numbers_are_compared_within_their_range():
    """With 3 and 5, a quarter of the scale, and where the shipped rules part them."""
    for fact in NUMBER_FACTS:
        assert fact.low is not None
        assert fact.high is not None
        marks = thresholds(fact)
        usual = [mark for mark in (3, 5) if fact.low <= mark <= fact.high]
        quarter = fact.low + (fact.high - fact.low) / 4

        assert list(marks) == sorted(set(marks))
        assert set(usual) <= set(marks)
        assert set(Values.of(SHIPPED).thresholds.get(fact.name, ())) <= set(marks)
        assert min(abs(mark - quarter) for mark in marks) <= 0.005
        assert fact.low <= min(marks)
        assert max(marks) <= fact.high


def test_numbers_are_compared_in_every_way():
    """Plain, turned round and chained, of whatever number."""
    texts = [phrase.text for phrase in drawn(number_phrases(), 400)]
    number, order = r"-?[0-9.e+]+", "(<=|<|>=|>|==|!=)"
    shapes = {
        "plain": rf"(?P<fact>[a-z]\w*) {order} {number}",
        "mirrored": rf"{number} {order} (?P<fact>[a-z]\w*)",
        "chained": rf"{number} {order} (?P<fact>[a-z]\w*) {order} {number}",
    }
    matches = {
        shape: [found for text in texts if (found := re.fullmatch(pattern, text))]
        for shape, pattern in shapes.items()
    }

    assert sum(map(len, matches.values())) == len(texts)
    for some in matches.values():
        assert len({one["fact"] for one in some}) > len(NUMBER_FACTS) / 2
    orders = {order for text in texts for order in re.findall("[<>=!]+", text)}
    assert orders == {"<", "<=", ">", ">=", "==", "!="}


def test_choices_are_compared_in_every_way():
    """Equal, unequal, turned round, and among two in brackets of each kind."""
    texts = [phrase.text for phrase in drawn(choice_phrases(), 1500)]
    found = Counter(
        (word[0] if (word := re.findall("not in|in|==|!=", re.sub('"[^"]*"', "", text))) else "")
        for text in texts
    )
    groups = [text.partition("in ")[2] for text in texts if " in " in text]

    assert set(found) == {"==", "!=", "in", "not in"}
    assert {text[0] + text[-1] for text in groups} == {"()", "[]", "{}"}
    assert {text.count('"') for text in groups} == {4}
    assert any(text.startswith('"') for text in texts)
    several = {text.split(" ")[0] for text in texts if " in " in text}
    assert several == {fact.name for fact in CHOICES}


def classes_in(found: Iterable[Atom]) -> set[str]:
    members = (one for one in found if isinstance(one, Member))
    return {one.member for one in members if one.fact == "medications"}
