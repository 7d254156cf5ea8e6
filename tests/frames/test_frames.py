"""What stands before any frame: the extra, and the question itself."""

from __future__ import annotations

import pytest

from tests.processes import run_python


@pytest.mark.parametrize("package", ["narwhals", "numpy", "polars", "pyarrow"])
def test_without_a_package_the_error_names_it_and_the_extra(package):
    """And the rest of the library works."""
    program = (
        "import sys\n"
        f"sys.modules[{package!r}] = None\n"
        "import crampsrules\n"
        "print(crampsrules.assess(weakness=True).triage.name)\n"
        "try:\n"
        "    crampsrules.assess_frame\n"
        "except crampsrules.MissingExtraError as error:\n"
        "    print(error.extra, error)\n"
    )

    printed = run_python(program)

    assert printed.startswith("SOON\nframes this needs the package ")
    assert package in printed
    assert 'pip install "crampsrules[frames]"' in printed
