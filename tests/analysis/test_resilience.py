"""The guide's lists beside each other: an order is claimed only where probes like these show it."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import replace

import pytest
from tests.reports.records import measured

from pytest_quant.analysis.guide import LISTS, ListEntry
from pytest_quant.analysis.resilience import Resilience, resilience
from pytest_quant.metrics.measurement import Measurement

# Two entries of three probes each, in each list.
GUIDE = {
    name: tuple(
        ListEntry(f"{name} {entry}", tuple(f"{name}_{entry}_{i}" for i in range(3)))
        for entry in "ab"
    )
    for name in LISTS
}


def asked(losses: Mapping[str, Sequence[int]], level: str = "q4") -> list[Measurement]:
    """What each probe of a list lost of 38 right answers among 40."""
    return [
        measured(probe, level, right=38, lost=lost, n=40)
        for name, all_lost in losses.items()
        for probe, lost in zip(
            (probe for entry in GUIDE[name] for probe in entry.probes), all_lost, strict=False
        )
    ]


def orders(found: Resilience) -> dict[tuple[str, str], str]:
    return {(row.less, row.more): row.found for row in found.comparisons}


def test_an_order_as_the_guide_has_it() -> None:
    found = resilience(
        asked({"resilient": [0] * 6, "moderate": [7] * 6, "sensitive": [18] * 6}), GUIDE
    )
    assert [(row.name, row.entries, row.probes, row.n) for row in found.drops] == [
        (name, 2, 6, 240) for name in LISTS
    ]
    assert [row.drop.value for row in found.drops] == pytest.approx([0, 17.5, 45])
    assert set(orders(found).values()) == {"as the guide says"}
    assert list(orders(found)) == [
        ("resilient", "moderate"),
        ("resilient", "sensitive"),
        ("moderate", "sensitive"),
    ]


def test_an_order_that_the_guide_does_not_expect() -> None:
    found = resilience(asked({"resilient": [20] * 6, "sensitive": [0] * 6}), GUIDE)
    assert orders(found) == {("resilient", "sensitive"): "against the guide"}
    (row,) = found.comparisons
    assert row.excess.upper < 0


def test_one_bad_probe_is_not_a_bad_list() -> None:
    """Its cases are many, and it is one probe."""
    found = resilience(asked({"resilient": [1] * 6, "sensitive": [38, 1, 1, 1, 1, 1]}), GUIDE)
    (row,) = found.comparisons
    assert row.excess.value > 15
    assert row.found == "not shown"


def test_each_level_is_compared_by_itself() -> None:
    found = resilience(
        [
            *asked({"resilient": [0] * 6, "sensitive": [0] * 6}, "q8"),
            *asked({"resilient": [0] * 6, "sensitive": [30] * 6}, "q2"),
        ],
        GUIDE,
    )
    assert {row.level: row.found for row in found.comparisons} == {
        "q8": "not shown",
        "q2": "as the guide says",
    }


def test_more_comparisons_ask_for_wider_bounds() -> None:
    losses = {"resilient": [2] * 6, "sensitive": [6] * 6}
    (alone,) = resilience(asked(losses), GUIDE).comparisons
    many = [m for level in ("q8", "q6", "q4") for m in asked(losses, level)]
    (first, *_) = resilience(many, GUIDE).comparisons
    assert first.excess.value == alone.excess.value
    assert first.excess.lower < alone.excess.lower


def test_what_takes_no_part() -> None:
    lone = asked({"resilient": [0], "sensitive": [9] * 6})
    found = resilience(lone, GUIDE)
    assert [(row.name, row.probes) for row in found.drops] == [("resilient", 1), ("sensitive", 6)]
    assert found.comparisons == ()
    silent = [replace(m, uninformative="at chance") for m in lone]
    assert resilience(silent, GUIDE) == Resilience()
    assert resilience([measured("sums", "q4", right=38, lost=9)], GUIDE) == Resilience()


def test_lists_that_are_alike_are_rarely_told_apart() -> None:
    """Probes that differ by as much in each list: 5 % of sessions may claim an order."""
    rng = random.Random(5)
    claimed = 0
    for _ in range(200):
        losses = {name: [max(0, round(rng.gauss(6, 3))) for _ in range(6)] for name in LISTS}
        claimed += set(orders(resilience(asked(losses), GUIDE)).values()) != {"not shown"}
    assert claimed <= 10
