"""Batched decoding of real models: what comes out, that it is always the same, and when it ends."""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError, RuntimeFailed
from pytest_quant.runtimes.llamacpp import layout as layout_module
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.decoding import Continuation, Decoding
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.generating import Questions, count_batches
from pytest_quant.runtimes.llamacpp.lanes import MOST_LANES
from pytest_quant.runtimes.llamacpp.layout import Layout
from pytest_quant.runtimes.llamacpp.library import Context, Model
from pytest_quant.runtimes.llamacpp.prompt import PLAIN, encode
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.llamacpp.width import effective_parallel
from pytest_quant.runtimes.protocol import Limits, PromptTooLong, Response

SHORT = Limits(max_tokens=12)
# With weights in f32 this is what the f16 of the KV cache leaves, however a batch is composed.
CLOSE = 0.02


def assert_alike(found: Sequence[Response], expected: Sequence[Response]) -> None:
    """The same tokens, and the same log-probabilities but for rounding."""
    for one, other in zip(found, expected, strict=True):
        assert one.tokens == other.tokens
        assert (one.text, one.finish) == (other.text, other.finish)
        assert one.logprobs == pytest.approx(other.logprobs, abs=CLOSE)


def answers(path: Path, prompts: Sequence[str], **settings: int) -> tuple[Response, ...]:
    with LlamaCppRuntime.open(path, threads=settings.pop("threads", 2), **settings) as runtime:
        return runtime.generate(prompts, SHORT).responses


def test_log_probabilities_are_those_of_the_high_level_api(
    tiny_f32: Path, prompts: tuple[str, ...]
) -> None:
    """Greedy tokens, scored in float64 by feeding them to llama-cpp-python's own class."""
    import llama_cpp

    responses = answers(tiny_f32, prompts, parallel=4)
    model = Model(tiny_f32)
    high_level = llama_cpp.Llama(
        str(tiny_f32), n_ctx=256, logits_all=True, verbose=False, n_threads=2
    )
    for prompt, response in zip(prompts, responses, strict=True):
        tokens = encode(prompt, model, PLAIN).tolist()
        assert response.prompt_tokens == len(tokens)
        high_level.reset()
        high_level.eval(tokens + list(response.tokens))
        rows = np.array(high_level.scores[len(tokens) - 1 :][: len(response.tokens)], np.float64)
        scores = rows - np.log(np.exp(rows - rows.max(1, keepdims=True)).sum(1, keepdims=True))
        scores -= rows.max(1, keepdims=True)
        assert tuple(scores.argmax(1).tolist()) == response.tokens
        assert scores.max(1) == pytest.approx(response.logprobs, abs=CLOSE)
    high_level.close()
    model.close()


def test_a_batch_answers_like_one_at_a_time(tiny_f32: Path, prompts: tuple[str, ...]) -> None:
    with LlamaCppRuntime.open(tiny_f32, threads=2, parallel=4) as runtime:
        together = runtime.generate(prompts, SHORT).responses
        alone = [runtime.generate([prompt], SHORT).responses[0] for prompt in prompts]
    assert_alike(together, alone)
    assert len({response.tokens for response in together}) > 1


def test_the_same_call_gives_the_same_bytes_whatever_ran_before(
    runtime: LlamaCppRuntime, tiny: Path, prompts: tuple[str, ...]
) -> None:
    first = runtime.generate(prompts, SHORT).responses
    runtime.generate(prompts[3:5], Limits(80))
    runtime.generate(prompts[::-1], Limits(5))
    assert runtime.generate(prompts, SHORT).responses == first
    assert answers(tiny, prompts, parallel=4) == first


def test_the_number_of_threads_changes_nothing(tiny: Path, prompts: tuple[str, ...]) -> None:
    assert answers(tiny, prompts, parallel=4, threads=1) == answers(tiny, prompts, parallel=4)


@pytest.mark.parametrize("threads", [1, 2, 4])
def test_batches_that_are_answered_at_once_are_as_one_after_the_other(
    tiny: Path, prompts: tuple[str, ...], threads: int
) -> None:
    batches = [prompts[:3], prompts, [], prompts[::-1], prompts[:1]]
    with LlamaCppRuntime.open(tiny, threads=2, parallel=4) as runtime:
        single = [runtime.generate(batch, SHORT).responses for batch in batches]
    with LlamaCppRuntime.open(tiny, threads=threads, parallel=4) as runtime:
        together = runtime.generate_each(batches, SHORT)
        assert [batch.responses for batch in together] == single
        assert all(batch.seconds > 0 for batch in together if batch.responses)
        over = runtime.generate_each([prompts, prompts], Limits(80, deadline_s=0.0))
    assert {r.finish for batch in over for r in batch.responses} == {"deadline"}


@pytest.mark.parametrize(
    ("cells", "threads", "memory", "lanes"),
    [
        ([256] * 3, 2, 1 << 30, 2),
        ([256] * 3, 1, 1 << 30, 1),
        ([256], 2, 1 << 30, 1),
        ([256] * 9, 16, 1 << 30, MOST_LANES),
        ([256] * 3, 16, 1 << 30, 2),  # an equal share for each
        ([256] * 3, 2, 8 * 256 * 100, 1),  # an eighth of the memory holds one cache
        ([], 2, 1 << 30, 1),
    ],
)
def test_how_many_batches_are_answered_at_once(
    cells: list[int], threads: int, memory: int, lanes: int
) -> None:
    layouts = (Layout((), 0, (), 1, size, True) for size in cells)
    asked = [Questions((), (), layout, ()) for layout in layouts]
    assert count_batches(asked, threads=threads, cell_bytes=100, memory=memory) == lanes


def test_a_lone_sequence_does_not_depend_on_the_number_of_threads() -> None:
    """Not to the last bit: llama.cpp splits a single row's attention over the threads."""
    text = " ".join(f"Ana has {n % 7} apples in box {n}." for n in range(60))
    found = []
    for threads in (1, 2, 3):
        with LlamaCppRuntime.open(EMBEDDED_MODEL, threads=threads) as runtime:
            found.append(runtime.generate([f"{text} How many apples are there?"], Limits(30)))
    first, *others = (batch.responses for batch in found)
    assert first[0].prompt_tokens > 512
    assert len(first[0].tokens) > 5
    assert others == [first, first]


def test_a_quantized_split_model_decodes_like_the_whole(build_model, prompts, tiny: Path) -> None:
    split = build_model(split_tensors=8).with_name("tiny-00001-of-00003.gguf")
    assert answers(split, prompts, parallel=4) == answers(tiny, prompts, parallel=4)


def run_with(path: Path, prompts: Sequence[str], **changes: object) -> list[Continuation]:
    """Decode under a plan that ``plan`` itself would not make."""
    model = Model(path)
    tokens = [encode(prompt, model, PLAIN) for prompt in prompts]
    planned = layout_module.plan(
        tokens, 12, parallel=4, context=512, share_prefix=changes.pop("share_prefix", True)
    )
    layout = Layout(
        planned.budgets,
        planned.prefix,
        planned.needs,
        planned.slots,
        int(str(changes.get("cells", planned.cells))),
        planned.share_prefix,
    )
    batch_tokens = int(str(changes.get("batch_tokens", 256)))
    context = Context(
        model, cells=layout.cells, sequences=layout.slots, batch=batch_tokens, threads=2
    )
    batch = TokenBatch(batch_tokens, layout.slots)
    found = Decoding(context, batch, Vocabulary(model), tokens, layout, []).run()
    context.close()
    model.close()
    return found


@pytest.mark.parametrize(
    "changes",
    [{"share_prefix": False}, {"cells": 256}, {"batch_tokens": 16}],
    ids=["prefix not shared", "cache for one or two sequences", "prompts in pieces"],
)
def test_the_plan_changes_only_rounding(
    changes: dict[str, object], tiny_f32: Path, prompts: tuple[str, ...]
) -> None:
    long = tuple(f"{prompt} {'ba ' * 60}" for prompt in prompts)
    usual, other = run_with(tiny_f32, long), run_with(tiny_f32, long, **changes)
    for one, two in zip(usual, other, strict=True):
        assert (one.text, one.tokens, one.finish) == (two.text, two.tokens, two.finish)
        assert one.logprobs == pytest.approx(two.logprobs, abs=CLOSE)


def test_identical_prompts_get_identical_answers(tiny_f32: Path, prompts: tuple[str, ...]) -> None:
    """They share all but one token, which each decodes for itself."""
    responses = answers(tiny_f32, [prompts[2]] * 6, parallel=4)
    assert_alike(responses, [responses[0]] * 6)


def test_no_prompts_no_responses(runtime: LlamaCppRuntime) -> None:
    assert runtime.generate([], SHORT).responses == ()


def test_the_length_limit_ends_a_response(
    runtime: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    for response in runtime.generate(prompts, Limits(7)).responses:
        assert (response.finish, len(response.tokens), len(response.logprobs)) == ("length", 7, 7)
        assert all(logprob <= 0 and math.isfinite(logprob) for logprob in response.logprobs)


def test_the_context_s_end_ends_a_response(tiny: Path, prompts: tuple[str, ...]) -> None:
    with LlamaCppRuntime.open(tiny, threads=2, parallel=2, context=64) as runtime:
        assert runtime.describe().context == 64
        responses = runtime.generate(prompts, Limits(500)).responses
        cut = [response for response in responses if response.finish == "length"]
        assert cut
        assert {response.prompt_tokens + len(response.tokens) for response in cut} == {64}
        with pytest.raises(PromptTooLong, match=r"prompt 1 has \d+ tokens; one sequence holds 64"):
            runtime.generate(["short", "ba " * 70], SHORT)


def test_the_end_token_ends_a_response_and_is_no_part_of_it(
    build_model, runtime: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    """The same weights, but a token that the model is known to write is now its end token."""
    (plain,) = runtime.generate(prompts[:1], SHORT).responses
    at = next(i for i, t in enumerate(plain.tokens) if i > 3 and t not in plain.tokens[:i])
    path = build_model(end_token=plain.tokens[at])
    (response,) = answers(path, prompts[:1], parallel=4)
    assert response.finish == "end"
    assert response.tokens == plain.tokens[:at]
    assert response.logprobs == plain.logprobs[:at]


def test_an_ended_response_makes_room_for_the_next(
    build_model, runtime: LlamaCppRuntime, tiny: Path, prompts: tuple[str, ...]
) -> None:
    plain = runtime.generate(prompts, SHORT).responses
    end = plain[0].tokens[1]
    path = build_model(end_token=end)
    responses = answers(path, prompts, parallel=2)
    assert {response.finish for response in responses} == {"end", "length"}
    for response, unended in zip(responses, answers(tiny, prompts, parallel=1), strict=True):
        whole = unended.tokens
        expected = whole[: whole.index(end)] if end in whole else whole
        assert response.tokens == expected


def test_stop_strings_end_a_response_wherever_they_begin(
    runtime: LlamaCppRuntime, tiny: Path, prompts: tuple[str, ...]
) -> None:
    """Every piece of ASCII that the model writes, taken as the stop string of another run."""
    (plain,) = runtime.generate(prompts[:1], Limits(24)).responses
    model = Model(tiny)
    pieces = [model.piece(token, special=True) for token in plain.tokens]
    model.close()
    whole = b"".join(pieces)
    ends = np.cumsum([len(piece) for piece in pieces])
    spanning = inside = 0
    for start, width in itertools.product(range(len(whole) - 3), (1, 3)):
        stop = whole[start : start + width]
        if not stop.isascii():
            continue
        limits = Limits(24, stop=("never written", stop.decode()))
        (response,) = runtime.generate(prompts[:1], limits).responses
        first = whole.index(stop)
        last = first + width
        assert response.finish == "stop"
        assert response.text == whole[:first].decode(errors="replace").strip()
        assert response.tokens == plain.tokens[: np.searchsorted(ends, last) + 1]
        assert len(response.logprobs) == len(response.tokens)
        spanning += any(first < end < last for end in ends)
        inside += any(low < first and last < high for low, high in itertools.pairwise(ends))
    assert spanning
    assert inside


def test_bytes_that_are_no_text_are_replaced(
    runtime: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    texts = [response.text for response in runtime.generate(prompts, Limits(40)).responses]
    assert any("\N{REPLACEMENT CHARACTER}" in text for text in texts)
    assert all(text.encode().decode() == text.strip() for text in texts)


def test_a_deadline_that_is_over_answers_nothing(
    runtime: LlamaCppRuntime, prompts: tuple[str, ...]
) -> None:
    for response in runtime.generate(prompts, Limits(12, deadline_s=0.0)).responses:
        assert response.finish == "deadline"
        assert response.prompt_tokens > 0
        assert len(response.tokens) < 12


def test_a_deadline_cuts_what_is_not_finished(tiny: Path, prompts: tuple[str, ...]) -> None:
    many = [f"{prompt} {number}" for number in range(2) for prompt in prompts]
    with LlamaCppRuntime.open(tiny, threads=2, parallel=1) as runtime:
        whole = runtime.generate(many, Limits(24))
        cut = runtime.generate(many, Limits(24, deadline_s=whole.seconds / 10)).responses
        assert runtime.generate(many, Limits(24)).responses == whole.responses
    assert cut[-1].finish == "deadline"
    for response, complete in zip(cut, whole.responses, strict=True):
        assert response.tokens == complete.tokens[: len(response.tokens)]
        if response.finish != "deadline":
            assert response == complete


def test_limits_that_make_no_sense_are_refused(runtime: LlamaCppRuntime) -> None:
    with pytest.raises(ValueError, match="max_tokens must be positive"):
        runtime.generate(["why"], Limits(0))
    with pytest.raises(ValueError, match="stop strings not empty"):
        runtime.generate(["why"], Limits(1, stop=("",)))


def test_parallel_out_of_range_is_refused(tiny: Path) -> None:
    with pytest.raises(QuantUsageError, match="--quant-parallel is 0; allowed are 1 to"):
        LlamaCppRuntime.open(tiny, threads=1, parallel=0)


def test_tells_what_ran(tiny: Path) -> None:
    with LlamaCppRuntime.open(tiny, threads=2) as runtime:
        info = runtime.describe()
    assert (info.name, info.threads, info.context) == ("llama.cpp", 2, 512)
    assert info.parallel == effective_parallel(tiny, None) == layout_module.MOST_PARALLEL
    assert info.version in info.build
    assert info.hardware


def test_a_damaged_model_s_logits_are_noticed(tiny: Path, tmp_path: Path) -> None:
    import gguf

    path = tmp_path / "damaged.gguf"
    path.write_bytes(tiny.read_bytes())
    reader = gguf.GGUFReader(path, "r+")
    norm = next(tensor for tensor in reader.tensors if tensor.name == "output_norm.weight")
    norm.data[:] = np.nan
    norm.data.flush()
    with (
        LlamaCppRuntime.open(path, threads=1, parallel=1) as runtime,
        pytest.raises(RuntimeFailed, match="not numbers"),
    ):
        runtime.generate(["why"], SHORT)


def test_a_cache_too_small_is_explained(tiny: Path, prompts: tuple[str, ...]) -> None:
    """llama.cpp's own refusal, which a correct plan never meets."""
    model = Model(tiny)
    tokens = [encode(f"{prompts[0]} {'ba ' * 300}", model, PLAIN)]
    layout = Layout(budgets=(5,), prefix=0, needs=(10,), slots=1, cells=256, share_prefix=True)
    context = Context(model, cells=256, sequences=1, batch=64, threads=1)
    decoding = Decoding(context, TokenBatch(64, 1), Vocabulary(model), tokens, layout, [])
    with pytest.raises(RuntimeFailed, match=r"no room .* lower --quant-parallel"):
        decoding.run()
    context.close()
    model.close()
