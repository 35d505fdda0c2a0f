"""From choices to counts, a share with bounds, and whether a judge agrees with itself."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.gate.statistics import tango_bounds
from pytest_quant.judge.preferences import Choice, JudgedPair, Preference, preferences

CHOICES: tuple[Choice, ...] = get_args(Choice)


def pair(reference_first: Choice, level_first: Choice, *, asked: bool = True) -> JudgedPair:
    return JudgedPair("q4", "probes/a.yaml::story[q4]", 0, asked, reference_first, level_first)


def preference(*judged: JudgedPair) -> Preference:
    (found,) = preferences(judged, {"q4": 100})
    assert found.level == "q4"
    assert found.pairs == 100
    return found


@pytest.mark.parametrize(
    ("orders", "outcome"),
    [
        (("level", "level"), "level"),
        (("reference", "reference"), "reference"),
        (("tie", "tie"), "tie"),
        (("reference", "level"), "tie"),
        (("tie", "level"), "tie"),
        (("unreadable", "level"), "unreadable"),
        (("tie", "unreadable"), "unreadable"),
        (("unreadable", "unreadable"), "unreadable"),
    ],
)
def test_a_pair_is_decided_by_both_orders(orders: tuple[Choice, Choice], outcome: Choice) -> None:
    assert pair(*orders).outcome == outcome


def test_a_level_that_is_worse() -> None:
    found = preference(
        *[pair("reference", "reference")] * 20,
        *[pair("level", "level")] * 4,
        *[pair("reference", "level")] * 2,
        *[pair("tie", "tie", asked=False)] * 14,
        pair("unreadable", "level"),
    )
    assert (found.wins, found.ties, found.losses) == (4, 16, 20)
    assert (found.equal, found.disagree, found.unreadable) == (14, 2, 1)
    assert (found.read, found.judged) == (40, 41)
    assert found.preferred is not None
    assert found.preferred.value == 30
    lower, upper = tango_bounds(4, 20, 40, 0.025)
    assert (found.preferred.lower, found.preferred.upper) == (50 + 50 * lower, 50 + 50 * upper)
    assert found.preferred.upper < 50
    assert found.agreement is not None
    assert found.agreement.value == pytest.approx(100 * 24 / 26)
    assert found.consistent


def test_a_judge_that_always_takes_the_first_says_so() -> None:
    found = preference(*[pair("reference", "level")] * 50)
    assert found.preferred is not None
    assert (found.preferred.value, found.ties) == (50, 50)
    assert found.agreement is not None
    assert found.agreement.value == 0
    assert not found.consistent


def test_nothing_readable_is_no_tie() -> None:
    found = preference(*[pair("unreadable", "unreadable")] * 5)
    assert (found.read, found.unreadable) == (0, 5)
    assert found.preferred is None
    assert found.agreement is None


@given(st.lists(st.builds(pair, *[st.sampled_from(CHOICES)] * 2), min_size=1, max_size=60))
def test_every_pair_counts_once(judged: list[JudgedPair]) -> None:
    found = preference(*judged)
    assert found.judged == len(judged)
    for share in (found.preferred, found.agreement):
        assert share is None or 0 <= share.lower <= share.value <= share.upper <= 100
    # The roles exchanged, the share is mirrored.
    swapped: dict[Choice, Choice] = {"level": "reference", "reference": "level"}
    mirrored = preference(
        *(
            pair(*(swapped.get(c, c) for c in (one.reference_first, one.level_first)))
            for one in judged
        )
    )
    assert (mirrored.wins, mirrored.losses) == (found.losses, found.wins)
    if found.preferred and mirrored.preferred:
        assert mirrored.preferred.value == pytest.approx(100 - found.preferred.value)
        assert mirrored.preferred.lower == pytest.approx(100 - found.preferred.upper, abs=1e-6)
