"""Regression checks of cases in turn: right however often they look, and sparing where nothing is
lost.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import cache
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.gate.alphas import alike
from tests.gate.baselines import compared

from pytest_quant.gate.budget import Budget, Scope
from pytest_quant.gate.counting import Settled, UpTo
from pytest_quant.gate.evidence import lasting_bounds, lasting_p, regressing_drop_in_turn
from pytest_quant.gate.regression import (
    DEFAULT_DROP,
    evaluate_regression,
    evaluate_regression_looks,
    explain_regression,
    probe_regression,
    regression_checks,
)
from pytest_quant.gate.sequential import (
    Look,
    is_regression_settled,
    looks_up_to,
    own_looks,
    plain_look,
)
from pytest_quant.gate.statistics import mcnemar_p
from pytest_quant.gate.tolerance_check import Paired

Counts = npt.NDArray[np.int_]
Rates = tuple[float, float, float]

MOST = 512
SAMPLES = 4000
# The example session of docs/statistics.md, with a baseline for both of its levels.
SESSION = Budget(0.05, pooled=6, category=40, probe=240)
MEMBERS: dict[Scope, int] = {"probe": 1, "category": 6, "pooled": 60}

p_of = cache(lasting_p)
mcnemar_of = cache(mcnemar_p)


def rates(flips: float, drop: float) -> Rates:
    flips = max(flips, drop)
    return (flips + drop) / 2, (flips - drop) / 2, 1 - flips


def drawn(probes: Sequence[Rates], size: int, seed: int = 7, most: int = MOST) -> Iterator[Counts]:
    """``counts[sample] = (b, c, n)`` of probes together, at look after look."""
    generator = np.random.default_rng(seed)
    counts = np.zeros((size, 3), dtype=int)
    for before, look in itertools.pairwise((0, *looks_up_to(most))):
        for rate in probes:
            sample = generator.multinomial(look - before, rate, size=size)
            counts = counts + np.stack([*sample.T[:2], sample.sum(axis=1)], axis=1)
        yield counts


def is_worse(counts: Counts, alpha: float, *, exact: bool = False) -> npt.NDArray[np.bool_]:
    """The rule of a failure: significant, and a drop worth failing for."""
    p = [mcnemar_of(b, c) if exact else p_of(b, c, n) for b, c, n in counts.tolist()]
    b, c, n = counts.T
    return (np.array(p) <= alpha) & (b - c > DEFAULT_DROP / 100 * n)


def ever_failed(probes: Sequence[Rates], alpha: float, *, exact: bool = False) -> float:
    """How often a check would fail at one of its looks at least, whatever stops it there."""
    looks = [is_worse(counts, alpha, exact=exact) for counts in drawn(probes, SAMPLES)]
    return float(np.any(looks, axis=0).mean())


class TestFalseAlarms:
    @pytest.mark.parametrize("flips", [0.01, 0.03, 0.1, 0.3])
    @pytest.mark.parametrize("alpha", [0.05, 0.01])
    def test_looking_again_and_again_costs_nothing(self, flips: float, alpha: float) -> None:
        error = 3 * math.sqrt(alpha / SAMPLES)
        assert ever_failed([rates(flips, 0.0)], alpha) <= alpha + error

    def test_nor_over_probes_that_are_unlike(self) -> None:
        """Some flip a lot, one became better, none became worse."""
        probes = [rates(0.3, 0.0), rates(0.02, 0.0), rates(0.1, 0.0), rates(0.05, -0.05)]
        assert ever_failed(probes, 0.05) <= 0.05
        assert ever_failed(probes[:3], 0.05) <= 0.05 + 3 * math.sqrt(0.05 / SAMPLES)

    def test_mcnemar_would_not_bear_it(self) -> None:
        """The reason for these bets: the exact test is for one look."""
        assert ever_failed([rates(0.1, 0.0)], 0.05, exact=True) > 0.11
        assert 0.005 < ever_failed([rates(0.1, 0.0)], 0.05) <= 0.05

    @pytest.mark.parametrize("flips", [0.03, 0.1])
    def test_a_session_fails_no_more_often_than_its_budget(self, flips: float) -> None:
        """Two levels, ten checks of categories and thirty of probes; all look 17 times."""
        sessions, probes = 500, 3
        budget = Budget(0.05, pooled=2, category=10, probe=30)
        generator = np.random.default_rng(3)
        counts = np.zeros((sessions, 10, probes, 3), dtype=int)
        failed = np.zeros(sessions, dtype=bool)
        for before, look in itertools.pairwise((0, *looks_up_to(MOST))):
            sample = generator.multinomial(look - before, rates(flips, 0), size=counts.shape[:-1])
            sample[..., 2] = look - before
            counts += sample
            category = counts.sum(axis=2)
            pooled = category.reshape(sessions, 2, 5, 3).sum(axis=2)
            scopes: list[tuple[Scope, Counts]] = [
                ("probe", counts),
                ("category", category),
                ("pooled", pooled),
            ]
            for scope, found in scopes:
                worse = is_worse(found.reshape(-1, 3), budget.alpha_for(scope))
                failed |= worse.reshape(sessions, -1).any(axis=1)
        assert failed.mean() <= 0.05


LOOKS = st.lists(
    st.tuples(st.integers(0, 9), st.integers(0, 9), st.integers(1, 60)), min_size=1, max_size=6
)


def paired(b: int, c: int, n: int) -> Paired:
    return Paired(b, c, n, n - c, n - b)


def growing(steps: Sequence[tuple[int, int, int]]) -> list[Look]:
    """The counts after each step, which adds ``b``, ``c`` and cases that did not flip."""
    sums = itertools.accumulate(steps, lambda a, s: (a[0] + s[0], a[1] + s[1], a[2] + s[2]))
    return [plain_look(paired(b, c, b + c + same)) for b, c, same in sums]


class TestAVerdict:
    @settings(deadline=None)
    @given(LOOKS, st.floats(0, 10), st.floats(1e-5, 0.3))
    def test_is_what_its_looks_say(
        self, steps: list[tuple[int, int, int]], least: float, alpha: float
    ) -> None:
        looks = growing(steps)
        result = evaluate_regression_looks(looks, least, alpha)
        last = looks[-1].counts
        assert result.counts == last
        assert result.looks == len(looks)
        assert result.p == min(
            lasting_p(look.counts.b, look.counts.c, look.counts.n) for look in looks
        )
        worse = result.p <= alpha and last.b - last.c > least / 100 * last.n
        assert (result.verdict == "fail") == worse
        if not worse:
            assert (result.verdict == "pass") == (result.upper <= least)
        assert is_regression_settled(looks, least, alpha, last.n)
        if result.verdict != "inconclusive":
            assert is_regression_settled(looks, least, alpha, 10 * last.n)
        assert explain_regression(result)

    @settings(deadline=None)
    @given(st.integers(0, 40), st.integers(0, 40), st.integers(0, 400), st.floats(1e-6, 0.4))
    def test_p_goes_with_the_bound(self, b: int, c: int, same: int, alpha: float) -> None:
        """What is refuted at alpha lies beyond the bound at alpha; and flips alone decide."""
        n = max(1, b + c + same)
        p = lasting_p(b, c, n)
        assert 0 < p <= 1
        if abs(p - alpha) > 1e-6 * alpha:
            assert (p <= alpha) == (lasting_bounds(b, c, n, alpha)[0] > 0)
        assert lasting_p(b, c, n + 100) == pytest.approx(p)
        assert p >= mcnemar_p(b, c) - 1e-9

    def test_without_a_case_there_is_none(self) -> None:
        with pytest.raises(ValueError, match="no case is both recorded and answered"):
            evaluate_regression_looks([plain_look(paired(0, 0, 0))], DEFAULT_DROP, 0.05)

    def test_tells_its_rule(self) -> None:
        looks = growing([(9, 0, 10), (9, 1, 10)])
        first, second = explain_regression(evaluate_regression_looks(looks, 0.5, 0.01)).split("\n")
        assert "below its recorded baseline" in first
        assert second.startswith("alpha 0.01 over 2 looks, bets that hold at every look; ")
        fixed = explain_regression(evaluate_regression(looks[-1].counts, 0.5, 0.01))
        assert "\nalpha 0.01, exact McNemar test; " in fixed


@cache
def settled_after(
    scope: Scope, flips: float, drop: float, samples: int
) -> tuple[float, float, float]:
    """How often McNemar's test fails at all cases, and bets in turn; and the share of cases they
    take, where nothing else asks for any.
    """
    alpha, members = SESSION.alpha_for(scope), MEMBERS[scope]
    probes = [tuple(np.array(rates(flips, drop)))] * members
    looks = np.stack([*drawn(probes, samples, seed=20)], axis=1)
    fixed = is_worse(looks[:, -1], alpha, exact=True).mean()
    failed = spent = 0
    for sample in looks.tolist():
        seen: list[Look] = []
        for counts in sample:
            seen.append(plain_look(paired(*counts)))
            if is_regression_settled(seen, DEFAULT_DROP, alpha, MOST * members):
                break
        last = seen[-1].counts
        p = min(p_of(look.counts.b, look.counts.c, look.counts.n) for look in seen)
        failed += p <= alpha and last.b - last.c > DEFAULT_DROP / 100 * last.n
        spent += last.n
    return float(fixed), failed / samples, spent / (samples * MOST * members)


def power_table() -> list[tuple[Scope, float, float, list[float]]]:
    """Scope, flip rate and drop, then the three shares, of every row of the documentation."""
    text = (Path(__file__).parents[2] / "docs" / "statistics.md").read_text(encoding="utf-8")
    rows = text[text.index("| regression check, up to 512 cases") :].split("\n\n")[0].splitlines()
    names: dict[str, Scope] = {"probe": "probe", "category": "category", "overall": "pooled"}
    found = []
    for row in rows[2:]:
        name, *cells = (cell.strip().removesuffix(" %") for cell in row.strip("|").split("|"))
        flips, drop, *shares = (float(cell) / 100 for cell in cells)
        found.append((names[name], flips, drop, shares))
    return found


class TestPower:
    @pytest.mark.parametrize(("scope", "flips", "drop", "stated"), power_table())
    def test_is_what_the_documentation_says(
        self, scope: Scope, flips: float, drop: float, stated: list[float]
    ) -> None:
        assert settled_after(scope, flips, drop, 200) == pytest.approx(stated, abs=0.08)

    @pytest.mark.parametrize(("scope", "most"), [("probe", 0.14), ("category", 0.2)])
    def test_what_loses_nothing_is_hardly_asked(self, scope: Scope, most: float) -> None:
        _, failed, spent = settled_after(scope, 0.03, 0.0, 200)
        assert failed == 0
        assert spent <= most

    @pytest.mark.parametrize(("flips", "n"), [(0.0, 512), (0.03, 3072), (0.1, 30720)])
    def test_a_detectable_drop_fails_eight_times_in_ten(self, flips: float, n: int) -> None:
        alpha = 0.001
        drop = regressing_drop_in_turn(flips, n, DEFAULT_DROP / 100, alpha)
        assert drop is not None
        for truth, least, most in ((drop, 0.77, 0.97), (drop / 2, 0.0, 0.5)):
            sample = np.random.default_rng(1).multinomial(n, rates(flips, truth), size=1000)
            sample[:, 2] = n
            assert least < is_worse(sample, alpha).mean() < most

    def test_few_cases_see_nothing(self) -> None:
        assert regressing_drop_in_turn(0.1, 8, 0.005, 1e-4) is None
        assert regressing_drop_in_turn(0.0, 0, 0.005, 0.05) is None


BUDGET = Budget(0.05, pooled=2, category=2, probe=4)
ALPHA = BUDGET.alpha_for("probe")


def turns(limit: float = 25.0) -> UpTo:
    return UpTo(MOST, lambda _: limit, DEFAULT_DROP, alike(ALPHA))


class TestAProbe:
    def test_is_judged_by_what_it_was_asked_for_its_own_sake(self) -> None:
        """What a check over several probes asks later changes nothing."""
        was, now = "1" * 512, "1" * 300 + "0" * 212
        whole = replace(compared(was, now), complete=False, recorded_cases=512)
        first = probe_regression(whole, DEFAULT_DROP, ALPHA, turns())
        assert first is not None
        assert first.counts.n < 128
        for later in (first.counts.n, 320, 512):
            asked = replace(whole, cases=whole.cases[:later])
            assert probe_regression(asked, DEFAULT_DROP, ALPHA, turns()) == first

    @pytest.mark.parametrize(("limit", "at_least"), [(90, 33), (2, 256)])
    def test_takes_what_its_tolerance_check_asks(self, limit: float, at_least: int) -> None:
        found = replace(compared("1" * 512, "1" * 512), recorded_cases=512)
        result = probe_regression(found, DEFAULT_DROP, ALPHA, turns(limit))
        assert result is not None
        assert at_least <= result.counts.n < 512

    def test_that_got_worse_is_asked_until_that_is_shown(self) -> None:
        was, now = "1" * 512, ("1" * 9 + "0") * 51 + "11"
        found = replace(compared(was, now), recorded_cases=512)
        result = probe_regression(found, DEFAULT_DROP, ALPHA, turns(90))
        assert result is not None
        assert result.verdict == "fail"
        assert 64 < result.counts.n <= 192
        assert result.looks == len(looks_up_to(result.counts.n))

    def test_is_not_asked_what_is_not_recorded(self) -> None:
        found = replace(compared("1" * 32 + "-" * 480, "0" * 3 + "1" * 509), recorded_cases=32)
        result = probe_regression(found, DEFAULT_DROP, ALPHA, turns(90))
        assert result is not None
        assert result.counts.n <= 32

    def test_without_a_recorded_case_there_is_no_check(self) -> None:
        found = replace(compared("-" * 64, "1" * 64), recorded_cases=0)
        assert probe_regression(found, DEFAULT_DROP, ALPHA, turns()) is None
        assert regression_checks([found], DEFAULT_DROP, BUDGET, turns()) == ()


def test_several_probes_take_part_with_as_many_cases_each() -> None:
    found = [
        replace(compared("1" * 64, "1" * 64, probe="quiet"), complete=False, recorded_cases=512),
        replace(compared("1" * 96, "0" * 96, probe="loud"), complete=False, recorded_cases=512),
        replace(compared("1" * 16, "1" * 16, probe="few"), complete=False, recorded_cases=16),
        replace(compared("-" * 8, "1" * 8, probe="new"), complete=False, recorded_cases=0),
        # The reference now fails at this one, so that the level was not asked any more of it.
        replace(
            compared("1" * 8, "1" * 8, probe="guessed"),
            complete=False,
            recorded_cases=512,
            uninformative="the reference is guessing",
        ),
    ]
    checks = {
        check.name: check.result
        for check in regression_checks(found, DEFAULT_DROP, BUDGET, turns())
    }
    pooled = checks["overall-regression"]
    # A thirty-second of what is recorded of it, as of the others.
    assert (pooled.counts.b, pooled.counts.n) == (64, 64 + 64 + 2)
    assert pooled.looks == 2  # the others bring nothing new of a probe of 16 cases
    assert pooled.verdict == "fail"
    fixed = {
        check.name: check.result
        for check in regression_checks(found, DEFAULT_DROP, BUDGET, Settled())
    }
    assert fixed["overall-regression"].counts.n == 64 + 96 + 16
    assert {result.looks for result in fixed.values()} == {None}


def test_looks_leave_out_what_changed() -> None:
    looks = own_looks([(True, True), None, (True, False), *[None] * 8], MOST)
    assert [(look.counts.b, look.counts.n) for look in looks] == [(1, 2), (1, 2)]
