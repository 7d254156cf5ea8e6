"""Code with few line numbers does what it did, costs a tracer little, and fails in a line."""

import collections
import dis
import signal
import sys
import traceback

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts, RuleBase
from crampsrules.engines import linetable
from crampsrules.engines.compiled import CompiledEngine
from crampsrules.engines.linetable import with_lines_of_calls
from tests.engines.test_durable import needs_unix

SHIPPED = RuleBase.load()

statements = st.sampled_from(
    ["x += 1", "x = f(x)", "x = g(x)(x)", "if x > 3: x -= 2", "if f(x): x = f(f(x))", "x += d[x]"]
)
functions = st.lists(statements, max_size=40).map(
    lambda lines: "\n ".join(["def made(x):", *lines, "return x"])
)


def made(source, change=lambda code: code):
    """The function of a source, with its code changed."""
    table: dict[int, int] = collections.defaultdict(lambda: 1)
    namespace = {"f": lambda x: x + 1, "g": lambda x: lambda y: x + y, "d": table}
    exec(change(compile(source, "<made>", "exec")), namespace)  # noqa: S102 - ours
    return namespace["made"]


@given(functions, st.integers(-5, 5))
def test_it_does_what_it_did(source, given):
    """Line numbers change nothing."""
    assert made(source, with_lines_of_calls)(given) == made(source)(given)


@given(functions)
def test_calls_and_look_ups_have_a_line_and_nothing_else_has(source):
    """That in which the function begins."""
    code = made(source, with_lines_of_calls).__code__

    for one in dis.get_instructions(code):
        assert one.positions is not None
        has_line = one.opname.startswith(("CALL", "BINARY_SUBSCR", "RESUME"))
        assert one.positions.lineno == (code.co_firstlineno if has_line else None), one
    assert len(list(code.co_positions())) == len(code.co_code) // 2


def lines_traced(function, *arguments):
    """How many of its own lines a tracer is told of."""
    count = 0

    def trace(frame, event, _):
        nonlocal count
        count += event == "line" and frame.f_code is function.__code__
        return trace

    before = sys.gettrace()
    sys.settrace(trace)
    try:
        function(*arguments)
    finally:
        sys.settrace(before)
    return count


def test_a_tracer_is_told_of_few_lines():
    """Where telling it of each would cost a thousandfold."""
    source = "\n ".join(["def made(x):", *["if x > 3: x -= 2"] * 1000, "x = f(x)", "return x"])

    assert lines_traced(made(source), 1) > 1000
    assert lines_traced(made(source, with_lines_of_calls), 1) <= 3


def test_a_tracer_is_told_of_few_lines_of_the_rules(monkeypatch):
    """One for each call and look-up at most; on any Python, where that is asked for."""
    monkeypatch.setattr(linetable, "IS_NEEDED", True)
    engine = CompiledEngine(SHIPPED)
    facts = PatientFacts(age_years=71, fever=True, symptoms=frozenset({"cramp"}))

    for fire in (engine.fire, engine.fire_number):
        traced = [
            one
            for one in dis.get_instructions(fire)
            if one.opname.startswith(("CALL", "BINARY_SUBSCR"))
        ]
        assert 0 < lines_traced(fire, facts) <= len(traced) + 1
    # The last is the one that `assess` runs, and has far fewer of them than conditions.
    assert len(traced) < len(SHIPPED.conditions) / 3


def test_an_error_in_the_rules_is_shown_with_its_line():
    """As every program that shows a traceback expects."""
    fire = CompiledEngine(SHIPPED).fire
    with pytest.raises(FactsError) as raised:
        fire(PatientFacts.from_mapping({"medications": ["atorvastatim"]}))

    stack = traceback.extract_tb(raised.value.__traceback__)
    assert [one.filename for one in stack][1] == "<crampsrules rules>"
    assert all(isinstance(one.lineno, int) for one in stack)


@needs_unix
def test_an_interruption_is_shown_with_its_line():
    """Wherever in a rule it comes."""

    class StruckError(Exception):
        pass

    def interrupt(*_):
        raise StruckError

    source = "\n ".join(["def made(x):", *["x = f(x)", "x += 1"] * 500, "return x"])
    function = made(source, with_lines_of_calls)
    before = signal.signal(signal.SIGVTALRM, interrupt)
    lines = set()
    try:
        for tries in range(200):
            try:
                signal.setitimer(signal.ITIMER_VIRTUAL, 1e-6 * (1 + tries))
                while True:
                    function(0)
            except StruckError as error:
                lines |= {line for _, line in traceback.walk_tb(error.__traceback__)}
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, before)

    assert None not in lines
