"""The recorded baselines of a session's model, as every process of the session sees them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import asdict
from itertools import islice
from pathlib import Path

from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.baseline import (
    RIGHT,
    Baseline,
    RecordedArtifact,
    RecordedProbe,
)
from pytest_quant.gate.baseline_file import read_baseline
from pytest_quant.gate.baseline_places import baseline_path, predictions_path, recorded_levels
from pytest_quant.gate.predictions_file import read_predictions
from pytest_quant.metrics.likeliest import Predictions
from pytest_quant.metrics.measurement import Answer, recorded_answer
from pytest_quant.probes.cases import each_case
from pytest_quant.probes.model import Case, Probe
from pytest_quant.runtimes.artifact import Artifact, Contents
from pytest_quant.runtimes.protocol import RuntimeInfo
from pytest_quant.session.references import NotRecorded

# By so many cases probes of one id are told apart.
_FIRST_CASES = 4


class Baselines:
    """The baselines below a directory that belong to one model, each read once."""

    def __init__(self, directory: Path, model: str) -> None:
        self._directory = directory
        self._model = model
        self._read: dict[str, Baseline | None] = {}

    def path(self, level: str) -> Path:
        return baseline_path(self._directory, self._model, level)

    def of(self, level: str) -> Baseline | None:
        """The baseline of a level, ``None`` if there is none.

        Raises ``QuantUsageError`` for a file that is damaged or about something else.
        """
        if level not in self._read:
            self._read[level] = self.read(level)
        return self._read[level]

    def read(self, level: str) -> Baseline | None:
        """The same, as the file is now."""
        path = self.path(level)
        baseline = read_baseline(path)
        if baseline and (baseline.model, baseline.level) != (self._model, level):
            raise QuantUsageError(
                f"{path}: is about {baseline.level} of {baseline.model!r}, expected {level} of "
                f"{self._model!r}\nkeep the baselines of other models elsewhere: "
                "--quant-baselines=DIR"
            )
        return baseline

    def levels(self) -> list[str]:
        """The levels of the model of which there is a file, tested or not."""
        return recorded_levels(self._directory, self._model)

    def others(self, level: str) -> Iterator[Baseline]:
        """The baselines of the other levels, but for those that cannot be read: they are not
        what is tested.
        """
        for other in self.levels():
            with suppress(QuantUsageError):
                if other != level and (found := self.of(other)):
                    yield found

    def reference(self, levels: Sequence[str]) -> RecordedArtifact | None:
        """The reference that all these levels were recorded against, if they have one in common."""
        found = [self.of(level) for level in levels]
        known = {(b.reference.level, b.reference.digest): b.reference for b in found if b}
        return next(iter(known.values())) if all(found) and len(known) == 1 else None

    def predictions(self, reference: RecordedArtifact) -> Predictions | None:
        """What this reference predicted when levels were recorded against it, if that is known.

        Raises ``QuantUsageError`` for a damaged file.
        """
        found = read_predictions(self.predictions_path)
        return found.predictions if found and found.digest == reference.digest else None

    @property
    def predictions_path(self) -> Path:
        return predictions_path(self._directory, self._model)

    def reference_answer(self, level: str, probe: Probe, case: Case) -> Answer:
        """The recorded outcome of a case at the reference; raises ``NotRecorded``."""
        recorded = self.probe(level, probe)
        if recorded is None or not recorded.holds(case.index, case.digest):
            what = "the probe" if recorded is None else f"case {case.index} as it is now"
            raise NotRecorded(
                f"the reference is not at hand, and the baseline of {level} does not hold {what}"
            )
        return recorded_answer(recorded.reference[case.index] == RIGHT)

    def answered_cases(self, level: str, probe: Probe, wanted: int) -> int:
        """How many of so many cases the reference answered; all if it answered none."""
        recorded = self.probe(level, probe)
        return min(wanted, len(recorded.digests)) if recorded else wanted

    def probe(self, level: str, probe: Probe) -> RecordedProbe | None:
        """What is recorded of a probe at a level, if anything."""
        baseline = self.of(level)
        named = baseline.named(probe.id) if baseline else []
        if baseline is None or not named:
            return None
        if len(named) == 1:
            return baseline.probes[named[0]]
        # Cases are worked out for it, which takes time, only where the id does not tell.
        first = (case.digest for case in islice(each_case(probe), _FIRST_CASES))
        return baseline.probe(f"{probe.path}::{probe.id}", first)


def recorded_artifact(
    artifact: Artifact, runtime: RuntimeInfo | None, contents: Contents | None = None
) -> RecordedArtifact:
    """An artifact of this session in the form of the record."""
    return RecordedArtifact(
        level=artifact.level,
        recipe=artifact.recipe,
        digest=artifact.digest,
        size=artifact.size,
        bits_per_weight=artifact.bits_per_weight,
        tensor_types=dict(artifact.tensor_types),
        runtime=asdict(runtime) if runtime else {},
        metadata=contents.metadata if contents else {},
        tensors=contents.tensors if contents else {},
    )


def shown_path(path: Path) -> str:
    """A path as the user would write it here."""
    here = Path.cwd()
    return str(path.relative_to(here) if path.is_relative_to(here) else path)
