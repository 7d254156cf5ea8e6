"""JSON and TOML from anyone: what is given twice, and what a reader is not to be given."""

import pytest

from crampsrules.documents import MAX_DOTS, line_of_many_dots, parsed_json, parsed_toml, repeated
from crampsrules.errors import FactsError


def test_names_given_twice_are_each_told_once():
    """In the order in which they were first given."""
    assert repeated([("b", 1), ("a", 1), ("a", 2), ("c", 1), ("b", 1), ("b", 2)]) == ["b", "a"]
    assert repeated([("a", 1), ("b", 1)]) == []


def test_the_first_line_of_many_dots_is_told_of():
    """Dots are counted line by line."""
    few, many = "." * MAX_DOTS, "." * (MAX_DOTS + 1)

    assert line_of_many_dots(f"{few}\n{few}\n") is None
    assert line_of_many_dots(many) == 1
    assert line_of_many_dots(f"{few}\n{many}\n{many}") == 2


def test_each_fact_that_json_gives_twice_is_told_of():
    """TOML refuses it itself."""
    with pytest.raises(FactsError) as refused:
        parsed_json('{"fever": true, "thirst": true, "fever": false, "thirst": true}')
    assert [one.field for one in refused.value.problems] == ["fever", "thirst"]
    with pytest.raises(FactsError, match="the text is not TOML"):
        parsed_toml("fever = true\nfever = false\n")


def test_a_mapping_is_what_it_says():
    """Nulls and all: what the values are is looked at where the facts are read."""
    assert parsed_json(b'\xef\xbb\xbf{"fever": null}') == {"fever": None}
    assert parsed_toml("fever = 1") == {"fever": 1}
