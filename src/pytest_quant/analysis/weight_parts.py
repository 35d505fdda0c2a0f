"""Which weights of a model suffer most from a level, by kind and by depth."""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from pytest_quant.analysis.ratios import Ratio, ratio_of_sums
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

    by_kind: defaultdict[str, list[tuple[int, float]]] = defaultdict(list)
    types: defaultdict[str, set[str]] = defaultdict(set)
    for row in rows:
        block = block_of(row.swap.tensors[0])
        if len(row.swap.tensors) == 1 and block is not None:
            kind = kind_of(row.swap.tensors[0])
            by_kind[kind].append((block, row.alone.value))
            types[kind].update(row.swap.types)
    found = []
    for kind, points in by_kind.items():
        # What is held in more bits in some blocks tells nothing of depth.
        if len(points) >= _FEWEST_BLOCKS and len(types[kind]) == 1:
            tau, chance = map(float, kendalltau(*zip(*points, strict=True)))
            # Where all blocks do the same, as if they did nothing, there is no order to speak of.
            if not math.isnan(chance):
                found.append(Trend(f"{kind} ({min(types[kind])})", len(points), tau, chance))
    return found


def shown_trends(found: Sequence[Trend]) -> list[Trend]:
    """Those that are shown, all of them together at 95 % (Holm)."""
    shown = []
    for place, trend in enumerate(sorted(found, key=lambda trend: trend.chance)):
        if trend.chance > _ALPHA / (len(found) - place):
            break
        shown.append(trend)
    return shown


def attention_ratio(found: Swaps) -> Ratio | None:
    """How many times as much a weight of attention does as one of the feed-forward.

    From the parts that are of one of both alone; ``None`` if it has no bounds. A harmless part,
    which was not read to the end, does in each chunk what it does in the mean.
    """
    sides = []
    for word in ("attention", "feed-forward"):
        parts = [p for p in found.parts if all(kind_of(t).startswith(word) for t in p.tensors)]
        weights = sum(part.weights for part in parts)
        every = [_to_the_end(part, found.tokens) for part in parts]
        sides.append(
            [
                n * sum(values) / weights
                for n, *values in zip(found.tokens, *every, strict=True)
                if weights
            ]
        )
    return ratio_of_sums(*sides) if all(sides) else None


def _to_the_end(part: Swap, tokens: Sequence[int]) -> Sequence[float]:
    if len(part.alone) == len(tokens):
        return part.alone
    return [mean(part.alone, tokens).value] * len(tokens)
