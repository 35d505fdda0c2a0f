"""Parametrized tests in Python as sets of cases, put together from what each test told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pytest_quant.gate.python_sets import NO_CATEGORY
from pytest_quant.metrics.measurement import Effort, Measurement
from pytest_quant.session.findings import Counted

_NOTHING = Effort(0, 0, 0.0)


def sets_of(counted: Mapping[str, Counted]) -> tuple[Measurement, ...]:
    """A measurement of each test and level, in an order that depends on their names alone."""
    members: dict[tuple[str, str], list[Counted]] = {}
    for nodeid in sorted(counted):
        one = counted[nodeid]
        members.setdefault((one.level, one.test), []).append(one)
    return tuple(
        Measurement(
            nodeid=f"{test}[{level}]",
            probe=test,
            category=ones[0].category or NO_CATEGORY,
            difficulty=1,
            level=level,
            chance=sum(one.chance * len(one.cases) for one in ones) / max(1, _cases(ones)),
            task=None,
            cases=tuple(
                replace(case, index=i)
                for i, case in enumerate(case for one in ones for case in one.cases)
            ),
            reference_effort=_NOTHING,
            level_effort=_NOTHING,
        )
        for (level, test), ones in members.items()
        if _cases(ones)
    )


def _cases(ones: list[Counted]) -> int:
    return sum(len(one.cases) for one in ones)
