"""One line of what will be tested."""

from __future__ import annotations

from collections.abc import Iterator

from pytest_quant.base.amounts import counted, in_points
from pytest_quant.base.durations import exactly
from pytest_quant.runtimes.hardware import ALL_LAYERS
from pytest_quant.session.settings import Settings


def header(settings: Settings) -> str:
    cases = counted(settings.cases, "case") if settings.cases else "cases by category"
    if settings.max_cases:
        cases = f"up to {counted(settings.max_cases, 'case')}"
    model = settings.model.name if settings.model else "embedded"
    if settings.artifacts and not settings.model:
        model = "given artifacts"
    levels = ", ".join(level.name for level in settings.levels)
    hard = ", ".join(map(str, sorted(settings.difficulties or ())))
    only = f", difficulty {hard}" if hard else ""
    placed = "".join(f", {told}" for told in _placed(settings))
    margin = "" if settings.margin is None else f", margin {in_points(settings.margin)}"
    asked = f"{levels} of {model}, {cases}{margin}, alpha {settings.alpha:g}{only}"
    time = f", {exactly(settings.time)}" if settings.time else ""
    return f"quantization: {asked}{time}{placed}"


def _placed(settings: Settings) -> Iterator[str]:
    """On what models are to be computed, as far as it was chosen."""
    chosen = settings.hardware
    if chosen.gpu_layers is not None:
        yield f"GPU layers {'all' if chosen.gpu_layers == ALL_LAYERS else chosen.gpu_layers}"
    if chosen.main_gpu is not None:
        yield f"GPU {chosen.main_gpu}"
    if chosen.tensor_split:
        yield f"shares {':'.join(f'{share:g}' for share in chosen.tensor_split)}"
    if chosen.flash_attention != "auto":
        yield f"flash attention {chosen.flash_attention}"
    if settings.context is not None:
        yield f"context {settings.context}"
