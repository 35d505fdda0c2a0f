"""What two models read in step: token ids for both, and the tokens at which they are compared."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np

from pytest_quant.base.amounts import counted
from pytest_quant.errors import QuantUsageError
from pytest_quant.metrics.depth import stretches
from pytest_quant.metrics.distributions import TOP, TokenStatistics, split
from pytest_quant.metrics.divergence import Source
from pytest_quant.runtimes.llamacpp.gguf_file import inspect
from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.runtimes.llamacpp.prefixes import Tokens
from pytest_quant.runtimes.llamacpp.prompt import (
    Form,
    encode,
    encode_answered,
    encode_text,
)
from pytest_quant.runtimes.protocol import (
    Dialogues,
    Incomparable,
    LongText,
    PlainText,
    Reading,
    Replies,
)

# Tokens in a chunk of plain text, as llama.cpp's perplexity tool has it, where the context allows;
# also the most that is read of a dialogue.
CHUNK_TOKENS = 512
TEXT_CONTEXT = "--quant-text-context (quant_text_context)"


@dataclass(frozen=True, slots=True)
class Reader:
    """What turns text into tokens; ``context`` is the most tokens that the model may hold."""

    model: Model
    form: Form
    context: int


@dataclass(frozen=True, slots=True)
class Passage:
    """One sequence for the reference and for the level, which may be asked in other tokens.

    Compared are the predictions after the last ``len(targets)`` tokens of each; a target is the
    token that follows, or ``TOP``.
    """

    reference: Tokens
    level: Tokens
    targets: Tokens

    @property
    def longest(self) -> int:
        return max(len(self.reference), len(self.level))

    @property
    def digest(self) -> str:
        """Identifies what the reference reads, and what of it is scored."""
        return _digest(self.reference, self.targets)

    def stretch(self, start: int, end: int) -> str:
        """The same of some of the targets, and of what is read before them."""
        left = len(self.targets) - end
        return _digest(self.reference[: len(self.reference) - left], self.targets[start:end])


def _digest(read: Tokens, scored: Tokens) -> str:
    data = read.astype("<i4").tobytes() + b"|" + scored.astype("<i4").tobytes()
    return hashlib.sha256(data).hexdigest()[:16]


def passages(reading: Reading, reference: Reader, level: Reader) -> list[Passage]:
    """The passages of a text, in order; raises ``QuantUsageError`` for one that is too short."""
    match reading:
        case PlainText():
            return [*_chunks(reading, reference, level)]
        case Dialogues():
            return [*_dialogues(reading, reference, level)]
        case Replies():
            return [*_replies(reading, reference, level)]
        case LongText():
            return [*_long(reading, reference, level)]


def source_of(reading: Reading) -> Source:
    match reading:
        case Replies():
            return "responses"
        case LongText():
            return "depth"
        case _:
            return "text"


def parts_of(
    reading: Reading, passage: Passage, tokens: TokenStatistics
) -> Iterator[tuple[str, TokenStatistics, int]]:
    """What of a passage is told by itself, with digest and depth: of a long one its stretches."""
    if not isinstance(reading, LongText):
        yield passage.digest, tokens, 0
        return
    ends = stretches(len(tokens))
    lengths = [end - start for start, end in ends]
    for (start, end), part in zip(ends, split(tokens, lengths), strict=True):
        yield passage.stretch(start, end), part, start


def check_length(reading: Reading, reference: Path, levels: Iterable[Path]) -> None:
    """Raise ``QuantUsageError`` for a text that is too short to compare one of the levels on, or of
    which more is to be read in one go than one of the models was trained with.

    Reads the vocabulary of the reference and the headers of the files.
    """
    files = [*levels]
    text = reading.text if isinstance(reading, LongText) else reading
    if isinstance(reading, LongText):
        _check_room(reading, [reference, *files])
    if not files or not isinstance(text, PlainText):
        return
    others = [inspect(path).context_length or CHUNK_TOKENS for path in files]
    own = inspect(reference).context_length or CHUNK_TOKENS
    model = Model(reference, vocabulary_only=True)
    try:
        if isinstance(reading, LongText):
            _check_long(text, reading.context, model)
        else:
            # Two chunks of the longest are two of any.
            _text_tokens(text, model, min(CHUNK_TOKENS, own, max(others)))
    finally:
        model.close()


def _check_room(reading: LongText, paths: Iterable[Path]) -> None:
    for path in paths:
        trained = inspect(path).context_length
        if trained and reading.context > trained:
            raise QuantUsageError(
                f"{TEXT_CONTEXT}: found {reading.context:,}; {path.name} was trained with "
                f"{trained:,} tokens, and what it makes of more says nothing; give at most that"
            )


def _check_long(text: PlainText, size: int, model: Model) -> None:
    found = len(encode_text(text.text, model))
    if found < size:
        raise QuantUsageError(
            f"{TEXT_CONTEXT}: found {size:,}; {text.title} (--quant-text) has "
            f"{counted(found, 'token')}; give a longer text, or less"
        )


def differences(reading: Reading, reference: Reader, level: Reader) -> str:
    """Why the level, left to itself, would read other tokens than the reference, or empty."""
    if all(map(np.array_equal, _asked(reading, reference), _asked(reading, level))):
        return ""
    text = reading.text if isinstance(reading, LongText) else reading
    what = "the text" if isinstance(text, PlainText) else "a question"
    return f"{what} becomes other tokens than at the reference: tokenizer or chat template differ"


def _asked(reading: Reading, reader: Reader) -> list[Tokens]:
    if isinstance(reading, PlainText):
        return [encode_text(reading.text, reader.model)]
    if isinstance(reading, LongText):
        return _asked(reading.text, reader)
    return [encode(prompt, reader.model, reader.form) for prompt, _ in reading.pairs]


def _chunks(reading: PlainText, reference: Reader, level: Reader) -> Iterator[Passage]:
    """Chunks of which the second half is scored, exactly as in llama.cpp's perplexity tool.

    Each begins with the begin token, which takes the place of a token of the text.
    """
    size = min(CHUNK_TOKENS, reference.context, level.context)
    tokens = _text_tokens(reading, reference.model, size)
    for start in range(0, len(tokens) - size + 1, size):
        chunk = tokens[start : start + size].copy()
        if reference.model.begin_token is not None:
            chunk[0] = reference.model.begin_token
        yield Passage(chunk[:-1], chunk[:-1], chunk[size // 2 + 1 :])


def _text_tokens(reading: PlainText, model: Model, size: int) -> Tokens:
    """At least two chunks of so many tokens."""
    tokens = encode_text(reading.text, model)
    if len(tokens) < 2 * size:
        raise QuantUsageError(
            f"--quant-text (quant_text): {reading.title} has {counted(len(tokens), 'token')}, "
            f"expected at least {2 * size}, two chunks; give a longer text"
        )
    return tokens


def _dialogues(reading: Dialogues, reference: Reader, level: Reader) -> Iterator[Passage]:
    """Every question with its answer, scored from the first token on."""
    most = min(CHUNK_TOKENS, reference.context, level.context)
    for prompt, answer in reading.pairs:
        tokens = encode_answered(prompt, answer, reference.model, reference.form)[:most]
        if len(tokens) > 1:
            yield Passage(tokens[:-1], tokens[:-1], tokens[1:])


def _replies(reading: Replies, reference: Reader, level: Reader) -> Iterator[Passage]:
    """The response alone is scored, each model being asked in its own form.

    The end of a response is scored, too: there the reference's choice was to say no more.
    """
    for prompt, response in reading.pairs:
        written = np.array(response.tokens, np.int32)
        ends = response.finish == "end"
        targets = np.append(written, np.int32(TOP)) if ends else written
        read = written if ends else written[:-1]
        asked, asked_level = (
            np.concatenate([encode(prompt, one.model, one.form), read])
            for one in (reference, level)
        )
        if len(targets) and len(asked_level) <= level.context:
            yield Passage(asked, asked_level, targets)


def _long(reading: LongText, reference: Reader, level: Reader) -> Iterator[Passage]:
    """As much as was asked for in one go; every token is scored that has one before it."""
    size = reading.context
    if (most := min(reference.context, level.context)) < size:
        raise Incomparable(f"a long reading takes {size:,} tokens, it holds {most:,}")
    tokens = _long_tokens(reading, reference)[:size]
    if len(tokens) < size:
        raise Incomparable(f"a long reading takes {size:,} tokens, {len(tokens):,} are there")
    yield Passage(tokens[:-1], tokens[:-1], tokens[1:])


def _long_tokens(reading: LongText, reader: Reader) -> Tokens:
    """Those of the text; of dialogues as many as are wanted, in a new order each time."""
    if isinstance(reading.text, PlainText):
        return encode_text(reading.text.text, reader.model)
    dialogues = [
        encode_answered(prompt, answer, reader.model, reader.form)
        for prompt, answer in reading.text.pairs
    ]
    found, again = np.concatenate(dialogues), 0
    while len(found) < reading.context:
        again += 1
        found = np.concatenate([found, *sorted(dialogues, key=partial(_shuffled, again))])
    return found


def _shuffled(again: int, dialogue: Tokens) -> bytes:
    """Where a dialogue stands in another order, the same wherever it is read."""
    return hashlib.sha256(f"{again} {dialogue.tolist()}".encode()).digest()
