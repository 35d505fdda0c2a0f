"""How far a level is from the reference, beyond right and wrong answers."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TYPE_CHECKING

from pytest_quant.plugin.state import NOISE_BATCH, TWIN, State

if TYPE_CHECKING:
    from pytest_quant.analysis.quality import ResponseLikelihood
    from pytest_quant.metrics.divergence import Divergence
    from pytest_quant.metrics.noise import NoiseFloor
    from pytest_quant.plugin.items import ProbeItem
    from pytest_quant.runtimes.protocol import Replies

# The noise is measured on so many responses, because a large model takes its time for them.
NOISE_RESPONSES = 32


def own_responses(state: State, items: Iterable[ProbeItem]) -> Replies:
    """What the reference wrote to the first cases of these items' probes."""
    from pytest_quant.session.held_text import own_replies

    return own_replies(state.replies(item.probe) for item in _in_order(items))


def divergences(state: State, level: str, replies: Replies) -> tuple[Divergence, ...]:
    """On the held text, then on the reference's own responses, if there are any."""
    found = [state.bench.diverge(level, state.held_text)]
    if replies.pairs:
        found.append(state.bench.diverge(level, replies))
    return tuple(found)


def from_recorded(state: State, level: str) -> Divergence:
    """From what the reference was recorded to predict on the held text."""
    assert state.predictions is not None
    return state.bench.diverge_from(state.predictions, level)


def noise(state: State, replies: Replies) -> NoiseFloor | None:
    """How far the reference is from itself in smaller batches, on its own responses.

    ``None`` if there are none.
    """
    from pytest_quant.metrics.noise import noise_floor

    if not replies.pairs:
        return None
    some = replace(replies, pairs=replies.pairs[:NOISE_RESPONSES])
    return noise_floor(state.bench.diverge(TWIN, some), state.reference.name, NOISE_BATCH)


def likelihood(state: State, level: str, items: Iterable[ProbeItem]) -> ResponseLikelihood | None:
    """How likely the reference finds a level's compositions; ``None`` without any.

    Those of probes that the level was asked: it writes nothing for this.
    """
    from pytest_quant.analysis.quality import response_likelihood

    pairs: list[tuple[float, float]] = []
    for item in _in_order(items):
        if item.probe.check == "constraints" and _was_asked(state, item):
            replies = state.replies(item.probe)
            pairs += state.bench.likelihoods(item.probe, level, replies)
    return response_likelihood(level, pairs) if pairs else None


def _was_asked(state: State, item: ProbeItem) -> bool:
    """Whether the level answered; another worker may have asked, and its answers are kept.

    What does not fit into its context was not asked.
    """
    found = item.measurement or state.measure(item.probe, item.level, item.nodeid)
    lost = any(case.level is not None and case.level.finish == "context" for case in found.cases)
    return found.level_effort is not None and not lost


def _in_order(items: Iterable[ProbeItem]) -> list[ProbeItem]:
    """Each once, in an order that depends neither on their files nor on that of the tests."""
    return sorted({item.probe.id: item for item in items}.values(), key=lambda i: i.probe.id)
