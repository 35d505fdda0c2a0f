"""What quantization does to the embedded model: the measured part of its card.

    python benchmarks/embedded_model.py [--cases 200] [--threads 1] [--record FILE] [--write]

Asks the families that the model was trained on (training/families.yaml) at every level of the
guide, in one session of the plugin, and prints the tables as Markdown; --write puts them and the
plot into docs/. Speeds come from a second, short session, which wants a quiet machine. --record
keeps both sessions' run records; those that exist are used, so that tables can be made again.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
from collections.abc import Collection, Iterator, Sequence
from functools import cached_property
from pathlib import Path

import yaml
from scipy.stats import binomtest

from pytest_quant.base.library import EXPECTED_IMPACT
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.gate.tolerance_check import Paired, count_pairs
from pytest_quant.gate.tolerances import read_tolerances
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.metrics.measurement import Measurement, outcomes
from pytest_quant.record.run import RunRecord, read_record

REPOSITORY = Path(__file__).parents[1]
LEVELS = ("q8", "q6", "q5", "q4", "q3", "q2")
# Speeds are those of a short session of these families, so that nothing else need rest for long.
FAST = ("doubling", "fibonacci_like", "shopping_total", "sorting", "past_tense", "lookup_entry")
CARD = REPOSITORY / "docs" / "embedded-model.md"
PLOT = REPOSITORY / "docs" / "images" / "embedded-model.svg"
# Both sides of an interval together.
CONFIDENCE = 0.95
_MEASURED = re.compile(r"(<!-- measured -->\n).*?(<!-- end -->)", re.DOTALL)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=200, help="cases a family (default 200)")
    parser.add_argument("--model", type=Path, help="another GGUF than the embedded model")
    parser.add_argument("--threads", type=int, help="threads of llama.cpp (default: all cores)")
    parser.add_argument("--record", type=Path, help="where the run record is kept")
    parser.add_argument("--write", action="store_true", help="put the result into docs/")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as directory:
        path: Path = options.record or Path(directory, "record.json")
        if not path.exists():
            run(options.cases, options.model, options.threads, path)
        speeds: Path = path.with_suffix(".speeds.json")
        if not speeds.exists():
            run(32, options.model, options.threads, speeds, FAST)
        curve = Curve(read_record(path), read_record(speeds))
    text = "\n".join(card(curve))
    print(text)
    if options.write:
        CARD.write_text(
            _MEASURED.sub(lambda found: found[1] + text + "\n" + found[2], CARD.read_text())
        )
        plot(curve, PLOT)


def families() -> dict[str, str]:
    """Family -> category, in the order in which they are listed."""
    listed = yaml.safe_load((REPOSITORY / "training" / "families.yaml").read_text("utf-8"))
    return {name: category for category, names in listed.items() for name in names}


def run(
    cases: int,
    model: Path | None,
    threads: int | None,
    record: Path,
    some: Collection[str] | None = None,
) -> None:
    """One session with every level, of all or of ``some`` families; it writes its run record."""
    items = [
        f"{REPOSITORY / 'probes' / category}.yaml::{name}[{level}]"
        for level in LEVELS
        for name, category in families().items()
        if some is None or name in some
    ]
    with tempfile.TemporaryDirectory() as directory:
        subprocess.run(
            [
                *(sys.executable, "-m", "pytest", "-q", f"--quant-levels={','.join(LEVELS)}"),
                *(f"--quant-cases={cases}", f"--quant-json={record.absolute()}"),
                *([f"--quant-model={model.absolute()}"] if model else []),
                *([f"--quant-threads={threads}"] if threads else []),
                *items,
            ],
            cwd=directory,
            stdout=sys.stderr,
            check=False,
        )


class Curve:
    """What one session says about the families, level by level."""

    def __init__(self, record: RunRecord, speeds: RunRecord) -> None:
        self.record, self.speeds = record, speeds
        self.reference = record.reference
        self.levels = [level for level in LEVELS if any(x.name == level for x in record.levels)]

    @cached_property
    def measurements(self) -> list[Measurement]:
        wanted = families()
        return [m for m in self.record.measurements if m.probe in wanted]

    @cached_property
    def categories(self) -> list[str]:
        return list(dict.fromkeys(m.category for m in self.measurements))

    def paired(self, level: str, category: str | None = None, family: str | None = None) -> Paired:
        """The informative cases of a level; of one category or family, if one is named."""
        return count_pairs(
            pair
            for m in self.measurements
            if m.level == level and m.informative
            if category in (None, m.category) and family in (None, m.probe)
            for pair in outcomes(m)
        )

    def divergence(self, level: str) -> Divergence | None:
        found = [d for d in self.record.divergences if d.level == level and d.source == "text"]
        return found[0] if found else None


def card(curve: Curve) -> Iterator[str]:
    """The measured part of the card."""
    first = [m for m in curve.measurements if m.level == curve.levels[0]]
    right = [
        sum(c.reference.correct for c in m.cases) / len(m.cases) if m.cases else 0 for m in first
    ]
    good = [m for m, share in zip(first, right, strict=True) if share >= 0.9]
    yield (
        f"{len(first)} families, up to {max(len(m.cases) for m in first)} unseen cases each. "
        f"At {curve.reference} the mean over families is {100 * sum(right) / len(right):.1f} %; "
        f"{len(good)} families of {len({m.category for m in good})} categories reach 90 %, and "
        f"{sum(bool(m.uninformative) for m in first)} are no better than guessing and take no "
        "part below. Intervals are two-sided, 95 %."
    )
    yield ""
    yield from levels_table(curve)
    yield ""
    yield "![accuracy and divergence by level](images/embedded-model.svg)"
    yield "\n### By category: the drop in points, and what the guide expects\n"
    yield from categories_table(curve)
    yield "\n### By family: right answers in percent\n"
    yield from families_table(curve)


def levels_table(curve: Curve) -> Iterator[str]:
    """One line a level: size, accuracy, flips, drop and divergence."""
    yield (
        f"| level | bits/weight | MB | tokens/s | accuracy, % | b / c against {curve.reference} "
        "| flips, % | drop, points | mean KLD, nats | 99.9 % KLD | same top, % |"
    )
    yield "|---|---|---|---|---|---|---|---|---|---|---|"
    counts = curve.paired(curve.levels[0])
    for level in (curve.reference, *curve.levels):
        artifact = curve.record.level(level)
        cells = [
            level,
            f"{artifact.bits_per_weight:.2f}",
            f"{artifact.size / 1e6:.1f}",
            f"{_speed(curve, level):,.0f}",
        ]
        if level == curve.reference:
            cells += [_share(counts.reference_correct, counts.n), *[""] * 6]
        else:
            paired = curve.paired(level)
            cells += [
                _share(paired.level_correct, paired.n),
                f"{paired.b} / {paired.c}",
                f"{100 * (paired.b + paired.c) / paired.n:.1f}",
                _drop(paired),
                *_divergence_cells(curve.divergence(level)),
            ]
        yield f"| {' | '.join(cells)} |"


def categories_table(curve: Curve) -> Iterator[str]:
    """One line a category: accuracy at the reference; measured drop / expected, by level."""
    tolerances = read_tolerances(EXPECTED_IMPACT)
    yield f"| category | cases | {curve.reference}, % | {' | '.join(curve.levels)} |"
    yield "|---|---|---|" + "---|" * len(curve.levels)
    for category in (*curve.categories, None):
        counts = curve.paired(curve.levels[0], category)
        cells = [category or "all", str(counts.n), _share(counts.reference_correct, counts.n)]
        for level in curve.levels:
            expected = tolerances.tolerance(level, category)
            cells.append(f"{_drop(curve.paired(level, category))}; expected {expected:g}")
        yield f"| {' | '.join(cells)} |"


def families_table(curve: Curve) -> Iterator[str]:
    """One line a family: the share of right answers at the reference and at each level, in %."""
    levels = " | ".join([curve.reference, *curve.levels])
    yield f"| family | category | difficulty | cases | {levels} |"
    yield "|---|---|---|---|---|" + "---|" * len(curve.levels)
    for m in (m for m in curve.measurements if m.level == curve.levels[0]):
        right = sum(case.reference.correct for case in m.cases)
        cells = [m.probe, m.category, str(m.difficulty), str(len(m.cases))]
        cells.append(f"{100 * right / len(m.cases):.0f}" if m.cases else m.skipped)
        for level in curve.levels:
            paired = curve.paired(level, family=m.probe)
            cells.append(f"{100 * paired.level_correct / paired.n:.0f}" if paired.n else "")
        yield f"| {' | '.join(cells)} |"


def plot(curve: Curve, path: Path) -> None:
    """Accuracy with intervals and mean KL divergence against bits per weight."""
    from matplotlib import rc_context
    from matplotlib.figure import Figure

    path.parent.mkdir(exist_ok=True)
    bits = [curve.record.level(level).bits_per_weight for level in curve.levels]
    with rc_context({"svg.hashsalt": "embedded", "font.size": 9}):
        figure = Figure(figsize=(8, 3.2), layout="constrained")
        left, right = figure.subplots(1, 2)
        counts = curve.paired(curve.levels[0])
        whole = 100 * counts.reference_correct / counts.n
        left.axhline(whole, color="black", linestyle=":", label=curve.reference)
        for category, style in (
            (None, "o-"),
            *zip(_steepest(curve, 3), ("s--", "^-.", "D:"), strict=False),
        ):
            shares, errors = _accuracies(curve, category)
            left.errorbar(bits, shares, yerr=errors, fmt=style, capsize=3, label=category or "all")
        left.set(xlabel="bits per weight", ylabel="right answers, %")
        left.legend(fontsize=8)
        found = [d for level in curve.levels if (d := curve.divergence(level))]
        means = [d.statistics["Mean KLD"] for d in found]
        right.errorbar(
            bits[: len(means)],
            [mean.value for mean in means],
            yerr=[2 * (mean.error or 0) for mean in means],
            fmt="o-",
            capsize=3,
        )
        right.set(xlabel="bits per weight", ylabel="mean KL divergence, nats", yscale="log")
        for axes in (left, right):
            for level, x in zip(curve.levels, bits, strict=True):
                axes.annotate(level, (x, 0.02), xycoords=("data", "axes fraction"), ha="center")
            axes.grid(alpha=0.3)
        figure.savefig(path, metadata={"Date": None})


def _steepest(curve: Curve, count: int) -> list[str]:
    """The categories that lose most at the lowest level."""
    lowest = curve.levels[-1]

    def drop(category: str) -> float:
        paired = curve.paired(lowest, category)
        return (paired.b - paired.c) / paired.n

    return sorted(curve.categories, key=drop, reverse=True)[:count]


def _accuracies(curve: Curve, category: str | None) -> tuple[list[float], list[list[float]]]:
    shares, below, above = [], [], []
    for level in curve.levels:
        paired = curve.paired(level, category)
        share, (low, high) = (
            paired.level_correct / paired.n,
            _bounds(paired.level_correct, paired.n),
        )
        shares.append(100 * share)
        below.append(100 * (share - low))
        above.append(100 * (high - share))
    return shares, [below, above]


def _bounds(right: int, n: int) -> tuple[float, float]:
    low, high = binomtest(right, n).proportion_ci(CONFIDENCE, method="wilson")
    return float(low), float(high)


def _share(right: int, n: int) -> str:
    if not n:
        return ""
    low, high = _bounds(right, n)
    return f"{100 * right / n:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _drop(paired: Paired) -> str:
    if not paired.n:
        return ""
    low, high = tango_bounds(paired.b, paired.c, paired.n, (1 - CONFIDENCE) / 2)
    return f"{100 * (paired.b - paired.c) / paired.n:.1f} [{100 * low:.1f}, {100 * high:.1f}]"


def _divergence_cells(divergence: Divergence | None) -> Sequence[str]:
    if divergence is None:
        return ["", "", ""]
    mean = divergence.statistics["Mean KLD"]
    error = "" if mean.error is None else f" ± {mean.error:.2g}"
    return [
        f"{mean.value:.3g}{error}",
        f"{divergence.statistics['99.9% KLD'].value:.3g}",
        f"{divergence.statistics['Same top p'].value:.2f}",
    ]


def _speed(curve: Curve, level: str) -> float:
    """Tokens read and written in a second of the short session."""
    measured = curve.speeds.measurements
    if level == curve.reference:
        efforts = [m.reference_effort for m in measured if m.level == curve.levels[0]]
    else:
        efforts = [m.level_effort for m in measured if m.level == level and m.level_effort]
    tokens = sum(effort.prompt_tokens + effort.new_tokens for effort in efforts)
    return tokens / sum(effort.seconds for effort in efforts)


if __name__ == "__main__":
    main()
