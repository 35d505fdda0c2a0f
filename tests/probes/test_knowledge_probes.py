"""Every probe that asks for facts: they can all be stated, and every misconception is caught."""

from __future__ import annotations

from typing import Any

import pytest
from tests.probes.shipped import LIBRARY, first_cases

from pytest_quant import check
from pytest_quant.checkers.outcome import Outcome
from pytest_quant.probes.model import Case, Probe

ASKED = [probe for probe in LIBRARY if probe.check == "text" and "required" in probe.check_options]


def by_id(probe: Probe) -> str:
    return probe.id


def topics(probe: Probe) -> list[Case]:
    """The first case of each set of facts."""
    cases = first_cases(probe.id, 50)
    return list({str(case.options["required"]): case for case in reversed(cases)}.values())


def plain(wording: str) -> str:
    return wording.replace("...", "")


def stated(case: Case) -> str:
    """A text that states each fact in its first wording, shared out among the sides."""
    sentences = [f"So {plain(wordings(fact)[0])}." for fact in case.options["required"]]
    sides = case.options.get("sides", [])
    if not sides:
        return "\n".join(sentences)
    return "\n\n".join(
        f"## {wordings(side)[0]}\n" + " ".join(sentences[i :: len(sides)])
        for i, side in enumerate(sides)
    )


def wordings(fact: Any) -> list[str]:
    return [fact] if isinstance(fact, str) else fact


def judged(case: Case, text: str) -> Outcome:
    return check("text", text, case.expected, prompt=case.prompt, **case.options)


@pytest.mark.parametrize("probe", ASKED, ids=by_id)
class TestFacts:
    def test_all_of_them_can_be_stated(self, probe: Probe) -> None:
        for case in topics(probe):
            outcome = judged(case, stated(case))
            assert outcome.correct, outcome
            assert outcome.reason.startswith(f"states {len(case.options['required'])} of")

    def test_each_wording_states_its_fact(self, probe: Probe) -> None:
        for case in topics(probe):
            for fact in case.options["required"]:
                for wording in wordings(fact):
                    outcome = check("text", f"So {plain(wording)}.", "", required=[fact])
                    assert outcome.correct, wording

    def test_one_fact_too_few_is_missing(self, probe: Probe) -> None:
        for case in topics(probe):
            least = case.options.get("at_least", len(case.options["required"]))
            options = {**case.options, "at_least": len(case.options["required"])}
            lacking = "\n".join(
                f"So {plain(wordings(fact)[0])}." for fact in case.options["required"][: least - 1]
            )
            outcome = check("text", lacking or "Nothing.", case.expected, **options)
            assert outcome.pattern == "missing fact", outcome

    def test_none_is_stated_by_denying_it(self, probe: Probe) -> None:
        for case in topics(probe):
            denied = "\n".join(
                f"It is a myth that {plain(wordings(fact)[0])}."
                for fact in case.options["required"]
            )
            assert judged(case, denied).pattern == "missing fact"

    def test_each_misconception_is_a_hallucination_whatever_else_is_stated(
        self, probe: Probe
    ) -> None:
        for case in topics(probe):
            for myth in case.options.get("forbidden", ()):
                outcome = judged(case, f"{stated(case)}\n\nThe {plain(myth)}.")
                assert outcome.pattern == "hallucinated fact", myth

    def test_no_misconception_is_asserted_by_denying_it(self, probe: Probe) -> None:
        for case in topics(probe):
            for myth in case.options.get("forbidden", ()):
                text = f"{stated(case)}\n\nIt is a common misconception that the {plain(myth)}."
                assert judged(case, text).correct, myth
