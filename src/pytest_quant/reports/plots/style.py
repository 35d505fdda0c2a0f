"""How all figures look: sizes, markers and the rest that is the same in each."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pytest_quant.gate.tolerance_check import CheckVerdict
from pytest_quant.reports.plots.svg import COLOURS

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# A figure fills a phone of 390 points, where its text is as large as here.
SIZE = (4.9, 3.2)  # inches of 72 units
SMALL = (3.4, 2.3)
DPI = 72
# Columns of a name in a figure.
NAME = 24
# Told apart by shape as well as by colour.
MARKERS = {"pass": "o", "fail": "X", "inconclusive": "D"}
STYLE: Any = {
    "font.size": 11.5,
    "axes.labelsize": 11.5,
    "axes.edgecolor": COLOURS["muted"],
    "axes.labelcolor": COLOURS["ink"],
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.linewidth": 0.8,
    "axes.axisbelow": True,
    "text.color": COLOURS["ink"],
    # A level's name is no formula.
    "text.parse_math": False,
    "xtick.color": COLOURS["muted"],
    "ytick.color": COLOURS["muted"],
    "xtick.labelcolor": COLOURS["ink"],
    "ytick.labelcolor": COLOURS["ink"],
    "grid.color": COLOURS["grid"],
    "grid.linewidth": 0.6,
    "hatch.linewidth": 0.6,
    "legend.frameon": False,
    "legend.fontsize": 11,
}


def bounded(
    axes: Axes, x: float, y: float, spread: tuple[float, float], verdict: CheckVerdict
) -> None:
    """A point with what lies below and above it within its bounds."""
    axes.errorbar(
        x,
        y,
        yerr=[[spread[0]], [spread[1]]],
        fmt=MARKERS[verdict],
        color=COLOURS[verdict],
        markersize=8,
        # Set off from the line of its own bounds.
        markeredgecolor=COLOURS["paper"],
        markeredgewidth=0.8,
        capsize=4,
        linewidth=1.6,
        zorder=3,
    )
