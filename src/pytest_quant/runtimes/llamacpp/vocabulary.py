"""Tokens to bytes, and the search for stop strings in them.

Pieces are bytes: a character may span tokens, and a model may emit bytes that are no text at
all, so decoding waits until a response is complete.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cached_property

import numpy as np
import numpy.typing as npt

from pytest_quant.runtimes.llamacpp.library import Model
from pytest_quant.thinking import may_end_a_mark, opens_thinking


class Vocabulary:
    """The pieces and end tokens of a model, read once when first needed.

    Control tokens have pieces, too: marks of thinking are often such tokens, and without them a
    thought reads like an answer. What ends a generation has none.
    """

    def __init__(self, model: Model) -> None:
        self.ends = model.end_tokens()
        self._pieces = [
            b"" if ends else model.piece(token, special=True)
            for token, ends in enumerate(self.ends.tolist())
        ]
        self._closing: dict[frozenset[int], npt.NDArray[np.bool_]] = {}

    @cached_property
    def knows_thinking(self) -> bool:
        """Whether a mark that opens thinking is one of the tokens."""
        return any(map(opens_thinking, self._texts))

    @cached_property
    def ends_marks(self) -> npt.NDArray[np.bool_]:
        """For every token id, whether a mark of thinking may be complete with it."""
        found = (may_end_a_mark(text) for text in self._texts)
        return np.fromiter(found, np.bool_, len(self._pieces))

    @property
    def _texts(self) -> Iterator[str]:
        return (piece.decode("utf-8", "replace") for piece in self._pieces)

    def to_bytes(self, tokens: Iterable[int]) -> bytes:
        return b"".join([self._pieces[token] for token in tokens])

    def to_text(self, tokens: Iterable[int]) -> str:
        """Bytes that are no text by themselves, as those of a part of a character, as escapes."""
        return self.to_bytes(tokens).decode("utf-8", "backslashreplace")

    def closing(self, stops: Sequence[bytes]) -> npt.NDArray[np.bool_]:
        """For every token id, whether its piece may complete one of the stop strings.

        It must contain a stop string's last byte; few pieces do, so the text of a running
        response needs to be looked at rarely.
        """
        last = frozenset(stop[-1] for stop in stops)
        if last not in self._closing:
            contained = (not last.isdisjoint(piece) for piece in self._pieces)
            self._closing[last] = np.fromiter(contained, np.bool_, len(self._pieces))
        return self._closing[last]


def cut_at_stop(text: bytes, stops: Sequence[bytes]) -> bytes | None:
    """The text before the earliest stop string, or ``None`` if there is none."""
    found = [index for index in (text.find(stop) for stop in stops) if index >= 0]
    return text[: min(found)] if found else None
