"""Checking a rule base, and saying what came of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress

from attrs import frozen
from rich.text import Text

from crampsrules.assess import assess
from crampsrules.engines import ENGINES, running_engines
from crampsrules.errors import FactsError
from crampsrules.examples import Failure, check_examples, untested_rules
from crampsrules.laws import broken_laws
from crampsrules.rulebase import RuleBase


@frozen
class Checked:
    """What checking a rule base found."""

    rules: RuleBase
    engines: tuple[str, ...]
    not_run: tuple[str, ...]
    failures: tuple[str, ...]

    def as_text(self) -> Text:
        """Every failure on a line of its own, then a summary."""
        text = Text()
        for failure in self.failures:
            text.append(f"{failure}\n", "red")
        rules = self.rules
        text.append(
            f"{len(rules.rules)} rules for {len(rules.causes)} causes, from {len(rules.sources)} "
            f"sources (version {rules.version[:12]})\n"
            f"{len(rules.examples)} worked examples, on {' and '.join(self.engines)}, held to "
            f"{len(rules.laws)} laws\n"
        )
        for engine in self.not_run:
            text.append(f"not run, for it does not run here: {engine}\n", "yellow")
        return text.append(*self._verdict())

    def _verdict(self) -> tuple[str, str]:
        if not self.failures:
            return "All came out as stated.", "bold green"
        many = "failure" if len(self.failures) == 1 else "failures"
        return f"{len(self.failures)} {many}.", "bold red"


def checked(rules: RuleBase) -> Checked:
    """Run every worked example on every engine that runs here, and look for untested rules."""
    running = running_engines()
    failures = [*_gone_wrong(rules, running), *_breaches(rules)]
    failures += [str(failure) for failure in untested_rules(rules)]
    return Checked(
        rules=rules,
        engines=running,
        not_run=tuple(engine for engine in ENGINES if engine not in running),
        failures=tuple(failures),
    )


def _gone_wrong(rules: RuleBase, running: Sequence[str]) -> Iterator[str]:
    """What came out otherwise than stated: once, and with the engine where it was not on all."""
    found: dict[Failure, dict[str, None]] = {}
    for engine in running:
        for failure in check_examples(rules, engine=engine):
            found.setdefault(failure, {})[engine] = None
    for failure, engines in found.items():
        where = "" if len(engines) == len(running) else f" (on {' and '.join(engines)} only)"
        yield f"{failure}{where}"


def _breaches(rules: RuleBase) -> list[str]:
    """Hold the assessment of every worked example to the laws."""
    found = []
    for example in rules.examples:
        with suppress(FactsError):  # which running the example has reported
            assessment = assess(example.facts, rules=rules, engine="compiled")
            found += [
                f"{example.file}: {example.says}: breaks law {law.id}: {law.says}"
                for law in broken_laws(assessment)
            ]
    return found
