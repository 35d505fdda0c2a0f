"""How likely given texts are: the log-probability of every token of every continuation.

A prompt is decoded once, however many texts may follow it: its tokens belong to the sequences of
all of them. Prompts are decoded in waves, as many whole ones as fill a batch, so the composition
of every call follows from the model and the tokens alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import accumulate

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.llamacpp import library, native_log
from pytest_quant.runtimes.llamacpp.batch import native_batch
from pytest_quant.runtimes.llamacpp.layout import CELL_BLOCK
from pytest_quant.runtimes.llamacpp.prefixes import Tokens, common_prefix
from pytest_quant.runtimes.protocol import Likelihood

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.intp]

# One call's rows of logits take no more than this, however large the vocabulary is.
ROW_BYTES = 64 * 2**20


@dataclass(frozen=True, slots=True)
class Stem:
    """Tokens, and the ``branches`` to be scored behind them. None of these is empty.

    A whole text is scored as its first token with one branch.
    """

    tokens: Tokens
    branches: tuple[Tokens, ...]

    @property
    def size(self) -> int:
        """The tokens to decode: what follows the last one of a branch is not looked at."""
        return len(self.tokens) + sum(len(branch) - 1 for branch in self.branches)

    @property
    def longest(self) -> int:
        """The tokens of the longest sequence."""
        return len(self.tokens) + max(len(branch) for branch in self.branches)

    def likelihoods(self, logprobs: Sequence[Floats]) -> tuple[Likelihood, ...]:
        """Of every continuation, or of none if one is missing."""
        if len(logprobs) < len(self.branches):
            return ()
        return tuple(
            Likelihood(tuple(tokens.tolist()), tuple(found.tolist()))
            for tokens, found in zip(self.branches, logprobs, strict=True)
        )


@dataclass(frozen=True, slots=True)
class ScorePlan:
    """How to score some stems.

    ``prefix`` leading tokens are common to all; ``waves`` are the ranges of stems decoded
    together; a context needs ``cells``, ``sequences`` and ``outputs`` rows of logits.
    """

    prefix: int
    waves: tuple[range, ...]
    cells: int
    sequences: int
    outputs: int


def plan_scores(
    stems: Sequence[Stem], *, batch: int, vocabulary_size: int, share_prefix: bool
) -> ScorePlan:
    """Lay out one call; ``batch`` is the most tokens in one decode. ``stems`` is not empty."""
    prefix = 0
    if share_prefix and len(stems) > 1:
        prefix = common_prefix([stem.tokens for stem in stems])
    rows = max(1, min(batch, ROW_BYTES // (4 * vocabulary_size)))
    # llama.cpp wants to give every sequence of a context a row.
    most = min(rows, library.max_sequences())
    waves: list[range] = []
    first = tokens = sequences = most_tokens = most_sequences = 0
    for index, stem in enumerate(stems):
        tokens += stem.size - prefix
        sequences += len(stem.branches)
        if index > first and (tokens > batch or sequences > most):
            waves.append(range(first, index))
            first, tokens, sequences = index, stem.size - prefix, len(stem.branches)
        most_tokens = max(most_tokens, tokens)
        most_sequences = max(most_sequences, sequences)
    waves.append(range(first, len(stems)))
    cells = -(-(prefix + most_tokens) // CELL_BLOCK) * CELL_BLOCK
    return ScorePlan(prefix, tuple(waves), cells, most_sequences, max(rows, most_sequences))


def score(
    context: library.Context, stems: Sequence[Stem], plan: ScorePlan
) -> list[tuple[Floats, ...]]:
    """The natural-log probabilities of the tokens of every branch of every stem.

    A stem that the context's abort came before has no entries. Raises ``RuntimeFailed`` when
    llama.cpp fails.
    """
    context.clear()
    found: list[tuple[Floats, ...]] = [()] * len(stems)
    shared = _Run()
    shared.add(stems[0].tokens[: plan.prefix], 0, range(plan.sequences), wanted=0)
    if shared.decode(context, plan.outputs) is None:
        return found
    for wave in plan.waves:
        run = _Run()
        slot = 0
        for index in wave:
            branches = stems[index].branches
            run.add_stem(stems[index], plan.prefix, slot)
            slot += len(branches)
        logprobs = run.decode(context, plan.outputs)
        if logprobs is None:
            break
        parts = iter(np.split(logprobs, run.ends))
        for index in wave:
            found[index] = tuple(next(parts) for _ in stems[index].branches)
        for sequence in range(slot):
            context.forget(sequence, plan.prefix)
    return found


class _Run:
    """Tokens to decode in one go, and the targets whose log-probabilities are wanted."""

    def __init__(self) -> None:
        self._parts: list[npt.NDArray[np.int64]] = []
        self._targets: list[tuple[Rows, Tokens]] = []
        self._rows = 0

    @property
    def ends(self) -> list[int]:
        """Where one branch's targets end and the next one's begin."""
        return [*accumulate(len(tokens) for _, tokens in self._targets)][:-1]

    def add(self, tokens: Tokens, position: int, slots: range, *, wanted: int) -> Rows:
        """Tokens that some sequences share; returns the rows of the last ``wanted`` of them."""
        part = np.zeros((5, len(tokens)), np.int64)
        part[0] = tokens
        part[1] = np.arange(position, position + len(tokens))
        part[2] = len(slots)
        part[3] = slots.start
        part[4, len(tokens) - wanted :] = 1
        self._parts.append(part)
        self._rows += wanted
        return np.arange(self._rows - wanted, self._rows)

    def add_stem(self, stem: Stem, prefix: int, slot: int) -> None:
        """A stem without its first ``prefix`` tokens, in the sequences from ``slot`` on."""
        slots = range(slot, slot + len(stem.branches))
        last = self.add(stem.tokens[prefix:], prefix, slots, wanted=1)
        for own, branch in zip(slots, stem.branches, strict=True):
            within = branch[:-1]
            rows = self.add(within, len(stem.tokens), range(own, own + 1), wanted=len(within))
            self._targets.append((np.concatenate([last, rows]), branch))

    def decode(self, context: library.Context, outputs: int) -> Floats | None:
        """The targets' log-probabilities, in the order of adding; ``None`` if aborted."""
        tokens, positions, counts, slots, wanted = np.concatenate(self._parts, axis=1)
        rows = np.concatenate([rows for rows, _ in self._targets] or [np.zeros(0, np.intp)])
        targets = np.concatenate([branch for _, branch in self._targets] or [rows])
        logprobs = np.zeros(len(rows))
        sequences = np.arange(context.sequences, dtype=np.int32)
        lists = (sequences.ctypes.data + 4 * slots).astype(np.uintp)
        columns = (
            tokens.astype(np.int32), positions.astype(np.int32), counts.astype(np.int32),
            lists, wanted.astype(np.int8),
        )  # fmt: skip
        done = 0
        for part in _parts(wanted, context.batch, outputs):
            batch = native_batch(*(column[part] for column in columns))
            batch.n_tokens = part.stop - part.start
            if not _decode(context, batch):
                return None
            count = int(wanted[part].sum())
            if count:
                logits = context.logits(count)
                here = (rows >= done) & (rows < done + count)
                at = rows[here] - done
                logprobs[here] = logits[at, targets[here]] - _normalizers(logits)[at]
                done += count
        return logprobs


def _parts(wanted: npt.NDArray[np.int64], batch: int, outputs: int) -> Iterator[slice]:
    """Consecutive pieces of at most ``batch`` tokens and ``outputs`` wanted rows."""
    rows = np.cumsum(wanted)
    start = before = 0
    while start < len(wanted):
        end = min(start + batch, int(np.searchsorted(rows, before + outputs, side="right")))
        yield slice(start, end)
        start, before = end, int(rows[end - 1])


def _normalizers(logits: npt.NDArray[np.float32]) -> Floats:
    """The logarithm of the sum of exponentials of each row.

    Exponentials are taken in float32 and summed in float64, as for generated tokens.
    """
    # A damaged model's logits may be infinite; the error below says so in words.
    with np.errstate(invalid="ignore"):
        best = logits.max(axis=1)
        sums = np.exp(logits - best[:, np.newaxis]).sum(axis=1, dtype=np.float64)
    if np.isnan(sums.sum()):
        raise RuntimeFailed("the model's logits are not numbers (NaN): its file is damaged")
    normalizers: Floats = best + np.log(sums)
    return normalizers


def _decode(context: library.Context, batch: object) -> bool:
    """Whether the batch was decoded; false if the context was aborted."""
    status = library.DECODE_ABORTED if context.aborted else context.decode(batch)
    if status not in (library.DECODE_OK, library.DECODE_ABORTED):
        raise RuntimeFailed(
            f"llama.cpp failed to score a batch (status {status}):\n{native_log.last_lines()}"
        )
    return status == library.DECODE_OK
