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

    python tools/mutate_code.py [--module NAME ...] [--only TEXT] [--sample SHARE] [--list]
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import gc
import hashlib
import importlib
import itertools
import json
import os
import pickle
import pkgutil
import random
import resource
import shlex
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import tomllib
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import CodeType, FunctionType
from typing import TypeVar

import coverage
import libcst as cst
import pytest
from attrs import define, field, frozen
from click.testing import CliRunner
from libcst.metadata import ByteSpanPositionProvider, MetadataWrapper, PositionProvider
from mutmut.mutation.file_mutation import Mutation, MutationVisitor, OuterFunctionProvider
from mutmut.mutation.mutators import mutation_operators
from mutmut.mutation.pragma_handling import IgnoredCode

ROOT = Path(__file__).parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]  # this checkout, whatever is installed

from docs.blocks import Command  # noqa: E402

SOURCE = ROOT / "src"
KEPT = ROOT / "build" / "mutants.json"
MEASURED = ROOT / "build" / "mutants-tests.pickle"
EXPLAINED = ROOT / "docs" / "mutants_in_code.toml"

# They build packages, run documents, start processes (Java too) or draw for minutes, so that no
# mutant could be judged by them in a second; or they are about the rules.
LEFT_OUT = (
    "tests/deep",
    "tests/frames/test_spark.py",
    "tests/packaging",
    "tests/test_benchmarks.py",
    "tests/test_docs.py",
    "tests/test_emergencies.py",
    "tests/test_examples_folder.py",
    "tests/test_mutate_code.py",
    "tests/test_mutate_rules.py",
    "tests/test_rules_content.py",
)
# Polars calls these from threads of its own, where no tracer sees which lines a test runs.
UNTRACED = {
    "crampsrules/frames/decoding.py": "tests/frames/test_polars.py",
    "crampsrules/frames/encoding.py": "tests/frames/test_polars.py",
}
MEMORY = 8 << 30
# A first try with this many seconds of tests catches most, and leaves fewer for mypy and for more.
FEW = 1.0
TYPES = """
[mypy]
strict = True
mypy_path = src
local_partial_types = True
ignore_missing_imports = True
enable_error_code = ignore-without-code, redundant-expr, truthy-bool, unreachable
"""
PATIENCE = 180
SLOW = 10.0
CASES = 60
# What the package imports where it is used.
LATE = ("click.testing", "durable_rules_engine", "html5lib", "rich.console", "z3")
LONG = 90
OPTIONS = ["-s", "-o", "addopts=--import-mode=importlib", "-m", "not deep"]
OPTIONS += ["-p", "no:cacheprovider", "-p", "no:terminal", "-p", "no:xdist"]
JUDGES = [str(ROOT / one) for one in ("tests", "README.md", "CONTRIBUTING.md", "docs")]


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
        return compile(self.source(), str(SOURCE / self.file), "exec")

    def source(self) -> bytes:
        """The text of the module with the change in it."""
        raw = (SOURCE / self.file).read_bytes()
        return raw[: self.span[0]] + self.new.encode() + raw[self.span[1] :]


def _module(path: Path) -> str:
    return ".".join(path.relative_to(SOURCE / "crampsrules").with_suffix("").parts)


class _Visitor(MutationVisitor):
    """mutmut's, going into decorated functions too, and not into what no test can see."""

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
        if _is_case(one):
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


def _is_case(one: Mutation) -> bool:
    """Whether a text is only written in other letters: it is also tried with a word put to it."""
    old, new = one.original_node, one.mutated_node
    return (
        isinstance(old, cst.SimpleString)
        and isinstance(new, cst.SimpleString)
        and old.value.lower() == new.value.lower()
    )


def _indented(text: str, raw: bytes, start: int) -> str:
    """A statement as it stands in the file: code for a node alone starts at the margin."""
    margin = start - (raw.rfind(b"\n", 0, start) + 1)
    return text.replace("\n", "\n" + " " * margin)


def _shown(old: str, new: str) -> str:
    """A change on one line; of a long one only where the two differ."""
    old, new = " ".join(old.split()), " ".join(new.split())
    if len(old) > LONG:
        shared = _shared(old, new)
        end = max(0, _shared(old[shared:][::-1], new[shared:][::-1]) - LONG // 4)
        start = max(0, shared - LONG // 2)
        cut = "..." if start else ""
        old, new = (f"{cut}{each[start : len(each) - end]}" for each in (old, new))
        old, new = (f"{each[:LONG]}..." if len(each) > LONG else each for each in (old, new))
    return f"{old} => {new}"


def _shared(one: str, other: str) -> int:
    """How many characters two texts begin with in common."""
    pairs = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return sum(1 for _ in pairs)


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
Task = TypeVar("Task")
ENDINGS = {SURVIVED: "survived", CAUGHT: "caught", NO_CODE: "no such code"}


@define
class Fork:
    """A copy of this process that does some work and says what came of it."""

    pid: int
    _reading: int

    @classmethod
    def of(cls, work: Callable[[], tuple[int, str]]) -> Fork:
        """Start it. Its work gives how it ends and what it says, in a few words."""
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
        signal.alarm(PATIENCE)  # for what waits; limits are otherwise in processor time
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


def in_forks(
    works: Iterable[tuple[Task, Callable[[], tuple[int, str]]]], jobs: int
) -> Iterator[tuple[Task, int | None, str]]:
    """Do work in some forks at a time; of each how it ended (None: by a signal) and its words."""
    waiting, running = iter(works), dict[int, tuple[Task, Fork]]()
    while True:
        for task, work in itertools.islice(waiting, jobs - len(running)):
            fork = Fork.of(work)
            running[fork.pid] = task, fork
        if not running:
            return
        pid, status = os.wait()
        if pid in running:
            task, fork = running.pop(pid)
            yield task, None if os.WIFSIGNALED(status) else os.WEXITSTATUS(status), fork.said()


@frozen
class Measured:
    """What a test costs, and the lines it runs: a bit each, by file."""

    seconds: float
    lines: dict[str, int]

    @classmethod
    def by(cls, tracer: coverage.Coverage, work: Callable[[], None]) -> Measured:
        """Measure some work."""
        before = time.process_time()
        tracer.start()
        work()
        tracer.stop()
        seconds, data, lines = time.process_time() - before, tracer.get_data(), {}
        for path in data.measured_files():
            file = Path(path).relative_to(SOURCE).as_posix()
            lines[file] = sum(1 << line for line in data.lines(path) or ())
        return cls(seconds, lines)


@define(eq=False)  # pytest keeps plugins by their identity
class Bench:
    """A pytest plugin that tries mutants in place of running the tests."""

    mutants: list[Mutant]
    jobs: int
    budget: float
    told: Callable[[Mutant, Verdict], None]
    _failed: list[str] = field(factory=list)
    _tests: dict[str, pytest.Item] = field(factory=dict)
    _measured: dict[str, Measured] = field(factory=dict)
    _functions: dict[str, list[FunctionType]] = field(factory=dict)
    _catchers: dict[tuple[str, str], Counter[str]] = field(factory=lambda: defaultdict(Counter))

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Measure the tests, then judge the mutants by them."""
        import_all()
        self._tests = {test.nodeid: test for test in few_of_each(session.items)}
        self._functions = functions()
        gc.collect()
        gc.freeze()  # so that the forks share what is there
        self._measure()
        left = list(self._judge(self.mutants, FEW))
        left = list(by_types(left, self.told))
        for mutant in self._judge(left, self.budget):
            self.told(mutant, Verdict("survived"))
        return True

    def _judge(self, mutants: Iterable[Mutant], budget: float) -> Iterator[Mutant]:
        """Try mutants, tell of those that are caught, and give the others."""
        for mutant, code, said in in_forks(self._tries(mutants, budget), self.jobs):
            if code == SURVIVED:
                yield mutant
                continue
            ending = "time limit" if code is None else ENDINGS.get(code, "caught")
            self._catchers[mutant.file, mutant.function][said] += 1
            self.told(mutant, Verdict(ending, said))

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Note what fails."""
        if report.failed:
            self._failed.append(report.longreprtext)

    # Each test has a fork to itself, as with a mutant: what caches save others is not saved.
    def _measure(self) -> None:
        self._measured = measured_before()
        new = [one for id_, one in self._tests.items() if id_ not in self._measured]
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            works = (
                (test, functools.partial(self._measure_one, test, Path(folder) / str(number)))
                for number, test in enumerate(new)
            )
            for number, (test, code, said) in enumerate(in_forks(works, self.jobs), 1):
                if code == SURVIVED:
                    self._measured[test.nodeid] = pickle.loads(Path(said).read_bytes())  # noqa: S301 - our own
                else:  # the blocks of a document that need those before them, and what is slow
                    self._measured[test.nodeid] = Measured(0.0, {})
                    print(f"judges nothing, it fails or is slow by itself: {test.nodeid}")
                if number % 200 == 0:
                    keep_measured(self._measured)
                    print(f"... {number} of {len(new)} tests measured", flush=True)
        keep_measured(self._measured)

    def _measure_one(self, test: pytest.Item, path: Path) -> tuple[int, str]:
        signal.setitimer(signal.ITIMER_PROF, SLOW)
        tracer = coverage.Coverage(data_file=None, config_file=False, source=[str(SOURCE)])
        tracer.set_option("run:disable_warnings", ["no-data-collected", "module-not-measured"])
        measured = Measured.by(tracer, functools.partial(self._run, test, None))
        if self._failed:
            return CAUGHT, f"{test.nodeid}\n{self._failed[0][-2000:]}"
        path.write_bytes(pickle.dumps(measured))
        return SURVIVED, str(path)

    def _run(self, test: pytest.Item, after: pytest.Item | None) -> None:
        test.config.hook.pytest_runtest_protocol(item=test, nextitem=after)

    def _tries(
        self, mutants: Iterable[Mutant], budget: float
    ) -> Iterator[tuple[Mutant, Callable[[], tuple[int, str]]]]:
        for mutant in mutants:
            if tests := self._judges(mutant, budget):
                yield mutant, functools.partial(self._try, mutant, tests)
            elif budget > FEW:  # it takes seconds
                yield mutant, functools.partial(try_afresh, mutant)
            else:
                yield mutant, lambda: (SURVIVED, "")

    def _judges(self, mutant: Mutant, budget: float) -> list[pytest.Item]:
        """The tests that run a mutant's lines, the likeliest and the fastest first."""
        own = own_tests(mutant.module)
        caught = self._catchers[mutant.file, mutant.function]
        ids = self._running(mutant)
        cases = Counter[str]()
        which = {}
        for id_ in ids:  # the first case of each test before the second of any
            cases[id_.partition("[")[0]] += 1
            which[id_] = cases[id_.partition("[")[0]]
        ids.sort(
            key=lambda id_: (
                -caught[id_],
                which[id_],
                not id_.startswith(own),
                self._measured[id_].seconds,
            )
        )
        spent = itertools.accumulate(self._measured[id_].seconds for id_ in ids)
        within = [id_ for id_, sum_ in zip(ids, spent, strict=True) if sum_ <= budget]
        return [self._tests[id_] for id_ in within or ids[:1]]

    def _running(self, mutant: Mutant) -> list[str]:
        if (unseen := UNTRACED.get(mutant.file)) is not None:
            return [id_ for id_ in self._tests if id_.startswith(unseen) and id_ in self._measured]
        first, last = mutant.lines
        # Where no line of its own is run, it is part of a statement that starts further up.
        for line in range(first, mutant.starts, -1):
            lines = sum(1 << one for one in range(line, last + 1))
            if ids := [
                id_
                for id_ in self._tests
                if id_ in self._measured and self._measured[id_].lines.get(mutant.file, 0) & lines
            ]:
                return ids
        return []

    def _try(self, mutant: Mutant, tests: list[pytest.Item]) -> tuple[int, str]:
        if not exchange(mutant, self._functions):
            return NO_CODE, ""
        for test, after in itertools.zip_longest(tests, tests[1:]):
            limit = 1 + 5 * self._measured[test.nodeid].seconds
            signal.setitimer(signal.ITIMER_PROF, limit)
            self._run(test, after)
            if self._failed:
                return CAUGHT, test.nodeid
        return SURVIVED, ""


def by_types(
    mutants: Iterable[Mutant], told: Callable[[Mutant, Verdict], None]
) -> Iterator[Mutant]:
    """Tell of the mutants that mypy refuses, and give the others."""
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(SOURCE, Path(folder) / "src")
        (Path(folder) / "mypy.ini").write_text(TYPES)

        def mypy(*arguments: str) -> subprocess.CompletedProcess[str]:
            command = [str(Path(sys.executable).parent / "dmypy"), "--status-file", "status"]
            return subprocess.run(
                [*command, *arguments], cwd=folder, capture_output=True, text=True, check=False
            )

        def faults() -> set[str]:
            return set(mypy("check", "src/crampsrules").stdout.splitlines())

        mypy("start", "--", "--config-file", "mypy.ini")
        before = faults()
        try:
            for mutant in mutants:
                path = Path(folder) / "src" / mutant.file
                original = path.read_bytes()
                path.write_bytes(mutant.source())
                # The daemon does not always see that all is as before: what it said then is no
                # news, and what it says of other files might be of the mutant before this one.
                new = [one for one in faults() - before if one.startswith(f"src/{mutant.file}:")]
                path.write_bytes(original)
                if new:
                    told(mutant, Verdict("types", new[0]))
                    before = faults()
                else:
                    yield mutant
        finally:
            mypy("stop")


# What judges code that runs while the package is imported, and no more after that.
JUDGES_OF_IMPORT = ("test_facts.py", "test_units.py", "test_rulefiles.py", "test_rulebase.py")


def try_afresh(mutant: Mutant) -> tuple[int, str]:
    """Import the package anew with a change in it, and run some tests on that."""
    for name in list(sys.modules):
        if name.partition(".")[0] in ("crampsrules", "tests"):
            del sys.modules[name]
    get_code = SourceFileLoader.get_code

    def changed(self: SourceFileLoader, name: str) -> CodeType | None:
        if self.path == str(SOURCE / mutant.file):
            return mutant.code()
        return get_code(self, name)

    SourceFileLoader.get_code = changed  # type: ignore[method-assign, assignment]
    signal.setitimer(signal.ITIMER_PROF, 6 * SLOW)
    importlib.import_module("crampsrules._hypothesis").register()
    own = ROOT / own_tests(mutant.module)
    tests = [str(own)] if own.is_file() else []
    tests += [str(ROOT / "tests" / one) for one in JUDGES_OF_IMPORT]
    status = pytest.main(["-x", f"--rootdir={ROOT}", *OPTIONS, *tests])
    return (CAUGHT, "when imported") if status else (SURVIVED, "")


def own_tests(module: str) -> str:
    """The file of a module's tests, or what there is of its package's."""
    package, _, name = module.partition(".")
    files = (f"tests/{package}/test_{name}.py", f"tests/test_{package}.py")
    return next((file for file in files if (ROOT / file).is_file()), f"tests/{package}/")


def few_of_each(tests: Iterable[pytest.Item]) -> Iterator[pytest.Item]:
    """The tests, but of one with hundreds of cases only the first."""
    seen: Counter[str] = Counter()
    for test in tests:
        function = test.nodeid.partition("[")[0]
        seen[function] += 1
        if seen[function] <= CASES:
            yield test


def in_process(self: Command) -> str:
    """What a command in a document writes, without starting a process for it."""
    program, *arguments = shlex.split(self.line.replace("\\\n", " "))
    if program != "crampsrules" or set(arguments) & set("|<>"):
        return self.shown
    command = importlib.import_module("crampsrules.cli.commands").crampsrules
    with contextlib.chdir(ROOT):
        return CliRunner().invoke(command, arguments).output


def import_all() -> None:
    """Import what is otherwise imported late, once for all forks."""
    for one in pkgutil.walk_packages([str(SOURCE / "crampsrules")], "crampsrules."):
        if not one.name.endswith("__main__"):
            importlib.import_module(one.name)
    for name in LATE:
        with contextlib.suppress(ImportError):
            importlib.import_module(name)


def measured_before() -> dict[str, Measured]:
    """What is known of tests that have not changed since, nor has the code."""
    if not MEASURED.is_file():
        return {}
    versions, measured = pickle.loads(MEASURED.read_bytes())  # noqa: S301 - our own
    fresh = {file for file, version in versions.items() if version == _tests_version(file)}
    return {id_: one for id_, one in measured.items() if id_.partition("::")[0] in fresh}


def keep_measured(measured: dict[str, Measured]) -> None:
    """Write down what is known of tests for the next run."""
    files = {id_.partition("::")[0] for id_ in measured}
    MEASURED.parent.mkdir(exist_ok=True)
    MEASURED.write_bytes(pickle.dumps(({one: _tests_version(one) for one in files}, measured)))


def _tests_version(file: str) -> str:
    paths = [ROOT / file, *sorted(SOURCE.rglob("*.py"))]
    return _hash(*(path for path in paths if path.is_file()))


def _hash(*paths: Path) -> str:
    return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()[:16]


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
        return verdict is not None and verdict.ending in ("caught", "types", "time limit")

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
    return _hash(SOURCE / file)


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
        found += [one for one in some if _dice(asked.seed, one) < asked.sample]
    return found


def _dice(seed: int, mutant: Mutant) -> float:
    return random.Random(f"{seed} {mutant}").random()  # noqa: S311 - a sample, no secret


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
    parser.add_argument("--budget", type=float, default=4.0, help="seconds of tests a mutant (4)")
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
        if (done := next(number)) % 20 == 0:
            report.keep()
            print(f"... {done} of {len(mutants)}, {time.monotonic() - started:.0f} s", flush=True)

    os.environ["HYPOTHESIS_PROFILE"] = "mutants"
    bench = Bench(mutants, asked.jobs, asked.budget, told)
    Command.output = in_process  # type: ignore[method-assign]
    tests = asked.tests or [*JUDGES, *(f"--ignore={ROOT / one}" for one in LEFT_OUT)]
    if status := pytest.main([f"--rootdir={ROOT}", *OPTIONS, *tests], plugins=[bench]):
        raise SystemExit(int(status))
    report.keep()


if __name__ == "__main__":
    sys.exit(main())
