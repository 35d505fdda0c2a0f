"""What is kept of responses is served only if it is what was written."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from pytest_quant.runtimes.protocol import Batch, Limits, Response, RuntimeInfo
from pytest_quant.runtimes.responses import ResponseCache

BATCH = Batch((Response("The answer is 8.", (1, 2, 300), (-0.5, -0.25, -1e-9), "stop", 5),), 0.5)
INFO = RuntimeInfo("scripted", "1", "build", "none", 1, 1, 64)


class Asked:
    """A cache in a directory, and how often something was made for it."""

    def __init__(self, directory: Path) -> None:
        self._cache = ResponseCache(directory)
        self.times = 0

    def __call__(self) -> Batch:
        ((batch, _),) = self._cache.get_or_generate(["q4"], [["2 + 6?"]], Limits(8), self._make)
        return batch

    def _make(self, batches: Sequence[Sequence[str]]) -> Sequence[tuple[Batch, RuntimeInfo]]:
        self.times += len(batches)
        return [(BATCH, INFO)] * len(batches)


@pytest.fixture
def asked(tmp_path: Path) -> Asked:
    return Asked(tmp_path)


def test_what_is_kept_is_served_as_it_was(asked: Asked) -> None:
    assert asked() == asked() == BATCH
    assert asked.times == 1


def test_a_flipped_bit_anywhere_is_found(asked: Asked, tmp_path: Path) -> None:
    asked()
    (kept,) = tmp_path.rglob("*.json")
    whole = kept.read_bytes()
    for place in range(len(whole)):
        kept.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        assert asked() == BATCH
    assert asked.times == 1 + len(whole)


@pytest.mark.parametrize("content", ["", "[" * 100_000, "{}", '{"batch": {}, "checksum": ""}'])
def test_what_was_not_written_here_is_made_anew(asked: Asked, tmp_path: Path, content: str) -> None:
    asked()
    (kept,) = tmp_path.rglob("*.json")
    kept.write_text(content)
    assert asked() == BATCH
    assert asked.times == 2
