"""Junk: what JSON, TOML or a careless caller might hand over in place of facts."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from crampsrules.facts import FACTS


def junk() -> st.SearchStrategy[Any]:
    """Any value that JSON, TOML or a caller might hand over."""
    plain = st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text(max_size=20),
        st.binary(max_size=5),
        st.dates(),
        st.sampled_from((10**400, -(10**400), 1e308, "", "nan", "\x00", "\ud800", object())),
    )
    return st.recursive(
        plain,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.tuples(inner)
            | st.dictionaries(st.text(max_size=5), inner, max_size=3)
        ),
        max_leaves=5,
    )


def junk_mappings() -> st.SearchStrategy[dict[Any, Any]]:
    """Mappings that look like facts here and there: right names, wrong values, and the reverse."""
    keys = st.sampled_from(list(FACTS)) | st.text(max_size=10) | st.integers() | st.none()
    good = st.booleans() | st.sampled_from((0, 1, 3.5, "night", "low", "both", ["cramp"], "calf"))
    return st.dictionaries(keys, junk() | good, max_size=8)
