"""Assess one patient with the crampsrules that is installed, and say which that was.

Run from a folder that is not the checkout. The last line printed is for programs:
the version of the rule base, which must not depend on how the library was installed.
"""

import sys
from pathlib import Path

import crampsrules


def main() -> int:
    """Print what was found; the exit code is 1 where nothing was."""
    assessment = crampsrules.assess(
        age_years=71,
        symptoms={"cramp"},
        sites={"calf"},
        timing={"night"},
        episode_minutes=8,
        episodes_per_week=4,
        wakes_from_sleep=True,
        medications={"hydrochlorothiazide"},
    )
    if not (assessment.causes and assessment.advice and assessment.fired):
        print("The rules did not fire.", file=sys.stderr)
        return 1
    print(f"from    {Path(crampsrules.__file__).parent}")
    print(f"engine  {assessment.engine}, Python {sys.version.split()[0]}")
    print(f"causes  {', '.join(cause.id for cause in assessment.causes)}")
    print(f"triage  {assessment.triage.name}")
    print(assessment.rules_version)
    return 0


if __name__ == "__main__":
    sys.exit(main())
