"""Reading rule files: whatever stands in them, a RuleError in words or a sound file, soon."""

import os
import shutil
import subprocess
import sys
import warnings

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crampsrules import RuleBase, RuleError, rulefiles
from crampsrules.documents import MAX_DOTS
from crampsrules.rulefiles import (
    MAX_DEPTH,
    MAX_FILE_BYTES,
    MAX_FILES,
    MAX_TOTAL_BYTES,
    RuleFile,
    read_folder,
    shipped_folder,
)
from tests.drawing import ROOT, fewer, mutated, rule_texts, shipped_texts


def refusal(texts: dict[str, str]) -> RuleError | None:
    """Why these files are refused, or None where they are a sound rule base."""
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        try:
            RuleBase.from_texts(texts)
        except RuleError as error:
            return error
        finally:
            assert warned == []
    return None


# --- Any text -----------------------------------------------------------------------------------


@given(st.text())
@example("\ufeffid = 'x'")
@example("\x00")
@example("a = 1e999")
@example("a = nan")
@example("a = 1979-05-27T07:32:00Z")
@example("[__proto__]\n[constructor.prototype]")
def test_any_text_is_a_rule_file_or_refused_in_words(text):
    """No text makes reading raise anything but a RuleError that names the file."""
    error = refusal({"strange.toml": text})

    for one in error.flat() if error else ():
        assert one.message
        assert one.file == "strange.toml"


@fewer(8)
@given(st.data())
def test_mutated_shipped_rules_are_sound_or_refused_in_words(data):
    """A slip anywhere in the shipped files gives a RuleError or a sound rule base."""
    texts = data.draw(mutated(shipped_texts()))
    error = refusal(texts)

    for one in error.flat() if error else ():
        assert one.file in texts
        assert one.line is None or 1 <= one.line <= texts[one.file].count("\n") + 1
        assert one.column is None or 0 <= one.column <= len(one.condition or "")


@fewer(3)
@given(st.data())
def test_mutated_drawn_rules_are_sound_or_refused_in_words(data):
    """So does a slip in any small rule base."""
    texts = data.draw(rule_texts().flatmap(mutated))
    error = refusal(texts)

    assert error is None or str(error)


@pytest.mark.parametrize(
    "nested",
    [
        lambda depth: "a = " + "[" * (depth - 1) + "1" + "]" * (depth - 1),
        lambda depth: "[" + ".".join("a" * (depth - 1)) + "]\na = 1",
        lambda depth: "a = " + "{b = " * (depth - 1) + "1" + "}" * (depth - 1),
    ],
)
def test_tables_and_lists_may_be_nested_so_deep(nested):
    """One within the other as deep as is allowed, and no deeper."""
    assert RuleFile.read("deep.toml", nested(MAX_DEPTH)).tables
    with pytest.raises(RuleError, match=f"is nested more than {MAX_DEPTH} deep"):
        RuleFile.read("deep.toml", nested(MAX_DEPTH + 1))


def test_a_line_of_too_many_dots_is_told_by_its_number():
    """Counted from 1; as many as are allowed are taken."""
    line = "." * MAX_DOTS
    with pytest.raises(RuleError) as refused:
        RuleFile.read("dots.toml", f"# {line}\n# {line}.\n")

    assert refused.value.line == 2


DEEP = "a." * (MAX_FILE_BYTES // 2 - 8)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (f"{DEEP}a = 1", f"has a line of more than {MAX_DOTS} dots"),
        (f"[{DEEP}a]", f"has a line of more than {MAX_DOTS} dots"),
        (f"x = {{ {DEEP}a = 1 }}"[:MAX_FILE_BYTES], f"has a line of more than {MAX_DOTS} dots"),
        (f"[{'a.' * MAX_DOTS}a]", f"is nested more than {MAX_DEPTH} deep"),
        ("a = " + "[" * (MAX_FILE_BYTES - 4), "is nested too deeply"),
        ("a = " + "{a=" * (MAX_FILE_BYTES // 3 - 4), "is nested too deeply"),
        ("a = " + "[" * 20 + "]" * 20, f"is nested more than {MAX_DEPTH} deep"),
        ("a = " + "9" * 10_000, "is not valid TOML"),
        ("a = 1" + "0" * 400 + ".0", "holds the number inf"),
        ("a = nan", "holds the number nan"),
        ("a = 0x" + "f" * 5000, "holds a whole number of 20000 bits, which no rule can use"),
        ("a = 1979-05-27", "holds 1979-05-27 (date), which no rule can use"),
        ('a = "\\u001b[31mred"', "holds the control character '\\x1b'"),
        ('"\\u0000" = 1', "holds the control character '\\x00'"),
        ("a = '\ud800'", "holds the control character"),
        ("a" * (MAX_FILE_BYTES + 1), f"is longer than {MAX_FILE_BYTES} characters"),
        ("a = ", "is not valid TOML"),
    ],
    ids=lambda text: text[:20],
)
def test_hostile_text_is_refused_before_it_takes_time(text, message):
    """Keys of endless dots, endless brackets and numbers beyond measure are not worked through."""
    with pytest.raises(RuleError) as refused:
        RuleFile.read("strange.toml", text)

    assert message in str(refused.value)
    assert str(refused.value).startswith("strange.toml")
    assert len(str(refused.value)) < 500


def test_a_file_may_begin_with_the_mark_that_some_editors_write():
    """It stands for no character."""
    assert RuleFile.read("new.toml", "\ufeff[leaflet]\n").tables == {"leaflet": {}}


def test_what_is_no_toml_is_told_with_its_line():
    """For editors to go there."""
    with pytest.raises(RuleError) as refused:
        RuleFile.read("new.toml", "a = 1\nb = \n")

    assert (refused.value.file, refused.value.line) == ("new.toml", 2)


@pytest.mark.parametrize("texts", [None, 3, ["a.toml"], {"a.toml": b"a = 1"}, {"a.toml": None}])
@pytest.mark.parametrize("read", [RuleBase.from_texts, RuleBase.load().extended_with])
def test_what_are_no_texts_are_refused_in_words(read, texts):
    """Bytes and lists among them."""
    with pytest.raises(RuleError, match="takes TOML"):
        read(texts)


def test_a_name_too_long_to_read_is_shown_in_short():
    """What is wrong is shown, not all of it."""
    source = 'id = "x"\ntitle = "X"\nprior = 0\nsource = "' + "n" * 200_000 + '"'

    with pytest.raises(RuleError) as refused:
        RuleBase.from_texts({"long.toml": source})
    assert len(str(refused.value)) < 300


# --- Folders ------------------------------------------------------------------------------------

SOURCE = '[[sources]]\nid = "book"\ntitle = "A book"\n'


def test_every_toml_file_below_a_folder_is_read_in_order(tmp_path):
    """Sub-folders count, other files and hidden ones do not."""
    for name in ("b.toml", "a/z.toml", "a/b/c.toml", ".hidden.toml", "_part.toml", "notes.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SOURCE)

    names = [file.name for file in read_folder(tmp_path, "mine")]

    assert names == ["mine/a/b/c.toml", "mine/a/z.toml", "mine/b.toml"]


def test_a_missing_folder_and_an_empty_one_are_refused(tmp_path):
    """A path that holds no rules is an error, never an empty rule base."""
    (tmp_path / "readme.md").write_text("nothing")

    with pytest.raises(RuleError, match="there is no folder of rules at"):
        RuleBase.load(tmp_path / "nowhere")
    with pytest.raises(RuleError, match="there is no folder of rules at"):
        RuleBase.load(tmp_path / "readme.md")
    with pytest.raises(RuleError, match=r"holds no \.toml file"):
        RuleBase.load(tmp_path)


@pytest.mark.parametrize(
    ("path", "told"),
    [
        ("a" * 5000, "cannot be read: File name too long"),
        (5, "takes the path of a folder of rules, got 5"),
        ("\0", "there is no folder of rules at"),
    ],
)
def test_what_is_no_path_of_a_folder_is_refused(path, told):
    with pytest.raises(RuleError, match=told):
        RuleBase.load(path)
    with pytest.raises(RuleError, match=told):
        RuleBase.load().extended(path)


def test_a_file_that_is_too_large_or_not_text_is_refused(tmp_path):
    """Size is bounded before anything is made of the content."""
    (tmp_path / "large.toml").write_bytes(b"#" * (MAX_FILE_BYTES + 1))
    with pytest.raises(RuleError, match=f"large.toml: is longer than {MAX_FILE_BYTES} bytes"):
        RuleBase.load(tmp_path)

    (tmp_path / "large.toml").write_bytes(b"# \xff")
    with pytest.raises(RuleError, match=r"large.toml: is not UTF-8 text \(byte 2\)"):
        RuleBase.load(tmp_path)


def test_too_many_files_and_too_deep_folders_are_refused(tmp_path):
    """How much a folder may hold is bounded too."""
    deep = tmp_path / "deep" / "/".join("d" * (MAX_DEPTH + 1))
    deep.mkdir(parents=True)
    with pytest.raises(RuleError, match=f"nested more than {MAX_DEPTH} deep"):
        RuleBase.load(tmp_path / "deep")

    many = tmp_path / "many"
    many.mkdir()
    for at in range(MAX_FILES + 1):
        (many / f"{at}.toml").touch()
    with pytest.raises(RuleError, match=f"holds more than {MAX_FILES} files"):
        RuleBase.load(many)


def test_the_files_of_a_folder_are_bounded_together(tmp_path):
    """Each may be as large as a file can be, but not so many of them."""
    fitting = MAX_TOTAL_BYTES // MAX_FILE_BYTES
    for at in range(fitting + 1):
        assert at < fitting or len(read_folder(tmp_path, "rules")) == fitting
        (tmp_path / f"{at}.toml").write_text("#" * MAX_FILE_BYTES)

    with pytest.raises(RuleError, match=f"or {MAX_TOTAL_BYTES} bytes"):
        read_folder(tmp_path, "rules")


def test_what_is_no_number_is_shown():
    """As it was written."""
    rule = '[[evidence]]\nid = "x.y"\nwhen = "fever"\nlr = "twice"\nsource = "b"\nbecause = "c"\n'

    error = refusal({"a.toml": rule})

    assert error is not None
    assert "takes a number, got 'twice'" in str(error)


def test_links_to_folders_are_not_followed(tmp_path):
    """Links that lead round in a circle would make a folder without end."""
    (tmp_path / "rules.toml").write_text(SOURCE)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)

    with pytest.raises(RuleError, match="mine/again: is a link to a folder"):
        read_folder(tmp_path, "mine")


def test_a_link_to_a_file_is_read_as_the_file(tmp_path):
    """Installers and clusters put files in place by links."""
    (tmp_path / "elsewhere").write_text(SOURCE)
    rules = tmp_path / "rules"
    rules.mkdir()
    (rules / "a.toml").symlink_to(tmp_path / "elsewhere")

    assert [file.text for file in read_folder(rules, "mine")] == [SOURCE]


def test_what_is_no_ordinary_file_is_refused(tmp_path):
    """Reading a pipe would wait for ever, and a broken link has nothing to read."""
    (tmp_path / "broken.toml").symlink_to(tmp_path / "nowhere")
    with pytest.raises(RuleError, match=r"broken.toml: is no ordinary file"):
        RuleBase.load(tmp_path)

    (tmp_path / "broken.toml").unlink()
    os.mkfifo(tmp_path / "pipe.toml")
    with pytest.raises(RuleError, match=r"pipe.toml: is no ordinary file"):
        RuleBase.load(tmp_path)


def test_an_installation_without_rules_says_so(tmp_path):
    """The error names both places where the shipped rules could have been."""
    package = tmp_path / "lib" / "src" / "crampsrules"
    shutil.copytree(ROOT / "src" / "crampsrules", package)
    ran = subprocess.run(
        [sys.executable, "-c", "import crampsrules; crampsrules.RuleBase.load()"],
        env={"PYTHONPATH": str(package.parent)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.returncode == 1
    assert "the installation is incomplete" in ran.stderr
    assert str(package / "rules") in ran.stderr
    assert str(tmp_path / "lib" / "rules") in ran.stderr


@pytest.mark.parametrize("left", ["pyproject.toml", "rules", None])
def test_rules_that_happen_to_lie_around_an_installation_are_not_the_shipped_ones(
    left, tmp_path, monkeypatch
):
    """A checkout has both a folder of rules and a project's file."""
    monkeypatch.setattr(rulefiles, "__file__", str(tmp_path / "src/crampsrules/rulefiles.py"))
    monkeypatch.setattr(rulefiles, "package_files", lambda _: tmp_path / "installed")
    (tmp_path / "rules").mkdir()
    (tmp_path / "rules" / "here.toml").write_text(SOURCE)
    (tmp_path / "pyproject.toml").touch()
    assert shipped_folder() == tmp_path / "rules"

    if left != "pyproject.toml":
        (tmp_path / "pyproject.toml").unlink()
    if left != "rules":
        shutil.rmtree(tmp_path / "rules")
    with pytest.raises(RuleError, match="the installation is incomplete"):
        shipped_folder()


# --- Places -------------------------------------------------------------------------------------

TWO_RULES = """\
# A comment that says id = "second"
[[findings]]
id = "first"
when = 'fever or "calf" in sites'

[[findings]]
id = 'second'
when = "fever"

[[findings]]
id = "escaped"
when = "\\"calf\\" in sites"
"""


@pytest.mark.parametrize(
    ("rule", "quoted", "start", "line"),
    [
        ("first", None, 1, 3),
        ("first", 'fever or "calf" in sites', 1, 4),
        ("second", None, 1, 7),
        ("second", "fever", 1, 8),
        ("escaped", '"calf" in sites', 1, 12),
        ("first", "not in the text", 1, 3),
        ("first", None, 4, None),
        ("third", None, 1, None),
    ],
)
def test_a_rule_is_found_again_in_its_file(rule, quoted, start, line):
    """The line of a rule, or of a condition quoted from it, counts from 1."""
    file = RuleFile.read("two.toml", TWO_RULES)

    assert file.line_of(rule, quoted, start=start) == line


def test_a_table_is_found_again_by_its_place():
    """What has no id is found by counting the tables of its kind."""
    file = RuleFile.read("two.toml", TWO_RULES)

    assert [file.line_of_table("findings", nth) for nth in range(4)] == [2, 6, 10, None]
