"""What became of every level, in the first lines of a JUnit file: the properties of the suite."""

from __future__ import annotations

import pytest

# pytest tells nobody but a fixture of these properties, and a fixture belongs to a test.
from _pytest.junitxml import xml_key

from pytest_quant.record.run import RunRecord
from pytest_quant.reports.standing import standing_lines


def tell_junit(config: pytest.Config, record: RunRecord) -> None:
    """Add them, if a JUnit file is written at all."""
    if xml := config.stash.get(xml_key, None):
        for level in record.levels:
            if level.verdict is not None:
                xml.add_global_property(f"quant_verdict_{level.name}", level.verdict)
        for number, line in enumerate(standing_lines(record), start=1):
            xml.add_global_property(f"quant_standing_{number}", line)
