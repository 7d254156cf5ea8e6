"""The order of rules, and the bounds of what a rule may build on."""

import re

import pytest
from hypothesis import given

from crampsrules import RuleBase, assess
from crampsrules.conditions import Concluded, Suspected, atoms
from crampsrules.linking import MAX_CLASS_LEVELS
from crampsrules.ordering import (
    MAX_CONDITIONS,
    MAX_LEVELS,
    MAX_STEPS,
    MAX_STEPS_DEEP,
    MAX_THRESHOLDS,
)
from tests.drawing import fewer, rule_texts
from tests.faulty_rules import SOUND, finding, refused


def chain(length: int) -> str:
    """Findings that each build on the next."""
    rules = [
        finding(
            "fever" if at == 0 else f"step_{at - 1}", id=f'"step.{at}"', concludes=f'"step_{at}"'
        )
        for at in range(length)
    ]
    return "".join(rules)


def test_chains_are_bounded():
    """A chain as long as is allowed is loaded, and one step more is refused."""
    assert len(RuleBase.from_texts({"a.toml": SOUND, "b.toml": chain(MAX_LEVELS)}).levels) == (
        MAX_LEVELS
    )
    error = refused({"a.toml": SOUND, "b.toml": chain(MAX_LEVELS + 1)})
    assert f"chains more than {MAX_LEVELS} findings ('step_{MAX_LEVELS}')" in error.message


def doubled(length: int) -> str:
    """Findings that each build on both of those before them."""
    rules = []
    for at in range(length):
        when = "fever" if at == 0 else f"left_{at - 1} and right_{at - 1}"
        for side in ("left", "right"):
            more = {"id": f'"{side}.{at}"', "concludes": f'"{side}_{at}"'}
            rules.append(finding(when, **more))
    return "".join(rules)


def nested(length: int, depth: int) -> str:
    """Findings that each build on the next, deep within their conditions."""
    rules = []
    for at in range(length):
        inner = "fever" if at == 0 else f"step_{at - 1}"
        for level in range(depth):
            inner = f"({inner} {'and' if level % 2 else 'or'} thirst)"
        rules.append(finding(inner, id=f'"step.{at}"', concludes=f'"step_{at}"'))
    return "".join(rules)


@pytest.mark.parametrize(
    ("rules", "told"),
    [
        (doubled(20), f"builds on more than {MAX_STEPS} conditions and facts"),
        (doubled(45), f"builds on more than {MAX_STEPS} conditions and facts"),
        (nested(12, 10), f"builds on what is more than {MAX_STEPS_DEEP} steps deep"),
    ],
)
def test_what_a_rule_builds_on_is_bounded(rules, told):
    """Written out: few rules can come to more than anyone could be shown."""
    error = refused({"a.toml": SOUND, "b.toml": rules})

    assert {one.message for one in error.flat()} == {told}
    assert error.file == "b.toml"


@pytest.mark.parametrize("rules", [doubled(9), nested(9, 10), chain(MAX_LEVELS - 1)])
def test_what_is_within_the_bounds_is_explained_and_asked_about(rules):
    """As far down as it goes."""
    last = re.findall(r'concludes = "(\w+)"', rules)[-1]
    causes = 'id = "deep"\ntitle = "D"\nprior = 0\nsource = "book"\n'
    causes += f'[[evidence]]\nid = "e"\nwhen = "{last}"\n'
    causes += 'weight = "large"\nbecause = "b"\nsource = "book"\n'
    found = assess(
        rules=RuleBase.from_texts({"a.toml": SOUND, "b.toml": rules, "c.toml": causes}),
        fever=True,
        thirst=True,
        engine="compiled",
    )

    assert "fever" in found.explain("deep").facts
    assert isinstance(found.unknowns, tuple)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        (
            "".join(
                finding(f"age_years > {at / 2}", id=f'"r.{at}"') for at in range(MAX_THRESHOLDS + 1)
            ),
            f"compare age_years with {MAX_THRESHOLDS + 1} numbers; at most {MAX_THRESHOLDS} are",
        ),
        (
            "".join(
                f'[[classes]]\nid = "c{at}"\ntitle = "C"\nwithin = ["c{at + 1}"]\n'
                for at in range(25)
            )
            + '[[classes]]\nid = "c25"\ntitle = "C"\n',
            f"lies more than {MAX_CLASS_LEVELS} classes deep",
        ),
        (
            f'[[classes]]\nid = "c"\ntitle = "C"\nnames = ["{"x" * 101}"]\n',
            "takes names of at most 100 characters",
        ),
        (
            f'[[medicines]]\nname = "{"x" * 101}"\nclasses = "diuretic"\n',
            "takes names of at most 100 characters",
        ),
    ],
)
def test_what_would_take_too_long_for_each_patient_is_refused(text, told):
    """Thresholds of one fact, classes within classes, and names."""
    error = refused({"a.toml": SOUND, "b.toml": text})

    assert told in error.message
    assert len(error.flat()) == 1


def test_what_can_fire_is_bounded_too():
    """Of one table any number of entries can come."""
    entries = "".join(
        f'[[advice.cautions]]\nid = "c{at}"\ntext = "t"\nsource = "book"\n'
        for at in range(MAX_CONDITIONS // 16 + 1)
    )
    advice = (
        '[[advice]]\nid = "a{at}"\nkind = "prevention"\ntitle = "T"\ntext = "t"\nsource = "book"\n'
    )
    texts = {f"{at}.toml": advice.replace("{at}", str(at)) + entries for at in range(16)}

    error = refused({"sound.toml": SOUND, **texts})

    assert f"conditions; at most {MAX_CONDITIONS} are allowed" in error.message


@fewer(4)
@given(rule_texts())
def test_every_rule_builds_only_on_levels_before_its_own(texts):
    """Firing level by level, a rule finds every finding and suspicion that it needs settled."""
    rules = RuleBase.from_texts(texts)
    ready: set[str] = set()
    for level in rules.levels:
        for id_ in level:
            assert needs(rules, id_) <= ready
        ready |= set(level)

    assert ready == set(rules.conditions)


def needs(rules: RuleBase, id_: str) -> set[str]:
    """The rules that could conclude what this one asks for."""
    needed: set[str] = set()
    for atom in atoms(rules.conditions[id_]):
        if isinstance(atom, Concluded):
            needed |= set(rules.concluding[atom.finding])
        elif isinstance(atom, Suspected):
            needed |= set(rules.suspecting[atom.cause])
    return needed
