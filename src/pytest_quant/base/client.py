"""The one HTTP client: JSON to and from a server that others run, within bounds of time and size.

Connections, time-outs, retries with back-off and the server's own ``Retry-After`` are urllib3's.
"""

from __future__ import annotations

import json
import time
import urllib.request
from contextlib import suppress
from typing import Any

import urllib3
from urllib3.exceptions import (
    HTTPError,
    LocationParseError,
    MaxRetryError,
    NameResolutionError,
    NewConnectionError,
    ProxyError,
    ReadTimeoutError,
    SSLError,
)
from urllib3.exceptions import (
    TimeoutError as TimedOut,
)
from urllib3.util import Retry, Timeout

from pytest_quant.base.files import parse_json

# What a server that is only busy says.
BUSY = frozenset({408, 425, 429, 500, 502, 503, 504})
MOST_TRIES = 5
_PAUSE_S = 1.0
# As long as a server may ask to be left alone, and a pause may grow.
_LONGEST_PAUSE_S = 60
_CONNECT_S = 10.0
_MOST_BYTES = 32 << 20
_PIECE = 1 << 16


class NoAnswer(Exception):
    """The message says what came instead, as the object of a sentence.

    ``status`` is that of HTTP, 0 without any; ``said`` what the server said itself; ``gone``: there
    is nobody who could have answered.
    """

    def __init__(self, text: str, *, status: int = 0, said: str = "", gone: bool = False) -> None:
        super().__init__(text)
        self.status, self.said, self.gone = status, said, gone


class Client:
    """Asks one server, from several threads if need be, over at most ``connections`` at once.

    ``key`` is sent, and taken out of whatever the server says. ``pause_s`` is the first pause
    before a further try, of which there are at most ``tries``; each following one is twice as long.
    """

    def __init__(
        self,
        *,
        key: str = "",
        timeout_s: float = 60.0,
        connections: int = 1,
        tries: int = MOST_TRIES,
        pause_s: float = _PAUSE_S,
    ) -> None:
        self._key = key
        self.timeout_s = timeout_s
        self._connections = connections
        self._retries = Retry(
            total=tries,
            # Whoever stalls twice will do so a third time.
            read=min(1, tries),
            status_forcelist=BUSY,
            # To ask again changes nothing at the server.
            allowed_methods=None,
            backoff_factor=pause_s,
            backoff_max=_LONGEST_PAUSE_S,
            backoff_jitter=pause_s / 2,
            respect_retry_after_header=True,
            retry_after_max=_LONGEST_PAUSE_S,
        )
        self._pools: dict[str, urllib3.PoolManager] = {}

    def get(self, url: str, *, timeout_s: float | None = None, waits: bool = True) -> Any:
        """The JSON that stands at a URL. Raises ``NoAnswer``."""
        return self._ask("GET", url, None, timeout_s, waits=waits)

    def post(
        self, url: str, body: object, *, timeout_s: float | None = None, waits: bool = True
    ) -> Any:
        """The JSON that answers ``body``. Raises ``NoAnswer``; unless it ``waits`` for a server
        that is not there, at once.
        """
        return self._ask("POST", url, json.dumps(body).encode(), timeout_s, waits=waits)

    def close(self) -> None:
        for pool in self._pools.values():
            pool.clear()

    def _ask(
        self, method: str, url: str, body: bytes | None, timeout_s: float | None, *, waits: bool
    ) -> Any:
        longest = self.timeout_s if timeout_s is None else min(timeout_s, self.timeout_s)
        try:
            status, data = self._answer(method, url, body, longest, waits=waits)
        except (HTTPError, OSError) as error:
            raise self._why(error, longest) from None
        if status != 200:
            said = self.without_key(_said(data))
            told = f": {said:.300}" if said else ""
            raise NoAnswer(f"HTTP status {status}{told}", status=status, said=said)
        try:
            return parse_json(data.decode("utf-8"))
        except (ValueError, RecursionError):
            raise NoAnswer("an answer that is no JSON", status=status) from None

    def _answer(
        self, method: str, url: str, body: bytes | None, longest: float, *, waits: bool
    ) -> tuple[int, bytes]:
        """The status and the body of an answer, asked for again as often as the policy has it.

        The whole loop is here, for urllib3's own reads what it throws away without any bound.
        """
        retries = self._retries if waits else self._retries.new(connect=0)
        while True:
            response = None
            try:
                response = self._pool(url).request(
                    method,
                    url,
                    body=body,
                    headers=self._headers(body),
                    retries=False,
                    # Followed, a redirection would carry the key to another host.
                    redirect=False,
                    timeout=Timeout(connect=min(_CONNECT_S, longest), read=longest),
                    preload_content=False,
                )
                data = _bounded(response, longest)
            except (SSLError, TooLong, Slow):
                raise
            except HTTPError as error:
                retries = retries.increment(method, url, error=error)
                retries.sleep()
                continue
            finally:
                if response is not None:
                    # What was not read to its end cannot be used again.
                    response.close()
                    response.release_conn()
            if retries.is_retry(method, response.status, "Retry-After" in response.headers):
                with suppress(MaxRetryError):
                    retries = retries.increment(method, url, response=response)
                    retries.sleep(response)
                    continue
            return response.status, data

    def _headers(self, body: bytes | None) -> dict[str, str]:
        headers = {"User-Agent": "pytest-quant", "Accept": "application/json"}
        if body is not None:
            headers["Content-Type"] = "application/json"
        if self._key:
            headers["Authorization"] = f"Bearer {self._key}"
        return headers

    def _pool(self, url: str) -> urllib3.PoolManager:
        """That of a proxy, where the environment names one for the host."""
        scheme, _, rest = url.partition("://")
        host = rest.partition("/")[0]
        proxy = ""
        if not urllib.request.proxy_bypass(host):
            proxy = urllib.request.getproxies().get(scheme, "")
        if proxy not in self._pools:
            own: dict[str, Any] = {"maxsize": self._connections, "block": True}
            self._pools[proxy] = (
                urllib3.ProxyManager(proxy, **own) if proxy else urllib3.PoolManager(**own)
            )
        return self._pools[proxy]

    def _why(self, error: Exception, longest: float) -> NoAnswer:
        cause: BaseException = error
        while isinstance(cause, MaxRetryError) and cause.reason is not None:
            cause = cause.reason
        if isinstance(cause, ProxyError):
            cause = cause.original_error
        if isinstance(cause, ReadTimeoutError | Slow):
            return NoAnswer(f"no answer within {longest:g} s")
        if isinstance(cause, TooLong):
            return NoAnswer(f"an answer of more than {_MOST_BYTES >> 20} MiB")
        gone = isinstance(cause, NewConnectionError | TimedOut | NameResolutionError | SSLError)
        if isinstance(cause, TimedOut) and not isinstance(cause, NewConnectionError):
            return NoAnswer(f"no connection within {min(_CONNECT_S, longest):g} s", gone=True)
        if isinstance(cause, LocationParseError):
            return NoAnswer("no answer: the URL names no host", gone=True)
        return NoAnswer(f"no answer: {self.without_key(_words(cause)):.200}", gone=gone)

    def without_key(self, text: str) -> str:
        return text.replace(self._key, "(the key)") if self._key else text


class Slow(HTTPError):
    """The pieces of an answer came, but the whole did not."""


class TooLong(HTTPError):
    """More came than anything here is answered with."""


def _bounded(response: urllib3.BaseHTTPResponse, longest: float) -> bytes:
    """The body, of a bounded size, in no more time than an answer may take at all."""
    started = time.monotonic()
    found = bytearray()
    for piece in response.stream(_PIECE, decode_content=True):
        found += piece
        if len(found) > _MOST_BYTES:
            raise TooLong
        if time.monotonic() - started > longest:
            raise Slow
    return bytes(found)


def _words(cause: BaseException) -> str:
    """Without what Python shows of its own objects."""
    inner = cause
    while inner.__cause__ is not None or inner.__context__ is not None:
        inner = inner.__cause__ or inner.__context__ or inner
    found = getattr(inner, "strerror", None) or getattr(cause, "strerror", None)
    return str(found or cause)


def _said(data: bytes) -> str:
    """What a server says of an error, in one of the forms that there are, or nothing."""
    try:
        body = json.loads(data)
        found = body.get("error", body.get("message", body.get("detail", "")))
        message = found.get("message", "") if isinstance(found, dict) else found
    except (ValueError, AttributeError, RecursionError):
        return ""
    return message if isinstance(message, str) else ""
