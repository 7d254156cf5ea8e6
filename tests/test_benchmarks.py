"""What the benchmarks compare does the same."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import handwritten, naive
from crampsrules import RuleBase
from tests.engines.common import DURABLE_RUNS, agree
from tests.strategies import ROOT, patients

RULES = ROOT / "benchmarks" / "rules"


def test_the_benchmark_has_sixty_rules_over_more_than_forty_facts():
    """As its page says."""
    rules = RuleBase.load(RULES)
    source = Path(handwritten.__file__).read_text()
    assert len(rules.rules) == 60
    assert all(f'"{id_}"' in source for id_ in rules.conditions)


@settings(max_examples=50)
@given(data=st.data())
def test_the_function_written_by_hand_fires_what_the_rules_fire(data):
    """On any patient: else it would be no measure."""
    rules = RuleBase.load(RULES)
    facts = data.draw(patients(rules))
    assert handwritten.fire(facts, rules.formulary) == agree(rules, facts)


def test_the_naive_function_fires_what_the_shipped_rules_fire():
    """One if-statement a rule, for rules too many to write by hand."""
    rules = RuleBase.load()
    fire = naive.function(rules)

    @settings(max_examples=25)
    @given(patients(rules))
    def the_same(facts):
        assert fire(facts) == agree(rules, facts)

    the_same()


if DURABLE_RUNS:

    def test_the_host_fires_what_the_rules_fire():
        """In a process of its own: its threads never end."""
        import subprocess
        import sys

        script = (
            "from crampsrules import PatientFacts, RuleBase\n"
            "from crampsrules.engines import engine_for\n"
            "from benchmarks.host import HostEngine\n"
            f"rules = RuleBase.load({str(RULES)!r})\n"
            "host, ours = HostEngine(rules), engine_for(rules, 'compiled')\n"
            "for p in (PatientFacts(), PatientFacts(thirst=True, dizziness=True, age_years=71),\n"
            "          PatientFacts(medications={'loop_diuretic'}, weakness=True)):\n"
            "    assert host.fire(p) == ours.fire(p)\n"
            "    assert host.fire(p) == ours.fire(p)\n"
        )
        subprocess.run([sys.executable, "-c", script], cwd=ROOT, check=True)
