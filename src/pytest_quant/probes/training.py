"""The training side of the probe library: what the embedded model may learn from."""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping

from pytest_quant.errors import QuantUsageError
from pytest_quant.probes.cases import draw_values, render, solution_of
from pytest_quant.probes.model import Probe


def training_examples(
    probes: Iterable[Probe], seed: str, weights: Mapping[str, float] | None = None
) -> Iterator[tuple[str, str, str]]:
    """Endless (probe id, prompt, solution), probes mixed by weight (default 1).

    Only probes that state a solution take part, and only cases that no run ever asks. Raises
    ``QuantUsageError`` if there is no such probe, or no such case of one, and if a run may ask
    every case of one.
    """
    solvable = [probe for probe in probes if probe.solution is not None]
    if not solvable:
        raise QuantUsageError("no probe states a 'solution', so there is nothing to learn")
    if asked := next((probe for probe in solvable if not probe.held_out), None):
        raise _mistake(
            asked,
            "may be asked every case, so nothing is left to learn from; "
            "say 'held_out: true' in its file",
        )
    streams = [_solved(probe, f"training:{seed}") for probe in solvable]
    shares = [(weights or {}).get(probe.id, 1.0) for probe in solvable]
    rng = random.Random(f"mix:{seed}")
    while True:
        i = rng.choices(range(len(solvable)), shares)[0]
        yield solvable[i].id, *next(streams[i])


def _solved(probe: Probe, seed: str) -> Iterator[tuple[str, str]]:
    pinned = {render(probe, probe.prompt, values) for values in probe.pinned}
    for prompt, values in draw_values(probe, seed, "training"):
        if prompt not in pinned:
            yield prompt, solution_of(probe, values)
    raise _mistake(
        probe, "has no case to learn from: all that its parameters allow are held out; widen them"
    )


def _mistake(probe: Probe, problem: str) -> QuantUsageError:
    return QuantUsageError(f"{probe.path}:{probe.line}: probe {probe.id!r} {problem}")
