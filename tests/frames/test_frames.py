"""What stands before any frame: the extra, and the question itself."""

from __future__ import annotations

import pytest

from crampsrules import FactsError, assess_frame
from tests.processes import run_python


@pytest.mark.parametrize("package", ["narwhals", "numpy", "polars", "pyarrow"])
def test_without_a_package_the_error_names_it_and_the_extra(package):
    """Where it is called: the rest of the library works, and so does looking at all its names."""
    program = (
        "import sys\n"
        f"sys.modules[{package!r}] = None\n"
        "import crampsrules\n"
        "print(crampsrules.assess(weakness=True).triage.name)\n"
        "from crampsrules import *\n"
        "import inspect; inspect.getmembers(crampsrules)\n"
        "try:\n"
        "    assess_frame([])\n"
        "except crampsrules.MissingExtraError as error:\n"
        "    print(error.extra, error)\n"
    )

    printed = run_python(program)

    assert printed.startswith("SOON\nframes this needs the package ")
    assert package in printed
    assert 'pip install "crampsrules[frames]"' in printed


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"on_error": "rase"}, "on_error: takes 'column' or 'raise', got 'rase'"),
        ({"columns": ["AGE"]}, "columns: takes a mapping of facts to names of columns, got"),
        ({"weights": "yes"}, "weights: takes true or false, got 'yes'"),
    ],
)
def test_arguments_are_looked_at_first(options, told):
    with pytest.raises(FactsError, match=told):
        assess_frame(None, **options)
