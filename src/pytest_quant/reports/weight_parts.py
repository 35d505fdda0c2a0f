"""In words and numbers: which weights of a model suffer most from a level."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from textwrap import wrap
from typing import Any

from pytest_quant.analysis.weight_parts import (
    Estimate,
    Row,
    attention_ratio,
    kind_of,
    mean,
    rows_of,
    shown_trends,
    sums_by_kind,
    trends,
)
from pytest_quant.base.amounts import counted
from pytest_quant.metrics.swaps import Swaps

# So many rows are told unless all are wanted.
FIRST = 20
_COLUMNS = 80
# In thousandths of a nat, as numbers that a person can read.
_MILLI = 1000


def part_lines(found: Swaps, level: str, reference: str, most: int | None = FIRST) -> Iterator[str]:
    """Two tables, by part and by kind, and what of it is shown; ``most`` rows of the first."""
    rows = rows_of(found)
    whole = mean(found.whole, found.tokens)
    total = sum(row.alone.value for row in rows)
    yield (
        f"{level} against {reference}: {counted(len(rows), 'part')}, "
        f"{sum(found.tokens):,} tokens in {counted(len(found.tokens), 'chunk')} of {found.title}"
    )
    yield from _folded(
        f"mean KLD, in thousandths of a nat: {_told(whole)} with all of them; "
        f"{_number(_MILLI * total)} added up one by one"
    )
    yield ""
    yield from _part_table(rows[:most], total)
    if most is not None and len(rows) > most:
        rest = sum(row.alone.value for row in rows[most:])
        harmless = sum(row.harmless for row in rows[most:])
        yield from _folded(
            f"and {len(rows) - most} others with {_share(rest, total)} % of the sum, "
            f"{harmless} of them shown to be harmless (--all lists them)"
        )
    if kinds := [*_kind_table(rows, total)]:
        yield from ("", *kinds)
    yield ""
    yield from _folded(
        "alone: with this part alone quantized; kept: what is regained if this part alone is kept "
        "at the reference. With the standard error, clustered by chunk. Both with the reference's "
        "kernels, in which the level's values stand, so it is what the weights do. error: root "
        "mean square of the errors over that of the weights; worst: of the worst row."
    )
    yield ""
    for sentence in sentences(found, rows):
        yield from _folded(sentence)


def sentences(found: Swaps, rows: Sequence[Row]) -> Iterator[str]:
    """What the guide expects of attention and of depth, and what was measured."""
    ratio = attention_ratio(found)
    if ratio is not None:
        told = f"{ratio.value:.2g} [{ratio.lower:.2g}, {ratio.upper:.2g}] times"
        verdict = (
            "as the guide expects" if ratio.lower > 1 else
            "against what the guide expects" if ratio.upper < 1 else
            "which shows no difference"
        )  # fmt: skip
        yield f"A weight of attention does {told} as much as one of the feed-forward: {verdict}."
    asked = trends(rows)
    if not asked:
        return
    shown = shown_trends(asked)
    kinds = counted(len(asked), "kind")
    if not shown:
        yield (
            f"With depth: the guide expects deeper layers to suffer more; in none of {kinds} of "
            "tensors is it shown that the divergence grows or falls with depth."
        )
    for trend in shown:
        way = "grows" if trend.tau > 0 else "falls"
        expected = "as the guide expects" if trend.tau > 0 else "against what the guide expects"
        yield (
            f"With depth: {trend.kind} {way} over {trend.blocks} blocks (Kendall's tau "
            f"{trend.tau:.2f}, chance {trend.chance:.2g}; shown beside the other "
            f"{len(asked) - 1} kinds), {expected}."
        )


def as_json(found: Swaps, level: str, reference: str) -> dict[str, Any]:
    """All that was measured, by chunk, and the means of every part."""
    parts = []
    for row in rows_of(found):
        gain = None if row.gain is None else _plain(row.gain)
        parts.append({**asdict(row.swap), "mean_alone": _plain(row.alone), "mean_gain": gain})
    return {
        "level": level,
        "reference": reference,
        "text": found.title,
        "tokens": found.tokens,
        "whole": found.whole,
        "mean_whole": _plain(mean(found.whole, found.tokens)),
        "parts": parts,
    }


def _plain(found: Estimate) -> dict[str, float | None]:
    return {"value": found.value, "error": None if math.isnan(found.error) else found.error}


def _part_table(rows: Sequence[Row], total: float) -> Iterator[str]:
    names = max(4, *(len(_name(row)) for row in rows))
    yield (
        f"{'part':<{names}} {'types':<8} {'bits':>5} {'error':>6} {'worst':>6} "
        f"{'alone':>13} {'%':>3} {'kept':>13}"
    )
    for row in rows:
        swap, gain = row.swap, row.gain
        types = ",".join(swap.types)
        yield (
            f"{_name(row):<{names}} {types if len(types) < 9 else types[:6] + '..':<8} "
            f"{swap.bits:>5.2f} {swap.error.rms:>6.3f} {swap.error.worst_row:>6.3f} "
            f"{_told(row.alone):>13} {_share(row.alone.value, total):>3} "
            f"{'harmless' if gain is None else _told(gain):>13}"
        )


def _name(row: Row) -> str:
    """Short enough for a line: all tensors of a model end alike."""
    return row.swap.part.removesuffix(".weight")


def _kind_table(rows: Sequence[Row], total: float) -> Iterator[str]:
    weights = sum(row.swap.weights for row in rows)
    # Of parts that hold several kinds no sum can be told.
    if any(len({kind_of(t) for t in row.swap.tensors}) > 1 for row in rows):
        return
    yield f"{'kind':<20} {'parts':>5} {'weights, %':>10} {'alone, %':>9} {'a weight':>9}"
    for kind, value in sums_by_kind(rows).items():
        mine = [row for row in rows if kind_of(row.swap.tensors[0]) == kind]
        held = sum(row.swap.weights for row in mine) / weights
        part = value / total if total else 0.0
        yield (
            f"{kind:<20} {len(mine):>5} {100 * held:>10.1f} {100 * part:>9.1f} {part / held:>8.2f}x"
        )


def _told(found: Estimate) -> str:
    value, error = _MILLI * found.value, _MILLI * found.error
    return _number(value) if math.isnan(error) else f"{_number(value)} ± {_number(error, 2)}"


def _number(value: float, digits: int = 3) -> str:
    """With so many digits that count, and no power of ten where a person would write none."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{digits}g}"


def _share(value: float, total: float) -> str:
    return f"{100 * value / total:.0f}" if total else "0"


def _folded(text: str) -> Iterator[str]:
    yield from wrap(text, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
