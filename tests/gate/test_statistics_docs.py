"""The figures in docs/statistics.md are those that the code gives."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.counting import MOST_PLANNED, PLANNED_FLIPS, PLANNED_POWER
from pytest_quant.gate.evidence import cases_to_settle
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.gate.statistics import (
    cases_to_decide,
    cases_to_pass,
    detectable_drop,
    failing_drop,
    mcnemar_drop,
    tango_bounds,
)

TEXT = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
SESSION = Budget(0.05, pooled=2, category=20, probe=120)
SCOPES: dict[str, Scope] = {"probe": "probe", "category": "category", "overall": "pooled"}


def table(header: str) -> tuple[list[str], list[list[str]]]:
    """The column names and rows of the table whose header line starts with these words."""
    block = TEXT[TEXT.index(f"| {header}") :].split("\n\n")[0].strip().splitlines()
    cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in block]
    return cells[0], cells[2:]


def test_detectable_drops_of_the_example_session() -> None:
    header, rows = table("check | cases")
    for name, cases, alpha, *drops in rows:
        exact = SESSION.alpha_for(SCOPES[name])
        assert f"{exact:.2g}" == alpha
        for column, drop in zip(header[3:], drops, strict=True):
            limit = int(column.removeprefix("limit ")) / 100
            found = failing_drop(0.05, int(cases), limit, exact)
            assert found is not None
            assert drop == f"{100 * found:.1f}"
    assert len(rows) == 3


def test_cases_needed_to_pass() -> None:
    header, rows = table("flip rate | limit")
    for name, *cases in rows:
        rate, kind = name.split(", ")
        flips = 5 * int(rate.rstrip(" %"))
        needed = cases_to_decide if kind == "fixed" else cases_to_settle
        for column, stated in zip(header[1:], cases, strict=True):
            limit = int(column.removeprefix("limit ")) / 100
            assert needed(flips, flips, 1000, limit, 0.05) == int(stated), (name, column)
    assert len(rows) == 8


def test_sizes_of_categories() -> None:
    for limit, cases in ((5, "103"), (3, "209"), (1, "1132")):
        needed = cases_to_pass(PLANNED_FLIPS, limit / 100, 0.05, PLANNED_POWER)
        assert str(needed) == cases
        assert f"{cases} " in TEXT.replace(";", " ")
    assert f"{MOST_PLANNED} are planned" in TEXT


def test_planning_table() -> None:
    header, rows = table("flip rate |")
    for flip_rate, *points in rows:
        for column, value in zip(header[1:], points, strict=True):
            n = int(column.removeprefix("n = "))
            drop = 100 * detectable_drop(float(flip_rate.rstrip(" %")) / 100, n, 0.05)
            assert float(value) == pytest.approx(drop, abs=0.05)
    assert len(rows) == 3


def test_detectable_drops_of_regression_checks() -> None:
    session = Budget(0.05, pooled=2 + 2 * 3, category=2 * 20, probe=2 * 120)
    header, rows = table("regression check |")
    for name, cases, alpha, *drops in rows:
        exact = session.alpha_for(SCOPES[name])
        assert f"{exact:.2g}" == alpha
        for column, drop in zip(header[3:], drops, strict=True):
            flips = int(column.removeprefix("flip rate ").removesuffix(" %")) / 100
            found = mcnemar_drop(flips, int(cases), DEFAULT_DROP / 100, exact)
            assert found is not None
            assert drop == f"{100 * found:.1f}"
    assert len(rows) == 3
    stated = re.search(r"needs (\d+) cases if not one of them flips", TEXT)
    assert stated
    fewest, alpha_of_all = int(stated[1]), session.alpha_for("pooled")
    least = DEFAULT_DROP / 100
    assert tango_bounds(0, 0, fewest, alpha_of_all)[1] <= least
    assert tango_bounds(0, 0, fewest - 1, alpha_of_all)[1] > least


def test_bound_without_a_flip() -> None:
    stated = re.search(r"(\d+) cases without one still allow a drop of ([\d.]+) points", TEXT)
    assert stated
    upper = tango_bounds(0, 0, int(stated[1]), 0.05)[1]
    assert f"{100 * upper:.1f}" == stated[2]
