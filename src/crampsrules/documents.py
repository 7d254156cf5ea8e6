"""Reading the facts of a JSON or TOML text from anyone: a mapping, or a FactsError."""

from __future__ import annotations

import json
import tomllib
from collections import Counter
from collections.abc import Callable, Iterable, Mapping

from crampsrules.errors import FactProblem, FactsError, shorten

MOST_TEXT = 2**20
# tomllib takes quadratic time and memory over a key of many dots, and nothing needs more than one.
MAX_DOTS = 100


def parsed_json(text: str | bytes) -> Mapping[str, object]:
    """Parse a JSON object. Raises FactsError."""
    return _parsed("JSON", text, _parse_json)


def parsed_toml(text: str | bytes) -> Mapping[str, object]:
    """Parse a TOML document. Raises FactsError."""
    return _parsed("TOML", text, _parse_toml)


def _parsed(
    language: str, text: str | bytes, parse: Callable[[str], object]
) -> Mapping[str, object]:
    """Parse text from anyone, into a mapping or a FactsError and nothing else."""
    decoded = _decoded(language, text)
    try:
        parsed = parse(decoded)
    except FactsError:
        raise
    except (RecursionError, MemoryError):
        message = f"the {language} is nested too deep"
    except (json.JSONDecodeError, tomllib.TOMLDecodeError) as error:
        message = f"the text is not {language}: {error}"
    except ValueError:
        # Python's own limit on turning digits into an int. Numbers short of it, infinities and
        # NaN are refused where the fact is read, by its name.
        message = f"a number in the {language} is too large"
    else:
        if isinstance(parsed, dict):
            return parsed
        message = f"the {language} must be an object of facts, got {shorten(parsed)}"
    raise FactsError.of(message)


def _decoded(language: str, text: str | bytes) -> str:
    if not isinstance(text, str | bytes):
        raise FactsError.of(f"takes {language} as text or bytes, got {shorten(text)}", value=text)
    if len(text) > MOST_TEXT:
        raise FactsError.of(f"takes at most 1 MiB of {language}, got {len(text)}")
    try:
        return text.decode("utf-8-sig") if isinstance(text, bytes) else text.removeprefix("\ufeff")
    except UnicodeDecodeError as error:
        message = f"the {language} is not in UTF-8: {error}"
    raise FactsError.of(message)


def _parse_json(text: str) -> object:
    return json.loads(text, object_pairs_hook=_without_duplicates)


def _parse_toml(text: str) -> object:
    if line_of_many_dots(text):
        message = f"a line of the TOML has more than {MAX_DOTS} dots"
        raise FactsError.of(message)
    return tomllib.loads(text)


def line_of_many_dots(text: str) -> int | None:
    """The number of the first line with more than `MAX_DOTS`, which tomllib is not to read."""
    lines = enumerate(text.split("\n"), 1)
    return next((number for number, line in lines if line.count(".") > MAX_DOTS), None)


def _without_duplicates(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise FactsError(FactProblem(name, None, "is given twice") for name in repeated(pairs))
    return found


def repeated(pairs: Iterable[tuple[str, object]]) -> list[str]:
    """The names that an object gives more than once, each once."""
    times = Counter(name for name, _ in pairs)
    return [name for name, count in times.items() if count > 1]
