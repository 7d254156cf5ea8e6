"""Facts from files of any kind."""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping

from crampsrules.facts import PatientFacts


def read_facts(name: str, content: bytes) -> PatientFacts:
    """The facts in a JSON or TOML file. Raises FactsError."""
    read = PatientFacts.from_json if _is_json(name, content) else PatientFacts.from_toml
    return read(content)


def _is_json(name: str, content: bytes) -> bool:
    """By the name's ending; without one that tells, by the brace that only JSON begins with."""
    if name.endswith((".json", ".toml")):
        return name.endswith(".json")
    return content.removeprefix(b"\xef\xbb\xbf").lstrip().startswith(b"{")


def read_mapping(name: str, content: bytes) -> Mapping[str, object]:
    """The same with nulls kept: they stand for what is not known. Raises FactsError."""
    read_facts(name, content)  # it finds every fault there can be
    text = content.decode("utf-8-sig")
    mapping: Mapping[str, object] = (json if _is_json(name, content) else tomllib).loads(text)
    return mapping
