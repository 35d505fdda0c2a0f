"""Which runtime runs a file, and what a package may register as one."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes import backend
from pytest_quant.runtimes.backend import RUNTIMES, Backend, backend_of

LLAMA_CPP: Backend = RUNTIMES.get("llama.cpp")


class Everything:
    """Claims every file."""

    def claims(self, path: Path) -> bool:  # noqa: ARG002
        return True


class Several:
    """Of the real registry, with one more runtime."""

    names = ("llama.cpp", "other")

    def get(self, name: str) -> Any:
        return Everything() if name == "other" else RUNTIMES.get(name)


def test_a_gguf_is_told_by_its_first_bytes(tmp_path: Path) -> None:
    renamed = tmp_path / "model.json"
    renamed.symlink_to(EMBEDDED_MODEL)
    assert LLAMA_CPP.claims(EMBEDDED_MODEL)
    assert LLAMA_CPP.claims(renamed)


def no_file(path: Path) -> None:
    assert not path.exists()


def empty(path: Path) -> None:
    path.write_bytes(b"")


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (no_file, "no such file"),
        (empty, "it is empty"),
        (Path.mkdir, "is a directory"),
        (os.mkfifo, "is not a regular file"),
        (
            lambda path: path.write_text('{"weight_map": {}}'),
            "a JSON text, such as a model's index",
        ),
    ],
    ids=["missing", "empty", "directory", "pipe", "json"],
)
def test_what_nobody_claims_is_described_by_the_reader_of_gguf(
    tmp_path: Path, make: Callable[[Path], object], problem: str
) -> None:
    path = tmp_path / "model.json"
    make(path)
    assert backend_of(path) is LLAMA_CPP
    with pytest.raises(QuantUsageError, match=problem):
        backend_of(path).inspect(path)


def test_two_runtimes_that_claim_a_file_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(backend, "RUNTIMES", Several())
    with pytest.raises(QuantUsageError, match=r"one runtime: llama\.cpp, other; uninstall"):
        backend_of(EMBEDDED_MODEL)


def test_what_is_no_backend_is_told_by_what_it_lacks() -> None:
    with pytest.raises(TypeError, match="has no inspect, adopt, prepare, check_asking"):
        backend._backend(Everything())
