"""The marks of probes, known to every session: a strict suite may use them without any level.

Their names stand here because every pytest run of every user reads them, and what is registered
takes longer to look up than all else that the plugin does there.
"""

from __future__ import annotations

from collections.abc import Iterable

import pytest

CATEGORIES = (
    "numerical_reasoning",
    "long_context",
    "language_generation",
    "world_knowledge",
    "adversarial",
    "logical_reasoning",
    "ambiguity",
    "real_world",
    "iterative",
    "probabilistic",
)
LEVELS = ("f32", "bf16", "f16", "q8", "q6", "q5", "q4", "q3", "q2")
MARKS = (*CATEGORIES, *(f"difficulty_{n}" for n in range(1, 6)), *LEVELS)


def declare(config: pytest.Config, names: Iterable[str]) -> None:
    """Make marks known, so that ``--strict-markers`` accepts them."""
    for name in names:
        config.addinivalue_line("markers", f"{name}: set by pytest-quant on probes")
