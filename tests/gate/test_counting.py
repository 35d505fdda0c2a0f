"""How many cases of a category are asked, and which of them a check goes by."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from tests.gate.baselines import measured

from pytest_quant.gate.counting import BySize, look_from
from pytest_quant.gate.sequential import is_settled
from pytest_quant.gate.tolerance_check import Alphas, Paired
from pytest_quant.gate.top_up import next_shares
from pytest_quant.gate.verdicts import tolerance_of
from pytest_quant.metrics.measurement import Measurement

LIMITS = {"adversarial": 5.0, "long_context": 3.0, "world_knowledge": 1.0, "iterative": 25.0}


def by_size(**selected: int) -> BySize:
    return BySize({"q4": selected}, lambda _, category: LIMITS[category or ""], 0.05)


def probe(name: str, outcomes: str, size: int | None = None, own: int = 8) -> Measurement:
    found = measured(outcomes, probe=name, category="adversarial")
    return replace(found, complete=False, size=size, own=own)


@pytest.mark.parametrize(
    ("category", "cases"),
    [("adversarial", 103), ("long_context", 209), ("world_knowledge", 300), ("iterative", 103)],
)
def test_the_size_of_a_category_follows_from_its_limit(category: str, cases: int) -> None:
    assert by_size().size("q4", category) == cases


@pytest.mark.parametrize(("selected", "own"), [(1, 96), (2, 96), (8, 24), (20, 8), (60, 8)])
def test_a_probe_is_first_asked_its_share(selected: int, own: int) -> None:
    assert by_size(adversarial=selected).own("q4", "adversarial") == own


class TestAGroup:
    @pytest.mark.parametrize(
        ("count", "shares"),
        [
            (1, [112]),
            (3, [40, 32, 32]),
            (4, [32, 24, 24, 24]),
            (8, [16] * 5 + [8] * 3),
            (14, [8] * 14),
            (20, [8] * 20),
        ],
    )
    def test_is_asked_in_turn_until_it_has_its_size(self, count: int, shares: list[int]) -> None:
        members = [probe(f"{i:02}", "1" * 8) for i in range(count)]
        assert [*by_size().planned(members, "adversarial").values()] == shares

    def test_whoever_comes_first_the_shares_are_the_same(self) -> None:
        members = [probe(str(i), "1" * 8) for i in range(3)]
        assert by_size().planned(members[::-1], "adversarial") == by_size().planned(
            members, "adversarial"
        )

    def test_what_has_few_is_made_up_for_by_the_others(self) -> None:
        few, *others = probe("few", "1" * 8, size=10), probe("a", "1" * 8), probe("b", "1" * 8)
        planned = by_size().planned([few, *others], "adversarial")
        assert [planned[m.nodeid] for m in others] == [48, 48]
        assert sum(min(planned[m.nodeid], m.size or 999) for m in (few, *others)) >= 103
        assert sum(by_size().planned([few], "adversarial").values()) == 112

    def test_may_be_asked_twice_as_many(self) -> None:
        members = [probe(str(i), "1" * 8) for i in range(3)]
        assert [*by_size().most(members, "adversarial").values()] == [80, 64, 64]

    def test_over_all_probes_of_a_level_nothing_is_asked_on(self) -> None:
        assert by_size().most([probe("one", "1" * 8)], None) == {}


def test_a_probe_s_own_check_goes_by_its_own_cases() -> None:
    evidence = by_size().of_probe(probe("one", "1" * 8 + "0" * 24), "tolerance")
    assert isinstance(evidence, Paired)
    assert (evidence.b, evidence.n) == (0, 8)


def test_the_check_over_all_probes_goes_by_the_planned_cases() -> None:
    """However many were asked after them, because of what they brought."""
    asked = [probe("quiet", "1" * 64), probe("loud", "1" * 64 + "0" * 48)]
    evidence = by_size().of_group(asked, None, "tolerance")
    assert isinstance(evidence, Paired)
    assert (evidence.b, evidence.n) == (0, 104)


def asked_in_turn(lost: float, won: float, seed: int, probes: int = 5) -> tuple[str, int]:
    """The verdict on a category of which so many answers flip, and how many cases it took."""
    rng, counting, alphas = random.Random(seed), by_size(), Alphas(0.0003, 0.05)
    members = [probe(str(i), "") for i in range(probes)]
    planned, most = (f(members, "adversarial") for f in (counting.planned, counting.most))
    while short := [m for m in members if len(m.cases) < most[m.nodeid]]:
        wanted = next_shares(short, most) if members[0].cases else planned
        grown = []
        for m in members:
            more = max(0, look_from(wanted[m.nodeid]) - len(m.cases))
            pairs = rng.choices(["10", "01", "11"], [lost, won, 1 - lost - won], k=more)
            before = "".join("01"[c.reference.correct] for c in m.cases)
            now = "".join("01"[c.level.correct] for c in m.cases if c.level)
            before += "".join(pair[0] for pair in pairs)
            now += "".join(pair[1] for pair in pairs)
            whole = measured(now, before, probe=m.probe, category="adversarial")
            grown.append(replace(whole, complete=False))
        members = grown
        looks = counting.of_group(members, "adversarial", "tolerance")
        assert isinstance(looks, list)
        if is_settled(looks, 5.0, alphas, 0.0, sum(most.values())):
            break
    return tolerance_of(looks, 5.0, alphas, 0.0).verdict, sum(len(m.cases) for m in members)


def test_a_sound_category_is_decided_by_its_size_or_twice_of_it() -> None:
    for flips, least in ((0.0, 40), (0.01, 34), (0.02, 26)):
        found = [asked_in_turn(flips / 2, flips / 2, seed) for seed in range(40)]
        assert sum(verdict == "pass" for verdict, _ in found) >= least
        assert max(n for _, n in found) <= 2 * 112 + 40


def test_a_damaged_category_passes_less_often_than_alpha() -> None:
    """At its very limit, where it is most easily mistaken, and beyond it."""
    for lost, won in ((0.05, 0.0), (0.07, 0.02), (0.10, 0.0)):
        passed = sum(asked_in_turn(lost, won, seed)[0] == "pass" for seed in range(80))
        assert passed / 80 <= 0.05
