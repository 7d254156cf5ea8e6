"""Why: the chain from facts through findings to causes, escalations and advice.

An explanation is a tree of `Step`s, rendered as text by `str()`. It is worked out from the
assessment's facts by the readable inference, so it holds for every engine.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from attrs import field, frozen

from crampsrules.assessment import Assessment, RaisedEscalation, Reason, SuspectedCause
from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Atom,
    Concluded,
    Conclusion,
    Condition,
    Known,
    Member,
    Suspected,
)
from crampsrules.errors import CrampsRulesError, did_you_mean, shorten
from crampsrules.facts import FACTS
from crampsrules.fold import active_escalations
from crampsrules.inference import Inference
from crampsrules.observations import observe
from crampsrules.rulebase import RuleBase
from crampsrules.rules import Evidence, unless_id


@frozen
class Step:
    """One link of the chain: a rule, a finding or a fact, and what it rests on.

    `verdict` is true, false, or None where the facts do not decide it. `fact` is the name of
    the fact at the end of the chain.
    """

    text: str
    fact: str | None = field(default=None, kw_only=True)
    verdict: bool | None = field(default=True, kw_only=True)
    id: str | None = field(default=None, kw_only=True)
    weight: int | None = field(default=None, kw_only=True)
    counted: bool = field(default=True, kw_only=True)
    sources: tuple[str, ...] = field(default=(), kw_only=True)
    statements: tuple[str, ...] = field(default=(), kw_only=True)
    steps: tuple[Step, ...] = field(default=(), kw_only=True)

    def chain(self) -> Iterator[Step]:
        """This step and every step below it."""
        yield self
        for step in self.steps:
            yield from step.chain()


@frozen
class Explanation:
    """The chain of reasoning behind an assessment, or behind one cause of it."""

    steps: tuple[Step, ...]

    def chain(self) -> Iterator[Step]:
        """Every step, from the conclusions down to the facts."""
        for step in self.steps:
            yield from step.chain()

    @property
    def facts(self) -> frozenset[str]:
        """The names of the facts that it rests on."""
        return frozenset(step.fact for step in self.chain() if step.fact)

    def __str__(self) -> str:
        return "\n".join(line for step in self.steps for line in _lines(step, 0))


def explain(assessment: Assessment, cause: str | None) -> Explanation:
    """Explain one cause, or everything where `cause` is None."""
    explainer = _Explainer(assessment)
    if cause is not None:
        return Explanation((explainer.cause(cause),))
    return Explanation(tuple(explainer.everything()))


_VERDICTS = {True: "", False: "no: ", None: "unknown: "}


def _lines(step: Step, depth: int) -> Iterator[str]:
    indent = "  " * depth
    marks = []
    if step.weight is not None:
        marks.append(f"{step.weight:+d}" + ("" if step.counted else ", not counted"))
    if step.id is not None:
        marks.append(step.id)
    marks.extend(step.statements)
    shown = f" [{', '.join(marks)}]" if marks else ""
    yield f"{indent}{_VERDICTS[step.verdict]}{step.text}{shown}"
    for source in step.sources:
        yield f"{indent}    source: {source}"
    for inner in step.steps:
        yield from _lines(inner, depth + 1)


class _Explainer:
    """Builds the steps for one assessment."""

    def __init__(self, assessment: Assessment) -> None:
        self._assessment = assessment
        self._rules: RuleBase = assessment.rules
        observations = observe(assessment.facts, self._rules.formulary)
        self._inference = Inference(self._rules, observations)
        self._fired = frozenset(assessment.fired)

    def everything(self) -> Iterator[Step]:
        wording = self._assessment.triage_wording
        yield Step(
            f"Triage: {wording.title} ({self._assessment.triage.id})",
            steps=tuple(self._escalations()),
        )
        for cause in self._assessment.causes:
            yield self.cause(cause.id)
        if not self._assessment.causes:
            yield Step(self._rules.wording.leaflet["nothing_suspected"])
        yield from self._weighed_in_vain()
        yield from self._advice()

    def _weighed_in_vain(self) -> Iterator[Step]:
        """What speaks for or against causes that nothing suspects."""
        listed = {one.id for one in self._assessment.causes}
        for cause, evidence in self._rules.evidence.items():
            fired = [one for one in evidence if one.id in self._fired]
            if fired and cause not in listed:
                yield self._not_suspected(cause, fired)

    def _escalations(self) -> Iterator[Step]:
        for one in self._assessment.escalations:
            yield self._rule(one.id, one.clinician or one.reason, one)
        for escalation in self._rules.escalations:
            removing = unless_id(escalation.id)
            if {escalation.id, removing} <= self._fired:
                text = "fired, and removed by its `unless`"
                steps = self._behind(removing)
                yield Step(text, verdict=False, id=escalation.id, steps=steps)

    def cause(self, id_: str) -> Step:
        if id_ not in [*self._rules.causes]:  # whatever it is: a list cannot be looked up
            hint = did_you_mean(id_, self._rules.causes)
            raise CrampsRulesError(f"{shorten(id_)} is no cause{hint}")
        listed = next((one for one in self._assessment.causes if one.id == id_), None)
        if listed is None:
            return self._not_suspected(id_, self._rules.evidence[id_])
        return self._listed(listed)

    def _listed(self, cause: SuspectedCause) -> Step:
        reasons = [
            *(self._reason("for", one) for one in cause.because),
            *(self._reason("against", one) for one in cause.against),
        ]
        title = f"{cause.rank}. {cause.title}: {cause.weight} decibans (prior {cause.prior})"
        return Step(
            title,
            id=cause.id,
            sources=self._cited(cause.sources),
            statements=cause.statements,
            steps=tuple(reasons),
        )

    def _reason(self, direction: str, reason: Reason) -> Step:
        return self._rule(
            reason.id,
            f"{direction}: {reason.text}",
            reason,
            weight=reason.weight,
            counted=reason.counted,
        )

    def _not_suspected(self, id_: str, evidence: Iterable[Evidence]) -> Step:
        steps = tuple(map(self._evidence, evidence))
        title = f"{self._rules.causes[id_].title}: not suspected"
        return Step(title, verdict=False, id=id_, steps=steps)

    def _evidence(self, one: Evidence) -> Step:
        """A piece of evidence for a cause that is not listed, whether it fired or not."""
        verdict = self._inference.verdict(one.id)
        return Step(
            one.because,
            verdict=verdict,
            id=one.id,
            weight=self._rules.decibans[one.id],
            sources=self._cited(one.source),
            statements=one.statement,
            steps=self._behind(one.id, verdict=verdict),
        )

    def _advice(self) -> Iterator[Step]:
        given = tuple(
            Step(
                one.title or one.id,
                id=one.id,
                sources=self._cited(one.sources),
                statements=one.statements,
                steps=self._behind(one.id),
            )
            for one in self._assessment.advice
        )
        yield Step("Advice given", steps=given)
        withheld = tuple(
            Step(
                f"{one.title or one.id}: {one.reason}",
                verdict=False,
                id=one.id,
                sources=self._cited(one.sources),
                steps=tuple(self._forbidding(one.id)),
            )
            for one in self._assessment.withheld
        )
        if withheld:
            yield Step("Advice withheld", steps=withheld)

    def _forbidding(self, id_: str) -> Iterator[Step]:
        """What leaves a piece of advice out: its own `unless`, or an escalation that holds it."""
        advice = next(one for one in self._rules.advice if one.id == id_)
        for entry in advice.unless:
            fires_as = unless_id(id_, entry.id)
            if fires_as in self._fired:
                yield Step(entry.reason, id=fires_as, steps=self._behind(fires_as))
        for escalation in active_escalations(self._rules, self._fired):
            if advice.kind in escalation.holds:
                yield Step(self._rules.wording.leaflet["held_back"], id=escalation.id)

    def _rule(
        self,
        id_: str,
        text: str,
        cited: Reason | RaisedEscalation,
        *,
        weight: int | None = None,
        counted: bool = True,
    ) -> Step:
        return Step(
            text,
            id=id_,
            weight=weight,
            counted=counted,
            sources=self._cited(cited.sources),
            statements=cited.statements,
            steps=self._behind(id_),
        )

    def _cited(self, ids: Iterable[str]) -> tuple[str, ...]:
        return tuple(str(self._rules.sources[id_]) for id_ in ids if id_ in self._rules.sources)

    def _behind(self, id_: str, *, verdict: bool | None = True) -> tuple[Step, ...]:
        """What makes the condition of an id true, or whatever it is: only the parts that do."""
        return tuple(self._atoms(self._rules.conditions[id_], verdict=verdict))

    def _atoms(self, condition: Condition, *, verdict: bool | None) -> Iterator[Step]:
        match condition:
            case AllOf(parts) | AnyOf(parts):
                for part in parts:
                    if self._inference.judge(part) is verdict:
                        yield from self._atoms(part, verdict=verdict)
            case _:
                yield self._atom(condition, verdict=verdict)

    def _atom(self, atom: Atom, *, verdict: bool | None) -> Step:
        match atom:
            case Concluded(finding):
                return self._group(f"finding {finding}", atom, verdict=verdict)
            case Suspected(cause):
                return self._group(f"suspected {cause}", atom, verdict=verdict)
            case Known(fact, wanted):
                shown = "known" if wanted else "not known"
                return Step(f"{fact} is {shown}", fact=fact, verdict=verdict)
            case Member(fact, member, present):
                if verdict is None:
                    return Step(f"whether {fact} has {member}", fact=fact, verdict=None)
                shown = member if present is verdict else f"not {member}"
                return Step(f"fact {fact}: {shown}", fact=fact, verdict=verdict)
            case _:
                value = self._inference.value(atom.fact)
                shown = "" if value is None else f" = {_shown(atom.fact, value)}"
                return Step(f"fact {atom.fact}{shown}", fact=atom.fact, verdict=verdict)

    def _group(self, text: str, atom: Conclusion, *, verdict: bool | None) -> Step:
        links = self._links(self._rules.ids_concluding(atom), verdict=verdict)
        return Step(text, verdict=verdict, steps=tuple(links))

    def _links(self, ids: Iterable[str], *, verdict: bool | None) -> Iterator[Step]:
        for id_ in ids:
            if self._inference.verdict(id_) is verdict:
                rule = self._rules.rules[id_]
                text = getattr(rule, "because", "") or id_
                yield Step(
                    text,
                    verdict=verdict,
                    id=id_,
                    sources=self._cited(rule.source),
                    statements=rule.statement,
                    steps=self._behind(id_, verdict=verdict),
                )


def _shown(fact: str, value: object) -> str:
    # A choice as rules name it, like the fact itself and the members of sets.
    return value if isinstance(value, str) else FACTS[fact].in_words(value)
