"""One line of what will be tested."""

from __future__ import annotations

from pytest_quant.base.amounts import counted, in_points
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
    margin = "" if settings.margin is None else f", margin {in_points(settings.margin)}"
    return f"quantization: {levels} of {model}, {cases}{margin}, alpha {settings.alpha:g}{only}"
