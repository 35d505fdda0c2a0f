"""What every runtime offers, whatever runs the model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol

Finish = Literal["end", "stop", "length", "deadline"]


@dataclass(frozen=True, slots=True)
class Limits:
    """When decoding ends.

    ``max_tokens`` bounds each response; ``stop`` strings end a response and are not part of
    its text; ``deadline_s`` bounds the whole batch in seconds (``None``: no deadline).
    """

    max_tokens: int
    stop: tuple[str, ...] = ()
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One greedy continuation.

    ``tokens`` are the generated token ids, ``logprobs`` their natural-log probabilities (same
    length). ``finish`` says what ended it: the model's end token, a stop string, the length
    limit or the deadline.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    prompt_tokens: int


@dataclass(frozen=True, slots=True)
class Batch:
    """The responses to one batch of prompts, in their order, and the seconds it took."""

    responses: tuple[Response, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What ran a model: everything that may change a response belongs here.

    ``build`` identifies the inference code, ``hardware`` the class of processor (instruction
    sets, not a serial number), ``parallel`` the sequences decoded together, ``context`` the
    tokens that one sequence may hold.
    """

    name: str
    version: str
    build: str
    hardware: str
    threads: int
    parallel: int
    context: int


class PromptTooLong(ValueError):
    """A prompt leaves no room for an answer in the context of one sequence."""

    def __init__(self, index: int, length: int, context: int) -> None:
        super().__init__(
            f"prompt {index} has {length} tokens; one sequence holds {context}, answer included"
        )
        self.index, self.length, self.context = index, length, context


class Runtime(Protocol):
    """An opened artifact. Not thread-safe; close it to free the memory."""

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        """Answer every prompt greedily. The composition of the batch is fixed by ``prompts``.

        Raises ``RuntimeError`` when the runtime fails, with its last log lines, and
        ``PromptTooLong``, before anything is generated, when a prompt does not fit.
        """
        ...

    def describe(self) -> RuntimeInfo: ...

    def close(self) -> None: ...
