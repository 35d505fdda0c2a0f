"""What answers of llama.cpp are kept under: an entry of an older version is found by it, or not."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.base.version import __version__
from pytest_quant.levels import parse_level
from pytest_quant.runtimes.backend import Conditions, backend_of
from pytest_quant.runtimes.chat import Chat
from pytest_quant.runtimes.hardware import Hardware
from pytest_quant.runtimes.llamacpp import library


def test_answers_are_kept_under_all_that_could_change_them(tmp_path: Path) -> None:
    backend = backend_of(EMBEDDED_MODEL)
    artifact = backend.adopt(parse_level("f16"), EMBEDDED_MODEL, tmp_path)
    conditions = Conditions(threads=3, parallel=2)
    origin = (
        artifact.digest,
        library.build_id(),
        library.hardware_class(),
        "threads 3",
        __version__,
        "parallel 2",
        "kernels told",
        "thinking 2048",
        "devices told",
    )
    for chat in (Chat("none"), Chat(system="x"), Chat(options=(("a", "1"),))):
        found = backend.origin(artifact, replace(conditions, chat=chat))
        assert found == (*origin, *chat.key)
        assert len(found) == len(origin) + 1
    assert backend.origin(artifact, conditions) == origin
    assert backend.origin(artifact, replace(conditions, batch=16)) == (*origin, "batch 16")
    assert backend.origin(artifact, replace(conditions, context=64)) == (*origin, "context 64")
    hardware = Hardware(gpu_layers=0)
    chosen = backend.origin(artifact, replace(conditions, hardware=hardware))
    assert chosen == (*origin, repr(hardware))
