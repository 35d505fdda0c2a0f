"""The probes that ship and their first cases, read and drawn once for all tests of a process."""

from __future__ import annotations

from pytest_quant.base.library import PROBES
from pytest_quant.probes.cases import draw_cases
from pytest_quant.probes.model import Case, Probe
from pytest_quant.probes.reader import read_probes

FILES = sorted(PROBES.glob("*.yaml"))
LIBRARY: tuple[Probe, ...] = tuple(probe for path in FILES for probe in read_probes(path))
BY_ID = {probe.id: probe for probe in LIBRARY}
# What the embedded model learned is of these families.
CORE = [probe for probe in LIBRARY if probe.solution is not None]

_drawn: dict[str, tuple[Case, ...]] = {}


def first_cases(probe_id: str, count: int) -> tuple[Case, ...]:
    """The first ``count`` cases of a probe; a larger count only appends."""
    if len(_drawn.get(probe_id, ())) < count:
        _drawn[probe_id] = draw_cases(BY_ID[probe_id], count)
    return _drawn[probe_id][:count]
