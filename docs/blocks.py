"""What the code blocks of the documents show: commands are run, and their output compared."""

import doctest
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from attrs import frozen

ROOT = Path(__file__).parents[1]
FLAGS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE

# Installing, cloning and the like are shown and not done.
_RUN = re.compile(r"(?:^|\| *)crampsrules |^python examples/")


@lru_cache(maxsize=1)
def _scratch() -> tempfile.TemporaryDirectory[str]:
    """Where commands run: what they write does not stay among the files of the project."""
    folder = tempfile.TemporaryDirectory()
    Path(folder.name, "examples").symlink_to(ROOT / "examples")
    return folder


@frozen
class Command:
    """A command of a `console` block, and the output shown below it."""

    line: str
    shown: str

    def output(self) -> str:
        """What it really writes; for a command that is not to be run, what is shown."""
        if not _RUN.search(self.line):
            return self.shown
        path = os.pathsep.join((str(Path(sys.executable).parent), os.environ["PATH"]))
        done = subprocess.run(  # noqa: S602 - our own documents
            self.line,
            shell=True,
            cwd=_scratch().name,
            env={"PATH": path, "LANG": "C.UTF-8"},  # and nothing that would colour it
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.stdout

    def is_right(self, output: str) -> bool:
        """Whether the output shown is the real one, with `...` for anything."""
        return doctest.OutputChecker().check_output(f"{self.shown}\n", f"{output}\n", FLAGS)


def commands(block: str) -> Iterator[Command]:
    """The commands of a `console` block, each with what stands below it."""
    for part in re.split(r"^\$ ", block, flags=re.MULTILINE)[1:]:
        lines = part.rstrip("\n").split("\n")
        # A backslash at the end goes on in the next line.
        end = next(i for i, line in enumerate(lines) if not line.endswith("\\")) + 1
        yield Command("\n".join(lines[:end]), "\n".join(lines[end:]))
