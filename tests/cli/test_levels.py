"""``pytest-quant levels``, and the command as it is installed."""

from __future__ import annotations

import importlib
import tomllib
from pathlib import Path

import pytest

from pytest_quant import __version__
from pytest_quant.cli.main import main
from pytest_quant.cli.tables import COLUMNS, table
from pytest_quant.levels import SHORT_NAMES, known_types, parse_level


def test_every_level_with_its_recipe_and_bits(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["levels"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert all(len(line) <= COLUMNS for line in lines)
    rows = [line.split(maxsplit=5) for line in lines[1 : lines.index("")]]
    assert [row[0] for row in rows[: len(SHORT_NAMES)]] == list(SHORT_NAMES)
    assert {row[1] for row in rows} == set(known_types())
    assert all(parse_level(row[0]).recipe.ftype == row[1] for row in rows)
    bits = {row[0]: row[3] for row in rows}
    assert [bits[name] for name in ("f32", "f16", "q8", "q6", "q4", "q2")] == [
        *("32.00", "16.00", "8.50", "6.56", "4.50", "2.62")
    ]
    made = {row[0]: row[5] for row in rows}
    assert made["q4"] == "yes"
    assert made["iq2_xs"] == "with --quant-imatrix"


def test_is_installed_as_a_command() -> None:
    path = Path(__file__).parents[2] / "pyproject.toml"
    script = tomllib.loads(path.read_text("utf-8"))["project"]["scripts"]["pytest-quant"]
    module, _, name = script.partition(":")
    assert getattr(importlib.import_module(module), name) is main


def test_says_its_version_and_what_it_can_do(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--version"])
    assert ended.value.code == 0
    assert capsys.readouterr().out == f"pytest-quant {__version__}\n"
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    assert ended.value.code == 0
    said = capsys.readouterr().out
    assert "  probes " in said.replace("    ", "  ")
    assert "the levels that --quant-levels knows" in said


def test_a_cell_that_is_too_wide_is_cut() -> None:
    lines = list(table(["name", "n"], [["x" * 100, "1"], ["y", "22"]], right=["n"]))
    assert lines == [f"{'name':76}   n", f"{'x' * 73}...   1", f"{'y':76}  22"]


def test_names_give_way_last() -> None:
    name = "n" * 50
    _, row = table(["name", "text"], [[name, "t" * 50]])
    assert row == f"{name}  {'t' * 25}..."
    assert len(row) == COLUMNS
