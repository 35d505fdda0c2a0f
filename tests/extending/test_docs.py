"""Every example of the page about extending does what it says there."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from tests.reports.records import measured, record

from pytest_quant import Category, Checker
from pytest_quant.plugin import hookspecs
from pytest_quant.probes.cases import draw_cases

PAGE = Path(__file__).parents[2] / "docs" / "extending.md"


@pytest.fixture(scope="module")
def said() -> dict[str, Any]:
    """The names that the examples in Python define."""
    names: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text("utf-8"), re.S):
        exec(block, names)  # noqa: S102  (our own page)
    return names


def test_the_package_declares_what_the_examples_define(said: dict[str, Any]) -> None:
    (block,) = re.findall(r"```toml\n(.*?)```", PAGE.read_text("utf-8"), re.S)
    groups = tomllib.loads(block)["project"]["entry-points"]
    named = [value.partition(":")[2] for points in groups.values() for value in points.values()]
    assert len(named) == 4
    assert [name for name in named if name not in said] == []


def test_the_checker_and_the_category(said: dict[str, Any]) -> None:
    assert isinstance(said["MANNERS"], Category)
    assert isinstance(said["STARTS"], Checker)
    known = {"prompt": None, "truncated": False}
    assert said["starts"]("Hello!", "hello", **known).correct
    assert said["starts"]("Hello!", "hello", **known, exact=True).pattern == "wrong beginning"


def test_the_source(said: dict[str, Any], tmp_path: Path) -> None:
    path = tmp_path / "f.jsonl"
    path.write_text(json.dumps({"question": "Who greets?", "begins": "Hello"}), "utf-8")
    (probe,) = said["greetings"](path, "f.jsonl")
    # Its kind is not installed here.
    (case,) = draw_cases(replace(probe, check="text"), 1)
    assert (case.prompt, case.expected) == ("Who greets?", "Hello")


def test_the_report_and_the_hooks(
    said: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    known = record(measured("sums", "q8", right=60))
    said["one_line"](known, tmp_path / "x")
    assert tmp_path.joinpath("x").read_text("utf-8").startswith("a model: q8 ")
    monkeypatch.chdir(tmp_path)
    said["pytest_quant_record"](None, known)
    assert "q8" in tmp_path.joinpath("levels.txt").read_text("utf-8")
    said["pytest_quant_measured"](None, known.measurements[0])


def test_every_hook_is_on_the_page(said: dict[str, Any]) -> None:
    hooks = {name for name in vars(hookspecs) if name.startswith("pytest_")}
    assert hooks == {name for name in said if name.startswith("pytest_quant_")}
