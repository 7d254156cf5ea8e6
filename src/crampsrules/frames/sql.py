"""The formulas of a rule base as SQL, for frames of engines that speak it.

Everything is plain expressions: the engine sees them, plans them and runs them itself, and no
Python is called for any row. What is worked out in one stage is columns of the next.

SQL's logic has a third value as ours has, and what fires is what is true: only what is negated
has to be made two-valued.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping

from attrs import Factory, frozen

from crampsrules.engines.columnar import (
    Compares,
    Every,
    Formula,
    Formulas,
    HasBits,
    Holds,
    IsKnown,
    IsOneOf,
    Named,
    Not,
    Outside,
    Some,
    Test,
    names_in,
    tests_in,
)
from crampsrules.facts import Fact
from crampsrules.frames.columns import NONE, SEPARATOR, FactColumn
from crampsrules.frames.dialect import Dialect, Stage
from crampsrules.frames.inputs import BAD, Fault, Inputs, bits_of
from crampsrules.frames.names import Names
from crampsrules.frames.outputs import (
    ADVICE,
    CAUSES,
    ERRORS,
    FIRED,
    TOP_CAUSE,
    TRIAGE,
    WEIGHT,
    Outputs,
)
from crampsrules.frames.words import Bit, Words
from crampsrules.labels import SPACES
from crampsrules.readers import INVISIBLE, LONGEST_MEDICINE, MOST_MEDICINES, range_of
from crampsrules.rulebase import RuleBase
from crampsrules.triage import Triage

_FAULTY = "faulty"
# How many flags, where rows are copied from stage to stage, are worth a stage.
_WORTH_COPYING = 60
# What is longer and used more than once gets a place of its own in that stage.
_LONG = 1000


@frozen
class Script:
    """The stages that add the columns of an assessment, each over the one before."""

    rules: RuleBase
    inputs: Inputs
    outputs: Outputs
    dialect: Dialect
    prefix: str
    formulas: Formulas
    _uses: Counter[str]
    _formula: Mapping[str, Formula]
    _written: dict[str, str] = Factory(dict)
    _bits: dict[Formula, Bit] = Factory(dict)

    @classmethod
    def of(
        cls,
        rules: RuleBase,
        inputs: Inputs,
        outputs: Outputs,
        dialect: Dialect,
        prefix: str,
    ) -> Script:
        """Turn the rules into SQL over these columns."""
        formulas = Formulas.of(rules, inputs.test)
        by_name = {name: formula for stage in formulas.stages for name, formula in stage.items()}
        uses: Counter[str] = Counter()
        for formula in (*by_name.values(), *_asked(rules, formulas)):
            uses.update(names_in(formula))
        return cls(rules, inputs, outputs, dialect, prefix, formulas, uses, by_name)

    def stages(self) -> Iterator[Stage]:
        """The stages; the last one or two have the columns to add."""
        stages = self._few_stages() if self.dialect.copies_rows else self._many_stages()
        for stage in (self._rewritten_columns(), *stages):
            if stage:
                yield stage
        yield from self._answers()

    def _many_stages(self) -> Iterator[Stage]:
        """A column for each flag, from stage to stage of the formulas."""
        yield self._stated()
        yield from self._medicines()
        faulty = {self._own(_FAULTY): self._faulty()}
        self._written[_FAULTY] = self._ref(_FAULTY)
        for formulas in self.formulas.stages or ({},):
            # What is used once is written where it is used.
            flags = {name: formulas[name] for name in formulas if self._uses[name] > 1}
            yield faulty | {self._own(name): self.expression(one) for name, one in flags.items()}
            faulty = {}
            self._written.update({name: self._ref(name) for name in flags})

    def _few_stages(self) -> Iterator[Stage]:
        """Tests as the bits of a few whole numbers; and flags too, where it pays."""
        tests = Words.of_tests(self._tests(), self._faults_of_values(), self.dialect, self._column)
        first, *others = list(self._medicines()) or [{}]
        yield {**self._stated(), **first, **self._owned(tests.sql)}
        yield from others
        self._place(tests)
        self._written[_FAULTY] = self._marked_faulty(map(self._ref, tests.sql))
        flags = Words.of_flags(self._flags_worth_copying(), self.dialect)
        yield self._owned(flags.sql)
        self._place(flags)

    def _tests(self) -> Iterator[Test]:
        """The tests that are not of bits already, in rules and where two facts contradict."""
        formulas = (one for stage in self.formulas.stages for one in stage.values())
        contradictions = (one.formula for one in self.inputs.faults() if one.column is None)
        for formula in (*formulas, *contradictions):
            yield from (one for one in tests_in(formula) if not isinstance(one, HasBits))

    def _faults_of_values(self) -> Iterator[Test]:
        for fault in self.inputs.faults():
            if isinstance(fault.formula, Test) and not isinstance(fault.formula, HasBits):
                yield fault.formula

    def _own(self, name: str) -> str:
        return self.prefix + name

    def _ref(self, name: str) -> str:
        return self.dialect.name(self._own(name))

    # --- Inputs ---------------------------------------------------------------------------------

    def _rewritten_columns(self) -> Stage:
        """Sets that are written as texts as lists, and figures as they are written."""
        return {
            self._own(key): self._rewritten(one)
            for key, one in self.inputs.columns.items()
            if _is_rewritten(one)
        }

    def _rewritten(self, column: FactColumn) -> str:
        sql = self.dialect.name(column.name)
        if column.form == "text":
            return self._split(self.dialect.plain_text(sql))
        return f"CAST(CAST({sql} AS {self.dialect.text_type}) AS DOUBLE)"

    def _split(self, column: str) -> str:
        said = self.dialect
        stripped = said.stripped("part", SPACES)
        parts = said.mapped(said.split(column, SEPARATOR), "part", stripped)
        first = said.plain_text(said.call("lower", said.first("parts")))
        is_none = f"{said.size('parts')} = 1 AND {first} = {said.text(NONE)}"
        empty = said.kept("parts", "part", "part = ''")
        is_blank = f"{said.size('parts')} = 0"
        read = f"CASE WHEN {is_blank} THEN NULL WHEN {is_none} THEN {empty} ELSE parts END"
        there = said.let("parts", said.kept(parts, "part", "part <> ''"), read)
        return f"CASE WHEN {column} IS NULL THEN NULL ELSE {there} END"

    def _stated(self) -> Stage:
        """What sets state, in bits: a list would have to be searched for each test."""
        return {
            self._own(bits_of(one.key, "stated")): self.dialect.stated_bits(
                self._column(one.key), one.fact.members
            )
            for one in self.inputs.sets
            if one.fact.kind == "members"
        }

    def _medicines(self) -> Iterator[Stage]:
        names = Names.of(self.inputs.formulary, self.inputs.classes, self.dialect)
        for column in self.inputs.sets:
            if column.fact.kind == "medicines":
                if self.dialect.apart:
                    yield {self._own("apart"): self.dialect.apart}
                for stage in names.stages(self._column(column.key), self._ref):
                    yield self._owned(stage)

    def _owned(self, stage: Stage) -> Stage:
        return {self._own(name): sql for name, sql in stage.items()}

    def _column(self, key: str) -> str:
        column = self.inputs.columns[key]
        if _is_rewritten(column):
            return self._ref(key)
        sql = self.dialect.name(column.name)
        if column.fact.kind == "choice":
            return self.dialect.plain_text(sql)
        return self.dialect.plain_list(sql) if column.form == "list" else sql

    # --- Formulas -------------------------------------------------------------------------------

    def _faulty(self) -> str:
        """Whether anything is wrong with a row, where nothing is packed."""
        faults = [self.expression(fault.formula) for fault in self.inputs.faults()] or ["false"]
        return f"coalesce({' OR '.join(faults)}, false)"

    def _marked_faulty(self, words: Iterable[str]) -> str:
        """Whether anything is wrong with a row, where words and sets have a bit for it."""
        faults = list(self.inputs.faults())
        sets = [self._ref(one.formula.column) for one in faults if isinstance(one.formula, HasBits)]
        marks = [*words, *(f"coalesce({one}, {self.dialect.whole(0)})" for one in sets)]
        marked = f"(({' | '.join(marks)}) & {BAD}) <> 0" if marks else "false"
        contradictions = [self.expression(one.formula) for one in faults if one.column is None]
        return " OR ".join((marked, *(f"coalesce({one}, false)" for one in contradictions)))

    def _flags_worth_copying(self) -> Mapping[str, str]:
        """Flags that answers ask for more than once, if there are so many that it pays.

        With them come the long ones among what these or other flags are made of: what holds advice
        back has all escalations in it, and is a part of every advice.
        """
        asked = Counter(
            one.name
            for one in _asked(self.rules, self.formulas)
            if isinstance(one, Named) and not self._is_packed(one)
        )
        names = [name for name, times in asked.items() if times > 1]
        if len(names) < _WORTH_COPYING:
            return {}
        flags = {name: self.expression(Named(name)) for name in names}
        return flags | {
            name: sql
            for name, times in self._uses.items()
            if times > 1 and name not in flags and len(sql := self.expression(Named(name))) > _LONG
        }

    def _place(self, words: Words) -> None:
        self._bits.update(
            {one: Bit(self._ref(bit.word), bit.value) for one, bit in words.bits.items()}
        )

    def expression(self, formula: Formula) -> str:
        """A formula, of which null means that it is not known to be true.

        In brackets only where it has an OR: to see what a bracket means, Spark reads on to its end.
        """
        formula = self._looked_up(formula)
        if self._is_packed(formula):
            return self._some((formula,))
        match formula:
            case Named(name):
                return self._written[name]
            case Every(parts):
                return self._every(parts)
            case Some(parts):
                return self._some(parts)
            case Not(part):
                return f"NOT coalesce({self.expression(part)}, false)"
            case Holds(key, wanted):
                return self._column(key) if wanted else f"NOT {self._column(key)}"
            case Compares(key, operator, value):
                return f"{self._column(key)} {operator} {self.dialect.number(value)}"
            case Outside(key, low, high, whole):
                return self._outside(self._column(key), low, high, whole=whole)
            case IsOneOf(key, values, wanted):
                among = ", ".join(map(self.dialect.text, values))
                return f"{self._column(key)} {'' if wanted else 'NOT '}IN ({among})"
            case IsKnown(key, wanted):
                return f"{self._column(key)} IS {'NOT ' if wanted else ''}NULL"
            case HasBits():
                return self._has_bits(formula)

    def _every(self, parts: Iterable[Formula]) -> str:
        parts = [*self._taken_apart(parts, Every)]
        # A flag and its opposite may both be among the parts: each sort has a test of its own.
        tests = [
            *(f"{word} & {mask} = {mask}" for word, mask in _masks(map(self._bit, parts))),
            *(f"{word} & {mask} = 0" for word, mask in _masks(map(self._none_of, parts))),
            *(
                self.expression(part)
                for part in parts
                if not self._is_packed(part) and not self._none_of(part)
            ),
        ]
        return " AND ".join(tests) or "true"

    def _some(self, parts: Iterable[Formula]) -> str:
        parts = [*self._taken_apart(parts, Some)]
        tests = [
            *(f"{word} & {mask} <> 0" for word, mask in _masks(map(self._any_of, parts))),
            *(self.expression(part) for part in parts if not self._any_of(part)),
        ]
        return f"({' OR '.join(tests)})" if len(tests) > 1 else "".join(tests) or "false"

    def _taken_apart(self, parts: Iterable[Formula], kind: type[Every | Some]) -> Iterator[Formula]:
        """The parts, and in place of each that is of the same kind its own parts.

        Not of some is every one's not, and the other way round.
        """
        for part in map(self._looked_up, parts):
            inner = self._looked_up(part.part) if isinstance(part, Not) else part
            if isinstance(part, Not) and isinstance(inner, Every | Some):
                negated = tuple(map(Not, inner.parts))
                inner = Some(negated) if isinstance(inner, Every) else Every(negated)
            if isinstance(inner, kind):
                yield from self._taken_apart(inner.parts, kind)
            else:
                yield part

    def _looked_up(self, formula: Formula) -> Formula:
        """What a name stands for, unless it stands in an earlier stage."""
        if (
            isinstance(formula, Named)
            and formula.name not in self._written
            and not self._is_packed(formula)
        ):
            return self._formula[formula.name]
        return formula

    def _is_packed(self, formula: Formula) -> bool:
        return self._bit(formula) is not None

    def _bit(self, formula: Formula) -> Bit | None:
        if isinstance(formula, Named) and formula not in self._bits:
            formula = self._formula[formula.name]
        return self._bits.get(formula)

    def _any_of(self, formula: Formula) -> Bit | None:
        """The bits of which it asks whether any is there, if that is all it asks."""
        if isinstance(formula, HasBits) and formula.wanted:
            return Bit(self._ref(formula.column), formula.bits)
        return self._bit(formula)

    def _none_of(self, formula: Formula) -> Bit | None:
        """The bits of which it asks that none be there, if that is all it asks."""
        if isinstance(formula, HasBits) and not formula.wanted:
            return Bit(self._ref(formula.column), formula.bits)
        return self._bit(formula.part) if isinstance(formula, Not) else None

    def _outside(self, column: str, low: float, high: float, *, whole: bool) -> str:
        inside = f"{column} BETWEEN {self.dialect.number(low)} AND {self.dialect.number(high)}"
        return f"(NOT {inside} OR {column} % 1 <> 0)" if whole else f"NOT {inside}"

    def _has_bits(self, test: HasBits) -> str:
        return f"{self._ref(test.column)} & {test.bits} {'<>' if test.wanted else '='} 0"

    # --- Answers --------------------------------------------------------------------------------

    def _answers(self) -> Iterator[Stage]:
        """The causes, and then the rest: the first of the causes is a part of it.

        Where rows are copied it is all one stage, in which an engine finds that it is asked twice.
        """
        formulas = self.formulas
        weights = {cause: self._weight(cause) for cause in formulas.listed}
        listed = {cause: self.expression(one) for cause, one in formulas.listed.items()}
        faulty = self.dialect.kept_apart(self._written[_FAULTY])
        causes = self._causes(listed, weights)
        ranked = f"CASE WHEN {faulty} THEN NULL ELSE {causes} END"
        if self.dialect.copies_rows:
            answers = {TOP_CAUSE: self.dialect.first(ranked), CAUSES: ranked}
        else:
            yield {CAUSES: ranked}
            answers = {TOP_CAUSE: self.dialect.first(self.dialect.name(CAUSES))}
        columns = {
            TRIAGE: self._triage(),
            ADVICE: self._ids(formulas.advice),
            FIRED: self._ids(formulas.fired),
        }
        for cause in self.outputs.weights:
            columns[WEIGHT + cause] = (
                f"CASE WHEN {listed[cause]} THEN CAST({weights[cause]} AS INT) END"
                if cause in listed
                else "CAST(NULL AS INT)"
            )
        answers |= {
            name: f"CASE WHEN {faulty} THEN NULL ELSE {sql} END" for name, sql in columns.items()
        }
        if self.outputs.errors:
            answers[ERRORS] = self._errors()
        yield answers

    def _causes(self, listed: Mapping[str, str], weights: Mapping[str, str]) -> str:
        """The causes whose condition is true, best first."""
        return self.dialect.sorted_ids(
            [
                (condition, self._key(place, cause, weights[cause]), self._text(cause))
                for place, (cause, condition) in enumerate(listed.items())
            ]
        )

    def _text(self, id_: str) -> str:
        return self.dialect.text(id_)

    def _ids(self, chosen: Mapping[str, Formula]) -> str:
        return self.dialect.true_ids(
            [(self.expression(one), self._text(id_)) for id_, one in chosen.items()]
        )

    def _triage(self) -> str:
        levels = (
            f"WHEN {self.expression(one)} THEN {self._text(level.id)}"
            for level, one in self.formulas.triage.items()
        )
        return f"CASE {' '.join(levels)} ELSE {self._text(Triage.SELF_CARE.id)} END"

    def _key(self, place: int, cause: str, weight: str) -> str:
        """What sorts a cause among the others: fallbacks last, then by weight, then by place."""
        last = (1 << 50) if self.rules.causes[cause].fallback else 0
        return f"({last + place} - CAST({weight} AS BIGINT) * {1 << 16})"

    def _weight(self, cause: str) -> str:
        single: list[str] = []
        groups: dict[tuple[str, bool], list[str]] = {}
        for one in self.rules.evidence[cause]:
            if one.id in self.formulas.fired:
                weight = self.rules.decibans[one.id]
                fired = self.expression(self.formulas.fired[one.id])
                sql = f"CASE WHEN {fired} THEN {weight} ELSE 0 END"
                if one.group is None:
                    single.append(sql)
                else:
                    groups.setdefault((one.group, weight > 0), []).append(sql)
        for (_, positive), parts in groups.items():
            strongest = "greatest" if positive else "least"
            several = self.dialect.call(strongest, *parts)
            single.append(several if len(parts) > 1 else parts[0])
        return f"({' + '.join([str(self.rules.causes[cause].prior), *single])})"

    # --- Errors ---------------------------------------------------------------------------------

    def _errors(self) -> str:
        faulty = self.dialect.kept_apart(self._written[_FAULTY])
        told = [
            f"CASE WHEN {self.expression(fault.formula)} THEN {self._told(fault)} END"
            for fault in self.inputs.faults()
        ]
        if not told:
            return f"CAST(NULL AS {self.dialect.text_type})"
        text = self.dialect.call("concat_ws", "'; '", *told)
        return f"CASE WHEN {faulty} THEN {text} END"

    def _told(self, fault: Fault) -> str:
        column = fault.column
        if column is None:
            return self._text(fault.text)
        sql = self._column(column.key)
        match column.fact.kind:
            case "number" | "integer":
                takes = f"{column.key}: takes {range_of(column.fact)}, got "
                figure = f"CAST({sql} AS {self.dialect.text_type})"
                got = self.dialect.replaced(figure, "[.]0$", "")
            case "choice":
                takes = f"{column.key}: takes one of {', '.join(column.fact.members)}; got "
                got = self._quoted(sql)
            case "members":
                takes = f"{column.key}: takes a list of {', '.join(column.fact.members)}; got "
                got = self._strangers(column.fact, sql)
            case _:
                return self._told_of_medicines(column.key)
        return self.dialect.call("concat", self._text(takes), got)

    def _told_of_medicines(self, key: str) -> str:
        say = self.dialect
        wrong = self._ref(f"{key}:wrong")
        takes = (
            f"{key}: takes names of medicines that are known, or are not one slip away from one "
            f"that is, of at most {LONGEST_MEDICINE} ordinary characters; got "
        )
        got = say.joined(say.mapped(wrong, "name", self._shown(self._seen("name"))), ", ")
        told = say.call("concat", self._text(takes), got)
        too_many = self._text(f"{key}: takes at most {MOST_MEDICINES} medicines, got more")
        return f"CASE WHEN {say.size(wrong)} = 0 THEN {too_many} ELSE {told} END"

    def _seen(self, name: str) -> str:
        """A name with what is not seen in it told by its number, as Python writes it."""
        spelled = self.dialect.spelled(name, _INVISIBLE)
        has_some = self.dialect.matches(name, f"[{INVISIBLE}]")
        return f"CASE WHEN {has_some} THEN {spelled} ELSE {name} END"

    def _quoted(self, sql: str) -> str:
        quote = self.dialect.call("chr", "39")
        return self.dialect.call("concat", quote, sql, quote)

    def _shown(self, sql: str) -> str:
        """A text as a message of ours shows it."""
        return f"CASE WHEN {sql} IS NULL THEN 'None' ELSE {self._quoted(sql)} END"

    def _strangers(self, fact: Fact, sql: str) -> str:
        known = self.dialect.list_of(map(self.dialect.text, fact.members))
        quoted = self.dialect.mapped(
            self.dialect.strangers(sql, known), "name", self._shown("name")
        )
        return self.dialect.joined(quoted, ", ")


_INVISIBLE = {c: f"\\u{ord(c):04x}" for c in INVISIBLE}


def _is_rewritten(column: FactColumn) -> bool:
    """Whether what a column holds is written anew before anything is asked of it."""
    return column.form == "text" or column.precision != "double"


def _masks(bits: Iterable[Bit | None]) -> Iterable[tuple[str, int]]:
    """Each word that has some of the bits, with all of those that it has."""
    masks: dict[str, int] = {}
    for bit in bits:
        if bit is not None:
            masks[bit.word] = masks.get(bit.word, 0) | bit.value
    return masks.items()


def _asked(rules: RuleBase, formulas: Formulas) -> Iterator[Formula]:
    """The formulas that answers are made of, as often as they are asked for."""
    for chosen in (formulas.fired, formulas.advice, formulas.triage, formulas.listed):
        yield from chosen.values()
    yield from formulas.listed.values()
    for cause in formulas.listed:
        for one in rules.evidence[cause]:
            if one.id in formulas.fired:
                yield formulas.fired[one.id]
