"""How a level's divergence changes with depth, as a table of few words."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from pytest_quant.metrics.depth import Depth, by_depth
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.plain_text import shown


def depths_of(record: RunRecord, level: str) -> tuple[Depth, ...]:
    """The ranges of its long reading; nothing where there was none."""
    found = (d for d in record.divergences_of(level) if d.source == "depth")
    return next((by_depth(divergence.chunks) for divergence in found), ())


def range_name(depth: Depth) -> str:
    """Such as ``0-512``, ``-1k``, ``-2k``: where one begins, the one before it ends."""
    end = depth.end
    told = f"{end // 1024}k" if end % 1024 == 0 else f"{end:,}"
    return f"{'' if depth.start else '0'}-{told}"


def depth_rows(depths: Sequence[Depth], reference: str) -> Iterator[tuple[str, list[str]]]:
    """What is told of each range, by its name."""
    yield "KL divergence", [f"{one.kld:.2g}" for one in depths]
    yield "same top, %", [f"{100 * one.same_top:.1f}" for one in depths]
    yield "perplexity", [_perplexity(one.perplexity) for one in depths]
    yield f"{shown(reference, 10)}'s", [_perplexity(one.base_perplexity) for one in depths]


def _perplexity(value: float) -> str:
    return f"{value:.3g}" if not 999.5 <= value < 1e6 else f"{value:,.0f}"


def depth_lines(divergence: Divergence, reference: str) -> Iterator[str]:
    """The table of one long reading."""
    depths = by_depth(divergence.chunks)
    table = [["by depth", *map(range_name, depths)]]
    table += [[name, *cells] for name, cells in depth_rows(depths, reference)]
    first, *widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for name, *cells in table:
        told = (f"{cell:>{width}}" for cell, width in zip(cells, widths, strict=True))
        yield f"{name:<{first}}  " + "  ".join(told)
