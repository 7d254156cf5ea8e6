"""Proving a rule base, shown as it goes: a line for each kind of claim, more for what fails."""

from __future__ import annotations

import itertools
import textwrap
from collections.abc import Iterable

from rich.text import Text

from crampsrules.cli.output import show
from crampsrules.prove import KINDS, Claim, claims
from crampsrules.rulebase import RuleBase
from crampsrules.rules import rule_of


def prove_and_show(rules: RuleBase) -> bool:
    """Decide every claim about a rule base and show what comes of it. True if all hold."""
    decided = failed = 0
    for kind, some in itertools.groupby(claims(rules), key=lambda claim: claim.kind):
        holding, failing = _shown_as_they_come(rules, some)
        decided += holding + failing
        failed += failing
        if not failing:
            show(
                Text.assemble(
                    f"{kind}: {KINDS[kind]} ({holding:,} claims, ", ("proved", "green"), ")"
                )
            )
        else:
            show(Text(f"{kind}: {failing:,} of {holding + failing:,} claims fail", "red"))
    show(_verdict(rules, decided, failed))
    return not failed


def _shown_as_they_come(rules: RuleBase, some: Iterable[Claim]) -> tuple[int, int]:
    holding = failing = 0
    for claim in some:
        if claim.holds:
            holding += 1
        else:
            failing += 1
            show(_failure(rules, claim))
    return holding, failing


def _failure(rules: RuleBase, claim: Claim) -> Text:
    found = rules.file_of(rule_of(claim.id))
    place = f" ({found[0]}:{found[1]})" if found else ""
    details = textwrap.indent(f"{claim.patient!r}\n{claim.found}", "    ")
    return Text.assemble(
        ("FAILS ", "bold red"), f"{claim.kind}: {claim.id}{place}: {claim.says}\n{details}"
    )


def _verdict(rules: RuleBase, decided: int, failed: int) -> Text:
    about = (
        f"{len(rules.rules):,} rules and {len(rules.laws):,} laws (version {rules.version[:12]})"
    )
    if failed:
        return Text(f"{failed:,} of {decided:,} claims fail for {about}.", "bold red")
    return Text(f"All {decided:,} claims hold for every patient: {about}.", "bold green")
