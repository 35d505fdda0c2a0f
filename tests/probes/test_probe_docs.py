"""What docs/probes.md shows is true: its file is read, its tables are complete."""

from __future__ import annotations

import json
import re
import sys
from fractions import Fraction
from importlib import resources
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

import pytest_quant.probes.reader
from pytest_quant import check
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes import expressions, passages
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import CATEGORIES, DEFAULT_CASES, Probe
from pytest_quant.probes.reader import read_probes

TEXT = (Path(__file__).parents[2] / "docs" / "probes.md").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(
    Path(pytest_quant.probes.reader.__file__)
    .with_name("probe.schema.json")
    .read_text(encoding="utf-8")
)


def block(language: str, containing: str = "") -> str:
    """The only block of a language that contains a text."""
    blocks = re.findall(rf"^```{language}\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)
    (found,) = (block for block in blocks if containing in block)
    return str(found)


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def first_cells(table: str) -> list[str]:
    """The names in code that stand in the first column of a table."""
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Probe, ...]:
    """The probes of the complete file, with the module that it names."""
    module = ModuleType("shop_questions")
    exec(compile(block("python", "def offers"), "docs/probes.md", "exec"), module.__dict__)  # noqa: S102
    monkeypatch.setitem(sys.modules, "shop_questions", module)
    path = tmp_path / "shop.yaml"
    path.write_text(block("yaml"), encoding="utf-8")
    return read_probes(path, "shop.yaml")


class TestTheCompleteFile:
    def test_it_asks_what_the_text_says(self, example: tuple[Probe, ...]) -> None:
        first = draw_cases(example[0], example[0].cases)[0]
        assert "`A lamp costs 80.00 dollars. ...`" in TEXT
        assert first.prompt.startswith("A lamp costs 80.00 dollars. ")
        assert f"it expects `{first.expected_text}`" in TEXT

    def test_its_checks_can_be_passed_and_failed(self, example: tuple[Probe, ...]) -> None:
        case = draw_cases(example[0], 1)[0]
        for text, pattern in (
            ("Answer: $68", ""),
            ("80 * 0.85 = 68.00", ""),
            ("Answer: 12.00 dollars", "wrong formula"),
            ("Answer: 65", "wrong formula"),
        ):
            outcome = check("numeric", text, case.expected, prompt=case.prompt, **case.options)
            assert outcome.pattern == pattern, text
            assert outcome.correct == (not pattern)

    def test_its_generator_draws_both_answers(self, example: tuple[Probe, ...]) -> None:
        cases = draw_cases(example[1], 200)
        assert {case.expected_text for case in cases} == {"Miller", "Brown"}
        for case in cases:
            m, p, n, q = (int(digits) for digits in re.findall(r"\d+", case.prompt))
            assert case.expected_text == ("Miller" if Fraction(p, m) < Fraction(q, n) else "Brown")

    def test_the_mistake_that_is_shown(self, tmp_path: Path) -> None:
        (shown,) = re.findall(r"^```\n(.*?)\n```$", section("Mistakes"), re.MULTILINE | re.DOTALL)
        path = tmp_path / "shop.yaml"
        mistaken = block("yaml").replace("price * percent / 100", "price * percentage / 100")
        path.write_text(mistaken, encoding="utf-8")
        with pytest.raises(QuantUsageError) as raised:
            read_probes(path, "shop.yaml")
        assert str(raised.value) == shown


class TestTheTables:
    def test_every_field_is_described(self) -> None:
        probe = SCHEMA["$defs"]["probe"]
        file, fields = section("Fields").split("Of a probe:")
        assert set(first_cells(file)) == set(SCHEMA["properties"]) - {"$schema"}
        assert sorted(first_cells(fields)) == sorted(probe["properties"])
        required = re.findall(r"^\| `(\w+)` \| required", fields, re.MULTILINE)
        assert required == probe["required"]
        assert all(f"`{category}`" in file for category in CATEGORIES)

    def test_defaults(self, example: tuple[Probe, ...]) -> None:
        assert f"| `cases` | {DEFAULT_CASES} |" in TEXT
        assert f"| `max_tokens` | {example[1].max_tokens} |" in TEXT

    def test_every_option_of_every_check_is_described(self) -> None:
        tables = re.split(r"\n\n(?=\| `\w+` \|.*\n\|---)", section("Checks"))[1:]
        described = {names[0]: set(names[1:]) for names in map(first_cells, tables)}
        kinds = SCHEMA["$defs"]["probe"]["properties"]["check"]["properties"]["kind"]["enum"]
        assert described == {
            kind: set(SCHEMA["$defs"][kind]["properties"]) - {"kind"} for kind in kinds
        }

    def test_every_function_is_named(self) -> None:
        line = next(line for line in TEXT.splitlines() if line.startswith("| functions"))
        with pytest.raises(expressions.ExpressionError) as raised:
            expressions.evaluate("unknown()", {})
        known = str(raised.value).split("known: ")[1].split(", ")
        assert [*re.findall(r"`(\w+)`", line), "ieee"] == [*sorted({*known} - {"ieee"}), "ieee"]
        assert "`ieee(a + b)`" in TEXT


class TestPassages:
    def test_the_generator_plants_its_facts(self) -> None:
        names: dict[str, Any] = {}
        exec(compile(block("python", "def opening_hours"), "docs/probes.md", "exec"), names)  # noqa: S102
        values = names["opening_hours"](Random(1), 256, 1.0)
        assert values["passage"].endswith(f"The ferry opens at {values['hour']}.")
        assert "The school opens at 8." in values["passage"]

    def test_the_subjects(self) -> None:
        told = section("Passages").partition("The subjects are ")[2]
        files = resources.files(passages).joinpath("subjects").iterdir()
        assert set(re.findall(r"`(\w+)`", told)) == {file.name[:-5] for file in files}
