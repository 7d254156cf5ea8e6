"""Sets of ids as integers, and back."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase
from crampsrules.ids import Ids

FEW = Ids.from_names(f"rule.{n}" for n in range(70))
MANY = Ids.from_names(f"rule.{n}" for n in range(3000))


@pytest.mark.parametrize("ids", [FEW, MANY], ids=["few", "many"])
@given(data=st.data())
def test_a_set_of_names_is_one_integer(ids, data):
    """From which they come back in order, each once."""
    names = data.draw(st.frozensets(st.sampled_from(ids.names)))
    number = ids.number(names)

    assert ids.named(number) == tuple(sorted(names))
    assert number == sum(ids.bits[name] for name in names)


def test_the_ids_of_rules_are_kept_with_them():
    """Of all that can fire."""
    rules = RuleBase.load()

    assert Ids.of(rules) is Ids.of(rules)
    assert Ids.of(rules).names == tuple(sorted(rules.conditions))
