"""Known benchmarks, read from their files: each becomes probes that ask its questions.

A probe of a suite names the task that the guide measured, so its drops are the tolerances.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from pytest_quant.probes.model import Probe
from pytest_quant.suites import gsm8k, humaneval, mmlu
from pytest_quant.suites.rows import Row, read_rows

__all__ = ["SUITES", "read_suite"]

SUITES: Mapping[str, Callable[[Iterator[Row]], tuple[Probe, ...]]] = {
    "gsm8k": gsm8k.probes,
    "humaneval": humaneval.probes,
    "mmlu": mmlu.probes,
}


def read_suite(name: str, path: Path, shown_as: str | None = None) -> tuple[Probe, ...]:
    """The probes of a suite, all questions of the file among them, in its order.

    Raises ``QuantUsageError`` with the file and the line of the first mistake.
    """
    columns = mmlu.COLUMNS if name == "mmlu" else ()
    return SUITES[name](read_rows(path, shown_as or str(path), columns))
