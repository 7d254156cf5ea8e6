"""What durable-rules does that our engine is built around.

Were one of these to fail with another release, the engine would have to be looked at again.
"""

from __future__ import annotations

import itertools
import json
import subprocess
import sys

import pytest

from tests.engines.common import FILLED_MEMORY, needs_durable, needs_glibc
from tests.processes import run_python

pytestmark = needs_durable

_names = itertools.count()


def ruleset(*patterns):
    """A ruleset with rules r0, r1 and so on."""
    import durable_rules_engine as rete

    rules = {f"r{i}": {"all": [{"m": pattern}]} for i, pattern in enumerate(patterns)}
    return rete.create_ruleset(f"test{next(_names)}", json.dumps(rules))


def fired(handle, properties="", id_="1", session="s"):
    """The result code and the rules that fire for a fact, which stays."""
    import durable_rules_engine as rete

    properties = properties and f",{properties}"
    code, state = rete.assert_fact(handle, f'{{"id":"{id_}","sid":"{session}"{properties}}}')
    names = []
    started = rete.start_action_for_state(handle, state) if code == 0 else None
    message = started and started[1]
    while message:
        names.append(next(iter(json.loads(message))))
        message = rete.complete_and_start_action(handle, state)
    return code, sorted(names)


def refused(code):
    import durable_rules_engine as rete

    return pytest.raises(rete.error, match=f"error code: {code}")


def test_all_rules_that_match_fire():
    """`assert_fact` fires every rule that matches, not one of them."""
    handle = ruleset({"a": True}, {"b": True}, {"$and": [{"a": True}, {"b": True}]})
    assert fired(handle, '"a":true,"b":true') == (0, ["r0", "r1", "r2"])


def test_64_branches_are_the_most():
    """One fact that opens the 65th fires nothing at all: hence shards of 50."""
    wide = {f"x{i}": True for i in range(65)}
    properties = [json.dumps({name: True})[1:-1] for name in wide]
    handle = ruleset(*({name: True} for name in wide))
    assert len(fired(handle, ",".join(properties[:64]))[1]) == 64
    with refused(303):
        fired(handle, ",".join(properties), session="t")


def test_half_matched_rules_count_as_branches():
    """None of these matches, and 65 are too many all the same."""
    halves = [{"$and": [{"$gt": {"a": i}}, {f"x{i}": True}]} for i in range(65)]
    assert fired(ruleset(*halves[:64]), '"a":100') == (1, [])
    with refused(303):
        fired(ruleset(*halves), '"a":100')


def test_an_or_fires_once_for_each_arm():
    """Each true arm is a branch too: hence arms as rules of their own, and ids in a set."""
    handle = ruleset({"$or": [{"a": True}, {"b": True}]})
    assert fired(handle, '"a":true,"b":true') == (0, ["r0", "r0"])


def test_253_properties_are_the_most():
    """With id and sid: hence at most 200 properties a shard."""
    handle = ruleset({"a": True})
    others = ",".join(f'"x{i}":true' for i in range(252))
    assert fired(handle, f'"a":true,{",".join(others.split(",")[:250])}') == (0, ["r0"])
    with refused(302):
        fired(handle, f'"a":true,{others}')


def test_1024_sessions_are_the_most():
    """A session for every thread would not do: hence one, and a lock."""
    handle = ruleset({"a": True})
    for i in range(1024):
        fired(handle, '"a":true', session=f"s{i}")
    with pytest.raises(MemoryError):
        fired(handle, '"a":true', session="one-more")


def test_an_id_that_was_not_retracted_keeps_the_old_fact():
    """The new patient would get the old one's answer; the result code is all that tells."""
    import durable_rules_engine as rete

    handle = ruleset({"a": True}, {"b": True})
    assert fired(handle, '"a":true') == (0, ["r0"])
    assert fired(handle, '"b":true') == (2, [])
    rete.retract_fact(handle, '{"id":"1","sid":"s"}')
    assert fired(handle, '"b":true') == (0, ["r1"])


def test_an_action_that_was_not_completed_silences_its_session():
    """Until the session is deleted."""
    import durable_rules_engine as rete

    handle = ruleset({"a": True})
    _, state = rete.assert_fact(handle, '{"id":"1","sid":"s","a":true}')
    rete.start_action_for_state(handle, state)
    rete.retract_fact(handle, '{"id":"1","sid":"s"}')
    assert fired(handle, '"a":true') == (0, [])
    rete.delete_state(handle, "s")
    assert fired(handle, '"a":true') == (0, ["r0"])


@pytest.mark.parametrize(
    ("number", "code"), [("1e3", 204), ("1E3", 204), ("1e-7", 204), ("Infinity", 202)]
)
def test_numbers_with_an_exponent_are_not_read(number, code):
    """Hence plain digits, in rules and in facts."""
    with refused(code):
        fired(ruleset({"$gt": {"a": 1}}), f'"a":{number}')


def test_long_plain_numbers_are_read_exactly():
    """A number with hundreds of digits after the point is still that number."""
    tiny = f"{5e-324:.1100f}".rstrip("0")
    assert fired(ruleset({"$gt": {"a": 0}}), f'"a":{tiny}') == (0, ["r0"])


def test_values_of_other_types_are_compared_all_the_same():
    """Text with numbers, and truth with one: hence only typed values are sent."""
    handle = ruleset({"$gt": {"a": 1.5}}, {"a": 1})
    assert fired(handle, '"a":"2"') == (0, ["r0"])
    assert "r1" in fired(handle, '"a":true', session="t")[1]


def test_what_is_absent_differs_from_nothing():
    """`!=` of a property that is not there does not match: the unknown is left out."""
    handle = ruleset({"$neq": {"a": 1}})
    assert fired(handle, '"b":true') == (1, [])
    assert fired(handle, '"a":2', session="t") == (0, ["r0"])


DELETING = """
import json, durable_rules_engine as rete
rules = {f"r{i}": {"all": [{"m": {f"x{i}": True}}]} for i in range(40)}
handle = rete.create_ruleset("rules", json.dumps(rules))
for i in range(20):
    rete.assert_fact(handle, '{"id":"1","sid":"s%d","y":true}' % i)
    if STARTED:
        _, state = rete.assert_fact(handle, '{"id":"2","sid":"s%d","x0":true}' % i)
        rete.start_action_for_state(handle, state)
    rete.delete_state(handle, f"s{i}")
"""


@pytest.mark.parametrize("started", [True, False])
@needs_glibc
def test_a_session_may_be_deleted_only_once_an_action_was_started_in_it(started, tmp_path):
    """It frees memory that only a started action sets; so the engine starts one before."""
    script = DELETING.replace("STARTED", str(started))
    done = subprocess.run(
        [sys.executable, "-c", script], env=FILLED_MEMORY, cwd=tmp_path, check=False
    )
    assert (done.returncode == 0) is started


def test_host_starts_threads_and_the_lower_module_does_not():
    """Hence the lower module."""
    script = """
import threading, time, durable.engine, durable_rules_engine
assert threading.active_count() == 1
durable.engine.Host()
print(threading.active_count())
"""
    assert int(run_python(script)) == 3
