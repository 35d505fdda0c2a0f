"""Benchmark files among what is collected: under the name ``suites/NAME``, wherever they lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from pytest_quant.probes.model import Probe
from pytest_quant.suites import read_suite
from pytest_quant.suites.rows import suffix_of

FOLDER = "suites"


class SuiteFiles:
    """The files of ``--quant-suite`` by the names of their suites.

    Node ids, and with them what is recorded, hold for a benchmark, not for a place on a disk.
    """

    def __init__(self, suites: Mapping[str, Path]) -> None:
        # As pytest writes the paths that it is given.
        self._names = {Path(os.path.normpath(path)): name for name, path in suites.items()}
        self.paths = tuple(self._names)

    def claims(self, path: Path) -> bool:
        return path in self._names

    def nodeid(self, path: Path) -> str | None:
        """``suites/gsm8k.jsonl``; ``None`` for any other file."""
        return f"{FOLDER}/{self._names[path]}{suffix_of(path)}" if self.claims(path) else None

    def probes(self, path: Path, shown_as: str) -> tuple[Probe, ...]:
        """Raises ``QuantUsageError`` for a mistake in the file."""
        return read_suite(self._names[path], path, shown_as)

    def resolve(self, argument: str, base: Path) -> list[str]:
        """What an argument names of the suites: as node ids do, or by its path.

        ``suites`` are all of them.
        """
        nodeid, colons, name = argument.partition("::")
        if self.claims(Path(os.path.normpath(base / nodeid))):
            return [argument]
        if nodeid.rstrip("/") == FOLDER:
            return [str(path) for path in self.paths]
        return [f"{path}{colons}{name}" for path in self.paths if self.nodeid(path) == nodeid]
