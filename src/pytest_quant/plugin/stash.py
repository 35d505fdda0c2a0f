"""Where the session of this process is found, and its share of the processors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pytest_quant.base.resources import usable_cpus

if TYPE_CHECKING:
    from pytest_quant.session.session import Session
    from pytest_quant.session.settings import Settings

SESSION: pytest.StashKey[Session] = pytest.StashKey()


def thread_count(config: pytest.Config, settings: Settings) -> int:
    """Threads of this process: its share if it is a worker, else all."""
    workerinput: dict[str, Any] | None = getattr(config, "workerinput", None)
    if workerinput is not None:
        return int(workerinput["quant_threads"])
    return settings.threads or usable_cpus()
