"""What every test shares: the Hypothesis profiles.

HYPOTHESIS_PROFILE chooses one by name; without it, `ci` where CI is set, else `dev`.
"""

import os

from hypothesis import HealthCheck, Phase, settings

# No deadlines: the first example of a test also pays for loading the rules, and
# coverage slows what it measures. The suite as a whole is timed instead.
settings.register_profile("dev", deadline=None, max_examples=20)

# The same examples each time, so that a change is never refused for another's bug.
settings.register_profile(
    "ci",
    deadline=None,
    max_examples=20,
    derandomize=True,
    database=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

# For a night: new examples each time, many, and found ones kept in .hypothesis.
settings.register_profile(
    "deep",
    deadline=None,
    max_examples=2_000,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)

# For tools/mutate_code.py: a test need only fail, and always the same way. How is not looked at.
settings.register_profile(
    "mutants",
    deadline=None,
    max_examples=10,
    derandomize=True,
    database=None,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)

# The processes that share the tests are measured, those that tests start are not: some are
# interrupted at any moment, and coverage does not bear that.
if "PYTEST_XDIST_WORKER" in os.environ:
    os.environ.pop("COVERAGE_PROCESS_CONFIG", None)

default = "ci" if "CI" in os.environ else "dev"
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE") or default)
