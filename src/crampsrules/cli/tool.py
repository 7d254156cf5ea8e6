"""How every command ends: errors become a message and an exit code, never a traceback."""

from __future__ import annotations

import os
import sys

import click

from crampsrules.cli.exit_codes import ExitCode
from crampsrules.cli.output import show_error
from crampsrules.errors import (
    CrampsRulesError,
    EngineError,
    FactsError,
    MissingExtraError,
    RuleError,
)

_CODES: tuple[tuple[type[CrampsRulesError], ExitCode], ...] = (
    (FactsError, ExitCode.BAD_FACTS),
    (RuleError, ExitCode.BAD_RULES),
    (EngineError, ExitCode.MISSING),
    (MissingExtraError, ExitCode.MISSING),
    (CrampsRulesError, ExitCode.USAGE),
)


class Tool(click.Group):
    """A group of commands that share the way in which they end."""

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn what it raises into an exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here at the latest
        except CrampsRulesError as error:
            show_error(str(error))
            ctx.exit(next(code for kind, code in _CODES if isinstance(error, kind)))
        except BrokenPipeError:
            _forget_output()
            ctx.exit(ExitCode.CLOSED_PIPE)
        except (KeyboardInterrupt, click.Abort):
            ctx.exit(ExitCode.INTERRUPTED)
        return result

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Add the exit codes to --help."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), code.meaning) for code in ExitCode])
        super().format_epilog(ctx, formatter)


def _forget_output() -> None:
    # Python flushes stdout once more when it ends, and would complain of the closed pipe then.
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):
        sys.stdout = open(os.devnull, "w", encoding="utf-8")  # noqa: PTH123, SIM115
