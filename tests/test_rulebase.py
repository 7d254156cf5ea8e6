"""A rule base as a value: its version, its parts, its equality, and the folders it comes from."""

import copy
import gc
import pickle
import random
import shutil
import subprocess
import sys
import weakref
from concurrent.futures import ThreadPoolExecutor

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.vendor.pretty import pretty

import crampsrules
from crampsrules import CrampsRulesError, Interview, RuleBase, RuleError, assess, rulebase
from crampsrules.examples import untested_rules
from crampsrules.testing import App
from tests.drawing import ROOT, RULES, fewer, rule_texts, shipped_texts

PACK = """\
[[sources]]
id = "our-clinic"
title = "What our clinic sees"

[[medicines]]
name = "newicillin"
classes = ["loop_diuretic"]

[[findings]]
id = "ours.long-drive"
concludes = "long_drive"
when = "travel_hours > 6"
source = "our-clinic"

[[evidence]]
id = "ours.drive"
cause = "prolonged_posture"
when = "long_drive"
weight = "moderate"
because = "drove for more than six hours"
source = "our-clinic"
"""


def version(texts: dict[str, str]) -> str:
    return RuleBase.from_texts(texts).version


# --- The version --------------------------------------------------------------------------------


@fewer(4)
@given(texts=rule_texts(), data=st.data())
def test_the_version_does_not_depend_on_the_order_or_names_of_files(texts, data):
    """The same tables in files of other names, read in another order, are the same rules."""
    order = data.draw(st.permutations(sorted(texts)))
    renamed = {f"{at}.toml": texts[name] for at, name in enumerate(order)}

    assert version(renamed) == version(texts)


def tables(text: str) -> list[str]:
    """A rule file cut before each table that stands at its top."""
    parts = [""]
    for line in text.split("\n"):
        starts = line.startswith("[[") and "." not in line
        if starts or (line.startswith("[") and not line.startswith("[[")):
            parts.append("")
        parts[-1] += line + "\n"
    return parts


@fewer(4)
@given(texts=rule_texts(), chance=st.randoms(use_true_random=False))
def test_the_version_does_not_depend_on_how_tables_share_files(texts, chance):
    """Rules may be moved from file to file; evidence that leaves its cause's file names it."""
    shared = [table for table in tables(texts["shared.toml"]) if table.strip()]
    chance.shuffle(shared)
    moved = {name: text for name, text in texts.items() if name != "shared.toml"}
    moved |= {f"part-{at}.toml": table for at, table in enumerate(shared)}

    assert version(moved) == version(texts)


def test_wording_may_be_split_over_files():
    """The scales are part of the version wherever each of them stands."""
    texts = dict(shipped_texts())
    parts = tables(texts.pop("wording.toml"))
    groups = [parts[:2], [one for one in parts[2:] if "likelihoods" in one]]
    groups.append([one for one in parts[2:] if "likelihoods" not in one])
    texts |= {f"wording-{at}.toml": "".join(group) for at, group in enumerate(groups)}

    assert len(groups[1]) > 1
    assert version(texts) == RuleBase.load().version


@pytest.mark.parametrize(
    ("file", "old", "new"),
    [
        ("wording.toml", "About your leg cramps", "About leg cramps"),
        ("wording.toml", "moderate = 7", "moderate = 6"),
        ("wording.toml", "at_least = 7", "at_least = 8"),
        ("findings.toml", "episodes_per_week >= 3", "episodes_per_week > 3"),
        ("findings.toml", "cramps come three or more times", "cramps come 3 or more times"),
        ("sources.toml", 'authority = "WebMD"', 'authority = "Web MD"'),
        ("causes/cold.toml", 'seriousness = "ordinary"', 'seriousness = "serious"'),
        ("causes/cold.toml", 'title = "', 'title = "The '),
        ("advice.toml", "Stop drinking plain water", "Drink no more plain water"),
        ("medications.toml", '"tolvaptan"', '"tolvaptane"'),
        ("laws.toml", 'says = "', 'says = "Always: '),
    ],
)
def test_the_version_changes_with_any_text_or_number(file, old, new):
    """An answer can be reproduced only by the very same rules, words included."""
    texts = dict(shipped_texts())
    assert old in texts[file]
    texts[file] = texts[file].replace(old, new, 1)

    assert version(texts) != RuleBase.load().version


def test_comments_and_layout_are_no_part_of_the_version():
    """What a comment says changes no answer."""
    texts = {
        name: "# A remark\n" + text.replace("\n\n", "\n\n\n")
        for name, text in shipped_texts().items()
    }

    assert version(texts) == RuleBase.load().version


def other_pythons() -> list[str]:
    return [
        str(python)
        for python in sorted(ROOT.glob(".venv*/bin/python"))
        if python.absolute() != ROOT / ".venv" / "bin" / "python"
    ]


def test_the_version_is_the_same_on_every_python():
    """An answer can be checked on another machine, whatever Python it has."""
    code = "import sys, crampsrules as c; print(sys.version_info[:2], c.RuleBase.load().version)"
    versions = {}
    for python in (sys.executable, *other_pythons()):
        ran = subprocess.run([python, "-c", code], capture_output=True, text=True, check=False)
        if ran.returncode:
            print(f"{python} was left out: {ran.stderr.strip().splitlines()[-1]}")  # noqa: T201
            continue
        minor, _, found = ran.stdout.strip().rpartition(" ")
        versions[minor] = found
    if len(versions) == 1:
        print(f"compared with no other Python than {', '.join(versions)}")  # noqa: T201

    assert len(set(versions.values())) == 1


# --- A rule base as a value ---------------------------------------------------------------------


def test_rule_bases_with_the_same_rules_are_equal():
    """Equality and hash go by the version; nothing else is equal to a rule base."""
    shipped = RuleBase.load()
    again = RuleBase.from_texts(shipped_texts())
    other = shipped.extended_with({"pack.toml": PACK})

    assert again is not shipped
    assert again == shipped
    assert hash(again) == hash(shipped)
    assert other != shipped
    assert shipped != shipped.version
    assert len({shipped, again, other}) == 2


def test_nothing_in_a_rule_base_can_be_changed():
    """Rules are shared between threads, so no attribute and no mapping of them takes a change."""
    rules = RuleBase.load()

    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        rules.version = "x"  # type: ignore[misc]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        rules.causes["cold"].prior = 0  # type: ignore[misc]
    for name in ("sources", "causes", "evidence", "law_conditions", "rules", "conditions",
                 "decibans", "suspecting", "concluding"):  # fmt: skip
        mapping = getattr(rules, name)
        with pytest.raises(TypeError):
            mapping["x"] = None
    for name in ("findings", "escalations", "advice", "laws", "examples", "questions", "levels"):
        assert isinstance(getattr(rules, name), tuple)


def test_a_rule_base_survives_pickling():
    """Workers in other processes get the same rules and give the same answer."""
    rules = RuleBase.load().extended_with({"pack.toml": PACK})
    received = pickle.loads(pickle.dumps(rules))  # noqa: S301 - our own

    assert received == rules
    assert assess(travel_hours=8, rules=received).fired == assess(travel_hours=8, rules=rules).fired


def test_shipped_rules_are_pickled_as_their_version(monkeypatch):
    """Each assessment carries its rules, and a thousand of them would carry as many megabytes."""
    shipped = RuleBase.load()
    sent = pickle.dumps(shipped)

    assert len(sent) < 1000
    assert pickle.loads(sent) is shipped  # noqa: S301 - our own
    monkeypatch.setattr(rulebase, "_shipped", lambda: shipped.extended_with({"pack.toml": PACK}))
    with pytest.raises(CrampsRulesError, match=r"pickled with the shipped rules .* to_json\(\)"):
        pickle.loads(sent)  # noqa: S301 - our own


def test_other_rules_are_made_once_for_all_that_are_read():
    """From as many pickles; and a copy in this process is the rule base itself."""
    rules = RuleBase.load().extended_with({"pack.toml": PACK})
    sent = pickle.dumps(rules)

    assert pickle.loads(sent) is pickle.loads(sent)  # noqa: S301 - our own
    assert copy.copy(rules) is copy.deepcopy(rules) is rules


@fewer(4)
@given(rule_texts())
def test_any_rule_base_survives_pickling(texts):
    """So does every small one, with the order of its levels and its conditions."""
    rules = RuleBase.from_texts(texts)
    received = pickle.loads(pickle.dumps(rules))  # noqa: S301 - our own

    assert (received.version, received.levels, dict(received.conditions)) == (
        rules.version,
        rules.levels,
        dict(rules.conditions),
    )


def test_loading_in_many_threads_gives_one_rule_base():
    """The shipped rules are loaded once; a folder gives equal ones in every thread."""
    folder = ROOT / "benchmarks" / "rules"
    with ThreadPoolExecutor(8) as pool:
        shipped = list(pool.map(lambda _: RuleBase.load(), range(8)))
        folders = list(pool.map(lambda _: RuleBase.load(folder), range(8)))

    assert {*shipped} == {RuleBase.load()}
    assert {*folders} == {RuleBase.load(folder)}
    assert {id(one) for one in shipped} == {id(RuleBase.load())}


def test_a_rule_base_that_nobody_holds_is_let_go():
    """Loading again and again, as a server that reloads its rules does, keeps nothing."""
    rules = RuleBase.load().extended_with({"pack.toml": PACK})
    assess(travel_hours=8, rules=rules)
    held = weakref.ref(rules)
    del rules
    gc.collect()

    assert held() is None


def test_a_rule_base_shows_what_it_is():
    """The repr is short enough for a log line."""
    rules = RuleBase.load()
    shown = f"<RuleBase {rules.version[:12]}: {len(rules.rules)} rules, {len(rules.causes)} causes>"

    assert repr(rules) == shown


@pytest.mark.parametrize(
    "holder",
    [RuleBase.load(), Interview(), App(call=assess), assess(fever=True, engine="compiled")],
    ids=lambda one: type(one).__name__,
)
def test_no_report_of_hypothesis_shows_the_rules(holder):
    """It takes the classes of attrs apart, and a report would have three megabytes of rules."""
    assert len(pretty(holder)) < 12_000


def test_no_texts_at_all_are_no_rules():
    """Everyone would look after themselves: a query that gave nothing is enough."""
    with pytest.raises(RuleError, match="rules: takes TOML texts by file name, and got none"):
        RuleBase.from_texts({})
    assert RuleBase.load().extended_with({}) == RuleBase.load()


# --- Folders and packs --------------------------------------------------------------------------


@pytest.fixture
def pack(tmp_path):
    """A folder with one small rule pack in it."""
    folder = tmp_path / "ours"
    folder.mkdir()
    (folder / "pack.toml").write_text(PACK)
    return folder


def test_a_folder_of_rules_is_loaded_as_the_shipped_one_is(tmp_path):
    """A copy of the shipped folder anywhere is the same rule base."""
    shutil.copytree(RULES, tmp_path / "copy")

    assert RuleBase.load(tmp_path / "copy") == RuleBase.load()
    assert RuleBase.load(str(tmp_path / "copy")) == RuleBase.load()


def test_a_folder_without_wording_uses_the_shipped_wording(tmp_path):
    """Who writes a rule base of their own need not write the stock sentences."""
    (tmp_path / "one.toml").write_text('[[sources]]\nid = "s"\ntitle = "S"\n')

    assert RuleBase.load(tmp_path).wording == RuleBase.load().wording


def test_a_pack_adds_to_the_shipped_rules(pack):
    """Evidence for a shipped cause, a finding of its own and a new medicine, checked together."""
    shipped = RuleBase.load()
    rules = shipped.extended(pack)
    before = assess(travel_hours=8, medications=["newicillin"])
    after = assess(travel_hours=8, medications=["newicillin"], rules=rules)

    assert rules == shipped.extended_with({"pack.toml": PACK})
    assert rules.file_of("ours.drive") == ("ours/pack.toml", 16)
    assert before.unrecognised == ("newicillin",)
    assert after.unrecognised == ()
    assert {"prolonged_posture", "medications"} <= {one.id for one in after.causes}
    assert "prolonged_posture" not in {one.id for one in before.causes}


def test_a_pack_may_not_say_again_what_the_shipped_rules_say(pack):
    """A rule that should replace a shipped one is refused, with the place of both."""
    (pack / "pack.toml").write_text(PACK.replace("ours.drive", "cold.exposure"))
    (pack / "cold.toml").write_text(shipped_texts()["causes/cold.toml"])

    with pytest.raises(RuleError) as refused:
        RuleBase.load().extended(pack)
    assert "cause 'cold' stands twice; first in rules/causes/cold.toml" in str(refused.value)
    assert {one.file for one in refused.value.flat()} == {"ours/cold.toml"} | (
        {"ours/pack.toml"} if "cold.exposure" in RuleBase.load().rules else set()
    )


def test_a_pack_is_not_sound_alone(pack):
    """What it adds to is missing, and the error says so."""
    with pytest.raises(RuleError, match="'prolonged_posture' is no cause"):
        RuleBase.load(pack)


def test_extending_leaves_the_rule_base_as_it_was(pack):
    """Rule bases are values: extending makes a new one."""
    before = RuleBase.load()
    rules, version_before = set(before.rules), before.version
    before.extended(pack)

    assert (set(before.rules), before.version) == (rules, version_before)
    assert crampsrules.RuleBase.load() is before


def test_packs_add_up_in_any_order():
    """Two packs give the same rule base whichever comes first."""
    other = '[[medicines]]\nname = "othermycin"\nclasses = ["ppi"]\n'
    shipped = RuleBase.load()
    one = shipped.extended_with({"a.toml": PACK}).extended_with({"b.toml": other})
    two = shipped.extended_with({"b.toml": other}).extended_with({"a.toml": PACK})

    assert one == two


def test_every_shipped_rule_is_found_in_its_file():
    """`file_of` gives the file and the line where the id stands."""
    rules = RuleBase.load()
    for id_ in random.Random(0).sample(sorted(rules.rules), 40):  # noqa: S311 - no secret
        found = rules.file_of(id_)
        assert found is not None
        name, line = found
        assert line is not None
        text = shipped_texts()[name.removeprefix("rules/")]
        assert text.split("\n")[line - 1] == f'id = "{id_}"'
    assert rules.file_of("no such rule") is None


def test_of_what_has_one_id_the_rule_is_found_in_its_file():
    """Ids are unique among rules, among classes of medicines, and so on."""
    texts = {"a.toml": '[[classes]]\nid = "ours.drive"\ntitle = "Ours"\n', "z.toml": PACK}
    rules = RuleBase.load().extended_with(texts)

    assert rules.file_of("ours.drive") == ("z.toml", 16)
    assert not [one for one in untested_rules(rules) if one.file == "a.toml"]
