"""What to ask next: nothing that cannot matter is offered, and nothing that can is left out."""

import itertools

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import crampsrules
from crampsrules import (
    FactsError,
    PatientFacts,
    RuleBase,
    Triage,
    assess,
    next_questions,
    what_would_change,
)
from crampsrules.conditions import Concluded, Suspected, atoms
from crampsrules.engines import engine_for
from crampsrules.facts import FACTS
from crampsrules.fold import active_escalations, rank_causes
from crampsrules.questions import HARD_TO_TELL, _Asker, rank_unknowns
from crampsrules.rules import unless_id
from crampsrules.ways import Difference
from tests.drawing import fact_values, fewer, patients
from tests.written_rules import rules_of, urgent

SHIPPED = RuleBase.load()
KINDS = ("triage", "first_cause", "ranking")


def names(unknowns, *kinds):
    return {one.fact for one in unknowns if one.could_change in (kinds or KINDS)}


# --- Small rule bases, where every completion can be tried ---

_POOLS = {
    "weakness": (True, False),
    "fever": (True, False),
    "episode_minutes": (1, 4, 7),
    "sides": ("one", "both"),
    "symptoms": ([], ["cramp"], ["ache"], ["cramp", "ache"]),
}
_ATOMS = (
    "weakness",
    "not weakness",
    "fever",
    "not fever",
    "episode_minutes >= 5",
    "episode_minutes < 3",
    'sides == "one"',
    '"cramp" in symptoms',
    '"ache" not in symptoms',
)


def conditions(*more):
    atom = st.sampled_from((*_ATOMS, *more))
    joined = st.tuples(atom, st.sampled_from((" and ", " or ")), atom).map("".join)
    mixed = st.tuples(atom, atom, atom).map(lambda some: "{} and ({} or {})".format(*some))
    return atom | joined | mixed


@st.composite
def escalations(draw, at):
    triage = draw(st.sampled_from(list(Triage)))
    unless = conditions("known(fever)", "(fever and not known(weakness))", "known(sides)")
    lines = [
        "[[escalations]]",
        f'id = "see.{at}"',
        f"when = '{draw(conditions('found'))}'",
        f'triage = "{triage.id}"',
        'reason = "Be seen."',
        'source = "book"',
    ]
    if triage is not Triage.EMERGENCY and draw(st.booleans()):
        lines.append(f"unless = '{draw(unless)}'")
    return "\n".join(lines)


@st.composite
def evidence(draw, cause, at):
    weights = ("small", "moderate", "large", "against-small", "against-large")
    lines = [
        "[[evidence]]",
        f'id = "{cause}.{at}"',
        f"when = '{draw(conditions('found'))}'",
        f'weight = "{draw(st.sampled_from(weights)) if at else "moderate"}"',
        f'because = "reason {at}"',
        'source = "book"',
    ]
    lines += draw(st.sampled_from(([], ['role = "risk"'], ['group = "same"'])))
    return "\n".join(lines)


@st.composite
def small_rule_texts(draw):
    shared = [
        '[[sources]]\nid = "book"\ntitle = "The book"',
        '[[findings]]\nid = "found.1"\nconcludes = "found"\nsource = "book"',
        f"when = '{draw(conditions())}'",
        *(draw(escalations(at)) for at in range(draw(st.integers(1, 4)))),
    ]
    files = {"shared.toml": "\n".join(shared)}
    for cause in ("first", "second")[: draw(st.integers(1, 2))]:
        prior = draw(st.integers(-8, 0))
        head = f'id = "{cause}"\ntitle = "{cause}"\nprior = {prior}\nsource = "book"\n'
        rules = [draw(evidence(cause, at)) for at in range(draw(st.integers(1, 3)))]
        files[f"{cause}.toml"] = head + "\n".join(rules)
    return files


@st.composite
def small_cases(draw):
    known = draw(st.sets(st.sampled_from(sorted(_POOLS)), max_size=3))
    values = {name: draw(st.sampled_from(_POOLS[name])) for name in sorted(known)}
    return draw(small_rule_texts()), values


class Exhaustive:
    """Every completion of what is known, and what learning one more fact then changes."""

    def __init__(self, rules, known):
        self.rules, self.known = rules, known
        self.fire = engine_for(rules, "compiled").fire
        self.answers = {}

    def answer(self, state):
        key = tuple(state)
        if key not in self.answers:
            facts = dict(zip(_POOLS, state, strict=True))
            fired = self.fire(PatientFacts.from_mapping({**facts, **self.known}))
            active = active_escalations(self.rules, fired)
            ranking = tuple((one.id, one.weight) for one in rank_causes(self.rules, fired))
            triage = max((one.triage for one in active), default=Triage.SELF_CARE)
            self.answers[key] = triage, ranking[:1] and ranking[0][0], ranking
        return self.answers[key]

    def matters(self, fact):
        """For triage, first cause and ranking: whether some completion makes the fact matter."""
        found = [False, False, False]
        others = [(None,) if name == fact else self._values(name) for name in _POOLS]
        place = list(_POOLS).index(fact)
        for state in itertools.product(*others):
            before = self.answer(state)
            for value in _POOLS[fact]:
                after = self.answer((*state[:place], value, *state[place + 1 :]))
                found = [one or a != b for one, a, b in zip(found, before, after, strict=True)]
        return dict(zip(KINDS, found, strict=True))

    def _values(self, name):
        if name in self.known:
            return (None,)
        return (None, *map(_hashable, _POOLS[name]))


def _hashable(value):
    return tuple(value) if isinstance(value, list) else value


_POOLS = {name: tuple(map(_hashable, values)) for name, values in _POOLS.items()}


@settings(fewer(2))
@given(small_cases())
def test_what_is_offered_for_the_triage_is_exactly_what_can_change_it(case):
    """A fact is offered for the triage if and only if some completion makes it matter."""
    texts, known = case
    rules = RuleBase.from_texts(texts)
    tried = Exhaustive(rules, known)
    can = {fact for fact in _POOLS if fact not in known and tried.matters(fact)["triage"]}

    offered = names(rank_unknowns(PatientFacts.from_mapping(known), rules), "triage")

    assert offered == can


@settings(fewer(2))
@given(small_cases())
def test_nothing_that_can_matter_is_left_out_and_first_causes_are_proven(case):
    """What can change any part of the answer is offered; what is said to change the first can."""
    texts, known = case
    rules = RuleBase.from_texts(texts)
    tried = Exhaustive(rules, known)
    matters = {fact: tried.matters(fact) for fact in _POOLS if fact not in known}

    unknowns = rank_unknowns(PatientFacts.from_mapping(known), rules)

    can = {fact for fact, kinds in matters.items() if any(kinds.values())}
    first = {fact for fact, kinds in matters.items() if kinds["first_cause"]}
    assert names(unknowns) >= can
    assert names(unknowns, "first_cause") <= first


# --- The shipped rules ---


def asker(facts):
    return _Asker.about(facts, SHIPPED, (), patience=10**9)


def answer(facts):
    found = assess(facts, rules=SHIPPED, engine="compiled")
    ranking = [(one.id, one.weight) for one in found.causes]
    return found.triage, ranking[0][0] if ranking else None, ranking


def differs(change, before, after):
    match change:
        case Difference.RAISES_TRIAGE | Difference.KEEPS_TRIAGE:
            return after[0] > before[0]
        case Difference.LOWERS_TRIAGE:
            return after[0] < before[0]
        case Difference.FIRST_CAUSE:
            return after[1] != before[1]
    return after[2] != before[2]


def proofs(facts):
    """Each fact that is offered for more than the ranking, and the completion behind it."""
    about = asker(facts)
    for fact, route in about.in_order():
        if route.difference is not Difference.RANKING:
            yield fact, route, about.completions.find(fact, route)


def assert_proves(facts, fact, route, completion):
    assert completion is not None
    with_it = completion.facts.replace(**{fact: completion.value})

    assert fact not in completion.facts.known()
    assert facts.known().items() <= completion.facts.known().items()
    assert differs(route.difference, answer(completion.facts), answer(with_it))


def test_from_nothing_known_each_fact_offered_has_a_patient_for_whom_it_makes_the_difference():
    """Learning the fact changes the assessment of its completion, as it is said to."""
    found = list(proofs(PatientFacts()))

    assert len(found) > 100
    for fact, route, completion in found:
        assert_proves(PatientFacts(), fact, route, completion)


@settings(fewer(10))
@given(patients(SHIPPED))
def test_whatever_is_known_each_fact_offered_has_a_patient_for_whom_it_makes_the_difference(facts):
    """Learning the fact changes the assessment of its completion, where the search is decided."""
    about = asker(facts)
    for fact, route in about.in_order():
        if route.difference is not Difference.RANKING and about.completions.verdict(fact, route):
            assert_proves(facts, fact, route, about.completions.find(fact, route))


def test_from_nothing_known_no_fact_of_any_escalation_is_left_out():
    """Every fact that an escalation or its excuse rests on, however deep, could change it."""
    rests_on = set()
    for one in SHIPPED.escalations:
        rests_on |= facts_under(one.id)
        rests_on |= facts_under(unless_id(one.id)) if one.unless else set()

    assert names(rank_unknowns(PatientFacts(), SHIPPED), "triage") == rests_on


def facts_under(id_):
    found = set()
    for atom in atoms(SHIPPED.conditions[id_]):
        if isinstance(atom, Concluded | Suspected):
            name = atom.finding if isinstance(atom, Concluded) else atom.cause
            table = SHIPPED.concluding if isinstance(atom, Concluded) else SHIPPED.suspecting
            found |= {fact for rule in table[name] for fact in facts_under(rule)}
        else:
            found.add(atom.fact)
    return found


@settings(fewer(10))
@given(patients(SHIPPED), st.data())
def test_a_fact_that_changes_the_triage_by_itself_is_always_offered(facts, data):
    """Whatever one more answer does to the triage, its fact was among those offered for it."""
    unknown = sorted(set(FACTS) - facts.known().keys())
    assume(unknown)
    fact = data.draw(st.sampled_from(unknown))
    value = data.draw(fact_values(FACTS[fact]))
    try:
        changed = answer(facts.replace(**{fact: value}))[0] != answer(facts)[0]
    except FactsError:
        changed = False

    if changed:
        assert fact in names(rank_unknowns(facts, SHIPPED), "triage")


def test_a_cold_leg_and_numbness_are_both_asked_for_when_nothing_is_known():
    """They are an emergency only together, and either may be asked first."""
    asked = {fact for one in next_questions({}, n=20) for fact in one.facts}
    together = assess(leg_cold_or_pale=True, numbness=True)
    apart = [assess(leg_cold_or_pale=True), assess(numbness=True)]

    assert {"leg_cold_or_pale", "numbness"} <= asked
    assert together.triage is Triage.EMERGENCY
    assert all(one.triage < Triage.EMERGENCY for one in apart)


def test_a_measured_value_is_asked_for_where_it_could_refute_a_reported_one():
    """Told of a high potassium, the figure could lower the triage again."""
    known = PatientFacts(potassium_reported="high")
    unknowns = rank_unknowns(known, SHIPPED)
    figure = assess(potassium_reported="high", potassium_mmol_l=4.4)

    assert "potassium_mmol_l" in names(unknowns, "triage")
    assert figure.triage < assess(known).triage


def test_a_reported_value_is_not_asked_for_when_it_has_been_measured():
    """What is measured goes before what is told, so the word could change nothing."""
    unknowns = rank_unknowns(PatientFacts(potassium_mmol_l=4.4), SHIPPED)

    assert "potassium_reported" not in names(unknowns)


def test_a_set_given_in_general_terms_is_not_asked_for_again():
    """Someone who said "leg" has answered where it is."""
    asked = {fact for one in next_questions({"sites": ["leg"]}, n=200) for fact in one.facts}

    assert "sites" not in asked
    assert "timing" in asked


@settings(fewer(10))
@given(patients(SHIPPED))
def test_unknowns_come_by_what_they_could_change(facts):
    """First the triage, then the first cause, then the ranking; each unknown fact once."""
    unknowns = rank_unknowns(facts, SHIPPED)
    places = [KINDS.index(one.could_change) for one in unknowns]
    asked = [one.fact for one in unknowns]

    assert places == sorted(places)
    assert len(set(asked)) == len(asked)
    assert not set(asked) & facts.known().keys()
    assert all(one.question == FACTS[one.fact].question and one.why for one in unknowns)


def test_red_flags_are_asked_first_and_tests_after_what_a_person_can_tell():
    """From nothing known, the first question could reach an emergency by itself."""
    first = next_questions({}, n=1)[0]
    raises = SHIPPED.wording.leaflet["why_raises"]
    raising = [one for one in next_questions({}, n=100) if one.why == raises]
    hard = [bool(set(one.facts) & HARD_TO_TELL) for one in raising]

    assert first.could_reach is Triage.EMERGENCY
    assert first.alone
    assert hard == sorted(hard)


@settings(fewer(10))
@given(patients(SHIPPED), st.integers(0, 8), st.data())
def test_what_is_skipped_is_not_asked_for_nor_anything_that_needs_it(facts, n, data):
    """No question names a skipped fact, and there are never more than `n`."""
    skip = data.draw(st.sets(st.sampled_from(sorted(FACTS))))

    questions = next_questions(facts, n=n, skip=skip)

    assert len(questions) <= n
    assert not {fact for one in questions for fact in one.facts} & (skip | facts.known().keys())


def test_a_fact_whose_every_way_leads_through_what_is_skipped_is_not_asked():
    """Of two facts that matter only together, neither does when the other stays unknown."""
    texts = {
        "rules.toml": """
            [[sources]]
            id = "book"
            title = "The book"
            [[escalations]]
            id = "cold-and-numb"
            when = "leg_cold_or_pale and numbness"
            triage = "emergency"
            reason = "Be seen."
            source = "book"
        """
    }
    rules = RuleBase.from_texts(texts)
    both = {fact for one in next_questions({}, rules=rules) for fact in one.facts}

    assert both == {"leg_cold_or_pale", "numbness"}
    assert next_questions({}, rules=rules, skip={"numbness"}) == ()
    assert next_questions({"numbness": False}, rules=rules) == ()


@settings(fewer(10))
@given(patients(SHIPPED))
def test_nothing_is_asked_for_twice(facts):
    """Neither by itself after its list, nor in the list of another."""
    asked = [name for one in next_questions(facts, n=len(FACTS)) for name in one.facts]

    assert sorted(asked) == sorted(set(asked))


def test_facts_of_one_list_are_asked_together_and_only_while_they_matter():
    """A list of the rule base is one question; what is known is no longer on it."""
    listed = {one.id: one for one in SHIPPED.questions}
    question = next_questions({}, n=1)[0]
    known = dict.fromkeys(question.facts[:-1], False)
    shorter = next(one for one in next_questions(known, n=50) if one.facts == question.facts[-1:])

    assert question.text == listed[question.id].text
    assert set(question.facts) <= set(listed[question.id].facts)
    assert shorter.text == FACTS[question.facts[-1]].question


def test_next_questions_takes_facts_and_refuses_what_is_no_fact():
    """A mapping and PatientFacts give the same; a wrong name is a FactsError."""
    known = {"age_years": 71, "weakness": True}

    assert next_questions(known) == next_questions(PatientFacts.from_mapping(known))
    assert crampsrules.next_questions is next_questions
    with pytest.raises(FactsError, match="did you mean 'fever'"):
        next_questions({"fevr": True})


# --- What else may be in the way ---


def test_what_is_less_urgent_does_not_hide_what_is_more():
    """Only reasons for the same level, or a higher one, must be excused first."""
    rules = rules_of(
        urgent("known", "weakness", "routine"),
        urgent("more", "fever", "emergency"),
        urgent("as_much", "thirst", "routine"),
        urgent("excused", "injury", "soon", unless="bruising"),
    )

    one = PatientFacts(weakness=True)
    assert names(rank_unknowns(one, rules)) == {"fever", "injury", "bruising"}
    both = PatientFacts(weakness=True, injury=True)
    assert names(rank_unknowns(both, rules)) == {"fever", "bruising"}


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"skip": {"weaknes"}}, "skip: 'weaknes' is not a fact; did you mean 'weakness'?"),
        ({"skip": {"danger-signs"}}, "skip: 'danger-signs' is not a fact"),
        ({"skip": "weakness"}, "skip: takes a list of names of facts, got 'weakness'"),
        ({"skip": 5}, "skip: takes a list of names of facts, got 5"),
        ({"skip": [["fever"]]}, "skip: ['fever'] is not a fact"),
        ({"n": -1}, "n: takes a whole number from 0, got -1"),
        ({"n": "3"}, "n: takes a whole number from 0, got '3'"),
        ({"n": None}, "n: takes a whole number from 0, got None"),
    ],
)
def test_what_cannot_be_meant_is_refused(options, told):
    """A slip in what is to be skipped would ask the same for ever."""
    with pytest.raises(FactsError) as refused:
        next_questions({}, **options)

    assert str(refused.value).startswith(told)


@pytest.mark.parametrize("reported", ["potassium_reported", "fluid_intake"])
def test_rules_may_ask_for_what_was_reported_alone(reported):
    """A measured value takes its place all the same."""
    value = FACTS[reported].members[0]
    rules = rules_of(urgent("told", f'{reported} == "{value}"', "soon"))
    measured = FACTS[reported].measured_by

    assert [one.facts for one in next_questions({}, rules=rules)] == [(reported,)]
    assert [one.fact for one in assess({reported: value}, rules=rules).unknowns] == [measured]
    assert [
        change.facts.keys() for change in what_would_change({reported: value}, rules=rules)
    ] == [{measured}]


def test_a_fact_that_stays_unknown_is_not_taken_for_a_known_one():
    """What an exception may still be known by is then all the more worth asking."""
    rules = rules_of(
        urgent("weak", "weakness", "soon", unless="known(sides) or known(pregnant)"),
    )

    found = next_questions({"weakness": True}, rules=rules, n=9, skip={"pregnant"})

    assert [one.facts for one in found] == [("sides",)]


def test_a_fact_that_was_reported_is_not_yet_known_by_another():
    """A measured value does not make the reported one known."""
    rules = rules_of(
        urgent("weak", "weakness", "soon", unless="known(potassium_reported) or fever"),
    )

    found = next_questions({"weakness": True, "potassium_mmol_l": 4.0}, rules=rules, n=9)

    assert ("fever",) in [one.facts for one in found]


def test_a_rule_that_can_be_met_in_endless_ways_is_asked_about_all_the_same():
    """Though in the end it cannot be met at all: what cannot be decided in time may matter."""
    flags = [name for name, fact in FACTS.items() if fact.kind == "flag"]
    pairs = zip(flags[:40:2], flags[1:40:2], strict=True)
    either = " and ".join(f"({one} or {other})" for one, other in pairs)
    rules = rules_of(urgent("endless", f"{either} and pain_severity < 3 and pain_severity > 5"))

    found = {one.fact for one in rank_unknowns(PatientFacts(), rules)}

    assert found <= {*flags[:40], "pain_severity"}
