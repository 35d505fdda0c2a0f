"""How many cases of each probe bring so many more, where some probes run out."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_quant.gate.forecast import Stock, cases_of_each, left


@pytest.mark.parametrize(
    ("stocks", "more", "each"),
    [
        ([Stock(32, None)], 694, 726),
        ([Stock(10, None), Stock(30, None)], 21, 31),
        ([Stock(10, None), Stock(30, None)], 22, 31),
        ([Stock(10, None), Stock(30, None)], 5, 15),
        # The first has two more, so the second brings the rest.
        ([Stock(10, 12), Stock(10, None)], 20, 28),
        ([Stock(10, 12), Stock(10, 28)], 20, 28),
        ([Stock(10, 12), Stock(10, 27)], 20, None),
        ([Stock(10, 10)], 1, None),
        ([], 1, None),
    ],
)
def test_what_it_takes(stocks: list[Stock], more: int, each: int | None) -> None:
    assert cases_of_each(stocks, more) == each


def test_what_is_left() -> None:
    assert left([Stock(10, 12), Stock(10, 10)]) == 2
    assert left([Stock(10, 12), Stock(10, None)]) is None


@given(
    st.lists(st.builds(Stock, st.integers(0, 50), st.none() | st.integers(0, 80)), max_size=5),
    st.integers(1, 200),
)
def test_it_is_the_smallest_number_that_does(stocks: list[Stock], more: int) -> None:
    each = cases_of_each(stocks, more)
    if each is None:
        assert (left(stocks) or 0) < more
        return
    assert sum(stock.more_up_to(each) for stock in stocks) >= more
    assert sum(stock.more_up_to(each - 1) for stock in stocks) < more
