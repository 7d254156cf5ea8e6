"""The answer as data: out to JSON and back, and what is refused on the way back."""

from __future__ import annotations

import contextlib
import copy
import json
import pickle
import re
from collections.abc import Iterator
from typing import Any

import pytest
from attrs import evolve, fields
from attrs.exceptions import FrozenInstanceError
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import Assessment, CrampsRulesError, RuleBase, Triage, assess
from crampsrules.strategies.junk import junk
from tests.drawing import fewer, patients
from tests.satisfying import near_examples
from tests.written_rules import evidence, rules_of

RULES = RuleBase.load()

everyone = patients() | near_examples(RULES)

OTHER_RULES = rules_of(evidence("rain.wet", "rain", "fever", weight="large"), causes=["rain"])


# --- Out and back -------------------------------------------------------------------------------


@fewer(4)
@given(everyone)
def test_an_assessment_comes_back_from_its_data(patient):
    """To the last field, as a dictionary and as JSON text."""
    assessment = assess(patient, engine="compiled")

    data = assessment.to_dict(unknowns=False)
    assert Assessment.from_dict(data) == assessment
    assert Assessment.from_dict(json.loads(json.dumps(data))) == assessment
    text = assessment.to_json(unknowns=False)
    assert Assessment.from_json(text) == assessment
    assert Assessment.from_json(text.encode()) == assessment


@fewer(10)
@given(everyone)
def test_what_would_help_to_know_comes_back_too(patient):
    """Without working it out anew."""
    assessment = assess(patient, engine="compiled")
    data = assessment.to_dict()
    back = Assessment.from_json(assessment.to_json())

    assert back == assessment
    assert back._unknowns == assessment.unknowns
    assert [one["fact"] for one in data["unknowns"]] == [one.fact for one in assessment.unknowns]


@fewer(4)
@given(everyone)
def test_what_comes_back_reads_the_same(patient):
    """The leaflet, the explanation and the hash are those of the first."""
    assessment = assess(patient, engine="compiled")
    back = Assessment.from_dict(assessment.to_dict(unknowns=False))

    assert str(back) == str(assessment)
    assert str(back.explain()) == str(assessment.explain())
    assert hash(back) == hash(assessment)


@fewer(4)
@given(everyone)
def test_its_data_is_plain(patient):
    """What any JSON reader takes: no inner objects, levels by name, both kinds of wording."""
    data = assess(patient, engine="compiled").to_dict(unknowns=False)

    assert {type(value) for value in leaves(data)} <= {str, int, float, bool, type(None)}
    assert data["triage"] in {level.id for level in Triage}
    assert {"patient", "clinician"} <= set(data["triage_wording"])
    for kind in ("escalations", "causes", "advice"):
        assert all("clinician" in one for one in data[kind])
    assert not {key for key in data if key.startswith("_")}


def leaves(data: Any) -> Iterator[Any]:
    """Everything in nested data that holds nothing further."""
    match data:
        case dict():
            for value in data.values():
                yield from leaves(value)
        case list() | tuple():
            for value in data:
                yield from leaves(value)
        case _:
            yield data


def test_json_may_be_indented():
    """For people to read."""
    text = assess(fever=True).to_json(indent=2, unknowns=False)

    assert text.startswith('{\n  "triage"')


def pickled(assessment: Assessment) -> Assessment:
    """What another process would receive."""
    received: Assessment = pickle.loads(pickle.dumps(assessment))  # noqa: S301 - our own
    return received


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
def test_an_assessment_can_be_copied_and_pickled(copied):
    """With the rules that made it."""
    assessment = assess(fever=True, medications=["statin"])

    assert copied(assessment) == assessment
    assert copied(assessment).rules == assessment.rules


PARTS = [one.name for one in fields(Assessment)]


@fewer(4)
@given(near_examples(RULES), st.permutations(PARTS))
def test_parts_may_be_looked_at_in_any_order(patient, parts):
    """Each is put together when it is first looked at, and stays what it was."""
    expected, looked_at = assess(patient, engine="compiled"), assess(patient, engine="compiled")
    for part in parts:
        assert getattr(looked_at, part) == getattr(expected, part)
        assert getattr(looked_at, part) is getattr(looked_at, part)


@pytest.mark.parametrize(
    "use", [copy.copy, copy.deepcopy, pickled, evolve, lambda one: Assessment(**vars_of(one))]
)
def test_an_assessment_that_nobody_looked_at_is_whole(use):
    """Copied, pickled, compared or shown as it is: nothing is missing."""
    facts = {"fever": True, "leg_swelling": "one", "medications": ["statin", "willow bark"]}
    untouched = use(assess(facts, engine="compiled"))
    seen = assess(facts, engine="compiled")
    for part in PARTS:
        assert getattr(seen, part) == getattr(untouched, part), part

    assert use(assess(facts, engine="compiled")) == seen
    assert hash(use(assess(facts, engine="compiled"))) == hash(seen)
    assert repr(use(assess(facts, engine="compiled"))) == repr(seen)


def vars_of(assessment: Assessment) -> dict[str, Any]:
    """What the constructor would take."""
    return {one.alias or one.name: getattr(assessment, one.name) for one in fields(Assessment)}


def test_there_is_no_part_of_another_name():
    """And the class itself has none."""
    with pytest.raises(AttributeError, match="diagnosis"):
        assess(fever=True).diagnosis  # type: ignore[attr-defined]  # noqa: B018
    with pytest.raises(AttributeError, match="causes"):
        Assessment.causes  # noqa: B018


def test_an_assessment_cannot_be_changed():
    """Nor can its parts: what was told stays told."""
    assessment = assess(fever=True)

    with pytest.raises(FrozenInstanceError):
        assessment.triage = Triage.SELF_CARE  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        assessment.advice[0].text = ""  # type: ignore[misc]
    with pytest.raises(FrozenInstanceError):
        assess(medications=["statin"]).causes[0].weight = 0  # type: ignore[misc]


# --- Data that is no assessment -----------------------------------------------------------------


def refused_or_read(data: Any) -> None:
    """Give back an assessment or raise this library's own error, and nothing else."""
    try:
        found = Assessment.from_dict(data)
    except CrampsRulesError as error:
        assert "no assessment" in str(error)  # noqa: PT017 - both outcomes are right
    else:
        assert isinstance(found, Assessment)
        assert str(found)
        with contextlib.suppress(CrampsRulesError):  # it names what its rules do not have
            assert str(found.explain())


@fewer(2)
@given(junk())
def test_junk_is_refused(data):
    """Whatever it is."""
    with pytest.raises(CrampsRulesError, match="this is no assessment"):
        Assessment.from_dict(data)


SOUND = assess(
    age_years=72, medications=["furosemide"], episodes_per_week=4, fever=True, leg_swelling="one"
).to_dict(unknowns=False)


def paths(data: Any, so_far: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to everything in nested data."""
    inner = (
        data.items()
        if isinstance(data, dict)
        else enumerate(data)
        if isinstance(data, list | tuple)
        else ()
    )
    for key, value in inner:
        yield (*so_far, key)
        yield from paths(value, (*so_far, key))


def spoilt(path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    """The sound data with one thing in it replaced."""
    data: dict[str, Any] = json.loads(json.dumps(SOUND))
    at: Any = data
    for key in path[:-1]:
        at = at[key]
    at[path[-1]] = value
    return data


@fewer(2)
@given(st.sampled_from(list(paths(SOUND))), junk())
def test_data_with_one_thing_wrong_is_refused_or_read(path, value):
    """Anything anywhere: no other exception, and what is read can be shown."""
    refused_or_read(spoilt(path, value))


@fewer(2)
@given(st.sampled_from(sorted(SOUND)))
def test_data_that_lacks_a_part_is_refused(key):
    """Every part is needed."""
    with pytest.raises(CrampsRulesError, match=key):
        Assessment.from_dict({name: value for name, value in SOUND.items() if name != key})


@pytest.mark.parametrize("text", ["", "{", "[" * 100_000, b"\xff", None, 5])
def test_what_is_no_json_is_refused(text):
    with pytest.raises(CrampsRulesError, match="this is no JSON"):
        Assessment.from_json(text)


@pytest.mark.parametrize(
    ("path", "value", "told"),
    [
        (("causes", 0, "mimic"), "false", "takes true or false, got 'false'"),
        (("causes", 0, "weight"), 7.9, "takes a whole number, got 7.9"),
        (("causes", 0, "title"), ["x"], "takes text, got ['x']"),
        (("fired",), "abc", "takes a list, got 'abc'"),
        (("escalations",), {}, "takes a list of tables, got {}"),
        (("escalations", 0), [], "takes an object, got []"),
    ],
)
def test_nothing_is_turned_into_what_it_should_be(path, value, told):
    """Neither guessed nor cut off."""
    with pytest.raises(CrampsRulesError, match=re.escape(told)):
        Assessment.from_dict(spoilt(path, value))


@pytest.mark.parametrize(
    ("path", "told"),
    [
        (("causes", 0, "id"), "no cause 'x'"),
        (("causes", 0, "because", 0, "id"), "no evidence 'x'"),
        (("escalations", 0, "id"), "no escalation 'x'"),
        (("advice", 0, "id"), "no advice 'x'"),
        (("withheld", 0, "id"), "no advice 'x'"),
        (("fired", 0), "no rule 'x'"),
    ],
)
def test_what_its_rules_do_not_have_is_told_where_they_are_needed(path, told):
    """With the rules at hand at once, else when they are asked for."""
    data = spoilt(path, "x")

    with pytest.raises(CrampsRulesError, match=f"this is no assessment: its rules have {told}"):
        Assessment.from_dict(data).explain()
    with pytest.raises(CrampsRulesError, match=told):
        Assessment.from_dict(data, rules=RuleBase.load())


@fewer(4)
@given(everyone, st.sampled_from(Triage))
def test_a_triage_that_its_escalations_do_not_raise_to_is_refused(patient, level):
    """Neither a lower one, as of somebody who has chest pain, nor a higher one."""
    data = assess(patient, engine="compiled").to_dict(unknowns=False)
    if level.id == data["triage"]:
        assert Assessment.from_dict(data).triage is level
        return
    found = data["triage"]
    told = f"its triage is {level.id}, and .* is {found}$"

    with pytest.raises(CrampsRulesError, match=f"this is no assessment: {told}"):
        Assessment.from_dict({**data, "triage": level.id})
    with pytest.raises(CrampsRulesError, match=told):
        Assessment.from_json(json.dumps({**data, "triage": level.id}))


@pytest.mark.parametrize(
    ("facts", "level", "told"),
    [
        ({"chest_pain": True}, "self_care", "the most urgent of its escalations is emergency"),
        ({}, "routine", "without escalations it is self_care"),
    ],
)
def test_which_triage_it_would_be_is_told(facts, level, told):
    """In the words of the data."""
    data = {**assess(facts).to_dict(unknowns=False), "triage": level}

    with pytest.raises(CrampsRulesError) as refused:
        Assessment.from_dict(data)

    assert str(refused.value) == f"this is no assessment: its triage is {level}, and {told}"


def test_data_with_a_part_too_many_is_refused():
    """It was written by something else."""
    with pytest.raises(CrampsRulesError, match="surprise"):
        Assessment.from_dict({**SOUND, "surprise": 1})


@pytest.mark.parametrize("private", ["_rules", "rules", "_unknowns"])
def test_no_rules_are_taken_from_data(private):
    """They would not be those of the version that stands beside them."""
    with pytest.raises(CrampsRulesError, match=private):
        Assessment.from_dict({**SOUND, private: {"_files": []}})


@fewer(2)
@given(st.text(max_size=50) | st.binary(max_size=50))
def test_text_that_is_no_assessment_is_refused(text):
    """JSON or not, text or bytes."""
    with pytest.raises(CrampsRulesError, match=r"this is no (JSON|assessment)"):
        Assessment.from_json(text)


@pytest.mark.parametrize("text", ["[" * 100_000, "null", "[]", "3", '"', "{}", '{"triage": 1e999}'])
def test_hostile_text_is_refused(text):
    """Too deep, too little, or of another kind."""
    with pytest.raises(CrampsRulesError, match=r"this is no (JSON|assessment)"):
        Assessment.from_json(text)


# --- Rules that are not at hand -----------------------------------------------------------------


def test_an_answer_of_other_rules_can_be_read_but_not_explained():
    """The rules are not part of the data, and others would explain another answer."""
    data = assess(fever=True, rules=OTHER_RULES, engine="compiled").to_dict()
    back = Assessment.from_dict(data)

    assert [one.id for one in back.causes] == ["rain"]
    assert f"- {OTHER_RULES.causes['rain'].title}." in str(back)
    assert back.unknowns == ()
    for asking in (lambda: back.rules, back.explain):
        with pytest.raises(CrampsRulesError, match="assess the facts again"):
            asking()


def test_an_answer_of_other_rules_is_explained_by_those_that_made_it():
    """Given to it; rules that did not make it are refused."""
    made = assess(fever=True, rules=OTHER_RULES, engine="compiled")
    text = made.to_json()

    back = Assessment.from_json(text, rules=OTHER_RULES)

    assert back == made
    assert str(back.explain()) == str(made.explain())
    with pytest.raises(CrampsRulesError, match="and these rules are"):
        Assessment.from_json(text, rules=RULES)


def test_what_a_value_may_be_is_told_when_data_is_refused():
    """Not the type that it would have become."""
    for key, value, told in (
        ("triage", "soonish", "'soonish' is no triage level; it is one of self_care, routine"),
        ("facts", {"fevr": True}, "fevr: is not a fact; did you mean 'fever'?"),
    ):
        with pytest.raises(CrampsRulesError) as refused:
            Assessment.from_dict({**SOUND, key: value})
        assert told in str(refused.value)


def test_an_answer_of_the_shipped_rules_finds_them_again():
    """They are recognised by their version."""
    assert Assessment.from_dict(SOUND).rules is RULES


# --- What it holds ------------------------------------------------------------------------------


@fewer(4)
@given(everyone)
def test_everything_in_it_can_be_traced(patient):
    """Every reason, cause, escalation and piece of advice cites a source that exists."""
    assessment = assess(patient, engine="compiled")
    cited: list[Any] = [
        *assessment.escalations,
        *assessment.advice,
        *(reason for one in assessment.causes for reason in (*one.because, *one.against)),
    ]

    assert all(one.sources for one in cited)
    assert {source for one in cited for source in one.sources} <= set(RULES.sources)
    assert set(assessment.fired) <= set(RULES.conditions)
    assert list(assessment.fired) == sorted(set(assessment.fired))


@fewer(10)
@given(everyone)
def test_what_is_unknown_is_asked_for(patient):
    """Only facts that are unknown, each once, with a question and a reason."""
    unknowns = assess(patient, engine="compiled").unknowns

    assert not {one.fact for one in unknowns} & set(patient.known())
    assert len({one.fact for one in unknowns}) == len(unknowns)
    assert all(one.question and one.why for one in unknowns)


def test_the_page_for_notebooks_is_html():
    """For a browser, or as part of a page that has its own head."""
    assessment = assess(fever=True)

    assert assessment.to_html().lstrip().lower().startswith("<!doctype html>")
    assert "<html" not in assessment._repr_html_()
