"""A model behind an OpenAI-compatible server, asked one prompt at a time."""

from __future__ import annotations

import json
import re
import time
import urllib.request
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit

from pytest_quant.errors import QuantUsageError

# A key on the command line would be seen by everybody on the machine, and end up in reports.
KEY_VARIABLE = "PYTEST_QUANT_JUDGE_KEY"

# What a server that is only busy says, and how long it is waited for before each further try.
_BUSY = frozenset({429, 500, 502, 503, 504})
_PAUSES_S = (1.0, 4.0)
# Room to think, for models whose server returns their thoughts apart from the answer.
_MOST_TOKENS = 1024
_MOST_BYTES = 1_000_000


class NoAnswer(Exception):
    """The message says what came instead, as the object of a sentence."""


def parse_url(text: str) -> str:
    """The base URL of an endpoint, such as ``http://localhost:8000/v1``; raises ``ValueError``."""
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
    if not well_formed:
        raise ValueError(f"found {text!r:.100}, {expected}")
    # None of them is shown: they are where keys are put.
    if "@" in parts.netloc or "?" in url or "#" in url:
        raise ValueError(
            f"found a URL with a user, a query or a fragment, {expected}; a key belongs in the "
            f"variable {KEY_VARIABLE}"
        )
    return url


def read_key(environment: Mapping[str, str]) -> str:
    """The key for the endpoint, empty if there is none; raises ``QuantUsageError``."""
    key = environment.get(KEY_VARIABLE, "").strip()
    if not re.fullmatch(r"[!-~]*", key):
        raise QuantUsageError(
            f"{KEY_VARIABLE}: found a key with blanks or other characters that no header may hold; "
            "expected it as the endpoint's owner gave it out"
        )
    return key


class Endpoint:
    """Asks ``model`` at a base URL. ``pauses`` are the seconds before each further try."""

    def __init__(
        self,
        url: str,
        model: str,
        timeout_s: float,
        key: str = "",
        pauses: tuple[float, ...] = _PAUSES_S,
    ) -> None:
        self._url = f"{url}/chat/completions"
        self._model = model
        self._timeout_s = timeout_s
        self._key = key
        self._pauses = pauses
        # Redirected, a request would carry the key to another host.
        self._opener = urllib.request.build_opener(_NoRedirects)

    def ask(self, prompt: str) -> str:
        """The answer at temperature 0; a busy endpoint is tried again. Raises ``NoAnswer``."""
        for pause in self._pauses:
            try:
                return self._asked(prompt)
            except _Busy:
                time.sleep(pause)
        return self._asked(prompt)

    def _asked(self, prompt: str) -> str:
        body = {
            "model": self._model,
            "messages": [{"role": "user", "content": prompt}],
            "temperature": 0,
            "max_tokens": _MOST_TOKENS,
        }
        headers = {"Content-Type": "application/json", "User-Agent": "pytest-quant"}
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        request = urllib.request.Request(self._url, json.dumps(body).encode(), headers)
        try:
            with self._opener.open(request, timeout=self._timeout_s) as response:
                return _content(response.read(_MOST_BYTES))
        except HTTPError as error:
            with error:
                said = self._without_key(_said(error))
            kind = _Busy if error.code in _BUSY else NoAnswer
            raise kind(f"HTTP status {error.code}{said}") from None
        except (OSError, HTTPException) as error:
            # What could not be sent is wrapped, what could not be read is not.
            cause = error.reason if isinstance(error, URLError) else error
            if isinstance(cause, TimeoutError):
                raise NoAnswer(f"no answer within {self._timeout_s:g} s") from None
            why = getattr(cause, "strerror", None) or cause
            raise NoAnswer(f"no answer: {why!s:.200}") from None

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "(the key)") if self._key else text


class _Busy(NoAnswer):
    """Not now, but perhaps soon."""


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        """Leave it an error."""


def _content(body: bytes) -> str:
    """The text of the first choice; what is no text, such as a refusal's null, is none."""
    try:
        content = json.loads(body)["choices"][0]["message"]["content"]
    except (ValueError, LookupError, TypeError, RecursionError):
        raise NoAnswer("an answer that is no chat completion") from None
    return content if isinstance(content, str) else ""


def _said(error: HTTPError) -> str:
    """What a server says of an error, in the form that OpenAI's has, or nothing."""
    try:
        message = json.loads(error.read(_MOST_BYTES))["error"]["message"]
    except (ValueError, LookupError, TypeError, RecursionError, OSError, HTTPException):
        return ""
    return f": {message:.200}" if isinstance(message, str) else ""
