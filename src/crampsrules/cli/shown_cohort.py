"""A cohort on the terminal: how far it is, and what came out."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from itertools import islice
from typing import Any

from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn
from rich.text import Text

from crampsrules.cli.output import TRIAGE_STYLES, progress_console
from crampsrules.cohort.picture import cause_bars, share, triage_bars
from crampsrules.cohort.plan import Plan
from crampsrules.cohort.run import Outcome, Watch, nobody_watches
from crampsrules.cohort.run import Progress as Point
from crampsrules.cohort.tally import MOST_NAMES, Tally
from crampsrules.facts import FACTS
from crampsrules.triage import Triage

MOST_NAMES_SHOWN = 10


@contextmanager
def progress_bar() -> Iterator[Watch]:
    """A bar on standard error, if that is a terminal."""
    if not sys.stderr.isatty():
        yield nobody_watches
        return
    columns = (
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rows]} rows, {task.fields[rejected]} put aside"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=progress_console(), transient=True) as bar:
        task = bar.add_task("", total=None, rows="0", rejected="0")

        def watch(point: Point) -> None:
            bar.update(
                task,
                completed=point.done,
                total=point.size,
                rows=f"{point.tally.rows:,}",
                rejected=f"{point.tally.rejected:,}",
            )

        yield watch


def outcome_shown(outcome: Outcome, plan: Plan) -> Text:
    """What was done and what came out, in words."""
    tally, rules = outcome.tally, plan.rules
    words = rules.wording.leaflet
    text = Text(f"{tally.rows:,} rows read, {tally.assessed:,} assessed")
    if outcome.resumed:
        text.append(f"; {outcome.resumed:,} of the rows were read by an earlier run")
    text.append("\n")
    text.append_text(_put_aside(tally, plan))
    text.append_text(_strange_columns(outcome, plan))
    width = len(f"{tally.assessed:,}")
    text.append(f"\n{words['triage_heading']}\n", "bold")
    for bar, level in zip(triage_bars(tally, rules), sorted(Triage, reverse=True), strict=True):
        text.append(f"  {_counted(bar.rows, tally, width)}  ")
        text.append(bar.label, TRIAGE_STYLES[level] if bar.rows else "")
        text.append("\n")
    text.append(f"\n{words['first_cause_heading']}\n", "bold")
    for bar in cause_bars(tally, rules):
        text.append(f"  {_counted(bar.rows, tally, width)}  {bar.label}\n")
    text.append_text(_unrecognised(tally, width))
    return text.append(f"\n{words['disclaimer']}")


def _counted(rows: int, tally: Tally, width: int) -> str:
    return f"{rows:{width},} {share(rows, tally.assessed):>7}"


def _unrecognised(tally: Tally, width: int) -> Text:
    if not tally.with_unrecognised:
        return Text()
    heading = "\nMedicines that are not known, and may be anything\n"
    have_any = f"  {_counted(tally.with_unrecognised, tally, width)}  have one or more\n"
    text = Text.assemble((heading, "bold"), have_any)
    frequent = tally.frequent_unrecognised
    for name, rows in islice(frequent.items(), MOST_NAMES_SHOWN):
        text.append(f"  {_counted(rows, tally, width)}  {name}\n")
    return text.append("".join(f"{line}\n" for line in _not_shown(tally, len(frequent))))


def _not_shown(tally: Tally, frequent: int) -> Iterator[str]:
    if frequent > MOST_NAMES_SHOWN:
        yield f"Not shown: {frequent - MOST_NAMES_SHOWN:,} more names; --json has them"
    if rare := len(tally.unrecognised) - frequent:
        yield f"Not shown, as they may be notes: {rare:,} that one person alone has"
    if tally.unrecognised_beyond:
        yield (
            f"Not counted by name: whatever came after {MOST_NAMES:,} different names, "
            f"{tally.unrecognised_beyond:,} times"
        )


def _put_aside(tally: Tally, plan: Plan) -> Text:
    if not tally.rejected:
        return Text()
    where = "standard error" if plan.rejects is None else str(plan.rejects)
    return Text.assemble(
        (f"{tally.rejected:,} put aside", "bold yellow"),
        f", each with the reason, in {where} (not to be read: {tally.unreadable:,}; with facts "
        f"that cannot be used: {tally.bad_facts:,})\n",
    )


def _strange_columns(outcome: Outcome, plan: Plan) -> Text:
    """Columns that may be facts under a name slightly wrong; one unlike any fact is none."""
    lines = [
        f"The column {name!r} is not a fact; did you mean {meant!r}?\n"
        for name in outcome.others
        if name not in FACTS and (meant := plan.nearly_a_fact(name))
    ]
    return Text("".join(lines), "yellow")


def outcome_data(outcome: Outcome, plan: Plan) -> Mapping[str, Any]:
    """The same for programs."""
    tally = outcome.tally
    return {
        "rows": tally.rows,
        "assessed": tally.assessed,
        "rejected": {"unreadable": tally.unreadable, "bad_facts": tally.bad_facts},
        "triage": {level.id: tally.triage.get(level.id, 0) for level in Triage},
        "top_causes": dict(tally.top_causes),
        "causes": dict(tally.causes),
        "unrecognised": {
            "people": tally.with_unrecognised,
            "names": dict(tally.frequent_unrecognised),
            "names_of_one_person": len(tally.unrecognised) - len(tally.frequent_unrecognised),
            "beyond": tally.unrecognised_beyond,
        },
        "resumed_after": outcome.resumed,
        "columns": {"facts": outcome.facts, "others": list(outcome.others)},
        "output": None if plan.target is None else str(plan.target),
        "rejects": None if plan.rejects is None or not tally.rejected else str(plan.rejects),
        "rules_version": plan.rules.version,
        "disclaimer": plan.rules.wording.leaflet["disclaimer"],
    }
