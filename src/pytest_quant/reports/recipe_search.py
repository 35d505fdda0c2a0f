"""In words and numbers: a recipe that was searched, and how it does on a text it never saw."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from textwrap import wrap

from pytest_quant.analysis.ratios import Ratio, ratio_of_sums
from pytest_quant.metrics.divergence import Divergence

_COLUMNS = 80
_MILLI = 1000


@dataclass(frozen=True, slots=True)
class Proved:
    """A file that was read beside the reference: ``size`` in bytes, ``bits`` per weight."""

    name: str
    size: int
    bits: float
    divergence: Divergence


def against(recipe: Proved, other: Proved) -> Ratio | None:
    """The recipe's mean KL divergence as a share of another's, chunk by chunk paired."""
    mine, theirs = (
        [chunk.kld * chunk.tokens for chunk in found.divergence.chunks] for found in (recipe, other)
    )
    return ratio_of_sums(mine, theirs)


def proof_lines(recipe: Proved, others: Sequence[Proved]) -> Iterator[str]:
    """A table of all files, the recipe first, and what is shown of it beside each other one."""
    read = recipe.divergence
    yield from _folded(
        f"On a text that the search never saw, {read.title}: {read.tokens:,} tokens in "
        f"{len(read.chunks)} chunks"
    )
    names = max(6, *(len(found.name) for found in (recipe, *others)))
    yield f"{'':<{names}} {'size, MB':>9} {'bits':>5} {'mean KLD / 1000':>16} {'same top, %':>12}"
    for found in (recipe, *others):
        kld, top = (found.divergence.statistics[name] for name in ("Mean KLD", "Same top p"))
        yield (
            f"{found.name:<{names}} {found.size / 1e6:>9.2f} {found.bits:>5.2f} "
            f"{_pair(_MILLI * kld.value, kld.error, _MILLI):>16} {_pair(top.value, top.error):>12}"
        )
    for other in others:
        yield from _folded(_sentence(recipe, other))


def _sentence(recipe: Proved, other: Proved) -> str:
    ratio = against(recipe, other)
    size = recipe.size / other.size
    sizes = f"at {100 * size:.1f} % of its size"
    if ratio is None:
        return f"{recipe.name} against {other.name}, {sizes}: too few chunks to compare them."
    told = f"{ratio.value:.2f} [{ratio.lower:.2f}, {ratio.upper:.2f}] times its mean KLD"
    shown = (
        "shown to be nearer to the reference" if ratio.upper < 1 else
        "shown to be further from it" if ratio.lower > 1 else
        "no difference is shown"
    )  # fmt: skip
    return f"{recipe.name} against {other.name}, {sizes}: {told}; {shown}."


def _pair(value: float, error: float | None, times: float = 1.0) -> str:
    return f"{value:.3g}" if error is None else f"{value:.3g} ± {times * error:.2g}"


def _folded(text: str) -> Iterator[str]:
    yield from wrap(text, _COLUMNS, subsequent_indent="  ", break_on_hyphens=False)
