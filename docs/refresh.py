"""Write the real output into the documents, wherever another one is shown.

Run it with `python docs/refresh.py` after changing a rule or a sentence, and read what it changed:
it makes the documents true, not the change right.
"""

import contextlib
import doctest
import io
import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from docs.blocks import FLAGS, ROOT, commands

DOCUMENTS = ("README.md", "CONTRIBUTING.md", "docs/*.md", "docs/*/*.md")
_BLOCK = re.compile(
    r"^```(?P<language>python|console|toml)\n(?P<block>.*?)^```$"
    r"|^% invisible-code-block: python\n(?P<hidden>(?:%[^\n]*\n)*)",
    re.MULTILINE | re.DOTALL,
)


class _Checker(doctest.OutputChecker):
    """Notes what each example of a block gave."""

    def __init__(self) -> None:
        self.got: list[str] = []

    def check_output(self, want: str, got: str, optionflags: int) -> bool:
        right = super().check_output(want, got, optionflags)
        self.got.append(want if right else got)
        return True


def refreshed(text: str) -> str:
    """A document with the real outputs in it."""
    names: dict[str, Any] = {}

    def replace(match: re.Match[str]) -> str:
        block = match["block"]
        if match["hidden"] is not None:
            exec(re.sub("^% ?", "", match["hidden"], flags=re.MULTILINE), names)  # noqa: S102
            return match[0]
        if match["language"] == "toml":
            names["toml"] = block
            return match[0]
        if match["language"] == "console":
            return match[0].replace(block, "".join(_console(block)))
        if ">>>" in block:
            return match[0].replace(block, _doctest(block, names))
        with contextlib.redirect_stdout(io.StringIO()):
            exec(block, names)  # noqa: S102 - our own documents
        return match[0]

    return _BLOCK.sub(replace, text)


def _console(block: str) -> Iterable[str]:
    for command in commands(block):
        output = command.output()
        shown = command.shown if command.is_right(output) else output.rstrip("\n")
        yield f"$ {command.line}\n"
        yield f"{shown}\n" if shown else ""


def _doctest(block: str, names: dict[str, Any]) -> str:
    test = doctest.DocTestParser().get_doctest(block, names, "document", None, 0)
    checker = _Checker()
    runner = doctest.DocTestRunner(checker=checker, verbose=False, optionflags=FLAGS)
    with contextlib.redirect_stdout(io.StringIO()) as failures:
        runner.run(test, clear_globs=False)
    names.update(test.globs)
    if failures.getvalue():
        raise RuntimeError(failures.getvalue())
    wants = iter(checker.got)
    parts = doctest.DocTestParser().parse(block)
    return "".join(
        _written(part, next(wants)) if isinstance(part, doctest.Example) else part for part in parts
    )


def _written(example: doctest.Example, want: str) -> str:
    first, *rest = example.source.rstrip("\n").split("\n")
    lines = [f">>> {first}", *(f"... {line}".rstrip() for line in rest)]
    if example.exc_msg is not None:
        lines += ["Traceback (most recent call last):", "    ..."]
    lines += want.splitlines()
    return "".join(f"{line}\n" for line in lines)


def main() -> None:
    """Refresh every document, and name those that changed."""
    os.chdir(ROOT)
    for path in sorted(path for pattern in DOCUMENTS for path in ROOT.glob(pattern)):
        text = path.read_text("utf-8")
        try:
            fresh = refreshed(text)
        except Exception as error:  # noqa: BLE001 - name the document and go on
            print(f"{path.relative_to(ROOT)}: {error}")  # noqa: T201
            continue
        if fresh != text:
            path.write_text(fresh, "utf-8")
            print(path.relative_to(ROOT))  # noqa: T201


if __name__ == "__main__":
    main()
