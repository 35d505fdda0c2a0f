"""The hub of a pytest session: one process fetches, the others are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.harmless import harmless
from pytest_quant.base.past_capture import say
from pytest_quant.session.hub import Hub

HUB = pytest.StashKey[Hub]()
_KEY = "quant_hub"


def hub_of(config: pytest.Config, cache_dir: Path) -> Hub:
    """The one of this process."""
    if HUB not in config.stash:
        told: dict[str, Any] = getattr(config, "workerinput", {})
        known = {text: tuple(found) for text, found in told.get(_KEY, {}).items()}
        config.stash[HUB] = Hub(_announce, cache_dir, known)
    return config.stash[HUB]


def tell_worker(config: pytest.Config, workerinput: dict[str, Any]) -> None:
    """What has been fetched: a branch may have moved since."""
    workerinput[_KEY] = {text: list(found) for text, found in config.stash[HUB].known.items()}


def _announce(text: str) -> None:
    # The terminal's reporter is not there yet.
    say(f"quantization: {harmless(text)}")
