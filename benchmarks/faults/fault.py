"""What a fault is: how it is planted, in which doses, and what it imitates."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime

from .around import Around
from .model_file import ModelFile

Dose = float | str


@dataclass(frozen=True, slots=True)
class FileFault:
    """A fault that travels with the file.

    ``imitates`` is what happens in real life; ``unit`` what a dose counts; ``doses`` come mildest
    first. ``source``: whether the 16-bit model is damaged, from which the level is then made as
    usual, or the level's own file. ``damage`` changes a model in place; ``touches`` are regular
    expressions over the names of all tensors and metadata that it may change.
    """

    name: str
    imitates: str
    unit: str
    doses: tuple[Dose, ...]
    source: Literal["model", "level"]
    touches: tuple[str, ...]
    damage: Callable[[ModelFile, Any], None]

    def plant(self, source: Path, dose: Dose, target: Path) -> None:
        """Write ``source`` with this fault in it to ``target``."""
        model = ModelFile.read(source)
        self.damage(model, dose)
        model.write(target)


@dataclass(frozen=True, slots=True)
class RuntimeFault:
    """A fault of what runs the file: ``around`` gives the real runtime the fault."""

    name: str
    imitates: str
    unit: str
    doses: tuple[Dose, ...]
    around: Callable[[LlamaCppRuntime, Any], Around]


Fault = FileFault | RuntimeFault
