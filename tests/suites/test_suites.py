"""Benchmark files become probes: the common forms, the splits, the mistakes."""

from __future__ import annotations

import gzip
import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import yaml
from tests.real_data import real_file, some

from pytest_quant import check
from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.cli.guide import GUIDE_CATEGORIES
from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.tolerances import read_tolerances
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Case, Probe
from pytest_quant.suites import SOURCES, read_suite
from pytest_quant.suites.gsm8k import steps
from pytest_quant.suites.mmlu import DOMAIN_OF

MISTAKES = yaml.safe_load((Path(__file__).parent / "data" / "mistakes.yaml").read_text("utf-8"))
TASKS = read_tolerances(EXPECTED_IMPACT).measured

GSM8K = [
    {"question": "Two and three?", "answer": "It is 2+3=<<2+3=5>>5.\n#### 5"},
    {"question": "A thousand and a bit?", "answer": "One.\nTwo.\nThree.\n#### 1,000.50"},
    {"question": "Many?", "answer": "<<>>" * 5 + "\n#### -7"},
    {"question": "Two and three?", "answer": "<<2+3=5>>\n#### 5"},
]
HUMANEVAL = [
    {
        "task_id": "T/0",
        "prompt": 'import math\n\n\ndef twice(x):\n    """Twice {x}."""\n',
        "entry_point": "twice",
        "canonical_solution": "    return 2 * x\n",
        "test": "\n\ndef check(candidate):\n    assert candidate(2) == 4\n",
    }
]
MMLU = [
    {
        "question": "Heart?",
        "subject": "anatomy",
        "choices": ["leg", "chest", "arm", "foot"],
        "answer": 1,
    },
    {"question": "1 + 1?", "subject": "abstract algebra", "choices": [1, 2, 3, 4], "answer": "B"},
]


def read(directory: Path, suite: str, name: str, text: str) -> tuple[Probe, ...]:
    path = directory / name
    content = text.encode()
    compressed = name.endswith(".gz") and text.startswith(("{", "question"))
    path.write_bytes(gzip.compress(content) if compressed else content)
    return read_suite(suite, path, name)


def lines(rows: list[dict[str, Any]]) -> str:
    return "\n".join(map(json.dumps, rows)) + "\n"


def first(probe: Probe) -> Case:
    return draw_cases(probe, 1)[0]


@pytest.mark.parametrize("name", ["q.jsonl", "q.jsonl.gz"])
def test_gsm8k_is_split_by_steps(tmp_path: Path, name: str) -> None:
    short, middle, long = read(tmp_path, "gsm8k", name, lines(GSM8K))
    assert [(p.id, p.task, p.cases, p.line) for p in (short, middle, long)] == [
        ("gsm8k_1_2_steps", "gsm8k:1-2 steps", 1, 1),  # a question that is asked twice is one
        ("gsm8k_3_4_steps", "gsm8k:3-4 steps", 1, 2),
        ("gsm8k_5_or_more_steps", "gsm8k:5+ steps", 1, 3),
    ]
    assert first(short).prompt.startswith("Two and three?\n\n")
    assert [first(p).expected_text for p in (short, middle, long)] == ["5", "1000.5", "-7"]
    assert check("numeric", "2+3 is 5.\n\nAnswer: $5", first(short).expected).correct
    assert not check("numeric", "2+3 is 6.\n\nAnswer: $6", first(short).expected).correct


def test_gsm8k_as_csv(tmp_path: Path) -> None:
    text = 'Question,Answer\n"Two,\nand three?","<<2+3=5>>\n#### 5"\nFour?,#### 4\n'
    (probe,) = read(tmp_path, "gsm8k", "q.csv", text)
    cases = draw_cases(probe, 2)
    assert [case.expected_text for case in cases] == ["5", "4"]
    assert cases[0].prompt.startswith("Two,\nand three?\n\n")


@pytest.mark.parametrize(("solution", "count"), [("<<a>><<b>>\n#### 1", 2), ("a\nb\nc\n#### 1", 3)])
def test_steps_are_sums_or_else_lines(solution: str, count: int) -> None:
    assert steps(solution) == count


def test_humaneval_is_judged_by_its_tests(tmp_path: Path) -> None:
    (probe,) = read(tmp_path, "humaneval", "q.jsonl", lines(HUMANEVAL))
    assert (probe.task, probe.cases, probe.category) == ("humaneval", 1, "logical_reasoning")
    case = first(probe)
    assert case.prompt.endswith('\n\ndef twice(x):\n    """Twice {x}."""\n')
    for text, right in (
        ("    return 2 * x\n", True),
        ("```python\ndef twice(x):\n    return x + x\n```", True),
        ("    return x\n", False),
        (case.prompt, False),
        ("I don't know.", False),
        ("", False),
    ):
        outcome = check("code", text, case.expected, prompt=case.prompt, **case.options)
        assert outcome.correct == right, (text, outcome)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("q.jsonl", lines(MMLU)),
        (
            "q.csv",
            ",Question,A,B,C,D,Answer,Subject\n0,Heart?,leg,chest,arm,foot,B,anatomy\n"
            "1,1 + 1?,1,2,3,4,1,abstract_algebra\n",
        ),
        ("q.csv.gz", "question,subject,a,b,c,d,answer\nHeart?,anatomy,leg,chest,arm,foot,1\n"
            "1 + 1?,abstract_algebra,1,2,3,4,B\n"),
    ],
)  # fmt: skip
def test_mmlu_is_split_by_domain(tmp_path: Path, name: str, text: str) -> None:
    stem, other = read(tmp_path, "mmlu", name, text)
    assert (stem.id, stem.task, stem.chance) == ("mmlu_stem", "mmlu:stem", 0.25)
    assert stem.by == "likelihood"
    assert (other.id, other.task) == ("mmlu_other", "mmlu")
    case = first(other)
    assert case.prompt.startswith("Heart?\nA. leg\nB. chest\nC. arm\nD. foot\n\n")
    assert (case.expected_text, first(stem).expected_text) == ("B", "B")
    assert check("choice", "It is B.\n\nAnswer: B", case.expected, **case.options).correct
    assert not check("choice", "Answer: A", case.expected, **case.options).correct


@pytest.mark.parametrize("first_row", ["", "Question,A,B,C,D,Answer\n"])
def test_mmlu_in_its_original_files(tmp_path: Path, first_row: str) -> None:
    """One for each subject, without a heading and named after it."""
    text = f"{first_row}Heart?,leg,chest,arm,foot,B\n"
    (probe,) = read(tmp_path, "mmlu", "anatomy_test.csv", text)
    assert (probe.id, first(probe).expected_text) == ("mmlu_other", "B")


def test_mmlu_has_57_subjects() -> None:
    assert Counter(DOMAIN_OF.values()) == {
        "humanities": 13,
        "stem": 18,
        "social sciences": 12,
        "other": 14,
    }


def test_every_probe_has_a_tolerance_of_the_guide(tmp_path: Path) -> None:
    texts: dict[str, list[dict[str, Any]]]
    subjects = [{**MMLU[0], "subject": s, "question": f"{s}?"} for s in DOMAIN_OF]
    texts = {"gsm8k": GSM8K, "humaneval": HUMANEVAL, "mmlu": subjects}
    assert set(texts) == set(SOURCES.names)
    probes = [p for suite in texts for p in read(tmp_path, suite, "q.jsonl", lines(texts[suite]))]
    assert len(probes) == 8
    assert {probe.task for probe in probes} <= set(TASKS)
    assert {probe.category for probe in probes} <= set(GUIDE_CATEGORIES)


@pytest.mark.parametrize("mistake", MISTAKES, ids=lambda mistake: mistake["message"][:60])
def test_a_mistake_is_told_with_its_line(tmp_path: Path, mistake: dict[str, str]) -> None:
    with pytest.raises(QuantUsageError) as raised:
        read(tmp_path, mistake["suite"], mistake["name"], mistake["text"])
    assert str(raised.value) == mistake["message"]


def test_text_that_is_not_utf_8(tmp_path: Path) -> None:
    path = tmp_path / "q.jsonl"
    path.write_bytes(b'{}\n{"question": "\xff"}\n')
    with pytest.raises(QuantUsageError, match=r"^q\.jsonl:2: not UTF-8 text: invalid start byte"):
        read_suite("gsm8k", path, "q.jsonl")


def test_the_whole_of_gsm8k() -> None:
    probes = read_suite("gsm8k", real_file("gsm8k-test.jsonl"))
    assert {probe.id: probe.cases for probe in probes} == {
        "gsm8k_1_2_steps": 427,
        "gsm8k_3_4_steps": 662,
        "gsm8k_5_or_more_steps": 230,
    }


def test_humaneval_is_judged_by_its_own_solutions() -> None:
    """Each passes, and fails when its body is replaced by ``pass``."""
    path = real_file("HumanEval.jsonl.gz")
    text = gzip.decompress(path.read_bytes()).decode()
    solutions = [json.loads(line)["canonical_solution"] for line in text.splitlines()]
    (probe,) = read_suite("humaneval", path)
    rows = [*zip(draw_cases(probe, 164), solutions, strict=True)]
    judged = [
        [
            check("code", text, case.expected, prompt=case.prompt, **case.options)
            for text in (solution, "    pass\n")
        ]
        for case, solution in some(rows)
    ]
    assert [right for right, _ in judged if not right.correct] == []
    assert [empty for _, empty in judged if empty.correct] == []


@pytest.mark.parametrize("name", ["q.jsonl", "q.jsonl.gz"])
def test_a_file_that_unpacks_to_too_much_is_refused(name: str, tmp_path: Path) -> None:
    """One that goes on for 300 MB, as zeros on the disk and packed: little is read of either."""
    path = tmp_path / name
    if path.suffix == ".gz":
        part = gzip.compress(bytes(2**20))
        path.write_bytes(part * 300)
    else:
        with path.open("wb") as file:
            file.truncate(300 * 2**20)
    with pytest.raises(QuantUsageError, match="more than 256 MB, unpacked"):
        read_suite("humaneval", path)
