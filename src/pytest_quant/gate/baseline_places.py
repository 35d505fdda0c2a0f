"""Where the baselines of a model lie: no two models share a folder, and old folders are found.

A folder is named after its model. Where the name cannot be told from another's by what all file
systems keep of it (Windows and macOS take no notice of case), a digest of the name follows.
"""

from __future__ import annotations

import hashlib
import re
from pathlib import Path

from pytest_quant.files import read_json
from pytest_quant.gate.predictions_file import FILE_NAME

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")
_LONGEST_NAME = 80
# What looks like the digest of another name, and what Windows takes for a device.
_TAKEN = re.compile(r".*-[0-9a-f]{10}|(?:con|prn|aux|nul|com[0-9]|lpt[0-9])(?:\..*)?")


def baseline_path(directory: Path, model: str, level: str) -> Path:
    """Where the baseline of a level of a model lies, or is to be written."""
    folder, former = _folder(directory, model), _former_folder(directory, model)
    name = f"{level}.json"
    if not (folder / name).exists() and former != folder and _is_of(former / name, model):
        return former / name
    return folder / name


def predictions_path(directory: Path, model: str) -> Path:
    """The same of the reference's predictions."""
    folder, former = _folder(directory, model), _former_folder(directory, model)
    if not (folder / FILE_NAME).exists() and former != folder and _levels(former, model):
        return former / FILE_NAME
    return folder / FILE_NAME


def recorded_levels(directory: Path, model: str) -> list[str]:
    """The levels of a model of which there is a file."""
    folder, former = _folder(directory, model), _former_folder(directory, model)
    own = {path.stem for path in folder.glob("*.json")}
    return sorted(own if former == folder else own | _levels(former, model))


def _folder(directory: Path, model: str) -> Path:
    slug = _slug(model)
    if slug and slug == model.lower() == model and not _TAKEN.fullmatch(slug):
        return directory / slug
    digest = hashlib.sha256(model.encode("utf-8", "surrogatepass")).hexdigest()[:10]
    # A device's name is one with any ending, too.
    slug = slug.replace(".", "-") if _TAKEN.fullmatch(slug.lower()) else slug
    return directory / f"{slug or 'model'}-{digest}"


def _former_folder(directory: Path, model: str) -> Path:
    """Where versions before this one put them."""
    return directory / (_slug(model) or "model")


def _slug(model: str) -> str:
    return _UNSAFE.sub("-", model).strip(".-")[:_LONGEST_NAME]


def _levels(folder: Path, model: str) -> set[str]:
    return {path.stem for path in folder.glob("*.json") if _is_of(path, model)}


def _is_of(path: Path, model: str) -> bool:
    """Whether there is a file that does not say to be about another model.

    Whoever reads it will say what else is wrong with it.
    """
    try:
        raw = read_json(path)
    except FileNotFoundError:
        return False
    except (OSError, ValueError, RecursionError):
        return True
    return not isinstance(raw, dict) or raw.get("model", model) == model
