"""What would change the answer, on the terminal: by what it would become, single facts first."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Mapping

from rich.text import Text

from crampsrules.changes import Change
from crampsrules.facts import FACTS
from crampsrules.phrases import filled
from crampsrules.rulebase import RuleBase

# Of those that lead to one answer; --json has them all.
MOST_SHOWN = 12


def changes_shown(changes: Iterable[Change], rules: RuleBase) -> Text:
    """The changes under what each would lead to: how soon to be seen, or the first cause."""
    text = Text()
    for outcome, group in itertools.groupby(_sorted(changes, rules), lambda one: one[0]):
        text.append(f"{outcome}\n", "bold")
        lines = [in_words(change.facts) for _, change in group]
        for line in lines[:MOST_SHOWN]:
            text.append(f"- {line}\n")
        if len(lines) > MOST_SHOWN:
            text.append(f"  and {len(lines) - MOST_SHOWN} more: --what-if --json has them all\n")
        text.append("\n")
    text.rstrip()
    return text or Text(rules.wording.leaflet["nothing_changes"])


def _sorted(changes: Iterable[Change], rules: RuleBase) -> list[tuple[str, Change]]:
    """With the outcome of each, those of one outcome together, in the order of the first."""
    told = [(_outcome(change, rules), change) for change in changes]
    order = {outcome: place for place, outcome in enumerate(dict.fromkeys(one for one, _ in told))}
    return sorted(told, key=lambda one: order[one[0]])


def _outcome(change: Change, rules: RuleBase) -> str:
    words = rules.wording.leaflet
    if change.effect == "changes_first_cause":
        if change.first_cause is None:
            return words["no_first_cause"]
        return filled(words["first_cause"], title=rules.causes[change.first_cause].title)
    sentence = words["more_urgent" if change.effect == "raises_triage" else "less_urgent"]
    return filled(sentence, title=rules.wording.triage[change.triage.id].title)


def in_words(facts: Mapping[str, object]) -> str:
    """Facts and their values in plain words."""
    told = ((FACTS[name], value) for name, value in facts.items())
    return "; ".join(f"{fact.label}: {fact.in_words(value)}" for fact, value in told)
