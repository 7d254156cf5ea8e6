"""Running the worked examples of a rule base."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import frozen

from crampsrules.assess import assess
from crampsrules.assessment import Assessment
from crampsrules.conditions import ALWAYS
from crampsrules.errors import FactsError
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Example, Expectation, rule_of


@frozen
class Failure:
    """What a worked example expected and did not get, or a rule that no example tests."""

    file: str
    example: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}: {self.example}: {self.message}"


def check_examples(rules: RuleBase, *, engine: str | None = None) -> tuple[Failure, ...]:
    """Run every worked example. An empty answer means that all came out as stated."""
    return tuple(failures(rules, rules.examples, engine=engine))


def failures(
    rules: RuleBase, examples: Iterable[Example], *, engine: str | None = None
) -> Iterator[Failure]:
    """What goes wrong with some worked examples, found one by one."""
    for example in examples:
        for message in _differences(rules, example, engine):
            yield Failure(example.file, example.says, message)


def untested_rules(rules: RuleBase) -> tuple[Failure, ...]:
    """Whatever can fire and is not named by the examples in its own file as firing and as silent.

    Also `escalations`, `levels`, `advice` and `cautioned` name what fires. What an example makes
    fire and does not name is not counted: nobody would notice if it no longer did.
    """
    fires: dict[str, set[str]] = {}
    silent: dict[str, set[str]] = {}
    for example in rules.examples:
        fires.setdefault(example.file, set()).update(_said_to_fire(example.expect))
        silent.setdefault(example.file, set()).update(example.expect.silent)
    return tuple(
        Failure(file, id_, f"no worked example in its file names it in `{key}`")
        for id_, condition in rules.conditions.items()
        for file in [_file_of(rules, id_)]
        for table, key in ((fires, "fires"), (silent, "silent"))
        if id_ not in table.get(file, ()) and not (key == "silent" and condition == ALWAYS)
    )


def _said_to_fire(expect: Expectation) -> Iterable[str]:
    return (
        *expect.fires,
        *expect.escalations,
        *expect.levels,
        *expect.advice,
        *expect.cautioned,
    )


def _file_of(rules: RuleBase, id_: str) -> str:
    found = rules.file_of(rule_of(id_))
    return found[0] if found else "?"


def _differences(rules: RuleBase, example: Example, engine: str | None) -> Iterator[str]:
    try:
        got = assess(example.facts, rules=rules, engine=engine)
    except FactsError as error:
        yield str(error)
        return
    expect = example.expect
    if expect.triage is not None and got.triage is not expect.triage:
        yield f"triage is {got.triage.id}, not {expect.triage.id} ({_raised(got)})"
    if expect.triage_at_least is not None and got.triage < expect.triage_at_least:
        yield f"triage is {got.triage.id}, below {expect.triage_at_least.id}"
    ranking = tuple(cause.id for cause in got.causes)
    if expect.causes is not None and ranking[: len(expect.causes)] != expect.causes:
        shown = ", ".join(f"{cause.id} {cause.weight}" for cause in got.causes)
        yield f"causes are {shown or 'none'}, not {', '.join(expect.causes)}"
    yield from _missing(expect, got, set(ranking))
    yield from _other_than_said(expect, got)


def _other_than_said(expect: Expectation, got: Assessment) -> Iterator[str]:
    weights = {cause.id: cause.weight for cause in got.causes}
    for cause, weight in expect.weights.items():
        if weights.get(cause) != weight:
            yield f"{cause} weighs {weights.get(cause, 'nothing')}, not {weight}"
    levels = {one.id: one.triage for one in got.escalations}
    for id_, level in expect.levels.items():
        if levels.get(id_) is not level:
            found = levels[id_].id if id_ in levels else "nothing"
            yield f"{id_} raises to {found}, not {level.id}"
    cautions = {one.id: one.caution or "" for one in got.advice}
    for id_, phrases in expect.warns.items():
        for words in phrases:
            if words not in cautions.get(id_, ""):
                yield f"{id_} does not warn of {words!r}"


def _raised(got: Assessment) -> str:
    return ", ".join(f"{one.id} {one.triage.id}" for one in got.escalations) or "nothing raised"


def _missing(expect: Expectation, got: Assessment, ranking: set[str]) -> Iterator[str]:
    given = {one.id for one in got.advice}
    cautioned = {one.id for one in got.advice if one.caution}
    fired = set(got.fired)
    wanted: tuple[tuple[str, Iterable[str], set[str]], ...] = (
        ("suspected", expect.suspects, ranking),
        ("fired", expect.fires, fired),
        ("raised", expect.escalations, {one.id for one in got.escalations}),
        ("advised", expect.advice, given),
        ("withheld", expect.withheld, {one.id for one in got.withheld}),
        ("given with a caution", expect.cautioned, cautioned),
        ("reported as unrecognised", expect.unrecognised, set(got.unrecognised)),
    )
    for what, names, found in wanted:
        if missing := [name for name in names if name not in found]:
            yield f"not {what}: {', '.join(missing)}"
    unwanted = (
        ("suspected", expect.not_suspected, ranking),
        ("fired", expect.silent, fired),
    )
    for what, names, found in unwanted:
        if present := [name for name in names if name in found]:
            yield f"{what} though it should not be: {', '.join(present)}"
