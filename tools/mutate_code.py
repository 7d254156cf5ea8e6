"""Mutation testing of the code: is every small slip in src/ caught by a test?

The mutants are those of mutmut's operators, in every function and method, decorated ones too: a
comparison moved or turned round, `and` for `or`, an argument left out or None, a text changed, a
number raised by one, a case of a match dropped. Tables at the top of a module are declarations, and
are left alone. mutmut itself starts pytest for each mutant, and passes over decorated functions;
here the tests are collected once and run once, to see which lines each of them runs. Each mutant is
then judged in a fork of that process, in which the code of one function is exchanged: by the tests
that run the changed lines, until one fails.

Verdicts are kept in build/mutants.json, so that a run that was broken off goes on where it was, and
only survivors are tried anew. Survivors must be explained in docs/mutants_in_code.toml.

    python tools/mutate_code.py [--module NAME ...] [--only TEXT] [--sample SHARE] [--jobs N] [--list]
"""

from __future__ import annotations

import argparse
import functools
import gc
import hashlib
import itertools
import json
import os
import random
import resource
import signal
import sys
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any

import coverage
import libcst as cst
import pytest
from attrs import define, field, frozen
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import MutationVisitor, OuterFunctionProvider
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

ROOT = Path(__file__).parents[1]
SOURCE = ROOT / "src"
KEPT = ROOT / "build" / "mutants.json"
EXPLAINED = ROOT / "docs" / "mutants_in_code.toml"

# They build packages, run documents, start processes or draw for minutes: nothing that a mutant
# could be judged by in a second.
LEFT_OUT = (
    "tests/deep",
    "tests/packaging",
    "tests/test_benchmarks.py",
    "tests/test_cli_pictures.py",
    "tests/test_docs.py",
    "tests/test_examples_folder.py",
    "tests/test_mutate_code.py",
    "tests/test_mutate_rules.py",
)
MEMORY = 8 << 30
LONG = 90


# --- The mutants --------------------------------------------------------------------------------


@frozen
class Mutant:
    """One change to one function of a module: `new` in place of the bytes in `span`.

    `which` tells apart changes that read the same, in the order of the lines.
    """

    file: str
    function: str
    what: str
    which: int
    lines: tuple[int, int]
    starts: int
    span: tuple[int, int]
    new: str

    def __str__(self) -> str:
        again = f" [{self.which}]" if self.which > 1 else ""
        return f"{self.file}: {self.function}: {self.what}{again}"

    @property
    def module(self) -> str:
        """The dotted name, without the package's."""
        return _module(SOURCE / self.file)

    def code(self) -> CodeType:
        """The module with the change in it. Raises SyntaxError for what is no Python."""
        path = SOURCE / self.file
        raw = path.read_bytes()
        changed = raw[: self.span[0]] + self.new.encode() + raw[self.span[1] :]
        return compile(changed, str(path), "exec")


def _module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE / "crampsrules").with_suffix("").parts)


class _Visitor(MutationVisitor):
    """mutmut's, going into decorated functions too, and not into what no test can see."""

    METADATA_DEPENDENCIES = (PositionProvider, ByteSpanPositionProvider, OuterFunctionProvider)

    def _skip_node_and_children(self, node: cst.CSTNode) -> bool:
        if isinstance(node, cst.FunctionDef):
            return node.name.value in {"__getattribute__", "__setattr__", "__new__"}
        # For mypy, or for a reader: neither is seen to fail.
        if isinstance(node, cst.Assert) or _is_assertion_error(node) or _is_for_types(node):
            return True
        return bool(super()._skip_node_and_children(node))


def _is_assertion_error(node: cst.CSTNode) -> bool:
    call = node.exc if isinstance(node, cst.Raise) else None
    return isinstance(call, cst.Call) and _name(call.func) == "AssertionError"


def _is_for_types(node: cst.CSTNode) -> bool:
    if isinstance(node, cst.Param):
        return True  # defaults are made when the function is defined
    return isinstance(node, cst.Call) and _name(node.func) in {"cast", "assert_never", "TypeVar"}


def _name(node: cst.CSTNode) -> str | None:
    return node.value if isinstance(node, cst.Name) else None


def mutants_of(path: Path) -> Iterator[Mutant]:
    """Every mutant of a file, in the order of its lines."""
    raw = path.read_bytes()
    wrapper = MetadataWrapper(cst.parse_module(raw))
    visitor = _Visitor(mutation_operators, IgnoredCode(set(), set(), set()))
    wrapper.visit(visitor)
    lines = wrapper.resolve(PositionProvider)
    spans = wrapper.resolve(ByteSpanPositionProvider)
    outer = wrapper.resolve(OuterFunctionProvider)
    names = dict(_qualified(wrapper.module))
    seen: Counter[tuple[str, str]] = Counter()
    for one in visitor.mutations:
        function = outer.get(one.original_node)
        if function not in names:
            continue
        span, text = spans[one.original_node], wrapper.module.code_for_node(one.mutated_node)
        old = raw[span.start : span.start + span.length].decode()
        new = _indented(text, raw, span.start) if isinstance(one.mutated_node, cst.Match) else text
        what = _shown(old, new)
        seen[names[function], what] += 1
        yield Mutant(
            file=path.relative_to(SOURCE).as_posix(),
            function=names[function],
            what=what,
            which=seen[names[function], what],
            lines=(lines[one.original_node].start.line, lines[one.original_node].end.line),
            starts=lines[function].start.line,
            span=(span.start, span.start + span.length),
            new=new,
        )


def _indented(text: str, raw: bytes, start: int) -> str:
    """A statement as it stands in the file: code for a node alone starts at the margin."""
    margin = start - (raw.rfind(b"\n", 0, start) + 1)
    return text.replace("\n", "\n" + " " * margin)


def _shown(old: str, new: str) -> str:
    """A change on one line; of a long one only where the two differ."""
    old, new = " ".join(old.split()), " ".join(new.split())
    if len(old) > LONG:
        shared = len(os.path.commonprefix([old, new]))
        start = max(0, shared - LONG // 2)
        end = len(os.path.commonprefix([old[shared:][::-1], new[shared:][::-1]]))
        end = max(0, end - LONG // 4)
        old, new = (("..." if start else "") + each[start : len(each) - end] for each in (old, new))
        old, new = ((each[:LONG] + "...") if len(each) > LONG else each for each in (old, new))
    return f"{old} => {new}"


def _qualified(module: cst.Module) -> Iterator[tuple[cst.CSTNode, str]]:
    for node in module.body:
        if isinstance(node, cst.FunctionDef):
            yield node, node.name.value
        elif isinstance(node, cst.ClassDef) and isinstance(node.body, cst.IndentedBlock):
            for inner in node.body.body:
                if isinstance(inner, cst.FunctionDef):
                    yield inner, f"{node.name.value}.{inner.name.value}"



# --- Judging them -------------------------------------------------------------------------------


@frozen
class Verdict:
    """What became of a mutant, and the test that caught it."""

    ending: str
    by: str = ""


# How a fork ends that is not ended by a time limit.
SURVIVED, CAUGHT, NO_CODE = 0, 91, 92
ENDINGS = {SURVIVED: "survived", CAUGHT: "caught", NO_CODE: "no such code"}


@define
class Fork:
    """A copy of this process that runs some tests and says what came of it."""

    pid: int
    _reading: int

    @classmethod
    def of(cls, work: Callable[[], tuple[int, str]]) -> Fork:
        """Start it. Its work gives how it ends and what it says."""
        reading, writing = os.pipe()
        sys.stdout.flush()
        pid = os.fork()
        if pid:
            os.close(writing)
            return cls(pid, reading)
        silence = os.open(os.devnull, os.O_RDWR)
        for stream in range(3):
            os.dup2(silence, stream)
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
        try:
            code, said = work()
        except BaseException as error:  # noqa: BLE001 - whatever a mutant comes to, it is noticed
            code, said = CAUGHT, repr(error)
        os.write(writing, said.encode()[:4000])
        os._exit(code)

    def said(self) -> str:
        """Its words, once it has ended."""
        with os.fdopen(self._reading, "rb") as stream:
            return stream.read().decode(errors="replace")


@define
class Bench:
    """A pytest plugin that tries mutants in place of running the tests."""

    mutants: list[Mutant]
    jobs: int
    budget: float
    told: Callable[[Mutant, Verdict], None]
    tracer: coverage.Coverage
    _tests: dict[str, pytest.Item] = field(factory=dict)
    _failed: list[str] = field(factory=list)
    _seconds: dict[str, float] = field(factory=dict)
    _covering: dict[str, dict[int, list[str]]] = field(factory=dict)
    _functions: dict[str, list[FunctionType]] = field(factory=dict)
    _catchers: dict[str, Counter[str]] = field(factory=lambda: defaultdict(Counter))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure the tests, then judge the mutants by them."""
        self._tests = {test.nodeid: test for test in session.items}
        self._measure()
        self._functions = functions()
        gc.collect()
        gc.freeze()  # so that the forks share what is there
        self._drop_what_a_fork_breaks()
        self._judge()
        return True

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self._failed.append(report.nodeid)
            print(report.longreprtext)  # a fork's words go nowhere

    def _run(self, tests: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
        """Run tests one after the other, and hand out each when it is over."""
        some = list(tests)
        for test, after in itertools.zip_longest(some, some[1:]):
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=after)
            yield test

    def _measure(self) -> None:
        """Which lines each test runs, and how long it takes."""
        for _, of_file in itertools.groupby(self._tests.values(), lambda test: test.path):
            clear_caches()  # what fills them is part of what each file tests
            for test in of_file:
                self.tracer.switch_context(test.nodeid)
                before = time.process_time()
                list(self._run([test]))
                self._seconds[test.nodeid] = time.process_time() - before
        self.tracer.stop()
        if self._failed:
            raise pytest.UsageError("the tests fail before anything is changed")
        data = self.tracer.get_data()
        for path in data.measured_files():
            file = Path(path).relative_to(SOURCE).as_posix()
            self._covering[file] = data.contexts_by_lineno(path)

    def _drop_what_a_fork_breaks(self) -> None:
        def work() -> tuple[int, str]:
            list(self._run(sorted(self._tests.values(), key=self._time)))
            return SURVIVED, "\n".join(self._failed)

        fork = Fork.of(work)
        _, status = os.waitpid(fork.pid, 0)
        if status:
            raise pytest.UsageError(f"the tests cannot be run in a fork: {fork.said()}")
        for broken in fork.said().splitlines():
            print(f"left out, since a fork alone breaks it: {broken}")
            del self._tests[broken]

    def _time(self, test: pytest.Item) -> float:
        return self._seconds[test.nodeid]

    def _judge(self) -> None:
        waiting, running = iter(self.mutants), dict[int, tuple[Mutant, Fork]]()
        while True:
            for mutant in itertools.islice(waiting, self.jobs - len(running)):
                if tests := self._judges(mutant):
                    fork = Fork.of(functools.partial(self._try, mutant, tests))
                    running[fork.pid] = mutant, fork
                else:
                    self.told(mutant, Verdict("no test"))
            if not running:
                return
            pid, status = os.wait()
            if pid in running:
                self._note(*running.pop(pid), status)

    def _note(self, mutant: Mutant, fork: Fork, status: int) -> None:
        said = fork.said()
        if os.WIFSIGNALED(status):
            verdict = Verdict("time limit")
        else:
            verdict = Verdict(ENDINGS.get(os.WEXITSTATUS(status), "caught"), said)
        if verdict.ending == "caught":
            self._catchers[mutant.function][said] += 1
        self.told(mutant, verdict)

    def _judges(self, mutant: Mutant) -> list[pytest.Item]:
        """The tests that run a mutant's lines, the likeliest and the fastest first."""
        covering = self._covering.get(mutant.file, {})
        first, last = mutant.lines
        ids = {id_ for line in range(first, last + 1) for id_ in covering.get(line, ())}
        while not ids and first > mutant.starts:  # a line of a statement that starts further up
            first -= 1
            ids = set(covering.get(first, ()))
        own = f"tests/test_{mutant.module.partition('.')[0]}.py"
        caught = self._catchers[mutant.function]
        tests = [self._tests[id_] for id_ in ids if id_ in self._tests]
        tests.sort(key=lambda test: (-caught[test.nodeid], self._time(test), test.nodeid))
        tests.sort(key=lambda test: (not caught[test.nodeid], not test.nodeid.startswith(own)))
        spent = list(itertools.accumulate(map(self._time, tests)))
        return [test for test, sum_ in zip(tests, spent, strict=True) if sum_ <= self.budget] or tests[:1]

    def _try(self, mutant: Mutant, tests: list[pytest.Item]) -> tuple[int, str]:
        if not exchange(mutant, self._functions):
            return NO_CODE, ""
        signal.alarm(120)  # for what waits for ever; the limit itself is in processor time
        for test, after in itertools.zip_longest(tests, tests[1:]):
            signal.setitimer(signal.ITIMER_PROF, 1 + 5 * self._time(test))
            test.config.hook.pytest_runtest_protocol(item=test, nextitem=after)
            if self._failed:
                return CAUGHT, test.nodeid
        return SURVIVED, ""


def _place(code: CodeType) -> tuple[str, int]:
    return code.co_qualname, code.co_firstlineno


def functions() -> dict[str, list[FunctionType]]:
    """Every function of the package that there is, by its file."""
    found = defaultdict(list)
    for one in gc.get_objects():
        if isinstance(one, FunctionType) and one.__code__.co_filename.startswith(str(SOURCE)):
            found[Path(one.__code__.co_filename).relative_to(SOURCE).as_posix()].append(one)
    return dict(found)


def exchange(mutant: Mutant, functions: Mapping[str, list[FunctionType]]) -> bool:
    """Give a function its changed code wherever it is already in use; whether there was any."""
    new = {_place(code): code for code in _codes(mutant.code())}
    name = mutant.function
    exchanged = False
    for one in functions.get(mutant.file, ()):
        code = new.get(_place(one.__code__))
        of_it = one.__qualname__ == name or one.__code__.co_qualname.startswith(name)
        if of_it and code is not None and code.co_freevars == one.__code__.co_freevars:
            exchanged = True
            one.__code__ = code
    return exchanged


def _codes(code: CodeType) -> Iterator[CodeType]:
    yield code
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _codes(one)


_CACHE = type(functools.lru_cache(int))


def clear_caches() -> None:
    """Forget what functions of the package and of the tests have worked out."""
    for one in gc.get_objects():
        if isinstance(one, _CACHE) and one.__module__.partition(".")[0] in ("crampsrules", "tests"):
            one.cache_clear()


# --- Telling ------------------------------------------------------------------------------------


@define
class Report:
    """What became of the mutants, in this run and in those before it."""

    verdicts: dict[str, dict[str, Verdict]] = field(factory=lambda: defaultdict(dict))

    @classmethod
    def kept(cls) -> Report:
        """What earlier runs found, of files that have not changed since."""
        report = cls()
        if KEPT.is_file():
            for file, (version, of_file) in json.loads(KEPT.read_text(encoding="utf-8")).items():
                if (SOURCE / file).is_file() and version == _version(file):
                    report.verdicts[file] = {name: Verdict(*one) for name, one in of_file.items()}
        return report

    def keep(self) -> None:
        """Write it down for the next run."""
        KEPT.parent.mkdir(exist_ok=True)
        kept = {
            file: (_version(file), {name: (one.ending, one.by) for name, one in of_file.items()})
            for file, of_file in self.verdicts.items()
        }
        KEPT.write_text(json.dumps(kept, indent=0), encoding="utf-8")

    def is_caught(self, mutant: Mutant) -> bool:
        """Whether it is known to be caught."""
        verdict = self.verdicts[mutant.file].get(str(mutant))
        return verdict is not None and verdict.ending in ("caught", "time limit")

    def tell(self, mutants: list[Mutant]) -> bool:
        """Print each survivor and the figures by module; whether every survivor is explained."""
        reasons, unexplained = explanations(), 0
        figures: dict[str, Counter[str]] = defaultdict(Counter)
        for mutant in mutants:
            verdict = self.verdicts[mutant.file].get(str(mutant))
            if verdict is None:
                continue
            of_module = figures[mutant.module]
            of_module["all"] += 1
            if self.is_caught(mutant):
                of_module["caught"] += 1
                continue
            of_module[verdict.ending] += 1
            if str(mutant) not in reasons:
                unexplained += 1
                print(f"{mutant} (line {mutant.lines[0]}: {verdict.ending})")
        print(f"{'':30}{'mutants':>8}{'caught':>8}{'share':>8}")
        for module, of_module in figures.items():
            print(_row(module, of_module))
        print(_row("together", sum(figures.values(), Counter())))
        print(f"{unexplained} survivors unexplained")
        return not unexplained


def _row(name: str, figures: Counter[str]) -> str:
    share = figures["caught"] / (figures["all"] or 1)
    return f"{name:30}{figures['all']:8,}{figures['caught']:8,}{share:8.1%}"


def _version(file: str) -> str:
    return hashlib.sha256((SOURCE / file).read_bytes()).hexdigest()[:16]


def explanations() -> dict[str, str]:
    """The reason why a mutant survives, by its name."""
    if not EXPLAINED.is_file():
        return {}
    groups = tomllib.loads(EXPLAINED.read_text(encoding="utf-8"))["groups"]
    return {name: group["why"] for group in groups for name in group["mutants"]}


def chosen(asked: argparse.Namespace) -> list[Mutant]:
    """The mutants to try: all, or those with a text in their name, or a share of them."""
    found = []
    for path in sorted(SOURCE.rglob("*.py")):
        if asked.module and _module(path) not in asked.module:
            continue
        some = [one for one in mutants_of(path) if asked.only in str(one)]
        dice = random.Random(f"{asked.seed} {path.name}")  # noqa: S311 - a sample, no secret
        found += [one for one in some if dice.random() < asked.sample]
    return found


def main() -> int:
    """Run it. Exit code 1 where a mutant survives unexplained."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count(), help="processes (all)")
    parser.add_argument("--module", nargs="+", help="only these, such as fold and cli.ask")
    parser.add_argument("--only", default="", help="only mutants with this text in their name")
    parser.add_argument("--sample", type=float, default=1.0, help="a share of them, such as 0.1")
    parser.add_argument("--seed", type=int, default=0, help="which share (0)")
    parser.add_argument("--budget", type=float, default=3.0, help="seconds of tests a mutant (3)")
    parser.add_argument("--list", action="store_true", help="show the mutants, try none")
    parser.add_argument("--told", action="store_true", help="show what earlier runs found")
    parser.add_argument("--tests", nargs="+", help="judge by these tests only")
    asked = parser.parse_args()
    mutants, report = chosen(asked), Report.kept()
    if asked.list:
        print(*mutants, sep="\n")
        return 0
    if not asked.told:
        left = [one for one in mutants if not report.is_caught(one)]
        run(left, asked, report)
    return 0 if report.tell(mutants) else 1


def run(mutants: list[Mutant], asked: argparse.Namespace, report: Report) -> None:
    """Judge mutants and keep what comes of it."""
    started, number = time.monotonic(), itertools.count(1)

    def told(mutant: Mutant, verdict: Verdict) -> None:
        report.verdicts[mutant.file][str(mutant)] = verdict
        if (done := next(number)) % 100 == 0:
            report.keep()
            print(f"... {done} of {len(mutants)}, {time.monotonic() - started:.0f} s", flush=True)

    sys.path.insert(0, str(SOURCE))  # of this checkout, whatever is installed
    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    tracer = coverage.Coverage(data_file=None, config_file=False, source=[str(SOURCE)])
    tracer.start()
    bench = Bench(mutants, asked.jobs, asked.budget, told, tracer)
    tests = asked.tests or [str(ROOT / "tests"), *(f"--ignore={ROOT / one}" for one in LEFT_OUT)]
    options = ["-s", "-o", "addopts=--import-mode=importlib", "-m", "not deep"]
    options += ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:xdist"]
    if status := pytest.main([f"--rootdir={ROOT}", *options, *tests], plugins=[bench]):
        raise SystemExit(int(status))
    report.keep()


if __name__ == "__main__":
    sys.exit(main())
