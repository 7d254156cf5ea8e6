"""What checking rules finds, and how it is told."""

from __future__ import annotations

import pytest

from crampsrules.cli import ExitCode, shown_check
from crampsrules.cli.shown_check import Checked
from crampsrules.engines import ENGINES
from crampsrules.examples import Failure
from tests.cli.common import SHIPPED, SOUND_PACK, run, styled


def test_check_runs_the_shipped_rules_without_a_failure():
    """Every worked example comes out as stated on every engine that runs here."""
    result = run("check")

    assert result.exit_code == ExitCode.OK, result.stdout
    assert f"{len(SHIPPED.examples)} worked examples" in result.stdout
    assert "All came out as stated." in result.stdout


def test_check_takes_a_folder_with_the_shipped_rules_or_alone(pack):
    """Alone there are only its own rules; together, they are about nobody in shipped examples."""
    rare = SOUND_PACK.replace('"thirst"', '"thirst and neck_surgery and cold_exposure"', 1)
    rare = rare.replace("thirst = true", "thirst = true, neck_surgery = true, cold_exposure = true")
    (pack / "ours.toml").write_text(rare, encoding="utf-8")

    alone = run("check", str(pack), "--alone")
    together = run("check", str(pack))

    assert alone.exit_code == together.exit_code == ExitCode.OK, alone.output
    assert alone.stdout.startswith("1 rules for 0 causes")
    assert together.stdout.startswith(f"{len(SHIPPED.rules) + 1} rules")


BREAKABLE_LAW = """
[[laws]]
id = "L"
says = "Be seen today."
when = "thirst"
at_least = "same_day"
source = "book"
"""


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ('triage = "soon", fires', 'triage = "routine", fires', "triage is soon, not routine"),
        ('fires = ["ours.thirst"]', "fires = []", "example in its file names it in `fires`"),
        ('silent = ["ours.thirst"]', 'triage = "self_care"', "names it in `silent`"),
        ("thirst = false", "thirst = true", "fired though it should not be: ours.thirst"),
        (
            "[[examples]]",
            BREAKABLE_LAW + "\n[[examples]]",
            "breaks law L: Be seen today.",
        ),
    ],
)
def test_check_reports_each_kind_of_failure(tmp_path, old, new, said):
    """With the file and the example on a line of its own, and exit code 1."""
    (tmp_path / "ours.toml").write_text(SOUND_PACK.replace(old, new, 1), encoding="utf-8")

    result = run("check", str(tmp_path), "--alone")

    assert result.exit_code == ExitCode.FAILED_CHECK
    assert said in result.stdout
    assert "/ours.toml: " in result.stdout


def test_check_lists_a_failure_once_and_says_where_engines_differ(pack, monkeypatch):
    """What goes wrong on each of two engines is one mistake in the rules."""

    def failing(rules, *, engine):
        everywhere = Failure("a.toml", "Each", "not fired: a")
        return (everywhere, *([Failure("a.toml", "One", "not fired: b")] * (engine == "durable")))

    monkeypatch.setattr(shown_check, "check_examples", failing)
    monkeypatch.setattr(shown_check, "running_engines", lambda: ENGINES)

    lines = run("check", str(pack), "--alone").stdout.splitlines()

    assert lines[:2] == [
        "a.toml: Each: not fired: a",
        "a.toml: One: not fired: b (on durable only)",
    ]
    assert lines[-1] == "2 failures."


def test_check_says_which_engine_it_could_not_run(pack, monkeypatch):
    """Where durable-rules does not run, the check is that of the other engine, and says so."""
    monkeypatch.setattr("crampsrules.engines._durable_runs", lambda: False)

    result = run("check", str(pack), "--alone")

    assert result.exit_code == ExitCode.OK
    assert "does not run here: durable" in result.stdout


def test_what_was_checked_is_told_with_its_colours():
    """Failures red, what was not run yellow, the verdict bold."""
    sound = Checked(SHIPPED, ("durable", "compiled"), (), ())
    summary = (
        f"{len(SHIPPED.rules)} rules for {len(SHIPPED.causes)} causes, from {len(SHIPPED.sources)} "
        f"sources (version {SHIPPED.version[:12]})\n{len(SHIPPED.examples)} worked examples, on "
        f"durable and compiled, held to {len(SHIPPED.laws)} laws\n"
    )
    assert sound.as_text().plain == f"{summary}All came out as stated."
    assert styled(sound.as_text()) == [("All came out as stated.", "bold green")]

    one = Checked(SHIPPED, ("compiled",), ("durable",), ("it fails",)).as_text()
    assert styled(one) == [
        ("it fails", "red"),
        ("not run, for it does not run here: durable", "yellow"),
        ("1 failure.", "bold red"),
    ]
    assert one.plain.startswith("it fails\n")
    two = Checked(SHIPPED, ("compiled",), (), ("it fails", "so does that")).as_text()
    assert styled(two)[-1] == ("2 failures.", "bold red")
