"""Mutation testing of the rules: is every single slip of the pen in them caught?

Each mutant is the shipped rule base with one thing changed: a comparison turned round, a threshold
moved by one step, the sign or the size of a weight, a rule, an `unless` or a caution that never
comes into play, triage one level up or down, `holds` left out. A mutant is caught when it does not
load, when a worked example comes out otherwise, or when a claim about the rules can no longer be
proved (which judges every patient, so none need be generated). A condition that a solver shows to
mean the same as before is equivalent. What survives must be explained in docs/mutants.md.

    python tools/mutate_rules.py [--jobs N] [--only TEXT ...] [--list]
"""

from __future__ import annotations

import argparse
import ast
import copy
import itertools
import multiprocessing
import sys
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from attrs import evolve, field, frozen

from crampsrules import RuleBase
from crampsrules.errors import RuleError
from crampsrules.examples import failures
from crampsrules.facts import FACTS
from crampsrules.parsing import ConditionError, Vocabulary, parse
from crampsrules.prove import claims
from crampsrules.prove.logic import Logic
from crampsrules.prove.translation import Translation
from crampsrules.rulefiles import RuleFile, read_folder
from crampsrules.rules import Evidence, caution_id, unless_id
from crampsrules.triage import Triage

ROOT = Path(__file__).parents[1]
EXPLAINED = ROOT / "docs" / "mutants.md"

CONDITIONS = ("when", "unless")
WEIGHTS = ("small", "moderate", "large")
# True of nobody, for what takes the place of a condition that is dropped.
NEVER = "age_years < 0"

Table = dict[str, Any]


@frozen
class Mutant:
    """One change to one table of a rule file.

    `about` are the ids that fire otherwise; None where the change is not in what fires.
    """

    file: str
    kind: str
    id: str
    what: str
    path: tuple[str | int, ...]
    value: object
    about: frozenset[str] | None = None

    def __str__(self) -> str:
        return f"{self.id}: {self.what}"

    def rules(self) -> RuleBase:
        """The rule base with the change in it. Raises RuleError where it does not load."""
        if self.about is not None and isinstance(self.value, str) and self.path[-1] in CONDITIONS:
            return with_condition(self.id, self.value)
        return RuleBase(tuple(self._changed(one) for one in shipped()))

    def _changed(self, file: RuleFile) -> RuleFile:
        if file.name != self.file:
            return file
        tables = copy.deepcopy(dict(file.tables))
        at: Any = tables
        for step in self.path[:-1]:
            at = at[step]
        if self.value is None:
            del at[self.path[-1]]
        else:
            at[self.path[-1]] = self.value
        return RuleFile(file.name, file.text, tables)


@frozen
class Verdict:
    """What became of a mutant."""

    mutant: Mutant
    caught_by: str
    detail: str = ""


@cache
def shipped() -> tuple[RuleFile, ...]:
    """The shipped rule files, as read."""
    return read_folder(ROOT / "rules", "rules")


@cache
def original() -> RuleBase:
    """The rules without a change."""
    return RuleBase(shipped())


def with_condition(id_: str, text: str) -> RuleBase:
    """The rules with another condition under one id. Raises RuleError where it cannot be read.

    Linking all rules anew takes a hundred times as long, and comes to the same.
    """
    rules = original()
    vocabulary = Vocabulary(
        findings=frozenset(rules.concluding),
        causes=frozenset(rules.causes),
        medicine_classes=frozenset(rules.formulary.classes),
    )
    try:
        condition = parse(text, vocabulary, may_ask_known="/unless" in id_)
    except ConditionError as error:
        raise RuleError(message=error.message, file=id_) from None
    changed: RuleBase = object.__new__(RuleBase)
    conditions = MappingProxyType({**rules.conditions, id_: condition})
    object.__setattr__(changed, "_files", rules._files)  # noqa: SLF001 - it is made of its parts
    object.__setattr__(changed, "_linked", evolve(rules._linked, conditions=conditions))  # noqa: SLF001
    object.__setattr__(changed, "version", f"{rules.version} with {id_}: {text}")
    object.__setattr__(changed, "_kept", {})
    return changed


# --- The mutants --------------------------------------------------------------------------------


@cache
def mutants() -> tuple[Mutant, ...]:
    """Every mutant, in the order of the files."""
    return tuple(mutant for file in shipped() for mutant in _of_file(file))


def _of_file(file: RuleFile) -> Iterator[Mutant]:
    for kind in ("findings", "evidence", "escalations", "advice"):
        for at, row in enumerate(file.tables.get(kind, ())):
            yield from _of_rule(_Place(file.name, row["id"], (kind, at)), kind, row)


@frozen
class _Place:
    """A table in a file, and the id under which its condition fires."""

    file: str
    id: str
    path: tuple[str | int, ...]
    key: str = "when"

    def mutant(self, kind: str, what: str, key: str, value: object, *, fires: bool) -> Mutant:
        about = frozenset({self.id}) if fires else None
        return Mutant(self.file, kind, self.id, what, (*self.path, key), value, about)


def _of_rule(place: _Place, kind: str, row: Table) -> Iterator[Mutant]:
    yield from _of_condition(place, row.get("when"))
    yield place.mutant("rule dropped", "dropped", "when", NEVER, fires=True)
    match kind:
        case "evidence":
            yield from _of_weight(place, row)
        case "escalations":
            yield from _of_escalation(place, row)
        case "advice":
            yield from _of_advice(place, row)


def _of_weight(place: _Place, row: Table) -> Iterator[Mutant]:
    if "lr" in row:
        inverse = 1 / row["lr"]
        what = f"lr {row['lr']:g} becomes {inverse:.3g}"
        yield place.mutant("sign of a weight", what, "lr", inverse, fires=True)
        return
    word = row["weight"]
    against, size = word.startswith("against-"), word.removeprefix("against-")
    other = size if against else f"against-{size}"
    yield place.mutant("sign of a weight", f"{word} becomes {other}", "weight", other, fires=True)
    at = WEIGHTS.index(size)
    for beside in (at - 1, at + 1):
        if 0 <= beside < len(WEIGHTS):
            new = f"against-{WEIGHTS[beside]}" if against else WEIGHTS[beside]
            what = f"{word} becomes {new}"
            yield place.mutant("size of a weight", what, "weight", new, fires=True)


def _of_escalation(place: _Place, row: Table) -> Iterator[Mutant]:
    level = Triage.from_id(row["triage"])
    for beside in (level - 1, level + 1):
        if beside in list(Triage):
            new = Triage(beside).id
            what = f"{level.id} becomes {new}"
            yield place.mutant("triage moved", what, "triage", new, fires=False)
    if row.get("holds"):
        yield place.mutant("holds dropped", "holds nothing", "holds", None, fires=False)
    if "unless" in row:
        inner = _Place(place.file, unless_id(place.id), place.path, "unless")
        yield from _of_condition(inner, row["unless"])
        never = "known(age_years) and not known(age_years)"
        yield inner.mutant("unless dropped", "dropped", "unless", never, fires=True)


def _of_advice(place: _Place, row: Table) -> Iterator[Mutant]:
    never = "known(age_years) and not known(age_years)"
    for at, entry in enumerate(row.get("unless", ())):
        id_ = unless_id(place.id, entry["id"])
        inner = _Place(place.file, id_, (*place.path, "unless", at))
        yield from _of_condition(inner, entry["when"])
        yield inner.mutant("unless dropped", "dropped", "when", never, fires=True)
        if "caution" in entry:
            yield inner.mutant("caution dropped", "no caution", "caution", None, fires=True)
    for at, entry in enumerate(row.get("cautions", ())):
        id_ = caution_id(place.id, entry["id"])
        inner = _Place(place.file, id_, (*place.path, "cautions", at))
        yield from _of_condition(inner, entry.get("when"))
        yield inner.mutant("caution dropped", "dropped", "when", NEVER, fires=True)


def _of_condition(place: _Place, text: str | None) -> Iterator[Mutant]:
    if text is None:
        return
    for kind, segment, new in _changes(text):
        start, end = segment
        changed = text[:start] + new + text[end:]
        what = f"`{text[start:end]}` becomes `{new}`"
        yield place.mutant(kind, what, place.key, changed, fires=True)


Change = tuple[str, tuple[int, int], str]


def _changes(text: str) -> Iterator[Change]:
    """The kind of each change to a condition, the place of it in the text, and what comes there."""
    stripped = text.lstrip(" ")
    offset = len(text) - len(stripped)
    tree = ast.parse(stripped, mode="eval")
    inside = {id(name) for node in ast.walk(tree) for name in _operands(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Compare):
            yield from _of_comparison(node, offset, text)
        elif isinstance(node, ast.Name) and id(node) not in inside and node.id in FACTS:
            yield "comparison flipped", _span(node, offset), f"not {node.id}"
        elif isinstance(node, ast.Call) and ast.unparse(node.func) == "known":
            yield "comparison flipped", _span(node, offset), f"not {ast.unparse(node)}"


def _operands(node: ast.AST) -> Iterator[ast.AST]:
    if isinstance(node, ast.Compare):
        yield from (node.left, *node.comparators)
    elif isinstance(node, ast.Call):
        yield from (node.func, *node.args)


def _span(node: ast.expr, offset: int) -> tuple[int, int]:
    assert node.end_col_offset is not None
    return node.col_offset + offset, node.end_col_offset + offset


# The side that a threshold itself is on, and the direction.
_FLIPS: Mapping[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.GtE),
    ast.LtE: (ast.Lt, ast.Gt),
    ast.Gt: (ast.GtE, ast.LtE),
    ast.GtE: (ast.Gt, ast.Lt),
    ast.Eq: (ast.NotEq,),
    ast.NotEq: (ast.Eq,),
    ast.In: (ast.NotIn,),
    ast.NotIn: (ast.In,),
}


def _of_comparison(node: ast.Compare, offset: int, text: str) -> Iterator[Change]:
    for at, operator in enumerate(node.ops):
        for flipped in _FLIPS[type(operator)]:
            new = copy.deepcopy(node)
            new.ops[at] = flipped()
            yield "comparison flipped", _span(node, offset), ast.unparse(new)
    for operand in (node.left, *node.comparators):
        if isinstance(operand, ast.Constant) and isinstance(operand.value, int | float):
            start, end = _span(operand, offset)
            yield from _of_threshold(text[start:end], (start, end))


def _of_threshold(written: str, span: tuple[int, int]) -> Iterator[Change]:
    """One up and one down in the last figure that is written."""
    digits = len(written.partition(".")[2])
    for step in (-1, 1):
        yield "threshold moved", span, f"{float(written) + step * 10.0**-digits:.{digits}f}"


# --- Judging them -------------------------------------------------------------------------------


def judge(mutant: Mutant) -> Verdict:
    """How a mutant is caught; cheap checks first."""
    original()  # what it raises is no fault of the mutant
    try:
        rules = mutant.rules()
    except RuleError as error:
        return Verdict(mutant, "loading", str(error).partition("\n")[0])
    examples = sorted(rules.examples, key=lambda one: one.file != mutant.file)
    if (failure := next(failures(rules, examples, engine="compiled"), None)) is not None:
        return Verdict(mutant, "worked example", str(failure))
    if is_equivalent(mutant, rules):
        return Verdict(mutant, "equivalent")
    about = mutant.about and mutant.about & {*rules.conditions, *rules.law_conditions}
    for claim in claims(rules, about=about):
        if not claim.holds:
            return Verdict(mutant, "proof", str(claim))
    return Verdict(mutant, "nothing")


def fault_of(rules: RuleBase) -> str | None:
    """What is wrong with a rule base that nothing was changed in, or None."""
    failing = (str(one) for one in failures(rules, rules.examples, engine="compiled"))
    unproved = (str(one) for one in claims(rules) if not one.holds)
    return next(itertools.chain(failing, unproved), None)


def is_equivalent(mutant: Mutant, rules: RuleBase) -> bool:
    """Whether a solver shows that a change makes no difference to any patient."""
    match mutant.kind:
        case "comparison flipped" | "threshold moved":
            return _means_the_same(mutant, rules)
        case "holds dropped":
            return _is_held_anyway(mutant)
        case "size of a weight":
            return _never_counts(mutant, rules)
    return False


def _means_the_same(mutant: Mutant, rules: RuleBase) -> bool:
    old, new = (each.conditions[mutant.id] for each in (original(), rules))
    translation = Translation(original(), (new,))
    solver = translation.z3.SolverFor("QF_FD")
    differs = [
        translation.z3.Xor(meaning(old), meaning(new))
        for meaning in (translation.true, translation.false)
    ]
    solver.add(*translation.realizable, translation.z3.Or(differs))
    return bool(solver.check() == translation.z3.unsat)


def _is_held_anyway(mutant: Mutant) -> bool:
    """Whether whatever an escalation holds back is held by others too, wherever it stands."""
    logic = Logic(original())
    (one,) = (each for each in original().escalations if each.id == mutant.id)
    others = [each for each in original().escalations if each.id != mutant.id]
    z3 = logic.translation.z3
    return not any(
        logic.possible(
            logic.active(one),
            *(z3.Not(logic.active(other)) for other in others if kind in other.holds),
        )
        for kind in one.holds
    )


def _never_counts(mutant: Mutant, rules: RuleBase) -> bool:
    """Whether, wherever evidence fires, its cause is not suspected or a heavier one counts."""
    logic = Logic(original())
    one = original().rules[mutant.id]
    assert isinstance(one, Evidence)
    z3, cause = logic.translation.z3, original().causes[one.cause]
    heaviest = max(abs(each.decibans[one.id]) for each in (original(), rules))
    sign = original().decibans[one.id] > 0
    suspecting = z3.Or([logic.true(id_) for id_ in original().suspecting[cause.id]])
    heavier = [
        z3.Not(logic.true(other.id))
        for other in original().evidence[cause.id]
        for weight in [original().decibans[other.id]]
        if other.id != one.id and other.group is not None and other.group == one.group
        if (weight > 0) is sign and abs(weight) >= heaviest
    ]
    # A fallback also stands where nothing is suspected, but not where anything is against it.
    listed = [] if cause.fallback and sign else [suspecting]
    return not logic.possible(logic.true(one.id), *listed, *heavier)


# --- Telling ------------------------------------------------------------------------------------


@frozen
class Report:
    """What became of all mutants."""

    verdicts: list[Verdict] = field(factory=list)

    def of(self, *caught_by: str) -> list[Verdict]:
        """Those with one of these endings."""
        return [one for one in self.verdicts if one.caught_by in caught_by]

    def unexplained(self) -> list[Verdict]:
        """Survivors that the documentation does not name."""
        text = EXPLAINED.read_text(encoding="utf-8") if EXPLAINED.is_file() else ""
        return [one for one in self.of("nothing") if str(one.mutant) not in text]

    def tell(self) -> None:
        """Print each survivor, then the figures."""
        survivors, unexplained = self.of("nothing"), self.unexplained()
        for verdict in sorted(survivors, key=lambda one: str(one.mutant)):
            word = "UNEXPLAINED" if verdict in unexplained else "explained"
            print(f"{word}: {verdict.mutant.file}: {verdict.mutant}")
        caught = self.of("loading", "worked example", "proof")
        kinds = Counter(one.mutant.kind for one in self.verdicts)
        for kind, number in kinds.items():
            mine = sum(one.mutant.kind == kind for one in caught)
            print(f"  {kind}: {mine} of {number} caught")
        for caught_by, number in Counter(one.caught_by for one in self.verdicts).items():
            print(f"  by {caught_by}: {number}")
        print(
            f"{len(caught)} of {len(self.verdicts)} mutants caught, "
            f"{len(self.of('equivalent'))} shown to be equivalent, "
            f"{len(survivors) - len(unexplained)} explained, {len(unexplained)} unexplained"
        )


def chosen(only: Sequence[str] | None) -> list[Mutant]:
    """The mutants to try: all, or those with one of some texts in their file, kind or name."""
    return [
        mutant
        for mutant in mutants()
        if only is None or any(one in f"{mutant.file}: {mutant.kind}: {mutant}" for one in only)
    ]


def run(some: list[Mutant], jobs: int, told: Callable[[Verdict, int], None]) -> Report:
    """Judge mutants in several processes."""
    report = Report()
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        for verdict in pool.imap_unordered(judge, some, chunksize=8):
            report.verdicts.append(verdict)
            told(verdict, len(report.verdicts))
    return report


def main() -> int:
    """Run it. Exit code 1 where a mutant survives unexplained."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--jobs", type=int, default=2, help="processes (2)")
    parser.add_argument(
        "--only", nargs="+", help="only mutants with one of these texts in file, kind or name"
    )
    parser.add_argument("--list", action="store_true", help="show the mutants, try none")
    parser.add_argument("--verbose", action="store_true", help="say of each what caught it")
    asked = parser.parse_args()
    some = chosen(asked.only)
    if asked.list:
        print(*(f"{one.file}: {one.kind}: {one}" for one in some), sep="\n")
        return 0

    def told(verdict: Verdict, number: int) -> None:
        if asked.verbose:
            print(f"{verdict.mutant}: {verdict.caught_by} {verdict.detail}", flush=True)
        elif number % 200 == 0:
            print(f"... {number} of {len(some)}", flush=True)

    if (fault := fault_of(original())) is not None:
        print(f"The rules fail before anything is changed: {fault}")
        return 1
    report = run(some, asked.jobs, told)
    report.tell()
    return 1 if report.unexplained() else 0


if __name__ == "__main__":
    sys.exit(main())
