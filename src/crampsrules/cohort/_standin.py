"""Until the real one is there."""

import polars as pl

from crampsrules.assess import assess
from crampsrules.errors import FactsError
from crampsrules.rulebase import RuleBase


def assess_frame(frame, /, *, rules=None, columns=None, on_error="column", weights=False):  # noqa
    base = rules or RuleBase.load()
    rows = []
    for row in frame.rows(named=True):
        try:
            a = assess(
                {k: v for k, v in row.items() if v is not None}, rules=base, engine="compiled"
            )
            out = dict(
                triage=a.triage.id,
                top_cause=a.causes[0].id if a.causes else None,
                causes=[c.id for c in a.causes],
                advice=[x.id for x in a.advice],
                fired=list(a.fired),
                errors=None,
            )
            w = {c.id: c.weight for c in a.causes}
        except FactsError as e:
            out = dict(
                triage=None,
                top_cause=None,
                causes=None,
                advice=None,
                fired=None,
                errors="; ".join(map(str, e.problems)),
            )
            w = {}
        if weights:
            out |= {f"weight_{c}": w.get(c) for c in base.causes}
        rows.append(out)
    L = pl.List(pl.String)
    schema = dict(
        triage=pl.String, top_cause=pl.String, causes=L, advice=L, fired=L, errors=pl.String
    )
    if weights:
        schema |= {f"weight_{c}": pl.Int64 for c in base.causes}
    return frame.hstack(pl.DataFrame(rows, schema=schema, orient="row"))
