"""The command `crampsrules prove`: what it says of claims that hold and of those that fail."""

from __future__ import annotations

import re
import sys

import pytest

from crampsrules import PatientFacts
from crampsrules.cli import ExitCode, main
from crampsrules.cli.shown_proof import _failure, _verdict
from crampsrules.prove import Claim
from tests.cli.common import SHIPPED, styled

PACK = """
[[sources]]
id = "book"
title = "A book"

[[escalations]]
id = "spasm"
when = "spreading_spasms"
triage = "emergency"
reason = "Spasms that spread are seen at once."
source = "book"

[[advice]]
id = "have_a_nap"
kind = "relief"
title = "Have a nap"
text = "Sleep for an hour."
source = "book"

[[laws]]
id = "seen"
says = "Spreading spasms are an emergency."
when = "spreading_spasms"
at_least = "emergency"
source = "book"

[[laws]]
id = "awake"
says = "Nobody with spreading spasms is sent to bed."
when = "spreading_spasms"
forbids = ["have_a_nap"]
source = "book"
"""

HOLDING = 'reason = "Spasms that spread are seen at once."\nholds = "all"'


@pytest.fixture
def pack(tmp_path):
    """Writes a folder of rules; gives its name."""

    def write(text: str) -> str:
        (tmp_path / "pack").mkdir()
        (tmp_path / "pack" / "own.toml").write_text(text, encoding="utf-8")
        return str(tmp_path / "pack")

    return write


def run(capsys, *arguments: str) -> tuple[int, str]:
    with pytest.raises(SystemExit) as ended:
        main(["prove", *arguments])
    return int(ended.value.code or 0), capsys.readouterr().out


def test_a_pack_states_its_own_laws_and_has_them_proved(pack, capsys):
    """Alone, and each claim is counted."""
    sound = PACK.replace('reason = "Spasms that spread are seen at once."', HOLDING)
    code, out = run(capsys, pack(sound), "--alone")
    assert code == ExitCode.OK, out
    for kind in ("can fire", "red flag", "law"):
        assert re.search(rf"^{kind}: .* claims, proved\)$", out, re.MULTILINE)
    assert "claims hold for every patient: 2 rules and 2 laws" in out


def test_a_law_of_a_pack_that_does_not_hold_is_shown_with_a_patient(pack, capsys):
    """With its place in the file, the patient, and what the engine makes of them."""
    code, out = run(capsys, pack(PACK), "--alone")
    assert code == ExitCode.FAILED_CHECK
    assert "FAILS law: awake (pack/own.toml:" in out
    assert "    PatientFacts(spreading_spasms=True)\n" in out
    assert "gives have_a_nap" in out
    assert "1 of " in out.splitlines()[-1]


def test_claims_of_several_kinds_that_fail_are_counted_together(pack, capsys):
    """What never fires, and a law that does not hold."""
    never = """
[[escalations]]
id = "never"
when = "spreading_spasms and not spreading_spasms"
triage = "soon"
reason = "Nobody is seen for this."
source = "book"
"""
    code, out = run(capsys, pack(PACK + never), "--alone")

    assert code == ExitCode.FAILED_CHECK
    failing = len(re.findall(r"^FAILS ", out, re.MULTILINE))
    assert failing > 1
    assert out.splitlines()[-1].startswith(f"{failing} of ")


def test_alone_needs_a_folder(capsys):
    """As for `check`."""
    code, _ = run(capsys, "--alone")
    assert code == ExitCode.USAGE


def test_the_command_without_the_solver_says_what_to_install(pack, capsys, monkeypatch):
    """Exit code 5, as wherever something optional is missing."""
    monkeypatch.setitem(sys.modules, "z3", None)
    code, out = run(capsys, pack(PACK), "--alone")
    assert code == ExitCode.MISSING
    assert out == ""


def test_a_proof_is_told_with_its_patient():
    """What fails, where its rule stands, who shows it and what comes of that."""
    patient = PatientFacts(fever=True)
    id_ = SHIPPED.escalations[0].id
    claim = Claim("can fire", id_, "it says so", holds=False, patient=patient, found="it does not")
    place = SHIPPED.file_of(id_)
    assert place is not None

    shown = _failure(SHIPPED, claim)

    assert shown.plain == (
        f"FAILS can fire: {id_} ({place[0]}:{place[1]}): it says so\n"
        f"    {patient!r}\n    it does not"
    )
    assert styled(shown) == [("FAILS ", "bold red")]
    about = (
        f"{len(SHIPPED.rules)} rules and {len(SHIPPED.laws)} laws (version {SHIPPED.version[:12]})"
    )
    good, bad = _verdict(SHIPPED, 1234, 0), _verdict(SHIPPED, 1234, 2)
    assert (good.plain, good.style) == (
        f"All 1,234 claims hold for every patient: {about}.",
        "bold green",
    )
    assert (bad.plain, bad.style) == (f"2 of 1,234 claims fail for {about}.", "bold red")
