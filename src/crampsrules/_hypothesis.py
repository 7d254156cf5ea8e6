"""What Hypothesis loads by itself, in every test run of everyone who has this library.

So it only notes that there is a strategy for `PatientFacts`: nothing else is imported, and no
rule is read, before a test asks for one.
"""

from __future__ import annotations

from typing import Any


def register() -> None:
    """Tell Hypothesis how to draw what `st.from_type(PatientFacts)` asks for."""
    from hypothesis import strategies as st

    from crampsrules.facts import PatientFacts

    st.register_type_strategy(PatientFacts, _patient_facts)


def _patient_facts(_: type) -> Any:  # noqa: ANN401 - a SearchStrategy[PatientFacts], not yet there
    from crampsrules.strategies import patient_facts

    return patient_facts()
