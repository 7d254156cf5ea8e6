"""The sixty rules of benchmarks/rules by hand over columns; for one patient see `handwritten.py`.

Written once, with `&` and `|`, for every kind of column that has these: an expression of Polars or
Spark, an array of NumPy, a piece of SQL. How a column is read is each peer's own affair: it gives
a `Columns`, whose tests are false where nothing is known.
"""

from __future__ import annotations

from typing import Any, Protocol

# An expression, an array or a piece of SQL: all that these have in common is `&` and `|`.
AnyColumn = Any


class Columns(Protocol):
    """How a kind of frame is asked; each answer is a column of truth values without unknowns."""

    def yes(self, fact: str) -> AnyColumn:
        """Known to be true."""

    def no(self, fact: str) -> AnyColumn:
        """Known to be false."""

    def compare(self, fact: str, operator: str, value: float) -> AnyColumn:
        """Known, and on that side of the value."""

    def known(self, fact: str) -> AnyColumn:
        """Known at all."""

    def one_of(self, fact: str, *values: str) -> AnyColumn:
        """Known to be one of these."""

    def has(self, fact: str, *members: str) -> AnyColumn:
        """Known to hold one of these members."""

    def lacks(self, fact: str, *members: str) -> AnyColumn:
        """Known to hold none of these members."""


DIURETICS = ("diuretic", "thiazide_like", "loop_diuretic", "potassium_sparing_diuretic")
RAISING = ("potassium_raising", "potassium_sparing_diuretic", "ace_inhibitor", "arb")
LOSING = (
    "thiazide_like",
    "loop_diuretic",
    "systemic_corticosteroid",
    "mineralocorticoid",
    "laba",
    "saba",
    "laxative",
)
BY_DAY = (
    "day",
    "evening",
    "walking",
    "standing",
    "sitting",
    "during_exercise",
    "after_exercise",
    "during_dialysis",
)


def fired(c: Columns) -> dict[str, Any]:
    """What is true of whom, by the id that fires."""
    vomits, dialysis = c.yes("vomiting_or_diarrhoea"), c.yes("dialysis")
    weakness, numbness, palpitations = c.yes("weakness"), c.yes("numbness"), c.yes("palpitations")
    both_weak, back_pain = c.yes("both_legs_weak"), c.yes("back_pain")
    lumbar, unsteady = c.yes("lumbar_spine_disease"), c.yes("unsteady_gait")
    thirst, dizzy = c.yes("thirst"), c.yes("dizziness")

    # A measured value goes before a reported one.
    not_measured = ~c.known("fluid_litres_per_day")
    low_fluids = c.compare("fluid_litres_per_day", "<", 1.5) | (
        not_measured & c.one_of("fluid_intake", "low")
    )
    enough = c.compare("fluid_litres_per_day", ">=", 1.5) | (
        not_measured & c.one_of("fluid_intake", "usual", "high")
    )
    told = ~c.known("potassium_mmol_l")
    low_potassium = c.compare("potassium_mmol_l", "<", 3.5) | (
        told & c.one_of("potassium_reported", "low")
    )
    normal_potassium = c.compare("potassium_mmol_l", ">=", 3.5) | (
        told & c.one_of("potassium_reported", "normal", "high")
    )
    below_3 = c.compare("potassium_mmol_l", "<", 3.0)

    pale = c.one_of("urine", "pale")
    concentrated = c.one_of("urine", "dark_yellow", "scant", "none")
    two_signs = (thirst & concentrated) | (thirst & dizzy) | (concentrated & dizzy)
    drinking = c.compare("alcohol_units_per_week", ">", 35)
    losing = c.has("medications", *LOSING)
    diuretic = c.has("medications", *DIURETICS)
    by_night = c.has("timing", "night", "on_waking") & c.lacks("timing", *BY_DAY)

    walks = c.has("timing", "walking")
    stands = c.has("timing", "standing") | c.has("worsened_by", "standing")
    never_stands = c.lacks("timing", "standing") & c.lacks("worsened_by", "standing")
    sits, bends = c.has("eased_by", "sitting"), c.has("eased_by", "bending_forward")
    upright = stands | walks
    neurogenic = upright & (sits | bends)
    above_knee = c.has("sites", "thigh", "buttock")
    tingling = c.yes("tingling") | c.has("symptoms", "tingling")

    return {
        "intake.low": low_fluids,
        "dehydration.low-fluids": low_fluids,
        "loss.digestive": vomits,
        "dehydration.digestive-loss": vomits,
        "low_potassium.digestive-loss": vomits,
        "minerals.vomiting-or-diarrhoea": vomits,
        "minerals.vomiting-or-diarrhoea/unless": enough & pale,
        "dehydration.drinks-enough": enough
        & c.no("vomiting_or_diarrhoea")
        & c.no("heavy_sweating")
        & c.no("heat_exposure"),
        "dehydration.heat": c.yes("heat_exposure"),
        "dehydration.sweat": c.yes("heavy_sweating"),
        "urine.concentrated": concentrated,
        "dehydration.pale-urine": pale,
        "minerals.no-urine": c.one_of("urine", "none"),
        "minerals.no-urine/unless": dialysis,
        "dehydration.one-sign": thirst | concentrated | dizzy,
        "depletion.signs": two_signs,
        "dehydration.two-signs": two_signs,
        "dehydration.fluid-overload": c.one_of("leg_swelling", "both")
        | (dialysis & c.yes("weight_gain")),
        "dehydration.diabetes": c.yes("diabetes"),
        "dehydration.fever": c.yes("fever"),
        "intake.heavy-alcohol": drinking,
        "dehydration.alcohol": drinking,
        "dehydration.night-only": by_night,
        "dehydration.old-night-cramps": by_night & c.compare("months_since_first", ">=", 24),
        "dehydration.diuretic": diuretic,
        "routine.diuretic": diuretic,
        "medicine.potassium-losing": losing,
        "low_potassium.medicine": losing,
        "low_potassium.medicine-holds-it": c.has("medications", *RAISING)
        & c.no("vomiting_or_diarrhoea"),
        "minerals.potassium-very-low": c.compare("potassium_mmol_l", "<", 2.5),
        "minerals.potassium-moderately-low": c.compare("potassium_mmol_l", ">=", 2.5) & below_3,
        "minerals.potassium-mildly-low": c.compare("potassium_mmol_l", ">=", 3.0)
        & c.compare("potassium_mmol_l", "<", 3.5),
        "low_potassium.result-below-3": below_3,
        "low_potassium.normal-result": normal_potassium,
        "result.potassium-low": low_potassium,
        "low_potassium.result": low_potassium,
        "minerals.potassium-low-with-sign": low_potassium
        & (palpitations | weakness | both_weak | c.yes("abnormal_ecg")),
        "low_potassium.muscle-or-heart-signs": (weakness | palpitations)
        & (losing | vomits | low_potassium),
        "low_potassium.kidneys-hold-it": c.compare("egfr", "<", 30),
        "routine.kidney": c.yes("kidney_disease") | dialysis | c.compare("egfr", "<", 45),
        "nerve.neurogenic-pattern": neurogenic,
        "nerve_compression.neurogenic-pattern": neurogenic,
        "routine.lumbar": neurogenic | lumbar,
        "nerve_compression.known-back-disease": lumbar,
        "nerve_compression.unsteady": unsteady,
        "nerve_compression.no-neurogenic-pattern": (lumbar | unsteady)
        & (
            (never_stands & c.lacks("timing", "walking"))
            | c.lacks("eased_by", "sitting", "bending_forward")
        ),
        "nerve_compression.never-on-standing": walks & never_stands,
        "nerve_compression.arterial-pattern": c.has("eased_by", "standing_still")
        | c.has("worsened_by", "uphill"),
        "nerve_compression.better-bending-forward": bends,
        "nerve_compression.four-part-history": bends & sits & stands & above_knee,
        "nerve_compression.no-pain-seated": upright & sits & c.lacks("timing", "sitting"),
        "nerve_compression.both-sides-above-knee": c.one_of("sides", "both") & above_knee,
        "nerve_compression.back-pain-with-leg-signs": back_pain
        & (numbness | tingling | c.one_of("sides", "one")),
        "dehydration.older": c.compare("age_years", ">", 65),
        "nerve_compression.older": c.compare("age_years", ">", 70),
        "nerve_compression.younger": c.compare("age_years", "<", 60) & upright,
        "nerves.bladder-with-nerve-sign": c.yes("bladder_or_bowel_change")
        & (back_pain | numbness | weakness | both_weak | lumbar),
        "nerves.both-legs-weak-back-pain": both_weak & back_pain,
        "nerves.saddle-numbness": c.yes("saddle_numbness"),
        "nerves.weakness": weakness,
        "nerves.weakness/unless": c.one_of("weakness_course", "stable"),
        "circulation.cold-leg": c.yes("leg_cold_or_pale"),
        "circulation.cold-leg/unless": c.one_of("onset", "gradual")
        & c.no("persists_between_episodes"),
        "routine.sleep": c.yes("wakes_from_sleep"),
        "routine.sleep/unless": c.compare("episodes_per_week", "<", 1),
    }


# How soon to be seen, from the most urgent on: what raises it, and what takes that away.
LADDER: tuple[tuple[str, tuple[tuple[str, str | None], ...]], ...] = (
    (
        "emergency",
        (
            ("minerals.potassium-low-with-sign", None),
            ("minerals.potassium-very-low", None),
            ("nerves.bladder-with-nerve-sign", None),
            ("nerves.both-legs-weak-back-pain", None),
            ("nerves.saddle-numbness", None),
        ),
    ),
    (
        "same_day",
        (
            ("minerals.potassium-moderately-low", None),
            ("minerals.vomiting-or-diarrhoea", "minerals.vomiting-or-diarrhoea/unless"),
            ("minerals.no-urine", "minerals.no-urine/unless"),
            ("circulation.cold-leg", "circulation.cold-leg/unless"),
        ),
    ),
    (
        "soon",
        (("minerals.potassium-mildly-low", None), ("nerves.weakness", "nerves.weakness/unless")),
    ),
    (
        "routine",
        (
            ("routine.diuretic", None),
            ("routine.lumbar", None),
            ("routine.sleep", "routine.sleep/unless"),
            ("routine.kidney", None),
        ),
    ),
)

# For each cause: where it starts; then, for each group, steps from the strongest on. What marks a
# cause as suspected stands apart, since a risk weighs and suspects nothing.
Steps = tuple[tuple[int, tuple[str, ...]], ...]

GROUPS: dict[str, tuple[int, tuple[Steps, ...]]] = {
    "dehydration": (
        -2,
        (
            ((10, ("dehydration.two-signs",)), (3, ("dehydration.one-sign",))),
            ((-7, ("dehydration.pale-urine",)),),
            (
                (
                    7,
                    (
                        "dehydration.digestive-loss",
                        "dehydration.low-fluids",
                        "dehydration.heat",
                        "dehydration.sweat",
                    ),
                ),
                (3, ("dehydration.fever",)),
            ),
            ((-7, ("dehydration.drinks-enough", "dehydration.old-night-cramps")),),
            ((3, ("dehydration.diuretic", "dehydration.alcohol")),),
            ((3, ("dehydration.older", "dehydration.diabetes")),),
            ((-7, ("dehydration.fluid-overload",)),),
        ),
    ),
    "low_potassium": (
        -7,
        (
            ((10, ("low_potassium.result",)),),
            ((-10, ("low_potassium.normal-result",)),),
            ((7, ("low_potassium.result-below-3",)),),
            ((7, ("low_potassium.medicine",)),),
            ((-7, ("low_potassium.kidneys-hold-it", "low_potassium.medicine-holds-it")),),
            ((7, ("low_potassium.digestive-loss",)),),
            ((7, ("low_potassium.muscle-or-heart-signs",)),),
        ),
    ),
    "nerve_compression": (
        -4,
        (
            (
                (11, ("nerve_compression.four-part-history",)),
                (9, ("nerve_compression.no-pain-seated",)),
                (
                    8,
                    (
                        "nerve_compression.better-bending-forward",
                        "nerve_compression.both-sides-above-knee",
                    ),
                ),
                (6, ("nerve_compression.neurogenic-pattern",)),
            ),
            (
                (-13, ("nerve_compression.never-on-standing",)),
                (-7, ("nerve_compression.arterial-pattern",)),
                (-6, ("nerve_compression.no-neurogenic-pattern",)),
            ),
            ((7, ("nerve_compression.known-back-disease",)),),
            ((7, ("nerve_compression.back-pain-with-leg-signs",)),),
            ((6, ("nerve_compression.unsteady",)),),
            ((3, ("nerve_compression.older",)),),
            ((-4, ("nerve_compression.younger",)),),
        ),
    ),
}

SUSPECTING: dict[str, tuple[str, ...]] = {
    "dehydration": (
        "dehydration.two-signs",
        "dehydration.digestive-loss",
        "dehydration.low-fluids",
        "dehydration.heat",
        "dehydration.sweat",
        "dehydration.one-sign",
        "dehydration.alcohol",
    ),
    "low_potassium": (
        "low_potassium.result",
        "low_potassium.result-below-3",
        "low_potassium.medicine",
        "low_potassium.digestive-loss",
        "low_potassium.muscle-or-heart-signs",
    ),
    "nerve_compression": (
        "nerve_compression.four-part-history",
        "nerve_compression.no-pain-seated",
        "nerve_compression.better-bending-forward",
        "nerve_compression.both-sides-above-knee",
        "nerve_compression.known-back-disease",
        "nerve_compression.back-pain-with-leg-signs",
        "nerve_compression.unsteady",
        "nerve_compression.neurogenic-pattern",
    ),
}
