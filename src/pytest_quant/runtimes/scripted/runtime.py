"""The runtime that answers as its script says. A word is a token."""

from __future__ import annotations

import re
import time
import zlib
from collections.abc import Sequence

from pytest_quant.base.version import __version__
from pytest_quant.runtimes.chat import THINKING_BUDGET
from pytest_quant.runtimes.protocol import (
    Batch,
    Capability,
    Finish,
    Lacking,
    Likelihood,
    Limits,
    PromptTooLong,
    Response,
    Runtime,
    RuntimeInfo,
    Scores,
)
from pytest_quant.runtimes.scripted.script import Logprobs, Script
from pytest_quant.thinking import WINDOW, Allowance, may_end_a_mark

NAME = "scripted"
# Of how a script is turned into responses; with a new one none that was made otherwise is served.
FORMAT = 2


class ScriptedRuntime(Runtime):
    """Answers from a script: the same every time, at once, and in no process but this one."""

    def __init__(
        self, script: Script, threads: int, thinking_budget: int = THINKING_BUDGET
    ) -> None:
        self._script = script
        self._threads = threads
        self._thinking_budget = thinking_budget

    @property
    def capabilities(self) -> frozenset[Capability]:
        """It knows how likely something is only if its script says so."""
        known = frozenset[Capability]({"generate"})
        return known | {"log-probabilities", "score"} if self._script.logprobs else known

    def describe(self) -> RuntimeInfo:
        return RuntimeInfo(
            name=NAME,
            version=__version__,
            build=f"scripts of format {FORMAT}",
            hardware="none",
            threads=self._threads,
            parallel=1,
            context=self._script.context,
        )

    def generate(self, prompts: Sequence[str], limits: Limits) -> Batch:
        if limits.max_tokens < 1 or not all(limits.stop):
            raise ValueError(f"max_tokens must be positive and stop strings not empty: {limits}")
        started = time.perf_counter()
        sizes = [self._size(index, prompt, 1) for index, prompt in enumerate(prompts)]
        responses = tuple(
            Response("", (), (), "deadline", size)
            if _is_over(started, limits.deadline_s)
            else self._respond(prompt, size, limits)
            for prompt, size in zip(prompts, sizes, strict=True)
        )
        return Batch(responses, time.perf_counter() - started)

    def score(
        self,
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        deadline_s: float | None = None,
    ) -> Scores:
        """A word is as likely as one that is said as long as it is what the script says there."""
        logprobs = self._script.logprobs
        if logprobs is None:
            raise Lacking(NAME, "score")
        started = time.perf_counter()
        read = 0
        for index, (prompt, texts) in enumerate(zip(prompts, continuations, strict=True)):
            if not texts or not all(text.strip() for text in texts):
                raise ValueError(f"nothing to score, or an empty text: {list(texts)}")
            longest = max(len(text.split()) for text in texts)
            read += self._size(index, prompt, longest) + sum(len(text.split()) for text in texts)
        likelihoods = tuple(
            ()
            if _is_over(started, deadline_s)
            else tuple(_likelihood(self._script.answer(prompt), text, logprobs) for text in texts)
            for prompt, texts in zip(prompts, continuations, strict=True)
        )
        return Scores(likelihoods, read, time.perf_counter() - started)

    def close(self) -> None:
        """There is nothing to free."""

    def _size(self, index: int, prompt: str, room: int) -> int:
        """The words of a prompt; raises ``PromptTooLong`` if it leaves no room for so many."""
        size = len(prompt.split())
        if size + room > self._script.context:
            raise PromptTooLong(index, size, self._script.context)
        return size

    def _respond(self, prompt: str, size: int, limits: Limits) -> Response:
        whole = self._script.answer(prompt)
        stop = re.search("|".join(map(re.escape, limits.stop)), whole) if limits.stop else None
        words = re.findall(r"\s*\S+", whole[: stop.end()] if stop else whole)
        allowance = Allowance("", limits.max_tokens, self._thinking_budget)
        most = _most(words, allowance, self._script.context - size)
        finish: Finish
        if len(words) > most:
            words = words[:most]
            text, finish = "".join(words), "length"
        elif stop:
            text, finish = whole[: stop.start()], "stop"
        else:
            text, finish = whole, "end"
        logprobs = self._script.logprobs
        return Response(
            text=text.strip(),
            tokens=tuple(map(_token, words)),
            logprobs=(logprobs.said,) * len(words) if logprobs else (),
            finish=finish,
            prompt_tokens=size,
            thought=allowance.thought(len(words)),
        )


def _most(words: Sequence[str], allowance: Allowance, room: int) -> int:
    """How many words may be said, thinking and answer each within its own limit."""
    for count, word in enumerate(words, 1):
        if count > min(room, allowance.limit):
            return count - 1
        if may_end_a_mark(word):
            said = "".join(words[max(0, count - WINDOW) : count])
            allowance.see(said[-WINDOW:], len(word), count)
    return len(words)


def _is_over(started: float, deadline_s: float | None) -> bool:
    return deadline_s is not None and time.perf_counter() - started >= deadline_s


def _token(word: str) -> int:
    """A number that stands for a word, the same everywhere."""
    return zlib.crc32(word.strip().encode()) & 0x7FFFFFFF


def _likelihood(answer: str, text: str, logprobs: Logprobs) -> Likelihood:
    words, said = text.split(), answer.split()
    agree = 0
    while agree < min(len(words), len(said)) and words[agree] == said[agree]:
        agree += 1
    return Likelihood(
        tuple(map(_token, words)),
        (logprobs.said,) * agree + (logprobs.other,) * (len(words) - agree),
    )
