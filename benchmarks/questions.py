"""How long the next question takes to find: `python -m benchmarks.questions`.

Of each worked example of the shipped rules, in milliseconds of processor time, the median of three.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Mapping

from crampsrules import RuleBase, next_questions

ROUNDS = 3
# In milliseconds; what an interview may take between an answer and the next question.
GOAL = 20


def main() -> None:
    """Measure and print."""
    rules = RuleBase.load()
    next_questions({})  # reads the rules
    nothing_known = took({})
    sorted_times = sorted(took(example.facts) for example in rules.examples)
    for says, share in (("half", 0.5), ("95 in 100", 0.95), ("all", 1.0)):
        at = round(share * (len(sorted_times) - 1))
        print(f"{says} of the worked examples: at most {sorted_times[at]:.1f} ms")
    print(f"nothing known: {nothing_known:.1f} ms")
    slow = sum(one > GOAL for one in sorted_times)
    print(f"over {GOAL} ms: {slow} of {len(sorted_times)}")


def took(facts: Mapping[str, object]) -> float:
    """Milliseconds for the next three questions."""
    times = []
    for _ in range(ROUNDS):
        start = time.process_time()
        next_questions(facts)
        times.append(time.process_time() - start)
    return 1000 * statistics.median(times)


if __name__ == "__main__":
    main()
