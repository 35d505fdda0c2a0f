"""Faults of what runs a file: a runtime around the real one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import llama_cpp

from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.protocol import Batch, Limits, Runtime, RuntimeInfo, Scores

_CACHE_TYPES = {
    8: llama_cpp.GGML_TYPE_Q8_0,
    5: llama_cpp.GGML_TYPE_Q5_0,
    4: llama_cpp.GGML_TYPE_Q4_0,
}


class _Around:
    """Does what the runtime inside does."""

    def __init__(self, inside: Runtime) -> None:
        self._inside = inside

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate(prompts, limits)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        return self._inside.score(prompts, continuations, deadline_s)

    def describe(self) -> RuntimeInfo:
        return self._inside.describe()

    def close(self) -> None:
        self._inside.close()


class StuckStopString(_Around):
    """Ends every answer at a string that another template had needed."""

    def __init__(self, inside: Runtime, stop: str) -> None:
        super().__init__(inside)
        self._stop = stop

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        return self._inside.generate(prompts, replace(limits, stop=(*limits.stop, self._stop)))


class CutPrompts(_Around):
    """Keeps the end of a long prompt, as a server with too small a context does."""

    def __init__(self, inside: Runtime, words: int) -> None:
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

    def _cut(self, prompt: str) -> str:
        return " ".join(prompt.split(" ")[-self._words :])


class QuantizedCache(_Around):
    """Keeps keys and values in fewer bits."""

    def __init__(self, inside: Runtime, bits: int) -> None:
        super().__init__(inside)
        self._bits = bits

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        with quantized_cache(self._bits):
            return self._inside.generate(prompts, limits)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        with quantized_cache(self._bits):
            return self._inside.score(prompts, continuations, deadline_s)


@contextmanager
def quantized_cache(bits: int) -> Iterator[None]:
    """Contexts opened here keep their keys and values in so many bits.

    The plugin has no option for it yet, so llama.cpp's defaults are changed under it.
    """
    bindings: Any = library.llama_cpp
    default = bindings.llama_context_default_params

    def changed() -> Any:
        parameters = default()
        parameters.type_k = parameters.type_v = _CACHE_TYPES[bits]
        return parameters

    bindings.llama_context_default_params = changed
    try:
        yield
    finally:
        bindings.llama_context_default_params = default
