"""The names of medicines as bits, in SQL: what `Formulary` does, for engines to do themselves.

A list of names goes through a few stages. Each is a list of rows, one a name, with what the next
one needs: the name, its parts where it is a combination, and a code for what each part says.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from itertools import accumulate

from attrs import frozen

from crampsrules.frames.dialect import Dialect, Stage
from crampsrules.frames.inputs import BAD, UNRECOGNISED_BIT, WORD, bits_of
from crampsrules.labels import (
    ALONE,
    ARTICLE,
    ASIDE,
    BRACKETED,
    ELSEWHERE,
    ENDS,
    FORM,
    GAP,
    GLUED,
    IGNORED,
    LABEL,
    LOOSE,
    MAYBE_LABELLED,
    MINERAL,
    MINERAL_SALT,
    MOST_NAME_WORDS,
    MOST_WORDS,
    SALT,
    SIGNS,
    SPACES,
    STOPPED,
    STOPPED_IN_FRONT,
    TWO_SPACES,
    WAY,
    casefolded,
)
from crampsrules.medicines import SHORTEST_MISSPELLING, Formulary
from crampsrules.readers import (
    INVISIBLE,
    LINE_ENDS,
    LIST_AS_TEXT,
    LONGEST_MEDICINE,
    MOST_MEDICINES,
    NO_ANSWER,
    NO_MEDICINE,
)

_FACT = "medications"
_ANY = "\ue000"
"""Stands for any one letter. No name has it, nor the next: they belong to nobody's alphabet."""
_JOIN = "\ue001"
"""Stands for a word that joins two names."""
_NO_LETTERS = r"[^\p{L}\p{N}]+"
r"""What parts words: all that is neither a letter nor a number, as Python sees it."""
_PREFIX, _SUFFIX = "\ue003", "\ue004"
_BEYOND = "\ue0ff"
"""No name has a letter between these and this one, which stands for all of them."""
_HALF = 6
"""So many letters at the beginning or the end are looked at, at most."""


@cache
def _folded() -> Mapping[str, str]:
    """Every character that is not its own small letter, and those that stand for others here."""
    every = map(chr, range(sys.maxunicode + 1))
    ours = map(chr, range(ord(_ANY), ord(_BEYOND)))
    small = {c: folded for c in every if (folded := casefolded(c)) != c}
    return small | dict.fromkeys(ours, _BEYOND)


@frozen
class Names:
    """What a formulary says of names, as tables and as SQL."""

    dialect: Dialect
    codes: Mapping[str, int]
    """For each known name, by its key, the code of what it says."""
    held: Sequence[Sequence[int]]
    """For each word of bits, what each code holds, from code 1 on."""
    not_out: Sequence[Sequence[int]]
    """For each word of bits, what each code does not rule out."""
    every: Sequence[int]
    """For each word of bits, all that can be ruled out."""

    @classmethod
    def of(cls, formulary: Formulary, classes: Sequence[str], dialect: Dialect) -> Names:
        """The tables for the classes that rules ask about."""
        words = [classes[at : at + WORD] for at in range(0, max(len(classes), 1), WORD)]
        codes: dict[str, int] = {}
        kinds: dict[tuple[tuple[int, ...], tuple[int, ...]], int] = {}
        for key, read in formulary.by_key().items():
            held = tuple(_bits(read.held, word) for word in words)
            not_out = tuple(_bits(read.held | read.left_open, word) for word in words)
            codes[key] = kinds.setdefault((held, not_out), len(kinds) + 1)
        every = tuple(_bits(classes, word) for word in words)
        nothing = (0,) * (len(words) - 1)
        special = [((bit, *nothing), every) for bit in (UNRECOGNISED_BIT, BAD, BAD)]
        held, not_out = zip(*kinds, *special, strict=True)
        return cls(dialect, codes, [*zip(*held, strict=True)], [*zip(*not_out, strict=True)], every)

    @property
    def _unrecognised(self) -> int:
        return len(self.held[0]) - 2

    @property
    def _bad(self) -> int:
        return len(self.held[0]) - 1

    @property
    def _named_in(self) -> int:
        """The code of a text that nobody knows, with a known name among its words."""
        return len(self.held[0])

    def stages(self, column: str, ref: Callable[[str], str]) -> Iterator[Stage]:
        """From a column of lists of names to columns of bits; `ref` names an earlier one."""
        say = self.dialect
        said, flat, wrong = (f"{_FACT}:{what}" for what in ("said", "flat", "wrong"))
        not_known = say.any_of("at_once", "code", "code IS NULL")
        row = say.row({"name": "it", "codes": self._codes("it")})
        read = f"CASE WHEN {not_known} THEN {say.mapped(column, 'it', row)} END"
        both = say.row({"at_once": "at_once", "read": read})
        there = say.let("at_once", self._read_at_once(column), both)
        # No list is as short, which is why it stands there.
        no_list = say.kept_apart(f"{say.size(column)} < 0")
        yield {said: f"CASE WHEN {column} IS NULL OR {no_list} THEN NULL ELSE {there} END"}
        at_once, read = say.field(ref(said), "at_once"), say.field(ref(said), "read")
        bad = say.any_of(say.field("it", "codes"), "code", f"code >= {self._bad}")
        codes = say.flat(say.mapped(read, "it", say.field("it", "codes")))
        codes = f"CASE WHEN {read} IS NULL THEN {at_once} ELSE {codes} END"
        misread = {wrong: say.mapped(say.kept(read, "it", bad), "it", say.field("it", "name"))}
        if say.copies_rows:
            yield {**misread, **dict(self._bits(codes, column))}
            return
        yield {flat: codes, **misread}
        yield dict(self._bits(ref(flat), column))

    def _read_at_once(self, names: str) -> str:
        """The code of each name, or null where it has to be read with care.

        Most names are plain English letters, and known as they are, so that they need no parting.
        """
        say = self.dialect
        is_short = f"{say.bytes_in('it')} <= {LONGEST_MEDICINE} AND {self._is_plain('it')}"
        small = say.without(say.call("lower", "it"), " _-")
        key = f"CASE WHEN {is_short} THEN {small} END"
        return say.mapped(say.mapped(names, "it", key), "key", say.code_of("key", self.codes))

    def _bits(self, flat: str, names: str) -> Iterator[tuple[str, str]]:
        say = self.dialect
        stripped = say.mapped(names, "it", say.stripped("coalesce(it, '')", SPACES))
        too_many = (
            f"{say.size(names)} > {MOST_MEDICINES} "
            f"AND {say.size(say.distinct(stripped))} > {MOST_MEDICINES}"
        )
        for word, every in enumerate(self.every):
            held = self._looked_up(flat, self.held[word])
            if word == 0:
                held = f"CASE WHEN {too_many} THEN {BAD} ELSE {held} END"
            yield bits_of(_FACT, "held", word), held
            not_out = self._looked_up(flat, self.not_out[word])
            yield bits_of(_FACT, "ruled_out", word), f"({every} & ~({not_out}))"

    def _looked_up(self, flat: str, table: Sequence[int]) -> str:
        say = self.dialect
        values = say.list_of(map(say.whole, table))
        return say.all_bits(flat, "code", say.at(values, "code"))

    # --- One name -------------------------------------------------------------------------------
    #
    # A name is looked for in texts: the whole of it, and each of its parts. A text is a list of
    # such as may be known, itself and the pieces that hyphens join in it; and each of those is a
    # list of keys, one for each step in which more of a label is read over. In front of them all
    # stand the known names among the words of the text.

    def _codes(self, name: str) -> str:
        """The codes of what a name says: one, or one for each part."""
        say = self.dialect
        stripped = say.stripped(f"coalesce({name}, '')", SPACES)
        texts = say.let("stripped", stripped, self._texts_of_any("stripped"))
        pieces = say.mapped("pieces", "tried_keys", self._first_known("tried_keys"))
        codes = say.mapped(texts, "pieces", say.let("codes", pieces, self._all_known("codes")))
        first = say.first(say.first("texts"))
        # The parts count where the whole says nothing.
        chosen = (
            f"CASE WHEN {say.size('texts')} = 1 "
            f"OR {first} NOT IN ({self._unrecognised}, {self._named_in}) "
            f"THEN {say.first('texts')} ELSE {say.flat(say.rest('texts'))} END"
        )
        return say.let("texts", codes, chosen)

    def _first_known(self, keys: str) -> str:
        """The code of the first key that is known, or a slip from one that is."""
        say = self.dialect
        known = say.kept(
            say.mapped(keys, "key", self._code("key")), "code", f"code <> {self._unrecognised}"
        )
        return f"coalesce({say.first(known)}, {self._unrecognised})"

    def _all_known(self, codes: str) -> str:
        """A text's own code, or those of its pieces where they alone are known, and all of them.

        The first is that of a name among its words, and counts where none of the others does.
        """
        say = self.dialect
        own, pieces = say.at(codes, "2"), say.rest(say.rest(codes))
        unknown = say.any_of(pieces, "code", f"code = {self._unrecognised}")
        nothing = f"{say.first(codes)} = {self._unrecognised}"
        return (
            f"CASE WHEN {own} <> {self._unrecognised} THEN {say.list_of([own])} "
            f"WHEN {say.size(codes)} > 2 AND NOT {unknown} THEN {pieces} "
            f"WHEN {nothing} THEN {say.list_of([str(self._unrecognised)])} "
            f"ELSE {say.list_of([str(self._named_in)])} END"
        )

    def _is_plain(self, text: str) -> str:
        """Whether a text is plain English letters, signs and figures: a byte for each."""
        return f"{self.dialect.call('length', text)} = {self.dialect.bytes_in(text)}"

    def _texts_of_any(self, name: str) -> str:
        """The texts of a name that may be anything, or what stands for one that no one has."""
        say = self.dialect
        signs = rf"[\p{{Cc}}{INVISIBLE}{LINE_ENDS}]"
        unusable = say.matches(name, f"{signs}|{LIST_AS_TEXT}|{NO_MEDICINE}|{NO_ANSWER}")
        is_long = f"{say.call('length', name)} > {LONGEST_MEDICINE}"
        wrong = f"{name} = '' OR {is_long} OR {unusable}"
        texts = say.let("folded", self._folded_text(name), self._texts("folded"))
        return f"CASE WHEN {wrong} THEN {self._only(say.text(_ANY))} ELSE {texts} END"

    def _only(self, key: str) -> str:
        """One text of one key."""
        say = self.dialect
        return say.list_of([say.list_of([self._no_words, say.list_of([key])])])

    @property
    def _no_words(self) -> str:
        return self.dialect.list_of([self.dialect.text("")])

    def _folded_text(self, text: str) -> str:
        """A text in small letters, as Python folds it."""
        small = self.dialect.call("lower", text)
        spelled = self.dialect.spelled(text, _folded())
        return f"CASE WHEN {self._is_plain(text)} THEN {small} ELSE {spelled} END"

    def _key(self, text: str) -> str:
        return self.dialect.replaced(text, IGNORED, "")

    def _texts(self, folded: str) -> str:
        """The texts of a name, or its own key alone where that is known."""
        say = self.dialect
        apart = say.group(1) + TWO_SPACES + say.group(2) + say.group(3)
        spaced = say.replaced(say.replaced(folded, GAP, TWO_SPACES), GLUED, apart)
        joined = TWO_SPACES + say.group(1) + say.group(2)
        plain = self._without(LABEL, spaced)
        plain = say.replaced(plain, BRACKETED, TWO_SPACES + say.group(1))
        plain = say.replaced(plain, ARTICLE, say.group(1))
        stopped = ASIDE + say.group(1) + say.group(2)
        in_front = say.group(2) + ASIDE + say.group(1)
        plain = say.replaced(plain, STOPPED_IN_FRONT, in_front)
        for _ in range(2):
            plain = say.replaced(say.replaced(plain, LOOSE, joined), STOPPED, stopped)
        plain = say.stripped(plain, ENDS)
        several = say.flat(say.list_of([say.list_of(["plain"]), "parts"]))
        texts = f"CASE WHEN {say.size('parts')} = 1 THEN parts ELSE {several} END"
        texts = say.let("plain", plain, say.let("parts", self._parts("plain"), texts))
        key = self._key(folded)
        return (
            f"CASE WHEN {say.code_of(key, self.codes)} IS NOT NULL THEN {self._only(key)} "
            f"WHEN NOT {say.matches(folded, MAYBE_LABELLED)} "
            f"THEN {say.list_of([self._pieces(folded)])} "
            f"ELSE {say.mapped(texts, 'text', self._pieces('text'))} END"
        )

    def _parts(self, plain: str) -> str:
        """The parts of a name in which more is said than in what form it is."""
        say = self.dialect
        says_more = f"{self._key('part')} <> '' AND NOT {say.matches('part', ALONE)}"
        return say.kept(self._split(plain), "part", says_more)

    def _pieces(self, text: str) -> str:
        """The known words in a text, its own keys, and those of the pieces that hyphens join."""
        say = self.dialect
        words = say.split_by(say.replaced(text, MINERAL_SALT, TWO_SPACES), _NO_LETTERS)
        words = say.let("words", words, self._runs("words"))
        salts = say.let("words", say.split_by(text, _NO_LETTERS), self._runs("words", 2))
        has_salt = say.matches(text, MINERAL_SALT)
        salts = f"CASE WHEN {has_salt} THEN {salts} ELSE {self._no_words} END"
        words = say.flat(say.list_of([words, salts]))
        known = say.kept(words, "word", f"{say.code_of('word', self.codes)} IS NOT NULL")
        words = f"CASE WHEN {say.matches(text, ELSEWHERE)} THEN {self._no_words} ELSE {known} END"
        pieces = say.kept(say.split(text, "-"), "piece", f"{self._key('piece')} <> ''")
        both = say.flat(say.list_of([say.list_of([text]), "pieces"]))
        either = f"CASE WHEN {say.size('pieces')} > 1 THEN {both} ELSE {say.list_of([text])} END"
        keys = say.mapped(say.let("pieces", pieces, either), "piece", self._keys("piece"))
        return say.flat(say.list_of([say.list_of([words]), keys]))

    def _runs(self, words: str, fewest: int = 1) -> str:
        """Words, and what several of them make that stand side by side; of so many at least."""
        say = self.dialect
        runs = [words] if fewest == 1 else []
        for more in range(max(1, fewest - 1), MOST_NAME_WORDS):
            each = (say.at(words, f"spot + {beside}") for beside in range(more + 1))
            run = f"CASE WHEN spot + {more} <= {say.size(words)} THEN {say.call('concat', *each)} "
            spots = say.places(say.joined(words, " "))
            runs.append(say.mapped(spots, "spot", f"{run}ELSE '' END"))
        return say.flat(say.list_of(runs))

    def _keys(self, text: str) -> str:
        """The key of a text, and of what is left of it as more and more of a label is read over."""
        say = self.dialect
        # Each `let` within another makes DuckDB plan longer, and a replacement takes no time.
        *formless, last = self._less_and_less("wayless", FORM)
        saltless = say.list_of(["formless", *self._less_and_less("formless", SALT)])
        saltless = (
            f"CASE WHEN {say.matches('formless', MINERAL)} THEN {say.list_of(['formless'])} "
            f"ELSE {saltless} END"
        )
        others = say.let("formless", last, saltless)
        steps = say.flat(say.list_of([say.list_of([text, "wayless", *formless]), others]))
        steps = say.let("wayless", self._without(WAY, text), steps)
        keys = say.mapped(steps, "step", self._key("step"))
        places = say.list_of(map(str, range(1, 2 * MOST_WORDS + 3)))
        key, before = say.at("keys", "place"), say.at("keys", "place - 1")
        changed = (
            f"CASE WHEN place = 1 THEN true WHEN place > {say.size('keys')} THEN false "
            f"ELSE {key} <> {before} END"
        )
        chosen = say.mapped(say.kept(places, "place", changed), "place", key)
        return say.let("keys", keys, chosen)

    def _less_and_less(self, text: str, kind: str) -> list[str]:
        """A text without the last word of a kind, without the last two, and so on."""
        by = self.dialect.group(1) + self.dialect.group(3)
        less = accumulate(
            range(MOST_WORDS), lambda last, _: self.dialect.replaced(last, kind, by), initial=text
        )
        return [*less][1:]

    def _without(self, label: str, text: str) -> str:
        return self._replaced_all(text, label, self.dialect.group(1) + self.dialect.group(3))

    def _replaced_all(self, text: str, pattern: str, by: str) -> str:
        """Two in a row share the space between them, which is matched once in each pass."""
        once = self.dialect.replaced(text, pattern, by)
        return self.dialect.replaced(once, pattern, by)

    def _split(self, text: str) -> str:
        """A name at what joins its parts: some signs, and the words "and" and "with"."""
        say = self.dialect
        no_letter = r"[^\p{L}\p{N}_]"
        word = f"(^|{no_letter})(and|with)($|{no_letter})"
        by = say.group(1) + _JOIN + say.group(3)
        marked = self._replaced_all(text, word, by)
        return say.split_by(marked, f"[{SPACES}]*[{SIGNS}{_JOIN}][{SPACES}]*")

    def _code(self, key: str) -> str:
        """The code of what one part says."""
        known = self.dialect.code_of(key, self.codes)
        wrong = f"{key} = {self.dialect.text(_ANY)} OR ({self._misspelt(key)})"
        return (
            f"coalesce({known}, CASE WHEN {wrong} THEN {self._bad} ELSE {self._unrecognised} END)"
        )

    def _misspelt(self, key: str) -> str:
        """Whether one letter added, dropped, changed or swapped makes a known name of a key."""
        say = self.dialect

        def cut(start: str, *length: str) -> str:
            return say.call("substring", key, start, *length)

        any_letter = say.text(_ANY)
        before, rest = cut("1", "spot - 1"), cut("spot + 1")
        tries = [
            say.call("concat", *parts)
            for parts in (
                (before, any_letter, rest),
                (before, any_letter, cut("spot")),
                (before, rest),
                (before, cut("spot + 1", "1"), cut("spot", "1"), cut("spot + 2")),
            )
        ]
        near = say.any_of(say.list_of(tries), "tried", say.among("tried", _neighbours(self.codes)))
        # A letter may also be missing at the end.
        found = say.any_of(say.places(say.call("concat", key, any_letter)), "spot", near)
        # One slip leaves one half of a name as it is.
        length = say.call("length", key)
        most = say.call("least", say.call("floor", f"({length} - 1) / 2"), str(_HALF))
        half = f"CAST({most} AS INT)"
        ends = [
            say.call("concat", say.text(_PREFIX), cut("1", half)),
            say.call("concat", say.text(_SUFFIX), cut(f"{length} + 1 - {half}")),
        ]
        likely = say.any_of(say.list_of(ends), "tried", say.among("tried", _halves(self.codes)))
        return f"{length} >= {SHORTEST_MISSPELLING} AND {likely} AND {found}"


def _bits(classes: Iterable[str], word: Sequence[str]) -> int:
    among = frozenset(classes)
    return sum(1 << at for at, id_ in enumerate(word) if id_ in among)


def _neighbours(keys: Iterable[str]) -> list[str]:
    """Known names, and each with any letter in one place."""
    seen = dict.fromkeys(keys)
    changed = {key[:at] + _ANY + key[at + 1 :] for key in seen for at in range(len(key))}
    return [*seen, *sorted(changed)]


def _halves(keys: Iterable[str]) -> list[str]:
    """How known names begin and end."""
    ends = {
        end
        for key in keys
        for half in range(2, _HALF + 1)
        for end in (_PREFIX + key[:half], _SUFFIX + key[-half:])
    }
    return sorted(ends)
