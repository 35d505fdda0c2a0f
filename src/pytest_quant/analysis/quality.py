"""What can be told of free text without a judge: instructions kept, and repetition."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache

from pytest_quant.analysis.estimates import Estimate, between, mean_of, resampled_means
from pytest_quant.checkers.degeneration import FEWEST_WORDS, distinct_share, is_looping
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.metrics.measurement import Answer, Measurement

_Pair = tuple[Answer, Answer]


@dataclass(frozen=True, slots=True)
class InstructionsKept:
    """Of ``asked`` verifiable instructions in ``compositions`` compositions, the share kept.

    Shares in per cent; ``change`` is level less reference in percentage points. Its bounds are the
    wider of those from resampling compositions and Tango's: where no instruction flipped,
    resampling would claim to be certain.
    """

    level: str
    compositions: int
    asked: int
    reference: Estimate
    own: Estimate
    change: Estimate


@dataclass(frozen=True, slots=True)
class Degeneration:
    """Repetition in the ``responses`` that have at least 20 words at the level or the reference.

    ``reference_looping`` and ``looping`` count those of which more than a fifth only repeats the
    words just before. ``distinct`` is the share of different word pairs of a response (1: none
    returns), its mean over the responses; ``distinct_change`` is level less reference.
    """

    level: str
    responses: int
    reference_looping: int
    looping: int
    reference_distinct: Estimate
    distinct: Estimate
    distinct_change: Estimate


@dataclass(frozen=True, slots=True)
class CutAnswers:
    """How many of ``answers`` a limit on their length ended, at the level and at its reference.

    ``change`` is level less reference in percentage points; its bounds are Tango's.
    """

    level: str
    answers: int
    reference_cut: int
    cut: int
    change: Estimate


@dataclass(frozen=True, slots=True)
class ResponseLikelihood:
    """How likely the reference finds compositions, the first of each probe: ``responses`` pairs.

    Mean natural-log probabilities of a token, in nats: ``reference`` of its own compositions,
    ``own`` of the level's to the same prompts, ``change`` the difference of a pair, level less
    reference. Far below 0: the level writes what the reference would not.
    """

    level: str
    responses: int
    reference: Estimate
    own: Estimate
    change: Estimate


def response_likelihood(level: str, pairs: Sequence[tuple[float, float]]) -> ResponseLikelihood:
    """From the reference's and the level's mean log-probabilities, at least one pair."""
    return ResponseLikelihood(
        level,
        len(pairs),
        reference=mean_of([before for before, _ in pairs]),
        own=mean_of([now for _, now in pairs]),
        change=mean_of([now - before for before, now in pairs]),
    )


def instructions_kept(measurements: Iterable[Measurement]) -> tuple[InstructionsKept, ...]:
    """By level; one without compositions is left out."""
    rows = []
    for level, pairs in _by_level(measurements).items():
        asked = [(r, own) for r, own in pairs if is_composition(r, own)]
        if not asked:
            continue
        draws = resampled_means([(r.kept, own.kept, r.asked) for r, own in asked])
        before, now, total = (
            sum(counts)
            for counts in zip(*((r.kept, own.kept, r.asked) for r, own in asked), strict=True)
        )
        shares = [100 * draws[:, side] / draws[:, 2] for side in (0, 1)]
        rows.append(
            InstructionsKept(
                level,
                compositions=len(asked),
                asked=total,
                reference=between(100 * before / total, shares[0]),
                own=between(100 * now / total, shares[1]),
                change=_wider(
                    between(100 * (now - before) / total, shares[1] - shares[0]), asked, total
                ),
            )
        )
    return tuple(rows)


def is_composition(reference: Answer, own: Answer) -> bool:
    """Whether both wrote a text of their own to the same verifiable instructions."""
    return bool(reference.asked) and reference.asked == own.asked


def _wider(change: Estimate, asked: Sequence[_Pair], total: int) -> Estimate:
    lost = sum(max(0, r.kept - own.kept) for r, own in asked)
    won = sum(max(0, own.kept - r.kept) for r, own in asked)
    lower, upper = (100 * bound for bound in tango_bounds(won, lost, total, 0.025))
    return Estimate(change.value, min(change.lower, lower), max(change.upper, upper))


def degeneration(measurements: Iterable[Measurement]) -> tuple[Degeneration, ...]:
    """By level; one without responses of some length is left out."""
    rows = []
    for level, pairs in _by_level(measurements).items():
        long = [
            (before, now)
            for before, now in (
                (_repetition(r.response), _repetition(o.response)) for r, o in pairs
            )
            if max(before.words, now.words) >= FEWEST_WORDS
        ]
        if not long:
            continue
        draws = resampled_means([(before.distinct, now.distinct) for before, now in long])
        means = [sum(pair[side].distinct for pair in long) / len(long) for side in (0, 1)]
        rows.append(
            Degeneration(
                level,
                responses=len(long),
                reference_looping=sum(before.loops for before, _ in long),
                looping=sum(now.loops for _, now in long),
                reference_distinct=between(means[0], draws[:, 0]),
                distinct=between(means[1], draws[:, 1]),
                distinct_change=between(means[1] - means[0], draws[:, 1] - draws[:, 0]),
            )
        )
    return tuple(rows)


def cut_answers(measurements: Iterable[Measurement]) -> tuple[CutAnswers, ...]:
    """By level; one without a single cut answer, on either side, is left out."""
    rows = []
    for level, pairs in _by_level(measurements).items():
        cuts = [(r.finish == "length", own.finish == "length") for r, own in pairs]
        before, now = (sum(cut[side] for cut in cuts) for side in (0, 1))
        if not before + now:
            continue
        more, fewer = ((r, own) for r, own in ((False, True), (True, False)))
        lower, upper = tango_bounds(cuts.count(more), cuts.count(fewer), len(cuts), 0.025)
        change = Estimate(100 * (now - before) / len(cuts), 100 * lower, 100 * upper)
        rows.append(CutAnswers(level, len(cuts), before, now, change))
    return tuple(rows)


@dataclass(frozen=True, slots=True)
class _Repetition:
    words: int
    loops: bool
    distinct: float


# Every level is paired with the same responses of the reference.
@lru_cache(maxsize=20_000)
def _repetition(text: str) -> _Repetition:
    words = text.casefold().split()
    return _Repetition(len(words), is_looping(words), distinct_share(words, 2))


def _by_level(measurements: Iterable[Measurement]) -> dict[str, list[_Pair]]:
    levels: dict[str, list[_Pair]] = {}
    for measurement in measurements:
        pairs = levels.setdefault(measurement.level, [])
        pairs += [(case.reference, case.level) for case in measurement.cases if case.level]
    return levels
