"""The runtime that answers prompts with llama.cpp, many at a time, in this process."""

from __future__ import annotations

import threading
import time
from collections.abc import Sequence
from contextlib import ExitStack, closing
from functools import partial
from itertools import chain, islice
from pathlib import Path
from typing import Self, get_args
from weakref import WeakSet

from pytest_quant.base.resources import usable_memory
from pytest_quant.errors import RuntimeFailed
from pytest_quant.levels import KvTypes
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.token_statistics import chunk_of, summarize
from pytest_quant.runtimes.chat import OWN_FORM, Chat
from pytest_quant.runtimes.hardware import DEFAULT_HARDWARE, Hardware
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.asking import Asker
from pytest_quant.runtimes.llamacpp.candidates import next_tokens
from pytest_quant.runtimes.llamacpp.deadline import deadline
from pytest_quant.runtimes.llamacpp.devices import offloads
from pytest_quant.runtimes.llamacpp.generating import (
    answer,
    answer_each,
    count_batches,
)
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.lockstep import (
    LockstepPlan,
    compare,
    count_pairs_of_contexts,
    plan_lockstep,
)
from pytest_quant.runtimes.llamacpp.passages import (
    Reader,
    differences,
    parts_of,
    passages,
    source_of,
)
from pytest_quant.runtimes.llamacpp.predictions import diverge_from, predict
from pytest_quant.runtimes.llamacpp.prompt import encode, form_of
from pytest_quant.runtimes.llamacpp.scoring import Stem, plan_scores, score
from pytest_quant.runtimes.llamacpp.tensor_types import numbers_of
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.llamacpp.width import effective_parallel
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Incomparable,
    Limits,
    NextTokens,
    PromptTooLong,
    Reading,
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
        chat: Chat = OWN_FORM,
        kv: KvTypes | None = None,
        hardware: Hardware = DEFAULT_HARDWARE,
    ) -> None:
        self._model = model
        self._threads, self._parallel, self._context_length = threads, parallel, context
        self._physical = physical
        self._vocabulary = Vocabulary(model)
        self._form = form_of(model, chat)
        self._asker = Asker(
            model,
            self._form,
            self._vocabulary,
            parallel,
            context,
            chat.budget,
            offloaded=offloads(hardware),
        )
        self._context: library.Context | None = None
        # All that are open: a lane has one of its own.
        self._contexts: WeakSet[library.Context] = WeakSet()
        self._opening = threading.Lock()
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
        chat: Chat = OWN_FORM,
        kv: KvTypes | None = None,
        hardware: Hardware = DEFAULT_HARDWARE,
    ) -> Self:
        """Load a model.

        ``parallel`` is the number of sequences decoded together (default: see
        ``layout.default_parallel``), ``context`` the tokens that one of them may hold, prompt
        and answer (default: what the model was trained with), ``physical`` the tokens worked on at
        once, ``repack`` whether weights are rearranged for kernels of this processor: both change
        nothing but the order of sums; ``chat`` the form in which questions are put, ``kv`` the
        types of keys and values. Raises ``QuantUsageError`` for a model that cannot be loaded, and
        for numbers out of range.
        """
        parallel = effective_parallel(path, parallel, context, hardware)
        model = library.Model(path, repack=repack, hardware=hardware)
        return cls(
            model,
            threads=threads,
            parallel=parallel,
            context=context or model.context_length,
            physical=physical,
            chat=chat,
            kv=kv,
            hardware=hardware,
        )

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        """Answer every prompt greedily; the same call gives the same bytes, whatever ran before.

        Raises ``PromptTooLong`` (a ``ValueError``) when a prompt leaves no room for an answer,
        ``RuntimeFailed`` when llama.cpp fails.
        """
        return self.generate_each([prompts], limits)[0]

    def generate_each(self, batches: Sequence[Sequence[str]], limits: Limits) -> list[Batch]:
        """The same of several batches, of which some are decoded at once, each with its share of
        the threads: threads that work on one batch wait for each other.
        """
        if limits.max_tokens < 1 or not all(limits.stop):
            raise ValueError(f"max_tokens must be positive and stop strings not empty: {limits}")
        asked = [self._asker.questions(prompts, limits) for prompts in batches if prompts]
        lanes = count_batches(
            asked,
            threads=self._threads,
            cell_bytes=inspect(self._model.path).kv_bytes_per_token,
            memory=usable_memory(),
        )
        if lanes > 1:
            self._close_context()
            share = partial(self._new_context, outputs=None, threads=self._threads // lanes)
            answered = answer_each(asked, lanes, share, self._vocabulary, limits.deadline_s)
        else:
            answered = [
                answer(
                    questions,
                    self._open_context(questions.layout.cells, questions.layout.slots),
                    self._vocabulary,
                    limits.deadline_s,
                )
                for questions in asked
            ]
        found = iter(answered)
        return [next(found) if prompts else Batch((), 0.0) for prompts in batches]

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
        asked = [
            self._asker.stem(p, texts) for p, texts in zip(prompts, continuations, strict=True)
        ]
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
        with deadline(context, deadline_s):
            scored = iter(score(context, stems, plan))
        return Scores(
            likelihoods=tuple(
                stem.likelihoods([*chain(*islice(scored, 1 if share else len(stem.branches)))])
                for stem in asked
            ),
            prompt_tokens=sum(stem.size for stem in stems),
            seconds=time.perf_counter() - started,
        )

    def candidates(
        self,
        prompts: Sequence[str],
        beginnings: Sequence[Sequence[int]],
        wanted: Sequence[Sequence[int]],
        most: int,
    ) -> tuple[NextTokens, ...]:
        """What this model expects next; the same call gives the same numbers."""
        size = self._model.vocabulary_size
        if any(token >= size for tokens in (*beginnings, *wanted) for token in tokens):
            # Another model's, or one that its runtime does not know the number of.
            raise RuntimeFailed("tokens of another vocabulary cannot be looked at")
        return next_tokens(
            self._reading_context,
            self._vocabulary,
            [encode(prompt, self._model, self._form) for prompt in prompts],
            beginnings,
            wanted,
            most,
            batch=BATCH_TOKENS,
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
        lanes = count_pairs_of_contexts(
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
        chunks = [
            part
            for passage, one in zip(read, tokens, strict=True)
            for part in parts_of(reading, passage, one)
        ]
        return Divergence(
            level="",
            source=source_of(reading),
            title=reading.title,
            chunks=tuple(chunk_of(*part) for part in chunks),
            statistics=summarize([found for _, found, _ in chunks]),
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

    def abort(self) -> None:
        """End what is worked on, from another thread."""
        with self._opening:
            for context in self._contexts:
                context.abort()

    def close(self) -> None:
        self._close_context()
        self._model.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def _reader(self) -> Reader:
        return Reader(self._model, self._form, self._context_length)

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
        with self._opening:
            self._contexts.add(context)
        return context
