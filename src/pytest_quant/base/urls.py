"""Where an OpenAI-compatible server is, and what opens it: a base URL, and a key that is never
shown.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from pytest_quant.errors import QuantUsageError


def parse_url(text: str, key_variable: str) -> str:
    """The base URL of an endpoint, such as ``http://localhost:8000/v1``; raises ``ValueError``.

    ``key_variable`` is where a key belongs that was put into the URL.
    """
    url = text.strip().rstrip("/")
    expected = "expected the base URL of an OpenAI-compatible endpoint, as http://localhost:8000/v1"
    try:
        parts = urlsplit(url)
        well_formed = (
            parts.scheme in ("http", "https")
            and bool(parts.hostname)
            and parts.port != 0
            and re.fullmatch(r"[!-~]+", url)
        )
    except ValueError:
        well_formed = False
    # None of them is shown: they are where keys are put.
    if any(mark in url for mark in "@?#") and "://" in url:
        raise ValueError(
            f"found a URL with a user, a query or a fragment, {expected}; a key belongs in the "
            f"variable {key_variable}"
        )
    if not well_formed:
        raise ValueError(f"found {text!r:.100}, {expected}")
    return url


def read_key(environment: Mapping[str, str], variable: str) -> str:
    """The key for an endpoint, empty if there is none; raises ``QuantUsageError``."""
    key = environment.get(variable, "").strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise QuantUsageError(
            f"{variable}: found a key with blanks or other characters that no header may hold; "
            "expected it as the endpoint's owner gave it out"
        )
    return key
