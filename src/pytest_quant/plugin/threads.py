"""How many threads each process of a session may use."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pytest

    from pytest_quant.plugin.options import Settings


def thread_count(config: pytest.Config, settings: Settings) -> int:
    """Threads of this process: its share if it is a worker, else all."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return int(workerinput["quant_threads"])
    return settings.threads or cpu_count()


def cpu_count() -> int:
    """The CPUs that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
