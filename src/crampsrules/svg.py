"""Texts in pictures."""

from __future__ import annotations

import re

_NO_XML = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff\ufffe\uffff]")


def drawable(text: str) -> str:
    """A text with U+FFFD in the place of what XML cannot hold; it still has to be escaped."""
    return _NO_XML.sub("\ufffd", text)
