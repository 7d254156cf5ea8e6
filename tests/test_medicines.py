"""From names of medicines to classes: what is held, what is ruled out, what stays open."""

import ast
import contextlib
import itertools
import re
import string

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from crampsrules import FactsError, PatientFacts, RuleBase, assess, medicines
from crampsrules.engines import engine_for
from crampsrules.labels import (
    ELSEWHERE,
    FORM,
    LABEL,
    MINERAL,
    MOST_NAME_WORDS,
    SALT,
    WAY,
    key_of,
)
from crampsrules.medicines import Formulary, one_slip_apart
from crampsrules.rules import Medicine, MedicineClass, Names
from tests.drawing import ADDED, SALTS, UNHEARD_OF, labelled_names, medicine_names
from tests.engines.common import HERE

SHIPPED = RuleBase.load().formulary
NAMES = medicine_names(RuleBase.load())


def held(*names: str) -> frozenset[str]:
    """The classes that these medicines are known to belong to."""
    return SHIPPED.resolve(frozenset(names)).classes.present


KEYS = {key_of(name) for name in NAMES}
IN_ORDER = {
    name: re.compile(".*".join(re.escape(key_of(word)) for word in re.split("[ _-]", name)))
    for name in NAMES
}
names = st.sampled_from(NAMES)
lists = st.frozensets(names | st.sampled_from(UNHEARD_OF), max_size=4)

# --- Laws over every name -----------------------------------------------------------------------


@given(names, st.data())
def test_capitals_spaces_hyphens_and_underscores_do_not_matter(name, data):
    """However a known name is set, it means the same classes."""
    letters = [
        data.draw(st.sampled_from(("", " ", "-", "_"))) + data.draw(st.sampled_from((c, c.upper())))
        for c in key_of(name)
    ]

    assert SHIPPED.resolve(frozenset({"".join(letters)})) == SHIPPED.resolve(frozenset({name}))


@given(lists)
def test_a_class_is_held_or_ruled_out_or_open(listed):
    """A class above a held one is held; an unrecognised name rules nothing out."""
    resolved = SHIPPED.resolve(listed)
    classes = resolved.classes

    assert not classes.present & classes.absent
    assert {above for id_ in classes.present for above in SHIPPED.classes[id_].within} <= (
        classes.present
    )
    assert set(resolved.unrecognised) == listed & set(UNHEARD_OF)
    assert not (resolved.unrecognised and classes.absent)


@given(lists, names | st.sampled_from(UNHEARD_OF))
def test_another_medicine_never_rules_a_class_out(listed, another):
    """A longer list holds at least as much, and rules out no more."""
    shorter = SHIPPED.resolve(listed).classes
    longer = SHIPPED.resolve(listed | {another}).classes

    assert shorter.present <= longer.present
    assert longer.absent <= shorter.absent


@given(lists)
def test_a_list_holds_what_each_of_its_names_holds(listed):
    """Medicines do not change each other's classes."""
    assert held(*listed) == frozenset().union(*(held(name) for name in listed))


@given(
    st.lists(names, min_size=2, max_size=3),
    st.sampled_from(("/", " / ", "+", " and ", " with ", " & ")),
)
def test_a_combination_holds_the_classes_of_its_parts(parts, join):
    """A combined medicine needs no entry of its own."""
    assume(not any(re.search(r"[/+&]|\band\b|\bwith\b", part) for part in parts))

    assert held(join.join(parts)) >= held(*parts)


@given(names, st.integers(0, 60), st.sampled_from(string.ascii_lowercase), st.data())
def test_one_slip_of_the_pen_is_an_error_that_names_a_medicine(name, at, letter, data):
    """A misspelt name is never passed over in silence, nor taken for what it may not be."""
    key = key_of(name)
    assume(len(key) > 5)
    place = at % (len(key) - 1)
    slip = data.draw(
        st.sampled_from(
            (
                key[:place] + key[place + 1 :],
                key[:place] + letter + key[place:],
                key[:place] + letter + key[place + 1 :],
                key[:place] + key[place + 1] + key[place] + key[place + 2 :],
            )
        )
    )
    assume(key_of(slip) not in {key_of(known) for known in NAMES})

    with pytest.raises(FactsError, match=r"is not known; did you mean .+\?") as refused:
        SHIPPED.resolve(frozenset({slip}))
    (problem,) = refused.value.problems
    assert (problem.field, problem.value) == ("medications", slip)
    meant = ast.literal_eval(problem.message.rpartition("did you mean ")[2].removesuffix("?"))
    assert one_slip_apart(slip, key_of(meant))


@given(st.text(string.ascii_lowercase, max_size=6), st.text(string.ascii_lowercase, max_size=6))
def test_one_slip_is_symmetric_and_is_one_edit(a, b):
    """Two words are one slip apart when some single edit of one gives the other."""
    edits = {a[:i] + a[i + 1 :] for i in range(len(a))}
    edits |= {a[:i] + b[i] + a[i + 1 :] for i in range(min(len(a), len(b)))}
    edits |= {a[:i] + b[i] + a[i:] for i in range(min(len(a) + 1, len(b)))}
    edits |= {a[:i] + a[i + 1] + a[i] + a[i + 2 :] for i in range(len(a) - 1)}

    assert one_slip_apart(a, b) is one_slip_apart(b, a)
    assert one_slip_apart(a, b) is (a != b and b in edits)


# --- The shipped names --------------------------------------------------------------------------

# Both are names that people use, and mean what they say; there is no third reading to ask about.
ONE_LETTER_APART = {
    frozenset({"laba", "saba"}): "long-acting and short-acting, both abbreviations of doctors",
    frozenset({"snri", "ssri"}): "two families of antidepressants, both abbreviations of doctors",
    **{
        frozenset({"vitamind", f"vitamin{other}"}): "vitamins are told apart by one letter only"
        for other in ("", "a", "b", "c", "e", "k", "s")
    },
}


def test_names_one_slip_apart_belong_to_the_same_classes():
    """Else one slip would turn a medicine into another in silence. Exceptions have a reason."""
    keys = sorted({key_of(name) for name in NAMES})
    differing = {
        frozenset({a, b})
        for a, b in itertools.combinations(keys, 2)
        if one_slip_apart(a, b)
        and SHIPPED.resolve(frozenset({a})) != SHIPPED.resolve(frozenset({b}))
    }

    assert differing == set(ONE_LETTER_APART)


def test_every_class_can_be_held_and_every_name_holds_one():
    """No class without a name or a medicine below it, and none that no rule could ever see."""
    by_name = {name: held(name) for name in NAMES}

    assert all(by_name.values())
    assert frozenset().union(*by_name.values()) == frozenset(SHIPPED.classes)


def test_a_brand_is_of_the_classes_of_what_is_in_it():
    """Whatever that is, it has a name of its own, and says of no class less or more."""
    of_names = {held(name) for one in SHIPPED.classes.values() for name in one.names}
    brands = {name: held(name) for name in SHIPPED._names.keys() - KEYS}

    without = {
        name
        for name, classes in brands.items()
        if classes != frozenset().union(*(one for one in of_names if one <= classes))
    }

    assert len(brands) > 1_000
    assert not without


def test_no_medicines_at_all_rules_every_class_out():
    """An empty list means that nothing is taken."""
    nothing = SHIPPED.resolve(frozenset())

    assert nothing.classes.absent == frozenset(SHIPPED.classes)
    assert nothing.unrecognised == ()


@pytest.mark.parametrize(
    ("name", "present", "open_", "absent"),
    [
        ("furosemide", {"loop_diuretic", "diuretic"}, set(), {"thiazide_like", "statin"}),
        ("Salt-Substitute", {"potassium_raising"}, set(), {"ace_inhibitor", "diuretic"}),
        # A word for the whole class leaves open its kinds, and what those lie within besides.
        (
            "water tablets",
            {"diuretic"},
            {"loop_diuretic", "thiazide_like", "potassium_raising"},
            {"statin"},
        ),
        ("diuretic", {"diuretic"}, {"loop_diuretic", "potassium_raising"}, {"statin"}),
        ("steroids", {"corticosteroid"}, {"systemic_corticosteroid"}, {"diuretic"}),
        ("steroid tablets", {"systemic_corticosteroid", "corticosteroid"}, set(), {"diuretic"}),
        # A combination rules out what neither part is.
        (
            "lisinopril/hydrochlorothiazide",
            {"ace_inhibitor", "potassium_raising", "thiazide_like", "diuretic"},
            set(),
            {"loop_diuretic", "statin"},
        ),
        # A combination with a name of its own is not taken apart.
        (
            "co-amilofruse",
            {"loop_diuretic", "potassium_sparing_diuretic"},
            set(),
            {"thiazide_like"},
        ),
        # What is not known leaves open everything that the rest does not say.
        ("qqq wonder drops", set(), {"diuretic", "statin"}, set()),
        ("furosemide and qqq wonder drops", {"loop_diuretic"}, {"statin", "ace_inhibitor"}, set()),
    ],
)
def test_what_a_name_says_about_classes(name, present, open_, absent):
    """Names, words for a class, combinations, and names that nobody knows."""
    classes = SHIPPED.resolve(frozenset({name})).classes

    assert present <= classes.present
    assert absent <= classes.absent
    assert not open_ & (classes.present | classes.absent)


def test_an_unheard_of_medicine_is_kept_and_reported():
    """It is listed in the answer as it was given, and the other medicines still count."""
    assessment = assess(medications=["Furosemide", "Qqq Wonder Drops"])

    assert assessment.unrecognised == ("Qqq Wonder Drops",)
    assert "medications" in {cause.id for cause in assessment.causes}


@given(st.lists(lists, min_size=1, max_size=4))
def test_what_is_unrecognised_can_be_asked_alone(several):
    """Without looking at the classes of the whole list, whichever lists came before."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(medicines, "_REMEMBERED", 3)
        for listed in several:
            assert SHIPPED.unrecognised(listed) == SHIPPED.resolve(listed).unrecognised


@pytest.mark.parametrize("engine", HERE)
def test_every_misspelt_medicine_is_named_at_once(engine):
    """One error for the whole list, whichever way it is asked about."""
    listed = frozenset({"furosemid", "simvastatine", "aspirin", "Qqq Wonder Drops"})
    for ask in (SHIPPED.resolve, SHIPPED.unrecognised):
        with pytest.raises(FactsError) as refused:
            ask(listed)
        assert [one.value for one in refused.value.problems] == ["furosemid", "simvastatine"]

    with pytest.raises(FactsError) as refused:
        engine_for(RuleBase.load(), engine).fire(PatientFacts(medications=listed))
    assert [one.value for one in refused.value.problems] == ["furosemid", "simvastatine"]

    with pytest.raises(FactsError) as refused:
        assess(medications=["furosemid", "simvastatine", "aspirin"], engine=engine)

    assert [problem.value for problem in refused.value.problems] == ["furosemid", "simvastatine"]
    assert "did you mean 'furosemide'?" in str(refused.value)


def test_short_names_are_not_guessed_at():
    """Nearly every short word is one slip from another, so an unknown one is only reported."""
    assert SHIPPED.resolve(frozenset({"zzz"})).unrecognised == ("zzz",)
    assert SHIPPED.resolve(frozenset({"arc"})).unrecognised == ("arc",)


# --- Formularies of rule packs ------------------------------------------------------------------


def test_a_medicine_of_a_pack_may_belong_to_several_classes():
    """Classes by `within`, a name in a class table and a medicine of its own table add up."""
    classes = [
        MedicineClass(id="water", title="Water"),
        MedicineClass(
            id="loop", title="Loop", within=Names(("water",)), names=Names(("newamide",))
        ),
        MedicineClass(id="other", title="Other"),
    ]
    formulary = Formulary.build(classes, [Medicine(name="New-Amide", classes=Names(("other",)))])

    assert formulary.resolve(frozenset({"newamide"})).classes.present == {"water", "loop", "other"}


def test_classes_may_lie_within_several_others():
    """A diamond of classes is walked once, upwards only."""
    within = {"top": (), "left": ("top",), "right": ("top",), "low": ("left", "right")}
    formulary = Formulary.build(
        MedicineClass(id=id_, title=id_, within=Names(above)) for id_, above in within.items()
    )

    assert formulary.resolve(frozenset({"low"})).classes.present == set(within)
    left = formulary.resolve(frozenset({"left"})).classes
    assert left.present == {"left", "top"}
    assert not left.absent


@pytest.mark.parametrize(
    ("written", "names"),
    [
        ("Furosemide 40 mg", ["furosemide"]),
        ("lasix 40mg", ["furosemide"]),
        ("LASIX 3", ["furosemide"]),
        ("furosemide 40mg/5ml", ["furosemide"]),
        ("furosemide 12,5 mg tablets", ["furosemide"]),
        ("Ventolin inhaler", ["salbutamol"]),
        ("Lasix (furosemide)", ["furosemide"]),
        ("furosemide, atorvastatin", ["furosemide", "atorvastatin"]),
        ("losartan 50 mg/hydrochlorothiazide 12.5 mg", ["losartan", "hydrochlorothiazide"]),
        ("co-codamol 30/500", ["co-codamol"]),
        ("prednisolone 5mg e/c tablets", ["prednisolone"]),
        ("hydrocortisone 1% cream", ["hydrocortisone cream"]),
        ("water tablets 40", ["water tablets"]),
        ("Zocor 20 mg", ["simvastatin"]),
        ("warfarin sodium", ["warfarin"]),
        ("Warfarin_Sodium-clathrate", ["warfarin"]),
        ("Warfarin Sodium 3mg tablets. Take ONE at night.", ["warfarin"]),
        ("dabigatran etexilate mesilate 150 mg capsules", ["dabigatran"]),
        ("quinine sulfate 300 mg film-coated tablets", ["quinine"]),
        ("atorvastatin calcium trihydrate 20 mg", ["atorvastatin"]),
        ("losartan-potassium", ["losartan"]),
        ("amlodipine besilate 5mg (28 tablets)", ["amlodipine"]),
        ("losartan-hctz", ["losartan", "hydrochlorothiazide"]),
        ("lisinopril-hydrochlorothiazide 20-12.5 mg", ["lisinopril", "hydrochlorothiazide"]),
        ("ibuprofen 400 mg tds with food", ["ibuprofen"]),
        ("aspirin, 75 mg dispersible tablets, take one in the morning", ["aspirin"]),
        ("Furosemide 40mg tablets - take one daily", ["furosemide"]),
        ("lasix 40, statin", ["furosemide", "statin"]),
        ("morphine 10 mg/ml oral solution", ["morphine"]),
        ("salbutamol 100 micrograms inhaler, 2 puffs prn", ["salbutamol"]),
        ("vitamin a every day", ["vitamin a"]),
        ("half a tablet of warfarin", ["warfarin"]),
        ("FUROSEMIDE TABLETS BP 40MG", ["furosemide"]),
        ("Warfarin 3mg tablets. Take ONE at 6pm", ["warfarin"]),
        ("the pill once daily", ["the pill"]),
        ("long-acting inhaler 1 puff twice a day", ["long-acting inhaler"]),
        ("\uff57arfarin\u3000\uff13\uff4d\uff47", ["warfarin"]),
        ("furo\u00adsemide", ["furosemide"]),
        # What the form or the way says counts.
        ("dexamethasone sodium phosphate eye drops", ["dexamethasone eye drops"]),
        ("timolol maleate 0.5% eye drops", ["timolol eye drops"]),
        ("mometasone furoate cream", ["mometasone cream"]),
        ("mometasone furoate nasal spray", ["mometasone nasal spray"]),
        ("salbutamol 2.5 mg/2.5 ml nebuliser solution", ["salbutamol"]),
        ("insulin 100 units/ml pen", ["insulin"]),
        ("senna liquid", ["senna"]),
        ("macrogol powder", ["macrogol"]),
        ("desmopressin acetate 10 micrograms/dose nasal spray", ["desmopressin"]),
        ("budesonide 3 mg gastro-resistant capsules po", ["budesonide capsules"]),
        ("budesonide 9 mg once daily by mouth", ["budesonide tablets"]),
        ("budesonide (oral), aspirin (28 tablets)", ["budesonide tablets", "aspirin"]),
        ("water tablets 40 mg, take 1-2 tablets", ["water tablets"]),
        ("budesonide 3 mg capsules, take 3 capsules once daily", ["budesonide capsules"]),
        ("aspirin, oral steroids", ["aspirin", "oral steroids"]),
        # As people say it.
        ("I take a statin and my water tablets", ["statin", "water tablets"]),
        ("I\u2019m on the pill", ["the pill"]),
        ("im taking some aspirin", ["aspirin"]),
        ("a water tablet with a glass of water", ["water tablet"]),
        ("aspirin. Take with plenty of water", ["aspirin"]),
        ("warfarin at 6pm with water", ["warfarin"]),
        ("rivaroxaban 20 mg tablets with evening meal", ["rivaroxaban"]),
        ("brown inhaler 2 puffs morning and night", ["brown inhaler"]),
        ("alendronic acid 70mg once weekly (Sunday)", ["alendronic acid"]),
        ("\u201eLasix\u201c 40 mg", ["lasix"]),
        ("\u00ab Lasix \u00bb", ["lasix"]),
        ("\u2022 furosemide 40 mg", ["furosemide"]),
        # As a surgery's list says it.
        ("Salbutamol 100micrograms/dose inhaler CFC free", ["salbutamol"]),
        ("Seretide 250 Evohaler", ["seretide"]),
        ("Fostair NEXThaler 200/6", ["fostair"]),
        ("NovoRapid FlexPen 100units/ml solution for injection 3ml pre-filled pens", ["novorapid"]),
        ("enoxaparin 40mg/0.4ml solution for injection pre-filled syringes", ["enoxaparin"]),
        ("aspirin 75mg disp tabs", ["aspirin"]),
        ("gtn spray prn under the tongue", ["gtn spray"]),
        ("melatonin 1 mg gummies", ["melatonin"]),
        ("furosemide \u2013 40 mg", ["furosemide"]),
        ("co\u2011codamol", ["co-codamol"]),
        ("\u2713 furosemide", ["furosemide"]),
        ("Tab. warfarin 3mg qd", ["warfarin"]),
        ("Inj enoxaparin 40 mg SC", ["enoxaparin"]),
        ("furosemide IV", ["furosemide"]),
        ("heparin injection", ["heparin"]),
        ("haloperidol depot", ["haloperidol"]),
        ("she takes furosemide qam", ["furosemide"]),
        ("pt on warfarin as per INR", ["warfarin"]),
        ("warfarin max 8/day", ["warfarin"]),
        ("amoxicillin 500mg x 7 days", ["amoxicillin"]),
        ("prednisolone 30 mg 5 days", ["prednisolone"]),
        ("furosemide 40mg at 08:00", ["furosemide"]),
        ("furosemide (morning)", ["furosemide"]),
        ("ramipril for blood pressure", ["ramipril"]),
        ("bisoprolol (for heart failure)", ["bisoprolol"]),
        ("atorvastatin long-term", ["atorvastatin"]),
        ("spironolactone 0.5 tablets", ["spironolactone"]),
        ("digoxin 0.0625 mg", ["digoxin"]),
    ],
)
def test_what_a_label_adds_to_a_name_is_no_part_of_it(written, names):
    """How much is in it, and in what form; of a cream the form says what it is."""
    assert SHIPPED.resolve(frozenset({written})) == SHIPPED.resolve(frozenset(names))


NOT_NOW = " Leave out what is not taken now"

STAY_UNKNOWN = (
    # A salt of a mineral is a medicine of its own.
    "potassium phosphate", "calcium phosphate", "sodium chloride",
    # For the skin.
    "minoxidil 5% topical solution", "clotrimazole vaginal tablets", "furosemide (cream)",
    "ciprofloxacin 0.3% ear drops", "ciprofloxacin 0.3% (ear drops)",
    "betamethasone scalp application",
    # Hyphens join many words that are no names.
    "steroid-free cream", "anti-willow bark",
    "tonic 5 mg tablets", "40 mg", "tablets", "(5)", "unheard-of",
    "willow bark 5 mg once daily", "once daily", "nocte",
)  # fmt: skip


@pytest.mark.parametrize(
    "name", ["tonic 5 mg tablets", "40 mg", "tablets", "(5)", "unheard-of", *STAY_UNKNOWN]
)
def test_a_name_that_is_not_known_is_told_as_it_was_written(name):
    """With what the label added to it."""
    assert SHIPPED.resolve(frozenset({name})).unrecognised == (name,)


@pytest.mark.parametrize(
    "name",
    [
        "furosemid 40 mg",
        "Lasxi tablets",
        "wter tablets 5",
        "warfarn sodium",
        "Warfarn-Sodium 3 mg bd",
        "losartn-hctz",
        "budesonide table",
    ],
)
def test_a_slip_is_found_beside_what_a_label_adds(name):
    """As it is without."""
    with pytest.raises(FactsError, match="is not known; did you mean"):
        SHIPPED.resolve(frozenset({name}))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("half my mother's warfarin", "warfarin"),
        ("FUROSEMIDE TABLETS RESTORATIV 40MG", "furosemide"),
        ("furosemide-40a", "furosemide"),
        ("no longer on warfarin", "warfarin"),
        ("I don't take warfarin", "warfarin"),
        ("not taking warfarin", "warfarin"),
        ("I used to take warfarin", "warfarin"),
        ("my mum takes warfarin", "warfarin"),
        ("sodium warfarin", "warfarin"),
        ("warfarin sodim", "warfarin"),
        ("warfarin sodium chloride", "warfarin"),
        ("losartan-willow bark", "losartan"),
        ("willow bark calcium", "calcium"),
        ("willow bark/the old lasix", "lasix"),
        # What may be elsewhere, and what it is for.
        ("tonic potassium chloride", "potassium chloride"),
        ("potassium since May", "potassium"),
        ("takes calcium for cramps from Boots", "calcium"),
        ("anti-diuretic", "diuretic"),
        ("timolol drops", "timolol"),
        ("timolol 1 drop both eyes", "timolol"),
        ("methotrexate for skin", "methotrexate"),
        ("warfarin for eye clot", "warfarin"),
        ("furosemide on free prescription", "furosemide"),
        # Of another time than now, or none of it.
        ("warfarin in 2 weeks", "warfarin"),
        ("prednisolone before last week", "prednisolone"),
        ("warfarin 0 mg", "warfarin"),
        ("warfarin 0 tablets", "warfarin"),
        ("warfarin 0.0mg", "warfarin"),
        # What was stopped may be a cream, or not.
        ("warfarin, rash cream", "warfarin"),
        ("warfarin (stopped the gel)", "warfarin"),
        ("stopped the cream, warfarin", "warfarin"),
        # It is one letter from another name.
        ("no statin", "statin"),
        ("furosemide solution", "furosemide"),
        ("fentanyl implants", "fentanyl"),
        ("testosterone implant", "testosterone"),
        ("put on a blood thinner", "blood thinner"),
        ("Schweppes tonic water", "tonic water"),
        ("trying co-codamol", "co-codamol"),
        ("drinks st john's wort", "st john's wort"),
        ("new insulin glargine", "insulin glargine"),
        ("warfarin (stopped)", "warfarin"),
        ("simvastatin 40 mg (discontinued in May)", "simvastatin"),
        ("simvastatin, no longer taken", "simvastatin"),
        ("penicillin (allergy)", "penicillin"),
    ],
)
def test_a_known_name_among_words_that_nobody_knows_is_an_error_that_names_it(written, name):
    """It may be taken, or no longer: neither is guessed, and it is not passed over."""
    with pytest.raises(FactsError) as caught:
        SHIPPED.resolve(frozenset({written}))

    (problem,) = caught.value.problems
    told = str(problem).removesuffix(NOT_NOW)
    assert told == f"medications: {written!r} is not known; did you mean {name!r}?"


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("furosemide ramipril the pill", "'furosemide', 'ramipril' and 'the pill'"),
        ("i believe furosemide, and ramipril", "'furosemide' and 'ramipril'"),
        ("vitamin d calcium", "'vitamin d' and 'calcium'"),
        ("furosemid and simvastatine", "'furosemide' and 'simvastatin'"),
        ("furosemid/lasix or furosemide", "'furosemide' and 'lasix'"),
        ("warfarin (stopped last week), aspirin", "'warfarin' and 'aspirin'"),
    ],
)
def test_whoever_follows_a_hint_loses_no_medicine(written, meant):
    """Of several names in one text each is told, those too that are sure."""
    with pytest.raises(FactsError) as caught:
        SHIPPED.resolve(frozenset({written}))

    (problem,) = caught.value.problems
    told = problem.message.removesuffix(NOT_NOW)
    assert told == f"{written!r} is not known; did you mean {meant}, each by itself?"


NO_MINERALS = [name for name in NAMES if not re.search(MINERAL, f"{name.casefold()} ")]


def test_names_of_more_words_than_are_looked_for_have_a_name_in_them():
    """Else such a one would be lost among words that are not known."""
    longer = [name for name in NO_MINERALS if len(re.split(r"[\W_]+", name)) > MOST_NAME_WORDS]

    assert not longer


SWALLOWED = [name for name in NO_MINERALS if not re.search(ELSEWHERE, name.casefold())]
words = st.sampled_from([*(one for one in UNHEARD_OF if not re.search(ELSEWHERE, one)), "my old"])


@given(words, st.sampled_from(SWALLOWED), words)
def test_no_known_name_is_lost_among_words(before, name, behind):
    """Whatever stands around it, as long as nothing says that it is a cream or the like."""
    with pytest.raises(FactsError, match="is not known; did you mean"):
        SHIPPED.resolve(frozenset({f"{before} {name} {behind}"}))


@pytest.mark.parametrize(
    "written", ["Lasix\u00ae", '"Lasix"', "\u2018lasix\u2019 40 mg", "Lasix\u2122 tablets"]
)
def test_signs_of_a_trade_mark_and_quotation_marks_do_not_matter(written):
    """A name is copied with them."""
    assert SHIPPED.resolve(frozenset({written})) == SHIPPED.resolve(frozenset({"lasix"}))


labels = st.lists(st.sampled_from(ADDED), min_size=1, max_size=6, unique=True).map(" ".join)


@given(names, labels)
def test_what_a_label_says_of_amounts_and_times_changes_nothing(name, label):
    """Whichever name it stands behind, unless the tablets of it have one of their own."""
    assume("tablets" not in label or key_of(f"{name} tablets") not in KEYS)

    assert SHIPPED.resolve(frozenset({f"{name} {label}"})) == SHIPPED.resolve(frozenset({name}))


@pytest.mark.parametrize("amount", ["5mg", "62.5micrograms", "10ml", "1.5g tablets", "400mg bd"])
def test_an_amount_may_be_written_against_a_name(amount):
    """As people type it."""
    ends_in_letters = [name for name in NAMES if re.search("[a-z]$", name)]

    differing = {
        name
        for name in ends_in_letters
        if outcome(f"{name}{amount}") != outcome(f"{name} {amount}")
    }
    assert len(ends_in_letters) > 1000
    assert not differing


def outcome(written):
    """What is read, or that it is asked about."""
    try:
        return SHIPPED.resolve(frozenset({written}))
    except FactsError:
        return None


def test_a_figure_alone_against_a_name_may_be_a_part_of_it():
    assert held("vitamin b12") == held("vitamin b 12")
    with pytest.raises(FactsError, match="did you mean 'warfarin'"):
        SHIPPED.resolve(frozenset({"warfarin5"}))


@given(st.sampled_from(UNHEARD_OF), labels, st.sampled_from(SALTS))
def test_a_label_makes_no_name_known(name, label, salt):
    """It is told as it was written."""
    written = f"{name} {salt} {label}"

    assert SHIPPED.resolve(frozenset({written})).unrecognised[0] in (written, f"{name} {salt}")


@given(names, st.sampled_from(SALTS), labels)
def test_a_salt_counts_as_what_it_is_a_salt_of(name, salt, label):
    """Unless it has a name of its own, or is one of a mineral: that is not guessed at."""
    written = f"{name} {salt}"
    assume(key_of(written) not in KEYS and not re.search(f"{FORM}|{WAY}", name.casefold()))
    labelled = frozenset({f"{written} {label}"})

    if not re.search(MINERAL, f"{name.casefold()} "):
        assert SHIPPED.resolve(labelled) == SHIPPED.resolve(frozenset({name}))
        return
    with contextlib.suppress(FactsError):  # "esomeprazole magnesium sodium" has a name in it
        assert SHIPPED.resolve(labelled).unrecognised


@pytest.mark.parametrize(
    "around",
    ["I take {}", "I'm on {}", "my {}", "a {}", "{} with a glass of water", "{} with water"],
)
def test_what_people_say_around_a_name_changes_nothing(around):
    """Whichever name it is."""
    said = {name: around.format(name) for name in NAMES}
    differing = {
        text
        for name, text in said.items()
        if SHIPPED.resolve(frozenset({text})) != SHIPPED.resolve(frozenset({name}))
    }

    assert not differing


@pytest.mark.parametrize(
    "said",
    [
        "{} (stopped)",
        "{}, discontinued",
        "{} / never taken",
        "{} (off since May)",
        "{}, no",
        "{} (doesn't take it)",
        "{} and stopped",
        "{} and no longer",
        "{} (on hold)",
        "{}, tablets, stopped",
        "{} (GP stopped)",
        "{} (course completed)",
        "{} (last dose in May)",
        "{} (years ago)",
        "{} (husband's)",
        "{} (dc'd)",
        "{} (to start tomorrow)",
        "{}; never took it, rash",
        "stopped, {}",
        "(no longer) {}",
        "Stopped in May / {}",
    ],
)
def test_a_medicine_that_is_not_taken_now_is_never_taken_for_one_that_is(said):
    """Whoever wrote it is asked, as without a sign between, or told that it is not known."""
    resolved = []
    for name in NAMES:
        with contextlib.suppress(FactsError):
            resolved.append(SHIPPED.resolve(frozenset({said.format(name)})))

    assert not [one for one in resolved if one.classes.present]


def test_one_tablet_is_what_several_are():
    """Of the names that say so, whichever way they are in the rules."""
    several = [name for name in NAMES if name.endswith(("tablets", "capsules", "pills", "drops"))]

    assert len(several) > 20
    assert all(held(name[:-1]) == held(name) for name in several)


def test_who_has_stopped_a_medicine_is_told_to_leave_it_out():
    """The name alone would say that it is taken."""
    with pytest.raises(FactsError, match=rf"'warfarin'\?{NOT_NOW}$"):
        SHIPPED.resolve(frozenset({"warfarin (no longer)"}))
    with pytest.raises(FactsError, match=r"'warfarin'\?$"):
        SHIPPED.resolve(frozenset({"warfarin for eye clot"}))


@pytest.mark.parametrize("join", [" with ", " and ", ", ", " with my ", " and a ", "; some "])
def test_no_name_behind_another_is_lost(join):
    """Also one that begins as what a label says, such as "with water"."""
    lost = {name for name in NAMES if not held(f"aspirin{join}{name}") >= held(name)}

    assert not lost


@given(names, names)
def test_hyphens_join_names_that_are_known(one, other):
    """As they stand in the lists of hospitals."""
    written = f"{one}-{other}"
    assume(key_of(written) not in KEYS and written.count("-") == 1)

    assert held(written) == held(one, other)


def test_no_name_has_in_it_what_a_label_adds():
    """Else a label beside it would take a part of it away, and a medicine could be lost."""
    assert not [name for name in NAMES if re.search(LABEL, name.casefold().replace(" ", "  "))]


def test_no_salt_is_a_name():
    """Else one beside another name would be lost."""
    salts = {one[2] for name in NAMES if (one := re.search(SALT, f"x {name.casefold()}"))}

    assert salts
    assert not salts & KEYS


@given(labelled_names(RuleBase.load()))
@example('"iron" 1-2 tablets')
@example('"iron" PO tablets')
def test_a_label_never_makes_another_medicine_of_a_name(text):
    """What is held is held by names that stand in it, word for word in the same order.

    A label may say how much and how in between, where a form is a part of the name.
    """
    key = key_of(text)
    try:
        classes = SHIPPED.resolve(frozenset({text})).classes
    except FactsError:
        return
    in_it = {name for name in NAMES if re.search(IN_ORDER[name], key)}

    assert classes.present <= held(*in_it)
