"""Probabilities with small exact denominators, and the counting that leads to them."""

from __future__ import annotations

from random import Random
from typing import Any

from pytest_quant.probes.generators.running import running

_COLOURS = ["red", "blue", "green", "white", "black", "yellow"]


def dice_sum(rng: Random) -> dict[str, Any]:
    """Two fair dice of possibly different size, and a sum that can occur."""
    m, n = rng.randint(4, 12), rng.randint(4, 12)
    total = rng.randint(2, m + n)
    low, high = max(1, total - n), min(m, total - 1)
    ways = high - low + 1
    working = f"The first die shows {low} to {high}, so {ways} of {m * n} pairs"
    return {"m": m, "n": n, "total": total, "ways": ways, "pairs": m * n, "working": working}


def urn(rng: Random) -> dict[str, Any]:
    """One marble from a bag of two to four colours."""
    colours = rng.sample(_COLOURS, rng.randint(2, 4))
    counts = [rng.randint(1, 15) for _ in colours]
    i = rng.randrange(len(colours))
    parts = [f"{count} {colour}" for count, colour in zip(counts, colours, strict=True)]
    return {
        "bag": ", ".join(parts[:-1]) + " and " + parts[-1],
        "colour": colours[i],
        "hits": counts[i],
        "total": sum(counts),
        "working": running("+", counts),
    }
