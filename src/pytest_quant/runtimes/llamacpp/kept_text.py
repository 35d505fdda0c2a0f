"""A text with what a reference predicts in it, which other models then read against it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from pytest_quant.errors import RuntimeFailed
from pytest_quant.metrics.distributions import Logits, compare_logits
from pytest_quant.runtimes.llamacpp import library
from pytest_quant.runtimes.llamacpp.engine import BATCH_TOKENS
from pytest_quant.runtimes.llamacpp.lockstep import NOT_NUMBERS, plan_lockstep, read_alone
from pytest_quant.runtimes.llamacpp.passages import Passage, Reader, passages
from pytest_quant.runtimes.llamacpp.prompt import form_of
from pytest_quant.runtimes.protocol import Reading

# Logits of the reference that are kept, in bytes: of a large vocabulary fewer tokens are scored.
MOST_BYTES = 1 << 30
# One chunk in so many is read first, but enough to know how they differ.
_FIRST = 4
_FEWEST_FIRST = 6


@dataclass(frozen=True, slots=True)
class Limits:
    """``tokens``: how many are scored; ``threads`` in all, ``memory`` in bytes."""

    tokens: int
    threads: int
    memory: int


@dataclass(frozen=True, slots=True)
class KeptText:
    """Passages with the logits of the reference, (scored tokens, vocabulary)."""

    read_passages: Sequence[Passage]
    logits: Logits

    @classmethod
    def of(cls, reference: Path, reading: Reading, limits: Limits) -> KeptText:
        """Passages spread over the text: every fourth of them first, so that these are, too."""
        with closing(library.Model(reference)) as model:
            reader = Reader(model, form_of(model), model.context_length)
            some = _spread(passages(reading, reader, reader), limits.tokens, model.vocabulary_size)
            logits = np.empty(
                (sum(len(p.targets) for p in some), model.vocabulary_size), np.float32
            )

            def keep(piece: Logits, places: slice) -> None:
                logits[places] = piece

            _read(model, some, limits.threads, keep)
        return cls(some, logits)

    @property
    def counts(self) -> list[int]:
        return [len(passage.targets) for passage in self.read_passages]

    @property
    def first(self) -> KeptText:
        return self._part(slice(0, self._first))

    @property
    def rest(self) -> KeptText:
        return self._part(slice(self._first, None))

    @property
    def _first(self) -> int:
        return max(_FEWEST_FIRST, -(-len(self.read_passages) // _FIRST))

    def _part(self, part: slice) -> KeptText:
        ends = np.cumsum([0, *self.counts])
        mine = range(*part.indices(len(self.read_passages)))
        return KeptText(self.read_passages[part], self.logits[ends[mine.start] : ends[mine.stop]])

    def read(self, path: Path, threads: int) -> tuple[float, ...]:
        """The mean KL divergence of a model in each passage."""
        if not self.read_passages:
            return ()
        targets = np.concatenate([passage.targets for passage in self.read_passages])
        kld = np.empty(len(targets))

        def compare(own: Logits, places: slice) -> None:
            try:
                found = compare_logits(self.logits[places], own, targets[places], threads)
            except ValueError:
                raise RuntimeFailed(NOT_NUMBERS) from None
            kld[places] = found.kld

        with closing(library.Model(path)) as model:
            _read(model, self.read_passages, threads, compare)
        pieces = np.split(kld, np.cumsum(self.counts)[:-1])
        return tuple(float(piece.mean()) for piece in pieces)


def _read(
    model: library.Model,
    some: Sequence[Passage],
    threads: int,
    look: Callable[[Logits, slice], None],
) -> None:
    plan = plan_lockstep(some, batch=BATCH_TOKENS, vocabulary_size=model.vocabulary_size)
    context = library.Context(
        model,
        cells=plan.cells,
        sequences=plan.sequences,
        batch=min(BATCH_TOKENS, plan.cells),
        threads=threads,
        outputs=plan.outputs,
    )
    with closing(context):
        read_alone(context, some, plan, look)


def _spread(read: Sequence[Passage], tokens: int, vocabulary_size: int) -> list[Passage]:
    """As many passages as hold so many scored tokens, from all over the text, in an order in which
    the first of them are so, too. At least two.
    """
    most = min(tokens, MOST_BYTES // (4 * vocabulary_size))
    scored = sum(len(passage.targets) for passage in read)
    step = max(1, scored // max(1, most))
    some = [*read[::step]]
    while len(some) > 2 and sum(len(p.targets) for p in some) > most:
        some.pop()
    return [passage for start in range(_FIRST) for passage in some[start::_FIRST]]
