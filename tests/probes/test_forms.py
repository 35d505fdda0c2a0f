"""A short answer is asked for in a stated form, and what stands there decides."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.probes.shipped import LIBRARY, first_cases

from pytest_quant import check
from pytest_quant.probes.model import Case, Probe

FORM = "'Answer:'"
# Of these the whole response is the answer: a text, a proof, a program, or data.
WHOLE = {"code", "constraints", "induction", "structured", "tool_calls"}
# So it is of these, of which other checks read words or terms.
WHOLE_BY_RULE = {
    "word_repeated": "what is asked for is to write so many words and nothing else",
    "words_reversed": "the words of the prompt in another order",
    "lines_with_one_ending": "lines, each of which has to end as the rule says",
    "turns_alternate": "a dialogue of so many turns",
    "copy_entries": "a copy of the list",
    "past_tense": "the sentence written again",
    "word_replaced": "the sentence written again",
    "plural_phrase": "the phrase written again",
    "third_person": "the sentence written again",
    "question_form": "the sentence written again",
}
CASES = 4
SHORT = [probe for probe in LIBRARY if FORM in probe.prompt and probe.check not in WHOLE]


def is_explanation(probe: Probe) -> bool:
    """Whether sentences that state facts are asked for."""
    return probe.check == "text" and "required" in probe.check_options


def test_every_short_answer_is_asked_for_in_the_stated_form() -> None:
    without = {
        probe.id
        for probe in LIBRARY
        if FORM not in probe.prompt and probe.check not in WHOLE and not is_explanation(probe)
    }
    assert without == set(WHOLE_BY_RULE)


def test_the_undisturbed_question_asks_in_the_same_form() -> None:
    for probe in LIBRARY:
        if probe.clean is not None:
            assert (FORM in probe.clean) == (FORM in probe.prompt), probe.id


def test_no_other_form_is_asked_for_besides() -> None:
    for probe in SHORT:
        assert "Reply with" not in probe.prompt or "after 'Answer:'" in probe.prompt, probe.id


def test_solutions_have_the_form() -> None:
    for probe in SHORT:
        if probe.solution is not None:
            assert "Answer: {" in probe.solution, probe.id


def pairs(probe: Probe) -> Iterator[tuple[Case, str]]:
    """Cases, each with the answer to another one that is wrong here."""
    cases = first_cases(probe.id, CASES)
    for case in cases:
        others = case.options.get("options") or [other.expected_text for other in cases]
        for other in others:
            if not judged(probe, case, f"Answer: {other}"):
                yield case, other
                break


def judged(probe: Probe, case: Case, text: str) -> bool:
    return check(probe.check, text, case.expected, prompt=case.prompt, **case.options).correct


# Of some an explanation is asked for, too, or digits that the expectation shows otherwise.
@pytest.mark.parametrize(
    "probe",
    [
        p
        for p in SHORT
        if p.check != "quantities" and (p.check != "numeric" or "required" not in p.check_options)
    ],
    ids=lambda probe: probe.id,
)
def test_what_is_announced_decides(probe: Probe) -> None:
    found = list(pairs(probe))
    assert found
    for case, wrong in found:
        right = case.expected_text
        for text in (f"Answer: {right}", f"It may be {wrong}.\n\nAnswer: {right}"):
            assert judged(probe, case, text), (case.prompt[-200:], text)
        for text in (
            f"Answer: {wrong}",
            f"It may be {right}.\n\nAnswer: {wrong}",
            f"It is {right}.\nAnswer: {wrong}",
        ):
            assert not judged(probe, case, text), (case.prompt[-200:], text)
