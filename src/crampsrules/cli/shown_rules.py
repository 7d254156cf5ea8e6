"""Rules on the terminal: all of them a line each, or one with everything behind it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from rich.text import Text

from crampsrules.conditions import FactAtom, Member, fact_atoms
from crampsrules.errors import CrampsRulesError, did_you_mean
from crampsrules.facts import FACTS, Fact
from crampsrules.readers import range_of
from crampsrules.rulebase import Rule, RuleBase
from crampsrules.rules import (
    Advice,
    Cause,
    Escalation,
    Evidence,
    Example,
    Finding,
    Law,
    MedicineClass,
    Source,
    caution_id,
    rule_of,
    unless_id,
)

Lines = Iterator[str | Text]


def listed(rules: RuleBase) -> Text:
    """Every cause, rule and law on a line of its own: what it is, its id, what it says."""
    rows = list(_rows(rules))
    widths = [max((len(row[place]) for row in rows), default=0) for place in (0, 1)]
    text = Text()
    for kind, id_, says in rows:
        text.append(f"{kind:{widths[0]}}  ")
        text.append(f"{id_:{widths[1]}}  ", "bold")
        text.append(f"{' '.join(says.split())}\n")
    text.rstrip()
    return text


def _rows(rules: RuleBase) -> Iterator[tuple[str, str, str]]:
    for cause in rules.causes.values():
        yield "cause", cause.id, cause.title
    for finding in rules.findings:
        yield "finding", finding.id, f"{finding.concludes}: {finding.because or finding.when}"
    for evidence in rules.evidence.values():
        for one in evidence:
            yield "evidence", one.id, f"{rules.decibans[one.id]:+d} {one.because}"
    for escalation in rules.escalations:
        yield "escalation", escalation.id, f"{escalation.triage.id}: {escalation.reason}"
    for advice in rules.advice:
        yield "advice", advice.id, f"{advice.kind}: {advice.title or advice.text}"
    for law in rules.laws:
        yield "law", law.id, law.says


def described(rules: RuleBase, id_: str) -> Text:
    """Everything that goes by an id. Raises CrampsRulesError for an id that nothing has."""
    shown = [list(lines) for lines in _all_called(rules, id_)]
    if not shown:
        known = [*rules.rules, *rules.causes, *rules.concluding, *rules.sources, *FACTS]
        known += [*(law.id for law in rules.laws), *rules.formulary.classes]
        hint = did_you_mean(id_, (*known, *rules.formulary.reading(id_).in_doubt))
        raise CrampsRulesError(f"nothing has the id {id_!r}{hint}")
    parts = (Text("\n").join(_as_text(line) for line in lines) for lines in shown)
    return Text("\n\n").join(parts)


def _as_text(line: str | Text) -> Text:
    return Text(line) if isinstance(line, str) else line


def _all_called(rules: RuleBase, id_: str) -> Iterator[Lines]:
    if id_ in rules.causes:
        yield _cause(rules, rules.causes[id_])
    rule = rules.rules.get(rule_of(id_)) if id_ in rules.conditions else None
    if rule is not None:
        yield _rule(rules, rule)
    if id_ in rules.concluding:
        yield _finding(rules, id_)
    for law in rules.laws:
        if law.id == id_:
            yield _law(rules, law)
    if id_ in rules.sources:
        yield _source(rules, rules.sources[id_])
    if id_ in FACTS:
        yield _fact(rules, FACTS[id_])
    if id_ in rules.formulary.classes:
        yield _class(rules, rules.formulary.classes[id_])
    elif classes := rules.formulary.classes_of(id_):
        yield _medicine(rules, id_, classes)


def _medicine(rules: RuleBase, name: str, classes: Sequence[str]) -> Lines:
    yield _heading("medicine", name)
    yield "belongs to these classes, each of which can be looked up:"
    for id_ in classes:
        yield f"  {id_}: {rules.formulary.classes[id_].title}"


def _rule(rules: RuleBase, rule: Rule) -> Lines:
    yield _heading(_kind(rule), rule.id)
    yield from _body(rules, rule)
    yield from _cited(rules, rule.source, rule.statement)
    if rule.note:
        yield f"note: {rule.note}"
    yield from _place(rules, rule.id)
    yield from _examples(rules, rule.id)


def _kind(rule: Rule) -> str:
    return type(rule).__name__.lower()


def _body(rules: RuleBase, rule: Rule) -> Lines:
    match rule:
        case Finding():
            yield f"concludes: {rule.concludes}"
            yield f"when: {rule.when}"
            yield from _said("because", rule.because)
        case Evidence():
            yield f"for or against: {rule.cause}"
            yield f"when: {rule.when}"
            yield f"weight: {_weight(rules, rule)}"
            yield f"because: {rule.because}"
            yield from _said("group", rule.group)
            yield from _said("role", rule.role)
        case Escalation():
            yield f"triage: {rule.triage.id}"
            yield f"when: {rule.when}"
            yield from _said("unless", rule.unless)
            yield f"reason: {rule.reason}"
            yield from _said("for clinicians", rule.clinician)
            yield from _said("holds back", ", ".join(rule.holds))
        case Advice():
            yield from _advice(rules, rule)


def _weight(rules: RuleBase, rule: Evidence) -> str:
    said = rule.weight if rule.lr is None else f"a likelihood ratio of {rule.lr:g}"
    return f"{rules.decibans[rule.id]:+d} decibans ({said})"


def _advice(rules: RuleBase, rule: Advice) -> Lines:
    yield f"kind: {rule.kind}"
    yield from _said("title", rule.title)
    yield f"when: {rule.when or 'always'}"
    yield f"text: {rule.text}"
    for entry in rule.unless:
        yield f"unless {unless_id(rule.id, entry.id)}: {entry.when}"
        yield from _said("    reason", entry.reason)
        yield from _said("    instead", entry.instead)
        yield from _said("    caution where it is unknown", entry.caution)
        yield from _sources(rules, entry.source, "    ")
    for caution in rule.cautions:
        yield f"caution {caution_id(rule.id, caution.id)}: {caution.when or 'always'}"
        yield f"    {caution.text}"
        yield from _sources(rules, caution.source, "    ")


def _cause(rules: RuleBase, cause: Cause) -> Lines:
    yield _heading("cause", cause.id)
    yield f"title: {cause.title}"
    yield f"prior: {cause.prior} decibans"
    yield f"seriousness: {cause.seriousness}"
    yield from _said("codes", ", ".join(f"{key} {code}" for key, code in cause.codes.items()))
    yield from _said("for patients", cause.patient)
    yield from _said("for clinicians", cause.clinician)
    yield from _cited(rules, cause.source, cause.statement)
    yield from _place(rules, cause.id)
    yield Text("evidence", "bold")
    for one in sorted(rules.evidence[cause.id], key=lambda one: -rules.decibans[one.id]):
        yield f"  {rules.decibans[one.id]:+3d} {one.id}: {one.because}"
        yield f"        when {one.when}"


def _finding(rules: RuleBase, name: str) -> Lines:
    yield _heading("finding", name)
    for id_ in rules.concluding[name]:
        rule = rules.rules[id_]
        yield f"  {id_}: {rule.when}"


def _law(rules: RuleBase, law: Law) -> Lines:
    yield _heading("law", law.id)
    yield f"says: {law.says}"
    yield f"when: {law.when or 'always'}"
    yield from _said("forbids", ", ".join(law.forbids))
    yield from _said("forbids together", ", ".join(law.not_together))
    yield from _said("wants a caution on", ", ".join(law.cautioned))
    yield from _said("demands", ", ".join(law.advised))
    yield from _said("triage at least", law.at_least.id if law.at_least else None)
    yield from _sources(rules, law.source, "")


def _source(rules: RuleBase, source: Source) -> Lines:
    yield _heading("source", source.id)
    yield _in_full(source)
    cited_by = dict.fromkeys(id_ for id_, cited in _citing(rules) if source.id in cited)
    yield from (f"cited by: {id_}" for id_ in cited_by)


def _fact(rules: RuleBase, fact: Fact) -> Lines:
    yield _heading("fact", fact.name)
    yield f"label: {fact.label}"
    yield f"question: {fact.question}"
    yield f"takes: {_taken(fact)}"
    yield from _asking(rules, lambda atom: atom.fact == fact.name)


def _taken(fact: Fact) -> str:
    match fact.kind:
        case "flag":
            return "true or false"
        case "number" | "integer":
            return range_of(fact)
        case "medicines":
            return "a list of names of medicines"
        case _:
            listed = ", ".join(fact.members)
            return f"a list of {listed}" if fact.kind == "members" else f"one of {listed}"


def _class(rules: RuleBase, one: MedicineClass) -> Lines:
    yield _heading("class of medicines", one.id)
    yield f"title: {one.title}"
    yield from _said("ATC", ", ".join(one.atc))
    yield from _said("lies within", ", ".join(one.within))
    yield from _said("medicines", ", ".join(one.names))
    yield from _said("words for it", ", ".join(one.words))
    yield from _said("note", one.note)
    yield from _asking(rules, lambda atom: isinstance(atom, Member) and atom.member == one.id)


def _asking(rules: RuleBase, is_about: Callable[[FactAtom], bool]) -> Lines:
    """The rules that ask about something, exceptions and cautions under their own ids."""
    asking = [
        id_
        for id_, condition in sorted(rules.conditions.items())
        if any(map(is_about, fact_atoms(condition)))
    ]
    yield from (f"asked about by: {id_}" for id_ in asking or ["no rule"])


def _citing(rules: RuleBase) -> Iterator[tuple[str, Iterable[str]]]:
    """Everything that has sources, with what it cites; a part of a piece of advice by its id."""
    yield from ((one.id, one.source) for one in rules.causes.values())
    yield from ((id_, rule.source) for id_, rule in rules.rules.items())
    for one in rules.advice:
        yield from ((one.id, part.source) for part in one.unless)
        yield from ((one.id, part.source) for part in one.cautions)
    yield from ((one.id, one.source) for one in rules.laws)


def _heading(kind: str, id_: str) -> Text:
    return Text.assemble((id_, "bold"), f"  ({kind})")


def _said(what: str, text: str | None) -> Lines:
    if text:
        yield f"{what}: {text}"


def _place(rules: RuleBase, id_: str) -> Lines:
    if place := rules.file_of(id_):
        yield f"stands in: {place[0]}:{place[1]}"


def _cited(rules: RuleBase, sources: Iterable[str], statements: Iterable[str]) -> Lines:
    yield from _sources(rules, sources, "")
    yield from _said("statement of the article", ", ".join(statements))


def _sources(rules: RuleBase, sources: Iterable[str], indent: str) -> Lines:
    for id_ in sources:
        yield f"{indent}source: {_in_full(rules.sources[id_])}"


def _in_full(source: Source) -> str:
    parts = (
        source.authority,
        source.authors,
        source.title,
        source.year,
        f"PMID {source.pmid}" if source.pmid else None,
        f"doi {source.doi}" if source.doi else None,
    )
    return ". ".join(str(part).rstrip(".") for part in parts if part) + f" [{source.id}]"


def _examples(rules: RuleBase, id_: str) -> Lines:
    for example in rules.examples:
        expected = [f"{one} fires" for one in _of(id_, example.expect.fires)]
        expected += [f"{one} does not fire" for one in _of(id_, example.expect.silent)]
        if expected:
            yield Text(f"example: {example.says}", "bold")
            yield f"  {_facts(example)}"
            yield from (f"  {one}" for one in expected)


def _of(id_: str, ids: Iterable[str]) -> list[str]:
    return [one for one in ids if one == id_ or one.startswith(f"{id_}/")]


def _facts(example: Example) -> str:
    as_written = (
        (name, list(one) if isinstance(one, tuple) else one) for name, one in example.facts.items()
    )
    return ", ".join(f"{name} = {value!r}" for name, value in as_written)
