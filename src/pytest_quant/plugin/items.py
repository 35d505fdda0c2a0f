"""A probe at a level as one test."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.base.harmless import message
from pytest_quant.errors import CheckerBroken, QuantUsageError, RuntimeFailed, TimeOver
from pytest_quant.plugin.node_ids import mark_of
from pytest_quant.plugin.properties import findings, labels, set_properties
from pytest_quant.plugin.stash import SESSION

if TYPE_CHECKING:
    from pytest_quant.gate.tolerance_check import CheckResult
    from pytest_quant.metrics.measurement import Measurement
    from pytest_quant.probes.model import Probe


class CheckFailed(AssertionError):
    """The gate's verdict on a probe is fail; the message is the whole story."""

    def __init__(self, story: str) -> None:
        super().__init__(message(story, most=20_000, lines=200))


class QuantItem(pytest.Item):
    """A test of this plugin's own, of one level.

    It may run more than once, for there are plugins that run again what failed. Each run begins as
    if it were the first, and the last one counts.
    """

    def __init__(self, *, level: str, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.level = level
        self.add_marker(mark_of(level))
        self.forget()

    def forget(self) -> None:
        """Leave nothing of an earlier run."""
        self.user_properties[:] = [
            own for own in self.user_properties if not own[0].startswith("quant_")
        ]

    def runtest(self) -> None:
        """Run it, unless the session's time is over, or ends meanwhile."""
        self.forget()
        try:
            self.ask()
        except TimeOver as error:
            pytest.skip(str(error))

    def ask(self) -> None:
        raise NotImplementedError

    @contextmanager
    def in_words(self, what: str) -> Iterator[None]:
        """Say of an error only what a person needs: other plugins print all that led to it."""
        try:
            yield
        except (QuantUsageError, CheckerBroken) as error:
            raise error from None
        except RuntimeFailed as error:
            raise RuntimeFailed(f"{self.level} {what}: {error}") from None

    def _initrequest(self) -> None:
        """There are no fixtures to make anew; pytest-retry asks every item to do so."""

    def repr_failure(self, excinfo: pytest.ExceptionInfo[BaseException], style: Any = None) -> Any:
        """The words of a failed check or of a mistake, without a traceback."""
        if excinfo.errisinstance((CheckFailed, CheckerBroken, QuantUsageError, RuntimeFailed)):
            return str(excinfo.value)
        return super().repr_failure(excinfo, style)


def skip_reason(measurement: Measurement) -> str:
    """Why a probe that was run has no verdict, or empty."""
    if measurement.uninformative:
        return f"uninformative: {measurement.uninformative}"
    return measurement.skipped


class ProbeItem(QuantItem):
    """Asks the cases of one probe at one level; fails if either of its checks does.

    Where none fails, the tolerance check says whether the probe passed: a regression check of one
    probe has too few cases to show that nothing was lost.
    """

    def __init__(self, *, probe: Probe, **kwargs: Any) -> None:
        self.probe = probe
        super().__init__(**kwargs)
        for mark in (probe.category, f"difficulty_{probe.difficulty}"):
            self.add_marker(mark)

    def forget(self) -> None:
        super().forget()
        self.measurement: Measurement | None = None
        self.result: CheckResult | None = None
        self.regression: CheckResult | None = None

    @property
    def has_failed(self) -> bool:
        """Whether a verdict of the gate says so."""
        return any(found and found.verdict == "fail" for found in (self.result, self.regression))

    def ask(self) -> None:
        from pytest_quant.plugin.stories import story

        session = self.config.stash[SESSION]
        named = labels(self.level, session.plan.reference.name, self.probe.category)
        set_properties(self, [*named, ("quant_difficulty", self.probe.difficulty)])
        with self.in_words("could not be run"):
            self.measurement = session.measure(self.probe, self.level, self.nodeid)
        if reason := skip_reason(self.measurement):
            pytest.skip(reason)
        self.result = session.check(self.measurement)
        self.regression = session.regression(self.measurement)
        set_properties(self, findings(self.result, self.regression))
        if self.has_failed:
            raise CheckFailed(story(session, self.measurement, self.result, self.regression))

    def reportinfo(self) -> tuple[Path, int, str]:
        return self.path, self.probe.line - 1, self.name
