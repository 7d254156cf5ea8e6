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
IGNORED = f"[{SPACES}_\u00ad\u00ae\u2122{_QUOTES}*#~=>\u2022\u00b7\u2713\u2714-]+"
"""What does not matter in a name: spaces, hyphens, those that are not shown too, underscores,
quotation marks, the signs in front of a list's items, and those of a registered name and a trade
mark."""
GAP = f"[.:!]*[{SPACES}]+|[.:!]+$"
"""What parts words."""
TWO_SPACES = "  "

_NUMBER = r"one|two|three|four|five|six|half(?: an?)?|[1-9½-][0-9½-]*"
_FIGURE = r"(?:0?[.,]0*[1-9]|0*[1-9½])[0-9½]*(?:[.,/-][0-9½]+)*"
"""Not nought: who takes none of a medicine does not take it."""
_UNIT = (
    "mgs?|mcgs?|ug|μg|kg|g|gm|ml|mls|l|iu|u|mmol|meq|%(?: w/[wv])?|micrograms?|milligrams?|grams?|"
    "units?|millilitres?"
)
_GLUED = rf"{_FIGURE} *(?:{_UNIT})"
GLUED = rf"([a-z])({_GLUED})($|[^a-z0-9])"
"""An amount that is written against the end of a name. A figure alone may be a part of it."""
MAYBE_LABELLED = rf"[{SPACES}{SIGNS}_.:!-]|and|with|[a-z]{_GLUED}"
"""Only a name with one of these can have parts, or what a label adds to it."""
_PER = "ml|l|g|kg|dose|puff|actuation|hr|hour|h|day|week|tablet|tab|capsule|cap"
_AMOUNT = (
    rf"(?:x ?)?{_FIGURE}(?: ?(?:(?:{_UNIT})(?: ?/ ?(?:[0-9.]+ ?)?(?:{_PER}))?|/ ?(?:{_PER})|x))?"
)
_DURATION = "(?:x ?)?[1-9][0-9]*(?: |-)(?:days?|weeks?|months?|hours?|hrs?)(?: course)?"
_DAYS = "(?:mon|tues|wednes|thurs|fri|satur|sun)days?"
_CLOCK = "[0-9]+(?:[.:][0-9]+)? ?[ap]m|[0-9]{1,2}:[0-9]{2}"
_HOUR = (
    "mornings?|afternoons?|evenings?|nights?|noon|midday|bedtime|bed|meals?|food|breakfast|lunch|"
    f"lunchtime|dinner|supper|tea|teatime|{_CLOCK}"
)
_WHEN = f"days?|weeks?|months?|hours?|hrs?|{_HOUR}|{_DAYS}"
_WHICH = (
    "the|a|each|every|other|alternate|or|to|without|my|your|morning|midday|evening|main|first|last"
)
_LATE = "(?:nights?|evenings?|afternoons?|bedtime)"
_AT = "(?:per|each|every|alternate|at|on|for|with)"
# "In two weeks" and "before last week" tell of another time than now.
_ABOUT = "(?:in|before|after)"
_LATIN = (
    "od", "bd", "bid", "tds", "tid", "qds", "qid", "om", "on", "ac", "pc", "prn", "qd", "qod",
    "qam", "qpm", "hs", "eod", "mdu",
)  # fmt: skip
_REASON = (
    "bp|blood pressure|nerve pain|pain|nerves?|cholesterol|heart failure|heart|sleep|gout|thyroid|"
    "sugars?|diabetes|reflux|stomach|bones?|legs?|cramps?|anxiety|depression|asthma|migraines?|"
    "fluid|water"
)
_WHO = "(?:i|im|i['\u2019]m|i am|he|she|they|pt|patient)"
_WHOSE = "(?:an?|my|some|his|her|their)"
_OFTEN = "|".join(
    (
        # "a" and "k" by themselves are names.
        rf"an? (?:{_WHEN})",
        f"{_AT}(?: (?:{_WHICH}|{_NUMBER}))* (?:{_WHEN})",
        f"{_ABOUT}(?: (?:{_WHICH}))* (?:{_HOUR}|{_DAYS})",
        "in (?:an?|any|12|24|48) (?:days?|hours?|hrs?)",
        f"for (?:(?:my|the|high|low) )?(?:{_REASON})",
        _CLOCK,
        f"(?:mornings? and {_LATE}|{_LATE} and mornings?|[ap]m and [ap]m|{_DAYS})",
        rf"(?:{_WHO} )?(?:(?:is|still|currently) )?(?:takes?|taking|on|uses?|using)(?: {_WHOSE})?",
        "still|currently|regularly|generic|continued?|long(?: |-)term",
        "taper(?:ing)?|reducing(?: course| dose)?|as per (?:inr|chart|plan)|sliding scale",
        "on an empty stomach|mornings?|evenings?|noon|midday|lunchtime|teatime",
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


LABEL = _apart(f"{_DURATION}|{_AMOUNT}|{_OFTEN}|{_MADE}")
"""How much, how often and how made. It may have signs and "with" in it, which join no names."""
_WAYS = "(?:for )?oral(?: (?:solution|suspension|liquid|syrup))?|orally|by mouth|po"
_FORMS = (
    "tablets?|tabs?|capsules?|caps?|caplets?|pills?|inhalers?|sachets?|granules?|syrup|elixir|"
    "softgels?|gumm(?:y|ies)|linctus|liquid|suspension|powders?|"
    "pens?|cartridges?|syringes?|flexpens?|flextouch|kwikpens?|solostar|penfill|"
    "(?:accu|auto|breez|easy|evo|handi|next|turb[ou])halers?|easi(?: |-)breathe|respimat|ellipta|"
    "spiromax|modulite|nebules?|nebuli[sz]er (?:solution|liquid)|"
    "injections?|ampoules?|vials?|infusions?|depot|sc|subcut|subcutaneous(?:ly)?|im|iv|"
    "intramuscular(?:ly)?|intravenous(?:ly)?"
)
WAY = _apart(_WAYS)
"""That it is swallowed. Of other ways a name is needed: a solution may be for the skin."""
FORM = _last(_FORMS)
"""In what form it is, said last. Of creams and drops that is a part of the name."""
_WORD = _spaced(f"(?:{_WAYS}|{_FORMS})")
ALONE = rf"^ *{_WORD}(?: +{_WORD})* *$"
"""Nothing but such."""
ARTICLE = (
    rf"(^ *|[{SIGNS}] *| (?:and|with) +)"
    "(?:an?|my|his|her|their|some|tabs?|tablets?|caps?|capsules?|inj|syp) +"
)
"""In front of a name. Behind one it may be a part of it, as a letter at its end is."""
_NOT_NOW = _spaced(
    "stop|stopped|ceased?|discontinued|finished|completed|paused|suspended|withheld|hold|no longer|"
    "previous(?:ly)?|former(?:ly)?|past|never|not|declined|refused|allergic|intolerant|"
    "reaction|rash|avoid|no|none|off|held|until|ended|quit|given up|ran out|run out|"
    "omit|omitted|withdrawn|contraindicated|gave up|dc['\u2019]?d|weaned|cancell?ed|planned|ago|"
    "used to|yet|last dose|about to|due|"
    "tomorrow|start(?:s|ing)|to start|switched|changed|replaced|instead|"
    "(?:do|does|did|can|could)(?: not|n['\u2019]?t)|can['\u2019]?t|cannot|"
    "(?:husband|wife|partner|mother|father|mum|dad|son|daughter|brother|sister)['\u2019]?s?"
)
_SAYS_NOT_NOW = rf"(?:[^{SIGNS}|]* )?(?:{_NOT_NOW})(?: [^{SIGNS}|]*)?"
_BEHIND = rf"(?:[{ENDS}]{{0,6}}[{SIGNS}]| and )[{ENDS}]{{0,6}}"
LOOSE = rf"{_BEHIND}({_WORD}(?: +{_WORD})*)( *$| *[{SIGNS}])"
"""A form or a way that stands alone behind a sign: it says more of the name in front."""
STOPPED = rf"{_BEHIND}({_SAYS_NOT_NOW}|allergy|intolerance)( *$| *[{SIGNS}])"
"""What stands behind a sign and says that the name in front is not taken now. That is in doubt
then, as it is without the sign."""
STOPPED_IN_FRONT = rf"^[{ENDS}]*({_SAYS_NOT_NOW}) *[{SIGNS}](.*)$"
"""The same in front of the name."""
ASIDE = f"{TWO_SPACES}|{TWO_SPACES}"
"""What parts the name from such words: those have no name in them, nor a form of it."""
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
_MINERALS = "potassium|calcium|magnesium|zinc|iron|ferrous|ferric|alumini?um"
MINERAL = rf"(^|[ _-])(?:(?:{_MINERALS})[ _-]|sodium[ _-]+(?:chloride|citrate|carbonate))"
"""A salt of one of these is a medicine itself, and is not read over: "potassium phosphate"."""
MINERAL_SALT = rf"(^|[{ENDS}_-])(?:{_MINERALS})[ _-]+(?:{'|'.join(_SALTS)})($|[{ENDS}_-])"
"""Such a salt, in which the mineral's own name is not what is meant."""
_ELSEWHERE = (
    "creams?|gels?|ointments?|lotions?|liniments?|balms?|rubs?|foams?|pastes?|shampoos?|soaps?|"
    "mouthwash|gargles?|lozenges?|(?:eye|ear|nose|nasal)[ -]*drops?|topical|dressings?|"
    "(?:scalp|skin)[ -]*(?:application|solution)|enemas?|vaginal|pessar(?:y|ies)"
)
ELSEWHERE = rf"^(?:|[^|]*[{ENDS}_-])(?:{_ELSEWHERE})($|[{ENDS}_-])"
"""With one of these a text tells of something else than the name in it, such as its cream.

Patches, sprays, implants and suppositories are not among them: what they hold acts in the whole
body as often as not.
"""
BRACKETED = rf"[(] *((?:{_ELSEWHERE}|nasal|sprays?|patch(?:es)?|implants?)) *[)]"
"""Such a form in brackets, which is one of the name in front of them."""
_WIDE = {wide: wide - 0xFEE0 for wide in range(0xFF01, 0xFF5F)}
_USUAL = _WIDE | dict.fromkeys((*range(0x2010, 0x2016), 0x2212), ord("-"))

_JOINS = rf"\s*(?:[{SIGNS}]|\band\b|\bwith\b)\s*"
# Most names are known as they are: the others are compiled when one is not.
_IGNORED = re.compile(IGNORED)


def casefolded(name: str) -> str:
    """A name in small letters, with letters of the usual width and one kind of hyphen."""
    return name.lower() if name.isascii() else name.translate(_USUAL).casefold()


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
    plain = re.sub(BRACKETED, TWO_SPACES + r"\1", plain)
    plain = re.sub(ARTICLE, r"\1", plain)
    plain = re.sub(STOPPED_IN_FRONT, rf"\2{ASIDE}\1", plain)
    for _ in range(2):
        plain = re.sub(LOOSE, TWO_SPACES + r"\1\2", plain)
        plain = re.sub(STOPPED, ASIDE + r"\1\2", plain)
    plain = plain.strip(ENDS)
    split = (part.strip() for part in re.split(_JOINS, plain))
    parts = [part for part in split if key_of(part) and not re.search(ALONE, part)]
    return parts if len(parts) == 1 else [plain, *parts]


def says_not_now(name: str) -> bool:
    """Whether a name comes with words that say that it is not taken now."""
    spaced = re.sub(GAP, TWO_SPACES, casefolded(name))
    return re.search(rf"(^|[{ENDS}])(?:{_NOT_NOW})($|[{ENDS}])", spaced) is not None


def adds_to_a_name(text: str) -> bool:
    """Whether a text behind a comma says more of the name in front, and has none of its own."""
    return len(texts_in(f"zz, {text}")) == 1


def words_in(text: str) -> list[str]:
    """The words of a text in which a known name could be meant."""
    return [] if re.search(ELSEWHERE, text) else _words(re.sub(MINERAL_SALT, TWO_SPACES, text))


def words_of_salts_in(text: str) -> list[str]:
    """The words of a text with a salt of a mineral, which several of them may name."""
    has_salt = re.search(MINERAL_SALT, text) and not re.search(ELSEWHERE, text)
    return _words(text) if has_salt else []


def _words(text: str) -> list[str]:
    return re.split(r"[\W_]+", text)


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
