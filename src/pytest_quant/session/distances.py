"""How far a level is from the reference, beyond right and wrong answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from pytest_quant.analysis.quality import ResponseLikelihood, response_likelihood
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.noise import NoiseFloor, noise_floor
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import Lacking, Replies
from pytest_quant.session.held_text import own_replies
from pytest_quant.session.session import NOISE_BATCH, TWIN, Session

# The noise is measured on so many responses, because a large model takes its time for them.
NOISE_RESPONSES = 32


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe that was asked at a level; ``measurement`` is ``None`` if another process did."""

    probe: Probe
    nodeid: str
    measurement: Measurement | None


@dataclass(frozen=True, slots=True)
class Distances:
    """How far one level is from the reference; ``noise`` is how far the reference is from itself.

    ``noise`` and ``likelihood`` are ``None`` where there is nothing to measure them on.
    """

    divergences: tuple[Divergence, ...] = ()
    noise: NoiseFloor | None = None
    likelihood: ResponseLikelihood | None = None


def measure_distances(session: Session, level: str, asked: Iterable[Asked]) -> Distances:
    """On the held text and on the reference's responses to the probes that were asked; from what
    the reference was recorded to predict where it is not at hand.

    Raises ``Incomparable`` if the two do not read the same tokens.
    """
    plan = session.plan
    if plan.predictions is not None:
        return Distances((session.bench.diverge_from(plan.predictions, level),))
    probes = _in_order(asked)
    likelihood, note = None, ""
    try:
        likelihood = _likelihood(session, level, probes)
    except Lacking as error:
        note = f"not measured how likely its responses are: {error}"
    replies = own_responses(session, [one.probe for one in probes])
    on_text = session.bench.diverge(level, plan.held_text)
    notes = "; ".join(filter(None, (on_text.warning, note)))
    found = [replace(on_text, warning=notes)]
    if on_text.source == "recorded":
        # Of two runtimes, which are not compared on responses.
        return Distances(tuple(found), likelihood=likelihood)
    if replies.pairs:
        found.append(session.bench.diverge(level, replies))
    return Distances(tuple(found), _noise(session, replies), likelihood)


def own_responses(session: Session, probes: Iterable[Probe]) -> Replies:
    """What the reference wrote to the first cases of these probes."""
    return own_replies(session.replies(probe) for probe in probes)


def _noise(session: Session, replies: Replies) -> NoiseFloor | None:
    """How far the reference is from itself in smaller batches, on its own responses."""
    if not replies.pairs:
        return None
    some = replace(replies, pairs=replies.pairs[:NOISE_RESPONSES])
    found = session.bench.diverge(TWIN, some)
    return noise_floor(found, session.plan.reference.name, NOISE_BATCH)


def _likelihood(session: Session, level: str, asked: Sequence[Asked]) -> ResponseLikelihood | None:
    """How likely the reference finds a level's compositions; ``None`` without any.

    Those of probes that the level was asked: it writes nothing for this.
    """
    pairs: list[tuple[float, float]] = []
    for one in asked:
        if one.probe.check == "constraints" and _has_answered(session, level, one):
            replies = session.replies(one.probe)
            pairs += session.bench.likelihoods(one.probe, level, replies)
    return response_likelihood(level, pairs) if pairs else None


def _has_answered(session: Session, level: str, asked: Asked) -> bool:
    """Whether the level answered; another worker may have asked, and its answers are kept.

    What does not fit into its context was not asked.
    """
    found = asked.measurement or session.measure(asked.probe, level, asked.nodeid)
    lost = any(case.level is not None and case.level.finish == "context" for case in found.cases)
    return found.level_effort is not None and not lost


def _in_order(asked: Iterable[Asked]) -> list[Asked]:
    """Each once, in an order that depends neither on their files nor on that of the tests."""
    return sorted({one.probe.id: one for one in asked}.values(), key=lambda one: one.probe.id)
