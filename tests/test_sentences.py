"""The stock sentences of a wording: none may lose what is put into it."""

from __future__ import annotations

import re
import tomllib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crampsrules.sentences import LANGUAGE, LEAFLET_SENTENCES, wrong_sentence
from tests.drawing import shipped_texts

SHIPPED = tomllib.loads(shipped_texts()["wording.toml"])["leaflet"]
names = st.sampled_from(sorted(LEAFLET_SENTENCES))
words = st.text(st.characters(exclude_characters="{}", exclude_categories=["Cs"])).filter(str.strip)


def test_the_shipped_sentences_are_sound_and_name_what_is_put_into_them():
    """Each of them, and no other name."""
    for name, sentence in SHIPPED.items():
        assert wrong_sentence(name, sentence) is None
        assert set(re.findall(r"{(\w+)}", sentence)) == set(LEAFLET_SENTENCES[name])


@given(names, words, st.data())
def test_a_sentence_in_other_words_is_sound_with_what_is_put_into_it(name, text, data):
    """In any order, as another language may need it."""
    places = data.draw(st.permutations([f"{{{one}}}" for one in LEAFLET_SENTENCES[name]]))

    assert wrong_sentence(name, text + text.join(places)) is None


@given(st.sampled_from([name for name, named in LEAFLET_SENTENCES.items() if named]), st.data())
def test_a_sentence_that_lost_what_is_put_into_it_is_wrong(name, data):
    """Or misspelt it, or left a brace open: the words would be lost."""
    lost = data.draw(st.sampled_from(LEAFLET_SENTENCES[name]))
    instead = data.draw(
        st.sampled_from(["", "{}", "{x}", f"{{{lost}", f"{lost}}}", f"{{ {lost} }}"])
    )
    sentence = SHIPPED[name].replace(f"{{{lost}}}", instead)

    fault = wrong_sentence(name, sentence)

    assert fault is not None
    assert fault.startswith(f"{name!r} is to have {{{LEAFLET_SENTENCES[name][0]}}}")


@given(names, st.sampled_from(["{titel}", "{", "}", "{}"]))
def test_no_other_braces_are_taken(name, brace):
    """Whoever writes them expects something to be put there."""
    assert wrong_sentence(name, f"{SHIPPED[name]} {brace}") is not None


@pytest.mark.parametrize(
    ("name", "sentence", "fault"),
    [
        ("caution", "Ask first.", "'caution' is to have {conditions} in it, got 'Ask first.'"),
        ("evidence", "{against}", "'evidence' is to have {against} and {speaks_for} in it"),
        ("disclaimer", " ", "'disclaimer' says nothing"),
        ("held", "see {titles}", "'held' is to have no braces, got 'see {titles}'"),
        ("disclamer", "x", "no sentence is called 'disclamer'; did you mean 'disclaimer'?"),
        ("lang", "de", "no sentence is called 'lang'"),
        (LANGUAGE, "de", None),
        (LANGUAGE, "pt-BR", None),
        (LANGUAGE, 'de" onload="', "'language' takes a language as HTML names it, such as 'en'"),
        (LANGUAGE, "", "'language' takes a language as HTML names it"),
    ],
)
def test_what_is_wrong_is_said(name, sentence, fault):
    """With what is to be there."""
    found = wrong_sentence(name, sentence)

    assert found == fault if fault is None else found is not None and found.startswith(fault)
