"""The readable inference: conditions judged one by one in three-valued logic.

It is the oracle that every engine is tested against, and it answers what an engine cannot:
whether a rule that did not fire is false or undecided.
"""

from __future__ import annotations

from attrs import define, field

from crampsrules.conditions import Condition, evaluate
from crampsrules.observations import Observations
from crampsrules.rulebase import RuleBase


@define(eq=False)
class Inference:
    """What follows from one patient's observations, worked out as it is asked for."""

    _rules: RuleBase
    _observations: Observations
    _verdicts: dict[str, bool | None] = field(factory=dict)

    def value(self, fact: str) -> object:
        """The value of a fact, or None where it is unknown."""
        return self._observations.value(fact)

    def member(self, fact: str, member: str) -> bool | None:
        """Whether a set holds a member, or None where that is unknown."""
        return self._observations.member(fact, member)

    def finding(self, name: str) -> bool | None:
        """Whether a finding holds; false only when every rule that concludes it is false."""
        return self._any(self._rules.concluding.get(name, ()))

    def suspected(self, cause: str) -> bool | None:
        """Whether a cause is suspected; false only when all evidence for it is false."""
        return self._any(self._rules.suspecting.get(cause, ()))

    def _any(self, ids: tuple[str, ...]) -> bool | None:
        verdicts = [self.verdict(id_) for id_ in ids]
        if True in verdicts:
            return True
        return None if None in verdicts else False

    def verdict(self, id_: str) -> bool | None:
        """Whether the condition that fires under `id_` is true, false or undecided (None)."""
        if id_ not in self._verdicts:
            self._verdicts[id_] = self.judge(self._rules.conditions[id_])
        return self._verdicts[id_]

    def judge(self, condition: Condition) -> bool | None:
        """Judge any condition, of this rule base or not."""
        return evaluate(condition, self)

    def fired(self) -> frozenset[str]:
        """Every id whose condition is true."""
        return frozenset(
            id_ for level in self._rules.levels for id_ in level if self.verdict(id_) is True
        )
