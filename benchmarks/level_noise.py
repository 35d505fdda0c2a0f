"""What of a level's divergence is the file, and what the kernels: the tables of docs/gate.md.

    python benchmarks/level_noise.py [--write] [--model FILE] [--levels q8,q4,q2] [--step 3]

A part of the held text is read: by each level in batches of 16, 64 and 512 tokens, and with its
weights dequantized to the reference's type, all from what the reference predicts there; and from
what the level itself predicts in batches of 512. Then each reading is held against each other one
of the same level by the gate's own check: nothing was damaged. The predictions are those that a
baseline keeps, the eight likeliest tokens and the rest, which hold nine tenths of a divergence and
spare reading the reference again and again. Prints the tables; --write puts them into docs/gate.md.
Ends with status 1 if a reading fails against another. A run that was stopped goes on where it was.
About a minute a level for the embedded model, five on one core for one of 135 M parameters.
"""

from __future__ import annotations

import argparse
import ctypes
import json
import math
import os
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import permutations
from pathlib import Path

import llama_cpp
import platformdirs
from tables import GATE_PAGE, title_of, write_tables

from pytest_quant.base.files import write_atomically
from pytest_quant.base.library import EMBEDDED_MODEL
from pytest_quant.gate.baseline import RecordedChunk
from pytest_quant.gate.divergence_regression import DivergenceResult, evaluate_divergence
from pytest_quant.levels import Level, parse_levels
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.runtimes.llamacpp.engine import BATCH_TOKENS, LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.library import file_type_id, initialize
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.protocol import Dialogues
from pytest_quant.session.held_text import held_text
from pytest_quant.session.session import NOISE_BATCH

BATCHES = (NOISE_BATCH, 64, BATCH_TOKENS)
# One of several checks over all of the text.
ALPHA = 0.0125

Chunks = tuple[RecordedChunk, ...]


@dataclass(frozen=True, slots=True)
class Readings:
    """One level: from the reference by batch, from itself, and the file alone."""

    level: str
    batches: Mapping[int, Chunks]
    itself: Chunks
    file: Chunks

    @property
    def noise(self) -> float:
        return min(1.0, mean(self.itself) / mean(self.batches[BATCH_TOKENS]))

    def pairs(self) -> list[DivergenceResult]:
        """Each batch size recorded, and each other one now."""
        found = (
            evaluate_divergence(then, now, ALPHA, noise=self.noise)
            for then, now in permutations(self.batches.values(), 2)
        )
        return [result for result in found if result]


def mean(chunks: Chunks) -> float:
    total = math.fsum(chunk.kld * chunk.tokens for chunk in chunks)
    return total / sum(chunk.tokens for chunk in chunks)


class Reader:
    """Reads a text with one thread, and keeps in a directory what it found."""

    def __init__(self, work: Path, model: Path, step: int) -> None:
        text = held_text(None)
        assert isinstance(text, Dialogues)
        self._work, self._model = work / f"every-{step}", model
        self._text = replace(text, pairs=text.pairs[::step])
        self._work.mkdir(parents=True, exist_ok=True)
        self._known: dict[Path, Predictions] = {}

    def of(self, level: Level) -> Readings:
        file, plain = (self._work / f"{level.name}{end}.gguf" for end in ("", "-dequantized"))
        if not file.exists():
            quantize(self._model, file, level.recipe, threads=1)
        if not plain.exists():
            dequantize(file, plain)
        return Readings(
            level.name,
            {batch: self._read(self._model, file, batch) for batch in BATCHES},
            self._read(file, file, NOISE_BATCH),
            self._read(self._model, plain, BATCH_TOKENS),
        )

    def _read(self, base: Path, file: Path, batch: int) -> Chunks:
        """How far a file is from what ``base`` predicts."""
        kept = self._work / f"{base.stem}-{file.stem}-{batch}.json"
        if not kept.exists():
            print(f"reading {file.stem} in batches of {batch}", file=sys.stderr, flush=True)
            if base not in self._known:
                with LlamaCppRuntime.open(base, threads=1) as reference:
                    self._known[base] = reference.predict(self._text)
            with LlamaCppRuntime.open(file, threads=1, physical=batch) as runtime:
                found = runtime.diverge_from(self._known[base]).chunks
            write_atomically(kept, json.dumps([(c.digest, c.tokens, c.kld) for c in found]))
        return tuple(RecordedChunk(*row) for row in json.loads(kept.read_text("utf-8")))


def dequantize(file: Path, plain: Path) -> None:
    """The same weights in 16 bits, so that the reference's kernels multiply them."""
    initialize()
    parameters = llama_cpp.llama_model_quantize_default_params()
    parameters.nthread, parameters.allow_requantize = 1, True
    parameters.ftype = file_type_id("f16")
    paths = os.fsencode(file), os.fsencode(plain)
    if llama_cpp.llama_model_quantize(*paths, ctypes.byref(parameters)):
        raise SystemExit(f"{file}: cannot be dequantized")


def parts_table(found: Sequence[Readings]) -> Iterator[str]:
    """One line a level: nats a token."""
    batches = " | ".join(f"of {batch}" for batch in BATCHES)
    yield f"| level | in batches {batches} | from itself | the file alone | less its noise |"
    yield "|---|" + "---|" * (len(BATCHES) + 3)
    for one in found:
        whole = mean(one.batches[BATCH_TOKENS])
        cells = [*map(mean, one.batches.values()), mean(one.itself), mean(one.file)]
        told = " | ".join(f"{value:.2e}" for value in [*cells, whole * (1 - one.noise)])
        yield f"| {one.level} | {told} |"


def pairs_table(found: Sequence[Readings]) -> Iterator[str]:
    """One line a level: what the gate says of readings that differ in nothing that matters."""
    yield "| level | its own noise, share | pairs of readings | fail | largest rise | limit |"
    yield "|---|---|---|---|---|---|"
    for one in found:
        results = one.pairs()
        failed = sum(result.verdict == "fail" for result in results)
        rise = max(result.rise / result.recorded for result in results)
        limit = results[-1].limit / results[-1].recorded
        yield (
            f"| {one.level} | {one.noise:.2g} | {len(results)} | {failed} | {100 * rise:.1f} % "
            f"| {100 * limit:.0f} % |"
        )


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--levels", default="q8,q4,q2", help="default: %(default)s")
    parser.add_argument("--step", type=int, default=3, help="of dialogues; default: %(default)s")
    parser.add_argument("--write", action="store_true", help="put the tables into docs/gate.md")
    parser.add_argument("--model", type=Path, default=EMBEDDED_MODEL, help="default: %(default)s")
    parser.add_argument(
        "--work",
        type=Path,
        default=platformdirs.user_cache_path("pytest-quant") / "level-noise",
        help="where to go on from; default: %(default)s",
    )
    options = parser.parse_args()
    title = title_of(options.model)
    reader = Reader(options.work / title, options.model, options.step)
    found = [reader.of(level) for level in parse_levels(options.levels)]
    read = found[0].itself
    tokens = sum(chunk.tokens for chunk in read)
    tables = [*parts_table(found), "", *pairs_table(found), ""]
    tables.append(f"{title}: {len(read)} dialogues, {tokens:,} tokens, alpha {ALPHA:g}.")
    print("\n".join(tables), flush=True)
    if options.write:
        write_tables(GATE_PAGE, f"noise of levels, {title}", "\n".join(tables))
    failed = any(result.verdict == "fail" for one in found for result in one.pairs())
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
