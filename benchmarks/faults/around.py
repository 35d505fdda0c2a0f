"""Faults of what runs a file: a runtime around the real one."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import llama_cpp

from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.prompt import Form
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Limits,
    NextTokens,
    Reading,
    Runtime,
    RuntimeInfo,
    Scores,
)

_CACHE_TYPES = {
    8: llama_cpp.GGML_TYPE_Q8_0,
    5: llama_cpp.GGML_TYPE_Q5_0,
    4: llama_cpp.GGML_TYPE_Q4_0,
}


class Around:
    """Does what the runtime inside does."""

    def __init__(self, inside: LlamaCppRuntime) -> None:
        self._inside = inside

    @property
    def capabilities(self) -> frozenset[Capability]:
        return self._inside.capabilities

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate(prompts, limits)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        return self._inside.score(prompts, continuations, deadline_s)

    def candidates(
        self,
        prompts: Sequence[str],
        beginnings: Sequence[Sequence[int]],
        wanted: Sequence[Sequence[int]],
        most: int,
    ) -> tuple[NextTokens, ...]:
        return self._inside.candidates(prompts, beginnings, wanted, most)

    def diverge(self, level: Runtime, reading: Reading) -> Divergence | None:
        """The divergence of a level, under the level's own fault."""
        if isinstance(level, Around):
            return level.read_beside(self._inside, reading)
        return self._inside.diverge(level, reading)

    def read_beside(self, reference: LlamaCppRuntime, reading: Reading) -> Divergence | None:
        return reference.diverge(self._inside, reading)

    def predict(self, reading: Reading) -> Predictions:
        return self._inside.predict(reading)

    def diverge_from(self, known: Predictions) -> Divergence:
        return self._inside.diverge_from(known)

    def describe(self) -> RuntimeInfo:
        return self._inside.describe()

    def close(self) -> None:
        self._inside.close()


class StuckStopString(Around):
    """Ends every answer at a string that another template had needed."""

    def __init__(self, inside: LlamaCppRuntime, stop: str) -> None:
        super().__init__(inside)
        self._stop = stop

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate(prompts, replace(limits, stop=(*limits.stop, self._stop)))


class _CutForm:
    """A form in which each prompt is cut first."""

    def __init__(self, own: Form, cut: Callable[[str], str]) -> None:
        self._own, self._cut = own, cut
        self.special, self.stops, self.thinking = own.special, own.stops, own.thinking

    def render(self, prompt: str) -> str:
        return self._own.render(self._cut(prompt))

    def before(self, prompt: str, answer: str) -> str:
        return self._own.before(self._cut(prompt), answer)

    def answered(self, prompt: str, answer: str) -> str:
        return self._own.answered(self._cut(prompt), answer)

    def opened(self, prompt: str, rendered: str) -> str:
        return self._own.opened(self._cut(prompt), rendered)


class CutPrompts(Around):
    """Keeps the end of a long prompt, as a server with too small a context does."""

    def __init__(self, inside: LlamaCppRuntime, words: int) -> None:
        super().__init__(inside)
        self._words = words

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate([self._cut(prompt) for prompt in prompts], limits)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        cut = [self._cut(prompt) for prompt in prompts]
        return self._inside.score(cut, continuations, deadline_s)

    def read_beside(self, reference: LlamaCppRuntime, reading: Reading) -> Divergence | None:
        own = self._inside._form
        self._inside._form = _CutForm(own, self._cut)
        try:
            return super().read_beside(reference, reading)
        finally:
            self._inside._form = own

    def _cut(self, prompt: str) -> str:
        return " ".join(prompt.split(" ")[-self._words :])


class QuantizedCache(Around):
    """Keeps keys and values in fewer bits.

    The plugin has no option for it yet, so llama.cpp's contexts are changed under it.
    """

    def __init__(self, inside: LlamaCppRuntime, bits: int) -> None:
        super().__init__(inside)
        self._bits = bits

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        with self._in_effect():
            return super().generate(prompts, limits)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        with self._in_effect():
            return super().score(prompts, continuations, deadline_s)

    def read_beside(self, reference: LlamaCppRuntime, reading: Reading) -> Divergence | None:
        with self._in_effect():
            return super().read_beside(reference, reading)

    def diverge_from(self, known: Predictions) -> Divergence:
        with self._in_effect():
            return super().diverge_from(known)

    @contextmanager
    def _in_effect(self) -> Iterator[None]:
        """Contexts that are opened for this model have such a cache, those of others do not."""
        bindings: Any = llama_cpp
        open_context, own = bindings.llama_init_from_model, self._inside._model.handle

        def changed(model: Any, parameters: Any) -> Any:
            if model == own:
                parameters.type_k = parameters.type_v = _CACHE_TYPES[self._bits]
            return open_context(model, parameters)

        bindings.llama_init_from_model = changed
        try:
            yield
        finally:
            bindings.llama_init_from_model = open_context
