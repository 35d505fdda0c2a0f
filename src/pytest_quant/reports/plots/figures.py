"""What a run looks like: drop by level with its bounds, and size against accuracy."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from pytest_quant.gate.tolerance_check import CheckResult, CheckVerdict
from pytest_quant.gate.verdicts import Check
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown
from pytest_quant.reports.plots.svg import COLOURS, inline_svg
from pytest_quant.reports.results import (
    category_checks,
    expected_drop,
    levels_under_test,
    pooled_check,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_STYLE: Any = {
    "font.size": 11,
    "axes.labelsize": 11,
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
    "legend.fontsize": 10,
}
# Told apart by shape as well as by colour.
MARKERS = {"pass": "o", "fail": "X", "inconclusive": "D"}
# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96
# Columns of a name in a figure.
_NAME = 24
_SIZE = (5.6, 3.5)  # inches of 72 units
_SMALL = (3.0, 1.9)


def guide_curve(record: RunRecord) -> str | None:
    """Drop over all probes by level, beside what the guide expects of each level."""
    return _curve(record, "guide", with_guide=True)


def close_curve(record: RunRecord) -> str | None:
    """The same without the guide, so that small drops and their bounds can be read."""
    return _curve(record, "close", with_guide=False)


def _curve(record: RunRecord, name: str, *, with_guide: bool) -> str | None:
    levels = [level for level in levels_under_test(record) if pooled_check(record, level.name)]
    if not levels:
        return None
    checks = [check for level in levels if (check := pooled_check(record, level.name))]
    with rc_context(_STYLE):
        figure = Figure(_SIZE, layout="constrained")
        axes = figure.subplots()
        if with_guide:
            _guide_band(axes, levels)
            _limits(axes, checks)
        _drops(axes, checks)
        axes.set_ylabel("drop, percentage points")
        _level_axis(axes, levels)
        if with_guide:
            figure.legend(loc="outside upper left", ncols=2)
        return inline_svg(figure, name, _told(checks))


def category_curves(record: RunRecord) -> Iterator[tuple[str, str]]:
    """For each category its name and its curve; all have the same scale."""
    levels = levels_under_test(record)
    by_category = category_checks(record)
    rows = {
        category: [check for x in levels if (check := by_category.get((category, x.name)))]
        for category in sorted({category for category, _ in by_category})
    }
    every = [check.result for checks in rows.values() for check in checks]
    if not every:
        return
    # Zero is on it, as what a drop is measured from.
    low, high = min(0.0, *(r.lower for r in every)), max(0.0, *(r.upper for r in every))
    margin = 0.06 * (high - low)
    for category, checks in rows.items():
        with rc_context(_STYLE):
            figure = Figure(_SMALL, layout="constrained")
            axes = figure.subplots()
            _drops(axes, checks)
            axes.set_ylim(low - margin, high + margin)
            axes.set_ylabel("drop, points")
            _level_axis(axes, [record.level(check.level) for check in checks], bits=False)
            yield category, inline_svg(figure, f"curve-{shown(category, _NAME)}", _told(checks))


def pareto(record: RunRecord) -> str | None:
    """Size of each artifact against accuracy, and which no other beats in both."""
    checks = {
        level.name: check
        for level in levels_under_test(record)
        if (check := pooled_check(record, level.name))
    }
    if not checks:
        return None
    counts = next(iter(checks.values())).result.counts
    points = {record.reference: 100 * counts.reference_correct / counts.n}
    points |= {name: _accuracy(check.result) for name, check in checks.items()}
    sizes = {name: record.level(name).size / 1e6 for name in points}
    with rc_context(_STYLE):
        figure = Figure(_SIZE, layout="constrained")
        axes = figure.subplots()
        front = _front([(sizes[name], accuracy) for name, accuracy in points.items()])
        axes.plot(
            *zip(*front, strict=True),
            color=COLOURS["muted"],
            linestyle="--",
            linewidth=1,
            drawstyle="steps-post",
            label="not beaten in both",
            zorder=1,
        )
        axes.plot(
            sizes[record.reference],
            points[record.reference],
            "s",
            color=COLOURS["ink"],
            markersize=7,
        )
        for name, check in checks.items():
            result, accuracy = check.result, points[name]
            spread = result.upper - result.drop, result.drop - result.lower
            _bounded(axes, sizes[name], accuracy, spread, result.verdict)
        for name, accuracy in points.items():
            # Below, as the next larger file is mostly above.
            place = (sizes[name], accuracy)
            axes.annotate(
                shown(name, _NAME), place, textcoords="offset points", xytext=(7, -14), fontsize=10
            )
        axes.grid(visible=True)
        axes.set_xlim(0, 1.12 * max(sizes.values()))
        low, high = axes.get_ylim()
        axes.set_ylim(max(low, -4), min(high, 104))
        axes.set_xlabel("size, MB")
        axes.set_ylabel("accuracy over all probes, %")
        figure.legend(loc="outside upper left")
        told = (
            f"{shown(name, _NAME)} {sizes[name]:.1f} MB {points[name]:.1f} %" for name in points
        )
        return inline_svg(figure, "pareto", f"size and accuracy: {', '.join(told)}")


def divergence(record: RunRecord) -> str | None:
    """Mean KL divergence of each level, with its bounds, on each text that was read."""
    levels = [x for x in levels_under_test(record) if record.divergences_of(x.name)]
    if not levels:
        return None
    reference = shown(record.reference, _NAME)
    looks = {
        "text": ("o", "ink", "held text", -0.1),
        "recorded": ("o", "ink", f"held text, recorded {reference}", -0.1),
        "responses": ("s", "inconclusive", f"responses of {reference}", 0.1),
    }
    with rc_context(_STYLE):
        figure = Figure(_SIZE, layout="constrained")
        axes = figure.subplots()
        for source, (marker, colour, name, aside) in looks.items():
            points = [
                (x + aside, found.statistics["Mean KLD"])
                for x, level in enumerate(levels)
                for found in record.divergences_of(level.name)
                if found.source == source and found.statistics["Mean KLD"].value > 0
            ]
            for number, (x, mean) in enumerate(points):
                spread = _TWO_SIDED * (mean.error or 0.0)
                axes.errorbar(
                    x,
                    mean.value,
                    # A logarithmic scale has no place for a bound of zero.
                    yerr=[[min(spread, 0.9 * mean.value)], [spread]],
                    fmt=marker,
                    color=COLOURS[colour],
                    markersize=7,
                    capsize=4,
                    linewidth=1.4,
                    label=None if number else name,
                )
        axes.set_yscale("log")
        _logarithmic_ticks(axes)
        axes.grid(visible=True, axis="y")
        # Two lines, as one is longer than the axis.
        axes.set_ylabel("mean KL divergence,\nnats per token")
        _level_axis(axes, levels)
        figure.legend(loc="outside upper left", ncols=2)
        told = (f"{d.level} {d.statistics['Mean KLD'].value:.2g}" for d in record.divergences)
        return inline_svg(figure, "divergence", f"mean KL divergence: {', '.join(told)}")


def _accuracy(result: CheckResult) -> float:
    return 100 * result.counts.level_correct / result.counts.n


def _front(points: Iterable[tuple[float, float]]) -> list[tuple[float, float]]:
    """The points, by size, of which none smaller is as accurate."""
    front: list[tuple[float, float]] = []
    for size, accuracy in sorted(points, key=lambda point: (point[0], -point[1])):
        if not front or accuracy > front[-1][1]:
            front.append((size, accuracy))
    return front


def _drops(axes: Axes, checks: Sequence[Check]) -> None:
    results = [check.result for check in checks]
    drops = [result.drop for result in results]
    axes.plot(range(len(drops)), drops, color=COLOURS["ink"], linewidth=1.2, zorder=2)
    for x, result in enumerate(results):
        spread = result.drop - result.lower, result.upper - result.drop
        _bounded(axes, x, result.drop, spread, result.verdict)
    axes.axhline(0, color=COLOURS["muted"], linewidth=0.8)
    axes.grid(visible=True, axis="y")


def _bounded(
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


def _guide_band(axes: Axes, levels: Sequence[LevelRecord]) -> None:
    label: str | None = "the guide's expectation"
    for x, level in enumerate(levels):
        if expected := expected_drop(level):
            low, high = expected
            axes.bar(
                x,
                high - low,
                width=0.72,
                bottom=low,
                color=COLOURS["band"],
                label=label,
                zorder=1,
            )
            label = None


def _limits(axes: Axes, checks: Sequence[Check]) -> None:
    for x, check in enumerate(checks):
        axes.plot(
            [x - 0.36, x + 0.36],
            [check.result.limit] * 2,
            color=COLOURS["ink"],
            linewidth=1.4,
            linestyle=(0, (4, 2)),
            label="limit" if x == 0 else None,
            zorder=2,
        )


def _logarithmic_ticks(axes: Axes) -> None:
    """Powers of ten, or as many values between them as it takes to read the scale."""
    low, high = axes.get_ylim()
    for locator in (LogLocator(), LogLocator(subs=(1, 2, 5)), MaxNLocator(5)):
        ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
        if len(ticks) > 1:
            break
    axes.set_yticks(ticks)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")


def _level_axis(axes: Axes, levels: Sequence[LevelRecord], *, bits: bool = True) -> None:
    names = [shown(level.name, _NAME) for level in levels]
    if bits:
        names = [f"{n}\n{x.bits_per_weight:.2f}" for n, x in zip(names, levels, strict=True)]
    crowded = len(levels) > 8
    axes.set_xticks(range(len(levels)), names, rotation=90 if crowded else 0)
    axes.set_xlim(-0.6, len(levels) - 0.4)
    axes.tick_params(axis="x", length=0)
    if bits:
        axes.set_xlabel("level, bits per weight")


def _told(checks: Sequence[Check]) -> str:
    drops = ", ".join(
        f"{shown(c.level, _NAME)} {c.result.drop:.1f} [{c.result.lower:.1f}, {c.result.upper:.1f}]"
        for c in checks
    )
    return f"drop in percentage points with bounds: {drops}"
