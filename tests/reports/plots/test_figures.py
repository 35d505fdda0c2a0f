"""What can be read off a figure: the numbers on its axes."""

from __future__ import annotations

import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise

import pytest
from pytest import MonkeyPatch
from tests.reports import records
from tests.reports.records import divergence, measured, record

from pytest_quant.reports.plots import figures, sizes
from pytest_quant.reports.plots.labels import Box

SVG = "{http://www.w3.org/2000/svg}"


def scale(svg: str, name: str) -> list[float]:
    """The numbers along the vertical axis."""
    groups = (g for g in ET.fromstring(svg).iter(f"{SVG}g") if "id" in g.attrib)
    ticks = (g for g in groups if g.attrib["id"].startswith(f"{name}-ytick_"))
    return [
        float((text.text or "").replace("\N{MINUS SIGN}", "-"))
        for tick in ticks
        for text in tick.iter(f"{SVG}text")
    ]


@pytest.mark.parametrize(
    "means",
    [(0.385, 0.3), (0.011, 0.9), (0.09, 1.1), (0.00021,), (0.031, 0.0345), (1e-5, 0.4)],
    ids=str,
)
def test_a_logarithmic_scale_has_numbers_however_short_it_is(means: tuple[float, ...]) -> None:
    levels = ["q8", "q4"][: len(means)]
    run = record(
        *(measured("sums", level, right=60) for level in levels),
        divergences=[divergence(level, kld) for level, kld in zip(levels, means, strict=True)],
    )
    svg = figures.divergence(run)
    assert svg is not None
    numbers = scale(svg, "divergence")
    assert 2 <= len(numbers) <= 8
    assert numbers == sorted(set(numbers))


def test_curves_of_categories_begin_at_no_drop() -> None:
    run = record(measured("sums", "q2", right=64, lost=60), measured("q", "q2", right=64, lost=62))
    ((name, svg),) = figures.category_curves(run)
    assert 0 in scale(svg, f"curve-{name}")


@pytest.mark.parametrize(
    "lost",
    [(0, 1, 2), (1, 1, 1), (0, 60, 0), (30, 0, 55), (0, 0, 1, 2, 2, 4, 9, 30), (3,) * 8],
    ids=str,
)
def test_no_name_of_a_point_is_crossed(lost: tuple[int, ...], monkeypatch: MonkeyPatch) -> None:
    """Neither by a bar nor by the frontier or another name, and it stands inside the figure."""
    bits = [8.5 - i * 5.4 / (len(lost) - 1) for i in range(len(lost))]
    levels = [f"level{i}" for i in range(len(lost))]
    monkeypatch.setattr(records, "BITS", dict(zip(levels, bits, strict=True)))
    run = record(
        *(measured("sums", level, right=60, lost=n) for level, n in zip(levels, lost, strict=True)),
        divergences=[divergence(level, 0.003 * (1 + i // 2)) for i, level in enumerate(levels)],
    )
    for svg in (sizes.pareto(run), sizes.divergence_by_size(run)):
        assert svg is not None
        root = ET.fromstring(svg)
        names = [box for text, box in names_in(root) if text.startswith(("level", "f16"))]
        assert len(names) in (len(levels), len(levels) + 1)
        drawn = [*lines_in(root), *names]
        for name in names:
            assert [other for other in drawn if other is not name and name.overlap(other)] == []
            assert 0 <= name.left < name.right <= float(root.attrib["viewBox"].split()[2])


def names_in(root: ET.Element) -> Iterator[tuple[str, Box]]:
    """Texts with about the room that they take, downwards from the top."""
    for text in root.iter(f"{SVG}text"):
        if "x" in text.attrib and (words := text.text or ""):
            x, y = float(text.attrib["x"]), float(text.attrib["y"])
            yield words, Box(x, y - 8, x + 5.5 * len(words), y)


def lines_in(root: ET.Element) -> Iterator[Box]:
    """Bars and the pieces of the frontier, but for the grid and the axes."""
    for group in root.iter(f"{SVG}g"):
        if group.attrib.get("id", "").rpartition("-")[2].startswith(("LineCollection", "line2d")):
            for path in group.iter(f"{SVG}path"):
                if path.attrib.get("class", "") == "stroke-grid" or "clip-path" not in path.attrib:
                    continue
                points = [
                    (float(words[i + 1]), float(words[i + 2]))
                    for words in [path.attrib["d"].split()]
                    for i in range(0, len(words), 3)
                ]
                for (x, y), (x2, y2) in pairwise(points):
                    yield Box(min(x, x2) - 1, min(y, y2) - 1, max(x, x2) + 1, max(y, y2) + 1)


def test_every_entry_of_a_legend_has_its_line() -> None:
    """Also where the frontier is a single level."""
    run = record(measured("sums", "q2", right=60), divergences=[divergence("q2", 0.2)])
    for svg in (sizes.pareto(run), sizes.divergence_by_size(run)):
        assert svg is not None
        root = ET.fromstring(svg)
        assert any(text.startswith("frontier") for text, _ in names_in(root))
        dashed = [p for p in root.iter(f"{SVG}path") if "stroke-dasharray" in p.attrib]
        # One in the legend, one in the plot.
        assert len(dashed) == 2


def test_limits_and_bits_stand_on_every_panel() -> None:
    run = record(measured("sums", "q4", right=60, lost=1), measured("q", "q2", right=60, lost=30))
    ((_, panel),) = figures.category_curves(run)
    assert panel.count("stroke-dasharray") == 2
    for said in ("4.86", "3.14"):
        assert said in panel
    far = figures.close_curve(record(measured("sums", "q2", right=3000, lost=1, n=3000)))
    assert far is not None
    assert "limit 5 \u2191" in far


def test_long_names_of_levels_leave_room_for_the_curve() -> None:
    names = [f"a-recipe-of-my-own-{i}" for i in range(6)]
    run = record(*(measured("sums", name, right=60, lost=i) for i, name in enumerate(names)))
    svg = figures.close_curve(run)
    assert svg is not None
    numbers = scale(svg, "close")
    assert len(numbers) >= 4
    assert float(ET.fromstring(svg).attrib["viewBox"].split()[3]) > 300


def test_a_band_without_height_is_no_entry_of_the_legend() -> None:
    """The guide says of f16 as a level that it loses nothing."""
    run = record(measured("sums", "q4", right=60))
    level = replace(run.levels[1], recipe="F32")
    svg = figures.guide_curve(replace(run, levels=(run.levels[0], level)))
    assert svg is not None
    assert ("expectation" in svg) == ("fill-band" in svg)


def test_sizes_that_nobody_tells_are_drawn_all_the_same() -> None:
    run = record(measured("sums", "q4", right=60), divergences=[divergence("q4", 0.02)])
    unknown = replace(run, levels=tuple(replace(level, size=0) for level in run.levels))
    assert sizes.pareto(unknown) is not None
    assert sizes.divergence_by_size(unknown) is not None
