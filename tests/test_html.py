"""The page: valid, whole in itself, readable by anyone, and nothing in it is taken for HTML."""

import html
import itertools
import json
import re
import shutil
import subprocess
from pathlib import Path

import html5lib
import pytest
from hypothesis import example, given, reject
from hypothesis import strategies as st

from crampsrules import Assessment, FactsError, RuleBase, RuleError, Triage, assess
from crampsrules.facts import FACTS
from crampsrules.html import STYLE, as_page
from tests.drawing import fact_mappings, fewer, rule_bases, shipped_texts

SHIPPED = RuleBase.load()
# A case that shows every kind of thing on the page.
FULL = {
    "age_years": 71,
    "symptoms": ["cramp", "urge_to_move"],
    "sites": ["calf"],
    "timing": ["night"],
    "potassium_mmol_l": 3.1,
    "egfr": 40,
    "medications": ["hydrochlorothiazide", "omeprazole", "moonroot"],
}


def page_of(assessment):
    """The parsed page; raises for anything that the standard calls a parse error."""
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parse(assessment.to_html())


def fragment_of(assessment):
    parser = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False)
    return parser.parseFragment(assessment._repr_html_(), container="div")


def text_of(element):
    return "".join(element.itertext())


def squeezed(text):
    return " ".join(text.split())


def headings(tree):
    return [int(one.tag[1]) for one in tree.iter() if re.fullmatch(r"h[1-6]", str(one.tag))]


def assessments():
    drawn = fact_mappings(SHIPPED).map(lambda facts: assess(facts, engine="compiled"))
    return drawn | st.builds(_drawn, rule_bases(), st.data())


def _drawn(rules, data):
    return assess(data.draw(fact_mappings(rules)), rules=rules, engine="compiled")


few = fewer(7)


# --- Valid and whole in itself ------------------------------------------------------------------

TAGS = {
    *("html", "head", "meta", "title", "style", "body", "main", "article", "section", "div"),
    *("h1", "h2", "h3", "h4", "p", "span", "ul", "li", "dl", "dt", "dd", "details", "summary"),
    *("strong", "em", "bdi"),
}
ATTRIBUTES = {"lang", "charset", "name", "content", "class", "style", "role"}
ATTRIBUTES |= {"aria-label", "aria-hidden"}


def assert_only_ours(tree):
    """The elements and attributes are those that the page is made of: none came from a text."""
    for element in tree.iter():
        assert element.tag in TAGS or element.tag == "DOCUMENT_FRAGMENT"
        assert set(element.attrib) <= ATTRIBUTES


@given(assessments())
@few
def test_the_page_is_valid_and_its_headings_make_an_outline(assessment):
    tree = page_of(assessment)

    levels = headings(tree)
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(after <= before + 1 for before, after in itertools.pairwise(levels))
    assert tree.get("lang") == "en"
    assert text_of(tree.find("head/title"))
    assert len(tree.findall("body/main")) == 1
    assert_only_ours(tree)


@given(assessments())
@few
def test_the_page_fetches_nothing(assessment):
    page = assessment.to_html()

    assert not re.search(r"https?:|//|\burl\(|@import|@font-face", page)
    assert not re.search(r"\s(src|href|action|background|on[a-z]+)\s*=", page)


@given(assessments())
@few
def test_a_notebook_may_show_the_fragment_twice(assessment):
    fragment = assessment._repr_html_()

    twice = html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parseFragment(
        fragment * 2, container="div"
    )

    assert len(twice.findall(".//article")) == 2
    assert not [one for one in twice.iter() if one.get("id")]
    assert min(headings(twice)) == 2  # the notebook has a title of its own
    assert all(line.startswith(".crampsrules ") for line in selectors()[1:])


# --- Nothing is taken for HTML ------------------------------------------------------------------

HOSTILE = st.sampled_from(
    [
        "<script>alert(1)</script>",
        '"><img src=x onerror=alert(1)>',
        "</article></main><h1>Hello",
        "<!-- ",
        "]]>",
        "</style><style>*{display:none}</style>",
        "&lt;b&gt; &amp; &nosuch; &#0;",
        "{reason} {title} {names}",
        "\x01\x7f\x85\ufffe\U0001ffff",
        "\u202eright to left",
    ]
) | st.text(min_size=1, max_size=30)


@given(st.lists(HOSTILE, min_size=1, max_size=3))
@fewer(2)
@example(["<script>alert(1)</script>"])
@example(["<b>bold</b>", "{names}"])
def test_a_hostile_medicine_name_is_shown_and_nothing_more(names):
    try:
        assessment = assess(medications=names, engine="compiled")
    except FactsError:
        reject()  # refused, or one slip away from a medicine

    tree = page_of(assessment)

    assert_only_ours(tree)
    shown = [text_of(one) for one in tree.iter("bdi")]
    assert all(name in shown for name in map(readable, assessment.unrecognised))


def readable(text):
    """A text as HTML can hold it."""
    kept = re.sub(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\U0001ffff]", "\ufffd", text)
    return re.sub(r"[\ud800-\udfff\ufdd0-\ufdef\uffff]", "\ufffd", kept).replace("\r", "\n")


def hostile_pack(text):
    """A rule base in which every text that can be shown is this one."""
    quoted = json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
    return f"""
id = "hostile"
title = {quoted}
prior = 0
mimic = true
patient = {quoted}
clinician = {quoted}
source = "book"
[[sources]]
id = "book"
title = {quoted}
authority = {quoted}
[[evidence]]
id = "hostile.one"
when = "injury"
weight = "large"
because = {quoted}
source = "book"
[[escalations]]
id = "see"
when = "injury"
triage = "soon"
reason = {quoted}
clinician = {quoted}
source = "book"
[[advice]]
id = "do"
kind = "relief"
title = {quoted}
text = {quoted}
clinician = {quoted}
source = "book"
[[advice.cautions]]
id = "mind"
text = {quoted}
[[advice]]
id = "not"
kind = "relief"
title = {quoted}
text = "x"
source = "book"
[[advice.unless]]
id = "never"
when = "injury"
reason = {quoted}
instead = {quoted}
"""


@given(HOSTILE.filter(str.strip))
@fewer(2)
def test_the_texts_of_a_hostile_rule_pack_are_shown_and_nothing_more(text):
    try:
        rules = RuleBase.from_texts({"hostile.toml": hostile_pack(text)})
    except RuleError:
        reject()  # refused

    assessment = assess(injury=True, rules=rules)

    for tree in (page_of(assessment), fragment_of(assessment)):
        assert_only_ours(tree)
        # title twice, patient, two reasons, four of advice, two of what was left out, clinicians
        assert squeezed(text_of(tree)).count(squeezed(readable(text))) >= 12


@given(st.text(st.characters(codec=None, categories=None), max_size=20))
@fewer(3)
@example("\ud800")
def test_any_page_can_be_written_as_utf_8(text):
    data = assess(injury=True).to_dict(unknowns=False)
    data["causes"][0]["title"] = text

    as_page(Assessment.from_dict(data)).encode("utf-8")


# --- What it shows ------------------------------------------------------------------------------


@given(assessments())
@few
def test_each_cause_has_a_bar_with_its_evidence_in_words_and_in_proportion(assessment):
    bars = [one for one in page_of(assessment).iter("div") if one.get("class") == "bar"]

    assert len(bars) == len(assessment.causes)
    most = max([20, *(most for cause in assessment.causes for most in sums(cause))])
    for bar, cause in zip(bars, assessment.causes, strict=True):
        speaks_for, against = sums(cause)
        assert bar.get("role") == "img"
        assert bar.get("aria-label") == (
            f"Evidence against: {against} decibans. Evidence for: {speaks_for} decibans."
        )
        assert cause.prior + speaks_for - against == cause.weight
        for side, decibans in (("against", against), ("for", speaks_for)):
            (half,) = (one for one in bar.iter("div") if one.get("class") == side)
            assert half.get("style") == f"width:{round(100 * decibans / most)}%"


def sums(cause):
    return (
        sum(one.weight for one in cause.because if one.counted),
        -sum(one.weight for one in cause.against if one.counted),
    )


@given(assessments())
@few
def test_reasons_that_do_not_count_are_marked_and_only_those(assessment):
    shown = [text_of(one) for one in page_of(assessment).iter("li")]

    for cause in assessment.causes:
        for reason in (*cause.because, *cause.against):
            (line,) = (
                one
                for one in shown
                if f"{reason.weight:+d} decibans" in one and f"{reason.id}: " in one
            )
            assert ("not counted" in line) is not reason.counted


@given(assessments())
@few
def test_all_that_the_assessment_says_is_on_the_page(assessment):
    shown = squeezed(text_of(page_of(assessment).find("body")))

    said = [
        assessment.triage_wording.title,
        assessment.triage_wording.patient,
        assessment.disclaimer,
        *(one.reason for one in assessment.escalations),
        *(one.clinician for one in assessment.escalations if one.clinician),
        *(one.title for one in assessment.causes),
        *(one.patient for one in assessment.causes if one.patient),
        *(one.clinician for one in assessment.causes if one.clinician),
        *(one.text for one in assessment.advice),
        *(one.caution for one in assessment.advice if one.caution),
        *(one.reason for one in assessment.withheld),
        *(one.instead for one in assessment.withheld if one.instead),
        *(str(assessment.rules.sources[id_]) for one in assessment.causes for id_ in one.sources),
    ]
    assert not [one for one in said if squeezed(one) not in shown]


@given(assessments())
@few
def test_what_is_for_clinicians_can_be_left_out(assessment):
    """From the page and from the fragment; where it stays it can be told by its class."""
    for fragment in (False, True):
        whole = assessment.to_html(fragment=fragment)
        for_patients = assessment.to_html(fragment=fragment, clinicians=False)

        line = r'<span class="small clinician">[^<]*</span>'
        without = re.sub(rf"<p>{line}</p>| {line}", "", whole)
        without = re.sub("<details><summary>[^<]*</summary></details>", "", without)
        assert without == for_patients
        assert whole.count("For clinicians:") == len(re.findall(line, whole)) > 0
        assert "For clinicians:" not in for_patients
        assert html.escape(assessment.triage_wording.patient) in for_patients


@pytest.mark.parametrize(("language", "lang"), [(None, "en"), ("de", "de"), ("pt-BR", "pt-BR")])
def test_a_page_says_in_which_language_it_is(language, lang):
    """That of the wording: a screen reader reads by it."""
    texts = dict(shipped_texts())
    if language:
        texts["wording.toml"] += f'language = "{language}"\n'
    assessment = assess(rules=RuleBase.from_texts(texts))

    assert f'<html lang="{lang}">' in assessment.to_html()
    assert f'<article class="crampsrules" lang="{lang}">' in assessment.to_html(fragment=True)


@given(assessments())
@few
def test_an_assessment_read_back_from_json_gives_the_same_words(assessment):
    again = Assessment.from_json(assessment.to_json(unknowns=False))

    for shown in (again.to_html(), again._repr_html_()):
        assert html.escape(assessment.triage_wording.title) in shown
        assert all(html.escape(one.title) in shown for one in assessment.causes)


def test_what_is_known_is_listed_in_plain_words():
    shown = text_of(page_of(assess(FULL)))

    for words in ("potassium in the blood", "3.1 mmol/L", "an urge to move the legs", "moonroot"):
        assert words in shown


def test_each_fact_stands_beside_its_value():
    known = {"fever": True, "thirst": False, "sites": [], "timing": ["night", "rest"], "egfr": 40}
    page = page_of(assess({**known, "sex": "female"}))
    (listed,) = page.iter("dl")
    shown = dict(zip(*(map(text_of, listed.iter(tag)) for tag in ("dt", "dd")), strict=True))

    assert shown[FACTS["fever"].label] == "yes"
    assert shown[FACTS["thirst"].label] == "no"
    assert shown[FACTS["sites"].label] == "none"
    timing = FACTS["timing"].labels
    assert shown[FACTS["timing"].label] == f"{timing['night']}, {timing['rest']}"
    assert shown[FACTS["egfr"].label] == f"40 {FACTS['egfr'].unit}"
    assert shown[FACTS["sex"].label] == FACTS["sex"].labels.get("female", "female")


@given(assessments())
@few
def test_lists_hold_entries_and_nothing_between_them(assessment):
    for outer, inner in (("ul", {"li"}), ("dl", {"dt", "dd"}), ("section", None)):
        for element in page_of(assessment).iter(outer):
            assert not element.text
            assert len(element)
            for child in element:
                assert inner is None or child.tag in inner
                assert not child.tail


def test_what_is_left_out_reads_as_sentences():
    assessment = assess(heart_failure=True)
    shown = [text_of(one) for one in page_of(assessment).iter("li")]
    words = SHIPPED.wording.leaflet["withheld_for"]

    assert assessment.withheld
    for one in assessment.withheld:
        title = f"Not for you now: {one.title[0].lower()}{one.title[1:]}."
        told = [title, words.replace("{reason}", one.reason) if one.reason else ""]
        assert " ".join(filter(None, (*told, one.instead))) in map(str.strip, shown)


def test_how_soon_to_be_seen_is_said_in_both_words():
    for assessment in (assess(), assess(chest_pain=True)):
        wording = assessment.triage_wording
        shown = page_of(assessment).find("body//section/p")

        assert text_of(shown) == (f"{wording.patient} For clinicians: {wording.clinician}")


def test_signs_to_look_out_for_are_left_out_where_someone_is_sent_today_anyway():
    net = SHIPPED.wording.leaflet["safety_net"]

    assert net in text_of(page_of(assess(FULL)))
    assert net not in text_of(page_of(assess(leg_swelling="one", sides="one", sites=["calf"])))


# --- Words for both readers ---------------------------------------------------------------------


@given(fact_mappings(SHIPPED))
@few
def test_patient_and_clinician_each_find_their_words_in_the_data(facts):
    data = assess(facts, engine="compiled").to_dict(unknowns=False)

    assert all(data["triage_wording"][key] for key in ("title", "patient", "clinician"))
    for one in data["escalations"]:
        assert one["reason"]
        assert one["clinician"]
    for one in data["causes"]:
        assert one["patient"]
        assert one["clinician"]
    for one in data["advice"]:
        assert one["text"]
        assert one["clinician"]


def test_every_rule_that_is_shown_has_words_for_both():
    lacking = [one.id for one in SHIPPED.causes.values() if not (one.patient and one.clinician)]
    lacking += [one.id for one in SHIPPED.escalations if not (one.reason and one.clinician)]
    lacking += [
        one.id for one in SHIPPED.advice if not (one.clinician or one.evidence_note or one.note)
    ]

    assert lacking == []


# --- Contrast, from the style itself ------------------------------------------------------------


def selectors():
    return [part for block in STYLE.split("}") if block for part in block.split("{")[0].split(",")]


def declared(property_):
    return set(re.findall(rf"(?<![-\w]){property_}:(#[0-9a-f]{{6}})", STYLE))


def luminance(colour):
    channels = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one, other):
    light, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


BARS = {"#a4262c", "#1f6b45"}
TROUGH = "#ececec"


def test_contrast_is_worked_out_as_the_guidelines_do():
    assert round(contrast("#000000", "#ffffff"), 2) == 21
    assert round(contrast("#777777", "#ffffff"), 2) == 4.48


def test_every_text_colour_stands_out_on_every_ground_that_text_is_on():
    grounds = declared("background") - BARS - {TROUGH}

    assert grounds == {"#ffffff", "#f2f6fb", "#fdf3f3"}
    for colour in declared("color"):
        for ground in grounds:
            assert contrast(colour, ground) >= 4.5, (colour, ground)


def test_the_bars_stand_out_from_what_they_lie_in():
    assert declared("background") >= {*BARS, TROUGH}
    for bar in BARS:
        assert contrast(bar, TROUGH) >= 3


def test_each_colour_is_written_in_full_where_a_test_can_find_it():
    written = re.findall(r"#[0-9a-zA-Z]+", STYLE)

    assert all(re.fullmatch(r"#[0-9a-f]{6}", one) for one in written)
    assert not re.search(r":\s*(rgb|hsl|black|white|grey|gray|red|green)\b", STYLE)


# --- In a real browser --------------------------------------------------------------------------

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
QUIET = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)
# What the browser itself makes of the page: each text with its colour and the ground under it.
MEASURING = """
<script>
for (const one of document.querySelectorAll("details")) one.open = true;
const ground = e => {
  for (; e; e = e.parentElement) {
    const colour = getComputedStyle(e).backgroundColor;
    if (colour !== "rgba(0, 0, 0, 0)") return colour;
  }
  return "rgb(255, 255, 255)";
};
const pairs = new Set();
const walker = document.createTreeWalker(document.querySelector("main"), NodeFilter.SHOW_TEXT);
let texts = 0;
while (walker.nextNode()) {
  const e = walker.currentNode.parentElement;
  if (!walker.currentNode.data.trim() || e.tagName === "STYLE") continue;
  texts += 1;
  pairs.add(getComputedStyle(e).color + " on " + ground(e));
}
const half = side => document.querySelector("." + side).getBoundingClientRect().width;
document.title = JSON.stringify({
  texts, pairs: [...pairs],
  wide: document.documentElement.scrollWidth > document.documentElement.clientWidth,
  bars: [half("for"), half("against")],
  outline: [...document.querySelectorAll("h1,h2,h3")].map(h => h.tagName).join(" "),
});
</script>
"""


def in_browser(page: str, folder: Path) -> str:
    file = folder / "page.html"
    file.write_text(page, encoding="utf-8")
    profile = folder / "profile"
    done = subprocess.run(
        [
            CHROMIUM or "",
            *QUIET,
            f"--user-data-dir={profile}",
            "--window-size=500,900",
            "--dump-dom",
            file.as_uri(),
        ],
        capture_output=True,
        check=True,
        timeout=120,
    )
    return done.stdout.decode("utf-8")


def hexed(colour: str) -> str:
    return "#" + "".join(f"{int(figure):02x}" for figure in re.findall(r"\d+", colour)[:3])


@pytest.mark.skipif(CHROMIUM is None, reason="no Chromium on PATH to open the page with")
def test_a_browser_shows_the_page_as_it_was_meant(tmp_path):
    assessment = assess({**FULL, "sides": "both", "wakes_from_sleep": True})
    dom = in_browser(assessment.to_html().replace("</body>", f"{MEASURING}</body>"), tmp_path)
    (title,) = re.findall(r"<title>(.*?)</title>", dom)
    found = json.loads(html.unescape(title))

    assert found["texts"] > 50
    assert found["outline"].startswith("H1 H2 H3")
    assert found["wide"] is False
    assert found["bars"][0] > 0
    for pair in found["pairs"]:
        text, ground = map(hexed, pair.split(" on "))
        assert contrast(text, ground) >= 4.5, pair


def test_triage_levels_that_need_haste_are_set_off():
    shown = assess(chest_pain=True, symptoms=["cramp"])

    assert shown.triage is Triage.EMERGENCY
    assert '<section class="triage emergency">' in shown.to_html()
