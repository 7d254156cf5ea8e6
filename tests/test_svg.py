"""Texts in pictures."""

import xml.etree.ElementTree as ET

from hypothesis import given
from hypothesis import strategies as st

from crampsrules.svg import drawable


@given(st.text(st.characters(codec=None, categories=None)))
def test_any_text_can_be_drawn(text):
    """What XML can hold stays as it is, and as long."""
    shown = drawable(text)

    assert len(shown) == len(text)
    assert drawable(shown) == shown
    root = ET.Element("text")
    root.text = shown
    assert ET.fromstring(ET.tostring(root)).tag == "text"  # noqa: S314 - our own


def test_letters_and_spaces_stay():
    """A mark stands for each of the others."""
    assert drawable("a\tb\nö 😀\x00\ud800\uffff") == "a\tb\nö 😀\ufffd\ufffd\ufffd"
