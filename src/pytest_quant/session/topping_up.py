"""Asking what the checks over several probes still need, where cases are asked in turn."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.errors import TimeOver, words_of
from pytest_quant.gate.in_time import InTime, next_look, next_to_ask, undecided
from pytest_quant.gate.level_order import pass_alpha
from pytest_quant.gate.verdicts import is_within
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.session.findings import Findings
from pytest_quant.session.session import Session


def top_up(session: Session, findings: Findings) -> Iterator[tuple[str, str]]:
    """Add further cases to the measurements of every level, that of most bits first.

    Yields each level at which that went wrong, and why.
    """
    if session.budget is None:
        return
    if isinstance(session.counting, InTime):
        yield from _while_time(session, findings, session.counting)
        return
    if (more := session.top_up) is None:
        return
    within: set[str] = set()
    for level in session.order:
        found = {test: m for test, m in findings.measurements.items() if m.level == level}
        if not found:
            continue
        try:
            alpha = pass_alpha(level, session.order, within, session.budget.alpha)
            more.extend(found, alpha)
        # Runtimes that others bring may raise anything: what was learned before is kept.
        except (Exception, SystemExit) as error:
            yield level, f"more cases could not be asked: {words_of(error)}"
        findings.measurements |= found
        checks = session.pooled_checks([*findings.measurements.values()])
        mine = [check for check in checks if check.level == level]
        if is_within(mine, overall=level in session.plan.overall):
            within.add(level)
    findings.runtimes |= session.bench.runtimes


def _while_time(
    session: Session, findings: Findings, counting: InTime
) -> Iterator[tuple[str, str]]:
    """Ask the category that is likely to be decided soonest, round by round, until the time is over
    or none is left.
    """
    told: set[tuple[str, str]] = set()
    broken: set[str] = set()
    while True:
        measured = [*findings.measurements.values()]
        checks = session.pooled_checks(measured)
        found = undecided(checks, measured, counting.most, _seconds)
        chosen = next_to_ask([one for one in found if one.level not in broken])
        if chosen is None:
            return
        if (chosen.category, chosen.level) not in told:
            told.add((chosen.category, chosen.level))
            session.plan.announce(f"asking more for {chosen.category}[{chosen.level}]")
        look = next_look(chosen.members, counting.most)
        try:
            for member in sorted(chosen.members, key=lambda m: m.nodeid):
                if len(member.cases) < look:
                    session.time.check()
                    findings.measurements[member.nodeid] = session.measure_more(member, look)
        except TimeOver:
            return
        # Runtimes that others bring may raise anything: what was learned before is kept.
        except (Exception, SystemExit) as error:
            broken.add(chosen.level)
            yield chosen.level, f"more cases could not be asked: {words_of(error)}"
        finally:
            findings.runtimes |= session.bench.runtimes


def _seconds(measurement: Measurement) -> float:
    efforts = (measurement.reference_effort, measurement.level_effort)
    return sum(effort.seconds for effort in efforts if effort is not None)
