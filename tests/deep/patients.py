"""Random patients for large runs: drawn with `random`, which is quicker than Hypothesis."""

from __future__ import annotations

import math
from functools import cache

from crampsrules import PatientFacts
from crampsrules.facts import FACTS
from tests.drawing import thresholds


@cache
def _telling(fact):
    """The ends of a number's range, and thresholds of the rules with the floats next to them."""
    near = {fact.low, fact.high}
    for value in thresholds(fact):
        near |= {math.nextafter(value, -math.inf), value, math.nextafter(value, math.inf)}
    kept = sorted(one for one in near if fact.low <= one <= fact.high)
    return sorted({int(one) for one in kept}) if fact.kind == "integer" else kept


def _value(fact, rng, medicines):
    match fact.kind:
        case "flag":
            return rng.choice((True, False))
        case "choice":
            return rng.choice(fact.members)
        case "members":
            return rng.sample(fact.members, rng.choice((0, 1, 1, 2, 3, len(fact.members))))
        case "medicines":
            return rng.sample(medicines, rng.randint(0, 4)) + ["unheard-of"] * rng.choice((0, 0, 1))
        case "integer":
            return rng.choice((*_telling(fact), rng.randint(int(fact.low), int(fact.high))))
        case _:
            anywhere = rng.uniform(fact.low, fact.high)
            return rng.choice((*_telling(fact), anywhere, anywhere))


def half_known(rng, medicines):
    """A patient of whom about half of all facts is known."""
    known = {
        name: _value(fact, rng, medicines) for name, fact in FACTS.items() if rng.random() < 0.5
    }
    if known.get("dialysis"):
        known["kidney_disease"] = True
    return PatientFacts.from_mapping(known)
