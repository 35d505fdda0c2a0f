"""Responses kept between sessions, so that a second run only does what is missing."""

from __future__ import annotations

import hashlib
import json
import warnings
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from filelock import FileLock

from pytest_quant.base.conversation import content_of
from pytest_quant.base.converter import structured
from pytest_quant.base.files import write_atomically
from pytest_quant.metrics.divergence import Divergence
from pytest_quant.runtimes.protocol import (
    Batch,
    Likelihood,
    Limits,
    NextTokens,
    Reading,
    Response,
    RuntimeInfo,
    Scores,
)

# Of how a text is read from tokens; with a new one no text that was read otherwise is served.
# 2: control tokens are written out.
TEXT_FORMAT = 2

_Made = TypeVar("_Made", Batch, Scores, Divergence, "Outlooks")


@dataclass(frozen=True, slots=True)
class Outlooks:
    """What a model expects next, at one place of each of some answers."""

    found: tuple[NextTokens, ...]


class ResponseCache:
    """What models wrote and scored, one JSON file each, under everything that could change it.

    ``origin`` names what would change them besides the prompts and what is asked of these:
    artifact digest, runtime build, hardware class, threads, parallel sequences.

    Where nothing can be written, as on a full disk, everything is made and nothing kept;
    ``tell`` is then given the reason.
    """

    def __init__(self, directory: Path, tell: Callable[[str], None] = warnings.warn) -> None:
        self._directory = directory
        self._tell = tell

    def get_or_generate(
        self,
        origin: Sequence[str],
        batches: Sequence[Sequence[str]],
        limits: Limits,
        generate: Callable[[Sequence[Sequence[str]]], Sequence[tuple[Batch, RuntimeInfo]]],
    ) -> list[tuple[Batch, RuntimeInfo]]:
        """The responses to these batches, generated at most once among all processes.

        ``generate`` is given those that are missing, all at once. Each is kept by itself; none
        that a deadline cut is kept.
        """

        def generate_missing(missing: Sequence[int]) -> Sequence[tuple[Batch, RuntimeInfo]]:
            return generate([batches[i] for i in missing])

        return self._get_or_make(
            [_generated(origin, batch, limits) for batch in batches],
            generate_missing,
            lambda batch: all(response.finish != "deadline" for response in batch.responses),
            _batch,
        )

    def holds(self, origin: Sequence[str], batch: Sequence[str], limits: Limits) -> bool:
        """Whether the responses to a batch are kept."""
        return self._path(_generated(origin, batch, limits)).is_file()

    def get_or_score(
        self,
        origin: Sequence[str],
        prompts: Sequence[str],
        continuations: Sequence[Sequence[str]],
        score: Callable[[], tuple[Scores, RuntimeInfo]],
    ) -> tuple[Scores, RuntimeInfo]:
        """The likelihoods of these continuations, worked out at most once among all processes."""
        texts = [list(one) for one in continuations]
        return self._get_or_make_one(
            [list(origin), [*map(content_of, prompts)], texts],
            score,
            lambda scores: all(scores.likelihoods),
            _scores,
        )

    def get_or_foresee(
        self,
        origin: Sequence[str],
        asked: object,
        foresee: Callable[[], tuple[Outlooks, RuntimeInfo]],
    ) -> tuple[Outlooks, RuntimeInfo]:
        """What is expected next, worked out at most once; ``asked``: all that was asked about."""
        return self._get_or_make_one(
            [list(origin), "candidates", asked],
            foresee,
            lambda _found: True,
            lambda raw: structured(raw, Outlooks),
        )

    def get_or_compare(
        self,
        origin: Sequence[str],
        reading: Reading,
        compare: Callable[[], tuple[Divergence, RuntimeInfo]],
    ) -> tuple[Divergence, RuntimeInfo]:
        """The divergence on a text, worked out at most once; ``origin`` names both artifacts."""
        return self._get_or_make_one(
            [list(origin), type(reading).__name__, _contents(reading)],
            compare,
            lambda _divergence: True,
            lambda raw: structured(raw, Divergence),
        )

    def _get_or_make_one(
        self,
        key: object,
        make: Callable[[], tuple[_Made, RuntimeInfo]],
        is_complete: Callable[[_Made], bool],
        read: Callable[[Mapping[str, Any]], _Made],
    ) -> tuple[_Made, RuntimeInfo]:
        (found,) = self._get_or_make([key], lambda _missing: [make()], is_complete, read)
        return found

    def _get_or_make(
        self,
        keys: Sequence[object],
        make: Callable[[Sequence[int]], Sequence[tuple[_Made, RuntimeInfo]]],
        is_complete: Callable[[_Made], bool],
        read: Callable[[Mapping[str, Any]], _Made],
    ) -> list[tuple[_Made, RuntimeInfo]]:
        """What is kept under each key; ``make`` is given the places of those that are missing."""
        paths: list[Path] = [self._path(key) for key in keys]
        with ExitStack() as held:
            # In one order in all processes, so that no two wait for each other.
            for path in sorted({*paths}):
                held.enter_context(self._alone(path))
            stored = {i: _load(path, read) for i, path in enumerate(paths)}
            found = {i: known for i, known in stored.items() if known is not None}
            missing = [i for i in range(len(paths)) if i not in found]
            for i, (made, info) in zip(missing, make(missing) if missing else (), strict=True):
                found[i] = made, info
                if is_complete(made):
                    self._keep(paths[i], _dump(made, info))
        return [found[i] for i in range(len(paths))]

    def _path(self, key: object) -> Path:
        name = hashlib.sha256(json.dumps(key).encode()).hexdigest()
        return self._directory / name[:2] / f"{name}.json"

    @contextmanager
    def _alone(self, path: Path) -> Iterator[None]:
        """One worker waits while another asks the reference the same, if they can be told."""
        lock = FileLock(path.with_suffix(".lock"))
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            lock.acquire()
        except (OSError, NotImplementedError) as error:
            self._not_kept(error)
            yield
            return
        try:
            yield
        finally:
            lock.release()

    def _keep(self, path: Path, text: str) -> None:
        try:
            write_atomically(path, text)
        except OSError as error:
            self._not_kept(error)

    def _not_kept(self, error: OSError | NotImplementedError) -> None:
        self._tell(
            f"not all answers are kept: {self._directory} cannot be written: "
            f"{getattr(error, 'strerror', None) or error}; another session asks them again"
        )


def _generated(origin: Sequence[str], batch: Sequence[str], limits: Limits) -> object:
    """The key of the responses to a batch."""
    asked = [list(origin), limits.max_tokens, list(limits.stop), TEXT_FORMAT]
    return [*asked, [*map(content_of, batch)]]


def _contents(reading: Reading) -> dict[str, Any]:
    contents = asdict(reading)
    if "pairs" in contents:
        contents["pairs"] = [(content_of(prompt), said) for prompt, said in contents["pairs"]]
    return contents


# Stands before the checksum of all that is before it.
_CHECKED = ', "checksum": "'


def _dump(made: Batch | Scores | Divergence | Outlooks, info: RuntimeInfo) -> str:
    text = json.dumps({"batch": made, "runtime": info}, default=_members).removesuffix("}")
    return f'{text}{_CHECKED}{_checksum(text)}"}}'


def _checksum(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def _members(value: Any) -> dict[str, Any]:
    """A dataclass as JSON has it; ``asdict`` would copy every token."""
    return {field.name: getattr(value, field.name) for field in fields(value)}


def _load(
    path: Path, read: Callable[[Mapping[str, Any]], _Made]
) -> tuple[_Made, RuntimeInfo] | None:
    """What a file holds; ``None`` if there is none or it is damaged."""
    try:
        text = path.read_text("utf-8")
        content, _, checksum = text.rpartition(_CHECKED)
        # A flipped bit may leave JSON that says something else.
        if checksum != f'{_checksum(content)}"}}':
            return None
        stored = json.loads(text)
        return read(stored["batch"]), RuntimeInfo(**stored["runtime"])
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _batch(raw: Mapping[str, Any]) -> Batch:
    return Batch(tuple(_response(response) for response in raw["responses"]), raw["seconds"])


def _response(raw: Mapping[str, Any]) -> Response:
    return Response(**{**raw, "tokens": tuple(raw["tokens"]), "logprobs": tuple(raw["logprobs"])})


def _scores(raw: Mapping[str, Any]) -> Scores:
    likelihoods = tuple(
        tuple(Likelihood(tuple(one["tokens"]), tuple(one["logprobs"])) for one in of_prompt)
        for of_prompt in raw["likelihoods"]
    )
    return Scores(likelihoods, raw["prompt_tokens"], raw["seconds"])
