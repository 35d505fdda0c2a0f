"""Lengths of time, as people write and read them."""

from __future__ import annotations

import pytest

from pytest_quant.base.durations import about, exactly, parse_duration


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("90", 90),
        ("0.5", 0.5),
        ("90s", 90),
        ("30m", 1800),
        ("30 min", 1800),
        ("1h30m", 5400),
        ("1h 30m 5s", 5405),
        ("1.5h", 5400),
        ("2 hours", 7200),
        ("45 Minutes", 2700),
        (" 8h ", 28800),
    ],
)
def test_what_is_read(text: str, seconds: float) -> None:
    assert parse_duration(text) == seconds


@pytest.mark.parametrize(
    "text", ["", "0", "-5m", "0s", "m", "30m1h", "1d", "nan", "inf", "1e3", "30m foo", "9" * 30]
)
def test_what_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match="expected a time above 0, such as 30m, 90s or 1h30m"):
        parse_duration(text)


@pytest.mark.parametrize(
    ("seconds", "told", "set_"),
    [
        (0.4, "", "0.4 s"),
        (8, "8 s", "8 s"),
        (90, "2 min", "90 s"),
        (1800, "30 min", "30 min"),
        (5400, "1.5 h", "1 h 30 min"),
        (3723, "62 min", "1 h 2 min 3 s"),
    ],
)
def test_what_is_told(seconds: float, told: str, set_: str) -> None:
    assert (about(seconds), exactly(seconds)) == (told, set_)
