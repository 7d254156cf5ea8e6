"""The tasks of test_judging.py: `python -m tests.sharing TASK COUNT` prints what it measured."""

from __future__ import annotations

import gc
import json
import os
import random
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from crampsrules import Assessment, RuleBase, assess, assess_many
from crampsrules.facts import FACTS, Fact

Measured = dict[str, int]


def patients(seed: int) -> Iterator[dict[str, Any]]:
    """Patients without end: most facts unknown, some medicines unheard of."""
    rng = random.Random(seed)  # noqa: S311 - nothing secret
    medicines = [n for one in RuleBase.load().formulary.classes.values() for n in one.names]
    while True:
        known = {
            fact.name: _value(rng, fact, medicines) for fact in FACTS.values() if rng.random() < 0.2
        }
        if known.get("dialysis"):
            known["kidney_disease"] = True
        yield known


def _value(rng: random.Random, fact: Fact, medicines: list[str]) -> object:
    match fact.kind:
        case "flag":
            return rng.random() < 0.5
        case "choice":
            return rng.choice(fact.members)
        case "members":
            return rng.sample(fact.members, rng.randint(0, 4))
        case "medicines":
            unheard = [f"{rng.getrandbits(64):016x} drops" for _ in range(int(rng.random() < 0.1))]
            return [*rng.sample(medicines, 2), *unheard]
    assert fact.low is not None
    assert fact.high is not None
    return rng.randint(int(fact.low) + 1, int(fact.high))


def everything(assessment: Assessment) -> dict[str, Any]:
    """All of an assessment, looked at, but what would help to know."""
    return assessment.to_dict(unknowns=False)


def memory(count: int) -> Measured:
    """How much memory grows over so many patients; before that, half as many fill the caches."""
    stream = patients(1)
    for _ in range(count // 2):
        everything(assess(next(stream), engine="compiled"))
    before = _resident()
    assessed = 0
    for answer in assess_many((next(stream) for _ in range(count)), engine="compiled"):
        if assessed % 10 == 0:
            everything(answer)
        else:
            assert isinstance(answer.causes, tuple)
            assert isinstance(answer.advice, tuple)
        assessed += 1
    return {"assessed": assessed, "grown": _resident() - before}


def long_lists(count: int) -> Measured:
    """The same for the longest lists of medicines, no two alike."""
    rng = random.Random(2)  # noqa: S311 - nothing secret
    before = 0
    for number in range(count):
        if number == count // 5:
            before = _resident()
        names = [f"{rng.getrandbits(300):090x}" for _ in range(200)]
        assess(medications=names, engine="compiled").advice  # noqa: B018 - looking is what it is about
    return {"grown": _resident() - before}


def _resident() -> int:
    gc.collect()
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def threads(engine: str, count: int) -> Measured:
    """Four threads assess the same patients and look at the same assessments, in other orders."""
    stream = patients(3)
    people = [next(stream) for _ in range(40)]
    fresh = RuleBase(RuleBase.load()._files)
    shared = [assess(one, engine="compiled") for one in people]
    wrong: list[int] = []
    answers: list[tuple[int, Assessment]] = []
    failed: list[BaseException] = []
    gate = threading.Barrier(4)

    def run(seed: int) -> None:
        order = random.Random(seed)  # noqa: S311 - nothing secret
        try:
            gate.wait()
            for _ in range(count):
                at = order.randrange(len(people))
                answer = assess(people[at], rules=fresh, engine=engine)
                for part in order.sample(["causes", "advice", "escalations", "fired"], 4):
                    if getattr(shared[at], part) != getattr(answer, part):
                        wrong.append(at)
                answers.append((at, answer))
        except BaseException as error:  # noqa: BLE001 - counted, whatever it is
            failed.append(error)

    sys.setswitchinterval(1e-4)
    running = [threading.Thread(target=run, args=(seed,)) for seed in range(4)]
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    alone = [everything(assess(one, engine=engine)) for one in people]
    wrong += [at for at, answer in answers if everything(answer) != alone[at]]
    return {"wrong": len(wrong), "failed": len(failed), "answers": len(answers)}


TASKS: dict[str, Callable[[int], Measured]] = {
    "memory": memory,
    "long_lists": long_lists,
    "threads_compiled": lambda count: threads("compiled", count),
    "threads_durable": lambda count: threads("durable", count),
}

if __name__ == "__main__":
    print(json.dumps(TASKS[sys.argv[1]](int(sys.argv[2]))))  # noqa: T201 - what it measured
