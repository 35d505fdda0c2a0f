"""What a smaller file costs: size against accuracy, and against KL divergence."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.figure import Figure

from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown
from pytest_quant.reports.plots.figures import logarithmic_ticks
from pytest_quant.reports.plots.labels import Point, Segment, place_labels
from pytest_quant.reports.plots.style import DPI, NAME, SIZE, STYLE, bounded
from pytest_quant.reports.plots.svg import COLOURS, inline_svg
from pytest_quant.reports.results import levels_under_test, pooled_check

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# So many levels have room for more than their names, and columns of a name among more.
_CROWD = 4
_SHORT = 16
_FRONTIER = "frontier: the best of at most this size"


def pareto(record: RunRecord) -> str | None:
    """Size of each artifact against what its accuracy lost, and which no other beats in both.

    The loss is that on the cases which the level and the reference both answered: the accuracies
    of two levels need not be of the same cases.
    """
    checks = {
        level.name: check
        for level in levels_under_test(record)
        if (check := pooled_check(record, level.name))
    }
    if not checks:
        return None
    reference = record.level(record.reference)
    crowd = len(checks)
    points = [_point(reference, crowd, 0.0, 0.0, 0.0)]
    for name, check in checks.items():
        found = check.result
        bounds = -found.upper, -found.lower
        points.append(_point(record.level(name), crowd, -found.drop, *bounds))
    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained", dpi=DPI)
        axes = figure.subplots()
        axes.plot(points[0].x, 0.0, "s", color=COLOURS["ink"], markersize=7)
        for point, check in zip(points[1:], checks.values(), strict=True):
            spread = point.y - point.low, point.high - point.y
            bounded(axes, point.x, point.y, spread, check.result.verdict)
        axes.grid(visible=True)
        axes.set_ylabel(f"accuracy against {shown(record.reference, NAME)},\npercentage points")
        _finish(axes, points, better="high")
        told = (f"{point.name} {point.x:.1f} MB {point.y:+.1f} points" for point in points)
        return inline_svg(figure, "pareto", f"size and accuracy: {', '.join(told)}")


def divergence_by_size(record: RunRecord) -> str | None:
    """Size of each artifact against its mean KL divergence, and which no other beats in both."""
    crowd = len(record.analysis.frontier)
    points = [
        _point(record.level(found.level), crowd, mean.value, mean.lower, mean.upper)
        for found in record.analysis.frontier
        if found.level != record.reference
        # A logarithmic scale has no place for zero.
        if (mean := found.divergence) is not None and mean.value > 0
    ]
    if not points:
        return None
    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained", dpi=DPI)
        axes = figure.subplots()
        points = [point._replace(low=max(point.low, 0.1 * point.y)) for point in points]
        for point in points:
            axes.errorbar(
                point.x,
                point.y,
                yerr=[[point.y - point.low], [point.high - point.y]],
                fmt="o",
                color=COLOURS["ink"],
                markersize=7,
                capsize=4,
                linewidth=1.4,
            )
        axes.set_yscale("log")
        logarithmic_ticks(axes)
        axes.grid(visible=True)
        axes.set_ylabel("mean KL divergence,\nnats per token")
        _finish(axes, points, better="low")
        told = (f"{point.name} {point.x:.1f} MB {point.y:.2g}" for point in points)
        return inline_svg(figure, "kld-size", f"size and mean KL divergence: {', '.join(told)}")


def _point(level: LevelRecord, crowd: int, y: float, low: float, high: float) -> Point:
    """Among many points a name has to be short; the bits stand in the other figures."""
    name = f"{shown(level.name, NAME)}, {level.bits_per_weight:.2f} bits"
    if crowd > _CROWD:
        name = shown(level.name, _SHORT)
    return Point(name, level.size / 1e6, y, low, high)


def _finish(axes: Axes, points: Sequence[Point], better: str) -> None:
    """The frontier, the axis of sizes and the names of the points."""
    # Of models behind servers no size may be known.
    right = 1.15 * max(point.x for point in points) or 1.0
    axes.set_xlim(0, right)
    axes.set_xlabel("size, MB")
    # Room for a name above the highest bar.
    axes.margins(y=0.15)
    sign = 1 if better == "high" else -1
    front = _front([(point.x, sign * point.y) for point in points])
    steps = _steps([(x, sign * y) for x, y in front], right)
    axes.plot(
        *zip(*steps, strict=True),
        color=COLOURS["muted"],
        linestyle="--",
        linewidth=1,
        label=_FRONTIER,
        zorder=1,
    )
    figure = axes.get_figure(root=True)
    assert isinstance(figure, Figure)
    figure.legend(loc="outside upper left")
    segments: list[Segment] = [*pairwise(steps)]
    place_labels(axes, points, segments)


def _front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points, by size, of which none smaller is as good; the higher, the better."""
    front: list[tuple[float, float]] = []
    for size, quality in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or quality > front[-1][1]:
            front.append((size, quality))
    return front


def _steps(front: Sequence[tuple[float, float]], right: float) -> list[tuple[float, float]]:
    """What a file of at most some size reaches: a line even for a single point."""
    corners = [front[0]]
    for x, y in front[1:]:
        corners += [(x, corners[-1][1]), (x, y)]
    return [*corners, (right, corners[-1][1])]
