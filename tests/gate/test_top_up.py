"""Which probes are asked more for the sake of a check over several of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.gate.alphas import alike
from tests.reports.records import measured

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import UpTo
from pytest_quant.gate.regression import DEFAULT_DROP
from pytest_quant.gate.top_up import TopUp, most_damaged_first
from pytest_quant.gate.verdicts import pooled_checks
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.metrics.targets import Target, TargetScore

BUDGET = Budget(0.05, pooled=1, category=2, probe=4)
# As strict as to fail, so that a pass takes more than the first look.
PASS_ALPHA = BUDGET.alpha_for("category")
COUNTING = UpTo(512, lambda _: 5.0, DEFAULT_DROP, alike(PASS_ALPHA))
LIMITS = {None: 5.0, "numerical_reasoning": 2.0, "iterative": 50.0}


class World:
    """Probes of 512 cases each, and how many were asked."""

    def __init__(self, **lost: int) -> None:
        self.whole = {
            name: measured(
                name,
                "q4",
                right=512,
                lost=count,
                n=512,
                category="iterative" if name.startswith("i") else "numerical_reasoning",
            )
            for name, count in lost.items()
        }
        self.announced: list[str] = []

    def first(self, name: str, cases: int) -> Measurement:
        whole = self.whole[name]
        return replace(whole, cases=whole.cases[:cases], complete=cases >= len(whole.cases))

    def topped_up(self, **sizes: int) -> dict[str, int]:
        found = {m.nodeid: m for m in (self.first(name, n) for name, n in sizes.items())}
        self.top_up().extend(found, PASS_ALPHA)
        self.checks = pooled_checks([*found.values()], self.limit, BUDGET, COUNTING, ["q4"])
        return {m.probe: len(m.cases) for m in found.values()}

    def top_up(self) -> TopUp:
        def more(measurement: Measurement, cases: int) -> Measurement:
            return self.first(measurement.probe, cases)

        return TopUp(self.limit, DEFAULT_DROP, BUDGET, COUNTING, more, self.announced.append)

    @staticmethod
    def limit(level: str, category: str | None) -> float:
        assert level == "q4"
        return LIMITS[category]

    def verdicts(self) -> dict[str, str]:
        return {check.subject: check.result.verdict for check in self.checks}


def test_what_is_settled_is_left_alone() -> None:
    world = World(n1=0, n2=0, i1=0)
    sizes = {"n1": 512, "n2": 320, "i1": 128}
    assert world.topped_up(**sizes) == sizes
    assert world.announced == []


def test_a_category_that_is_open_gets_more_of_each_of_its_probes() -> None:
    world = World(n1=0, n2=0, i1=0)
    sizes = world.topped_up(n1=128, n2=64, i1=96)
    assert sizes["i1"] == 96
    assert sizes["n1"] == sizes["n2"] > 128
    assert world.verdicts() == dict.fromkeys(
        ("overall", "numerical_reasoning", "iterative"), "pass"
    )
    assert world.announced == ["asking more for numerical_reasoning[q4]"]


def test_an_open_level_gets_more_of_every_probe_that_has_more() -> None:
    world = World(n1=0, i1=0)
    world.whole["i1"] = world.first("i1", 20)
    sizes = world.topped_up(n1=16, i1=20)
    assert sizes["i1"] == 20
    assert sizes["n1"] > 128
    assert world.announced[0] == "asking more for overall[q4]"


def test_no_more_than_all_cases() -> None:
    world = World(n1=0, i1=0)
    world.whole["n1"] = world.first("n1", 170)
    assert world.topped_up(n1=128, i1=256)["n1"] == 170
    assert world.verdicts()["numerical_reasoning"] == "inconclusive"


def test_the_order_of_probes_does_not_matter() -> None:
    world = World(n1=3, n2=0, i1=1)
    sizes = world.topped_up(n1=16, n2=64, i1=16)
    assert world.topped_up(i1=16, n2=64, n1=16) == sizes


def test_what_an_error_interrupts_is_kept() -> None:
    world = World(n1=0, n2=0)

    def more(measurement: Measurement, cases: int) -> Measurement:
        if cases > 96:
            raise RuntimeError("out of memory")
        return world.first(measurement.probe, cases)

    found = {m.nodeid: m for m in (world.first(name, 64) for name in ("n1", "n2"))}
    with pytest.raises(RuntimeError, match="out of memory"):
        replace(world.top_up(), measure_more=more).extend(found, PASS_ALPHA)
    assert {len(m.cases) for m in found.values()} == {96}


def recorded(world: World, name: str, cases: int) -> None:
    """The baseline has so many cases of a probe, all of them right."""
    whole = world.whole[name]
    known = [replace(case, recorded="correct") for case in whole.cases[:cases]]
    beside = (*known, *whole.cases[cases:])
    world.whole[name] = replace(whole, cases=beside, recorded_cases=cases)


def test_what_is_as_recorded_is_left_alone() -> None:
    world = World(n1=0, n2=0, i1=0)
    for name in world.whole:
        recorded(world, name, 512)
    sizes = {"n1": 512, "n2": 320, "i1": 128}
    assert world.topped_up(**sizes) == sizes


def test_what_seems_worse_than_recorded_is_asked_as_far_as_that_goes() -> None:
    """Two probes lost as much, far within every limit; of one more is recorded."""
    world = World(i1=3, i2=3)
    recorded(world, "i1", 150)
    recorded(world, "i2", 40)
    found = {m.nodeid: m for m in (world.first(name, 64) for name in ("i1", "i2"))}
    replace(world.top_up(), limit_of=lambda *_: 60.0).extend(found, PASS_ALPHA)
    assert {m.probe: len(m.cases) for m in found.values()} == {"i1": 160, "i2": 64}
    assert world.announced == ["asking more for overall[q4], against its baseline"]


def test_no_more_is_asked_once_it_is_shown_to_be_worse() -> None:
    world = World(i1=40)
    recorded(world, "i1", 512)
    assert world.topped_up(i1=64)["i1"] == 64


def with_drops(name: str, *drops: float) -> list[Measurement]:
    """Probes of a category, each of which lost so many log-odds of its right answer."""
    return [
        replace(
            measured(f"{name}{index}", "q4", right=64, category=name),
            targets=(Target(0, "0", "17", TargetScore(-1, 3), TargetScore(-1, 3 - drop)),),
        )
        for index, drop in enumerate(drops)
    ]


def test_the_most_damaged_or_least_known_category_comes_first() -> None:
    members = [
        *with_drops("adversarial", 0.0, 0.01, 0.02),
        *with_drops("iterative", 0.4, 0.5, 0.6),
        *with_drops("long_context", -1.0, 0.0, 1.0),
        *with_drops("real_world", 0.2),
        measured("untold", "q4", right=64, category="probabilistic"),
    ]
    assert [group.subject for group in most_damaged_first(members)] == [
        "overall",
        "real_world",
        "probabilistic",
        "long_context",
        "iterative",
        "adversarial",
    ]


def test_the_order_changes_nothing_but_the_order() -> None:
    world, told = World(n1=3, i1=40), World(n1=3, i1=40)
    told.whole["i1"] = replace(told.whole["i1"], targets=with_drops("i", 0.5)[0].targets)
    sizes = {"n1": 16, "i1": 16}
    assert world.topped_up(**sizes) == told.topped_up(**sizes)
    assert world.verdicts() == told.verdicts()
