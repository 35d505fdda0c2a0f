"""The questions of logic that ship: the guide's own come first, and their words decide them."""

from __future__ import annotations

import pytest

from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Case, Probe
from pytest_quant.probes.reader import read_probes

LOGIC = {probe.id: probe for probe in read_probes(PROBES / "logical_reasoning.yaml")}
KNOWLEDGE = {probe.id: probe for probe in read_probes(PROBES / "world_knowledge.yaml")}
GUIDE = {probe.guide: probe for probe in LOGIC.values() if probe.guide}

# Place in the guide -> words of its situation, and the answer to it.
SITUATIONS: dict[str, tuple[tuple[str, ...], str]] = {
    "4.6.1.1": (("every cat has a tail", "Fluffy is a cat", "Fluffy does not have a tail"), "C"),
    "4.6.1.2": (("All roses are flowers", "Some flowers fade quickly"), "open"),
    "4.6.1.3": (
        ("if it is raining, then the ground is wet", "given: the ground is wet", "it is raining"),
        "affirming the consequent",
    ),
}


def first(probe: Probe) -> Case:
    return draw_cases(probe, 1)[0]


@pytest.mark.parametrize("place", SITUATIONS)
def test_the_guide_s_situation_comes_first(place: str) -> None:
    words, answer = SITUATIONS[place]
    case = first(GUIDE[place])
    assert all(part in case.prompt for part in words)
    assert case.expected_text == answer


def test_the_letter_of_the_first_contradiction_names_the_open_verdict() -> None:
    prompt = first(GUIDE["4.6.1.1"]).prompt
    assert "C) at least one premise is false, but it is open which" in prompt


@pytest.mark.parametrize("place", SITUATIONS)
def test_it_has_300_cases_and_no_favourite_answer(place: str) -> None:
    answers = [case.expected_text for case in draw_cases(GUIDE[place], 300)]
    options = first(GUIDE[place]).options["options"]
    # Four standard deviations around a fair share.
    share = 1 / len(options)
    spread = 4 * (share * (1 - share) / 300) ** 0.5
    assert all(abs(answers.count(option) / 300 - share) < spread for option in options)


@pytest.mark.parametrize("probe", [LOGIC["elimination"], KNOWLEDGE["which_city"]])
def test_what_is_decided_by_likelihood_is_announced_and_answered_at_once(probe: Probe) -> None:
    """A model that learned from the solution puts the option where its likelihood is taken."""
    assert probe.by == "likelihood"
    for case in draw_cases(probe, 50):
        assert case.solution == f"Answer: {case.expected_text}"
        assert all(option in case.prompt for option in case.options["options"])
