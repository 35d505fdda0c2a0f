"""Responses kept between sessions, so that a second run only does what is missing."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from filelock import FileLock

from pytest_quant.files import write_atomically
from pytest_quant.runtimes.protocol import Batch, Limits, Response, RuntimeInfo


class ResponseCache:
    """Batches on disk, one JSON file each, under everything that could change them."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def get_or_generate(
        self,
        origin: Sequence[str],
        prompts: Sequence[str],
        limits: Limits,
        generate: Callable[[], tuple[Batch, RuntimeInfo]],
    ) -> tuple[Batch, RuntimeInfo]:
        """The batch for these prompts, generated at most once among all processes.

        ``origin`` names what would change the responses besides the prompts and limits:
        artifact digest, runtime build, hardware class, threads, parallel sequences.
        """
        content = json.dumps([list(origin), list(prompts), asdict(limits)])
        key = hashlib.sha256(content.encode()).hexdigest()
        path = self._directory / key[:2] / f"{key}.json"
        # The lock also makes one worker wait while another asks the reference the same.
        path.parent.mkdir(parents=True, exist_ok=True)
        with FileLock(path.with_suffix(".lock")):
            stored = _load(path)
            if stored is None:
                stored = generate()
                if all(response.finish != "deadline" for response in stored[0].responses):
                    write_atomically(path, _dump(*stored))
        return stored


def _dump(batch: Batch, info: RuntimeInfo) -> str:
    return json.dumps({"batch": asdict(batch), "runtime": asdict(info)})


def _load(path: Path) -> tuple[Batch, RuntimeInfo] | None:
    """What a file holds; ``None`` if there is none or it is damaged."""
    try:
        stored = json.loads(path.read_text("utf-8"))
        responses = tuple(_response(raw) for raw in stored["batch"]["responses"])
        return Batch(responses, stored["batch"]["seconds"]), RuntimeInfo(**stored["runtime"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _response(raw: dict[str, Any]) -> Response:
    return Response(**{**raw, "tokens": tuple(raw["tokens"]), "logprobs": tuple(raw["logprobs"])})
