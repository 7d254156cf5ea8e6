"""The commands: what each takes. What they show is in the modules beside this one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import BinaryIO

import click
from rich.text import Text

import crampsrules as library
from crampsrules.assess import assess
from crampsrules.assessment import Assessment
from crampsrules.changes import what_would_change
from crampsrules.cli.ask import converse, save
from crampsrules.cli.exit_codes import ExitCode
from crampsrules.cli.output import deliver, forbid_colour, refuse_missing_folder, show
from crampsrules.cli.reading import read_facts, read_mapping
from crampsrules.cli.shown_assessment import leaflet
from crampsrules.cli.shown_changes import changes_shown
from crampsrules.cli.shown_check import checked
from crampsrules.cli.shown_proof import prove_and_show
from crampsrules.cli.shown_rules import described, listed
from crampsrules.cli.tool import Tool
from crampsrules.engines import ENGINES, engine_for
from crampsrules.facts import PatientFacts
from crampsrules.interview import Interview
from crampsrules.rulebase import RuleBase
from crampsrules.rulegraph import graph

_FOLDER = click.Path(exists=True, file_okay=False)
_FILE = click.Path(dir_okay=False, writable=True, path_type=Path)
_DATA_IN = click.Path(exists=True, dir_okay=False, allow_dash=True, path_type=Path)
_DATA_OUT = click.Path(dir_okay=False, allow_dash=True, path_type=Path)
_FORMAT = click.Choice(["parquet", "csv", "ndjson"])
_NO_COLOUR = click.option(
    "--no-color",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=forbid_colour,
    help="No colour; NO_COLOR in the environment does the same.",
)
_ENGINE = click.option(
    "--engine",
    metavar="NAME",
    help=f"Which engine fires the rules: {' or '.join(ENGINES)}. Both answer the same.",
)
_RULES = click.option(
    "--rules",
    "folders",
    metavar="DIR",
    multiple=True,
    type=_FOLDER,
    help="A folder of rules to add to the shipped ones; may be given again.",
)
_JSON = click.option("--json", "as_json", is_flag=True, help="Everything, as JSON.")
_HTML = click.option("--html", "as_html", is_flag=True, help="A page for a browser.")
_OUTPUT = click.option(
    "-o",
    "--output",
    metavar="FILE",
    type=_FILE,
    help="Write to FILE, as UTF-8, instead of to standard output.",
)
_EXPLAIN = click.option("--explain", is_flag=True, help="The chain of reasoning, with its sources.")
_CAUSE = click.option("--cause", metavar="ID", help="Explain this one cause, listed or not.")


@click.group(
    cls=Tool,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="It informs; it does not diagnose. In an emergency call your local emergency number.",
)
@click.version_option(library.__version__, prog_name="crampsrules")
@_NO_COLOUR
def crampsrules() -> None:
    """Causes of leg cramps, safe advice, and how soon to be seen, from cited rules.

    It informs; it does not diagnose.
    """


@crampsrules.command("assess")
@click.argument("file", type=click.File("rb"))
@_JSON
@_HTML
@_EXPLAIN
@_CAUSE
@click.option(
    "--what-if",
    is_flag=True,
    help="One or two further facts that would change the answer; with --json all, as JSON.",
)
@_OUTPUT
@_ENGINE
@_RULES
@_NO_COLOUR
def assess_command(  # noqa: PLR0913 - each is an option
    file: BinaryIO,
    as_json: bool,
    as_html: bool,
    explain: bool,
    cause: str | None,
    what_if: bool,
    output: Path | None,
    engine: str | None,
    folders: tuple[str, ...],
) -> None:
    """Assess the patient whose facts stand in FILE, JSON or TOML; - reads standard input.

    It informs; it does not diagnose.
    """
    refuse_missing_folder(output)
    _refuse_more_than_one(as_json=as_json, as_html=as_html, explain=explain or cause is not None)
    _refuse_more_than_one(what_if=what_if, as_html=as_html, explain=explain or cause is not None)
    rules = _rules(folders)
    engine_for(rules, engine)  # a wrong name is said before a file is read
    facts = read_facts(file)
    if what_if:
        deliver(_changes(facts, rules, as_json=as_json), output)
    else:
        assessment = assess(facts, rules=rules, engine=engine)
        shown = _assessment(
            assessment, as_json=as_json, as_html=as_html, explain=explain, cause=cause
        )
        deliver(shown, output)


def _changes(facts: PatientFacts, rules: RuleBase, *, as_json: bool) -> Text | str:
    changes = what_would_change(facts, rules=rules)
    if as_json:
        return json.dumps([one.to_dict() for one in changes], indent=2, ensure_ascii=False)
    return changes_shown(changes, rules).append(f"\n\n{rules.wording.leaflet['disclaimer']}")


@crampsrules.command()
@click.option("--save", "saved", metavar="FILE", type=_FILE, help="Write the answers to FILE.")
@click.option(
    "--replay",
    metavar="FILE",
    type=click.File("rb"),
    help="Begin with the answers in FILE, saved before or written by hand, and ask only the rest.",
)
@click.option(
    "--tests/--no-tests",
    default=None,
    help="There are results of tests to ask for, or none; otherwise that is asked.",
)
@click.option("--to-the-end", is_flag=True, help="Do not offer to stop after some questions.")
@_JSON
@_HTML
@_EXPLAIN
@_CAUSE
@_ENGINE
@_RULES
@_NO_COLOUR
def ask(  # noqa: PLR0913 - each is an option
    saved: Path | None,
    replay: BinaryIO | None,
    tests: bool | None,
    to_the_end: bool,
    as_json: bool,
    as_html: bool,
    explain: bool,
    cause: str | None,
    engine: str | None,
    folders: tuple[str, ...],
) -> None:
    """Ask about leg cramps in plain words, until nothing more would matter.

    Questions go to standard error and the assessment to standard output; each line of standard
    input is an answer. It informs; it does not diagnose.
    """
    refuse_missing_folder(saved)
    _refuse_more_than_one(as_json=as_json, as_html=as_html, explain=explain or cause is not None)
    rules = _rules(folders)
    engine_for(rules, engine)
    answers = read_mapping(replay) if replay else {}
    interview = Interview.resumed(answers, rules=rules)
    if tests is not None:
        interview = interview.with_tests() if tests else interview.without_tests()
    try:
        for step in converse(interview, to_the_end=to_the_end):
            interview = step
        assessment = interview.assessment(engine=engine)
        show(
            _assessment(assessment, as_json=as_json, as_html=as_html, explain=explain, cause=cause)
        )
    finally:
        if saved is not None:
            save(interview, saved)


_OPTIONS = {
    "as_json": "--json",
    "as_html": "--html",
    "explain": "--explain or --cause",
    "what_if": "--what-if",
}


def _refuse_more_than_one(**wanted: bool) -> None:
    """Refuse what would be left out without a word: each of these gives something else."""
    asked = [_OPTIONS[name] for name, is_wanted in wanted.items() if is_wanted]
    if len(asked) > 1:
        raise click.UsageError(f"takes one of {', '.join(asked)}: each shows something else")


def _assessment(
    assessment: Assessment, *, as_json: bool, as_html: bool, explain: bool, cause: str | None
) -> Text | str:
    if as_json:
        return assessment.to_json(indent=2)
    if as_html:
        return assessment.to_html()
    if explain or cause is not None:
        return f"{assessment.explain(cause or None)}\n\n{assessment.disclaimer}"
    return leaflet(assessment)


@crampsrules.command("rules")
@click.argument("id_", metavar="[ID]", required=False)
@_RULES
@_NO_COLOUR
def rules_command(id_: str | None, folders: tuple[str, ...]) -> None:
    """List the rules, or show what goes by ID: condition, sources and worked examples.

    An ID names a rule, a cause with its evidence, advice, a finding, a law or a source.
    """
    rules = _rules(folders)
    show(listed(rules) if id_ is None else described(rules, id_))


@crampsrules.command()
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@click.option("--alone", is_flag=True, help="Check DIR without the shipped rules.")
@_NO_COLOUR
@click.pass_context
def check(context: click.Context, folder: str | None, alone: bool) -> None:
    """Validate rules and run every worked example in them, on every engine that runs here.

    Without DIR: the shipped rules. With DIR: the shipped rules with those of DIR added.
    Each example is also held to the laws. A rule fails too when its file has no example where
    it fires, or none where it does not.
    """
    result = checked(_rules_of(folder, alone=alone))
    show(result.as_text())
    if result.failures:
        context.exit(ExitCode.FAILED_CHECK)


@crampsrules.command()
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@click.option("--alone", is_flag=True, help="Prove DIR without the shipped rules.")
@_NO_COLOUR
@click.pass_context
def prove(context: click.Context, folder: str | None, alone: bool) -> None:
    """Prove the laws of the rules, and that they are sound, for every patient there could be.

    Without DIR: the shipped rules. With DIR: the shipped rules with those of DIR added.
    What fails is shown with a patient for whom it does. Needs the extra `prove`.
    """
    if not prove_and_show(_rules_of(folder, alone=alone)):
        context.exit(ExitCode.FAILED_CHECK)


@crampsrules.command("graph")
@click.argument("file", required=False, type=click.File("rb"))
@click.option("--about", metavar="ID", help="Only what leads to this cause or escalation.")
@click.option("--svg", is_flag=True, help="A picture, in place of Mermaid text.")
@_OUTPUT
@_RULES
@_NO_COLOUR
def graph_command(
    file: BinaryIO | None,
    about: str | None,
    svg: bool,
    output: Path | None,
    folders: tuple[str, ...],
) -> None:
    """Draw the rules as a graph, from facts to findings, causes and escalations.

    With the facts of a patient in FILE, JSON or TOML, what fired is lit.
    """
    facts = read_facts(file) if file else None
    drawn = graph(facts, rules=_rules(folders), about=about)
    deliver((drawn.svg() if svg else drawn.mermaid()).rstrip("\n"), output)


@crampsrules.command("cohort")
@click.argument("source", metavar="IN", type=_DATA_IN)
@click.argument("target", metavar="OUT", type=_DATA_OUT)
@click.option("--from", "source_format", type=_FORMAT, help="What IN is, if not by its name.")
@click.option("--to", "target_format", type=_FORMAT, help="What OUT is, if not by its name.")
@click.option(
    "--columns",
    metavar="FACT=COLUMN",
    multiple=True,
    help="The column that holds a fact, if it has another name; may be given again.",
)
@click.option(
    "--delimiter", metavar="CHARACTER", help="Between the fields of CSV, or tab; usually a comma."
)
@click.option(
    "--unknown",
    metavar="TEXT",
    multiple=True,
    help="What stands in CSV for what is not known, besides nothing; may be given again.",
)
@click.option(
    "--keep",
    metavar="COLUMN",
    multiple=True,
    help="A column of IN that goes into OUT; may be given again. Otherwise all do.",
)
@click.option("--only-answers", is_flag=True, help="No column of IN goes into OUT.")
@click.option("--weights", is_flag=True, help="A column for the weight of each cause.")
@click.option(
    "--rejects",
    metavar="FILE",
    type=_FILE,
    help="Where rows that cannot be used are put, with the reason; else OUT.rejects.ndjson.",
)
@click.option(
    "--batch",
    metavar="ROWS",
    type=click.IntRange(min=1),
    help="How many rows at a time: fewer take less memory.",
)
@click.option("--restart", is_flag=True, help="Do not go on with a run that was stopped.")
@click.option(
    "--plot", metavar="FILE", type=_FILE, help="Write a picture of what came out, as SVG."
)
@click.option("--json", "as_json", is_flag=True, help="The summary as JSON.")
@_RULES
@_NO_COLOUR
@click.pass_context
def cohort_command(  # noqa: PLR0913 - each is an option
    context: click.Context,
    source: Path,
    target: Path,
    source_format: str | None,
    target_format: str | None,
    columns: tuple[str, ...],
    delimiter: str | None,
    unknown: tuple[str, ...],
    keep: tuple[str, ...],
    only_answers: bool,
    weights: bool,
    rejects: Path | None,
    batch: int | None,
    restart: bool,
    plot: Path | None,
    as_json: bool,
    folders: tuple[str, ...],
) -> None:
    """Assess everyone in IN and write the answers to OUT: Parquet, CSV or NDJSON.

    A column is a fact by its name. Rows that cannot be used are put aside with the reason. A run
    that was stopped goes on when the same command is given again, and OUT appears when it is whole.
    - is standard input or output, for CSV and NDJSON. Needs the extra `frames`. It informs; it does
    not diagnose.
    """
    from crampsrules.frames import require_packages

    require_packages()
    from crampsrules.cli.cohort import assess_and_show, planned

    if only_answers and keep:
        raise click.UsageError("takes one of --keep, --only-answers: each keeps something else")
    plan = planned(
        source=source,
        target=target,
        source_format=source_format,
        target_format=target_format,
        columns=columns,
        delimiter=delimiter,
        unknown=unknown,
        keep=() if only_answers else keep or None,
        weights=weights,
        rejects=rejects,
        batch=batch,
        rules=_rules(folders),
    )
    if assess_and_show(plan, restart=restart, plot=plot, as_json=as_json).tally.rejected:
        context.exit(ExitCode.BAD_ROWS)


def _rules_of(folder: str | None, *, alone: bool) -> RuleBase:
    if not alone:
        return _rules((folder,) if folder else ())
    if folder is None:
        raise click.UsageError("--alone needs a DIR: there are no other rules")
    return RuleBase.load(folder)


def _rules(folders: tuple[str, ...]) -> RuleBase:
    rules = RuleBase.load()
    for folder in folders:
        rules = rules.extended(folder)
    return rules
