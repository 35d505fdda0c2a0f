"""What can be read off a figure: the numbers on its axes."""

from __future__ import annotations

import xml.etree.ElementTree as ET

import pytest
from tests.reports.records import divergence, measured, record

from pytest_quant.reports.plots import figures

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
