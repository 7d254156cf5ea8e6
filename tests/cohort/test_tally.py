"""What is counted in parts is what is counted in the whole."""

from collections import Counter
from unittest.mock import patch

import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.cohort.answers import Answered
from crampsrules.cohort.batches import Reject
from crampsrules.cohort.tally import Tally

causes = st.lists(st.sampled_from("abc"), unique=True, max_size=3)
names = st.sets(st.sampled_from("uvwxyz"), max_size=3).map(sorted)
answers = st.tuples(st.sampled_from(["soon", "routine"]), causes, names)
batches = st.tuples(st.lists(answers, max_size=5), st.integers(0, 3), st.integers(0, 3))


def batch(answers, unreadable, bad_facts):
    """A batch in which someone's causes stand in the order of their weight."""
    rejects = [Reject(number=1, reasons=("no",), given="")] * (unreadable + bad_facts)
    return Answered(
        answers=pl.DataFrame(
            {
                "triage": [triage for triage, _, _ in answers],
                "top_cause": [causes[0] if causes else None for _, causes, _ in answers],
                "causes": [causes for _, causes, _ in answers],
            },
            schema={"triage": pl.String, "top_cause": pl.String, "causes": pl.List(pl.String)},
        ),
        unrecognised=pl.Series([names or None for *_, names in answers], dtype=pl.List(pl.String)),
        passed=None,
        rejects=rejects,
        unreadable=unreadable,
        end={"row": 0},
    )


@given(batches)
def test_everything_in_a_batch_is_counted_once(drawn):
    """Rows, levels, causes that are listed or come first, and names that are not known."""
    answers, unreadable, bad_facts = drawn

    tally = Tally.of(batch(*drawn))

    assert tally.assessed == len(answers)
    assert (tally.unreadable, tally.bad_facts) == (unreadable, bad_facts)
    assert tally.rejected == unreadable + bad_facts
    assert tally.rows == len(answers) + unreadable + bad_facts
    assert tally.triage == Counter(triage for triage, _, _ in answers)
    assert tally.top_causes == Counter(causes[0] for _, causes, _ in answers if causes)
    assert tally.causes == Counter(one for _, causes, _ in answers for one in causes)
    assert tally.with_unrecognised == sum(bool(names) for *_, names in answers)
    assert tally.unrecognised == Counter(one for *_, names in answers for one in names)


@given(st.lists(batches, max_size=4))
def test_the_parts_come_to_the_whole(drawn):
    """However a cohort is cut, and what is most frequent is told first."""
    together = sum((Tally.of(batch(*one)) for one in drawn), Tally())
    answers = [answer for one in drawn for answer in one[0]]
    whole = batch(answers, sum(one[1] for one in drawn), sum(one[2] for one in drawn))

    assert together == Tally.of(whole)
    for counts in (together.triage, together.top_causes, together.causes):
        assert list(counts.items()) == sorted(counts.items(), key=lambda one: (-one[1], one[0]))
    assert together.triage == Tally.of(whole).triage
    assert together.causes == Tally.of(whole).causes
    assert together.top_causes == Tally.of(whole).top_causes


@given(st.lists(batches, max_size=5), st.integers(1, 7))
def test_of_names_that_are_unrecognised_no_more_are_told_apart_than_memory_bears(drawn, most):
    """The first that come, each with its full count, and it is told how often others came."""
    with patch("crampsrules.cohort.tally.MOST_NAMES", most):
        together = sum((Tally.of(batch(*one)) for one in drawn), Tally())
    given = [name for answers, *_ in drawn for *_, names in answers for name in names]
    first = list(dict.fromkeys(given))[:most]

    assert list(together.unrecognised) == first
    assert together.unrecognised == {name: given.count(name) for name in first}
    assert together.unrecognised_beyond == sum(name not in first for name in given)
    assert together.with_unrecognised == sum(
        bool(one) for answers, *_ in drawn for *_, one in answers
    )


@given(st.dictionaries(names.map("".join), st.integers(1, 3)))
def test_what_one_person_alone_has_is_not_among_the_frequent(counts):
    """It may be a note about somebody."""
    frequent = Tally(unrecognised=counts).frequent_unrecognised

    assert frequent == {name: rows for name, rows in counts.items() if rows > 1}
    assert list(frequent.items()) == sorted(frequent.items(), key=lambda one: (-one[1], one[0]))
