"""How far a level is from the reference, beyond right and wrong answers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Literal

from pytest_quant.analysis.quality import ResponseLikelihood, response_likelihood
from pytest_quant.base.amounts import counted
from pytest_quant.errors import TimeOver
from pytest_quant.metrics.depth import by_depth, growth_warning
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.noise import noise_of
from pytest_quant.probes.model import Probe
from pytest_quant.runtimes.protocol import Incomparable, Lacking, Replies, Response
from pytest_quant.session.held_text import MOST_TOKENS_READ, own_replies, part_of, some_of
from pytest_quant.session.session import NOISE_BATCH, Session, twin_of


@dataclass(frozen=True, slots=True)
class Asked:
    """A probe that was asked at a level; ``measurement`` is ``None`` if another process did."""

    probe: Probe
    nodeid: str
    measurement: Measurement | None


# Of the held text one dialogue in so many comes first where time is short: enough for the check of
# divergence to fail by.
FIRST_STEP = 5
# Of these one in three is read once more for the noise of a level.
_NOISE_STEP = 3 * FIRST_STEP
# Of a level's share of the time, what the first part may take, and all of it together.
_OF_FIRST, _OF_MORE = 0.7, 0.35

# "text": before any question is asked; "responses": when all have been.
Stage = Literal["text", "responses"]


@dataclass(frozen=True, slots=True)
class Distances:
    """How far one level is from the reference, by one of two measures.

    ``likelihood`` is ``None`` where there is nothing to measure it on; ``note`` says what of this
    could not be measured.
    """

    divergences: tuple[Divergence, ...] = ()
    likelihood: ResponseLikelihood | None = None
    note: str = ""


def text_distance(session: Session, level: str) -> Distances:
    """On the held text, which needs no question; from what the reference was recorded to predict
    where it is not at hand.

    Raises ``Incomparable`` if the two do not read the same tokens, ``TimeOver``.
    """
    plan = session.plan
    if plan.predictions is not None:
        recorded = session.bench.diverge_from(plan.predictions, level)
        return Distances(_with_noise(session, level, [recorded]))
    if session.time.is_given:
        return Distances((_as_time_allows(session, level),))
    on_text = session.bench.diverge(level, plan.held_text)
    if on_text.source == "recorded":  # two runtimes, of which neither sees into the other
        return Distances(_with_noise(session, level, [on_text]))
    in_depth, why = _in_depth(session, level)
    warning = "; ".join(filter(None, (on_text.warning, why)))
    found = [replace(on_text, warning=warning), *in_depth]
    return Distances(_with_noise(session, level, found))


def _as_time_allows(session: Session, level: str) -> Divergence:
    """On a part of the held text that shows a broken file, then on as much as there is time for.

    How long reading takes does not depend on what is found.
    """
    time, text = session.time, session.plan.held_text
    itself: Divergence | None = None
    share, began, read = time.share(session.plan.tested), time.spent, FIRST_STEP
    with time.narrowed(_OF_FIRST * share):
        found = session.bench.diverge(level, part_of(text, read))
        took = time.spent - began
        # Smaller batches are slow: what was read stands without its noise, too.
        with suppress(TimeOver):
            itself = _itself(session, level)
    for step in (1, 2):
        left = _OF_MORE * share - (time.spent - began)
        if took * FIRST_STEP / step <= left:
            with suppress(TimeOver), time.narrowed(left):
                found, read = session.bench.diverge(level, part_of(text, step)), step
            break
    found = replace(found, noise=noise_of(itself, found, NOISE_BATCH) if itself else None)
    if part_of(text, read) == text:
        return found
    told = f"read in part, {counted(len(found.chunks), 'chunk')}, for want of time (--quant-time)"
    return replace(found, warning="; ".join(filter(None, (found.warning, told))))


def response_distances(session: Session, level: str, asked: Iterable[Asked]) -> Distances:
    """On the reference's responses to the probes that it can do, and how likely the level's are.

    Raises ``Incomparable`` if the two do not read the same tokens, ``TimeOver``.
    """
    probes = _in_order(asked)
    likelihood, note = None, ""
    try:
        likelihood = _likelihood(session, level, probes)
    except Lacking as error:
        note = f"not measured how likely its responses are: {error}"
    able = [one.probe for one in probes if _tells(session, level, one)]
    written = [session.replies(probe, level) for probe in able]
    replies = own_replies(written)
    note = "; ".join(filter(None, (note, _without_replies(replies, written))))
    # Kept, since it was read before any question.
    text = session.plan.held_text
    text = part_of(text, FIRST_STEP) if session.time.is_given else text
    on_text = session.bench.diverge(level, text)
    # Two runtimes are not compared on responses.
    if on_text.source == "recorded" or not replies.pairs:
        return Distances((), likelihood, note)
    found = session.bench.diverge(level, replies)
    return Distances(_with_noise(session, level, [on_text, found])[1:], likelihood, note)


def _in_depth(session: Session, level: str) -> tuple[list[Divergence], str]:
    """The divergence on a long reading, or why there is none though the reference has the room."""
    text = session.plan.long_text
    if text is None:
        return [], ""
    try:
        found = session.bench.diverge(level, text)
        grown = growth_warning(by_depth(found.chunks))
        return [replace(found, warning="; ".join(filter(None, (found.warning, grown))))], ""
    except Incomparable as error:
        return [], f"not measured at depth: {error}"


def _tells(session: Session, level: str, one: Asked) -> bool:
    """What the reference writes where it can do nothing is not what anybody uses it for."""
    return session.tells(one.probe, level, one.measurement, one.nodeid)


def _without_replies(replies: Replies, written: Iterable[Sequence[tuple[str, Response]]]) -> str:
    """Why nothing is measured on the reference's own responses, if thinking makes them too long."""
    if replies.pairs or not any(response.thought for of in written for _, response in of):
        return ""
    return (
        f"not measured on {replies.title}: with its thinking none has {MOST_TOKENS_READ} tokens or "
        "less; --quant-thinking=off gives shorter ones"
    )


def _with_noise(
    session: Session, level: str, found: Sequence[Divergence]
) -> tuple[Divergence, ...]:
    """Each with the level's own noise, which is measured on a part of the held text."""
    noise = noise_of(_itself(session, level), found[0], NOISE_BATCH)
    return tuple(replace(one, noise=noise) for one in found)


def _itself(session: Session, level: str) -> Divergence:
    text = session.plan.held_text
    part = part_of(text, _NOISE_STEP) if session.time.is_given else some_of(text)
    return session.bench.diverge(twin_of(level), part, base=level)


def _likelihood(session: Session, level: str, asked: Sequence[Asked]) -> ResponseLikelihood | None:
    """How likely the reference finds a level's compositions; ``None`` without any.

    Those of probes that the level was asked: it writes nothing for this.
    """
    pairs: list[tuple[float, float]] = []
    for one in asked:
        if one.probe.check == "constraints" and _has_answered(session, level, one):
            replies = session.replies(one.probe, level)
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
