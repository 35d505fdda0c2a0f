"""What docs/probes.md shows is true: its file is read, its tables are complete."""

from __future__ import annotations

import json
import re
import sys
from dataclasses import replace
from fractions import Fraction
from importlib import resources
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import pytest

import pytest_quant.probes.reader
from pytest_quant import check
from pytest_quant.checkers.rules import RULES
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.errors import QuantUsageError
from pytest_quant.probes import expressions, passages
from pytest_quant.probes.cases import draw_cases, side_of
from pytest_quant.probes.model import DEFAULT_CASES, Probe
from pytest_quant.probes.reader import read_probes

TEXT = (Path(__file__).parents[2] / "docs" / "probes.md").read_text(encoding="utf-8")
SCHEMA: dict[str, Any] = json.loads(
    Path(pytest_quant.probes.reader.__file__)
    .with_name("probe.schema.json")
    .read_text(encoding="utf-8")
)


def section(title: str) -> str:
    return TEXT.split(f"\n## {title}\n")[1].split("\n## ")[0]


def block(language: str, title: str = "A complete file") -> str:
    """The one block of code in a language that stands in a section."""
    (found,) = re.findall(rf"^```{language}\n(.*?)^```$", section(title), re.MULTILINE | re.DOTALL)
    return str(found)


def first_cells(table: str) -> list[str]:
    """The names in code that stand in the first column of a table."""
    return re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)


@pytest.fixture
def example(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Probe, ...]:
    """The probes of the complete file, with the module that it names."""
    module = ModuleType("shop_questions")
    exec(compile(block("python"), "docs/probes.md", "exec"), module.__dict__)  # noqa: S102
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


class TestPairs:
    @pytest.fixture
    def probe(self, tmp_path: Path) -> Probe:
        path = tmp_path / "pairs.yaml"
        path.write_text(block("yaml", "Pairs"), encoding="utf-8")
        (probe,) = read_probes(path)
        return probe

    def test_both_prompts_of_a_pair_are_held_out(self, probe: Probe) -> None:
        for case in draw_cases(replace(probe, held_out=True), 64):
            assert case.clean is not None
            question, form = case.clean.split("? ")
            assert case.prompt == f"{question.upper()}!!! {form}"
            assert {side_of(case.prompt), side_of(case.clean)} == {"held_out"}

    def test_prompts_that_do_not_differ_are_a_mistake(self, probe: Probe) -> None:
        with pytest.raises(QuantUsageError, match="'prompt' and 'clean' are the same"):
            draw_cases(replace(probe, clean=probe.prompt), 1)

    def test_the_clean_prompt_is_part_of_what_a_case_is_known_by(self, probe: Probe) -> None:
        (case,) = draw_cases(replace(probe, pinned=({"a": 1, "b": 2},)), 1)
        (other,) = draw_cases(replace(probe, pinned=({"a": 1, "b": 2},), clean="{a} + {b}"), 1)
        assert case.prompt == other.prompt
        assert case.digest != other.digest


class TestTheTables:
    def test_every_field_is_described(self) -> None:
        probe = SCHEMA["$defs"]["probe"]
        file, fields = section("Fields").split("Of a probe:")
        assert set(first_cells(file)) == set(SCHEMA["properties"]) - {"$schema"}
        assert sorted(first_cells(fields)) == sorted(probe["properties"])
        required = re.findall(r"^\| `(\w+)` \| required", fields, re.MULTILINE)
        assert required == probe["required"]
        assert all(f"`{category}`" in file for category in GUIDE_CATEGORIES)

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

    def test_every_rule_of_a_composition_is_described(self) -> None:
        rows = re.findall(r"^\| (`.*)", section("Rules of a composition"), re.MULTILINE)
        named = {name for row in rows for name in re.findall(r"`([a-z ]+)(?:: [^`]*)?`", row)}
        inside = {"each speaker", "each section", "in sections"}
        assert {*RULES, *inside} <= named

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
        exec(compile(block("python", "Passages"), "docs/probes.md", "exec"), names)  # noqa: S102
        values = names["opening_hours"](Random(1), 256, 1.0)
        assert values["passage"].endswith(f"The ferry opens at {values['hour']}.")
        assert "The school opens at 8." in values["passage"]

    def test_the_subjects(self) -> None:
        told = section("Passages").partition("The subjects are ")[2]
        files = resources.files(passages).joinpath("subjects").iterdir()
        assert set(re.findall(r"`(\w+)`", told)) == {file.name[:-5] for file in files}
