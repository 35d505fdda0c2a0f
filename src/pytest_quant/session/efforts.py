"""What asking batches took, and how long one may take."""

from __future__ import annotations

from collections.abc import Sequence

from pytest_quant.metrics.measurement import Effort
from pytest_quant.probes.model import DEFAULT_CASES
from pytest_quant.runtimes.protocol import Batch

# A batch that has not ended after this many seconds is cut, so that no run hangs. One of more
# cases than probes have by themselves, such as a whole benchmark, has more in proportion.
DEADLINE_S = 1800.0


def is_cut(batch: Batch) -> bool:
    return any(response.finish == "deadline" for response in batch.responses)


def total(efforts: Sequence[Effort]) -> Effort:
    return Effort(
        prompt_tokens=sum(effort.prompt_tokens for effort in efforts),
        new_tokens=sum(effort.new_tokens for effort in efforts),
        seconds=sum(effort.seconds for effort in efforts),
    )


def deadline_of(prompts: Sequence[str]) -> float:
    return DEADLINE_S * max(1.0, len(prompts) / DEFAULT_CASES)


def effort_of(batch: Batch) -> Effort:
    return Effort(
        prompt_tokens=sum(response.prompt_tokens for response in batch.responses),
        new_tokens=sum(len(response.tokens) for response in batch.responses),
        seconds=batch.seconds,
    )
