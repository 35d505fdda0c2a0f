"""Which probes have fewer cases than an undecided check would take."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from pytest_quant.gate.forecast import Stock, cases_of_each
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.session.session import Session

# To count a case it is drawn, which for a long passage takes a while: more than so many of a probe
# are as good as any number.
MOST_COUNTED = 256


def short_supply(
    session: Session, checks: Iterable[Check], measurements: Sequence[Measurement]
) -> dict[str, int]:
    """How many cases they have, by node id, of the probes of undecided checks over several."""
    found: dict[str, int] = {}
    counted: dict[str, int] = {}
    for check in checks:
        result = check.result
        more = (result.cases_needed or 0) - result.counts.n
        if check.kind != "tolerance" or check.scope not in ("pooled", "category") or more <= 0:
            continue
        members = [
            m
            for m in measurements
            if m.level == check.level and m.informative and check.category in (None, m.category)
        ]
        # Where one runs out, more is asked of the others.
        while (each := cases_of_each(_stocks(members, found), more)) is not None:
            new = {}
            for m in members:
                enough = min(each, max(MOST_COUNTED, len(m.cases)))
                if m.nodeid not in found and counted.get(m.nodeid, 0) < enough:
                    counted[m.nodeid] = session.count(m, enough)
                    if counted[m.nodeid] < enough:
                        new[m.nodeid] = counted[m.nodeid]
            if not new:
                break
            found |= new
    return found


def _stocks(members: Iterable[Measurement], found: Mapping[str, int]) -> list[Stock]:
    return [Stock(len(m.cases), found.get(m.nodeid)) for m in members]
