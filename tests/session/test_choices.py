"""Choices by likelihood: what is asked of a runtime, and what becomes of the numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.measurement import Answer, Measurement
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import Batch, Likelihood, Limits, Response, RuntimeInfo, Scores
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.bench import Bench
from pytest_quant.session.choices import likeliest
from pytest_quant.session.sampling import FixedSize
from pytest_quant.session.targets import MOST_TARGETS

COLOUR = Probe(
    id="colour",
    category="world_knowledge",
    subcategory="s",
    difficulty=1,
    prompt="Colour of {n}?",
    expect="red",
    check="choice",
    check_options={"options": ["red", "blue", "dark green"]},
    path="p.yaml",
    line=3,
    parameters={"n": {"integer": [1, 400]}},
    by="likelihood",
)
INFO = RuntimeInfo("scripted", "1", "build", "none", 1, 1, 64)


class Scripted:
    """A runtime that finds each text as likely as a script says, for every prompt."""

    capabilities = frozenset({"score"})

    def __init__(self, logprobs: dict[str, tuple[float, ...]]) -> None:
        self._logprobs = logprobs
        self.asked: list[tuple[Sequence[str], Sequence[Sequence[str]]]] = []

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:  # noqa: ARG002
        raise AssertionError("nothing is to be written")

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,  # noqa: ARG002
    ) -> Scores:
        self.asked.append((prompts, continuations))
        found = tuple(
            tuple(
                Likelihood(tuple(range(n, n + len(self._logprobs[t]))), self._logprobs[t])
                for n, t in enumerate(texts)
            )
            if self._logprobs
            else ()
            for texts in continuations
        )
        return Scores(found, 70, 0.5)

    def describe(self) -> RuntimeInfo:
        return INFO

    def close(self) -> None:
        pass


class Writing(Scripted):
    """One that also writes the same answer to every prompt."""

    capabilities = frozenset({"score", "generate"})

    def __init__(self, written: str, logprobs: dict[str, tuple[float, ...]]) -> None:
        super().__init__(logprobs)
        self._response = Response(written, (1, 2), (-0.1, -0.1), "end", 10)

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:  # noqa: ARG002
        return Batch((self._response,) * len(prompts), 0.25)


class Asked(FixedSize):
    """Four cases, of a reference that may be asked whatever it can do."""

    def __init__(self) -> None:
        super().__init__(4)

    def screen(self, probe: Probe, right: int, n: int, *, last: bool) -> str | None:  # noqa: ARG002
        return ""


@pytest.fixture
def cache(tmp_path: Path) -> ResponseCache:
    return ResponseCache(tmp_path)


def measure(cache: ResponseCache, probe: Probe = COLOUR, **levels: Scripted) -> Measurement:
    bench = Bench("reference", levels.__getitem__, lambda level: (level,), cache)
    return bench.measure(probe, "level", "p.yaml::colour[level]", Asked())


LIKES_RED = {"red": (-0.5, -0.5), "blue": (-3.0,), "dark green": (-1.0, -1.0, -1.0)}
LIKES_GREEN = {"red": (-2.0, -0.5), "blue": (-3.0,), "dark green": (-0.7, -0.7, -0.7)}


def answers(measurement: Measurement) -> tuple[Answer, Answer]:
    """The answers at both levels, which are the same for every case."""
    (pair,) = {
        (repr(case.reference), repr(case.level)): (case.reference, case.level)
        for case in measurement.cases
    }.values()
    assert pair[1] is not None
    return pair[0], pair[1]


def test_the_likeliest_option_is_the_answer(cache: ResponseCache) -> None:
    reference, level = Scripted(LIKES_RED), Scripted(LIKES_GREEN)
    measurement = measure(cache, reference=reference, level=level)
    right, wrong = answers(measurement)
    assert (right.verdict, right.answer, right.response) == ("correct", "red", "red")
    assert (wrong.verdict, wrong.answer, wrong.pattern) == (
        "incorrect", "dark green", "wrong choice",
    )  # fmt: skip
    prompts = [case.prompt for case in measurement.cases]
    assert reference.asked == level.asked
    options, targets = reference.asked
    assert options == (prompts, [COLOUR.check_options["options"]] * 4)
    # Then the right answers, which no option has to be.
    assert targets == (prompts[:MOST_TARGETS], [["red"]] * MOST_TARGETS)


def test_probabilities_are_those_of_the_whole_options(cache: ResponseCache) -> None:
    measurement = measure(cache, reference=Scripted(LIKES_RED), level=Scripted(LIKES_GREEN))
    right, _ = answers(measurement)
    weights = {"red": math.exp(-1), "blue": math.exp(-3), "dark green": math.exp(-3)}
    assert right.probabilities == pytest.approx(
        {option: weight / sum(weights.values()) for option, weight in weights.items()}
    )
    assert right.confidence == pytest.approx(0.78699, abs=1e-5)
    assert measurement.reference_effort.prompt_tokens == 70
    assert measurement.reference_effort.new_tokens == 0
    assert measurement.chance == 1 / 3


def test_options_are_scored_behind_the_words_that_the_prompt_wants(cache: ResponseCache) -> None:
    probe = replace(COLOUR, prompt="Colour of {n}? Write it after 'Final answer:'.")
    behind = {f"Final answer: {option}": likes for option, likes in LIKES_RED.items()}
    reference = Scripted({**behind, "Answer: red": (-1.0,)})
    measurement = measure(cache, probe, reference=reference, level=reference)
    _, answer = answers(measurement)
    assert (answer.verdict, answer.response) == ("correct", "red")
    assert answer.probabilities is not None and [*answer.probabilities] == [*LIKES_RED]
    assert reference.asked[0][1][0] == [*behind]
    assert reference.asked[-1][1][0] == ["Final answer: red"]


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ("I would say that it is blue.", "I would say that it is "),
        ("Answer: **Dark green**", "Answer: **"),
        ("Red", ""),
        ("<think>Red or blue?</think>It is blue.", "It is "),
        ("I do not know.", "Final answer: "),
        ("Red or blue.", "Final answer: "),
        ("", "Final answer: "),
    ],
)
def test_options_are_scored_where_the_model_writes_one(
    cache: ResponseCache, written: str, words: str
) -> None:
    probe = replace(COLOUR, prompt="Colour of {n}? Write it after 'Final answer:'.")
    behind = {words + option: likes for option, likes in LIKES_RED.items()}
    reference = Writing(written, {**behind, "Final answer: red": (-1.0,)})
    measurement = measure(cache, probe, reference=reference, level=reference)
    _, answer = answers(measurement)
    assert (answer.verdict, answer.response) == ("correct", "red")
    assert reference.asked[0][1][0] == [*behind]
    effort = measurement.reference_effort
    assert (effort.prompt_tokens, effort.new_tokens) == (70 + 4 * 10, 4 * 2)


def test_each_model_has_words_of_its_own(cache: ResponseCache) -> None:
    sentence = {f"It is {option}": likes for option, likes in LIKES_RED.items()}
    target = {"red": (-1.0,)}
    measurement = measure(
        cache,
        reference=Writing("It is blue.", {**sentence, **target}),
        level=Writing("Blue", LIKES_GREEN),
    )
    right, wrong = answers(measurement)
    assert (right.response, wrong.response) == ("red", "dark green")


def test_a_prompt_that_comes_to_want_the_answer_elsewhere_is_another_case() -> None:
    asked = replace(COLOUR, prompt="Colour of {n}? Write it after 'Answer:'.")
    (behind,) = draw_cases(asked, 1)
    (written,) = draw_cases(replace(asked, by="text"), 1)
    (bare,) = draw_cases(COLOUR, 1)
    assert len({behind.digest, written.digest, bare.digest}) == 3


def test_an_option_that_another_goes_on_from_counts_without_it() -> None:
    found = [
        Likelihood((7, 1), (0.0, math.log(0.9))),
        Likelihood((7, 1, 2), (0.0, math.log(0.9), math.log(0.8))),
        Likelihood((7, 1, 2, 3), (0.0, math.log(0.9), math.log(0.8), math.log(0.25))),
        Likelihood((7, 4), (0.0, math.log(0.1))),
    ]
    reply = likeliest(["7.9", "7.95", "7.952", "8"], found)
    assert reply.text == "7.95"
    assert reply.probabilities == pytest.approx(
        {"7.9": 0.18, "7.95": 0.54, "7.952": 0.18, "8": 0.1}
    )


def test_options_that_are_next_to_impossible_have_probabilities(cache: ResponseCache) -> None:
    far = {option: (-2000.0 - i,) for i, option in enumerate(LIKES_RED)}
    _, level = answers(measure(cache, reference=Scripted(LIKES_RED), level=Scripted(far)))
    assert level.probabilities is not None
    assert math.fsum(level.probabilities.values()) == pytest.approx(1)
    assert level.confidence == pytest.approx(1 / (1 + math.exp(-1) + math.exp(-2)))


def test_the_first_of_equals_is_taken(cache: ResponseCache) -> None:
    equal = dict.fromkeys(LIKES_RED, (-1.0,))
    _, level = answers(measure(cache, reference=Scripted(LIKES_RED), level=Scripted(equal)))
    assert (level.response, level.confidence) == ("red", pytest.approx(1 / 3))


def test_scores_are_kept(cache: ResponseCache) -> None:
    first = measure(cache, reference=Scripted(LIKES_RED), level=Scripted(LIKES_GREEN))
    second = [Scripted({}), Scripted({})]
    assert measure(cache, reference=second[0], level=second[1]) == first
    assert second[0].asked == second[1].asked == []
    fewer = replace(COLOUR, check_options={"options": ["red", "blue"]})
    measure(cache, fewer, reference=(reference := Scripted(LIKES_RED)), level=Scripted(LIKES_RED))
    assert [texts[0] for _, texts in reference.asked] == [["red", "blue"]]


def test_what_the_deadline_cut_is_no_answer_and_is_not_kept(cache: ResponseCache) -> None:
    cut = measure(cache, reference=Scripted(LIKES_RED), level=Scripted({}))
    _, level = answers(cut)
    assert (level.verdict, level.finish, level.confidence) == ("unparsable", "deadline", None)
    assert cut.targets == ()
    assert cut.untargeted == "nothing was read before the deadline"
    again = Scripted(LIKES_RED)
    measurement = measure(cache, reference=Scripted({}), level=again)
    assert answers(measurement)[1].correct
    assert len(again.asked) == 2
    assert len(measurement.targets) == MOST_TARGETS


def test_both_prompts_of_a_pair_are_asked(cache: ResponseCache) -> None:
    pair = replace(COLOUR, prompt="Coluor of {n}?", clean="Colour of {n}?")
    reference = Scripted(LIKES_GREEN)
    measurement = measure(cache, pair, reference=reference, level=Scripted(LIKES_RED))
    wrong, right = answers(measurement)
    assert (wrong.verdict, wrong.clean) == ("incorrect", "incorrect")
    assert (right.verdict, right.clean) == ("correct", "correct")
    (prompts, options), (disturbed, _) = reference.asked
    assert disturbed == prompts[::2][:MOST_TARGETS]
    assert len(prompts) == len(options) == 8
    assert prompts[1] == prompts[0].replace("Coluor", "Colour")


@pytest.mark.parametrize(
    ("options", "problem"),
    [(["red", " "], "an option is empty"), (["red", "Red"], "choice: options must differ")],
)
def test_options_that_make_no_choice(
    cache: ResponseCache, options: list[str], problem: str
) -> None:
    probe = replace(COLOUR, check_options={"options": options})
    script = dict.fromkeys(options, (-1.0,))
    with pytest.raises(QuantUsageError, match=rf"p.yaml:3: probe 'colour', case 0: {problem}"):
        measure(cache, probe, reference=Scripted(script), level=Scripted(script))
