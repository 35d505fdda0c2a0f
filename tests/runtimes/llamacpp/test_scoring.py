"""Log-probabilities of given texts: that they are right, and always the same."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.llamacpp import library, scoring
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.layout import CELL_BLOCK, PromptTooLong
from pytest_quant.runtimes.llamacpp.library import Context, Model
from pytest_quant.runtimes.llamacpp.prompt import PLAIN, encode, encode_answered
from pytest_quant.runtimes.llamacpp.scoring import Stem, plan_scores, score
from pytest_quant.runtimes.protocol import Limits, Scores

# What the f16 of the KV cache leaves, however a batch is composed: see test_engine.
CLOSE = 0.02
OPTIONS = ("ba", "ko ku da", "an answer of many characters", "ba do")


@pytest.fixture(scope="module")
def exact(tiny_f32: Path) -> Iterator[LlamaCppRuntime]:
    with LlamaCppRuntime.open(tiny_f32, threads=2) as runtime:
        yield runtime


@pytest.fixture(scope="module")
def model(tiny_f32: Path) -> Iterator[Model]:
    model = Model(tiny_f32)
    yield model
    model.close()


def assert_alike(found: Scores, expected: Scores) -> None:
    """The same tokens, and the same log-probabilities but for rounding."""
    for one, other in zip(found.likelihoods, expected.likelihoods, strict=True):
        for a, b in zip(one, other, strict=True):
            assert a.tokens == b.tokens
            assert a.logprobs == pytest.approx(b.logprobs, abs=CLOSE)


def reference(path: Path, tokens: Sequence[int]) -> list[float]:
    """The log-probability of every token but the first, by llama-cpp-python's own class."""
    import llama_cpp

    high_level = llama_cpp.Llama(str(path), n_ctx=512, logits_all=True, verbose=False, n_threads=2)
    high_level.eval(list(tokens))
    rows = np.array(high_level.scores[: len(tokens)], np.float64)
    high_level.close()
    rows -= rows.max(1, keepdims=True)
    rows -= np.log(np.exp(rows).sum(1, keepdims=True))
    return [float(row[token]) for row, token in zip(rows, tokens[1:], strict=False)]


def test_continuations_are_as_likely_as_the_high_level_api_says(
    exact: LlamaCppRuntime, model: Model, tiny_f32: Path, prompts: tuple[str, ...]
) -> None:
    found = exact.score(prompts[:3], [OPTIONS] * 3).likelihoods
    for prompt, likelihoods in zip(prompts, found, strict=False):
        asked = encode(prompt, model, PLAIN).tolist()
        for option, likelihood in zip(OPTIONS, likelihoods, strict=True):
            whole = encode_answered(prompt, option, model, PLAIN).tolist()
            assert whole == [*asked, *likelihood.tokens]
            expected = reference(tiny_f32, whole)[len(asked) - 1 :]
            assert likelihood.logprobs == pytest.approx(expected, abs=CLOSE)
            assert likelihood.total == pytest.approx(sum(expected), abs=CLOSE * len(expected))


def test_a_greedy_response_is_as_likely_as_it_was_when_it_was_written(
    exact: LlamaCppRuntime, model: Model, prompts: tuple[str, ...]
) -> None:
    responses = exact.generate(prompts, Limits(9)).responses
    stems = [
        Stem(encode(prompt, model, PLAIN), (np.array(response.tokens, np.int32),))
        for prompt, response in zip(prompts, responses, strict=True)
    ]
    for response, (logprobs,) in zip(responses, run(model, stems), strict=True):
        assert logprobs == pytest.approx(response.logprobs, abs=CLOSE)


def run(
    model: Model, stems: Sequence[Stem], *, batch: int = 512, share_prefix: bool = True
) -> list[tuple[scoring.Floats, ...]]:
    plan = plan_scores(
        stems, batch=batch, vocabulary_size=model.vocabulary_size, share_prefix=share_prefix
    )
    context = Context(
        model,
        cells=plan.cells,
        sequences=plan.sequences,
        batch=batch,
        threads=2,
        outputs=plan.outputs,
    )
    found = score(context, stems, plan)
    context.close()
    return found


def test_a_whole_text_is_scored_at_every_position(
    model: Model, tiny_f32: Path, prompts: tuple[str, ...]
) -> None:
    tokens = encode(" ".join(prompts), model, PLAIN)
    ((logprobs,),) = run(model, [Stem(tokens[:1], (tokens[1:],))])
    assert logprobs == pytest.approx(reference(tiny_f32, tokens.tolist()), abs=CLOSE)


@pytest.mark.parametrize(
    ("changes", "row_bytes"),
    [
        ({"share_prefix": False}, scoring.ROW_BYTES),
        ({"batch": 16}, scoring.ROW_BYTES),
        ({}, 0),
        ({"batch": 24, "share_prefix": False}, 3 * 4 * 600),
    ],
    ids=["prefix not shared", "prompts in pieces", "few rows at a time", "small pieces"],
)
def test_the_plan_changes_only_rounding(
    changes: dict[str, int],
    row_bytes: int,
    model: Model,
    prompts: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    options = [model.tokenize(f" {option}", parse_special=False) for option in OPTIONS]
    stems = [Stem(encode(prompt, model, PLAIN), tuple(options[: 1 + i % 4]))
             for i, prompt in enumerate(prompts)]  # fmt: skip
    usual = run(model, stems)
    monkeypatch.setattr(scoring, "ROW_BYTES", row_bytes)
    other = run(model, stems, **changes)  # type: ignore[arg-type]
    for stem, one, two in zip(stems, usual, other, strict=True):
        assert len(one) == len(two) == len(stem.branches)
        for branch, a, b in zip(stem.branches, one, two, strict=True):
            assert len(a) == len(branch)
            assert a == pytest.approx(b, abs=CLOSE)


def test_a_batch_scores_like_one_at_a_time(
    exact: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    together = exact.score(prompts, [OPTIONS] * len(prompts))
    alone = [exact.score([prompt], [OPTIONS]).likelihoods[0] for prompt in prompts]
    assert_alike(together, Scores(tuple(alone), 0, 0.0))
    assert together.prompt_tokens > 0


def test_the_same_call_gives_the_same_numbers_whatever_ran_before(
    runtime: LlamaCppRuntime, tiny: Path, prompts: tuple[str, ...]
) -> None:
    arguments = (prompts, [OPTIONS] * len(prompts))
    first = runtime.score(*arguments).likelihoods
    written = runtime.generate(prompts, Limits(5)).responses
    runtime.score(prompts[:2], [OPTIONS[:1], OPTIONS])
    assert runtime.score(*arguments).likelihoods == first
    assert runtime.generate(prompts, Limits(5)).responses == written
    with LlamaCppRuntime.open(tiny, threads=1, parallel=1) as other:
        assert other.score(*arguments).likelihoods == first


def test_where_sequences_cannot_share_memory_each_reads_the_prompt(
    exact: LlamaCppRuntime, prompts: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    options = [OPTIONS[: 1 + i % 4] for i in range(len(prompts))]
    usual = exact.score(prompts, options)
    monkeypatch.setattr(Model, "can_share_prefix", False)
    apart = exact.score(prompts, options)
    assert_alike(apart, usual)
    assert apart.prompt_tokens > usual.prompt_tokens
    cut = exact.score(prompts, options, deadline_s=0.0)
    assert cut.likelihoods == ((),) * len(prompts)


def test_a_text_that_changes_how_the_prompt_ends(build_model) -> None:
    """Behind a template that ends in "b", the answer "a" makes one token of both."""
    template = "{% for message in messages %}{{ message.content }} b{% endfor %}"
    path = build_model(chat_template=template)
    with LlamaCppRuntime.open(path, threads=1) as runtime:
        ((merged, plain),) = runtime.score(["what"], [["a", "!"]]).likelihoods
    model = Model(path)
    texts = [b"".join(map(model.piece, likelihood.tokens)) for likelihood in (merged, plain)]
    model.close()
    assert texts == [b" ba", b" b!"]


def test_nothing_to_score(runtime: LlamaCppRuntime) -> None:
    assert runtime.score([], []).likelihoods == ()
    for options in ([], ["ba", ""], [" "]):
        with pytest.raises(ValueError, match="nothing to score, or an empty text"):
            runtime.score(["why"], [options])
    with pytest.raises(ValueError, match="zip"):
        runtime.score(["why"], [])


def test_what_the_context_cannot_hold_is_refused(tiny: Path) -> None:
    with LlamaCppRuntime.open(tiny, threads=1, context=64) as runtime:
        fits = runtime.score(["why"], [["ba"]])
        assert len(fits.likelihoods[0]) == 1
        with pytest.raises(PromptTooLong, match=r"prompt 1 has \d+ tokens; one sequence holds 64"):
            runtime.score(["why", "why"], [["ba"], ["ba", "ba " * 60]])


def test_a_deadline_leaves_out_what_is_not_scored(
    runtime: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    found = runtime.score(prompts, [OPTIONS] * len(prompts), deadline_s=0.0)
    assert found.likelihoods == ((),) * len(prompts)


def test_an_abort_keeps_the_waves_before_it(model: Model, prompts: tuple[str, ...]) -> None:
    stems = [Stem(encode(p, model, PLAIN), (np.array([5], np.int32),)) for p in prompts]
    plan = plan_scores(stems, batch=24, vocabulary_size=model.vocabulary_size, share_prefix=True)
    context = Context(
        model, cells=plan.cells, sequences=plan.sequences, batch=24, threads=1, outputs=24
    )
    assert len(plan.waves) > 2
    whole = score(context, stems, plan)
    calls = itertools.count()

    class Aborting(Context):
        def __init__(self) -> None:
            self.__dict__ = context.__dict__

        def decode(self, batch: object) -> int:
            if next(calls) == 2:
                self.abort()
            return super().decode(batch)

    cut = score(Aborting(), stems, plan)
    context.close()
    kept = [index for index, branches in enumerate(cut) if branches]
    assert kept == [*plan.waves[0]]
    assert [cut[i] for i in kept] == [whole[i] for i in kept]


def test_a_damaged_model_s_logits_are_noticed(tiny: Path, tmp_path: Path) -> None:
    import gguf

    path = tmp_path / "damaged.gguf"
    path.write_bytes(tiny.read_bytes())
    reader = gguf.GGUFReader(path, "r+")
    norm = next(tensor for tensor in reader.tensors if tensor.name == "output_norm.weight")
    norm.data[:] = np.nan
    norm.data.flush()
    with (
        LlamaCppRuntime.open(path, threads=1) as runtime,
        pytest.raises(RuntimeFailed, match="not numbers"),
    ):
        runtime.score(["why"], [["ba"]])


def test_a_cache_too_small_is_explained(model: Model) -> None:
    stem = Stem(encode("ba " * 300, model, PLAIN), (np.array([5], np.int32),))
    plan = scoring.ScorePlan(prefix=0, waves=(range(1),), cells=256, sequences=1, outputs=1)
    context = Context(model, cells=256, sequences=1, batch=64, threads=1, outputs=1)
    with pytest.raises(RuntimeFailed, match=r"failed to score a batch \(status 1\)"):
        score(context, [stem], plan)
    context.close()


TOKENS = st.lists(st.integers(0, 1), min_size=1, max_size=30).map(
    lambda tokens: np.array(tokens, np.int32)
)
STEMS = st.lists(
    st.builds(Stem, TOKENS, st.lists(TOKENS, min_size=1, max_size=5).map(tuple)), min_size=1
)


@given(stems=STEMS, batch=st.integers(1, 60), share=st.booleans())
def test_every_stem_is_in_one_wave_and_fits(stems: list[Stem], batch: int, share: bool) -> None:
    plan = plan_scores(stems, batch=batch, vocabulary_size=100, share_prefix=share)
    assert [index for wave in plan.waves for index in wave] == [*range(len(stems))]
    assert share or plan.prefix == 0
    assert plan.cells % CELL_BLOCK == 0
    assert plan.outputs == max(batch, plan.sequences)
    for wave in plan.waves:
        tokens = sum(stems[i].size - plan.prefix for i in wave)
        sequences = sum(len(stems[i].branches) for i in wave)
        assert max(tokens, sequences) <= batch or len(wave) == 1
        assert tokens + plan.prefix <= plan.cells
        assert sequences <= plan.sequences
    assert plan.sequences <= library.max_sequences()
    for one, other in itertools.pairwise(plan.waves):
        # The next stem would not have fitted.
        wave = [*one, other[0]]
        tokens = sum(stems[i].size - plan.prefix for i in wave)
        assert max(tokens, sum(len(stems[i].branches) for i in wave)) > batch
