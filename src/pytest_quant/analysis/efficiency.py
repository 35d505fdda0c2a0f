"""How fast and how large each level is, relative to the reference as in the guide's tables."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.analysis.estimates import Estimate, between, resampled_means
from pytest_quant.analysis.ladder import Rung
from pytest_quant.metrics.measurement import Effort, Measurement

_UNASKED = "measured by --quant-benchmark, which was not given"


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One level alone in its process, timed by pytest-benchmark.

    ``rounds`` are the seconds of each round; a round reads ``prompt_tokens`` and writes
    ``new_tokens``. ``peak_memory`` is what the whole process took at most while the level was open,
    in bytes, Python and its libraries included; ``energy`` is what the machine's counter rose by,
    in joules per round. ``why_no_memory`` and ``why_no_energy`` say why one is ``None``, or
    are empty.
    """

    level: str
    rounds: tuple[float, ...]
    prompt_tokens: int
    new_tokens: int
    peak_memory: int | None
    why_no_memory: str
    energy: float | None
    why_no_energy: str


@dataclass(frozen=True, slots=True)
class EfficiencyRow:
    """One level; the reference has a row, too, whose relative numbers are 1.

    ``tokens_per_second`` counts tokens read and written, over ``probes`` probes of the session.
    ``relative_latency`` is its time for a token as a multiple of the reference's on the same
    prompts; bounds come from resampling probes, or rounds of the benchmark. ``timed_by`` says
    which: the session's own batches, which other work of the machine may have slowed down and the
    cache may have kept from an earlier session, or the benchmark. ``relative_size`` is that of
    the files. ``peak_memory`` in bytes, ``energy_per_token`` in joules; where they, or the
    timings, are ``None``, ``not_measured`` says why.
    """

    level: str
    probes: int
    timed_by: str
    tokens_per_second: Estimate | None
    relative_latency: Estimate | None
    size: int
    relative_size: float | None
    peak_memory: int | None
    relative_memory: float | None
    energy_per_token: float | None
    relative_energy: float | None
    not_measured: dict[str, str]


def efficiency(
    measurements: Sequence[Measurement],
    reference: str,
    rungs: Iterable[Rung],
    benchmarks: Sequence[Benchmark] = (),
) -> tuple[EfficiencyRow, ...]:
    """In the order of the rungs; the benchmark counts where both levels have one."""
    rungs = list(rungs)
    whole = next(rung for rung in rungs if rung.level == reference)
    timed = {benchmark.level: benchmark for benchmark in benchmarks}
    return tuple(_row(rung, whole, measurements, timed) for rung in rungs)


def _row(
    rung: Rung, whole: Rung, measurements: Sequence[Measurement], timed: Mapping[str, Benchmark]
) -> EfficiencyRow:
    own, base = timed.get(rung.level), timed.get(whole.level)
    missing: dict[str, str] = {}
    probes = 0
    times: tuple[Estimate | None, Estimate | None]
    if own and base:
        timed_by = "benchmark"
        times = _of_rounds(own, base)
    else:
        timed_by = "session"
        efforts = paired_efforts(measurements, rung.level, whole.level)
        probes = len(efforts)
        times = _of_batches(efforts)
        if not efforts:
            missing["timings"] = "no batch was timed at this level and the reference"
    if own is None or own.peak_memory is None:
        missing["peak_memory"] = own.why_no_memory if own else _UNASKED
    energy = _energy_per_token(own)
    if own is None or energy is None:
        missing["energy"] = own.why_no_energy if own else _UNASKED
    return EfficiencyRow(
        level=rung.level,
        probes=probes,
        timed_by=timed_by,
        tokens_per_second=times[0],
        relative_latency=times[1],
        size=rung.size,
        # Of a model behind a server the size may be unknown.
        relative_size=_ratio(rung.size or None, whole.size),
        peak_memory=own.peak_memory if own else None,
        relative_memory=_ratio(_peak(own), _peak(base)),
        energy_per_token=energy,
        relative_energy=_ratio(energy, _energy_per_token(base)),
        not_measured=missing,
    )


def paired_efforts(
    measurements: Iterable[Measurement], level: str, reference: str
) -> list[tuple[Effort, Effort]]:
    """What the reference and the level spent on each probe that both were asked."""
    if level == reference:
        # Every level is paired with the same reference batch: count each batch once.
        batches = {m.probe: m.reference_effort for m in measurements}
        return [(effort, effort) for effort in batches.values() if effort.seconds > 0]
    return [
        (m.reference_effort, m.level_effort)
        for m in measurements
        if m.level == level
        and m.level_effort
        and m.level_effort.seconds > 0
        and m.reference_effort.seconds > 0
    ]


def _of_batches(
    efforts: Sequence[tuple[Effort, Effort]],
) -> tuple[Estimate | None, Estimate | None]:
    """Tokens per second, and the time for a token relative to the reference."""
    if not efforts:
        return None, None
    rows = [(_tokens(r), r.seconds, _tokens(own), own.seconds) for r, own in efforts]
    tokens_before, before, tokens, now = (math.fsum(column) for column in zip(*rows, strict=True))
    draws = resampled_means(rows)
    speed = between(tokens / now, draws[:, 2] / draws[:, 3])
    slowness = (draws[:, 3] / draws[:, 2]) / (draws[:, 1] / draws[:, 0])
    return speed, between((now / tokens) / (before / tokens_before), slowness)


def _of_rounds(own: Benchmark, base: Benchmark) -> tuple[Estimate, Estimate]:
    now = resampled_means([(seconds,) for seconds in own.rounds])[:, 0]
    # Rounds of two levels are no pairs: their resamples must not be the same ones.
    before = resampled_means([(seconds,) for seconds in base.rounds])[::-1, 0]
    tokens, tokens_before = (b.prompt_tokens + b.new_tokens for b in (own, base))
    mean, mean_before = (math.fsum(b.rounds) / len(b.rounds) for b in (own, base))
    speed = between(tokens / mean, tokens / now)
    if own is base:
        return speed, Estimate(1.0, 1.0, 1.0)
    latency = (mean / tokens) / (mean_before / tokens_before)
    return speed, between(latency, (now / tokens) / (before / tokens_before))


def _tokens(effort: Effort) -> int:
    return effort.prompt_tokens + effort.new_tokens


def _peak(benchmark: Benchmark | None) -> int | None:
    return benchmark.peak_memory if benchmark else None


def _energy_per_token(benchmark: Benchmark | None) -> float | None:
    if benchmark is None or benchmark.energy is None:
        return None
    return benchmark.energy / (benchmark.prompt_tokens + benchmark.new_tokens)


def _ratio(own: float | None, base: float | None) -> float | None:
    return own / base if own is not None and base else None
