"""The laws, each as a function that a test calls with an app and a patient.

An app is a callable that takes `PatientFacts` and gives an `Assessment`, a rule base, or an `App`
that says how to call yours and how to read its answers. A law that does not hold raises
`BrokenLawError`, an AssertionError that shows the patient as Python and both answers side by side.
"""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache

import attrs

from crampsrules.engines import ENGINES, running_engines
from crampsrules.errors import CrampsRulesError, did_you_mean, names_apart, shorten
from crampsrules.facts import CONTRADICTIONS, FACTS, PatientFacts
from crampsrules.laws import binding_laws, breaches
from crampsrules.rulebase import RuleBase
from crampsrules.testing.apps import Answer, App, Call

Tested = App | RuleBase | Call


class BrokenLawError(CrampsRulesError, AssertionError):
    """A law does not hold: `law` is its name, `facts` the patient for whom it does not."""

    def __init__(self, law: str, facts: PatientFacts, message: str) -> None:
        super().__init__(f"{law}: {message}\n\n{facts!r}")
        self.law = law
        self.facts = facts


def _checked_facts(facts: object, argument: str = "facts") -> PatientFacts:
    """Refuse a mapping too: an app need not read it as this library would."""
    if not isinstance(facts, PatientFacts):
        raise CrampsRulesError(
            f"{argument} takes PatientFacts, got {shorten(facts)}: PatientFacts.from_mapping() "
            "makes them of a mapping"
        )
    return facts


def deterministic(app: Tested, facts: PatientFacts, *, between: PatientFacts | None = None) -> None:
    """The same facts get the same answer again, also with another patient `between`."""
    _checked_facts(facts)
    if between is not None:
        _checked_facts(between, "between")
    tested = App.of(app)
    # What an app remembers of earlier tests is overwritten first, so that a failure comes again.
    tested.respond(_all_known())
    first = tested.answer(facts)
    other = PatientFacts() if between is None else between
    tested.respond(other)
    expect_same(
        "deterministic",
        facts,
        {"the first time": first, f"after {other!r}": tested.answer(facts)},
        "the same facts got another answer the second time",
    )


@lru_cache(maxsize=1)
def _all_known() -> PatientFacts:
    """Someone of whom everything is known: what an app remembers of others is written over."""
    plain = {"flag": False, "members": (), "medicines": ()}
    return PatientFacts.from_mapping(
        {
            name: plain.get(fact.kind, fact.members[0] if fact.kind == "choice" else fact.high)
            for name, fact in FACTS.items()
        }
    )


def order_free(app: Tested, facts: PatientFacts) -> None:
    """The order in which facts, and the members of sets, are given does not matter."""
    _checked_facts(facts)
    tested = App.of(app)
    first = tested.answer(facts)
    for how, given in _orders(tested, facts):
        expect_same(
            "order_free",
            facts,
            {"as they come": first, how: tested.read(tested.call(given))},
            "the same facts got another answer in another order",
        )


def _orders(app: App, facts: PatientFacts) -> Iterable[tuple[str, object]]:
    forwards = facts.to_dict()
    backwards = {name: _reversed(forwards[name]) for name in reversed(forwards)}
    by_name = {name: forwards[name] for name in sorted(forwards)}
    for how, given in (("backwards", backwards), ("by name", by_name)):
        yield how, given if app.takes == "mapping" else PatientFacts.from_mapping(given)


def _reversed(value: object) -> object:
    return value[::-1] if isinstance(value, list) else value


def engine_independent(
    app: Tested, facts: PatientFacts, *, engines: Sequence[str] | None = None
) -> None:
    """Every engine gives the same answer, and so does leaving the choice open.

    The app is called with `engine=NAME`, which it must pass on to `assess`. `engines` are those
    that run here unless they are given. Raises CrampsRulesError for an app that takes no engine.
    """
    _checked_facts(facts)
    tested = App.of(app)
    named = running_engines() if engines is None else _checked_engines(engines)
    if not tested.takes_option("engine"):
        raise CrampsRulesError(
            "engine_independent calls the app with engine=NAME, and this one takes none: where "
            'nobody may choose one, leave this law out, with leave_out=["engine_independent"]'
        )
    first = tested.answer(facts)
    for engine in named:
        expect_same(
            "engine_independent",
            facts,
            {"no engine named": first, f"engine={engine!r}": tested.answer(facts, engine=engine)},
            "the answer depends on the engine",
        )


def _checked_engines(engines: object) -> Sequence[str]:
    """Some engines: with none there would be nothing to compare."""
    apart = names_apart(engines, ENGINES)
    if apart is None or apart == ((), ()):
        raise CrampsRulesError(
            f'engines takes a list of engines, such as ["compiled"], got {shorten(engines)}'
        )
    named, strange = apart
    if strange:
        hint = did_you_mean(strange[0], ENGINES) or f"; there are {', '.join(ENGINES)}"
        raise CrampsRulesError(f"engines: {shorten(strange[0])} is no engine{hint}")
    return named


def monotone_in_red_flags(app: Tested, facts: PatientFacts, red_flag: Mapping[str, object]) -> None:
    """Learning of a red flag never makes the answer less urgent, nor less urgent than it alone.

    Draw `red_flag` from `red_flags()`: one fact that by itself means being seen the same day.
    Raises CrampsRulesError for any other fact, and FactsError for what is no mapping of facts to
    values.
    """
    _checked_facts(facts)
    tested = App.of(app)
    alone = PatientFacts.from_mapping(red_flag)
    least_urgent = tested.reference(alone).triage
    if not least_urgent.is_urgent:
        raise CrampsRulesError(
            "red_flag takes a fact that by itself means being seen the same day or at once, as "
            f"red_flags() draws them, got {shorten(dict(red_flag))}, which is {least_urgent.id}"
        )
    without = facts.replace(**dict.fromkeys(_replaced_by(red_flag)))
    flagged = without.replace(**red_flag)
    before, after = tested.answer(without), tested.answer(flagged)
    least = max(before.triage, least_urgent)
    if after.triage < least:
        message = f"{after.triage.id} with {dict(red_flag)!r}, which is at least {least.id}"
        shown = _difference({"without the red flag": before, "with it": after})
        raise BrokenLawError("monotone_in_red_flags", flagged, f"{message}\n{shown}")


def _replaced_by(red_flag: Mapping[str, object]) -> list[str]:
    """The facts of a red flag, and what they contradict or take the place of."""
    reported = [name for name, fact in FACTS.items() if fact.measured_by in red_flag]
    measured = [one for name in red_flag if (one := FACTS[name].measured_by)]
    contradicted = [one.other for one in CONTRADICTIONS if one.fact in red_flag]
    contradicted += [one.fact for one in CONTRADICTIONS if one.other in red_flag]
    return [*red_flag, *reported, *measured, *contradicted]


def unknown_is_not_safe(app: Tested, facts: PatientFacts) -> None:
    """What is not known is never taken for "no": the answer reassures no more than the rules do.

    It is as urgent as theirs, advises nothing that they do not advise, and keeps every caution.
    An app that takes a mapping must also answer the same where what is unknown is sent as None.
    """
    _checked_facts(facts)
    tested = App.of(app)
    found = tested.answer(facts)
    wanted = tested.reference(facts).shown_as(found)
    faults = list(reassurances(found, wanted))
    if faults:
        shown = _difference({"the rules": wanted, "the app": found})
        raise BrokenLawError("unknown_is_not_safe", facts, f"{'; '.join(faults)}\n{shown}")
    if tested.takes == "mapping":
        spelt_out = {**dict.fromkeys(FACTS), **facts.to_dict()}
        expect_same(
            "unknown_is_not_safe",
            facts,
            {"left out": found, "sent as None": tested.read(tested.call(spelt_out))},
            "what is unknown matters when it is sent as None",
        )


def reassurances(found: Answer, wanted: Answer) -> Iterable[str]:
    """In what an answer reassures more than the one that is wanted."""
    if found.triage < wanted.triage:
        yield f"{found.triage.id} where the rules say {wanted.triage.id}"
    for id_ in found.advice or ():
        if id_ not in (wanted.advice or ()):
            yield f"advises {id_}, which the rules do not"
        elif found.cautions is not None and id_ in (wanted.cautions or {}):
            if id_ not in found.cautions:
                yield f"advises {id_} without its caution"
            elif found.cautions[id_] != (wanted.cautions or {})[id_]:
                yield f"advises {id_} with another caution"


def no_forbidden_advice(app: Tested, facts: PatientFacts) -> None:
    """The `[[laws]]` of the rule base hold for the answer: advice, cautions and urgency."""
    _checked_facts(facts)
    tested = App.of(app)
    answer = tested.answer(facts)
    assessment = tested.as_assessment(facts, answer)
    faults = [
        f"{law.id} ({law.says}): {breach}"
        for law in binding_laws(assessment)
        for breach in breaches(law, assessment)
    ]
    if faults:
        shown = "\n".join(answer.lines())
        raise BrokenLawError("no_forbidden_advice", facts, "\n".join([*faults, "", shown]))


def threshold_law(app: Tested, near_miss: tuple[PatientFacts, PatientFacts]) -> None:
    """The app turns where the rules turn, and in the same: on two sides of one of their thresholds.

    Draw the pair from `near_misses()`. An app that turns elsewhere is seen where it turns between
    the two of a pair. Raises CrampsRulesError for what is no such pair.
    """
    _check_pair(near_miss)
    tested = App.of(app)
    below, above = near_miss
    found = tested.answer(below), tested.answer(above)
    wanted = [
        tested.reference(side).shown_as(answer)
        for side, answer in zip(near_miss, found, strict=True)
    ]
    turns, should_turn = _changes(*found), _changes(*wanted)
    if turns != should_turn:
        faults = sorted(turns ^ should_turn)
        message = (
            f"the app and the rules do not turn alike in {', '.join(faults)}\nbelow: {below!r}"
        )
        shown = _difference({"below, the app": found[0], "above, the app": found[1]})
        rules = _difference({"below, the rules": wanted[0], "above, the rules": wanted[1]})
        raise BrokenLawError("threshold_law", above, f"{message}\n{shown}\n{rules}")


def _check_pair(pair: object) -> None:
    """Refuse all but two patients who differ in one number: between others nothing need turn."""
    takes = "near_miss takes two PatientFacts who differ in one number, as near_misses() draws them"
    match pair:
        case [first, second]:
            below, above = (_checked_facts(one, "near_miss") for one in (first, second))
        case _:
            raise CrampsRulesError(f"{takes}, got {shorten(pair)}")
    apart = [name for name in FACTS if getattr(below, name) != getattr(above, name)]
    of_both = below.known().keys() & above.known().keys()
    if len(apart) != 1 or apart[0] not in of_both or not FACTS[apart[0]].is_number:
        raise CrampsRulesError(f"{takes}, got two who differ in {', '.join(apart) or 'nothing'}")


def _changes(below: Answer, above: Answer) -> set[str]:
    names = (one.name for one in attrs.fields(Answer))
    return {name for name in names if getattr(below, name) != getattr(above, name)}


def round_trip(app: Tested, facts: PatientFacts) -> None:
    """Facts and answers come back from JSON as they were sent."""
    _checked_facts(facts)
    tested = App.of(app)
    received = PatientFacts.from_json(json.dumps(facts.to_dict()))
    if received != facts:
        raise BrokenLawError("round_trip", facts, f"the facts came back as {received!r}")
    response = tested.respond(facts)
    try:
        back = tested.received(response)
    except (TypeError, ValueError, CrampsRulesError) as error:
        raise BrokenLawError("round_trip", facts, f"the answer is no JSON: {error}") from error
    if back != response:
        shown = "\n".join(_lines_that_differ(_printed(response), _printed(back)))
        raise BrokenLawError("round_trip", facts, f"the answer came back changed\n{shown}")


def _printed(response: object) -> list[str]:
    if isinstance(response, Mapping):
        return [f"{name}: {value!r}" for name, value in response.items()]
    return [repr(response)]


# --- Showing what differs -----------------------------------------------------------------------


def expect_same(law: str, facts: PatientFacts, answers: Mapping[str, Answer], message: str) -> None:
    """Raise BrokenLawError unless the two answers are the same."""
    first, second = answers.values()
    if first != second:
        raise BrokenLawError(law, facts, f"{message}\n{_difference(answers)}")


def _difference(answers: Mapping[str, Answer]) -> str:
    (one, first), (other, second) = answers.items()
    lines = _lines_that_differ(first.lines(), second.lines())
    return "\n".join([f"--- {one}", f"+++ {other}", *lines])


def _lines_that_differ(first: Sequence[str], second: Sequence[str]) -> list[str]:
    return [line for line in difflib.ndiff(first, second) if not line.startswith("?")]
