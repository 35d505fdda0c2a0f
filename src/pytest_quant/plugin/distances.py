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
    from pytest_quant.probes.model import Probe
    from pytest_quant.runtimes.protocol import Replies

# The noise is measured on so many responses, because a large model takes its time for them.
NOISE_RESPONSES = 32


def divergences(state: State, level: str, probes: Iterable[Probe]) -> tuple[Divergence, ...]:
    """On the held text, then on the reference's own responses to these probes, if there are any."""
    found = [state.bench.diverge(level, state.held_text)]
    replies = _replies(state, probes)
    if replies.pairs:
        found.append(state.bench.diverge(level, replies))
    return tuple(found)


def noise(state: State, probes: Iterable[Probe]) -> NoiseFloor | None:
    """How far the reference is from itself in smaller batches, on its own responses.

    ``None`` if it wrote none to these probes.
    """
    from pytest_quant.metrics.noise import noise_floor

    replies = _replies(state, probes)
    if not replies.pairs:
        return None
    some = replace(replies, pairs=replies.pairs[:NOISE_RESPONSES])
    return noise_floor(state.bench.diverge(TWIN, some), state.reference.name, NOISE_BATCH)


def likelihood(state: State, level: str, probes: Iterable[Probe]) -> ResponseLikelihood | None:
    """How likely the reference finds a level's compositions; ``None`` without any."""
    from pytest_quant.analysis.quality import response_likelihood

    pairs: list[tuple[float, float]] = []
    for probe in _in_order(probes):
        if probe.check == "constraints" and (replies := state.replies(probe)):
            pairs += state.bench.likelihoods(probe, level, replies)
    return response_likelihood(level, pairs) if pairs else None


def _replies(state: State, probes: Iterable[Probe]) -> Replies:
    from pytest_quant.held_text import own_replies

    return own_replies(state.replies(probe) for probe in _in_order(probes))


def _in_order(probes: Iterable[Probe]) -> list[Probe]:
    """In an order that does not depend on the files they came from."""
    return sorted(probes, key=lambda probe: probe.id)
