"""What the tests of frames share."""

import pytest

from crampsrules import RuleBase
from tests.drawing import ROOT


@pytest.fixture(scope="session")
def few():
    """Sixty rules, of which an engine makes a plan sooner than of all that are shipped."""
    return RuleBase.load(ROOT / "benchmarks" / "rules")
