"""The table of a divergence by depth, in the terminal, on the page and in Markdown."""

from __future__ import annotations

import dataclasses
import json

import pytest
from tests.reports.records import divergence, measured, record

from pytest_quant.metrics.depth import by_depth, growth_warning, stretches
from pytest_quant.metrics.divergence import Chunk, Divergence
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.depth import depth_lines
from pytest_quant.reports.html import page
from pytest_quant.reports.markdown import markdown
from pytest_quant.reports.terminal import COLUMNS, summary


def at_depth(context: int, kld: float = 0.02, grown: float = 1.0, level: str = "q8") -> Divergence:
    """One reading, which diverges so many times as far behind 1,024 tokens."""
    chunks = tuple(
        Chunk(
            f"{start:016x}", end - start, kld * (grown if start >= 1024 else 1), 8.6, 1, 0.9, start
        )
        for start, end in stretches(context - 1)
    )
    return dataclasses.replace(divergence(level, kld, "depth"), chunks=chunks)


def of(*divergences: Divergence) -> RunRecord:
    return record(measured("p", "q8", right=60), divergences=[divergence("q8", 0.01), *divergences])


def test_the_table() -> None:
    assert [*depth_lines(at_depth(2048, grown=5), "f16")] == [
        "by depth       0-512    -1k    -2k",
        "KL divergence   0.02   0.02    0.1",
        "same top, %     90.0   90.0   90.0",
        "perplexity     5,432  5,432  5,432",
        "f16's           2.72   2.72   2.72",
    ]


def test_a_range_that_the_reading_ends_in() -> None:
    assert next(depth_lines(at_depth(3000), "f16")).split() == [
        *("by", "depth", "0-512", "-1k", "-2k", "-3,000")
    ]


def test_the_deepest_reading_fits_the_terminal() -> None:
    lines = [*depth_lines(at_depth(131_072), "f16")]
    assert lines[0].split()[-2:] == ["-64k", "-128k"]
    assert max(map(len, lines)) <= COLUMNS


def test_every_report_shows_it() -> None:
    found = of(at_depth(2048))
    told = [line.text for line in summary(found)]
    assert "by depth       0-512    -1k    -2k" in told
    html = page(found)
    assert "<h3>By depth</h3>" in html
    assert "q8, tokens read before" in html
    assert "| KL divergence by depth, tokens | 0-512 | -1k | -2k |" in markdown(found)
    assert "| `q8` | 0.02 | 0.02 | 0.02 |" in markdown(found)


def test_none_shows_what_was_not_read() -> None:
    found = of()
    assert "by depth" not in "\n".join(line.text for line in summary(found))
    assert "By depth" not in page(found)
    assert "by depth" not in markdown(found)


def test_the_record_keeps_it() -> None:
    found = of(at_depth(2048))
    assert RunRecord.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    ("context", "kld", "grown", "warned"),
    [
        (2048, 0.02, 1.5, False),
        (2048, 0.02, 3.9, False),
        (2048, 0.02, 4.1, True),
        (2048, 1e-5, 50.0, False),
        (2048, 1e-4, 50.0, True),
        (1024, 0.02, 50.0, False),
    ],
)
def test_what_grows_with_depth_is_told_without_a_record(
    context: int, kld: float, grown: float, warned: bool
) -> None:
    assert bool(growth_warning(by_depth(at_depth(context, kld, grown).chunks))) == warned


def test_what_diverges_at_depth_alone() -> None:
    depths = by_depth(at_depth(2048, 0.0).chunks)
    deep = dataclasses.replace(depths[-1], kld=1.0)
    assert "it diverges, and not within the first 512" in growth_warning((*depths[:-1], deep))
    assert growth_warning(depths) == growth_warning(()) == ""
