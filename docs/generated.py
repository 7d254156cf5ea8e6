"""The pages that are made from the facts and the rules, as Markdown."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from crampsrules import FactsError, PatientFacts, RuleBase, Triage, assess
from crampsrules.facts import FACTS, GROUPS, Fact
from crampsrules.rulebase import Rule
from crampsrules.rules import (
    Advice,
    Cause,
    Caution,
    Escalation,
    Evidence,
    Example,
    Law,
    Source,
    Unless,
)

# Cases that doctors know well, by the sentence under which they stand in rules/.
CASES = (
    "A runner of 30 with a calf cramp on a hot run, dark yellow urine, over in three minutes",
    "A woman of 72 with furosemide new three weeks ago and night cramps four times a week for six minutes",  # noqa: E501
    "A smoker of 68 with calf pain at two hundred metres, gone after three minutes of standing still",  # noqa: E501
    "A man of 74 whose thighs hurt on standing and feel better on a trolley and on sitting",
    "A man of 60 on haemodialysis with cramps three times a week for eight minutes",
    "A woman of 35 on the combined pill with one calf swollen, warm and throbbing",
    "The same woman, now short of breath",
    "A man of 70 with atrial fibrillation and a leg that suddenly went cold, pale and numb",
    "A woman of 25 with very sore thighs and cola-coloured urine after a hard class",
    "A man of 55 on a thiazide with a potassium of 2.8 and no symptoms",
    "A woman of 66 whose single cramp lasted twelve minutes and did not ease",
    "A man of 45 with two short cramps a week who sleeps well",
    "A woman of 40 whose legs want to crawl away in the evening, eased by walking, with no knot",
    "A man of 58 on prednisolone for six months whose thighs have grown weaker over two months, with cramps",  # noqa: E501
    "Night cramps in now one calf, now the other, at 32 weeks of pregnancy",
    "A man of 50 with heart failure on furosemide who has heat cramps in a heatwave",
    "A man of 64 with diabetes, numb feet and night cramps",
    "An operation on the thyroid last week, tingling lips and an adjusted calcium of 2.05",
    "A man of 61 with back pain and weak legs who cannot pass urine",
)
REFUSED_CASE = "A potassium of 38, with no unit beside it"
REFUSED_FACTS = {"potassium_mmol_l": 38}

KINDS = {
    "action": "To do, and to leave",
    "relief": "When a cramp comes",
    "prevention": "To keep cramps away",
    "otc": "From the pharmacy",
}


def facts_page() -> str:
    """Every fact, by group."""
    return "\n\n".join(_fact_group(group, title) for group, title in GROUPS.items())


def _fact_group(group: str, title: str) -> str:
    rows = [
        (f"`{fact.name}`", _takes(fact), f"{_sentence(fact.label)}<br>*{fact.question}*")
        for fact in FACTS.values()
        if fact.group == group
    ]
    return f"## {title}\n\n{_table(('Fact', 'Takes', 'Meaning, and what to ask'), rows)}"


def _sentence(label: str) -> str:
    return f"{label[:1].upper()}{label[1:]}."


def _takes(fact: Fact) -> str:
    match fact.kind:
        case "flag":
            return "true or false"
        case "number" | "integer":
            whole = "a whole number" if fact.kind == "integer" else "a number"
            others = f"; or with its unit: {', '.join(fact.units)}" if fact.units[1:] else ""
            return f"{whole}, {fact.low:,.10g} to {fact.high:,.10g} {fact.unit or ''}{others}"
        case "medicines":
            return "a list of names of medicines or of [their classes](medicines.md)"
        case _:
            start = "one of" if fact.kind == "choice" else "a list of"
            members = "".join(f"<br>`{one}`: {fact.labels[one]}" for one in fact.members)
            return f"{start}{members}"


def medicines_page() -> str:
    """Every class of medicines, and the names that belong to it."""
    rows = [
        (f"`{one.id}`", one.title, _code(one.within), ", ".join((*one.words, *one.names)))
        for one in sorted(RuleBase.load().formulary.classes.values(), key=lambda one: one.id)
    ]
    return _table(("Class", "What it is", "Within", "Words and names"), rows)


def causes_page() -> str:
    """Every cause with its evidence."""
    rules = RuleBase.load()
    causes = sorted(rules.causes.values(), key=lambda one: one.title)
    return "\n\n".join(_cause(rules, one) for one in causes)


def _cause(rules: RuleBase, cause: Cause) -> str:
    codes = ", ".join(f"{system.upper()} {code}" for system, code in cause.codes.items())
    remarks = [f"prior {cause.prior}", cause.seriousness, codes]
    remarks += ["may be mistaken for a cramp"] if cause.mimic else []
    remarks += ["fallback: named after every other cause"] if cause.fallback else []
    evidence = sorted(rules.evidence[cause.id], key=lambda one: -rules.decibans[one.id])
    rows = [_evidence(one, rules.decibans[one.id]) for one in evidence]
    table = _table(("Decibans", "Evidence, and when it fires", "Group", "Sources"), rows)
    return _paragraphs(
        f"(cause-{cause.id})=\n## {cause.title}",
        f"`{cause.id}`: {'; '.join(one for one in remarks if one)}. "
        f"{_cited(cause.source, cause.statement)}",
        cause.patient,
        f"*For clinicians:* {cause.clinician}" if cause.clinician else None,
        table,
    )


def _evidence(one: Evidence, decibans: int) -> tuple[str, ...]:
    risk = " *(risk only)*" if one.role == "risk" else ""
    return (
        f"{decibans:+d}",
        f"{one.because}{risk}<br>`{one.when}`",
        one.group or "",
        _cited(one.source, one.statement),
    )


def findings_page() -> str:
    """Every finding and the rules that conclude it."""
    rules = RuleBase.load()
    rows = [
        (f"`{one.concludes}`", f"{one.because}<br>`{one.when}`", _cited(one.source, one.statement))
        for one in sorted(rules.findings, key=lambda one: (one.concludes, one.id))
    ]
    return _table(("Finding", "What it says, and when it is drawn", "Sources"), rows)


def escalations_page() -> str:
    """Every reason to be seen, most urgent level first."""
    rules = RuleBase.load()
    return "\n\n".join(
        _paragraphs(
            f"## {rules.wording.triage[level.id].title}",
            f"`{level.id}`. {rules.wording.triage[level.id].patient}",
            _table(
                ("Why", "When it fires", "Sources"),
                [_escalation(one) for one in rules.escalations if one.triage is level],
            ),
        )
        for level in reversed(Triage)
    )


def _escalation(one: Escalation) -> tuple[str, ...]:
    unless = f"<br>*unless* `{one.unless}`" if one.unless else ""
    holds = f"<br>holds back: {', '.join(one.holds)}" if one.holds else ""
    clinician = f"<br>*{one.clinician}*" if one.clinician else ""
    return (
        f"{one.patient or one.reason}{clinician}",
        f"`{one.id}`<br>`{one.when}`{unless}{holds}",
        _cited(one.source, one.statement),
    )


def advice_page() -> str:
    """Everything that may be advised, by kind, in the order to act."""
    advice = RuleBase.load().advice
    return "\n\n".join(
        _paragraphs(f"## {title}", *(_advice(one) for one in advice if one.kind == kind))
        for kind, title in KINDS.items()
    )


def _advice(one: Advice) -> str:
    entries = [*(_unless(entry) for entry in one.unless), *(_caution(it) for it in one.cautions)]
    return _paragraphs(
        f"### {one.title or one.id}",
        f"`{one.id}`: {one.patient or one.text} {_cited(one.source, one.statement)}",
        f"Given when `{one.when}`." if one.when else None,
        f"*The evidence:* {one.evidence_note}" if one.evidence_note else None,
        _table(("", "When", "What is said"), entries) if entries else None,
    )


def _unless(entry: Unless) -> tuple[str, ...]:
    unknown = f"Not known: “check first if {entry.caution}”." if entry.caution else None
    said = " ".join(part for part in (entry.instead, unknown) if part)
    return "left out", f"{entry.reason}<br>`{entry.when}`", said


def _caution(entry: Caution) -> tuple[str, ...]:
    return "with a caution", f"`{entry.when}`" if entry.when else "always", entry.text


def laws_page() -> str:
    """What must hold for every patient."""
    rows = [
        (f"`{one.id}`", f"{one.says}<br>`{one.when}`", _cited(one.source, ()))
        for one in RuleBase.load().laws
    ]
    return _table(("Law", "What it says, and for whom", "Sources"), rows)


def sources_page() -> str:
    """Every work that a rule cites, and how many rules cite it."""
    rules = RuleBase.load()
    uses = Counter(source for one in _citing(rules) for source in one.source)
    return "\n\n".join(_source(one, uses[id_]) for id_, one in sorted(rules.sources.items()))


def _citing(rules: RuleBase) -> Iterator[Cause | Rule | Law | Unless | Caution]:
    yield from rules.causes.values()
    yield from rules.rules.values()
    yield from rules.laws
    for advice in rules.advice:
        yield from advice.unless
        yield from advice.cautions


def _source(one: Source, uses: int) -> str:
    rules = "one rule" if uses == 1 else f"{uses or 'no'} rules"
    where = [f"PMID {one.pmid}" if one.pmid else None, f"doi:{one.doi}" if one.doi else None]
    parts = [str(one), *where, one.note, f"*Cited by {rules}.*"]
    text = " ".join(part if part.endswith((".", ".*")) else f"{part}." for part in parts if part)
    return f"(source-{one.id})=\n`{one.id}`\n: {text}"


def cases_page() -> str:
    """Worked cases, with the answers as a reader sees them."""
    known = {one.says: one for one in RuleBase.load().examples}
    if missing := [says for says in CASES if says not in known]:
        raise LookupError(f"no worked example in rules/ says: {'; '.join(missing)}")
    return "\n\n".join((*(_case(known[says]) for says in CASES), _refused_case()))


def _case(case: Example) -> str:
    assessment = assess(case.facts)
    return _paragraphs(
        f"## {case.says}",
        _facts_given(PatientFacts.from_mapping(case.facts).to_dict()),
        f"```text\n{assessment}```",
    )


def _refused_case() -> str:
    try:
        assess(REFUSED_FACTS)
    except FactsError as error:
        return _paragraphs(
            f"## {REFUSED_CASE}", _facts_given(REFUSED_FACTS), f"```text\n{error}\n```"
        )
    raise AssertionError("a figure that can only be in another unit was taken")


def _facts_given(facts: Mapping[str, object]) -> str:
    return "Given: " + ", ".join(f"`{name}` {_plain(value)}" for name, value in facts.items()) + "."


def _plain(value: Any) -> str:  # noqa: ANN401
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return " and ".join(value).replace("_", " ") or "none"
    return f"{value:g}" if isinstance(value, int | float) else str(value).replace("_", " ")


def _cited(sources: Iterable[str], statements: Iterable[str]) -> str:
    links = [f"[{one}](#source-{one})" for one in sources]
    return f"<small>{', '.join((*statements, *links))}</small>" if links else ""


def _code(names: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _paragraphs(*parts: str | None) -> str:
    return "\n\n".join(part for part in parts if part)


def _table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    return "\n".join(_rows((head, ("---",) * len(head), *rows)))


def _rows(rows: Iterable[tuple[str, ...]]) -> Iterator[str]:
    for row in rows:
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in row)} |"


PAGES: Mapping[str, Callable[[], str]] = {
    "facts": facts_page,
    "medicines": medicines_page,
    "causes": causes_page,
    "findings": findings_page,
    "escalations": escalations_page,
    "advice": advice_page,
    "laws": laws_page,
    "sources": sources_page,
    "cases": cases_page,
}
