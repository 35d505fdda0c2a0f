"""What is decided over several probes as tests ``quant-gate::NAME``: JUnit, Allure and the exit
code read them, whether a session reports them or a record does.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from pytest_quant.base.gate_names import GATE
from pytest_quant.gate.divergence_regression import DivergenceCheck
from pytest_quant.gate.likelihood_regression import LikelihoodCheck
from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.baselines import shortfall_text
from pytest_quant.reports.failures import divergence_text, failure_text
from pytest_quant.reports.likelihood import likelihood_text
from pytest_quant.reports.standing import why_nothing


@dataclass(frozen=True, slots=True)
class GateTest:
    """A test ``quant-gate::NAME`` of a level; ``story`` says why it failed, else it is empty.

    ``check`` is what decided it, ``None`` where that is not a comparison.
    """

    name: str
    level: str
    verdict: CheckVerdict
    story: str
    check: Check | DivergenceCheck | LikelihoodCheck | None = None


def gate_tests(record: RunRecord) -> Iterator[GateTest]:
    """Tolerance, regression, divergence and likelihood; then the required baselines, the levels of
    which nothing was compared, and what broke outside a test.

    The checks of single probes are those probes' own tests.
    """
    for check in record.checks:
        if check.scope != "probe":
            verdict = check.result.verdict
            story = failure_text(record, check) if verdict == "fail" else ""
            # pytest shows dots of such a name as colons: a test's file without its ending has none.
            name = check.name.replace(".py::", "::")
            yield GateTest(f"{name}[{check.level}]", check.level, verdict, story, check)
    for found in record.divergence_checks:
        verdict = found.result.verdict
        story = divergence_text(record, found) if verdict == "fail" else ""
        yield GateTest(f"{found.name}[{found.level}]", found.level, verdict, story, found)
    for read in record.likelihood_checks:
        verdict = read.result.verdict
        story = likelihood_text(record, read) if verdict == "fail" else ""
        yield GateTest(f"{read.name}[{read.level}]", read.level, verdict, story, read)
    for use in record.baselines:
        if use.required:
            story = shortfall_text(use) if use.is_short else ""
            name = f"baseline[{use.level}]"
            yield GateTest(name, use.level, "fail" if story else "pass", story)
    for level in record.levels:
        if is_unanswered(level):
            yield GateTest(
                f"compared[{level.name}]", level.name, "fail", why_nothing(record, level)
            )
    for problem in record.problems:
        folder, _, name = problem.test.partition("::")
        if folder == GATE and name.startswith("cases["):
            yield GateTest(name, problem.level, "fail", problem.message)


def is_held_back(record: RunRecord) -> bool:
    """Whether a level failed or broke, or nothing of one that was to be asked was compared."""
    return any(
        level.verdict in ("fail", "broken") or is_unanswered(level) for level in record.levels
    )


def is_unanswered(level: LevelRecord) -> bool:
    """Whether probes were to be asked of a level, and nothing of it was compared.

    Where some test broke, that one says it.
    """
    return level.selected > 0 and level.verdict in ("not compared", "not asked")
