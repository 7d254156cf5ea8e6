"""The command `cohort`: from what was typed to a plan, and from the plan to what is shown."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from pathlib import Path

import click

from crampsrules.cli.output import deliver, refuse_missing_folder, show
from crampsrules.cli.shown_cohort import outcome_data, outcome_shown, progress_bar
from crampsrules.cohort.errors import UnfinishedError
from crampsrules.cohort.formats import Format, delimiter_of, format_of
from crampsrules.cohort.picture import picture
from crampsrules.cohort.plan import Plan, beside, refuse_same_file
from crampsrules.cohort.run import Outcome, assess_cohort
from crampsrules.cohort.workshop import workshop_of
from crampsrules.errors import shorten
from crampsrules.rulebase import RuleBase

_NAMES_OF_TAB = ("tab", r"\t")
_STREAMS = ("/dev/stdout", "/dev/stderr", "/dev/fd/", "/proc/self/fd/")


def planned(  # noqa: PLR0913 - each is an option
    *,
    source: Path,
    target: Path,
    source_format: str | None,
    target_format: str | None,
    columns: Iterable[str],
    delimiter: str | None,
    unknown: Iterable[str],
    keep: Sequence[str] | None,
    weights: bool,
    rejects: Path | None,
    batch: int | None,
    rules: RuleBase,
) -> Plan:
    """What was asked for. Raises click.UsageError and CohortError."""
    source_file, target_file = _file(source), _file(target)
    if target_file is not None and not target_file.name:
        raise click.UsageError("OUT takes the name of a file, or - for standard output, got ''")
    if target_file is not None:
        target_file = _where_it_leads(target_file)
    delimiter = _delimiter(delimiter)
    if rejects is None and target_file is not None:
        rejects = beside(target_file)
    read = _format(source_file, source_format, "--from")
    written = _format(target_file, target_format, "--to")
    if delimiter and Format.CSV not in (read, written):
        raise click.UsageError("--delimiter is about CSV, and neither IN nor OUT is that")
    if unknown and read is not Format.CSV:
        raise click.UsageError(f"--unknown is about CSV, and IN is {read.value}")
    return Plan(
        source=source_file,
        target=target_file,
        source_format=read,
        target_format=written,
        rules=rules,
        columns=_columns(columns),
        keep=None if keep is None else tuple(keep),
        weights=weights,
        source_delimiter=delimiter or delimiter_of(source_file),
        target_delimiter=delimiter or delimiter_of(target_file),
        unknown=frozenset(unknown),
        rejects=None if rejects is None else _where_it_leads(rejects),
        batch_rows=batch,
    )


def assess_and_show(plan: Plan, *, restart: bool, plot: Path | None, as_json: bool) -> Outcome:
    """Do it, and show what came out: in words, as JSON, and as a picture where one is wanted."""
    if plot is not None and plot.suffix.lower() != ".svg":
        raise click.UsageError(f"--plot draws SVG: {plot} must end with .svg")
    refuse_missing_folder(plot)
    refuse_same_file(plan.source, plan.target, plan.rejects, plot)
    if plan.target is not None:
        _warn(plan)
    try:
        with progress_bar() as watch:
            outcome = assess_cohort(plan, restart=restart, watch=watch)
    except UnfinishedError as error:
        raise UnfinishedError(_with_advice(error, plan)) from None
    except KeyboardInterrupt:
        show(_interrupted(plan), error=True)
        raise
    shown = (
        json.dumps(outcome_data(outcome, plan), indent=2, ensure_ascii=False)
        if as_json
        else outcome_shown(outcome, plan)
    )
    # Where the rows themselves go to standard output, the summary must not stand among them.
    show(shown, error=plan.target is None)
    if plot is not None:
        deliver(picture(outcome.tally, plan.rules).rstrip("\n"), plot)
    return outcome


def _warn(plan: Plan) -> None:
    """Say what may be lost."""
    if plan.source is None:
        show("Standard input cannot be read again: if this is stopped, it begins anew.", error=True)
    if plan.names_rejects and plan.rejects and _holds_something(plan.rejects):
        show(f"{plan.rejects} is there already: in the end it is replaced.", error=True)


def _holds_something(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _with_advice(error: UnfinishedError, plan: Plan) -> str:
    if plan.source is None or plan.target is None:
        return str(error)
    return (
        f"{error}\nWhat was done until then is kept. When that is mended, the same command goes on "
        "from there; --restart begins anew."
    )


def _interrupted(plan: Plan) -> str:
    """What to say to somebody who stopped it."""
    if plan.source is None or plan.target is None or not workshop_of(plan.target).exists():
        return "Stopped. The same command begins anew."
    return (
        "Stopped. What was done until then is kept: the same command goes on from there; --restart "
        "begins anew."
    )


def _where_it_leads(path: Path) -> Path:
    """What is replaced in the place of a link; any other path as it is."""
    if str(path).startswith(_STREAMS):
        # It leads to a file where a shell has put one there, which would lose its name.
        raise click.UsageError(
            f"{path} is no file of its own: OUT may be - for standard output, and rows are "
            "then put aside to standard error"
        )
    try:
        return path.resolve() if path.is_symlink() else path
    except RuntimeError:
        raise click.UsageError(f"{path} leads to itself") from None


def _file(path: Path) -> Path | None:
    return None if str(path) == "-" else path


def _format(path: Path | None, told: str | None, option: str) -> Format:
    return format_of(path, option) if told is None else Format(told)


def _delimiter(told: str | None) -> str | None:
    """What parts fields. A tab has names, as no shell takes one as it is typed."""
    delimiter = "\t" if told in _NAMES_OF_TAB else told
    if delimiter is None or (
        len(delimiter) == 1 and delimiter.isascii() and delimiter not in '"\r\n'
    ):
        return delimiter
    raise click.UsageError(
        "--delimiter takes one character of ASCII, or tab, and no quotation mark, got "
        f"{shorten(told)}"
    )


def _columns(given: Iterable[str]) -> dict[str, str]:
    columns: dict[str, str] = {}
    for one in given:
        fact, equals, column = one.partition("=")
        if not equals or fact in columns:
            raise click.UsageError("--columns takes FACT=COLUMN, once for each fact")
        columns[fact] = column
    return columns
