"""Patients by construction: a core that has what was asked for, and whatever else leaves it so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import lru_cache
from itertools import zip_longest

from attrs import define, field, frozen

from crampsrules.engines import Engine, engine_for
from crampsrules.errors import FactsError
from crampsrules.facts import PatientFacts
from crampsrules.fold import Folding
from crampsrules.rulebase import RuleBase
from crampsrules.strategies.arguments import InvalidStrategyError
from crampsrules.strategies.noise import Draw, KnownFacts, drawn_way, most_kept, noise, picked
from crampsrules.strategies.plausible import made_coherent
from crampsrules.strategies.solving import NOTHING, Solver, Way, solver_for, thinned
from crampsrules.triage import Triage

_MOST_CANDIDATES = 2000
# Where none of those will do there may be none at all, which takes seconds to find out.
_MOST_CANDIDATES_AT_LAST = 20_000
_MOST_CORES = 400
_MOST_EXAMPLES = 12


@frozen
class Wish:
    """What was asked of patients; None and nothing known is any patient."""

    known: PatientFacts = field(factory=PatientFacts)
    absent: frozenset[str] = frozenset()
    triage: Triage | None = None
    suspected: str | None = None
    at_threshold: str | None = None
    plausible: bool = True

    @property
    def is_judged(self) -> bool:
        """Whether only the rules can tell that it is fulfilled."""
        return self.triage is not None or self.suspected is not None


@frozen
class _Core:
    """A way to fulfil a wish, and one patient who does."""

    way: Way
    fixed: KnownFacts
    patient: KnownFacts


@define(eq=False)
class Patients:
    """The patients of one wish, and how to draw them."""

    rules: RuleBase
    wish: Wish
    solver: Solver = field(init=False)
    engine: Engine = field(init=False)
    folding: Folding = field(init=False)
    cores: Sequence[_Core] = field(init=False)

    def __attrs_post_init__(self) -> None:
        self.solver = solver_for(self.rules)
        self.engine = engine_for(self.rules, "compiled")
        self.folding = Folding.of(self.rules)
        self.cores = self._found_cores()
        if not self.cores:
            raise InvalidStrategyError(f"no patient was found for {self._wished()}")

    def patient(self, draw: Draw) -> PatientFacts:
        """One patient who fulfils the wish."""
        core = picked(draw, self.cores)
        base = {**drawn_way(draw, core.way, self.solver.values), **core.fixed}
        if core.way.atoms and not self.fulfilled(base):
            base = dict(core.patient)
        more = self._beside(base, core, draw(noise(self.rules)))
        if self.wish.is_judged:
            more = most_kept(base, more, self.fulfilled)
        return PatientFacts.from_mapping({**base, **more})

    def _beside(self, base: KnownFacts, core: _Core, drawn: KnownFacts) -> dict[str, object]:
        left_out = self.wish.absent | core.way.absent | base.keys()
        more = {name: value for name, value in drawn.items() if name not in left_out}
        whole = made_coherent({**base, **more}, base.keys(), plausible=self.wish.plausible)
        return {name: value for name, value in whole.items() if name not in base}

    def fulfilled(self, known: KnownFacts) -> bool:
        """Whether the rules find what was asked for."""
        try:
            fired = self.engine.fire_number(PatientFacts.from_mapping(known))
        except FactsError:
            return False
        return self._has_triage(fired) and self._has_suspected(fired)

    def _has_triage(self, fired: int) -> bool:
        wanted = self.wish.triage
        if wanted is None:
            return True
        return self.folding.raised(fired & self.folding.escalating).triage is wanted

    def _has_suspected(self, fired: int) -> bool:
        wanted = self.wish.suspected
        return wanted is None or any(one.id == wanted for one in self.folding.ranked(fired))

    def _found_cores(self) -> list[_Core]:
        """Ways of every kind, each tried on one patient."""
        ways = self._ways()
        candidates = [(way, fixed) for fixed in self._fixed() for way in ways]
        cores = self._tried(thinned(candidates, _MOST_CANDIDATES))
        if not cores:
            cores = self._tried(thinned(candidates, _MOST_CANDIDATES_AT_LAST))
        return sorted(cores, key=lambda core: len(core.patient))

    def _tried(self, candidates: Iterable[tuple[Way, KnownFacts]]) -> list[_Core]:
        cores: list[_Core] = []
        for way, fixed in candidates:
            core = self._core(way, fixed)
            if core is not None:
                cores.append(core)
            if len(cores) == _MOST_CORES:
                break
        return cores

    def _core(self, way: Way, fixed: KnownFacts) -> _Core | None:
        left = Way({name: way.atoms[name] for name in way.atoms if name not in fixed}, way.absent)
        if not (self.wish.absent | way.absent).isdisjoint({*left.atoms, *fixed}):
            return None
        for values in self.solver.examples(left, _MOST_EXAMPLES):
            known = {**values, **fixed}
            if self._is_sound(known, fixed) and self.fulfilled(known):
                return _Core(left, fixed, known)
        return None

    def _is_sound(self, known: KnownFacts, fixed: KnownFacts) -> bool:
        kept = made_coherent(known, fixed.keys(), plausible=self.wish.plausible)
        return len(kept) == len(known)

    def _fixed(self) -> list[KnownFacts]:
        known = self.wish.known.known()
        name = self.wish.at_threshold
        if name is None:
            return [known]
        telling = self.solver.values.telling(name)
        if name in known:
            telling = [one for one in telling if one == known[name]]
        return [{**known, name: value} for value in telling]

    def _ways(self) -> list[Way]:
        ways = self._ways_to_triage()
        if self.wish.suspected is None:
            return ways
        suspecting = self.solver.ways_to_any(self.rules.suspecting[self.wish.suspected])
        if self.rules.causes[self.wish.suspected].fallback:
            suspecting.insert(0, NOTHING)
        merged = (self.solver.merged(way, other) for other in suspecting for way in ways)
        return sorted((way for way in merged if way is not None), key=len)

    def _ways_to_triage(self) -> list[Way]:
        level = self.wish.triage
        if level is None:
            return [NOTHING]
        ways = [self.solver.ways(one.id) for one in self.rules.escalations if one.triage is level]
        # What is already known may be enough; and every escalation gets its turn.
        turns = [way for turn in zip_longest(*ways) for way in turn if way is not None]
        return [NOTHING, *sorted(turns, key=len)]

    def _wished(self) -> str:
        parts = {
            "known": self.wish.known.known() or None,
            "unknown": sorted(self.wish.absent) or None,
            "triage": None if self.wish.triage is None else self.wish.triage.id,
            "suspected": self.wish.suspected,
            "at_threshold": self.wish.at_threshold,
        }
        return ", ".join(f"{name}={value!r}" for name, value in parts.items() if value is not None)


@lru_cache(maxsize=64)
def patients_for(rules: RuleBase, wish: Wish) -> Patients:
    """The patients of a wish; those of the last few wishes are kept."""
    return Patients(rules, wish)
