from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.errors import QuantUsageError
from pytest_quant.gate.budget import Budget


def test_half_to_the_pooled_checks_a_quarter_to_each_other_scope() -> None:
    budget = Budget(0.05, pooled=2, category=10, probe=50)
    assert budget.alpha_for("pooled") == pytest.approx(0.0125)
    assert budget.alpha_for("category") == pytest.approx(0.00125)
    assert budget.alpha_for("probe") == pytest.approx(0.00025)
    assert budget.checks == 62


@given(st.floats(1e-6, 0.49), st.integers(1, 50), st.integers(1, 500), st.integers(1, 5000))
def test_all_checks_together_spend_exactly_the_budget(
    alpha: float, pooled: int, category: int, probe: int
) -> None:
    budget = Budget(alpha, pooled, category, probe)
    spent = (
        pooled * budget.alpha_for("pooled")
        + category * budget.alpha_for("category")
        + probe * budget.alpha_for("probe")
    )
    assert spent == pytest.approx(alpha)


def test_a_scope_without_checks_has_no_alpha_and_gives_none_away() -> None:
    budget = Budget(0.05, pooled=1, category=0, probe=0)
    assert budget.alpha_for("pooled") == pytest.approx(0.025)
    with pytest.raises(ValueError, match="no category check was selected"):
        budget.alpha_for("category")


@pytest.mark.parametrize("alpha", [0.0, 0.5, 5.0, -0.05])
def test_an_impossible_alpha_is_the_users_mistake(alpha: float) -> None:
    with pytest.raises(QuantUsageError, match=r"alpha is .* between 0 and 0\.5"):
        Budget(alpha, 1, 1, 1)


def test_negative_counts_are_refused() -> None:
    with pytest.raises(ValueError, match="negative number of checks"):
        Budget(0.05, 1, -1, 1)
