"""GSM8K: word problems, split by how many steps their gold solutions take."""

from __future__ import annotations

import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

from pytest_quant.probes.model import Probe
from pytest_quant.suites.fixed import fixed_probe
from pytest_quant.suites.rows import Row, read_rows

PROMPT = (
    "{question}\n\nWork it out step by step. In the last line write the final number, without a "
    "unit or a sign, after 'Answer:'."
)
# Most steps, the guide's name for the split, a name for the probe, difficulty.
_SPLITS = (
    (2, "1-2 steps", "gsm8k_1_2_steps", 2),
    (4, "3-4 steps", "gsm8k_3_4_steps", 3),
    (float("inf"), "5+ steps", "gsm8k_5_or_more_steps", 4),
)
_FINAL = re.compile(r"####\s*(-?[0-9][0-9,]*(?:\.[0-9]+)?)\s*")


def read(path: Path, shown_as: str) -> tuple[Probe, ...]:
    """The probes of a file, as a source of probes."""
    return probes(read_rows(path, shown_as))


def probes(rows: Iterator[Row]) -> tuple[Probe, ...]:
    """A probe for each number of steps that the file has questions for."""
    splits: dict[str, list[tuple[Row, dict[str, Any]]]] = {split: [] for _, split, *_ in _SPLITS}
    for row in rows:
        solution = row.text("answer")
        final = _FINAL.search(solution)
        if final is None or final.end() != len(solution):
            raise row.mistake("answer", solution[-40:], "a solution that ends with '#### NUMBER'")
        number = Decimal(final[1].replace(",", ""))
        split = next(split for most, split, *_ in _SPLITS if steps(solution) <= most)
        splits[split].append((row, {"question": row.text("question").strip(), "answer": number}))
    return tuple(
        fixed_probe(
            splits[split],
            id=name,
            category="numerical_reasoning",
            subcategory="word problems",
            difficulty=difficulty,
            prompt=PROMPT,
            expect="answer",
            check="numeric",
            check_options={},
            max_tokens=512,
            task=f"gsm8k:{split}",
        )
        for _, split, name, difficulty in _SPLITS
        if splits[split]
    )


def steps(solution: str) -> int:
    """How many steps a gold solution takes: its annotated sums, else its lines."""
    return solution.count("<<") or solution.strip().count("\n")
