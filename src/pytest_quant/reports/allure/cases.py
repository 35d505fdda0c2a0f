"""The cases of a probe as Allure shows them: all in a table, those that tell something in full."""

from __future__ import annotations

from collections.abc import Iterator

from allure_commons.model2 import Attachment, Parameter, Status, TestStepResult

from pytest_quant.metrics.measurement import Answer, CaseResult, Measurement
from pytest_quant.reports.allure.attachments import Attachments
from pytest_quant.reports.outcomes import outcome
from pytest_quant.reports.plain_text import counted, shown

# What may become of a case, and how many of each are shown in full.
_SHOWN = {"lost": 3, "won": 1, "wrong at both": 1, "wrong": 1}
_STATUS = {"lost": Status.FAILED, "won": Status.PASSED}
_HEADS = ("case", "outcome", "prompt", "expected")
_ANSWER_HEADS = ("verdict", "answer", "error pattern")
_NAME = 60
_LINE = 300


def steps_of_cases(
    reference: str, measurement: Measurement, attachments: Attachments
) -> Iterator[TestStepResult]:
    """A step for each kind of case that tells something, with the first ones of the kind."""
    for kind, most in _SHOWN.items():
        cases = [case for case in measurement.cases if outcome(case) == kind]
        if cases:
            step = TestStepResult(
                name=f"{len(cases)} of {counted(len(measurement.cases), 'case')} {kind}",
                status=_STATUS.get(kind, Status.SKIPPED),
            )
            step.steps = [
                _step(reference, measurement.level, case, attachments) for case in cases[:most]
            ]
            yield step


def table_of_cases(
    reference: str, measurement: Measurement, attachments: Attachments
) -> Attachment:
    """Every case in a row."""
    asked = [reference] if measurement.level_effort is None else [reference, measurement.level]
    answers = [f"{name} {head}" for name in asked for head in _ANSWER_HEADS]
    facets = sorted({name for case in measurement.cases for name in case.facets})
    rows = (
        [
            str(case.index),
            outcome(case),
            case.prompt,
            case.expected,
            *_cells(case.reference),
            *(_cells(case.level) if case.level else ()),
            *(case.facets.get(name, "") for name in facets),
        ]
        for case in measurement.cases
    )
    return attachments.table("all cases", (*_HEADS, *answers, *facets), rows)


def _cells(answer: Answer) -> tuple[str, str, str]:
    return answer.verdict, answer.answer, answer.pattern


def _step(reference: str, level: str, case: CaseResult, attachments: Attachments) -> TestStepResult:
    """One case in full: what was asked, what came back, what the check made of it."""
    kind = outcome(case)
    named = {reference: case.reference} | ({level: case.level} if case.level else {})
    told = (case.level or case.reference).pattern
    step = TestStepResult(
        name=f"case {case.index}: {told}" if told else f"case {case.index}",
        status=_STATUS.get(kind, Status.SKIPPED),
        parameters=[Parameter(name="expected", value=shown(case.expected, _NAME))],
    )
    step.parameters += [
        Parameter(name=name, value=shown(answer.answer or answer.response, _NAME))
        for name, answer in named.items()
    ]
    step.attachments = [
        attachments.text("prompt", case.prompt),
        *(attachments.text(f"response {name}", a.response) for name, a in named.items()),
        attachments.text("check", _check(case, named)),
    ]
    return step


def _check(case: CaseResult, named: dict[str, Answer]) -> str:
    lines = [f"expected: {shown(case.expected, _LINE)}"]
    for name, answer in named.items():
        lines += ["", f"{name}: {answer.verdict}", f"  answer: {shown(answer.answer, _LINE)}"]
        if answer.pattern:
            lines.append(f"  error pattern: {answer.pattern}")
        lines.append(f"  because: {shown(answer.reason, _LINE)}")
        lines.append(f"  response ended by: {answer.finish}")
        if answer.clean is not None:
            lines.append(f"  undisturbed question: {answer.clean}")
        for option, probability in (answer.probabilities or {}).items():
            lines.append(f"  probability of {shown(option, _NAME)}: {probability:.4f}")
    return "\n".join(lines)
