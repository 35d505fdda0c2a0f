"""In which form questions are put, as the user says it: files and values that are checked."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Literal

from pytest_quant.base.paths import given_path
from pytest_quant.errors import QuantUsageError
from pytest_quant.runtimes.chat import TemplateFile, Thinking

# What is longer is no template, and no text to put before every question.
MOST_BYTES = 1 << 20
# A text that looks like a file's name is one.
_FILE_NAME = re.compile(r"\S*\.[A-Za-z0-9]{1,8}")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# What a prompt is made of is not for an option to say.
_OURS = ("add_generation_prompt", "bos_token", "eos_token", "messages", "raise_exception")
_WORDS = {"true": True, "false": False, "none": None, "null": None}
_MOST_VALUE = 100_000


def read_chat_template(text: str, base: Path) -> Literal["auto", "none"] | TemplateFile:
    """``auto``, ``none`` or a file of Jinja source; raises ``QuantUsageError``."""
    match text.strip():
        case "auto" | "none" as word:
            return word
    path = given_path(text, base)
    if not path.exists():
        raise QuantUsageError(
            f"{path}: no such file; expected auto, none, or a file of a chat template"
        )
    return TemplateFile(path, _text_of(path, "a chat template (Jinja)"))


def read_system(text: str, base: Path) -> str:
    """A text, or what the file of this name holds; raises ``QuantUsageError``."""
    if not text.strip():
        raise QuantUsageError("found an empty text, expected words, or the name of a file")
    try:
        path: Path | None = given_path(text, base)
    except ValueError:  # too long for a name, or with what no name has
        path = None
    if path and path.exists():
        return _text_of(path, "a text").strip()
    if path and _FILE_NAME.fullmatch(text.strip()):
        raise QuantUsageError(f"{path}: no such file; expected a text, or the name of a file")
    if len(text) > MOST_BYTES:
        raise QuantUsageError(f"found {len(text):,} characters, expected at most {MOST_BYTES:,}")
    _check_characters(text)
    return text.strip()


def parse_thinking(text: str) -> Thinking:
    """Raises ``QuantUsageError`` for anything but a word that says whether models think."""
    match text.strip().lower():
        case "auto" | "on" | "off" as word:
            return word
    raise QuantUsageError(f"found {text!r:.100}, expected auto, on or off")


def parse_template_options(lines: Iterable[str]) -> tuple[tuple[str, str], ...]:
    """Options from lines such as ``enable_thinking = false``: JSON values, or else texts.

    Raises ``QuantUsageError``.
    """
    given: dict[str, Any] = {}
    for line in lines:
        name, equals, text = line.partition("=")
        name, text = name.strip(), text.strip()
        if not equals or not name or not text:
            raise QuantUsageError(f"found {line!r:.100}, expected NAME = VALUE, as tone = dry")
        if name in given:
            raise QuantUsageError(f"{name!r:.100} is given twice; keep one of the two")
        given[name] = _value(text)
    return checked_options(given)


def checked_options(given: Mapping[str, Any]) -> tuple[tuple[str, str], ...]:
    """The same from values that are given as such."""
    options = []
    for name, value in given.items():
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise QuantUsageError(f"found the name {name!r:.100}, expected letters, digits and _")
        if name in _OURS:
            raise QuantUsageError(
                f"{name!r} is what a prompt is made of, and no option; leave it out"
            )
        try:
            text = json.dumps(value, sort_keys=True, allow_nan=False)
        except (TypeError, ValueError, RecursionError):
            raise QuantUsageError(f"{name}: found {value!r:.100}, expected a JSON value") from None
        if len(text) > _MOST_VALUE:
            raise QuantUsageError(f"{name}: found a value of more than {_MOST_VALUE:,} characters")
        options.append((name, text))
    return tuple(sorted(options))


def _value(text: str) -> Any:
    """A value as it is written: JSON, the words of YAML and Python for truth, or a text."""
    if text.lower() in _WORDS:
        # As a text, "False" would count as true.
        return _WORDS[text.lower()]
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        _check_characters(text)
        return text


def _text_of(path: Path, expected: str) -> str:
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        raise QuantUsageError(f"{path}: cannot be read: {error.strerror}; give a file") from None
    if len(data) > MOST_BYTES:
        raise QuantUsageError(f"{path}: has more than {MOST_BYTES >> 20} MiB, expected {expected}")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise QuantUsageError(
            f"{path}: found byte {error.start} that is not UTF-8, expected {expected} in UTF-8"
        ) from None
    if not text.strip():
        raise QuantUsageError(f"{path}: is empty, expected {expected}")
    return text


def _check_characters(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise QuantUsageError(
            f"found {text!r:.60}, which is not UTF-8; expected a text in UTF-8"
        ) from None
