"""What of a record a plan compares again."""

from __future__ import annotations

from pathlib import Path

import pytest

from pytest_quant.levels import parse_levels
from pytest_quant.session.plan import Plan
from pytest_quant.session.settings import Settings


@pytest.mark.parametrize(
    ("recorded", "again"),
    [
        ((), set()),
        (("text", "responses", "recorded"), {"text", "responses"}),
        (("text",), {"text"}),
        # Of models of two runtimes, which have no other divergence.
        (("recorded",), {"recorded"}),
    ],
)
def test_a_divergence_is_measured_as_it_was_recorded(
    tmp_path: Path, recorded: tuple[str, ...], again: set[str]
) -> None:
    settings = Settings(parse_levels("q8"), tmp_path, tmp_path, regression_drop=0.5)
    plan = Plan(settings, threads=1, announce=print)
    assert plan.sources_of(recorded) == again
