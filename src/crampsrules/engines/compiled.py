"""The compiled engine: one Python function, generated from the rule base."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property

from crampsrules.engines.generated import Program
from crampsrules.facts import PatientFacts
from crampsrules.ids import Ids
from crampsrules.rulebase import RuleBase

# Every step on the way to an integer of more bits than this takes too long.
_MOST_BITS = 2000


class CompiledEngine:
    """Fires the rules of one rule base by functions generated for it."""

    name = "compiled"

    def __init__(self, rules: RuleBase) -> None:
        """Take the rules; each function is generated when it is first needed."""
        self._program = Program.of(rules)
        self._ids = Ids.of(rules)

    @cached_property
    def fire(self) -> Callable[[PatientFacts], frozenset[str]]:
        """The ids whose condition is true. Raises FactsError for a misspelt medicine."""
        return self._program.naming()

    @cached_property
    def fire_number(self) -> Callable[[PatientFacts], int]:
        """What `fire` gives, as the integer that the `Ids` of the rules make of it."""
        if len(self._ids.names) <= _MOST_BITS:
            return self._program.numbering(self._ids.bits)
        fire, number = self.fire, self._ids.number
        return lambda facts: number(fire(facts))
