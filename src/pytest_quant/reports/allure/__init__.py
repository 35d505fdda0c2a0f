"""Allure results of a run record: one file for each probe and check, and what surrounds them."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from pytest_quant.base.files import write_atomically
from pytest_quant.base.gate_names import DIVERGENCE, RESPONSES
from pytest_quant.base.harmless import harmless
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.allure.results import (
    Rendered,
    Run,
    divergence_result,
    gate_result,
    probe_result,
    problem_result,
)
from pytest_quant.reports.allure.surroundings import surroundings
from pytest_quant.reports.gate_tests import gate_tests


def write_results(record: RunRecord, directory: Path) -> None:
    """Everything that the record holds; raises ``OSError``.

    The same record gives the same files, so that writing it twice changes nothing.
    """
    run = Run.of(record)
    found = {(c.subject, c.kind): c.result for c in record.checks if c.scope == "probe"}
    probes = (
        probe_result(
            run, m, found.get((m.nodeid, "tolerance")), found.get((m.nodeid, "regression"))
        )
        for m in record.measurements
    )
    write(directory, probes)
    write(directory, _divergences(run, record))
    write(directory, filter(None, (problem_result(run, p) for p in record.problems)))
    write_checks(record, directory)
    write_surroundings(record, directory)


def _divergences(run: Run, record: RunRecord) -> Iterator[Rendered]:
    """As the tests that measured them."""
    failed = {(c.level, c.source) for c in record.divergence_checks if c.result.verdict == "fail"}
    found: dict[tuple[str, str], list[Divergence]] = {}
    for one in record.divergences:
        name = RESPONSES if one.source == "responses" else DIVERGENCE
        found.setdefault((name, one.level), []).append(one)
    for (name, level), of in found.items():
        fails = any((level, one.source) in failed for one in of)
        yield divergence_result(run, name, level, of, failed=fails)


def write_checks(record: RunRecord, directory: Path) -> None:
    """What is decided over several probes, as tests; raises ``OSError``."""
    run = Run.of(record)
    write(directory, (gate_result(run, record, test) for test in gate_tests(record)))


def write_surroundings(record: RunRecord, directory: Path) -> None:
    """What was run, by whom, and how results are grouped; raises ``OSError``."""
    for name, text in surroundings(record, directory, os.environ).items():
        write_atomically(directory / name, text)


def write(directory: Path, results: Iterable[Rendered]) -> None:
    """Results with their attachments; raises ``OSError``."""
    for rendered in results:
        for name, text in rendered.attachments.items():
            write_atomically(directory / name, text)
        make_harmless(rendered.result)
        text = json.dumps(rendered.result, default=_fields, ensure_ascii=False)
        write_atomically(directory / f"{rendered.result.uuid}-result.json", text)


def make_harmless(item: object) -> None:
    """All texts of one of Allure's models, and of those in it."""
    for name, value in vars(item).items():
        setattr(item, name, _harmless(value))


def _harmless(value: Any) -> Any:
    if isinstance(value, str):
        return harmless(value, "\n\t")
    if isinstance(value, list):
        return [_harmless(one) for one in value]
    if hasattr(value, "__dict__"):
        make_harmless(value)
    return value


def _fields(item: object) -> dict[str, object]:
    """What Allure's models hold, without what is not set."""
    return {name: value for name, value in vars(item).items() if value not in (None, [])}
