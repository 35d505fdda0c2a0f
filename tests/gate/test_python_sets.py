"""Parametrized tests in Python: what each told, put together and judged as one set."""

from __future__ import annotations

import pytest
from tests.reports.records import measured

from pytest_quant.gate.budget import Budget
from pytest_quant.gate.level_verdict import LevelVerdict
from pytest_quant.gate.python_sets import NO_CATEGORY, set_checks, verdict_of_sets
from pytest_quant.metrics.measurement import Measurement
from pytest_quant.session.findings import Counted
from pytest_quant.session.python_sets import sets_of

BUDGET = Budget(0.05, pooled=1, category=1, probe=5)


def limit_of(_level: str, category: str | None) -> float:
    return 10.0 if category == "ambiguity" else 3.0


def one_set(*, right: int, lost: int, n: int, category: str = NO_CATEGORY) -> Measurement:
    return measured("test_a.py::test_a", "q4", right=right, lost=lost, n=n, category=category)


def test_a_set_has_the_share_of_a_probe_and_the_limit_of_its_mark() -> None:
    (unmarked,) = set_checks([one_set(right=90, lost=0, n=100)], limit_of, BUDGET)
    assert (unmarked.scope, unmarked.subject, unmarked.category) == (
        "set",
        "test_a.py::test_a",
        None,
    )
    assert unmarked.result.alpha == BUDGET.alpha_for("probe") == BUDGET.alpha_for("set")
    assert unmarked.result.limit == 3
    marked = one_set(right=90, lost=0, n=100, category="ambiguity")
    (check,) = set_checks([marked], limit_of, BUDGET)
    assert (check.category, check.result.limit) == ("ambiguity", 10)


@pytest.mark.parametrize(
    ("right", "lost", "n", "verdict"),
    [
        (100, 1, 100, "inconclusive"),  # one flip fails nothing
        (100, 40, 100, "fail"),
        (400, 0, 400, "pass"),
        (5, 5, 5, "inconclusive"),  # so few cannot fail
    ],
)
def test_one_flip_fails_no_set(right: int, lost: int, n: int, verdict: str) -> None:
    (check,) = set_checks([one_set(right=right, lost=lost, n=n)], limit_of, BUDGET)
    assert check.result.verdict == verdict
    assert (check.result.detectable is None) == (n == 5)


@pytest.mark.parametrize(
    ("sets", "verdict"),
    [
        ([one_set(right=400, lost=0, n=400)], "pass"),
        ([one_set(right=400, lost=0, n=400), one_set(right=20, lost=0, n=20)], "inconclusive"),
        ([one_set(right=400, lost=0, n=400), one_set(right=0, lost=0, n=20)], "inconclusive"),
        ([one_set(right=0, lost=0, n=20)], "not compared"),
    ],
)
def test_the_verdict_of_a_level_that_only_sets_tell_of(
    sets: list[Measurement], verdict: LevelVerdict
) -> None:
    assert verdict_of_sets(set_checks(sets, limit_of, BUDGET)) == verdict


def test_what_tests_told_is_put_together_by_name_whatever_their_order() -> None:
    cases = one_set(right=1, lost=1, n=2).cases
    told = {
        "test_a.py::test_a[q4-2]": Counted("q4", "test_a.py::test_a", None, 0.5, cases[1:], {}),
        "test_a.py::test_a[q4-1]": Counted("q4", "test_a.py::test_a", None, 0.25, cases[:1], {}),
        "test_a.py::test_b[q4-1]": Counted("q4", "test_a.py::test_b", None, 0.0, (), {}),
    }
    (found,) = sets_of(told)
    assert sets_of(dict(reversed(told.items()))) == (found,)
    assert (found.nodeid, found.category) == ("test_a.py::test_a[q4]", NO_CATEGORY)
    assert [case.digest for case in found.cases] == [case.digest for case in cases]
    assert [case.index for case in found.cases] == [0, 1]
    assert found.chance == 0.375
