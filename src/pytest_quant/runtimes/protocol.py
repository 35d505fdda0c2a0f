"""What every runtime offers, whatever runs the model."""

# What a runtime cannot do, it refuses whatever the arguments.
# ruff: noqa: ARG002

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, Protocol, runtime_checkable

from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.thinking import read

Finish = Literal["end", "stop", "length", "deadline"]

# What a runtime can do besides describing itself: answer prompts; say how likely each token of its
# answers was; say how likely a given continuation is; be compared with another token by token; and
# say what may come next.
Capability = Literal["generate", "log-probabilities", "score", "predict", "candidates"]
_LACKS: dict[Capability, str] = {
    "generate": "writes no answers",
    "log-probabilities": "gives no log-probabilities",
    "score": "does not say how likely a given answer is",
    "predict": "does not show what it predicts at each token of a text",
    "candidates": "does not show which tokens it finds likely to come next",
}

# In place of a token: the end of the answer.
END = -1


@dataclass(frozen=True, slots=True)
class Limits:
    """When decoding ends.

    ``max_tokens`` bounds each response, its thinking apart; ``stop`` strings end a response and are
    not part of its text; ``deadline_s`` bounds the whole batch in seconds (``None``: no deadline).
    """

    max_tokens: int
    stop: tuple[str, ...] = ()
    deadline_s: float | None = None


@dataclass(frozen=True, slots=True)
class Response:
    """One greedy continuation.

    ``tokens`` are the generated token ids, ``logprobs`` their natural-log probabilities (same
    length). ``finish`` says what ended it: the model's end token, a stop string, the length
    limit or the deadline. ``opened`` is the mark of thinking that the prompt left open, or empty;
    ``thought`` of the tokens are thinking.
    """

    text: str
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    prompt_tokens: int
    opened: str = ""
    thought: int = 0

    @property
    def whole(self) -> str:
        """The text as it is to be read: with the mark behind which it begins."""
        return self.opened + self.text

    @property
    def is_answered(self) -> bool:
        """Whether it says anything behind the end of its thinking."""
        reading = read(self.whole)
        return not reading.cut and bool(reading.text.strip())


@dataclass(frozen=True, slots=True)
class Batch:
    """The responses to one batch of prompts, in their order, and the seconds it took."""

    responses: tuple[Response, ...]
    seconds: float


@dataclass(frozen=True, slots=True)
class Likelihood:
    """How likely one continuation of a prompt is.

    ``tokens`` are its token ids, ``logprobs`` the natural-log probability of each after the
    prompt and those before it (same length).
    """

    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]

    @property
    def total(self) -> float:
        """The natural-log probability of the whole continuation."""
        return math.fsum(self.logprobs)


@dataclass(frozen=True, slots=True)
class Scores:
    """The likelihoods of the continuations of each prompt, and the seconds that it took.

    Both in the order of the call; a prompt that the deadline came before has no entries.
    ``prompt_tokens`` counts all tokens that were read.
    """

    likelihoods: tuple[tuple[Likelihood, ...], ...]
    prompt_tokens: int
    seconds: float


@dataclass(frozen=True, slots=True)
class NextToken:
    """A token that may come next, as text (none: the answer ends), and its natural-log
    probability.
    """

    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class NextTokens:
    """What is expected behind a prompt and the beginning of its answer.

    ``said`` is that beginning as text; ``wanted`` are the tokens that were asked about, in their
    order, ``likeliest`` those that the model finds the likeliest.
    """

    said: str
    wanted: tuple[NextToken, ...]
    likeliest: tuple[NextToken, ...]


@dataclass(frozen=True, slots=True)
class PlainText:
    """A text that is read in chunks, as it stands in a file; ``title`` names it for a person."""

    title: str
    text: str


@dataclass(frozen=True, slots=True)
class Dialogues:
    """Questions with their answers: ``pairs``, each of which is read by itself."""

    title: str
    pairs: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Replies:
    """Prompts with what the reference itself answered to them."""

    title: str
    pairs: tuple[tuple[str, Response], ...]


@dataclass(frozen=True, slots=True)
class LongText:
    """A text of which ``context`` tokens are read in one go. Dialogues follow each other, and once
    more in another order where they are too short.
    """

    text: PlainText | Dialogues
    context: int

    @property
    def title(self) -> str:
        return self.text.title


# What the predictions of two models are compared on.
Reading = PlainText | Dialogues | Replies | LongText


@dataclass(frozen=True, slots=True)
class RuntimeInfo:
    """What ran a model: everything that may change a response belongs here.

    ``build`` identifies the inference code, ``hardware`` the class of processor (instruction
    sets, not a serial number), ``parallel`` the sequences decoded together, ``context`` the
    tokens that one sequence may hold, ``kernels`` how the weights are laid out for this processor
    (such as ``34 tensors as q4_K_8x8``), ``devices`` where the layers lie (``33 layers on CUDA0
    (NVIDIA H200)``), ``flash_attention`` whether attention was computed so (``enabled``), ``kv``
    the types of keys and values (``q8_0/f16``), ``served`` by whom an answer was given and what
    that server can do: each as the runtime told it, empty where it did not.
    """

    name: str
    version: str
    build: str
    hardware: str
    threads: int
    parallel: int
    context: int
    kernels: str = ""
    devices: str = ""
    flash_attention: str = ""
    kv: str = ""
    served: str = ""


class PromptTooLong(ValueError):
    """A prompt leaves no room for an answer in the context of one sequence."""

    def __init__(self, index: int, length: int, context: int) -> None:
        super().__init__(
            f"prompt {index} has {length} tokens; one sequence holds {context}, answer included"
        )
        self.index, self.length, self.context = index, length, context


class Incomparable(ValueError):
    """Two artifacts do not predict the same things, or there is nothing to compare them on."""


class Lacking(Incomparable):
    """A runtime was asked for what is not among its capabilities."""

    def __init__(self, runtime: str, capability: Capability) -> None:
        super().__init__(f"the {runtime} runtime {_LACKS[capability]}")
        self.capability = capability


class Runtime(Protocol):
    """An opened artifact. Not thread-safe; close it to free the memory.

    A class that inherits from this need not have the methods of what it cannot do.
    """

    @property
    def capabilities(self) -> frozenset[Capability]:
        """What may be asked of it."""
        ...

    def describe(self) -> RuntimeInfo: ...

    def close(self) -> None: ...

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        """Answer every prompt greedily. The composition of the batch is fixed by ``prompts``.

        Without log-probabilities those of each response are empty. Raises ``RuntimeFailed``, with
        the runtime's last log lines, and ``PromptTooLong``, before anything is generated, when a
        prompt does not fit.
        """
        raise Lacking(self.describe().name, "generate")

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        """How likely each of some continuations is as the beginning of the answer to its prompt.

        ``continuations`` holds one or more texts for each prompt. The composition of the batch
        is fixed by the arguments. Raises ``ValueError`` for an empty text, ``PromptTooLong`` and
        ``RuntimeFailed``.
        """
        raise Lacking(self.describe().name, "score")

    def candidates(
        self,
        prompts: Sequence[str],
        beginnings: Sequence[Sequence[int]],
        wanted: Sequence[Sequence[int]],
        most: int,
    ) -> tuple[NextTokens, ...]:
        """What may come next behind each prompt and the beginning of an answer to it.

        ``beginnings`` are token ids as in `Response`, ``wanted`` those whose probability is asked
        for (``END``: that the answer ends), ``most`` how many of the likeliest. Raises
        ``RuntimeFailed``.
        """
        raise Lacking(self.describe().name, "candidates")

    def diverge(self, level: Runtime, reading: Reading) -> Divergence | None:
        """How far a level's predictions are from those of this artifact, the reference.

        ``None`` if it cannot look into that runtime: then it is compared by what it predicts. The
        divergence names no level. Raises ``Incomparable``, ``QuantUsageError`` for a text that is
        too short, and ``RuntimeFailed``.
        """
        raise Lacking(self.describe().name, "predict")

    def predict(self, reading: Reading) -> Predictions:
        """What this artifact, the reference, finds the likeliest in a text: enough to compare
        levels with when it is not at hand. Raises as ``diverge``.
        """
        raise Lacking(self.describe().name, "predict")

    def diverge_from(self, known: Predictions) -> Divergence:
        """How far this artifact, a level, is from what the reference predicted.

        The divergence names no level. Raises ``Incomparable`` and ``RuntimeFailed``.
        """
        raise Lacking(self.describe().name, "predict")


@runtime_checkable
class AnswersTogether(Protocol):
    """A runtime that answers several batches in less time than one after the other."""

    def generate_each(self, batches: Sequence[Sequence[str]], limits: Limits) -> list[Batch]:
        """What ``generate`` gives for each, with these limits each. Raises as that does."""
        ...


@runtime_checkable
class Abortable(Protocol):
    """A runtime that can be told, by another thread, to end what it works on."""

    def abort(self) -> None:
        """Answers under way end as by a deadline; any other work fails (``RuntimeFailed``)."""
        ...


def generate_each(
    runtime: Runtime, batches: Sequence[Sequence[str]], limits: Limits
) -> list[Batch]:
    """Answer several batches, at once where the runtime can. Raises as ``generate`` does."""
    if isinstance(runtime, AnswersTogether):
        return runtime.generate_each(batches, limits)
    return [runtime.generate(prompts, limits) for prompts in batches]


def require(runtime: Runtime, capability: Capability) -> None:
    """Raises ``Lacking`` for what a runtime cannot do."""
    if capability not in runtime.capabilities:
        raise Lacking(runtime.describe().name, capability)


def divergence(reference: Runtime, level: Runtime, reading: Reading) -> Divergence:
    """How far a level is from the reference, whatever runs the two.

    Over the whole vocabulary if the reference's runtime can look into the level's. Else by what
    the reference finds the likeliest in the text: another measure, hence of another source, and
    not to be had of responses, for which a record holds the first measure alone. Raises as
    ``Runtime.diverge``.
    """
    require(reference, "predict")
    require(level, "predict")
    found = reference.diverge(level, reading)
    if found is None:
        if isinstance(reading, Replies):
            raise Incomparable(f"{reading.title} are read by two models of one runtime alone")
        found = level.diverge_from(reference.predict(reading))
    return found
