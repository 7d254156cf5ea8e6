"""What a label adds to the name of a medicine: how much, how often, in what form, as which salt.

Each pattern means the same to Python, DuckDB (RE2) and Spark (Java), which all read names by it:
only small letters, two spaces between words, and nothing that looks ahead or behind. With two, each
pattern has its own on either side, so that neighbours are all found at once.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

SPACES = "".join(c for c in map(chr, range(0x3001)) if c.isspace())
"""Every character that Python takes for a space."""
SIGNS = "/+&,;()"
"""The signs that join two names; "and" and "with" do so too."""
ENDS = " " + SIGNS
_QUOTES = "\"'\u201c\u201d\u201e\u2018\u2019\u201a\u00ab\u00bb\u2039\u203a`\u00b4"
IGNORED = f"[{SPACES}_\u00ad\u00ae\u2122{_QUOTES}*\u2022\u00b7-]+"
"""What does not matter in a name: spaces, hyphens, those that are not shown too, underscores,
quotation marks, the dots of a list, and the signs of a registered name and a trade mark."""
GAP = f"[.:!]*[{SPACES}]+|[.:!]+$"
"""What parts words."""
TWO_SPACES = "  "

_NUMBER = r"one|two|three|four|five|six|half(?: an?)?|[0-9½-]+"
_FIGURE = r"[.]?[0-9½]+(?:[.,/-][0-9½]+)*"
_UNIT = (
    "mgs?|mcgs?|ug|μg|kg|g|gm|ml|mls|l|iu|u|mmol|meq|%(?: w/[wv])?|micrograms?|milligrams?|grams?|"
    "units?|millilitres?"
)
_GLUED = rf"{_FIGURE}(?:{_UNIT})"
GLUED = rf"([a-z])({_GLUED})($|[^a-z0-9])"
"""An amount that is written against the end of a name. A figure alone may be a part of it."""
MAYBE_LABELLED = rf"[{SPACES}{SIGNS}_.:!-]|and|with|[a-z]{_GLUED}"
"""Only a name with one of these can have parts, or what a label adds to it."""
_PER = "ml|l|g|kg|dose|puff|actuation|hr|hour|h|day|week|tablet|tab|capsule|cap"
_AMOUNT = rf"(?:x ?)?{_FIGURE}(?: ?(?:(?:{_UNIT})(?: ?/ ?(?:[0-9.]+ ?)?(?:{_PER}))?|x))?"
_DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_WHEN = (
    "days?|nights?|weeks?|months?|mornings?|afternoons?|evenings?|hours?|hrs?|bedtime|bed|"
    "meals?|food|breakfast|lunch|dinner|supper|"
    f"{_DAYS}|[0-9]+(?:[.:][0-9]+)? ?[ap]m"
)
_WHICH = (
    "the|a|each|every|other|alternate|or|to|without|my|your|morning|midday|evening|main|first|last"
)
_LATE = "(?:nights?|evenings?|afternoons?|bedtime)"
_AT = "(?:per|each|every|alternate|in|at|on|for|with|before|after)"
_LATIN = ("od", "bd", "bid", "tds", "tid", "qds", "qid", "om", "on", "ac", "pc", "prn")
_OFTEN = "|".join(
    (
        # "a" and "k" by themselves are names.
        rf"an? (?:{_WHEN})",
        f"{_AT}(?: (?:{_WHICH}|{_NUMBER}))* (?:{_WHEN})",
        f"(?:mornings? and {_LATE}|{_LATE} and mornings?|[ap]m and [ap]m|{_DAYS})",
        "(?:(?:i|im|i['\u2019]m|i am) )?(?:take|taking|on|use|using)(?: (?:an?|my|some))?",
        # What goes on behind "with water" may be a medicine.
        "with (?:(?:an?|plenty of|some|full|glass of) )+water|with water *$",
        "(?:once|twice|thrice)(?:-(?:a-)?(?:day|week|month|daily|weekly|monthly|nightly))?",
        "(?:only )?(?:as|when|if) (?:required|needed|necessary|directed|instructed|prescribed)",
        "(?:to be )?taken|up to|max(?:imum)?|times?|x|inhale",
        "daily|nightly|hourly|weekly|fortnightly|monthly",
        _NUMBER,
        "nocte|mane|stat|q[0-9]+h|qhs",
        *("[.]?".join(latin) + "[.]?" for latin in _LATIN),
    )
)
_MADE = (
    "(?:film|sugar|enteric)(?: |-)?coated|coated|hard|soft|scored|retard|micronised|anhydrous|"
    "(?:prolonged|modified|extended|sustained|controlled|delayed|slow|immediate)(?: |-)release|"
    "gastro(?: |-)?resistant|(?:oro)?dispersible|disp|chewable|effervescent|soluble|sublingual|"
    "under (?:the|my) tongue|cfc(?: |-)free|sugar(?: |-)free|"
    f"(?:(?:solution|suspension) for injection (?:{_AMOUNT} )?(?:in )?)?pre(?: |-)?filled|"
    "(?:mono|hemi|sesqui|di|tri|tetra|penta|hexa|hepta)hydrate|"
    "mr|m/r|sr|s/r|xl|er|cr|la|xr|ec|e/c|"
    "inhalation powder|dry powder|metered(?: |-)dose|(?:tea)?spoon(?:ful)?s?|puffs?|"
    "(?:packs?|box(?:es)?|bottles?)(?: of)?|(?:tablets?|tabs?|capsules?|caps?|sachets?) of|bp|usp"
)


def _spaced(what: str) -> str:
    return what.replace(" ?", " *").replace(" ", " +").replace(" +*", " *")


def _apart(what: str) -> str:
    return rf"(^|[{ENDS}])({_spaced(what)})($|[{ENDS}])"


def _last(what: str) -> str:
    return rf"^(.*[ _-])({_spaced(what)})($|[{ENDS}_-].*$)"


LABEL = _apart(f"{_AMOUNT}|{_OFTEN}|{_MADE}")
"""How much, how often and how made. It may have signs and "with" in it, which join no names."""
_WAYS = "(?:for )?oral(?: (?:solution|suspension|liquid|syrup))?|orally|by mouth|po"
_FORMS = (
    "tablets?|tabs?|capsules?|caps?|caplets?|pills?|inhalers?|sachets?|granules?|syrup|elixir|"
    "softgels?|gumm(?:y|ies)|linctus|liquid|suspension|powders?|"
    "pens?|cartridges?|syringes?|flexpens?|flextouch|kwikpens?|solostar|penfill|"
    "(?:accu|auto|breez|easy|evo|handi|next|turb[ou])halers?|easi(?: |-)breathe|respimat|ellipta|"
    "spiromax|modulite|nebules?|nebuli[sz]er (?:solution|liquid)"
)
WAY = _apart(_WAYS)
"""That it is swallowed. Of other ways a name is needed: a solution may be for the skin."""
FORM = _last(_FORMS)
"""In what form it is, said last. Of creams, drops and injections that is a part of the name."""
_WORD = _spaced(f"(?:{_WAYS}|{_FORMS})")
ALONE = rf"^ *{_WORD}(?: +{_WORD})* *$"
"""Nothing but such."""
ARTICLE = rf"(^ *|[{SIGNS}] *| (?:and|with) +)(?:an?|my|some) +"
"""In front of a name. Behind one it may be a part of it, as a letter at its end is."""
_NOT_NOW = _spaced(
    "stopped|ceased|discontinued|finished|completed|paused|suspended|withheld|on hold|no longer|"
    "previous(?:ly)?|former(?:ly)?|past|never|not|declined|refused|allergic|intolerant|"
    "no|none|off|held|until|ended|quit|given up|ran out|run out|about to|due to|start(?:s|ing)|"
    "(?:do|does|did)(?: not|n['\u2019]?t)"
)
_SAYS_MORE = rf"{_WORD}(?: +{_WORD})*|(?:{_NOT_NOW})(?: [^{SIGNS}]*)?|allergy|intolerance"
LOOSE = rf"(?:[{ENDS}]*[{SIGNS}]| and )[{ENDS}]*({_SAYS_MORE})( *$| *[{SIGNS}])"
"""What stands alone behind a sign and says more of the name in front: a form, a way, or that it is
not taken now. That last is in doubt then, as it is without the sign."""
_SALTS = (
    "sodium", "disodium", "dipotassium", "trometamol", "tromethamine", "meglumine", "lysine",
    "arginine", "erbumine", "olamine", "hydrochloride", "dihydrochloride", "hcl", "hydrobromide",
    "hbr", "chloride", "bromide", "carbonate", "sulfate", "sulphate", "bisulfate", "bisulphate",
    "hydrogen", "phosphate", "diphosphate", "acetate", "acetonide", "hexacetonide", "benzoate",
    "butyrate", "citrate", "clathrate", "decanoate", "dipropionate", "embonate", "enantate",
    "enanthate", "cipionate", "cypionate", "estolate", "ethylsuccinate", "fumarate",
    "hemifumarate", "furoate", "gluconate", "hyclate", "lactate", "lauroxil", "malate", "maleate",
    "metasulfobenzoate", "oxalate", "palmitate", "pamoate", "pivalate", "propanediol",
    "propionate", "stearate", "succinate", "hemisuccinate", "tartrate", "bitartrate",
    "hemitartrate", "teoclate", "trifenatate", "undecanoate", "valerate", "xinafoate",
    "alafenamide", "axetil", "cilexetil", "disoproxil", "etexilate", "marboxil", "medoxomil",
    "mofetil", "pivoxil", "proxetil",
    "besilate", "besylate", "camsilate", "camsylate", "dimesilate", "dimesylate", "edisilate",
    "edisylate", "mesilate", "mesylate", "napsilate", "napsylate", "tosilate", "tosylate",
)  # fmt: skip
SALT = _last("|".join(_SALTS))
"""As which salt or ester. In front of a name it is none, and no part of a list."""
MOST_NAME_WORDS = 4
"""A name of so many words is found among others."""
MOST_WORDS = 3
"""So many forms or salts are read over, one by one until a name is known: it may have one too."""
MINERAL = (
    r"(^|[ _-])(?:(?:potassium|calcium|magnesium|zinc|iron|ferrous|ferric|alumini?um)[ _-]|"
    r"sodium[ _-]+(?:chloride|citrate|carbonate))"
)
"""A salt of one of these is a medicine itself, and is not read over: "potassium phosphate"."""
ELSEWHERE = (
    rf"(^|[{ENDS}_-])(?:"
    "creams?|gels?|ointments?|lotions?|liniments?|balms?|rubs?|foams?|pastes?|shampoos?|soaps?|"
    "wash(?:es)?|mouthwash|gargles?|lozenges?|drops?|eyes?|ears?|topical|skin|scalp|dressings?|"
    "enemas?|vaginal|pessar(?:y|ies)|free|anti"
    rf")($|[{ENDS}_-])"
)
"""With one of these a text tells of something else than the name in it, such as its cream.

Patches, sprays, implants and suppositories are not among them: what they hold acts in the whole
body as often as not.
"""
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}

_JOINS = rf"\s*(?:[{SIGNS}]|\band\b|\bwith\b)\s*"
# Most names are known as they are: the others are compiled when one is not.
_IGNORED = re.compile(IGNORED)


def casefolded(name: str) -> str:
    """A name in small letters, and those of full width in letters of the usual one."""
    return name.lower() if name.isascii() else name.translate(_WIDE).casefold()


def key_of(name: str) -> str:
    """A name without what does not matter in it: capitals, spaces, hyphens and more (IGNORED)."""
    return _IGNORED.sub("", casefolded(name))


def texts_in(name: str) -> list[str]:
    """What to look for in a name, in small letters: all of it, and then each of its parts.

    Where there is one part only, that is all of it.
    """
    folded = casefolded(name)
    if not re.search(MAYBE_LABELLED, folded):
        return [folded]
    plain = re.sub(GAP, TWO_SPACES, folded)
    plain = re.sub(GLUED, rf"\1{TWO_SPACES}\2\3", plain)
    for _ in range(2):  # two in a row may share a sign between them
        plain = re.sub(LABEL, r"\1\3", plain)
    plain = re.sub(ARTICLE, r"\1", plain)
    plain = re.sub(LOOSE, TWO_SPACES + r"\1\2", plain).strip(ENDS)
    split = (part.strip() for part in re.split(_JOINS, plain))
    parts = [part for part in split if key_of(part) and not re.search(ALONE, part)]
    return parts if len(parts) == 1 else [plain, *parts]


def words_in(text: str) -> list[str]:
    """The words of a text in which a known name could be meant."""
    if re.search(ELSEWHERE, text):
        return []
    return re.split(r"[\W_]+", re.sub(MINERAL, TWO_SPACES, text))


def hyphenated(text: str) -> list[str]:
    """The names that hyphens may join, where there are some."""
    pieces = [piece for piece in text.split("-") if key_of(piece)]
    return pieces if len(pieces) > 1 else []


def keys_of(text: str) -> Iterator[str]:
    """The key of a text, and of what is left of it as more and more of a label is read over."""
    yield key_of(text)
    for _ in range(2):
        text = re.sub(WAY, r"\1\3", text)
    yield key_of(text)
    for kind in (FORM, SALT):
        if kind == SALT and re.search(MINERAL, text):
            return
        for _ in range(MOST_WORDS):
            text = re.sub(kind, r"\1\3", text)
            yield key_of(text)
