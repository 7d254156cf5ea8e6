"""Facts from files of any kind."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from typing import BinaryIO

from crampsrules.documents import MOST_TEXT
from crampsrules.errors import FactsError
from crampsrules.facts import PatientFacts

_BOM = b"\xef\xbb\xbf"


def read_facts(file: BinaryIO) -> PatientFacts:
    """The facts in a JSON or TOML file. Raises FactsError."""
    content = file.read(MOST_TEXT + 1)
    return _facts(content, is_json=_is_json(file, content))


def read_mapping(file: BinaryIO) -> Mapping[str, object]:
    """The same with nulls kept: they stand for what is not known. Raises FactsError."""
    content = file.read(MOST_TEXT + 1)
    is_json = _is_json(file, content)
    _facts(content, is_json=is_json)  # it finds every fault there can be
    text = content.decode("utf-8-sig")
    mapping: Mapping[str, object] = json.loads(text) if is_json else tomllib.loads(text)
    return mapping


def _facts(content: bytes, *, is_json: bool) -> PatientFacts:
    if not content.removeprefix(_BOM).strip():
        # A pipe whose beginning failed looks like this, and is not to be answered by reassurance.
        raise FactsError.of(
            "there is nothing in it; {} stands for a patient of whom nothing is known"
        )
    return PatientFacts.from_json(content) if is_json else PatientFacts.from_toml(content)


def _is_json(file: BinaryIO, content: bytes) -> bool:
    """By the name's ending; without one that tells, by the brace that only JSON begins with."""
    name = str(getattr(file, "name", ""))
    if name.endswith((".json", ".toml")):
        return name.endswith(".json")
    return content.removeprefix(_BOM).lstrip().startswith(b"{")
