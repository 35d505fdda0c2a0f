r"""The file that holds the answers: its form, and its mistakes in words that an author understands.

It is JSON, and the whole of it is ::

    {
      "runtime": "scripted",
      "model": "toy",
      "bits_per_weight": 8.5,
      "context": 4096,
      "answers": {"What is the capital of Sweden?": "Stockholm"},
      "patterns": {"Repeat (\\w+)": "\\1", "\\bcrash": {"fails": "out of memory"}},
      "default": "I do not know.",
      "logprobs": {"said": -0.1, "other": -5.0}
    }

of which only ``runtime`` must be there.
"""

from __future__ import annotations

import difflib
import hashlib
import json
import re
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pytest_quant.base.files import parse_json
from pytest_quant.errors import QuantUsageError, RuntimeFailed

# What is larger is no script, and would only be read to be refused.
MOST_BYTES = 64 << 20
_DEFAULT_CONTEXT = 4096
_MOST_CONTEXT = 1 << 30
_MOST_BITS = 64

# How a script begins, and so much of a file as tells it: a model is asked many times, and is large.
_OPENING = re.compile(rb"(?:\xef\xbb\xbf)?\s*(?:\{|\Z)")
_OPENING_BYTES = 4096
_SCRIPT = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?s:.*?)"runtime"\s*:\s*"scripted"')
_FORM = 'an answer: text, or {"fails": "what the runtime says"}'


@dataclass(frozen=True, slots=True)
class Failure:
    """In place of an answer: the runtime fails, and says so."""

    message: str


@dataclass(frozen=True, slots=True)
class Logprobs:
    """The natural-log probability of a token that the model says, and of any other."""

    said: float
    other: float


Answer = str | Failure


@dataclass(frozen=True, slots=True)
class Script:
    """A file of answers.

    ``answers`` are by the whole prompt; of the ``patterns``, in the order of the file, the first
    that is found in the prompt counts, and its answer may name its groups; ``default`` answers
    everything else. ``context`` counts words. ``parts`` are the digests of the file's entries.
    """

    path: Path
    digest: str
    size: int
    model: str
    bits_per_weight: float | None
    context: int
    answers: Mapping[str, Answer]
    patterns: tuple[tuple[re.Pattern[str], Answer], ...]
    default: Answer | None
    logprobs: Logprobs | None
    parts: Mapping[str, str]

    def answer(self, prompt: str) -> str:
        """What is said to a prompt; raises ``RuntimeFailed`` where the script says so, and for a
        prompt that it has no answer to.
        """
        found, match = self.answers.get(prompt), None
        for pattern, answer in self.patterns if found is None else ():
            if match := pattern.search(prompt):
                found = answer
                break
        if found is None:
            found = self.default
        if found is None:
            raise RuntimeFailed(f"{self.path}: has no answer to {prompt[:200]!r}; add 'default'")
        if isinstance(found, Failure):
            raise RuntimeFailed(found.message)
        return match.expand(found) if match else found


def is_script(path: Path) -> bool:
    """Whether a file says that it is one."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            if not _OPENING.match(file.read(_OPENING_BYTES)):
                return False
            file.seek(0)
            return bool(_SCRIPT.match(file.read(MOST_BYTES)))
    except OSError:
        return False


def read_script(path: Path) -> Script:
    """Raises ``QuantUsageError``, naming the file and the entry at fault."""
    data = _data(path)
    try:
        content = parse_json(data.decode("utf-8-sig"), _distinct)
    except (ValueError, RecursionError) as error:
        raise QuantUsageError(f"{path}: cannot be read as JSON: {error}; repair it") from None
    return _Reader(path, data, content).script()


def _distinct(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """A mapping; of two answers to one prompt JSON alone would forget the first in silence."""
    found: dict[str, Any] = {}
    for name, value in pairs:
        if name in found:
            raise ValueError(f"{name!r:.60} is there twice")
        found[name] = value
    return found


def _data(path: Path) -> bytes:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise QuantUsageError(f"{path}: cannot be read: {error.strerror}") from None
    if len(data) > MOST_BYTES:
        raise QuantUsageError(
            f"{path}: has more than {MOST_BYTES >> 20} MiB, expected a file of answers; make it "
            "smaller with 'patterns'"
        )
    return data


_ENTRIES = (
    *("runtime", "model", "bits_per_weight", "context"),
    *("answers", "patterns", "default", "logprobs"),
)


class _Reader:
    """Takes the entries of one file, one by one."""

    def __init__(self, path: Path, data: bytes, content: Any) -> None:
        self._path, self._data = path, data
        if not isinstance(content, dict) or content.get("runtime") != "scripted":
            raise self._mistake("", content, 'a mapping with "runtime": "scripted"')
        self._content: dict[str, Any] = content

    def script(self) -> Script:
        for name in self._content:
            if name not in _ENTRIES:
                near = difflib.get_close_matches(name, _ENTRIES, n=1)
                hint = f" (did you mean {near[0]!r}?)" if near else ""
                raise QuantUsageError(
                    f"{self._path}: {name!r:.60}: found an unknown entry{hint}, expected one of "
                    f"{', '.join(_ENTRIES)}"
                )
        content = self._content
        return Script(
            path=self._path,
            digest=hashlib.sha256(self._data).hexdigest(),
            size=len(self._data),
            model=self._text("model", content.get("model", self._path.stem), "a name"),
            bits_per_weight=self._bits(),
            context=self._context(),
            answers={
                self._text("answers", prompt, "a prompt"): self._answer(f"answers: {prompt}", text)
                for prompt, text in self._mapping("answers").items()
            },
            patterns=tuple(
                self._pattern(pattern, text) for pattern, text in self._mapping("patterns").items()
            ),
            default=self._answer("default", content["default"]) if "default" in content else None,
            logprobs=self._logprobs() if "logprobs" in content else None,
            parts={
                name: hashlib.sha256(json.dumps(value).encode()).hexdigest()[:12]
                for name, value in content.items()
            },
        )

    def _context(self) -> int:
        value = self._content.get("context", _DEFAULT_CONTEXT)
        if type(value) is not int or not 2 <= value <= _MOST_CONTEXT:
            raise self._mistake("context", value, "a whole number of words, at least 2")
        return int(value)

    def _mapping(self, name: str) -> dict[str, Any]:
        value = self._content.get(name, {})
        if not isinstance(value, dict):
            raise self._mistake(name, value, "a mapping to answers")
        return dict(value)

    def _pattern(self, pattern: str, value: Any) -> tuple[re.Pattern[str], Answer]:
        place = f"patterns: {pattern}"
        try:
            with warnings.catch_warnings():
                # What may mean something else in a future Python.
                warnings.simplefilter("error")
                compiled = re.compile(self._text(place, pattern, "a regular expression"))
        except (re.error, OverflowError, RecursionError, Warning) as error:
            raise self._mistake(place, pattern, f"a regular expression ({error})") from None
        answer = self._answer(place, value)
        if isinstance(answer, str):
            try:
                # Looks at the groups that the answer names, whatever it is applied to.
                compiled.sub(answer, "")
            except (re.error, IndexError) as error:
                raise self._mistake(
                    place, answer, f"an answer that names its groups ({error})"
                ) from None
        return compiled, answer

    def _answer(self, place: str, value: Any) -> Answer:
        if isinstance(value, str):
            return self._text(place, value, _FORM)
        if isinstance(value, dict) and [*value] == ["fails"]:
            said = value["fails"]
            if isinstance(said, str) and said.strip():
                return Failure(self._text(place, said, _FORM))
        raise self._mistake(place, value, _FORM)

    def _logprobs(self) -> Logprobs:
        value = self._content["logprobs"]
        numbers = [*value.values()] if isinstance(value, dict) else []
        if numbers and {*value} == {"said", "other"} and all(map(_is_logprob, numbers)):
            return Logprobs(float(value["said"]), float(value["other"]))
        raise self._mistake(
            "logprobs", value, '{"said": x, "other": y} with numbers from -1000 to 0'
        )

    def _text(self, place: str, value: Any, expected: str) -> str:
        if not isinstance(value, str):
            raise self._mistake(place, value, expected)
        try:
            value.encode()
        except UnicodeEncodeError:
            raise self._mistake(place, value, f"{expected}, of characters alone") from None
        return str(value)

    def _bits(self) -> float | None:
        if "bits_per_weight" not in self._content:
            return None
        value: Any = self._content["bits_per_weight"]
        if type(value) not in (int, float) or not 0 < value <= _MOST_BITS:
            expected = f"a number above 0, at most {_MOST_BITS}"
            raise self._mistake("bits_per_weight", value, expected)
        return float(value)

    def _mistake(self, place: str, value: Any, expected: str) -> QuantUsageError:
        found = json.dumps(value)
        found = found if len(found) <= 60 else found[:57] + "..."
        where = f"{self._path}: {place[:100]}: " if place else f"{self._path}: "
        return QuantUsageError(f"{where}found {found}, expected {expected}")


def _is_logprob(value: Any) -> bool:
    return type(value) in (int, float) and -1000 <= value <= 0
