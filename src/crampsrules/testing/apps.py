"""What the laws look at: the answers of an app, whatever shape it gives them."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Literal

import attrs
from attrs import field, frozen

from crampsrules.assess import assess
from crampsrules.assessment import Assessment, GivenAdvice
from crampsrules.errors import CrampsRulesError, shorten
from crampsrules.facts import PatientFacts
from crampsrules.rulebase import RuleBase, rules_or_shipped
from crampsrules.triage import Triage

Call = Callable[..., Any]


def checked_callable(value: object, argument: str) -> None:
    """Refuse what cannot be called, when the test is written and not when it runs."""
    if not callable(value):
        raise CrampsRulesError(f"{argument} takes a callable, got {shorten(value)}")


def _is_callable(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    checked_callable(value, attribute.name)


def _is_callable_if_any(_: object, attribute: attrs.Attribute[Any], value: object) -> None:
    if value is not None:
        checked_callable(value, attribute.name)


def _rules(rules: RuleBase | None) -> RuleBase:
    return rules_or_shipped(rules)


@frozen
class Answer:
    """What the laws compare: how soon to be seen, the causes in order, what is advised.

    `cautions` are the words of caution by the advice that they come with; None for the words where
    only the ids are shown. None for a whole field is what the app's answers do not show: no law
    then asks for it.
    """

    triage: Triage
    causes: tuple[str, ...] | None
    advice: tuple[str, ...] | None
    cautions: Mapping[str, str | None] | None

    def lines(self) -> list[str]:
        """The answer line by line, to be shown beside another."""
        return list(self._lines())

    def shown_as(self, other: Answer) -> Answer:
        """As much of this answer as another one shows."""
        cautions = self.cautions
        if cautions is not None and None in (other.cautions or {}).values():
            cautions = dict.fromkeys(cautions)
        return Answer(
            self.triage,
            None if other.causes is None else self.causes,
            None if other.advice is None else self.advice,
            None if other.cautions is None else cautions,
        )

    def _lines(self) -> Iterator[str]:
        yield f"triage: {self.triage.id}"
        for number, cause in enumerate(self.causes or (), 1):
            yield f"cause {number}: {cause}"
        for advice in self.advice or ():
            yield f"advice: {advice}"
            if advice in (self.cautions or {}):
                yield f"    caution: {(self.cautions or {})[advice] or 'one is shown'}"


# How to read an Assessment: what an app gives back unless it says otherwise.


def _triage(assessment: Assessment) -> Triage:
    return assessment.triage


def _causes(assessment: Assessment) -> Iterable[str]:
    return (one.id for one in assessment.causes)


def _advice(assessment: Assessment) -> Iterable[str]:
    return (one.id for one in assessment.advice)


def _cautions(assessment: Assessment) -> Mapping[str, str]:
    return {one.id: one.caution for one in assessment.advice if one.caution}


def _dumps(answer: object) -> str:
    if isinstance(answer, Assessment):
        return answer.to_json(unknowns=False)
    return json.dumps(answer, allow_nan=False)


@frozen(kw_only=True)
class App:
    """Your own use of `assess`, as the laws call it and read its answers.

    `call` is what is tested. It is given `PatientFacts`, or with `takes="mapping"` the plain
    mapping of fact names to values that JSON would bring (sets as lists).

    The other arguments say how to read what it gives back; left out, it is an `Assessment`.
    `triage` gives a `Triage` or its name, `causes` and `advice` give ids. `cautions` gives the
    words of caution by the id of their advice, or only those ids where you use other words. Give
    None for what your answers do not show. `dumps` and `loads` are how an answer is sent and
    received; left out, as JSON, and an `Assessment` as `to_json` has it.
    """

    call: Call = field(validator=_is_callable)
    rules: RuleBase = field(default=None, converter=_rules)
    takes: Literal["facts", "mapping"] = field(default="facts")
    triage: Callable[[Any], Triage | str] = field(default=_triage, validator=_is_callable)
    causes: Callable[[Any], Iterable[str]] | None = field(
        default=_causes, validator=_is_callable_if_any
    )
    advice: Callable[[Any], Iterable[str]] | None = field(
        default=_advice, validator=_is_callable_if_any
    )
    cautions: Callable[[Any], Mapping[str, str | None] | Iterable[str]] | None = field(
        default=_cautions, validator=_is_callable_if_any
    )
    dumps: Callable[[Any], str] = field(default=_dumps, validator=_is_callable)
    loads: Callable[[str], Any] | None = field(default=None, validator=_is_callable_if_any)

    @takes.validator
    def _check_takes(self, _: object, value: object) -> None:
        if value not in ("facts", "mapping"):
            raise CrampsRulesError(f'takes is "facts" or "mapping", not {value!r}')

    @classmethod
    def of(cls, app: App | RuleBase | Call) -> App:
        """An app as it is; a rule base as `assess` with it; a callable that gives assessments."""
        if isinstance(app, App):
            return app
        if isinstance(app, RuleBase):
            return cls(call=_assess_with(app), rules=app)
        if callable(app):
            return cls(call=app)
        raise CrampsRulesError(f"app takes an App, a RuleBase or a callable, got {shorten(app)}")

    def respond(self, facts: PatientFacts, **options: Any) -> Any:  # noqa: ANN401 - the app's own
        """What the app gives back for these facts. Raises CrampsRulesError for a coroutine."""
        response = self.call(self.sent(facts), **options)
        if inspect.iscoroutine(response):
            response.close()
            raise CrampsRulesError(
                "the app is async, and a law waits for an answer: give it as "
                "App(call=lambda facts: asyncio.run(app(facts)))"
            )
        return response

    def received(self, response: object) -> object:
        """What becomes of a response that is sent."""
        text = self.dumps(response)
        if self.loads is not None:
            return self.loads(text)
        return Assessment.from_json(text) if isinstance(response, Assessment) else json.loads(text)

    def sent(self, facts: PatientFacts) -> object:
        """The facts as the app takes them."""
        return facts.to_dict() if self.takes == "mapping" else facts

    def answer(self, facts: PatientFacts, **options: Any) -> Answer:  # noqa: ANN401 - the app's own
        """The answer to these facts, read."""
        return self.read(self.respond(facts, **options))

    def takes_option(self, name: str) -> bool:
        """Whether the app can be called with this keyword."""
        try:
            inspect.signature(self.call).bind(None, **{name: None})
        except TypeError:
            return False
        except ValueError:  # it does not say what it takes
            return True
        return True

    def read(self, response: object) -> Answer:
        """An answer, read. Raises CrampsRulesError for one that cannot be."""
        try:
            return self._read(response)
        except (AttributeError, LookupError, TypeError, ValueError) as error:
            raise CrampsRulesError(
                f"an answer of the app cannot be read, {shorten(response)}: {error!r}. "
                "App(triage=..., causes=..., advice=..., cautions=...) say how to read what is no "
                "Assessment, with None for what is not shown"
            ) from error

    def _read(self, response: object) -> Answer:
        triage = self.triage(response)
        causes = None if self.causes is None else _ids(self.causes(response), "causes")
        advice = None if self.advice is None else _ids(self.advice(response), "advice")
        cautions = None if self.cautions is None else _by_advice(self.cautions(response))
        level = triage if isinstance(triage, Triage) else Triage.from_id(triage)
        return Answer(level, causes, advice, cautions)

    def reference(self, facts: PatientFacts) -> Answer:
        """What the rules themselves say."""
        assessment = assess(facts, rules=self.rules, engine="compiled")
        return Answer(
            assessment.triage,
            tuple(_causes(assessment)),
            tuple(_advice(assessment)),
            _cautions(assessment),
        )

    def as_assessment(self, facts: PatientFacts, answer: Answer) -> Assessment:
        """The assessment of the rules with the triage and advice of an answer in it."""
        assessment = assess(facts, rules=self.rules, engine="compiled")
        if answer.advice is None:
            return attrs.evolve(assessment, triage=answer.triage)
        given = {one.id: one for one in assessment.advice}
        advice = tuple(_advised(id_, answer, given.get(id_)) for id_ in answer.advice)
        return attrs.evolve(assessment, triage=answer.triage, advice=advice)


def _assess_with(rules: RuleBase) -> Call:
    def assess_with_rules(facts: PatientFacts, *, engine: str | None = None) -> Assessment:
        return assess(facts, rules=rules, engine=engine)

    return assess_with_rules


def _ids(found: Iterable[str], argument: str) -> tuple[str, ...]:
    ids = () if isinstance(found, str) else tuple(found)
    if isinstance(found, str) or not all(isinstance(one, str) for one in ids):
        raise TypeError(f"{argument} gives ids, as in ['rub', 'stretch'], got {shorten(found)}")
    return ids


def _by_advice(cautions: Mapping[str, str | None] | Iterable[str]) -> Mapping[str, str | None]:
    if isinstance(cautions, Mapping):
        # Advice without a caution may be among them, with none.
        return {id_: words for id_, words in cautions.items() if words}
    return dict.fromkeys(_ids(cautions, "cautions"))


def _advised(id_: str, answer: Answer, known: GivenAdvice | None) -> GivenAdvice:
    caution = known.caution if known else None
    if answer.cautions is not None:
        caution = (caution or "There is one.") if id_ in answer.cautions else None
    return GivenAdvice(
        id=id_,
        kind=known.kind if known else "action",
        title=known.title if known else id_,
        text=known.text if known else "",
        caution=caution,
        clinician=None,
        sources=(),
    )
