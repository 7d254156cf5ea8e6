"""The compiled engine: one Python function, generated from the rule base.

The function is made of names and literals that the condition reader has checked; no text of
a rule file is ever part of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.facts import FACTS, PatientFacts
from crampsrules.memberships import UNKNOWN, membership
from crampsrules.rulebase import RuleBase

Fire = Callable[[PatientFacts], frozenset[str]]


class CompiledEngine:
    """Fires the rules of one rule base by a function generated for it."""

    name = "compiled"

    def __init__(self, rules: RuleBase) -> None:
        """Generate the function, once."""
        self._source, constants = _generate(rules)
        namespace: dict[str, object] = dict(constants)
        exec(compile(self._source, "<crampsrules rules>", "exec"), namespace)  # noqa: S102 - see above
        self.fire: Fire = namespace["fire"]  # type: ignore[assignment]  # made by _generate


def _generate(rules: RuleBase) -> tuple[str, dict[str, object]]:
    writer = _Writer(rules)
    lines = ["def fire(facts):", *(f"    {line}" for line in writer.lines())]
    return "\n".join(lines), writer.constants


class _Writer:
    """Writes the lines of the generated function."""

    def __init__(self, rules: RuleBase) -> None:
        self.rules = rules
        self.constants: dict[str, object] = {
            "NAN": float("nan"),
            "EMPTY": frozenset(),
            "UNKNOWN": UNKNOWN,
            "membership": membership,
            "resolve": lambda names: rules.formulary.resolve(names).classes,
        }
        self._values: dict[frozenset[str], str] = {}

    def lines(self) -> Iterator[str]:
        used = [atom for condition in self.rules.conditions.values() for atom in atoms(condition)]
        yield from self._fact_lines({atom.fact for atom in used if hasattr(atom, "fact")})
        findings = sorted({atom.finding for atom in used if isinstance(atom, Concluded)})
        causes = sorted({atom.cause for atom in used if isinstance(atom, Suspected)})
        marks = [f"f_{name}" for name in findings] + [f"s_{name}" for name in causes]
        yield from (f"{mark} = False" for mark in marks)
        yield "fired = []"
        yield "add = fired.append"
        concluded_by = {
            rule: f"f_{finding}" for finding in findings for rule in self.rules.concluding[finding]
        }
        suspected_by = {
            rule: f"s_{cause}" for cause in causes for rule in self.rules.suspecting[cause]
        }
        for level in self.rules.levels:
            for id_ in level:
                yield f"if {self._test(self.rules.conditions[id_])}:"
                yield f"    add({id_!r})"
                for mark in (concluded_by.get(id_), suspected_by.get(id_)):
                    if mark:
                        yield f"    {mark} = True"
        yield "return frozenset(fired)"

    def _fact_lines(self, used: set[str]) -> Iterator[str]:
        for fact in FACTS.values():
            if fact.name not in used:
                continue
            name = fact.name
            if fact.measured_by:
                yield f"v_{name} = facts.{name} if facts.{fact.measured_by} is None else None"
            else:
                yield f"v_{name} = facts.{name}"
            if fact.kind in ("number", "integer"):
                # Every comparison with NaN is false, as every comparison with an unknown is.
                yield f"n_{name} = NAN if v_{name} is None else v_{name}"
            elif fact.kind in ("members", "medicines"):
                look_up = (
                    f"resolve(v_{name})"
                    if fact.kind == "medicines"
                    else f"membership({name!r}, v_{name})"
                )
                yield f"m_{name} = UNKNOWN if v_{name} is None else {look_up}"
                yield f"p_{name} = m_{name}.present"
                yield f"a_{name} = m_{name}.absent"

    def _test(self, condition: Condition) -> str:
        match condition:
            case AllOf(parts):
                return self._joined(parts, " and ") if parts else "True"
            case AnyOf(parts):
                return self._joined(parts, " or ") if parts else "False"
            case Flag(fact, wanted):
                return f"v_{fact} is {wanted}"
            case Comparison(fact, "!=", value):
                return f"(n_{fact} < {value!r} or n_{fact} > {value!r})"
            case Comparison(fact, operator, value):
                return f"n_{fact} {operator} {value!r}"
            case OneOf(fact, values):
                return self._one_of(fact, values)
            case Member(fact, member, present):
                return f"{member!r} in {'p' if present else 'a'}_{fact}"
            case Concluded(finding):
                return f"f_{finding}"
            case Suspected(cause):
                return f"s_{cause}"
            case Known(fact, wanted):
                return f"v_{fact} is {'not ' if wanted else ''}None"

    def _joined(self, parts: Iterable[Condition], word: str) -> str:
        return "(" + word.join(self._test(part) for part in parts) + ")"

    def _one_of(self, fact: str, values: frozenset[str]) -> str:
        if len(values) == 1:
            return f"v_{fact} == {next(iter(values))!r}"
        if values not in self._values:
            self._values[values] = f"V{len(self._values)}"
            self.constants[self._values[values]] = values
        return f"v_{fact} in {self._values[values]}"
