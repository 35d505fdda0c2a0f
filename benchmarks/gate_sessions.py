"""Sessions as counts: what the gate says of thousands of them, without running a model.

A session is what a real one is judged by: for every probe, how many cases were right or wrong at
the reference, in the record and now, and the divergence of every chunk then and now. Sessions come
from measurements (and are drawn anew from these), or from a known truth. They are judged by the
gate's own functions.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np
import numpy.typing as npt

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.divergence_regression import NOISE, evaluate_divergence
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.gate.statistics import mcnemar_p, tango_bounds
from pytest_quant.gate.tolerance_check import Paired
from pytest_quant.gate.tolerances import Tolerances
from pytest_quant.metrics.measurement import Measurement

# How much rounding moves the square root of a chunk's divergence, in root nats: what batches of 16
# instead of 512 tokens do to the embedded model, but no more than a share of it. As with normal
# errors, one chunk in ten moves 2.4 times as far as the median, and one in ninety five times.
ROUNDING, ROUNDING_SHARE = 1.5e-3, 0.1

Counts = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]

# A session's checks by what they compare; a false alarm or a catch is one of these.
KINDS = ("tolerance", "regression", "divergence")


@dataclass(frozen=True, slots=True)
class ProbeCounts:
    """The cases of one probe at one level.

    ``cells[i, j, k]`` counts those with outcome ``i`` at the reference, ``j`` in the record and
    ``k`` now, where 1 is right.
    """

    category: str
    cells: Counts
    task: str | None = None


@dataclass(frozen=True, slots=True)
class Chunk:
    """One stretch of text, as the divergence check looks at it."""

    digest: str
    tokens: int
    kld: float


@dataclass(frozen=True, slots=True)
class Text:
    """The same chunks then and now: nats per token, and how many tokens each has.

    ``noise`` is the level's own, as a share of its divergence.
    """

    recorded: Floats
    now: Floats
    tokens: Counts
    noise: float = 0.0


@dataclass(frozen=True, slots=True)
class Session:
    """One level of one session. ``level`` is its name in the guide's tables."""

    level: str
    probes: tuple[ProbeCounts, ...]
    texts: tuple[Text, ...]

    @property
    def cells(self) -> Counts:
        """The cases of all probes together."""
        return _pooled(self.probes)

    @property
    def cost(self) -> float:
        """The accuracy lost since it was recorded, in percentage points."""
        cells = self.cells
        return float(100 * (cells[:, 1].sum() - cells[:, :, 1].sum()) / cells.sum())

    @property
    def ratios(self) -> tuple[float, ...]:
        """For each text, its mean divergence now in means of what was recorded.

        A rise that arithmetic in another order brings counts as none; a text that could not be
        read has none.
        """
        means = [
            [float(np.average(side, weights=text.tokens)) for side in (text.recorded, text.now)]
            if len(text.tokens)
            else (0.0, 0.0)
            for text in self.texts
        ]
        return tuple(
            now / recorded if now - recorded > NOISE and recorded > 0 else 1.0
            for recorded, now in means
        )


def count_outcomes(now: Measurement, recorded: Measurement) -> ProbeCounts:
    """The cases of one probe that a level answered now and when it was recorded."""
    cells = np.zeros((2, 2, 2), np.int64)
    was = {case.digest: case.level for case in recorded.cases}
    for case in now.cases:
        before = was.get(case.digest)
        if case.level and before:
            cells[int(case.reference.correct), int(before.correct), int(case.level.correct)] += 1
    return ProbeCounts(recorded.category, cells, recorded.task)


def resampled(session: Session, random: np.random.Generator) -> Session:
    """Another session as likely as this one: cases drawn anew, with replacement.

    The text is the same in every session; what another machine changes is the rounding of it.
    """
    return replace(
        session,
        probes=tuple(replace(probe, cells=_redrawn(probe, random)) for probe in session.probes),
        texts=tuple(replace(text, now=_rounded(text.now, random)) for text in session.texts),
    )


def _redrawn(probe: ProbeCounts, random: np.random.Generator) -> Counts:
    n = int(probe.cells.sum())
    if n == 0:
        return probe.cells
    return random.multinomial(n, (probe.cells / n).ravel()).reshape(2, 2, 2)


def _rounded(klds: Floats, random: np.random.Generator) -> Floats:
    roots = np.sqrt(np.maximum(klds, 0))
    scales = np.minimum(ROUNDING, ROUNDING_SHARE * roots)
    rounded: Floats = (roots + scales * random.standard_normal(klds.shape)) ** 2
    return rounded


@dataclass(frozen=True, slots=True)
class Judge:
    """The gate, for sessions of the same probes: the limits, and the budget for false alarms.

    ``levels`` is how many levels a session has; each has as many checks as this one.
    """

    tolerances: Tolerances
    alpha: float = 0.05
    levels: int = 1

    def alarms(self, session: Session) -> frozenset[str]:
        """The kinds of the checks that fail; empty if the session passes."""
        budget = self.budget(session)
        failed: set[str] = set()
        # All probes together come first: what has failed is not looked at again.
        for scope, category, members in _scopes(session):
            cells = _pooled(members)
            if not cells.sum():
                continue
            alpha = budget.alpha_for(scope)
            if "tolerance" not in failed:
                task = members[0].task if scope == "probe" else None
                limit = self.tolerances.tolerance(session.level, category, task)
                if _exceeds(_pairs(cells.sum(axis=1)), limit, alpha):
                    failed.add("tolerance")
            if "regression" not in failed and _regresses(_pairs(cells.sum(axis=0)), alpha):
                failed.add("regression")
        alpha = budget.alpha_for("pooled")
        if any(_diverges(text, alpha) for text in session.texts):
            failed.add("divergence")
        return frozenset(failed)

    def budget(self, session: Session) -> Budget:
        """How a session's checks share alpha: each of correctness comes twice."""
        categories = {probe.category for probe in session.probes}
        return Budget(
            self.alpha,
            pooled=self.levels * (2 + sum(len(text.tokens) > 0 for text in session.texts)),
            category=self.levels * 2 * len(categories),
            probe=self.levels * 2 * len(session.probes),
        )


def _scopes(session: Session) -> Iterable[tuple[Scope, str | None, Sequence[ProbeCounts]]]:
    yield "pooled", None, session.probes
    by_category: dict[str, list[ProbeCounts]] = {}
    for probe in session.probes:
        by_category.setdefault(probe.category, []).append(probe)
        yield "probe", probe.category, [probe]
    for category, members in by_category.items():
        yield "category", category, members


def _pooled(probes: Sequence[ProbeCounts]) -> Counts:
    cells: Counts = np.sum([probe.cells for probe in probes], axis=0)
    return cells


def _pairs(cells: Counts) -> Paired:
    """Counts of ``cells[then, now]``."""
    (_, won), (lost, both) = cells.tolist()
    return Paired(
        b=lost,
        c=won,
        n=int(cells.sum()),
        reference_correct=lost + both,
        level_correct=won + both,
    )


# Among thousands of sessions the same few counts come again and again. Only the verdict is worked
# out: what else the gate tells of a check takes a hundred times as long.
@cache
def _exceeds(counts: Paired, limit: float, alpha: float) -> bool:
    """Whether the tolerance check fails."""
    if 100 * (counts.b - counts.c) <= limit * counts.n:
        return False
    return 100 * tango_bounds(counts.b, counts.c, counts.n, alpha)[0] > limit


@cache
def _regresses(counts: Paired, alpha: float) -> bool:
    """Whether the regression check of correctness fails."""
    drop = 100 * (counts.b - counts.c) / counts.n
    return drop > DEFAULT_DROP and mcnemar_p(counts.b, counts.c) <= alpha


def _diverges(text: Text, alpha: float) -> bool:
    sides = [
        [
            Chunk(str(index), tokens, kld)
            for index, (tokens, kld) in enumerate(
                zip(text.tokens.tolist(), side.tolist(), strict=True)
            )
        ]
        for side in (text.recorded, text.now)
    ]
    result = evaluate_divergence(*sides, alpha, noise=text.noise)
    return result is not None and result.verdict == "fail"


@dataclass(frozen=True, slots=True)
class Truth:
    """Where sessions are drawn from: a level that is, or is not, as it was recorded.

    Of every case that the level gets right, or wrong, each of two runs shows the opposite with
    ``flicker / 2``; now it also loses ``loss`` of what it got right. Chunks have mean divergences
    of a log-normal spread ``between``; each run moves each of them by a log-normal factor of
    spread ``within``, and now all by the factor ``rise``.
    """

    level: str = "q4"
    categories: int = 10
    probes: int = 20
    cases: int = 32
    accuracy: float = 0.85
    flicker: float = 0.03
    loss: float = 0.0
    chunks: int = 91
    tokens: int = 255
    divergence: float = 1.5e-3
    between: float = 0.5
    within: float = 0.1
    rise: float = 1.0


def drawn(truth: Truth, categories: Sequence[str], random: np.random.Generator) -> Session:
    """One session of a known truth; ``categories`` are the names to use."""
    shape = (truth.probes, truth.cases)
    right = random.random(shape) < truth.accuracy
    reference, recorded = (right ^ (random.random(shape) < truth.flicker / 2) for _ in range(2))
    now = right & (random.random(shape) >= truth.loss)
    now ^= random.random(shape) < truth.flicker / 2
    index = 4 * reference.astype(int) + 2 * recorded + now
    probes = tuple(
        ProbeCounts(
            categories[probe % truth.categories],
            np.bincount(index[probe], minlength=8).reshape(2, 2, 2),
        )
        for probe in range(truth.probes)
    )
    base = truth.divergence * np.exp(truth.between * random.standard_normal(truth.chunks))
    then, today = (
        base * np.exp(truth.within * random.standard_normal(truth.chunks)) for _ in range(2)
    )
    tokens = np.full(truth.chunks, truth.tokens)
    return Session(truth.level, probes, (Text(then, truth.rise * today, tokens),))


def upper_bound(hits: int, n: int, confidence: float = 0.95) -> float:
    """The one-sided upper confidence bound of a share (Clopper and Pearson, 1934)."""
    from scipy.stats import beta

    return 1.0 if hits == n else float(beta.ppf(confidence, hits + 1, n - hits))
