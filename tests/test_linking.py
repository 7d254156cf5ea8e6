"""What is wrong with a rule base is found when it is loaded: all of it, each with its place."""

import re

import pytest
from attrs import field, frozen
from hypothesis import given
from hypothesis import strategies as st

from crampsrules import RuleBase, RuleError
from crampsrules.rulefiles import RuleFile
from crampsrules.tables import MAX_FAULTS, MAX_TABLES
from tests.drawing import shipped_texts
from tests.faulty_rules import SOUND, finding, refused
from tests.written_rules import Written, evidence, rules_of, urgent


@frozen
class Refusal:
    """A fault put into sound rules, and what the error says: the line is quoted by a part of it."""

    text: str
    message: str
    line: str | None = None
    rule: str | None = "new.rule"
    caret: str | None = None
    file: str = field(default="new.toml")


REFUSALS = {
    "unknown name": Refusal(
        finding("fever and weaknes"),
        "'weaknes' is neither a fact nor a finding; did you mean 'weakness'?",
        "when =",
        caret="weaknes",
    ),
    "unknown finding": Refusal(
        finding("fever and cold_triger"),
        "did you mean 'cold_trigger'?",
        "when =",
        caret="cold_triger",
    ),
    "number compared with text": Refusal(
        finding('age_years > "old"'), "is compared with a number only", "when =", caret='"old"'
    ),
    "choice compared with a number": Refusal(
        finding("fever or urine == 3"), '"quoted" member', "when =", caret="3"
    ),
    "flag compared": Refusal(
        finding("weakness == 1"), "is a yes-or-no fact", "when =", caret="weakness"
    ),
    "value out of bounds": Refusal(
        finding("potassium_mmol_l > 300"), "a number from 0.5 to 15", "when =", caret="300"
    ),
    "negated finding": Refusal(
        finding("fever and not cold_trigger"), "negates the finding", "when =", caret="cold_trigger"
    ),
    "suspicion of no cause": Refusal(
        finding("suspected(clod)"),
        "'clod' is not a cause; did you mean 'cold'?",
        "when =",
        caret="clod",
    ),
    "known in a when": Refusal(
        finding("fever and known(egfr)"), "in an `unless` only", "when =", caret="known"
    ),
    "code": Refusal(
        finding("fever or __import__(sites)"), "may only call", "when =", caret="__import__"
    ),
    "unknown class of medicines": Refusal(
        finding('"diuretics" in medications'),
        "'diuretics' is no class of medicines; did you mean 'diuretic'?",
        "when =",
        caret='"diuretics"',
    ),
    "no source": Refusal(
        finding("fever", source="[]"), "has no source: every rule names where it comes from", "id ="
    ),
    "source left out": Refusal(finding("fever", source=""), "lacks the key 'source'", "id ="),
    "unknown source": Refusal(
        finding("fever", source='"boook"'), "'boook' is no source; did you mean 'book'?", "id ="
    ),
    "unknown key": Refusal(
        finding("fever", statment='"S2"'),
        "has no key 'statment'; did you mean 'statement'?",
        "id =",
    ),
    "finding named like a fact": Refusal(
        finding("fever", concludes='"weakness"'), "has the name of a fact or cause", "id ="
    ),
    "finding named like a cause": Refusal(
        finding("fever", concludes='"cold"'), "has the name of a fact or cause", "id ="
    ),
    "finding that is no name": Refusal(
        finding("fever", concludes='"not so"'), "the finding 'not so' is no name", "id ="
    ),
    "id with a slash": Refusal(
        finding("fever", id='"new/rule"'), "is no id: letters", "id =", rule="new/rule"
    ),
    "no id": Refusal(
        finding("fever", id=""), "[[findings]]: lacks the key 'id'", "[[findings]]", rule=None
    ),
    "rule twice": Refusal(
        finding("fever", id='"cold.trigger"'),
        "rule 'cold.trigger' stands twice; first in sound.toml",
        "id =",
        rule="cold.trigger",
    ),
    "cause twice": Refusal(
        'id = "cold"\ntitle = "Cold again"\nprior = 0\n',
        "cause 'cold' stands twice; first in sound.toml",
        "id =",
        rule="cold",
    ),
    "source twice": Refusal(
        '[[sources]]\nid = "book"\ntitle = "Again"\n',
        "source 'book' stands twice",
        "id =",
        rule="book",
    ),
    "class twice": Refusal(
        '[[classes]]\nid = "diuretic"\ntitle = "Again"\n',
        "class of medicines 'diuretic' stands twice",
        "id =",
        rule="diuretic",
    ),
    "circle of one": Refusal(
        finding("fever or new_finding"),
        "goes round in a circle: new_finding -> new_finding",
        "id =",
    ),
    "circle through a cause": Refusal(
        finding("fever or suspected(new_cause)")
        + '[[evidence]]\nid = "e"\ncause = "new_cause"\nwhen = "new_finding"\nweight = "small"\n'
        'because = "b"\nsource = "book"\n',
        "goes round in a circle: ",
        None,
        file="",
    ),
    "circle of classes": Refusal(
        '[[classes]]\nid = "a"\ntitle = "A"\nwithin = "b"\n'
        '[[classes]]\nid = "b"\ntitle = "B"\nwithin = "a"\n',
        "goes round in a circle: a -> b -> a",
        "id =",
        rule="a",
    ),
    "unknown class above": Refusal(
        '[[classes]]\nid = "new"\ntitle = "New"\nwithin = "diuretics"\n',
        "'diuretics' is no class of medicines; did you mean 'diuretic'?",
        "id =",
        rule="new",
    ),
    "medicine of no class": Refusal(
        '[[medicines]]\nname = "newicillin"\nclasses = ["loop"]\n',
        "'loop' is no class of medicines; did you mean 'loop_diuretic'?",
        "[[medicines]]",
        rule=None,
    ),
    "evidence for no cause": Refusal(
        '[[evidence]]\nid = "e"\ncause = "clod"\nwhen = "fever"\nweight = "small"\n'
        'because = "b"\nsource = "book"\n',
        "'clod' is no cause; did you mean 'cold'?",
        "id =",
        rule="e",
    ),
    "evidence that names no cause": Refusal(
        '[[evidence]]\nid = "e"\nwhen = "fever"\nweight = "small"\nbecause = "b"\n'
        'source = "book"\n',
        "lacks the key 'cause'",
        "id =",
        rule="e",
    ),
    "weight that is no word": Refusal(
        '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nweight = "against-smal"\n'
        'because = "b"\nsource = "book"\n',
        "'against-smal' is no weight; did you mean 'against-small'?",
        "id =",
        rule="e",
    ),
    "weight and lr": Refusal(
        '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nweight = "small"\nlr = 2.0\n'
        'because = "b"\nsource = "book"\n',
        "either a weight in words or a published lr, not both or neither",
        "id =",
        rule="e",
    ),
    "neither weight nor lr": Refusal(
        '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nbecause = "b"\nsource = "book"\n',
        "not both or neither",
        "id =",
        rule="e",
    ),
    "lr of zero": Refusal(
        '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nlr = 0\nbecause = "b"\n'
        'source = "book"\n',
        "a likelihood ratio is above 0",
        "id =",
        rule="e",
    ),
    "cause without a source": Refusal(
        'id = "heat"\ntitle = "Heat"\nprior = 0\n',
        "has no source: every cause and rule names where it comes from",
        "id =",
        rule="heat",
    ),
    "cause called like a word": Refusal(
        'id = "known"\ntitle = "Known"\nprior = 0\nsource = "book"\n',
        "the cause 'known' has the name of a word of conditions",
        "id =",
        rule="known",
    ),
    "finding called like a word": Refusal(
        finding("fever", concludes='"and"'),
        "the finding 'and' has the name of a word of conditions",
        "id =",
    ),
    "law that keeps one thing apart": Refusal(
        '[[laws]]\nid = "l"\nsays = "S"\nwhen = "fever"\n'
        'not_together = "warmth"\nsource = "book"\n',
        "names one piece of advice in `not_together`, which takes two",
        "id =",
        rule="l",
    ),
    "example that expects nothing": Refusal(
        '[[examples]]\nsays = "Cold feet"\nfacts = {}\nexpect = {}\n',
        "example 'Cold feet' expects nothing",
        "[[examples]]",
        rule=None,
    ),
    "medicine that a class has": Refusal(
        '[[medicines]]\nname = "Furo-semide"\nclasses = "loop_diuretic"\n',
        "the medicine 'Furo-semide' is known already, from the class 'diuretic'",
        "[[medicines]]",
        rule=None,
    ),
    "medicine twice": Refusal(
        '[[medicines]]\nname = "Lasix"\nclasses = "diuretic"\n'
        '[[medicines]]\nname = "lasix"\nclasses = "loop_diuretic"\n',
        "the medicine 'lasix' is known already, from new.toml",
        "[[medicines]]",
        rule=None,
    ),
    "prior out of range": Refusal(
        'id = "heat"\ntitle = "Heat"\nprior = 1\nsource = "book"\n',
        "has prior 1; priors run from -10 to 0",
        "id =",
        rule="heat",
    ),
    "unknown seriousness": Refusal(
        'id = "heat"\ntitle = "Heat"\nprior = 0\nseriousness = "grave"\n',
        "grave",
        "id =",
        rule="heat",
    ),
    "cause that is no name": Refusal(
        'id = "too.hot"\ntitle = "Heat"\nprior = 0\n',
        "the cause 'too.hot' is no name",
        "id =",
        rule="too.hot",
    ),
    "emergency with an unless": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\nunless = "age_years > 3"\n'
        'triage = "emergency"\nreason = "R."\nsource = "book"\n',
        "is an emergency, so it may have no `unless`",
        "id =",
        rule="e",
    ),
    "unknown triage": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\ntriage = "now"\nreason = "R."\n'
        'source = "book"\n',
        "'now' is no triage level; it is one of self_care, routine",
        "id =",
        rule="e",
    ),
    "holding back what is no kind": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\ntriage = "soon"\nholds = "reliefs"\n'
        'reason = "R."\nsource = "book"\n',
        "'reliefs' is no kind of advice to hold back; `holds` takes \"all\", or a list of ot",
        "id =",
        rule="e",
    ),
    "unless of the unknown": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\nunless = "injury or not known(egfr)"\n'
        'triage = "soon"\nreason = "R."\nsource = "book"\n',
        "excuses those of whom nothing is known: `unless` takes what is known",
        "unless =",
        rule="e",
    ),
    "choice among none": Refusal(
        finding("fever and urine in ()"),
        "looks for 'urine' among none; there are pale, dark_yellow, scant, none, cola",
        "when =",
        caret="()",
    ),
    "slip in an unless": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\nunless = "known(egrf)"\ntriage = "soon"\n'
        'reason = "R."\nsource = "book"\n',
        "`unless` 'egrf' is neither a fact nor a finding; did you mean 'egfr'?",
        "unless =",
        rule="e",
        caret="egrf",
    ),
    "advice with no target": Refusal(
        '[[advice]]\nid = "a"\nkind = "action"\ntext = "Do."\nsource = "book"\n',
        "has no target: an action says `when`, whom it is for",
        "id =",
        rule="a",
    ),
    "advice of no kind": Refusal(
        '[[advice]]\nid = "a"\nkind = "cure"\ntext = "Do."\nsource = "book"\n',
        "cure",
        "id =",
        rule="a",
    ),
    "a table of causes": Refusal(
        '[[causes]]\nid = "heat"\ntitle = "Heat"\nprior = 0\n',
        "has no key 'causes': a cause is what a file is about, with its id, title and prior at the",
        "[[causes]]",
        rule=None,
    ),
    "an exception without a reason": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\nunless = "fever"\n',
        "lacks the key 'reason'",
        rule="a",
        line="id =",
    ),
    "an empty reason to be seen": Refusal(
        '[[escalations]]\nid = "e"\nwhen = "fever"\ntriage = "soon"\nreason = " "\n'
        'source = "book"\n',
        "has an empty `reason`",
        line="id =",
        rule="e",
    ),
    "evidence of an unknown role": Refusal(
        '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nweight = "small"\nbecause = "b"\n'
        'source = "book"\nrole = "rsk"\n',
        "role: takes one of risk, got 'rsk'; did you mean 'risk'?",
        line="id =",
        rule="e",
    ),
    "a medicine of no class": Refusal(
        '[[medicines]]\nname = "newicillin"\nclasses = []\n',
        "the medicine 'newicillin' is of no class",
        line="[[medicines]]",
        rule=None,
    ),
    "advice without text": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = " "\nsource = "book"\n',
        "has an empty `text`",
        "id =",
        rule="a",
    ),
    "slip in what forbids advice": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        '[[advice.unless]]\nid = "u"\nwhen = "fever or fevr"\nreason = "r"\n',
        "`unless/u` 'fevr' is neither a fact nor a finding; did you mean 'fever'?",
        'when = "fever or',
        rule="a",
        caret="fevr",
    ),
    "slip in a caution": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        '[[advice.cautions]]\nid = "c"\nwhen = "fever or fevr"\ntext = "Mind."\n',
        "`caution/c` 'fevr' is neither a fact nor a finding",
        'when = "fever or',
        rule="a",
        caret="fevr",
    ),
    "one thing that forbids advice twice": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        + '[[advice.unless]]\nid = "u"\nwhen = "fever"\nreason = "r"\n' * 2,
        "'a/unless/u' stands twice",
        "id =",
        rule="a",
    ),
    "unknown source of what forbids advice": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        '[[advice.unless]]\nid = "u"\nwhen = "fever"\nreason = "r"\nsource = "boook"\n',
        "'boook' is no source; did you mean 'book'?",
        "id =",
        rule="a",
    ),
    "unknown source of a caution": Refusal(
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        '[[advice.cautions]]\nid = "c"\ntext = "Mind."\nsource = "boook"\n',
        "'boook' is no source; did you mean 'book'?",
        "id =",
        rule="a",
    ),
    "law that demands nothing": Refusal(
        '[[laws]]\nid = "l"\nsays = "L."\nwhen = "fever"\nsource = "book"\n',
        "demands nothing",
        "id =",
        rule="l",
    ),
    "law about no advice": Refusal(
        '[[laws]]\nid = "l"\nsays = "L."\nwhen = "fever"\nforbids = "warmt"\nsource = "book"\n',
        "'warmt' is no piece of advice; did you mean 'warmth'?",
        "id =",
        rule="l",
    ),
    "example of no rule": Refusal(
        '[[examples]]\nsays = "X"\nfacts = {}\nexpect = { fires = "cold.fit" }\n',
        "'cold.fit' is no rule; did you mean 'cold.fits'?",
        "[[examples]]",
        rule=None,
    ),
    "example with a bad fact": Refusal(
        '[[examples]]\nsays = "X"\nfacts = { weaknes = true }\nexpect = { causes = [] }\n',
        "example 'X': weaknes: ",
        "[[examples]]",
        rule=None,
    ),
    "question about no fact": Refusal(
        '[[questions]]\nid = "q"\ntext = "?"\nfacts = ["fevr"]\n',
        "'fevr' is no fact; did you mean 'fever'?",
        "id =",
        rule="q",
    ),
    "question list with a number": Refusal(
        '[[questions]]\nid = "q"\ntext = "?"\nfacts = ["fever", "egfr"]\n',
        "'egfr' is no yes-or-no fact, so it stands alone",
        "id =",
        rule="q",
    ),
    "fact asked twice": Refusal(
        '[[questions]]\nid = "q"\ntext = "?"\nfacts = ["fever", "fever"]\n',
        "'fever' is asked in two lists",
        "id =",
        rule="q",
    ),
    "unknown table": Refusal(
        '[[finding]]\nid = "x"\n',
        "has no key 'finding'; did you mean 'findings'?",
        "[[finding]]",
        rule=None,
    ),
    "unknown key of a cause": Refusal(
        'id = "heat"\ntitle = "Heat"\npriour = 0\nprior = 0\nsource = "book"\n',
        "has no key 'priour'; did you mean 'prior'?",
        "priour =",
        rule=None,
    ),
    "table that is none": Refusal("findings = 3\n", "takes tables [[findings]]", rule=None),
    "list that holds no tables": Refusal(
        "findings = [3]\n", "takes tables [[findings]]", rule=None
    ),
}


@pytest.mark.parametrize("case", REFUSALS.values(), ids=list(REFUSALS))
def test_a_refusal_names_file_line_and_rule_and_points_at_the_place(case):
    """Each fault in otherwise sound rules: one error, which says what and where."""
    texts = {"sound.toml": SOUND, "new.toml": case.text}
    if case.file == "":  # a circle that needs a second cause
        texts["cause.toml"] = 'id = "new_cause"\ntitle = "New"\nprior = 0\nsource = "book"\n'
    error = refused(texts)

    assert error.others == ()
    assert case.message in error.message
    if case.file:
        assert (error.file, error.rule) == (case.file, case.rule)
    if case.line is not None:
        assert error.line is not None
        assert case.line in case.text.split("\n")[error.line - 1]
    if case.caret is not None:
        *_, condition, caret = str(error).split("\n")
        assert condition[caret.index("^") :].startswith(case.caret)


def test_a_refusal_can_be_read_aloud():
    """What a person sees: the place, what is wrong, the condition and a caret under it."""
    error = refused({"sound.toml": SOUND, "new.toml": finding("fever and weaknes")})

    assert str(error) == (
        "new.toml:5: rule 'new.rule': "
        "'weaknes' is neither a fact nor a finding; did you mean 'weakness'?\n"
        "    fever and weaknes\n"
        "              ^"
    )


def test_all_faults_are_named_at_once():
    """Whoever writes rules sees every fault in every file, not only the first."""
    separate = ("unknown name", "value out of bounds", "no source", "finding named like a fact")
    texts = {
        f"{at}.toml": REFUSALS[name].text.replace("new.rule", f"rule.{at}")
        for at, name in enumerate(separate)
    }
    error = refused({"sound.toml": SOUND, **texts})

    assert sorted(one.file for one in error.flat()) == sorted(texts)
    assert str(error).startswith("4 errors in the rules\n")


def test_faults_are_named_up_to_a_number_that_someone_may_read():
    """A file of nothing but faults is not worked through to its end."""
    rules = [finding("fevr", id=f'"rule.{at}"') for at in range(MAX_FAULTS + 50)]

    assert len(refused({"sound.toml": SOUND, "new.toml": "".join(rules)}).flat()) == MAX_FAULTS


RULE_TABLES = {
    "findings": 'concludes = "of_new"\nwhen = "fever"\n',
    "evidence": 'cause = "cold"\nwhen = "fever"\nweight = "small"\nbecause = "b"\n',
    "escalations": 'when = "fever"\ntriage = "soon"\nreason = "R."\n',
    "advice": 'kind = "relief"\ntext = "Do."\n',
}


@pytest.mark.parametrize("second", RULE_TABLES)
@pytest.mark.parametrize("first", RULE_TABLES)
def test_no_two_rules_have_one_id(first, second):
    """Of whichever kinds they are."""
    tables = {
        f"{file}.toml": f'[[{kind}]]\nid = "new"\nsource = "book"\n{RULE_TABLES[kind]}'
        for file, kind in (("b", first), ("c", second))
    }

    told = [one.message for one in refused({"a.toml": SOUND, **tables}).flat()]

    assert [one for one in told if one.startswith("rule 'new' stands twice; first in ")]


def test_weights_in_words_count_for_and_against():
    """As many decibans as the word stands for, or as the ratio comes to."""
    words = {"small": 3, "against-small": -3, "moderate": 7, "against-large": -10}
    ratios = {1: 0, 10: 10, 0.1: -10, 2: 3, 100: 20}
    stated = [*((f'weight = "{word}"', it) for word, it in words.items())]
    stated += [(f"lr = {ratio}", it) for ratio, it in ratios.items()]
    tables = (
        f'[[evidence]]\nid = "e{at}"\ncause = "cold"\nwhen = "fever"\n{key}\n'
        'because = "b"\nsource = "book"\n'
        for at, (key, _) in enumerate(stated)
    )

    rules = RuleBase.from_texts({"a.toml": SOUND, "b.toml": "".join(tables)})

    assert [rules.decibans[f"e{at}"] for at in range(len(stated))] == [it for _, it in stated]


def test_both_of_two_rules_with_one_id_can_be_found():
    """The error stands at the second of them and names the file of the first."""
    twice = finding("fever") + finding("thirst", concludes='"other_finding"')
    error = refused({"sound.toml": SOUND, "new.toml": twice})

    assert error.line == twice[: twice.rindex("id =")].count("\n") + 1
    assert "first in new.toml" in error.message


@pytest.mark.parametrize(
    ("kind", "id_", "table"),
    [
        ("cause", "cold", 'id = "cold"\ntitle = "Cold"\nprior = -2\nsource = "book"\n'),
        ("source", "book", '[[sources]]\nid = "book"\ntitle = "A book"\n'),
        ("class of medicines", "diuretic", '[[classes]]\nid = "diuretic"\ntitle = "Water"\n'),
        (
            "law",
            "a-law",
            (
                '[[laws]]\nid = "a-law"\nsays = "x"\nwhen = "fever"\nat_least = "soon"\n'
                'source = "book"\n'
            ),
        ),
    ],
)
def test_no_two_tables_of_a_kind_have_one_id(kind, id_, table):
    """Causes, sources, classes and laws too, each told by what it is."""
    files = {"sound.toml": SOUND, "one.toml": table, "two.toml": table}
    told = [one.message for one in refused(files).flat()]
    first = "one.toml" if kind == "law" else "sound.toml"

    assert f"{kind} {id_!r} stands twice; first in {first}" in told


def test_an_id_may_be_of_letters_digits_and_three_signs():
    """An empty one, one of other letters and one with a slash are refused."""
    for bad in ("", "é", "a/b"):
        error = refused({"sound.toml": SOUND, "new.toml": finding("fever", id=f'"{bad}"')})
        assert error.message == f"{bad!r} is no id: letters, digits, '.', '-' and '_'"


def test_weights_are_bounded():
    """A sum of them must fit where frames keep it."""
    table = '[[evidence]]\nid = "e"\ncause = "cold"\nwhen = "fever"\nbecause = "b"\n'
    table += 'source = "book"\nweight = "huge"\n'
    wording = shipped_texts()["wording.toml"].replace("[weights]", "[weights]\nhuge = 2000000000")

    error = refused({"a.toml": SOUND, "b.toml": table, "wording.toml": wording})

    assert error.message == "weighs 2000000000 decibans; at most 60 are allowed"


def test_escalations_stand_most_urgent_first_wherever_they_were_written():
    """The first that fires tells how soon someone must be seen."""
    levels = ("soon", "emergency", "routine", "same_day")
    tables = [
        f'[[escalations]]\nid = "{at}.{level}"\ntriage = "{level}"\nwhen = "fever"\n'
        'reason = "of a fever"\nsource = "book"\n'
        for at, level in enumerate(levels)
    ]

    rules = RuleBase.from_texts({"a.toml": SOUND, "b.toml": "".join(tables)})

    found = [one.triage.id for one in rules.escalations]
    assert found == ["emergency", "same_day", "soon", "routine"]


def test_the_number_of_rules_is_bounded():
    """More tables than any rule base needs are refused, in however many files."""
    source = '[[sources]]\nid = "{}"\ntitle = "T"\n'
    texts = {
        f"{file}.toml": "".join(source.format(f"s{file}-{at}") for at in range(2000))
        for file in range(MAX_TABLES // 2000 + 1)
    }

    error = refused(texts)

    assert f"at most {MAX_TABLES} are allowed" in error.message
    assert error.file == "0.toml"


# --- Wording ------------------------------------------------------------------------------------

WORDING = shipped_texts()["wording.toml"]


@pytest.mark.parametrize(
    ("old", "new", "file", "message"),
    [
        ("[triage.routine]", "[triage.rutine]", "triage", "lacks [triage.routine]"),
        ("at_least = 0\n", "", "scales", "needs one likelihood without `at_least`"),
        ("[weights]", "[waits]", "scales", "has no key 'waits'; did you mean 'weights'?"),
        ("small = 3", "small = 3.5", "scales", "['small']: takes a whole number, got 3.5"),
        ('clinician = "Routine', 'clinic = "Routine', "triage", "has no key 'clinic'"),
        ('safety_net = "', 'safty_net = "', "leaflet", "lacks in [leaflet]: safety_net"),
        ('safety_net = "', 'safty_net = "', "leaflet", "no sentence is called 'safty_net'"),
        ("{conditions}", "{condition}", "leaflet", "'caution' is to have {conditions} in it"),
        ('title = "Be seen today"', 'title = " "', "triage", "[triage.same_day] says nothing"),
    ],
)
def test_wording_must_be_whole(old, new, file, message):
    """The scales and stock sentences are checked like rules, whichever files they stand in."""
    scales, _, rest = WORDING.replace(old, new, 1).partition("\n[triage.")
    triage, _, leaflet = rest.partition("\n[leaflet]")
    parts = {"scales": scales, "triage": f"[triage.{triage}", "leaflet": f"[leaflet]{leaflet}"}
    texts = {f"{name}.toml": text for name, text in parts.items()}
    assert old in WORDING
    error = refused({"sound.toml": SOUND, **texts})

    assert next(one for one in str(error).splitlines() if message in one).startswith(f"{file}.toml")


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("small = 3", "small = -3", "in [weights], 'small' takes a whole number above 0, got -3"),
        ("large = 10", "large = 0", "in [weights], 'large' takes a whole number above 0, got 0"),
        (
            "moderate = 7",
            "moderate = 2",
            "in [weights], 'moderate' takes more than 'small', which is 3, got 2",
        ),
        (
            "large = 10",
            "large = 7",
            "in [weights], 'large' takes more than 'moderate', which is 7, got 7",
        ),
        (
            '[[likelihoods]]\nid = "possible"\nat_least = 0',
            '[[likelihoods]]\nid = "possible"\nat_least = 7',
            "the likelihood 'possible' has `at_least` 7, as 'likely' has: each takes a number",
        ),
        (
            "[triage.soon]",
            "[triage.sooon]",
            "in [triage], 'sooon' is no level; did you mean 'soon'?",
        ),
        (
            "[triage.soon]",
            '[triage.nurse]\ntitle = "T"\npatient = "P"\nclinician = "C"\n\n[triage.soon]',
            "in [triage], 'nurse' is no level; there are self_care, routine, soon, same_day,",
        ),
    ],
)
def test_scales_make_sense(old, new, message):
    """Weights are above 0 and grow as their words do, and no two words stand for the same."""
    wording = WORDING.replace(old, new, 1)
    line = wording[: wording.index(new)].count("\n") + 1

    error = refused({"sound.toml": SOUND, "wording.toml": wording})

    assert old in WORDING
    assert f"wording.toml:{line}: {message}" in str(error)


@given(st.lists(st.integers(-3, 12), min_size=3, max_size=3))
def test_weights_are_taken_where_they_are_above_0_and_grow(decibans):
    """Whatever they are besides."""
    small, moderate, large = decibans
    wording = WORDING.replace("small = 3", f"small = {small}")
    wording = wording.replace("moderate = 7", f"moderate = {moderate}")
    wording = wording.replace("large = 10", f"large = {large}")
    texts = {"sound.toml": SOUND, "wording.toml": wording}

    if 0 < small < moderate < large:
        assert RuleBase.from_texts(texts).wording.weights["large"] == large
    else:
        assert "in [weights], " in str(refused(texts))


def test_other_words_for_weights_have_no_order():
    """Nobody knows which of them is heavier; of the three there may be some only."""
    wording = WORDING.replace(
        "small = 3\nmoderate = 7\nlarge = 10", "strong = 9\nmoderate = 7\nweak = 2"
    )
    rules = RuleBase.from_texts({"sound.toml": SOUND, "wording.toml": wording})

    assert rules.wording.weights == {"strong": 9, "moderate": 7, "weak": 2}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("[weights]\nlarge = 1\nsmall = 3\n", 3),
        ("small = 1\n[weights]\nsmall = 3\n", 3),
        ("weights = { small = 3 }\n", 1),
        ("[triage.small]\n", 1),
        ("[other]\nsmall = 3\n", None),
    ],
)
def test_the_line_of_a_key_is_looked_for_in_its_table(text, line):
    """Also where the table is in line, or is called by its whole name."""
    table = "triage" if text.startswith("[triage") else "weights"

    assert RuleFile.read("a.toml", text).line_in_table(table, "small") == line


def test_a_second_fallback_is_refused():
    """Each would be what is left where there is nothing else; the later file is blamed."""
    last = SOUND.replace('title = "Cold"', 'title = "Cold"\nfallback = true')
    other = '\nid = "other"\ntitle = "Other"\nprior = 0\nfallback = true\nsource = "book"\n'
    assert RuleBase.from_texts({"sound.toml": last}).causes["cold"].fallback

    error = refused({"sound.toml": last, "z.toml": other})

    assert str(error) == (
        "z.toml:2: rule 'other': is a second `fallback`, after 'cold' in sound.toml: a rule base "
        "has one"
    )


def test_wording_of_its_own_is_all_of_it():
    """Who states one scale or sentence states them all: half would be a mixture of two voices."""
    error = refused({"sound.toml": SOUND, "wording.toml": '[leaflet]\ntitle = "Mine"\n'})

    assert "lack [weights], [likelihoods], [triage]" in str(error)


def test_wording_stands_once():
    """Two files may not both state the scales."""
    own = "\n[weights]\nsmall = 1\n"
    error = refused({"sound.toml": SOUND, "a.toml": WORDING, "b.toml": own})

    assert str(error).startswith("b.toml:2: states [weights] a second time, after a.toml: a rule ")


def test_a_part_of_the_wording_is_not_joined_to_the_shipped_rest():
    """Both files are named: the one of one's own, and the shipped one."""
    part = '[triage.soon]\ntitle = "Soon"\n'
    error = refused({"sound.toml": SOUND, "own.toml": part})

    shipped = r"^rules/wording\.toml:\d+: states \[triage\] a second time, after own\.toml"
    assert re.search(shipped, str(error), re.MULTILINE)


def test_one_table_where_several_are_taken_is_told_of_with_its_line():
    """A pair of brackets too few."""
    error = refused({"sound.toml": SOUND, "own.toml": '\n[escalations]\nid = "one"\n'})

    assert "own.toml:2: takes tables [[escalations]]" in str(error)


# --- Sound rules --------------------------------------------------------------------------------


def test_an_unless_may_stand_in_line():
    """Advice that one thing forbids states it, its caution and what to do instead in line."""
    advice = (
        '[[advice]]\nid = "a"\nkind = "relief"\ntext = "Do."\nsource = "book"\n'
        'unless = "fever"\nreason = "you have a fever"\ncaution = "you have a fever"\n'
        'instead = "Rest."\n'
    )
    rules = RuleBase.from_texts({"sound.toml": SOUND, "new.toml": advice})
    (entry,) = next(one for one in rules.advice if one.id == "a").unless

    assert (entry.when, entry.caution, entry.instead) == ("fever", "you have a fever", "Rest.")
    assert "a/unless" in rules.conditions


@pytest.mark.parametrize("second", ['text = "B"', 'text = "B"\nwhen = "thirst"'])
def test_two_cautions_of_one_name_are_refused(second):
    """Whichever of them says when: one would stand for both, or neither would be said."""
    advice = '[[advice]]\nid = "rest"\nkind = "relief"\ntext = "Rest."\nsource = "book"\n'
    first = '[[advice.cautions]]\nid = "c"\ntext = "A"\n'

    again = f'[[advice.cautions]]\nid = "c"\n{second}\n'

    error = refused({"sound.toml": SOUND, "new.toml": advice + first + again})

    assert "'rest/caution/c' stands twice" in str(error)


@pytest.mark.parametrize("id_", ["law x", 'a"b', "a\tb", "with space", "\u00e9", "a/b", ""])
def test_an_id_is_of_letters_digits_and_three_signs(id_):
    """As the message says; each engine can then take it as it is."""
    rule = urgent(id_, "thirst")
    medicines = Written("classes", {"id": id_, "title": "Some"}).toml()

    for text in (rule, medicines):
        error = refused({"sound.toml": SOUND, "new.toml": text})
        assert "is no id: letters, digits, '.', '-' and '_'" in str(error)


def test_a_weight_that_is_no_number_is_refused():
    """And a word that is none is told which there are."""
    wording = shipped_texts()["wording.toml"]
    weighed = evidence("cold.thirst", "cold", "thirst", weight="small")

    for text in ("[3]", '"3"', "3.5", "true"):
        error = refused(
            {
                "sound.toml": SOUND,
                "new.toml": weighed,
                "wording.toml": wording.replace("small = 3", f"small = {text}"),
            }
        )
        assert "takes a whole number" in str(error)
    error = refused({"sound.toml": SOUND, "new.toml": weighed.replace('"small"', '"huge"')})
    assert "'huge' is no weight: it is one of small, moderate, large, against-small" in str(error)


# --- Names of medicines -------------------------------------------------------------------------


def class_of(id_, **more):
    """A class of medicines."""
    return Written("classes", {"id": id_, "title": "Some", **more}).toml()


def medicine(classes, **named):
    """A medicine, or several, by name."""
    return Written("medicines", {**named, "classes": classes}).toml()


@pytest.mark.parametrize("name", ["Nil", "no medicines", "[Lasix]", "La\tsix"])
def test_a_name_that_nobody_can_give_is_no_name_of_a_medicine(name):
    """`medications` would refuse it, and some frames would take it."""
    with pytest.raises(RuleError, match=r"nobody can take the medicine .*: `medications` takes"):
        rules_of(class_of("diuretic"), medicine(["diuretic"], name=name))


@pytest.mark.parametrize(
    ("name", "classes"),
    [("Furo-semide", ["loop_diuretic", "diuretic"]), ("LASIX", ["loop_diuretic"])],
)
def test_a_medicine_may_be_told_of_again_in_the_same_words(name, classes):
    """What a clinic had to add may come with the next version of the rules."""
    known = [class_of(id_, names=["furosemide"]) for id_ in ("diuretic", "loop_diuretic")]
    lasix = medicine(["loop_diuretic"], name="Lasix")

    rules = rules_of(*known, lasix, medicine(classes, name=name))

    assert set(rules.formulary.classes_of(name)) >= set(classes)
    with pytest.raises(RuleError, match=f"'{name}' is known already"):
        rules.extended_with({"more.toml": medicine(["diuretic"], name=name)})


def test_a_word_for_a_whole_class_is_no_name_of_a_medicine():
    """It leaves open which of its kinds is meant; as a name it would rule the others out."""
    known = class_of("diuretic", words=["water tablets"])

    with pytest.raises(RuleError, match="'water tablets' is known already"):
        rules_of(known, medicine(["diuretic"], name="water tablets"))


def test_several_medicines_of_the_same_classes_may_stand_in_one_table():
    """Each is known as if it stood alone; a table without any is refused."""
    several = medicine("statin", name="Zocor", names=["Lescol", "Livalo"])

    rules = rules_of(class_of("statin"), several)

    for name in ("zocor", "lescol", "livalo"):
        assert rules.formulary.classes_of(name) == ("statin",)
    with pytest.raises(RuleError, match="neither a `name` nor `names`"):
        rules_of(class_of("statin"), medicine("statin"))


@pytest.mark.parametrize("name", ["", "  ", "- -"])
@pytest.mark.parametrize("kind", ["classes", "medicines"])
def test_no_name_is_empty(kind, name):
    """Nor made of what does not matter in a name: it would stand for whatever is empty as well."""
    tables = {
        "classes": [class_of("statin", names=[name])],
        "medicines": [class_of("statin"), medicine("statin", names=[name])],
    }

    with pytest.raises(RuleError, match="has an empty `name`"):
        rules_of(*tables[kind])
