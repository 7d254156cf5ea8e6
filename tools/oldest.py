"""Print the oldest version that pyproject.toml takes of each library, as constraints for pip.

`make test-oldest` installs those, and runs the tests: what is said to be taken has been tried.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

_LOWER_BOUND = re.compile(r"([\w.-]+)>=([\d.]+)")
PROJECT = Path(__file__).parents[1] / "pyproject.toml"


def constraints(project: str) -> Iterator[str]:
    """One line for each library, of the dependencies and the extras; ours is none of them."""
    tables = tomllib.loads(project)["project"]
    extras = tables["optional-dependencies"].values()
    for asked in (*tables["dependencies"], *(one for extra in extras for one in extra)):
        if bound := _LOWER_BOUND.match(asked):
            yield f"{bound[1]}=={bound[2]}"


if __name__ == "__main__":
    print(*constraints(PROJECT.read_text("utf-8")), sep="\n")
