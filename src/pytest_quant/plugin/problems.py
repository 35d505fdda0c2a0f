"""The tests of a session that ended otherwise than by a verdict: what broke, and for which level.

The process that runs a test says for which level it ran and how it ended (`attach`); the one that
reports collects it (`Problems`). A worker that dies says nothing: of its test only the node id is
known.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.gate.level_verdict import Problem
from pytest_quant.plugin.divergence_item import DivergenceItem
from pytest_quant.plugin.items import ProbeItem, QuantItem
from pytest_quant.plugin.wire import is_crash
from pytest_quant.reports.plain_text import shown

if TYPE_CHECKING:
    from pytest_quant.probes.model import Probe

# Of a message as long as it takes to see what is wrong; pytest shows the whole.
_WIDTH = 300


_BROKEN = pytest.StashKey[bool]()


def note_end(item: pytest.Item, call: pytest.CallInfo[None]) -> None:
    """Remember whether a test ended by an error other than a failed assertion."""
    if (excinfo := call.excinfo) is not None:
        failed = excinfo.errisinstance((AssertionError, pytest.fail.Exception))
        item.stash[_BROKEN] = not failed


def attach(report: pytest.TestReport, item: pytest.Item, level: str) -> None:
    """Tell of a failed test's report which level it is about, and how it ended.

    What the gate's own verdict made fail is told elsewhere.
    """
    if not report.failed:
        return
    probe = item.probe if isinstance(item, ProbeItem) else None
    judged = isinstance(item, ProbeItem | DivergenceItem) and item.has_failed
    if judged and report.when == "call":
        report.quant_judged = True  # type: ignore[attr-defined]
        return
    broken = isinstance(item, QuantItem) or item.stash.get(_BROKEN, True)
    report.quant_problem = _problem(level, probe, broken=broken)  # type: ignore[attr-defined]


def _problem(level: str, probe: Probe | None, *, broken: bool) -> dict[str, Any]:
    return {
        "level": level,
        "kind": "broken" if broken else "failed",
        "category": probe and probe.category,
        "difficulty": probe and probe.difficulty,
    }


class Problems:
    """What broke or failed so far, by node id; ``others`` counts failed tests of no level.

    ``level_of`` and ``probe_of`` tell what a node id is about, where nothing else does.
    """

    def __init__(
        self, level_of: Callable[[str], str], probe_of: Callable[[str], Probe | None]
    ) -> None:
        self._level_of = level_of
        self._probe_of = probe_of
        self._found: dict[str, Problem] = {}
        self._others: set[str] = set()

    @property
    def found(self) -> tuple[Problem, ...]:
        """In an order that does not depend on that of the tests."""
        return tuple(sorted(self._found.values(), key=lambda p: (p.level, p.test)))

    @property
    def others(self) -> int:
        return len(self._others)

    def note(self, report: pytest.TestReport) -> None:
        """Keep what a report says of a failure; a test that runs again begins anew."""
        if report.when == "setup":
            self._found.pop(report.nodeid, None)
            self._others.discard(report.nodeid)
        if not report.failed or getattr(report, "quant_judged", False):
            return
        raw: dict[str, Any] | None = getattr(report, "quant_problem", None)
        if raw is None and is_crash(report):
            raw = self._of_crash(report.nodeid)
        if raw is None:
            self._others.add(report.nodeid)
        else:
            message = shown(_message(report), _WIDTH)
            self._found[report.nodeid] = Problem(test=report.nodeid, message=message, **raw)

    def add(self, level: str, test: str, message: str) -> None:
        """What broke outside a test; it is told as the test ``quant-gate::TEST``."""
        nodeid = f"quant-gate::{test}"
        self._found[nodeid] = Problem(level, nodeid, "broken", shown(message, _WIDTH))

    def _of_crash(self, nodeid: str) -> dict[str, Any] | None:
        level = self._level_of(nodeid)
        return _problem(level, self._probe_of(nodeid), broken=True) if level else None


def _message(report: pytest.TestReport) -> str:
    """What a failure says in the end, without its traceback, on one line."""
    crash = getattr(report.longrepr, "reprcrash", None)
    text = str(crash.message if crash else report.longreprtext)
    return "; ".join(" ".join(line.split()) for line in text.splitlines() if line.strip())
