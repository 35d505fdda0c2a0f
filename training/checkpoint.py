"""What a run needs to go on after it was stopped at any moment."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

_KEEP = 2
_NAME = "checkpoint-{:07d}.pt"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A moment of a run.

    ``seconds`` is the training time so far, ``rates`` the state of the mixture, ``optimizers``
    the state of each optimizer in the order of ``make_optimizers``.
    """

    step: int
    tokens: int
    seconds: float
    model: Mapping[str, Tensor]
    optimizers: tuple[Mapping[str, Any], ...]
    rates: Mapping[str, float]


def save(run: Path, checkpoint: Checkpoint) -> Path:
    """Write a checkpoint, complete or not at all, and drop all but the newest."""
    path = run / _NAME.format(checkpoint.step)
    partial = path.with_suffix(".partial")
    torch.save({name: getattr(checkpoint, name) for name in Checkpoint.__slots__}, partial)
    partial.replace(path)
    for old in _all(run)[:-_KEEP]:
        old.unlink()
    return path


def newest(run: Path) -> Path | None:
    """The newest checkpoint of a run, if there is one."""
    found = _all(run)
    return found[-1] if found else None


def load(path: Path) -> Checkpoint:
    return Checkpoint(**torch.load(path, map_location="cpu", weights_only=True))


def _all(run: Path) -> list[Path]:
    return sorted(p for p in run.glob("*.pt") if re.fullmatch(r"checkpoint-\d{7}\.pt", p.name))
