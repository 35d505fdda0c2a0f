"""What a level shows with a fault in it: the same cases and texts as without.

Everything learned is kept in a directory, so that a run that was stopped goes on where it was.
"""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from pathlib import Path

from pytest_quant import __version__
from pytest_quant.base.converter import structured
from pytest_quant.base.files import write_atomically
from pytest_quant.base.library import PROBES
from pytest_quant.errors import RuntimeFailed
from pytest_quant.levels import Level
from pytest_quant.metrics.divergence import Chunk, Divergence
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.measurement import Measurement, outcomes
from pytest_quant.probes.files import probe_files
from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.runtimes.llamacpp.artifacts import prepare
from pytest_quant.runtimes.llamacpp.digests import digest
from pytest_quant.runtimes.llamacpp.engine import LlamaCppRuntime
from pytest_quant.runtimes.llamacpp.library import build_id, hardware_class
from pytest_quant.runtimes.llamacpp.quantize import quantize
from pytest_quant.runtimes.protocol import Dialogues, Incomparable, Replies, Runtime, divergence
from pytest_quant.runtimes.responses import ResponseCache
from pytest_quant.session.bench import Bench
from pytest_quant.session.held_text import held_text, own_replies, some_of
from pytest_quant.session.sampling import FixedSize
from pytest_quant.session.session import NOISE_BATCH

from .around import Around
from .fault import Dose, Fault, FileFault

REFERENCE, CLEAN = "reference", "clean"
# Probes are taken that the reference mostly gets right, and that are short: a few of each category.
LEAST_ACCURACY = 0.6
MOST_DIFFICULT = 3


@dataclass(frozen=True, slots=True)
class Findings:
    """What one level showed. ``error``: why it could not be asked or read, else empty.

    ``texts`` are the chunks of the held text, of the reference's own responses, and of the held
    text from what the reference was recorded to predict, which takes the place of the first where
    the level is read alone.
    """

    measurements: tuple[Measurement, ...]
    texts: tuple[tuple[Chunk, ...], ...]
    error: str = ""


class Workbench:
    """The undamaged level, and what it is with a fault in it.

    ``say`` is told what takes time; ``cases`` are asked of each of ``a_category`` probes. With
    ``alone``, every so many-th dialogue of the held text is all that is read, by the level alone,
    from what the reference was recorded to predict.
    """

    def __init__(
        self,
        directory: Path,
        model: Path,
        level: Level,
        *,
        cases: int,
        a_category: int,
        alone: int | None,
        threads: int,
        say: Callable[[str], None],
    ) -> None:
        self._directory, self._model, self._level = directory, model, level
        self._cases, self._a_category, self._threads = cases, a_category, threads
        self._alone, self._say = alone is not None, say
        text = held_text(None)
        assert isinstance(text, Dialogues)
        self._text = replace(text, pairs=text.pairs[::alone])
        directory.mkdir(parents=True, exist_ok=True)
        self._clean = prepare(level, model, directory, threads).path
        self._machine = (build_id(), hardware_class(), f"threads {threads}", __version__)
        # A faulty subject at a time: how to open it, and what makes its answers what they are.
        self._open: dict[str, Callable[[], Runtime]] = {
            REFERENCE: lambda: Around(self._runtime(model)),
            CLEAN: lambda: self._runtime(self._clean),
        }
        self._origins = {REFERENCE: self._origin(model), CLEAN: self._origin(self._clean)}
        self._bench = Bench(
            REFERENCE,
            lambda name: self._open[name](),
            lambda name: self._origins[name],
            ResponseCache(directory / "responses"),
        )

    def close(self) -> None:
        self._bench.close()

    @cached_property
    def probes(self) -> tuple[Probe, ...]:
        """The probes that are asked: of each category the shortest that the reference can do."""
        chosen: list[Probe] = []
        if not self._a_category:
            return ()
        library = [p for path in probe_files([PROBES]) for p in read_probes(path, path.name)]
        library.sort(key=lambda probe: (probe.max_tokens, probe.difficulty))
        for category in sorted({probe.category for probe in library}):
            found = 0
            for probe in (p for p in library if p.category == category):
                if found < self._a_category and self._is_suitable(probe):
                    chosen.append(probe)
                    found += 1
        return tuple(chosen)

    def _is_suitable(self, probe: Probe) -> bool:
        # Programs would be judged in a sandbox, which not every machine has.
        if not probe.is_drawn or probe.difficulty > MOST_DIFFICULT or probe.check == "code":
            return False
        self._say(f"trying {probe.id}")
        measured = self._measure(probe, CLEAN)
        pairs = outcomes(measured)
        return bool(pairs) and sum(right for right, _ in pairs) >= LEAST_ACCURACY * len(pairs)

    @cached_property
    def clean(self) -> Findings:
        """What the undamaged level shows: the record."""
        return self._findings(CLEAN)

    @cached_property
    def noise(self) -> float:
        """What of the undamaged level's divergence is its own noise."""
        again = self._itself()
        of_text = {chunk.digest: chunk for chunk in self.clean.texts[0]}
        beside = [of_text[chunk.digest] for chunk in again.chunks]
        return min(1.0, _sum(again.chunks) / _sum(beside))

    def _itself(self) -> Divergence:
        with (
            self._runtime(self._clean) as own,
            LlamaCppRuntime.open(self._clean, threads=self._threads, physical=NOISE_BATCH) as twin,
        ):
            return divergence(own, twin, some_of(self._text))

    @cached_property
    def _asked(self) -> str:
        """A digest of every case and chunk: what is kept is about these."""
        digests = [case.digest for m in self.clean.measurements for case in m.cases]
        digests += [chunk.digest for text in self.clean.texts for chunk in text]
        return hashlib.sha256(" ".join(digests).encode()).hexdigest()

    @cached_property
    def _replies(self) -> Replies:
        """What a session with these probes reads of the reference's own responses."""
        sampling = FixedSize(self._cases)
        return own_replies(self._bench.replies(probe, sampling) for probe in self.probes)

    @cached_property
    def _predictions(self) -> Predictions:
        """What a record would hold of the reference."""
        return self._bench.predictions(self._text)

    def with_fault(self, fault: Fault, dose: Dose) -> Findings:
        """What the level shows with a fault in it, from the directory if it was found before."""
        name = f"{fault.name}, {dose!r}"
        key = json.dumps([self._origins[CLEAN], self._origins[REFERENCE], name, self._asked])
        path = self._directory / "found" / f"{hashlib.sha256(key.encode()).hexdigest()[:24]}.json"
        if path.exists():
            return _read(path)
        self._say(name)
        with tempfile.TemporaryDirectory() as place:
            self._plant(name, fault, dose, Path(place, "planted.gguf"))
            found = self._findings(name)
        path.parent.mkdir(exist_ok=True)
        write_atomically(path, json.dumps(_raw(found)))
        return found

    def _plant(self, name: str, fault: Fault, dose: Dose, planted: Path) -> None:
        if not isinstance(fault, FileFault):
            self._open[name] = lambda: fault.around(self._runtime(self._clean), dose)
            self._origins[name] = (*self._origins[CLEAN], name)
            return
        if fault.source == "model":
            damaged = planted.with_suffix(".source.gguf")
            fault.plant(self._model, dose, damaged)
            quantize(damaged, planted, self._level.recipe, self._threads)
        else:
            fault.plant(self._clean, dose, planted)
        self._open[name] = lambda: self._runtime(planted)
        self._origins[name] = (*self._origin(planted), name)

    def _findings(self, name: str) -> Findings:
        try:
            measurements = tuple(self._measure(probe, name) for probe in self.probes)
            recorded = self._chunks(lambda: self._bench.diverge_from(self._predictions, name))
            if self._alone:
                return Findings(measurements, (recorded, (), recorded))
            texts = (
                self._chunks(lambda: self._bench.diverge(name, self._text)),
                self._chunks(lambda: self._bench.diverge(name, self._replies)),
                recorded,
            )
        except RuntimeFailed as error:
            return Findings((), (), str(error))
        return Findings(measurements, texts)

    def _measure(self, probe: Probe, name: str) -> Measurement:
        return self._bench.measure(probe, name, probe.id, FixedSize(self._cases))

    def _chunks(self, compare: Callable[[], Divergence]) -> tuple[Chunk, ...]:
        try:
            return compare().chunks
        except Incomparable:
            return ()

    def _runtime(self, path: Path) -> LlamaCppRuntime:
        return LlamaCppRuntime.open(path, threads=self._threads)

    def _origin(self, path: Path) -> tuple[str, ...]:
        return (digest(path, self._directory), *self._machine)


def _sum(chunks: Sequence[Chunk]) -> float:
    return sum(chunk.kld * chunk.tokens for chunk in chunks)


def _raw(found: Findings) -> dict[str, object]:
    return {
        "measurements": [asdict(measurement) for measurement in found.measurements],
        "texts": [[asdict(chunk) for chunk in chunks] for chunks in found.texts],
        "error": found.error,
    }


def _read(path: Path) -> Findings:
    raw = json.loads(path.read_text("utf-8"))
    return Findings(
        structured(raw["measurements"], tuple[Measurement, ...]),
        tuple(tuple(Chunk(**chunk) for chunk in chunks) for chunks in raw["texts"]),
        raw["error"],
    )
