"""A recorded baseline: what one level of one model got right, and from which artifact.

Plain types, so that it can be reviewed as text: a case takes one character. What is compared
with it later is decided case by case, by the digests of the cases.
"""

from __future__ import annotations

import hashlib
import string
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from pytest_quant.gate.divergence_regression import Chunk
from pytest_quant.metrics.measurement import CaseResult, Measurement
from pytest_quant.metrics.targets import TargetScore

RIGHT, WRONG = "1", "0"
# Hexadecimal digits of a case's digest: two different cases share them once in 16 million.
CASE_DIGITS = 6


@dataclass(frozen=True, slots=True)
class RecordedArtifact:
    """The file of a level and what ran it; ``size`` in bytes, ``tensor_types`` a histogram.

    ``metadata`` and ``tensors`` are its contents, piece by piece (empty for the reference, whose
    digest suffices). ``runtime`` is everything about the runtime that may change a response.
    """

    level: str
    recipe: str
    digest: str
    size: int
    bits_per_weight: float
    tensor_types: Mapping[str, int]
    runtime: Mapping[str, str | int]
    metadata: Mapping[str, str]
    tensors: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class RecordedTarget:
    """How likely the level, and its reference, found a right answer.

    ``key`` is that of the target. The ``reference`` is ``None`` where it was not at hand.
    """

    key: str
    level: TargetScore
    reference: TargetScore | None


@dataclass(frozen=True, slots=True)
class RecordedProbe:
    """The outcomes of a probe, one character a case: ``1`` is right.

    A wrong one is a letter that ``patterns`` explains, or ``0`` where no error pattern is known.
    ``level`` is ``None`` if the reference cannot do the probe: then the level was not asked.
    ``digests`` are the beginnings of the cases' digests. ``targets`` are the right answers that
    were read, whether or not the reference can do the probe. ``room`` is how many tokens an answer
    could take, ``None`` where nothing was written; it ended ``cut`` answers of the reference.
    """

    category: str
    digests: tuple[str, ...]
    reference: str
    level: str | None
    patterns: Mapping[str, str]
    targets: tuple[RecordedTarget, ...] = ()
    room: int | None = None
    cut: int = 0

    @property
    def answered(self) -> int:
        """How many outcomes of the level it holds: those of the first so many cases."""
        return len(self.level or "")

    def outcome(self, index: int, digest: str) -> str | None:
        """``correct``, or how the level's answer was wrong; ``None`` if the case is not here."""
        if self.level is None or not self.holds(index, digest):
            return None
        mark = self.level[index]
        return "correct" if mark == RIGHT else self.patterns.get(mark, "incorrect")

    def is_asked_alike(self, room: int | None) -> bool:
        """Whether answers had as much room; older records do not know it."""
        return self.room is None or self.room == room

    def holds_room(self, tokens: int) -> bool:
        """Whether answers could take so many tokens."""
        return self.room is not None and self.room >= tokens

    def needs_no_more_than(self, tokens: int) -> bool:
        """Whether the reference would have answered alike had it had so many tokens."""
        return self.room is None or not self.cut or self.room >= tokens

    def holds(self, index: int, digest: str) -> bool:
        """Whether this very case was recorded."""
        return index < len(self.digests) and self.digests[index] == digest[:CASE_DIGITS]


@dataclass(frozen=True, slots=True)
class RecordedChunk:
    """The divergence over one stretch of text: nats per token over so many tokens."""

    digest: str
    tokens: int
    kld: float


@dataclass(frozen=True, slots=True)
class Baseline:
    """The record of one level of one model.

    ``created`` is an ISO 8601 time in UTC, ``created_by`` who asked for it, ``version`` that of
    this package, ``prompt`` the form in which questions are put. ``probes`` are by `place_of`, for
    a person to find them by; ``divergences`` by what they were measured on.
    """

    model: str
    level: str
    created: str
    created_by: str
    version: str
    prompt: str
    reference: RecordedArtifact
    artifact: RecordedArtifact
    probes: Mapping[str, RecordedProbe]
    divergences: Mapping[str, tuple[RecordedChunk, ...]]

    def probe(self, place: str, digests: Iterable[str]) -> RecordedProbe | None:
        """The record of a probe, as `key_of` finds it."""
        key = self.key_of(place, digests)
        return None if key is None else self.probes[key]

    def key_of(self, place: str, digests: Iterable[str]) -> str | None:
        """Under which key a probe is recorded, ``None`` if it is not.

        ``digests`` are those of its first cases, in order. A probe is known by its id and its
        cases, so that it does not matter from which directory a session ran, or how the file was
        named. Two projects may record probes of one id for one model: then that one counts which
        holds most of the cases. Where no case is as it was, the file decides.
        """
        file, _, identity = place.rpartition("::")
        named = self.named(identity)
        if not named:
            return None
        asked = list(digests)

        def held(key: str) -> int:
            return sum(self.probes[key].holds(*case) for case in enumerate(asked))

        best = max(named, key=lambda key: (held(key), key == place))
        if held(best):
            return best
        return next((key for key in named if _is_same_file(key.rpartition("::")[0], file)), None)

    def named(self, identity: str) -> list[str]:
        """The keys of the probes of this id."""
        return [key for key in self.probes if key.rpartition("::")[2] == identity]

    @property
    def cases(self) -> int:
        """How many outcomes of the level it holds."""
        return sum(probe.answered for probe in self.probes.values())

    @property
    def targets(self) -> int:
        """How many right answers it holds the likelihood of."""
        return sum(len(probe.targets) for probe in self.probes.values())

    @property
    def probe_set(self) -> str:
        """A digest of all its cases."""
        text = "\n".join(
            f"{name} {' '.join(probe.digests)}" for name, probe in sorted(self.probes.items())
        )
        return hashlib.sha256(text.encode()).hexdigest()


def place_of(measurement: Measurement) -> str:
    """``FILE::ID``: where a probe stands, seen from where the session ran."""
    return f"{measurement.nodeid.partition('::')[0]}::{measurement.probe}"


def digests_of(measurement: Measurement) -> list[str]:
    """The digests of its cases, in order."""
    return [case.digest for case in measurement.cases]


def _is_same_file(one: str, other: str) -> bool:
    """Whether two paths may name one file, seen from different directories."""
    return f"/{one}".endswith(f"/{other}") or f"/{other}".endswith(f"/{one}")


def recorded_probe(measurement: Measurement) -> RecordedProbe | None:
    """A measurement as it is recorded; ``None`` unless it was measured completely.

    A probe of which a batch met its deadline, or that could not be asked, is not complete.
    """
    cases = measurement.cases
    asked = not measurement.uninformative
    if measurement.skipped or not cases or (asked and not all(case.level for case in cases)):
        return None
    if any(_cut(case) for case in cases) or [c.index for c in cases] != [*range(len(cases))]:
        return None
    answers = [case.level for case in cases if case.level]
    outcomes = [RIGHT if answer.correct else answer.pattern for answer in answers]
    level, patterns = _marks(outcomes) if asked else (None, {})
    return RecordedProbe(
        category=measurement.category,
        digests=tuple(case.digest[:CASE_DIGITS] for case in cases),
        reference="".join(RIGHT if case.reference.correct else WRONG for case in cases),
        level=level,
        patterns=patterns,
        targets=tuple(
            RecordedTarget(t.key, _rounded(t.level), t.reference and _rounded(t.reference))
            for t in measurement.targets
        ),
        room=measurement.room,
        cut=sum(case.reference.finish == "length" for case in cases),
    )


def _rounded(score: TargetScore) -> TargetScore:
    return TargetScore(_short(score.logprob), _short(score.log_odds))


def recorded_chunks(chunks: Iterable[Chunk]) -> tuple[RecordedChunk, ...]:
    """Chunks as they are recorded, to six significant digits."""
    return tuple(RecordedChunk(c.digest, c.tokens, _short(c.kld)) for c in chunks)


def _short(number: float) -> float:
    return float(f"{number:.6g}")


def with_later_cases(now: RecordedProbe, before: RecordedProbe) -> RecordedProbe:
    """A probe with the recorded cases that follow those of ``now``: fewer were asked this time.

    ``now`` as it is, unless its cases are the first of the recorded ones, asked alike.
    """
    asked = len(now.digests)
    others = before.digests[:asked] != now.digests or not before.is_asked_alike(now.room)
    if others or len(before.digests) == asked:
        return now
    if before.level is None or now.level is None:
        # By its first cases alone a probe may seem to be one that the reference cannot do.
        return now if before.level is None else replace(before, targets=now.targets)
    outcomes = [
        mark if mark == RIGHT else probe.patterns.get(mark, "")
        for probe, marks in ((now, now.level), (before, before.level[asked:]))
        for mark in marks
    ]
    level, patterns = _marks(outcomes)
    reference = now.reference + before.reference[asked:]
    return replace(now, digests=before.digests, reference=reference, level=level, patterns=patterns)


def _cut(case: CaseResult) -> bool:
    return "deadline" in (case.reference.finish, case.level and case.level.finish)


def _marks(outcomes: Sequence[str]) -> tuple[str, dict[str, str]]:
    """Outcomes in one character each, and what the letters stand for.

    An outcome is ``RIGHT``, or the error pattern, empty where none is known.
    """
    seen = sorted({outcome for outcome in outcomes if outcome and outcome != RIGHT})
    letters = dict(zip(seen, string.ascii_lowercase, strict=False))
    marks = [RIGHT if outcome == RIGHT else letters.get(outcome, WRONG) for outcome in outcomes]
    return "".join(marks), {letter: pattern for pattern, letter in letters.items()}
