"""What a run looks like: by level its drop and its divergence, with their bounds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from matplotlib import rc_context
from matplotlib.figure import Figure
from matplotlib.ticker import LogLocator, MaxNLocator

from pytest_quant.gate.verdicts import Check
from pytest_quant.record.run import LevelRecord, RunRecord
from pytest_quant.reports.plain_text import shown
from pytest_quant.reports.plots.style import DPI, NAME, SIZE, SMALL, STYLE, bounded
from pytest_quant.reports.plots.svg import COLOURS, inline_svg
from pytest_quant.reports.results import (
    category_checks,
    expected_drop,
    levels_under_test,
    pooled_check,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96


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
    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained", dpi=DPI)
        axes = figure.subplots()
        if with_guide:
            _guide_band(axes, levels)
            _limits(axes, checks)
        _drops(axes, checks)
        if not with_guide:
            _limits_in_view(axes, checks)
        axes.set_ylabel("drop, percentage points")
        _level_axis(axes, levels)
        # What is not in view has no entry.
        if axes.get_legend_handles_labels()[0]:
            figure.legend(loc="outside upper left", ncols=2)
        return inline_svg(figure, name, _told(checks))


def category_curves(record: RunRecord) -> Iterator[tuple[str, str]]:
    """For each category its name and its curve with its limits; all have the same scale."""
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
    low = min(0.0, *(r.lower for r in every))
    high = max(0.0, *(max(r.upper, r.limit) for r in every))
    margin = 0.06 * (high - low)
    for category, checks in rows.items():
        with rc_context(STYLE):
            figure = Figure(SMALL, layout="constrained", dpi=DPI)
            axes = figure.subplots()
            _limits(axes, checks)
            _drops(axes, checks)
            axes.set_ylim(low - margin, high + margin)
            axes.set_ylabel("drop, points")
            _level_axis(axes, [record.level(check.level) for check in checks])
            yield category, inline_svg(figure, f"curve-{shown(category, NAME)}", _told(checks))


def divergence(record: RunRecord) -> str | None:
    """Mean KL divergence of each level, with its bounds, on each text that was read."""
    levels = [x for x in levels_under_test(record) if record.divergences_of(x.name)]
    if not levels:
        return None
    reference = shown(record.reference, NAME)
    looks = {
        "text": ("o", "ink", "held text", -0.1),
        "recorded": ("o", "ink", f"held text, recorded {reference}", -0.1),
        "responses": ("s", "inconclusive", f"responses of {reference}", 0.1),
    }
    with rc_context(STYLE):
        figure = Figure(SIZE, layout="constrained", dpi=DPI)
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
        logarithmic_ticks(axes)
        axes.grid(visible=True, axis="y")
        # Two lines, as one is longer than the axis.
        axes.set_ylabel("mean KL divergence,\nnats per token")
        _level_axis(axes, levels)
        figure.legend(loc="outside upper left", ncols=2)
        told = (f"{d.level} {d.statistics['Mean KLD'].value:.2g}" for d in record.divergences)
        return inline_svg(figure, "divergence", f"mean KL divergence: {', '.join(told)}")


def _drops(axes: Axes, checks: Sequence[Check]) -> None:
    results = [check.result for check in checks]
    drops = [result.drop for result in results]
    axes.plot(range(len(drops)), drops, color=COLOURS["ink"], linewidth=1.2, zorder=2)
    for x, result in enumerate(results):
        spread = result.drop - result.lower, result.upper - result.drop
        bounded(axes, x, result.drop, spread, result.verdict)
    axes.axhline(0, color=COLOURS["muted"], linewidth=0.8)
    axes.grid(visible=True, axis="y")


def _guide_band(axes: Axes, levels: Sequence[LevelRecord]) -> None:
    label: str | None = "the guide's expectation"
    for x, level in enumerate(levels):
        low, high = expected_drop(level) or (0.0, 0.0)
        # A band without any height would be an entry of the legend that nobody finds.
        if high > low:
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
    """A dashed line for each, across its level."""
    for x, check in enumerate(checks):
        _limit(axes, x, check.result.limit)


def _limits_in_view(axes: Axes, checks: Sequence[Check]) -> None:
    """The limits that are near enough; of the others how high they are, above everything else."""
    low, high = axes.get_ylim()
    limits = [check.result.limit for check in checks]
    if max(limits) > high:
        axes.set_ylim(low, high + 0.15 * (high - low))
    for x, limit in enumerate(limits):
        if limit <= high:
            _limit(axes, x, limit)
            continue
        axes.annotate(
            f"limit {limit:g} \N{UPWARDS ARROW}",
            (x, 1.0),
            xycoords=("data", "axes fraction"),
            horizontalalignment="center",
            verticalalignment="top",
        )


def _limit(axes: Axes, x: float, limit: float) -> None:
    is_named = "limit" in axes.get_legend_handles_labels()[1]
    axes.plot(
        [x - 0.36, x + 0.36],
        [limit] * 2,
        color=COLOURS["ink"],
        linewidth=1.4,
        linestyle=(0, (4, 2)),
        label=None if is_named else "limit",
        zorder=2,
    )


def logarithmic_ticks(axes: Axes) -> None:
    """Powers of ten, or as many values between them as it takes to read the scale."""
    low, high = axes.get_ylim()
    for locator in (LogLocator(), LogLocator(subs=(1, 2, 5)), MaxNLocator(5)):
        ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
        if len(ticks) > 1:
            break
    axes.set_yticks(ticks)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("")


def _level_axis(axes: Axes, levels: Sequence[LevelRecord]) -> None:
    names = [f"{shown(x.name, NAME)}\n{x.bits_per_weight:.2f}" for x in levels]
    widest = max(len(line) for name in names for line in name.split("\n"))
    figure = axes.get_figure(root=True)
    assert figure is not None
    # A letter is about half as wide as it is high; an eighth of a figure are its numbers.
    columns = 0.8 * DPI * figure.get_size_inches()[0] / (0.55 * STYLE["font.size"])
    crowded = len(levels) * (widest + 1) > columns
    axes.set_xticks(range(len(levels)), names, rotation=90 if crowded else 0)
    if crowded:
        # Upright names take their room below the figure, not out of it.
        width, height = figure.get_size_inches()
        figure.set_size_inches(width, height + 0.55 * STYLE["font.size"] * widest / DPI)
    axes.set_xlim(-0.6, len(levels) - 0.4)
    axes.tick_params(axis="x", length=0)
    axes.set_xlabel("level, bits per weight")


def _told(checks: Sequence[Check]) -> str:
    drops = ", ".join(
        f"{shown(c.level, NAME)} {c.result.drop:.1f} [{c.result.lower:.1f}, {c.result.upper:.1f}]"
        for c in checks
    )
    return f"drop in percentage points with bounds: {drops}"
