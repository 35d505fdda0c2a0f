"""What is right if the reference answers wherever a level is unsure, by how much that is."""

from __future__ import annotations

from itertools import cycle

from matplotlib import rc_context
from matplotlib.figure import Figure

from pytest_quant.analysis.fallback import curve
from pytest_quant.record.run import RunRecord
from pytest_quant.reports.fallback import answers_of
from pytest_quant.reports.plain_text import shown
from pytest_quant.reports.plots.style import DPI, NAME, SIZE, STYLE
from pytest_quant.reports.plots.svg import COLOURS, inline_svg

_COLOURS = ("inconclusive", "fail", "pass", "ink")
_LINES = ("-", "-.", ":")
# More curves than these cannot be told apart.
MOST = len(_COLOURS) * len(_LINES)


def fallback_curves(record: RunRecord) -> str | None:
    """A curve for each level of which enough answers are known, in points of the reference's."""
    answers = dict(list(answers_of(record).items())[:MOST])
    if not answers:
        return None
    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained", dpi=DPI)
        axes = figure.subplots()
        looks = zip(answers.items(), cycle(_COLOURS), strict=False)
        for number, ((level, found), colour) in enumerate(looks):
            points = curve(found)
            whole = points[-1].accuracy
            axes.plot(
                [100 * point.share for point in points],
                [100 * (point.accuracy - whole) for point in points],
                color=COLOURS[colour],
                linestyle=_LINES[number // len(_COLOURS)],
                linewidth=1.6,
                label=shown(level, NAME),
            )
        axes.axhline(0.0, color=COLOURS["muted"], linewidth=0.8)
        axes.set_xlim(0, 100)
        axes.grid(visible=True)
        axes.set_xlabel(f"answers that fall back on {shown(record.reference, NAME)}, %")
        axes.set_ylabel("right answers, in points\nof the reference's")
        figure.legend(loc="outside upper left", ncols=4)
        return inline_svg(
            figure, "fallback", f"accuracy by share falling back: {', '.join(answers)}"
        )
