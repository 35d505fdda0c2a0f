"""Where models are computed, read from text: an option of pytest, or of our own command."""

from __future__ import annotations

import math
from typing import get_args

from pytest_quant.runtimes.hardware import ALL_LAYERS, FlashAttention

# llama.cpp counts no more devices.
MOST_DEVICES = 128


def gpu_layers(text: str) -> int:
    """``all``, or a number from 0; raises ``ValueError``."""
    return ALL_LAYERS if text.strip().lower() == "all" else _whole(text, ALL_LAYERS)


def main_gpu(text: str) -> int:
    """A number from 0; raises ``ValueError``."""
    return _whole(text, MOST_DEVICES - 1)


def _whole(text: str, most: int) -> int:
    digits = text.strip()
    if not (digits.isascii() and digits.isdecimal() and len(digits) < 20 and int(digits) <= most):
        raise ValueError(f"found {text!r:.40}, expected a whole number from 0 to {most:,}")
    return int(digits)


def tensor_split(text: str) -> tuple[float, ...]:
    """Numbers separated by commas; raises ``ValueError``."""
    try:
        return shares([float(part) for part in text.split(",")])
    except ValueError:
        raise ValueError(f"found {text!r:.60}, expected the share of each device, as 3,1") from None


def shares(found: list[float]) -> tuple[float, ...]:
    """Raises ``ValueError`` for what cannot be shares of a whole."""
    sound = all(math.isfinite(share) and 0 <= share <= 1e9 for share in found)
    if not sound or not any(found) or len(found) > MOST_DEVICES:
        raise ValueError(f"found {found!r:.60}, expected the share of each device, as 3 and 1")
    return tuple(found)


def flash_attention(text: str) -> FlashAttention:
    """Raises ``ValueError`` for any other word."""
    words: tuple[FlashAttention, ...] = get_args(FlashAttention)
    for word in words:
        if text.strip().lower() == word:
            return word
    raise ValueError(f"found {text!r:.40}, expected auto, on or off")
