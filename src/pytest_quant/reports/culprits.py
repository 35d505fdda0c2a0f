"""In words and numbers: which tensors make a level worse than a sound one."""

from __future__ import annotations

import math
from collections.abc import Iterator
from textwrap import wrap

from pytest_quant.analysis.ratios import errors_beside, ratio_of_sums
from pytest_quant.analysis.weight_parts import Estimate, kind_of, mean
from pytest_quant.base.amounts import counted
from pytest_quant.metrics.swaps import Culprits, Mended

FIRST = 20
_COLUMNS = 80
# A culprit is shown to explain this share of a rise.
_SHARE = 0.5


def culprit_lines(found: Culprits, level: str, reference: str) -> Iterator[str]:
    """A table of what each part takes of the rise, and the one that explains it, if one does."""
    rise = _difference(found.damaged, found.sound, found.tokens)
    yield (
        f"{level} against {reference}, {sum(found.tokens):,} tokens in "
        f"{counted(len(found.tokens), 'chunk')} of {found.title}"
    )
    yield from _folded(
        f"mean KLD, in thousandths of a nat: {_told(mean(found.damaged, found.tokens))} as it is, "
        f"{_told(mean(found.sound, found.tokens))} made here anew: {_told(rise)} more"
    )
    if not rise.value > errors_beside(len(found.tokens)) * rise.error:
        yield "no rise is shown: the weights explain nothing here"
        return
    rows = sorted(
        ((_difference(found.damaged, m.mended, found.tokens), m) for m in found.parts),
        key=lambda row: -row[0].value,
    )
    yield ""
    names = max(4, *(len(m.part.removesuffix(".weight")) for _, m in rows[:FIRST]))
    yield f"{'part':<{names}} {'put right, it takes away':>25} {'% of the rise':>14}"
    for taken, mended in rows[:FIRST]:
        yield (
            f"{mended.part.removesuffix('.weight'):<{names}} {_told(taken):>25} "
            f"{100 * taken.value / rise.value:>14.0f}"
        )
    if len(rows) > FIRST:
        yield f"and {len(rows) - FIRST} others that take away less"
    yield ""
    yield from _folded(_culprit(found, rows[0][1]))


def _culprit(found: Culprits, first: Mended) -> str:
    """Its share of the rise has bounds, chunk by chunk paired."""
    taken, rise = (
        [n * (a - b) for n, a, b in zip(found.tokens, found.damaged, other, strict=True)]
        for other in (first.mended, found.sound)
    )
    share = ratio_of_sums(taken, rise)
    if share is None or share.lower < _SHARE:
        return "No single one is shown to explain most of it."
    kinds = dict.fromkeys(map(kind_of, first.tensors))
    what = f" ({', '.join(kinds)})" if len(kinds) < 4 else ""
    return (
        f"The culprit is {first.part}{what}: by itself it explains {100 * share.value:.0f} "
        f"[{100 * share.lower:.0f}, {100 * share.upper:.0f}] % of the rise."
    )


def _difference(above: tuple[float, ...], below: tuple[float, ...], n: tuple[int, ...]) -> Estimate:
    return mean([a - b for a, b in zip(above, below, strict=True)], n)


def _told(found: Estimate) -> str:
    value, error = 1000 * found.value, 1000 * found.error
    return f"{value:.3g}" if math.isnan(error) else f"{value:.3g} ± {error:.2g}"


def _folded(text: str) -> Iterator[str]:
    yield from wrap(text, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
