"""No short answer may be had by repeating the question, or what was said before it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.probes.shipped import LIBRARY, first_cases

from pytest_quant import check
from pytest_quant.checkers.final_answer import Sentences
from pytest_quant.probes.model import Case, Probe

SHORT = [
    probe
    for probe in LIBRARY
    if probe.check in ("choice", "text", "tool_calls", "structured")
    and "required" not in probe.check_options
]
CASES = 6
# Of a long passage, those that name the answer and the last ones.
MOST_SENTENCES = 24


def sentences(case: Case) -> list[str]:
    prompt = case.prompt
    found = [prompt[s.start : s.end].strip() for s in Sentences(prompt).between(0, len(prompt))]
    if len(found) <= MOST_SENTENCES:
        return found
    telling = [sentence for sentence in found if case.expected_text in sentence]
    return [*telling[: MOST_SENTENCES // 2], *found[-MOST_SENTENCES // 2 :]]


def echoes(case: Case) -> Iterator[str]:
    said = sentences(case)
    yield case.prompt
    yield f"{case.prompt} {case.prompt}"
    yield from said
    for sentence in said:
        yield sentence.upper()
        yield f"- {sentence}"
    for count in range(2, len(said) + 1):
        yield " ".join(said[:count])
        yield "\n".join(said[-count:])


@pytest.mark.parametrize("probe", SHORT, ids=lambda probe: probe.id)
def test_an_echo_is_no_answer(probe: Probe) -> None:
    for case in first_cases(probe.id, CASES):
        for text in echoes(case):
            outcome = check(probe.check, text, case.expected, prompt=case.prompt, **case.options)
            assert not outcome.correct, (text, outcome)
