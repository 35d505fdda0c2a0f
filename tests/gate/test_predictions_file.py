"""The reference's predictions as a file: what comes back, and what is refused."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.predictions_file import RecordedPredictions, dump, read_predictions
from pytest_quant.metrics.likeliest import Predictions, likeliest

VOCABULARY = 50


@pytest.fixture
def recorded() -> RecordedPredictions:
    random = np.random.default_rng(1)
    targets = random.integers(0, VOCABULARY, 7).astype(np.int32)
    logits = random.standard_normal((7, VOCABULARY)).astype(np.float32)
    return RecordedPredictions(
        "ab" * 32,
        Predictions(
            title="a text",
            vocabulary_size=VOCABULARY,
            tokens=random.integers(0, VOCABULARY, 12).astype(np.int32),
            lengths=np.array([5, 7], np.int32),
            scored=np.array([3, 4], np.int32),
            targets=targets,
            likeliest=likeliest(logits, targets),
        ),
    )


def test_it_comes_back_as_it_was(recorded: RecordedPredictions, tmp_path: Path) -> None:
    path = tmp_path / "reference.npz"
    path.write_bytes(dump(recorded))
    found = read_predictions(path)
    assert found is not None
    assert (found.digest, found.predictions.title) == (recorded.digest, "a text")
    assert dump(found) == dump(recorded)
    passages = [(len(read), len(targets)) for read, targets in found.predictions.passages()]
    assert passages == [(5, 3), (7, 4)]
    assert read_predictions(tmp_path / "none.npz") is None


def _changed(name: str, change: Callable[[Any], Any]) -> Callable[[bytes], bytes]:
    def damage(content: bytes) -> bytes:
        arrays = dict(np.load(io.BytesIO(content)))
        arrays[name] = change(arrays[name])
        out = io.BytesIO()
        np.savez_compressed(out, **arrays)
        return out.getvalue()

    return damage


DAMAGE: dict[str, tuple[Callable[[bytes], bytes], str]] = {
    "not an archive": (lambda _: b"{}", ""),
    "cut": (lambda content: content[: len(content) // 2], ""),
    "a newer version": (_changed("version", lambda _: np.array(9)), "version 9"),
    "too few tokens": (_changed("tokens", lambda a: a[1:]), "do not go together"),
    "more scored than read": (
        _changed("scored", lambda a: a + np.array([3, -3], np.int32)),
        "do not go together",
    ),
    "a token of no vocabulary": (
        _changed("ids", lambda a: a + VOCABULARY),
        "not of the vocabulary",
    ),
    "a negative token": (_changed("targets", lambda a: a - VOCABULARY), "not of the vocabulary"),
    "no number": (_changed("nll", lambda a: a * np.nan), "not a number"),
    "text for numbers": (_changed("logs", lambda a: a.astype(str)), "another type"),
    "objects": (_changed("title", lambda _: np.array({})), ""),
}


@pytest.mark.parametrize("name", DAMAGE)
def test_a_damaged_file_is_refused(
    name: str, recorded: RecordedPredictions, tmp_path: Path
) -> None:
    damage, why = DAMAGE[name]
    path = tmp_path / "reference.npz"
    path.write_bytes(damage(dump(recorded)))
    with pytest.raises(QuantUsageError, match="not usable predictions") as raised:
        read_predictions(path)
    assert why in str(raised.value)
    assert "--quant-update-baselines" in str(raised.value)
