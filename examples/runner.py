"""A runner with cramps in the heat, before and after one more thing is known.

Run it with `python examples/runner.py`.
"""

import crampsrules

RUNNER = crampsrules.PatientFacts(
    age_years=34,
    symptoms={"cramp"},
    sites={"calf", "thigh"},
    timing={"during_exercise"},
    episode_minutes=4,
    endurance_event=True,
    heat_exposure=True,
    heavy_sweating=True,
    urine="dark_yellow",
    medications=frozenset(),  # asked, and none: leaving it out would mean that nobody knows
)


def summary(facts: crampsrules.PatientFacts) -> str:
    """How soon to be seen, and the causes in order, in two lines."""
    assessment = crampsrules.assess(facts)
    causes = ", ".join(cause.title for cause in assessment.causes)
    return f"{assessment.triage_wording.title}\n  {causes}"


def main() -> None:
    """Assess the runner, then again with what a friend at the finish has seen."""
    print("As the runner tells it:", summary(RUNNER))
    print("And confused:", summary(RUNNER.replace(confusion=True)))

    print("What else would make it an emergency:")
    for change in crampsrules.what_would_change(RUNNER)[:5]:
        print(" ", ", ".join(f"{fact} = {value}" for fact, value in change.facts.items()))


if __name__ == "__main__":
    main()
