"""The endless stream of training batches: fresh examples, mixed by need, packed into rows."""

from __future__ import annotations

import random
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch
import yaml
from torch import Tensor

from pytest_quant.probes.model import Probe
from pytest_quant.probes.reader import read_probes
from pytest_quant.probes.training import training_examples
from training.drills import DRILL, Part, drills
from training.tokenizer import Encoded, Tokenizer, answer, question

LIBRARY = Path(__file__).parents[1] / "probes"
FAMILIES = Path(__file__).with_name("families.yaml")
ROW_LENGTH = 384
# Small batches: with a budget of few tokens, more steps beat smoother ones.
ROWS = 8
# Passages are longer than a row; they wait until they fill a batch of their own.
LONG_ROW_LENGTH = 1152
LONG_ROWS = 3
# One example in so many is put plainly, the others in the form of the chat template.
_PLAIN_ONE_IN = 4

PROMPT_WEIGHT = 0.1
# How much of a family's share does not depend on how well it is known already.
_BASE_SHARE = 0.25
# From this rate on, families that build on another join.
_KNOWN = 0.5
# The running rate of right answers forgets at this rate per example.
_FORGET = 0.01
# Look-up comes last of all skills unless it comes first: so often an example is a drill while no
# drill is known, and once all are.
_DRILLS_UNKNOWN = 0.3
_DRILLS_KNOWN = 0.03
# Families are mixed by tokens as much as by examples: a share falls with the root of the length.
_USUAL_LENGTH = 60.0
_PADDING_SEGMENT = -1


@dataclass(frozen=True, slots=True)
class Batch:
    """Packed examples; every tensor is [rows, row length].

    ``segments`` numbers the examples of the whole batch, -1 where a row is empty; ``targets`` is
    the next token within the example, ``weights`` its share in the loss, ``answers`` whether it
    belongs to an answer. ``probe_ids`` names the probe of each segment.
    """

    tokens: Tensor
    segments: Tensor
    targets: Tensor
    weights: Tensor
    answers: Tensor
    probe_ids: tuple[str, ...]

    def to(self, device: torch.device) -> Batch:
        return Batch(
            self.tokens.to(device),
            self.segments.to(device),
            self.targets.to(device),
            self.weights.to(device),
            self.answers.to(device),
            self.probe_ids,
        )


@dataclass(frozen=True, slots=True)
class Family:
    """A probe to learn from; it joins once ``after`` is mostly known, if that is not empty."""

    probe: Probe
    after: str = ""


def library_probes() -> tuple[Probe, ...]:
    """The library's probes that state a solution."""
    probes = (probe for path in sorted(LIBRARY.glob("*.yaml")) for probe in read_probes(path))
    return tuple(probe for probe in probes if probe.solution is not None)


def families(path: Path = FAMILIES) -> tuple[Family, ...]:
    """The families that a file lists by category, in its order.

    Raises ``ValueError`` for a name that is no probe with a solution in that category.
    """
    known = {(probe.category, probe.id): probe for probe in library_probes()}
    listed = {
        (category, name): options or {}
        for category, names in yaml.safe_load(path.read_text("utf-8")).items()
        for name, options in names.items()
    }
    if unknown := listed.keys() - known.keys():
        raise ValueError(f"{path}: no probe with a solution: {sorted(unknown)}")
    found = tuple(Family(known[key], **options) for key, options in listed.items())
    if stray := {f.after for f in found} - {"", DRILL} - {f.probe.id for f in found}:
        raise ValueError(f"{path}: 'after' names what is not listed: {sorted(stray)}")
    return found


class Mixture:
    """Examples of several probes, the less known ones more often.

    ``rates`` holds, per probe id, the running share of fresh training examples that the model
    would have answered right; nothing of the held-out side enters.
    """

    def __init__(
        self, members: Sequence[Family], seed: str, rates: Mapping[str, float] | None = None
    ) -> None:
        probes = [member.probe for member in members]
        self._streams = {p.id: training_examples((p,), seed) for p in probes}
        self._after = {member.probe.id: member.after for member in members}
        self._lengths = dict.fromkeys(self._streams, _USUAL_LENGTH)
        self._random = random.Random(seed)
        self.rates = {name: (rates or {}).get(name, 0.0) for name in (*self._streams, DRILL)}

    def __iter__(self) -> Iterator[tuple[str, str, str]]:
        return self

    def __next__(self) -> tuple[str, str, str]:
        shares = [self._share(name) for name in self._streams]
        (probe_id,) = self._random.choices(list(self._streams), shares)
        example = next(self._streams[probe_id])
        # A character is a good enough measure of a token here.
        length = (len(example[1]) + len(example[2])) / 3
        self._lengths[probe_id] += 0.05 * (length - self._lengths[probe_id])
        return example

    def _share(self, name: str) -> float:
        after = self._after[name]
        if after and self.rates[after] < _KNOWN and not self.rates[name]:
            return 0.0
        share = _BASE_SHARE + 1 - self.rates[name]
        return share * (_USUAL_LENGTH / self._lengths[name]) ** 0.5

    def observe(self, probe_id: str, right: bool) -> None:
        """Take note of one answer."""
        self.rates[probe_id] += _FORGET * (right - self.rates[probe_id])


def with_drills(mixture: Mixture, seed: str) -> Iterator[tuple[str, Sequence[Part]]]:
    """The examples of a mixture in parts, and drills between them: many until they are known."""
    rng = random.Random(f"when to drill:{seed}")
    stream = drills(seed)
    while True:
        # Squared, because one slip among a dozen look-ups makes a drill wrong.
        share = max(_DRILLS_KNOWN, _DRILLS_UNKNOWN * (1 - mixture.rates[DRILL]) ** 2)
        if rng.random() < share:
            yield DRILL, next(stream)
        else:
            name, prompt, solution = next(mixture)
            yield name, in_parts(prompt, solution)


def in_parts(prompt: str, solution: str) -> list[Part]:
    """A question and its answer, in one of the forms."""
    # A fixed choice of the prompt, so that one seed means one stream.
    chat = zlib.crc32(prompt.encode()) % _PLAIN_ONE_IN > 0
    return [(question(prompt, chat=chat), False), (answer(solution, chat=chat), True)]


def batches(
    examples: Iterator[tuple[str, Sequence[Part]]], tokenizer: Tokenizer
) -> Iterator[Batch]:
    """Endless batches. Raises ``ValueError`` for an example that is longer than a long row."""
    waiting: tuple[str, Encoded] | None = None
    long: list[list[tuple[str, Encoded]]] = []
    while True:
        rows: list[list[tuple[str, Encoded]]] = [[] for _ in range(ROWS)]
        room = [ROW_LENGTH] * ROWS
        while True:
            name, example = waiting or _encode(next(examples), tokenizer)
            waiting = None
            if len(example.ids) - 1 > ROW_LENGTH:
                long.append([(name, example)])
                if len(long) == LONG_ROWS:
                    yield pack(long, LONG_ROW_LENGTH)
                    long = []
                continue
            row = next((i for i in range(ROWS) if room[i] >= len(example.ids) - 1), None)
            if row is None:
                # It opens the next batch: dropping it would thin out long examples.
                waiting = name, example
                break
            rows[row].append((name, example))
            room[row] -= len(example.ids) - 1
        yield pack(rows, ROW_LENGTH)


def _encode(example: tuple[str, Sequence[Part]], tokenizer: Tokenizer) -> tuple[str, Encoded]:
    name, parts = example
    encoded = tokenizer.encode_parts(parts)
    if len(encoded.ids) - 1 > LONG_ROW_LENGTH:
        raise ValueError(
            f"probe {name!r}: an example of {len(encoded.ids)} tokens does not fit into a row of "
            f"{LONG_ROW_LENGTH}; give the probe no solution, or make it shorter: "
            f"{parts[0][0][:80]!r}..."
        )
    return name, encoded


def pack(rows: Sequence[Sequence[tuple[str, Encoded]]], length: int) -> Batch:
    """One batch of (probe id, example) lists, each list in one row of ``length`` inputs."""
    shape = (len(rows), length)
    tokens = torch.zeros(shape, dtype=torch.long)
    targets = torch.zeros(shape, dtype=torch.long)
    segments = torch.full(shape, _PADDING_SEGMENT)
    weights = torch.zeros(shape)
    answers = torch.zeros(shape, dtype=torch.bool)
    names: list[str] = []
    for i, row in enumerate(rows):
        start = 0
        for name, example in row:
            end = start + len(example.ids) - 1
            known = torch.tensor(example.known[1:])
            tokens[i, start:end] = torch.tensor(example.ids[:-1])
            targets[i, start:end] = torch.tensor(example.ids[1:])
            segments[i, start:end] = len(names)
            weights[i, start:end] = torch.where(known, 1.0, PROMPT_WEIGHT)
            answers[i, start:end] = known
            names.append(name)
            start = end
    return Batch(tokens, segments, targets, weights, answers, tuple(names))


def right_answers(logits: Tensor, batch: Batch) -> Tensor:
    """Whether each segment's answer is what greedy decoding would write, [segments].

    Greedy decoding writes the answer, end included, exactly when every token of it is the
    likeliest one after the true tokens before it: one pass tells, nothing need be generated.
    """
    wrong = (logits.argmax(-1) != batch.targets) & batch.answers
    slips = torch.zeros(len(batch.probe_ids), dtype=torch.long, device=logits.device)
    slips.index_add_(0, batch.segments[batch.answers], wrong[batch.answers].long())
    return slips == 0
