"""The durable engine under load, in a process of its own: `python -m tests.engines.load TASK N`.

Prints what it measured as JSON. Run small by the tests, and large by `make deep`.
"""

from __future__ import annotations

import contextlib
import ctypes
import gc
import json
import multiprocessing
import os
import random
import signal
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path

from crampsrules import PatientFacts, RuleBase, assess
from crampsrules.engines import engine_for
from crampsrules.engines.durable import DurableEngine

SEEDS = range(25)
Measured = dict[str, object]


def drawn_patients() -> list[PatientFacts]:
    """A few patients of whom little to much is known, of whom no two are alike."""
    return [_patient(random.Random(seed)) for seed in SEEDS]  # noqa: S311 - nothing secret


def _patient(rng: random.Random) -> PatientFacts:
    from crampsrules.facts import FACTS

    share = rng.choice((0.05, 0.2, 0.6))
    known: dict[str, object] = {"age_years": rng.uniform(0, 120)}
    for fact in FACTS.values():
        if rng.random() > share:
            continue
        if fact.kind == "flag":
            known[fact.name] = rng.choice((True, False))
        elif fact.kind in ("choice", "members"):
            member = rng.choice(fact.members)
            known[fact.name] = member if fact.kind == "choice" else [member]
    if known.get("dialysis"):
        known["kidney_disease"] = True
    return PatientFacts.from_mapping(known)


def expected() -> list[tuple[PatientFacts, frozenset[str]]]:
    """The patients, each with what the compiled engine fires."""
    compiled = engine_for(RuleBase.load(), "compiled")
    return [(facts, compiled.fire(facts)) for facts in drawn_patients()]


def wrong(engine: DurableEngine) -> int:
    """Of how many patients the engine is wrong."""
    return sum(engine.fire(facts) != ids for facts, ids in expected())


def threads_started(_: int) -> Measured:
    """Whether loading, firing and assessing start any thread, known to Python or not."""
    before = threading.active_count(), _tasks()
    engine = DurableEngine(RuleBase.load())
    mistakes = wrong(engine)
    assess(engine="durable", weakness=True)
    time.sleep(0.7)  # Host's first timer goes off after half a second
    return {"wrong": mistakes, "before": before, "after": (threading.active_count(), _tasks())}


def _tasks() -> int | None:
    tasks = Path("/proc/self/task")
    return len(list(tasks.iterdir())) if tasks.is_dir() else None


def memory(count: int) -> Measured:
    """How much resident memory so many assessments leave behind, after some to warm up."""
    patients = drawn_patients()
    for i in range(1000):
        assess(patients[i % len(patients)], engine="durable")
    gc.collect()
    before = _resident()
    for i in range(count):
        assess(patients[i % len(patients)], engine="durable")
    gc.collect()
    return {"grown": _resident() - before, "before": before}


def _resident() -> int:
    for line in Path("/proc/self/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) * 1024
    raise SystemExit("this system does not say how much memory a process has")


def engines_made(count: int) -> Measured:
    """Make engines and drop them: their rulesets must go with them."""
    rules = RuleBase.load()
    patients = drawn_patients()[:3]
    for _ in range(3):
        _use(DurableEngine(rules), patients)
    gc.collect()
    before = _resident()
    for _ in range(count):
        _use(DurableEngine(rules), patients)
    gc.collect()
    return {"grown": _resident() - before}


def _use(engine: DurableEngine, patients: list[PatientFacts]) -> None:
    for facts in patients:
        engine.fire(facts)


def threads(count: int) -> Measured:
    """Sixteen threads in one engine, each so many assessments: how many came out wrong."""
    engine = DurableEngine(RuleBase.load())
    work = expected()
    mistakes: list[object] = []

    def run(offset: int) -> None:
        for i in range(count):
            facts, ids = work[(i + offset) % len(work)]
            if (fired := engine.fire(facts)) != ids:
                mistakes.append(sorted(fired ^ ids))

    sys.setswitchinterval(1e-5)
    failed = _run_all([partial(run, offset) for offset in range(16)])
    return {"wrong": len(mistakes), "failed": failed}


def many_threads(count: int) -> Measured:
    """So many threads at once: each would have been the last with a session of its own."""
    engine = DurableEngine(RuleBase.load())
    work = expected()
    mistakes: list[int] = []
    gate = threading.Event()

    def run(at: int) -> None:
        gate.wait()
        facts, ids = work[at % len(work)]
        if engine.fire(facts) != ids:
            mistakes.append(at)

    sys.setswitchinterval(1e-6)
    threading.stack_size(256 * 1024)
    failed = _run_all([partial(run, at) for at in range(count)], started=gate.set)
    return {"wrong": len(mistakes), "failed": failed}


def _run_all(
    tasks: Sequence[Callable[[], None]], started: Callable[[], None] = lambda: None
) -> int:
    """Run each task in a thread. Gives how many ended with an exception."""
    failed: list[object] = []

    def guarded(task: Callable[[], None]) -> None:
        try:
            task()
        except BaseException as error:
            failed.append(error)
            raise

    running = [threading.Thread(target=guarded, args=(task,)) for task in tasks]
    for thread in running:
        thread.start()
    started()
    for thread in running:
        thread.join()
    return len(failed)


def interrupted(count: int) -> Measured:
    """Ctrl-C at so many random moments in the middle of firing; then every answer again."""
    engine = DurableEngine(RuleBase.load())
    work = expected()
    took = _time_of_one(engine, work)
    rng = random.Random(7)  # noqa: S311 - nothing secret
    seen: Counter[str] = Counter()
    signal.signal(signal.SIGALRM, _interrupt)
    for i in range(count):
        facts, ids = work[i % len(work)]
        try:
            signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, took))
            fired = engine.fire(facts)
            signal.setitimer(signal.ITIMER_REAL, 0)
            seen["right" if fired == ids else "wrong"] += 1
        except KeyboardInterrupt:
            seen["interrupted"] += 1
    signal.signal(signal.SIGALRM, signal.SIG_IGN)
    return {**seen, "wrong": seen["wrong"] + wrong(engine)}


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def _time_of_one(engine: DurableEngine, work: list[tuple[PatientFacts, frozenset[str]]]) -> float:
    began = time.perf_counter()
    for facts, _ in work:
        engine.fire(facts)
    return (time.perf_counter() - began) / len(work)


class _StoppedError(Exception):
    """Thrown into a thread from outside, as some web servers do to stop a slow request."""


def stopped(count: int) -> Measured:
    """An exception thrown into a firing thread so many times, from another thread."""
    engine = DurableEngine(RuleBase.load())
    work = expected()
    seen: Counter[str] = Counter()
    done = threading.Event()

    def run() -> None:
        while not done.is_set():
            with contextlib.suppress(_StoppedError):
                for facts, ids in work:
                    seen["right" if engine.fire(facts) == ids else "wrong"] += 1

    thread = threading.Thread(target=_stubborn, args=(run, done))
    thread.start()
    rng = random.Random(7)  # noqa: S311 - nothing secret
    for _ in range(count):
        time.sleep(rng.uniform(0, 0.002))
        ctypes.pythonapi.PyThreadState_SetAsyncExc(
            ctypes.c_ulong(thread.ident or 0), ctypes.py_object(_StoppedError)
        )
    # On a crowded machine none may have come to an end between two exceptions.
    for _ in range(1_000):
        if seen["right"]:
            break
        time.sleep(0.01)
    done.set()
    thread.join()
    return {**seen, "wrong": seen["wrong"] + wrong(engine)}


def _stubborn(run: Callable[[], None], done: threading.Event) -> None:
    # The exception may arrive between the lines that would catch it.
    while not done.is_set():
        with contextlib.suppress(_StoppedError):
            run()


def forked(count: int) -> Measured:
    """So many forks while other threads are firing: each child fires right, and soon."""
    engine = engine_for(RuleBase.load(), "durable")
    assert isinstance(engine, DurableEngine)
    done = threading.Event()
    work = expected()

    def keep_firing() -> None:
        while not done.is_set():
            for facts, _ in work:
                engine.fire(facts)

    threads = [threading.Thread(target=keep_firing) for _ in range(4)]
    for thread in threads:
        thread.start()
    codes = Counter(_in_a_child(lambda: wrong(engine)) for _ in range(count))
    done.set()
    for thread in threads:
        thread.join()
    return {"wrong": count - codes[0], "here": wrong(engine)}


def _in_a_child(task: Callable[[], int]) -> int:
    """What a task gives in a forked child; a child that hangs is killed, and gives that signal."""
    time.sleep(random.uniform(0, 0.005))  # noqa: S311 - another moment each time
    child = os.fork()
    if not child:
        signal.alarm(60)
        code = 99
        try:
            code = min(task(), 98)
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def workers(count: int) -> Measured:
    """Worker processes, forked and spawned: the same answers as here."""
    here = expected()
    patients = [facts for facts, _ in here] * count
    mistakes = {}
    for method in _methods():
        with multiprocessing.get_context(method).Pool(2) as pool:
            fired = pool.map(fire_durable, patients)
        mistakes[method] = sum(a != b for a, (_, b) in zip(fired, here * count, strict=True))
    return {"wrong": mistakes, "here": wrong(DurableEngine(RuleBase.load()))}


def _methods() -> Iterator[str]:
    yield from (one for one in ("fork", "spawn") if one in multiprocessing.get_all_start_methods())


def fire_durable(facts: PatientFacts) -> frozenset[str]:
    """What a worker does."""
    return engine_for(RuleBase.load(), "durable").fire(facts)


def in_a_handler(count: int) -> Measured:
    """A signal's handler that fires, so many times, while its own thread is firing."""
    engine = DurableEngine(RuleBase.load())
    work = expected()
    took = _time_of_one(engine, work)
    rng = random.Random(7)  # noqa: S311 - nothing secret
    seen: Counter[str] = Counter()

    def handle(*_: object) -> None:
        seen["handled"] += 1
        seen["wrong"] += engine.fire(work[0][0]) != work[0][1]

    signal.signal(signal.SIGALRM, handle)
    for i in range(count):
        facts, ids = work[i % len(work)]
        signal.setitimer(signal.ITIMER_REAL, rng.uniform(1e-6, took))
        seen["wrong"] += engine.fire(facts) != ids
    signal.setitimer(signal.ITIMER_REAL, 0)
    return {**seen, "wrong": seen["wrong"] + wrong(engine)}


TASKS: dict[str, Callable[[int], Measured]] = {
    task.__name__: task
    for task in (
        threads_started,
        memory,
        engines_made,
        threads,
        many_threads,
        interrupted,
        stopped,
        in_a_handler,
        forked,
        workers,
    )
}

if __name__ == "__main__":
    sys.stdout.write(json.dumps(TASKS[sys.argv[1]](int(sys.argv[2]))))
