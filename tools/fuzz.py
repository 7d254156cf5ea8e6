"""Coverage-guided fuzzing of everything that reads: `make fuzz`.

    python tools/fuzz.py [--minutes M] [READER ...]

Each reader is handed whatever libFuzzer thinks up, from seeds that it takes, for its share of the
time. It may answer or raise one of this library's own errors. Another exception, ten seconds
without an answer, or more than two gigabytes of memory is a failure, and the input is shown.
"""

from __future__ import annotations

import argparse
import importlib
import json
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["crampsrules"]):
    for later in ("crampsrules.engines.compiled", "crampsrules.fold"):
        importlib.import_module(later)  # what is imported when it is first needed
    from crampsrules import Assessment, CrampsRulesError, PatientFacts, RuleBase, assess
    from crampsrules.facts import FACTS

MOST_SECONDS_AN_INPUT = 10
MOST_MEGABYTES = 2048
RULES = {
    "cause.toml": 'id = "a_cause"\ntitle = "A cause"\nprior = 0\nsource = "book"\n',
    "sources.toml": '[[sources]]\nid = "book"\ntitle = "The book"\n'
    '[[classes]]\nid = "water_tablet"\ntitle = "Water tablets"\nnames = ["furosemide"]\n',
}
RULE = """[[evidence]]
id = "a_cause.sign"
when = '''{}'''
weight = "small"
because = "of a sign"
source = "book"
"""


def facts_json(data: bytes) -> None:
    """A patient as JSON, assessed where it is one."""
    facts = PatientFacts.from_json(data)
    assert PatientFacts.from_json(json.dumps(facts.to_dict())) == facts
    assess(facts)


def facts_toml(data: bytes) -> None:
    """A patient as TOML, assessed where it is one."""
    assess(PatientFacts.from_toml(data))


def assessment_json(data: bytes) -> None:
    """An assessment that somebody sends back."""
    answer = Assessment.from_json(data)
    assert Assessment.from_json(answer.to_json()).to_dict() == answer.to_dict()


def rule_file(data: bytes) -> None:
    """A rule file of a stranger beside two that are sound; fired where it is one."""
    rules = RuleBase.from_texts({**RULES, "cause.toml": data.decode("utf-8", "replace")})
    answer = assess(rules=rules, engine="compiled")
    answer.explain()
    answer.unknowns  # noqa: B018 - to look is what it is about


def condition(data: bytes) -> None:
    """The condition of one rule."""
    text = RULE.format(data.decode("utf-8", "replace"))
    rules = RuleBase.from_texts({**RULES, "cause.toml": RULES["cause.toml"] + text})
    answer = assess({"injury": True, "sites": ["calf"]}, rules=rules, engine="compiled")
    answer.explain()
    answer.unknowns  # noqa: B018 - to look is what it is about


READERS: Mapping[str, Callable[[bytes], None]] = {
    one.__name__: one for one in (facts_json, facts_toml, assessment_json, rule_file, condition)
}


def seeds(reader: str) -> Iterator[str]:
    """Inputs that a reader takes, from the shipped rules."""
    shipped = RuleBase.load()
    examples = [PatientFacts.from_mapping(one.facts) for one in shipped.examples[::9]]
    whens = [
        match[1].strip("'\"")
        for rule in sorted(Path(__file__).parents[1].glob("rules/**/*.toml"))
        for match in re.finditer(r"^(?:when|unless) = (.*)$", rule.read_text("utf-8"), re.MULTILINE)
    ]
    match reader:
        case "facts_json":
            yield from (json.dumps(one.to_dict()) for one in examples)
        case "facts_toml":
            for one in examples:
                lines = (f"{name} = {json.dumps(value)}" for name, value in one.to_dict().items())
                yield "\n".join(lines)
        case "assessment_json":
            yield from (assess(one).to_json() for one in examples[:20])
        case "rule_file":
            yield from (RULES["cause.toml"] + RULE.format(when) for when in whens[::9])
        case _:
            yield from whens[::3]


def words() -> Iterator[str]:
    """What there is to say: names of facts and members, words of conditions, keys of tables."""
    yield from FACTS
    yield from sorted({member for fact in FACTS.values() for member in fact.members})
    yield from ("and", "or", "not in", "known(", "suspected(", "<=", "1e999", "NaN", "'''", "[[")
    yield from re.findall(r"\w+(?= = )|\[\[\w+\]\]", RULES["sources.toml"] + RULE)


def held(reader: Callable[[bytes], None]) -> Callable[[bytes], None]:
    """A reader that may refuse."""

    def run(data: bytes) -> None:
        try:
            reader(data)
        except CrampsRulesError as refused:
            str(refused)

    return run


def fuzz_one(name: str, seconds: int, folder: Path) -> None:
    """Fuzz one reader in this process; libFuzzer ends it."""
    atheris.Setup(
        [
            sys.argv[0],
            f"-max_total_time={seconds}",
            f"-timeout={MOST_SECONDS_AN_INPUT}",
            f"-rss_limit_mb={MOST_MEGABYTES}",
            f"-dict={folder / 'words'}",
            f"-artifact_prefix={folder}/",
            "-max_len=65536",
            "-print_final_stats=1",
            str(folder / name),
        ],
        held(READERS[name]),
    )
    atheris.Fuzz()


def prepared(name: str, folder: Path) -> None:
    """The seeds and words for libFuzzer, in a folder."""
    (folder / name).mkdir()
    for number, seed in enumerate(seeds(name)):
        (folder / name / str(number)).write_text(seed, encoding="utf-8")
    quoted = {word.replace("\\", "\\\\").replace('"', '\\"') for word in words()}
    lines = "".join(f'"{word}"\n' for word in sorted(quoted))
    (folder / "words").write_text(lines, encoding="utf-8")


def fuzz(name: str, seconds: int) -> bool:
    """Fuzz one reader in a process of its own; whether it held."""
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        prepared(name, folder)
        command = [sys.executable, __file__, "--one", name, str(seconds), temporary]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        inputs = re.search(r"number_of_executed_units: (\d+)", done.stderr)
        reached = re.findall(r"cov: (\d+) ft: (\d+)", done.stderr)
        count = int(inputs[1]) if inputs else 0
        places, features = reached[-1] if reached else ("0", "0")
        good = done.returncode == 0 and count > 0
        print(f"{name}: {count:,} inputs in {seconds} s, {places} places reached in "
              f"{features} ways: {'held' if good else 'FAILED'}", flush=True)  # fmt: skip
        if not good:
            print(done.stdout[-4000:], done.stderr[-4000:], sep="\n")
            for input_ in sorted(folder.glob("*-*")):
                print(f"input ({input_.name}): {input_.read_bytes()!r}")
    return good


def main() -> int:
    """Share out the time and fuzz one reader after the other."""
    if sys.argv[1:2] == ["--one"]:
        fuzz_one(sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("readers", nargs="*", metavar="READER", default=list(READERS))
    parser.add_argument("--minutes", type=float, default=10)
    arguments = parser.parse_args()
    if unknown := set(arguments.readers) - READERS.keys():
        parser.error(f"no reader {', '.join(sorted(unknown))}; there are {', '.join(READERS)}")
    seconds = max(1, round(60 * arguments.minutes / len(arguments.readers)))
    failed = [name for name in arguments.readers if not fuzz(name, seconds)]
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
