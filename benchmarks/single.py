"""One patient, sixty rules: firing beside the peers, and a whole assessment beside their firing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

from attrs import frozen

from benchmarks import handwritten
from benchmarks.grown import sixty
from benchmarks.measuring import (
    Report,
    Table,
    Timed,
    Times,
    Verdict,
    asked,
    draw_patients,
    figure,
    met_in,
    never_seen,
    rounds,
)
from benchmarks.peers import PeerMissingError, all_ways
from benchmarks.peers.common import Way
from crampsrules import Assessment, PatientFacts, RuleBase, assess
from crampsrules.engines import default_engine, engine_for

Patient = PatientFacts | Mapping[str, object]

KNOWN = (0.1, 0.5, 1.0)
HALF = 0.5
BY_HAND = "written by hand in Python"
COMPILED = "**crampsrules, compiled**"
DURABLE = "**crampsrules, durable**"
LOWER = "durable-rules, lower module by hand"
STRANGER = "from a mapping; everything, of someone never seen"
# Where all that takes turns is quick.
MANY_ROUNDS = 51


def measure() -> Report:
    """Fire, assess and compare."""
    rules = sixty()
    ways, missing = _ways(rules)
    times = {share: _fire(rules, ways, share) for share in KNOWN}
    half = times[HALF]
    fastest = [_fastest(ways, half, documented=documented) for documented in (True, False)]
    peers = [ways[name] for name in fastest]
    met, strangers = _assess(rules, peers), _meet_strangers(rules, peers)
    assessing = [Assessing(name, met) for name in met.of if name not in ways]
    assessing.append(Assessing(STRANGER, strangers))
    report = Report()
    report.tables.append(_firing_table(ways, times, missing))
    report.tables.append(_assessing_table(fastest, assessing))
    report.verdicts += _verdicts(times, fastest, assessing)
    return report


@frozen
class Assessing:
    """What an assessment took, and what each peer took to fire for the same patients."""

    name: str
    times: Times

    def times_faster(self, peer: str) -> float:
        """How often it is done in the time in which a peer fires."""
        return self.times.ratio(peer, self.name)


def _ways(rules: RuleBase) -> tuple[dict[str, Way], dict[str, str]]:
    """Every way there is, by name, and why some peers have none."""
    ours = [Way(BY_HAND, _itself, lambda p: handwritten.fire(p, rules.formulary))]
    ours.append(Way(COMPILED, _itself, engine_for(rules, "compiled").fire))
    if default_engine() == "durable":
        ours.append(Way(DURABLE, _itself, engine_for(rules, "durable").fire))
    ways = {one.name: one for one in ours}
    missing: dict[str, str] = {}
    for module, found in all_ways(rules):
        if isinstance(found, PeerMissingError):
            missing[module] = str(found)
            print(f"  left out: {found}")
        else:
            ways |= {one.name: one for one in found}
    return ways, missing


def _itself(patient: PatientFacts) -> PatientFacts:
    return patient


def _fire(rules: RuleBase, ways: Mapping[str, Way], share: float) -> Times:
    patients = draw_patients(rules, share, asked(rules))
    timed = {name: Timed(one.fire, list(map(one.prepare, patients))) for name, one in ways.items()}
    expected = [handwritten.fire(one, rules.formulary) for one in patients]
    for name, one in timed.items():
        # Of the slowest, a tenth takes seconds.
        few = 10
        for patient, given, fired in zip(patients[:few], one.inputs, expected, strict=False):
            if one.task(given) != fired:
                raise SystemExit(f"{name} disagrees about {patient!r}")
    return rounds(timed)


def _firing_table(
    ways: Mapping[str, Way], times: Mapping[float, Times], missing: Mapping[str, str]
) -> Table:
    half = times[HALF]
    rows = [
        [
            name + ("" if ways[name].as_documented or name == BY_HAND else " (undocumented)"),
            *(figure(times[share].median(name)) for share in KNOWN),
            f"{half.ratio(name, COMPILED):,.2f}",
        ]
        for name in sorted(ways, key=half.median)
    ]
    rows += [[f"{module}: does not run here", "", "", "", ""] for module in missing]
    heads = [f"{share:.0%} known" for share in KNOWN]
    return Table("firing", ["µs a patient", *heads, "times compiled"], rows)


def look_at(assessment: Assessment) -> None:
    """Every part of an assessment, reasons and wording included."""
    _ = assessment.triage, assessment.triage_wording, assessment.escalations, assessment.causes
    _ = assessment.advice, assessment.withheld, assessment.unrecognised, assessment.fired
    _ = assessment.engine, assessment.rules_version, assessment.facts, assessment.disclaimer


def _completing(rules: RuleBase) -> Callable[[Patient], None]:
    return lambda patient: look_at(assess(patient, rules=rules, engine="compiled"))


def _assess(rules: RuleBase, peers: Iterable[Way]) -> Times:
    """What an assessment, and these peers' firing, takes for the same patients, in turns."""
    facts = asked(rules)
    patients = draw_patients(rules, HALF, facts)
    mappings = [one.to_dict() for one in patients]

    def triaged(patient: Patient) -> object:
        return assess(patient, rules=rules, engine="compiled").triage

    def ranked(patient: Patient) -> object:
        return assess(patient, rules=rules, engine="compiled").causes

    complete = _completing(rules)
    timed = {way.name: Timed(way.fire, list(map(way.prepare, patients))) for way in peers}
    timed |= {
        "facts built; triage": Timed(triaged, patients),
        "facts built; ranked causes": Timed(ranked, patients),
        "facts built; everything": Timed(complete, patients),
        "from a mapping; triage": Timed(triaged, mappings),
        "from a mapping; everything": Timed(complete, mappings),
    }
    return rounds(timed, MANY_ROUNDS)


def _meet_strangers(rules: RuleBase, peers: Iterable[Way]) -> Times:
    """What an assessment, and these peers' firing, takes for patients never seen before."""
    strangers = draw_patients(rules, HALF, asked(rules), count=met_in(MANY_ROUNDS))
    timed = {way.name: never_seen(way.fire, map(way.prepare, strangers)) for way in peers}
    timed[STRANGER] = never_seen(_completing(rules), (one.to_dict() for one in strangers))
    return rounds(timed, MANY_ROUNDS)


def _fastest(ways: Mapping[str, Way], times: Times, *, documented: bool) -> str:
    peers = [
        name
        for name, one in ways.items()
        if name not in (BY_HAND, COMPILED, DURABLE) and (one.as_documented or not documented)
    ]
    return min(peers, key=times.median)


def _assessing_table(fastest: Sequence[str], assessing: Iterable[Assessing]) -> Table:
    rows = [
        [
            one.name,
            figure(one.times.median(one.name)),
            *(f"{one.times_faster(peer):.1f}" for peer in fastest),
        ]
        for one in assessing
    ]
    documented, any_way = fastest
    head = [
        "assess(), and what is looked at",
        "µs",
        f"times faster than {documented} fires",
        f"than {any_way}",
    ]
    return Table("assessing", head, rows)


def _verdicts(
    times: Mapping[float, Times],
    fastest: Sequence[str],
    assessing: Iterable[Assessing],
) -> list[Verdict]:
    half = times[HALF]
    worst = max(each.ratio(COMPILED, BY_HAND) for each in times.values())
    verdicts = [Verdict("compiled fires, in times what is written by hand takes", worst, 1.3)]
    rows = {one.name: one for one in assessing}
    for peer, which in zip(fastest, ("as documented", "in any way"), strict=True):
        for name, at_least in (
            ("from a mapping; everything", 2.0),
            (STRANGER, 2.0),
            ("from a mapping; triage", 2.0),
            ("facts built; triage", 5.0),
        ):
            says = f"assess() {name}: times faster than {peer}, the fastest peer {which}, fires"
            verdicts.append(Verdict(says, rows[name].times_faster(peer), at_least=at_least))
    if DURABLE in half.of:
        for peer, at_most in ((LOWER, 1.5), ("clipspy", 1.0), ("zen-engine", 1.0)):
            if peer in half.of:
                ratio = half.ratio(DURABLE, peer)
                verdicts.append(
                    Verdict(f"durable fires, in times what {peer} takes", ratio, at_most)
                )
    return verdicts
