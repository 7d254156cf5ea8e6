"""The shipped rules are proved; each kind of defect, planted in a copy of them, is found."""

from __future__ import annotations

import copy
import re
import sys
from collections.abc import Callable
from functools import cache
from types import MappingProxyType
from typing import Any

import pytest
from attrs import evolve

from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.assessment import Assessment
from crampsrules.cli import ExitCode, main
from crampsrules.conditions import AllOf, Known
from crampsrules.errors import EngineError, MissingExtraError
from crampsrules.laws import broken_laws
from crampsrules.prove import KINDS, Claim, Kind, prove
from crampsrules.prove.translation import Translation
from crampsrules.rulefiles import RuleFile, read_folder
from crampsrules.triage import Triage
from tests.drawing import RULES
from tests.written_rules import Written, evidence, rules_of, urgent

SHIPPED = RuleBase.load()


def test_the_shipped_rules_are_proved():
    """Every claim of every kind, for every patient."""
    told: list[Claim] = []
    claims = prove(SHIPPED, told=told.append)

    assert [str(claim) for claim in claims if not claim.holds] == []
    assert {claim.kind for claim in claims} == set(KINDS)
    assert tuple(told) == claims
    # Each thing that fires, each law and each red flag is the subject of some claim.
    ids = {claim.id for claim in claims}
    assert ids >= set(SHIPPED.conditions) - {
        f"{one.id}/caution/{caution.id}"
        for one in SHIPPED.advice
        for caution in one.cautions
        if caution.when is None
    }
    assert ids >= {law.id for law in SHIPPED.laws}


# --- Planted defects ----------------------------------------------------------------------------

Table = dict[str, Any]


@cache
def shipped_files() -> tuple[RuleFile, ...]:
    return read_folder(RULES, "rules")


def altered(kind: str, id_: str, alter: Callable[[Table], object]) -> RuleBase:
    """A copy of the shipped rules, without the examples, in which one table is changed."""
    files, found = [], 0
    for file in shipped_files():
        tables = copy.deepcopy({k: v for k, v in file.tables.items() if k != "examples"})
        rows = [row for row in tables.get(kind, ()) if row["id"] == id_]
        for row in rows:
            alter(row)
        found += len(rows)
        files.append(RuleFile(file.name, file.text, tables))
    assert found == 1, (kind, id_)
    return RuleBase(tuple(files))


def with_values(kind: str, id_: str, **values: object) -> RuleBase:
    return altered(kind, id_, lambda row: row.update(values))


def without_unless(advice: str, *entries: str) -> RuleBase:
    """The shipped rules in which something no longer forbids a piece of advice."""

    def alter(row: Table) -> None:
        kept = [entry for entry in row["unless"] if entry["id"] not in entries]
        assert len(kept) == len(row["unless"]) - len(entries)
        row["unless"] = kept

    return altered("advice", advice, alter)


def with_more(text: str) -> RuleBase:
    return SHIPPED.extended_with({"planted.toml": text})


def failing(rules: RuleBase, *kinds: Any, about: set[str] | None = None) -> dict[str, Claim]:
    """The claims that fail, by id; each has a patient who can be pasted into Python."""
    claims = prove(rules, kinds=kinds, about=about)
    failed = {one.id: one for one in claims if not one.holds}
    for claim in failed.values():
        pasted = eval(repr(claim.patient), {"PatientFacts": PatientFacts})  # noqa: S307
        assert pasted == claim.patient
        assert repr(claim.patient) in str(claim)
        assert claim.found in str(claim)
    return failed


def assessed(rules: RuleBase, claim: Claim) -> Assessment:
    assert claim.patient is not None
    return assess(claim.patient, rules=rules, engine="compiled")


def raised(rules: RuleBase, claim: Claim) -> set[str]:
    return {one.id for one in assessed(rules, claim).escalations}


ESCALATION = """
[[escalations]]
id = "planted"
when = '{when}'
triage = "{triage}"
holds = "all"
reason = "A planted rule."
source = "editorial"
"""


def escalation(when: str, triage: str = "soon") -> RuleBase:
    return with_more(ESCALATION.format(when=when, triage=triage))


@pytest.mark.parametrize(
    "when",
    [
        "potassium_mmol_l < 3 and potassium_mmol_l > 4",
        "low_potassium_result and potassium_mmol_l > 4",
        # A measured value takes the place of a reported one.
        'potassium_reported == "high" and potassium_mmol_l > 4',
        '"calf" in sites and "leg" not in sites',
        '"loop_diuretic" in medications and "diuretic" not in medications',
        "dialysis and not kidney_disease",
        "age_years < 0",
        "suspected(toxin) and not toxin_exposure",
        "(fever and not fever) or (injury and not injury)",
    ],
)
def test_a_rule_that_cannot_fire_is_found(when):
    """With the patient who comes closest, for whom it does not fire either."""
    rules = escalation(when)

    (claim,) = failing(rules, "can fire", about={"planted"}).values()

    assert claim.id == "planted"
    assert "planted" not in assessed(rules, claim).fired
    assert "comes to nothing" in claim.found


def test_the_nearest_patient_meets_what_can_be_met():
    """Of four things that cannot all be so, three are."""
    rules = escalation("fever and injury and age_years < 20 and age_years > 50")
    patient = failing(rules, "can fire", about={"planted"})["planted"].patient
    assert patient is not None
    assert patient.known().keys() == {"fever", "injury", "age_years"}


def test_an_exception_that_excuses_nobody_is_found():
    """An `unless` that is never true where its rule fires."""
    when = "toxin_exposure and not contaminated_wound"
    rules = with_values("escalations", "general.dirty-wound", unless=when)
    assert set(failing(rules, "can fire", about={"general.dirty-wound"})) == {
        "general.dirty-wound/unless"
    }


def test_advice_that_nobody_is_given_is_found():
    """Whoever it is for, something forbids it."""
    entry = {"id": "all", "when": "injury or not injury", "reason": "you may be hurt"}
    rules = altered(
        "advice",
        "protect_and_rest",
        lambda row: row.update(when="injury", unless=[entry]),
    )
    claim = failing(rules, "can fire", about={"protect_and_rest"})["protect_and_rest"]
    assert "protect_and_rest" not in {one.id for one in assessed(rules, claim).advice}


def test_a_law_that_binds_nobody_is_found():
    """It would be proved, and say nothing."""
    rules = with_values("laws", "C1", when="dialysis and not kidney_disease")
    assert set(failing(rules, "can fire")) == {"C1"}


def test_a_redundant_rule_is_found():
    """One that never says more than another of the same conclusion."""
    rules = escalation("fever and weakness and age_years > 60", "same_day")

    claim = failing(rules, "redundant", about={"planted"})["planted"]

    assert "general.fever-and-weakness" in claim.says
    assert raised(rules, claim) >= {"planted", "general.fever-and-weakness"}


def test_evidence_that_repeats_other_evidence_is_found():
    """Two rules for one cause that always fire together count one thing twice."""
    rules = with_more(
        """
[[evidence]]
id = "toxin.planted"
cause = "toxin"
when = "not not toxin_exposure"
weight = "small"
because = "has been near lead"
source = "editorial"
"""
    )
    (claim,) = failing(rules, "redundant", about={"toxin.planted"}).values()
    assert {claim.id, "toxin.planted"} <= set(assessed(rules, claim).fired)


def test_a_heavier_step_of_a_ladder_repeats_nothing():
    """Below 3.0 as well as below 3.5: the shipped rules have such steps on purpose."""
    ladder = {"low_potassium.result", "low_potassium.result-below-3"}
    assert ladder <= set(SHIPPED.rules)
    assert not failing(SHIPPED, "redundant", about=ladder)


BANDS: tuple[Kind, ...] = ("bands",)
MODERATE, MILD = "minerals.potassium-moderately-low", "minerals.potassium-mildly-low"


@pytest.mark.parametrize(
    ("id_", "when", "says", "values"),
    [
        (MODERATE, "2.6 <= potassium_mmol_l < 3.0", "no gap", (2.5, 2.6)),
        (MODERATE, "2.5 < potassium_mmol_l < 3.0", "no gap", (2.5, 2.50001)),
        (MODERATE, "2.5 <= potassium_mmol_l < 3.1", "overlap", (3.0, 3.1)),
        (MILD, "3.0 <= potassium_mmol_l <= 6.0", "overlap", (5.5, 6.00001)),
    ],
)
def test_a_gap_and_an_overlap_in_bands_of_a_result_are_found(id_, when, says, values):
    """With a value in it."""
    rules = with_values("escalations", id_, when=when)

    claims = [one for one in prove(rules, kinds=BANDS, about={id_}) if not one.holds]

    found = next(one for one in claims if one.id == "potassium_mmol_l" and says in one.says)
    assert found.patient is not None
    assert values[0] <= found.patient.known()["potassium_mmol_l"] < values[1]


@pytest.mark.parametrize(
    ("when", "both"),
    [("potassium_mmol_l > 3.5", False), ("potassium_mmol_l >= 3.4", True)],
)
def test_a_gap_and_an_overlap_of_evidence_for_and_against_are_found(when, both):
    """Low is below 3.5 and normal is from 3.5 on: neither both nor neither."""
    id_ = "low_potassium.normal-result"
    rules = with_values("evidence", id_, when=when)

    (claim,) = failing(rules, "bands", about={id_}).values()

    assert claim.id == "potassium_mmol_l for low_potassium"
    fired = assessed(rules, claim).fired
    assert (id_ in fired, "low_potassium.result" in fired) == (both, both)


def test_a_gap_at_a_single_value_is_found_in_rules_with_other_conditions():
    """Five minutes exactly is neither short nor long once a comparison is turned."""
    id_ = "article.frequent-but-short"
    assert not failing(SHIPPED, "bands", about={id_})
    rules = with_values("escalations", id_, when="several_cramps_a_week and episode_minutes <= 5")

    claim = failing(rules, "bands", about={id_})["episode_minutes for urgency"]

    assert claim.patient is not None
    assert claim.patient.known()["episode_minutes"] == 5
    assert raised(rules, claim) >= {id_, "article.long-and-frequent"}


LUNGS = "circulation.breathlessness"


@pytest.mark.parametrize(
    "change", [{"triage": "routine"}, {"when": "breathlessness and age_years > 40"}]
)
def test_an_emergency_that_was_weakened_is_found(change):
    """By the law on the same warning sign, which is written apart from the rule."""
    rules = with_values("escalations", LUNGS, **change)

    claim = failing(rules, "red flag")["emergency-lungs"]

    assert assessed(rules, claim).triage < Triage.EMERGENCY
    assert "below emergency" in claim.found
    if "triage" in change:
        assert LUNGS in claim.found


def test_a_red_flag_that_no_law_states_is_found():
    """A new one, or one that fires for more patients than its law."""
    rules = escalation("bruising", "same_day")
    claim = failing(rules, "red flag", about={"planted"})["planted"]
    assert claim.patient == PatientFacts(bruising=True)
    assert "no law" in claim.found
    assert raised(rules, claim) == {"planted"}

    rules = with_values("escalations", "muscle.ck-raised", when="creatine_kinase_u_l >= 1000")
    claim = failing(rules, "red flag", about={"muscle.ck-raised"})["muscle.ck-raised"]
    assert claim.patient == PatientFacts(creatine_kinase_u_l=1000)


def test_a_dropped_unless_breaks_a_law():
    """Rubbing a red, warm leg."""
    rules = without_unless("rub", "C12-red-or-warm")

    claim = failing(rules, "law", about={"rub"})["C12"]

    assert "gives rub" in claim.found
    assert claim.patient is not None
    assert claim.patient.known()["skin_red_or_warm"] is True
    assert "C12" in {law.id for law in broken_laws(assessed(rules, claim))}


def test_a_dropped_caution_breaks_a_law():
    """A balm without the word about burns."""
    rules = altered("advice", "analgesic_balm", lambda row: row.pop("cautions"))
    assert "C30" in failing(rules, "law", about={"analgesic_balm"})


def test_advice_that_contradicts_other_advice_is_found():
    """Heat and cold together, once long-standing cramps no longer speak against warmth."""
    rules = without_unless("warmth", "cold-instead")

    claim = failing(rules, "contradiction")["heat-or-cold"]

    assert {"warmth", "cold_compress"} <= {one.id for one in assessed(rules, claim).advice}


def knowing_removes(rules: RuleBase, id_: str, fact: str) -> RuleBase:
    """The rules in which an escalation fires only while a fact is unknown.

    The language cannot say it: `known` may stand in an `unless` only, which names its facts, and
    what else a condition can say stays true when more is known. So it is put in behind its back.
    """
    condition = AllOf((rules.conditions[id_], Known(fact, wanted=False)))
    conditions = MappingProxyType({**rules.conditions, id_: condition})
    changed: RuleBase = object.__new__(RuleBase)
    object.__setattr__(changed, "_files", rules._files)
    object.__setattr__(changed, "_linked", evolve(rules._linked, conditions=conditions))
    object.__setattr__(changed, "version", "planted")
    object.__setattr__(changed, "_kept", {})
    return changed


def test_a_fact_that_lowers_triage_through_no_unless_is_found():
    """With the fact named, and a patient who would be seen sooner without it."""
    rules = knowing_removes(SHIPPED, LUNGS, "age_years")

    claim = failing(rules, "lowering", about={LUNGS})[LUNGS]

    assert "without age_years" in claim.found
    assert claim.patient is not None
    assert LUNGS not in raised(rules, claim)
    younger = claim.patient.replace(age_years=None)
    assert LUNGS in {one.id for one in assess(younger, rules=rules, engine="compiled").escalations}


def test_a_fact_that_an_unless_names_may_lower_triage():
    """Tetanus protection removes the dirty wound; that is what its `unless` is for."""
    assert not failing(SHIPPED, "lowering", about={"general.dirty-wound"})


# --- Small rule bases ---------------------------------------------------------------------------
# They are proved in no time, and say nothing but what a claim is about.


def advice(id_: str, *inner: Written, **more: str | int) -> str:
    wanted = {"id": id_, "kind": "relief", "title": "Do it", "text": "Do so.", "source": "book"}
    return Written("advice", {**wanted, **more}, inner).toml()


def law(id_: str, when: str, **demands: str | list[str]) -> str:
    wanted = {"id": id_, "says": "So it is.", "when": when, "source": "book"}
    return Written("laws", {**wanted, **demands}).toml()


def cause(*tables: str) -> RuleBase:
    """One cause and what speaks for and against it."""
    return rules_of(*tables, causes=["cause"], prior=-10)


def test_each_thing_that_can_fail_is_claimed_in_words():
    """Every claim that there is about a little of everything."""
    rules = rules_of(
        urgent("flag", "fever", "same_day", unless="thirst")
        + urgent("old", "age_years > 60 and weakness", "soon")
        + advice("nap", Written("unless", {"id": "no", "when": "injury", "reason": "it hurts"}))
        + law("seen", "fever and not thirst", at_least="same_day", forbids=["nap"])
    )

    told = sorted((one.kind, one.id, one.says) for one in prove(rules))

    assert told == sorted(
        [
            ("can fire", "flag", "some patient makes it fire and stand"),
            ("can fire", "flag/unless", "it removes the rule for some patient"),
            ("can fire", "old", "some patient makes it fire and stand"),
            ("can fire", "nap", "some patient is given it"),
            ("can fire", "nap/unless/no", "it withholds the advice from some patient"),
            ("can fire", "seen", "some patient is bound by this law"),
            ("bands", "age_years", "urgency leaves no gap between its bands"),
            ("bands", "age_years", "no two bands of urgency overlap"),
            ("lowering", "flag", "no fact removes it but one that its `unless` names"),
            ("lowering", "old", "no fact removes it but one that its `unless` names"),
            ("red flag", "flag", "a law demands same_day wherever this surely calls for it"),
            ("red flag", "seen", "So it is."),
            ("law", "seen", "So it is."),
        ]
    )


def test_claims_about_a_rule_are_those_that_depend_on_it():
    """A law depends on the advice that it names and on what is as urgent as it demands."""
    rules = rules_of(
        urgent("flag", "fever", "same_day", holds="all")
        + urgent("later", "injury", "soon")
        + advice("nap")
        + advice("walk", order=1)
        + law("seen", "fever", at_least="same_day")
        + law("awake", "fever", forbids=["nap"])
    )

    def about(id_: str) -> set[tuple[str, str]]:
        claims = prove(rules, about={id_})
        assert all(one.holds for one in claims)
        return {(one.kind, one.id) for one in claims}

    own = {("can fire", "flag"), ("lowering", "flag"), ("red flag", "flag")}
    held = {("can fire", "nap"), ("can fire", "walk"), ("law", "awake")}
    assert about("flag") == {*own, *held, ("red flag", "seen")}
    assert about("later") == {("can fire", "later"), ("lowering", "later")}
    assert about("nap") == {("can fire", "nap"), ("law", "awake")}
    assert about("walk") == {("can fire", "walk")}
    assert about("nothing") == set()


@pytest.mark.parametrize("fact", ["age_years", "potassium_mmol_l", "episodes_per_week"])
def test_urgency_falls_and_then_rises_along_a_number(fact):
    """Low and high may both be urgent; what is normal lies between, and needs no other rule."""
    rules = rules_of(urgent("low", f"{fact} < 3", "soon") + urgent("high", f"{fact} > 5", "soon"))

    claims = prove(rules, kinds=BANDS)

    assert [(one.id, one.holds) for one in claims] == [(fact, True), (fact, True)]


def test_two_bands_of_urgency_that_overlap_are_found():
    """Where both look at one number alone; one that needs more narrows another on purpose."""
    apart = urgent("low", "age_years < 3", "soon") + urgent(
        "old", "age_years > 60 and weakness", "routine"
    )
    overlapping = apart + urgent("young", "age_years < 9", "routine")

    assert not failing(rules_of(apart), "bands")
    claim = failing(rules_of(overlapping), "bands")["age_years"]

    assert claim.says == "no two bands of urgency overlap"
    assert claim.found == "low and young all fire"
    assert raised(rules_of(overlapping), claim) == {"low", "young"}


def test_a_gap_between_bands_of_urgency_is_found():
    """The narrowest: what is normal is wide."""
    rules = rules_of(
        urgent("low", "age_years < 20", "soon")
        + urgent("high", "age_years > 60", "soon")
        + urgent("higher", "20.5 <= age_years < 21", "routine")
    )

    claim = failing(rules, "bands")["age_years"]

    assert claim.found == "it is rated below what lies on either side of it"
    assert claim.patient is not None
    assert claim.patient.age_years is not None
    assert 20 <= claim.patient.age_years < 20.5


def test_where_one_rule_ends_the_other_begins():
    """Rules that need more than the number: at their common end just one of the two holds."""

    def parted(short: str, long: str) -> RuleBase:
        return rules_of(
            urgent("short", f"fever and episode_minutes {short} 5", "soon")
            + urgent("long", f"fever and episode_minutes {long} 5", "routine")
            + urgent("old", "fever and age_years > 5", "routine")
        )

    assert not failing(parted("<=", ">"), "bands")
    assert not failing(parted("<", ">="), "bands")
    for first, second, word in (("<=", ">=", "both hold"), ("<", ">", "neither holds")):
        claim = failing(parted(first, second), "bands")["episode_minutes for urgency"]
        assert claim.found.endswith(f"at 5, where {word}")
        assert claim.patient == PatientFacts(fever=True, episode_minutes=5)


def test_a_law_that_nothing_upholds_shows_that_nothing_was_raised():
    """Where no rule looks at what the law is about; and what was raised, where one does."""
    rules = rules_of(
        urgent("old", "weakness", "routine") + law("seen", "fever", at_least="same_day")
    )
    claim = failing(rules, "red flag")["seen"]
    assert claim.found == "the assessment is self_care, below same_day; raised: nothing"

    rules = rules_of(urgent("old", "fever", "routine") + law("seen", "fever", at_least="same_day"))
    claim = failing(rules, "red flag")["seen"]
    assert claim.found == "the assessment is routine, below same_day; raised: old (routine)"


def test_each_part_of_a_law_is_a_claim_of_its_own():
    """What it demands of urgency, of advice together, and the rest: each fails by itself."""
    rules = rules_of(
        advice("nap")
        + advice("walk", order=1)
        + law(
            "all",
            "fever",
            at_least="emergency",
            not_together=["nap", "walk"],
            forbids=["nap"],
        )
        + law("later", "fever", at_least="soon")
    )

    found = {
        (one.kind, one.id): one.found.partition("; ")[0].removeprefix("the assessment ")
        for one in prove(rules, kinds=("red flag", "contradiction", "law"))
    }

    assert found == {
        ("red flag", "all"): "is self_care, below emergency",
        ("contradiction", "all"): "gives nap and walk together",
        ("law", "all"): "gives nap",
        ("law", "later"): "is self_care, below soon",
    }


@pytest.mark.parametrize(
    ("text", "fails"),
    [
        # What stands is looked at, not only what fires.
        (urgent("old", "fever", "soon", unless="fever or injury"), {"old"}),
        # Advice that is held back by every escalation that could come with it.
        (urgent("hold", "fever", "soon", holds="all") + advice("nap", when="fever"), {"nap"}),
        (
            advice(
                "nap",
                Written("cautions", {"id": "k", "text": "Mind.", "when": "fever"}),
                when="injury",
            )
            + urgent("hold", "fever", "soon", holds="all"),
            {"nap/caution/k"},
        ),
    ],
    ids=["removed", "held", "unsaid"],
)
def test_what_fires_and_comes_to_nothing_is_found(text, fails):
    """Its condition can be true, and something always takes away what it would say."""
    assert set(failing(rules_of(text), "can fire")) == fails


def test_a_rule_that_the_solver_thinks_dead_and_the_engine_fires_is_an_error(monkeypatch):
    """As with every other claim."""
    right = Translation._compared

    def mistaken(self: Translation, atom: Any) -> Any:
        return right(self, evolve(atom, operator="<" if atom.operator == ">" else atom.operator))

    rules = rules_of(urgent("old", "age_years >= 60 and age_years > 50", "soon"))
    assert not failing(rules, "can fire")
    monkeypatch.setattr(Translation, "_compared", mistaken)
    with pytest.raises(EngineError, match="it comes to nothing for them; the engine does not"):
        prove(rules, kinds=tuple(KINDS)[:1])


def test_a_patient_who_shows_something_has_few_members_and_medicines():
    """None that could be left out, and no fact with an empty set."""
    rules = rules_of(urgent("sites", '"calf" in sites and "foot" in sites', "same_day"))

    claim = failing(rules, "red flag")["sites"]

    assert claim.patient == PatientFacts(sites={"calf", "foot"})


def test_evidence_for_and_against_by_one_value_is_found():
    """With the value; where they part cleanly nothing is wrong."""
    clean = cause(
        evidence("low", "cause", "age_years < 20", weight="moderate"),
        evidence("high", "cause", "age_years >= 20", weight="against-moderate"),
    )
    both = cause(
        evidence("low", "cause", "age_years < 20", weight="moderate"),
        evidence("high", "cause", "age_years >= 19", weight="against-moderate"),
    )

    assert not failing(clean, "bands")
    assert {one.id for one in prove(clean, kinds=BANDS)} == {"age_years for cause"}
    claim = failing(both, "bands")["age_years for cause"]
    assert claim.patient is not None
    assert claim.patient.age_years is not None
    assert 19 <= claim.patient.age_years < 20


# --- The prover itself --------------------------------------------------------------------------


def test_a_counter_example_that_the_engine_does_not_bear_out_is_an_error(monkeypatch):
    """A translation that mistakes a condition is found out where it matters most."""
    right = Translation._compared

    def mistaken(self: Translation, atom: Any) -> Any:
        return right(self, evolve(atom, operator="<" if atom.operator == ">" else atom.operator))

    monkeypatch.setattr(Translation, "_compared", mistaken)
    with pytest.raises(EngineError, match="the engine does not"):
        prove(SHIPPED, kinds=("red flag", "law", "contradiction"))


def test_only_what_is_asked_for_is_decided():
    """`kinds` and `about` choose; together they narrow."""
    claims = prove(SHIPPED, kinds=("can fire", "law"), about={"rub"})
    assert {claim.kind for claim in claims} == {"can fire", "law"}
    assert "C12" in {claim.id for claim in claims}
    assert "toxin.exposed" not in {claim.id for claim in claims}


def test_counter_examples_hold_few_facts():
    """What does not matter is left out."""
    rules = without_unless("rub", "C12-red-or-warm")
    claim = failing(rules, "law", about={"rub"})["C12"]
    assert claim.patient is not None
    assert len(claim.patient.known()) <= 2


def test_without_the_solver_the_missing_extra_is_named(monkeypatch):
    """As for the other extras."""
    monkeypatch.setitem(sys.modules, "z3", None)
    with pytest.raises(MissingExtraError, match=r"crampsrules\[prove\]"):
        prove(SHIPPED)


# --- The command --------------------------------------------------------------------------------

PACK = """
[[sources]]
id = "book"
title = "A book"

[[escalations]]
id = "spasm"
when = "spreading_spasms"
triage = "emergency"
reason = "Spasms that spread are seen at once."
source = "book"

[[advice]]
id = "have_a_nap"
kind = "relief"
title = "Have a nap"
text = "Sleep for an hour."
source = "book"

[[laws]]
id = "seen"
says = "Spreading spasms are an emergency."
when = "spreading_spasms"
at_least = "emergency"
source = "book"

[[laws]]
id = "awake"
says = "Nobody with spreading spasms is sent to bed."
when = "spreading_spasms"
forbids = ["have_a_nap"]
source = "book"
"""
HOLDING = 'reason = "Spasms that spread are seen at once."\nholds = "all"'


@pytest.fixture
def pack(tmp_path):
    """Writes a folder of rules; gives its name."""

    def write(text: str) -> str:
        (tmp_path / "pack").mkdir()
        (tmp_path / "pack" / "own.toml").write_text(text, encoding="utf-8")
        return str(tmp_path / "pack")

    return write


def run(capsys, *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["prove", *arguments])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_a_pack_states_its_own_laws_and_has_them_proved(pack, capsys):
    """Alone, and each claim is counted."""
    sound = PACK.replace('reason = "Spasms that spread are seen at once."', HOLDING)
    code, out = run(capsys, pack(sound), "--alone")
    assert code == ExitCode.OK, out
    for kind in ("can fire", "red flag", "law"):
        assert re.search(rf"^{kind}: .* claims, proved\)$", out, re.MULTILINE)
    assert "claims hold for every patient: 2 rules and 2 laws" in out


def test_a_law_of_a_pack_that_does_not_hold_is_shown_with_a_patient(pack, capsys):
    """With its place in the file, the patient, and what the engine makes of them."""
    code, out = run(capsys, pack(PACK), "--alone")
    assert code == ExitCode.FAILED_CHECK
    assert "FAILS law: awake (pack/own.toml:" in out
    assert "    PatientFacts(spreading_spasms=True)\n" in out
    assert "gives have_a_nap" in out
    assert "1 of " in out.splitlines()[-1]


def test_alone_needs_a_folder(capsys):
    """As for `check`."""
    code, _ = run(capsys, "--alone")
    assert code == ExitCode.USAGE


def test_the_command_without_the_solver_says_what_to_install(pack, capsys, monkeypatch):
    """Exit code 5, as wherever something optional is missing."""
    monkeypatch.setitem(sys.modules, "z3", None)
    code, out = run(capsys, pack(PACK), "--alone")
    assert code == ExitCode.MISSING
    assert out == ""
