"""Each exit code, where people look for it."""

from crampsrules.cli import ExitCode
from tests.cli.common import ROOT, run


def test_help_lists_every_exit_code_and_so_does_the_guide():
    """Each code and its meaning stand in --help and in the documentation."""
    shown = " ".join(run("--help").stdout.split())
    guide = (ROOT / "docs/guide/command-line.md").read_text(encoding="utf-8")

    for code in ExitCode:
        assert f"{int(code)} {code.meaning}" in shown
        assert f"| {int(code)} | {code.meaning} |" in guide
