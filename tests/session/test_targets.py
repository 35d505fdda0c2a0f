"""Which text is a right answer, and where none is read."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pytest_quant.base.library import PROBES
from pytest_quant.metrics.targets import LEAST_LOGPROB
from pytest_quant.probes.files import probe_files
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.runtimes.protocol import Lacking, Likelihood, PromptTooLong, Scores
from pytest_quant.session.targets import (
    MOST_CHARACTERS,
    MOST_TARGETS,
    NoTarget,
    TargetReader,
    first_cases,
    target_text,
)

LIBRARY = {p.id: p for path in probe_files([PROBES]) for p in read_probes(path)}
# Many texts are right, and no solution says one.
OPEN_CHECKS = {"code", "constraints", "induction", "structured", "tool_calls"}

COLOUR = Probe(
    id="colour",
    category="world_knowledge",
    subcategory="s",
    difficulty=1,
    prompt="What is {n} + 1?",
    expect="n + 1",
    check="numeric",
    check_options={},
    path="p.yaml",
    line=3,
    parameters={"n": {"integer": [1, 40]}},
)


def text_of(probe: Probe) -> str:
    return target_text(probe, first_cases(probe)[0])


@pytest.mark.parametrize(
    ("probe", "text"),
    [
        ("addition", "Answer: 84518"),
        ("compound_interest", "Answer: 150899.23"),
        ("capital_letters", "BELL KEY"),
        ("sum_in_words", "23 + 63 = 86. Answer: 86"),
        ("pronoun", "Answer: basket"),
        ("contract_clauses", "Answer: 8.1; 8.5; 19.3"),
        ("two_rolls", "Answer: 0.0800, 0.4000"),
        ("next_to_a_power", "Answer: 1/9353610478917778676503582929384211325797968275046"),
    ],
)
def test_the_right_answer_has_the_form_that_is_asked_for(probe: str, text: str) -> None:
    texts = [target_text(LIBRARY[probe], case) for case in first_cases(LIBRARY[probe])]
    assert any(found.startswith(text) for found in texts), texts


def test_every_probe_of_the_library_has_a_right_answer_or_says_why_not() -> None:
    left_out = {}
    for probe in LIBRARY.values():
        try:
            text_of(probe)
        except NoTarget as error:
            left_out[probe.id] = str(error)
    assert len(LIBRARY) - len(left_out) >= 160
    for name, reason in left_out.items():
        probe = LIBRARY[name]
        assert reason.startswith("many texts are right")
        assert probe.check in OPEN_CHECKS or {"required", "at_least"} & set(probe.check_options)


@pytest.mark.parametrize(
    ("changed", "reason"),
    [
        (
            {"check": "constraints", "expect": "words: 3"},
            "many texts are right (check constraints)",
        ),
        ({"check": "text", "expect": "{n}", "check_options": {"at_least": 1}}, "with at_least"),
        # What the author states is read as it stands, and only if the check takes it.
        ({"solution": "It is {n}."}, "its check does not take 'It is "),
        ({"solution": " "}, "the right answer is empty"),
    ],
)
def test_no_text_is_made_up(changed: dict[str, object], reason: str) -> None:
    with pytest.raises(NoTarget) as error:
        text_of(replace(COLOUR, **changed))  # type: ignore[arg-type]
    assert reason in str(error.value)


def test_a_few_cases_are_read_and_of_long_prompts_fewer() -> None:
    assert len(first_cases(COLOUR)) == MOST_TARGETS
    assert len(first_cases(replace(COLOUR, pinned=({"n": 1},), parameters={}))) == 1
    for length, cases in ((MOST_CHARACTERS // 2 - 40, 2), (MOST_CHARACTERS // 2 + 40, 1)):
        assert len(first_cases(replace(COLOUR, prompt="x" * length + " {n} + 1?"))) == cases


class Model:
    """Finds a text the less likely the longer it is, and remembers what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, int]] = []
        self.error: Exception | None = None
        self.logprob = -0.5

    def score(self, level: str, prompts: list[str], texts: list[list[str]]) -> Scores:
        self.asked.append((level, len(prompts)))
        if self.error:
            raise self.error
        found = tuple(
            tuple(Likelihood((1,) * len(t), (self.logprob,) * len(t)) for t in of) for of in texts
        )
        return Scores(found, 1, 0.1)


def test_the_reference_is_read_once_for_all_levels() -> None:
    model = Model()
    reader = TargetReader("f16", model.score)
    for level in ("q8", "q4"):
        targets, reason = reader.read(COLOUR, level)
        assert (len(targets), reason) == (MOST_TARGETS, "")
        assert all(t.reference == t.level for t in targets)
        assert [t.level.logprob for t in targets] == [-0.5 * len(t.text) for t in targets]
    assert model.asked == [(level, MOST_TARGETS) for level in ("f16", "q8", "q4")]


def test_without_the_reference_the_level_alone_is_read() -> None:
    model = Model()
    targets, _ = TargetReader(None, model.score).read(COLOUR, "q4")
    assert model.asked == [("q4", MOST_TARGETS)]
    assert {target.reference for target in targets} == {None}


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (Lacking("parrot", "score"), "the parrot runtime does not say how likely"),
        (PromptTooLong(0, 900, 512), "needs more than 900 tokens, the context is 512"),
    ],
)
def test_what_cannot_be_read_is_left_out_and_said(error: Exception, reason: str) -> None:
    model = Model()
    model.error = error
    targets, why = TargetReader("f16", model.score).read(COLOUR, "q4")
    assert targets == ()
    assert why.startswith(reason)


def test_what_a_model_finds_impossible_is_a_number() -> None:
    model = Model()
    model.logprob = -float("inf")
    targets, _ = TargetReader("f16", model.score).read(COLOUR, "q4")
    assert {target.level.logprob for target in targets} == {LEAST_LOGPROB}
    model.logprob = float("nan")
    assert TargetReader("f16", model.score).read(COLOUR, "q4")[0] == ()


def test_the_key_is_that_of_prompt_and_text() -> None:
    first, second, *_ = TargetReader(None, Model().score).read(COLOUR, "q4")[0]
    assert first.key != second.key
    assert replace(first, text="another").key != first.key
    assert replace(first, reference=first.level).key == first.key
