"""How every command ends: errors become a message and an exit code, never a traceback."""

from __future__ import annotations

import errno
import os
import sys

import click

from crampsrules.cli.answers import AnswerError
from crampsrules.cli.exit_codes import ExitCode
from crampsrules.cli.output import show_error
from crampsrules.cohort.errors import UnfinishedError
from crampsrules.errors import (
    CrampsRulesError,
    EngineError,
    FactsError,
    MissingExtraError,
    RuleError,
)

_CODES: tuple[tuple[type[Exception], ExitCode], ...] = (
    (FactsError, ExitCode.BAD_FACTS),
    (AnswerError, ExitCode.BAD_FACTS),
    (RuleError, ExitCode.BAD_RULES),
    (EngineError, ExitCode.MISSING),
    (MissingExtraError, ExitCode.MISSING),
    (UnfinishedError, ExitCode.UNFINISHED),
    (CrampsRulesError, ExitCode.USAGE),
    (OSError, ExitCode.USAGE),
)
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)


class Tool(click.Group):
    """A group of commands that share the way in which they end."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read what was typed, and show --help where that was asked for."""
        try:
            return super().parse_args(ctx, args)
        except BrokenPipeError:
            raise
        except OSError as error:
            show_error(_told(error))
            ctx.exit(ExitCode.USAGE)

    def invoke(self, ctx: click.Context) -> object:
        """Run a command; turn what it raises into an exit code."""
        try:
            result = super().invoke(ctx)
            sys.stdout.flush()  # a closed pipe shows here at the latest
        except BrokenPipeError:
            _forget_output()
            ctx.exit(ExitCode.CLOSED_PIPE)
        except (CrampsRulesError, OSError) as error:
            show_error(_told(error))
            ctx.exit(next(code for kind, code in _CODES if isinstance(error, kind)))
        except KeyboardInterrupt:
            ctx.exit(ExitCode.INTERRUPTED)
        return result

    def format_epilog(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Add the exit codes to --help."""
        with formatter.section("Exit codes"):
            formatter.write_dl([(str(int(code)), code.meaning) for code in ExitCode])
        super().format_epilog(ctx, formatter)


def _told(error: Exception) -> str:
    """What went wrong, in words. Of all that is written, standard output alone has no name."""
    if isinstance(error, OSError) and error.filename is None and error.errno in _NO_ROOM:
        _forget_output()
        return f"standard output cannot be written: {error.strerror}"
    return str(error)


def _forget_output() -> None:
    # Python flushes stdout once more when it ends, and would complain of it then.
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, sys.stdout.fileno())
