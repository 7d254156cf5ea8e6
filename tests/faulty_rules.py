"""Sound rules, and how rules with a fault in them are refused."""

from __future__ import annotations

import pytest

from crampsrules import RuleBase, RuleError

SOUND = """\
id = "cold"
title = "Cold"
prior = -2
source = "book"

[[sources]]
id = "book"
title = "A book"

[[classes]]
id = "diuretic"
title = "Water tablets"
names = ["furosemide"]

[[classes]]
id = "loop_diuretic"
title = "Strong water tablets"
within = ["diuretic"]

[[findings]]
id = "cold.trigger"
concludes = "cold_trigger"
when = 'cold_exposure or "cold" in worsened_by'
source = "book"

[[evidence]]
id = "cold.fits"
when = "cold_trigger"
weight = "moderate"
because = "cold brings it on"
source = "book"

[[advice]]
id = "warmth"
kind = "relief"
text = "Keep warm."
source = "book"

"""


def finding(when: str, **more: str) -> str:
    """A rule with this condition, and the keys that are given, as TOML."""
    keys = {"id": '"new.rule"', "concludes": '"new_finding"', "source": '"book"', **more}
    lines = [f"{key} = {value}" for key, value in keys.items() if value]
    return "\n".join(["[[findings]]", *lines, f"when = '{when}'", ""])


def refused(texts: dict[str, str]) -> RuleError:
    with pytest.raises(RuleError) as error:
        RuleBase.from_texts(texts)
    return error.value
