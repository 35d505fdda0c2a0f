r"""The file that says where a server is: its form, and its mistakes in words that an author
understands.

It is JSON, and the whole of it is ::

    {
      "runtime": "endpoint",
      "url": "http://localhost:8000/v1",
      "model": "my-model",
      "key_variable": "OPENAI_API_KEY",
      "timeout_s": 300,
      "version": "weights of 2026-11-20"
    }

of which only ``runtime`` and ``url`` must be there. What was found out about the server is added
to the copy of it in the cache.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pytest_quant.base.files import parse_json
from pytest_quant.base.urls import parse_url
from pytest_quant.errors import QuantUsageError

KEY_VARIABLE = "OPENAI_API_KEY"
TIMEOUT_S = 300.0
_LONGEST_S = 86400
_MOST_BYTES = 1 << 20
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
_OPENING = re.compile(rb'(?:\xef\xbb\xbf)?\s*\{(?s:.*?)"runtime"\s*:\s*"endpoint"')
_ENTRIES = ("runtime", "url", "model", "key_variable", "timeout_s", "version", "found")


@dataclass(frozen=True, slots=True)
class Description:
    """Where a server is. ``model`` is empty for the only one that it serves.

    ``version`` is the user's own word for the weights that are there, if given: as long as it is
    the same, so are they. ``found`` is what was found out by asking, in the copy in the cache.
    """

    url: str
    model: str = ""
    key_variable: str = KEY_VARIABLE
    timeout_s: float = TIMEOUT_S
    version: str = ""
    found: Mapping[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the model is called: as the server does, or else as the server is."""
        return self.model or self.url.partition("://")[2].removesuffix("/v1")

    @property
    def place(self) -> str:
        """The server and the model as the option has them."""
        return f"{self.url}#{self.model}" if self.model else self.url

    def content(self, found: Mapping[str, Any]) -> dict[str, Any]:
        """The file, with what was found out."""
        return {
            "runtime": "endpoint",
            "url": self.url,
            "model": self.model,
            "key_variable": self.key_variable,
            "timeout_s": self.timeout_s,
            "version": self.version,
            "found": dict(found),
        }


def is_description(path: Path) -> bool:
    """Whether a file says that it is one."""
    try:
        if not path.is_file():
            return False
        with path.open("rb") as file:
            return bool(_OPENING.match(file.read(4096)))
    except OSError:
        return False


def read_description(path: Path) -> Description:
    """Raises ``QuantUsageError``, naming the file and the entry at fault."""
    try:
        with path.open("rb") as file:
            data = file.read(_MOST_BYTES + 1)
    except OSError as error:
        raise QuantUsageError(f"{path}: cannot be read: {error.strerror}") from None
    try:
        if len(data) > _MOST_BYTES:
            raise ValueError("it has more than 1 MiB")
        content = parse_json(data.decode("utf-8-sig"))
    except (ValueError, RecursionError) as error:
        raise QuantUsageError(f"{path}: cannot be read as JSON: {error}; repair it") from None
    if not isinstance(content, dict) or content.get("runtime") != "endpoint":
        raise _mistake(path, "", content, 'a mapping with "runtime": "endpoint"')
    for name in content:
        if name not in _ENTRIES:
            near = difflib.get_close_matches(name, _ENTRIES, n=1)
            hint = f" (did you mean {near[0]!r}?)" if near else ""
            # A key may stand there: neither its value nor a long name is shown.
            raise QuantUsageError(
                f"{path}: {name!r:.60}: found an unknown entry{hint}, expected one of "
                f"{', '.join(_ENTRIES[:-1])}; a key is read from the variable that key_variable "
                "names"
            )
    return Description(
        url=_url(path, content),
        model=_text(path, content, "model"),
        key_variable=_variable(path, content),
        timeout_s=_seconds(path, content),
        version=_text(path, content, "version"),
        found=_found(path, content),
    )


def _url(path: Path, content: Mapping[str, Any]) -> str:
    try:
        return parse_url(str(content.get("url", "")), _variable(path, content))
    except ValueError as error:
        raise QuantUsageError(f"{path}: url: {error}") from None


def _text(path: Path, content: Mapping[str, Any], name: str) -> str:
    value = content.get(name, "")
    if not isinstance(value, str) or len(value) > 500 or not value.isprintable():
        raise _mistake(path, name, value, "a text of at most 500 characters")
    return value.strip()


def _variable(path: Path, content: Mapping[str, Any]) -> str:
    value = content.get("key_variable", KEY_VARIABLE)
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        # Whoever writes the key itself here is not to read it in a log.
        raise QuantUsageError(
            f"{path}: key_variable: expected the name of the environment variable that holds the "
            f"key, as {KEY_VARIABLE}"
        )
    return value


def _seconds(path: Path, content: Mapping[str, Any]) -> float:
    value: Any = content.get("timeout_s", TIMEOUT_S)
    if type(value) not in (int, float) or not 0 < value <= _LONGEST_S:
        raise _mistake(path, "timeout_s", value, f"seconds above 0, at most {_LONGEST_S}")
    return float(value)


def _found(path: Path, content: Mapping[str, Any]) -> Mapping[str, Any]:
    value = content.get("found", {})
    if not isinstance(value, dict):
        raise _mistake(path, "found", value, "nothing: it is found out by asking")
    return value


def _mistake(path: Path, place: str, value: Any, expected: str) -> QuantUsageError:
    found = json.dumps(value)
    found = found if len(found) <= 60 else found[:57] + "..."
    where = f"{path}: {place}: " if place else f"{path}: "
    return QuantUsageError(f"{where}found {found}, expected {expected}")
