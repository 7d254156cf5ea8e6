"""What the tests of cohorts share: people in files of every format, and runs of the command."""

import csv
import json
import random
from pathlib import Path
from typing import Any

import polars as pl
import pyarrow as pa
import pytest
from click.testing import CliRunner

from crampsrules import PatientFacts, RuleBase
from crampsrules.cli.cohort import planned
from crampsrules.cli.commands import crampsrules as tool
from crampsrules.cohort.workshop import workshop_of
from crampsrules.facts import FACTS
from tests import command

SHIPPED = RuleBase.load()
FORMATS = ("csv", "ndjson", "parquet")
WRITES_LIST_VIEWS = pytest.mark.skipif(
    int(pa.__version__.partition(".")[0]) < 25,
    reason="this PyArrow cannot write a list_view into Parquet, which 25 does",
)

_TYPES: dict[str, Any] = {
    "flag": pl.Boolean,
    "number": pl.Float64,
    "integer": pl.Int64,
    "choice": pl.String,
    "members": pl.List(pl.String),
    "medicines": pl.List(pl.String),
}


def run(*arguments, given=None):
    """Run the command in this process."""
    return CliRunner().invoke(tool, ["cohort", *map(str, arguments)], input=given)


def plan(source="in.csv", target="out.csv", **told):
    """What the command makes of some options, the others not given."""
    options = {
        "source": Path(source),
        "target": Path(target),
        "source_format": None,
        "target_format": None,
        "columns": (),
        "delimiter": None,
        "unknown": (),
        "keep": None,
        "weights": False,
        "rejects": None,
        "batch": None,
        "rules": SHIPPED,
    }
    return planned(**(options | told))


# --- A command as a process of its own ----------------------------------------------------------


def started(*arguments, **more):
    """Start the command; it can be killed."""
    return command.started("cohort", *arguments, **more)


def piped(*arguments, given=b"", streams=None):
    """Run the command as a program in a pipe."""
    return command.ran("cohort", *arguments, given=given, streams=streams)


def started_with_messages(stderr, *arguments, room=None):
    """Start it with a file for its messages, and no file may grow beyond so many bytes."""
    with stderr.open("wb") as file:
        return started(*arguments, streams=(0, 1, file.fileno()), room=room)


# --- People -------------------------------------------------------------------------------------


UNRECOGNISED = ("Zz tonic", "zz tonic", "Yy drops + zinc", "Xx syrup and Ww pills")
"""Medicines with names of which some part is not known."""


def people(count):
    """So many people, of each of whom a few facts are known."""
    rng = random.Random(1)  # noqa: S311 - nothing secret
    medicines = [*sorted(SHIPPED.formulary.classes), *UNRECOGNISED]
    return [_person(rng, medicines) for _ in range(count)]


# A column for every fact would make files of which most is commas.
_ASKED = ("medications", *tuple(FACTS)[::8])


def _person(rng, medicines):
    names = rng.sample(_ASKED, rng.randint(1, 12))
    known = {name: _value(FACTS[name], rng, medicines) for name in names}
    return PatientFacts.from_mapping(known)


def _value(fact, rng, medicines):
    match fact.kind:
        case "flag":
            return rng.choice((True, False))
        case "choice":
            return rng.choice(fact.members)
        case "members":
            return rng.sample(fact.members, rng.randint(0, 3))
        case "medicines":
            return rng.sample(medicines, rng.randint(0, 3))
        case "integer":
            return rng.randint(int(fact.low), int(fact.high))
        case _:
            return rng.uniform(fact.low, fact.high)


def columns_of(patients):
    """The facts that are known of any of them, in the order of the fields."""
    known = {name for facts in patients for name in facts.known()}
    return [name for name in FACTS if name in known] or ["age_years"]


def write(path, patients):
    """Write them to a file of the format that its name tells, each with a number as `person`."""
    names = columns_of(patients)
    rows = [facts.to_dict() for facts in patients]
    match path.suffix:
        case ".csv":
            with path.open("w", encoding="utf-8", newline="") as file:
                writer = csv.writer(file, lineterminator="\n")
                writer.writerow(["person", *names])
                for number, row in enumerate(rows):
                    writer.writerow([number, *(cell(row.get(name)) for name in names)])
        case ".ndjson":
            # Some name must be that of a fact, also where nothing is known of anybody.
            unknown = {} if any(rows) else {names[0]: None}
            lines = [
                json.dumps({"person": number, **unknown, **row}, ensure_ascii=False) + "\n"
                for number, row in enumerate(rows)
            ]
            path.write_text("".join(lines), encoding="utf-8")
        case _:
            columns = {"person": pl.Series(range(len(rows)), dtype=pl.Int64)}
            for name in names:
                values = [row.get(name) for row in rows]
                columns[name] = pl.Series(values, dtype=_TYPES[FACTS[name].kind])
            pl.DataFrame(columns).write_parquet(path)
    return path


def cell(value):
    match value:
        case None:
            return ""
        case bool():
            return "yes" if value else "no"
        case []:
            return "none"
        case list():
            return ";".join(value)
        case _:
            return repr(value) if isinstance(value, float) else str(value)


# --- What came out ------------------------------------------------------------------------------


def answers_in(path):
    """The rows of an output, by the number of the person: triage, causes, advice and so on."""
    return {int(row["person"]): row for row in _rows(path)}


def _rows(path):
    match path.suffix:
        case ".csv":
            with path.open(encoding="utf-8", newline="") as file:
                rows = list(csv.DictReader(file))
            for row in rows:
                row["top_cause"] = row["top_cause"] or None
                for name in ("causes", "advice", "fired"):
                    row[name] = row[name].split(";") if row[name] else []
            return rows
        case ".ndjson":
            return _json_lines(path)
        case _:
            return pl.read_parquet(path).to_dicts()


def rejects_in(path):
    """The rows that were put aside beside an output."""
    file = path.with_name(f"{path.name}.rejects.ndjson")
    if not file.exists():
        return []
    return _json_lines(file)


def rows_seen(out):
    """How many rows the record tells of."""
    record = workshop_of(out) / "progress.json"
    try:
        tally = json.loads(record.read_text())["tally"]
    except FileNotFoundError:
        return 0
    return tally["assessed"] + tally["unreadable"] + tally["bad_facts"]


def is_same(first, second):
    """Whether two outputs are equal: to the byte, or in Parquet to the row."""
    if first.suffix == ".parquet":
        return pl.read_parquet(first).equals(pl.read_parquet(second))
    return first.read_bytes() == second.read_bytes()


def _json_lines(file: Path) -> list[Any]:
    # A text may hold what Python takes for the end of a line, and JSON does not.
    return [json.loads(line) for line in file.read_text(encoding="utf-8").split("\n") if line]
