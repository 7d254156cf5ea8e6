"""Write docs/statements.md: each statement of the article, and the rules that carry it.

`python tools/statements.py` writes the page; the tests fail when it is stale, or when a
statement stands on no rule.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from crampsrules import RuleBase
from crampsrules.rules import Advice, Cause, Escalation, Evidence, Finding

PAGE = Path(__file__).parents[1] / "docs" / "statements.md"

STATEMENTS = {
    "S1": "It is mostly the calf that cramps.",
    "S2": "Too little water in the body can be behind it.",
    "S3": "So can hard exercise.",
    "S4": "So can an injured muscle.",
    "S5": "So can keeping the leg in one position for a long time.",
    "S6": "Medicines may be behind it.",
    "S7": "Cold may be behind it.",
    "S8": "Too little potassium may be behind it.",
    "S9": "Too little calcium may be behind it.",
    "S10": "Cramps often hurt, and wake people at night.",
    "S11": "They also come while running, cycling or otherwise exercising, which strains the legs.",
    "S12": "Steroids are among the medicines that can bring them on.",
    "S13": "So are water tablets (diuretics).",
    "S14": "So are birth control pills.",
    "S15": "Severe illnesses, such as kidney disease, can bring them on too.",
    "S16": "Some causes are more serious than others: those of S17 to S21.",
    "S17": "Narrowed arteries that let too little blood into the leg can be a very painful cause.",
    "S18": "A nerve that is pressed on is a cause.",
    "S19": "Where the nerve is pressed on in the lower back, the legs can cramp.",
    "S20": "Running out of potassium may lead to cramps.",
    "S21": "Running out of magnesium may lead to cramps.",
    "S22": "Moving about relieves a cramp.",
    "S23": "Shaking the leg relieves a cramp.",
    "S24": "Rubbing the muscle relieves a cramp.",
    "S25": "Where cramps are chronic, something cold numbs the pain and eases the soreness.",
    "S26": "Regular exercise makes the muscles stronger and more supple.",
    "S27": "Drinking plenty, so that the body does not run dry, helps to prevent cramps.",
    "S28": "A balanced diet with much fruit and many vegetables helps to prevent cramps.",
    "S29": "A pain-relieving balm from the pharmacy can help.",
    "S30": "A pain-relieving patch from the pharmacy can help.",
    "S31": "Cramps of 5 to 10 minutes, several times a week, belong before a doctor.",
    "S32": "The doctor is there to find the treatment that fits best.",
}

_KINDS: dict[type, str] = {
    Cause: "cause",
    Finding: "finding",
    Evidence: "evidence",
    Escalation: "when to be seen",
    Advice: "advice",
}

_HEAD = """\
# From the article to the rules

<!-- Written by tools/statements.py: change that, or the rules, and run it again. -->

These rules began with one article, *What Causes Cramps in Legs?* This page takes it apart into
{count} statements, in our words, and names the rules that carry each. A rule names its statements
with the key `statement`; the tests fail when a statement stands on no rule.

| | the article says | carried by |
|---|---|---|
"""


def carriers(
    rules: RuleBase, statement: str
) -> list[Cause | Finding | Evidence | Escalation | Advice]:
    """Every rule and cause that names a statement."""
    return [
        one for one in (*rules.causes.values(), *rules.rules.values()) if statement in one.statement
    ]


def page(rules: RuleBase) -> str:
    """The whole page, as Markdown."""
    rows = [
        f"| {id_} | {says} | {_cell(carriers(rules, id_))} |" for id_, says in STATEMENTS.items()
    ]
    return _HEAD.format(count=len(STATEMENTS)) + "\n".join(rows) + "\n"


def _cell(found: Iterable[object]) -> str:
    by_kind: dict[str, list[str]] = {}
    for one in found:
        by_kind.setdefault(_KINDS[type(one)], []).append(f"`{getattr(one, 'id', '')}`")
    return "; ".join(
        f"{kind}: {', '.join(sorted(by_kind[kind]))}" for kind in _KINDS.values() if kind in by_kind
    )


if __name__ == "__main__":
    PAGE.write_text(page(RuleBase.load()), encoding="utf-8")
