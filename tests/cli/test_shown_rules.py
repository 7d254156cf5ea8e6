"""Rules on the terminal: one of each kind with all that it can have, shown word for word."""

from __future__ import annotations

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from crampsrules import CrampsRulesError, RuleBase
from crampsrules.cli.shown_rules import described, listed
from crampsrules.conditions import fact_atoms
from crampsrules.facts import FACTS
from tests.cli.common import SHIPPED, run
from tests.drawing import fewer

SHOES = """
id = "tight_shoes"
title = "Tight shoes"
prior = -4
seriousness = "ordinary"
patient = "Shoes that press can make the foot cramp."
clinician = "Look at the shoes."
codes = { icd10 = "R25.2", icd11 = "MB47.3" }
source = "shoe_study"
statement = "S1"

[[sources]]
id = "shoe_study"
authority = "A college of feet"
authors = "Ann Other, Bob Else."
title = "Shoes and cramps"
year = 1999
pmid = "12345"
doi = "10.1000/shoes"

[[sources]]
id = "shoe_talk"
authority = "A shoemaker"
title = "What I have seen"
year = 2001

[[findings]]
id = "shoes.press"
concludes = "shoes_press"
when = '"foot" in sites and "standing" in timing'
because = "the shoes press"
source = "shoe_study"
statement = ["S1", "S2"]
note = "Nobody has counted."

[[evidence]]
id = "tight_shoes.pressed"
when = "shoes_press"
weight = "small"
because = "has cramps in the foot when standing"
group = "pressure"
source = ["shoe_study", "shoe_talk"]

[[evidence]]
id = "tight_shoes.calf"
when = '"calf" in sites'
lr = 0.25
role = "risk"
because = "has cramps in the calf"
source = "shoe_talk"

[[escalations]]
id = "shoes.numb"
triage = "routine"
when = "numbness and shoes_press"
unless = "diabetes"
reason = "numb feet in tight shoes"
clinician = "Test the feeling."
holds = ["relief", "otc"]
source = "shoe_study"

[[advice]]
id = "wider_shoes"
kind = "relief"
title = "Wider shoes"
when = "suspected(tight_shoes)"
text = "Buy a wider pair."
source = "shoe_study"

[[advice.unless]]
id = "ulcer"
when = "diabetes"
reason = "your feet must be measured"
instead = "Have shoes made."
caution = "you have diabetes"
source = "shoe_talk"

[[advice.cautions]]
id = "toes"
when = "numbness"
text = "Look at your toes."
source = "shoe_talk"

[[advice.cautions]]
id = "socks"
text = "Wear socks."

[[advice]]
id = "shoeless"
kind = "relief"
title = "A foot bath"
text = "Bathe your feet."
source = "shoe_talk"

[[laws]]
id = "shoes.law"
says = "Whoever has numb feet is seen."
when = "numbness and shoes_press"
forbids = ["stretch"]
cautioned = ["wider_shoes"]
at_least = "routine"
source = "shoe_study"

[[laws]]
id = "shoes.once"
says = "Shoes and stretching are never both advised."
not_together = ["stretch", "wider_shoes"]
advised = ["wider_shoes"]
source = "shoe_talk"

[[examples]]
says = "A waiter at the end of a shift"
facts = { sites = ["foot"], timing = ["standing"] }
expect = { fires = ["tight_shoes.pressed"], silent = ["tight_shoes.calf"] }
"""

STUDY = (
    "A college of feet. Ann Other, Bob Else. Shoes and cramps. 1999. PMID 12345. "
    "doi 10.1000/shoes [shoe_study]"
)

TALK = "A shoemaker. What I have seen. 2001 [shoe_talk]"

SHOWN = {
    "tight_shoes": """
tight_shoes  (cause)
title: Tight shoes
prior: -4 decibans
seriousness: ordinary
codes: icd10 R25.2, icd11 MB47.3
for patients: Shoes that press can make the foot cramp.
for clinicians: Look at the shoes.
source: STUDY
statement of the article: S1
stands in: shoes.toml:2
evidence
   +3 tight_shoes.pressed: has cramps in the foot when standing
        when shoes_press
   -6 tight_shoes.calf: has cramps in the calf
        when "calf" in sites
""",
    "shoes.press": """
shoes.press  (finding)
concludes: shoes_press
when: "foot" in sites and "standing" in timing
because: the shoes press
source: STUDY
statement of the article: S1, S2
note: Nobody has counted.
stands in: shoes.toml:28
""",
    "shoes_press": """
shoes_press  (finding)
  shoes.press: "foot" in sites and "standing" in timing
""",
    "tight_shoes.pressed": """
tight_shoes.pressed  (evidence)
for or against: tight_shoes
when: shoes_press
weight: +3 decibans (small)
because: has cramps in the foot when standing
group: pressure
source: STUDY
source: TALK
stands in: shoes.toml:37
example: A waiter at the end of a shift
  sites = ['foot'], timing = ['standing']
  tight_shoes.pressed fires
""",
    "tight_shoes.calf": """
tight_shoes.calf  (evidence)
for or against: tight_shoes
when: "calf" in sites
weight: -6 decibans (a likelihood ratio of 0.25)
because: has cramps in the calf
role: risk
source: TALK
stands in: shoes.toml:45
example: A waiter at the end of a shift
  sites = ['foot'], timing = ['standing']
  tight_shoes.calf does not fire
""",
    "shoes.numb": """
shoes.numb  (escalation)
triage: routine
when: numbness and shoes_press
unless: diabetes
reason: numb feet in tight shoes
for clinicians: Test the feeling.
holds back: relief, otc
source: STUDY
stands in: shoes.toml:53
""",
    "wider_shoes": """
wider_shoes  (advice)
kind: relief
title: Wider shoes
when: suspected(tight_shoes)
text: Buy a wider pair.
unless wider_shoes/unless/ulcer: diabetes
    reason: your feet must be measured
    instead: Have shoes made.
    caution where it is unknown: you have diabetes
    source: TALK
caution wider_shoes/caution/toes: numbness
    Look at your toes.
    source: TALK
caution wider_shoes/caution/socks: always
    Wear socks.
source: STUDY
stands in: shoes.toml:63
""",
    "shoeless": """
shoeless  (advice)
kind: relief
title: A foot bath
when: always
text: Bathe your feet.
source: TALK
stands in: shoes.toml:89
""",
    "shoes.law": """
shoes.law  (law)
says: Whoever has numb feet is seen.
when: numbness and shoes_press
forbids: stretch
wants a caution on: wider_shoes
triage at least: routine
source: STUDY
""",
    "shoes.once": """
shoes.once  (law)
says: Shoes and stretching are never both advised.
when: always
forbids together: stretch, wider_shoes
demands: wider_shoes
source: TALK
""",
    "shoe_study": """
shoe_study  (source)
STUDY
cited by: tight_shoes
cited by: shoes.numb
cited by: shoes.press
cited by: tight_shoes.pressed
cited by: wider_shoes
cited by: shoes.law
""",
    "shoe_talk": """
shoe_talk  (source)
TALK
cited by: shoeless
cited by: tight_shoes.calf
cited by: tight_shoes.pressed
cited by: wider_shoes
cited by: shoes.once
""",
}

LISTED = """
cause       tight_shoes          Tight shoes
finding     shoes.press          shoes_press: the shoes press
evidence    tight_shoes.pressed  +3 has cramps in the foot when standing
evidence    tight_shoes.calf     -6 has cramps in the calf
escalation  shoes.numb           routine: numb feet in tight shoes
advice      shoeless             relief: A foot bath
advice      wider_shoes          relief: Wider shoes
law         shoes.law            Whoever has numb feet is seen.
law         shoes.once           Shoes and stretching are never both advised.
"""


@pytest.fixture(scope="module")
def rules() -> RuleBase:
    return RuleBase.load().extended_with({"shoes.toml": SHOES})


@pytest.mark.parametrize("id_", SHOWN)
def test_what_goes_by_an_id_is_shown_with_all_that_it_has(rules, id_):
    """Each line says what it is; what a rule does not have has no line."""
    shown = described(rules, id_).plain
    expected = SHOWN[id_].strip("\n").replace("STUDY", STUDY).replace("TALK", TALK)

    assert shown == expected


def test_headings_are_bold(rules):
    """The id, what is evidence, and what an example says: nothing else."""
    shown = described(rules, "tight_shoes")
    bold = [shown.plain[span.start : span.end] for span in shown.spans if span.style == "bold"]
    assert bold == ["tight_shoes", "evidence"]

    shown = described(rules, "tight_shoes.calf")
    bold = [shown.plain[span.start : span.end] for span in shown.spans if span.style == "bold"]
    assert bold == ["tight_shoes.calf", "example: A waiter at the end of a shift"]


@pytest.mark.parametrize(
    ("id_", "begins"),
    [
        (
            "fever",
            "fever  (fact)\nlabel: fever\nquestion: Do you have a fever?\ntakes: true",
        ),
        ("egfr", "takes: a number from 0 to 250 mL/min/1.73 m²"),
        ("urine", "takes: one of pale, dark_yellow, scant, none, cola"),
        ("eased_by", "takes: a list of stretching, moving, "),
        ("medications", "takes: a list of names of medicines"),
        ("loop_diuretic", "loop_diuretic  (class of medicines)\ntitle: "),
        ("loop_diuretic", "\nlies within: diuretic"),
        ("loop_diuretic", "\nmedicines: "),
    ],
)
def test_a_fact_or_a_class_of_medicines_is_shown_with_what_it_takes(rules, id_, begins):
    """In the words in which a person is asked, and a condition is written."""
    assert begins in described(rules, id_).plain


@pytest.mark.parametrize("id_", ["fever", "sites", "loop_diuretic"])
def test_everything_that_asks_about_it_is_listed(rules, id_):
    """Exceptions and cautions too."""
    shown = re.findall(r"^asked about by: (.*)$", described(rules, id_).plain, re.MULTILINE)

    asking = {
        name
        for name, condition in rules.conditions.items()
        for atom in fact_atoms(condition)
        if id_ in (atom.fact, getattr(atom, "member", None))
    }
    assert asking
    assert shown == sorted(asking)


def test_a_fact_that_no_rule_asks_about_says_so(rules):
    """As one that only somebody's own rules ask about."""
    asked = {atom.fact for one in rules.conditions.values() for atom in fact_atoms(one)}
    unasked = sorted(FACTS.keys() - asked)

    assert unasked
    for name in unasked:
        assert described(rules, name).plain.endswith("\nasked about by: no rule")


def test_a_part_of_a_rule_is_shown_with_its_rule(rules):
    """By the id that it fires as, which `check` and explanations tell."""
    whole = described(rules, "wider_shoes").plain

    assert described(rules, "wider_shoes/unless/ulcer").plain == whole
    assert described(rules, "wider_shoes/caution/toes").plain == whole


def test_each_rule_has_a_line_in_the_list(rules):
    """What it is, its id and what it says, in columns as wide as the widest, the id bold."""
    shown = listed(rules)
    lines = shown.plain.splitlines()
    width = max(len(one) for one in (*rules.rules, *rules.causes, *(law.id for law in rules.laws)))
    expected = []
    for line in LISTED.strip().splitlines():
        kind, id_, says = line.split(maxsplit=2)
        expected.append(f"{kind:10}  {id_:{width}}  {says}")

    assert [line for line in lines if "shoe" in line] == expected
    assert shown.plain == shown.plain.rstrip()
    assert {span.style for span in shown.spans} == {"bold"}
    bold = [shown.plain[span.start : span.end].strip() for span in shown.spans]
    assert bold == [line.split(maxsplit=2)[1] for line in lines]


def test_an_id_that_nothing_has_is_refused_with_the_nearest(rules):
    """Of rules, causes, findings, sources and laws."""
    for wrong, right in (
        ("tight_shoe", "tight_shoes"),
        ("shoes.pres", "shoes.press"),
        ("shoes_pres", "shoes_press"),
        ("shoe_stud", "shoe_study"),
        ("shoes.laws", "shoes.law"),
        ("feverr", "fever"),
        ("loop_diureti", "loop_diuretic"),
    ):
        with pytest.raises(CrampsRulesError) as caught:
            described(rules, wrong)
        assert str(caught.value) == f"nothing has the id {wrong!r}; did you mean {right!r}?"


def test_a_pack_of_sources_alone_lists_nothing():
    """There is no rule in it."""
    empty = RuleBase.from_texts({"own.toml": 'sources = [{ id = "book", title = "A book" }]'})

    assert listed(empty).plain == ""


# --- The command ---


def test_rules_lists_everything_on_lines_of_their_own():
    """Every cause, rule and law has exactly one line with its id."""
    lines = run("rules").stdout.splitlines()
    ids = [line.split()[1] for line in lines]
    expected = [*SHIPPED.causes, *SHIPPED.rules, *(law.id for law in SHIPPED.laws)]

    assert sorted(ids) == sorted(expected)


@settings(fewer(4))
@given(st.sampled_from(sorted({*SHIPPED.rules, *SHIPPED.causes})))
def test_rules_shows_any_rule_with_its_condition_sources_and_examples(id_):
    """What a rule says, where it comes from in full, and every example that names it."""
    shown = run("rules", id_).stdout
    rule = SHIPPED.rules.get(id_) or SHIPPED.causes[id_]
    examples = [
        one.says for one in SHIPPED.examples if id_ in (*one.expect.fires, *one.expect.silent)
    ]

    assert shown.startswith(id_)
    assert (getattr(rule, "when", None) or "") in shown
    for source in rule.source:
        assert SHIPPED.sources[source].title in shown
    if id_ in SHIPPED.rules:
        assert all(says in shown for says in examples)


def test_rules_shows_a_cause_with_all_its_evidence_and_advice_with_what_forbids_it():
    """A cause brings its evidence, a piece of advice its excuses."""
    cause = run("rules", "dehydration").stdout
    advice = run("rules", "drink_fluids").stdout

    assert all(one.id in cause and one.when in cause for one in SHIPPED.evidence["dehydration"])
    entries = next(one.unless for one in SHIPPED.advice if one.id == "drink_fluids")
    assert entries
    assert all(one.when in advice and one.reason in advice for one in entries)


def test_rules_shows_findings_laws_and_sources_too():
    """Whatever has an id can be looked up."""
    finding = next(iter(SHIPPED.concluding))
    law = SHIPPED.laws[0]
    source = next(iter(SHIPPED.sources.values()))

    assert SHIPPED.concluding[finding][0] in run("rules", finding).stdout
    assert law.says in run("rules", law.id).stdout
    assert source.title in run("rules", source.id).stdout


@settings(fewer(2))
@given(st.sampled_from([name for one in SHIPPED.formulary.classes.values() for name in one.names]))
def test_a_medicine_is_shown_with_its_classes(name):
    """Each of them can be looked up in turn."""
    heading, _, *classes = described(SHIPPED, name).plain.splitlines()

    if name not in SHIPPED.formulary.classes:
        assert heading == f"{name}  (medicine)"
        ids = [line.split(":")[0].strip() for line in classes]
        assert ids == sorted(SHIPPED.formulary.reading(name).held)
        assert all(id_ in SHIPPED.formulary.classes for id_ in ids)


def test_a_name_on_a_label_is_looked_up_as_it_is_read():
    """With its strength and form; one slip away from it, it is asked what was meant."""
    assert described(SHIPPED, "Lasix 40 mg tablets").plain.splitlines() == [
        "Lasix 40 mg tablets  (medicine)",
        "belongs to these classes, each of which can be looked up:",
        "  diuretic: Water tablets (diuretics)",
        "  loop_diuretic: Strong water tablets (loop diuretics)",
    ]
    with pytest.raises(CrampsRulesError, match="did you mean 'furosemide'"):
        described(SHIPPED, "furosemid")
    for unheard_of in ("", "no medicine at all", "lasix and moonroot"):
        with pytest.raises(CrampsRulesError, match="nothing has the id"):
            described(SHIPPED, unheard_of)
