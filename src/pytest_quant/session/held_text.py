"""What levels are compared on token by token: a held text, and the reference's own responses."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, zip_longest
from pathlib import Path

from pytest_quant.base.library import HELD_TEXT
from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.depth import SHALLOW
from pytest_quant.runtimes.protocol import (
    Dialogues,
    LongText,
    PlainText,
    Reading,
    Replies,
    Response,
)

# Tokens of the reference's own responses that are enough to know a divergence by, and the most
# that is read for one of them: a long prompt costs much and tells little more.
MOST_RESPONSE_TOKENS = 4096
MOST_TOKENS_READ = 512
# A level's noise is measured on every third of the held dialogues, or on the beginning of a text:
# it takes two readings, and need not be known better than to a tenth.
NOISE_STEP = 3
NOISE_CHARACTERS = 40_000
# A long reading takes so many tokens, however many a model may hold: less than the rest of a
# comparison, so that its time is bounded on any model.
LONG_TOKENS = 4096


def held_text(path: Path | None) -> Dialogues | PlainText:
    """The user's text, or that of the probe library; raises ``QuantUsageError``."""
    return _library_text() if path is None else _user_text(path)


def some_of(reading: Dialogues | PlainText) -> Reading:
    """A part of a text, spread over it: enough to know noise by."""
    if isinstance(reading, Dialogues):
        return replace(reading, pairs=reading.pairs[::NOISE_STEP])
    return replace(reading, text=reading.text[:NOISE_CHARACTERS])


def long_text(text: Dialogues | PlainText, context: int) -> LongText | None:
    """So many tokens of the text in one go; ``None`` where its pieces reach as deep."""
    return LongText(text, context) if context > SHALLOW else None


def part_of(reading: Dialogues | PlainText, step: int) -> Dialogues | PlainText:
    """One dialogue in so many; of a plain text its beginning, unless that is too short to read."""
    if isinstance(reading, Dialogues):
        return replace(reading, pairs=reading.pairs[::step])
    characters = len(reading.text) // step
    return replace(reading, text=reading.text[:characters]) if _is_long(characters) else reading


def _is_long(characters: int) -> bool:
    return characters >= NOISE_CHARACTERS


def _library_text() -> Dialogues:
    rows = map(json.loads, HELD_TEXT.read_text("utf-8").splitlines())
    return Dialogues("the library's held text", tuple((asked, said) for _, asked, said in rows))


def _user_text(path: Path) -> PlainText:
    where = f"--quant-text (quant_text): {path}"
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise QuantUsageError(
            f"{where}: cannot be read: {error.strerror}; give a text file"
        ) from None
    except UnicodeDecodeError as error:
        raise QuantUsageError(
            f"{where}: found byte {error.start} that is not UTF-8, expected a text file in UTF-8"
        ) from None
    if not text.strip():
        raise QuantUsageError(f"{where}: found no text, expected at least two chunks of 512 tokens")
    # As llama.cpp's perplexity tool reads a file.
    return PlainText(path.name, text.removesuffix("\n"))


def own_replies(by_probe: Iterable[Sequence[tuple[str, Response]]]) -> Replies:
    """The first responses of every probe, then the second ones, until there are enough.

    A response that a deadline cut is not one that would be given again, and left out; so is one
    behind a long prompt.
    """
    pairs: list[tuple[str, Response]] = []
    tokens = 0
    for pair in chain.from_iterable(zip_longest(*by_probe)):
        if tokens >= MOST_RESPONSE_TOKENS:
            break
        if pair is not None and _is_of_use(pair[1]):
            pairs.append(pair)
            tokens += len(pair[1].tokens)
    return Replies("the reference's own responses", tuple(pairs))


def _is_of_use(response: Response) -> bool:
    read = response.prompt_tokens + len(response.tokens)
    return response.finish != "deadline" and read <= MOST_TOKENS_READ
