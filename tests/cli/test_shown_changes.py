"""What would change the answer, told in groups."""

from __future__ import annotations

import pytest

from crampsrules import Triage, what_would_change
from crampsrules.changes import Change, Effect
from crampsrules.cli.shown_changes import MOST_SHOWN, changes_shown, in_words
from crampsrules.facts import FACTS
from tests.cli.common import LOW_POTASSIUM, SHIPPED, output_of, styled


def change(effect: Effect, triage: Triage, first_cause: str | None, **facts: object) -> Change:
    return Change(facts=facts, effect=effect, triage=triage, first_cause=first_cause)


def test_changes_stand_under_what_they_lead_to():
    """In the order of the first of each, the last line without one after it."""
    shown = changes_shown(
        [
            change("raises_triage", Triage.EMERGENCY, None, chest_pain=True),
            change("changes_first_cause", Triage.ROUTINE, "dehydration", thirst=True),
            change("raises_triage", Triage.EMERGENCY, None, fever=True, sites=["calf", "foot"]),
            change("changes_first_cause", Triage.ROUTINE, None, fever=False),
            change("lowers_triage", Triage.SELF_CARE, None, potassium_mmol_l=4.5),
        ],
        SHIPPED,
    )
    wording, cause = SHIPPED.wording.triage, SHIPPED.causes["dehydration"].title
    headings = [
        f"More urgent: {wording['emergency'].title}",
        f"First cause: {cause}",
        "First cause: none",
        f"Less urgent: {wording['self_care'].title}",
    ]

    assert shown.plain == "\n".join(
        (
            headings[0],
            f"- {in_words({'chest_pain': True})}",
            f"- {in_words({'fever': True, 'sites': ['calf', 'foot']})}",
            "",
            headings[1],
            f"- {in_words({'thirst': True})}",
            "",
            headings[2],
            f"- {in_words({'fever': False})}",
            "",
            headings[3],
            f"- {in_words({'potassium_mmol_l': 4.5})}",
        )
    )
    assert styled(shown) == [(heading, "bold") for heading in headings]


def test_what_if_groups_changes_by_what_they_lead_to(patient):
    told = output_of("assess", patient, "--what-if")

    headings = [line for line in told.splitlines() if line.startswith(("More", "Less", "First"))]
    assert headings[0] == "More urgent: Get emergency help now"
    assert len(set(headings)) == len(headings)
    assert "- chest pain, new or clearly worse than usual: yes" in told
    assert "diagnose" in told


def test_fewer_reasons_are_told_as_less_urgent(tmp_path):
    file = tmp_path / "told.toml"
    file.write_text('potassium_reported = "low"\n')

    assert "Less urgent: You can look after this yourself" in output_of("assess", file, "--what-if")


def test_what_if_shows_a_few_of_each_and_says_how_many_more():
    changes = what_would_change(LOW_POTASSIUM)
    emergencies = [one for one in changes if one.triage.id == "emergency"]

    shown = changes_shown(changes, SHIPPED).plain

    first = shown.split("\n\n")[0].splitlines()
    assert len(first) == MOST_SHOWN + 2
    assert first[1] == f"- {in_words(emergencies[0].facts)}"
    assert first[-1].strip().startswith(f"and {len(emergencies) - MOST_SHOWN} more")


def test_as_many_changes_as_are_shown_need_no_count_of_others():
    """One more, and it is counted."""
    some = [
        change("raises_triage", Triage.EMERGENCY, None, age_years=age)
        for age in range(MOST_SHOWN + 1)
    ]

    assert "more" not in changes_shown(some[:-1], SHIPPED).plain
    assert changes_shown(some, SHIPPED).plain.endswith(
        "\n  and 1 more: --what-if --json has them all"
    )


def test_what_if_says_so_where_nothing_would_change():
    assert "Nothing" in changes_shown([], SHIPPED).plain


@pytest.mark.parametrize(
    ("facts", "words"),
    [
        ({"thirst": False}, "no"),
        ({"potassium_mmol_l": 2.5}, "2.5 mmol/L"),
        ({"sites": []}, "none"),
        ({"sites": ["calf", "foot"]}, "the calf, the foot or toes"),
        ({"urine": "cola"}, "cola"),
        ({"fever": True, "chest_pain": True}, "; "),
    ],
)
def test_facts_are_told_in_plain_words(facts, words):
    assert words in in_words(facts)


def test_facts_are_told_in_the_words_of_their_labels():
    """A member by its own, a figure with its unit, an empty set as none."""
    label = {name: fact.label for name, fact in FACTS.items()}

    assert in_words({"fever": True, "thirst": False}) == (
        f"{label['fever']}: yes; {label['thirst']}: no"
    )
    assert in_words({"urine": "cola"}) == f"{label['urine']}: {FACTS['urine'].labels['cola']}"
    assert in_words({"sites": []}) == f"{label['sites']}: none"
    assert in_words({"medications": ["b", "a"]}) == f"{label['medications']}: b, a"
    assert in_words({"ankle_brachial_index": 0.9}) == f"{label['ankle_brachial_index']}: 0.9"
    assert in_words({"age_years": 71.0}) == f"{label['age_years']}: 71 years"
