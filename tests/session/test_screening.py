"""Leaving out probes at which the reference guesses adds nothing to the drop of the others."""

from __future__ import annotations

import random
from dataclasses import replace
from functools import partial

import pytest
from tests.session.test_bench import PAIRS

from pytest_quant.gate.sequential import looks_up_to
from pytest_quant.metrics.measurement import Counted
from pytest_quant.probes.model import Probe
from pytest_quant.session.sampling import FixedSize, InTurn, Sampling
from pytest_quant.session.screening import Screening


def ends_of(sampling: Sampling, cases: int) -> list[int]:
    """After how many cases a sampling looks at the reference."""
    return [8, cases] if isinstance(sampling, FixedSize) else [*looks_up_to(cases)]


def counts(place: int, counted: Counted) -> bool:
    return counted == "all" or (place % 2 == 0) == (counted == "even")


def pooled_drop(
    sampling: Sampling, cases: int, accuracy: float, chance: float, probes: int
) -> tuple[float, float]:
    """The drop in points over the cases that are counted, and the share of all that are.

    The level is as good as the reference, and answers each question anew.
    """
    rng = random.Random(6)
    probe = PAIRS if chance == 0 else _choice(chance)
    lost = n = 0
    for _ in range(probes):
        before = [rng.random() < accuracy for _ in range(cases)]
        now = [rng.random() < accuracy for _ in range(cases)]
        shown: str | None = None
        screening = Screening()
        for end in ends_of(sampling, cases):
            screen = partial(sampling.screen, probe, last=end == cases)
            shown = screening.see(screen, before[:end])
            # While one half is open, the reference is asked on for the level's sake, too.
            if shown:
                break
        if shown == "":
            pairs = [
                (x, y)
                for i, (x, y) in enumerate(zip(before, now, strict=True))
                if counts(i, screening.counted)
            ]
            lost += sum(x - y for x, y in pairs)
            n += len(pairs)
    return (100 * lost / n if n else 0.0), n / (probes * cases)


def _choice(chance: float) -> Probe:
    options = {"options": [str(i) for i in range(round(1 / chance))]}
    probe = replace(PAIRS, check="choice", check_options=options)
    assert probe.chance == pytest.approx(chance)
    return probe


@pytest.mark.parametrize(
    ("sampling", "cases"),
    [(FixedSize(32), 32), (FixedSize(100), 100), (InTurn(128, lambda _: False, 128), 128)],
    ids=["32", "100", "in turn"],
)
@pytest.mark.parametrize(
    ("accuracy", "chance"),
    [(0.35, 0.25), (0.6, 0.5), (0.1, 0.0)],
)
def test_no_drop_where_nothing_is_lost(
    sampling: Sampling, cases: int, accuracy: float, chance: float
) -> None:
    drop, share = pooled_drop(sampling, cases, accuracy, chance, probes=300)
    n = 400 * cases * max(share, 1e-9)
    assert abs(drop) <= 3 * 100 * (2 * accuracy * (1 - accuracy) / n) ** 0.5


def test_all_cases_count_of_what_the_reference_can_do() -> None:
    _, counted = pooled_drop(FixedSize(32), 32, 0.9, 0.25, probes=300)
    assert counted > 0.99


@pytest.mark.parametrize(("cases", "chance"), [(6, 0.25), (8, 0.5)])
def test_few_cases_tell_together_where_half_of_them_never_could(cases: int, chance: float) -> None:
    screening = Screening()
    screen = partial(FixedSize(cases).screen, _choice(chance), last=True)
    assert screening.see(screen, [True] * cases) == ""
    assert screening.counted == "all"
    assert Screening().see(screen, [True] * (cases // 2) + [False] * (cases // 2)) != ""
