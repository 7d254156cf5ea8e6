"""One patient from a file: how soon to be seen, what may be behind it, and why.

Run it with `python examples/night_cramps.py`.
"""

from pathlib import Path

import crampsrules

PATIENT = Path(__file__).with_name("night_cramps.toml")


def main() -> None:
    """Print an assessment piece by piece; `print(assessment)` would give a whole leaflet."""
    facts = crampsrules.PatientFacts.from_toml(PATIENT.read_bytes())
    assessment = crampsrules.assess(facts)

    print(assessment.triage_wording.title)
    for escalation in assessment.escalations:
        print(f"  {escalation.triage.id}: {escalation.reason}")

    print("\nWhat may be behind it")
    for cause in assessment.causes[:3]:
        print(f"  {cause.rank}. {cause.title}: {cause.likelihood}")
        for reason in cause.because:
            print(f"     {reason.text} ({reason.weight:+d})")

    print("\nWhat to do")
    for advice in assessment.advice:
        print(f"  {advice.title}.", advice.caution or "")

    print(f"\n{assessment.disclaimer}")


if __name__ == "__main__":
    main()
