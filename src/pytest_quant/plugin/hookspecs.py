"""Moments of a session, for plugins and conftest files: what is known then, to keep or to show.

Imported by every pytest run of every user: keep it light.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pytest

    from pytest_quant.metrics.measurement import Measurement
    from pytest_quant.record.run import RunRecord


def pytest_quant_measured(config: pytest.Config, measurement: Measurement) -> None:
    """A probe was measured at a level.

    Called in the process that reports, whichever worker measured, once for each run of the test;
    again with the whole where more cases were asked in the end. What an implementation raises is
    told in the end, and changes no verdict::

        def pytest_quant_measured(config, measurement):
            print(measurement.nodeid, len(measurement.cases), measurement.skipped)
    """


def pytest_quant_record(config: pytest.Config, record: RunRecord) -> None:
    """The run record is complete, and about to be written and shown.

    Called once, in the process that reports. What an implementation raises is told in the end,
    when everything is written; the exit code then says so::

        def pytest_quant_record(config, record):
            Path("verdicts.txt").write_text("".join(f"{l.name} {l.verdict}" for l in record.levels))
    """
