"""What a model expects to come next: the probabilities at one place behind each of some texts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.distributions import Logits
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.lockstep import (
    NOT_NUMBERS,
    LockstepPlan,
    plan_lockstep,
    read_alone,
)
from pytest_quant.runtimes.llamacpp.passages import Passage
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary
from pytest_quant.runtimes.protocol import END, NextToken, NextTokens


def next_tokens(
    open_context: Callable[[LockstepPlan], library.Context],
    vocabulary: Vocabulary,
    prompts: Sequence[Tokens],
    beginnings: Sequence[Sequence[int]],
    wanted: Sequence[Sequence[int]],
    most: int,
    *,
    batch: int,
) -> tuple[NextTokens, ...]:
    """Raises ``RuntimeFailed`` when llama.cpp fails, or the logits are not numbers."""
    if not prompts:
        return ()
    place = np.zeros(1, np.int32)
    texts = [
        np.concatenate([prompt, np.array(said, np.int32)])
        for prompt, said in zip(prompts, beginnings, strict=True)
    ]
    read = [Passage(text, text, place) for text in texts]
    plan = plan_lockstep(read, batch=batch, vocabulary_size=len(vocabulary.ends))

    def look(logits: Logits, places: slice) -> list[NextTokens]:
        rows = zip(logits, beginnings[places], wanted[places], strict=True)
        return [_at(row, vocabulary, said, asked, most) for row, said, asked in rows]

    with closing(open_context(plan)) as context:
        found = read_alone(context, read, plan, look)
    return tuple(one for piece in found for one in piece)


def _at(
    logits: npt.NDArray[np.float32],
    vocabulary: Vocabulary,
    said: Sequence[int],
    wanted: Sequence[int],
    most: int,
) -> NextTokens:
    logs = logits.astype(np.float64)
    if not np.isfinite(logs.max()) or np.isnan(logs).any():
        raise RuntimeFailed(NOT_NUMBERS)
    logs -= np.logaddexp.reduce(logs)
    # Whichever token ends an answer, it ends.
    ends = vocabulary.ends
    end = float(np.logaddexp.reduce(logs[ends])) if ends.any() else -np.inf
    logs[ends] = -np.inf
    first = np.argsort(-logs, kind="stable")[:most]
    found = [(int(token), float(logs[token])) for token in first] + [(END, end)]
    found.sort(key=lambda one: -one[1])

    def named(token: int, logprob: float) -> NextToken:
        return NextToken("" if token == END else vocabulary.to_text([token]), logprob)

    return NextTokens(
        said=vocabulary.to_text(said),
        wanted=tuple(named(t, end if t == END else float(logs[t])) for t in wanted),
        likeliest=tuple(named(*one) for one in found[:most]),
    )
