"""Packages of others, installed for a test: their entry points and the modules that these name."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest

from pytest_quant.base import registry


@dataclass(frozen=True, slots=True)
class Packages:
    """A directory of installed packages that is on the path while a test runs."""

    path: Path

    def install(
        self, name: str, group: str, points: Mapping[str, str], module: str = "", code: str = ""
    ) -> None:
        """Version 1.0 of a package with entry points of one group, and one module."""
        folder = self.path / f"{name.replace('-', '_')}-1.0.dist-info"
        folder.mkdir()
        told = f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n"
        folder.joinpath("METADATA").write_text(told)
        lines = [f"[{group}]", *(f"{key} = {value}" for key, value in points.items())]
        folder.joinpath("entry_points.txt").write_text("\n".join(lines))
        if module:
            self.path.joinpath(f"{module}.py").write_text(code)
        _forget()


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Packages]:
    path = tmp_path / "packages"
    path.mkdir()
    monkeypatch.syspath_prepend(path)
    _forget()
    yield Packages(path)
    for name, module in list(sys.modules.items()):
        if str(getattr(module, "__file__", None)).startswith(str(path)):
            del sys.modules[name]
    _forget()


def _forget() -> None:
    registry.entry_points.cache_clear()
    registry.registered.cache_clear()
