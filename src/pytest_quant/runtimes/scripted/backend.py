"""The scripted runtime as one of the runtimes: a session on files of answers."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.version import __version__
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile
from pytest_quant.runtimes.chat import PLAIN_QUESTION
from pytest_quant.runtimes.scripted.runtime import FORMAT, NAME, ScriptedRuntime
from pytest_quant.runtimes.scripted.script import is_script, read_script

if TYPE_CHECKING:
    from pytest_quant.levels import Level
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import Reading, Runtime


class Scripted:
    """Runs files of answers: as they are, under all conditions."""

    def claims(self, path: Path) -> bool:
        return is_script(path)

    def inspect(self, path: Path) -> ModelFile:
        return ModelFile(path, (path,), read_script(path).model, precision="", kind=NAME)

    def adopt(self, level: Level, path: Path, cache_dir: Path) -> Artifact:  # noqa: ARG002
        script = read_script(path)
        return Artifact(
            level=level.name,
            path=path,
            digest=script.digest,
            name=script.model,
            size=script.size,
            parameters=0,
            bits_per_weight=script.bits_per_weight or _claimed_bits(level),
            tensor_types={},
            recipe=NAME,
            warning="",
            made_here=False,
        )

    def prepare(self, level: Level, source: Path, cache_dir: Path, threads: int) -> Artifact:  # noqa: ARG002
        raise QuantUsageError(
            f"--quant-model (quant_model): {source}: holds answers, and no weights to quantize; "
            f"give each level its own file: --quant-artifact {level.name}=FILE"
        )

    def check_asking(
        self, artifacts: Sequence[Artifact], conditions: Conditions, cache_dir: Path
    ) -> None:
        """It answers whatever it is asked."""

    def check_reading(
        self, reading: Reading, reference: Artifact, levels: Sequence[Artifact]
    ) -> None:
        """It reads none."""

    def origin(self, artifact: Artifact, conditions: Conditions) -> tuple[str, ...]:
        budget = f"thinking {conditions.chat.budget}"
        return (artifact.digest, NAME, f"scripts of format {FORMAT}", __version__, budget)

    def open(self, artifact: Artifact, conditions: Conditions) -> Runtime:
        return ScriptedRuntime(
            read_script(artifact.path), conditions.threads, conditions.chat.budget
        )

    def honours(self) -> frozenset[str]:
        return frozenset({"budget"})

    def contents(self, artifact: Artifact, cache_dir: Path) -> Contents:  # noqa: ARG002
        parts = read_script(artifact.path).parts
        metadata = {name: f"sha256:{digest}" for name, digest in parts.items()}
        return Contents(PLAIN_QUESTION, metadata, tensors={})


def _claimed_bits(level: Level) -> float:
    """What the name of the level says: there are no weights to look at."""
    return float(level.guide_level.lstrip("abfq"))


BACKEND = Scripted()
