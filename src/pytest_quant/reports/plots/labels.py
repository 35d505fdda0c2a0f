"""Where the names of points stand: beside them, and on nothing that is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from pytest_quant.reports.plots.svg import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Half the width of what is drawn around a point or along a line, and the distance of a name from
# it, in units of 1/72 inch.
_POINT = 6.0
_LINE = 2.0
_AWAY = 9.0
# How much wider than here a page's own font may set a name.
_WIDER = 1.15


class Box(NamedTuple):
    """A rectangle in units of 1/72 inch."""

    left: float
    bottom: float
    right: float
    top: float

    def overlap(self, other: Box) -> float:
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(0.0, width) * max(0.0, height)

    @property
    def area(self) -> float:
        return (self.right - self.left) * (self.top - self.bottom)


class Point(NamedTuple):
    """A point in units of the axes, with the bounds of its bar and its name."""

    name: str
    x: float
    y: float
    low: float
    high: float


Segment = tuple[tuple[float, float], tuple[float, float]]


def place_labels(axes: Axes, points: Sequence[Point], lines: Iterable[Segment] = ()) -> None:
    """Write the name of each point where it crosses least of the bars, points, lines and names.

    Call it when everything else is drawn: it settles the layout of the figure.
    """
    figure = axes.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()
    taken = [box for point in points for box in _drawn(axes, point)]
    taken += [_around(axes, *line, half=_LINE) for line in lines]
    room = Box(*axes.get_window_extent().extents)
    for point in points:
        x, y = axes.transData.transform((point.x, point.y)).tolist()
        bar = [axes.transData.transform((point.x, y))[1] for y in (point.low, point.high)]
        text = axes.annotate(
            point.name, (point.x, point.y), xytext=(0, 0), textcoords="offset points"
        )
        # The layout is settled, and a name is not to move what it was placed among.
        text.set_in_layout(False)
        extent = text.get_window_extent()
        width, height = _WIDER * extent.width, extent.height
        boxes = [
            Box(left, bottom, left + width, bottom + height)
            for left, bottom in _places(x, y, bar[0], bar[1], width, height)
        ]
        # Of places that are as good the first: ``min`` keeps the order.
        best = min(boxes, key=lambda box: _cost(box, taken, room))
        taken.append(best)
        if _is_far(best, x, (bar[0], bar[1]), height):
            _lead(axes, point, best, (x, y))
        text.set_position((best.left - x, best.bottom - y))
        text.set(horizontalalignment="left", verticalalignment="bottom")


def _cost(box: Box, taken: Iterable[Box], room: Box) -> float:
    outside = box.area - box.overlap(room)
    return 10 * outside + sum(box.overlap(other) for other in taken)


def _places(
    x: float, y: float, low: float, high: float, width: float, height: float
) -> Iterable[tuple[float, float]]:
    """Corners of a name: beside a point and its bar, above and below that, the best first."""
    middle = height / 2
    for left in (x + _AWAY, x - _AWAY - width):
        for bottom in (y - middle, y + 4, y - 4 - height, high - height, low):
            yield left, bottom
    for left in (x - width / 2, x - width + _AWAY, x - _AWAY):
        for bottom in (high + _POINT, low - _POINT - height):
            yield left, bottom
    for step in range(2, 9):
        for bottom in (y - middle + step * height, y - middle - step * height):
            yield x + _AWAY, bottom
            yield x - _AWAY - width, bottom


def _is_far(box: Box, x: float, bar: tuple[float, float], height: float) -> bool:
    """Whether a name may be taken for that of another point."""
    beside = box.left < x + 2 * _AWAY and box.right > x - 2 * _AWAY
    return not (beside and box.bottom < bar[1] + height and box.top > bar[0] - height)


def _lead(axes: Axes, point: Point, box: Box, at: tuple[float, float]) -> None:
    """A thin line from a point to its name."""
    x = box.left if box.left > at[0] else box.right if box.right < at[0] else at[0]
    y = min(max(at[1], box.bottom), box.top)
    ends = axes.transData.inverted().transform([(x, y)])[0]
    (line,) = axes.plot(
        [point.x, ends[0]],
        [point.y, ends[1]],
        color=COLOURS["muted"],
        linewidth=0.6,
        scalex=False,
        scaley=False,
        zorder=1,
    )
    line.set_in_layout(False)
    line.set_gid("leader")


def _drawn(axes: Axes, point: Point) -> Iterable[Box]:
    yield _around(axes, (point.x, point.y), (point.x, point.y), half=_POINT)
    yield _around(axes, (point.x, point.low), (point.x, point.high), half=_POINT)


def _around(
    axes: Axes, one: tuple[float, float], other: tuple[float, float], *, half: float
) -> Box:
    (x, y), (x2, y2) = axes.transData.transform([one, other])
    return Box(min(x, x2) - half, min(y, y2) - half, max(x, x2) + half, max(y, y2) + half)
