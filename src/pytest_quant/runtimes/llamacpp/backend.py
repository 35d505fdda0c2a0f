"""llama.cpp as one of the runtimes. What it takes to run it is imported when it is asked."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pytest_quant.base.version import __version__
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.artifact import Artifact, Contents, ModelFile

if TYPE_CHECKING:
    from pytest_quant.levels import Level
    from pytest_quant.runtimes.backend import Conditions
    from pytest_quant.runtimes.protocol import Reading, Runtime

_MAGIC = b"GGUF"


class LlamaCpp:
    """Runs GGUF files, and quantizes them."""

    def claims(self, path: Path) -> bool:
        """By what it begins with. A file that is no GGUF is for its reader to describe."""
        try:
            # To open a pipe would wait for whoever writes into it.
            if not path.is_file():
                return False
            with path.open("rb") as file:
                return file.read(len(_MAGIC)) == _MAGIC
        except OSError:
            return False

    def inspect(self, path: Path) -> ModelFile:
        from pytest_quant.runtimes.llamacpp.gguf_file import inspect, reference_level

        info = inspect(path)
        return ModelFile(
            path=info.path,
            parts=info.parts,
            name=info.name,
            precision=reference_level(info) or "",
            kind=info.file_type,
        )

    def adopt(self, level: Level, path: Path, cache_dir: Path) -> Artifact:
        from pytest_quant.runtimes.llamacpp.artifacts import adopt

        return adopt(level, path, cache_dir)

    def prepare(self, level: Level, source: Path, cache_dir: Path, threads: int) -> Artifact:
        from pytest_quant.runtimes.llamacpp.artifacts import prepare

        return prepare(level, source, cache_dir, threads)

    def check_asking(
        self, artifacts: Sequence[Artifact], conditions: Conditions, cache_dir: Path
    ) -> None:
        """Not for more sequences than llama.cpp decodes together, on devices that it does not see,
        in a way in which it cannot run a file, nor through a chat template that cannot be used.
        """
        from pytest_quant.runtimes.llamacpp.devices import check_context, check_hardware
        from pytest_quant.runtimes.llamacpp.library import max_sequences
        from pytest_quant.runtimes.llamacpp.prompt import check_forms
        from pytest_quant.runtimes.llamacpp.trial import OWN_WAY, Way, ensure_tried

        parallel = conditions.parallel
        if parallel is not None and parallel > (most := max_sequences()):
            raise QuantUsageError(
                f"--quant-parallel (quant_parallel): found {parallel}; llama.cpp decodes at most "
                f"{most} sequences together"
            )
        check_hardware(conditions.hardware)
        check_context(conditions.context, [artifact.path for artifact in artifacts])
        for artifact in artifacts:
            way = Way(artifact.kv, conditions.hardware)
            if way == OWN_WAY:
                continue
            try:
                ensure_tried(artifact.path, artifact.digest, cache_dir, way)
            except QuantUsageError as error:
                raise QuantUsageError(f"level {artifact.level}: {error}") from None
        check_forms({a.digest: a.path for a in artifacts}, conditions.chat, cache_dir)

    def check_reading(
        self, reading: Reading, reference: Artifact, levels: Sequence[Artifact]
    ) -> None:
        from pytest_quant.runtimes.llamacpp.passages import check_length

        check_length(reading, reference.path, [level.path for level in levels])

    def origin(self, artifact: Artifact, conditions: Conditions) -> tuple[str, ...]:
        from pytest_quant.runtimes.llamacpp.devices import described
        from pytest_quant.runtimes.llamacpp.library import build_id, hardware_class
        from pytest_quant.runtimes.llamacpp.width import effective_parallel

        context, hardware = conditions.context, conditions.hardware
        width = effective_parallel(artifact.path, conditions.parallel, context, hardware)
        batch = () if conditions.batch is None else (f"batch {conditions.batch}",)
        kv = (f"kv {artifact.kv}",) if artifact.kv else ()
        return (
            artifact.digest,
            build_id(),
            hardware_class(),
            f"threads {conditions.threads}",
            __version__,
            f"parallel {width}",
            # What was kept before the kernels and the devices were told is not known by them.
            "kernels told",
            # Those of before did not count thinking apart, and scored before its end.
            f"thinking {conditions.chat.budget}",
            "devices told",
            *described(hardware),
            *(() if context is None else (f"context {context}",)),
            *kv,
            *batch,
            *conditions.chat.key,
        )

    def open(self, artifact: Artifact, conditions: Conditions) -> Runtime:
        from pytest_quant.runtimes.llamacpp.engine import BATCH_TOKENS, LlamaCppRuntime

        return LlamaCppRuntime.open(
            artifact.path,
            threads=conditions.threads,
            parallel=conditions.parallel,
            physical=conditions.batch or BATCH_TOKENS,
            chat=conditions.chat,
            kv=artifact.kv,
            hardware=conditions.hardware,
            context=conditions.context,
        )

    def honours(self) -> frozenset[str]:
        return frozenset({"template", "options", "system", "thinking", "budget"})

    def prompt_form(self, artifact: Artifact) -> str:
        from pytest_quant.runtimes.llamacpp.contents import prompt_form

        return prompt_form(artifact.path)

    def context_length(self, artifact: Artifact) -> int:
        from pytest_quant.runtimes.llamacpp.gguf_file import inspect

        return inspect(artifact.path).context_length or 0

    def contents(self, artifact: Artifact, cache_dir: Path) -> Contents:
        from pytest_quant.runtimes.llamacpp.contents import read_contents

        return read_contents(artifact.path, cache_dir)


BACKEND = LlamaCpp()
