"""What the reference answered to the cases of a probe, for all levels that come after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from pytest_quant.metrics.measurement import Answer, CaseResult, Effort
from pytest_quant.session.sampling import Part


@dataclass(slots=True)
class AskedReference:
    """What the reference answered to a probe so far, part by part.

    Kept, because drawing and checking it again for each level takes long.
    """

    drawn: Iterator[Part]
    parts: list[Part] = field(default_factory=list)
    replies: list[list[Answer]] = field(default_factory=list)
    efforts: list[Effort] = field(default_factory=list)

    def answers(self, count: int) -> list[Answer]:
        """To the cases of the first ``count`` parts."""
        return [answer for part in self.replies[:count] for answer in part]

    def results(self, count: int, level: Sequence[Answer]) -> tuple[CaseResult, ...]:
        """These cases, with the answers of a level that was asked all of them, or none."""
        cases = [case for part in self.parts[:count] for case in part.cases]
        return tuple(
            CaseResult(
                index=case.index,
                digest=case.digest,
                prompt=case.prompt,
                expected=case.expected_text,
                reference=answer,
                level=level[i] if level else None,
                facets=dict(case.facets),
            )
            for i, (case, answer) in enumerate(zip(cases, self.answers(count), strict=True))
        )

    def sizes(self, count: int) -> list[int]:
        """How many cases each of the first parts has."""
        return [len(part.cases) for part in self.parts[:count]]
