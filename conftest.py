"""The examples of README.md, CONTRIBUTING.md and docs/ are run as tests.

Python blocks run as they stand, and what follows a `>>>` is compared. Of a `console` block the
commands that call crampsrules or an example are run, and what is shown below them is compared.
A TOML block is read, and is there as `toml` for the next Python block, hidden or not.
"""

import os
import tomllib

from sybil import Example, Sybil
from sybil.parsers.myst import CodeBlockParser, PythonCodeBlockParser, SkipParser

from docs.blocks import FLAGS, ROOT, commands


def run_console(example: Example) -> str | None:
    """Run a block's commands; give what is wrong, or None."""
    wrong = []
    for command in commands(example.parsed):
        output = command.output()
        if not command.is_right(output):
            wrong.append(f"$ {command.line}\n{output}is not what is shown:\n{command.shown}")
    return "\n".join(wrong) or None


def read_toml(example: Example) -> None:
    """Read a block, and keep its text for the blocks after it."""
    tomllib.loads(example.parsed)
    example.namespace["toml"] = example.parsed


def enter(namespace: dict[str, object]) -> None:
    """Let the examples name files as they stand in the checkout."""
    namespace["came_from"] = os.getcwd()  # noqa: PTH109 - what chdir takes back
    os.chdir(ROOT)


def leave(namespace: dict[str, object]) -> None:
    """Go back to where the test run was."""
    os.chdir(str(namespace["came_from"]))


pytest_collect_file = Sybil(
    parsers=[
        PythonCodeBlockParser(doctest_optionflags=FLAGS),
        CodeBlockParser(language="console", evaluator=run_console),
        CodeBlockParser(language="toml", evaluator=read_toml),
        SkipParser(),
    ],
    patterns=["README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md"],
    setup=enter,
    teardown=leave,
).pytest()
