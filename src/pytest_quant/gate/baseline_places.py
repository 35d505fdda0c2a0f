"""Where the baselines of a model lie: no two models share a folder, and old folders are found.

A folder is named after its model. Where a path cannot hold enough of the name, a digest of it
follows. Spaces are dashes, and Windows and macOS take no notice of case: of two models whose names
differ in no more than that, the one that comes second has the digest.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from pytest_quant.base.files import read_json
from pytest_quant.gate.predictions_file import FILE_NAME
from pytest_quant.levels import KV

_KV = KV.replace(":", "-")
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
# What looks like the digest of another name, and what Windows takes for a device.
_TAKEN = re.compile(r".*-[0-9a-f]{10}|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def baseline_path(directory: Path, model: str, level: str) -> Path:
    """Where the baseline of a level of a model lies, or is to be written."""
    return _Places(directory, model).baseline(f"{_file_name(level)}.json")


def predictions_path(directory: Path, model: str) -> Path:
    """The same of the reference's predictions."""
    return _Places(directory, model).predictions()


def recorded_levels(directory: Path, model: str) -> list[str]:
    """The levels of a model of which there is a file."""
    return [_level(name) for name in _Places(directory, model).levels()]


def _file_name(level: str) -> str:
    """``q4+kv:q8_0/q4_0`` as ``q4+kv-q8_0-q4_0``: a name that every system's files can have."""
    file, kv, types = level.partition(KV)
    return f"{file}{_KV}{types.replace('/', '-')}" if kv else level


def _level(name: str) -> str:
    """The level whose file has this name."""
    file, kv, types = name.partition(_KV)
    return f"{file}{KV}{types.replace('-', '/')}" if kv else name


@dataclass(frozen=True)
class _Places:
    """The two folders that may be a model's: one named plainly, one with a digest."""

    directory: Path
    model: str

    @cached_property
    def _plain(self) -> Path:
        return self.directory / _plain_name(self.model)

    @cached_property
    def _certain(self) -> Path:
        digest = hashlib.sha256(self.model.encode("utf-8", "surrogatepass")).hexdigest()[:10]
        slug = _plain_name(self.model)
        # A device's name is one with any ending, too.
        slug = slug.replace(".", "-") if _TAKEN.fullmatch(slug.lower()) else slug
        return self.directory / f"{slug}-{digest}"

    def baseline(self, name: str) -> Path:
        plain, certain = self._plain / name, self._certain / name
        if certain.exists():
            return certain
        if plain.exists():
            return plain if self._may_be_ours(plain) else certain
        return plain if _is_kept(self.model) and not self._is_taken() else certain

    def predictions(self) -> Path:
        if (self._certain / FILE_NAME).exists():
            return self._certain / FILE_NAME
        ours = any(map(self._may_be_ours, self._plain.glob("*.json")))
        if ours or (_is_kept(self.model) and not self._is_taken()):
            return self._plain / FILE_NAME
        return self._certain / FILE_NAME

    def levels(self) -> list[str]:
        found = {path.stem for path in self._certain.glob("*.json")}
        plain = (path for path in self._plain.glob("*.json") if self._may_be_ours(path))
        return sorted(found | {path.stem for path in plain})

    def _may_be_ours(self, path: Path) -> bool:
        """Whether a file in the plain folder is this model's, or of nobody who belongs there.

        Whoever reads it will say what is wrong with it.
        """
        model = _model_of(path)
        if model in (None, self.model):
            return True
        return _plain_name(str(model)).lower() != self._plain.name.lower()

    def _is_taken(self) -> bool:
        """Whether there is a plain folder of this name, in whatever case, and it is another's."""
        files = [file for folder in self._alike() for file in folder.glob("*.json")]
        return bool(files) and not any(map(self._may_be_ours, files))

    def _alike(self) -> Iterator[Path]:
        if self.directory.is_dir():
            name = self._plain.name.lower()
            yield from (path for path in self.directory.iterdir() if path.name.lower() == name)


def _plain_name(model: str) -> str:
    return _UNSAFE.sub("-", model).strip(".-")[:_LONGEST_NAME] or "model"


def _is_kept(model: str) -> bool:
    """Whether a plain name keeps all of a model's but its spaces."""
    name = _plain_name(model)
    return name == model.replace(" ", "-") and not _TAKEN.fullmatch(name.lower())


def _model_of(path: Path) -> object:
    """The model that a file says to be about; ``None`` if it says none."""
    try:
        raw = read_json(path)
    except (OSError, ValueError, RecursionError):
        return None
    return raw.get("model") if isinstance(raw, dict) else None
