"""Other rule engines on the same rules: one module for each, in the form that it documents.

A module has `PACKAGE`, what to install, and `ways(rules)`, the ways of firing them with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from importlib import import_module

from benchmarks.peers.common import Way
from crampsrules import RuleBase

MODULES = (
    "clips",
    "durable",
    "zen",
    "cel_rust",
    "cel_python",
    "rule_engine",
    "business_rules",
    "json_logic",
    "experta",
)


class PeerMissingError(Exception):
    """A peer is not installed, or does not run on this Python. Its text says which."""


def ways_of(module: str, rules: RuleBase) -> list[Way]:
    """The ways of one peer. Raises PeerMissingError."""
    try:
        peer = import_module(f"benchmarks.peers.{module}")
    except (ImportError, AttributeError) as error:  # AttributeError: too old for this Python
        raise PeerMissingError(f"{module}: {error}") from error
    return list(peer.ways(rules))


def all_ways(rules: RuleBase) -> Iterator[tuple[str, list[Way] | PeerMissingError]]:
    """The ways of every peer, by its module, or why there are none."""
    for module in MODULES:
        try:
            yield module, ways_of(module, rules)
        except PeerMissingError as error:
            yield module, error
