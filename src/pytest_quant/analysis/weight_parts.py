"""Which weights of a model suffer most from a level, by kind and by depth."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.metrics.swaps import Swap, Swaps

By = Literal["tensor", "group", "layer"]

# Tensors by the last words of llama.cpp's names for them, as people call them.
_KINDS = {
    "token_embd": "embedding",
    "output": "output",
    "attn_q": "attention q",
    "attn_k": "attention k",
    "attn_v": "attention v",
    "attn_qkv": "attention qkv",
    "attn_output": "attention output",
    "ffn_gate": "feed-forward gate",
    "ffn_up": "feed-forward up",
    "ffn_down": "feed-forward down",
    "ffn_gate_exps": "experts gate",
    "ffn_up_exps": "experts up",
    "ffn_down_exps": "experts down",
}
_BLOCK = re.compile(r"blk\.(\d+)\.(.+)")
# An order over fewer blocks shows nothing, whatever it is.
_FEWEST_BLOCKS = 5
_ALPHA = 0.05
# Standard errors on each side of a 95 % interval.
_TWO_SIDED = 1.96


@dataclass(frozen=True, slots=True)
class Estimate:
    """A mean over tokens with its standard error, clustered by chunk; ``nan`` from one chunk."""

    value: float
    error: float


@dataclass(frozen=True, slots=True)
class Row:
    """One part: ``alone`` is the mean KL divergence with it alone quantized, ``gain`` what is
    regained if it alone is kept, both in nats; ``gain`` is ``None`` if the part is harmless.
    """

    swap: Swap
    alone: Estimate
    gain: Estimate | None

    @property
    def harmless(self) -> bool:
        return self.gain is None


@dataclass(frozen=True, slots=True)
class Trend:
    """How the divergence of one kind of tensors goes with depth: Kendall's tau over ``blocks``, and
    the chance of one as far from 0 if there were no order.
    """

    kind: str
    blocks: int
    tau: float
    chance: float


def kind_of(tensor: str) -> str:
    """What a tensor is, as people call it: ``blk.3.attn_v.weight`` is "attention v"."""
    match = _BLOCK.fullmatch(tensor)
    name = (match[2] if match else tensor).removesuffix(".weight")
    return _KINDS.get(name, name)


def block_of(tensor: str) -> int | None:
    """The block that a tensor is in."""
    match = _BLOCK.fullmatch(tensor)
    return int(match[1]) if match else None


def parts_by(by: By, tensors: Iterable[str]) -> dict[str, list[str]]:
    """The names of tensors by part, blocks in their order and all else around them."""
    found: defaultdict[str, list[str]] = defaultdict(list)
    for tensor in tensors:
        block = block_of(tensor)
        if by == "tensor":
            part = tensor
        elif by == "group" or block is None:
            part = kind_of(tensor)
        else:
            part = f"block {block}"
        found[part].append(tensor)
    return dict(found)


def rows_of(found: Swaps) -> list[Row]:
    """The part that does most first."""
    rows = [
        Row(
            swap,
            mean(swap.alone, found.tokens),
            None
            if swap.kept is None
            else mean([w - k for w, k in zip(found.whole, swap.kept, strict=True)], found.tokens),
        )
        for swap in found.parts
    ]
    return sorted(rows, key=lambda row: -row.alone.value)


def mean(values: Sequence[float], tokens: Sequence[int]) -> Estimate:
    """Of the means of the first chunks; ``tokens`` counts those of all."""
    counted = [*zip(values, tokens, strict=False)]
    total = sum(n for _, n in counted)
    value = sum(v * n for v, n in counted) / total
    if len(counted) < 2:
        return Estimate(value, math.nan)
    spread = sum((n * (v - value)) ** 2 for v, n in counted)
    return Estimate(value, math.sqrt(spread * len(counted) / (len(counted) - 1)) / total)


def sums_by_kind(rows: Iterable[Row]) -> Mapping[str, float]:
    """What the tensors of each kind do, each by itself, added up; the kind that does most first."""
    found: defaultdict[str, float] = defaultdict(float)
    for row in rows:
        found[kind_of(row.swap.tensors[0])] += row.alone.value
    return dict(sorted(found.items(), key=lambda item: -item[1]))


def trends(rows: Iterable[Row]) -> list[Trend]:
    """How each kind goes with depth, where tensors were swapped one by one."""
    from scipy.stats import kendalltau

    by_kind: defaultdict[tuple[str, tuple[str, ...]], list[tuple[int, float]]] = defaultdict(list)
    for row in rows:
        block = block_of(row.swap.tensors[0])
        if len(row.swap.tensors) == 1 and block is not None:
            # What is held in more bits in some blocks tells nothing of depth.
            key = kind_of(row.swap.tensors[0]), row.swap.types
            by_kind[key].append((block, row.alone.value))
    found = []
    for (kind, types), points in by_kind.items():
        if len(points) >= _FEWEST_BLOCKS:
            tau, chance = kendalltau(*zip(*points, strict=True))
            found.append(Trend(f"{kind} ({', '.join(types)})", len(points), tau, chance))
    return found


def shown_trends(found: Sequence[Trend]) -> list[Trend]:
    """Those that are shown, all of them together at 95 % (Holm)."""
    shown = []
    for place, trend in enumerate(sorted(found, key=lambda trend: trend.chance)):
        if trend.chance > _ALPHA / (len(found) - place):
            break
        shown.append(trend)
    return shown


@dataclass(frozen=True, slots=True)
class Ratio:
    """How many times as much a weight of attention does as one of the feed-forward part, with the
    bounds of a 95 % interval.
    """

    value: float
    lower: float
    upper: float


def attention_ratio(found: Swaps) -> Ratio | None:
    """From the parts that are of attention alone, and of the feed-forward alone; bounds by leaving
    out each chunk in turn. ``None`` if one of them is missing, or does nothing.
    """
    sides = [
        [p for p in found.parts if all(kind_of(t).startswith(word) for t in p.tensors)]
        for word in ("attention", "feed-forward")
    ]
    if not all(sides) or len(found.tokens) < 2:
        return None

    def log_ratio(without: int | None) -> float:
        attention, other = (
            sum(_without(p.alone, found.tokens, without) for p in side)
            / sum(p.weights for p in side)
            for side in sides
        )
        return math.log(attention / other)

    try:
        value = log_ratio(None)
        chunks = len(found.tokens)
        others = [log_ratio(chunk) for chunk in range(chunks)]
    except (ValueError, ZeroDivisionError):
        return None
    middle = sum(others) / chunks
    error = math.sqrt((chunks - 1) / chunks * sum((one - middle) ** 2 for one in others))
    return Ratio(*(math.exp(value + side * _TWO_SIDED * error) for side in (0, -1, 1)))


def _without(values: Sequence[float], tokens: Sequence[int], chunk: int | None) -> float:
    """The mean over all chunks but one; a harmless part has few, and keeps them."""
    if chunk is None or len(values) < len(tokens):
        return mean(values, tokens).value
    left = [(v, n) for i, (v, n) in enumerate(zip(values, tokens, strict=True)) if i != chunk]
    return sum(v * n for v, n in left) / sum(n for _, n in left)
