"""What a patient reads: short, plain, with the disclaimer, and never unsafe by leaving out."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import cache
from statistics import median

import pytest
from attrs import evolve
from hypothesis import example, given

from crampsrules import Assessment, RuleBase, RuleError, Triage, assess
from crampsrules.cli.shown_assessment import leaflet
from crampsrules.leaflet import LONGEST_NAME, MOST_CAUSES, MOST_NAMES, MOST_WORDS, ROOMS, WIDTH
from crampsrules.sentences import LEAFLET_SENTENCES
from tests.drawing import RULES as FOLDER
from tests.drawing import fewer, patients, shipped_texts
from tests.readability import grade, syllables
from tests.satisfying import near_examples

RULES = RuleBase.load()

# Found by climbing from example to example towards more and more words: nearly every condition
# that adds a caution and none that withholds the advice.
TALKATIVE = {
    "age_years": 120,
    "months_since_first": 30,
    "medications": ["statin", "warfarin", "digoxin", "antacid", "lithium", "combined_pill"],
    "postpartum": True,
    "heat_exposure": True,
    "nausea": True,
    "diabetes": True,
    "smoker": True,
    "kidney_disease": True,
    "leg_swelling": "both",
    "symptoms": ["cramp", "ache", "heaviness", "burning"],
    "timing": ["day", "on_waking", "walking", "night", "after_exercise", "rest"],
    "eased_by": ["stretching", "moving", "sitting", "warming", "rest"],
    "episodes_per_week": 3,
    "episode_minutes": 5,
    "heavy_sweating": True,
    "alcohol_units_per_week": 35,
    "hypertension": True,
    "lumbar_spine_disease": True,
    "walking_distance_m": 0,
    "vigorous_exercise": True,
    "hours_in_one_position": 72,
    "fall_risk": True,
}

# Found in the same way, for what is left out: so many reasons that none can be told in full.
FORBIDDEN = {
    "injury": True,
    "eases_within_minutes": 3,
    "cold_exposure": True,
    "sides": "one",
    "worsening": True,
    "worsened_by": ["walking"],
    "peripheral_artery_disease": True,
    "timing": ["night"],
    "ankle_brachial_index": 0.5,
    "sedentary": True,
    "heavy_sweating": True,
    "potassium_mmol_l": 5.4,
    "major_surgery": True,
    "neck_surgery": True,
    "episode_minutes": 4,
    "sodium_reported": "low",
    "kidney_disease": True,
    "fluid_restricted": True,
}

everyone = patients() | near_examples(RULES)


@cache
def leaflets() -> Mapping[str, str]:
    """The leaflet of each worked example, by what the example says."""
    return {one.says: str(assess(one.facts, engine="compiled")) for one in RULES.examples}


def flat(text: str) -> str:
    """The text without its line breaks."""
    return " ".join(text.split())


# --- For everyone -------------------------------------------------------------------------------


@fewer(3)
@given(everyone)
def test_it_says_what_it_is(patient):
    """How soon to be seen comes first, and that it informs and does not diagnose comes last."""
    assessment = assess(patient, engine="compiled")
    text = str(assessment)

    assert text.startswith(assessment.triage_wording.title.upper())
    assert flat(text).endswith(flat(assessment.disclaimer))
    assert "does not diagnose" in text


@fewer(3)
@given(everyone)
def test_it_has_no_inner_names(patient):
    """No ids of rules, causes, advice or facts, no statement numbers, no engine, no markup."""
    text = str(assess(patient, engine="compiled"))
    names = set(re.findall(r"[a-z]+(?:_[a-z]+)+|[a-z_]+\.[a-z][a-z-]+", text))

    assert not names & {*RULES.conditions, *RULES.causes, *(one.id for one in RULES.advice)}
    assert not re.search(r"\b[SC]\d+\b|_|\{|\}|None|True|False|<|>|\*", unquoted(text, patient))
    assert not names - {"e.g"}


def unquoted(text: str, patient) -> str:
    """The text without the names of medicines, which are the patient's own."""
    for name in patient.medications or ():
        text = text.replace(name, "")
    return text


@fewer(3)
@given(everyone)
@example({**TALKATIVE})
@example({**FORBIDDEN})
@example({**TALKATIVE, "medications": [f"a b c d e f g h i j k l m n o p {i}" for i in range(200)]})
def test_it_is_short(patient):
    """Two pages at the most, however much there is to say, and no line too wide for a screen."""
    text = str(assess(patient, engine="compiled"))

    assert len(text.split()) <= MOST_WORDS
    assert max(map(len, text.splitlines())) <= WIDTH


def test_most_are_shorter():
    """What is usually said fits on less than two pages."""
    assert median(len(text.split()) for text in leaflets().values()) <= MOST_WORDS * 0.9


@fewer(3)
@given(everyone)
@example({**TALKATIVE})
def test_no_advice_is_left_unsaid(patient):
    """What does not fit is still named, and what there is to mind about it too."""
    assessment = assess(patient, engine="compiled")
    text = flat(str(assessment)).lower()
    asks_first = flat(RULES.wording.leaflet["ask_first"].partition(":")[0]).lower()

    titles = [one.title for one in assessment.advice] + [one.title for one in assessment.withheld]
    assert [title for title in titles if title.lower() not in text] == []
    for one in assessment.advice:
        if one.caution:
            assert flat(one.caution).lower() in text or asks_first in text


@fewer(3)
@given(everyone)
def test_one_who_is_to_be_seen_today_is_told_why(patient):
    """The most urgent reason stands in full."""
    assessment = assess(patient, engine="compiled")

    if assessment.triage > Triage.SELF_CARE:
        assert flat(assessment.escalations[0].reason) in flat(str(assessment))


@fewer(3)
@given(everyone)
def test_the_safety_net_is_for_those_who_wait(patient):
    """Whoever is not seen today learns which signs cannot wait."""
    assessment = assess(patient, engine="compiled")
    net = flat(RULES.wording.leaflet["safety_net"])

    assert (net in flat(str(assessment))) is not assessment.triage.is_urgent


# --- Plain words --------------------------------------------------------------------------------


def test_the_worked_examples_can_be_read_at_twelve():
    """Half of them below grade 6, none at grade 8 or above."""
    grades = {says: grade(text) for says, text in leaflets().items()}

    assert median(grades.values()) < 6
    assert {says: found for says, found in grades.items() if found >= 8} == {}


def said_to_patients() -> dict[str, str]:
    """Each text of the rules that a patient may read, by where it stands."""
    said = {f"cause {one.id}": one.patient for one in RULES.causes.values() if one.patient}
    said |= {one.id: one.patient or one.reason for one in RULES.escalations}
    for one in RULES.advice:
        said[one.id] = f"{one.title}. {one.patient or one.text}"
        said |= {f"{one.id} {caution.id}": caution.text for caution in one.cautions}
        for entry in one.unless:
            said[f"{one.id} {entry.id}"] = f"Left out: {entry.reason}. {entry.instead or ''}"
    return said


@pytest.mark.parametrize(("place", "text"), said_to_patients().items())
def test_every_text_is_plain_and_short(place, text):
    """Each by itself, where one long word weighs more: below grade 11, at most 75 words."""
    assert grade(text) < 11
    assert len(text.split()) <= 75


@pytest.mark.parametrize(
    ("word", "count"),
    [
        ("cramp", 1), ("muscle", 2), ("potassium", 4), ("breathe", 1), ("walked", 1), ("little", 2),
        ("medicine", 3), ("pain-relief", 3), ("doctor's", 2), ("emergency", 4),
    ],
)  # fmt: skip
def test_syllables_are_counted(word, count):
    """The measure itself, on words whose count anyone knows."""
    assert syllables(word) == count


def test_the_grade_tells_plain_from_learned():
    """A child's sentence and a learned one, either side of what is asked."""
    plain = "Move around. Rub the muscle until it lets go. Get help if the leg turns cold."
    learned = (
        "Pharmacological prophylaxis necessitates individualised consideration of the "
        "contraindications associated with cardiovascular comorbidity."
    )

    assert grade(plain) < 3
    assert grade(learned) > 20


# --- What stands in it --------------------------------------------------------------------------


def test_nothing_suspected_is_said():
    """Not left out: nobody should wonder whether something was forgotten."""
    worried = assess(muscle_wasting=True)

    assert worried.causes == () or worried.causes[0].id != "idiopathic_nocturnal_cramps"
    none = evolve(worried, causes=())
    words = RULES.wording.leaflet
    assert flat(words["nothing_suspected"]) in flat(str(evolve(none, triage=Triage.ROUTINE)))
    assert flat(words["nothing_suspected_urgent"]) in flat(
        str(evolve(none, triage=Triage.SAME_DAY))
    )


def test_a_mimic_is_called_one():
    """Restless legs are no cramp, and the leaflet says so."""
    text = str(assess(symptoms=["urge_to_move"], timing=["evening"], eased_by=["moving"]))

    assert "This can feel much like a cramp and not be one" in flat(text)


def test_medicines_that_nobody_knows_are_named():
    """Some by name and the rest by number; an endless name is cut."""
    names = [f"{'wonder drops ' * 5}{i}" for i in range(9)]
    text = flat(str(assess(medications=names)))

    assert text.count("wonder drops") >= MOST_NAMES
    assert f"{9 - MOST_NAMES} more" in text
    assert "wonder drops " * 3 not in text
    assert f"{names[0][: LONGEST_NAME - 1]}…" in text
    assert "q" * LONGEST_NAME in flat(str(assess(medications=["q" * LONGEST_NAME])))
    cut = flat(str(assess(medications=["q" * (LONGEST_NAME + 1)])))
    assert re.findall("q+…", cut) == ["q" * (LONGEST_NAME - 1) + "…"]
    assert len(names[0]) > LONGEST_NAME


def test_of_many_causes_the_next_few_are_named():
    """After the first, which stands by itself."""
    many = assess(TALKATIVE)
    sentence = RULES.wording.leaflet["also_possible"]
    text = flat(str(many)).lower()
    before, after = (flat(one).lower() for one in sentence.split("{titles}"))
    named = text.split(before)[1].split(after)[0]

    assert len(many.causes) > MOST_CAUSES
    assert [one.title.lower() in named for one in many.causes[1:]] == [
        at < MOST_CAUSES for at in range(1, len(many.causes))
    ]


def test_a_word_with_a_hyphen_stays_on_one_line():
    """It is one word to a reader."""
    assessment = evolve(assess(), disclaimer="x" * (WIDTH - 6) + " pain-relief")

    assert str(assessment).endswith("x\npain-relief\n")


@pytest.mark.parametrize(("bullet", "indent"), [("- ", "  "), ("", "")])
def test_the_lines_of_a_bullet_stand_under_its_text(bullet, indent):
    """And those of any other paragraph at the margin."""
    assessment = evolve(assess(), disclaimer=bullet + "words " * 40)

    first, *others = str(assessment).split("\n\n")[-1].splitlines()

    assert first.startswith(f"{bullet}words words")
    assert others
    assert all(line.startswith(f"{indent}words") for line in others)


def test_a_shared_caution_is_said_once():
    """Balm and patch are minded in the same way."""
    text = flat(str(assess(age_years=30)))

    assert text.count("Never use it under a heating pad") == 1


def test_what_is_withheld_is_named_with_the_reason():
    """And what to do instead, where there is something."""
    text = flat(str(assess(heart_failure=True)))

    told = (
        "Not for you now: drink enough. Left out because how much to drink in heart failure is set"
    )
    assert told in text
    assert "Ask your heart team." in text


def what_is_left_out(text: str) -> list[str]:
    """The lines of the leaflet about what is left out."""
    heading = RULES.wording.leaflet["withheld_heading"]
    block = next((one for one in text.split("\n\n") if one.startswith(f"{heading}\n")), "")
    return [flat(line) for line in re.split(r"(?m)^- ", block)[1:]]


@fewer(3)
@given(everyone)
@example({"dialysis": True, "injury": True})
@example({**FORBIDDEN})
def test_what_is_withheld_cannot_be_read_as_advice(patient):
    """Each line of it says first that it is not for the patient, and each title has its reason."""
    assessment = assess(patient, engine="compiled")
    lines = what_is_left_out(str(assessment))
    not_for_you = flat(RULES.wording.leaflet["withheld"].partition("{")[0])

    assert bool(lines) is bool(assessment.withheld)
    assert [line for line in lines if not line.startswith(not_for_you)] == []
    for one in assessment.withheld:
        title = rf"(?i:{re.escape(one.title)})[^(.]*(?:\(|\. Left out because )"
        reason = re.escape(one.reason[: ROOMS[-1].reason].rpartition(" ")[0])
        assert any(re.search(title + reason, line) for line in lines)


def test_a_reason_is_told_once_for_what_is_left_out_for_it():
    """Moving and shaking wait for the same; what does not fit keeps its reason in brackets."""
    lines = what_is_left_out(str(assess(dialysis=True, injury=True)))

    assert "Not for you now: stretch the cramped muscle. Left out because stretching" in lines[0]
    assert (
        "move around and shake the leg (a hurt muscle needs rest for the first days);" in lines[1]
    )
    assert "; drink enough (you are on dialysis);" in lines[1]


def test_a_withheld_piece_without_a_reason_still_says_that_it_is_not_given():
    """Data made by other rules may have none."""
    stored = assess(heart_failure=True).to_dict(unknowns=False)
    for at in range(len(ROOMS)):
        stored["withheld"].append({**stored["withheld"][0], "reason": "", "instead": f"Ask {at}."})
    text = str(Assessment.from_dict(stored))

    assert "Not for you now: drink enough. Ask 0." in flat(text)
    assert "()" not in text


def test_the_shortest_room_leaves_no_advice_bare():
    """Without room for cautions, whatever has one is to be asked about first."""
    assert not ROOMS[-1].cautions
    assert all(room.cautions for room in ROOMS[:-1])

    text = flat(str(assess(TALKATIVE)))
    assert "Ask a doctor or pharmacist before you do any of these:" in text


def test_it_is_read_from_stored_data_too():
    """With the words of the shipped rules where those that made it are not at hand."""
    stored = assess(episodes_per_week=4).to_dict(unknowns=False)
    stored["rules_version"] = "other rules"

    assert "Talk to a doctor".upper() in str(Assessment.from_dict(stored))


def test_rules_without_a_stock_sentence_are_refused():
    """A missing sentence is found when rules are read, not when a patient needs it."""
    wording = (FOLDER / "wording.toml").read_text(encoding="utf-8")

    with pytest.raises(RuleError, match="lacks in \\[leaflet\\]: safety_net"):
        RuleBase.from_texts({"w.toml": wording.replace("\nsafety_net =", "\nsafetynet =")})


@pytest.mark.parametrize("key", sorted(LEAFLET_SENTENCES))
def test_each_stock_sentence_is_needed(key):
    """A rule base with wording of its own is told at once what its wording lacks."""
    scales, table, leaflet = shipped_texts()["wording.toml"].partition("[leaflet]")
    mine = re.sub(rf"(?m)^{key} = .*\n", "", leaflet)

    with pytest.raises(RuleError, match=rf"lacks in \[leaflet\]: {key}$"):
        RuleBase.from_texts({"w.toml": f"{scales}{table}{mine}"})


def test_no_other_stock_sentence_is_needed_to_show_an_answer():
    """A rule base that loads can be shown in every way."""
    texts = dict(shipped_texts())
    lines = texts["wording.toml"].splitlines(keepends=True)
    at = lines.index("[leaflet]\n") + 1
    needed = [line for line in lines[at:] if line.split(" = ")[0] in LEAFLET_SENTENCES]
    rules = RuleBase.from_texts({**texts, "wording.toml": "".join(lines[:at] + needed)})

    assert set(rules.wording.leaflet) == set(LEAFLET_SENTENCES)
    for one in RULES.examples:
        shown = assess(one.facts, rules=rules, engine="compiled")
        assert str(shown)
        assert shown.to_html()
        assert leaflet(shown)
    assert str(shown.explain())
    assert shown.unknowns
