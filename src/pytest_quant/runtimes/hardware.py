"""Where a model is computed, as the user wants it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

FlashAttention = Literal["auto", "on", "off"]

# More layers than any model has.
ALL_LAYERS = 1_000_000


@dataclass(frozen=True, slots=True)
class Hardware:
    """What was chosen; ``None`` and ``auto`` stand for what the runtime does by itself.

    ``gpu_layers`` of a model lie on accelerators, on ``main_gpu`` alone if that is given, else
    shared in the proportions of ``tensor_split``.
    """

    gpu_layers: int | None = None
    main_gpu: int | None = None
    tensor_split: tuple[float, ...] = ()
    flash_attention: FlashAttention = "auto"


DEFAULT_HARDWARE = Hardware()
