"""How quick it is: `make bench`. See README.md beside this file.

Everything is measured in one run on one machine, what is compared in turns on the same patients,
and told as a ratio: a figure in microseconds says more about the machine. Time is the processor's,
not the clock's, so that other work on the machine counts for less.
"""

from __future__ import annotations

import multiprocessing
import os
import re
import sys
from collections.abc import Callable
from multiprocessing.connection import Connection
from pathlib import Path

from benchmarks import frames, growth, own, single
from benchmarks.measuring import Report, Table, Verdict, machine

PAGE = Path(__file__).parents[1] / "docs" / "performance.md"
PARTS: dict[str, Callable[[], Report]] = {
    "own": own.measure,
    "single": single.measure,
    "growth": growth.measure,
    "frames": frames.measure,
}


def main(chosen: list[str]) -> None:
    """Measure, print, and write the tables of the page."""
    for part in chosen:
        if part not in PARTS:
            raise SystemExit(f"no part {part!r}: there are {', '.join(PARTS)}")
    print(machine(), flush=True)
    verdicts: list[Verdict] = []
    for part in chosen or PARTS:
        print(f"\n{part}", flush=True)
        report = measured(part)
        for table in report.tables:
            print(f"\n{table.markdown()}", flush=True)
            write(table)
        if report.verdicts:
            write(_judged(part, report.verdicts))
        if report.tables:
            write_text(f"{part}-machine", f"{machine()}.")
        verdicts += report.verdicts
    print()
    for one in verdicts:
        outcome = "PASS" if one.holds else "FAIL"
        print(f"{outcome}  {one.ratio:8.2f} ({one.wanted})  {one.says}")


def measured(part: str) -> Report:
    """What a part finds, in a process where no other has left anything behind."""
    processes = multiprocessing.get_context("spawn")
    found, finds = processes.Pipe(duplex=False)
    process = processes.Process(target=_measure, args=(part, finds))
    process.start()
    finds.close()
    try:
        report: Report = found.recv()
    except EOFError:
        raise SystemExit(f"{part} ended before it had measured all") from None
    process.join()
    return report


def _measure(part: str, finds: Connection) -> None:
    finds.send(PARTS[part]())
    sys.stdout.flush()
    os._exit(0)  # the threads of a Host never end


def _judged(part: str, verdicts: list[Verdict]) -> Table:
    rows = [
        [one.says, f"{one.ratio:.2f}", one.wanted, "PASS" if one.holds else "**FAIL**"]
        for one in verdicts
    ]
    return Table(f"{part}-verdicts", ["", "ratio", "to be", ""], rows)


def write(table: Table) -> None:
    """Put a table where the page has a place for it."""
    write_text(table.name, table.markdown())


def write_text(name: str, text: str) -> None:
    """Put a text between the marks that have its name."""
    page = PAGE.read_text(encoding="utf-8")
    marked = re.compile(f"(<!-- bench: {re.escape(name)} -->\n).*?(<!-- end -->)", re.DOTALL)
    if not marked.search(page):
        raise SystemExit(f"{PAGE.name} has no place for {name!r}")
    page = marked.sub(lambda found: f"{found[1]}\n{text}\n\n{found[2]}", page)
    PAGE.write_text(page, encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:])
