"""What others may rely on: the names, their documentation, and what an import costs."""

from __future__ import annotations

import inspect

import pytest

import crampsrules
from tests.processes import run_python

PUBLIC = [
    "Assessment",
    "CrampsRulesError",
    "EngineError",
    "FactsError",
    "Interview",
    "MissingExtraError",
    "PatientFacts",
    "RuleBase",
    "RuleError",
    "Triage",
    "adjusted_calcium",
    "assess",
    "assess_frame",
    "assess_many",
    "graph",
    "next_questions",
    "what_would_change",
]


def test_the_public_names_are_these():
    """A name that comes or goes is a decision, not an accident."""
    assert crampsrules.__all__ == PUBLIC


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_name_is_there_and_documented(name):
    """What `help()` shows begins with a sentence."""
    documented = inspect.getdoc(getattr(crampsrules, name))

    assert documented
    assert documented.splitlines()[0].rstrip().endswith((".", ":"))


@pytest.mark.parametrize("name", PUBLIC)
def test_every_public_method_is_documented(name):
    """Of each public class, all that does not begin with an underscore."""
    public = getattr(crampsrules, name)
    own = vars(public) if inspect.isclass(public) else {}
    methods = {
        key: value
        for key, value in own.items()
        if not key.startswith("_")
        and (inspect.isfunction(value) or isinstance(value, property | classmethod | staticmethod))
    }

    assert [key for key, value in methods.items() if not inspect.getdoc(value)] == []


def test_the_names_show_up_where_people_look():
    """In `dir()`, and with `import *`."""
    assert set(PUBLIC) <= set(dir(crampsrules))
    namespace: dict[str, object] = {}
    exec("from crampsrules import *", namespace)  # noqa: S102
    assert set(PUBLIC) <= set(namespace)


def test_a_name_that_is_not_there_is_an_attribute_error():
    """As of any module."""
    with pytest.raises(AttributeError, match="has no attribute 'asess'"):
        _ = crampsrules.asess


def test_every_error_is_one_of_ours_and_one_of_pythons():
    """One base for all, and the builtin that a caller may already catch."""
    errors = [getattr(crampsrules, name) for name in PUBLIC if name.endswith("Error")]

    assert all(issubclass(error, crampsrules.CrampsRulesError) for error in errors)
    assert issubclass(crampsrules.FactsError, ValueError)
    assert issubclass(crampsrules.RuleError, ValueError)
    assert issubclass(crampsrules.MissingExtraError, ImportError)


def loaded_by(statement: str) -> set[str]:
    """The modules that a fresh Python has loaded after a statement."""
    program = f"import sys; {statement}; print(*sys.modules, sep='\\n')"
    return set(run_python(program).split())


OPTIONAL = (
    "hypothesis", "click", "rich", "z3", "durable", "durable_rules_engine", "flask",
    "narwhals", "numpy", "polars", "pyarrow",
)  # fmt: skip


@pytest.mark.parametrize(
    "statement",
    [
        "import crampsrules",
        "from crampsrules import assess, PatientFacts, Triage, FactsError",
        "import crampsrules; crampsrules.assess(fever=True, engine='compiled')",
        "import crampsrules; str(crampsrules.assess(fever=True, engine='compiled').explain())",
    ],
)
def test_nothing_optional_is_loaded(statement):
    """No extra, no other engine, no test library: not on import, and not on the first patient."""
    loaded = loaded_by(statement)
    found = {name for name in loaded if name.split(".")[0] in OPTIONAL}

    assert found == set()
    assert "crampsrules.cli" not in loaded
    assert "crampsrules.strategies" not in loaded


def test_what_reads_rules_is_loaded_with_the_first_patient():
    """`import crampsrules` itself reads no rule and needs no converter."""
    loaded = loaded_by("import crampsrules")

    assert "crampsrules.facts" in loaded
    assert not {"crampsrules.rulebase", "crampsrules.linking", "cattrs"} & loaded


def test_the_version_is_that_of_the_package():
    """Three numbers, as the metadata says."""
    from importlib.metadata import version

    assert crampsrules.__version__ == version("crampsrules")
