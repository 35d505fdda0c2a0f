"""Asking what the checks over several probes still need, where cases are asked in turn."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.errors import words_of
from pytest_quant.session.findings import Findings
from pytest_quant.session.session import Session


def top_up(session: Session, findings: Findings) -> Iterator[tuple[str, str]]:
    """Add further cases to the measurements of every level.

    Yields each level at which that went wrong, and why.
    """
    if session.plan.settings.max_cases is None:
        return
    for level in session.plan.tested:
        found = {test: m for test, m in findings.measurements.items() if m.level == level}
        try:
            if found:
                session.top_up.extend(found)
        # Runtimes that others bring may raise anything: what was learned before is kept.
        except (Exception, SystemExit) as error:
            yield level, f"more cases could not be asked: {words_of(error)}"
        findings.measurements |= found
    findings.runtimes |= session.bench.runtimes
