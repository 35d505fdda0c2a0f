"""Which weights of two models suffer, and what it costs to tell: docs/howto/sensitivity.md.

    python benchmarks/sensitivity.py [--model FILE] [--level q4] [--tokens 2048] [--write]

Swaps every tensor of a model and prints its kinds; the time is told beside that of one reading of
the same tokens by two models in step, taken in the same run: a quiet machine, please. --model FILE
is another model than the embedded one, such as what benchmarks/smollm2.py fetches.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tables import title_of, write_tables

from pytest_quant.analysis.weight_parts import (
    attention_ratio,
    kind_of,
    mean,
    parts_by,
    rows_of,
    shown_trends,
    sums_by_kind,
    trends,
)
from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.base.resources import usable_cpus, usable_memory
from pytest_quant.levels import parse_level
from pytest_quant.metrics.swaps import Swaps
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.kept_text import Limits
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.llamacpp.swapping import Pair
from pytest_quant.runtimes.llamacpp.tensor_swaps import measure_swaps
from pytest_quant.session.held_text import held_text, part_of

PAGE = Path(__file__).parents[1] / "docs" / "howto" / "sensitivity.md"
# One dialogue in so many is read to time a reading of two models in step.
STEP = 4


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL)
    parser.add_argument("--level", default="q4", help="default: %(default)s")
    parser.add_argument("--tokens", type=int, default=2048, help="default: %(default)s")
    parser.add_argument("--write", action="store_true", help=f"put the tables into {PAGE.name}")
    chosen = parser.parse_args()
    threads = usable_cpus()
    with tempfile.TemporaryDirectory() as directory:
        level = Path(directory) / "level.gguf"
        quantize(chosen.model, level, parse_level(chosen.level).recipe, threads)
        pair = Pair.of(chosen.model, level)
        limits = Limits(chosen.tokens, threads, usable_memory())
        began = time.perf_counter()
        found = measure_swaps(
            pair, parts_by("tensor", pair.changed), held_text(None), limits, lambda *_: None
        )
        seconds = time.perf_counter() - began
        one = reading_time(chosen.model, level, threads) * sum(found.tokens)
    text = "\n".join(tables(found, seconds, one))
    print(text)
    if chosen.write:
        write_tables(PAGE, f"sensitivity, {title_of(chosen.model)}", text)


def reading_time(reference: Path, level: Path, threads: int) -> float:
    """Seconds for a scored token that two models read in step, as the gate has them read."""
    with (
        LlamaCppRuntime.open(reference, threads=threads) as base,
        LlamaCppRuntime.open(level, threads=threads) as own,
    ):
        began = time.perf_counter()
        read = base.diverge(own, part_of(held_text(None), STEP))
        spent = time.perf_counter() - began
    assert read is not None
    return spent / read.tokens


def tables(found: Swaps, seconds: float, one: float) -> Iterator[str]:
    rows = rows_of(found)
    total = sum(row.alone.value for row in rows)
    weights = sum(row.swap.weights for row in rows)
    whole = mean(found.whole, found.tokens)
    yield "| kind | tensors | weights, % | divergence alone, % | a weight, of the mean |"
    yield "|---|---|---|---|---|"
    for kind, value in sums_by_kind(rows).items():
        mine = [row for row in rows if kind_of(row.swap.tensors[0]) == kind]
        held = sum(row.swap.weights for row in mine) / weights
        yield (
            f"| {kind} | {len(mine)} | {100 * held:.1f} | {100 * value / total:.1f} | "
            f"{value / total / held:.2f} |"
        )
    yield ""
    harmless = sum(row.harmless for row in rows)
    yield (
        f"{len(rows)} tensors on {sum(found.tokens):,} tokens in {len(found.tokens)} chunks; "
        f"mean KLD {whole.value:.4f} ± {whole.error:.4f} with all of them, {total:.4f} added up "
        f"one by one; {harmless} shown to be harmless."
    )
    if ratio := attention_ratio(found):
        yield (
            f"A weight of attention does {ratio.value:.1f} [{ratio.lower:.1f}, {ratio.upper:.1f}] "
            "times as much as one of the feed-forward."
        )
    asked = trends(rows)
    shown = shown_trends(asked)
    told = ", ".join(f"{trend.kind} (tau {trend.tau:.2f})" for trend in shown) or "none"
    yield f"Kinds that are shown to grow or fall with depth, of {len(asked)}: {told}."
    yield ""
    yield (
        f"It took {seconds:.0f} s: {seconds / (one * len(rows)):.2f} of what as many readings of "
        f"the same tokens by two models in step take ({one:.2f} s each)."
    )


if __name__ == "__main__":
    main()
