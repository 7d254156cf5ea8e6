"""Laws of the condition language over any text, then one example for each refusal."""

import gc
import sys
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from crampsrules.conditions import (
    AllOf,
    AnyOf,
    Comparison,
    Concluded,
    Condition,
    Flag,
    Known,
    Member,
    OneOf,
    Suspected,
    atoms,
)
from crampsrules.facts import FACTS
from crampsrules.parsing import MAX_DEPTH, MAX_LENGTH, ConditionError, Vocabulary, parse
from tests.drawing import CLASSES, condition_texts

VOCABULARY = Vocabulary(
    findings=frozenset({"found_0", "found_1"}),
    causes=frozenset({"cause_0", "alcohol"}),
    medicine_classes=frozenset(CLASSES),
)
FACTS_ONLY = Vocabulary(medicine_classes=frozenset(CLASSES))


def read(text: str, *, may_ask_known: bool = True) -> Condition:
    return parse(text, VOCABULARY, may_ask_known=may_ask_known)


def refused(text: str, *, may_ask_known: bool = True) -> ConditionError | None:
    """Why a text is refused, or None where it is read."""
    try:
        read(text, may_ask_known=may_ask_known)
    except ConditionError as error:
        return error
    return None


# --- Any text -----------------------------------------------------------------------------------

_PIECES = (
    "weakness", "not", "and", "or", "in", "is", "(", ")", "[", "]", "{", "}", ",", "==", "!=", "<",
    "<=", ">", "=", ":=", "age_years", "urine", "sites", "medications", "found_0", "alcohol",
    "suspected(alcohol)", "known(weakness)", "known", "suspected", '"calf"', "'pale'", '"', "'",
    "3", "-3", "-", "1e999", "1j", "0x10", "9" * 400, "1_000", "True", "None", "...", "lambda",
    "if", "else", "for", "await", "yield", "*", "**", ".", "f''", "b'x'", "\\", "\n", "\t", "#",
    ";", ":", "é", "\x00", "__import__('os')", "not " * 40, "(" * 150, "[" * 90, "-" * 90,
    "\U0001d431", "\ud800",
)  # fmt: skip

hostile = st.one_of(
    st.text(max_size=60),
    st.lists(st.sampled_from(_PIECES), max_size=12).map(" ".join),
    st.lists(st.sampled_from(_PIECES), max_size=12).map("".join),
)


@given(text=hostile, may_ask_known=st.booleans())
@example(text="age_years < 1" + "0" * 400, may_ask_known=False)
@example(text="age_years < 1e999", may_ask_known=False)
@example(text="(" * 499 + "weakness" + ")" * 492, may_ask_known=False)
@example(text="not " * 248 + "weakness", may_ask_known=False)
@example(text="weakness" + "[0" * 400, may_ask_known=False)
@example(text="-" * 900 + "1 < age_years", may_ask_known=False)
@example(text="age_years < 0_0if weakness else 1", may_ask_known=False)
@example(text='age_years in "\\d"', may_ask_known=False)
@example(text="1 is 1", may_ask_known=False)
@example(text="(1)(2) and 'a'('b')", may_ask_known=False)
def test_any_text_is_read_or_refused_in_words(text, may_ask_known):
    """Whatever the text, reading gives a condition or a ConditionError, and warns of nothing."""
    # Recorded, not raised: a warning raised while Python reads turns into a SyntaxError.
    with warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        refusal = refused(text, may_ask_known=may_ask_known)

    assert warned == []
    assert refusal is None or (refusal.message and 0 <= refusal.column <= len(text))


@given(
    text=condition_texts(VOCABULARY),
    place=st.integers(0, MAX_LENGTH),
    piece=st.sampled_from(_PIECES),
)
def test_a_slip_in_a_sound_condition_is_read_or_refused_in_words(text, place, piece):
    """A sound condition with a piece put in anywhere gives a condition or a ConditionError."""
    at = place % (len(text) + 1)
    slip = text[:at] + piece + text[at:]
    refusal = refused(slip)

    assert refusal is None or 0 <= refusal.column <= len(slip)


@given(text=condition_texts(VOCABULARY, may_ask_known=True))
def test_every_sound_condition_is_read(text):
    """What the language has is accepted, with or without spaces around it."""
    assert read(text) == read(f"  {text} ")


def test_nothing_in_a_condition_is_run():
    """Text that would do something as Python is refused before anything could run it."""
    for text in ("__import__('os').system('x')", "exec('x')", "weakness.__class__", "[weakness]"):
        with pytest.raises(ConditionError):
            read(text)


# --- What a condition means ---------------------------------------------------------------------


@given(text=condition_texts(FACTS_ONLY))
def test_no_condition_negates_a_conclusion(text):
    """Under a `not`, a finding or a suspected cause is refused, however deep it stands."""
    for conclusion in ("found_0", "suspected(alcohol)"):
        with pytest.raises(ConditionError, match="only facts may be negated"):
            read(f"not (({text}) or {conclusion})")
        assert read(f"not not (({text}) or {conclusion})") == read(f"({text}) or {conclusion}")


@pytest.mark.parametrize(
    ("text", "condition"),
    [
        ("weakness", Flag("weakness", wanted=True)),
        ("not weakness", Flag("weakness", wanted=False)),
        ("not not weakness", Flag("weakness", wanted=True)),
        ("age_years < 16", Comparison("age_years", "<", 16.0)),
        ("16 > age_years", Comparison("age_years", "<", 16.0)),
        ("not age_years < 16", Comparison("age_years", ">=", 16.0)),
        ("not age_years == 16", Comparison("age_years", "!=", 16.0)),
        ("pain_severity == 7", Comparison("pain_severity", "==", 7.0)),
        (
            "2.5 <= potassium_mmol_l < 3.0",
            AllOf(
                (
                    Comparison("potassium_mmol_l", ">=", 2.5),
                    Comparison("potassium_mmol_l", "<", 3.0),
                )
            ),
        ),
        (
            "not 2.5 <= potassium_mmol_l < 3.0",
            AnyOf(
                (
                    Comparison("potassium_mmol_l", "<", 2.5),
                    Comparison("potassium_mmol_l", ">=", 3.0),
                )
            ),
        ),
        ('sides == "one"', OneOf("sides", frozenset({"one"}))),
        ('sides != "one"', OneOf("sides", frozenset({"both", "alternating"}))),
        ('sides not in ("one", "both")', OneOf("sides", frozenset({"alternating"}))),
        ('"calf" in sites', Member("sites", "calf", present=True)),
        ('not "calf" in sites', Member("sites", "calf", present=False)),
        ('"beta" not in medications', Member("medications", "beta", present=False)),
        ("found_0", Concluded("found_0")),
        ("suspected(alcohol)", Suspected("alcohol")),
        ("not known(sites)", Known("sites", wanted=False)),
        (
            "weakness and (fever and thirst) and weakness",
            AllOf(tuple(Flag(name, wanted=True) for name in ("weakness", "fever", "thirst"))),
        ),
    ],
)
def test_what_the_language_says(text, condition):
    """One example for each form, as it is kept."""
    assert read(text) == condition


@pytest.mark.parametrize(
    "text",
    [
        "weakness and",
        "age_years >",
        "age_years > 5 and",
        "fever not",
        "not",
        '"calf" in',
        "fever or",
    ],
)
@pytest.mark.parametrize("room", ["", "  "])
def test_what_ends_too_early_is_shown_at_its_end(text, room):
    with pytest.raises(ConditionError) as refused:
        read(room + text + room)

    assert refused.value.column == len(room + text)
    assert refused.value.message == "cannot be read: it ends where more should follow"


# --- What is refused, and where the caret stands ------------------------------------------------


@pytest.mark.parametrize(
    ("text", "at", "message"),
    [
        ("", "", "the condition is empty"),
        ("   ", "", "the condition is empty"),
        ("age_years < 3,0", "0", "has a comma before this; in a number write a point"),
        ('"feet" in sites', '"feet"', "'feet' is no member of sites; there are leg, calf"),
        ('"x" in timing', '"x"', "'x' is no member of timing; there are night, on_waking, day"),
        ("weakness = true", "", "cannot be read: invalid syntax; write == to compare"),
        ("age_years => 60", "", "cannot be read: invalid syntax; write <= or >="),
        (
            "weakness AND fever",
            "",
            "cannot be read: invalid syntax; write `and`, `or`, `not` and `in` in small letters",
        ),
        ("weakness + fever", "+", "a character that no condition uses: '+'"),
        ("weakness\nand fever", "\n", "a character that no condition uses"),
        ("fever and \uff57eakness", "\uff57", "a character that no condition uses"),
        ("age_years < 16years", "16years", "a number that runs into a word"),
        ("age_years < 1e3", "1e3", "a number that runs into a word"),
        (
            "fever and weaknes",
            "weaknes",
            "is neither a fact nor a finding; did you mean 'weakness'?",
        ),
        ("fever and fuond_0", "fuond_0", "did you mean 'found_0'?"),
        ("fever and cause_0", "cause_0", "is a cause: write suspected(cause_0)"),
        ("fever and age_years", "age_years", "not a yes-or-no fact: compare it with a number from"),
        ("fever and urine", "urine", "compare it with one of pale, dark_yellow"),
        ("fever and sites", "sites", 'compare it with `"member" in sites`'),
        ("fever and weakness == 1", "weakness", "write `weakness` or `not weakness`"),
        ("fever and found_0 == 1", "found_0", "is a finding: write its bare name"),
        ('fever and age_years < "16"', '"16"', "is compared with a number only"),
        ("fever and age_years < True", "True", "is compared with a number only"),
        (
            "age_years > 200",
            "200",
            "takes a number from 0 to 120 years, so that this is the same",
        ),
        ("age_years < -1", "-1", "takes a number from 0 to 120 years"),
        ("potassium_mmol_l < 300", "300", "takes a number from 0.5 to 15 mmol/L"),
        ("creatine_kinase_u_l < -3", "-3", "takes a number from 0 to 10000000 U/L"),
        ("fever and age_years < 1" + "0" * 400, "1" + "0" * 400, "takes a number from 0 to 120"),
        ('urine == "yellow"', '"yellow"', "is no member of urine; did you mean 'dark_yellow'?"),
        ("urine == 3", "3", 'is compared with a "quoted" member'),
        (
            "fever and age_years in (60, 61)",
            "age_years",
            "`in` looks among the members of a choice or a set, and 'age_years' is a number: ",
        ),
        ("not age_years in (60, 61)", "age_years", "'age_years' is a number: compare it with >="),
        ("age_years not in []", "age_years", "'age_years' is a number: compare it with >= and <="),
        ("60 in age_years", "age_years", "'age_years' is a number: compare it with >= and <="),
        ("age_years in 60", "age_years", "'age_years' is a number: compare it with >= and <="),
        ('urine < "pale"', "urine", "takes one of pale, dark_yellow"),
        ('urine in ("pale", "cloa")', '"cloa"', "is no member of urine; did you mean 'cola'?"),
        ('"claf" in sites', '"claf"', "is no member of sites; did you mean 'calf'?"),
        ('sites == "calf"', "sites", 'takes `"member" in sites`'),
        ('"pale" in urine', "urine", "is not a set: it takes one of pale"),
        ('sites in ("calf", "foot")', "sites", 'takes `"member" in sites`'),
        ('"betta" in medications', '"betta"', "is no class of medicines; did you mean 'beta'?"),
        ('"calf" in ("calf", "foot")', '"calf"', '`in` joins "member" in set_fact'),
        ("3 < 5", "3", "compares no fact: one side must be a fact's name"),
        ("fever is weakness", "fever", "compares with `is`: use == instead"),
        ("fever and not found_0", "found_0", "negates the finding 'found_0'"),
        ("not suspected(alcohol)", "suspected", "negates suspected(alcohol)"),
        ("fever or suspected(alcohl)", "alcohl", "is not a cause; did you mean 'alcohol'?"),
        ("suspected(fever, weakness)", "suspected", "takes one bare name"),
        ('suspected("alcohol")', "suspected", "takes one bare name"),
        ("fever and known(weaknes)", "weaknes", "did you mean 'weakness'?"),
        (
            "fever and __import__('os')",
            "__import__",
            "may only call suspected(cause) or known(fact)",
        ),
        ("fever and known.weakness()", "known", "may only call suspected(cause) or known(fact)"),
        ("fever and (weakness if fever else thirst)", "weakness", "conditions do not have"),
        ("fever and 'weakness'", "'weakness'", "conditions do not have"),
        ("not " * (MAX_DEPTH + 1) + "fever", "fever", f"is nested more than {MAX_DEPTH} deep"),
    ],
)
def test_a_refusal_says_what_is_wrong_and_where(text, at, message):
    """Each refusal names what is right, and its column is the place in the text."""
    refusal = refused(text)

    assert refusal is not None
    assert message in refusal.message
    assert text[refusal.column :].startswith(at)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (" ", "the condition is empty"),
        (
            'not fever or weakness or "calf" in sites + []',
            "has a character that no condition uses: '+'",
        ),
        ("fever if fever else fever", "uses something that conditions do not have"),
        ("not found_0", "negates the finding 'found_0': only facts may be negated"),
        ("cause_0", "'cause_0' is a cause: write suspected(cause_0)"),
        ("len(fever)", "may only call suspected(cause) or known(fact)"),
        ("known(fever, thirst)", "known(...) takes one bare name"),
        ("suspected(fever)", "'fever' is not a cause"),
        ("3 < 5", "compares no fact: one side must be a fact's name"),
        ("fever is True", "compares with `is`: use == instead"),
        ("found_0 == 1", "'found_0' is a finding: write its bare name"),
        ("fever < 1", "'fever' is a yes-or-no fact: write `fever` or `not fever`"),
        (
            "age_years",
            "'age_years' is not a yes-or-no fact: compare it with a number from 0 to 120 years",
        ),
        ("age_years < 0 - 1", "'age_years' is compared with a number only"),
        (
            '"calf" in urine',
            "'urine' is not a set: it takes one of pale, dark_yellow, scant, none, cola",
        ),
        (
            '"calf" in ("calf",)',
            (
                '`in` joins "member" in set_fact, or choice_fact in ("one", "other"); '
                'for one alone there is choice_fact == "one"'
            ),
        ),
        ("urine == fever", "'urine' is compared with a \"quoted\" member"),
        (
            '"pale" in symptoms',
            (
                "'pale' is no member of symptoms; there are cramp, pain, ache, burning, tingling, "
                "heaviness, stiffness, urge_to_move, twisting"
            ),
        ),
        (
            '"pale" in medications',
            (
                "'pale' is no class of medicines; `crampsrules rules NAME` tells the classes of a "
                "medicine"
            ),
        ),
        (
            "potassium_mmol_l < -3",
            (
                "'potassium_mmol_l' takes a number from 0.5 to 15 mmol/L, so that this is the same "
                "for everyone"
            ),
        ),
    ],
)
def test_a_refusal_in_full(text, message):
    """Every word of it is for whoever wrote the rule."""
    refusal = refused(text)

    assert refusal is not None
    assert refusal.message == message


def test_a_text_that_is_too_long_is_not_read():
    """The length is bounded, the last allowed one is read, and the caret stands at the bound."""
    text = "weakness" + " " * (MAX_LENGTH - len("weakness"))

    assert read(text) == Flag("weakness", wanted=True)
    with pytest.raises(ConditionError, match=f"at most {MAX_LENGTH} are allowed") as caught:
        read(text + " ")
    assert caught.value.column == MAX_LENGTH


def deep(form: str, levels: int) -> str:
    """A fact under so many of `not`, or of `and` and `or` in turn, which cannot be flattened."""
    text = "fever"
    for level in range(levels):
        word = ("and", "or")[level % 2]
        text = f"not {text}" if form == "not" else f"({text} {word} thirst)"
    return text


@pytest.mark.parametrize("form", ["not", "and"])
def test_how_deep_a_condition_may_be(form):
    """Each `not`, `and` and `or` is one level, and the deepest allowed one is read."""
    assert refused(deep(form, MAX_DEPTH)) is None

    refusal = refused(deep(form, MAX_DEPTH + 1))
    assert refusal is not None
    assert refusal.message == f"is nested more than {MAX_DEPTH} deep"


def test_a_column_is_a_place_in_the_text_as_it_was_written():
    """Spaces in front are counted, and so are quoted members, whatever is in them."""
    for text in ("  fever and  weaknes", "fever and weaknes"):
        refusal = refused(text)
        assert refusal is not None
        assert refusal.column == text.index("weaknes")
    text = '"1a" in sites or "12b" in sites or age_years < 3x'
    refusal = refused(text)
    assert refusal is not None
    assert refusal.column == text.index("3x")


def test_a_number_of_many_dots_is_refused_at_once():
    """As something that no number is, wherever letters come after it."""
    for text in ("1." * 490, "1." * 490 + "x", "age_years < " + "." * 480 + "1a"):
        assert refused(text) is not None


def test_known_stands_in_an_unless_only():
    """What fires must not depend on ignorance, so a `when` may not ask what is known."""
    refusal = refused("fever and known(weakness)", may_ask_known=False)

    assert refusal is not None
    assert "may stand in an `unless` only" in refusal.message
    assert refusal.column == len("fever and ")


def test_every_fact_can_be_asked_about():
    """There is a condition about each fact, so no fact is out of the language's reach."""
    for fact in FACTS.values():
        member = fact.members[0] if fact.members else "beta"
        match fact.kind:
            case "flag":
                text = fact.name
            case "number" | "integer":
                text = f"{fact.name} == {fact.low:g}"
            case "choice":
                text = f'{fact.name} == "{member}"'
            case _:
                text = f'"{member}" in {fact.name}'
        assert [getattr(atom, "fact", None) for atom in atoms(read(text))] == [fact.name]


def test_many_threads_read_at_once():
    """CPython 3.11 counts the depth of all their trees together; here they change all the time."""
    text = " and ".join(f'"{site}" not in sites' for site in FACTS["sites"].members)
    expected = parse(text, VOCABULARY)
    before, thresholds = sys.getswitchinterval(), gc.get_threshold()

    def change_over(*_: object) -> None:
        sum(range(50))

    sys.setswitchinterval(1e-6)
    gc.set_threshold(50)
    gc.callbacks.append(change_over)
    try:
        with ThreadPoolExecutor(8) as pool:
            read = list(pool.map(lambda _: parse(text, VOCABULARY), range(1000)))
    finally:
        gc.callbacks.remove(change_over)
        gc.set_threshold(*thresholds)
        sys.setswitchinterval(before)

    assert all(one == expected for one in read)
