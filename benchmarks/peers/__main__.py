"""Whether a peer fires what the rules fire: `python -m benchmarks.peers MODULE` says so in JSON."""

from __future__ import annotations

import json
import os
import sys

from benchmarks.grown import grown
from benchmarks.measuring import asked, draw_patients
from benchmarks.peers import PeerMissingError, ways_of
from crampsrules import RuleBase
from crampsrules.engines import engine_for

SHARES = (0.0, 0.2, 0.5, 1.0)
PATIENTS = 4


def checked(module: str, rules: RuleBase) -> dict[str, object]:
    """Of each way the number of patients that it gets wrong, or why there is no way."""
    fire = engine_for(rules, "compiled").fire
    patients = [
        patient
        for share in SHARES
        for patient in draw_patients(rules, share, asked(rules), count=PATIENTS)
    ]
    try:
        ways = ways_of(module, rules)
    except PeerMissingError as error:
        return {"missing": str(error)}
    return {
        one.name: sum(one.fire(one.prepare(patient)) != fire(patient) for patient in patients)
        for one in ways
    }


if __name__ == "__main__":
    size = int(sys.argv[2]) if len(sys.argv) > 2 else 60  # noqa: PLR2004 - the program, and two more
    print(json.dumps(checked(sys.argv[1], grown(size))), flush=True)
    os._exit(0)  # the threads of a Host never end
