"""The sixty rules of benchmarks/rules as a careful programmer writes them: plain if-statements.

No set-up, no tricks, no layers: what is unknown is skipped, what several rules need is worked
out once. `run.py` checks on random patients that it fires what the rules fire.
"""

# ruff: noqa: PLR2004 - written by hand is written with the numbers in it
from __future__ import annotations

from collections.abc import Set  # noqa: PYI025 - as everyone calls it

from crampsrules import PatientFacts
from crampsrules.medicines import Formulary


def fire(p: PatientFacts, formulary: Formulary) -> frozenset[str]:  # noqa: PLR0915 - that is what it is
    """The ids of the rules whose condition is true of this patient."""
    fired = set()
    drugs: Set[str] = frozenset()
    if p.medications:
        drugs = formulary.resolve(frozenset(p.medications)).classes.present
    timing = p.timing or frozenset()
    eased_by = p.eased_by or frozenset()
    worsened_by = p.worsened_by or frozenset()
    sites = p.sites or frozenset()
    litres = p.fluid_litres_per_day
    # A measured value goes before a reported one.
    intake = p.fluid_intake if litres is None else None
    potassium = p.potassium_mmol_l
    told = p.potassium_reported if potassium is None else None
    weakness = p.weakness
    numbness = p.numbness
    stands = "standing" in timing or "standing" in worsened_by
    sits_or_bends = "sitting" in eased_by or "bending_forward" in eased_by
    never_standing = (
        p.timing is not None
        and "standing" not in timing
        and p.worsened_by is not None
        and "standing" not in worsened_by
    )

    # Fluids
    low_fluids = (litres is not None and litres < 1.5) or intake == "low"
    if low_fluids:
        fired.add("intake.low")
        fired.add("dehydration.low-fluids")
    if p.vomiting_or_diarrhoea:
        fired.add("loss.digestive")
        fired.add("dehydration.digestive-loss")
        fired.add("low_potassium.digestive-loss")
        fired.add("minerals.vomiting-or-diarrhoea")
    enough = intake in ("usual", "high") or (litres is not None and litres >= 1.5)
    if enough:
        if p.urine == "pale":
            fired.add("minerals.vomiting-or-diarrhoea/unless")
        if (
            p.vomiting_or_diarrhoea is False
            and p.heavy_sweating is False
            and p.heat_exposure is False
        ):
            fired.add("dehydration.drinks-enough")
    if p.heat_exposure:
        fired.add("dehydration.heat")
    if p.heavy_sweating:
        fired.add("dehydration.sweat")
    concentrated = p.urine in ("dark_yellow", "scant", "none")
    if concentrated:
        fired.add("urine.concentrated")
    elif p.urine == "pale":
        fired.add("dehydration.pale-urine")
    if p.urine == "none":
        fired.add("minerals.no-urine")
    if p.dialysis:
        fired.add("minerals.no-urine/unless")
    if p.thirst or concentrated or p.dizziness:
        fired.add("dehydration.one-sign")
        if (
            (p.thirst and concentrated)
            or (p.thirst and p.dizziness)
            or (concentrated and p.dizziness)
        ):
            fired.add("depletion.signs")
            fired.add("dehydration.two-signs")
    if p.leg_swelling == "both" or (p.dialysis and p.weight_gain):
        fired.add("dehydration.fluid-overload")
    if p.diabetes:
        fired.add("dehydration.diabetes")
    if p.fever:
        fired.add("dehydration.fever")
    if p.alcohol_units_per_week is not None and p.alcohol_units_per_week > 35:
        fired.add("intake.heavy-alcohol")
        fired.add("dehydration.alcohol")
    if (
        p.timing is not None
        and ("night" in timing or "on_waking" in timing)
        and "day" not in timing
        and "evening" not in timing
        and "walking" not in timing
        and "standing" not in timing
        and "sitting" not in timing
        and "during_exercise" not in timing
        and "after_exercise" not in timing
        and "during_dialysis" not in timing
    ):
        fired.add("dehydration.night-only")
        if p.months_since_first is not None and p.months_since_first >= 24:
            fired.add("dehydration.old-night-cramps")

    # Medicines and potassium
    if "diuretic" in drugs:
        fired.add("dehydration.diuretic")
        fired.add("routine.diuretic")
    losing = (
        "thiazide_like" in drugs
        or "loop_diuretic" in drugs
        or "systemic_corticosteroid" in drugs
        or "mineralocorticoid" in drugs
        or "laba" in drugs
        or "saba" in drugs
        or "laxative" in drugs
    )
    if losing:
        fired.add("medicine.potassium-losing")
        fired.add("low_potassium.medicine")
    if "potassium_raising" in drugs and p.vomiting_or_diarrhoea is False:
        fired.add("low_potassium.medicine-holds-it")
    low_potassium = told == "low"
    if potassium is not None:
        if potassium < 3.5:
            low_potassium = True
            if potassium < 2.5:
                fired.add("minerals.potassium-very-low")
            elif potassium < 3.0:
                fired.add("minerals.potassium-moderately-low")
            else:
                fired.add("minerals.potassium-mildly-low")
            if potassium < 3.0:
                fired.add("low_potassium.result-below-3")
        else:
            fired.add("low_potassium.normal-result")
    elif told in ("normal", "high"):
        fired.add("low_potassium.normal-result")
    if low_potassium:
        fired.add("result.potassium-low")
        fired.add("low_potassium.result")
        if p.palpitations or weakness or p.both_legs_weak or p.abnormal_ecg:
            fired.add("minerals.potassium-low-with-sign")
    if (weakness or p.palpitations) and (losing or p.vomiting_or_diarrhoea or low_potassium):
        fired.add("low_potassium.muscle-or-heart-signs")
    if p.egfr is not None and p.egfr < 30:
        fired.add("low_potassium.kidneys-hold-it")
    if p.kidney_disease or p.dialysis or (p.egfr is not None and p.egfr < 45):
        fired.add("routine.kidney")

    # Nerves
    neurogenic = (stands or "walking" in timing) and sits_or_bends
    if neurogenic:
        fired.add("nerve.neurogenic-pattern")
        fired.add("nerve_compression.neurogenic-pattern")
    if neurogenic or p.lumbar_spine_disease:
        fired.add("routine.lumbar")
    if p.lumbar_spine_disease:
        fired.add("nerve_compression.known-back-disease")
    if p.unsteady_gait:
        fired.add("nerve_compression.unsteady")
    if (p.lumbar_spine_disease or p.unsteady_gait) and (
        (never_standing and "walking" not in timing)
        or (
            p.eased_by is not None
            and "sitting" not in eased_by
            and "bending_forward" not in eased_by
            and "rest" not in eased_by
        )
    ):
        fired.add("nerve_compression.no-neurogenic-pattern")
    if "walking" in timing and never_standing:
        fired.add("nerve_compression.never-on-standing")
    if "standing_still" in eased_by or "uphill" in worsened_by:
        fired.add("nerve_compression.arterial-pattern")
    if "bending_forward" in eased_by:
        fired.add("nerve_compression.better-bending-forward")
        if "sitting" in eased_by and stands and ("thigh" in sites or "buttock" in sites):
            fired.add("nerve_compression.four-part-history")
    if (
        (stands or "walking" in timing)
        and "sitting" in eased_by
        and p.timing is not None
        and "sitting" not in timing
    ):
        fired.add("nerve_compression.no-pain-seated")
    if p.sides == "both" and ("buttock" in sites or "thigh" in sites):
        fired.add("nerve_compression.both-sides-above-knee")
    if p.back_pain and (
        numbness
        or p.tingling
        or (p.symptoms is not None and "tingling" in p.symptoms)
        or p.sides == "one"
    ):
        fired.add("nerve_compression.back-pain-with-leg-signs")
    if p.age_years is not None:
        if p.age_years > 65:
            fired.add("dehydration.older")
        if p.age_years > 70:
            fired.add("nerve_compression.older")
        if p.age_years < 60 and (stands or "walking" in timing):
            fired.add("nerve_compression.younger")
    if p.bladder_or_bowel_change and (
        p.back_pain or numbness or weakness or p.both_legs_weak or p.lumbar_spine_disease
    ):
        fired.add("nerves.bladder-with-nerve-sign")
    if p.both_legs_weak and p.back_pain:
        fired.add("nerves.both-legs-weak-back-pain")
    if p.saddle_numbness:
        fired.add("nerves.saddle-numbness")
    if weakness:
        fired.add("nerves.weakness")
    if p.weakness_course == "stable":
        fired.add("nerves.weakness/unless")

    # The rest
    if p.leg_cold_or_pale:
        fired.add("circulation.cold-leg")
    if p.onset == "gradual" and p.persists_between_episodes is False:
        fired.add("circulation.cold-leg/unless")
    if p.wakes_from_sleep:
        fired.add("routine.sleep")
    if p.episodes_per_week is not None and p.episodes_per_week < 1:
        fired.add("routine.sleep/unless")
    return frozenset(fired)
