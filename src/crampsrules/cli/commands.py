"""The commands: what each takes. What they show is in the modules beside this one."""

from __future__ import annotations

import click

import crampsrules as library
from crampsrules.assess import assess
from crampsrules.cli.exit_codes import ExitCode
from crampsrules.cli.output import forbid_colour, show
from crampsrules.cli.shown_assessment import leaflet
from crampsrules.cli.shown_check import checked
from crampsrules.cli.tool import Tool
from crampsrules.engines import ENGINES
from crampsrules.facts import PatientFacts
from crampsrules.rulebase import RuleBase

_FOLDER = click.Path(exists=True, file_okay=False)
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
_EXPLAIN = click.option(
    "--explain",
    metavar="[CAUSE]",
    is_flag=False,
    flag_value="",
    help="The chain of reasoning with its sources, of one cause or of everything.",
)


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
@_EXPLAIN
@_ENGINE
@_RULES
@_NO_COLOUR
def assess_command(
    file: click.utils.LazyFile,
    as_json: bool,
    explain: str | None,
    engine: str | None,
    folders: tuple[str, ...],
) -> None:
    """Assess the patient whose facts stand in FILE, JSON or TOML; - reads standard input.

    It informs; it does not diagnose.
    """
    rules = _rules(folders)
    facts = _facts(file.name, file.read())
    assessment = assess(facts, rules=rules, engine=engine)
    if as_json:
        show(assessment.to_json(indent=2))
    elif explain is not None:
        show(str(assessment.explain(explain or None)))
        show(f"\n{assessment.disclaimer}")
    else:
        show(leaflet(assessment))


@crampsrules.command()
@click.argument("folder", metavar="[DIR]", required=False, type=_FOLDER)
@click.option("--alone", is_flag=True, help="Check DIR without the shipped rules.")
@_NO_COLOUR
@click.pass_context
def check(context: click.Context, folder: str | None, alone: bool) -> None:
    """Validate rules and run every worked example in them, on every engine that runs here.

    Without DIR: the shipped rules. With DIR: the shipped rules with those of DIR added.
    A rule also fails when its file has no example where it fires, or none where it does not.
    """
    if alone and folder is None:
        raise click.UsageError("--alone needs a DIR: there is nothing else to check")
    rules = RuleBase.load(folder) if alone else _rules((folder,) if folder else ())
    result = checked(rules)
    show(result.as_text())
    if result.failures:
        context.exit(ExitCode.FAILED_CHECK)


def _rules(folders: tuple[str, ...]) -> RuleBase:
    rules = RuleBase.load()
    for folder in folders:
        rules = rules.extended(folder)
    return rules


def _facts(name: str, content: bytes) -> PatientFacts:
    read = PatientFacts.from_json if _is_json(name, content) else PatientFacts.from_toml
    return read(content)




def _is_json(name: str, content: bytes) -> bool:
    """By the name's ending; without one that tells, by the brace that only JSON begins with."""
    if name.endswith((".json", ".toml")):
        return name.endswith(".json")
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")
