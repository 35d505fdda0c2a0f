"""The levels of a session in order of their bits, and the cases that two of them share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from pytest_quant.metrics.measurement import Measurement, placed_outcomes

# A case of one session: its probe, its place in it, its digest.
CaseKey = tuple[str, int, str]


@dataclass(frozen=True, slots=True)
class Rung:
    """A level's artifact: ``size`` in bytes, true bits per weight."""

    level: str
    guide_level: str
    size: int
    bits_per_weight: float


@dataclass(frozen=True, slots=True)
class Ladder:
    """The reference and the levels, most bits per weight first, with what each got right.

    ``right`` holds, by level, whether each case was right; ``category`` that of a case. Only
    probes that say something about quantization take part.
    """

    reference: str
    rungs: tuple[Rung, ...]
    right: Mapping[str, Mapping[CaseKey, bool]]
    category: Mapping[CaseKey, str]

    @property
    def levels(self) -> tuple[str, ...]:
        """All but the reference."""
        return tuple(rung.level for rung in self.rungs if rung.level != self.reference)

    @property
    def categories(self) -> tuple[str, ...]:
        return tuple(sorted(set(self.category.values())))

    def pairs(self, higher: str, lower: str, category: str | None) -> list[tuple[bool, bool]]:
        """``(right at higher, right at lower)`` of the cases that both answered."""
        mine = self.right[lower]
        return [
            (right, mine[key])
            for key, right in self.right[higher].items()
            if key in mine and category in (None, self.category[key])
        ]

    def shared(self) -> list[CaseKey]:
        """The cases that the reference and every level answered."""
        first, *others = self.right.values()
        return [key for key in first if all(key in other for other in others)]


def ladder(measurements: Iterable[Measurement], reference: str, rungs: Sequence[Rung]) -> Ladder:
    """Levels without an answer are left out; the reference stays first among equals."""
    right: dict[str, dict[CaseKey, bool]] = {reference: {}}
    category: dict[CaseKey, str] = {}
    for measurement in measurements:
        if not measurement.informative:
            continue
        counted = placed_outcomes(measurement)
        for case, pair in zip(measurement.cases, counted, strict=False):
            if case.level is None or pair is None:
                continue
            key = measurement.probe, case.index, case.digest
            category[key] = measurement.category
            right[reference][key] = case.reference.correct
            right.setdefault(measurement.level, {})[key] = case.level.correct
    order = sorted(rungs, key=lambda r: (-r.bits_per_weight, r.level != reference, r.level))
    return Ladder(reference, tuple(r for r in order if r.level in right), right, category)
