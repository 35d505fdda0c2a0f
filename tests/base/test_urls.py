"""Where a server is, as a user writes it, and the key to it."""

from __future__ import annotations

import pytest

from pytest_quant.base.urls import parse_url, read_key
from pytest_quant.errors import QuantUsageError

KEY = "sk-secret-0123"
VARIABLE = "A_KEY"


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (" http://localhost:8000/v1/ ", "http://localhost:8000/v1"),
        ("https://example.org", "https://example.org"),
        ("http://[::1]:80/v1", "http://[::1]:80/v1"),
    ],
)
def test_a_url(given: str, url: str) -> None:
    assert parse_url(given, VARIABLE) == url


@pytest.mark.parametrize(
    "given",
    [
        "",
        "localhost:8000/v1",
        "//host/v1",
        "http://",
        "http://:80/v1",
        "http://host:99999/v1",
        "http://host:0/v1",
        "http://[::1/v1",
        "http://ho st/v1",
        "http://host/v1\r\nX: y",
        "http://h\u00f6st/v1",
        "file:///etc/passwd",
        "ftp://host/v1",
    ],
)
def test_no_url(given: str) -> None:
    with pytest.raises(ValueError, match="expected the base URL of an OpenAI-compatible endpoint"):
        parse_url(given, VARIABLE)


@pytest.mark.parametrize(
    "given", [f"https://u:{KEY}@host/v1", f"https://host/v1?key={KEY}", f"https://host/v1#{KEY}"]
)
def test_a_key_has_no_place_in_a_url(given: str) -> None:
    with pytest.raises(ValueError, match=f"a key belongs in the variable {VARIABLE}") as caught:
        parse_url(given, VARIABLE)
    assert KEY not in str(caught.value)


def test_the_key_comes_from_the_environment() -> None:
    assert read_key({VARIABLE: f" {KEY}\n"}, VARIABLE) == KEY
    assert read_key({}, VARIABLE) == ""
    with pytest.raises(QuantUsageError, match=VARIABLE) as caught:
        read_key({VARIABLE: f"{KEY}\r\nX: y"}, VARIABLE)
    assert KEY not in str(caught.value)
