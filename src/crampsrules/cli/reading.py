"""Facts from files of any kind."""

from __future__ import annotations

from codecs import BOM_UTF8
from collections.abc import Mapping
from typing import BinaryIO

from crampsrules.documents import MOST_TEXT, parsed_json, parsed_toml
from crampsrules.errors import FactsError
from crampsrules.facts import PatientFacts


def read_facts(file: BinaryIO) -> PatientFacts:
    """The facts in a JSON or TOML file. Raises FactsError."""
    return PatientFacts.from_mapping(_mapping(file))


def read_mapping(file: BinaryIO) -> Mapping[str, object]:
    """The same with nulls kept: they stand for what is not known. Raises FactsError."""
    mapping = _mapping(file)
    PatientFacts.from_mapping(mapping)  # it finds every fault there can be
    return mapping


def _mapping(file: BinaryIO) -> Mapping[str, object]:
    content = file.read(MOST_TEXT + 1)
    if not content.removeprefix(BOM_UTF8).strip():
        # A pipe whose beginning failed looks like this, and is not to be answered by reassurance.
        raise FactsError.of(
            "there is nothing in it; {} stands for a patient of whom nothing is known"
        )
    mapping = parsed_json(content) if _is_json(file, content) else parsed_toml(content)
    for has, what, under in _NO_FACTS:
        if has <= mapping.keys():
            raise FactsError.of(f"this is {what} and no facts: those stand in it under {under!r}")
    return mapping


_NO_FACTS = (
    ({"facts", "triage", "rules_version"}, "an assessment", "facts"),
    ({"answers", "has_tests", "length"}, "the state of an interview", "answers"),
)
"""What is kept beside facts, and may be given in their place: the keys that tell it."""


def _is_json(file: BinaryIO, content: bytes) -> bool:
    """By the name's ending; without one that tells, by the brace that only JSON begins with."""
    name = str(getattr(file, "name", ""))
    if name.endswith((".json", ".toml")):
        return name.endswith(".json")
    return content.removeprefix(BOM_UTF8).lstrip().startswith(b"{")
