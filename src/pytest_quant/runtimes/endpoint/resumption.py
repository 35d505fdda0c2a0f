"""Which kept answers of a server may be served again: those of a run that did not end in order.

What is behind a URL may be exchanged at any time, and nobody can look at it. So the answers of one
run are kept under a token of that run, in a folder of the server and model; a run that ends in
order drops it. The next one begins with a new token, and asks everything again. One that was cut
off, by a server that went away or by hand, is taken up, if that was a short while ago and the
server still writes the same to the question that it is asked first.
"""

from __future__ import annotations

import hashlib
import json
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path
from typing import Any

from pytest_quant.base.files import read_json
from pytest_quant.runtimes.cache import locked, write_json
from pytest_quant.runtimes.endpoint.server import Server
from pytest_quant.runtimes.protocol import Response

_RUN, _ANSWERS = "run.json", ".answers.json"
# What broke off longer ago is begun anew.
_LONGEST_S = 24 * 3600
# So many answers of a part that was not finished are kept.
_MOST_ANSWERS = 10_000


def join_run(folder: Path, server: Server) -> tuple[str, bool]:
    """The token of the run that goes on at a server, or a new one; whether it is taken up.

    Processes of one session share it: the first of them begins it.
    """
    with locked(folder / _RUN):
        known = _read(folder / _RUN)
        with suppress(KeyError, TypeError, ValueError):
            fresh = 0 <= time.time() - float(known["began"]) < _LONGEST_S
            if fresh and server.is_like(Server.of(known["server"])):
                return str(known["token"]), True
        token = uuid.uuid4().hex
        _forget(folder)
        run = {"token": token, "began": time.time(), "server": server.data()}
        write_json(folder / _RUN, run)
        return token, False


def end_run(folder: Path, token: str) -> None:
    """The run has ended in order: nothing of it is served again."""
    with locked(folder / _RUN), suppress(OSError):
        if _read(folder / _RUN).get("token") == token:
            (folder / _RUN).unlink()
            _forget(folder)


def _forget(folder: Path) -> None:
    with suppress(OSError):
        for path in folder.glob(f"*{_ANSWERS}"):
            path.unlink(missing_ok=True)


class Unfinished:
    """The answers to a part of some questions, which a server did not answer to the end.

    ``origin`` is all that could change them, the token of the run among it.
    """

    def __init__(self, folder: Path, origin: str) -> None:
        digest = hashlib.sha256(origin.encode("utf-8", "backslashreplace")).hexdigest()[:16]
        self._path = folder / f"{digest}{_ANSWERS}"
        self._known = self._load()

    def get(self, key: str) -> Response | None:
        return self._known.get(key)

    def keep(self, found: Mapping[str, Response]) -> None:
        """Add what came before it broke off; where nothing can be written, it is lost."""
        with suppress(Exception), locked(self._path):
            self._known = {**self._load(), **self._known, **found}
            newest = list(self._known.items())[-_MOST_ANSWERS:]
            answers = {key: asdict(response) for key, response in newest}
            write_json(self._path, {"answers": answers})

    def _load(self) -> dict[str, Response]:
        stored = _read(self._path)
        with suppress(KeyError, TypeError, AttributeError):
            return {key: _response(raw) for key, raw in stored["answers"].items()}
        return {}


def _response(raw: Mapping[str, Any]) -> Response:
    return Response(**{**raw, "tokens": tuple(raw["tokens"]), "logprobs": tuple(raw["logprobs"])})


def _read(path: Path) -> dict[str, Any]:
    try:
        found = read_json(path)
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def key_of(asked: object) -> str:
    """What tells one question from every other, asked in one way."""
    return json.dumps(asked)
