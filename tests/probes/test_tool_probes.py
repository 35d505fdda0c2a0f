"""The probes of tools and data: right answers pass in every form, and none fits two questions."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Callable

import pytest
from tests.probes.shipped import LIBRARY, first_cases

from pytest_quant import check
from pytest_quant.checkers import Outcome
from pytest_quant.probes.model import Case, Probe

CALLS = [probe for probe in LIBRARY if probe.check == "tool_calls"]
DATA = [probe for probe in LIBRARY if probe.check == "structured"]
CASES = 200


def named(probe: Probe) -> str:
    return probe.id


def judged(probe: Probe, case: Case, text: str) -> Outcome:
    return check(probe.check, text, case.expected, prompt=case.prompt, **case.options)


def test_there_are_enough_of_all_difficulties() -> None:
    assert len(CALLS) >= 6
    assert {probe.difficulty for probe in CALLS} == {1, 2, 3, 4, 5}
    assert {probe.check_options["form"] for probe in DATA} == {"json", "csv", "table", "xml"}


@pytest.mark.parametrize("probe", [*CALLS, *DATA], ids=named)
def test_it_has_200_cases_and_no_answer_is_right_most_of_the_time(probe: Probe) -> None:
    cases = first_cases(probe.id, CASES)
    assert len({case.prompt for case in cases}) == CASES
    (_, most), *_ = Counter(case.expected_text for case in cases).most_common(1)
    assert most <= 0.4 * CASES


@pytest.mark.parametrize("probe", [*CALLS, *DATA], ids=named)
def test_the_embedded_model_learns_none_of_them(probe: Probe) -> None:
    assert probe.solution is None


FORMS: dict[str, Callable[[list[dict[str, object]]], str]] = {
    "asked": json.dumps,
    "fence": lambda calls: f"Here:\n\n```json\n{json.dumps(calls, indent=2)}\n```",
    "tags": lambda calls: (
        "\n".join(f"<tool_call>\n{json.dumps(call)}\n</tool_call>" for call in calls) or "[]"
    ),
    "server": lambda calls: json.dumps(
        {
            "tool_calls": [
                {
                    "id": f"call_{i}",
                    "type": "function",
                    "function": {"name": c["name"], "arguments": json.dumps(c["arguments"])},
                }
                for i, c in enumerate(calls)
            ]
        }
    ),
    "llama": lambda calls: (
        "\n".join(json.dumps({"name": c["name"], "parameters": c["arguments"]}) for c in calls)
        or "[]"
    ),
}


@pytest.mark.parametrize("probe", CALLS, ids=named)
@pytest.mark.parametrize("form", FORMS)
def test_right_calls_pass_in_every_form(probe: Probe, form: str) -> None:
    for case in first_cases(probe.id, 40):
        assert judged(probe, case, FORMS[form](json.loads(case.expected_text))).correct


@pytest.mark.parametrize("probe", CALLS, ids=named)
def test_calls_with_one_thing_changed_fail(probe: Probe) -> None:
    patterns = set()
    for case in first_cases(probe.id, 40):
        for calls in changed(json.loads(case.expected_text)):
            outcome = judged(probe, case, json.dumps(calls))
            assert not outcome.correct, (case.prompt, calls)
            patterns.add(outcome.pattern)
    assert {"not called", "invented tool", "missing argument", "invented argument"} <= patterns


def changed(calls: list[dict[str, dict[str, object]]]) -> list[object]:
    """Calls of which one lost or got something, or that lost or got one."""
    if not calls:
        return [[{"name": "get_weather", "arguments": {"city": "Oslo", "days": 3}}]]
    first, *rest = calls
    arguments = first["arguments"]
    found: list[object] = [
        [], rest, [*calls, first], [{**first, "name": "get_it"}, *rest],
        [{**first, "arguments": {**arguments, "extra": 1}}, *rest],
        [{**first, "arguments": {}}, *rest],
    ]  # fmt: skip
    for name, value in arguments.items():
        others = {**arguments, name: [value]}, {**arguments, name: f"{value}."}
        found += [[{**first, "arguments": other}, *rest] for other in others]
        left_out = {key: one for key, one in arguments.items() if key != name}
        found.append([{**first, "arguments": left_out}, *rest])
    return found


@pytest.mark.parametrize("probe", DATA, ids=named)
def test_right_data_passes_and_that_of_another_case_fails(probe: Probe) -> None:
    for case, other in itertools.pairwise(first_cases(probe.id, 60)):
        for text in (case.expected_text, f"```\n{case.expected_text}\n```"):
            if probe.check_options["form"] == "table":
                text = as_table(case.expected_text)
            assert judged(probe, case, text).correct, text
        wrong = other.expected_text
        wrong = as_table(wrong) if probe.check_options["form"] == "table" else wrong
        assert not judged(probe, case, wrong).correct


@pytest.mark.parametrize("probe", DATA, ids=named)
def test_data_of_which_a_character_is_lost_fails(probe: Probe) -> None:
    """Unless it is a space."""
    case = first_cases(probe.id, 1)[0]
    text = case.expected_text
    form = probe.check_options["form"]
    for place, character in enumerate(text):
        if form != "table" and not character.isspace():
            outcome = judged(probe, case, text[:place] + text[place + 1 :])
            assert not outcome.correct, (place, text[place:])


def as_table(text: str) -> str:
    """Rows of CSV without quotes as a Markdown table."""
    heading, *rows = (f"| {line.replace(',', ' | ')} |" for line in text.split("\n"))
    rule = "|---" * heading.count(" | ") + "|---|"
    return "\n".join([heading, rule, *rows])
