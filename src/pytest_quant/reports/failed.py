"""What failed, in a terminal: the worst in full. Of all else pytest itself has a line each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from pytest_quant.base.amounts import counted
from pytest_quant.gate.verdicts import Check
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.baselines import shortfall_text
from pytest_quant.reports.failures import divergence_text, failure_text, news
from pytest_quant.reports.likelihood import likelihood_text
from pytest_quant.reports.plain_text import shown
from pytest_quant.reports.results import failed_checks

# Told in full, and tests that broke.
MOST_TOLD = 3
MOST_BROKEN = 5
_WHERE = "--junitxml and --alluredir"


@dataclass(frozen=True, slots=True)
class Failure:
    """One that the gate found. ``story`` says why, in lines; ``test`` decided it."""

    level: str
    subject: str
    story: str
    test: str


def failed_lines(record: RunRecord) -> Iterator[tuple[str, bool]]:
    """The lines, each with whether it is a heading; what broke comes first."""
    for problem in record.problems[:MOST_BROKEN]:
        yield "", False
        yield f"{problem.kind.upper()} {problem.level} {shown(problem.test, 100)}", True
        yield f"  {problem.message}", False
    if len(record.problems) > MOST_BROKEN:
        yield f"and {counted(len(record.problems) - MOST_BROKEN, 'more test')}", False
    found = list(_failures(record))
    worst = _worst(found)
    known: defaultdict[str, set[str]] = defaultdict(set)
    for failure in worst:
        yield "", False
        yield f"FAILED {failure.level} {failure.subject}", True
        for text in news(failure.story, known[failure.level]):
            yield f"  {text}", False
    # A probe that is recorded is checked twice, by one test.
    told, tests = ({(one.level, one.test) for one in some} for some in (worst, found))
    if rest := len(tests - told):
        yield "", False
        yield f"and {counted(rest, 'more failed test')}, each in full in {_WHERE}", False


def _failures(record: RunRecord) -> Iterator[Failure]:
    """Required baselines, likelihoods and divergences, then answers, the worst first."""
    for use in record.baselines:
        if use.is_short:
            name = f"baseline[{use.level}]"
            yield Failure(use.level, name, shortfall_text(use), name)
    for read in record.likelihood_checks:
        if read.result.verdict == "fail":
            name = f"{read.subject} (likelihood)"
            yield Failure(read.level, name, likelihood_text(record, read), name)
    for found in record.divergence_checks:
        if found.result.verdict == "fail":
            name = f"divergence ({found.source})"
            yield Failure(found.level, name, divergence_text(record, found), name)
    for check in failed_checks(record):
        subject = f"{check.subject}{_kind(check)}"
        test = check.subject if check.scope == "probe" else subject
        yield Failure(check.level, subject, failure_text(record, check), test)


def _kind(check: Check) -> str:
    return " (regression)" if check.kind == "regression" else ""


def _worst(found: Iterable[Failure]) -> list[Failure]:
    """The first of each level, then the next, as many as are told in full."""
    first: dict[str, Failure] = {}
    others: list[Failure] = []
    for failure in found:
        if first.setdefault(failure.level, failure) is not failure:
            others.append(failure)
    chosen = list(first.values())
    return [*chosen, *others[: max(0, MOST_TOLD - len(chosen))]]
