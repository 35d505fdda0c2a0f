"""Probes and checks of a run record as Allure's test results, without writing anything."""

from __future__ import annotations

import datetime
import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from allure_commons.model2 import (
    Label,
    Parameter,
    Status,
    StatusDetails,
    TestResult,
    TestStepResult,
)
from allure_commons.types import LabelType, Severity

from pytest_quant.base.amounts import counted
from pytest_quant.base.gate_names import DIVERGENCE, GATE, RESPONSES
from pytest_quant.gate.counting import Kind
from pytest_quant.gate.divergence_regression import DivergenceCheck, explain_divergence
from pytest_quant.gate.level_verdict import Problem
from pytest_quant.gate.likelihood_regression import LikelihoodCheck, explain_likelihood
from pytest_quant.gate.tolerance_check import CheckResult, CheckVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.allure.attachments import Attachments, identifier
from pytest_quant.reports.allure.cases import steps_of_cases, table_of_cases
from pytest_quant.reports.failures import describe_failure, explained, failure_text
from pytest_quant.reports.gate_tests import GateTest
from pytest_quant.reports.plain_text import shown

# What the sample could not decide is neither passed nor failed.
STATUS: dict[CheckVerdict, str] = {
    "pass": Status.PASSED,
    "fail": Status.FAILED,
    "inconclusive": Status.UNKNOWN,
}
MOST_MEMBERS = 30
# A level that fails at what is simple is in a worse state than one that fails at what is hard.
_SEVERITIES = dict(enumerate(Severity, start=1))
_WIDTH = 100


@dataclass(frozen=True, slots=True)
class Run:
    """What all results of a session share.

    ``seed`` tells its files from another session's; ``moment``, in milliseconds since 1970, is
    when its results began.
    """

    model: str
    reference: str
    seed: str
    moment: int

    @classmethod
    def of(cls, record: RunRecord) -> Run:
        moment = int(datetime.datetime.fromisoformat(record.created).timestamp() * 1000)
        seed = " ".join([record.created, *(level.digest for level in record.levels)])
        return cls(record.model, record.reference, seed, moment)


@dataclass(frozen=True, slots=True)
class Rendered:
    """A result, and the texts of its attachments by the names of their files."""

    result: TestResult
    attachments: dict[str, str]


def identity(run: Run, nodeid: str, category: str, difficulty: int, level: str) -> TestResult:
    """What a probe at a level is called, whatever came of it: that is what history goes by."""
    file, _, name = nodeid.partition("::")
    severity = _SEVERITIES[difficulty].value
    result = _identity(run, file, name, level, severity, category=category)
    tags = (category, f"difficulty_{difficulty}", level)
    result.labels += [Label(LabelType.TAG, tag) for tag in tags]
    return result


def probe_result(
    run: Run,
    measurement: Measurement,
    result: CheckResult | None,
    regression: CheckResult | None = None,
) -> Rendered:
    """One probe at one level; ``result`` is ``None`` if it has no verdict, ``regression`` if it has
    no baseline.
    """
    m = measurement
    test = identity(run, m.nodeid, m.category, m.difficulty, m.level)
    attachments = Attachments(test.uuid)
    asked = list(_asked(run, m))
    test.stop = asked[-1].stop if asked else run.moment
    held = [_held(run.reference, m.level, result)] if result is not None else []
    if regression is not None:
        held.append(_held("its baseline", m.level, regression))
    rest = [*held, *steps_of_cases(run.reference, m, attachments)]
    test.steps = [*asked, *_at(test.stop, rest)]
    if m.cases:
        test.attachments = [table_of_cases(run.reference, m, attachments)]
    if result is not None:
        worse = regression is not None and regression.verdict == "fail" != result.verdict
        kind: Kind = "regression" if worse else "tolerance"
        decisive = regression if regression is not None and worse else result
        story = describe_failure(run.reference, m.level, decisive, [m], kind)
        _judge(test, decisive, kind, story)
    else:
        test.status = Status.SKIPPED
        reason = f"uninformative: {m.uninformative}" if m.uninformative else m.skipped
        test.statusDetails = StatusDetails(message=reason)
    return Rendered(test, attachments.texts)


def gate_result(run: Run, record: RunRecord, test: GateTest) -> Rendered:
    """What is decided over several probes."""
    if isinstance(test.check, Check):
        return _check_result(run, record, test.check)
    subject = test.name.rpartition("[")[0]
    result = gate_identity(run, subject, test.level, Severity.BLOCKER)
    result.status = STATUS[test.verdict]
    if test.check is not None:
        seen = _explained(test.check)
        result.statusDetails = StatusDetails(message=seen, trace=test.story or None)
    elif test.story:
        result.statusDetails = StatusDetails(message=test.story)
    return Rendered(result, {})


def _explained(check: DivergenceCheck | LikelihoodCheck) -> str:
    """What a check of something else than right and wrong saw."""
    if isinstance(check, DivergenceCheck):
        return explain_divergence(check.result)
    return explain_likelihood(check.result)


def problem_result(run: Run, problem: Problem) -> Rendered | None:
    """A test of the plugin's that broke; ``None`` for any other, which has no result of ours."""
    file, _, name = problem.test.partition("::")
    if problem.category is not None and problem.difficulty is not None:
        test = identity(run, problem.test, problem.category, problem.difficulty, problem.level)
    elif file == GATE and (subject := name.partition("[")[0]) in (DIVERGENCE, RESPONSES):
        test = gate_identity(run, subject, problem.level)
    else:
        return None
    return broken_result(test, problem.message)


def _check_result(run: Run, record: RunRecord, check: Check) -> Rendered:
    """A check over several probes; what it is made of is told in steps, the worst first."""
    severity = Severity.CRITICAL if check.category else Severity.BLOCKER
    test = gate_identity(run, check.name, check.level, severity, check.category)
    members = _members(record, check)
    steps = [
        _held(
            run.reference if check.kind == "tolerance" else "its baseline",
            check.level,
            check.result,
        ),
        *(
            TestStepResult(name=_told(member), status=STATUS[member.result.verdict])
            for member in members[:MOST_MEMBERS]
        ),
    ]
    test.steps = _at(run.moment, steps)
    attachments = Attachments(test.uuid)
    test.attachments = [attachments.table("all members", _HEADS, map(_row, members))]
    _judge(test, check.result, check.kind, failure_text(record, check))
    return Rendered(test, attachments.texts)


def gate_identity(
    run: Run,
    subject: str,
    level: str,
    severity: Severity = Severity.NORMAL,
    category: str | None = None,
) -> TestResult:
    """What a test over several probes is called, whatever came of it."""
    name = f"{subject}[{level}]"
    test = _identity(run, GATE, name, level, severity.value, category=category)
    test.labels += [Label(LabelType.TAG, tag) for tag in (GATE, level)]
    return test


def divergence_result(
    run: Run, name: str, level: str, divergences: Sequence[Divergence], *, failed: bool = False
) -> Rendered:
    """How far a level's distributions are from the reference's; why it failed, the check tells."""
    test = gate_identity(run, name, level)
    test.status = Status.FAILED if failed else Status.PASSED
    steps = [
        TestStepResult(
            name=f"{shown(d.title, _WIDTH)}: {counted(d.tokens, 'token')}", status=Status.PASSED
        )
        for d in divergences
    ]
    test.steps = _at(run.moment, steps)
    attachments = Attachments(test.uuid)
    test.attachments = [
        attachments.table(f"statistics, {d.source}", ("statistic", "value"), _statistics(d))
        for d in divergences
    ]
    return Rendered(test, attachments.texts)


def _statistics(divergence: Divergence) -> Iterator[tuple[str, str]]:
    for name, statistic in divergence.statistics.items():
        yield name, f"{statistic.value:.6g}"


def broken_result(test: TestResult, message: str) -> Rendered:
    """A probe that brought nothing, because what ran it died."""
    test.status = Status.BROKEN
    test.statusDetails = StatusDetails(message=shown(message, 300))
    return Rendered(test, {})


def _identity(
    run: Run, file: str, name: str, level: str, severity: str, category: str | None
) -> TestResult:
    path = PurePosixPath(file)
    package = ".".join(path.with_suffix("").parts)
    story = name.rpartition("[")[0]
    full_name = f"{package}#{story}"
    gate = file == GATE
    feature = category or "all probes together"
    labels = {
        LabelType.EPIC: shown(run.model, _WIDTH),
        LabelType.FEATURE: feature,
        LabelType.STORY: f"{GATE}: {story}" if gate else story,
        LabelType.SEVERITY: severity,
        LabelType.PARENT_SUITE: level,
        LabelType.SUITE: GATE if gate else feature,
        LabelType.FRAMEWORK: "pytest",
        "package": package,
    }
    return TestResult(
        uuid=identifier(run.seed, file, name),
        name=name,
        fullName=full_name,
        testCaseId=_md5(full_name),
        historyId=_md5(full_name, level),
        titlePath=[*path.parts],
        parameters=[Parameter(name="level", value=level)],
        labels=[Label(label, value) for label, value in labels.items()],
        start=run.moment,
        stop=run.moment,
    )


def _md5(*parts: str) -> str:
    text = "".join(parts).encode("utf-8", "surrogatepass")
    return hashlib.md5(text, usedforsecurity=False).hexdigest()


def _judge(test: TestResult, result: CheckResult, kind: Kind, story: str) -> None:
    test.status = STATUS[result.verdict]
    if result.verdict == "fail":
        test.statusDetails = StatusDetails(message=explained(result, kind), trace=story)
    elif result.verdict == "inconclusive":
        test.statusDetails = StatusDetails(message=f"inconclusive: {explained(result, kind)}")


def _asked(run: Run, m: Measurement) -> Iterator[TestStepResult]:
    """What the models did, one after the other, and how long it took."""
    sides = {run.reference: ([case.reference for case in m.cases], m.reference_effort)}
    if m.level_effort is not None:
        own = [case.level for case in m.cases if case.level is not None]
        sides[m.level] = (own, m.level_effort)
    start = run.moment
    for name, (answers, effort) in sides.items():
        if answers:
            right = sum(answer.correct for answer in answers)
            stop = start + int(1000 * effort.seconds)
            yield TestStepResult(
                name=f"{name} answers {_share(right, len(answers))} right",
                status=Status.PASSED,
                start=start,
                stop=stop,
            )
            start = stop


def _held(reference: str, level: str, result: CheckResult) -> TestStepResult:
    """The verdict, with its numbers beside it: as parameters of the test they would crowd lists."""
    counts = result.counts
    numbers = {
        f"right at {reference}": _share(counts.reference_correct, counts.n),
        f"right at {level}": _share(counts.level_correct, counts.n),
        "lost (b)": f"{counts.b} of {counts.n}",
        "won (c)": f"{counts.c} of {counts.n}",
        "alpha": f"{result.alpha:.2g}",
    }
    return TestStepResult(
        name=f"{_numbers(result)}: {result.verdict}",
        status=STATUS[result.verdict],
        parameters=[Parameter(name=name, value=value) for name, value in numbers.items()],
    )


def _at(moment: int, steps: list[TestStepResult]) -> list[TestStepResult]:
    """Steps, and those in them, that took no time."""
    for step in steps:
        step.start = step.stop = moment
        _at(moment, step.steps)
    return steps


def _share(right: int, n: int) -> str:
    return f"{right} of {n} ({100 * right / n:.1f} %)" if n else "0 of 0"


def _numbers(result: CheckResult) -> str:
    if result.unchanged:
        return f"as recorded in {counted(result.counts.n, 'case')}"
    return (
        f"drop {result.drop:.1f} points [{result.lower:.1f}, {result.upper:.1f}], "
        f"limit {result.limit:g}"
    )


def _told(check: Check) -> str:
    return f"{check.subject}: {_numbers(check.result)}: {check.result.verdict}"


def _members(record: RunRecord, check: Check) -> list[Check]:
    """The checks one scope below: of categories, or of probes; the greatest drop first."""
    below = "category" if check.scope == "pooled" else "probe"
    found = [
        other
        for other in record.checks
        if other.level == check.level
        and (other.scope, other.kind) == (below, check.kind)
        and check.category in (None, other.category)
    ]
    return sorted(found, key=lambda other: -other.result.drop)


_HEADS = ("member", "verdict", "n", "b", "c", "drop", "lower", "upper", "limit")


def _row(check: Check) -> Sequence[str]:
    result, counts = check.result, check.result.counts
    points = (result.drop, result.lower, result.upper, result.limit)
    return (
        check.subject,
        result.verdict,
        *(str(count) for count in (counts.n, counts.b, counts.c)),
        *(f"{value:.2f}" for value in points),
    )
