"""What every runtime promises, asked of each of ours; and what becomes of one that can do less."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Any, get_args

import pytest

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.levels import parse_level
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.runtimes.artifact import Artifact
from pytest_quant.runtimes.backend import Backend, Conditions, backend_of
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Dialogues,
    Incomparable,
    Lacking,
    Limits,
    PromptTooLong,
    Reading,
    Replies,
    Runtime,
    RuntimeInfo,
    divergence,
)

PROMPTS = ["What is the capital of Sweden?", "What is the capital of Norway?"]
TEXT = Dialogues("three questions", (("a b?", "c d e"), ("f?", "g h"), ("i j?", "k l m")))
CONDITIONS = Conditions(threads=1, parallel=2)

SCRIPT: dict[str, Any] = {
    "runtime": "scripted",
    "answers": {PROMPTS[0]: "It is Stockholm, which is a city."},
    "default": "It is Oslo, which is a city.",
}


@pytest.fixture(
    scope="module",
    params=[None, SCRIPT, {**SCRIPT, "logprobs": {"said": -0.1, "other": -5}}],
    ids=["llama.cpp", "scripted", "scripted with log-probabilities"],
)
def file(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if request.param is None:
        return EMBEDDED_MODEL
    path = tmp_path_factory.mktemp("script") / "answers.json"
    path.write_text(json.dumps(request.param))
    return path


@pytest.fixture(scope="module")
def backend(file: Path) -> Backend:
    return backend_of(file)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def artifact(backend: Backend, file: Path, cache: Path) -> Artifact:
    return backend.adopt(parse_level("f16"), file, cache)


@pytest.fixture(scope="module")
def runtime(backend: Backend, artifact: Artifact) -> Iterator[Runtime]:
    opened = backend.open(artifact, CONDITIONS)
    yield opened
    opened.close()


def test_a_file_is_described_before_it_is_opened(
    backend: Backend, artifact: Artifact, file: Path, cache: Path
) -> None:
    known = backend.inspect(file)
    assert (known.path, known.parts, known.name) == (file, (file,), artifact.name)
    assert artifact.level == "f16"
    assert artifact.size == file.stat().st_size
    backend.check_asking([artifact], CONDITIONS, cache)
    backend.check_reading(TEXT, artifact, [artifact])
    assert backend.contents(artifact, cache).prompt_form


def test_what_is_kept_is_known_by_its_file_and_the_program(
    backend: Backend, artifact: Artifact
) -> None:
    origin = backend.origin(artifact, CONDITIONS)
    assert origin == backend.origin(artifact, CONDITIONS)
    assert artifact.digest in origin
    assert len(origin) > 2


def test_answers_keep_their_order_and_are_the_same_every_time(runtime: Runtime) -> None:
    limits = Limits(3)
    first, second = (runtime.generate(PROMPTS, limits).responses for _ in range(2))
    assert first == second
    assert len({response.text for response in first}) == 2
    for response in first:
        assert 0 < len(response.tokens) <= 3
        assert response.prompt_tokens > 0
    assert runtime.generate([], limits).responses == ()


def test_log_probabilities_are_given_for_every_token_or_for_none(runtime: Runtime) -> None:
    for response in runtime.generate(PROMPTS, Limits(3)).responses:
        gives = "log-probabilities" in runtime.capabilities
        assert len(response.logprobs) == (len(response.tokens) if gives else 0)
        assert all(-math.inf < logprob <= 0 for logprob in response.logprobs)


def test_a_stop_string_is_no_part_of_an_answer(runtime: Runtime) -> None:
    (whole,) = runtime.generate(PROMPTS[:1], Limits(8)).responses
    stop = whole.text.split()[-1]
    (cut,) = runtime.generate(PROMPTS[:1], Limits(8, (stop,))).responses
    assert cut.finish == "stop"
    assert cut.text == whole.text[: whole.text.index(stop)].strip()


def test_a_deadline_that_is_over_leaves_no_answer(runtime: Runtime) -> None:
    for response in runtime.generate(PROMPTS, Limits(3, deadline_s=0.0)).responses:
        assert (response.finish, response.text) == ("deadline", "")


def test_a_prompt_that_does_not_fit_is_named(runtime: Runtime) -> None:
    context = runtime.describe().context
    with pytest.raises(PromptTooLong) as caught:
        runtime.generate([PROMPTS[0], "word " * (context + 1)], Limits(3))
    assert (caught.value.index, caught.value.context) == (1, context)
    assert caught.value.length > context


@pytest.mark.parametrize("limits", [Limits(0), Limits(3, ("",))])
def test_limits_that_make_no_sense_are_refused(runtime: Runtime, limits: Limits) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        runtime.generate(PROMPTS, limits)


def test_describes_itself(runtime: Runtime) -> None:
    info = runtime.describe()
    assert all([info.name, info.version, info.build, info.hardware])
    assert info.threads == 1


def test_can_do_what_it_says_and_nothing_else(runtime: Runtime) -> None:
    asked: dict[Capability, Any] = {
        "generate": lambda: runtime.generate(PROMPTS, Limits(1)),
        "score": lambda: runtime.score(PROMPTS, [["Stockholm"], ["Oslo", "Rome"]]),
        "predict": lambda: runtime.diverge_from(runtime.predict(TEXT)),
        "candidates": lambda: runtime.candidates(PROMPTS, [[], []], [[], []], 5),
    }
    assert {*asked, "log-probabilities"} == {*get_args(Capability)}
    for capability, ask in asked.items():
        if capability in runtime.capabilities:
            ask()
        else:
            with pytest.raises(Lacking, match=f"the {runtime.describe().name} runtime does not"):
                ask()


def test_scores_have_a_likelihood_for_each_text(runtime: Runtime) -> None:
    if "score" not in runtime.capabilities:
        pytest.skip("it scores nothing")
    scores = runtime.score(PROMPTS, [["Stockholm"], ["Oslo", "Rome"]])
    assert [len(of_prompt) for of_prompt in scores.likelihoods] == [1, 2]
    assert all(one.total < 0 for one in chain(*scores.likelihoods))
    assert runtime.score(PROMPTS[:1], [["a"]], 0.0).likelihoods == ((),)


class Brought:
    """A runtime of somebody else, who runs the same models."""

    def __init__(self, inside: Runtime) -> None:
        self._inside = inside
        self.capabilities: frozenset[Capability] = frozenset({"predict"})

    def describe(self) -> RuntimeInfo:
        return RuntimeInfo("brought", "1", "1", "any", 1, 1, 512)

    def close(self) -> None:
        """Not its own to close."""

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate(prompts, limits)

    def diverge(self, _level: Runtime, _reading: Reading) -> Divergence | None:
        return None

    def predict(self, reading: Reading) -> Predictions:
        return self._inside.predict(reading)

    def diverge_from(self, known: Predictions) -> Divergence:
        return self._inside.diverge_from(known)


@pytest.fixture(scope="module")
def embedded() -> Iterator[Runtime]:
    backend = backend_of(EMBEDDED_MODEL)
    level = Artifact("f16", EMBEDDED_MODEL, "", "", 0, 0, 16.0, {}, "", "", made_here=False)
    opened = backend.open(level, CONDITIONS)
    yield opened
    opened.close()


def test_models_of_two_runtimes_are_compared_by_what_they_predict(embedded: Runtime) -> None:
    brought: Any = Brought(embedded)
    for pair in ((embedded, brought), (brought, embedded), (brought, brought)):
        found = divergence(*pair, TEXT)
        # Not taken for a divergence over the whole vocabulary, which is another measure.
        assert found.source == "recorded"
        assert found.tokens > 8
        assert found.statistics["Mean KLD"].value < 1e-3
    assert divergence(embedded, embedded, TEXT).source == "text"
    with pytest.raises(Incomparable, match="by two models of one runtime alone"):
        divergence(embedded, brought, Replies("its own responses", ()))


def test_a_model_that_predicts_nothing_is_not_compared(embedded: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(SCRIPT))
    backend = backend_of(path)
    scripted = backend.open(backend.adopt(parse_level("q8"), path, tmp_path), CONDITIONS)
    for pair in ((embedded, scripted), (scripted, embedded)):
        with pytest.raises(Lacking, match="scripted runtime does not show what it predicts"):
            divergence(*pair, TEXT)


def test_answers_cannot_be_quantized(tmp_path: Path) -> None:
    path = tmp_path / "answers.json"
    path.write_text(json.dumps(SCRIPT))
    with pytest.raises(QuantUsageError, match="no weights to quantize; give each level its own"):
        backend_of(path).prepare(parse_level("q8"), path, tmp_path, 1)
