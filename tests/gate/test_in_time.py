"""Cases for as long as there is time: what counts of them, whenever that ends, and what is next."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import replace
from functools import cache

import pytest
from tests.gate.baselines import measured

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.counting import ENDLESS
from pytest_quant.gate.evidence import tallies_refute
from pytest_quant.gate.in_time import InTime, Open, next_look, next_to_ask, undecided
from pytest_quant.gate.sequential import Look, is_beyond
from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.gate.verdicts import pooled_checks
from pytest_quant.metrics.measurement import Effort, Measurement

COUNTING = InTime(ENDLESS)


def probe(name: str, outcomes: str, *, complete: bool = False, **more: object) -> Measurement:
    found = measured(outcomes, probe=name, category="adversarial")
    return replace(found, nodeid=f"a.yaml::{name}[q4]", complete=complete, **more)


def looks_of(*members: Measurement) -> list[Look]:
    found = COUNTING.of_group(members, "adversarial", "tolerance")
    assert isinstance(found, list)
    return found


class TestRounds:
    def test_count_once_every_probe_has_ended_them(self) -> None:
        whole, under_way = probe("a", "1" * 16), probe("b", "1" * 16)
        assert [look.counts.n for look in looks_of(whole, under_way)] == [16, 32]
        under_way = replace(under_way, cases=under_way.cases[:12])
        assert [look.counts.n for look in looks_of(whole, under_way)] == [16]

    def test_do_not_wait_for_what_has_no_more_cases(self) -> None:
        looks = looks_of(probe("a", "1" * 32), probe("few", "1" * 10, complete=True))
        assert [look.counts.n for look in looks] == [16, 26, 34, 42]

    def test_without_any_there_is_nothing(self) -> None:
        assert looks_of(probe("a", "1" * 7)) == []
        assert looks_of() == []

    def test_a_probe_by_itself_goes_by_all_its_cases(self) -> None:
        found = COUNTING.of_probe(probe("a", "1" * 12), "tolerance")
        assert isinstance(found, list)
        assert [look.counts.n for look in found] == [8, 12]

    def test_of_a_probe_of_which_a_half_is_counted_that_half_is(self) -> None:
        assert looks_of(probe("a", "1" * 16, counted="even"))[-1].counts.n == 8


LIMIT, ALPHA, PROBES, ROUNDS = 0.1, 0.05, 8, (8, 16, 32)


def moments(draw: random.Random, drops: list[float]) -> Iterator[tuple[list[Look], float]]:
    """All moments at which a clock may end a session: after each probe of the first round, in the
    order that was settled, and after each round. With the true mean over what was asked.

    A quarter of the cases flip as often one way as the other besides, as in changes that are
    harmless.
    """
    outcomes = []
    for drop in drops:
        won = 0.04
        weights = (won + drop, won, 1 - 2 * won - drop)
        # Lost, won back, the same: as `measured` writes the reference's and the level's outcome.
        outcomes.append(draw.choices("LW=", weights, k=ROUNDS[-1]))
    for count in range(1, PROBES + 1):
        yield _counted([o[:8] for o in outcomes[:count]]), sum(drops[:count]) / count
    for cases in ROUNDS[1:]:
        yield _counted([o[:cases] for o in outcomes]), sum(drops) / PROBES


def _counted(outcomes: list[list[str]]) -> list[Look]:
    """Through the gate's own counting."""
    pairs = {"L": "x", "W": "w", "=": "1"}
    members = [_member("".join(pairs[o] for o in of)) for of in outcomes]
    return looks_of(*members)


@cache
def _member(marks: str) -> Measurement:
    found = probe("x", "1" * len(marks))
    cases = []
    for case, mark in zip(found.cases, marks, strict=True):
        assert case.level is not None
        right, wrong = (
            replace(case.level, verdict="correct"),
            replace(case.level, verdict="incorrect"),
        )
        reference, level = {"x": (right, wrong), "w": (wrong, right), "1": (right, right)}[mark]
        cases.append(replace(case, reference=reference, level=level))
    return replace(found, cases=tuple(cases))


SESSIONS = 300


@pytest.mark.parametrize(
    "drops",
    [
        pytest.param([LIMIT] * PROBES, id="every probe at the limit"),
        pytest.param([0.0, 2 * LIMIT] * (PROBES // 2), id="half of them lose twice as much"),
        pytest.param([4 * LIMIT] * 2 + [0.0] * 6, id="what is asked first loses most"),
        pytest.param([0.0] * 6 + [4 * LIMIT] * 2, id="what is asked last loses most"),
    ],
)
def test_whatever_ends_it_errors_stay_below_alpha(drops: list[float]) -> None:
    """The worst of all who stop: they see every moment and choose the one that errs."""
    draw = random.Random(7)
    passed = failed = 0
    for _ in range(SESSIONS):
        found = list(moments(draw, drops))
        passed += any(
            truth >= LIMIT and tallies_refute(looks[-1].tallies, LIMIT, ALPHA)
            for looks, truth in found
        )
        failed += any(
            truth <= LIMIT and is_beyond(looks[-1], LIMIT, ALPHA) for looks, truth in found
        )
    assert passed <= ALPHA * SESSIONS
    assert failed <= ALPHA * SESSIONS


def test_the_bounds_of_a_settled_number_would_not() -> None:
    """Those that hold once err three times as often when someone may choose the moment."""
    draw = random.Random(7)
    passed = 0
    for _ in range(SESSIONS):
        counts = [looks[-1].counts for looks, _ in moments(draw, [LIMIT] * PROBES)]
        passed += any(tango_bounds(c.b, c.c, c.n, ALPHA)[1] < LIMIT for c in counts)
    assert passed > 2 * ALPHA * SESSIONS


def opened(category: str, seconds: float, had: float) -> Open:
    return Open("q4", category, (), seconds, had)


def test_what_is_likely_to_be_decided_soonest_is_asked_next() -> None:
    near, far = opened("near", 5, 10), opened("far", 500, 10)
    assert next_to_ask([far, near]) is near
    assert next_to_ask([]) is None


def test_none_goes_without_its_share() -> None:
    served, starved = opened("near", 5, 100), opened("far", float("inf"), 20)
    assert next_to_ask([served, starved]) is starved


BUDGET = Budget(0.05, pooled=1, category=2, probe=4)


def checked(*measurements: Measurement) -> list[Open]:
    checks = pooled_checks(measurements, lambda *_: 5.0, BUDGET, COUNTING, ["q4"])
    return undecided(checks, measurements, 64, lambda m: m.reference_effort.seconds)


def test_open_is_what_has_no_verdict_and_cases_left() -> None:
    slow = probe("a", "1" * 8, reference_effort=Effort(0, 0, 8.0))
    (found,) = checked(slow)
    assert (found.category, found.members, found.had) == ("adversarial", (slow,), 8.0)
    assert found.seconds == pytest.approx(found.seconds // 1, abs=1)
    assert not checked(replace(slow, complete=True))
    assert not checked(probe("a", "1" * 64))
    # A hundred cases and more of which none is lost are within the limit.
    assert not checked(*(probe(f"p{i}", "1" * 48) for i in range(12)))


def test_where_cases_are_cheap_a_verdict_is_near() -> None:
    slow = probe("a", "1" * 8, reference_effort=Effort(0, 0, 8.0))
    quick = replace(slow, reference_effort=Effort(0, 0, 1.0))
    assert checked(quick)[0].seconds < checked(slow)[0].seconds / 4


def test_a_round_is_the_next_look_of_what_has_fewest() -> None:
    assert next_look([probe("a", "1" * 16), probe("b", "1" * 8)], ENDLESS) == 16
