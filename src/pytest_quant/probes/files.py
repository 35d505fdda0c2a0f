"""Which YAML files are probe files, and which of them a session or a command looks at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from pytest_quant.base.library import PROBES
from pytest_quant.errors import QuantUsageError

SUFFIXES = (".yaml", ".yml")
# What tells a probe file from another YAML file.
_PROBES_KEY = re.compile(r"^probes:", re.MULTILINE)


def has_probes(path: Path) -> bool:
    """Whether the text of a file has a top-level key ``probes``."""
    return _PROBES_KEY.search(path.read_text("utf-8", errors="replace")) is not None


def local_or_shipped(directory: Path) -> Path:
    """The directory ``probes`` of a project, or else that of the shipped library."""
    local = directory / "probes"
    return local if local.is_dir() else PROBES


def probe_files(paths: Iterable[Path]) -> Iterator[Path]:
    """The files among ``paths``, and the probe files below the directories among them.

    Raises ``QuantUsageError`` for a path that does not exist and a directory without probes.
    """
    for path in paths:
        if not path.is_dir():
            if not path.exists():
                raise QuantUsageError(f"{path} does not exist; expected a probe file or directory")
            yield path
            continue
        found = sorted(p for p in path.rglob("*") if p.suffix in SUFFIXES and p.is_file())
        files = [file for file in found if has_probes(file)]
        if not files:
            raise QuantUsageError(
                f"{path} holds no probe file; expected YAML files with 'category' and 'probes'"
            )
        yield from files
