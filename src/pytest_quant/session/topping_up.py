"""Asking what the checks over several probes still need, where cases are asked in turn."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.errors import words_of
from pytest_quant.gate.level_order import pass_alpha
from pytest_quant.gate.verdicts import is_within
from pytest_quant.session.findings import Findings
from pytest_quant.session.session import Session


def top_up(session: Session, findings: Findings) -> Iterator[tuple[str, str]]:
    """Add further cases to the measurements of every level, that of most bits first.

    Yields each level at which that went wrong, and why.
    """
    if session.budget is None or (more := session.top_up) is None:
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
