"""Hybrid execution: a level answers, and where it is unsure, the reference is asked instead.

How sure it is, is the probability that it gave its own answer: of the chosen option, or the
geometric mean of those of a written answer's tokens. All from the answers of one session, no model
is run. A threshold that is chosen on the very answers by which it is judged looks better than it
is, so what a threshold reaches is told of probes that took no part in choosing it (ten-fold
cross-validation, whole probes held out).
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pytest_quant.analysis.estimates import Estimate, between, resampled_means
from pytest_quant.metrics.measurement import Measurement

_FOLDS = 10
# Probes that are left to choose by, and to be judged by.
FEWEST_PROBES = 4


@dataclass(frozen=True, slots=True)
class Both:
    """What both made of one case: which had it right, how sure the level was (0 to 1), the tokens
    that both wrote, and the seconds that each took.
    """

    probe: str
    category: str
    sure: float
    level: bool
    reference: bool
    level_tokens: int
    reference_tokens: int
    level_seconds: float
    reference_seconds: float


@dataclass(frozen=True, slots=True)
class Point:
    """Answers less sure than ``threshold`` fall back: that is ``share`` of all, and ``accuracy``
    is that of what is then answered; both lie between 0 and 1.
    """

    threshold: float
    share: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Wanted:
    """The accuracy that is wanted: a share of all answers, or of those the reference has right."""

    share: float
    of_reference: bool

    def of(self, answers: Sequence[Both]) -> float:
        right = sum(one.reference for one in answers) / len(answers)
        return self.share * (right if self.of_reference else 1.0)


@dataclass(frozen=True, slots=True)
class Found:
    """What a fallback reaches that is to keep a wanted accuracy.

    ``threshold`` is chosen on all answers. The rest is cross-validated, with 95 % bounds over
    probes like these: the ``share`` of answers that fall back, in per cent; the ``accuracy``, in
    per cent; the same in per cent ``of_reference``; ``tokens`` written and ``seconds`` taken, in
    multiples of what the reference alone takes, ``None`` where it is not known.
    """

    threshold: float
    share: Estimate
    accuracy: Estimate
    of_reference: Estimate
    tokens: Estimate | None
    seconds: Estimate | None


def both_answers(measurements: Iterable[Measurement], level: str) -> list[Both]:
    """The cases that a level and the reference both answered, the level with known probability."""
    found = []
    for m in measurements:
        if m.level != level or not m.informative or m.level_effort is None:
            continue
        asked = sum(case.level is not None for case in m.cases)
        for case in m.cases:
            own = case.level
            if own is None or own.confidence is None:
                continue
            found.append(
                Both(
                    m.probe,
                    m.category,
                    own.confidence,
                    own.correct,
                    case.reference.correct,
                    own.tokens,
                    case.reference.tokens,
                    m.level_effort.seconds / asked,
                    m.reference_effort.seconds / len(m.cases),
                )
            )
    return found


def curve(answers: Sequence[Both]) -> list[Point]:
    """From no answer to all of them falling back, the least sure first; equally sure ones
    together.
    """
    ordered = sorted(answers, key=lambda one: one.sure)
    right = sum(one.level for one in ordered)
    points = [Point(0.0, 0.0, right / len(ordered))]
    for index, one in enumerate(ordered, 1):
        right += one.reference - one.level
        beyond = ordered[index].sure if index < len(ordered) else math.inf
        if beyond > one.sure:
            points.append(Point(beyond, index / len(ordered), right / len(ordered)))
    return points


def at_share(points: Sequence[Point], share: float) -> Point:
    """The last point at which no more than a share falls back."""
    return max((p for p in points if p.share <= share + 1e-9), key=lambda p: p.share)


def choose(answers: Sequence[Both], wanted: Wanted) -> Point | None:
    """The fewest that have to fall back; ``None`` if no share brings what is wanted."""
    aim = wanted.of(answers)
    return next((point for point in curve(answers) if point.accuracy >= aim - 1e-12), None)


def fall_back(answers: Sequence[Both], wanted: Wanted) -> Found | None:
    """What falling back reaches; ``None`` if no threshold brings what is wanted.

    ``answers`` are of at least `FEWEST_PROBES` probes. Of a fold whose other probes never bring
    it, all answers fall back.
    """
    chosen = choose(answers, wanted)
    if chosen is None:
        return None
    probes = sorted({one.probe for one in answers})
    folds: defaultdict[int, list[Both]] = defaultdict(list)
    place = {probe: index % _FOLDS for index, probe in enumerate(probes)}
    for one in answers:
        folds[place[one.probe]].append(one)
    rows: defaultdict[str, list[float]] = defaultdict(lambda: [0.0] * 8)
    for fold, held_out in folds.items():
        others = [one for other, of in folds.items() if other != fold for one in of]
        point = choose(others, wanted)
        threshold = math.inf if point is None else point.threshold
        for one in held_out:
            rows[one.probe] = [
                a + b for a, b in zip(rows[one.probe], _row(one, threshold), strict=True)
            ]
    return _found(chosen.threshold, [*rows.values()])


def _row(one: Both, threshold: float) -> list[float]:
    """One answer's part of the sums: how many, right, right of the reference's, fell back, tokens
    and those of the reference, seconds and those of the reference.
    """
    falls = one.sure < threshold
    return [
        1.0,
        one.reference if falls else one.level,
        one.reference,
        falls,
        one.level_tokens + falls * one.reference_tokens,
        one.reference_tokens,
        one.level_seconds + falls * one.reference_seconds,
        one.reference_seconds,
    ]


def _found(threshold: float, rows: Sequence[Sequence[float]]) -> Found:
    sums = [math.fsum(column) for column in zip(*rows, strict=True)]
    draws = resampled_means(rows)

    def ratio(above: int, below: int, unit: float = 1.0) -> Estimate | None:
        if not sums[below]:
            return None
        # A resample without any of it says nothing.
        known = draws[draws[:, below] > 0]
        return between(unit * sums[above] / sums[below], unit * known[:, above] / known[:, below])

    share, accuracy, of_reference = ratio(3, 0, 100.0), ratio(1, 0, 100.0), ratio(1, 2, 100.0)
    assert share and accuracy
    nothing = Estimate(0.0, 0.0, 0.0)
    return Found(threshold, share, accuracy, of_reference or nothing, ratio(4, 5), ratio(6, 7))
