"""The reference's predictions, kept for later; and a level compared with them, without it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from itertools import accumulate

import numpy as np

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.distributions import Logits, TokenStatistics, joined, split
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.likeliest import (
    Likeliest,
    Predictions,
    compare_with,
    concatenated,
    likeliest,
)
from pytest_quant.metrics.token_statistics import chunk_of, summarize
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.lockstep import (
    NOT_NUMBERS,
    LockstepPlan,
    plan_lockstep,
    read_alone,
)
from pytest_quant.runtimes.llamacpp.passages import Passage

# A long text is not kept whole: so many predictions tell a divergence to a few percent.
MOST_PLACES = 8192

OpenContext = Callable[[LockstepPlan], library.Context]


def predict(
    open_context: OpenContext,
    read: Sequence[Passage],
    title: str,
    *,
    batch: int,
    vocabulary_size: int,
) -> Predictions:
    """What a model predicts on the first passages, as many as are needed.

    Raises ``RuntimeFailed`` when llama.cpp fails.
    """
    before = accumulate((len(passage.targets) for passage in read), initial=0)
    some = [p for p, seen in zip(read, before, strict=False) if seen < MOST_PLACES]
    targets = np.concatenate([passage.targets for passage in some])
    plan = plan_lockstep(some, batch=batch, vocabulary_size=vocabulary_size)

    def look(logits: Logits, places: slice) -> Likeliest:
        return likeliest(logits, targets[places])

    with closing(open_context(plan)) as context:
        found = read_alone(context, some, plan, look)
    return Predictions(
        title=title,
        vocabulary_size=vocabulary_size,
        tokens=np.concatenate([passage.reference for passage in some]),
        lengths=np.array([len(passage.reference) for passage in some], np.int32),
        scored=np.array([len(passage.targets) for passage in some], np.int32),
        targets=targets,
        likeliest=concatenated(found),
    )


def diverge_from(open_context: OpenContext, known: Predictions, *, batch: int) -> Divergence:
    """How far a model of the same vocabulary is from what a reference predicted.

    Raises ``RuntimeFailed`` when llama.cpp fails.
    """
    read = [Passage(tokens, tokens, targets) for tokens, targets in known.passages()]
    plan = plan_lockstep(read, batch=batch, vocabulary_size=known.vocabulary_size)

    def look(logits: Logits, places: slice) -> TokenStatistics:
        try:
            return compare_with(known.likeliest[places], logits, known.targets[places])
        except ValueError:
            raise RuntimeFailed(NOT_NUMBERS) from None

    with closing(open_context(plan)) as context:
        found = joined(read_alone(context, read, plan, look))
    tokens = split(found, known.scored.tolist())
    return Divergence(
        level="",
        source="recorded",
        title=f"{known.title} (recorded predictions)",
        chunks=tuple(chunk_of(p.digest, t) for p, t in zip(read, tokens, strict=True)),
        statistics=summarize(tokens),
    )
