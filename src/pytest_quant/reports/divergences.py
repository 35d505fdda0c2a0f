"""A level's divergences as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pytest_quant.analysis.yardstick import MODEL, PUBLISHED, TEXT
from pytest_quant.metrics.divergence import Divergence, Noise, Source, Statistic
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.depth import depth_lines
from pytest_quant.reports.plain_text import shown

# "Recorded" is the held text, too, but over the likeliest tokens of a reference not at hand.
_WHAT: Mapping[Source, str] = {
    "text": "KL divergence",
    "responses": "on {}'s responses",
    "recorded": "KL divergence from {}'s recorded predictions",
    "depth": "KL divergence at depth",
}


def divergence_lines(record: RunRecord, level: str) -> Iterator[str]:
    """The headline on the held text, what the reference's own responses show, then by depth."""
    for divergence in record.divergences_of(level):
        if divergence.source == "depth":
            yield from depth_lines(divergence, record.reference)
            continue
        yield f"{_WHAT[divergence.source].format(record.reference)} {_divergence(divergence)}"
        if divergence.noise and divergence.is_headline:
            yield f"  {_parts(divergence, divergence.noise)}"
        if divergence.source == "text" and (known := PUBLISHED.get(record.level(level).recipe)):
            yield f"  for scale: {MODEL} at the same type has {known:.3g} on {TEXT}"


def divergence_warnings(record: RunRecord) -> Iterator[str]:
    """What makes a divergence mean something else than it seems to, by level."""
    for divergence in record.divergences:
        if divergence.warning:
            yield f"{divergence.level}, {shown(divergence.title, 40)}: {divergence.warning}"


def noise_lines(record: RunRecord) -> Iterator[str]:
    """For each level, what a difference must exceed to mean anything."""
    for divergence in record.divergences:
        if (noise := divergence.noise) and divergence.is_headline:
            yield (
                f"{divergence.level} {_itself(noise)}, same top token {100 * noise.same_top:.1f} %"
            )


def _parts(divergence: Divergence, noise: Noise) -> str:
    """How much of a divergence is the file's, and how much that of this machine's kernels."""
    whole = divergence.statistics["Mean KLD"].value
    kernels = noise.share * whole
    if noise.share == 1:
        return f"no more than its own noise: {_itself(noise)}"
    return (
        f"of which {whole - kernels:.3g} is the file and {kernels:.2g} this machine's kernels "
        f"(in batches of {noise.batch})"
    )


def _itself(noise: Noise) -> str:
    return f"from itself in batches of {noise.batch} tokens {noise.kld:.2g}"


def _divergence(divergence: Divergence) -> str:
    mean, tail, top = (divergence.statistics[n] for n in ("Mean KLD", "99.9% KLD", "Same top p"))
    return (
        f"{mean.value:.3g}{_error(mean, '.1g')}, 99.9 % {percentile_text(tail)}; "
        f"same top token {top.value:.1f}{_error(top, '.1f')} %"
    )


def percentile_text(statistic: Statistic) -> str:
    """An upper percentile with its interval, or what is left of it where few tokens are beyond."""
    value, low, high = statistic.value, statistic.low, statistic.high
    if low is None:
        return f"{value:.2g}"
    return f"{value:.2g} [{low:.2g}, {'?' if high is None else f'{high:.2g}'}]"


def _error(statistic: Statistic, form: str) -> str:
    """Nothing, where it would be shown as zero."""
    error = "" if statistic.error is None else f"{statistic.error:{form}}"
    return f" ± {error}" if error and float(error) else ""
