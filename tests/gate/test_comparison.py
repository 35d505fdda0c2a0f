"""Two sides of the same cases: what is counted, and what is not compared."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.gate.comparison import Key, Side, compare

SIDES = st.builds(
    Side,
    category=st.just("world_knowledge"),
    digest=st.sampled_from(["aaaa", "bbbb"]),
    correct=st.booleans(),
    pattern=st.just(""),
    response=st.sampled_from(["yes", "no"]),
)
CASES = st.dictionaries(st.tuples(st.sampled_from("pq"), st.integers(0, 9)), SIDES)


def side(correct: bool, response: str | None = "x", category: str = "iterative") -> Side:
    return Side(category, "0" * 16, correct, "", response)


def test_counts_by_category_and_over_all() -> None:
    first = {("a", i): side(i < 8) for i in range(10)}
    first |= {("b", i): side(True, category="ambiguity") for i in range(10)}
    second = {("a", i): side(i < 2, "y") for i in range(10)}
    second |= {("b", i): side(True, category="ambiguity") for i in range(10)}
    found = compare(first, second)
    assert [row.subject for row in found.rows] == ["ambiguity", "iterative", "overall"]
    alike, worse, overall = found.rows
    assert (alike.drop, alike.p, alike.differ) == (0.0, 1.0, 0)
    assert (worse.counts.b, worse.counts.c, worse.counts.n) == (6, 0, 10)
    assert (worse.drop, worse.differ) == (60.0, 10)
    # Twice the one-sided value of six fair coins that all fall one way.
    assert [worse.p, overall.p] == pytest.approx([2 * 0.5**6] * 2)
    assert overall.drop == 30.0
    assert 0 < overall.lower < 30 < overall.upper
    assert [sum(of) for of in overall.by_probe] == [600, 0]


def test_only_the_same_case_is_compared() -> None:
    first = {("a", 0): side(True), ("a", 1): side(True), ("a", 2): side(True)}
    other = Side("iterative", "f" * 16, False, "", "x")
    second = {("a", 1): other, ("a", 2): side(True), ("a", 3): side(True), ("b", 0): side(True)}
    found = compare(first, second)
    assert (found.gone, found.new, found.changed) == (1, 2, 1)
    assert found.overall.counts.n == 1


def test_a_digest_may_be_recorded_in_part() -> None:
    short = Side("iterative", "0" * 6, False, "loop", None)
    found = compare({("a", 0): side(True)}, {("a", 0): short})
    assert (found.overall.counts.b, found.overall.differ) == (1, None)


def test_nothing_in_common() -> None:
    overall = compare({("a", 0): side(True)}, {}).overall
    assert (overall.counts.n, overall.drop, overall.lower, overall.upper) == (0, 0, -100, 100)


@given(CASES, CASES)
def test_turning_the_sides_round_turns_the_numbers_round(
    first: Mapping[Key, Side], second: Mapping[Key, Side]
) -> None:
    there, back = compare(first, second), compare(second, first)
    assert (there.gone, there.new, there.changed) == (back.new, back.gone, back.changed)
    assert len(there.flips) == len(back.flips)
    for one, other in zip(there.rows, back.rows, strict=True):
        assert (one.drop, one.p, one.differ) == (-other.drop, other.p, other.differ)
        assert abs(one.lower + other.upper) < 1e-6
        assert one.lower <= one.drop + 1e-6
        assert one.drop <= one.upper + 1e-6
