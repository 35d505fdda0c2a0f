"""The runtime that answers prompts with llama.cpp, many at a time, in this process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from itertools import chain, count, islice
from pathlib import Path
from typing import Self, get_args

import numpy as np

from pytest_quant.base.resources import usable_memory
from pytest_quant.levels import KvTypes
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.token_statistics import chunk_of, summarize
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.deadline import within
from pytest_quant.runtimes.llamacpp.decoding import Continuation, Decoding
from pytest_quant.runtimes.llamacpp.devices import offloads
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.layout import (
    check_fits,
    plan,
)
from pytest_quant.runtimes.llamacpp.lockstep import (
    LockstepPlan,
    compare,
    count_lanes,
    plan_lockstep,
)
from pytest_quant.runtimes.llamacpp.passages import Reader, differences, passages
from pytest_quant.runtimes.llamacpp.predictions import diverge_from, predict
from pytest_quant.runtimes.llamacpp.prefixes import Tokens, common_prefix
from pytest_quant.runtimes.llamacpp.prompt import (
    chat_template,
    encode,
    encode_answered,
    encode_rendered,
    opened_by,
    render,
    stop_strings,
)
from pytest_quant.runtimes.llamacpp.scoring import Floats, Stem, plan_scores, score
from pytest_quant.runtimes.llamacpp.tensor_types import numbers_of
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.llamacpp.width import effective_parallel
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Incomparable,
    Likelihood,
    Limits,
    PromptTooLong,
    Reading,
    Replies,
    Response,
    Runtime,
    RuntimeInfo,
    Scores,
)

# Tokens in one call of llama.cpp, which is also its own default for a physical batch.
BATCH_TOKENS = 512


class LlamaCppRuntime:
    """An opened GGUF. Use ``open``; not thread-safe; close it to free the memory."""

    def __init__(
        self,
        model: library.Model,
        *,
        threads: int,
        parallel: int,
        context: int,
        physical: int = BATCH_TOKENS,
        kv: KvTypes | None = None,
        hardware: Hardware = DEFAULT_HARDWARE,
    ) -> None:
        self._model = model
        self._threads, self._parallel, self._context_length = threads, parallel, context
        self._physical = physical
        self._template = chat_template(model)
        self._vocabulary = Vocabulary(model)
        self._context: library.Context | None = None
        self._kv_types, self._hardware = numbers_of(kv), hardware
        # Of the last context: what llama.cpp made of what was asked for.
        self._kv, self._flash_attention = "", ""

    @property
    def capabilities(self) -> frozenset[Capability]:
        return frozenset(get_args(Capability))

    @classmethod
    def open(
        cls,
        path: Path,
        *,
        threads: int,
        parallel: int | None = None,
        context: int | None = None,
        physical: int = BATCH_TOKENS,
        repack: bool = True,
        kv: KvTypes | None = None,
        hardware: Hardware = DEFAULT_HARDWARE,
    ) -> Self:
        """Load a model.

        ``parallel`` is the number of sequences decoded together (default: see
        ``layout.default_parallel``), ``context`` the tokens that one of them may hold, prompt
        and answer (default: what the model was trained with), ``physical`` the tokens worked on at
        once, ``repack`` whether weights are rearranged for kernels of this processor: both change
        nothing but the order of sums; ``kv`` are the types of keys and values. Raises
        ``QuantUsageError`` for a model that cannot be loaded, and for numbers out of range.
        """
        parallel = effective_parallel(path, parallel, context, hardware)
        model = library.Model(path, repack=repack, hardware=hardware)
        return cls(
            model,
            threads=threads,
            parallel=parallel,
            context=context or model.context_length,
            physical=physical,
            kv=kv,
            hardware=hardware,
        )

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        """Answer every prompt greedily; the same call gives the same bytes, whatever ran before.

        Raises ``PromptTooLong`` (a ``ValueError``) when a prompt leaves no room for an answer,
        ``RuntimeFailed`` when llama.cpp fails.
        """
        if limits.max_tokens < 1 or not all(limits.stop):
            raise ValueError(f"max_tokens must be positive and stop strings not empty: {limits}")
        started = time.perf_counter()
        if not prompts:
            return Batch((), 0.0)
        tokens, opened = zip(*map(self._asked, count(), prompts), strict=True)
        layout = plan(
            tokens,
            limits.max_tokens,
            parallel=self._parallel,
            context=self._context_length,
            share_prefix=self._model.can_share_prefix,
            offloaded=offloads(self._hardware),
        )
        stops = [stop.encode() for stop in stop_strings(limits.stop, self._template)]
        context = self._open_context(layout.cells, layout.slots)
        batch = TokenBatch(context.batch, layout.slots)
        with within(context, limits.deadline_s):
            decoding = Decoding(context, batch, self._vocabulary, tokens, layout, stops)
            continuations = decoding.run()
        responses = tuple(
            _response(continuation, len(prompt), mark)
            for continuation, prompt, mark in zip(continuations, tokens, opened, strict=True)
        )
        return Batch(responses, time.perf_counter() - started)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        """How likely each continuation is; the same call gives the same numbers.

        Raises ``PromptTooLong`` (a ``ValueError``) when a prompt and a continuation do not fit
        into the context, ``ValueError`` for an empty one, ``RuntimeFailed`` when llama.cpp fails.
        """
        started = time.perf_counter()
        asked = [self._stem(p, texts) for p, texts in zip(prompts, continuations, strict=True)]
        for index, stem in enumerate(asked):
            if stem.longest > self._context_length:
                raise PromptTooLong(index, stem.longest, self._context_length)
        if not asked:
            return Scores((), 0, 0.0)
        share = self._model.can_share_prefix
        # Sequences that cannot share a part of their memory each read the prompt themselves.
        stems = asked if share else [Stem(s.tokens, (b,)) for s in asked for b in s.branches]
        plan = plan_scores(
            stems,
            batch=BATCH_TOKENS,
            vocabulary_size=self._model.vocabulary_size,
            share_prefix=share,
        )
        context = self._open_context(plan.cells, plan.sequences, plan.outputs)
        with within(context, deadline_s):
            scored = iter(score(context, stems, plan))
        return Scores(
            likelihoods=tuple(
                _likelihoods(stem, [*chain(*islice(scored, 1 if share else len(stem.branches)))])
                for stem in asked
            ),
            prompt_tokens=sum(stem.size for stem in stems),
            seconds=time.perf_counter() - started,
        )

    def diverge(self, level: Runtime, reading: Reading) -> Divergence | None:
        """Compare with a level over the whole vocabulary; the same call gives the same numbers.

        Both models read in step; ``None`` for a level of another runtime. Raises ``Incomparable``
        unless both have the same vocabulary and there is something to read, ``QuantUsageError``
        for a text that is too short, ``RuntimeFailed`` when llama.cpp fails.
        """
        if not isinstance(level, LlamaCppRuntime):
            return None
        sizes = self._model.vocabulary_size, level._model.vocabulary_size
        if sizes[0] != sizes[1]:
            raise Incomparable(f"has {sizes[1]} tokens in its vocabulary, the reference {sizes[0]}")
        readers = self._reader(), level._reader()
        read = passages(reading, *readers)
        if not read:
            raise Incomparable(f"{reading.title}: there is nothing to read")
        plan = plan_lockstep(read, batch=BATCH_TOKENS, vocabulary_size=sizes[0])
        models = self._model, level._model
        lanes = count_lanes(
            plan,
            threads=self._threads,
            cell_bytes=sum(inspect(model.path).kv_bytes_per_token for model in models),
            vocabulary_size=sizes[0],
            memory=usable_memory(),
        )
        threads = self._threads // lanes
        with ExitStack() as opened:

            def context(runtime: LlamaCppRuntime) -> library.Context:
                return opened.enter_context(closing(runtime._reading_context(plan, threads)))

            pairs = [(context(self), context(level)) for _ in range(lanes)]
            tokens = compare(pairs, read, plan, threads)
        return Divergence(
            level="",
            source="responses" if isinstance(reading, Replies) else "text",
            title=reading.title,
            chunks=tuple(chunk_of(p.digest, t) for p, t in zip(read, tokens, strict=True)),
            statistics=summarize(tokens),
            warning=differences(reading, *readers),
        )

    def predict(self, reading: Reading) -> Predictions:
        """What this model, the reference, finds the likeliest in the beginning of a text.

        Raises ``QuantUsageError`` for a text that is too short, ``RuntimeFailed`` when llama.cpp
        fails.
        """
        return predict(
            self._reading_context,
            passages(reading, self._reader(), self._reader()),
            reading.title,
            batch=BATCH_TOKENS,
            vocabulary_size=self._model.vocabulary_size,
        )

    def diverge_from(self, known: Predictions) -> Divergence:
        """How far this model, a level, is from what a reference predicted.

        Raises ``Incomparable`` unless it can read the same tokens, ``RuntimeFailed`` when llama.cpp
        fails.
        """
        size, longest = self._model.vocabulary_size, int(known.lengths.max())
        if size != known.vocabulary_size:
            raise Incomparable(
                f"has {size} tokens in its vocabulary, the reference {known.vocabulary_size}"
            )
        if longest > self._context_length:
            raise Incomparable(f"holds {self._context_length} tokens, the text takes {longest}")
        return diverge_from(self._reading_context, known, batch=BATCH_TOKENS)

    def describe(self) -> RuntimeInfo:
        return RuntimeInfo(
            name="llama.cpp",
            version=library.version(),
            build=library.build_id(),
            hardware=library.hardware_class(),
            threads=self._threads,
            parallel=self._parallel,
            context=self._context_length,
            kernels=self._model.kernels,
            devices=self._model.devices,
            flash_attention=self._flash_attention,
            kv=self._kv,
        )

    def close(self) -> None:
        self._close_context()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _reader(self) -> Reader:
        return Reader(self._model, self._template, self._context_length)

    def _asked(self, index: int, prompt: str) -> tuple[Tokens, str]:
        """The tokens of a prompt, and the mark that it leaves open.

        Checked one by one: of many prompts that are too long only the first is encoded.
        """
        rendered = render(prompt, self._template)
        tokens = encode_rendered(rendered, self._model, self._template)
        check_fits(index, len(tokens), self._context_length)
        return tokens, opened_by(prompt, rendered) if self._template else ""

    def _stem(self, prompt: str, continuations: Sequence[str]) -> Stem:
        """The tokens of a prompt, and those that each continuation puts behind them.

        A continuation may change how the end of the prompt is tokenized: then the branches
        begin where the texts first differ in their tokens.
        """
        if not continuations or not all(text.strip() for text in continuations):
            raise ValueError(f"nothing to score, or an empty text: {list(continuations)}")
        asked = encode(prompt, self._model, self._template)
        whole = [encode_answered(prompt, t, self._model, self._template) for t in continuations]
        start = common_prefix([np.append(asked, -1), *whole])
        return Stem(whole[0][:start], tuple(tokens[start:] for tokens in whole))

    def _open_context(
        self, cells: int, sequences: int, outputs: int | None = None
    ) -> library.Context:
        """A context of exactly this size, so that no earlier call can show through."""
        context = self._context
        size = (cells, sequences, outputs or sequences)
        if context is None or (context.cells, context.sequences, context.outputs) != size:
            self._close_context()
            self._context = context = self._new_context(cells, sequences, outputs, self._threads)
        return context

    def _reading_context(self, plan: LockstepPlan, threads: int | None = None) -> library.Context:
        # A cache for generating would only take memory beside those that read.
        self._close_context()
        size = plan.cells, plan.sequences, plan.outputs
        return self._new_context(*size, threads or self._threads)

    def _close_context(self) -> None:
        """Free the memory of the last call's sequences."""
        if self._context:
            self._context.close()
            self._context = None

    def _new_context(
        self, cells: int, sequences: int, outputs: int | None, threads: int
    ) -> library.Context:
        context = library.Context(
            self._model,
            cells=cells,
            sequences=sequences,
            batch=min(BATCH_TOKENS, cells),
            threads=threads,
            outputs=outputs,
            physical=self._physical,
            kv_types=self._kv_types,
            hardware=self._hardware,
        )
        self._kv, self._flash_attention = context.kv, context.flash_attention
        return context


def _response(continuation: Continuation, prompt_tokens: int, opened: str) -> Response:
    return Response(
        text=continuation.text.decode("utf-8", errors="replace").strip(),
        tokens=continuation.tokens,
        logprobs=continuation.logprobs,
        finish=continuation.finish,
        prompt_tokens=prompt_tokens,
        opened=opened,
    )


def _likelihoods(stem: Stem, logprobs: Sequence[Floats]) -> tuple[Likelihood, ...]:
    """Of every continuation, or of none if one is missing."""
    if len(logprobs) < len(stem.branches):
        return ()
    return tuple(
        Likelihood(tuple(tokens.tolist()), tuple(found.tolist()))
        for tokens, found in zip(stem.branches, logprobs, strict=True)
    )
