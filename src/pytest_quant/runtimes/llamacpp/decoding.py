"""Continuous batched greedy decoding: prompts in, token ids and log-probabilities out.

Every step is one ``llama_decode`` over the next token of all running sequences and as much of
the waiting prompts as fits. Prompts are admitted in their order, to the lowest free slot, once
most slots are free and the KV cache has room for all that they may become; so the
composition of every step follows from the model, the prompts and the plan alone. Work per step
is vectorised over the sequences: a small model's step takes a few milliseconds.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from pytest_quant.errors import RuntimeFailed
from pytest_quant.runtimes.llamacpp import library, native_log
from pytest_quant.runtimes.llamacpp.batch import TokenBatch
from pytest_quant.runtimes.llamacpp.layout import Layout
from pytest_quant.runtimes.llamacpp.prefixes import Run, Tokens, shared_runs
from pytest_quant.runtimes.llamacpp.vocabulary import Vocabulary, cut_at_stop
from pytest_quant.runtimes.protocol import Finish
from pytest_quant.thinking import WINDOW, Allowance

Floats = npt.NDArray[np.float64]
Slots = npt.NDArray[np.intp]

# The share of slots that must be free before new prompts are admitted. Measured on 64 short
# questions, 16 at a time: 3/4 takes 7 % less time than 1/2, and no more than 1.
_FREE_SHARE = 0.75


@dataclass(frozen=True, slots=True)
class Continuation:
    """What followed one prompt: ``text`` as bytes before any stop string, and its tokens.

    ``thought`` of these are thinking.
    """

    text: bytes
    tokens: tuple[int, ...]
    logprobs: tuple[float, ...]
    finish: Finish
    thought: int = 0


@dataclass(slots=True)
class _Prefill:
    """Tokens of prompts that are not decoded yet; ``ready``: their one slot answers after them."""

    tokens: Tokens
    position: int
    slots: tuple[int, ...]
    ready: bool


def greedy(
    logits: npt.NDArray[np.float32], work: npt.NDArray[np.float32], rows: Slots
) -> tuple[Slots, Floats]:
    """The most probable token of each row and its natural-log probability.

    ``logits`` and ``work`` (overwritten) have shape (rows, vocabulary); ``rows`` counts them.
    Exponentials
    are taken in float32 and summed in float64, which is exact to 1e-7: below the logits' own
    rounding.
    """
    chosen = logits.argmax(axis=1)
    np.subtract(logits, logits[rows, chosen, np.newaxis], out=work)
    np.exp(work, out=work)
    return chosen, -np.log(work.sum(axis=1, dtype=np.float64))


class Decoding:
    """One call's run over its prompts. ``prompts`` are token ids, begin token included."""

    def __init__(
        self,
        context: library.Context,
        batch: TokenBatch,
        vocabulary: Vocabulary,
        prompts: Sequence[Tokens],
        layout: Layout,
        stops: Sequence[bytes],
        allowances: Sequence[Allowance] = (),
    ) -> None:
        self._context, self._batch, self._vocabulary = context, batch, vocabulary
        self._prompts, self._layout, self._stops = prompts, layout, stops
        self._closing = vocabulary.closing(stops)
        # What each may have as things stand, and at all; without ``allowances`` this is the same.
        self._allowances, self._most = allowances, layout.budgets
        self._budgets = np.array(layout.budgets)
        for case in range(len(allowances)):
            self._allow(case)

        cases, longest = len(prompts), max(layout.budgets)
        self._tokens = np.zeros((cases, longest), np.int32)
        self._logprobs = np.zeros((cases, longest))
        self._counts = np.zeros(cases, np.intp)
        self._finish: list[Finish] = ["deadline"] * cases
        self._texts: dict[int, bytes] = {}

        self._case = np.full(layout.slots, -1, np.intp)
        self._position = np.zeros(layout.slots, np.int32)
        self._token = np.zeros(layout.slots, np.int32)
        self._running = np.zeros(layout.slots, np.intp)[:0]
        self._next_case = 0
        self._free_slots = layout.slots
        self._free_cells = layout.cells - layout.prefix
        self._prefills: deque[_Prefill] = deque()
        self._rows = np.arange(layout.slots)
        self._work = np.empty((layout.slots, len(vocabulary.ends)), np.float32)

    def run(self) -> list[Continuation]:
        """Decode until every prompt is answered or the context is aborted."""
        self._context.clear()
        if self._layout.prefix:
            prefix = self._prompts[0][: self._layout.prefix]
            self._prefills.append(_Prefill(prefix, 0, tuple(range(self._layout.slots)), False))
        # A damaged model's logits may be infinite; _take says so in words.
        with np.errstate(invalid="ignore"):
            while not self._context.aborted:
                self._admit()
                if not (self._prefills or len(self._running)):
                    break
                self._step()
        return [self._continuation(case) for case in range(len(self._prompts))]

    def _admit(self) -> None:
        """Give free slots to the next prompts, in order, while the cache has room for them.

        Waits until most slots are free: prompts that come together share what they have in
        common, and every row attends to the whole cache, so a fuller one makes steps slower.
        """
        waiting = self._next_case < len(self._prompts)
        if not waiting or self._free_slots < _FREE_SHARE * len(self._case):
            return
        admitted: list[int] = []
        for slot in np.flatnonzero(self._case < 0):
            case = self._next_case
            if case == len(self._prompts) or self._layout.needs[case] > self._free_cells:
                break
            self._free_cells -= self._layout.needs[case]
            self._next_case += 1
            self._free_slots -= 1
            self._case[slot] = case
            admitted.append(int(slot))
        self._prefills.extend(self._prefill(admitted))

    def _prefill(self, slots: list[int]) -> Iterator[_Prefill]:
        """The prompts of newly filled slots, beyond the prefix that all of them share."""
        prompts = [self._prompts[self._case[slot]] for slot in slots]
        start = self._layout.prefix
        if self._layout.share_prefix and prompts:
            runs = shared_runs(prompts, start)
        else:
            runs = (Run(prompt[start:], start, (i,)) for i, prompt in enumerate(prompts))
        for run in runs:
            last = run.position + len(run.tokens) == len(prompts[run.members[0]])
            members = tuple(slots[member] for member in run.members)
            yield _Prefill(run.tokens, run.position, members, last)

    def _step(self) -> None:
        running = self._running
        self._batch.clear()
        self._batch.add_steps(self._token[running], self._position[running], running)
        ready = self._add_prefills()
        beside = self._add_companion()
        status = self._context.decode(self._batch.native)
        if status == library.DECODE_ABORTED:
            return
        if status == library.DECODE_NO_SLOT:
            raise RuntimeFailed(
                f"llama.cpp found no room for {self._batch.size} tokens in a KV cache of "
                f"{self._layout.cells} cells; lower --quant-parallel\n{native_log.last_lines()}"
            )
        if status != library.DECODE_OK:
            raise RuntimeFailed(
                f"llama.cpp failed to decode (status {status}):\n{native_log.last_lines()}"
            )
        if beside:
            self._context.forget(*beside)
        self._position[running] += 1
        if ready:
            slots = np.array(ready, np.intp)
            self._position[slots] = [len(self._prompts[case]) for case in self._case[slots]]
            running = np.concatenate([running, slots])
        if len(running):
            self._running = running[self._take(running)]

    def _add_companion(self) -> tuple[int, int] | None:
        """Keep a lone sequence's row from being alone; returns the place to forget afterwards.

        The attention of a single row is split over the threads, so its last bits depend on their
        number. A second one, behind it, is not seen by the first. A state that cannot be cut
        could not forget it.
        """
        if self._batch.size > 1 or not len(self._running) or not self._layout.share_prefix:
            return None
        slot = int(self._running[0])
        position = int(self._position[slot]) + 1
        self._batch.add_run(self._token[[slot]], position, [slot], rows=0)
        return slot, position

    def _add_prefills(self) -> list[int]:
        """Fill the batch with waiting prompts; returns the slots whose prompt is complete."""
        ready: list[int] = []
        while self._prefills and self._batch.room:
            prefill = self._prefills[0]
            part = prefill.tokens[: self._batch.room]
            last = len(part) == len(prefill.tokens)
            ready_now = last and prefill.ready
            self._batch.add_run(part, prefill.position, prefill.slots, rows=int(ready_now))
            if ready_now:
                ready.extend(prefill.slots)
            if last:
                self._prefills.popleft()
            else:
                prefill.tokens = prefill.tokens[len(part) :]
                prefill.position += len(part)
        return ready

    def _take(self, slots: Slots) -> npt.NDArray[np.bool_]:
        """Record the next token of each slot; returns which of them go on."""
        rows = len(slots)
        chosen, logprobs = greedy(self._context.logits(rows), self._work[:rows], self._rows[:rows])
        if np.isnan(logprobs.sum()):
            raise RuntimeFailed("the model's logits are not numbers (NaN): its file is damaged")
        cases = self._case[slots]
        counts = self._counts[cases]
        self._tokens[cases, counts] = chosen
        self._logprobs[cases, counts] = logprobs
        self._token[slots] = chosen
        ended = self._vocabulary.ends[chosen]
        counts += ~ended
        self._counts[cases] = counts
        if self._allowances:
            for index in np.flatnonzero(self._vocabulary.ends_marks[chosen] & ~ended):
                self._follow(int(cases[index]))
        done = ended | (counts >= self._budgets[cases])
        closing = self._closing[chosen]
        if closing.any():
            for index in np.flatnonzero(closing & ~ended):
                done[index] |= self._stopped(int(cases[index]))
        if done.any():
            for index in np.flatnonzero(done):
                self._release(int(slots[index]), ended=bool(ended[index]))
        return ~done

    def _follow(self, case: int) -> None:
        """See whether the last token of a reply begins thinking, or ends it."""
        tokens = self._tokens[case, : self._counts[case]][-WINDOW:].tolist()
        tail, last = (
            self._vocabulary.to_bytes(part).decode("utf-8", "replace")
            for part in (tokens, tokens[-1:])
        )
        self._allowances[case].see(tail[-WINDOW:], len(last), int(self._counts[case]))
        self._allow(case)

    def _allow(self, case: int) -> None:
        self._budgets[case] = min(self._most[case], self._allowances[case].limit)

    def _stopped(self, case: int) -> bool:
        text = cut_at_stop(self._text(case), self._stops)
        if text is None:
            return False
        self._texts[case] = text
        return True

    def _release(self, slot: int, *, ended: bool) -> None:
        case = int(self._case[slot])
        self._finish[case] = "stop" if case in self._texts else "end" if ended else "length"
        self._case[slot] = -1
        self._free_slots += 1
        self._free_cells += self._layout.needs[case]
        self._context.forget(slot, self._layout.prefix)

    def _text(self, case: int) -> bytes:
        return self._vocabulary.to_bytes(self._tokens[case, : self._counts[case]].tolist())

    def _continuation(self, case: int) -> Continuation:
        count = self._counts[case]
        return Continuation(
            text=self._texts.get(case, b"") if case in self._texts else self._text(case),
            tokens=tuple(self._tokens[case, :count].tolist()),
            logprobs=tuple(self._logprobs[case, :count].tolist()),
            finish=self._finish[case],
            thought=self._allowances[case].thought(int(count)) if self._allowances else 0,
        )
