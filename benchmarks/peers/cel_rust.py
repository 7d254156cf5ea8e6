"""common-expression-language, CEL in Rust: a program for each rule; and one list for all."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import compress

import cel

from benchmarks.peers.common import Language, Way, flat, properties
from crampsrules import PatientFacts, RuleBase

PACKAGE = "common-expression-language"

LANGUAGE = Language(
    both=" && ",
    either=" || ",
    is_true="(has(p.{0}) && p.{0} == true)",
    is_false="(has(p.{0}) && p.{0} == false)",
    compare="(has(p.{0}) && p.{0} {1} {2})",
    one_of="(has(p.{0}) && p.{0} in {1})",
)


def ways(rules: RuleBase) -> Iterator[Way]:
    """As documented, and at its best."""
    texts = {id_: LANGUAGE.text(condition) for id_, condition in flat(rules).items()}
    programs = {id_: cel.compile(text) for id_, text in texts.items()}
    ids, known = list(texts), properties(rules)
    every = cel.compile(f"[{', '.join(texts.values())}]")

    def fire(patient: cel.Context) -> frozenset[str]:
        return frozenset(id_ for id_, program in programs.items() if program.execute(patient))

    def prepare(patient: PatientFacts) -> cel.Context:
        return cel.Context({"p": known(patient)})

    yield Way("CEL in Rust", prepare, fire)
    yield Way(
        "CEL in Rust, one list",
        prepare,
        lambda patient: frozenset(compress(ids, every.execute(patient))),
        as_documented=False,
    )
