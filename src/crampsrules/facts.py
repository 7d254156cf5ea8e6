"""What is known of a patient: typed, bounded, and `None` wherever it is unknown."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from collections.abc import Set as AbstractSet
from operator import itemgetter
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Literal, final

import attrs
from attrs import frozen

from crampsrules.declarations import (
    Fact,
    Kind,
    choice,
    flag,
    integer,
    laboratory,
    medicines,
    members,
    number,
    reported,
)
from crampsrules.documents import parsed_json, parsed_toml
from crampsrules.errors import FactProblem, FactsError, did_you_mean, shorten
from crampsrules.readers import LONG_LIST, Reader, RefusedError, TextsReader, reader_of

__all__ = ["CONTRADICTIONS", "FACTS", "GROUPS", "Fact", "Kind", "PatientFacts"]

GROUPS: Mapping[str, str] = MappingProxyType(
    {
        "person": "About you",
        "cramp": "The cramp",
        "before": "What came before",
        "medicines": "Medicines",
        "conditions": "Known conditions",
        "signs": "Other signs",
        "laboratory": "Test results",
    }
)
"""The groups of facts, in the order to ask about them, each with its title."""

# Looking for what was meant takes most of a millisecond, and a text may hold 100,000 names.
_MOST_HINTS = 100

_SITES = {
    "leg": "the leg, not known where more exactly",
    "calf": "the calf",
    "thigh": "the thigh",
    "foot": "the foot or toes",
    "shin": "the shin",
    "buttock": "the buttock",
    "hand": "the hand or fingers",
    "arm": "the arm",
    "abdomen": "the belly",
    "back": "the back",
    "jaw": "the jaw",
    "whole_body": "the whole body",
}


# Without slots, so that all fields are set at once: a patient's dict begins as a copy of
# `_UNKNOWN`. Then all have their fields in the same places, where Python finds them quickest.
@final
@frozen(kw_only=True, slots=False)
class PatientFacts:
    """What is known of one patient. Every field is optional, and `None` means unknown, never "no".

    Takes keywords only. Lists and other collections become frozensets, and an int is taken
    where a float is meant. A set is a complete list when it is given: an empty one means "none
    of these". A laboratory value may also be given as `{"value": 9.1, "unit": "mg/dL"}`. A type
    checker wants sets and plain numbers here; lists and units pass it in a mapping, given to
    `from_mapping` or to `assess`.

    Raises `FactsError`, which names every bad field at once: an unknown name, a wrong type, a
    number out of range, an unknown member, or facts that contradict each other by definition.

    >>> PatientFacts(age_years=71, symptoms={"cramp"})
    PatientFacts(age_years=71.0, symptoms=frozenset({'cramp'}))
    """

    # Person

    age_years: float | None = number(0, 120, "years", "person", "age", "How old are you, in years?")
    sex: Literal["female", "male"] | None = choice(
        {"female": "female", "male": "male"}, "person", "sex", "What is your sex?"
    )
    pregnant: bool | None = flag("person", "pregnant", "Are you pregnant?")
    postpartum: bool | None = flag(
        "person",
        "gave birth in the last six weeks",
        "Have you given birth in the last six weeks?",
    )

    # The cramp

    symptoms: AbstractSet[str] | None = members(
        {
            "cramp": "a sudden, hard, painful tightening of the muscle",
            "pain": "pain, not known of what kind",
            "ache": "a dull ache",
            "burning": "burning",
            "tingling": "tingling, or pins and needles",
            "heaviness": "a heavy feeling",
            "stiffness": "stiffness",
            "urge_to_move": "an urge to move the legs",
            "twisting": "the foot, toes or limb held twisted or curled",
        },
        "cramp",
        "what it feels like",
        "What does it feel like? Choose all that fit.",
        general={"pain": ("cramp", "ache", "burning")},
    )
    sites: AbstractSet[str] | None = members(
        _SITES,
        "cramp",
        "where it is",
        "Where do you feel it? Choose all the places.",
        general={
            "leg": ("calf", "thigh", "foot", "shin", "buttock"),
            "whole_body": tuple(site for site in _SITES if site != "whole_body"),
        },
    )
    sides: Literal["one", "both", "alternating"] | None = choice(
        {
            "one": "always the same side",
            "both": "both sides at once",
            "alternating": "one side at a time, but not always the same one",
        },
        "cramp",
        "on which side",
        "Is it always the same leg, both at once, or now one and now the other?",
    )
    timing: AbstractSet[str] | None = members(
        {
            "night": "at night",
            "on_waking": "on waking up",
            "day": "in the daytime",
            "evening": "in the evening",
            "rest": "while resting",
            "walking": "while walking",
            "standing": "while standing",
            "sitting": "while sitting",
            "during_exercise": "during exercise or sport",
            "after_exercise": "after exercise or sport",
            "during_dialysis": "during dialysis, or in the hours after it",
        },
        "cramp",
        "when it comes",
        "When does it come? Choose all that fit.",
    )
    onset: Literal["sudden", "gradual"] | None = choice(
        {"sudden": "all at once", "gradual": "little by little"},
        "cramp",
        "how it starts",
        "Does it start all at once, or build up little by little?",
    )
    episode_minutes: float | None = number(
        0,
        10_080,
        "minutes",
        "cramp",
        "how long one lasts",
        "How many minutes does one last? If it varies, give the longest.",
    )
    episodes_per_week: float | None = number(
        0, 1000, "a week", "cramp", "how often it comes", "How many times a week does it come?"
    )
    months_since_first: float | None = number(
        0,
        1200,
        "months",
        "cramp",
        "time since the first one",
        "How many months ago did you have the first one?",
    )
    pain_severity: int | None = integer(
        0,
        10,
        "cramp",
        "how bad the pain is, from 0 to 10",
        "How bad is the pain at its worst, from 0 (none) to 10 (the worst you can think of)?",
    )
    wakes_from_sleep: bool | None = flag(
        "cramp",
        "it wakes you, or keeps you from sleep",
        "Does it wake you up, or keep you from sleep?",
    )
    disturbs_daily_life: bool | None = flag(
        "cramp",
        "it gets in the way of daily life",
        "Does it get in the way of your daily life?",
    )
    persists_between_episodes: bool | None = flag(
        "cramp",
        "pain, swelling or other signs stay after the cramp has passed",
        "When the cramp has passed, do pain, swelling or other signs stay? A sore muscle that "
        "fades within a day or two does not count.",
    )
    worsening: bool | None = flag(
        "cramp",
        "it is getting more frequent or stronger",
        "Over time, has it come more often or grown stronger?",
    )
    eased_by: AbstractSet[str] | None = members(
        {
            "stretching": "stretching the muscle",
            "moving": "moving about",
            "rubbing": "rubbing the muscle",
            "rest": "resting, not known how",
            "standing_still": "standing still",
            "sitting": "sitting down",
            "bending_forward": "bending forward, or leaning on a trolley",
            "warming": "warming it",
            "cooling": "cooling it",
            "hanging_leg_down": "hanging the leg down",
            "raising_leg": "raising the leg",
        },
        "cramp",
        "what eases it",
        "What makes it better? Choose all that fit.",
        general={"rest": ("standing_still", "sitting")},
    )
    worsened_by: AbstractSet[str] | None = members(
        {
            "walking": "walking",
            "uphill": "going uphill",
            "downhill": "going downhill",
            "standing": "standing",
            "sitting": "sitting",
            "lying": "lying down",
            "cold": "cold",
            "heat": "heat",
            "touch": "touching or pressing it",
            "passive_stretch": "someone else stretching the muscle",
        },
        "cramp",
        "what makes it worse",
        "What brings it on or makes it worse? Choose all that fit.",
    )
    walking_distance_m: float | None = number(
        0,
        50_000,
        "m",
        "cramp",
        "how far you walk before it comes",
        "If walking brings it on after about the same distance each time: how many metres is that?",
        to_tell="hard",
    )
    eases_within_minutes: float | None = number(
        0,
        1440,
        "minutes",
        "cramp",
        "how soon it eases after stopping",
        "When you stop what you are doing, after how many minutes does it ease?",
    )
    self_care_failed: bool | None = flag(
        "cramp",
        "what you tried yourself has not helped",
        "Have you tried to treat it yourself, and found that it did not help?",
    )

    # What came before

    vigorous_exercise: bool | None = flag(
        "before",
        "hard exercise in the two days before",
        "Did you do hard exercise, sport or bodily work in the two days before it?",
    )
    unaccustomed_exercise: bool | None = flag(
        "before",
        "exercise that was new, longer or harder than usual",
        "Was the exercise before it new to you, or longer or harder than usual?",
    )
    endurance_event: bool | None = flag(
        "before",
        "a long race or another long effort",
        "Did it come with a long race or another long effort, such as a marathon or a long hike?",
    )
    sedentary: bool | None = flag(
        "before", "sits for most of the day", "Do you sit for most of the day and move little?"
    )
    injury: bool | None = flag(
        "before",
        "that leg was hurt in the last two weeks",
        "In the last two weeks, was that leg hurt by a blow, a fall, a pull or a tear?",
    )
    prolonged_posture: bool | None = flag(
        "before",
        "stayed long in one position before it",
        "Before it came, did you sit, stand, squat or lie in one position for long? If you know "
        "for how many hours, give the hours instead.",
    )
    hours_in_one_position: float | None = number(
        0,
        72,
        "hours",
        "before",
        "longest time in one position",
        "What is the longest that you stayed in one position before it, in hours?",
    )
    cold_exposure: bool | None = flag(
        "before",
        "cold just before it",
        "Just before it, were you in cold water or a cold room, or uncovered in the cold?",
    )
    heat_exposure: bool | None = flag(
        "before", "great heat before it", "Were you in great heat before it came?"
    )
    heavy_sweating: bool | None = flag(
        "before", "heavy sweating before it", "Did you sweat heavily before it came?"
    )
    fluid_litres_per_day: float | None = number(
        0,
        30,
        "litres a day",
        "before",
        "how much you drink a day",
        "How many litres do you drink a day, all drinks together?",
    )
    fluid_intake: Literal["low", "usual", "high"] | None = choice(
        {"low": "less than usual", "usual": "as much as usual", "high": "more than usual"},
        "before",
        "how much you drink",
        "If you do not know how many litres you drink: is it less than usual, as usual, or more?",
        measured_by="fluid_litres_per_day",
    )
    plain_water_excess: bool | None = flag(
        "before",
        "drank a great deal of plain water",
        "Did you drink a great deal of plain water, during a long effort or in a short time?",
    )
    vomiting_or_diarrhoea: bool | None = flag(
        "before",
        "vomiting or diarrhoea again and again in the last three days",
        "In the last three days, did you vomit or have diarrhoea more than once?",
    )
    fruit_and_vegetable_portions_per_day: float | None = number(
        0,
        50,
        "portions a day",
        "before",
        "fruit and vegetables a day",
        "How many portions of fruit and vegetables do you eat a day? A portion is about a handful.",
    )
    alcohol_units_per_week: float | None = number(
        0,
        500,
        "units a week",
        "before",
        "alcohol a week",
        "How many units of alcohol do you drink a week? A UK unit is 8 g: half a pint of ordinary "
        "beer, or a small glass of spirits.",
    )
    smoker: bool | None = flag("before", "smokes", "Do you smoke?")
    travel_hours: float | None = number(
        0,
        72,
        "hours",
        "before",
        "longest journey in the last four weeks",
        "How many hours was your longest journey in the last four weeks?",
    )
    immobilised: bool | None = flag(
        "before",
        "in bed for three days or more, or the leg in plaster",
        "Have you lately been in bed for three days or more, or had the leg in plaster?",
    )
    major_surgery: bool | None = flag(
        "before",
        "a big operation in the last twelve weeks",
        "Have you had a big operation in the last twelve weeks?",
    )
    contaminated_wound: bool | None = flag(
        "before",
        "a dirty or deep wound in the last three weeks",
        "Have you had a dirty or deep wound in the last three weeks?",
    )
    tetanus_protected: bool | None = flag(
        "before",
        "protected against tetanus",
        "Have you had all your tetanus jabs, so that you are protected now?",
    )
    toxin_exposure: bool | None = flag(
        "before",
        "contact with a poison such as lead or mercury",
        "Have you been in contact with a poison such as lead or mercury?",
    )

    # Medicines

    medications: AbstractSet[str] | None = medicines(
        "medicines",
        "medicines",
        "Which medicines do you take? Name everything: tablets, sprays, creams, jabs, the pill, "
        "and what you buy without a prescription.",
    )
    weeks_since_medication_change: float | None = number(
        0,
        5200,
        "weeks",
        "medicines",
        "time since a medicine was started or increased",
        "How many weeks ago was a medicine last started, or its dose increased?",
    )
    better_off_medication: bool | None = flag(
        "medicines",
        "better without a medicine",
        "Did it ease after you stopped a medicine, or come back when you took it again?",
    )

    # Known conditions

    kidney_disease: bool | None = flag(
        "conditions", "kidney disease", "Have you been told that you have kidney disease?"
    )
    dialysis: bool | None = flag("conditions", "on dialysis", "Are you on dialysis?")
    diabetes: bool | None = flag("conditions", "diabetes", "Do you have diabetes?")
    neuropathy: bool | None = flag(
        "conditions",
        "nerve damage (neuropathy), or a spinal cord injury",
        "Have you been told that you have nerve damage (neuropathy), or a spinal cord injury?",
    )
    peripheral_artery_disease: bool | None = flag(
        "conditions",
        "narrowed arteries in the legs",
        "Have you been told that the arteries of your legs are narrowed?",
    )
    heart_failure: bool | None = flag(
        "conditions", "heart failure", "Have you been told that you have heart failure?"
    )
    heart_disease: bool | None = flag(
        "conditions",
        "heart disease",
        "Do you have heart disease, such as angina or a past heart attack?",
    )
    hypertension: bool | None = flag(
        "conditions", "high blood pressure", "Do you have high blood pressure?"
    )
    atrial_fibrillation: bool | None = flag(
        "conditions",
        "an irregular heartbeat (atrial fibrillation)",
        "Do you have an irregular heartbeat called atrial fibrillation?",
    )
    high_cholesterol: bool | None = flag(
        "conditions", "high cholesterol", "Do you have high cholesterol?"
    )
    lumbar_spine_disease: bool | None = flag(
        "conditions",
        "a disease of the lower back, such as a slipped disc",
        "Have you been told of a disease of your lower back, such as a slipped disc or a narrow "
        "spinal canal?",
    )
    hypothyroidism: bool | None = flag(
        "conditions", "an underactive thyroid", "Do you have an underactive thyroid?"
    )
    cirrhosis: bool | None = flag(
        "conditions",
        "a scarred liver (cirrhosis)",
        "Have you been told that your liver is scarred (cirrhosis)?",
    )
    varicose_veins: bool | None = flag(
        "conditions", "varicose veins", "Do you have varicose veins?"
    )
    active_cancer: bool | None = flag(
        "conditions", "cancer", "Do you have cancer now, or are you being treated for it?"
    )
    past_blood_clot: bool | None = flag(
        "conditions",
        "a blood clot in a leg or lung in the past",
        "Have you ever had a blood clot in a leg or a lung?",
    )
    bleeding_disorder: bool | None = flag(
        "conditions",
        "a bleeding disorder, or a stomach ulcer or bleed in the past",
        "Do you bleed more easily than others because of a disease, or have you ever had a "
        "stomach ulcer or bleed?",
    )
    raynaud: bool | None = flag(
        "conditions",
        "Raynaud's, or another trouble of blood vessels or skin in the cold",
        "Do you have Raynaud's, Buerger disease, vasculitis, cryoglobulinaemia or an allergy to "
        "cold, or have you ever had frostbite?",
    )
    neck_surgery: bool | None = flag(
        "conditions",
        "an operation on the thyroid or parathyroid glands",
        "Have you had an operation on the thyroid in your neck, or on the small glands beside it?",
    )
    fluid_restricted: bool | None = flag(
        "conditions",
        "told to limit what you drink",
        "Have you been told to limit how much you drink?",
    )
    low_sodium_diet: bool | None = flag(
        "conditions", "on a low-salt diet", "Are you on a low-salt diet?"
    )
    motor_neurone_disease: bool | None = flag(
        "conditions", "motor neurone disease", "Do you have motor neurone disease (ALS)?"
    )
    restless_legs: bool | None = flag(
        "conditions",
        "restless legs syndrome",
        "Have you been told that you have restless legs syndrome?",
    )
    salicylate_allergy: bool | None = flag(
        "conditions",
        "an allergy to aspirin or anti-inflammatories, or asthma set off by them",
        "Are you allergic to aspirin, to its relatives (salicylates) or to anti-inflammatory "
        "medicines, or do they set off asthma?",
    )
    fall_risk: bool | None = flag("conditions", "falls easily", "Do you fall easily?")
    parkinsons_disease: bool | None = flag(
        "conditions", "Parkinson's disease", "Do you have Parkinson's disease?"
    )
    malabsorption: bool | None = flag(
        "conditions",
        "a gut that takes up food badly",
        "Do you have a disease that keeps your gut from taking up food well, such as coeliac or "
        "Crohn's disease?",
    )
    vitamin_d_deficiency: bool | None = flag(
        "conditions",
        "too little vitamin D",
        "Have you been told that you have too little vitamin D?",
    )

    # Signs

    leg_swelling: Literal["none", "one", "both"] | None = choice(
        {"none": "neither leg", "one": "one leg", "both": "both legs"},
        "signs",
        "swollen legs",
        "Is one leg swollen, or both, or neither?",
    )
    urine: Literal["pale", "dark_yellow", "scant", "none", "cola"] | None = choice(
        {
            "pale": "pale, and as much as usual",
            "dark_yellow": "dark yellow",
            "scant": "very little",
            "none": "none for eight hours, though there usually is some",
            "cola": "brown, like cola or strong tea",
        },
        "signs",
        "urine",
        "What is your urine like?",
    )
    weakness_course: Literal["days", "weeks_to_months", "stable"] | None = choice(
        {
            "days": "within days",
            "weeks_to_months": "over weeks to months",
            "stable": "long ago, and the same since",
        },
        "signs",
        "how the weakness or loss of feeling came",
        "If there is weakness or a loss of feeling: how did it come?",
    )
    foot_pulse: Literal["normal", "weak", "absent"] | None = choice(
        {
            "normal": "normal",
            "weak": "weak",
            "absent": "not to be felt",
        },
        "signs",
        "pulse in the foot",
        "If a doctor or nurse has felt for the pulse in your foot: how was it?",
        to_tell="tested",
    )
    ankle_brachial_index: float | None = number(
        0,
        3,
        None,
        "signs",
        "blood pressure at the ankle against the arm (ABI)",
        "If your blood pressure was taken at the ankle and the arm: what was the result (the "
        "ankle-brachial index)?",
        to_tell="tested",
    )
    calf_difference_cm: float | None = number(
        0,
        40,
        "cm",
        "signs",
        "difference between the calves",
        "How many centimetres is one calf bigger round than the other?",
        to_tell="hard",
    )
    weakness: bool | None = flag(
        "signs",
        "weakness that is there when the cramp is over",
        "When the cramp is over, is there less strength than there was? Tiredness and pain do "
        "not count.",
    )
    both_legs_weak: bool | None = flag(
        "signs",
        "weakness in both legs",
        "Is there less strength in both legs? Tiredness and pain do not count.",
    )
    numbness: bool | None = flag(
        "signs",
        "numb skin",
        "Is there skin that feels less than it did? Tingling does not count here.",
    )
    tingling: bool | None = flag("signs", "tingling", "Do you have tingling, or pins and needles?")
    muscle_wasting: bool | None = flag(
        "signs", "a muscle grown thin", "Has a muscle become clearly thinner?"
    )
    twitching: bool | None = flag(
        "signs", "twitching under the skin", "Do muscles twitch under the skin?"
    )
    saddle_numbness: bool | None = flag(
        "signs",
        "numb between the legs",
        "Is the skin numb between your legs: the inner thighs, the private parts or around the "
        "back passage?",
    )
    bladder_or_bowel_change: bool | None = flag(
        "signs",
        "new trouble with bladder, bowel or sexual feeling in the last two weeks",
        "In the last two weeks, have you got new trouble holding or passing urine or stools, or "
        "lost sexual feeling?",
    )
    back_pain: bool | None = flag("signs", "back pain", "Does your back hurt?")
    skin_red_or_warm: bool | None = flag(
        "signs",
        "red, dark or warm skin where it hurts",
        "Is the skin where it hurts red, darker or warmer than the rest?",
    )
    hard_sore_vein: bool | None = flag(
        "signs", "a hard, sore vein", "Is there a vein under the skin that is hard and sore?"
    )
    dilated_leg_veins: bool | None = flag(
        "signs",
        "new wide veins on the leg, not varicose ones",
        "Do veins of the skin stand out on that leg that did not before? Varicose veins do not "
        "count.",
    )
    tender_deep_vein: bool | None = flag(
        "signs",
        "sore to the touch along the deep veins of the leg",
        "Does it hurt to press deep along the middle of the calf or the inside of the thigh?",
    )
    leg_cold_or_pale: bool | None = flag(
        "signs",
        "one leg or foot colder, paler, bluer or mottled, also after the cramp",
        "Is one leg or foot clearly colder, paler, bluer or more mottled than the other, and "
        "still so when the cramp is over?",
    )
    foot_ulcer: bool | None = flag(
        "signs",
        "an open sore or dead skin on the foot",
        "Is there an open sore on the foot, or skin that has gone black or died?",
    )
    foot_drop: bool | None = flag(
        "signs",
        "a foot that hangs down",
        "Does the foot hang down, so that you cannot lift its front?",
    )
    difficulty_walking: bool | None = flag(
        "signs", "trouble walking", "Do you have trouble walking, also when there is no cramp?"
    )
    pain_out_of_proportion: bool | None = flag(
        "signs",
        "pain far worse than what happened explains",
        "Is the pain far worse than what happened to the leg can explain?",
    )
    tense_swelling: bool | None = flag(
        "signs",
        "a hard, tight swelling, also at rest",
        "Is the muscle swollen hard and tight, and still so at rest?",
    )
    bruising: bool | None = flag("signs", "bruises", "Are there bruises where it hurts?")
    cannot_bear_weight: bool | None = flag(
        "signs", "cannot stand on the leg", "Are you unable to stand on that leg?"
    )
    thirst: bool | None = flag("signs", "thirst", "Are you thirstier than usual?")
    dizziness: bool | None = flag("signs", "dizziness", "Are you dizzy or light-headed?")
    fever: bool | None = flag("signs", "fever", "Do you have a fever?")
    confusion: bool | None = flag(
        "signs",
        "confusion or great drowsiness, new or clearly worse than usual",
        "Is the person confused, very drowsy or hard to wake, and is this new or clearly worse "
        "than usual?",
    )
    collapse: bool | None = flag(
        "signs",
        "fainting or collapse, new or clearly worse than usual",
        "Have you fainted or collapsed, and is this new or clearly worse than usual?",
    )
    seizure: bool | None = flag("signs", "a fit (seizure)", "Have you had a fit (seizure)?")
    breathlessness: bool | None = flag(
        "signs",
        "short of breath, new or clearly worse than usual",
        "Are you short of breath, and is this new or clearly worse than usual?",
    )
    chest_pain: bool | None = flag(
        "signs",
        "chest pain, new or clearly worse than usual",
        "Do you have chest pain, and is it new or clearly worse than usual?",
    )
    coughing_blood: bool | None = flag("signs", "coughing up blood", "Have you coughed up blood?")
    palpitations: bool | None = flag(
        "signs",
        "a heart that races, pounds or misses beats",
        "Does your heart race, pound or miss beats?",
    )
    jaw_stiffness: bool | None = flag(
        "signs",
        "a stiff jaw, new or clearly worse than usual",
        "Is your jaw stiff or hard to open, and is this new or clearly worse than usual?",
    )
    neck_stiffness: bool | None = flag("signs", "a stiff neck", "Is your neck stiff?")
    spreading_spasms: bool | None = flag(
        "signs",
        "spasms that spread over minutes to hours",
        "Do the spasms spread from one part of the body to others, over minutes to hours?",
    )
    mouth_or_finger_tingling: bool | None = flag(
        "signs",
        "tingling around the mouth or in the fingers",
        "Do you have tingling around the mouth or in the fingers?",
    )
    hand_spasm: bool | None = flag(
        "signs", "spasms of the hands", "Do your hands tighten up in a spasm?"
    )
    speech_or_swallowing_trouble: bool | None = flag(
        "signs", "trouble speaking or swallowing", "Do you have trouble speaking or swallowing?"
    )
    unusual_bleeding: bool | None = flag(
        "signs",
        "unusual bleeding, bruises, or purple or red spots",
        "Do you bleed or bruise more than usual, or have purple or red spots on the skin?",
    )
    cold_intolerance: bool | None = flag(
        "signs", "feels the cold more than others", "Do you feel the cold more than others do?"
    )
    weight_gain: bool | None = flag(
        "signs", "weight gain", "Have you put on weight without meaning to?"
    )
    weight_loss: bool | None = flag(
        "signs", "weight loss", "Have you lost weight without meaning to?"
    )
    fatigue: bool | None = flag(
        "signs", "great tiredness", "Are you much more tired than is usual for you?"
    )
    nausea: bool | None = flag("signs", "feeling sick", "Do you feel sick (nausea)?")
    itching: bool | None = flag("signs", "itching all over", "Does your skin itch all over?")
    jaundice: bool | None = flag(
        "signs", "yellow skin or eyes", "Are your skin or the whites of your eyes yellow?"
    )
    skin_change: bool | None = flag(
        "signs",
        "brown or scaly skin at the ankle that breaks easily",
        "Is the skin at the ankle brown or scaly, or does it break open easily?",
    )
    stroke_signs: bool | None = flag(
        "signs",
        "sudden weakness of one side, or sudden trouble speaking",
        "Has one side of the face or body suddenly become weak, or is there sudden trouble "
        "speaking?",
    )
    heavy_bleeding: bool | None = flag(
        "signs", "heavy bleeding", "Are you bleeding heavily, so that it does not stop?"
    )
    deformity: bool | None = flag(
        "signs",
        "a bent limb, or a gap in the calf or tendon",
        "Is the limb bent out of shape, or is there a gap to feel in the calf or the tendon?",
    )
    broken_skin: bool | None = flag(
        "signs", "broken skin where it hurts", "Is the skin broken where it hurts?"
    )
    bruit: bool | None = flag(
        "signs",
        "a rushing sound over the leg artery (bruit)",
        "Has a doctor heard a rushing sound (bruit) over an artery of your leg?",
        to_tell="tested",
    )
    unsteady_gait: bool | None = flag(
        "signs",
        "an unsteady or wide-legged walk",
        "Is your walk unsteady, or are your feet wide apart when you walk?",
    )

    # Laboratory values

    potassium_mmol_l: float | None = laboratory(
        "potassium_mmol_l", 0.5, 15, "potassium in the blood", "your blood potassium"
    )
    calcium_mmol_l: float | None = laboratory(
        "calcium_mmol_l",
        0.3,
        6,
        "calcium in the blood, adjusted for albumin",
        "your blood calcium (the figure adjusted for albumin)",
    )
    magnesium_mmol_l: float | None = laboratory(
        "magnesium_mmol_l", 0.05, 6, "magnesium in the blood", "your blood magnesium"
    )
    sodium_mmol_l: float | None = laboratory(
        "sodium_mmol_l", 90, 200, "sodium in the blood", "your blood sodium"
    )
    egfr: float | None = laboratory(
        "egfr", 0, 250, "how well the kidneys work (eGFR)", "your eGFR, for the kidneys"
    )
    creatine_kinase_u_l: float | None = laboratory(
        "creatine_kinase_u_l",
        0,
        10_000_000,
        "creatine kinase in the blood (CK)",
        "your creatine kinase (CK), for the muscles",
    )
    tsh_miu_l: float | None = laboratory(
        "tsh_miu_l", 0, 1000, "thyroid test (TSH)", "your TSH, for the thyroid"
    )
    hba1c_mmol_mol: float | None = laboratory(
        "hba1c_mmol_mol",
        18,  # below it stand figures in %
        250,
        "blood sugar over the last months (HbA1c)",
        "your HbA1c, for blood sugar",
    )
    potassium_reported: Literal["low", "normal", "high"] | None = reported(
        "potassium", "potassium_mmol_l"
    )
    calcium_reported: Literal["low", "normal", "high"] | None = reported(
        "calcium", "calcium_mmol_l"
    )
    magnesium_reported: Literal["low", "normal", "high"] | None = reported(
        "magnesium", "magnesium_mmol_l"
    )
    sodium_reported: Literal["low", "normal", "high"] | None = reported("sodium", "sodium_mmol_l")
    abnormal_ecg: bool | None = flag(
        "laboratory",
        "an abnormal heart tracing (ECG)",
        "Have you been told that your heart tracing (ECG) is not normal?",
        to_tell="tested",
    )

    # Type checkers see the `__init__` that attrs would write, with every field by name and type.
    # This one takes any name, so that a wrong one is a FactsError with the right one in it.
    if not TYPE_CHECKING:

        def __init__(self, /, **facts: object) -> None:
            problems: list[FactProblem] = []
            fields = _read(facts, problems, _UNKNOWN)
            _raise_if_bad(fields, problems)
            _set(self, "__dict__", fields)

    @classmethod
    def from_mapping(cls, mapping: Mapping[str, object]) -> PatientFacts:
        """Read the facts of a mapping of names to values, such as a dict from JSON.

        A value of None means unknown. Raises FactsError.
        """
        if type(mapping) is not dict and not isinstance(mapping, Mapping):
            message = f"takes a mapping of facts to values, got {shorten(mapping)}"
            raise FactsError.of(message, value=mapping)
        problems: list[FactProblem] = []
        # A copy, so that nobody changes a value between its being looked at and its being kept.
        given = mapping.copy() if type(mapping) is dict else dict(mapping)
        fields = _read(given, problems, _UNKNOWN)
        if problems or _may_contradict(fields) != _NOTHING_TO_CONTRADICT:
            _raise_if_bad(fields, problems)
        return _made(fields)

    @classmethod
    def from_json(cls, text: str | bytes) -> PatientFacts:
        """Read the facts of a JSON object: text, or bytes in UTF-8. Raises FactsError."""
        return cls.from_mapping(parsed_json(text))

    @classmethod
    def from_toml(cls, text: str | bytes) -> PatientFacts:
        """Read the facts of a TOML document: text, or bytes in UTF-8. Raises FactsError."""
        return cls.from_mapping(parsed_toml(text))

    def known(self) -> dict[str, object]:
        """Give the known facts by name, in the order of the fields."""
        return {name: value for name, value in vars(self).items() if value is not None}

    def to_dict(self) -> dict[str, object]:
        """Give the known facts as JSON takes them: sets become sorted lists.

        `from_mapping` reads it back to equal facts.
        """
        return {
            name: sorted(value) if isinstance(value, frozenset) else value
            for name, value in self.known().items()
        }

    def replace(self, /, **changes: object) -> PatientFacts:
        """Give the same facts but for `changes`; None makes a fact unknown. Raises FactsError."""
        problems: list[FactProblem] = []
        fields = _read(changes, problems, vars(self))
        _raise_if_bad(fields, problems)
        return _made(fields)

    def __repr__(self) -> str:
        """Show the known facts as Python that makes them again."""
        shown = ", ".join(f"{name}={_shown(value)}" for name, value in self.known().items())
        return f"PatientFacts({shown})"

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:  # noqa: ANN401, ARG002
        # Hypothesis and IPython would show every field that an attrs class has, known or not.
        printer.text(repr(self))

    def __eq__(self, other: object) -> bool:
        """Equal when the same facts are known, with the same values."""
        if not isinstance(other, PatientFacts):
            return NotImplemented
        return vars(self) == vars(other)

    def __hash__(self) -> int:
        """Agree with equality."""
        return hash(tuple(vars(self).values()))

    def __reduce__(self) -> tuple[Callable[..., PatientFacts], tuple[dict[str, object]]]:
        """Pickle what is known, to be checked again on reading."""
        return PatientFacts.from_mapping, (self.known(),)


FACTS: Mapping[str, Fact] = MappingProxyType(
    {each.name: Fact(name=each.name, **each.metadata) for each in attrs.fields(PatientFacts)}
)
"""Every field of `PatientFacts` by name, in the order of the fields."""

_UNKNOWN: dict[str, object] = dict.fromkeys(FACTS)

_READERS: dict[str, Reader] = {name: reader_of(fact) for name, fact in FACTS.items()}
_LISTS = {
    name: reader.remembered for name, reader in _READERS.items() if isinstance(reader, TextsReader)
}
_FLAGS = frozenset(name for name, fact in FACTS.items() if fact.kind == "flag")
_CHOICES = {name: frozenset(fact.members) for name, fact in FACTS.items() if fact.kind == "choice"}
_RANGES = {
    name: (fact.low, fact.high)
    for name, fact in FACTS.items()
    if fact.kind == "number" and fact.low is not None and fact.high is not None
}


@frozen(kw_only=True)
class Contradiction:
    """A value of one fact, and the value of another that it rules out by definition."""

    fact: str
    value: object
    other: str
    ruled_out: object
    why: str

    def is_in(self, fields: Mapping[str, object]) -> bool:
        """Whether these facts contradict each other so."""
        return fields[self.fact] == self.value and fields[self.other] == self.ruled_out

    def __str__(self) -> str:
        return f"{self.ruled_out} contradicts {self.fact}={self.value}: {self.why}"


CONTRADICTIONS = (
    Contradiction(
        fact="dialysis",
        value=True,
        other="kidney_disease",
        ruled_out=False,
        why="only failing kidneys need dialysis",
    ),
)

# Asked of what was read: a name that was given may be looked up as something else.
_may_contradict = itemgetter(*(one.other for one in CONTRADICTIONS))
_NOTHING_TO_CONTRADICT = _may_contradict(_UNKNOWN)


def _made(fields: dict[str, object]) -> PatientFacts:
    """Make facts of values that have been read, without reading them again."""
    facts: PatientFacts = _new(PatientFacts)
    _set(facts, "__dict__", fields)
    return facts


# A frozen class has no other way in.
_new, _set = object.__new__, object.__setattr__


def _shown(value: object) -> str:
    if isinstance(value, frozenset) and value:
        return f"frozenset({{{', '.join(map(repr, sorted(value)))}}})"
    return repr(value)


def _read(
    facts: dict[Any, object], problems: list[FactProblem], before: dict[str, object]
) -> dict[str, object]:
    """Give the fields with these facts in place of those before, and note what is bad of each."""
    fields: dict[Any, object]
    try:
        fields = before | facts
    except Exception:  # noqa: BLE001 - a name that is no plain text may raise where it is looked up
        return _read(_by_plain_names(facts, problems), problems, before)
    flags, ranges, choices, lists, readers = _FLAGS, _RANGES, _CHOICES, _LISTS, _READERS
    value: Any
    for name, value in facts.items():
        if type(name) is not str:
            problems.clear()
            return _read(_by_plain_names(facts, problems), problems, before)
        # Most values are of these kinds, and stay as they are without a call.
        kind = type(value)
        if kind is bool:
            if name in flags:
                continue
        elif kind is str:
            if name in choices and value in choices[name]:
                continue
        elif kind is float:
            if name in ranges:
                low, high = ranges[name]
                if low <= value <= high and value:
                    continue
        elif kind is list and name in lists and len(value) <= LONG_LIST:
            try:
                fields[name] = lists[name](*value)
            except Exception:  # noqa: BLE001, S110 - the reader below says what is wrong with it
                pass
            else:
                continue
        if name not in readers:
            problems.append(_unknown_name(name, value, hint=len(problems) < _MOST_HINTS))
        elif value is not None:
            try:
                fields[name] = readers[name](value)
            except RefusedError as refused:
                problems.append(FactProblem(name, value, str(refused)))
                fields[name] = None
    return fields


def _by_plain_names(facts: Mapping[Any, object], problems: list[FactProblem]) -> dict[Any, object]:
    """The same facts, by plain texts where a name is a text of a kind of its own, as of an enum."""
    plain: dict[Any, object] = {}
    for name, value in facts.items():
        if not isinstance(name, str):
            told = f"the name of a fact is a text, not of type {type(name).__name__}"
            problems.append(FactProblem(shorten(name), value, told))
            continue
        key = str.__str__(name)
        if key in plain:
            problems.append(FactProblem(key, value, "is given twice"))
        plain[key] = value
    return plain


def _unknown_name(name: str, value: object, *, hint: bool) -> FactProblem:
    meant = did_you_mean(name, FACTS) if hint else ""
    return FactProblem(name or repr(name), value, f"is not a fact{meant}")


def _raise_if_bad(fields: dict[str, object], problems: list[FactProblem]) -> None:
    problems += [
        FactProblem(one.other, one.ruled_out, str(one))
        for one in CONTRADICTIONS
        if one.is_in(fields)
    ]
    if problems:
        raise FactsError(problems)
